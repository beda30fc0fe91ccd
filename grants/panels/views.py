"""Pages of the panel: the chair's desk, the finding on one application, the closing, the adopted list."""

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.queries import by_public_id
from grants.calls.queries import by_reference
from grants.panels import actions, queries
from grants.panels.forms import ClosureForm, FindingForm
from grants.panels.ranking import distribution
from grants.panels.standing import LINE_NAMES, LINE_TONES, STEP_NAMES, Entry, standing
from grants.reviews.queries import consensus_of
from grants.web import load, paged

blueprint = Blueprint("panels", __name__)
CHART_ROWS = 40


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Names of steps and lines, for the tables of this stage and the next."""
    return {"STEP_NAMES": STEP_NAMES, "LINE_NAMES": LINE_NAMES, "LINE_TONES": LINE_TONES}


@blueprint.get("/calls/<reference>/panel")
def panel(reference: str) -> str | Response:
    """The desk of the chair: everything in panel, and the ranking as it would be now."""
    call = load(by_reference(reference), to="call.panel")
    if call.panel_closed_at:
        return redirect(url_for(".ranking", reference=reference))
    now_standing = standing(call, queries.entries(call), queries.outstanding(call))
    return render_template(
        "panels/panel.html", call=call, standing=now_standing, visible=queries.visible_numbers(call, current_user),
        chart=now_standing.ranked[:CHART_ROWS],
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
        try:
            actions.close(call, by=current_user, report=form.report.data or "", seen=form.seen.data or "")
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
    now_standing = standing(call, queries.entries(call), queries.outstanding(call))
    form.seen.data = actions.reviewed(now_standing)
    form.seen.raw_data = None
    page = render_template(
        "panels/closure.html", call=call, form=form, standing=now_standing,
        visible=queries.visible_numbers(call, current_user),
    )  # fmt: skip
    return (page, status) if status != 200 else page


@blueprint.get("/calls/<reference>/ranking")
def ranking(reference: str) -> str:
    """The adopted list, with what placed each row, the funding line and the published distribution."""
    call = load(by_reference(reference), to="call.ranking")
    adopted = queries.adopted(call)
    assert adopted is not None  # a closed panel has one
    counts = queries.line_counts(adopted)
    return render_template(
        "panels/ranking.html", call=call, adopted=adopted, counts=counts,
        report=json.loads(adopted.snapshot)["panel_report"],
        page=paged(queries.places(adopted), sum(counts.values())), visible=queries.visible_numbers(call, current_user),
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
        for call, count in queries.open_panels(user)
        if user.holds("chair", call)
    ]
