"""What stays inside an evaluation, as PDF: the individual reports, an expert's own, and the consensus report."""

import json

import pytest

from grants import jobs
from grants.db import db
from grants.documents.models import Document
from grants.experts.models import Assignment
from tests.documents import reading
from tests.reviews.typed import assignment
from tests.test_access import GROUP, STAFF
from tests.world import CAST

pytestmark = pytest.mark.one_database


@pytest.fixture
def want(as_, names):
    """The answer to a person who asks for a document of an application of the world."""

    def ask(part, application, kind):
        return as_(part).post(
            f"/applications/{names.applications[application]}/documents", data={"kind": kind}
        )

    return ask


def made(client, answer):
    assert answer.status_code == 303
    jobs.run_waiting()
    return client.get(answer.location + "/file", buffered=True).data


def test_an_officer_reads_all_reports_with_the_remarks_to_the_funder(as_, cast, names, want):
    report = assignment(names.applications["in_consensus"], cast.expert2).report
    report.remarks = "The coordinator wrote to me."
    db.session.commit()

    content = made(as_("officer"), want("officer", "in_consensus", "report"))

    text = reading.text(content)
    for name in ("Eva Expert", "Emil Evaluator", "Rosa Rapporteur"):
        assert f"Report of {name}" in text
    assert "The coordinator wrote to me." in text
    assert "The applicants never read this document." in text
    value = json.loads(reading.facts(content)["data"])["facts"]
    assert {one["expert"] for one in value["reports"]} == {"Eva Expert", "Emil Evaluator", "Rosa Rapporteur"}


def test_an_expert_keeps_a_copy_of_the_own_report_and_of_no_other(as_, cast, names):
    eva, report = (
        as_("expert"),
        assignment(names.applications["in_consensus"], cast.expert).report.public_id,
    )
    assert "My report as PDF" in eva.get(f"/reports/{report}").text

    content = made(eva, eva.post(f"/reports/{report}/documents"))

    text = reading.text(content)
    assert "Report of Eva Expert" in text
    assert "Emil Evaluator" not in text
    assert "Rosa Rapporteur" not in text
    assert len(json.loads(reading.facts(content)["data"])["facts"]["reports"]) == 1
    assert as_("expert2").post(f"/reports/{report}/documents").status_code == 403


def test_a_copy_is_closed_to_the_expert_who_left_the_group(as_, cast, names):
    eva, own = as_("expert"), assignment(names.applications["in_consensus"], cast.expert)
    own_id, report = own.id, own.report.public_id
    answer = eva.post(f"/reports/{report}/documents")
    jobs.run_waiting()
    assert eva.get(answer.location + "/file", buffered=True).status_code == 200

    db.session.get_one(Assignment, own_id).state = "void"
    db.session.commit()

    assert eva.get(answer.location + "/file", buffered=True).status_code == 404


def test_the_consensus_report_tells_its_sources_its_approvals_and_its_way(as_, want):
    content = made(as_("expert"), want("expert", "released_good", "consensus"))

    text = reading.text(content)
    for words in (
        "What it was made from", "Eva Expert", "Agrees", "The text went to the experts for approval",
        "The quality check accepted it", "The applicants never read this document.",
    ):  # fmt: skip
        assert words in text
    value = json.loads(reading.facts(content)["data"])["facts"]
    assert [step["step"] for step in value["history"]][-1] == "finalise"
    assert "email" not in json.dumps(value)


def test_why_the_work_began_anew_stays_with_the_officers(as_, names, want):
    from grants import events
    from grants.reviews import queries

    report = queries.consensus_at(names.applications["released_good"])
    events.record(
        db.session, report, "restart", by=None, source="draft", target="draft", reason="A secret tie."
    )
    db.session.commit()

    content = made(as_("expert"), want("expert", "released_good", "consensus"))

    assert "The work began anew" in reading.text(content)
    assert "A secret tie." not in reading.text(content) + reading.facts(content)["data"]


def test_a_consensus_report_that_is_not_final_is_no_document(want):
    assert want("rapporteur", "in_consensus", "consensus").status_code == 409


@pytest.mark.parametrize("part", CAST)
@pytest.mark.parametrize(("kind", "readers"), [("report", STAFF), ("consensus", GROUP | STAFF)])
def test_only_they_who_read_the_pages_get_the_document(want, part, kind, readers):
    """The applicants, the chair and strangers never do, not even after the release.

    The administrator is on the committee for a request that is open.
    """
    answer = want(part, "released_good", kind)
    db.session.rollback()

    assert (answer.status_code == 303) == (part in readers | {"admin"})
    assert db.session.query(Document).filter_by(kind=kind).count() == (part in readers | {"admin"})


def test_an_officer_makes_all_of_a_call_at_once(as_, names):
    olga, call = as_("officer"), names.calls["released"]
    page = olga.get(f"/calls/{call}/documents").text
    assert "Make all individual reports" in page
    assert "Make all consensus reports" in page

    for kind in ("report", "consensus"):
        answer = olga.post(f"/calls/{call}/batches", data={"kind": kind})
        assert answer.status_code == 303
        jobs.run_waiting()
        assert olga.get(answer.location + "/status").json["failed"] == 0
