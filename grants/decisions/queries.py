"""Questions about decisions: one with its application, the desk of a call, what waits, what a release would send."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from grants.applications.models import Application, Submission
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.calls.queries import run_by
from grants.db import db
from grants.decisions.models import Decision, Release
from grants.eligibility.models import Ruling
from grants.panels.models import RankedRow
from grants.panels.queries import adopted
from grants.people.models import AccessEntry, User

DECIDED_ON = ("inadmissible", "ineligible", "evaluated")
"""States of an application in which the funder decides, and from which a release informs."""

WITH_APPLICATION: tuple[ORMOption, ...] = (
    joinedload(Decision.application).options(
        joinedload(Application.call).joinedload(Call.programme),
        joinedload(Application.coordinator),
        joinedload(Application.submission),
    ),
    joinedload(Decision.proposed_by),
    joinedload(Decision.approved_by),
)


def by_public_id(public_id: str) -> Decision | None:
    """One decision with its application, call, coordinator, submitted version, and the two people."""
    return db.session.scalars(
        select(Decision).options(*WITH_APPLICATION).where(Decision.public_id == public_id)
    ).first()


def of_application(public_id: str) -> Decision | None:
    """The decision on the application with this public id, loaded like by_public_id."""
    return db.session.scalars(
        select(Decision)
        .join(Decision.application)
        .options(*WITH_APPLICATION)
        .where(Application.public_id == public_id)
    ).first()


def row_of(application: Application) -> RankedRow | None:
    """The application's row on the ranked list in force."""
    in_force = adopted(application.call)
    return (
        in_force
        and db.session.scalars(
            select(RankedRow).where(
                RankedRow.ranked_list_id == in_force.id, RankedRow.application_id == application.id
            )
        ).first()
    )


def first_opened(decision: Decision) -> datetime | None:
    """When the coordinator first opened the released decision, by the access log (rulebook 6.3)."""
    return db.session.scalar(
        select(func.min(AccessEntry.at)).where(
            AccessEntry.noun == "decision", AccessEntry.thing == decision.public_id,
            AccessEntry.outcome == "opened", AccessEntry.user_id == decision.application.coordinator_id,
        )
    )  # fmt: skip


# --- The desk of a call ----------------------------------------------------------------------------------------------


def _concerned(call: Call) -> ColumnElement[bool]:
    """Applications on which there is, or will be, a decision."""
    return (Application.call_id == call.id) & Application.state.in_((*DECIDED_ON, "informed"))


def desk(call: Call, user: Any) -> Select[Any]:
    """One row for each application: its place on the list in force, its decision and the two people."""
    proposer, approver = aliased(User), aliased(User)
    in_force = adopted(call)
    return (
        select(
            Application.public_id, Application.number, Application.state.label("application_state"),
            Submission.acronym, Submission.coordinator_name, Submission.coordinator_country, RankedRow.rank,
            RankedRow.line, Decision.outcome, Decision.state, Decision.max_grant,
            proposer.name.label("proposed_by"), approver.name.label("approved_by"),
            not_barred(user).label("visible"),
        )
        .join(
            Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version)
        )
        .outerjoin(Decision, Decision.application_id == Application.id)
        .outerjoin(
            RankedRow,
            (RankedRow.application_id == Application.id)
            & (RankedRow.ranked_list_id == (in_force.id if in_force else 0)),
        )
        .outerjoin(proposer, Decision.proposed_by_id == proposer.id)
        .outerjoin(approver, Decision.approved_by_id == approver.id)
        .where(_concerned(call))
        .order_by(RankedRow.position.is_(None), RankedRow.position, Application.serial)
    )  # fmt: skip


def tally(call: Call, user: Any) -> dict[tuple[str | None, str | None], int]:
    """Numbers of applications by outcome and state of their decision; (None, None) are without one.

    Those from which the person is barred are left out: a difference would tell their outcome.
    """
    rows = db.session.execute(
        select(Decision.outcome, Decision.state, func.count())
        .select_from(Application)
        .outerjoin(Decision, Decision.application_id == Application.id)
        .where(_concerned(call), not_barred(user))
        .group_by(Decision.outcome, Decision.state)
    )
    return {(outcome, state): count for outcome, state, count in rows}


def count_concerned(call: Call) -> int:
    """How many rows the desk has."""
    return db.session.scalar(select(func.count()).select_from(Application).where(_concerned(call))) or 0


def undecided(call: Call, user: Any) -> Sequence[Application]:
    """Applications without a decision that this officer may propose, with call and submitted version."""
    return db.session.scalars(
        select(Application)
        .outerjoin(Decision, Decision.application_id == Application.id)
        .options(joinedload(Application.call), joinedload(Application.submission))
        .where(Application.call_id == call.id, Application.state.in_(DECIDED_ON), Decision.id.is_(None))
        .where(not_barred(user))
        .order_by(Application.serial)
    ).all()


def refusals(call: Call) -> dict[tuple[int, str], Ruling]:
    """The confirmed refusals at the gates, by application and gate; the last one counts."""
    rulings = db.session.scalars(
        select(Ruling)
        .join(Ruling.application)
        .where(Application.call_id == call.id, Ruling.verdict == "fail", Ruling.state == "confirmed")
        .order_by(Ruling.id)
    )
    return {(ruling.application_id, ruling.gate): ruling for ruling in rulings}


def to_approve(call: Call, user: Any) -> Sequence[Decision]:
    """Decisions that somebody else has proposed and that this officer may approve."""
    return db.session.scalars(
        select(Decision)
        .join(Decision.application)
        .options(joinedload(Decision.application).joinedload(Application.call))
        .where(
            Application.call_id == call.id, Application.state.in_(DECIDED_ON), Decision.state == "proposed"
        )
        .where(Decision.proposed_by_id != user.id, not_barred(user))
        .order_by(Application.serial)
    ).all()


# --- The release -----------------------------------------------------------------------------------------------------


def unreleased(call: Call) -> Sequence[Decision]:
    """Decisions that the coming release is about, with all that their letters need."""
    return db.session.scalars(
        select(Decision)
        .join(Decision.application)
        .options(*WITH_APPLICATION)
        .where(Application.call_id == call.id, Application.state.in_(DECIDED_ON))
        .order_by(Application.serial)
    ).all()


def count_undecided(call: Call) -> int:
    """Applications that wait for a decision and have none, whoever may see them."""
    return db.session.scalar(
        select(func.count())
        .select_from(Application)
        .outerjoin(Decision, Decision.application_id == Application.id)
        .where(Application.call_id == call.id, Application.state.in_(DECIDED_ON), Decision.id.is_(None))
    ) or 0  # fmt: skip


def releases(call: Call) -> Sequence[Release]:
    return db.session.scalars(select(Release).where(Release.call_id == call.id).order_by(Release.id)).all()


# --- What waits ------------------------------------------------------------------------------------------------------


def waiting(user: Any) -> Sequence[Any]:
    """Decisions not approved yet in the calls that a person works for: (call, state, own proposal, count)."""
    own = (Decision.proposed_by_id == user.id).label("own")
    return db.session.execute(
        select(Call, Decision.state, own, func.count().label("count"))
        .join(Application, Application.call_id == Call.id)
        .join(Decision, Decision.application_id == Application.id)
        .where(run_by(user), Decision.state.in_(("proposed", "returned")), not_barred(user))
        .where(Application.state.in_(DECIDED_ON))
        .group_by(Call.id, Decision.state, own)
        .order_by(Call.reference)
    ).all()


def news(user: Any, since: datetime) -> Sequence[Any]:
    """Decisions released to a coordinator since an instant: (public id, number, acronym, zone, released)."""
    return db.session.execute(
        select(
            Application.public_id, Application.number, Application.acronym, Call.zone, Decision.released_at
        )
        .join(Decision, Decision.application_id == Application.id)
        .join(Call, Application.call_id == Call.id)
        .where(Application.coordinator_id == user.id, Decision.released_at >= since)
        .order_by(Decision.released_at.desc())
    ).all()
