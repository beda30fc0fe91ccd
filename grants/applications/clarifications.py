"""Verbs of a clarification: an officer asks and unlocks, the consortium answers, or the question is taken back.

A clarification never touches the working copy: it makes a new version of what was received, with the parts that were
unlocked replaced and everything else as it was.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from grants import clock, events, files, mail
from grants.applications import attachments, queries
from grants.applications.actions import frozen
from grants.applications.clarifying import UNLOCKING_STATES, clarified
from grants.applications.models import Application, Attachment, Clarification, Submission
from grants.applications.proposal import Proposal
from grants.calls.models import Call
from grants.db import db
from grants.people.models import User
from grants.words import N_
from grants.workflow import move


class Refused(ValueError):
    """A refusal with a sentence (msgid) to show beside the form; `field` names the field that it is about."""

    def __init__(self, sentence: str, field: str) -> None:
        super().__init__(sentence)
        self.field = field


def by_public_id(public_id: str) -> Clarification | None:
    """One clarification with its application, call and submitted version."""
    return db.session.scalars(
        select(Clarification)
        .options(
            joinedload(Clarification.application).options(
                joinedload(Application.call).selectinload(Call.questions),
                joinedload(Application.submission),
                joinedload(Application.coordinator),
                selectinload(Application.partners),
            ),
            joinedload(Clarification.asked_by),
            joinedload(Clarification.answered_by),
        )
        .where(Clarification.public_id == public_id)
    ).first()


def of_application(application: Application) -> list[Clarification]:
    """All clarifications of an application, the latest first."""
    return list(
        db.session.scalars(
            select(Clarification)
            .options(joinedload(Clarification.asked_by), joinedload(Clarification.answered_by))
            .where(Clarification.application_id == application.id)
            .order_by(Clarification.id.desc())
        )
    )


def ask(
    application: Application, *, by: Any, question: str, unlocked: list[str], until: datetime
) -> Clarification:
    """Ask the consortium, and unlock the named parts (`clarifying.unlockable`) until an instant.

    Raises:
        Refused: the instant has passed or is too near, or a part would change under the eyes of the experts.
    """
    at = clock.now()
    if until < at + timedelta(hours=1):
        raise Refused(N_("Give at least an hour."), "until")
    if unlocked and application.state not in UNLOCKING_STATES:
        raise Refused(
            N_("The evaluation has begun: you may ask, and nothing can be changed any more."), "unlocked"
        )
    one = Clarification(
        application_id=application.id, application=application, state="asked", question=question.strip(),
        unlocked=unlocked, until=until, asked_by_id=by.id, asked_by=by, asked_at=at, answer="",
    )  # fmt: skip
    db.session.add(one)
    db.session.flush()
    events.record(db.session, one, "ask", by=by, target="asked", unlocked=unlocked, until=until.isoformat())
    lead = application.coordinator
    mail.write(
        db.session, "clarification_asked", to=lead.email, language=lead.language, user_id=lead.id,
        call_id=application.call_id, occasion=f"clarification:{one.public_id}:asked", application=application,
        clarification=one, reader=lead,
    )  # fmt: skip
    return one


def store(content: bytes, name: str) -> dict[str, Any]:
    """Keep an uploaded Part B and describe it as a proposal does. Raises attachments.Unreadable with the reason."""
    found = attachments.inspect(content)
    return {
        "kind": "part_b", "name": attachments.clean_name(name), "sha256": files.put(content), "size": found.size,
        "pages": found.pages,
    }  # fmt: skip


def answer(
    clarification: Clarification,
    *,
    by: Any,
    text: str,
    changes: Mapping[str, Any],
    key: str,
    scanned: bool = False,
) -> Submission | None:
    """Send the answer; where something was changed, a new version is received, with its own hash and receipt.

    Args:
        changes: by key of a part, as in `clarifying.clarified`.
        key: idempotency key of the form.
        scanned: whether a scanner has found the new file clean.

    Raises:
        Refused: a part is not unlocked.
    """
    if not set(changes) <= set(clarification.changeable):
        raise Refused(N_("This part is not unlocked."), "answer")
    application, at = clarification.application, clock.now()
    assert application.submission is not None
    content = json.loads(application.submission.snapshot)
    proposal = Proposal.from_dict(clarified(content, changes))
    submission = None
    if proposal != application.submission.proposal:
        found = queries.findings_of(proposal, application.call)
        submission = frozen(application, proposal, found, by=by, key=key, at=at)
        if (file := changes.get("part_b")) is not None:
            db.session.add(
                Attachment(
                    application_id=application.id, saved_at=at, saved_by_id=by.id, scanned=scanned, **file
                )
            )
    clarification.answer, clarification.answered_by_id, clarification.answered_at = text.strip(), by.id, at
    clarification.version = submission.number if submission else None
    move(
        clarification, "answer", by=by, changed=sorted(changes) if submission else [],
        **({"version": submission.number, "sha256": submission.sha256} if submission else {}),
    )  # fmt: skip
    officer: User = clarification.asked_by
    mail.write(
        db.session, "clarification_answered", to=officer.email, language=officer.language, user_id=officer.id,
        call_id=application.call_id, occasion=f"clarification:{clarification.public_id}:answered",
        application=application, clarification=clarification, reader=officer,
    )  # fmt: skip
    return submission


def take_back(clarification: Clarification, *, by: Any) -> None:
    """The officer does not need the answer any more; what was unlocked is locked again."""
    move(clarification, "take_back", by=by)
