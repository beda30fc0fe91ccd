"""What a careful colleague would ask before a report is submitted: do score and comment say the same, who wrote it?

Rules of thumb on words, English and French alike. Each doubt is a question to the author, never a refusal: people who
look at it once more may be right (rulebook 4.2, 4.3: comments in line with the score, no identity of a reviewer).
"""

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from grants.calls.scheme import Scheme
from grants.people.names import Named, mentioned, unaccented
from grants.words import N_

SENTENCES = {
    "HIGH_YET_WEAK": N_("%(criterion)s has a high score, and the comment names a serious weakness."),
    "LOW_YET_FINE": N_("%(criterion)s has a low score, and the comment names no weakness."),
    "IDENTITY": N_("The text may tell the applicants who wrote it: “%(words)s”."),
    "COPIED": N_("%(share)s %% of this text stands in another report too: “%(words)s …”."),
}

HIGH, LOW = 90, 40
"""Per cent of the scale from its worst end: a score from the one on is high, one up to the other is low."""

RUN = 7
"""Words in a row that two people do not write alike by chance."""

SHARE = 30
"""Per cent of a text that may stand in another one before anybody is asked."""

_GRAVE = (
    r"(?:serious|major|severe|significant|fundamental|critical|important)(?:ly)? "
    r"(?:\w+ ){0,2}?(?:weakness|weaknesses|shortcoming|shortcomings|flaw|flaws|concern|concerns|gap|gaps|deficienc\w+)"
    r"|(?:faiblesses?|lacunes?|insuffisances?|defauts?|carences?) "
    r"(?:\w+ ){0,2}?(?:serieuses?|graves?|majeures?|importantes?|significatives?|fondamentales?)"
    r"|(?:graves?|serieuses?|importantes?|majeures?) (?:faiblesses?|lacunes?|insuffisances?|defauts?|carences?)"
)
_WEAK = (
    r"weak\w*|shortcoming\w*|lack\w*|missing|flaw\w*|unclear|insufficient\w*|inadequate\w*|poor\w*|limited|vague\w*|"
    r"absent|fail|fails|failed|concern\w*|gap|gaps|unconvincing|underdeveloped|not (?:\w+ ){0,3}?(?:clear|convincing|"
    r"sufficient\w*|adequate\w*|credible|addressed|described|explained|justified|demonstrated)|too (?:general|short|"
    r"ambitious|little|few)|"
    r"faible\w*|lacune\w*|manque\w*|absen\w+|insuffisa\w+|defaut\w*|flou\w*|limite[es]*|carence\w*|peu (?:\w+ ){0,1}?"
    r"(?:clair\w*|convaincant\w*|credible\w*|developpe\w*)|pas (?:\w+ ){0,3}?(?:clair\w*|convaincant\w*|suffisamment|"
    r"demontre\w*|justifie\w*|decrit\w*|explique\w*)"
)
_NONE = re.compile(r"\b(?:no|not|nor|without|any|never|free of|aucune?|sans|ni|pas de?)(?: \w+){0,2} $")
_IDENTITY = (
    r"\bmy (?:own )?(?:group|team|lab|laboratory|institute|university|department|company|work|research|publications?|"
    r"papers?|colleagues?|phd students?|experience)\b"
    r"|\bin our (?:group|team|lab|laboratory|institute|university|department|company|papers?|publications?)\b"
    r"|\bas (?:an?|the) (?:\w+ ){0,2}?(?:professor|researcher|reviewer|expert|evaluator) (?:in|of|at|from|for)\b"
    r"|\bi (?:work|worked|teach|taught|published|supervis\w+|know (?:the|this) (?:coordinator|applicant|group|team))\b"
    r"|\b(?:mon|notre) (?:propre )?(?:groupe|equipe|laboratoire|institut|universite|departement|entreprise|article)\b"
    r"|\b(?:ma|notre) (?:propre )?(?:recherche|equipe|universite|these)\b"
    r"|\b(?:mes|nos) (?:propres )?(?:travaux|publications|articles|collegues|doctorants|recherches)\b"
    r"|\ben tant que? (?:\w+ ){0,2}?(?:professeure?|chercheure?|chercheuse|experte?|evaluateur|evaluatrice)\b"
    r"|\bje (?:travaille|travaillais|connais|publie|dirige|enseigne)\b"
)


@dataclass(frozen=True)
class Doubt:
    """One question to the author: a code of SENTENCES, the form field it is about, and the values of the sentence."""

    code: str
    field: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return SENTENCES[self.code]


def doubts(
    scores: Mapping[str, int],
    comments: Mapping[str, str],
    scheme: Scheme,
    *,
    others: Iterable[str] = (),
) -> tuple[Doubt, ...]:
    """Everything to ask about a report, criterion by criterion; who wrote it is asked by `telling`.

    Args:
        scores: hundredths by criterion id.
        others: texts of other reports that the author may read, which are the author's own.
    """
    others = tuple(others)
    found: list[Doubt] = []
    for criterion in scheme.criteria:
        text, place = comments.get(criterion.id, ""), f"comment_{criterion.id}"
        if not text.strip():
            continue
        named = {"criterion": criterion.name}
        if criterion.id in scores:
            found += (Doubt(code, place, named) for code in _against(scores[criterion.id], text, scheme))
        share, words = max((copied(text, other) for other in others), default=(0, ""))
        if share >= SHARE:
            found.append(Doubt("COPIED", place, {"share": share, "words": words}))
    return tuple(found)


def _against(score: int, text: str, scheme: Scheme) -> Iterator[str]:
    """Codes of what score and comment do not say alike."""
    height = 100 * abs(score - scheme.worst) // (scheme.scale_max - scheme.scale_min)
    if height >= HIGH and grave(text):
        yield "HIGH_YET_WEAK"
    if height <= LOW and not weak(text):
        yield "LOW_YET_FINE"


def grave(text: str) -> bool:
    """Whether a text names a serious weakness; “no serious weakness” names none."""
    return _says(_GRAVE, text)


def weak(text: str) -> bool:
    """Whether a text names any weakness."""
    return _says(_WEAK, text)


def _says(pattern: str, text: str) -> bool:
    text = plain(text)
    return any(not _NONE.search(text[: one.start()]) for one in re.finditer(rf"\b(?:{pattern})\b", text))


def telling(texts: Mapping[str, str], people: Iterable[Named], own: Iterable[str] = ()) -> tuple[Doubt, ...]:
    """A doubt for each text, by form field, that may tell the applicants who wrote it, or who evaluates.

    Args:
        own: further words that give somebody away, such as an employer.
    """
    people, own = list(people), tuple(filter(None, map(plain, own)))
    return tuple(
        Doubt("IDENTITY", place, {"words": words})
        for place, text in texts.items()
        if (words := identity(text, people, own))
    )


def identity(text: str, people: Iterable[Named] = (), own: Iterable[str] = ()) -> str:
    """The first words of a text that say who wrote it; empty where there are none.

    Args:
        own: plain words that give the author away.
    """
    words = plain(text)
    if spoken := re.search(_IDENTITY, words):
        return spoken[0]
    if named := next(filter(None, (mentioned(text, one, surely=False) for one in people)), ""):
        return named
    return next((one for one in own if re.search(rf"\b{re.escape(one)}\b", words)), "")


def copied(text: str, other: str) -> tuple[int, str]:
    """How many per cent of the runs of words of a text stand in another one, and the first of them in plain words."""
    mine, theirs = _runs(text), set(_runs(other))
    shared = [run for run in mine if run in theirs]
    return (100 * len(shared) // len(mine), " ".join(shared[0])) if shared else (0, "")


def _runs(text: str) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", plain(text))
    return [tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)] if len(words) >= 2 * RUN else []


def plain(text: str) -> str:
    """Lower case, without accents, one space between words."""
    return " ".join(unaccented(text.casefold()).replace("\u2019", "'").split())
