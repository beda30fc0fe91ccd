"""Pages of what may still change after the release: a decision, the reserve list."""

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.calls.queries import by_reference
from grants.decisions import (
    actions,
    changes,
    letters,
    queries,
)
from grants.decisions.forms import (
    ChangeForm,
    SeenForm,
)
from grants.decisions.models import Change
from grants.decisions.views import blueprint
from grants.panels.queries import visible_numbers
from grants.web import load


@blueprint.route("/applications/<public_id>/decision/change", methods=["GET", "POST"])
def change(public_id: str) -> str | Response | tuple[str, int]:
    """Propose another decision than the one that was sent."""
    one = load(queries.of_application(public_id), to="decision.change")
    form = ChangeForm.of(one, request.form if request.method == "POST" else None)
    status = 422 if form.is_submitted() else 200
    if form.is_submitted() and form.validate():
        try:
            made = changes.propose(one, by=current_user, **form.fields())
        except actions.Changed:
            flash(_("The decision changed since you opened the page. Please look at it again."), "warning")
            form.version.data, form.version.raw_data, status = str(one.version), None, 409
        except actions.Refused as refusal:
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("The change is proposed. A second officer has to approve it."), "success")
            return redirect(url_for(".proposed_change", public_id=made.public_id), 303)
    page = render_template(
        "decisions/change.html", decision=one, application=one.application, call=one.call, form=form
    )
    return (page, status) if status != 200 else page


@blueprint.get("/changes/<public_id>")
def proposed_change(public_id: str) -> str:
    """What would change, beside what was sent; the second officer approves or drops it here."""
    return _change_page(load(queries.change_by(public_id), to="change.read"))


def _change_page(one: Change) -> str:
    return render_template(
        "decisions/proposed_change.html",
        change=one,
        decision=one.decision,
        application=one.application,
        call=one.call,
        form=SeenForm(formdata=None, seen=changes.fingerprint(one)),
    )


@blueprint.post("/changes/<public_id>/approval")
def approve_change(public_id: str) -> Response:
    """The second officer agrees: the new letter goes."""
    one = load(queries.change_by(public_id), to="change.approve")
    try:
        changes.approve(
            one, by=current_user, seen=SeenForm().seen.data or "", funder=letters.funder(current_app.config)
        )
    except actions.Changed:
        abort(
            409,
            description=_("The words of the letter changed since you opened the page. Please look again."),
        )
    except actions.Refused as refusal:
        abort(409, description=_(str(refusal)))
    flash(_("The decision is changed, and the new letter is on its way."), "success")
    return redirect(url_for(".decision", public_id=one.application.public_id), 303)


@blueprint.post("/changes/<public_id>/drop")
def drop_change(public_id: str) -> Response:
    """Leave the decision as it is."""
    one = load(queries.change_by(public_id), to="change.drop")
    changes.drop(one, by=current_user)
    flash(_("The decision stays as it is."), "success")
    return redirect(url_for(".decision", public_id=one.application.public_id), 303)


@blueprint.get("/calls/<reference>/reserve")
def reserve(reference: str) -> str:
    """The money that is free, and whom it reaches on the reserve list."""
    call = load(by_reference(reference), to="call.reserve")
    reached = changes.reached(call)
    return render_template(
        "decisions/reserve.html", call=call, rows=queries.reserve(call), free=changes.free(call),
        reached={one.id for one in reached}, visible=visible_numbers(call, current_user),
        whole=not queries.bars_from_some(call, current_user),
        held_back={one.id: changes.held_back(one) for one in reached},
    )  # fmt: skip


@blueprint.post("/calls/<reference>/reserve")
def promote(reference: str) -> Response:
    """Propose to invite whom the free money reaches."""
    call = load(by_reference(reference), to="call.promote")
    made = changes.promote(call, by=current_user)
    if made:
        flash(
            _("Proposed invitations: %(count)s. A second officer has to approve them.", count=made), "success"
        )
    else:
        flash(_("The free money reaches nobody new."), "info")
    return redirect(url_for(".reserve", reference=reference), 303)
