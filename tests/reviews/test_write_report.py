"""An expert writes a report: saves drafts, learns what is missing, submits; nobody looks over the shoulder."""

import json

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from grants.canonical import digest
from grants.db import db
from grants.events import Event
from grants.reviews import queries
from tests.reviews.typed import CRITERIA, assignment, filled, report_url

EXCELLENCE = CRITERIA[0]


@pytest.fixture
def here(names):
    """An application whose rapporteur has submitted, whose expert has a draft and whose expert2 is invited."""
    return names.applications["in_evaluation"]


def stored(url):
    db.session.rollback()
    db.session.expire_all()
    return queries.report(url.rpartition("/")[2])


def main(page):
    """What the page says, without the frame that repeats the address and the form token."""
    return page.text.partition("<main")[2].partition("</main>")[0]


def events(report, verb):
    return db.session.scalars(
        select(Event)
        .options(joinedload(Event.payload))
        .where(Event.thing == report.public_id, Event.verb == verb)
    ).all()


def test_a_report_opens_with_the_declaration_and_not_before(here, cast, as_):
    invited = assignment(here, cast.expert2)
    browser = as_("expert2")
    assert browser.get(f"/assignments/{invited.public_id}/declaration").status_code == 409
    assert browser.post(f"/assignments/{invited.public_id}/acceptance").status_code == 303

    answer = browser.post(f"/assignments/{invited.public_id}/declaration", data={"declaration": "none"})

    assert answer.status_code == 303
    page = browser.get(answer.location)
    assert page.status_code == 200
    assert "Save and check before submitting" in page.text
    report = stored(answer.location)
    assert [(mark.criterion, mark.score, mark.comment) for mark in report.marks] == [
        (criterion, None, "") for criterion in CRITERIA
    ]


def test_a_declaration_without_an_answer_is_asked_for_again(here, cast, as_):
    browser = as_("expert")
    address = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"

    assert browser.post(address, data={}).status_code == 422
    assert (
        browser.post(address, data={"declaration": "conflict", "code": "", "reason": ""}).status_code == 422
    )


def test_a_draft_keeps_whatever_is_there(here, cast, as_):
    url = report_url(here, cast.expert)
    version = stored(url).version
    half = {"version": str(version), f"comment_{EXCELLENCE}": "Half a thought", f"score_{EXCELLENCE}": ""}

    assert as_("expert").post(url, data=half).status_code == 303

    report = stored(url)
    assert (report.version, report.marks[0].comment, report.marks[0].score) == (
        version + 1,
        "Half a thought",
        None,
    )
    assert "Half a thought" in as_("expert").get(url).text


def test_a_score_off_the_grid_is_refused_and_stays_on_the_page(here, cast, as_):
    """T-3.6 through the page: nothing is rounded, and nothing that was typed is lost."""
    url = report_url(here, cast.expert)
    before = stored(url)

    answer = as_("expert").post(url, data=filled(before.version, (370, 400, 350), remarks="For the funder"))

    assert answer.status_code == 422
    assert "This score is not on the scale. Please choose one of the list." in answer.text
    assert "3.7 (not on the scale)" in answer.text
    assert "For the funder" in answer.text
    assert (stored(url).version, stored(url).scores) == (before.version, before.scores)


def test_two_windows_do_not_overwrite_each_other(here, cast, as_):
    url, browser = report_url(here, cast.expert), as_("expert")
    version = stored(url).version
    assert browser.post(url, data=filled(version, remarks="First window")).status_code == 303

    answer = browser.post(url, data=filled(version, remarks="Second window"))

    assert answer.status_code == 409
    assert "First window" in answer.text
    assert "Second window" in answer.text
    assert stored(url).remarks == "First window"
    assert browser.post(url, data=filled(version + 1, remarks="Second window")).status_code == 303
    assert stored(url).remarks == "Second window"


def test_the_check_page_names_every_gap_and_nothing_is_submitted(here, cast, as_):
    url, browser = report_url(here, cast.expert), as_("expert")
    gaps = filled(stored(url).version, answer_scope="out") | {f"comment_{EXCELLENCE}": " "}
    answer = browser.post(url, data=gaps | {"next": "submission"})
    assert answer.location.endswith(f"{url}/submission")

    page = browser.get(answer.location)

    assert "Excellence has no comment yet." in page.text
    assert "The answer to question A1 needs a comment." in page.text
    assert page.text.count("has no comment yet.") == 1
    assert browser.post(answer.location, data={"declared": "y"}).status_code == 422
    assert stored(url).state == "draft"


def test_submitting_freezes_the_report_once(here, cast, as_):
    url, browser = report_url(here, cast.expert), as_("expert")
    browser.post(url, data=filled(stored(url).version, (450, 400, 300), remarks="Only for the funder"))
    assert browser.post(f"{url}/submission", data={}).status_code == 422
    assert stored(url).state == "draft"

    assert browser.post(f"{url}/submission", data={"declared": "y"}).status_code == 303

    report = stored(url)
    value = json.loads(report.snapshot)
    assert (report.state, report.sha256) == ("submitted", digest(value))
    assert [mark["score"] for mark in value["marks"]] == [450, 400, 300]
    assert (value["total"], value["remarks"]) == (1150, "Only for the funder")
    assert browser.post(f"{url}/submission", data={"declared": "y"}).status_code == 409
    assert browser.post(url, data=filled(report.version)).status_code == 409
    assert (len(events(report, "submit")), stored(url).sha256) == (1, report.sha256)


@pytest.mark.parametrize(
    "who", ["expert", "expert2", "stranger", "coordinator", "conflicted", "chair", "other_officer"]
)
def test_nobody_sees_the_report_of_another_before_the_consensus(who, here, cast, as_):
    url, browser = report_url(here, cast.rapporteur), as_(who)
    nothing = browser.get("/reports/0123456789abcdef")

    answer = browser.get(url)

    assert (answer.status_code, nothing.status_code) == (404, 404)
    assert main(answer) == main(nothing)
    assert browser.get(f"/applications/{here}/consensus").status_code == 404


def test_the_officer_and_the_observer_read_it_and_cannot_write(here, cast, as_):
    url = report_url(here, cast.rapporteur)

    assert [as_(who).get(url).status_code for who in ("officer", "observer")] == [200, 200]
    assert [as_(who).post(url, data=filled(1)).status_code for who in ("officer", "observer")] == [403, 403]


def test_the_officer_gives_a_report_back_with_a_reason(here, cast, as_):
    url, officer, expert = report_url(here, cast.rapporteur), as_("officer"), as_("rapporteur")
    frozen = stored(url).snapshot
    assert officer.post(f"{url}/reopening", data={"reason": ""}).status_code == 422

    assert officer.post(f"{url}/reopening", data={"reason": "Comment and score differ."}).status_code == 303

    report = stored(url)
    assert (report.state, report.snapshot, report.declared) == ("draft", None, False)
    assert "Comment and score differ." in expert.get(url).text
    assert [event.payload.facts["snapshot"] for event in events(report, "reopen")] == [frozen]
    assert expert.post(url, data=filled(report.version)).status_code == 303
    assert expert.post(f"{url}/submission", data={"declared": "y"}).status_code == 303
    assert stored(url).snapshot != frozen


def test_the_board_says_who_is_waited_for_in_few_statements(here, names, cast, as_, statements):
    browser = as_("officer")
    browser.get("/")
    statements.clear()

    page = browser.get(f"/calls/{names.calls['evaluation']}/reports?phase=in_evaluation")

    assert page.status_code == 200
    assert "1 of 3" in page.text
    assert f"{cast.expert.name}, {cast.expert2.name}" in page.text
    assert len(statements) <= 14
