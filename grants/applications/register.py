"""The register of organisations: what of a name is searched."""

import re
import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ß": "ss"})


def search_words(*texts: str) -> str:
    """The words of some names, without accents, case and punctuation, with one space between them."""
    joined = unicodedata.normalize("NFKD", " ".join(texts).casefold())
    plain = "".join(character for character in joined if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", plain.translate(_LETTERS)))
