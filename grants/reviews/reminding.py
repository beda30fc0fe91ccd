"""Reminders to experts who have not answered, not declared or not submitted: one mail for each person and call.

An officer's button reminds everybody who is waited for; by itself it happens three days after an invitation, three
days before a report is due, and every three days from then on. Nobody is reminded twice on one day.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from grants import clock, events, jobs, mail
from grants.applications.models import Application
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.db import db
from grants.experts.models import Assignment
from grants.reviews.models import Report

EVERY = timedelta(days=3)
GIVES_UP = timedelta(days=30)
"""After the last day; whoever has not reacted by then needs a person, not another mail."""


def _waited_for() -> Any:
    """Assignments whose expert has something to do: answer, declare, or submit a report."""
    unanswered = Assignment.state.in_(("invited", "accepted"))
    unwritten = and_(Assignment.state == "cleared", Assignment.scores, Report.state == "draft")
    return (
        select(Assignment)
        .join(Application, Application.id == Assignment.application_id)
        .join(Call, Call.id == Application.call_id)
        .outerjoin(Report, Report.assignment_id == Assignment.id)
        .where(Call.state == "published", or_(unanswered, unwritten))
        .where(Application.state.in_(("admitted", "in_evaluation")))
        .order_by(Application.call_id, Assignment.user_id, Assignment.id)
    )


def _loaded(query: Any) -> Sequence[Assignment]:
    about = joinedload(Assignment.application).joinedload(Application.call)
    return db.session.scalars(
        query.options(joinedload(Assignment.user), about).with_for_update(of=Assignment)
    ).all()


def due(session: Session, at: datetime) -> list[int]:
    """Row ids of assignments of which an expert is to be reminded now, one for each person and call."""
    today = at.date()
    unanswered = and_(
        Assignment.state.in_(("invited", "accepted")),
        Assignment.invited_at <= at - EVERY,
        Assignment.invited_at > at - GIVES_UP,
    )
    late = and_(Assignment.due_on <= today + EVERY, Assignment.due_on > today - GIVES_UP)
    rows = session.execute(
        _waited_for()
        .with_only_columns(Assignment.id, Assignment.user_id, Application.call_id)
        .where(or_(unanswered, late))
        .where(or_(Assignment.reminded_at.is_(None), Assignment.reminded_at <= at - EVERY))
    )
    first: dict[tuple[int, int], int] = {}
    for assignment_id, user_id, call_id in rows:
        first.setdefault((user_id, call_id), assignment_id)
    return list(first.values())


def remind_one(assignment_id: int) -> None:
    """Remind the expert of all that waits in the call of this assignment. Safe to call twice or at once."""
    known = db.session.execute(
        select(Assignment.user_id, Application.call_id)
        .join(Assignment.application)
        .where(Assignment.id == assignment_id)
    ).one()
    _remind(
        _loaded(
            _waited_for().where(Assignment.user_id == known.user_id, Application.call_id == known.call_id)
        )
    )
    db.session.commit()


def remind_all(call: Call, *, by: Any) -> int:
    """Remind everybody of the call who is waited for; the number of people written to.

    What a conflict hides from the officer is left to the daily reminders: the number would tell of it.
    """
    count = _remind(_loaded(_waited_for().where(Application.call_id == call.id, not_barred(by))))
    if count:
        events.record(db.session, call, "remind_experts", by=by, count=count)
    return count


def _remind(assignments: Iterable[Assignment]) -> int:
    """One mail for each person; it holds numbers and days, and names no application."""
    count = 0
    for _user_id, group in groupby(assignments, key=lambda one: (one.call_id, one.user_id)):
        tasks = [one for one in group if one.user_id not in one.application.barred_ids]
        if not tasks:
            continue
        user, call = tasks[0].user, tasks[0].call
        zone, now = ZoneInfo(call.zone), clock.now()
        days = {one.reminded_at.astimezone(zone).date() for one in tasks if one.reminded_at}
        today = now.astimezone(zone).date()
        if today in days:
            continue
        for one in tasks:
            one.reminded_at = now
        last = [one.due_on for one in tasks if one.due_on]
        written = mail.write(
            db.session, "reminder", to=user.email, language=user.language, user_id=user.id, call_id=call.id,
            occasion=f"reminder:{call.public_id}:{today.isoformat()}", call=call, reader=user,
            to_answer=sum(one.state == "invited" for one in tasks),
            to_declare=sum(one.state == "accepted" for one in tasks),
            to_write=sum(one.state == "cleared" for one in tasks), first=min(last, default=None), today=today,
        )  # fmt: skip
        count += written is not None
    db.session.flush()
    return count


jobs.does("reminder", due, remind_one)
