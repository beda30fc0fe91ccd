"""What every page of the house must be: read from the HTML that a test fetched."""

from collections import Counter
from hashlib import sha256
from typing import Any

import html5lib

from tests.crawling import lasting

FORM_FIELDS = {"input", "select", "textarea"}
_lawful: set[bytes] = set()
"""Digests of the pages found in order, without the tokens of their forms: many are fetched again and again."""


def check(page: str, where: str = "") -> None:
    """Valid HTML, one h1, a title, unique ids, a label for each field, nothing inline. Raises AssertionError."""
    digest = sha256(lasting(page).encode()).digest()
    if digest not in _lawful:
        _check(page, where)
        _lawful.add(digest)


def _check(page: str, where: str) -> None:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    document = parser.parse(page)
    assert not parser.errors, (
        f"{where}: invalid HTML: {parser.errors[:3]} near {_near(page, parser.errors[0][0])}"
    )
    elements = list(document.iter())
    tags = [element for element in elements if isinstance(element.tag, str)]
    assert sum(element.tag == "h1" for element in tags) == 1, f"{where}: not exactly one h1"
    title = next((element.text or "" for element in tags if element.tag == "title"), "")
    assert title.strip(), f"{where}: no title"
    assert document.get("lang"), f"{where}: no language"
    doubled = [name for name, count in Counter(e.get("id") for e in tags if e.get("id")).items() if count > 1]
    assert not doubled, f"{where}: ids twice: {doubled}"
    ids = {element.get("id") for element in tags}
    labelled = {element.get("for") for element in tags if element.tag == "label"}
    for element in tags:
        assert "style" not in element.attrib, f"{where}: inline style on {element.tag}"
        assert not any(name.startswith("on") for name in element.attrib), (
            f"{where}: inline handler on {element.tag}"
        )
        if element.tag == "script":
            assert element.get("src"), f"{where}: inline script"
        if element.tag in FORM_FIELDS and element.get("type") not in ("hidden", "submit", "button"):
            named = element.get("aria-label") or element.get("aria-labelledby")
            assert named or element.get("id") in labelled, f"{where}: no label for {element.get('name')}"
        for reference in ("aria-describedby", "aria-labelledby", "for"):
            for target in (element.get(reference) or "").split():
                assert target in ids, f"{where}: {reference} points to {target}, which does not exist"


def _near(page: str, position: Any) -> str:
    line = position[0] if isinstance(position, tuple) else 1
    lines = page.splitlines()
    return " / ".join(lines[max(0, line - 2) : line + 1])[:300]
