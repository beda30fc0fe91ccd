"""What applicants read of an evaluation: the consensus report after the panel, naming nobody (rulebook 4.5)."""

from typing import Any

from grants.reviews import scoring
from grants.reviews.questions import questions_of


def evaluation_summary(application: Any, consensus: Any, amendment: Any = None) -> dict[str, Any]:
    """The evaluation summary as a plain value for letters, documents and the canonical JSON.

    It holds neither identities nor individual scores, remarks to the funder or justifications (T-4.2). Scores and
    thresholds are hundredths, weights hundredths for ranking only, amounts euro cents. Neither rank nor
    recommendation is part of it.

    Args:
        application: with call and submission loaded.
        consensus: the consensus report with marks; its scores must be complete.
        amendment: the panel's finding, with `amended` (hundredths by criterion id); None without one.

    Raises:
        ValueError: a criterion has no valid score.
    """
    scheme = application.call.scheme
    amended = amendment.amended if amendment else {}
    scores = consensus.scores | amended
    outcome = scoring.outcome(scores, scheme)
    comments = {mark.criterion: mark.comment for mark in consensus.marks}
    proposal = application.submission.proposal
    return {
        "schema": 1,
        "call": application.call.reference,
        "topic": application.call.title,
        "action": application.call.action,
        "number": application.number,
        "acronym": proposal.acronym,
        "title": proposal.title,
        "abstract": proposal.abstract,
        "duration": proposal.duration,
        "participants": [
            {
                "name": partner.name,
                "short_name": partner.short_name,
                "country": partner.country,
                "role": partner.role,
                "total_cost": partner.budget.total if partner.is_funded else 0,
                "requested": partner.budget.requested if partner.is_funded else 0,
            }
            for partner in proposal.partners
        ],
        "requested": proposal.requested,
        "total_cost": proposal.total_cost,
        "total": outcome.total,
        "threshold": scheme.overall_threshold,
        "maximum": scheme.maximum,
        "minimum": scheme.minimum,
        "direction": scheme.direction,
        "passed": outcome.passed,
        "missed": [missed.criterion for missed in outcome.missed],
        "criteria": [
            {
                "id": criterion.id,
                "name": criterion.name,
                "score": scores[criterion.id],
                "threshold": criterion.threshold,
                "maximum": scheme.scale_max,
                "weight": criterion.rank_weight,
                "comment": comments.get(criterion.id, ""),
                "amended_by_panel": criterion.id in amended,
            }
            for criterion in scheme.criteria
        ],
        "answers": [
            {
                "number": question.number,
                "question": question.text,
                "answer": question.label(given.get("answer", "")),
                "comment": given.get("comment", ""),
            }
            for question in questions_of(application.call)
            if question.in_summary
            for given in [consensus.answers.get(question.key, {})]
        ],
    }
