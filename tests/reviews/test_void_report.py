"""A conflict of interest shows late, or a report must go: it is kept, and counts for nothing any more."""

import pytest
from sqlalchemy import select

from grants.db import db
from grants.events import EventPayload
from grants.reviews import queries
from tests.reviews.typed import assignment, filled, fresh, report_url, told

CONFLICT = {"declaration": "conflict", "code": "D3", "reason": "My sister leads a work package."}


@pytest.fixture
def here(names):
    return names.applications["in_consensus"]


def marked(here, person, text):
    """Give the report of a person a comment that can be found again."""
    found = queries.report(report_url(here, person).rpartition("/")[2])
    for mark in found.marks:
        mark.comment = text
    db.session.commit()


def test_a_late_conflict_closes_the_text_at_once(here, cast, as_):
    url, browser = report_url(here, cast.expert), as_("expert")
    declaration = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"
    assert browser.get(url).status_code == 200

    assert browser.post(declaration, data=CONFLICT).status_code == 303

    for address in (url, f"/applications/{here}/consensus", f"/applications/{here}", declaration):
        assert browser.get(address).status_code == 404
    assert as_("officer").get(url).status_code == 200
    declared = assignment(here, cast.expert).public_id
    assert told(f"conflict_declared:{declared}") == sorted([cast.officer.email, cast.officer2.email])


def test_a_void_report_counts_for_nothing(here, cast, as_):
    """T-4.3: not for the minimum of three, and not in the merge; the application waits for a third report."""
    marked(here, cast.expert, "Words of the void report")
    consensus = fresh(here)
    consensus.marks[0].comment, consensus.marks[0].score = "Words of the void report, edited", 400
    db.session.commit()
    void = f"{report_url(here, cast.expert)}/voiding"
    assert as_("officer").post(void, data={"conflict": "D3", "reason": ""}).status_code == 422

    assert (
        as_("officer").post(void, data={"conflict": "D3", "reason": "Found by the officer."}).status_code
        == 303
    )

    consensus = fresh(here)
    assert (consensus.state, consensus.application.state) == ("waiting", "in_evaluation")
    counted = queries.valid_reports(consensus.application)
    assert [report.assignment.user_id for report in counted] == [cast.rapporteur.id, cast.expert2.id]
    assert consensus.scores == {}
    assert [mark.comment for mark in consensus.marks if "void report" in mark.comment] == []
    kept = [one.facts for one in db.session.scalars(select(EventPayload)) if "kept" in one.facts]
    assert [facts["kept"]["marks"][0]["comment"] for facts in kept] == ["Words of the void report, edited"]
    opening = {"rapporteur": assignment(here, cast.rapporteur).public_id, "without_awaited": "y"}
    assert as_("officer").post(f"/applications/{here}/consensus/opening", data=opening).status_code == 422
    assert as_("expert").get(void.removesuffix("/voiding")).status_code == 404


def test_with_enough_reports_left_the_group_starts_again_from_those(here, cast, as_):
    marked(here, cast.expert, "Words of the void report")
    consensus = fresh(here)
    consensus.application.call.min_reviews = 2
    db.session.commit()
    before = consensus.version

    void = f"{report_url(here, cast.expert)}/voiding"
    assert as_("officer").post(void, data={"conflict": "", "reason": "Copied text."}).status_code == 303

    consensus = fresh(here)
    assert (consensus.state, consensus.application.state) == ("draft", "in_consensus")
    assert consensus.version > before
    assert [mark.comment for mark in consensus.marks if "void report" in mark.comment] == []
    page = f"/applications/{here}/consensus"
    assert as_("rapporteur").post(page, data=filled(consensus.version)).status_code == 303
    assert as_("expert2").get(report_url(here, cast.expert)).status_code == 404


def test_a_final_report_is_reached_too_while_the_panel_is_open(names, cast, as_):
    here = names.applications["panel_best"]
    assert fresh(here).state == "final"
    declaration = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"

    assert as_("expert").post(declaration, data=CONFLICT).status_code == 303

    consensus = fresh(here)
    assert (consensus.state, consensus.application.state) == ("waiting", "in_evaluation")
    assert (consensus.snapshot, consensus.sha256) == (None, None)


def test_after_the_panel_only_the_record_remains(names, cast, as_):
    here = names.applications["ranked_best"]
    before = fresh(here)
    state, frozen = before.application.state, before.sha256
    declaration = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"

    assert as_("expert").post(declaration, data=CONFLICT).status_code == 303

    consensus = fresh(here)
    assert (consensus.application.state, consensus.state, consensus.sha256) == (state, "final", frozen)
    assert assignment(here, cast.expert).report.state == "void"
    assert len(queries.valid_reports(consensus.application)) == 2


def test_a_barred_officer_sees_neither_report_nor_row_of_the_board(here, names, cast, as_):
    from grants.clock import now
    from grants.experts.models import Conflict

    consensus = fresh(here)
    db.session.add(
        Conflict(application_id=consensus.application_id, user_id=cast.officer.id, code="D4", source="entered",
                 rule="", reason="Sits on the board.", status="confirmed", found_at=now())
    )  # fmt: skip
    db.session.commit()
    number, url = consensus.application.number, report_url(here, cast.expert)

    barred, other = as_("officer"), as_("officer2")

    board = f"/calls/{names.calls['evaluation']}/reports"
    assert (number in barred.get(board).text, number in other.get(board).text) == (False, True)
    assert (barred.get(url).status_code, other.get(url).status_code) == (404, 200)
    assert barred.post(f"{url}/voiding", data={"conflict": "", "reason": "x"}).status_code == 404
