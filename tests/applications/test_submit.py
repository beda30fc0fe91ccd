"""Submitting: the receipt, the last second, the second click, revising and withdrawing."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grants import clock, workflow
from grants.applications import queries
from grants.applications.models import Application, Submission
from grants.canonical import digest
from grants.db import db
from grants.demo import story
from grants.events import Event
from grants.mail import Mail
from tests import world

MILLISECOND = timedelta(milliseconds=1)


def _application(public_id: str) -> Application:
    db.session.expire_all()
    found = queries.whole(public_id)
    assert found
    return found


@pytest.fixture
def ready(app: Any, cast: Any, names: Any) -> str:
    """A complete draft in the open call; its public id."""
    from grants.calls import queries as calls

    call = calls.by_reference(names.calls["open"])
    application = story.draft(call, world.project("READY"), by=cast.coordinator)
    db.session.commit()
    return application.public_id


def test_a_coordinator_submits_and_holds_a_receipt(as_: Any, ready: str) -> None:
    """Number, instant and hash stand on the page, in the mail and in the row; the hash can be worked out again."""
    browser = as_("coordinator")
    response = browser.post(f"/applications/{ready}/submission", data={"key": "k" * 32})
    assert response.status_code == 303
    page = browser.get(response.location).get_data(as_text=True)
    submission = db.session.scalars(
        select(Submission).join(Application).where(Application.public_id == ready)
    ).one()
    assert (submission.number, submission.submitted_at) == (1, world.NOW)
    assert submission.sha256 == digest(json.loads(submission.snapshot))
    assert submission.receipt in page
    assert submission.sha256 in page
    mail = db.session.scalars(select(Mail).where(Mail.occasion == f"receipt:{submission.receipt}")).one()
    assert mail.recipient == world.CAST["coordinator"][1]
    assert submission.sha256 in mail.body


def test_a_second_click_gives_the_same_receipt(as_: Any, ready: str) -> None:
    browser = as_("coordinator")
    first = browser.post(f"/applications/{ready}/submission", data={"key": "k" * 32})
    second = browser.post(f"/applications/{ready}/submission", data={"key": "k" * 32})
    assert (second.status_code, second.location) == (303, first.location)
    assert _application(ready).version == 1


@pytest.mark.parametrize(
    ("offset", "status", "version"),
    [(-MILLISECOND, 303, 1), (timedelta(), 303, 1), (MILLISECOND, 409, 0)],
    ids=["T-8.1 16:59:59.999", "T-8.1 and T-7.3 17:00:00.000", "T-8.1 17:00:00.001"],
)
def test_the_last_second(as_: Any, ready: str, offset: timedelta, status: int, version: int) -> None:
    """Received at or before the deadline counts; a millisecond later does not, and nothing has changed."""
    deadline = _application(ready).call.deadline_at
    with clock.at(deadline - timedelta(hours=1)):
        browser = as_("coordinator")
        browser.token()
    with clock.at(deadline + offset):
        response = browser.post(f"/applications/{ready}/submission", data={"key": "k" * 32})
    assert response.status_code == status
    assert _application(ready).version == version


def test_a_click_before_the_deadline_counts_however_long_it_waits(
    as_: Any, ready: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are saving: the deadline passes while the click waits for them, and it was received before."""
    deadline = _application(ready).call.deadline_at
    with clock.at(deadline - timedelta(hours=1)):
        browser = as_("coordinator")
        browser.token()
    hold = queries.hold

    def wait_for_others(**of: str) -> None:
        clock.set_to(deadline + timedelta(seconds=1))
        hold(**of)

    monkeypatch.setattr(queries, "hold", wait_for_others)
    with clock.at(deadline - MILLISECOND):
        response = browser.post(f"/applications/{ready}/submission", data={"key": "k" * 32})
    assert response.status_code == 303
    submission = db.session.scalars(
        select(Submission).join(Application).where(Application.public_id == ready)
    ).one()
    assert submission.submitted_at == deadline - MILLISECOND
    told = db.session.scalars(select(Event.at).where(Event.thing == ready, Event.verb == "submit")).one()
    assert told == submission.submitted_at


@pytest.mark.parametrize(
    "section", ["summary", "questions", "declarations", "part-b", "partners/new", "researchers"]
)
def test_t_7_2_nothing_can_be_edited_a_millisecond_after_the_deadline(
    as_: Any, ready: str, section: str
) -> None:
    deadline = _application(ready).call.deadline_at
    with clock.at(deadline - timedelta(hours=1)):
        browser = as_("coordinator")
        browser.token()
    with clock.at(deadline + MILLISECOND):
        response = browser.post(f"/applications/{ready}/{section}", data={"acronym": "LATE", "version": "1"})
    assert response.status_code == 409
    assert "deadline has passed" in response.get_data(as_text=True)
    assert _application(ready).acronym == "READY"


def test_t_7_1_no_move_from_submitted_to_admitted(app: Any, cast: Any, names: Any) -> None:
    """The table of moves knows no way around the gates, and the refused move leaves no trace."""
    application = _application(names.applications["received"])
    with pytest.raises(workflow.IllegalMove):
        workflow.move(application, "admit", by=cast.officer)
    assert application.state == "submitted"


def test_what_was_submitted_counts_until_the_next_submission(as_: Any, names: Any) -> None:
    """Revised and saved, but not submitted again: after the deadline the officer reads the first version."""
    public_id = names.applications["reopened"]
    coordinator = as_("coordinator")
    form = {"acronym": "CHANGED", "title": "Another title", "abstract": "Another text", "duration": "24"}
    version = next(s.version for s in _application(public_id).sections if s.name == "summary")
    saved = coordinator.post(f"/applications/{public_id}/summary", data=form | {"version": str(version)})
    assert saved.status_code == 303
    with clock.at(_application(public_id).call.deadline_at + timedelta(days=1)):
        officer = as_("officer")
        page = officer.get(f"/applications/{public_id}").get_data(as_text=True)
    assert "REOPENED" in page
    assert "CHANGED" not in page


def test_submitting_again_makes_the_next_version(as_: Any, names: Any) -> None:
    public_id = names.applications["reopened"]
    browser = as_("coordinator")
    assert browser.post(f"/applications/{public_id}/submission", data={"key": "n" * 32}).status_code == 303
    application = _application(public_id)
    assert (application.state, application.version) == ("submitted", 2)
    assert [s.number for s in queries.submissions(application)] == [2, 1]


def test_withdrawn_and_submitted_again_before_the_deadline(as_: Any, names: Any) -> None:
    public_id = names.applications["submitted"]
    browser = as_("coordinator")
    assert (
        browser.post(f"/applications/{public_id}/withdrawal", data={"reason": "We are late."}).status_code
        == 303
    )
    assert _application(public_id).state == "withdrawn"
    assert browser.post(f"/applications/{public_id}/submission", data={"key": "w" * 32}).status_code == 303
    assert (_application(public_id).state, _application(public_id).version) == ("submitted", 2)


def test_an_unfinished_draft_is_told_what_is_missing(as_: Any, names: Any) -> None:
    public_id = names.applications["draft"]
    response = as_("coordinator").post(f"/applications/{public_id}/submission", data={"key": "u" * 32})
    assert response.status_code == 422
    assert "Part B is attached." in response.get_data(as_text=True)
    assert _application(public_id).version == 0


def test_an_officer_may_extend_for_one(as_: Any, names: Any, ready: str) -> None:
    """A late exception: this application may be submitted after the call's deadline, with a reason kept."""
    application = _application(ready)
    local = application.call.deadline_local[:10] + " 19:00"
    officer = as_("officer")
    address = f"/calls/{names.calls['open']}/applications/{application.number}/extension"
    assert officer.post(address, data={"until": local, "reason": "Our server was down."}).status_code == 303
    with clock.at(application.call.deadline_at + timedelta(hours=1)):
        browser = as_("coordinator")
        assert browser.post(f"/applications/{ready}/submission", data={"key": "e" * 32}).status_code == 303
