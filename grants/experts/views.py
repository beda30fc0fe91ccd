"""Pages about experts: the pool, assignments of a call and of one application, conflicts, and the expert's own desk."""

from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock
from grants.applications.models import Application
from grants.applications.queries import by_public_id
from grants.calls.forms import ReasonForm
from grants.calls.queries import by_reference
from grants.experts import actions, queries
from grants.experts.conflicts import CODES, RULES
from grants.experts.forms import (
    SECTORS,
    AcceptForm,
    AssignForm,
    ConflictForm,
    ConflictRulingForm,
    DeclarationForm,
    DeclineForm,
    ExpertForm,
)
from grants.experts.models import Assignment, Conflict
from grants.experts.suitability import Candidate, candidates
from grants.people import queries as people
from grants.policy import ASKED
from grants.web import load, may, paged, permit

blueprint = Blueprint("experts", __name__)

Answer = str | Response | tuple[str, int]
SHOWN = 60


@blueprint.app_template_global("conflict_text")
def conflict_text(code: str) -> str:
    """A situation of rulebook 4.7 in plain words."""
    return _(CODES[code])


@blueprint.app_template_global("found_text")
def found_text(found: Any) -> str:
    """What a rule found, or what a person wrote."""
    detail = getattr(found, "detail", None) or found.reason
    return _(RULES[found.rule], detail=detail) if found.rule else detail


# --- The pool --------------------------------------------------------------------------------------------------------


@blueprint.route("/calls/<reference>/experts", methods=["GET", "POST"])
def pool(reference: str) -> Answer:
    """The experts of a call, and a new one."""
    call = load(by_reference(reference), to="call.experts")
    form = ExpertForm()
    if form.validate_on_submit():
        try:
            expert = actions.add_expert(
                call, email=form.email.data or "", name=form.name.data or "", by=current_user, **form.profile()
            )
        except actions.Unfit as problem:
            form.email.errors = [_(str(problem))]
        else:
            flash(_("%(name)s belongs to the experts of the call.", name=expert.user.name), "success")
            return redirect(url_for(".pool", reference=reference), 303)
    page = render_template(
        "experts/pool.html", call=call, form=form, page=paged(queries.pool(call), queries.count_pool(call)),
        loads=queries.loads(call), figures=queries.pool_figures(call), sectors=dict(SECTORS),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/calls/<reference>/experts/<public_id>/removal")
def remove_expert(reference: str, public_id: str) -> Response:
    """Take somebody out of the pool."""
    call = load(by_reference(reference), to="call.experts")
    user = people.by_public_id(public_id)
    load(call if user and queries.belongs(user, call) else None, to="call.experts")
    assert user is not None
    try:
        actions.remove_expert(call, user, by=current_user)
    except actions.Unfit as problem:
        flash(_(str(problem)), "danger")
    else:
        flash(_("%(name)s is taken out of the pool.", name=user.name), "success")
    return redirect(url_for(".pool", reference=reference), 303)


# --- Assignments, for officers ---------------------------------------------------------------------------------------


@blueprint.get("/calls/<reference>/assignments")
def matrix(reference: str) -> str:
    """All applications in evaluation with who was asked, those with too few experts first."""
    call = load(by_reference(reference), to="call.received")
    page = paged(queries.matrix(call, current_user), queries.count_matrix(call, current_user))
    asked = queries.asked(row.id for row in page.rows)
    return render_template("experts/matrix.html", call=call, page=page, asked=asked)


@blueprint.get("/applications/<public_id>/assignments")
def application(public_id: str) -> str:
    """Who evaluates one application, and whom to ask."""
    return _assignment_page(load(by_public_id(public_id), to="application.assignments"), None)


@blueprint.post("/applications/<public_id>/assignments")
def assign(public_id: str) -> Answer:
    """Invite one or several experts; a conflict found on the way is kept for the officer's ruling."""
    application = load(by_public_id(public_id), to="application.assign")
    experts = {expert.user.public_id: expert.user for expert in queries.everybody(application.call)}
    form = AssignForm(experts)
    if not form.validate_on_submit():
        return _assignment_page(application, form), 422
    invited = []
    scores = form.part.data == "score"
    for chosen in form.experts.data or ():
        user = experts[chosen]
        try:
            actions.assign(
                application, user, by=current_user, scores=scores, rapporteur=not scores, due_on=form.due_on.data
            )
        except actions.Barred as problem:
            flash(_("%(name)s is not invited. %(reason)s", name=user.name, reason=_(str(problem))), "warning")
        else:
            invited.append(user.name)
    if invited:
        flash(_("Invited: %(names)s.", names=", ".join(invited)), "success")
    return redirect(url_for(".application", public_id=public_id), 303)


def _assignment_page(application: Application, form: AssignForm | None) -> str:
    wanted = " ".join(request.args.get("q", "").split())
    asked = queries.assignments(application)
    standing = [(assignment, expert) for assignment, expert in asked if assignment.state in ASKED]
    found: list[Candidate] = []
    if may("application.assign", application):
        found = candidates(application, besides={assignment.user_id for assignment, _expert in asked}, wanted=wanted)
    if form is None:
        form = AssignForm([one.expert.user.public_id for one in found], formdata=None)
    return render_template(
        "experts/application.html", application=application, call=application.call, submission=application.submission,
        asked=asked, candidates=found[:SHOWN], more=max(0, len(found) - SHOWN), wanted=wanted, form=form,
        reason_form=ReasonForm(formdata=None), sectors=dict(SECTORS),
        evaluators=sum(assignment.scores for assignment, _expert in standing),
        figures=queries.composition(expert for _assignment, expert in standing if expert is not None),
        doubtful=[conflict for conflict in queries.conflicts(application) if conflict.status == "suggested"],
    )  # fmt: skip


@blueprint.route("/assignments/<public_id>/removal", methods=["GET", "POST"])
def remove(public_id: str) -> Answer:
    """Take an assignment back, with a reason."""
    assignment = load(queries.assignment(public_id), to="assignment.remove")
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            actions.remove(assignment, reason=form.reason.data or "", by=current_user)
        except actions.Unfit as problem:
            form.reason.errors = [_(str(problem))]
        else:
            flash(_("%(name)s is no longer assigned.", name=assignment.user.name), "success")
            return redirect(url_for(".application", public_id=assignment.application.public_id), 303)
    page = render_template("experts/removal.html", assignment=assignment, call=assignment.call, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/assignments/<public_id>/rapporteur")
def name_rapporteur(public_id: str) -> Response:
    """Choose who writes the consensus report."""
    assignment = load(queries.assignment(public_id), to="assignment.name_rapporteur")
    actions.name_rapporteur(assignment, by=current_user)
    flash(_("%(name)s is the rapporteur.", name=assignment.user.name), "success")
    return redirect(url_for(".application", public_id=assignment.application.public_id), 303)


# --- Conflicts of interest, for officers -----------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/conflicts", methods=["GET", "POST"])
def conflicts(public_id: str) -> Answer:
    """All conflicts of one application with who ruled and why; and one that the officer knows of."""
    application = load(by_public_id(public_id), to="application.conflicts")
    persons = queries.persons(application.call)
    form = ConflictForm(persons)
    if form.validate_on_submit():
        user = next(one for one in persons if one.public_id == form.person.data)
        try:
            actions.exclude(
                application, user, code=form.code.data, reason=form.reason.data or "", by=current_user
            )
        except actions.Unfit as problem:
            form.person.errors = [_(str(problem))]
        else:
            flash(_("The conflict of interest of %(name)s is noted.", name=user.name), "success")
            if user.id == current_user.id:
                return redirect(url_for(".matrix", reference=application.call.reference), 303)
            return redirect(url_for(".conflicts", public_id=public_id), 303)
    page = render_template(
        "experts/conflicts.html", application=application, call=application.call, form=form,
        submission=application.submission, conflicts=queries.conflicts(application),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/conflicts/<public_id>/ruling", methods=["GET", "POST"])
def rule(public_id: str) -> Answer:
    """Confirm or overrule one conflict."""
    conflict: Conflict = load(queries.conflict(public_id), to="conflict.rule")
    form = ConflictRulingForm()
    if form.validate_on_submit():
        try:
            actions.rule_on(
                conflict, bars=form.ruling.data == "bars", reason=form.reason.data or "", by=current_user
            )
        except actions.Unfit as problem:
            form.ruling.errors = [_(str(problem))]
        else:
            flash(_("Your ruling on %(name)s is kept.", name=conflict.user.name), "success")
            return redirect(url_for(".conflicts", public_id=conflict.application.public_id), 303)
    page = render_template(
        "experts/ruling.html", conflict=conflict, application=conflict.application, call=conflict.call, form=form
    )
    return (page, 422) if form.is_submitted() else page


# --- The expert's own desk -------------------------------------------------------------------------------------------


@blueprint.get("/assignments")
def assignments() -> str:
    """What the person was asked to evaluate, and what to do next."""
    permit("assignment.list")
    page = paged(queries.of_expert(current_user), queries.count_of_expert(current_user))
    return render_template("experts/assignments.html", page=page)


@blueprint.get("/assignments/<public_id>")
def assignment(public_id: str) -> str:
    """Summary of the submitted version first; the rest opens with the declaration of no conflict."""
    assignment = load(queries.assignment(public_id), to="assignment.open")
    return _gate(assignment, AcceptForm(formdata=None), DeclineForm(formdata=None))


def _gate(assignment: Assignment, accept_form: AcceptForm, decline_form: DeclineForm) -> str:
    submission = assignment.application.submission
    assert submission is not None
    return render_template(
        "experts/assignment.html", assignment=assignment, application=assignment.application, call=assignment.call,
        proposal=submission.proposal, accept_form=accept_form, decline_form=decline_form,
        declaration_form=DeclarationForm(formdata=None), form=accept_form if accept_form.errors else decline_form,
        due=end_of(assignment),
    )  # fmt: skip


def end_of(assignment: Assignment) -> datetime | None:
    """The end of the day on which the report is due, where the call is."""
    if assignment.due_on is None:
        return None
    return datetime.combine(assignment.due_on, time(23, 59, 59), ZoneInfo(assignment.call.zone)).astimezone(UTC)


@blueprint.post("/assignments/<public_id>/acceptance")
def accept(public_id: str) -> Answer:
    """The expert takes the task on."""
    assignment = load(queries.assignment(public_id), to="assignment.accept")
    form = AcceptForm()
    if not form.validate_on_submit():
        return _gate(assignment, form, DeclineForm(formdata=None)), 422
    actions.accept(assignment, by=current_user)
    flash(_("Thank you. Please declare next whether you have a conflict of interest."), "success")
    return redirect(url_for(".assignment", public_id=public_id), 303)


@blueprint.post("/assignments/<public_id>/refusal")
def decline(public_id: str) -> Answer:
    """The expert says no."""
    assignment = load(queries.assignment(public_id), to="assignment.decline")
    form = DeclineForm()
    if not form.validate_on_submit():
        return _gate(assignment, AcceptForm(formdata=None), form), 422
    actions.decline(assignment, reason=form.why.data or "", code=form.conflict.data or "", by=current_user)
    flash(_("You have declined. Thank you for telling us."), "success")
    return redirect(url_for(".assignments"), 303)


# --- The home page ---------------------------------------------------------------------------------------------------


def tasks(user: Any) -> list[dict[str, Any]]:
    """Invitations and declarations for experts; missing experts and conflicts to rule on for officers."""
    rows = [_own_task(assignment) for assignment in queries.unanswered(user)] if user.holds("expert") else []
    for call, too_few, to_rule in queries.waiting_by_call(user, clock.now()) if user.holds("officer") else ():
        for count, title in (
            (too_few, ngettext("Find experts for %(num)s application", "Find experts for %(num)s applications", too_few)),
            (to_rule, ngettext("Rule on conflicts of interest in %(num)s application",
                               "Rule on conflicts of interest in %(num)s applications", to_rule)),
        ):  # fmt: skip
            if count:
                url = url_for("experts.matrix", reference=call.reference)
                rows.append({"title": title, "url": url, "meta": call.title, "due": None, "tone": "warning"})
    return rows


def _own_task(assignment: Assignment) -> dict[str, Any]:
    application = assignment.application
    assert application.submission is not None
    acronym = application.submission.acronym
    return {
        "title": _("Accept or decline the evaluation of %(acronym)s", acronym=acronym)
        if assignment.state == "invited"
        else _("Declare your interests in %(acronym)s", acronym=acronym),
        "url": url_for("experts.assignment", public_id=assignment.public_id),
        "meta": application.call.title,
        "due": end_of(assignment),
        "tone": "info",
    }
