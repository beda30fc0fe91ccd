"""Pages of a request for redress: filing it, its committee, the opinion."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock
from grants.decisions import (
    actions,
    letters,
    queries,
    redress,
    redressing,
)
from grants.decisions.forms import (
    MemberForm,
    OpinionForm,
    RedressForm,
    SeenForm,
)
from grants.decisions.models import Redress
from grants.decisions.views import blueprint
from grants.web import load


@blueprint.route("/applications/<public_id>/redress", methods=["GET", "POST"])
def request_review(public_id: str) -> str | Response | tuple[str, int]:
    """The coordinator asks for a review of the procedure, until the last day."""
    one = load(queries.of_application(public_id), to="decision.redress")
    filed = queries.redress_of(one.application)
    if filed is not None and request.method == "GET":
        return redirect(url_for(".review", public_id=filed.public_id))
    form = RedressForm()
    last = redressing.window(one)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            made = redressing.file(
                one, by=current_user, grounds=form.grounds.data or [], text=form.text.data or ""
            )
        except actions.Refused as refusal:
            if not refusal.field:
                abort(409, description=_(str(refusal)))
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("Your request has been received."), "success")
            return redirect(url_for(".review", public_id=made.public_id), 303)
    page = render_template(
        "decisions/request_review.html", decision=one, application=one.application, call=one.call, form=form, last=last,
        open=clock.now().astimezone(ZoneInfo(one.call.zone)).date() <= last,
    )  # fmt: skip
    return (page, status) if status != 200 else page


@blueprint.get("/reviews/<public_id>")
def review(public_id: str) -> str:
    """One request: for the coordinator, the staff and its committee."""
    return _review_page(load(queries.redress_by(public_id), to="redress.read"))


def _review_page(one: Redress, **forms: Any) -> str:
    """Who made up the committee stays inside the house."""
    member = MemberForm(formdata=None) if "member" not in forms else forms["member"]
    opinion = forms.get("opinion") or OpinionForm(
        formdata=None, outcome=one.proposed_outcome or None, opinion=one.proposed_opinion
    )
    confirmation = SeenForm(formdata=None, seen=redressing.fingerprint(one))
    return render_template(
        "decisions/review.html", redress=one, application=one.application, call=one.call, member=member,
        opinion=opinion, confirmation=confirmation, evaluated=bool(one.application.evaluator_ids),
        REDRESS_OUTCOMES=redressing.OUTCOMES, GROUNDS=redress.GROUNDS,
        inside=current_user.id != one.application.coordinator_id,
    )  # fmt: skip


@blueprint.post("/reviews/<public_id>/members")
def name_member(public_id: str) -> Response | tuple[str, int]:
    """Put somebody on the committee who had no part in the evaluation."""
    one = load(queries.redress_by(public_id), to="redress.name")
    form = MemberForm()
    if form.validate_on_submit():
        try:
            person = redressing.name_member(one, by=current_user, email=form.email.data or "")
        except actions.Refused as refusal:
            form.email.errors = [_(str(refusal))]
        else:
            flash(_("%(name)s is on the committee.", name=person.name), "success")
            return redirect(url_for(".review", public_id=public_id), 303)
    return _review_page(one, member=form), 422


@blueprint.post("/reviews/<public_id>/outcome")
def propose_opinion(public_id: str) -> Response | tuple[str, int]:
    """A member of the committee says what it should find."""
    one = load(queries.redress_by(public_id), to="redress.propose")
    form = OpinionForm()
    if not form.validate_on_submit():
        return _review_page(one, opinion=form), 422
    redressing.propose(one, by=current_user, outcome=form.outcome.data, opinion=form.opinion.data or "")
    flash(_("The opinion is proposed. Another member of the committee has to confirm it."), "success")
    return redirect(url_for(".review", public_id=public_id), 303)


@blueprint.post("/reviews/<public_id>/confirmation")
def close_review(public_id: str) -> Response:
    """Another member agrees: this is the opinion of the committee."""
    one = load(queries.redress_by(public_id), to="redress.confirm")
    try:
        redressing.confirm(
            one, by=current_user, seen=SeenForm().seen.data or "", funder=letters.funder(current_app.config)
        )
    except actions.Changed:
        abort(
            409, description=_("Another opinion was proposed since you opened the page. Please look again.")
        )
    flash(_("The opinion is recorded, and the coordinator is told."), "success")
    return redirect(url_for(".review", public_id=public_id), 303)


@blueprint.post("/reviews/<public_id>/withdrawal")
def withdraw_review(public_id: str) -> Response:
    """The coordinator takes the request back."""
    one = load(queries.redress_by(public_id), to="redress.withdraw")
    redressing.withdraw(one, by=current_user)
    flash(_("Your request is withdrawn. The decision stands."), "success")
    return redirect(url_for(".review", public_id=public_id), 303)
