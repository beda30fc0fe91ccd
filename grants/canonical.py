"""One byte string for one value: canonical JSON (RFC 8785) with NFC text, and its SHA-256."""

import hashlib
import unicodedata
from typing import Any

import rfc8785


def canonical(value: Any) -> bytes:
    """Canonical JSON of dicts, lists, tuples, strings, integers, booleans and None (rulebook 7.1).

    Raises TypeError for floats and other types, ValueError for integers beyond 2**53 - 1 and for two keys of
    one object that are the same text.
    """
    return rfc8785.dumps(_normalised(value))


def digest(value: Any) -> str:
    """SHA-256 of the canonical JSON, 64 lower-case hexadecimal characters."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _normalised(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return unicodedata.normalize("NFC", value)
        case list() | tuple():
            return [_normalised(item) for item in value]
        case dict():
            normalised = {_key(key): _normalised(item) for key, item in value.items()}
            if len(normalised) < len(value):
                raise ValueError("two keys of one object are the same text")
            return normalised
    # Two machines may print one float differently; amounts, rates and scores are integers anyway.
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError("the keys of an object are strings")
    return unicodedata.normalize("NFC", key)
