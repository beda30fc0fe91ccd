"""Questions about calls."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import joinedload, selectinload

from grants import clock
from grants.calls.models import Call, Enquiry, Programme, Question
from grants.db import db
from grants.people.models import Appointment


def by_reference(reference: str) -> Call | None:
    """One call with its programme and questions."""
    return db.session.scalars(
        select(Call)
        .options(joinedload(Call.programme), selectinload(Call.questions))
        .where(Call.reference == reference)
    ).first()


def on_desk(reference: str) -> Call | None:
    """One call without its questions: what the lists of its desk need."""
    return db.session.scalars(select(Call).where(Call.reference == reference)).first()


def question(public_id: str) -> Question | None:
    return db.session.scalars(
        select(Question)
        .options(joinedload(Question.call).selectinload(Call.questions))
        .where(Question.public_id == public_id)
    ).first()


def answered(call: Call) -> Select[Enquiry]:
    """The questions about a call that were answered for everybody, the latest answer first."""
    return (
        select(Enquiry)
        .where(Enquiry.call_id == call.id, Enquiry.state == "answered")
        .order_by(Enquiry.answered_at.desc(), Enquiry.id.desc())
    )


def count_answered(call: Call) -> int:
    return db.session.scalar(select(func.count()).select_from(answered(call).order_by(None).subquery())) or 0


def unanswered(call: Call, user: Any) -> Sequence[Enquiry]:
    """Questions that wait for an answer: all of them for officers of the call, otherwise the person's own."""
    query = select(Enquiry).where(Enquiry.call_id == call.id, Enquiry.state == "asked")
    if not user.holds("officer", call):
        query = query.where(Enquiry.asked_by_id == user.id)
    return db.session.scalars(query.order_by(Enquiry.asked_at, Enquiry.id).limit(200)).all()


def enquiry(public_id: str) -> Enquiry | None:
    return db.session.scalars(
        select(Enquiry)
        .options(joinedload(Enquiry.call), joinedload(Enquiry.asked_by))
        .where(Enquiry.public_id == public_id)
    ).first()


def counted_for(user: Any, first: Any, second: Any = literal(0)) -> Select[Any]:  # noqa: B008 (never changed)
    """For each call that the person is officer of, two counts over what is joined to it: the shape of a home page's
    question, (reference, title, first, second), so that one statement asks for all stages.
    """
    return (
        select(Call.reference, Call.title, func.sum(first).label("first"), func.sum(second).label("second"))
        .where(run_by(user, "officer"))
        .group_by(Call.id)
    )


def waiting_for_officers(user: Any, at: datetime) -> Select[Any]:
    """Questions about a call that wait for an answer."""
    return (
        counted_for(user, literal(1))
        .join(Enquiry, Enquiry.call_id == Call.id)
        .where(Enquiry.state == "asked")
    )


def programmes() -> Sequence[Programme]:
    return db.session.scalars(select(Programme).order_by(Programme.name)).all()


def programmes_of(user: Any) -> list[Programme]:
    """Programmes in which the person may set up calls."""
    now = clock.now()
    held = [a for a in user.appointments if a.role == "officer" and a.is_in_force(now)]
    ids = [a.programme_id for a in held if a.programme_id]
    return list(db.session.scalars(select(Programme).where(Programme.id.in_(ids)).order_by(Programme.name)))


def published(at: datetime) -> Select[Call]:
    """What the public sees: open calls by deadline, then forthcoming, then closed ones, latest first."""
    is_open = and_(Call.opens_on <= at, Call.deadline_at >= at)
    forthcoming = Call.opens_on > at
    return (
        select(Call)
        .where(Call.state != "draft")
        .order_by(case((is_open, 0), (forthcoming, 1), else_=2), Call.deadline_at.desc(), Call.id)
    )


def count_published() -> int:
    return db.session.scalar(select(func.count()).select_from(Call).where(Call.state != "draft")) or 0


def run_by(user: Any, *roles: str) -> ColumnElement[bool]:
    """Calls that the person works for in one of the roles; as officer, chair or observer if none is named."""
    wanted = roles or ("officer", "chair", "observer")
    now = clock.now()
    rows: list[Appointment] = [a for a in user.appointments if a.role in wanted and a.is_in_force(now)]
    if not rows:
        return false()
    return or_(
        Call.id.in_([a.call_id for a in rows if a.call_id]),
        Call.programme_id.in_([a.programme_id for a in rows if a.programme_id]),
    )


def calls_run_by(user: Any) -> Sequence[Call]:
    """Calls on the person's desk, latest deadline first."""
    return db.session.scalars(select(Call).where(run_by(user)).order_by(Call.deadline_at.desc())).all()


def drafts_of(user: Any) -> Sequence[Call]:
    """Calls of the officer that wait to be published, the first to open on top."""
    query = select(Call).where(run_by(user, "officer"), Call.state == "draft").order_by(Call.opens_on)
    return db.session.scalars(query).all()


def closed_at(at: datetime) -> ColumnElement[bool]:
    """Calls whose deadline has passed; the SQL of Call.is_closed."""
    return and_(Call.state == "published", Call.deadline_at < at)
