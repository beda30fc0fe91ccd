"""Drafts are reminded of the deadline: on the call's days, once each, and never with a word of their content."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grants import clock, jobs
from grants.applications import queries
from grants.applications.reminders import due
from grants.db import db
from grants.mail import Mail

DEADLINE = datetime(2026, 3, 24, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "found"),
    [
        (timedelta(days=15), None),
        (timedelta(days=14), 14),
        (timedelta(days=3, seconds=1), 14),
        (timedelta(days=3), 3),
        (timedelta(), 3),
        (-timedelta(seconds=1), None),
    ],
)
def test_the_latest_reminder_is_due(before: timedelta, found: int | None) -> None:
    assert due((14, 3), DEADLINE, DEADLINE - before) == found


def _reminders() -> list[Mail]:
    db.session.expire_all()
    return list(db.session.scalars(select(Mail).where(Mail.occasion.startswith("draft_reminder:"))))


def test_a_draft_is_reminded_once_for_each_day(as_: Any, names: Any, cast: Any) -> None:
    draft = queries.whole(names.applications["draft"])
    assert draft
    call = draft.call
    call.rules_json = call.rules_json | {"reminder_days": [5, 2]}
    draft.abstract, draft.created_at = "A secret abstract", call.deadline_at - timedelta(days=50)
    db.session.commit()
    deadline, number, reference, acronym = call.deadline_at, draft.number, call.reference, draft.acronym
    mark = f":{draft.public_id}:"
    told = []
    for days in (6, 4, 4, 1, 0, -1):
        with clock.at(deadline - timedelta(days=days)):
            jobs.run_waiting()
            told.append([m.occasion for m in _reminders() if mark in m.occasion])
    assert [len(occasions) for occasions in told] == [0, 1, 1, 2, 2, 2]
    mine = [m for m in _reminders() if mark in m.occasion]
    assert {m.recipient for m in mine} == {cast.coordinator.email}
    for written in mine:
        assert number in written.subject + written.body
        assert "secret" not in written.body
        assert acronym not in written.subject + written.body
    submitted = queries.whole(names.applications["submitted"])
    assert submitted
    assert not [m for m in _reminders() if f":{submitted.public_id}:" in m.occasion]
    page = as_("officer").get(f"/calls/{reference}/applications").text
    assert "Reminded" in page


def test_days_of_reminders_are_checked(as_: Any, names: Any) -> None:
    answer = as_("officer").post("/calls/new", data={"reminders": "14, soon"})
    assert (answer.status_code, "Enter up to five numbers of days" in answer.text) == (422, True)
