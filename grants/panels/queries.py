"""Questions before and after the panel: the applications with all that ranks them, and the adopted list."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from grants import clock
from grants.applications.models import Application, Submission
from grants.applications.queries import not_barred
from grants.applications.shown import coordinator_to
from grants.calls.models import Call
from grants.calls.queries import run_by
from grants.db import Rows, db
from grants.experts.models import Assignment, Conflict
from grants.panels.models import Draw, PanelFinding, RankedList, RankedRow
from grants.panels.standing import Entry
from grants.people.models import Appointment, User
from grants.reviews import scoring
from grants.reviews.models import ConsensusReport, Report, ReportMark
from grants.reviews.queries import counting

BEFORE_PANEL = ("submitted", "reopened", "eligibility", "admitted", "in_evaluation", "in_consensus")
"""States from which an application may still come to the panel: while one stands there, the panel cannot close."""


PANEL_AND_LATER = ("in_panel", "evaluated", "informed")


def finding_of(application: Application) -> PanelFinding | None:
    """What the panel has added to one application."""
    return db.session.scalars(
        select(PanelFinding)
        .options(joinedload(PanelFinding.application).joinedload(Application.call))
        .where(PanelFinding.application_id == application.id)
    ).first()


def entries(call: Call) -> list[Entry]:
    """Every application in panel, by number, with its frozen proposal, consensus, individual scores and finding."""
    in_panel = (Application.call_id == call.id) & (Application.state == "in_panel")
    applications = db.session.scalars(
        select(Application)
        .options(joinedload(Application.submission))
        .where(in_panel)
        .order_by(Application.serial)
    ).all()
    consensus = {
        report.application_id: report.scores
        for report in db.session.scalars(
            select(ConsensusReport)
            .join(ConsensusReport.application)
            .options(selectinload(ConsensusReport.marks))
            .where(in_panel, ConsensusReport.state == "final")
        )
    }
    findings = {
        finding.application_id: finding
        for finding in db.session.scalars(select(PanelFinding).join(PanelFinding.application).where(in_panel))
    }
    individual: dict[int, list[dict[str, int]]] = {}
    waiting = set[int]()
    is_barred_so_far = exists().where(
        Conflict.application_id == Report.application_id, Conflict.user_id == Assignment.user_id,
        Conflict.status == "suggested", Conflict.code.startswith("D"),
    )  # fmt: skip
    for report, waits in db.session.execute(
        select(Report, is_barred_so_far)
        .join(Report.application)
        .join(Report.assignment)
        .options(selectinload(Report.marks))
        .where(in_panel, Report.state == "submitted", Assignment.state == "cleared", Assignment.scores)
    ):
        individual.setdefault(report.application_id, []).append(report.scores)
        if waits:
            waiting.add(report.application_id)
    return [
        Entry.of(
            application,
            consensus=consensus.get(application.id, {}),
            individual=individual.get(application.id, []),
            finding=findings.get(application.id),
            waits_for_ruling=application.id in waiting,
        )
        for application in applications
    ]


def individual_totals(call: Call) -> list[tuple[str, str, float]]:
    """Totals by the call's scheme of the reports that count on applications in panel: number, who, points.

    They are on the call's scale, with the weights of its criteria. A report without a score on every criterion has no
    total.
    """
    rows = db.session.execute(
        select(Application.number, Assignment.user_id, ReportMark.criterion, ReportMark.score)
        .join(Report, Report.id == ReportMark.report_id)
        .join(Assignment, Assignment.id == Report.assignment_id)
        .join(Application, Application.id == Report.application_id)
        .where(Application.call_id == call.id, Application.state == "in_panel", counting())
        .where(ReportMark.score.is_not(None))
        .order_by(Application.serial, Report.id)
    )
    scheme, given = call.scheme, defaultdict[tuple[str, str], dict[str, int]](dict)
    for number, user_id, criterion, points in rows:
        assert points is not None
        given[number, str(user_id)][criterion] = points
    totals = ((key, scoring.total(scores, scheme)) for key, scores in given.items())
    return [(*key, points / 100) for key, points in totals if points is not None]


def outstanding(call: Call, reader: Any = None) -> dict[str, int]:
    """How many applications still are on their way to the panel, by state; before the deadline nobody counts them.

    Args:
        reader: what a conflict hides from this person is counted under "" whatever its state; None sees all.
    """
    if not call.is_closed(clock.now()):
        return {}
    state = (case((not_barred(reader), Application.state), else_="") if reader else Application.state).label(
        "state"
    )
    rows = db.session.execute(
        select(state, func.count())
        .where(Application.call_id == call.id, Application.version > 0, Application.state.in_(BEFORE_PANEL))
        .group_by(state)
        .order_by(state)
    )
    return {state: count for state, count in rows}


def visible_numbers(call: Call, user: Any, *, as_member: bool = False) -> frozenset[str]:
    """Numbers of the call's applications from which no conflict bars the person.

    Args:
        as_member: for one of the experts: the SQL of "application.read".
    """
    query = select(Application.number).where(Application.call_id == call.id, not_barred(user))
    return frozenset(db.session.scalars(query.where(_follows(user)) if as_member else query))


def _follows(user: Any) -> ColumnElement[bool]:
    """What one of the experts reads of a panel: what they evaluate, and others where nothing is suspected."""
    evaluated = select(Assignment.application_id).where(
        Assignment.user_id == user.id, Assignment.state == "cleared"
    )
    suspected = select(Conflict.application_id).where(
        Conflict.user_id == user.id, Conflict.status != "overruled"
    )
    return or_(
        Application.id.in_(evaluated),
        Application.panel_screened_at.is_not(None) & Application.id.not_in(suspected),
    )


def members(call: Call) -> Sequence[User]:
    """The people of the panel: the call's chair and the experts who have declared no conflict for an application."""
    chairs = select(Appointment.user_id).where(Appointment.call_id == call.id, Appointment.role == "chair")
    experts = (
        select(Assignment.user_id)
        .join(Application, Assignment.application_id == Application.id)
        .where(Application.call_id == call.id, Assignment.state == "cleared")
    )
    return db.session.scalars(
        select(User).where(or_(User.id.in_(chairs), User.id.in_(experts))).order_by(User.name)
    ).all()


def absent(call: Call) -> dict[str, frozenset[str]]:
    """Who has to leave the room for which application: public ids of people by number (rulebook 4.7)."""
    rows = db.session.execute(
        select(Application.number, User.public_id)
        .join(User, User.id.in_([member.id for member in members(call)]))
        .where(Application.call_id == call.id, Application.state.in_(PANEL_AND_LATER), ~not_barred(User))
        .order_by(Application.serial)
    )
    found: dict[str, set[str]] = {}
    for number, person in rows:
        found.setdefault(number, set()).add(person)
    return {number: frozenset(people) for number, people in found.items()}


def names(people: Iterable[str]) -> dict[str, str]:
    """Names of people by public id, in the order of the names."""
    rows = db.session.execute(
        select(User.public_id, User.name).where(User.public_id.in_(people)).order_by(User.name)
    )
    return {public_id: name for public_id, name in rows}


def aspects_in_use(call: Call, user: Any) -> list[str]:
    """Aspects that the panel has written down so far, so that one aspect has one spelling."""
    rows = db.session.scalars(
        select(PanelFinding.aspects)
        .join(PanelFinding.application)
        .where(Application.call_id == call.id, not_barred(user))
    )
    return sorted({aspect for aspects in rows for aspect in aspects}, key=str.casefold)


# --- The adopted list ------------------------------------------------------------------------------------------------


def adopted(call: Call) -> RankedList | None:
    """The list in force: the last one that the panel adopted."""
    return db.session.scalars(
        select(RankedList).where(RankedList.call_id == call.id).order_by(RankedList.number.desc()).limit(1)
    ).first()


def places(adopted_list: RankedList, reader: Any = None) -> Rows:
    """Rows of a list in order, with what names the application and whether the reader may see it.

    What a conflict hides stands last, and `place` counts what is shown: a gap would tell the rank that it hides
    (rulebook 4.7). None sees everything.
    """
    visible = not_barred(reader) if reader else RankedRow.id.is_not(None)
    return (
        select(
            visible.label("visible"),
            func.row_number().over(partition_by=visible, order_by=RankedRow.position).label("place"),
            RankedRow.position, RankedRow.rank, RankedRow.total, RankedRow.rank_score, RankedRow.placed_by,
            RankedRow.line, RankedRow.area, RankedRow.amount, RankedRow.cumulative, RankedRow.missed, RankedRow.trace,
            Application.public_id,
            Application.number, Application.state, Submission.acronym, Submission.title,
            *coordinator_to(reader, db.session.get_one(Call, adopted_list.call_id)),
        )
        .join(Application, RankedRow.application_id == Application.id)
        .join(
            Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version)
        )
        .where(RankedRow.ranked_list_id == adopted_list.id)
        .order_by(~visible, RankedRow.position)
    )  # fmt: skip


def has_gaps(adopted_list: RankedList, user: Any) -> bool:
    """Whether a conflict hides a row of the list from the person, who then gets no sums and counts of it either."""
    hidden = exists().where(
        RankedRow.ranked_list_id == adopted_list.id,
        RankedRow.application_id == Application.id,
        ~not_barred(user),
    )
    return bool(db.session.scalar(select(hidden)))


def chart(adopted_list: RankedList, rows: int) -> Sequence[Any]:
    """The first rows of a list as money is given: public id, number, acronym, line, cumulative amount."""
    ranked = places(adopted_list).where(RankedRow.rank.is_not(None)).order_by(None)
    return db.session.execute(ranked.order_by(RankedRow.cumulative, RankedRow.position).limit(rows)).all()


def line_counts(adopted_list: RankedList) -> Mapping[str, int]:
    """How many rows stand on each side of the lines."""
    rows = db.session.execute(
        select(RankedRow.line, func.count())
        .where(RankedRow.ranked_list_id == adopted_list.id)
        .group_by(RankedRow.line)
    )
    return {line: count for line, count in rows}


def ranked_totals(adopted_list: RankedList) -> Sequence[int]:
    """Totals of all applications above the thresholds, hundredths."""
    return db.session.scalars(
        select(RankedRow.total).where(
            RankedRow.ranked_list_id == adopted_list.id, RankedRow.rank.is_not(None)
        )
    ).all()


def rows_by_application(call: Call) -> dict[int, RankedRow]:
    """Rows of the list in force, by the application's row id; empty before the panel closes."""
    in_force = adopted(call)
    if in_force is None:
        return {}
    rows = db.session.scalars(select(RankedRow).where(RankedRow.ranked_list_id == in_force.id))
    return {row.application_id: row for row in rows}


# --- Lots ------------------------------------------------------------------------------------------------------------


def draws(call: Call) -> Sequence[Draw]:
    """All draws of a call, those set aside too, the first one first."""
    return db.session.scalars(select(Draw).where(Draw.call_id == call.id).order_by(Draw.number)).all()


def draw_in_force(call: Call) -> Draw | None:
    """The draw that is fixed, drawn or taken over; there is at most one."""
    if not call.lots:
        return None
    return db.session.scalars(
        select(Draw)
        .where(Draw.call_id == call.id, Draw.state != "set_aside")
        .order_by(Draw.number.desc())
        .limit(1)
    ).first()


def draw_by(public_id: str) -> Draw | None:
    """One draw with its call."""
    return db.session.scalars(
        select(Draw).options(joinedload(Draw.call)).where(Draw.public_id == public_id)
    ).first()


def people_of(draws: Iterable[Draw]) -> dict[int, str]:
    """Names of those who took the steps of draws, by row id."""
    ids = {who for one in draws for who in (one.fixed_by_id, one.drawn_by_id, one.closed_by_id) if who}
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(ids))) if ids else ()
    return {user_id: name for user_id, name in rows}


def acronyms(call: Call) -> dict[str, str]:
    """Acronyms of the applications that came to the panel, by number."""
    rows = db.session.execute(
        select(Application.number, Submission.acronym)
        .join(
            Submission, (Submission.application_id == Application.id) & (Submission.number == Application.version)
        )
        .where(Application.call_id == call.id, Application.state.in_(PANEL_AND_LATER))
    )  # fmt: skip
    return {number: acronym for number, acronym in rows if acronym}


def hides_some(call: Call, user: Any) -> bool:
    """Whether a conflict hides an application of the panel from the person."""
    hidden = select(Application.id).where(
        Application.call_id == call.id, Application.state.in_((*PANEL_AND_LATER, "withdrawn_after_deadline")),
        ~not_barred(user),
    )  # fmt: skip
    return db.session.scalar(hidden.limit(1)) is not None


def by_number(call: Call, numbers: Iterable[str]) -> Sequence[Application]:
    """Applications of the call that are still in panel, with their call and submitted version."""
    return db.session.scalars(
        select(Application)
        .options(joinedload(Application.call), joinedload(Application.submission))
        .where(
            Application.call_id == call.id, Application.number.in_(numbers), Application.state == "in_panel"
        )
    ).all()


# --- What waits ------------------------------------------------------------------------------------------------------


def open_panels(user: Any) -> Sequence[Any]:
    """Calls whose panel is open and has applications: (call, how many).

    Those that the person chairs, and those in which they evaluate and whose applications have all come to the panel,
    counted as the person reads them.
    """
    other = aliased(Application)
    on_the_way = exists().where(other.call_id == Call.id, other.version > 0, other.state.in_(BEFORE_PANEL))
    evaluates = exists().where(
        other.call_id == Call.id, Assignment.application_id == other.id, Assignment.user_id == user.id,
        Assignment.state == "cleared",
    )  # fmt: skip
    return db.session.execute(
        select(Call, func.count(Application.id))
        .join(Application, Application.call_id == Call.id)
        .where(or_(run_by(user, "chair"), run_by(user, "expert") & evaluates & ~on_the_way & _follows(user)))
        .where(Call.panel_closed_at.is_(None), Application.state == "in_panel")
        .where(not_barred(user))
        .group_by(Call.id)
        .order_by(Call.deadline_at)
    ).all()
