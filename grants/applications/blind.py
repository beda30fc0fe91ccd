"""What in a text would tell experts who applies, where a call is evaluated blind (rulebook 1.1, "blind stage 1").

Names, acronyms or domains of organisations, names of people, addresses and links, and phrases that point at earlier
work as one's own. Own publications may be cited if they are not marked as own: a line of a list of references is no
clue for its authors' names. A clue is a hint: a person looks at it, and nothing is refused by a machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from grants.applications.proposal import Proposal

MOST = 20
"""More clues than this are not listed: the message is clear by then."""


@dataclass(frozen=True)
class Read:
    """A file as text, page by page, with its properties; `problem` says why it could not be read."""

    pages: Sequence[str] = ()
    properties: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Clue:
    """Some words of a text, where they stand (a page of a file from 1, else 0), and what they are.

    `place` is a part of the form, part_b, or the name of a file that answers a question.
    """

    kind: str
    words: str
    place: str
    page: int = 0

    @property
    def where(self) -> str:
        """The page, with the name of the file where it is not Part B; empty for the form."""
        in_form = self.place in ("title", "abstract", "keywords", "work_packages", "answers")
        name = "" if in_form or self.place == "part_b" else self.place
        return ", ".join(part for part in (name, str(self.page or "")) if part)


_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"\b(?:https?://|www\.)[^\s)\]>,;]+")
# Where everybody finds a publication, a link gives nobody away.
_NEUTRAL = ("doi.org", "dx.doi.org", "arxiv.org", "eur-lex.europa.eu", "ec.europa.eu", "orcid.org")
_OWN = re.compile(
    r"\b(?:(?:our|my)\s+(?:own\s+)?(?:previous|earlier|prior|past|recent|ongoing|current|pioneering)\s+"
    r"(?:[\w-]+\s+){0,3}?(?:projects?|work|works|papers?|publications?|stud(?:y|ies)|grants?|results?|research)"
    r"|we\s+(?:have\s+)?(?:previously\s+|already\s+)?(?:coordinated|led|published|showed|shown)\b"
    r"|(?:as|which)\s+we\s+(?:have\s+)?(?:showed|shown|published|demonstrated)"
    r"|(?:nos|notre)\s+(?:travaux|projets?|publications?|précédents?|précédente?s?)\b)",
    re.IGNORECASE,
)
_LEGAL = re.compile(
    r"[,\s]+(?:gmbh|ag|se|ev|e\.v\.|sas|sarl|sa|s\.a\.|spa|s\.p\.a\.|srl|bv|b\.v\.|nv|n\.v\.|ltd|limited|plc|oy|oyj|ab|"
    r"as|a/s|aps|kft|d\.o\.o\.|sp\.? z o\.?o\.?|inc)\.?$",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"^\s*(?:\[\d+\]|\d{1,3}[.)])\s.*\b(?:19|20)\d\d\b|\bet al\b.*\b(?:19|20)\d\d\b|\bdoi\b", re.IGNORECASE
)


def clues(proposal: Proposal, read: Mapping[str, Read]) -> tuple[Clue, ...]:
    """What gives the consortium away in the form and in its files, in the order of reading, each once.

    Args:
        read: the files that somebody has read, by SHA-256; properties are such as author and company.
    """
    texts = [("title", proposal.title), ("abstract", proposal.abstract), ("keywords", proposal.free_keywords)]
    texts += [("work_packages", package.title) for package in proposal.work_packages]
    texts += [("answers", text) for answer in proposal.answers for text in _texts(answer.value)]
    patterns = _patterns(proposal)
    found = [clue for place, text in texts for clue in _in_text(text, place, 0, patterns)]
    for file in proposal.attachments:
        if file.sha256 in read:
            place = "part_b" if file.kind == "part_b" else file.name
            found += _in_file(read[file.sha256], place, patterns)
    return tuple(dict.fromkeys(found))


def _in_file(read: Read, place: str, patterns: Sequence[tuple[str, re.Pattern[str]]]) -> Iterator[Clue]:
    for number, text in enumerate(read.pages, 1):
        yield from _in_text(text, place, number, patterns)
    for name, value in read.properties.items():
        given = any(_in_text(value, place, 0, patterns))
        if given or (name in ("author", "company") and value.strip()):
            yield Clue("file", f"{name}: {value.strip()[:80]}", place)


def _texts(value: Any) -> Iterator[str]:
    """What somebody typed in an answer of any kind."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(list(value.values()))
    elif isinstance(value, Iterable):
        for inner in value:
            yield from _texts(inner)


def _in_text(
    text: str, place: str, page: int, patterns: Iterable[tuple[str, re.Pattern[str]]]
) -> Iterator[Clue]:
    plain = unicodedata.normalize("NFC", text)
    for line in _lines(plain):
        reference = bool(_REFERENCE.search(line))
        for kind, pattern in patterns:
            if kind == "person" and reference:
                continue
            for match in pattern.finditer(line):
                yield Clue(kind, " ".join(match[0].split()), place, page)
        for match in _ADDRESS.finditer(line):
            yield Clue("address", match[0], place, page)
        for match in _LINK.finditer(line):
            host = re.sub(r"^(?:https?://)?(?:www\.)?", "", match[0]).split("/")[0].casefold()
            if host not in _NEUTRAL and not (reference and "/" in match[0]):
                yield Clue("link", match[0].rstrip("."), place, page)
    for match in _OWN.finditer(plain):
        yield Clue("own", " ".join(match[0].split()), place, page)


def _lines(text: str) -> list[str]:
    """Lines, and each pair of neighbours too: a name may be parted at the end of a line."""
    lines = text.splitlines()
    return [line for line in lines if line.strip()] + [
        f"{first} {second}"
        for first, second in pairwise(lines)
        if not _REFERENCE.search(first) and not _REFERENCE.search(second)
    ]


def _patterns(proposal: Proposal) -> list[tuple[str, re.Pattern[str]]]:
    found: dict[tuple[str, str], re.Pattern[str]] = {}
    for partner in proposal.partners:
        full = partner.name.strip()
        for name in {full, _LEGAL.sub("", full)}:
            if len(name) >= 4 and (" " in name or len(name) >= 6):
                found["organisation", name] = _whole(name, re.IGNORECASE)
        # An acronym is looked for as it is written: "air" is a word, "AIR" may be an institute.
        short = partner.short_name.strip()
        if len(short) >= 2 and short != short.casefold() and short.casefold() != proposal.acronym.casefold():
            found["organisation", short] = _whole(short)
        domain = partner.contact_email.rpartition("@")[2].casefold()
        if domain and domain not in ("gmail.com", "outlook.com", "proton.me"):
            found["domain", domain] = _whole(domain, re.IGNORECASE)
        found |= _person(*partner.contact_name.rpartition(" ")[::2])
    for person in proposal.researchers:
        found |= _person(person.first_name.strip(), person.last_name.strip())
    return [(kind, pattern) for (kind, _), pattern in found.items()]


def _person(first: str, last: str) -> dict[tuple[str, str], re.Pattern[str]]:
    """First and last name, initial and last name, or a title with the last name; never the last name alone."""
    if not first or not last:
        return {}
    given, family = re.escape(first), re.escape(last)
    before = rf"(?:{given}|{re.escape(first[0])}\.|(?:Dr|Prof|Professor|Pr|Mr|Mrs|Ms)\.?)"
    return {
        ("person", f"{first} {last}"): re.compile(
            rf"\b(?:{before}\s+{family}|{family},\s+{given})\b", re.IGNORECASE
        )
    }


def _whole(words: str, flags: int = 0) -> re.Pattern[str]:
    """The words as whole words, however they are spaced."""
    return re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words.split())) + r"(?!\w)", flags)
