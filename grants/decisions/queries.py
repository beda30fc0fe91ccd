"""Questions about decisions: one with its application, the desk of a call, what waits, what a release would send."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    union,
)  # fmt: skip
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from grants.applications.models import Application, Submission
from grants.applications.queries import not_barred
from grants.applications.shown import coordinator_to
from grants.calls.models import Call, Programme
from grants.calls.queries import counted_for, run_by
from grants.db import Rows, db
from grants.decisions.models import (
    Change,
    Decision,
    LetterText,
    Notice,
    Preparation,
    Redress,
    RedressMember,
    Release,
)
from grants.decisions.wording import Wording
from grants.eligibility.models import Ruling
from grants.events import Event
from grants.experts.models import Assignment
from grants.mail import Mail
from grants.panels import drawing
from grants.panels.models import RankedList, RankedRow
from grants.panels.queries import adopted, draw_in_force, rows_by_application
from grants.people.models import AccessEntry, Appointment, User
from grants.policy import ASKED

DECIDED_ON = ("inadmissible", "ineligible", "evaluated")
"""States of an application in which the funder decides, and from which a release informs."""

COMMITTEE = 2
"""Members whom an opinion on a request for redress needs: one proposes it, another confirms."""

WITHDRAWN, WITHDRAWALS = ("withdrawn", "withdrawn_after_deadline"), ("withdraw", "withdraw_late")
"""States of applications that were withdrawn, and the moves that lead there."""

WITH_APPLICATION: tuple[ORMOption, ...] = (
    joinedload(Decision.application).options(
        joinedload(Application.call).joinedload(Call.programme),
        joinedload(Application.coordinator),
        joinedload(Application.submission),
    ),
    joinedload(Decision.proposed_by),
    joinedload(Decision.approved_by),
)

# SQLAlchemy types options of options more narrowly than it takes them.
_DECISION_IN_FULL = joinedload(Change.decision).options(*WITH_APPLICATION)  # type: ignore[arg-type]
CHANGE_PEOPLE = (joinedload(Change.proposed_by), joinedload(Change.approved_by))


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


def wordings(call: Call) -> dict[tuple[str, str], Wording]:
    """The words in force that officers of the call have given its letters, by outcome and language."""
    rows = db.session.scalars(
        select(LetterText).where(LetterText.call_id == call.id).order_by(LetterText.number)
    )
    return {(row.outcome, row.language): row.wording for row in rows}  # the latest of each comes last


def wording_of(decision: Decision) -> Wording | None:
    """The words in force for the letter on one decision."""
    language = decision.application.coordinator.language
    return wordings(decision.call).get((decision.outcome, language))


def words_authors(call: Call, outcome: str) -> set[int]:
    """Who saved the words in force for the letters with an outcome, in any language: a coordinator may still choose."""
    rows = db.session.execute(
        select(LetterText.language, LetterText.saved_by_id)
        .where(LetterText.call_id == call.id, LetterText.outcome == outcome)
        .order_by(LetterText.number)
    ).all()
    return set({language: author for language, author in rows}.values())  # the latest of each comes last


def _worded_by(user: Any) -> ColumnElement[bool]:
    """Decisions whose letter has words that this person saved last; the SQL of `words_authors`."""
    text, later = aliased(LetterText), aliased(LetterText)
    same = (later.call_id == text.call_id, later.outcome == text.outcome, later.language == text.language)
    return exists().where(
        text.call_id == Application.call_id, text.outcome == Decision.outcome,
        text.saved_by_id == user.id, ~exists().where(*same, later.number > text.number),
    )  # fmt: skip


def lots_of(decision: Decision) -> dict[str, Any] | None:
    """What the letter on a decision tells of a draw of lots, if its application was part of one."""
    draw = draw_in_force(decision.call)
    return drawing.told(draw, decision.application.number) if draw else None


def letter_texts(call: Call, outcome: str, language: str) -> Sequence[LetterText]:
    """All versions of the words of one letter with who saved them, the latest first."""
    return db.session.scalars(
        select(LetterText)
        .options(joinedload(LetterText.saved_by))
        .where(LetterText.call_id == call.id, LetterText.outcome == outcome, LetterText.language == language)
        .order_by(LetterText.number.desc())
    ).all()


def changed_letters(call: Call) -> Sequence[LetterText]:
    """The words in force that differ from the house's, with who saved them."""
    later = aliased(LetterText)
    newest = (
        select(func.max(later.number))
        .where(later.call_id == LetterText.call_id, later.outcome == LetterText.outcome)
        .where(later.language == LetterText.language)
        .scalar_subquery()
    )
    return db.session.scalars(
        select(LetterText)
        .options(joinedload(LetterText.saved_by))
        .where(LetterText.call_id == call.id, LetterText.number == newest)
        .order_by(LetterText.outcome, LetterText.language)
    ).all()


def example_of(call: Call, outcome: str, user: Any) -> Decision | None:
    """Some decision of the call with this outcome, or on an application with this notice, that the person may see."""
    noticed = select(Notice.application_id).where(Notice.outcome == outcome)
    public_id = db.session.scalar(
        select(Application.public_id)
        .join(Decision, Decision.application_id == Application.id)
        .where(Application.call_id == call.id, not_barred(user))
        .where(or_(Decision.outcome == outcome, Application.id.in_(noticed)))
        .order_by(Application.serial)
        .limit(1)
    )
    return of_application(public_id) if public_id else None


def row_of(application: Application) -> RankedRow | None:
    """The application's row on the ranked list in force."""
    in_force = adopted(application.call)
    if in_force is None:
        return None
    return db.session.scalars(
        select(RankedRow).where(
            RankedRow.ranked_list_id == in_force.id, RankedRow.application_id == application.id
        )
    ).first()


def first_opened(decision: Decision) -> datetime | None:
    """When the coordinator first opened the letter in force, by the access log (rulebook 6.3)."""
    return db.session.scalar(
        select(func.min(AccessEntry.at)).where(
            AccessEntry.noun == "decision", AccessEntry.thing == decision.public_id,
            AccessEntry.outcome == "opened", AccessEntry.user_id == decision.application.coordinator_id,
            AccessEntry.at >= decision.released_at,
        )
    )  # fmt: skip


# --- The desk of a call ----------------------------------------------------------------------------------------------


def _concerned(call: Call) -> ColumnElement[bool]:
    """Applications on which there is, or will be, a decision."""
    return (Application.call_id == call.id) & Application.state.in_((*DECIDED_ON, "informed"))


def desk(call: Call, user: Any) -> Rows:
    """One row for each application: its place on the list in force, its decision and the two people.

    As in panels.queries.places, what a conflict hides stands last and `place` counts what is shown.
    """
    visible, unranked = not_barred(user), RankedRow.position.is_(None)
    place = func.row_number().over(partition_by=visible, order_by=(unranked, RankedRow.position))
    proposer, approver = aliased(User), aliased(User)
    in_force = (
        select(RankedList.id)
        .where(RankedList.call_id == call.id)
        .order_by(RankedList.number.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(
            Application.public_id, Application.number, Application.state.label("application_state"),
            Submission.acronym, *coordinator_to(user, call), RankedRow.rank,
            RankedRow.line, Decision.outcome, Decision.state, Decision.max_grant, Decision.letter_number,
            proposer.name.label("proposed_by"), approver.name.label("approved_by"),
            visible.label("visible"), place.label("place"),
        )
        .join(
            Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version)
        )
        .outerjoin(Decision, Decision.application_id == Application.id)
        .outerjoin(
            RankedRow,
            (RankedRow.application_id == Application.id) & (RankedRow.ranked_list_id == in_force),
        )
        .outerjoin(proposer, Decision.proposed_by_id == proposer.id)
        .outerjoin(approver, Decision.approved_by_id == approver.id)
        .where(_concerned(call))
        .order_by(~visible, unranked, RankedRow.position, Application.serial)
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


def cut(call: Call) -> int | None:
    """The total, hundredths, down to which a first stage invites; None where it invites nobody."""
    totals = [row.total for row in rows_by_application(call).values() if row.line == "second_stage"]
    return min(totals, key=lambda total: total * call.scheme.sign, default=None)


def to_approve(call: Call, user: Any) -> Sequence[Decision]:
    """Decisions that somebody else has proposed, with words that somebody else wrote: this officer may approve them."""
    return db.session.scalars(
        select(Decision)
        .join(Decision.application)
        .options(joinedload(Decision.application).joinedload(Application.call))
        .where(
            Application.call_id == call.id, Application.state.in_(DECIDED_ON), Decision.state == "proposed"
        )
        .where(Decision.proposed_by_id != user.id, not_barred(user), ~_worded_by(user))
        .order_by(Application.serial)
    ).all()


def worded(call: Call, outcome: str, user: Any) -> Sequence[Any]:
    """Decisions with this outcome on their way to a release, each with whether a conflict bars the person."""
    return db.session.execute(
        select(Decision, ~not_barred(user))
        .join(Decision.application)
        .options(joinedload(Decision.application).joinedload(Application.call))
        .where(
            Application.call_id == call.id,
            Decision.outcome == outcome,
            Decision.state.in_(("proposed", "approved")),
        )
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


def bars_from_some(call: Call, user: Any) -> bool:
    """Whether a conflict of interest hides one of the call's applications from the person."""
    hidden = select(Application.id).where(_concerned(call), ~not_barred(user)).limit(1)
    return db.session.scalar(hidden) is not None


def count_undecided(call: Call) -> int:
    """Applications that wait for a decision and have none, whoever may see them."""
    return db.session.scalar(
        select(func.count())
        .select_from(Application)
        .outerjoin(Decision, Decision.application_id == Application.id)
        .where(Application.call_id == call.id, Application.state.in_(DECIDED_ON), Decision.id.is_(None))
    ) or 0  # fmt: skip


def releases(call: Call) -> Sequence[Release]:
    """All releases of a call, ordered, stopped, blocked and carried out, with who ordered them."""
    return db.session.scalars(
        select(Release)
        .options(joinedload(Release.released_by))
        .where(Release.call_id == call.id)
        .order_by(Release.id)
    ).all()


def release_by(public_id: str) -> Release | None:
    """One release with its call."""
    return db.session.scalars(
        select(Release).options(joinedload(Release.call)).where(Release.public_id == public_id)
    ).first()


def due_releases(session: Session, at: datetime) -> Sequence[int]:
    """Row ids of the releases whose hold has ended."""
    return session.scalars(
        select(Release.id).where(Release.state == "held", Release.due_at <= at).order_by(Release.id)
    ).all()


def held(row_id: int) -> Release | None:
    """A release that is still held, with its call and the officer; its row is locked where the database can."""
    return db.session.scalars(
        select(Release)
        .options(joinedload(Release.call).joinedload(Call.programme), joinedload(Release.released_by))
        .where(Release.id == row_id, Release.state == "held")
        .with_for_update(of=Release)
    ).first()


def told(release: Release) -> dict[str, int]:
    """How many mails of this release wait for the coordinators of its decisions, by outcome."""
    rows = db.session.execute(
        select(Decision.outcome, func.count())
        .select_from(Decision)
        .join(Decision.application)
        .join(Mail, Mail.occasion == literal("result_released:") + Decision.public_id)
        .where(Decision.release_id == release.id, Mail.user_id == Application.coordinator_id)
        .where(Mail.written_at == release.released_at)
        .group_by(Decision.outcome)
    )
    return {outcome: count for outcome, count in rows}


# --- After the release -----------------------------------------------------------------------------------------------


def change_by(public_id: str) -> Change | None:
    """One change with its decision and all that its letter needs."""
    return db.session.scalars(
        select(Change).options(_DECISION_IN_FULL, *CHANGE_PEOPLE).where(Change.public_id == public_id)
    ).first()


def changes_of(decision: Decision) -> Sequence[Change]:
    """All changes of one decision, the first one first."""
    return db.session.scalars(
        select(Change).options(*CHANGE_PEOPLE).where(Change.decision_id == decision.id).order_by(Change.id)
    ).all()


def committed(call: Call) -> int:
    """Cents that the invited applications of a call may get at most."""
    return int(
        db.session.scalar(
            select(func.coalesce(func.sum(Decision.max_grant), 0))
            .join(Decision.application)
            .where(
                Application.call_id == call.id, Decision.outcome == "invited", Decision.state == "released"
            )
        )
        or 0
    )


def reserve(call: Call) -> Sequence[Any]:
    """The reserve list as it is now, in rank order: decision, rank, and the change that waits for its approval."""
    in_force = adopted(call)
    return db.session.execute(
        select(Decision, RankedRow.rank, Change)
        .join(Decision.application)
        .join(RankedRow, RankedRow.application_id == Application.id)
        .outerjoin(Change, (Change.decision_id == Decision.id) & (Change.state == "proposed"))
        .options(*WITH_APPLICATION)
        .where(RankedRow.ranked_list_id == (in_force.id if in_force else 0), Application.call_id == call.id)
        .where(Decision.outcome == "reserve", Decision.state == "released", Application.state == "informed")
        .order_by(RankedRow.cumulative, RankedRow.position)  # the order in which money is given
    ).all()


def redress_of(application: Application) -> Redress | None:
    """The request for redress of an application, with its committee."""
    return db.session.scalars(
        select(Redress)
        .options(
            selectinload(Redress.members).joinedload(RedressMember.user), joinedload(Redress.application)
        )
        .where(Redress.application_id == application.id)
    ).first()


def is_upheld(application: Application) -> bool:
    """Whether a committee upheld a request for redress, so that the application is evaluated again."""
    upheld = select(Redress.id).where(
        Redress.application_id == application.id, Redress.state.in_(("upheld", "upheld_part"))
    )
    return db.session.scalar(upheld) is not None


def notice_of(public_id: str, outcomes: Iterable[str]) -> Notice | None:
    """The latest letter of one of these kinds to the application with this public id, and all that its rules need."""
    return db.session.scalars(
        select(Notice)
        .join(Notice.application)
        .options(contains_eager(Notice.application).options(
            joinedload(Application.call), joinedload(Application.coordinator), joinedload(Application.submission),
        ))
        .where(Application.public_id == public_id, Notice.outcome.in_(tuple(outcomes)))
        .order_by(Notice.id.desc())
        .limit(1)
    ).first()  # fmt: skip


def withdrawals_to_acknowledge(session: Session, since: datetime) -> Sequence[int]:
    """Row ids of the events by which applications were withdrawn and that no letter answers yet."""
    answered = exists().where(
        Notice.application_id == Application.id,
        Notice.occasion == literal("withdrawal:") + cast(Event.number, String),
    )
    return session.scalars(
        select(Event.id)
        .join(Application, Event.chain == literal("application:") + cast(Application.id, String))
        .where(Application.state.in_(WITHDRAWN), Event.noun == "application", Event.verb.in_(WITHDRAWALS))
        .where(Event.at >= since, ~answered)
        .order_by(Event.id)
    ).all()


def withdrawal(event_id: int) -> Event | None:
    """The event, unless a letter answers it already."""
    event = db.session.get(Event, event_id)
    if event is None or event_id not in withdrawals_to_acknowledge(db.session, event.at):
        return None
    return event


def asked_experts(application: Application) -> Sequence[User]:
    """Who was asked to evaluate the application and has neither declined nor been released."""
    return db.session.scalars(
        select(User)
        .join(Assignment, Assignment.user_id == User.id)
        .where(Assignment.application_id == application.id, Assignment.state.in_(ASKED))
        .order_by(User.id)
    ).all()


def withdrawn(event: Event) -> Application:
    """The application that an event is about, with all that a letter needs."""
    return db.session.scalars(
        select(Application)
        .options(
            joinedload(Application.call).joinedload(Call.programme), joinedload(Application.coordinator),
            joinedload(Application.submission),
        )
        .where(Application.public_id == event.thing)
    ).one()  # fmt: skip


def redress_by(public_id: str) -> Redress | None:
    """One request with its committee, and the application with all that its rules need."""
    return db.session.scalars(
        select(Redress)
        .options(
            selectinload(Redress.members).joinedload(RedressMember.user),
            joinedload(Redress.application).options(
                joinedload(Application.call),
                joinedload(Application.coordinator),
                joinedload(Application.submission),
            ),
        )
        .where(Redress.public_id == public_id)
    ).first()


def person(email: str) -> User | None:
    return db.session.scalars(select(User).where(User.email == email.strip().lower())).first()


def involved(application: Application) -> set[int]:
    """Who had a part in the evaluation of the call, in this application, or in its decision: nobody reviews himself."""
    experts = (
        select(Assignment.user_id)
        .join(Application, Assignment.application_id == Application.id)
        .where(Application.call_id == application.call_id)
    )
    chairs = select(Appointment.user_id).where(
        Appointment.call_id == application.call_id, Appointment.role == "chair"
    )
    decided = select(Decision.proposed_by_id).where(Decision.application_id == application.id)
    approved = select(Decision.approved_by_id).where(Decision.application_id == application.id)
    ruled = select(Ruling.proposed_by_id).where(Ruling.application_id == application.id)
    confirmed = select(Ruling.decided_by_id).where(Ruling.application_id == application.id)
    # Quality checks, panel notes, voided reports: whoever took any step of the evaluation stands in the events.
    acted = select(Event.user_id).where(Event.chain == f"application:{application.id}")
    taken: Any = union(experts, chairs, decided, approved, ruled, confirmed, acted)
    return {one for one in db.session.scalars(taken) if one}


def requests_before(user: Any) -> Sequence[Any]:
    """Requests that wait for the person, on the committee or as an officer who has to name it: rows as of `_filed`."""
    mine, size = _membership(user)
    unnamed = run_by(user, "officer") & (size < COMMITTEE)
    return db.session.execute(_filed(user).where(or_(mine, unnamed)).limit(100)).all()


def requests_in(call: Call, user: Any) -> Sequence[Any]:
    """The requests for redress in a call that wait for their outcome, the oldest first: rows as of `_filed`."""
    return db.session.execute(_filed(user).where(Application.call_id == call.id).limit(200)).all()


def _filed(user: Any) -> Rows:
    """Open requests: Redress, whether the person is on its committee (mine), how many are (size)."""
    mine, size = _membership(user)
    return (
        select(Redress, mine.label("mine"), size.label("size"))
        .join(Redress.application)
        .join(Application.call)
        .options(contains_eager(Redress.application))
        .where(Redress.state == "filed", not_barred(user))
        .order_by(Redress.filed_at, Redress.id)
    )


def _membership(user: Any) -> tuple[Any, Any]:
    members = select(func.count()).select_from(RedressMember).where(RedressMember.redress_id == Redress.id)
    mine = exists().where(RedressMember.redress_id == Redress.id, RedressMember.user_id == user.id)
    return mine, members.scalar_subquery()


def preparation_of(application: Application) -> Preparation | None:
    return db.session.scalars(
        select(Preparation)
        .options(joinedload(Preparation.application))
        .where(Preparation.application_id == application.id)
    ).first()


def preparation_by(application_public_id: str) -> Preparation | None:
    """The preparation of the application with this public id."""
    return db.session.scalars(
        select(Preparation)
        .join(Preparation.application)
        .options(
            contains_eager(Preparation.application).options(
                joinedload(Application.call).selectinload(Call.questions), joinedload(Application.submission)
            )
        )
        .where(Application.public_id == application_public_id)
    ).first()


def changes_to_approve(user: Any) -> Sequence[Change]:
    """Changes of released decisions that somebody else has proposed, in the calls that a person works for."""
    return db.session.scalars(
        select(Change)
        .join(Change.decision)
        .join(Decision.application)
        .join(Application.call)
        .options(joinedload(Change.decision).joinedload(Decision.application).joinedload(Application.call))
        .where(run_by(user), Change.state == "proposed", Change.proposed_by_id != user.id, not_barred(user))
        .order_by(Change.id)
    ).all()


# --- What waits ------------------------------------------------------------------------------------------------------


def waiting_for_officers(user: Any, at: datetime) -> Select[Any]:
    """Decisions that somebody else proposed, and own ones that came back."""
    own = Decision.proposed_by_id == user.id
    to_approve = case((and_(Decision.state == "proposed", ~own, ~_worded_by(user)), 1), else_=0)
    returned = case((and_(Decision.state == "returned", own), 1), else_=0)
    return (
        counted_for(user, to_approve, returned)
        .join(Application, Application.call_id == Call.id)
        .join(Decision, Decision.application_id == Application.id)
        .where(
            Decision.state.in_(("proposed", "returned")), Application.state.in_(DECIDED_ON), not_barred(user)
        )
    )


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


# --- Who evaluated ---------------------------------------------------------------------------------------------------


def years_of_evaluators(at: datetime) -> dict[tuple[Programme, int], set[int]]:
    """Row ids of the calls whose results became known, by programme and year, the latest first.

    Of years that are over, where the call is.
    """
    rows = db.session.execute(
        select(Programme, Call.id, Call.zone, func.min(Release.released_at))
        .join(Call, Call.programme_id == Programme.id)
        .join(Release, Release.call_id == Call.id)
        .where(Release.kind == "results", Release.state == "released", Release.released_at.is_not(None))
        .group_by(Programme.id, Call.id)
    )
    found: dict[tuple[Programme, int], set[int]] = defaultdict(set)
    for programme, call_id, zone, released_at in rows:
        assert released_at is not None
        year = released_at.astimezone(ZoneInfo(zone)).year
        if year < at.astimezone(ZoneInfo(zone)).year:
            found[programme, year].add(call_id)
    return dict(sorted(found.items(), key=lambda one: (-one[0][1], one[0][0].name)))


def evaluators(call_ids: Iterable[int]) -> Select[str]:
    """Names of everybody who evaluated in some calls, each once; nothing says in which, or what."""
    return (
        select(User.name)
        .distinct()
        .join(Assignment, Assignment.user_id == User.id)
        .join(Application, Application.id == Assignment.application_id)
        .where(Application.call_id.in_(call_ids), Application.state.in_(("evaluated", "informed")))
        .where(Assignment.state == "cleared")
        .order_by(User.name)
    )


def count_evaluators(call_ids: Iterable[int]) -> int:
    names = evaluators(call_ids).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(names)) or 0
