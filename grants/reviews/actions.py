"""Verbs about individual evaluation reports: declare, save, submit, reopen, void (rulebook 4.2, 7.2)."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy.orm.exc import StaleDataError

from grants import clock, mail
from grants.applications.queries import hold_state
from grants.canonical import canonical, digest
from grants.db import db
from grants.experts import actions as experts
from grants.experts import queries as pool
from grants.experts.models import Assignment
from grants.people import queries as people
from grants.reviews import consensus, queries, scoring
from grants.reviews.completeness import Gap, gaps
from grants.reviews.models import Report, ReportMark
from grants.reviews.questions import questions_of, texts_of
from grants.reviews.soundness import Doubt, doubts, telling
from grants.words import N_
from grants.workflow import IllegalMove, move


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show beside the form; `gaps` say what is still to do."""

    def __init__(self, sentence: str, gaps: tuple[Gap, ...] = ()) -> None:
        super().__init__(sentence)
        self.gaps = gaps


class Unconfirmed(Unfit):
    """Something in the report is doubtful, and its author has not said that it shall stay."""


def declare_none(assignment: Assignment, *, by: Any) -> Report | None:
    """The expert declares that there is no conflict of interest; only now is a report opened.

    Whoever was invited again finds the draft that was void in between. Returns None for a rapporteur who records and
    does not score.
    """
    experts.declare_none(assignment, by=by)
    if not assignment.scores:
        return None
    if (kept := assignment.report) is not None:
        kept.reason = ""
        move(kept, "take_up", by=by)
        return cast(Report, kept)
    report = Report(
        assignment=assignment, application_id=assignment.application_id, application=assignment.application,
        state="draft", version=0, answers={}, remarks="",
        marks=[ReportMark(criterion=criterion.id, comment="") for criterion in assignment.call.scheme.criteria],
    )  # fmt: skip
    db.session.add(report)
    db.session.flush()
    return report


def declare_conflict(assignment: Assignment, *, code: str, reason: str, by: Any) -> None:
    """The expert declares a conflict, now or after weeks of work; a report written so far is void (rulebook 4.7)."""
    report, was_rapporteur = assignment.report, assignment.is_rapporteur
    _lock(assignment, report)
    experts.declare_conflict(assignment, code=code, reason=reason, by=by)
    if report is not None and report.state != "void":
        _set_aside(report, reason=reason, by=by)
    if report is not None or was_rapporteur:
        barred = assignment.application.barred_ids
        for officer in (one for one in people.officers(assignment.call) if one.id not in barred):
            mail.write(
                db.session, "conflict_declared", to=officer.email, language=officer.language, user_id=officer.id,
                call_id=assignment.call_id, occasion=f"conflict_declared:{assignment.public_id}",
                application=assignment.application,
            )  # fmt: skip


def save(
    report: Report, *, version: int, scores: Mapping[str, int], comments: Mapping[str, str],
    answers: Mapping[str, Any], remarks: str, by: Any, tab: str = "",
) -> None:  # fmt: skip
    """Save a draft, however incomplete.

    Args:
        scores: hundredths by criterion id; absent where there is none yet.
        tab: of the browser, where the page saved itself.

    Raises:
        StaleDataError: somebody saved since `version`, or it is no draft any more; nothing has changed.
    """
    _lock(report.assignment, report)
    if report.version != version or report.state != "draft":
        raise StaleDataError
    for mark in report.marks:
        mark.score, mark.comment = scores.get(mark.criterion), comments.get(mark.criterion, "")
    report.answers, report.remarks = dict(answers), remarks
    report.version += 1
    report.saved_at, report.saved_tab = clock.now(), tab
    db.session.flush()


def missing(report: Report) -> tuple[Gap, ...]:
    """What the report still lacks before it may be submitted."""
    comments = {mark.criterion: mark.comment for mark in report.marks}
    return gaps(report.scores, comments, report.answers, report.call.scheme, questions_of(report.call))


def doubtful(report: Report) -> tuple[Doubt, ...]:
    """What to look at once more before the report is submitted; compared with the expert's own reports only.

    What others wrote stays out of it: a warning about their words would tell what they are (rulebook 7.4).
    """
    author = report.assignment.user
    expert = pool.expert(author)
    comments = {mark.criterion: mark.comment for mark in report.marks}
    found = doubts(report.scores, comments, report.call.scheme, others=queries.own_texts(report))
    read = texts_of(comments, report.answers, questions_of(report.call))
    return found + telling(read, [author], own=[expert.employer] if expert else [])


def submit(report: Report, *, declared: bool, confirmed: bool = False, by: Any) -> None:
    """Submit and lock the report: its text is frozen as canonical JSON with its SHA-256.

    Args:
        confirmed: the expert has looked at what was doubtful and leaves it so.

    Raises:
        Unfit: something is missing, the declaration is not ticked, or there are doubts that nobody has confirmed.
        IllegalMove: the consensus was opened just now, without this report.
    """
    _lock(report.assignment, report)
    _refuse_too_late(report)
    if lacking := missing(report):
        raise Unfit(N_("The report is not complete yet."), lacking)
    if not declared:
        raise Unfit(N_("Please tick the declaration."))
    noticed = doubtful(report)
    if noticed and not confirmed:
        raise Unconfirmed(N_("Please change the text, or confirm that it shall stay as it is."))
    report.declared, report.submitted_at = True, clock.now()
    value = _frozen(report)
    report.snapshot, report.sha256 = canonical(value).decode(), digest(value)
    move(
        report,
        "submit",
        by=by,
        sha256=report.sha256,
        left_as_is=[f"{one.code}:{one.field}" for one in noticed],
    )


def _frozen(report: Report) -> dict[str, Any]:
    """A submitted report as it is hashed; scores in hundredths."""
    assert report.submitted_at
    submission = report.application.submission
    return {
        "schema": 1,
        "report": report.public_id,
        "application": report.application.number,
        "submission": submission.sha256 if submission else None,
        "scheme": f"{report.call.scheme.id}/{report.call.scheme.version}",
        "expert": report.assignment.user.public_id,
        "marks": [
            {"criterion": mark.criterion, "score": mark.score, "comment": mark.comment}
            for mark in report.marks
        ],
        "total": scoring.total(report.scores, report.call.scheme),
        "answers": report.answers,
        "remarks": report.remarks,
        "submitted_at": report.submitted_at.isoformat(),
    }


def reopen(report: Report, *, reason: str, by: Any) -> None:
    """Give a submitted report back to its expert; what had been submitted stays with the event.

    Raises:
        IllegalMove: it was merged into the consensus just now.
    """
    _lock(report.assignment, report)
    _refuse_too_late(report)
    move(report, "reopen", by=by, reason=reason, sha256=report.sha256, snapshot=report.snapshot)
    report.declared, report.submitted_at, report.snapshot, report.sha256 = False, None, None, None
    report.reason = reason
    report.version += 1
    expert = report.assignment.user
    mail.write(
        db.session, "report_reopened", to=expert.email, language=expert.language, user_id=expert.id,
        call_id=report.call_id, occasion=f"report_reopened:{report.public_id}:{report.version}", report=report,
        reason=reason,
    )  # fmt: skip


def void(report: Report, *, reason: str, conflict: str = "", by: Any) -> None:
    """An officer takes a report out of the count, its assignment with it; the text is kept for audit (T-4.3).

    Args:
        conflict: code of the conflict of interest that was found, D1 to P3; empty for any other reason.
    """
    _lock(report.assignment, report)
    if conflict:
        experts.enter_conflict(
            report.application, report.assignment.user, code=conflict, reason=reason, by=by
        )
    experts.void(report.assignment, reason=reason, by=by)
    _set_aside(report, reason=reason, by=by)


def _set_aside(report: Report, *, reason: str, by: Any) -> None:
    counted = report.state == "submitted"
    report.reason = reason
    move(report, "void", by=by, reason=reason)
    if counted:
        consensus.without(report, by=by, reason=reason)


def _refuse_too_late(report: Report) -> None:
    """The page was opened while the reports were being written; what was merged since stays as it was merged."""
    if report.application.state != "in_evaluation":
        raise IllegalMove(f"no report changes while its application is {report.application.state}")


def _lock(assignment: Assignment, report: Report | None) -> None:
    """Two requests about one application follow each other, also where the database lets both begin."""
    hold_state(assignment.application)
    db.session.refresh(assignment, ["state"])
    if report is not None:
        db.session.refresh(report, ["version", "state"])
