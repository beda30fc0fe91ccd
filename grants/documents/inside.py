"""What the documents of an evaluation tell that stay inside: individual reports and the consensus report.

They name experts, as the pages do that they are made from; no applicant has a right to them (rulebook 7.4).
"""

from dataclasses import asdict
from typing import Any

from grants.applications.models import Application
from grants.documents import queries
from grants.reviews import consensus as consensus_verbs
from grants.reviews import queries as reviews
from grants.reviews import reactions, scoring
from grants.reviews.completeness import outside
from grants.reviews.models import Report
from grants.reviews.questions import questions_of
from grants.words import N_

STEPS = {
    "open": N_("The consensus was opened"), "circulate": N_("The text went to the experts for approval"),
    "revise": N_("The rapporteur took the text back"), "agree": N_("All agreed"),
    "record_minority": N_("The view of the minority was recorded"), "return": N_("The quality check returned it"),
    "finalise": N_("The quality check accepted it"), "restart": N_("The work began anew"),
    "wait": N_("It waited for further reports"),
}  # fmt: skip
"""Steps of a consensus report, by verb of its event; an expert's own answer stands with the answers."""


class NothingToTell(ValueError):
    """There is no document of this kind here, or not yet; the text is a sentence to translate."""


def individual(about: Application | Report, reader: Any) -> dict[str, Any]:
    """The reports on an application that count, or one expert's own (rulebook 4.2, 4.4).

    Raises:
        NothingToTell: none has been submitted.
    """
    own = about if isinstance(about, Report) else None
    application = own.application if own else about.application
    reports = [own] if own else list(reviews.valid_reports(application))
    if not reports or any(report.state != "submitted" for report in reports):
        raise NothingToTell(N_("No report that counts has been submitted yet."))
    scheme = application.call.scheme
    return {
        "application": application,
        "submission": application.submission,
        "scheme": scheme,
        "reports": reports,
        "own": own is not None,
        "questions": questions_of(application.call),
        "totals": {report.id: scoring.total(report.scores, scheme) for report in reports},
        "comments": {
            report.id: {mark.criterion: mark.comment for mark in report.marks} for report in reports
        },
        "spread": scoring.spread([report.scores for report in reports]),
    }


def individual_data(facts: dict[str, Any]) -> dict[str, Any]:
    """The reports as plain values; scores and totals are hundredths."""
    return {
        "application": facts["application"].number,
        "reports": [
            {
                "expert": report.assignment.user.name, "submitted_at": report.submitted_at.isoformat(),
                "sha256": report.sha256, "scores": report.scores, "comments": facts["comments"][report.id],
                "total": facts["totals"][report.id], "answers": report.answers, "remarks": report.remarks,
            }
            for report in facts["reports"]
        ],
    }  # fmt: skip


def consensus(application: Application, reader: Any) -> dict[str, Any]:
    """The final consensus report with what it was made from and how it came about (rulebook 4.3).

    Raises:
        NothingToTell: it is not final.
    """
    report = reviews.consensus_of(application)
    if report is None or report.state != "final":
        raise NothingToTell(N_("There is no final consensus report on this application."))
    scheme = application.call.scheme
    reports, group = reviews.valid_reports(application), reviews.group(application)
    individual_scores = [one.scores for one in reports]
    standing = {one.id for one in group}
    return {
        "application": application,
        "submission": application.submission,
        "scheme": scheme,
        "consensus": report,
        "questions": questions_of(application.call),
        "marks": {mark.criterion: mark for mark in report.marks},
        "outcome": scoring.outcome(report.scores, scheme),
        "reports": reports,
        "totals": {one.id: scoring.total(one.scores, scheme) for one in reports},
        "comments": {one.id: {mark.criterion: mark.comment for mark in one.marks} for one in reports},
        "spread": scoring.spread(individual_scores),
        "outside": outside(report.scores, individual_scores),
        "group": group,
        "sources": consensus_verbs.sources(report, reports),
        "reaction": reactions.of_application(application),
        "numbers": consensus_verbs.numbers(report, reports),
        "answered": consensus_verbs.answered(report),
        # Who has left the group since, for a conflict perhaps, is no longer named.
        "approvals": [one for one in report.approvals if one.assignment_id in standing],
        "history": queries.consensus_history(report, STEPS),
        "steps": STEPS,
    }


def consensus_data(facts: dict[str, Any]) -> dict[str, Any]:
    """The consensus report as a plain value; scores are hundredths."""
    report, marks = facts["consensus"], facts["marks"]
    return {
        "application": facts["application"].number, "version": report.version, "sha256": report.sha256,
        "finalised_at": report.finalised_at.isoformat(), "scores": report.scores, "total": facts["outcome"].total,
        "comments": {key: mark.comment for key, mark in marks.items()},
        "justifications": {key: marks[key].justification for key in sorted(facts["outside"])},
        "answers": report.answers, "minority_view": report.minority_view,
        "reaction": facts["reaction"].text if facts["reaction"] else None,
        "sources": {key: [asdict(one) for one in found] for key, found in facts["sources"].items()},
        "individual": [
            {"number": facts["numbers"][one.id], "expert": one.assignment.user.name, "scores": one.scores,
             "comments": facts["comments"][one.id]}
            for one in facts["reports"]
        ],
        "approvals": [
            {"expert": one.assignment.user.name, "version": one.version, "agrees": one.agrees, "reason": one.reason,
             "given_at": one.given_at.isoformat()}
            for one in facts["approvals"]
        ],
        "history": [
            {"at": event.at.isoformat(), "step": event.verb,
             # Why the work began anew may tell of a conflict of interest, which the group does not learn.
             "reason": (told or {}).get("reason", "") if event.verb == "return" else ""}
            for event, told in facts["history"]
        ],
    }  # fmt: skip
