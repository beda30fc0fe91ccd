"""Every kind of document follows PDF/A-3a and PDF/UA-1, by veraPDF's own rules; a file that does not is found out."""

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from grants.applications import queries as applications
from grants.calls import queries as calls
from grants.decisions import outcomes
from grants.documents import contents, render, signing
from grants.documents.models import OF_CALL
from tests.documents import reading, standards
from tests.documents.conftest import Authority
from tests.documents.evaluated import call_with

pytestmark = pytest.mark.one_database

# Kind, and an application or a call of the world that has one.
EACH = [
    ("receipt", "submitted"),
    ("application", "received"),
    ("evaluation", "released_best"),
    ("ranking", "released"),
    ("letter", "released_best"),
    ("letter", "released_good"),
    ("letter", "released_weak"),
    ("letter", "ranked_best"),
    ("dossier", "released_best"),
    ("report", "in_consensus"),
    ("consensus", "released_good"),
    ("panel", "released"),
    ("call", "released"),
    ("form", "open"),
]


def _page(names: Any, kind: str, about: str, language: str) -> contents.Page:
    if kind in (*OF_CALL, "form"):
        call = calls.by_reference(names.calls[about])
        assert call
        return contents.page(kind, language, call=call, application=None)
    application = applications.by_public_id(names.applications[about])
    assert application
    return contents.page(kind, language, call=application.call, application=application)


@pytest.fixture
def made(app: Any, names: Any, tmp_path: Path) -> dict[str, Path]:
    """One file of each kind and outcome in both languages, by name."""
    found = {}
    for kind, about in EACH:
        for language in ("en", "fr"):
            page = _page(names, kind, about, language)
            path = tmp_path / f"{kind}-{about}-{language}.pdf"
            path.write_bytes(render.pdf(page.html, page.files, page.data))
            found[path.name] = path
    return found


def test_every_kind_follows_both_standards(made: dict[str, Path], tmp_path: Path) -> None:
    untagged, unnamed = tmp_path / "untagged.pdf", tmp_path / "unnamed.pdf"
    with pikepdf.open(next(iter(made.values()))) as pdf:
        del pdf.Root.MarkInfo
        pdf.save(untagged)
    with pikepdf.open(next(iter(made.values()))) as pdf:
        del pdf.Root.Metadata
        pdf.save(unnamed)
    told = standards.broken(*made.values(), untagged, unnamed)
    for bad in (told.pop("untagged.pdf"), told.pop("unnamed.pdf")):
        assert all(one["broken"] for one in bad.values()), (
            "a bad file must be found out, or nothing is proved"
        )
    rules = {
        (name, rule, why)
        for name, found in told.items()
        for one in found.values()
        for rule, why in one["broken"].items()
    }
    assert rules == set()
    assert set(told) == set(made)
    assert all(one["checks"] > 100 for found in told.values() for one in found.values())


def test_signed_ones_of_every_kind_follow_both_standards(
    made: dict[str, Path], tmp_path: Path, authority: Authority
) -> None:
    seal = signing.Seal(authority.key, authority.password, "Here")
    signed = []
    for name, path in made.items():
        if name.endswith("-en.pdf"):
            signed.append(tmp_path / f"signed-{name}")
            signed[-1].write_bytes(signing.signed(path.read_bytes(), seal, "A document"))
    told = standards.broken(*signed)
    assert len(told) == len(EACH)
    assert {
        name: one["broken"] for name, found in told.items() for one in found.values() if one["broken"]
    } == {}


def test_the_letter_of_every_outcome_follows_both_standards(app: Any, cast: Any, tmp_path: Path) -> None:
    _call, ones = call_with(app, cast, *outcomes.NAMES)
    paths = []
    for outcome, one in zip(outcomes.NAMES, ones, strict=True):
        application = applications.by_public_id(one.public_id)
        assert application
        page = contents.page("letter", "fr", call=application.call, application=application)
        paths.append(tmp_path / f"{outcome}.pdf")
        paths[-1].write_bytes(render.pdf(page.html, page.files, page.data))
    told = standards.broken(*paths)
    assert set(told) == {f"{outcome}.pdf" for outcome in outcomes.NAMES}
    assert {
        name: one["broken"] for name, found in told.items() for one in found.values() if one["broken"]
    } == {}


@pytest.mark.parametrize(("kind", "about"), EACH)
def test_the_text_is_read_in_the_order_of_the_page(app: Any, names: Any, kind: str, about: str) -> None:
    """Headings and paragraphs come out of the file as they follow each other, whatever stands beside them."""
    page = _page(names, kind, about, "fr")
    found = "".join(reading.text(render.pdf(page.html, page.files, page.data)).split())
    body = page.html.partition("<main")[2].partition(">")[2]
    # Without chart titles, which nobody sees.
    shown = re.sub(r"<svg.*?</svg>|<[^>]+>", "\n", body, flags=re.S)
    lines = [unescape(line) for line in shown.split("\n") if len(line.strip()) > 3]
    at = 0
    for line in lines:
        words = "".join(line.split())
        place = found.find(words[:25], at)
        assert place >= 0, f"{line!r} is not behind what stands before it"
        at = place
    assert len(lines) > 10


def test_the_facts_are_attached_and_tell_no_more_than_the_pages(made: dict[str, Path], names: Any) -> None:
    printed = {
        name: path for name, path in made.items() if not name.startswith("dossier")
    }  # it holds everything
    for name, path in printed.items():
        content = path.read_bytes()
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert list(pdf.attachments) == ["data.json"]
            value = json.loads(pdf.attachments["data.json"].get_file().read_bytes())
        assert name.startswith(value["document"])
        text = json.dumps(value, ensure_ascii=False)
        assert "gender" not in text
        assert "contact_email" not in text
        for person in ("expert", "expert2", "rapporteur", "chair"):
            assert names.people[person]["email"] not in text
        assert value["about"] in reading.text(content)
