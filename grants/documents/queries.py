"""Questions about documents: one, a batch with its progress, what waits, and which applications a batch is about."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, contains_eager, joinedload

from grants.applications.models import Application
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.calls.queries import run_by
from grants.db import Rows, db
from grants.decisions.models import Decision
from grants.documents.models import Batch, Document, MadeFile
from grants.events import Event, EventPayload
from grants.experts.models import Assignment
from grants.people.models import User
from grants.policy import OFFICER_READS
from grants.reviews.models import ConsensusReport, Report

UNFINISHED = ("wanted", "working", "stopped")


def document(public_id: str) -> Document | None:
    """One document with its call and application."""
    return db.session.scalars(
        select(Document)
        .options(joinedload(Document.call), joinedload(Document.application), joinedload(Document.report))
        .where(Document.public_id == public_id)
    ).first()


def batch(public_id: str) -> Batch | None:
    """One batch with its call."""
    return db.session.scalars(
        select(Batch).options(joinedload(Batch.call)).where(Batch.public_id == public_id)
    ).first()


def under_way(
    kind: str, user: Any, call: Call, application: Application | None, report: Report | None = None
) -> Document | None:
    """The same document, wanted by the same person and not made yet: a second click asks for no second one."""
    return db.session.scalars(
        select(Document).where(
            Document.kind == kind, Document.wanted_by_id == user.id, Document.call_id == call.id,
            Document.application_id == (application.id if application else None), Document.batch_id.is_(None),
            Document.report_id == (report.id if report else None),
            Document.state.in_(("wanted", "working")),
        )
    ).first()  # fmt: skip


def batch_under_way(kind: str, user: Any, call: Call) -> Batch | None:
    """The person's batch of this kind that is still being made."""
    return db.session.scalars(
        select(Batch).where(
            Batch.kind == kind, Batch.wanted_by_id == user.id, Batch.call_id == call.id,
            Batch.state.in_(("wanted", "stopped")),
        )
    ).first()  # fmt: skip


def same(kind: str, digest: str) -> MadeFile | None:
    """The file of this kind that was made from the very same input."""
    return db.session.scalars(
        select(MadeFile)
        .where(MadeFile.kind == kind, MadeFile.input_digest == digest)
        .order_by(MadeFile.id.desc())
        .limit(1)
    ).first()


def is_made(sha256: str) -> bool:
    return db.session.scalar(select(MadeFile.id).where(MadeFile.sha256 == sha256)) is not None


def consensus_history(consensus: ConsensusReport, verbs: Iterable[str]) -> Sequence[Any]:
    """Steps of a consensus report from the first to the last: (event, facts); no name, but the answers' own."""
    return db.session.execute(
        select(Event, EventPayload.facts)
        .outerjoin(EventPayload, EventPayload.event_id == Event.id)
        .where(Event.chain == f"application:{consensus.application_id}", Event.thing == consensus.public_id)
        .where(Event.noun == "consensus", Event.verb.in_(verbs))
        .where(
            or_(Event.target.is_not(None), Event.verb.not_in(("agree",)))
        )  # one expert's yes moves nothing
        .order_by(Event.number)
    ).all()


# --- What waits for a worker -----------------------------------------------------------------------------------------


def free(row: type[Document], at: datetime) -> ColumnElement[bool]:
    """Nobody is making it: never begun, or begun by a worker whose lease has run out."""
    return or_(row.state == "wanted", and_(row.state == "working", row.lease_until < at))


def waiting_documents(session: Session, at: datetime, limit: int = 200) -> Iterable[int]:
    """Ids of the documents to make now, oldest first."""
    return session.scalars(
        select(Document.id)
        .where(free(Document, at), Document.not_before <= at)
        .order_by(Document.id)
        .limit(limit)
    ).all()


def waiting_batches(session: Session, at: datetime) -> Iterable[int]:
    """Ids of the batches whose documents have all ended, and which nobody is packing."""
    unfinished = exists().where(Document.batch_id == Batch.id, Document.state.in_(UNFINISHED))
    return session.scalars(
        select(Batch.id).where(
            Batch.state == "wanted", ~unfinished, or_(Batch.lease_until.is_(None), Batch.lease_until < at)
        )
    ).all()


# --- Batches ---------------------------------------------------------------------------------------------------------


def concerned(call: Call, kind: str, user: Any = None) -> Rows:
    """Applications of the call that have a document of this kind: row id and the coordinator's language.

    Args:
        user: leaves out what a conflict of interest hides from the person; None is the command line.
    """
    has_one = {
        "letter": exists().where(
            Decision.application_id == Application.id, Decision.state.in_(("approved", "released"))
        ),
        "evaluation": exists().where(
            ConsensusReport.application_id == Application.id, ConsensusReport.state == "final"
        ),
        "report": exists().where(
            Report.application_id == Application.id, Report.state == "submitted",
            Assignment.id == Report.assignment_id, Assignment.state == "cleared", Assignment.scores,
        ),
    }  # fmt: skip
    has_one["consensus"] = has_one["evaluation"]
    return (
        select(Application.id, Application.public_id, User.language)
        .join(User, User.id == Application.coordinator_id)
        .where(Application.call_id == call.id, Application.version > 0, Application.state.in_(OFFICER_READS))
        .where(has_one.get(kind, true()), not_barred(user) if user else true())
        .order_by(Application.serial)
    )


def counts(call: Call, user: Any, kinds: Iterable[str]) -> dict[str, int]:
    """How many documents of each kind a batch would hold now; one statement for all."""
    each = [
        select(func.count())
        .select_from(concerned(call, kind, user).order_by(None).subquery())
        .scalar_subquery()
        .label(kind)
        for kind in kinds
    ]
    return dict(db.session.execute(select(*each)).one()._mapping)


def progress(batches: Sequence[Batch]) -> dict[int, dict[str, int]]:
    """For each batch, by row id, how many of its documents stand in each state; one statement for all."""
    states = ("wanted", "working", "done", "failed", "stopped")
    found = {batch.id: dict.fromkeys(states, 0) for batch in batches}
    for batch_id, state, count in db.session.execute(
        select(Document.batch_id, Document.state, func.count())
        .where(Document.batch_id.in_(found))
        .group_by(Document.batch_id, Document.state)
    ):
        assert batch_id is not None
        found[batch_id][state] = count
    return found


def failures(batch: Batch, limit: int = 50) -> Sequence[Any]:
    """Documents of a batch that could not be made: number of the application, and why."""
    return db.session.execute(
        select(Application.number, Document.error)
        .join(Document, Document.application_id == Application.id)
        .where(Document.batch_id == batch.id, Document.state == "failed")
        .order_by(Application.serial)
        .limit(limit)
    ).all()


def packed(batch_id: int) -> Sequence[Any]:
    """What goes into the zip of a batch, in the order of the applications."""
    return db.session.execute(
        select(
            Application.number,
            Document.state,
            Document.filename,
            Document.sha256,
            Document.size,
            Document.error,
        )
        .join(Document, Document.application_id == Application.id)
        .where(Document.batch_id == batch_id)
        .order_by(Application.serial)
    ).all()


def hides_something(batch: Batch, user: Any) -> bool:
    """Whether a conflict of interest has meanwhile barred the person from an application of the batch."""
    barred = exists().where(
        Document.batch_id == batch.id, Document.application_id == Application.id, ~not_barred(user)
    )
    return bool(db.session.scalar(select(barred)))


def batches_of(call: Call, user: Any, limit: int = 20) -> Sequence[Batch]:
    """The person's latest batches of a call."""
    return db.session.scalars(
        select(Batch)
        .where(Batch.call_id == call.id, Batch.wanted_by_id == user.id)
        .order_by(Batch.id.desc())
        .limit(limit)
    ).all()


def unfinished_batches(user: Any) -> Sequence[Any]:
    """The officer's batches that are stopped or still being made: (batch with its call, documents that ended)."""
    ended = (
        select(func.count())
        .select_from(Document)
        .where(Document.batch_id == Batch.id, Document.state.in_(("done", "failed")))
        .correlate(Batch)
        .scalar_subquery()
    )
    return db.session.execute(
        select(Batch, ended.label("ended"))
        .join(Batch.call)
        .options(contains_eager(Batch.call))
        .where(Batch.wanted_by_id == user.id, Batch.state.in_(("wanted", "stopped")))
        .where(run_by(user, "officer"))  # who was dismissed may not open them any more
        .order_by(Batch.id)
    ).all()
