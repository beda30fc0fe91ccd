"""Texts: marked for translation where nothing may be translated yet (rules, policy, schemes), and counted."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from itertools import count
from typing import IO, Any


def N_(text: str) -> str:  # noqa: N802
    """The text itself; extraction finds it by this name, and whoever shows it translates it."""
    return text


def count_characters(text: str) -> int:
    """Code points after NFC, a line break counted once however it is written (rulebook 9.2, T-9.1)."""
    return len(unicodedata.normalize("NFC", text.replace("\r\n", "\n")))


def count_words(text: str) -> int:
    """What stands between white space."""
    return len(text.split())


def key_of(label: str, taken: Collection[str], otherwise: str) -> str:
    """A short name in ASCII for what people call `label`, unlike those taken; `otherwise` where it has none."""
    base = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30] or otherwise
    return next(key for n in count(1) if (key := base if n == 1 else f"{base}_{n}") not in taken)


def json_texts(file: IO[bytes], *_rest: Any, **_options: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    """Extractor for the translation tools: names, meanings, aspects and notes in a JSON file of schemes or actions."""

    def texts(value: Any, key: str = "") -> Iterator[str]:
        match value:
            case dict():
                for name, inner in value.items():
                    yield from texts(inner, key if key == "more_aspects" else name)
            case list():
                for inner in value:
                    yield from texts(inner, key)
            case str() if key in ("name", "meaning", "aspects", "more_aspects", "note"):
                yield value

    for text in texts(json.load(file)):
        yield 1, None, text, []
