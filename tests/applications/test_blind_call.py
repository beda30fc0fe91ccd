"""A call that is evaluated blind: what tells who applies is pointed at while one writes, and to the officer."""

import io
from typing import Any

import pikepdf
import pytest
from sqlalchemy import select

from grants import jobs
from grants.applications import actions, queries
from grants.applications.models import FileText
from grants.calls import actions as call_actions
from grants.calls import queries as calls
from grants.db import db


def part_b(sentence: str, author: str = "") -> bytes:
    """A PDF of one page with a sentence on it, as a word processor writes it."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1,
                                                BaseFont=pikepdf.Name.Helvetica))  # fmt: skip
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    page.Contents = pdf.make_stream(f"BT /F1 12 Tf 72 720 Td ({sentence}) Tj ET".encode("latin-1"))
    if author:
        pdf.docinfo["/Author"] = author
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


@pytest.fixture
def blind(names: Any) -> Any:
    call = calls.by_reference(names.calls["open"])
    call.blind_until = "released"
    db.session.commit()
    return call.reference


def findings(names: Any) -> dict[str, Any]:
    application = queries.whole(names.applications["submitted"])
    return {one.code: one for one in queries.findings_of(application.proposal, application.call)}


def upload(as_: Any, names: Any, content: bytes) -> None:
    coordinator, address = as_("coordinator"), f"/applications/{names.applications['submitted']}"
    coordinator.post(f"{address}/reopening")
    assert (
        coordinator.post(f"{address}/part-b", data={"file": (io.BytesIO(content), "b.pdf")}).status_code
        == 303
    )


@pytest.mark.parametrize(
    ("sentence", "author", "clue"),
    [
        ("The University of A-Stadt will lead.", "", "“University of A-Stadt” (1)"),
        ("Work is done in the laboratory.", "L. Lead", "author: L. Lead"),
        ("In our previous project we built a lamp.", "", "“our previous project” (1)"),
    ],
)
def test_a_worker_reads_part_b_and_the_checklist_says_where_to_look(
    as_: Any, names: Any, blind: str, sentence: str, author: str, clue: str
) -> None:
    upload(as_, names, part_b(sentence, author))
    waiting = findings(names)["BLIND"]
    assert (waiting.verdict, waiting.blocking) == ("unknown", False)
    jobs.run_waiting()
    found = findings(names)["BLIND"]
    assert (found.verdict, found.blocking, found.gate) == ("unknown", False, "admissibility")
    assert clue in found.values["clues"]
    page = as_("coordinator").get(f"/applications/{names.applications['submitted']}").text
    assert "do not tell who applies" in page


def test_a_text_that_tells_nothing_holds(as_: Any, names: Any, blind: str) -> None:
    upload(as_, names, part_b("Lamps learn from those who use them."))
    jobs.run_waiting()
    assert findings(names)["BLIND"].verdict == "holds"


def test_a_file_that_answers_a_question_is_read_too(names: Any, blind: str, cast: Any) -> None:
    application = queries.whole(names.applications["submitted"])
    assert application
    question = call_actions.add_question(
        application.call, by=cast.officer, label="Letter", kind="file", required=False
    )
    actions.attach(
        application, part_b("The University of A-Stadt will lead."), "letter.pdf", by=application.coordinator,
        kind=f"q:{question.key}",
    )  # fmt: skip
    db.session.commit()
    assert findings(names)["BLIND"].verdict == "unknown"
    jobs.run_waiting()
    assert "“University of A-Stadt” (letter.pdf, 1)" in findings(names)["BLIND"].values["clues"]


def test_the_officer_looks_at_it_and_it_does_not_pass_with_the_clear_ones(as_: Any, names: Any) -> None:
    application = queries.by_public_id(names.applications["received"])
    assert application.submission
    sha256 = application.submission.proposal.part_b.sha256
    application.call.blind_until = "released"
    db.session.commit()
    jobs.run_waiting()
    text = db.session.scalars(select(FileText).where(FileText.sha256 == sha256)).one()
    text.pages = ["The University of A-Stadt will lead."]
    officer, desk = as_("officer"), f"/calls/{names.calls['evaluation']}/eligibility"
    chosen = {"gate": "admissibility", "application": names.applications["received"]}
    officer.post(f"{desk}/passes", data=chosen)
    assert queries.by_public_id(names.applications["received"]).state == "submitted"
    assert (
        "University of A-Stadt” (1)" in officer.get(f"/applications/{chosen['application']}/eligibility").text
    )
    db.session.scalars(select(FileText).where(FileText.sha256 == sha256)).one().pages = ["Lamps learn."]
    officer.post(f"{desk}/passes", data=chosen)
    assert queries.by_public_id(names.applications["received"]).state == "eligibility"


def test_a_call_that_is_not_blind_reads_nothing(as_: Any, names: Any) -> None:
    upload(as_, names, part_b("The University of A-Stadt will lead."))
    jobs.run_waiting()
    assert "BLIND" not in findings(names)
