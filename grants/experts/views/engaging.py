"""Pages about engagements: an expert agrees to the terms of a call or declines; an officer writes the terms."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.calls.queries import by_reference
from grants.experts import engagements, queries
from grants.experts.forms import AgreeForm, LeaveForm, TermsForm
from grants.experts.models import Engagement
from grants.experts.views import blueprint
from grants.web import load

Answer = str | Response | tuple[str, int]


@blueprint.get("/engagements/<public_id>")
def engagement(public_id: str) -> str:
    """The terms of the call, and the person's answer."""
    found = load(engagements.by_public_id(public_id), to="engagement.read")
    return _page(found, AgreeForm(formdata=None), LeaveForm(formdata=None))


def _page(engagement: Engagement, agree: AgreeForm, leave: LeaveForm) -> str:
    agree.seen.data = engagement.call.terms.sha256
    return render_template(
        "experts/engagement.html", engagement=engagement, call=engagement.call, terms=engagement.call.terms,
        agree=agree, leave=leave, form=agree if agree.errors else leave,
        first_due=queries.first_due(engagement.call, engagement.user),
    )  # fmt: skip


@blueprint.post("/engagements/<public_id>/acceptance")
def agree(public_id: str) -> Answer:
    """The person agrees to the terms."""
    found = load(engagements.by_public_id(public_id), to="engagement.accept")
    form = AgreeForm()
    if form.validate_on_submit():
        try:
            engagements.accept(found, seen=form.seen.data or "", by=current_user)
        except engagements.Changed as problem:
            form.contract.errors = [_(str(problem))]
        else:
            flash(_("Thank you. What you are asked to evaluate is listed here."), "success")
            return redirect(url_for(".assignments"), 303)
    return _page(found, form, LeaveForm(formdata=None)), 422


@blueprint.post("/engagements/<public_id>/refusal")
def leave(public_id: str) -> Answer:
    """The person does not evaluate for this call."""
    found = load(engagements.by_public_id(public_id), to="engagement.decline")
    form = LeaveForm()
    if not form.validate_on_submit():
        return _page(found, AgreeForm(formdata=None), form), 422
    engagements.decline(found, reason=form.why.data or "", by=current_user)
    flash(_("You have declined. Thank you for telling us."), "success")
    return redirect(url_for("home.index"), 303)


@blueprint.route("/calls/<reference>/terms", methods=["GET", "POST"])
def terms(reference: str) -> Answer:
    """What the experts of a call agree to; a change asks everybody again."""
    call = load(by_reference(reference), to="call.experts")
    present = call.terms
    form = TermsForm(
        data={"version": present.version, "contract": present.contract, "conduct": present.conduct}
    )
    if form.validate_on_submit():
        if form.version.data != str(present.version):
            form.contract.errors = [
                _(
                    "Somebody else has changed the terms meanwhile. Compare with the present ones, then save again."
                )
            ]
            form.version.data = str(present.version)
        else:
            asked = engagements.set_terms(
                call, contract=form.contract.data or "", conduct=form.conduct.data or "", by=current_user
            )
            flash(_("Saved."), "success")
            if asked:
                flash(
                    ngettext(
                        "%(num)s expert is asked to agree again.", "%(num)s experts are asked to agree again.", asked
                    ),
                    "info",
                )  # fmt: skip
            return redirect(url_for(".pool", reference=reference), 303)
    counts = engagements.of_call(call).values()
    page = render_template(
        "experts/terms.html", call=call, form=form, terms=present,
        agreed=sum(one.state == "accepted" for one in counts),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/calls/<reference>/experts/reminder")
def remind_of_terms(reference: str) -> Response:
    """Remind everybody of the pool who has not answered."""
    call = load(by_reference(reference), to="call.experts")
    count = engagements.remind_all(call, by=current_user)
    flash(
        ngettext("%(num)s expert is reminded.", "%(num)s experts are reminded.", count)
        if count
        else _("Nobody was reminded: all have answered, or were reminded today."),
        "success" if count else "info",
    )
    return redirect(url_for(".pool", reference=reference), 303)
