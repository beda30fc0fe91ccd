"""Drafts that were not submitted by a cut-off go on in the next one (rulebook 8.2)."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from grants import clock, events, jobs, mail
from grants.applications.actions import next_serial, save_answers, unfit
from grants.applications.models import Application
from grants.calls import queries as calls
from grants.calls.models import Call
from grants.db import db


def _has_next(call: type[Call], at: datetime) -> ColumnElement[bool]:
    """Whether the cut-off after this one is open."""
    later = aliased(Call)
    same = or_(later.first_id == call.id, later.first_id == call.first_id)
    is_open = and_(later.state == "published", later.opens_on <= at, later.deadline_at >= at)
    return exists().where(same, later.stage == 1, later.cut_off == call.cut_off + 1, is_open)


def waiting(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Ids of the drafts that a cut-off has left behind and that the next one takes."""
    return list(
        session.scalars(
            select(Application.id)
            .join(Application.call)
            .where(Application.state == "draft", Application.version == 0, Call.deadline_at < at)
            .where(Call.state == "published", _has_next(Call, at))
            .where(or_(Application.extended_to.is_(None), Application.extended_to < at))
            .order_by(Application.id)
            .limit(limit)
        )
    )


def carry_on(application_id: int) -> None:
    """Take one draft to the next cut-off, with everything typed and under its number; safe to call again.

    Answers to what is asked in another way there stay in its history, and its coordinator is told.
    """
    application = db.session.scalars(
        select(Application)
        .options(
            joinedload(Application.call).selectinload(Call.questions),
            joinedload(Application.coordinator),
            selectinload(Application.answers),
            selectinload(Application.sections),
        )
        .where(Application.id == application_id)
        .with_for_update(of=Application)
    ).one()
    at, following = clock.now(), application.call.next_cut_off
    moves = application.state == "draft" and not application.version and not application.accepts_changes(at)
    if not moves or following is None or not following.is_open(at):
        db.session.rollback()
        return
    before, lead = application.call, application.coordinator
    following = calls.by_reference(following.reference)  # with its questions
    assert following
    left_out = unfit(application, following)
    asked = {question.key for question in following.questions}
    if otherwise := [key for key in left_out if key in asked]:
        save_answers(application, dict.fromkeys(otherwise, ""), by=lead)
    application.serial = next_serial(following)
    application.call_id, application.call, application.cut_off = following.id, following, following.cut_off
    events.record(
        db.session, application, "carry_on", by=None, before=before.reference, after=following.reference
    )
    mail.write(
        db.session, "carried_on", to=lead.email, language=lead.language, user_id=lead.id, call_id=following.id,
        occasion=f"carried_on:{application.public_id}:{following.cut_off}", application=application, reader=lead,
        left_out=", ".join(left_out.values()),
    )  # fmt: skip
    db.session.commit()


jobs.does("carry_on", waiting, carry_on)
