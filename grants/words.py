"""Marks texts for translation where nothing may be translated yet: rules, tables, policy, and the texts of schemes."""

import json
from collections.abc import Iterator
from typing import IO, Any


def N_(text: str) -> str:  # noqa: N802
    """The text itself; extraction finds it by this name, and whoever shows it translates it."""
    return text


def json_texts(file: IO[bytes], *_rest: Any, **_options: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    """Extractor for the translation tools: names, meanings and aspects in a JSON file of schemes or actions."""

    def texts(value: Any, key: str = "") -> Iterator[str]:
        match value:
            case dict():
                for name, inner in value.items():
                    yield from texts(inner, name)
            case list():
                for inner in value:
                    yield from texts(inner, key)
            case str() if key in ("name", "meaning", "aspects"):
                yield value

    for text in texts(json.load(file)):
        yield 1, None, text, []
