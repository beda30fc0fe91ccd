"""What was never submitted, or was withdrawn in time: readable for 90 days after the deadline, then deleted.

Rulebook 7.1, 8.4, 12 [S10c]. The number, the state and the chain of events stay, so that it can be shown that there was
an application and what became of it, and so do the receipts: number, instant, hash, and the hash of every file. Nothing
stays of what people typed or uploaded (docs/decisions/0038). Of a mail about it it stays to whom it went and when.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from time import time

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from grants import clock, files, jobs, mail
from grants.applications.models import (
    Answer,
    Application,
    Attachment,
    BudgetLine,
    FileText,
    KeptText,
    Partner,
    Researcher,
    Revision,
    Section,
    Submission,
)
from grants.applications.proposal import Proposal
from grants.calls.models import Call
from grants.canonical import canonical
from grants.db import db
from grants.events import Event, EventPayload
from grants.workflow import move

_NEVER_SUBMITTED = and_(Application.state == "draft", Application.version == 0)
KEPT = timedelta(days=90)
RECENT = timedelta(days=1)
"""A file that was stored again this lately may be about to belong to somebody else."""


def due(application: Application) -> datetime:
    """When it is deleted: counted from the deadline, or from its own extension."""
    return max(application.call.deadline_at, application.extended_to or application.call.deadline_at) + KEPT


def waiting(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Ids of the drafts and of what was withdrawn whose time is over; who is revising has submitted, and that stays."""
    return list(
        session.scalars(
            select(Application.id)
            .join(Call)
            .where(or_(_NEVER_SUBMITTED, Application.state == "withdrawn"), Call.deadline_at < at - KEPT)
            .where(or_(Application.extended_to.is_(None), Application.extended_to < at - KEPT))
            .order_by(Application.id)
            .limit(limit)
        )
    )


def purge(application_id: int) -> None:
    """Delete what was typed into one application, and its files; safe to call again."""
    application = db.session.scalars(
        select(Application)
        .options(joinedload(Application.call), selectinload(Application.submissions))
        .where(Application.id == application_id)
        .with_for_update(of=Application)
    ).one()
    leaves = application.state == "withdrawn" or (application.state == "draft" and not application.version)
    if not leaves or clock.now() <= due(application):
        db.session.rollback()
        return
    mine = Attachment.application_id == application_id
    uploaded = {sha256 for sha256 in db.session.scalars(select(Attachment.sha256).where(mine)) if sha256}
    of_partners = select(Partner.id).where(Partner.application_id == application_id)
    db.session.execute(delete(BudgetLine).where(BudgetLine.partner_id.in_(of_partners)))
    for row in (Researcher, Partner, Answer, Attachment, Section, Revision, KeptText):
        db.session.execute(delete(row).where(row.application_id == application_id))
    chain = select(Event.id).where(Event.chain == f"application:{application_id}")
    db.session.execute(delete(EventPayload).where(EventPayload.event_id.in_(chain)))
    for name in ("acronym", "title", "abstract", "free_keywords"):
        setattr(application, name, "")
    application.duration, application.keywords, application.declarations = None, [], []
    application.work_packages = []
    for submission in application.submissions:
        _keep_the_receipt(submission)
    mail.empty(db.session, application)
    move(application, "purge", by=None)
    db.session.commit()
    _remove(uploaded)


def _keep_the_receipt(submission: Submission) -> None:
    """Of a submitted version: when it came, its hash, the hashes of its files, and what statistics count."""
    whole = submission.proposal
    attachments = tuple(replace(file, name="") for file in whole.attachments)
    left = Proposal(call=whole.call, number=whole.number, attachments=attachments)
    submission.snapshot, submission.findings = canonical(left.to_dict()).decode(), []
    submission.acronym = submission.title = submission.coordinator_name = ""


def _remove(uploaded: set[str]) -> None:
    """Delete the stored files that no application holds any more, and what was read of their text."""
    held = set(db.session.scalars(select(Attachment.sha256).where(Attachment.sha256.in_(uploaded))))
    db.session.execute(delete(FileText).where(FileText.sha256.in_(uploaded - held)))
    db.session.commit()
    for sha256 in uploaded - held:
        path = files.path_of(sha256)
        if path.exists() and path.stat().st_mtime < time() - RECENT.total_seconds():
            path.unlink()


jobs.does("purge", waiting, purge)
