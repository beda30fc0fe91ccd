"""Pages of the preparation of a grant."""

from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.finding import Finding
from grants.decisions import actions, agreement, queries, redress
from grants.decisions.forms import PreparationForm, SignatureForm
from grants.decisions.models import Decision, Preparation
from grants.decisions.views import blueprint
from grants.web import load


@blueprint.route("/applications/<public_id>/preparation", methods=["GET", "POST"])
def preparation(public_id: str) -> str | Response | tuple[str, int]:
    """From the invitation to the signature: what was done, and the second eligibility check as it would be today."""
    editing = request.method == "POST"
    one = load(queries.preparation_by(public_id), to="preparation.edit" if editing else "preparation.read")
    decided = _decision(one)
    form = PreparationForm(agreement.steps(one, decided), obj=None if editing else one)
    if not editing:
        return _preparation_page(one, decided, form)
    if form.validate():
        try:
            agreement.note(one, decided, by=current_user, days=form.days())
        except actions.Refused as refusal:
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".preparation", public_id=public_id), 303)
    return _preparation_page(one, decided, form), 422


@blueprint.post("/applications/<public_id>/preparation/signature")
def sign(public_id: str) -> Response | tuple[str, int]:
    """Note the signature of the grant agreement."""
    one = load(queries.preparation_by(public_id), to="preparation.edit")
    form, decided = SignatureForm(), _decision(one)
    if form.validate_on_submit():
        try:
            agreement.sign(one, decided, by=current_user, reason=form.reason.data or "")
        except actions.Refused as refusal:
            form.reason.errors = [_(str(refusal))]
        else:
            flash(_("The signature is noted."), "success")
            return redirect(url_for(".preparation", public_id=public_id), 303)
    steps = PreparationForm(agreement.steps(one, decided), formdata=None, obj=one)
    return _preparation_page(one, decided, steps, signature=form), 422


def _decision(one: Preparation) -> Decision:
    decided = queries.of_application(one.application.public_id)
    assert decided is not None and decided.released_at is not None
    return decided


def _preparation_page(
    one: Preparation, decided: Decision, form: PreparationForm, signature: SignatureForm | None = None
) -> str:
    assert decided.released_at is not None
    zone, is_open = ZoneInfo(one.call.zone), one.state == "open"
    sent = decided.released_at.astimezone(zone).date()
    opened = queries.first_opened(decided)
    received = redress.received_on(sent, opened.astimezone(zone).date() if opened else None)
    return render_template(
        "decisions/preparation.html", preparation=one, decision=decided, application=one.application, call=one.call,
        form=form, signature=signature or SignatureForm(formdata=None),
        checks=agreement.check(one) if is_open else one.checks,
        findings=agreement.found(one) if is_open else [Finding.from_dict(row) for row in one.findings],
        missing=agreement.missing(one, decided) if is_open else [],
        timetable=redress.timetable(received),
        grant_by=redress.time_to_grant(one.call.deadline_at.astimezone(zone).date()),
    )  # fmt: skip
