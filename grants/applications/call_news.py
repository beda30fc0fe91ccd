"""News of a call that applicants have to know: a moved deadline, a suspension, its end, a cancellation (rulebook 8.2).

A call knows nothing of applications, so the worker reads its events and writes to the consortia.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session, joinedload

from grants import clock, jobs, mail
from grants.applications.models import Application
from grants.db import db
from grants.events import Event
from grants.mail import Mail
from grants.people.models import User

VERBS = ("extend", "suspend", "resume", "cancel")
NEWS_FOR = timedelta(days=7)
"""What is older is no news any more, also to an installation that begins to tell it."""

_about_application = (
    (Event.noun == "call") & (Event.call_id == Application.call_id) & (Event.at >= Application.created_at)
)


def tell_consortium(application: Application, template: str, *, occasion: str, **context: Any) -> None:
    """Write a mail to the coordinator and to every contact who accepted, each in their own language."""
    readers = select(User).where(User.id.in_({application.coordinator_id} | application.contact_ids))
    for reader in db.session.scalars(readers.order_by(User.id)).all():
        mail.write(
            db.session, template, to=reader.email, language=reader.language, user_id=reader.id, occasion=occasion,
            call_id=application.call_id, application=application, reader=reader, **context,
        )  # fmt: skip


def waiting(session: Session, at: datetime, limit: int = 500) -> list[int]:
    """Ids of the applications whose consortia have not been told yet; imported and deleted ones have nobody to tell."""
    occasion = literal("call_news:") + cast(Event.id, String) + ":" + Application.public_id
    told = select(Mail.id).where(Mail.application_id == Application.id, Mail.occasion == occasion).exists()
    return list(
        session.scalars(
            select(Application.id)
            .join(Event, _about_application)
            .where(Event.verb.in_(VERBS), Event.at >= at - NEWS_FOR, ~told)
            .where(Application.state != "purged", Application.origin.is_(None))
            .order_by(Application.id)
            .distinct()
            .limit(limit)
        )
    )


def tell(application_id: int) -> None:
    """Tell one consortium the news of its call, in their order; the mail's occasion makes each told once."""
    application = db.session.scalars(
        select(Application).options(joinedload(Application.call)).where(Application.id == application_id)
    ).one()
    news = db.session.scalars(
        select(Event)
        .options(joinedload(Event.payload))
        .where(Event.noun == "call", Event.call_id == application.call_id, Event.verb.in_(VERBS))
        .where(Event.at >= max(application.created_at, clock.now() - NEWS_FOR))
        .order_by(Event.number)
    ).all()
    for event in news:
        tell_consortium(
            application, "call_news", occasion=f"call_news:{event.id}:{application.public_id}", verb=event.verb,
            reason=event.payload.facts.get("reason", "") if event.payload else "",
        )  # fmt: skip
    db.session.commit()


jobs.does("call_news", waiting, tell)
