"""Questions about documents: one, a batch with its progress, what waits, and which applications a batch is about."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session, contains_eager, joinedload

from grants.applications.models import Application, Submission
from grants.applications.proposal import Proposal
from grants.applications.queries import is_received, not_barred
from grants.calls.models import Call
from grants.calls.queries import run_by
from grants.db import Rows, db
from grants.decisions.models import Decision, Notice
from grants.documents.models import Batch, Document, MadeFile
from grants.eligibility.models import Ruling
from grants.events import Event, EventPayload
from grants.experts.models import Assignment, Conflict
from grants.people.models import User
from grants.policy import OFFICER_READS
from grants.reviews.models import ConsensusMark, ConsensusReport, Report
from grants.reviews.queries import VERSION_THAT_COUNTS

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


def _due(at: datetime) -> ColumnElement[bool]:
    return and_(free(Document, at), Document.not_before <= at)


def next_of(batch_id: int, at: datetime) -> int | None:
    """Id of the first document of a batch that is to be made now."""
    return db.session.scalar(
        select(Document.id).where(_due(at), Document.batch_id == batch_id).order_by(Document.id).limit(1)
    )


def waiting_documents(session: Session, at: datetime, limit: int = 200) -> Iterable[int]:
    """Ids of the documents to make now, oldest first; those of a batch are made with it."""
    return session.scalars(
        select(Document.id).where(_due(at), Document.batch_id.is_(None)).order_by(Document.id).limit(limit)
    ).all()


def waiting_batches(session: Session, at: datetime) -> Iterable[int]:
    """Ids of the batches with documents to make now, or whose documents have all ended and nobody packs them."""
    due = exists().where(Document.batch_id == Batch.id, _due(at))
    return session.scalars(
        select(Batch.id).where(Batch.state == "wanted", or_(due, _complete(at))).order_by(Batch.id)
    ).all()


def _complete(at: datetime) -> ColumnElement[bool]:
    unfinished = exists().where(Document.batch_id == Batch.id, Document.state.in_(UNFINISHED))
    return and_(~unfinished, or_(Batch.lease_until.is_(None), Batch.lease_until < at))


def is_complete(batch_id: int, at: datetime) -> bool:
    """Whether all documents of a batch have ended and nobody has packed them, or is about to."""
    return bool(
        db.session.scalar(
            select(exists().where(Batch.id == batch_id, Batch.state == "wanted", _complete(at)))
        )
    )


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
    noticed = exists().where(Notice.application_id == Application.id)
    has_one["withdrawal"] = noticed.where(Notice.outcome == "withdrawn")
    has_one["review"] = noticed.where(Notice.outcome != "withdrawn")
    has_one["consensus"] = has_one["evaluation"]
    return (
        select(Application.id, Application.public_id, User.language)
        .join(User, User.id == Application.coordinator_id)
        .where(Application.call_id == call.id, Application.version > 0, Application.state.in_(OFFICER_READS))
        .where(has_one.get(kind, true()), not_barred(user) if user else true(), is_received())
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


def tells_too_much(document: Document, user: Any) -> bool:
    """Whether a conflict of interest that was found or ruled on since a call's document was wanted bars the person."""
    since = exists().where(
        Conflict.application_id == Application.id, Conflict.user_id == user.id,
        or_(Conflict.found_at > document.wanted_at, Conflict.ruled_at > document.wanted_at),
    )  # fmt: skip
    barred = exists().where(Application.call_id == document.call_id, ~not_barred(user), since)
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


# --- The report of a call --------------------------------------------------------------------------------------------


def _received(call: Call, reader: Any) -> ColumnElement[bool]:
    """The call's received applications, without what a conflict hides from the reader; None sees all."""
    seen = not_barred(reader) if reader else true()
    return and_(
        Application.call_id == call.id, Application.version > 0, Application.state.in_(OFFICER_READS), seen,
        is_received(),
    )  # fmt: skip


def states(call: Call, reader: Any) -> dict[str, int]:
    """How many received applications stand in each state, in the order of the states."""
    rows = db.session.execute(
        select(Application.state, func.count()).where(_received(call, reader)).group_by(Application.state)
    )
    found = {state: count for state, count in rows}
    return {state: found[state] for state in OFFICER_READS if state in found}


def count_hidden(call: Call, reader: Any) -> int:
    """How many received applications a conflict hides from the reader."""
    return (
        db.session.scalar(
            select(func.count(Application.id)).where(_received(call, None), ~not_barred(reader))
        )
        or 0
    )


def submitted_proposals(call: Call, reader: Any) -> Iterator[Proposal]:
    """The version that counts of each received application, one after the other."""
    rows = db.session.scalars(
        select(Submission.snapshot)
        .join(Application, VERSION_THAT_COUNTS)
        .where(_received(call, reader))
        .order_by(Application.serial)
        .execution_options(yield_per=200)
    )
    return map(Proposal.from_json, rows)


def granted(call: Call, reader: Any) -> Sequence[Any]:
    """Released grants by the coordinator's country: how many, and their maximum amounts (cents)."""
    return db.session.execute(
        select(
            Submission.coordinator_country.label("country"), func.count().label("applications"),
            func.sum(Decision.max_grant).label("amount"),
        )
        .join(Application, VERSION_THAT_COUNTS)
        .join(Decision, Decision.application_id == Application.id)
        .where(_received(call, reader), Decision.state == "released", Decision.outcome == "invited")
        .group_by(Submission.coordinator_country)
    ).all()  # fmt: skip


def gates(call: Call, reader: Any) -> list[tuple[str, str, int]]:
    """Confirmed rulings by gate and verdict: how many."""
    rows = db.session.execute(
        select(Ruling.gate, Ruling.verdict, func.count())
        .join(Application, Application.id == Ruling.application_id)
        .where(_received(call, reader), Ruling.state == "confirmed")
        .group_by(Ruling.gate, Ruling.verdict)
        .order_by(Ruling.gate, Ruling.verdict.desc())
    )
    return [(gate, verdict, count) for gate, verdict, count in rows]


def assignment_states(call: Call, reader: Any) -> dict[str, int]:
    """How many assignments stand in each state."""
    rows = db.session.execute(
        select(Assignment.state, func.count())
        .join(Application, Application.id == Assignment.application_id)
        .where(_received(call, reader))
        .group_by(Assignment.state)
        .order_by(Assignment.state)
    )
    return {state: count for state, count in rows}


def loads(call: Call, reader: Any) -> Sequence[int]:
    """Of each expert who declared no conflict, for how many applications."""
    return db.session.scalars(
        select(func.count())
        .select_from(Assignment)
        .join(Application, Application.id == Assignment.application_id)
        .where(_received(call, reader), Assignment.state == "cleared")
        .group_by(Assignment.user_id)
    ).all()


def consensus_scores(call: Call, reader: Any) -> dict[str, dict[str, int]]:
    """Final consensus scores by criterion: count, lowest, mean and highest, hundredths."""
    rows = db.session.execute(
        select(
            ConsensusMark.criterion, func.count(), func.min(ConsensusMark.score), func.sum(ConsensusMark.score),
            func.max(ConsensusMark.score),
        )
        .join(ConsensusReport, ConsensusReport.id == ConsensusMark.consensus_id)
        .join(Application, Application.id == ConsensusReport.application_id)
        .where(_received(call, reader), ConsensusReport.state == "final", ConsensusMark.score.is_not(None))
        .group_by(ConsensusMark.criterion)
    )  # fmt: skip
    return {
        criterion: {
            "count": count,
            "lowest": int(lowest or 0),
            "mean": (2 * int(total or 0) + count) // (2 * count),
            "highest": int(highest or 0),
        }
        for criterion, count, lowest, total, highest in rows
    }


def decided(call: Call, reader: Any) -> dict[str, tuple[int, int]]:
    """Released decisions by outcome: how many, and the sum of the maximum grants (cents)."""
    rows = db.session.execute(
        select(Decision.outcome, func.count(), func.sum(Decision.max_grant))
        .join(Application, Application.id == Decision.application_id)
        .where(_received(call, reader), Decision.state == "released")
        .group_by(Decision.outcome)
    )
    return {outcome: (count, int(amount or 0)) for outcome, count, amount in rows}


def phases(call: Call, reader: Any) -> dict[str, datetime | None]:
    """When the phases of a call began and ended; None for what has not come."""
    of_call = select(Application.id).where(_received(call, reader))
    reports = select(func.min(Report.submitted_at), func.max(Report.submitted_at)).where(
        Report.application_id.in_(of_call), Report.state == "submitted"
    )
    consensus = select(func.min(ConsensusReport.opened_at), func.max(ConsensusReport.finalised_at)).where(
        ConsensusReport.application_id.in_(of_call)
    )
    first_report, last_report = db.session.execute(reports).one()
    first_consensus, last_consensus = db.session.execute(consensus).one()
    return {
        "opened": call.opens_on, "deadline": call.deadline_at, "first_report": first_report,
        "last_report": last_report, "first_consensus": first_consensus, "last_consensus": last_consensus,
        "panel_closed": call.panel_closed_at, "released": call.released_at,
    }  # fmt: skip
