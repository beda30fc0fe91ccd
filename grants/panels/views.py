"""Pages of the panel: the chair's desk, the finding on one application, the closing, the adopted list."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.queries import by_public_id
from grants.calls.models import Call
from grants.calls.queries import by_reference
from grants.panels import actions, discussion, queries, uncertainty
from grants.panels.forms import ClosureForm, FindingForm, WhatIfForm
from grants.panels.funding import changes
from grants.panels.ranking import distribution
from grants.panels.standing import LINE_NAMES, LINE_TONES, STEP_NAMES, Entry, Standing, lines_of, standing
from grants.reviews.queries import consensus_of
from grants.web import load, paged

blueprint = Blueprint("panels", __name__)
CHART_ROWS = 40
MOST_SCORES = 500
"""Above that, expected ranks take longer than a page may; `grants rank` has no such bound."""


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Names of steps and lines, for the tables of this stage and the next."""
    return {
        "STEP_NAMES": STEP_NAMES,
        "LINE_NAMES": LINE_NAMES,
        "LINE_TONES": LINE_TONES,
        "lines_of": lines_of,
    }


@blueprint.get("/calls/<reference>/panel")
def panel(reference: str) -> str | Response:
    """The desk of the chair: everything in panel, and the ranking as it would be now."""
    call = load(by_reference(reference), to="call.panel")
    if call.panel_closed_at:
        return redirect(url_for(".ranking", reference=reference))
    now_standing = standing(call, queries.entries(call), queries.outstanding(call, current_user))
    return render_template(
        "panels/panel.html", call=call, standing=now_standing, visible=queries.visible_numbers(call, current_user),
        chart=sorted(now_standing.ranked, key=lambda place: place.cumulative)[:CHART_ROWS],
    )  # fmt: skip


@blueprint.get("/calls/<reference>/panel/discussion")
def discussed(reference: str) -> str:
    """In which order to discuss, and who leaves the room for which application."""
    call = load(by_reference(reference), to="call.panel")
    people, absent = queries.members(call), queries.absent(call)
    entries = {entry.key: entry for entry in queries.entries(call)}
    order = discussion.order(list(entries), absent)
    return render_template(
        "panels/discussion.html", call=call, order=[entries[key] for key in order], absent=absent,
        names={member.public_id: member.name for member in people}, visible=queries.visible_numbers(call, current_user),
        moves=discussion.moves(order, absent), moves_by_number=discussion.moves(list(entries), absent),
    )  # fmt: skip


@blueprint.get("/calls/<reference>/panel/what-if")
def what_if(reference: str) -> str | tuple[str, int]:
    """The list as it is beside the list with another budget or overall threshold; stored nowhere."""
    call = load(by_reference(reference), to="call.panel")
    form = WhatIfForm(request.args if request.args else None, data={
        "budget": call.budget, "threshold": Decimal(call.scheme.overall_threshold) / 100,
    })  # fmt: skip
    entries, outstanding = queries.entries(call), queries.outstanding(call, current_user)
    now_standing = other = standing(call, entries, outstanding)
    top = Decimal(call.scheme.maximum) / 100
    fits, wanted = (form.validate() if request.args else True), form.threshold.data
    if fits and wanted is not None and not (wanted.is_finite() and 0 <= wanted < top):
        form.threshold.errors = [_("Choose a threshold from 0 to below %(top)s.", top=format_decimal(top))]
        fits = False
    if fits:
        threshold = None if wanted is None else int(wanted * 100)
        other = standing(call, entries, outstanding, budget=form.budget.data, overall_threshold=threshold)
    page = render_template(
        "panels/what_if.html", call=call, form=form, standing=now_standing, other=other,
        budget=form.budget.data if fits and form.budget.data is not None else call.budget,
        rows=_side_by_side(now_standing, other), visible=queries.visible_numbers(call, current_user),
    )  # fmt: skip
    return page if fits else (page, 422)


def _side_by_side(before: Standing, after: Standing) -> list[dict[str, Any]]:
    """Each application once, in the order of the other list, with its place on both and whether its line changes."""
    places = {place.entry.key: place for place in before.places}
    changed = changes(
        {key: place.line for key, place in places.items()},
        {place.entry.key: place.line for place in after.places},
    )
    return [
        {"now": places[place.entry.key], "then": place, "changed": place.entry.key in changed}
        for place in after.places
    ]


@blueprint.get("/calls/<reference>/panel/sureness")
def sureness(reference: str) -> str:
    """How sure the line is: expected ranks from the individual totals, with their intervals. It decides nothing."""
    call = load(by_reference(reference), to="call.open_panel")
    now_standing = standing(call, queries.entries(call), queries.outstanding(call, current_user))
    scores = queries.individual_totals(call)
    visible = queries.visible_numbers(call, current_user)
    # Ranks and probabilities of the others would tell about the one that a conflict hides (rulebook 4.7).
    gaps = any(place.entry.key not in visible for place in now_standing.places) or bool(
        {number for number, _who, _points in scores} - visible
    )
    found = None if gaps else _figures(call, now_standing, scores)
    return render_template(
        "panels/sureness.html", call=call, found=found, gaps=gaps, too_many=len(scores) > MOST_SCORES,
        names={place.entry.key: place.entry.proposal.acronym or place.entry.key for place in now_standing.places},
        ranks={place.entry.key: place.rank for place in now_standing.places},
    )  # fmt: skip


def _figures(
    call: Call, now_standing: Standing, scores: Sequence[tuple[str, str, float]]
) -> uncertainty.Sureness | None:
    """Expected ranks of a panel; None where there is nothing to compare, no line of a budget, or too much."""
    if not scores or len(scores) > MOST_SCORES or call.scheme.is_first_stage:
        return None
    width = len(call.scheme.criteria) * (call.scheme.scale_max - call.scheme.scale_min) / 100
    amounts = tuple((place.entry.key, place.amount if place.rank else None) for place in now_standing.places)
    return uncertainty.of_panel(
        tuple(scores), amounts, call.budget, width, call.scheme.step / 100, call.scheme.sign < 0
    )


@blueprint.route("/applications/<public_id>/panel", methods=["GET", "POST"])
def finding(public_id: str) -> str | Response | tuple[str, int]:
    """What the panel finds on one application."""
    application = load(by_public_id(public_id), to="application.panel")
    call = application.call
    consensus = consensus_of(application)
    entry = Entry.of(
        application, consensus=consensus.scores if consensus else {}, finding=queries.finding_of(application)
    )
    form = FindingForm.of(entry, call.scheme, request.form if request.method == "POST" else None)
    shown: dict[str, Any] = {
        "application": application, "call": call, "entry": entry, "form": form, "consensus": consensus,
        "in_use": queries.aspects_in_use(call, current_user),
    }  # fmt: skip
    if not form.is_submitted():
        return render_template("panels/finding.html", **shown)
    if form.validate():
        try:
            actions.note(application, by=current_user, consensus=entry.consensus, **form.fields())
        except actions.Changed:
            stored = FindingForm.of(entry, call.scheme)
            form.version.data = stored.version.data
            form.version.raw_data = None
            return render_template("panels/finding.html", stored=stored, **shown), 409
        except actions.Refused as refusal:
            field = form[refusal.field] if refusal.field else form.reason
            field.errors = [_(str(refusal))]
        else:
            flash(_("The finding is saved. The order on this page already follows from it."), "success")
            return redirect(url_for(".panel", reference=call.reference), 303)
    return render_template("panels/finding.html", **shown), 422


@blueprint.route("/calls/<reference>/panel/closure", methods=["GET", "POST"])
def closure(reference: str) -> str | Response | tuple[str, int]:
    """The list once more, the report, and the one act that closes the panel."""
    call = load(by_reference(reference), to="call.close_panel")
    form = ClosureForm()
    status = 200
    if form.validate_on_submit():
        before = standing(call, queries.entries(call), queries.outstanding(call, current_user))
        try:
            actions.close(
                call, by=current_user, report=form.report.data or "", seen=form.seen.data or "",
                shown=_figures(call, before, queries.individual_totals(call)) if form.shown.data else None,
            )  # fmt: skip
        except actions.Changed:
            flash(
                _("Something changed since you opened this page. Please look at the list again."), "warning"
            )
            status = 409
        except actions.Refused as refusal:
            flash(_(str(refusal)), "danger")
            status = 409
        else:
            flash(_("The panel is closed and the ranked list is adopted."), "success")
            return redirect(url_for(".ranking", reference=reference), 303)
    elif form.is_submitted():
        status = 422
    now_standing = standing(call, queries.entries(call), queries.outstanding(call, current_user))
    visible = queries.visible_numbers(call, current_user)
    form.seen.data = actions.reviewed(now_standing, visible)
    form.seen.raw_data = None
    page = render_template(
        "panels/closure.html", call=call, form=form, standing=now_standing, visible=visible,
    )  # fmt: skip
    return (page, status) if status != 200 else page


@blueprint.get("/calls/<reference>/ranking")
def ranking(reference: str) -> str:
    """The adopted list, with what placed each row, the funding line and the published distribution."""
    call = load(by_reference(reference), to="call.ranking")
    adopted = queries.adopted(call)
    assert adopted is not None  # a closed panel has one
    counts, frozen = queries.line_counts(adopted), json.loads(adopted.snapshot)
    return render_template(
        "panels/ranking.html", call=call, adopted=adopted, counts=counts, report=frozen["panel_report"],
        shown=frozen.get("sureness"),
        page=paged(queries.places(adopted, current_user), sum(counts.values())),
        gaps=queries.has_gaps(adopted, current_user), chart=queries.chart(adopted, CHART_ROWS),
        buckets=distribution(queries.ranked_totals(adopted), call.scheme),
    )  # fmt: skip


def tasks(user: Any) -> list[dict[str, Any]]:
    """Panels that wait for their chair."""
    return [
        {
            "title": _("Panel of the call %(reference)s", reference=call.reference),
            "url": url_for("panels.panel", reference=call.reference),
            "meta": _("Applications in panel: %(count)s", count=count),
            "due": None,
            "tone": "info",
        }
        for call, count in (queries.open_panels(user) if user.holds("chair") else ())
    ]
