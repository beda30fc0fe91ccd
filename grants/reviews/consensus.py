"""Verbs about the consensus report: open, save, discuss, circulate, approve, check, finalise (rulebook 4.3, 7.3)."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events, mail
from grants.applications.queries import hold_state
from grants.canonical import canonical, digest
from grants.db import db
from grants.experts import actions as experts
from grants.experts.models import Assignment
from grants.reviews import queries, reactions
from grants.reviews.completeness import Gap, gaps, identifying, unjustified
from grants.reviews.models import Approval, ConsensusMark, ConsensusRemark, ConsensusReport, Report
from grants.reviews.questions import questions_of, texts_of
from grants.reviews.soundness import Doubt, telling
from grants.reviews.sources import Traced, left, taken, traced
from grants.reviews.summary import evaluation_summary
from grants.words import N_
from grants.workflow import move


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show beside the form; `gaps` say what is still to do."""

    def __init__(self, sentence: str, gaps: tuple[Gap, ...] = ()) -> None:
        super().__init__(sentence)
        self.gaps = gaps


class Unconfirmed(Unfit):
    """Something in the text is doubtful, and the rapporteur has not said that it shall stay."""


# --- Opening ---------------------------------------------------------------------------------------------------------


def open_consensus(
    application: Any, *, rapporteur: Assignment | None, without_awaited: bool = False, by: Any
) -> ConsensusReport:
    """Merge the valid reports and hand them to the group: comments one after the other, scores left empty.

    Args:
        rapporteur: one of the experts of the application, who writes the consensus report.
        without_awaited: go on although experts have not submitted; their reports can then no longer come in.

    Raises:
        Unfit: too few valid reports, some still awaited, or no rapporteur.
    """
    hold_state(application)
    _refuse_barred(application)
    reports = queries.valid_reports(application)
    if len(reports) < application.call.min_reviews:
        raise Unfit(N_("There are not enough valid reports to open the consensus."))
    if queries.awaited(application) and not without_awaited:
        raise Unfit(
            N_("Some reports are still awaited. Tick the box if the consensus shall open without them.")
        )
    if application.call.reaction_days:
        reaction = reactions.of_application(application)
        if reaction is None:
            raise Unfit(N_("The applicants have not been asked for their reaction yet."))
        if reaction.is_open(clock.now()):
            raise Unfit(N_("The applicants may still react to the comments."))
    if rapporteur is None or rapporteur.state != "cleared" or rapporteur.application_id != application.id:
        raise Unfit(N_("Name a rapporteur among the experts who have declared that they have no conflict."))
    if not rapporteur.is_rapporteur:
        experts.name_rapporteur(rapporteur, by=by)
    consensus = queries.consensus_of(application)
    if consensus is None:
        consensus = ConsensusReport(
            application_id=application.id, application=application, state="draft", version=0, answers={},
            minority_view="", return_comment="", opened_at=clock.now(), approvals=[], remarks=[],
            marks=[ConsensusMark(criterion=one.id) for one in application.call.scheme.criteria],
        )  # fmt: skip
        db.session.add(consensus)
        db.session.flush()
        events.record(db.session, consensus, "open", by=by, target="draft")
    else:
        move(consensus, "open", by=by)
        consensus.opened_at = clock.now()
    _merge(consensus, reports)
    move(application, "open_consensus", by=by)
    _tell(
        consensus,
        "consensus_open",
        (one.user for one in queries.group(application)),
        rapporteur=rapporteur.user,
    )
    return consensus


def _refuse_barred(application: Any) -> None:
    """Nothing is built on the report of somebody with a conflict that nobody has ruled on yet (rulebook 4.7)."""
    if queries.is_barred_from_counting(application):
        raise Unfit(
            N_("A conflict of interest of an expert whose report counts was found. Rule on it first.")
        )


def _merge(consensus: ConsensusReport, reports: Sequence[Report]) -> None:
    """Start the text from the valid reports; no names, since the applicants will read what is left of it (T-4.2)."""
    for mark in consensus.marks:
        given = [one for report in reports for one in report.marks if one.criterion == mark.criterion]
        comments = [one.comment.strip() for one in given]
        mark.score, mark.comment, mark.justification = None, "\n\n".join(filter(None, comments)), ""
    consensus.answers = {}
    for question in questions_of(consensus.call):
        replies = [report.answers.get(question.key, {}) for report in reports]
        answers = {one.get("answer", "") for one in replies}
        comments = [one.get("comment", "").strip() for one in replies]
        # An answer on which all agree needs no discussion; any other one is the group's to find.
        agreed = answers.pop() if len(answers) == 1 else ""
        consensus.answers[question.key] = {"answer": agreed, "comment": "\n\n".join(filter(None, comments))}
    consensus.minority_view = consensus.return_comment = ""
    consensus.version += 1
    consensus.saved_at = None


# --- Writing ---------------------------------------------------------------------------------------------------------


def save(
    consensus: ConsensusReport, *, version: int, scores: Mapping[str, int], comments: Mapping[str, str],
    justifications: Mapping[str, str], answers: Mapping[str, Any], by: Any, tab: str = "",
) -> None:  # fmt: skip
    """Save the rapporteur's draft, however incomplete; every save is a new version.

    Raises:
        StaleDataError: somebody saved since `version`; nothing has changed.
    """
    _lock(consensus)
    if consensus.version != version:
        raise StaleDataError
    for mark in consensus.marks:
        mark.score, mark.comment = scores.get(mark.criterion), comments.get(mark.criterion, "")
        mark.justification = justifications.get(mark.criterion, "")
    consensus.answers = dict(answers)
    consensus.version += 1
    consensus.saved_at, consensus.saved_tab = clock.now(), tab
    db.session.flush()


def sources(consensus: ConsensusReport, reports: Sequence[Report]) -> dict[str, tuple[Traced, ...]]:
    """By criterion, from which of the valid `reports` each sentence came; of a final report what was frozen."""
    if consensus.snapshot:
        kept = json.loads(consensus.snapshot)["internal"].get("sources", {})
        return {criterion: tuple(Traced(**one) for one in found) for criterion, found in kept.items()}
    comments = _comments(reports)
    return {mark.criterion: traced(mark.comment, comments[mark.criterion]) for mark in consensus.marks}


def numbers(consensus: ConsensusReport, reports: Sequence[Report]) -> dict[int, int]:
    """By row id of a report, which expert it is where sources are told: expert 2 wrote the second one."""
    kept = json.loads(consensus.snapshot)["internal"]["reports"] if consensus.snapshot else []
    order = kept or [report.sha256 for report in reports]
    return {report.id: order.index(report.sha256) + 1 for report in reports if report.sha256 in order}


def to_take(
    consensus: ConsensusReport, reports: Sequence[Report]
) -> dict[str, list[tuple[tuple[str, bool], ...]]]:
    """By criterion and report, the sentences to take over; the flag is False where the text holds one already."""
    return {
        mark.criterion: [left(comment, mark.comment) for comment in _comments(reports)[mark.criterion]]
        for mark in consensus.marks
    }


def with_sentence(comments: Mapping[str, str], reports: Sequence[Report], wanted: str) -> dict[str, str]:
    """The comments as typed, with the sentence that was taken over: `wanted` is criterion:expert:sentence, from 1."""
    criterion, *numbers = wanted.split(":")
    given = _comments(reports).get(criterion, [])
    try:
        expert, number = map(int, numbers)
        sentence = left(given[expert - 1], "")[number - 1][0]
    except (ValueError, IndexError):
        return dict(comments)
    return {**comments, criterion: taken(comments.get(criterion, ""), sentence)}


def _comments(reports: Sequence[Report]) -> dict[str, list[str]]:
    """Comments by criterion, each list in the order of the reports."""
    found: dict[str, list[str]] = defaultdict(list)
    for report in reports:
        for mark in report.marks:
            found[mark.criterion].append(mark.comment)
    return found


def missing(consensus: ConsensusReport, reports: Sequence[Report]) -> tuple[Gap, ...]:
    """What the consensus report lacks before it may be circulated; `reports` are the valid ones, with experts."""
    scheme = consensus.call.scheme
    comments = {mark.criterion: mark.comment for mark in consensus.marks}
    justifications = {mark.criterion: mark.justification for mark in consensus.marks}
    people = [one.user for one in queries.group(consensus.application)]
    return (
        *gaps(consensus.scores, comments, consensus.answers, scheme, questions_of(consensus.call)),
        *unjustified(consensus.scores, [report.scores for report in reports], justifications, scheme),
        *identifying(_texts(consensus), people),
    )


def doubtful(consensus: ConsensusReport) -> tuple[Doubt, ...]:
    """What may tell the applicants who evaluates: to look at once more before the report is circulated."""
    return telling(_texts(consensus), [one.user for one in queries.group(consensus.application)])


def _texts(consensus: ConsensusReport) -> dict[str, str]:
    """What the applicants will read, by form field."""
    comments = {mark.criterion: mark.comment for mark in consensus.marks}
    return texts_of(comments, consensus.answers, questions_of(consensus.call))


def circulate(consensus: ConsensusReport, *, confirmed: bool = False, by: Any) -> None:
    """Ask every evaluator to approve this text; the rapporteur who has scored agrees by circulating it.

    Args:
        confirmed: the rapporteur has looked at what was doubtful and leaves it so.

    Raises:
        Unfit: something is missing, or there are doubts that nobody has confirmed.
    """
    _lock(consensus)
    reports = queries.valid_reports(consensus.application)
    if lacking := missing(consensus, reports):
        raise Unfit(N_("The consensus report is not complete yet."), lacking)
    noticed = doubtful(consensus)
    if noticed and not confirmed:
        raise Unconfirmed(N_("Please change the text, or confirm that it shall stay as it is."))
    consensus.version += 1
    left_as_is = [one.field for one in noticed]
    move(consensus, "circulate", by=by, number=consensus.version, left_as_is=left_as_is)
    own = next((report.assignment for report in reports if report.assignment.user_id == by.id), None)
    if own:
        _answer(consensus, own, agrees=True, reason="")
    _tell(
        consensus,
        "approval_wanted",
        (report.assignment.user for report in reports if report.assignment is not own),
    )
    _agree_if_all_do(consensus, reports, by=by)


def revise(consensus: ConsensusReport, *, by: Any) -> None:
    """Take the text back to change it: what was approved is no longer what will be sent (T-7.4)."""
    _lock(consensus)
    move(consensus, "revise", by=by)
    consensus.minority_view = ""


# --- Discussion ------------------------------------------------------------------------------------------------------


def discuss(
    consensus: ConsensusReport, assignment: Assignment, *, criterion: str, text: str, by: Any
) -> None:
    """One of the group says something to the others before they agree (rulebook 7.3); applicants never read it.

    Args:
        criterion: id of the criterion that it is about; empty for the report as a whole.

    Raises:
        Unfit: the text went on to the quality check just now.
    """
    _lock(consensus)
    if consensus.state not in ("draft", "approval"):
        raise Unfit(N_("The discussion of this report is closed."))
    consensus.remarks.append(
        ConsensusRemark(
            assignment_id=assignment.id, assignment=assignment, criterion=criterion, version=consensus.version,
            text=text, written_at=clock.now(),
        )
    )  # fmt: skip
    db.session.flush()
    events.record(
        db.session, consensus, "remark", by=by, number=consensus.version, criterion=criterion, text=text
    )


def discussion(consensus: ConsensusReport) -> dict[str, list[ConsensusRemark]]:
    """The remarks by criterion, "" for the report as a whole; without those of people who have left the group."""
    found: dict[str, list[ConsensusRemark]] = defaultdict(list)
    for one in consensus.remarks:
        if one.assignment.state == "cleared":
            found[one.criterion].append(one)
    return found


# --- Approval --------------------------------------------------------------------------------------------------------


def approve(
    consensus: ConsensusReport,
    assignment: Assignment,
    *,
    version: int,
    agrees: bool,
    reason: str = "",
    by: Any,
) -> None:
    """An evaluator's yes or no to the version that they read.

    Raises:
        StaleDataError: the text has changed since.
        Unfit: answered already, not one of the evaluators, or a no without a reason.
    """
    _lock(consensus)
    if consensus.version != version:
        raise StaleDataError
    reports = queries.valid_reports(consensus.application)
    if assignment.id not in {report.assignment_id for report in reports}:
        raise Unfit(N_("Only experts whose report counts answer here."))
    if assignment.id in answered(consensus):
        raise Unfit(N_("You have answered for this version already."))
    if not agrees and not reason.strip():
        raise Unfit(N_("Please say why you disagree."))
    _answer(consensus, assignment, agrees=agrees, reason=reason)
    events.record(
        db.session, consensus, "agree" if agrees else "disagree", by=by, number=version, reason=reason
    )
    _agree_if_all_do(consensus, reports, by=by)


def _answer(consensus: ConsensusReport, assignment: Assignment, *, agrees: bool, reason: str) -> None:
    consensus.approvals.append(
        Approval(
            assignment_id=assignment.id,
            assignment=assignment,
            version=consensus.version,
            agrees=agrees,
            reason=reason,
            given_at=clock.now(),
        )
    )
    db.session.flush()


def answered(consensus: ConsensusReport) -> dict[int, Approval]:
    """The answers to the present version, by row id of the assignment."""
    return {one.assignment_id: one for one in consensus.approvals if one.version == consensus.version}


def silent(consensus: ConsensusReport, reports: Sequence[Report]) -> list[Assignment]:
    """Evaluators who have not answered for the present version."""
    given = answered(consensus)
    return [report.assignment for report in reports if report.assignment_id not in given]


def _agree_if_all_do(consensus: ConsensusReport, reports: Sequence[Report], *, by: Any) -> None:
    given = answered(consensus)
    if all((one := given.get(report.assignment_id)) and one.agrees for report in reports):
        move(consensus, "agree", by=by, number=consensus.version)


def may_record_minority(consensus: ConsensusReport, reports: Sequence[Report]) -> bool:
    """Everybody has answered, somebody disagrees, and more agree than disagree."""
    given = answered(consensus)
    votes = [given[report.assignment_id].agrees for report in reports if report.assignment_id in given]
    return len(votes) == len(reports) and 0 < votes.count(False) < votes.count(True)


def record_minority(consensus: ConsensusReport, *, statement: str, by: Any) -> None:
    """Close the consensus with the majority's view; the minority's is recorded with the names that hold it (T-4.1).

    Raises:
        Unfit: no statement, somebody has not answered, or there is no majority.
    """
    _lock(consensus)
    if not statement.strip():
        raise Unfit(N_("Write down the view of the minority."))
    if not may_record_minority(consensus, queries.valid_reports(consensus.application)):
        raise Unfit(N_("A minority view is recorded when all have answered and more agree than disagree."))
    consensus.minority_view = statement
    against = [one.assignment.user.name for one in answered(consensus).values() if not one.agrees]
    move(consensus, "record_minority", by=by, statement=statement, names=against, number=consensus.version)


# --- Quality check ---------------------------------------------------------------------------------------------------


def send_back(consensus: ConsensusReport, *, comment: str, by: Any) -> None:
    """The officer's quality check asks the rapporteur for another version."""
    _lock(consensus)
    move(consensus, "return", by=by, reason=comment)
    consensus.return_comment, consensus.minority_view = comment, ""
    rapporteurs = [one.user for one in queries.group(consensus.application) if one.is_rapporteur]
    _tell(consensus, "consensus_returned", rapporteurs, comment=comment)


def finalise(consensus: ConsensusReport, *, by: Any) -> None:
    """Accept the report: freeze it as canonical JSON with its SHA-256 and send the application to the panel.

    Raises:
        Unfit: a conflict of interest of an evaluator waits for a ruling.
    """
    _lock(consensus)
    _refuse_barred(consensus.application)
    consensus.finalised_at = clock.now()
    consensus.return_comment = ""
    value = frozen(consensus)
    consensus.snapshot, consensus.sha256 = canonical(value).decode(), digest(value)
    move(consensus, "finalise", by=by, sha256=consensus.sha256)
    move(consensus.application, "send_to_panel", by=by)


def frozen(consensus: ConsensusReport) -> dict[str, Any]:
    """The final report as it is hashed: what applicants may read, and apart from it what stays inside."""
    assert consensus.finalised_at
    reports = queries.valid_reports(consensus.application)
    reaction = reactions.of_application(consensus.application)
    return {
        "schema": 1,
        "consensus": consensus.public_id,
        "version": consensus.version,
        "summary": evaluation_summary(consensus.application, consensus, None),
        "internal": {
            "answers": consensus.answers,
            "justifications": {mark.criterion: mark.justification for mark in consensus.marks},
            "minority_view": consensus.minority_view,
            "approvals": [
                {"expert": one.assignment.user.public_id, "agrees": one.agrees, "reason": one.reason}
                for one in answered(consensus).values()
            ],
            "remarks": [
                {
                    "expert": one.assignment.user.public_id,
                    "criterion": criterion,
                    "version": one.version,
                    "text": one.text,
                    "written_at": one.written_at.isoformat(),
                }
                for criterion, found in discussion(consensus).items()
                for one in found
            ],
            "reports": [report.sha256 for report in reports],
            "reaction": reaction.text if reaction else None,
            # "expert" counts in the order of "reports".
            "sources": {
                key: [asdict(one) for one in found] for key, found in sources(consensus, reports).items()
            },
        },
        "finalised_at": consensus.finalised_at.isoformat(),
    }


# --- Starting again --------------------------------------------------------------------------------------------------


def without(report: Report, *, by: Any, reason: str) -> None:
    """A report that counted is void: what was merged from it must be written anew (rulebook 4.7, T-4.3).

    With enough valid reports left the rapporteur starts again from those; with fewer, or without a rapporteur, the
    application goes back to evaluation. After the panel has closed only the record of it remains.

    The caller holds the application.
    """
    application = report.application
    consensus = queries.consensus_of(application)
    if consensus is None or application.state not in ("in_consensus", "in_panel"):
        return
    if application.state == "in_panel":
        if application.call.panel_closed_at is not None:
            return
        move(application, "back_to_consensus", by=by, reason=reason)
    group = queries.group(application)
    enough = len(queries.valid_reports(application)) >= application.call.min_reviews
    if enough and any(assignment.is_rapporteur for assignment in group):
        _keep_and_clear(consensus, "restart", by=by, reason=reason)
        rapporteurs = [one.user for one in group if one.is_rapporteur]
        _tell(consensus, "consensus_restarted", rapporteurs)
    else:
        restart(consensus, by=by, reason=reason)


def restart(consensus: ConsensusReport, *, by: Any, reason: str) -> None:
    """Send the application back to evaluation, for a further expert or a new rapporteur; the consensus waits."""
    _lock(consensus)
    _keep_and_clear(consensus, "wait", by=by, reason=reason)
    move(consensus.application, "back_to_evaluation", by=by, reason=reason)


def _keep_and_clear(consensus: ConsensusReport, name: str, *, by: Any, reason: str) -> None:
    """The text so far stays with the event; the report itself starts again from the valid reports."""
    kept = {
        "version": consensus.version,
        "marks": [
            {"criterion": one.criterion, "score": one.score, "comment": one.comment, "justification": one.justification}
            for one in consensus.marks
        ],
        "answers": consensus.answers,
        "minority_view": consensus.minority_view,
    }  # fmt: skip
    move(
        consensus, name, by=by, reason=reason, kept=kept, snapshot=consensus.snapshot, sha256=consensus.sha256
    )
    consensus.finalised_at = consensus.snapshot = consensus.sha256 = None
    _merge(consensus, queries.valid_reports(consensus.application))


def replace_rapporteur(consensus: ConsensusReport, assignment: Assignment | None, *, by: Any) -> None:
    """Name another expert of the group as rapporteur.

    Raises:
        Unfit: not an expert of this application who declared no conflict.
    """
    if (
        assignment is None
        or assignment.state != "cleared"
        or assignment.application_id != consensus.application_id
    ):
        raise Unfit(N_("Name a rapporteur among the experts who have declared that they have no conflict."))
    experts.name_rapporteur(assignment, by=by)
    _tell(consensus, "consensus_open", [assignment.user], rapporteur=assignment.user)


def _tell(consensus: ConsensusReport, template: str, people: Any, **context: Any) -> None:
    for user in people:
        mail.write(
            db.session, template, to=user.email, language=user.language, user_id=user.id, call_id=consensus.call_id,
            occasion=f"{template}:{consensus.public_id}:{consensus.version}", consensus=consensus, person=user,
            **context,
        )  # fmt: skip


def _lock(consensus: ConsensusReport) -> None:
    """Two answers at once must see each other, or nobody would notice that all have agreed."""
    hold_state(consensus.application)
    db.session.refresh(consensus, ["version", "state"])
    set_committed_value(consensus, "approvals", queries.approvals(consensus))
