"""From which individual report each sentence of a consensus text was taken over (rulebook 4.3).

Nothing is marked in the text while one writes: sentences are compared with the reports, so whatever is typed, moved or
pasted keeps its source for as long as it resembles it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from grants.reviews.soundness import plain

ALIKE = 0.6
"""Share of words, in order, from which on a sentence is another one that was changed, and not a new one."""

_END = re.compile(r"(?<=[.!?…])\s+(?=[^\W_a-zß-ÿ]|[«“\"(])|\s*\n\s*")


@dataclass(frozen=True)
class Traced:
    """A sentence of the consensus text; `expert` is its source as a number from 1, None for the group's own words."""

    sentence: str
    expert: int | None = None
    changed: bool = False


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text; a line break ends one, a full stop within "e.g. this" does not."""
    return tuple(filter(None, (one.strip() for one in _END.split(text))))


def traced(text: str, comments: Iterable[str]) -> tuple[Traced, ...]:
    """Each sentence of `text` with the comment, counted from 1, that it stands in or else resembles most."""
    sources = [
        (number, _words(one)) for number, comment in enumerate(comments, 1) for one in sentences(comment)
    ]
    literally = {" ".join(words): number for number, words in reversed(sources)}
    found = []
    for sentence in sentences(text):
        words = _words(sentence)
        if number := literally.get(" ".join(words)):
            found.append(Traced(sentence, number))
            continue
        share, number = max(((_likeness(source, words), n) for n, source in sources), default=(0, 0))
        found.append(Traced(sentence, number, changed=True) if share >= ALIKE else Traced(sentence))
    return tuple(found)


def left(comment: str, text: str) -> tuple[tuple[str, bool], ...]:
    """The sentences of an individual comment, each with whether the consensus text does not hold it yet."""
    return tuple((one.sentence, one.expert is None) for one in traced(comment, [text]))


def taken(text: str, sentence: str) -> str:
    """A consensus text with one more sentence."""
    return "\n\n".join(filter(None, (text.rstrip(), sentence)))


def _words(sentence: str) -> list[str]:
    return re.findall(r"\w+", plain(sentence))


def _likeness(source: list[str], words: list[str]) -> float:
    """0 to 1; the cheap bounds of difflib first, since most pairs have nothing in common."""
    pair = SequenceMatcher(None, source, words, autojunk=False)
    if pair.real_quick_ratio() < ALIKE or pair.quick_ratio() < ALIKE:
        return 0
    return pair.ratio()
