"""Questions about applications: one with all that a page needs, and the lists that each person may see."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, defer, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from grants import clock
from grants.applications.models import Application, Partner, Researcher, Section, Submission
from grants.calls.models import Call
from grants.db import Base, db
from grants.events import Event, EventPayload
from grants.people.models import User
from grants.policy import OFFICER_READS

WHOLE: tuple[ORMOption, ...] = (
    selectinload(Application.partners).selectinload(Partner.lines),
    selectinload(Application.researchers),
    selectinload(Application.answers),
    selectinload(Application.attachments),
    selectinload(Application.sections),
)


def by_public_id(public_id: str, *options: ORMOption) -> Application | None:
    """One application with its call, the call's questions, its coordinator and the version that counts."""
    return db.session.scalars(
        select(Application)
        .options(
            joinedload(Application.call).selectinload(Call.questions),
            joinedload(Application.coordinator),
            joinedload(Application.submission),
            *options,
        )
        .where(Application.public_id == public_id)
    ).first()


def whole(public_id: str) -> Application | None:
    """One application with everything that its working copy consists of."""
    application = by_public_id(public_id, *WHOLE)
    return application


def partner(public_id: str) -> Partner | None:
    return db.session.scalars(
        select(Partner)
        .options(
            selectinload(Partner.lines),
            joinedload(Partner.application).options(
                joinedload(Application.call).selectinload(Call.questions),
                joinedload(Application.coordinator),
                selectinload(Application.sections),
            ),
        )
        .where(Partner.public_id == public_id)
    ).first()


def researcher(public_id: str) -> Researcher | None:
    return db.session.scalars(select(Researcher).where(Researcher.public_id == public_id)).first()


def section(application: Application, name: str) -> Section | None:
    return next((section for section in application.sections if section.name == name), None)


def submission(application: Application, number: int) -> Submission | None:
    return db.session.scalars(
        select(Submission).where(Submission.application_id == application.id, Submission.number == number)
    ).first()


def submission_with_key(application: Application, key: str) -> Submission | None:
    """The submission that an earlier click on the same form made."""
    return db.session.scalars(
        select(Submission).where(
            Submission.application_id == application.id, Submission.idempotency_key == key
        )
    ).first()


# --- Lists -----------------------------------------------------------------------------------------------------------

LIST_COLUMNS = (
    Application.public_id, Application.number, Application.state, Application.version, Submission.acronym,
    Submission.title, Submission.coordinator_name, Submission.coordinator_country, Submission.partner_count,
    Submission.requested, Submission.submitted_at,
)  # fmt: skip


def not_barred(user: Any) -> ColumnElement[bool]:
    """Applications from which no conflict of interest bars the person (rulebook 4.7); the SQL of has_no_conflict."""
    conflicts = Base.metadata.tables["conflicts"]
    own = aliased(Partner)
    return ~or_(
        and_(Application.coordinator_id == user.id, Application.origin.is_(None)),
        exists().where(own.application_id == Application.id, own.contact_id == user.id),
        exists().where(
            conflicts.c.application_id == Application.id,
            conflicts.c.user_id == user.id,
            or_(
                conflicts.c.status == "confirmed",
                (conflicts.c.status == "suggested") & conflicts.c.code.startswith("D"),
            ),
        ),
    )


def mine(user: Any) -> Select[Any]:
    """Applications that the person coordinates or is a partner's contact in, the newest first."""
    is_contact = exists().where(Partner.application_id == Application.id, Partner.contact_id == user.id)
    return (
        select(Application)
        .options(joinedload(Application.call))
        .where(or_(Application.coordinator_id == user.id, is_contact))
        .order_by(Application.id.desc())
    )


def invitations(user: Any) -> Select[Any]:
    """Partners whose contact this person is asked to be: by the confirmed address, not yet accepted."""
    return (
        select(Partner)
        .options(
            joinedload(Partner.application).options(
                joinedload(Application.call), joinedload(Application.coordinator)
            )
        )
        .where(Partner.contact_email == user.email.lower(), Partner.contact_id.is_(None))
        .where(Application.id == Partner.application_id, Application.coordinator_id != user.id)
    )


def received(call: Call, user: Any, state: str | None = None) -> Select[Any]:
    """What officers and observers see of a call after its deadline: submitted versions, without barred ones."""
    query = (
        select(*LIST_COLUMNS)
        .join(
            Submission,
            (Submission.application_id == Application.id) & (Submission.number == Application.version),
        )
        .where(Application.call_id == call.id, Application.state.in_(OFFICER_READS), not_barred(user))
        .order_by(Application.serial)
    )
    return query.where(Application.state == state) if state else query


def count_received(call: Call, user: Any) -> Mapping[str, int]:
    """How many received applications stand in each state."""
    rows = db.session.execute(
        select(Application.state, func.count())
        .where(Application.call_id == call.id, Application.version > 0, Application.state.in_(OFFICER_READS))
        .where(not_barred(user))
        .group_by(Application.state)
    )
    return {state: count for state, count in rows}


def figures(call: Call, user: Any) -> dict[str, Any]:
    """Counts for the desk. Before the deadline only how many drafts and submissions there are (settled: Results).

    Applications from which the person is barred are left out: a difference to the lists would tell their state.
    """
    rows = db.session.execute(
        select(Application.state, func.count())
        .where(Application.call_id == call.id, not_barred(user))
        .group_by(Application.state)
    )
    by_state = {state: count for state, count in rows}
    return {
        "by_state": by_state if call.is_closed(clock.now()) else {},
        "drafts": by_state.get("draft", 0),
        "submitted": sum(count for state, count in by_state.items() if state in OFFICER_READS),
    }


def unfinished(call: Call, user: Any) -> Select[Any]:
    """For reminders before the deadline: number, contact and completeness of drafts, never content."""
    return (
        select(Application)
        .options(joinedload(Application.coordinator), joinedload(Application.call), *WHOLE)
        .where(Application.call_id == call.id, Application.state.in_(("draft", "reopened")), not_barred(user))
    )


def unfinished_of(user: Any, at: Any) -> Select[Any]:
    """The person's own drafts in open calls, the nearest deadline first."""
    return (
        select(Application)
        .join(Call)
        .options(joinedload(Application.call))
        .where(Application.coordinator_id == user.id, Application.state.in_(("draft", "reopened")))
        .where(Call.state == "published", Call.deadline_at >= at)
        .order_by(Call.deadline_at)
        .limit(20)
    )


def count(query: Select[Any]) -> int:
    """Number of rows of a list."""
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).options().subquery())) or 0


def by_number(call: Call, number: str, user: Any) -> Application | None:
    """An application by the number that officers know before the deadline; none from which the person is barred."""
    return db.session.scalars(
        select(Application)
        .options(joinedload(Application.call))
        .where(Application.call_id == call.id, Application.number == number, not_barred(user))
        .where(Application.state.in_(("draft", "submitted", "reopened", "withdrawn")))
    ).first()


def by_id(row_id: int) -> Application | None:
    public_id = db.session.scalar(select(Application.public_id).where(Application.id == row_id))
    return by_public_id(public_id) if public_id else None


def submissions(application: Application) -> list[Submission]:
    """All submitted versions, the newest first, without their snapshots."""
    return list(
        db.session.scalars(
            select(Submission)
            .options(defer(Submission.snapshot))
            .where(Submission.application_id == application.id)
            .order_by(Submission.number.desc())
        )
    )


APPLICANTS_VERBS = ("create", "submit", "reopen", "withdraw", "withdraw_late", "accept_invitation", "remove_partner",
                    "extend", "inform")  # fmt: skip


CONFLICT_VERBS = ("declare_conflict", "enter_conflict", "rule_on_conflict")


def history(application: Application, *, own_only: bool, conflicts: bool) -> list[Any]:
    """Events of the application's chain with the person's name and the facts, the newest first.

    Args:
        own_only: what applicants do and are told, nothing else.
        conflicts: False leaves out who declared or was found to have a conflict of interest (rulebook 7.4).
    """
    query = (
        select(Event, User.name, EventPayload.facts)
        .outerjoin(User, User.id == Event.user_id)
        .outerjoin(EventPayload, EventPayload.event_id == Event.id)
        .where(Event.chain == f"application:{application.id}")
        .order_by(Event.number.desc())
        .limit(500)
    )
    if own_only:
        query = query.where(Event.verb.in_(APPLICANTS_VERBS))
    elif not conflicts:
        query = query.where(Event.verb.not_in(CONFLICT_VERBS))
    return list(db.session.execute(query).all())
