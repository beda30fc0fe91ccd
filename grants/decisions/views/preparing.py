"""Pages of the preparation of a grant."""

from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock
from grants.decisions import (
    actions,
    afterwards,
    queries,
    redress,
)
from grants.decisions.forms import (
    PreparationForm,
    SignatureForm,
)
from grants.decisions.models import Preparation
from grants.decisions.views import blueprint
from grants.web import load


@blueprint.route("/applications/<public_id>/preparation", methods=["GET", "POST"])
def preparation(public_id: str) -> str | Response | tuple[str, int]:
    """From the invitation to the signature: what came in, and the second eligibility check as it would be today."""
    editing = request.method == "POST"
    one = load(queries.preparation_by(public_id), to="preparation.edit" if editing else "preparation.read")
    form = PreparationForm(obj=None if editing else one)
    if not editing:
        return _preparation_page(one, form)
    if not form.validate():
        return _preparation_page(one, form), 422
    afterwards.note(one, by=current_user, data_on=form.data_on.data, declaration_on=form.declaration_on.data)
    flash(_("Saved."), "success")
    return redirect(url_for(".preparation", public_id=public_id), 303)


@blueprint.post("/applications/<public_id>/preparation/signature")
def sign(public_id: str) -> Response | tuple[str, int]:
    """Note the signature of the grant agreement."""
    one = load(queries.preparation_by(public_id), to="preparation.edit")
    form, decided = SignatureForm(), queries.of_application(public_id)
    assert decided is not None
    if form.validate_on_submit():
        try:
            afterwards.sign(one, decided, by=current_user, reason=form.reason.data or "")
        except actions.Refused as refusal:
            form.reason.errors = [_(str(refusal))]
        else:
            flash(_("The signature is noted."), "success")
            return redirect(url_for(".preparation", public_id=public_id), 303)
    return _preparation_page(one, PreparationForm(formdata=None, obj=one), signature=form), 422


def _preparation_page(one: Preparation, form: PreparationForm, signature: SignatureForm | None = None) -> str:
    decided = queries.of_application(one.application.public_id)
    assert decided is not None and decided.released_at is not None
    zone = ZoneInfo(one.call.zone)
    sent = decided.released_at.astimezone(zone).date()
    opened = queries.first_opened(decided)
    received = redress.received_on(sent, opened.astimezone(zone).date() if opened else None)
    checks = afterwards.check(one, clock.now().astimezone(zone).date()) if one.state == "open" else one.checks
    return render_template(
        "decisions/preparation.html", preparation=one, decision=decided, application=one.application, call=one.call,
        form=form, signature=signature or SignatureForm(formdata=None), checks=checks,
        timetable=redress.timetable(received),
        grant_by=redress.time_to_grant(one.call.deadline_at.astimezone(zone).date()),
    )  # fmt: skip
