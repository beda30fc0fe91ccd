"""The names of people in running text: without titles, and wherever a text mentions somebody."""

import re
import unicodedata
from typing import Protocol

TITLES = frozenset(
    "dr dra dres doc docent doctor docteur prof profa professor professeur professeure mr mrs ms mme mlle herr frau "
    "sir dame ing ir dring dipl dipling diplom mag magister msc mba phd md habil hc pd privdoz univprof assoc "
    "associate assist assistant emeritus emerita em".split()
)
"""What may stand before or after a name and is no part of it, in lower case and letters only."""

_SHORT_TITLE = (
    r"(?:(?:[Dd]ra?|[Dd]oc(?:ent|tor|teur)?|[Pp]rof(?:\w*)?|M[rs]|Mrs|Mme|Mlle|Herr|Frau|Sir|[A-Z])\.?)\s*$"
)
_LETTERS = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "Ø": "O",
        "Ł": "L",
        "Đ": "D",
        "Æ": "Ae",
        "Œ": "Oe",
    }
)


class Named(Protocol):
    """Anybody with a name and an address."""

    name: str
    email: str


def unaccented(text: str) -> str:
    """A text with plain letters."""
    if text.isascii():
        return text
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.translate(_LETTERS)


def bare(name: str) -> str:
    """A name without titles, given name first.

    >>> bare("Prof. Dr. Henrik Dahl, PhD"), bare("Dahl, Dr Henrik")
    ('Henrik Dahl', 'Henrik Dahl')
    """
    parts = (
        " ".join(word for word in part.split() if re.sub(r"\W", "", word).casefold() not in TITLES)
        for part in name.split(",")
    )
    return " ".join(reversed([part for part in parts if part])) or " ".join(name.split())


def mentioned(text: str, person: Named, *, surely: bool = True) -> str:
    """The first words of a text that name a person by full name, surname or address; empty where there are none.

    Args:
        surely: only what cannot well be anything else. Otherwise also a surname that begins a sentence, as many
            ordinary words do, and the part of an address before the @ by itself.
    """
    text = " ".join(unaccented(text).replace("\u2019", "'").split())
    name = unaccented(bare(person.name)).split()
    local = person.email.partition("@")[0]
    exact = [" ".join(name)] if len(name) > 1 else []
    exact += [person.email] if person.email else []
    exact += [local] if re.search(r"\w[._-]\w", local) or (not surely and len(local) > 3) else []
    for one in exact:
        if found := re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text, re.IGNORECASE):
            return found[0]
    return _surname(text, name[-1], surely) if name and len(name[-1]) > 1 else ""


def _surname(text: str, surname: str, surely: bool) -> str:
    """A surname as names are written: a small letter, or a capital at the beginning of a sentence, says little."""
    written = {surname[:1].upper() + surname[1:], surname.upper()}
    for found in re.finditer("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in sorted(written)), text):
        before = text[: found.start()].rstrip("\"'«“( ")
        if titled := re.search(rf"(?<!\w){_SHORT_TITLE}", before):
            return f"{titled[0].strip()} {found[0]}"
        if not surely or not re.search(r"(?:^|[.!?:;•-])$", before):
            return found[0]
    return ""
