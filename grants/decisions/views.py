"""Pages of the decisions: the desk of a call, one decision as staff and as its coordinator see it, the release."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock
from grants.calls.forms import version_of
from grants.calls.queries import by_reference
from grants.decisions import actions, letters, queries, redress
from grants.decisions.forms import (
    ApprovalForm,
    BulkApprovalForm,
    DecisionForm,
    ReleaseForm,
    ReturnForm,
)
from grants.decisions.models import Decision
from grants.decisions.outcomes import NAMES, OF_LINE, TONES, count, departs
from grants.panels.queries import visible_numbers
from grants.web import first_opening, load, may, paged

blueprint = Blueprint("decisions", __name__)


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Names of outcomes."""
    return {"OUTCOME_NAMES": NAMES, "OUTCOME_TONES": TONES}


# --- The desk --------------------------------------------------------------------------------------------------------


@blueprint.get("/calls/<reference>/decisions")
def desk(reference: str) -> str:
    """All applications of the call with their place on the list, their decision, and the two people."""
    call = load(by_reference(reference), to="call.decisions")
    form = BulkApprovalForm()
    waiting = queries.to_approve(call, current_user) if may("call.decide", call) else []
    form.seen.data = actions.fingerprint(waiting)
    tally = queries.tally(call, current_user)
    return render_template(
        "decisions/desk.html", call=call, form=form, waiting=len(waiting), undecided=tally.pop((None, None), 0),
        tally=tally, page=paged(queries.desk(call, current_user), queries.count_concerned(call)), of_line=OF_LINE,
        inform_by=redress.time_to_inform(call.deadline_at.astimezone(ZoneInfo(call.zone)).date()),
    )  # fmt: skip


@blueprint.post("/calls/<reference>/decisions")
def propose(reference: str) -> Response:
    """Propose what follows from the list and the rulings, for all that have no decision."""
    call = load(by_reference(reference), to="call.decide")
    proposed = actions.propose_all(call, by=current_user)
    if proposed:
        flash(
            _("Proposed decisions: %(count)s. A second officer has to approve them.", count=proposed),
            "success",
        )
    else:
        flash(_("There was nothing to propose."), "info")
    return redirect(url_for(".desk", reference=reference), 303)


@blueprint.post("/calls/<reference>/decisions/approval")
def approve_all(reference: str) -> Response:
    """Approve all that others have proposed."""
    call = load(by_reference(reference), to="call.decide")
    try:
        approved = actions.approve_all(call, by=current_user, seen=BulkApprovalForm().seen.data or "")
    except actions.Changed:
        abort(
            409, description=_("A proposal changed since you opened the page. Please look at the list again.")
        )
    if approved:
        flash(_("Approved decisions: %(count)s.", count=approved), "success")
    else:
        flash(_("There was nothing for you to approve: who proposes a decision cannot approve it."), "info")
    return redirect(url_for(".desk", reference=reference), 303)


# --- One decision ----------------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/decision", methods=["GET", "POST"])
def decision(public_id: str) -> str | Response | tuple[str, int]:
    """The decision on one application: for its coordinator the result, for staff the decision in the making."""
    if request.method == "POST":
        return _revise(load(queries.of_application(public_id), to="decision.propose"))
    one = load(queries.of_application(public_id), to="decision.read")
    if one.application.coordinator_id == current_user.id:
        return _result(one)
    return _staff_page(one, DecisionForm.of(one))


def _result(one: Decision) -> str:
    """The result in plain words, with the periods that run from its receipt."""
    opened = queries.first_opened(one)
    if opened is None:
        first_opening(one, "decision.read")
    assert one.released_at is not None
    zone = ZoneInfo(one.call.zone)
    sent, read = one.released_at.astimezone(zone).date(), (opened or clock.now()).astimezone(zone).date()
    return render_template(
        "decisions/result.html", decision=one, application=one.application, call=one.call,
        letter=letters.frozen(one), received=redress.received_on(sent, read), last_day=redress.last_day(sent, read),
        timetable=redress.timetable(redress.received_on(sent, read)),
    )  # fmt: skip


def _staff_page(one: Decision, form: DecisionForm, **more: Any) -> str:
    row = queries.row_of(one.application)
    expected = OF_LINE[row.line] if row else None
    approval = ApprovalForm(formdata=None)
    approval.version.data = str(one.version)
    return render_template(
        "decisions/decision.html", decision=one, application=one.application, call=one.call, form=form, row=row,
        expected=expected, departs=departs(one.outcome, expected), approval=approval,
        **{"return_form": ReturnForm(formdata=None)} | more,
    )  # fmt: skip


def _revise(one: Decision) -> Response | tuple[str, int]:
    form = DecisionForm.of(one, request.form)
    if form.validate():
        try:
            actions.revise(one, by=current_user, **form.fields())
        except actions.Changed:
            form.version.data = str(one.version)
            form.version.raw_data = None
            return _staff_page(one, form, stored=DecisionForm.of(one)), 409
        except actions.Refused as refusal:
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("The decision is saved. A second officer has to approve it."), "success")
            return redirect(url_for(".decision", public_id=one.application.public_id), 303)
    return _staff_page(one, form), 422


@blueprint.post("/decisions/<public_id>/approval")
def approve(public_id: str) -> Response:
    """The second officer agrees."""
    one = load(queries.by_public_id(public_id), to="decision.approve")
    try:
        actions.approve(one, by=current_user, version=version_of(ApprovalForm()))
    except actions.Changed:
        abort(409, description=_("The decision changed since you opened the page. Please look at it again."))
    flash(_("The decision is approved."), "success")
    return redirect(url_for(".desk", reference=one.call.reference), 303)


@blueprint.post("/decisions/<public_id>/return")
def send_back(public_id: str) -> Response | tuple[str, int]:
    """The second officer sends it back, with a comment."""
    one = load(queries.by_public_id(public_id), to="decision.return")
    form = ReturnForm()
    if not form.validate_on_submit():
        return _staff_page(one, DecisionForm.of(one), return_form=form), 422
    actions.send_back(one, by=current_user, comment=form.comment.data or "")
    flash(_("The decision goes back to %(name)s.", name=one.proposed_by.name), "success")
    return redirect(url_for(".desk", reference=one.call.reference), 303)


# --- The release -----------------------------------------------------------------------------------------------------


@blueprint.route("/calls/<reference>/release", methods=["GET", "POST"])
def release(reference: str) -> str | Response | tuple[str, int]:
    """How many of each outcome, to whom, what is missing; then the one act."""
    call = load(by_reference(reference), to="call.release")
    form = ReleaseForm()
    kind = request.values.get("kind", "results")
    if kind not in ("results", "gate"):
        abort(404)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            act = actions.release(
                call,
                by=current_user,
                kind=kind,
                seen=form.seen.data or "",
                funder=letters.funder(current_app.config),
            )
        except actions.Changed:
            flash(
                _("Something changed since you opened this page. Please look at the numbers again."),
                "warning",
            )
            status = 409
        except actions.Refused as refusal:
            abort(409, description=_(str(refusal)))
        else:
            flash(_("Released. Letters on their way: %(count)s.", count=sum(act.counts.values())), "success")
            return redirect(url_for(".desk", reference=reference), 303)
    plan = actions.planned(call, kind)
    visible = visible_numbers(call, current_user)
    shown = [one for one in plan.decisions if one.application.number in visible]
    form.kind.data, form.seen.data, form.checked.data = kind, plan.seen, False
    form.kind.raw_data = form.seen.raw_data = form.checked.raw_data = None
    page = render_template(
        "decisions/release.html", call=call, form=form, plan=plan, shown=shown, counts=count(shown),
        hidden=len(plan.decisions) - len(shown), releases=queries.releases(call),
    )  # fmt: skip
    return (page, status) if status != 200 else page


# --- What waits ------------------------------------------------------------------------------------------------------


def tasks(user: Any) -> list[dict[str, Any]]:
    """Results for coordinators; for officers what waits for their approval or came back to them."""
    rows = []
    for one in queries.news(user, clock.now() - redress.COUNTS_AS_READ_AFTER - redress.REDRESS):
        rows.append(_task(
            _("The result of %(number)s is available", number=one.number),
            url_for("decisions.decision", public_id=one.public_id), one.acronym, "info",
        ))  # fmt: skip
    for call, state, own, number_waiting in queries.waiting(user):
        if not user.holds("officer", call):
            continue
        if state == "proposed" and not own:
            title = _(
                "Decisions to approve in %(call)s: %(count)s", call=call.reference, count=number_waiting
            )
        elif state == "returned" and own:
            title = _(
                "Decisions sent back to you in %(call)s: %(count)s", call=call.reference, count=number_waiting
            )
        else:
            continue
        rows.append(_task(title, url_for("decisions.desk", reference=call.reference), call.title, "warning"))
    return rows


def _task(title: str, url: str, meta: str, tone: str) -> dict[str, Any]:
    return {"title": title, "url": url, "meta": meta, "due": None, "tone": tone}
