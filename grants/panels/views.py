"""Pages of the panel: the chair's desk, the finding on one application, the closing, the adopted list."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.queries import by_public_id
from grants.applications.shown import proposal_to
from grants.calls.deadline import instant
from grants.calls.models import Call
from grants.calls.queries import by_reference
from grants.panels import actions, discussion, drawing, queries, rerun_draw, uncertainty
from grants.panels.forms import ClosureForm, FindingForm, FixDrawForm, ReasonForm, ValueForm, WhatIfForm
from grants.panels.funding import changes
from grants.panels.models import Draw
from grants.panels.ranking import distribution
from grants.panels.standing import LINE_NAMES, LINE_TONES, STEP_NAMES, Entry, Standing, lines_of
from grants.reviews.queries import consensus_of
from grants.web import load, may, paged, score

blueprint = Blueprint("panels", __name__)
CHART_ROWS = 40
MOST_SCORES = 3000
"""They take three seconds, once. Above, expected ranks take longer than a page may; `grants rank` has no such bound."""


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
    """The desk of the chair: everything in panel, and the ranking as it would be now.

    The experts of the panel read the list once nothing is on its way to it any more, so that no other result is before
    them while they evaluate (rulebook 7.4).
    """
    call = load(by_reference(reference), to="call.panel_list")
    if call.panel_closed_at:
        return redirect(url_for(".ranking", reference=reference))
    as_member = not may("call.panel", call)
    if as_member and queries.outstanding(call):
        return render_template("panels/not_yet.html", call=call)
    now_standing = actions.present(call, current_user)
    return render_template(
        "panels/panel.html", call=call, standing=now_standing,
        visible=queries.visible_numbers(call, current_user, as_member=as_member),
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
        "budget": call.budget, "threshold": call.scheme.overall_threshold,
    })  # fmt: skip
    now_standing = other = actions.present(call, current_user)
    lowest, highest = call.scheme.minimum, call.scheme.maximum
    fits, wanted = (form.validate() if request.args else True), form.threshold.data
    if fits and wanted is not None and not lowest <= wanted <= highest:
        ends = {"lowest": score(lowest), "highest": score(highest)}
        form.threshold.errors = [_("Choose a threshold from %(lowest)s to %(highest)s.", **ends)]
        fits = False
    if fits:
        other = actions.present(call, current_user, budget=form.budget.data, overall_threshold=wanted)
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
    now_standing = actions.present(call, current_user)
    scores = queries.individual_totals(call)
    gaps = _has_gaps(now_standing, scores, queries.visible_numbers(call, current_user))
    found = None if gaps else _figures(call, now_standing, scores)
    return render_template(
        "panels/sureness.html", call=call, found=found, gaps=gaps, too_many=len(scores) > MOST_SCORES,
        names={place.entry.key: place.entry.proposal.acronym or place.entry.key for place in now_standing.places},
        ranks={place.entry.key: place.rank for place in now_standing.places},
    )  # fmt: skip


def _has_gaps(
    now_standing: Standing, scores: Sequence[tuple[str, str, float]], visible: frozenset[str]
) -> bool:
    """Ranks and probabilities of the others would tell about the one that a conflict hides (rulebook 4.7)."""
    return any(place.entry.key not in visible for place in now_standing.places) or bool(
        {number for number, _who, _points in scores} - visible
    )


def _comparable(call: Call, scores: Sequence[tuple[str, str, float]]) -> bool:
    """Whether there is something to compare, a line of a budget, and not too much for a page."""
    return 0 < len(scores) <= MOST_SCORES and not call.scheme.is_first_stage


def _figures(
    call: Call, now_standing: Standing, scores: Sequence[tuple[str, str, float]]
) -> uncertainty.Sureness | None:
    """Expected ranks of a panel; None where it is not comparable."""
    if not _comparable(call, scores):
        return None
    scheme = call.scheme
    amounts = tuple((place.entry.key, place.amount if place.rank else None) for place in now_standing.places)
    return uncertainty.of_panel(
        tuple(scores), amounts, call.budget, (scheme.maximum - scheme.minimum) / 100, scheme.total_step / 100,
        scheme.sign < 0,
    )  # fmt: skip


# --- Lots ------------------------------------------------------------------------------------------------------------


@blueprint.route("/calls/<reference>/panel/draw", methods=["GET", "POST"])
def draw(reference: str) -> str | Response | tuple[str, int]:
    """Lots between those that the evaluation cannot tell apart at the line: the group, the protocol, the next step."""
    if request.method == "GET":
        return _draw_page(load(by_reference(reference), to="call.draw"))
    call = load(by_reference(reference), to="call.fix_draw")
    _not_barred(call)
    form = FixDrawForm()
    at = _instant(form, call)
    if at is None:
        return _draw_page(call, fix=form), 422
    shown = _figures(call, actions.present(call, current_user), queries.individual_totals(call))
    try:
        drawing.fix(call, by=current_user, draws_at=at, seen=form.seen.data or "", shown=shown)
    except actions.Changed:
        flash(_("Something changed since you opened this page. Please look at the list again."), "warning")
        form.seen.data = form.seen.raw_data = None
        return _draw_page(call, fix=form), 409
    except actions.Refused as refusal:
        if not refusal.field:
            abort(409, description=_(str(refusal)))
        form[refusal.field].errors = [_(str(refusal))]
        return _draw_page(call, fix=form), 422
    flash(_("The group is fixed. Another person enters the public value once it is known."), "success")
    return redirect(url_for(".draw", reference=reference), 303)


def _instant(form: FixDrawForm, call: Call) -> datetime | None:
    """The typed local time of the call's zone as an instant; None with a message beside the field."""
    if not form.validate_on_submit() or form.draws_at.data is None:
        return None
    try:
        return instant(form.draws_at.data, call.zone)
    except ValueError as problem:
        form.draws_at.errors = [_(str(problem))]
        return None


def _not_barred(call: Call) -> None:
    """The figures of the others would tell about an application that a conflict hides (rulebook 4.7)."""
    if queries.hides_some(call, current_user):
        abort(403, description=_("You have a conflict of interest with an application of this panel."))


def _draw_page(call: Call, **forms: Any) -> str:
    gaps = queries.hides_some(call, current_user)
    draws = [] if gaps else list(queries.draws(call))
    in_force = next((one for one in reversed(draws) if one.state != "set_aside"), None)
    found = present = None
    if not gaps and in_force is None and may("call.fix_draw", call):
        present = actions.present(call, current_user)
        found = _figures(call, present, queries.individual_totals(call))
        forms.setdefault("fix", FixDrawForm(formdata=None))
        forms["fix"].seen.data = actions.reviewed(present)
    ranked = {place.entry.key for place in present.ranked} if present else set()
    return render_template(
        "panels/draw.html", call=call, gaps=gaps, draws=draws, in_force=in_force, standing=present, found=found,
        group=[one for one in found.crossing if one.item in ranked] if found else [],
        people=queries.people_of(draws), names=queries.acronyms(call) if not gaps else {},
        program=Path(rerun_draw.__file__).read_text(),
        **{"fix": None, "value": ValueForm(formdata=None), "reason": ReasonForm(formdata=None), "asked": ""} | forms,
    )  # fmt: skip


def _step(public_id: str, to: str) -> Draw:
    one: Draw = load(queries.draw_by(public_id), to=to)
    _not_barred(one.call)
    return one


@blueprint.post("/draws/<public_id>/value")
def enter_value(public_id: str) -> Response | tuple[str, int]:
    """Another person than who fixed the group enters the public value: lots are drawn."""
    one = _step(public_id, "draw.enter")
    form = ValueForm()
    if not form.validate_on_submit():
        return _draw_page(one.call, value=form), 422
    drawing.enter(one, by=current_user, value=form.value.data or "")
    flash(
        _("Lots are drawn. Another person compares the value with its source and takes the order over."),
        "success",
    )
    return redirect(url_for(".draw", reference=one.call.reference), 303)


@blueprint.post("/draws/<public_id>/<any(adoption, return, end):step>")
def end_draw(public_id: str, step: str) -> Response | tuple[str, int]:
    """The order is taken over, the value goes back to be entered again, or the draw is given up before it is known."""
    verb, action, done = {
        "adoption": (drawing.take, "draw.take", _("The order is taken over, with its reason.")),
        "return": (drawing.give_back, "draw.return", _("The value is to be entered again.")),
        "end": (drawing.set_aside, "draw.set_aside", _("The draw is set aside.")),
    }[step]
    one = _step(public_id, action)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _draw_page(one.call, reason=form, asked=step), 422
    verb(one, by=current_user, reason=form.reason.data or "")
    flash(done, "success")
    return redirect(url_for(".draw", reference=one.call.reference), 303)


@blueprint.get("/calls/<reference>/draw")
def published_draw(reference: str) -> str:
    """After the release anybody may read how lots were drawn; who took part is not told."""
    call = load(by_reference(reference), to="call.read")
    if not may("call.published_draw", call):
        abort(404)
    found = queries.draw_in_force(call)
    return render_template(
        "panels/published_draw.html", call=call, draw=found if found and found.state == "taken" else None,
        program=Path(rerun_draw.__file__).read_text(),
    )  # fmt: skip


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
        "coordinator": proposal_to(current_user, application).coordinator,
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
    now_standing, scores = actions.present(call, current_user), queries.individual_totals(call)
    visible = queries.visible_numbers(call, current_user)
    has_figures = _comparable(call, scores) and not _has_gaps(now_standing, scores, visible)
    if form.validate_on_submit() and form.shown.data and not has_figures:
        form.shown.errors = [
            _("No figures were shown: this panel has none, or a conflict of interest hides them from you.")
        ]
        status = 422
    elif form.validate_on_submit():
        try:
            actions.close(
                call, by=current_user, report=form.report.data or "", seen=form.seen.data or "",
                shown=_figures(call, now_standing, scores) if form.shown.data else None,
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
    form.seen.data = actions.reviewed(now_standing, visible)
    form.seen.raw_data = None
    page = render_template(
        "panels/closure.html", call=call, form=form, standing=now_standing, visible=visible, has_figures=has_figures,
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
        shown=frozen.get("sureness"), draws=queries.draws(call),
        given={one["number"]: one for one in frozen["inputs"] if one.get("funding_order") is not None},
        page=paged(queries.places(adopted, current_user), sum(counts.values())),
        gaps=queries.has_gaps(adopted, current_user), chart=queries.chart(adopted, CHART_ROWS),
        buckets=distribution(queries.ranked_totals(adopted), call.scheme),
    )  # fmt: skip


def tasks(user: Any) -> list[dict[str, Any]]:
    """Panels that wait for their chair, or that an expert of the panel may follow."""
    return [
        {
            "title": _("Panel of the call %(reference)s", reference=call.reference),
            "url": url_for("panels.panel", reference=call.reference),
            "meta": _("Applications in panel: %(count)s", count=count),
            "due": None,
            "tone": "info",
        }
        for call, count in (queries.open_panels(user) if user.holds("chair") or user.holds("expert") else ())
    ]
