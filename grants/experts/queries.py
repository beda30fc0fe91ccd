"""Questions about experts: the pool of a call, who evaluates what, who may not, what waits for whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased, defer, joinedload

from grants.applications.models import Application, Attachment, Partner, Researcher, Submission
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.calls.queries import closed_at, counted_for
from grants.db import Rows, db
from grants.experts.models import Assignment, Bid, Conflict, Expert, GroupProposal
from grants.people.models import Appointment, User
from grants.policy import ASKED, EVALUATED_STATES

EVALUABLE = ("admitted", *EVALUATED_STATES)


# --- The pool --------------------------------------------------------------------------------------------------------


def expert(user: Any) -> Expert | None:
    """What is known of one person as an expert."""
    return db.session.scalars(
        select(Expert).options(joinedload(Expert.user)).where(Expert.user_id == user.id)
    ).first()


def belongs(user: Any, call: Call) -> bool:
    """Whether the person belongs to the call's pool."""
    query = select(Appointment.id).filter_by(user_id=user.id, role="expert", call_id=call.id)
    return db.session.scalar(query) is not None


def pool(call: Call) -> Select[Expert]:
    """The experts of a call, by name, with their accounts."""
    return (
        select(Expert)
        .join(Expert.user)
        .join(Appointment, (Appointment.user_id == User.id) & (Appointment.role == "expert"))
        .where(Appointment.call_id == call.id)
        .options(joinedload(Expert.user))
        .order_by(User.name, User.email)
    )


def everybody(call: Call) -> Sequence[Expert]:
    """The whole pool."""
    return db.session.scalars(pool(call)).all()


def persons(call: Call) -> Sequence[User]:
    """Everybody who may have to keep away from an application of the call: its experts and all who work for it."""
    for_call = Appointment.call_id == call.id
    for_programme = (Appointment.programme_id == call.programme_id) & (Appointment.role == "officer")
    people = select(User).join(Appointment, Appointment.user_id == User.id).where(for_call | for_programme)
    return db.session.scalars(people.distinct().order_by(User.name, User.email)).all()


def count_pool(call: Call) -> int:
    query = select(func.count()).select_from(Appointment).where(Appointment.role == "expert")
    return db.session.scalar(query.where(Appointment.call_id == call.id)) or 0


def loads(call: Call) -> Mapping[int, int]:
    """Assignments of the call that each person has not declined or lost, by user id."""
    rows = db.session.execute(
        select(Assignment.user_id, func.count())
        .join(Assignment.application)
        .where(Application.call_id == call.id, Assignment.state.in_(ASKED))
        .group_by(Assignment.user_id)
    )
    return {user_id: count for user_id, count in rows}


def pages_to_read(call: Call) -> Mapping[int, int]:
    """Pages of the files of all applications that each person is asked to evaluate, by user id; as last uploaded."""
    newest = select(func.max(Attachment.id)).group_by(Attachment.application_id, Attachment.kind)
    rows = db.session.execute(
        select(Assignment.user_id, func.sum(Attachment.pages))
        .join(Assignment.application)
        .join(Attachment, Attachment.application_id == Application.id)
        .where(Application.call_id == call.id, Assignment.state.in_(ASKED), Attachment.id.in_(newest))
        .group_by(Assignment.user_id)
    )
    return {user_id: int(pages or 0) for user_id, pages in rows}


def left_to_read(user: Any) -> Mapping[int, int]:
    """Pages of the files of each application on which the person still owes a report, by row id of the application."""
    newest = select(func.max(Attachment.id)).group_by(Attachment.application_id, Attachment.kind)
    rows = db.session.execute(
        select(Application.id, func.sum(Attachment.pages))
        .join(Assignment, Assignment.application_id == Application.id)
        .outerjoin(Attachment, (Attachment.application_id == Application.id) & Attachment.id.in_(newest))
        .where(
            Assignment.user_id == user.id, Assignment.state.in_(ASKED), Assignment.scores, not_barred(user)
        )
        .where(Application.state.in_(("admitted", "in_evaluation")))
        .where(~Assignment.report.has(state="submitted"))
        .group_by(Application.id)
    )
    return {application_id: int(pages or 0) for application_id, pages in rows}


def pool_figures(call: Call) -> dict[str, Counter[str]]:
    """How the pool is composed, by country, gender and sector (rulebook 4.6)."""
    rows = db.session.execute(
        pool(call).with_only_columns(Expert.country, Expert.gender, Expert.sector).order_by(None)
    )
    return composition(rows.all())


def composition(rows: Iterable[Any]) -> dict[str, Counter[str]]:
    """Counts by country, gender and sector of anything that has the three."""
    people = list(rows)
    return {name: Counter(getattr(one, name) for one in people) for name in ("country", "gender", "sector")}


# --- Assignments -----------------------------------------------------------------------------------------------------


def _of_application(path: Any) -> Any:
    return path.options(
        joinedload(Application.call), joinedload(Application.coordinator), joinedload(Application.submission)
    )


def assignment(public_id: str) -> Assignment | None:
    """One assignment with its expert, report, application and the version that counts."""
    return db.session.scalars(
        select(Assignment)
        .options(
            joinedload(Assignment.user), joinedload(Assignment.report),
            _of_application(joinedload(Assignment.application)),
        )
        .where(Assignment.public_id == public_id)
    ).first()  # fmt: skip


def assignment_of(application: Application, user: Any) -> Assignment | None:
    """The assignment of one person to one application, whatever its state, with its report."""
    return db.session.scalars(
        select(Assignment)
        .options(joinedload(Assignment.report), joinedload(Assignment.user))
        .where(Assignment.application_id == application.id, Assignment.user_id == user.id)
    ).first()


def assignments(application: Application) -> Sequence[tuple[Assignment, Expert | None]]:
    """Everybody who was ever asked to evaluate an application, with profile and report, in the order asked."""
    rows = db.session.execute(
        select(Assignment, Expert)
        .outerjoin(Expert, Expert.user_id == Assignment.user_id)
        .options(joinedload(Assignment.user), joinedload(Assignment.report))
        .where(Assignment.application_id == application.id)
        .order_by(Assignment.id)
    )
    return [(assignment, expert) for assignment, expert in rows]


def count_evaluators(application: Application) -> int:
    """Scoring assignments that stand; void and declined ones do not count for the minimum (T-4.3)."""
    query = (
        select(func.count())
        .select_from(Assignment)
        .where(_counts(), Assignment.application_id == application.id)
    )
    return db.session.scalar(query) or 0


def _counts() -> ColumnElement[bool]:
    return Assignment.scores & Assignment.state.in_(ASKED)


def _evaluators() -> Any:
    return (
        select(func.count())
        .select_from(Assignment)
        .where(Assignment.application_id == Application.id, _counts())
        .correlate(Application)
        .scalar_subquery()
    )


def _doubtful(user: Any) -> Any:
    """Conflicts whose ruling decides something: not about the person, nor about somebody who is barred anyway."""
    other = aliased(Conflict)
    is_barred = exists().where(
        other.application_id == Conflict.application_id,
        other.user_id == Conflict.user_id,
        or_(other.status == "confirmed", (other.status == "suggested") & other.code.startswith("D")),
    )
    return (
        select(func.count())
        .select_from(Conflict)
        .where(Conflict.application_id == Application.id, Conflict.status == "suggested")
        .where(Conflict.code.startswith("P"), Conflict.user_id != user.id, ~is_barred)
        .correlate(Application)
        .scalar_subquery()
    )


def matrix(call: Call, user: Any) -> Rows:
    """Applications in evaluation with the number of their evaluators; those with too few come first."""
    evaluators = _evaluators().label("evaluators")
    return (
        select(
            Application.id, Application.public_id, Application.number, Application.state, Submission.acronym,
            Submission.title, evaluators, _doubtful(user).label("doubtful"),
        )
        .join(Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version))
        .where(Application.call_id == call.id, Application.state.in_(EVALUABLE), not_barred(user))
        .order_by(evaluators >= call.min_reviews, Application.serial)
    )  # fmt: skip


def count_matrix(call: Call, user: Any) -> int:
    query = select(func.count(Application.id)).where(
        Application.call_id == call.id, Application.state.in_(EVALUABLE), not_barred(user)
    )
    return db.session.scalar(query) or 0


def asked(application_ids: Iterable[int]) -> Mapping[int, list[Any]]:
    """Name, state and part of everybody asked, by application id: one statement for a page of the matrix."""
    rows = db.session.execute(
        select(
            Assignment.application_id,
            User.name,
            Assignment.state,
            Assignment.scores,
            Assignment.is_rapporteur,
        )
        .join(Assignment.user)
        .where(Assignment.application_id.in_(list(application_ids)))
        .order_by(Assignment.id)
    )
    by_application = defaultdict(list)
    for row in rows:
        by_application[row.application_id].append(row)
    return by_application


def of_expert(user: Any) -> Select[Assignment]:
    """A person's own assignments, what is due first on top; not those that a conflict of interest has closed."""
    return (
        select(Assignment)
        .join(Assignment.application)
        .options(
            joinedload(Assignment.report),
            joinedload(Assignment.application).options(
                joinedload(Application.call),
                joinedload(Application.submission).load_only(Submission.acronym, Submission.title),
            ),
        )
        .where(Assignment.user_id == user.id, Assignment.state != "void", not_barred(user))
        .order_by(
            Assignment.state == "declined", Assignment.due_on.is_(None), Assignment.due_on, Assignment.id
        )
    )


def count_of_expert(user: Any) -> int:
    query = select(func.count()).select_from(Assignment).join(Assignment.application)
    query = query.where(Assignment.user_id == user.id, Assignment.state != "void", not_barred(user))
    return db.session.scalar(query) or 0


def unanswered(user: Any) -> Sequence[Assignment]:
    """Assignments that wait for the person's acceptance or declaration."""
    return db.session.scalars(
        of_expert(user).where(
            Assignment.state.in_(("invited", "accepted")),
            Application.state.in_(("admitted", "in_evaluation")),
        )
    ).all()


# --- Bids ------------------------------------------------------------------------------------------------------------


def biddable(call: Call, user: Any) -> Rows:
    """Applications that wait for experts, for a member of the pool who was not asked yet, with what they said before.

    Any conflict that is written down and not overruled hides one, also one that nobody has ruled on.
    """
    in_doubt = select(Conflict.application_id).where(
        Conflict.user_id == user.id, Conflict.status != "overruled"
    )
    asked_already = select(Assignment.application_id).where(Assignment.user_id == user.id)
    return (
        select(
            Application.id, Application.public_id, Application.number, Submission.title, Submission.snapshot,
            Bid.answer,
        )
        .join(Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version))
        .outerjoin(Bid, (Bid.application_id == Application.id) & (Bid.user_id == user.id))
        .where(Application.call_id == call.id, Application.state.in_(("admitted", "in_evaluation")))
        .where(not_barred(user), Application.id.not_in(in_doubt), Application.id.not_in(asked_already))
        .order_by(Application.serial)
    )  # fmt: skip


def biddable_one(call: Call, user: Any, public_id: str) -> Any:
    """The row of one application in `biddable`, or None."""
    query = biddable(call, user).where(Application.public_id == public_id)
    return db.session.execute(query).first()


def count_biddable(call: Call, user: Any) -> int:
    of_them = biddable(call, user).with_only_columns(Application.id).order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(of_them)) or 0


def overruled(call: Call, user: Any) -> set[tuple[int, str, str, str]]:
    """Row id of the application, code, rule and reason of each conflict of a person that an officer overruled."""
    rows = db.session.execute(
        select(Conflict.application_id, Conflict.code, Conflict.rule, Conflict.reason)
        .join(Conflict.application)
        .where(Application.call_id == call.id, Conflict.user_id == user.id, Conflict.status == "overruled")
    )
    return {(application_id, code, rule, reason) for application_id, code, rule, reason in rows}


def bids(application: Application) -> Mapping[int, str]:
    """What experts said about an application, by user id."""
    rows = db.session.execute(select(Bid.user_id, Bid.answer).where(Bid.application_id == application.id))
    return {user_id: answer for user_id, answer in rows}


def bid(application_id: int, user: Any) -> Bid | None:
    return db.session.scalars(
        select(Bid).where(Bid.application_id == application_id, Bid.user_id == user.id)
    ).first()


def bids_by_expert(call: Call) -> Mapping[int, Counter[str]]:
    """How often each person said yes, maybe and no, by user id."""
    rows = db.session.execute(
        select(Bid.user_id, Bid.answer, func.count())
        .join(Application, Application.id == Bid.application_id)
        .where(Application.call_id == call.id)
        .group_by(Bid.user_id, Bid.answer)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for user_id, answer, count in rows:
        found[user_id][answer] = count
    return found


def calls_to_bid_on(user: Any, on: date) -> Sequence[Call]:
    """Calls that ask the person what they would like to evaluate, the soonest end first."""
    return db.session.scalars(
        select(Call)
        .join(Appointment, (Appointment.call_id == Call.id) & (Appointment.role == "expert"))
        .where(Appointment.user_id == user.id, Call.bids_until >= on)
        .order_by(Call.bids_until, Call.reference)
    ).all()


# --- Groups for a whole call ---------------------------------------------------------------------------------------


def to_compose(call: Call) -> Sequence[str]:
    """Public ids of the applications that experts may be invited to."""
    return db.session.scalars(
        select(Application.public_id)
        .where(Application.call_id == call.id, Application.state.in_(("admitted", "in_evaluation")))
        .order_by(Application.serial)
    ).all()


def experienced(call: Call) -> set[int]:
    """Users who evaluate or have evaluated in another call; everybody else is a newcomer (rulebook 4.6)."""
    query = select(Assignment.user_id).join(Assignment.application)
    return set(db.session.scalars(query.where(Application.call_id != call.id, Assignment.state.in_(ASKED))))


def group_proposal(public_id: str) -> GroupProposal | None:
    """One proposal with its call."""
    return db.session.scalars(
        select(GroupProposal)
        .options(joinedload(GroupProposal.call))
        .where(GroupProposal.public_id == public_id)
    ).first()


def group_proposal_by_id(row_id: int) -> GroupProposal:
    return db.session.scalars(
        select(GroupProposal).options(joinedload(GroupProposal.call)).where(GroupProposal.id == row_id)
    ).one()


def group_proposals(call: Call) -> Sequence[GroupProposal]:
    """The latest proposals of a call, the newest first."""
    query = select(GroupProposal).options(defer(GroupProposal.result)).where(GroupProposal.call_id == call.id)
    return db.session.scalars(query.order_by(GroupProposal.id.desc()).limit(10)).all()


# --- Conflicts -------------------------------------------------------------------------------------------------------


def conflict(public_id: str) -> Conflict | None:
    """One conflict with its person, its application and the version that counts."""
    return db.session.scalars(
        select(Conflict)
        .options(
            joinedload(Conflict.user), joinedload(Conflict.ruled_by),
            _of_application(joinedload(Conflict.application)),
        )
        .where(Conflict.public_id == public_id)
    ).first()  # fmt: skip


def conflicts(application: Application) -> Sequence[Conflict]:
    """All conflicts of an application, those that nobody has ruled on first."""
    return db.session.scalars(
        select(Conflict)
        .options(joinedload(Conflict.user), joinedload(Conflict.ruled_by), joinedload(Conflict.application))
        .where(Conflict.application_id == application.id)
        .order_by(Conflict.status != "suggested", Conflict.code, Conflict.id)
    ).all()


def undecided(application: Application) -> list[Conflict]:
    """Possible conflicts that somebody has to rule on before the person may be invited."""
    found = conflicts(application)
    barred = {conflict.user_id for conflict in found if conflict.bars}
    return [
        conflict for conflict in found if conflict.status == "suggested" and conflict.user_id not in barred
    ]


def conflicts_of(application: Application, user: Any) -> Sequence[Conflict]:
    """The conflicts of one person with one application, disqualifying ones first."""
    return db.session.scalars(
        select(Conflict).filter_by(application_id=application.id, user_id=user.id).order_by(Conflict.code)
    ).all()


def competing(application: Application, users: Iterable[Any]) -> Mapping[int, set[str]]:
    """Numbers of other submitted applications of the same call that people take part in, by user id (D9)."""
    found = taking_part(application.call, users)
    return {user_id: numbers - {application.number} for user_id, numbers in found.items()}


def taking_part(call: Call, users: Iterable[Any]) -> Mapping[int, set[str]]:
    """Numbers of the submitted applications of a call that people take part in, by user id.

    As coordinator, as contact of a partner by account or address, or as a researcher by ORCID.
    """
    people = {user.id: user for user in users}
    addresses = {user.email.lower(): user.id for user in people.values()}
    rivals = (
        Application.call_id == call.id,
        Application.version > 0,
        Application.state.not_in(("withdrawn", "withdrawn_after_deadline")),
    )
    found: dict[int, set[str]] = defaultdict(set)
    coordinators = select(Application.coordinator_id, Application.number).where(*rivals)
    for user_id, number in db.session.execute(coordinators.where(Application.coordinator_id.in_(people))):
        found[user_id].add(number)
    contacts = select(Partner.contact_id, Partner.contact_email, Application.number).join(Partner.application)
    contacts = contacts.where(
        *rivals, or_(Partner.contact_id.in_(people), Partner.contact_email.in_(addresses))
    )
    for contact_id, address, number in db.session.execute(contacts):
        user_id = contact_id if contact_id is not None and contact_id in people else addresses[address]
        found[user_id].add(number)
    researchers = (
        select(Expert.user_id, Application.number)
        .join(Researcher, (Researcher.orcid == Expert.orcid) & (Expert.orcid != ""))
        .join(Application, Application.id == Researcher.application_id)
        .where(*rivals, Expert.user_id.in_(people))
    )
    for user_id, number in db.session.execute(researchers):
        found[user_id].add(number)
    return found


# --- What waits for officers -----------------------------------------------------------------------------------------


def waiting_for_officers(user: Any, at: datetime) -> Select[Any]:
    """Applications with too few experts, and those with conflicts of interest to rule on."""
    short = and_(Application.state.in_(("admitted", "in_evaluation")), _evaluators() < Call.min_reviews)
    return (
        counted_for(user, case((short, 1), else_=0), case((_doubtful(user) > 0, 1), else_=0))
        .join(Application, Application.call_id == Call.id)
        .where(closed_at(at), Application.state.in_(EVALUABLE), not_barred(user))
    )
