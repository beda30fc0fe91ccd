"""How far the evaluators of a call agree: beside the scores, never in their place."""

from collections import defaultdict
from typing import Any

from flask import render_template
from flask_security import current_user

from grants.calls.queries import by_reference
from grants.reviews import queries, scoring
from grants.reviews.reliability import Score, agreement
from grants.reviews.views import blueprint
from grants.web import load

SHOWN = 50
"""Applications and evaluators on the page: those furthest apart."""


@blueprint.get("/calls/<reference>/agreement")
def agreements(reference: str) -> str:
    """Reliability of each criterion and of the total, each evaluator's severity, and where scores lie far apart."""
    call = load(by_reference(reference), to="call.manage")
    scheme, marks = call.scheme, queries.individual_marks(call, current_user)
    scores: dict[str, list[Score]] = defaultdict(list)
    given: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for mark in marks:
        scores[mark.criterion].append(Score(mark.number, str(mark.user_id), mark.score / 100))
        given[mark.number, str(mark.user_id)][mark.criterion] = mark.score
    totals = ((key, scoring.total(own, scheme)) for key, own in given.items())
    whole = [Score(*key, points / 100) for key, points in totals if points is not None]
    figures: list[tuple[str | None, Any]] = [
        (criterion.name, agreement(scores[criterion.id]))
        for criterion in scheme.criteria
        if scores[criterion.id]
    ]
    total = agreement(whole) if whole else None
    return render_template(
        "reviews/agreement.html", call=call, figures=figures, total=total, shown=SHOWN,
        spread=sorted(total.by_item, key=lambda item: item.lowest - item.highest)[:SHOWN] if total else [],
        reviewers=sorted(total.reviewers, key=lambda row: -abs(row.difference))[:SHOWN] if total else [],
        people={str(mark.user_id): mark.name for mark in marks}, marks={mark.number: mark for mark in marks},
    )  # fmt: skip
