"""Pages of the release of a whole call."""

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.calls.models import Call
from grants.calls.queries import by_reference
from grants.decisions import (
    actions,
    queries,
)
from grants.decisions.forms import (
    ReleaseForm,
    StopForm,
)
from grants.decisions.outcomes import (
    count,
)
from grants.decisions.views import blueprint
from grants.panels.queries import visible_numbers
from grants.web import load


@blueprint.route("/calls/<reference>/release", methods=["GET", "POST"])
def release(reference: str) -> str | Response | tuple[str, int]:
    """How many of each outcome, to whom, what is missing; then the order, which can be stopped while it is held."""
    call = by_reference(reference)
    if request.method == "GET" and call and call.held_until:
        load(call, to="call.stop_release")
        return _held_page(call, StopForm(formdata=None))
    call = load(call, to="call.release")
    form = ReleaseForm()
    kind = request.values.get("kind", "results")
    if kind not in ("results", "gate"):
        abort(404)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            actions.order_release(call, by=current_user, kind=kind, seen=form.seen.data or "")
        except actions.Changed:
            flash(
                _("Something changed since you opened this page. Please look at the numbers again."),
                "warning",
            )
            status = 409
        except actions.Refused as refusal:
            abort(409, description=_(str(refusal)))
        else:
            return redirect(url_for(".release", reference=reference), 303)
    plan = actions.planned(call, kind)
    visible = visible_numbers(call, current_user)
    shown = [one for one in plan.decisions if one.application.number in visible]
    form.kind.data, form.seen.data, form.checked.data = kind, plan.seen_by(visible), False
    form.kind.raw_data = form.seen.raw_data = form.checked.raw_data = None
    page = render_template(
        "decisions/release.html", call=call, form=form, plan=plan, shown=shown, counts=count(shown),
        blocks=plan.blocks_for(visible, len(queries.undecided(call, current_user))),
        hidden=len(plan.decisions) - len(shown), releases=queries.releases(call),
        changed_letters=queries.changed_letters(call),
    )  # fmt: skip
    return (page, status) if status != 200 else page


@blueprint.post("/releases/<public_id>/stop")
def stop(public_id: str) -> Response | tuple[str, int]:
    """The emergency stop, while the release is held."""
    one = load(queries.release_by(public_id), to="release.stop")
    form = StopForm()
    if not form.validate_on_submit():
        return _held_page(one.call, form), 422
    actions.stop_release(one, by=current_user, reason=form.reason.data or "")
    flash(_("The release is stopped. Nothing was sent and nobody saw a result."), "success")
    return redirect(url_for(".desk", reference=one.call.reference), 303)


def _held_page(call: Call, form: StopForm) -> str:
    """What is on its way, until when, and how to stop it. Who has a conflict of interest gets no outcomes."""
    releases = queries.releases(call)
    order = next(one for one in reversed(releases) if one.state == "held")
    return render_template(
        "decisions/held.html", call=call, form=form, order=order, releases=releases,
        whole=not queries.bars_from_some(call, current_user),
    )  # fmt: skip
