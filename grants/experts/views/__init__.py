"""Pages about experts: pool and assignments, conflicts of interest, answers to invitations; and what waits for whom."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from grants import clock
from grants.calls.models import Call
from grants.experts import engagements, queries
from grants.experts.balance import NAMES
from grants.experts.conflicts import CODES, RULES
from grants.experts.models import Assignment
from grants.web import day, may

blueprint = Blueprint("experts", __name__)


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Names of the shares of a balance."""
    return {"BALANCE": NAMES}


@blueprint.app_template_global("conflict_text")
def conflict_text(code: str) -> str:
    """A situation of rulebook 4.7 in plain words."""
    return _(CODES[code])


@blueprint.app_template_global("found_text")
def found_text(found: Any) -> str:
    """What a rule found, or what a person wrote, and when the tie held as far as that is known."""
    detail = getattr(found, "detail", None) or found.reason
    text = _(RULES[found.rule], detail=detail) if found.rule else detail
    since, until = (day(one) if one else "" for one in (found.since, found.until))
    if since and until:
        when = (
            _("From %(first)s until %(last)s.", first=since, last=until)
            if since != until
            else _("On %(day)s.", day=since)
        )
    else:
        when = (since and _("Since %(first)s.", first=since)) or (until and _("Until %(last)s.", last=until))
    return f"{text} {when}".strip()


def end_of(assignment: Assignment) -> datetime | None:
    """The end of the day on which the report is due, where the call is."""
    if assignment.due_on is None:
        return None
    return datetime.combine(assignment.due_on, time(23, 59, 59), ZoneInfo(assignment.call.zone)).astimezone(
        UTC
    )


def tasks(user: Any) -> list[dict[str, Any]]:
    """Terms to agree to, calls that ask what one would like to evaluate, invitations and declarations."""
    found = [
        {
            "title": _("Agree to the terms of %(reference)s, or decline", reference=one.call.reference),
            "url": url_for("experts.engagement", public_id=one.public_id),
            "meta": one.call.title,
            "due": None,
            "tone": "info",
        }
        for one in engagements.unanswered(user)
    ]
    if not user.holds("expert"):
        return found
    asking = [call for call in queries.calls_to_bid_on(user, clock.now().date()) if may("call.bid", call)]
    return [
        *found,
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


from grants.experts.views import answering, assigning, bidding, conflicts, engaging, grouping  # noqa: E402, F401  (routes hang on the blueprint)
