"""Experts who are waited for get one mail a day at most, by the officer's button or by themselves."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from grants import clock, jobs
from grants.db import db
from grants.experts.models import Assignment
from grants.mail import Mail
from tests.experts.asked import assignment
from tests.world import NOW


def reminders():
    db.session.rollback()
    found = db.session.scalars(select(Mail).where(Mail.occasion.startswith("reminder:")).order_by(Mail.id))
    return [(one.recipient, one.body) for one in found]


def wait(**days):
    """Do the reminders that wait so many days after the world's noon."""
    with clock.at(NOW + timedelta(**days)):
        kind = jobs.KINDS["reminder"]
        for row_id in kind.waiting(db.session, clock.now()):
            kind.do(row_id)


@pytest.fixture
def invited_today(app, cast, names):
    """Everybody of the group was asked only just now; the report of expert is due in ten days."""
    for one in db.session.scalars(select(Assignment)):
        one.invited_at = NOW
    mine = assignment(names.applications["in_evaluation"], cast.expert)
    db.session.scalars(select(Assignment).where(Assignment.id == mine.id)).one().due_on = date(2026, 10, 11)
    for one in db.session.scalars(select(Assignment)):
        one.invited_at = NOW
    db.session.commit()


def test_the_officer_reminds_those_who_are_waited_for_once_a_day(names, cast, as_):
    officer, address = as_("officer"), f"/calls/{names.calls['evaluation']}/reminders"
    assert officer.post(address).status_code == 303
    assert "reminded today already" in (officer.post(address), officer.get("/"))[1].text

    sent = reminders()
    assert [to for to, _body in sent] == [cast.expert.email, cast.expert2.email]
    assert "1 report to submit" in sent[0][1]
    assert "1 invitation to accept or decline" in sent[1][1]
    assert not [body for _to, body in sent if "INEVALUATION" in body]  # names no application


def test_who_has_not_answered_is_reminded_every_three_days_and_not_for_ever(invited_today, cast):
    wait(days=2)
    assert reminders() == []
    for days in (3, 3, 4, 5, 6):
        wait(days=days)
    assert [to for to, _body in reminders()] == [cast.expert2.email] * 2
    wait(days=40)
    assert [to for to, _body in reminders()].count(cast.expert2.email) == 2


def test_who_has_not_submitted_is_reminded_three_days_before_the_day(invited_today, cast):
    wait(days=6)
    assert cast.expert.email not in [to for to, _body in reminders()]
    wait(days=7)
    told = [body for to, body in reminders() if to == cast.expert.email]
    assert len(told) == 1
    assert "The first is due on 11 October 2026." in told[0]
    wait(days=12)
    assert (
        "The first was due on 11 October 2026." in [b for to, b in reminders() if to == cast.expert.email][-1]
    )


def test_nobody_is_reminded_of_what_a_conflict_has_closed(invited_today, cast, names):
    from grants.experts.models import Conflict

    here = assignment(names.applications["in_evaluation"], cast.expert2)
    db.session.add(
        Conflict(application_id=here.application_id, user_id=here.user_id, code="D5", source="entered", rule="",
                 reason="", status="confirmed", found_at=NOW, ruling_reason="")
    )  # fmt: skip
    db.session.commit()
    wait(days=3)
    assert reminders() == []
