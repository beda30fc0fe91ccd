"""Questions about experts: the pool of a call, who evaluates what, who may not, what waits for whom."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import aliased, contains_eager, defer, joinedload

from grants import clock
from grants.applications import proposal
from grants.applications.models import (
    Application,
    Attachment,
    Organisation,
    Partner,
    Researcher,
    Submission,
)
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.calls.queries import closed_at, counted_for, run_by
from grants.db import Rows, db
from grants.experts.balance import Member
from grants.experts.conflicts import REACHING, YEARS, Together, Traces
from grants.experts.models import UNDER_WAY, Assignment, Bid, Conflict, Engagement, Expert, GroupProposal
from grants.people.models import Appointment, User
from grants.policy import ASKED, EVALUATED_STATES

EVALUABLE = ("admitted", *EVALUATED_STATES)
IN_POOL = Engagement.state != "ended"


# --- The pool --------------------------------------------------------------------------------------------------------


def expert(user: Any) -> Expert | None:
    """What is known of one person as an expert."""
    return db.session.scalars(
        select(Expert).options(joinedload(Expert.user)).where(Expert.user_id == user.id)
    ).first()


def belongs(user: Any, call: Call) -> bool:
    """Whether the person belongs to the call's pool."""
    query = select(Engagement.id).where(Engagement.user_id == user.id, Engagement.call_id == call.id, IN_POOL)
    return db.session.scalar(query) is not None


def pool(call: Call) -> Select[Expert]:
    """The experts of a call, by name, with their accounts."""
    return (
        select(Expert)
        .join(Expert.user)
        .join(Engagement, Engagement.user_id == User.id)
        .where(Engagement.call_id == call.id, IN_POOL)
        .options(joinedload(Expert.user))
        .order_by(User.name, User.email)
    )


def everybody(call: Call) -> Sequence[Expert]:
    """Everybody of the pool who may be asked to evaluate: all but those who declined."""
    return db.session.scalars(pool(call).where(Engagement.state != "declined")).all()


def persons(call: Call) -> Sequence[User]:
    """Everybody who may have to keep away from an application of the call: its experts and all who work for it.

    Administrators too: they read the mails about applications, of whatever programme.
    """
    for_call = Appointment.call_id == call.id
    for_programme = (Appointment.programme_id == call.programme_id) & (Appointment.role == "officer")
    working = select(Appointment.user_id).where(for_call | for_programme | (Appointment.role == "admin"))
    evaluating = select(Engagement.user_id).where(Engagement.call_id == call.id, IN_POOL)
    people = select(User).where(User.id.in_(working.union(evaluating)))
    return db.session.scalars(people.order_by(User.name, User.email)).all()


def count_pool(call: Call) -> int:
    query = select(func.count()).select_from(Engagement).where(Engagement.call_id == call.id, IN_POOL)
    return db.session.scalar(query) or 0


def loads(call: Call, reader: Any = None) -> Mapping[int, int]:
    """Assignments of the call that each person has not declined or lost, by user id.

    Args:
        reader: leaves out what a conflict hides from this person, who would learn who evaluates it; None counts all.
    """
    rows = db.session.execute(
        select(Assignment.user_id, func.count())
        .join(Assignment.application)
        .where(Application.call_id == call.id, Assignment.state.in_(ASKED))
        .where(not_barred(reader) if reader else true())
        .group_by(Assignment.user_id)
    )
    return {user_id: count for user_id, count in rows}


def due_until(call: Call) -> date | None:
    """The last day on which a report of the call is due, among those that experts were asked for."""
    return db.session.scalar(
        select(func.max(Assignment.due_on))
        .join(Assignment.application)
        .where(Application.call_id == call.id, Assignment.state.in_(ASKED))
    )


def first_due(call: Call, user: Any) -> date | None:
    """The first day on which a report of the call is due that the person was asked for and has not answered."""
    return db.session.scalar(
        select(func.min(Assignment.due_on))
        .join(Assignment.application)
        .where(Application.call_id == call.id, Assignment.user_id == user.id, Assignment.state == "invited")
    )


_LIMIT = Call.rules_json["page_limit"].as_integer()
_READ = case((and_(Attachment.kind == "part_b", Attachment.pages > _LIMIT), _LIMIT), else_=Attachment.pages)
"""Pages of a file that experts read: of Part B those up to the limit of the call."""


def _newest(applications: Select[int]) -> Select[int]:
    """Row ids of the files as last uploaded, of these applications only: a funder has hundreds of thousands."""
    return (
        select(func.max(Attachment.id))
        .where(Attachment.application_id.in_(applications))
        .group_by(Attachment.application_id, Attachment.kind)
    )


def pages_to_read(call: Call, reader: Any) -> Mapping[int, int]:
    """Pages of the files of all applications that each person is asked to evaluate, by user id; as last uploaded.

    Without what a conflict hides from the reader.
    """
    newest = _newest(select(Application.id).where(Application.call_id == call.id))
    rows = db.session.execute(
        select(Assignment.user_id, func.sum(_READ))
        .join(Assignment.application)
        .join(Application.call)
        .join(Attachment, Attachment.application_id == Application.id)
        .where(Application.call_id == call.id, Assignment.state.in_(ASKED), Attachment.id.in_(newest))
        .where(not_barred(reader))
        .group_by(Assignment.user_id)
    )
    return {user_id: int(pages or 0) for user_id, pages in rows}


def hides_some(call: Call, user: Any) -> bool:
    """Whether a conflict of interest hides one of the call's applications in evaluation from the person."""
    hidden = exists().where(
        Application.call_id == call.id, Application.state.in_(EVALUABLE), ~not_barred(user)
    )
    return bool(db.session.scalar(select(hidden)))


def left_to_read(user: Any) -> Mapping[int, int]:
    """Pages of the files of each application on which the person still owes a report, by row id of the application."""
    newest = _newest(select(Assignment.application_id).where(Assignment.user_id == user.id))
    rows = db.session.execute(
        select(Application.id, func.sum(_READ))
        .join(Application.call)
        .join(Assignment, Assignment.application_id == Application.id)
        .outerjoin(Attachment, (Attachment.application_id == Application.id) & Attachment.id.in_(newest))
        .where(_shown_to(user), Assignment.state.in_(ASKED), Assignment.scores)
        .where(Application.state.in_(("admitted", "in_evaluation")))
        .where(~Assignment.report.has(state="submitted"))
        .group_by(Application.id)
    )
    return {application_id: int(pages or 0) for application_id, pages in rows}


def pool_figures(call: Call) -> dict[str, Counter[str]]:
    """How the pool is composed, by country, gender and sector (rulebook 4.6)."""
    rows = db.session.execute(
        pool(call)
        .with_only_columns(Expert.country, Expert.gender, Expert.sector)
        .where(Engagement.state != "declined")
        .order_by(None)
    )
    return composition(rows.all())


def members(call: Call, reader: Any) -> tuple[list[Member], list[Member]]:
    """The pool of a call, and those of it who are asked to evaluate, as balance looks at them (rulebook 4.6).

    Args:
        reader: what a conflict hides from this person makes nobody one of those who are asked.
    """
    known, asked = experienced(call, reader), loads(call, reader)
    everyone = [
        (one.user_id, Member(one.gender, one.country, one.sector, one.user_id not in known))
        for one in db.session.execute(
            pool(call)
            .with_only_columns(Expert.user_id, Expert.gender, Expert.country, Expert.sector)
            .where(Engagement.state != "declined")
            .order_by(None)
        )
    ]
    return [one for _user_id, one in everyone], [one for user_id, one in everyone if user_id in asked]


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


def assignment_by_id(row_id: int) -> Assignment:
    """One assignment with its expert and application."""
    return db.session.scalars(_to_screen().where(Assignment.id == row_id)).one()


def _to_screen() -> Select[Assignment]:
    return select(Assignment).options(
        joinedload(Assignment.user), _of_application(joinedload(Assignment.application))
    )


SCREENED = ("admitted", "in_evaluation", "in_consensus", "in_panel")
"""While an application stands there, a conflict that is found still changes something."""


def to_screen(user: Any) -> Sequence[Assignment]:
    """What somebody was asked to evaluate, as long as a conflict that is found still changes something."""
    return db.session.scalars(
        _to_screen()
        .join(Assignment.application)
        .where(Assignment.user_id == user.id, Assignment.state.in_(ASKED), Application.state.in_(SCREENED))
        .order_by(Assignment.id)
    ).all()


def panel_profiles(application: Application) -> Sequence[Expert]:
    """Profiles of the panel of an application: its chairs, and who evaluates others of the call but not this one."""
    here = Assignment.application_id == application.id
    asked_here = select(Assignment.user_id).where(here, Assignment.state.in_(ASKED))
    evaluates = (
        select(Assignment.user_id)
        .join(Application)
        .where(Application.call_id == application.call_id, Assignment.state == "cleared")
    )
    chairs = select(Appointment.user_id).where(
        Appointment.call_id == application.call_id, Appointment.role == "chair"
    )
    return db.session.scalars(
        select(Expert)
        .options(joinedload(Expert.user))
        .where(Expert.user_id.in_(evaluates.union(chairs)), Expert.user_id.not_in(asked_here))
        .order_by(Expert.id)
    ).all()


def barred_ids(application: Application) -> set[int]:
    """As Application.barred_ids, read anew: a conflict may have been written down just now."""
    db.session.flush()
    db.session.expire(application, ["conflicts"])
    return application.barred_ids


def barred_since() -> ColumnElement[bool]:
    """Of an assignment: a conflict of interest has come up that closes the application to the expert."""
    return exists().where(
        Conflict.application_id == Assignment.application_id, Conflict.user_id == Assignment.user_id,
        Conflict.bars,
    )  # fmt: skip


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
    """Conflicts whose ruling decides something, but for those about the person.

    Possible ones, unless something else bars the expert anyway; and disqualifying ones that were found when the expert
    had been asked already.
    """
    other = aliased(Conflict)
    is_barred = exists().where(
        other.application_id == Conflict.application_id,
        other.user_id == Conflict.user_id,
        other.bars,
    )
    is_late = exists().where(
        Assignment.application_id == Conflict.application_id, Assignment.user_id == Conflict.user_id,
        Assignment.state.in_(ASKED),
    )  # fmt: skip
    return (
        select(func.count())
        .select_from(Conflict)
        .where(Conflict.application_id == Application.id, Conflict.status == "suggested")
        .where(Conflict.user_id != user.id)
        .where(or_(Conflict.code.startswith("P") & ~is_barred, Conflict.code.startswith("D") & is_late))
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
    """A person's own assignments, what is due first on top, as far as they may be shown."""
    return (
        select(Assignment)
        .join(Assignment.application)
        .options(
            joinedload(Assignment.report),
            joinedload(Assignment.application).options(
                contains_eager(Application.call),
                joinedload(Application.submission).load_only(Submission.acronym, Submission.title),
            ),
        )
        .join(Application.call)
        .where(_shown_to(user))
        .order_by(
            Assignment.state == "declined",
            Application.state.not_in(UNDER_WAY),  # what is over comes last
            Assignment.due_on.is_(None),
            Assignment.due_on,
            Assignment.id,
        )
    )


def count_of_expert(user: Any) -> int:
    query = select(func.count()).select_from(Assignment).join(Assignment.application).join(Application.call)
    return db.session.scalar(query.where(_shown_to(user))) or 0


def _shown_to(user: Any) -> ColumnElement[bool]:
    """The person's own assignments in calls whose terms they have agreed to; not what a conflict has closed."""
    return and_(
        Assignment.user_id == user.id, Assignment.state != "void", run_by(user, "expert"), not_barred(user)
    )


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


def bids_by_expert(call: Call, reader: Any) -> Mapping[int, Counter[str]]:
    """How often each person said yes, maybe and no, by user id; without what a conflict hides from the reader."""
    rows = db.session.execute(
        select(Bid.user_id, Bid.answer, func.count())
        .join(Application, Application.id == Bid.application_id)
        .where(Application.call_id == call.id, not_barred(reader))
        .group_by(Bid.user_id, Bid.answer)
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for user_id, answer, count in rows:
        found[user_id][answer] = count
    return found


def calls_to_bid_on(user: Any, on: date) -> Sequence[Call]:
    """Calls whose terms the person has agreed to, and that ask what they would like to evaluate; soonest end first."""
    return db.session.scalars(
        select(Call)
        .where(run_by(user, "expert"), Call.bids_until >= on)
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


def experienced(call: Call, reader: Any = None) -> set[int]:
    """Users who evaluate or have evaluated in another call; everybody else is a newcomer (rulebook 4.6).

    Args:
        reader: leaves out what a conflict hides from this person; None counts all.
    """
    query = (
        select(Assignment.user_id)
        .join(Assignment.application)
        .where(not_barred(reader) if reader else true())
    )
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
    """Conflicts that somebody has to rule on; as _doubtful counts them, but for whom they are about."""
    found = conflicts(application)
    barred = {conflict.user_id for conflict in found if conflict.bars}
    asked = {one.user_id for one, _expert in assignments(application) if one.state in ASKED}
    return [
        conflict for conflict in found
        if conflict.status == "suggested"
        and (conflict.user_id in asked if conflict.bars else conflict.user_id not in barred)
    ]  # fmt: skip


def conflicts_of(application: Application, user: Any) -> Sequence[Conflict]:
    """The conflicts of one person with one application, disqualifying ones first."""
    return db.session.scalars(
        select(Conflict).filter_by(application_id=application.id, user_id=user.id).order_by(Conflict.code)
    ).all()


def competing(call: Call, users: Iterable[Any]) -> Mapping[int, set[int]]:
    """Row ids of submitted applications of the call whose rivals people may not evaluate, by user id (D9).

    Those that they take part in, and those that they are as close to by a conflict that nobody has overruled.
    """
    people = {user.id: user for user in users}
    found = _taking_part(people.values(), Application.call_id == call.id)
    close = (
        select(Conflict.user_id, Conflict.application_id)
        .join(Conflict.application)
        .where(*_SUBMITTED, Application.call_id == call.id, Conflict.user_id.in_(people))
        # A D9 that a rule found is about the other applications, not about the one that it is written at.
        .where(Conflict.code.in_(REACHING), Conflict.rule != "competing", Conflict.status != "overruled")
    )
    for user_id, application_id in db.session.execute(close):
        found[user_id].add(application_id)
    return found


def together(call: Call, users: Iterable[Any]) -> Mapping[int, tuple[Together, ...]]:
    """What people have applied with, in other calls and not long ago, by user id (P2)."""
    # A year more than counts, so that the exact day is judged in one place.
    recent = clock.now() - timedelta(days=366 * (YEARS + 1))
    mine = _taking_part(users, Application.call_id != call.id)
    wanted = {application_id for found in mine.values() for application_id in found}
    days = {
        application_id: submitted_at.date()
        for application_id, submitted_at in db.session.execute(
            select(Submission.application_id, Submission.submitted_at)
            .join(Application, Application.id == Submission.application_id)
            .where(Submission.number == Application.version, Submission.submitted_at > recent)
            .where(Application.id.in_(wanted))
        )
    }
    partners: dict[int, list[proposal.Partner]] = defaultdict(list)
    for one in db.session.execute(
        select(
            Partner.application_id, Partner.name, Partner.short_name, Partner.pic, Partner.ror, Partner.contact_name,
            Partner.contact_email,
        ).where(Partner.application_id.in_(days))
    ):  # fmt: skip
        partners[one.application_id].append(
            proposal.Partner(
                key="", name=one.name, short_name=one.short_name, pic=one.pic, ror=one.ror,
                contact_name=one.contact_name, contact_email=one.contact_email,
            )
        )  # fmt: skip
    researchers: dict[int, list[proposal.Researcher]] = defaultdict(list)
    for row in db.session.execute(
        select(
            Researcher.application_id, Researcher.first_name, Researcher.last_name, Researcher.orcid
        ).where(Researcher.application_id.in_(days))
    ):
        researchers[row.application_id].append(
            proposal.Researcher("", row.first_name, row.last_name, orcid=row.orcid)
        )
    found = {
        application_id: Together(
            day,
            Traces.of(
                proposal.Proposal(
                    call="", partners=tuple(partners[application_id]),
                    researchers=tuple(researchers[application_id]),
                )
            ),
        )
        for application_id, day in days.items()
    }  # fmt: skip
    return {
        user_id: tuple(found[one] for one in sorted(theirs) if one in found)
        for user_id, theirs in mine.items()
    }


def register(pics: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Names of organisations in the register, by participant code."""
    rows = db.session.execute(
        select(Organisation.pic, Organisation.name, Organisation.short_name).where(
            Organisation.pic.in_({pic for pic in pics if pic})
        )
    )
    return {pic: tuple(name for name in names if name) for pic, *names in rows}


_SUBMITTED = (
    Application.version > 0,
    Application.state.not_in(("withdrawn", "withdrawn_after_deadline")),
)


def _taking_part(users: Iterable[Any], *which: ColumnElement[bool]) -> dict[int, set[int]]:
    """Row ids of submitted applications that people take part in, by user id.

    As coordinator, as contact of a partner by account or address, or as a researcher by ORCID.
    """
    people = {user.id: user for user in users}
    addresses = {user.email.lower(): user.id for user in people.values()}
    submitted = (*which, *_SUBMITTED)
    found: dict[int, set[int]] = defaultdict(set)
    coordinators = select(Application.coordinator_id, Application.id).where(*submitted)
    for user_id, application_id in db.session.execute(
        coordinators.where(Application.coordinator_id.in_(people), Application.origin.is_(None))
    ):
        found[user_id].add(application_id)
    contacts = select(Partner.contact_id, Partner.contact_email, Application.id).join(Partner.application)
    contacts = contacts.where(
        *submitted, or_(Partner.contact_id.in_(people), Partner.contact_email.in_(addresses))
    )
    for contact_id, address, application_id in db.session.execute(contacts):
        user_id = contact_id if contact_id is not None and contact_id in people else addresses[address]
        found[user_id].add(application_id)
    researchers = (
        select(Expert.user_id, Application.id)
        .join(Researcher, (Researcher.orcid == Expert.orcid) & (Expert.orcid != ""))
        .join(Application, Application.id == Researcher.application_id)
        .where(*submitted, Expert.user_id.in_(people))
    )
    for user_id, application_id in db.session.execute(researchers):
        found[user_id].add(application_id)
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
