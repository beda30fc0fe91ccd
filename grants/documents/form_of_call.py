"""What the form of a call asks for, as a PDF for everybody: made once in each language after the call is published.

The questions of a published call do not change any more; so nobody has to ask for it, and a GET writes nothing.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from grants import clock, jobs
from grants.calls.models import Call
from grants.db import db
from grants.documents.models import Document
from grants.web import LANGUAGES


def _of(call_id: Any) -> ColumnElement[bool]:
    return (Document.kind == "form") & (Document.call_id == call_id)


def waiting(session: Session, at: datetime, limit: int = 50) -> list[int]:
    """Ids of the calls that somebody may still apply to and whose form nobody has ordered yet."""
    return list(
        session.scalars(
            select(Call.id)
            .where(Call.state == "published", Call.deadline_at >= at, ~exists().where(_of(Call.id)))
            .order_by(Call.id)
            .limit(limit)
        )
    )


def order(call_id: int) -> None:
    """Want the form of a call in each language; safe to call again."""
    if db.session.scalar(select(exists().where(_of(call_id)))):
        db.session.rollback()
        return
    now = clock.now()
    for language in LANGUAGES:
        db.session.add(
            Document(
                kind="form", call_id=call_id, language=language, wanted_at=now, not_before=now, state="wanted"
            )
        )
    db.session.commit()


def ready(call: Call, language: str) -> Document | None:
    """The form of a call in a language, once it is made."""
    return db.session.scalars(
        select(Document)
        .where(_of(call.id), Document.language == language, Document.state == "done")
        .order_by(Document.id.desc())
        .limit(1)
    ).first()


jobs.does("form", waiting, order)
