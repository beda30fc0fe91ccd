"""Pages of the decisions: what waits, who evaluated; each other noun has a module of its own."""

from typing import Any

from flask import Blueprint, abort, render_template, url_for
from flask_babel import gettext as _

from grants import clock
from grants.decisions import queries, redress, second_check, sending  # noqa: F401 (the job of sending registers itself)
from grants.decisions.outcomes import CLEARANCES, ENDINGS, KINDS, NAMES, NOTICES, TONES
from grants.web import paged, public

blueprint = Blueprint("decisions", __name__)


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Names of outcomes."""
    return {
        "CHANGE_NAMES": KINDS, "CLEARANCES": CLEARANCES, "STATUS_NAMES": second_check.NAMES, "OUTCOME_NAMES": NAMES,
        "OUTCOME_TONES": TONES, "LETTER_NAMES": NAMES | NOTICES, "ENDINGS": ENDINGS,
    }  # fmt: skip


@blueprint.get("/evaluators")
@public
def evaluator_years() -> str:
    """Programmes and years of which the names of the experts are published."""
    return render_template("decisions/evaluator_years.html", years=queries.years_of_evaluators(clock.now()))


@blueprint.get("/evaluators/<public_id>/<int:year>")
@public
def evaluators(public_id: str, year: int) -> str:
    """The names of those who evaluated for a programme in a year, without any link to what they evaluated."""
    years = queries.years_of_evaluators(clock.now())
    programme, calls = next(
        ((programme, calls) for (programme, its), calls in years.items()
         if (programme.public_id, its) == (public_id, year)),
        (None, set[int]()),
    )  # fmt: skip
    if programme is None:
        abort(404)
    page = paged(queries.evaluators(calls), queries.count_evaluators(calls))
    return render_template("decisions/evaluators.html", programme=programme, year=year, page=page)


def tasks(user: Any) -> list[dict[str, Any]]:
    """Results for coordinators; for officers what waits for their approval or came back to them."""
    rows = []
    for one in queries.news(user, clock.now() - redress.COUNTS_AS_READ_AFTER - redress.REDRESS):
        rows.append(_task(
            _("The result of %(number)s is available", number=one.number),
            url_for("decisions.decision", public_id=one.public_id), one.acronym, "info",
        ))  # fmt: skip
    for asked in queries.requests_before(user) if user.appointments else ():
        title = _("Request for redress: %(number)s", number=asked.Redress.application.number)
        url = url_for("decisions.review", public_id=asked.Redress.public_id)
        meta = (
            _("Your committee is asked for its opinion.")
            if asked.mine
            else _("A committee of two has to be named.")
        )
        rows.append(_task(title, url, meta, "warning"))
    for change in queries.changes_to_approve(user) if user.holds("officer") else ():
        if user.holds("officer", change.call):
            title = _("Change of a decision to approve: %(number)s", number=change.application.number)
            url = url_for("decisions.proposed_change", public_id=change.public_id)
            rows.append(_task(title, url, _(KINDS[change.kind]), "warning"))
    return rows


def officer_tasks(waiting: Any) -> list[tuple[int, str, str]]:
    """Of a row of queries.waiting_for_officers: how many, what, and where."""
    reference, desk = waiting.reference, url_for("decisions.desk", reference=waiting.reference)
    return [
        (waiting.first,
         _("Decisions to approve in %(call)s: %(count)s", call=reference, count=waiting.first), desk),
        (waiting.second,
         _("Decisions sent back to you in %(call)s: %(count)s", call=reference, count=waiting.second), desk),
    ]  # fmt: skip


def _task(title: str, url: str, meta: str, tone: str) -> dict[str, Any]:
    return {"title": title, "url": url, "meta": meta, "due": None, "tone": tone}


from grants.decisions.views import (  # noqa: E402, F401 (their routes)
    changing,
    deciding,
    letters,
    preparing,
    redressing,
    releasing,
)
