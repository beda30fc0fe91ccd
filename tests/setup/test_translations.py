"""French is complete: every text of pages, mails and documents, with the same placeholders, compiled."""

import re
from pathlib import Path

import polib
import pytest
from babel.messages.extract import extract_from_dir

from grants import words

ROOT = Path(__file__).parent.parent.parent
CATALOGUE = ROOT / "grants" / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "N_": None, "_l": None, "lazy_gettext": None, "ngettext": (1, 2),
            "lazy_ngettext": (1, 2)}  # fmt: skip


def _texts() -> set[str]:
    """Every text that the code and the templates show."""
    found: set[str] = set()
    for folder, mapping, options in (
        ("grants", [("**.py", "python")], {}),
        ("templates", [("**.html", "jinja2"), ("**.txt", "jinja2")], {"**.html": TRIM, "**.txt": TRIM}),
    ):
        for _file, _line, message, _comments, _context in extract_from_dir(
            str(ROOT / folder), mapping, options, keywords=KEYWORDS
        ):
            found.add(message[0] if isinstance(message, tuple) else message)
    for scheme in (ROOT / "grants" / "calls" / "schemes").glob("*.json"):
        with scheme.open("rb") as file:
            found |= {text for _line, _function, text, _comments in words.json_texts(file)}
    return found


TRIM = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}


@pytest.fixture(scope="module")
def french() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def test_every_text_has_its_french(french: polib.POFile) -> None:
    known = {entry.msgid for entry in french if entry.translated()}
    texts = _texts()
    assert len(texts) > 1000
    assert sorted(texts - known) == []


def test_the_placeholders_are_the_same(french: polib.POFile) -> None:
    def placeholders(text: str) -> set[str]:
        return set(re.findall(r"%\((\w+)\)", text))

    wrong = [
        entry.msgid
        for entry in french
        for text in (entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr])
        if not placeholders(text) <= placeholders(entry.msgid + entry.msgid_plural)
        or (not entry.msgid_plural and placeholders(text) != placeholders(entry.msgid))
    ]
    assert wrong == []


def test_the_compiled_catalogue_is_the_written_one(french: polib.POFile) -> None:
    compiled = {entry.msgid: entry.msgstr for entry in polib.mofile(str(CATALOGUE.with_suffix(".mo")))}
    assert {entry.msgid: entry.msgstr for entry in french if entry.translated()} == compiled
