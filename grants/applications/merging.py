"""Two people in one section: which field is whose, judged by what each had before them.

A section is compared field by field, as a browser sends it: name of the field to its values. Who saves second sends
along the fingerprints of what the page was made from, so a field that only one of the two changed needs no question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

Typed = dict[str, list[str]]


def plain(values: list[str]) -> list[str]:
    """Values without what browsers add: line breaks as one character, several choices in one order."""
    return sorted(value.replace("\r\n", "\n") for value in values if value)


def fingerprint(values: list[str]) -> str:
    """Ten hexadecimal characters: enough to see that a field was changed, no secret."""
    return hashlib.sha256(json.dumps(plain(values)).encode()).hexdigest()[:10]


def fingerprints(typed: Typed) -> dict[str, str]:
    """The fingerprint of each field, as the page carries them."""
    return {name: fingerprint(values) for name, values in typed.items()}


def read_fingerprints(text: str) -> dict[str, str]:
    """What a page sent back; nothing where it is not what a page sends."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Merged:
    """What the section becomes; `conflicts` names the fields that both changed, where `typed` holds mine."""

    typed: Typed
    conflicts: tuple[str, ...] = ()


def merge(seen: Mapping[str, str], mine: Typed, theirs: Typed, *, own: bool = False) -> Merged:
    """Put together what I typed and what is stored since.

    Args:
        seen: fingerprints of what my page was made from; without them every difference is a conflict.
        theirs: what is stored now; names every field of the section.
        own: what is stored came from this very page (its answer was lost), so mine is newer.
    """
    typed: Typed = {}
    conflicts = []
    for name, stored in theirs.items():
        written = mine.get(name, [])
        typed[name] = written
        if plain(written) == plain(stored) or (own and seen.get(name) != fingerprint(written)):
            continue
        if seen.get(name) == fingerprint(written):
            typed[name] = stored
        elif seen.get(name) != fingerprint(stored):
            conflicts.append(name)
    return Merged(typed, tuple(conflicts))
