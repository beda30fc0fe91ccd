"""Pages of the gates: the desk of a call, the checklist with the ruling, and what the second officer does."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.finding import Finding
from grants.applications.models import Application
from grants.applications.queries import by_public_id
from grants.calls.queries import by_reference, on_desk
from grants.eligibility import actions, queries
from grants.eligibility.forms import ReturnForm, RulingForm
from grants.eligibility.models import GATE_NAMES, Ruling
from grants.web import ROWS_A_PAGE, load, may, paged
from grants.words import N_

blueprint = Blueprint("eligibility", __name__)

WAITING_NAMES = {
    "admissibility": N_("Admissibility to check"), "eligibility": N_("Eligibility to check"),
    "confirmation": N_("Refusals to confirm"),
}  # fmt: skip


@blueprint.get("/calls/<reference>/eligibility")
def desk(reference: str) -> str:
    """All received applications of a call, or those that wait for one of the three acts."""
    call = load(by_reference(reference), to="call.received")
    waiting = request.args.get("waiting", "")
    page = paged(queries.desk(call, current_user, waiting), queries.count_desk(call, current_user, waiting))
    return render_template(
        "eligibility/desk.html", call=call, page=page, waiting=waiting if waiting in WAITING_NAMES else "",
        waiting_names=WAITING_NAMES, gate_names=GATE_NAMES, summaries=queries.summaries(call, page.rows),
    )  # fmt: skip


@blueprint.post("/calls/<reference>/eligibility/passes")
def pass_clear(reference: str) -> Response:
    """Pass the chosen applications of which every rule holds."""
    call = load(on_desk(reference), to="call.rule")
    gate = request.form.get("gate", "")
    if gate not in GATE_NAMES:
        abort(400)
    chosen = request.form.getlist("application")[:ROWS_A_PAGE]
    passed, left = actions.pass_clear(
        queries.at_gate(call, gate, current_user, chosen), gate=gate, by=current_user
    )
    numbers = ", ".join(application.number for application in left)
    if passed:
        flash(ngettext("%(num)s application passed.", "%(num)s applications passed.", len(passed)), "success")
    if left:
        flash(
            _("Left for a ruling of its own, because a rule does not hold: %(numbers)s", numbers=numbers),
            "warning",
        )
    if not passed and not left:
        flash(_("Nothing was chosen that still waits at this gate."), "info")
    return redirect(url_for(".desk", reference=reference, waiting=gate), 303)


@blueprint.get("/applications/<public_id>/eligibility")
def application(public_id: str) -> str:
    """The findings on the submitted version, the form of the ruling, and what was ruled so far."""
    application = load(by_public_id(public_id), to="application.rulings")
    return _gate_page(application, RulingForm(gate=queries.gate_of(application)))


@blueprint.post("/applications/<public_id>/eligibility")
def rule(public_id: str) -> str | Response | tuple[str, int]:
    """Pass, or propose to refuse."""
    application = load(by_public_id(public_id), to="application.rule")
    form = RulingForm()
    if form.validate_on_submit():
        try:
            ruling = actions.propose(
                application, gate=form.gate.data or "", verdict=form.verdict.data, reason=form.reason.data or "",
                by=current_user,
            )  # fmt: skip
        except actions.Unfit as problem:
            form[problem.field].errors = [_(str(problem))]
        else:
            flash(_done(ruling), "success")
            return redirect(url_for(".desk", reference=application.call.reference), 303)
    return _gate_page(application, form), 422


def _done(ruling: Ruling) -> str:
    number = ruling.application.number
    if ruling.verdict == "fail":
        return _("The refusal of %(number)s waits for a second officer.", number=number)
    if ruling.gate == "admissibility":
        return _("%(number)s is admissible. Its eligibility comes next.", number=number)
    return _("%(number)s is admitted to evaluation.", number=number)


def _gate_page(application: Application, form: RulingForm, return_form: ReturnForm | None = None) -> str:
    gate = queries.gate_of(application)
    rulings = queries.rulings(application)
    proposed = next((ruling for ruling in rulings if ruling.state == "proposed"), None)
    found = queries.findings(application, gate) if gate else ()
    assert application.submission is not None
    today = queries.other_today(application.submission.proposal, application.call, gate) if gate else ()
    return render_template(
        "eligibility/application.html", application=application, submission=application.submission,
        call=application.call, gate=gate, form=form, return_form=return_form or ReturnForm(formdata=None),
        rulings=rulings, proposed=proposed, gate_names=GATE_NAMES,
        findings=[finding for finding in found if finding.gate == gate],
        advice=[finding for finding in found if finding.gate == "advice" and not finding.holds],
        other_today=today,
        may_rule=gate is not None and proposed is None and may("application.rule", application),
        findings_of=lambda ruling: [Finding.from_dict(row) for row in ruling.findings],
    )  # fmt: skip


@blueprint.post("/rulings/<public_id>/confirmation")
def confirm(public_id: str) -> Response:
    """The second pair of eyes agrees."""
    ruling = load(queries.ruling(public_id), to="ruling.confirm")
    actions.confirm(ruling, by=current_user)
    flash(_("The refusal of %(number)s is confirmed.", number=ruling.application.number), "success")
    return redirect(url_for(".desk", reference=ruling.call.reference), 303)


@blueprint.post("/rulings/<public_id>/return")
def send_back(public_id: str) -> Response | tuple[str, int]:
    """The second pair of eyes disagrees, and says why."""
    ruling = load(queries.ruling(public_id), to="ruling.return")
    form = ReturnForm()
    if not form.validate_on_submit():
        application = by_public_id(ruling.application.public_id)
        assert application is not None
        return _gate_page(application, RulingForm(formdata=None), form), 422
    actions.send_back(ruling, comment=form.comment.data or "", by=current_user)
    flash(_("The refusal of %(number)s is sent back.", number=ruling.application.number), "success")
    return redirect(url_for(".desk", reference=ruling.call.reference), 303)


def officer_tasks(waiting: Any) -> list[tuple[int, str, str]]:
    """Of a row of queries.waiting_for_officers: how many, what, and where."""
    at_gate, to_confirm, reference = waiting.first, waiting.second, waiting.reference
    return [
        (to_confirm, ngettext("Confirm %(num)s refusal", "Confirm %(num)s refusals", to_confirm),
         url_for("eligibility.desk", reference=reference, waiting="confirmation")),
        (at_gate,
         ngettext("Check %(num)s application at its gate", "Check %(num)s applications at their gates", at_gate),
         url_for("eligibility.desk", reference=reference)),
    ]  # fmt: skip
