"""Questions about reports and consensus reports."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from grants.applications.models import Application, Submission
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.calls.queries import counted_for, run_by
from grants.db import Rows, db
from grants.experts.models import Assignment
from grants.experts.queries import barred_since
from grants.people.models import User
from grants.policy import ASKED, EVALUATED_STATES
from grants.reviews.models import Approval, ConsensusRemark, ConsensusReport, Report, ReportMark

VERSION_THAT_COUNTS = (Submission.application_id == Application.id) & (
    Submission.number == Application.version
)


def _application(path: Any) -> ORMOption:
    return path.options(
        joinedload(Application.call).selectinload(Call.questions),
        joinedload(Application.coordinator),
        joinedload(Application.submission),
    )


def report(public_id: str) -> Report | None:
    """One report with its expert, marks, application and submitted version."""
    return db.session.scalars(
        select(Report)
        .where(Report.public_id == public_id)
        .options(
            joinedload(Report.assignment).joinedload(Assignment.user),
            _application(joinedload(Report.application)),
            selectinload(Report.marks),
        )
    ).first()


def assignment(public_id: str) -> Assignment | None:
    """One assignment with its expert, its report, its application and submitted version."""
    return db.session.scalars(
        select(Assignment)
        .where(Assignment.public_id == public_id)
        .options(
            joinedload(Assignment.user),
            joinedload(Assignment.report).selectinload(Report.marks),
            _application(joinedload(Assignment.application)),
        )
    ).first()


def own_texts(report: Report) -> Sequence[str]:
    """The comments of the same expert on other applications."""
    return db.session.scalars(
        select(ReportMark.comment)
        .join(Report, Report.id == ReportMark.report_id)
        .join(Assignment, Assignment.id == Report.assignment_id)
        .where(
            Assignment.user_id == report.assignment.user_id, Report.id != report.id, ReportMark.comment != ""
        )
        .order_by(ReportMark.id)
    ).all()


def counting() -> ColumnElement[bool]:
    """Of reports with their assignments: those that count, since submitted by an expert whose assignment stands.

    As soon as a conflict of interest bars the expert it counts no more, whether or not an officer has ruled (T-4.3).
    """
    return and_(
        Report.state == "submitted", Assignment.state == "cleared", Assignment.scores, ~barred_since()
    )


def valid_reports(application: Application) -> Sequence[Report]:
    """The reports that count, with marks and expert."""
    return db.session.scalars(
        select(Report)
        .join(Report.assignment)
        .where(Report.application_id == application.id, counting())
        .options(contains_eager(Report.assignment).joinedload(Assignment.user), selectinload(Report.marks))
        .order_by(Assignment.id)
    ).all()


def is_barred_from_counting(application: Application) -> bool:
    """Whether a submitted report counts no more only since a conflict has come up that nobody has acted on."""
    query = (
        select(Report.id)
        .join(Report.assignment)
        .where(Report.application_id == application.id, Report.state == "submitted")
        .where(Assignment.state == "cleared", barred_since())
    )
    return db.session.scalars(query.limit(1)).first() is not None


def reports_of(application: Application) -> Sequence[Report]:
    """Every report on an application, whatever its state, with marks and expert."""
    return db.session.scalars(
        select(Report)
        .where(Report.application_id == application.id)
        .options(joinedload(Report.assignment).joinedload(Assignment.user), selectinload(Report.marks))
        .order_by(Report.assignment_id)
    ).all()


def group(application: Application) -> Sequence[Assignment]:
    """Assignments whose experts declared no conflict, the rapporteur's included, with expert and report."""
    return db.session.scalars(
        select(Assignment)
        .where(Assignment.application_id == application.id, Assignment.state == "cleared")
        .options(joinedload(Assignment.user), joinedload(Assignment.report))
        .order_by(Assignment.id)
    ).all()


def awaited(application: Application) -> Sequence[Assignment]:
    """Scoring assignments whose report has not come yet, with the expert."""
    return db.session.scalars(
        select(Assignment)
        .outerjoin(Report, Report.assignment_id == Assignment.id)
        .where(Assignment.application_id == application.id, Assignment.scores, Assignment.state.in_(ASKED))
        .where(or_(Report.id.is_(None), Report.state == "draft"))
        .options(joinedload(Assignment.user))
        .order_by(Assignment.id)
    ).all()


def _consensus() -> Select[ConsensusReport]:
    return select(ConsensusReport).options(
        _application(joinedload(ConsensusReport.application)),
        selectinload(ConsensusReport.marks),
        selectinload(ConsensusReport.approvals).joinedload(Approval.assignment).joinedload(Assignment.user),
        selectinload(ConsensusReport.remarks)
        .joinedload(ConsensusRemark.assignment)
        .joinedload(Assignment.user),
    )


def consensus(public_id: str) -> ConsensusReport | None:
    """One consensus report with marks, approvals, application and submitted version."""
    return db.session.scalars(_consensus().where(ConsensusReport.public_id == public_id)).first()


def consensus_at(application_public_id: str) -> ConsensusReport | None:
    """The consensus report at an application's address."""
    return db.session.scalars(
        _consensus().join(ConsensusReport.application).where(Application.public_id == application_public_id)
    ).first()


def consensus_of(application: Application) -> ConsensusReport | None:
    """The consensus report of an application with marks and approvals; None before it was first opened."""
    return db.session.scalars(_consensus().where(ConsensusReport.application_id == application.id)).first()


def approvals(consensus: ConsensusReport) -> list[Approval]:
    """The answers to every version of a consensus report, read anew, with assignment and expert."""
    return list(
        db.session.scalars(
            select(Approval)
            .where(Approval.consensus_id == consensus.id)
            .options(joinedload(Approval.assignment).joinedload(Assignment.user))
            .order_by(Approval.id)
        )
    )


# --- The officer's board ---------------------------------------------------------------------------------------------

PHASES = ("in_evaluation", "in_consensus", "in_panel")


@dataclass
class Progress:
    """How far one application is: individual scores by report, names of the experts who are waited for."""

    scores: list[dict[str, int]] = field(default_factory=list)
    wanted: int = 0
    waiting_for: list[str] = field(default_factory=list)


def board(call: Call, user: User, phase: str = "") -> Rows:
    """Applications of the call in evaluation, consensus or panel that `user` may see, with their consensus state."""
    return (
        select(
            Application.id, Application.public_id, Application.number, Submission.acronym,
            Application.state, ConsensusReport.state.label("consensus_state"), ConsensusReport.opened_at,
        )
        .join(Submission, VERSION_THAT_COUNTS)
        .outerjoin(ConsensusReport, ConsensusReport.application_id == Application.id)
        .where(Application.call_id == call.id, not_barred(user))
        .where(Application.state.in_((phase,) if phase in PHASES else PHASES))
        .order_by(Application.serial)
    )  # fmt: skip


def board_counts(call: Call, user: User) -> dict[str, int]:
    """Number of applications in each phase of the board."""
    counts = db.session.execute(
        select(Application.state, func.count())
        .where(Application.call_id == call.id, Application.state.in_(PHASES), not_barred(user))
        .group_by(Application.state)
    )
    return dict.fromkeys(PHASES, 0) | {state: count for state, count in counts}


def progress(rows: Iterable[Any]) -> dict[int, Progress]:
    """For the rows of a page of the board, by application id; two statements whatever their number."""
    rows = list(rows)
    ids = [row.id for row in rows]
    found: dict[int, Progress] = defaultdict(Progress)
    marks: dict[int, dict[str, int]] = defaultdict(dict)
    for report_id, criterion, points in db.session.execute(
        select(ReportMark.report_id, ReportMark.criterion, ReportMark.score)
        .join(Report, Report.id == ReportMark.report_id)
        .where(Report.application_id.in_(ids), Report.state == "submitted", ReportMark.score.is_not(None))
    ):
        assert points is not None
        marks[report_id][criterion] = points
    consensus_of_application = {row.id: row for row in rows}
    for one in db.session.execute(
        select(
            Assignment.id, Assignment.application_id, Assignment.state, Assignment.scores, Assignment.is_rapporteur,
            User.name, Report.id.label("report_id"), Report.state.label("report_state"), counting().label("counts"),
            Approval.id.label("approval_id"),
        )
        .join(User, User.id == Assignment.user_id)
        .outerjoin(Report, Report.assignment_id == Assignment.id)
        .outerjoin(ConsensusReport, ConsensusReport.application_id == Assignment.application_id)
        .outerjoin(
            Approval,
            (Approval.assignment_id == Assignment.id)
            & (Approval.consensus_id == ConsensusReport.id)
            & (Approval.version == ConsensusReport.version),
        )
        .where(Assignment.application_id.in_(ids), Assignment.state.in_(ASKED))
        .order_by(Assignment.id)
    ):  # fmt: skip
        row = consensus_of_application[one.application_id]
        line = found[one.application_id]
        if one.counts:
            line.scores.append(marks[one.report_id])
        line.wanted += one.scores
        to_report = row.state == "in_evaluation" and one.scores and one.report_state != "submitted"
        to_write = row.state == "in_consensus" and row.consensus_state == "draft" and one.is_rapporteur
        to_approve = (
            row.state == "in_consensus" and row.consensus_state == "approval" and one.counts
            and one.approval_id is None
        )  # fmt: skip
        if to_report or to_write or to_approve:
            line.waiting_for.append(one.name)
    return found


def individual_marks(call: Call, user: User) -> Sequence[Any]:
    """Marks of the reports that count, of the applications that `user` may see: who gave which score to what."""
    return db.session.execute(
        select(
            Application.number, Submission.acronym, Application.public_id, Assignment.user_id, User.name,
            ReportMark.criterion, ReportMark.score,
        )
        .join(Report, Report.id == ReportMark.report_id)
        .join(Assignment, Assignment.id == Report.assignment_id)
        .join(User, User.id == Assignment.user_id)
        .join(Application, Application.id == Report.application_id)
        .join(Submission, VERSION_THAT_COUNTS)
        .where(Application.call_id == call.id, Application.state.in_(EVALUATED_STATES), not_barred(user))
        .where(counting(), ReportMark.score.is_not(None))
        .order_by(Application.serial, Assignment.id, ReportMark.id)
    ).all()  # fmt: skip


# --- What waits for a person -----------------------------------------------------------------------------------------


def expert_tasks_of(user: User) -> Sequence[Any]:
    """What waits for this expert: reports to submit, consensus reports to write as rapporteur or else to answer.

    `task` is report, write or answer; `due_on` is the day of the person's assignment.
    """
    answered = (
        select(Approval.id)
        .where(Approval.consensus_id == ConsensusReport.id, Approval.version == ConsensusReport.version)
        .where(Approval.assignment_id == Assignment.id)
        .exists()
    )
    to_report = and_(Application.state == "in_evaluation", Report.state == "draft")
    to_write = and_(
        Application.state == "in_consensus", ConsensusReport.state == "draft", Assignment.is_rapporteur
    )
    to_answer = and_(
        Application.state == "in_consensus", ConsensusReport.state == "approval", Report.state == "submitted",
        ~answered,
    )  # fmt: skip
    return db.session.execute(
        select(
            case((to_report, "report"), (to_write, "write"), else_="answer").label("task"),
            Application.public_id, Application.number, Submission.acronym, Report.public_id.label("report_id"),
            Assignment.due_on, Call.zone,
        )
        .join(Submission, VERSION_THAT_COUNTS)
        .join(Call, Call.id == Application.call_id)
        .join(Assignment, Assignment.application_id == Application.id)
        .outerjoin(Report, Report.assignment_id == Assignment.id)
        .outerjoin(ConsensusReport, ConsensusReport.application_id == Application.id)
        .where(Assignment.user_id == user.id, Assignment.state == "cleared", not_barred(user))
        .where(run_by(user, "expert"))
        .where(or_(to_report, to_write, to_answer))
        .order_by(Assignment.due_on, Application.id)
    ).all()  # fmt: skip


def waiting_for_officers(user: Any, at: datetime) -> Select[Any]:
    """Consensus reports that the experts agreed on, for the quality check."""
    return (
        counted_for(user, literal(1))
        .join(Application, Application.call_id == Call.id)
        .join(ConsensusReport, ConsensusReport.application_id == Application.id)
        .where(Application.state == "in_consensus", ConsensusReport.state.in_(("agreed", "minority")))
        .where(not_barred(user))
    )
