"""Pages about experts: pool and assignments, conflicts of interest, answers to invitations; and what waits for whom."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from grants import clock
from grants.calls.models import Call
from grants.experts import queries
from grants.experts.conflicts import CODES, RULES
from grants.experts.models import Assignment
from grants.web import may

blueprint = Blueprint("experts", __name__)


@blueprint.app_template_global("conflict_text")
def conflict_text(code: str) -> str:
    """A situation of rulebook 4.7 in plain words."""
    return _(CODES[code])


@blueprint.app_template_global("found_text")
def found_text(found: Any) -> str:
    """What a rule found, or what a person wrote."""
    detail = getattr(found, "detail", None) or found.reason
    return _(RULES[found.rule], detail=detail) if found.rule else detail


def end_of(assignment: Assignment) -> datetime | None:
    """The end of the day on which the report is due, where the call is."""
    if assignment.due_on is None:
        return None
    return datetime.combine(assignment.due_on, time(23, 59, 59), ZoneInfo(assignment.call.zone)).astimezone(
        UTC
    )


def tasks(user: Any) -> list[dict[str, Any]]:
    """Calls that ask what one would like to evaluate, invitations and declarations."""
    if not user.holds("expert"):
        return []
    asking = [call for call in queries.calls_to_bid_on(user, clock.now().date()) if may("call.bid", call)]
    return [
        *(_bidding_task(call) for call in asking),
        *(_own_task(assignment) for assignment in queries.unanswered(user)),
    ]


def officer_tasks(waiting: Any) -> list[tuple[int, str, str]]:
    """Of a row of queries.waiting_for_officers: how many, what, and where."""
    too_few, to_rule = waiting.first, waiting.second
    matrix = url_for("experts.matrix", reference=waiting.reference)
    return [
        (too_few, ngettext("Find experts for %(num)s application", "Find experts for %(num)s applications", too_few),
         matrix),
        (to_rule, ngettext("Rule on conflicts of interest in %(num)s application",
                           "Rule on conflicts of interest in %(num)s applications", to_rule), matrix),
    ]  # fmt: skip


def _bidding_task(call: Call) -> dict[str, Any]:
    return {
        "title": _("Say what you would like to evaluate"), "url": url_for("experts.bids", reference=call.reference),
        "meta": call.title, "due": call.bids_end_at, "tone": "info",
    }  # fmt: skip


def _own_task(assignment: Assignment) -> dict[str, Any]:
    application = assignment.application
    assert application.submission is not None
    acronym = application.submission.acronym
    return {
        "title": _("Accept or decline the evaluation of %(acronym)s", acronym=acronym)
        if assignment.state == "invited"
        else _("Declare your interests in %(acronym)s", acronym=acronym),
        "url": url_for("experts.assignment", public_id=assignment.public_id),
        "meta": application.call.title,
        "due": end_of(assignment),
        "tone": "info",
    }


from grants.experts.views import answering, assigning, bidding, conflicts, grouping  # noqa: E402, F401  (routes hang on the blueprint)
