"""Pages of the desk of a call and of one decision, as staff and as its coordinator see it."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock, policy
from grants.applications import actions as applying
from grants.applications import queries as applications
from grants.calls.queries import by_reference, on_desk
from grants.decisions import (
    actions,
    letters,
    queries,
    redress,
)
from grants.decisions.forms import (
    ApprovalForm,
    DecisionForm,
    ReturnForm,
    SeenForm,
)
from grants.decisions.models import Decision
from grants.decisions.outcomes import (
    OF_LINE,
    departs,
)
from grants.decisions.views import blueprint
from grants.fields import version_of
from grants.people import queries as people
from grants.web import first_opening, load, may, paged


@blueprint.get("/calls/<reference>/decisions")
def desk(reference: str) -> str:
    """All applications of the call with their place on the list, their decision, and the two people."""
    call = load(on_desk(reference), to="call.decisions")
    form = SeenForm()
    waiting = queries.to_approve(call, current_user) if may("call.decide", call) else []
    form.seen.data = actions.fingerprint(waiting)
    tally = queries.tally(call, current_user)
    return render_template(
        "decisions/desk.html", call=call, form=form, waiting=len(waiting), undecided=tally.pop((None, None), 0),
        tally=tally, page=paged(queries.desk(call, current_user), queries.count_concerned(call)), of_line=OF_LINE,
        requests=queries.requests_in(call, current_user) if call.released_at else [],
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
        approved = actions.approve_all(call, by=current_user, seen=SeenForm().seen.data or "")
    except actions.Changed:
        abort(
            409, description=_("A proposal changed since you opened the page. Please look at the list again.")
        )
    if approved:
        flash(_("Approved decisions: %(count)s.", count=approved), "success")
    else:
        flash(_("There was nothing for you to approve: who proposes a decision cannot approve it."), "info")
    return redirect(url_for(".desk", reference=reference), 303)


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
        second=one.call.second_stage if one.outcome == "second_stage" else None,
        started=applications.of_outline(one.application) if one.outcome == "second_stage" else None,
    )  # fmt: skip


@blueprint.post("/applications/<public_id>/second-stage")
def apply_in_full(public_id: str) -> Response:
    """Begin the full application of an outline that passed the first stage; a second click leads to the same one."""
    one = load(queries.of_application(public_id), to="decision.apply_in_full")
    if started := applications.of_outline(one.application):
        return redirect(url_for("applications.application", public_id=started.public_id), 303)
    following = one.call.second_stage
    assert following is not None  # a release needs it
    call = load(by_reference(following.reference), to="call.apply_in_full")
    outline = applications.whole(public_id)
    assert outline
    application, left_out = applying.copy(outline, call, by=current_user, in_full=True)
    flash(_("Your full application has the number %(number)s.", number=application.number), "success")
    for sentence, values in left_out:
        flash(_("Not copied. %(what)s", what=_(sentence, **values)), "warning")
    return redirect(url_for("applications.application", public_id=application.public_id), 303)


def _staff_page(one: Decision, form: DecisionForm, **more: Any) -> str:
    row = queries.row_of(one.application)
    expected = OF_LINE[row.line] if row else None
    changed = queries.changes_of(one) if one.state == "released" else []
    approval = ApprovalForm(formdata=None)
    approval.version.data = str(one.version)
    return render_template(
        "decisions/decision.html", decision=one, application=one.application, call=one.call, form=form, row=row,
        expected=expected, departs=departs(one.outcome, expected) and not changed, approval=approval,
        changes=changed, gives_reason=letters.gives_reason(one),
        second=_second_people(one) if one.state == "proposed" else [],
        own_words=one.state == "proposed" and current_user.id in queries.words_authors(one.call, one.outcome),
        redress=queries.redress_of(one.application) if one.state == "released" else None,
        **{"return_form": ReturnForm(formdata=None)} | more,
    )  # fmt: skip


def _second_people(one: Decision) -> list[str]:
    """Names of the officers who may approve it: neither who proposed it or wrote its letter, nor who has a conflict."""
    writers = queries.words_authors(one.call, one.outcome)
    return sorted(
        officer.name
        for officer in people.officers(one.call)
        if officer.id not in writers and policy.may(officer, "decision.approve", one)
    )


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
    except actions.Refused as refusal:
        abort(409, description=_(str(refusal)))
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
