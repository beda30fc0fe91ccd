"""Reminders of drafts that are not submitted yet, some days before the deadline (settled: Results)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from grants import clock, jobs, mail
from grants.applications.models import SECTIONS, Application
from grants.calls.models import Call
from grants.db import db
from grants.mail import Mail

UNFINISHED = ("draft", "reopened")


def due(days: tuple[int, ...], deadline: datetime, at: datetime) -> int | None:
    """How many days before the deadline the reminder is that is due now; None before the first and after the deadline.

    After a standstill only the latest one is due: two at once would say the same.
    """
    reached = [count for count in days if deadline - timedelta(days=count) <= at <= deadline]
    return min(reached, default=None)


def occasion(application: Application, days: int) -> str:
    """What makes it unique: once for each day that the call sets, and anew when its deadline has moved."""
    return f"draft_reminder:{application.public_id}:{days}:{application.call.deadline_local}"


def waiting(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Ids of the drafts that a reminder is due for and that have none yet, of calls that remind."""
    open_calls = session.scalars(
        select(Call).where(Call.state == "published", Call.opens_on <= at, Call.deadline_at >= at)
    )
    found: list[int] = []
    for call in open_calls:
        count = due(tuple(call.rules_json.get("reminder_days", ())), call.deadline_at, at)
        if count is None:
            continue
        reminded = select(Mail.application_id).where(
            Mail.call_id == call.id, Mail.occasion.endswith(f":{count}:{call.deadline_local}"),
            Mail.occasion.startswith("draft_reminder:"), Mail.application_id.is_not(None),
        )  # fmt: skip
        found += session.scalars(
            select(Application.id)
            .where(Application.call_id == call.id, Application.state.in_(UNFINISHED))
            .where(Application.created_at <= call.deadline_at - timedelta(days=count))
            .where(Application.id.not_in(reminded))
            .order_by(Application.id)
            .limit(limit)
        )
    return found


def remind(application_id: int) -> None:
    """Write to the coordinator of one draft: number, deadline and how far it is, nothing of its content."""
    application = db.session.scalars(
        select(Application)
        .options(
            joinedload(Application.call),
            joinedload(Application.coordinator),
            selectinload(Application.sections),
        )
        .where(Application.id == application_id)
    ).one()
    call, reader = application.call, application.coordinator
    count = due(tuple(call.rules_json.get("reminder_days", ())), call.deadline_at, clock.now())
    if count is not None and application.state in UNFINISHED and call.is_open(clock.now()):
        asked = [name for name in SECTIONS if name != "work_packages"]
        begun = len({section.name for section in application.sections} & set(asked))
        mail.write(
            db.session, "draft_reminder", to=reader.email, language=reader.language, user_id=reader.id, call_id=call.id,
            occasion=occasion(application, count), application=application, reader=reader, begun=begun,
            sections=len(asked),
        )  # fmt: skip
    db.session.commit()


def written(application_ids: list[int]) -> dict[int, list[datetime]]:
    """When reminders were written, oldest first, by row id of the application."""
    rows = db.session.execute(
        select(Mail.application_id, Mail.written_at)
        .where(Mail.application_id.in_(application_ids), Mail.occasion.startswith("draft_reminder:"))
        .order_by(Mail.written_at)
    )
    found: dict[int, list[datetime]] = {}
    for application_id, moment in rows:
        assert application_id is not None
        found.setdefault(application_id, []).append(moment)
    return found


jobs.does("draft_reminder", waiting, remind)
