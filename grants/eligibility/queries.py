"""Questions about the gates: which applications wait, what was ruled, what the rules find."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased, joinedload

from grants import clock
from grants.applications.blind import Read
from grants.applications.finding import Finding
from grants.applications.models import Application, Submission
from grants.applications.proposal import Proposal
from grants.applications.queries import AS_SUBMITTED, findings_of, is_received, not_barred, texts_of
from grants.applications.shown import coordinator_to
from grants.calls.models import Call
from grants.calls.queries import closed_at, counted_for
from grants.db import Rows, db
from grants.eligibility.models import GATE_OF_STATE, Ruling
from grants.policy import OFFICER_READS


def ruling(public_id: str) -> Ruling | None:
    """One ruling with its people, its application and the version that counts."""
    return db.session.scalars(
        select(Ruling)
        .options(
            joinedload(Ruling.proposed_by),
            joinedload(Ruling.decided_by),
            joinedload(Ruling.application).options(
                joinedload(Application.call),
                joinedload(Application.coordinator),
                joinedload(Application.submission),
            ),
        )
        .where(Ruling.public_id == public_id)
    ).first()


def rulings(application: Application) -> Sequence[Ruling]:
    """Everything that was ruled on an application, the latest first, with the people."""
    return db.session.scalars(
        select(Ruling)
        .options(
            joinedload(Ruling.proposed_by), joinedload(Ruling.decided_by), joinedload(Ruling.application)
        )
        .where(Ruling.application_id == application.id)
        .order_by(Ruling.id.desc())
    ).all()


def at_gate(call: Call, gate: str, user: Any, public_ids: Sequence[str]) -> Sequence[Application]:
    """Those of the applications that stand before this gate of the call, without those that bar the person."""
    return db.session.scalars(
        select(Application)
        .options(*AS_SUBMITTED)
        .where(Application.call_id == call.id, Application.public_id.in_(public_ids), not_barred(user))
        .where(Application.version > 0, Application.state.in_(_GATE_STATES[gate]), is_received())
        .order_by(Application.serial)
    ).all()


def open_proposal(application: Application) -> Ruling | None:
    """The refusal that waits for a second officer."""
    return db.session.scalars(
        select(Ruling).where(Ruling.application_id == application.id, Ruling.state == "proposed")
    ).first()


def findings(application: Application, gate: str) -> tuple[Finding, ...]:
    """What the rules find in the submitted version at this gate, by the law of the day of the deadline.

    What does not hold comes first, then what cannot be told.
    """
    assert application.submission is not None
    found = findings_of(application.submission.proposal, application.call)
    at_gate = (finding for finding in found if finding.gate in (gate, "advice"))
    return tuple(sorted(at_gate, key=lambda finding: ("fails", "unknown", "holds").index(finding.verdict)))


def other_today(
    proposal: Proposal, call: Call, gate: str, read: Mapping[str, Read] | None = None
) -> tuple[Finding, ...]:
    """What the rules of a gate find by the law of today and did not find on the day of the deadline (rulebook 1.4).

    Countries become associated, or barred, from a day on.
    """
    then, today = (
        {one.code: one for one in findings_of(proposal, call, on, read) if one.gate == gate}
        for on in (None, clock.now().astimezone(ZoneInfo(call.zone)).date())
    )
    gone = (replace(one, verdict="holds") for code, one in then.items() if code not in today)
    present = {code: one.verdict for code, one in then.items()}
    return (
        *(one for code, one in today.items() if one.verdict != present.get(code, "holds")),
        *(one for one in gone if not then[one.code].holds),
    )


def gate_of(application: Application) -> str | None:
    """The gate in front of the application; None once it has passed both or failed one."""
    return GATE_OF_STATE.get(application.state)


# --- The desk --------------------------------------------------------------------------------------------------------

_later = aliased(Ruling)
_is_last = (
    Ruling.id == select(func.max(_later.id)).where(_later.application_id == Application.id).scalar_subquery()
)
_GATE_STATES = {
    gate: [state for state, g in GATE_OF_STATE.items() if g == gate] for gate in GATE_OF_STATE.values()
}


def _narrowed(query: Rows, waiting: str) -> Rows:
    open_proposals = select(Ruling.application_id).where(Ruling.state == "proposed")
    if waiting == "confirmation":
        return query.where(Application.state.in_(GATE_OF_STATE), Application.id.in_(open_proposals))
    if waiting in _GATE_STATES:
        return query.where(
            Application.state.in_(_GATE_STATES[waiting]), Application.id.not_in(open_proposals)
        )
    return query


def desk(call: Call, user: Any, waiting: str = "") -> Rows:
    """Received applications with their findings and their last ruling, without those that bar the person."""
    query = (
        select(
            Application.public_id, Application.number, Application.state, Submission.acronym,
            *coordinator_to(user, call), Submission.snapshot,
            Ruling.gate, Ruling.verdict, Ruling.state.label("ruling_state"), Ruling.proposed_at,
        )
        .join(Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version))
        .outerjoin(Ruling, (Ruling.application_id == Application.id) & _is_last)
        .where(Application.call_id == call.id, Application.state.in_(OFFICER_READS), not_barred(user), is_received())
        .order_by(Application.serial)
    )  # fmt: skip
    return _narrowed(query, waiting)


@dataclass(frozen=True)
class Summary:
    """How an application stands at the gate in front of it: how many rules fail or cannot be told, as of the deadline.

    `other_today` where the law of today says something else than the law of that day.
    """

    fails: int = 0
    unknown: int = 0
    other_today: bool = False

    @property
    def clear(self) -> bool:
        return not (self.fails or self.unknown or self.other_today)


def summaries(call: Call, rows: Sequence[Any]) -> dict[str, Summary]:
    """For each row of `desk` that stands before a gate, by public id."""
    waiting = {
        row.public_id: (Proposal.from_json(row.snapshot), GATE_OF_STATE[row.state])
        for row in rows if row.state in GATE_OF_STATE
    }  # fmt: skip
    read = texts_of((proposal for proposal, _gate in waiting.values()), call)

    def summary(proposal: Proposal, gate: str) -> Summary:
        verdicts = [one.verdict for one in findings_of(proposal, call, read=read) if one.gate == gate]
        return Summary(
            verdicts.count("fails"), verdicts.count("unknown"), bool(other_today(proposal, call, gate, read))
        )

    return {public_id: summary(*of) for public_id, of in waiting.items()}


def count_desk(call: Call, user: Any, waiting: str = "") -> int:
    """Length of the list of `desk`."""
    query = (
        select(func.count(Application.id))
        .where(Application.call_id == call.id, Application.version > 0, Application.state.in_(OFFICER_READS))
        .where(not_barred(user), is_received())
    )
    return db.session.scalar(_narrowed(query, waiting)) or 0


def waiting_for_officers(user: Any, at: datetime) -> Select[Any]:
    """Applications at a gate, and refusals that somebody else proposed."""
    at_gate = case((Ruling.id.is_(None), 1), else_=0)
    to_confirm = case((Ruling.proposed_by_id != user.id, 1), else_=0)
    return (
        counted_for(user, at_gate, to_confirm)
        .join(Application, Application.call_id == Call.id)
        .outerjoin(Ruling, (Ruling.application_id == Application.id) & (Ruling.state == "proposed"))
        .where(closed_at(at), Application.state.in_(GATE_OF_STATE), not_barred(user), is_received())
    )
