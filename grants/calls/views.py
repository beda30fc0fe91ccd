"""Pages about calls: the public list and page, setting up, publishing, the desk of a call."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from grants import clock
from grants.calls import actions, queries
from grants.calls.forms import CallForm, DeadlineForm, QuestionForm, ReasonForm, StaffForm, version_of
from grants.calls.models import Call
from grants.people import actions as people
from grants.people import queries as people_queries
from grants.web import load, may, paged, permit, public

blueprint = Blueprint("calls", __name__)


@blueprint.get("/calls")
@public
def index() -> str:
    """The public list."""
    page = paged(queries.published(clock.now()), queries.count_published())
    return render_template("calls/index.html", page=page)


@blueprint.get("/calls/<reference>")
def call(reference: str) -> str:
    """The public page of one call."""
    return render_template("calls/call.html", call=load(queries.by_reference(reference), to="call.read"))


@blueprint.get("/desk")
def desk_index() -> str:
    """All calls that the person works for."""
    permit("desk.read")
    return render_template("calls/desk_index.html", calls=queries.calls_run_by(current_user))


@blueprint.get("/calls/<reference>/desk")
def desk(reference: str) -> str:
    """One call as its staff see it: figures by state, and the way to each stage."""
    from grants.applications import (
        queries as applications,  # the desk shows figures of the stage after this one
    )

    call = load(queries.by_reference(reference), to="call.manage")
    return render_template("calls/desk.html", call=call, figures=applications.figures(call, current_user))


@blueprint.route("/calls/new", methods=["GET", "POST"])
def new() -> str | Response | tuple[str, int]:
    """Set up a call."""
    permit("programme.create_call")
    programmes = queries.programmes_of(current_user)
    form = CallForm(formdata=request.form if request.method == "POST" else None)
    if not form.is_submitted():
        form.year.data = clock.now().year
        return render_template("calls/form.html", form=form, call=None)
    if form.validate() and programmes:
        try:
            call = actions.create(
                programmes[0], by=current_user, reference=form.reference.data, **form.fields()
            )
        except actions.Unfit as problem:
            form.reference.errors = [_(str(problem))]
        else:
            flash(_("The call is saved as a draft. Check it, add questions, then publish it."), "success")
            return redirect(url_for(".call", reference=call.reference), 303)
    return render_template("calls/form.html", form=form, call=None), 422


@blueprint.route("/calls/<reference>/edit", methods=["GET", "POST"])
def edit(reference: str) -> str | Response | tuple[str, int]:
    """Change a call in draft."""
    call = load(queries.by_reference(reference), to="call.edit")
    form = CallForm(formdata=request.form) if request.method == "POST" else CallForm.of(call)
    del form.reference
    if not form.is_submitted():
        return render_template("calls/form.html", form=form, call=call)
    if not form.validate():
        return render_template("calls/form.html", form=form, call=call), 422
    try:
        actions.edit(call, by=current_user, version=version_of(form), **form.fields())
    except StaleDataError:
        flash(
            _("Somebody else saved this call meanwhile. Compare with the stored call, then save again."),
            "warning",
        )
        form.version.data = str(call.version)
        form.version.raw_data = None
        return render_template("calls/form.html", form=form, call=call, stored=CallForm.of(call)), 409
    flash(_("Saved."), "success")
    return redirect(url_for(".call", reference=call.reference), 303)


@blueprint.route("/calls/<reference>/questions", methods=["GET", "POST"])
def questions(reference: str) -> str | Response | tuple[str, int]:
    """The questions of the form, and a new one."""
    call = load(queries.by_reference(reference), to="call.edit")
    form = QuestionForm()
    if form.validate_on_submit():
        actions.add_question(
            call, by=current_user, label=form.label.data, label_fr=form.label_fr.data or "",
            hint=form.hint.data or "", kind=form.kind.data, limit=form.limit.data, required=form.required.data,
            choices=[line.strip() for line in (form.choices.data or "").splitlines() if line.strip()],
        )  # fmt: skip
        flash(_("The question is added."), "success")
        return redirect(url_for(".questions", reference=reference), 303)
    page = render_template("calls/questions.html", call=call, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/calls/<reference>/questions/<public_id>/removal")
def remove_question(reference: str, public_id: str) -> Response:
    call = load(queries.by_reference(reference), to="call.edit")
    question = queries.question(public_id)
    load(call if question and question.call_id == call.id else None, to="call.edit")
    assert question
    actions.remove_question(question, by=current_user)
    flash(_("The question is removed."), "success")
    return redirect(url_for(".questions", reference=reference), 303)


@blueprint.post("/calls/<reference>/publication")
def publish(reference: str) -> Response:
    call = load(queries.by_reference(reference), to="call.publish")
    return _act(call, lambda: actions.publish(call, by=current_user), _("The call is published."))


@blueprint.route("/calls/<reference>/deadline", methods=["GET", "POST"])
def extend(reference: str) -> str | Response | tuple[str, int]:
    """A later deadline."""
    call = load(queries.by_reference(reference), to="call.extend")
    form = DeadlineForm()
    if form.validate_on_submit():
        try:
            assert form.deadline.data
            actions.extend(
                call, form.deadline.data, call.zone, by=current_user, reason=form.reason.data or ""
            )
        except ValueError as problem:
            form.deadline.errors = [_(str(problem))]
        else:
            flash(_("The deadline is moved."), "success")
            return redirect(url_for(".desk", reference=reference), 303)
    page = render_template("calls/extend.html", call=call, form=form)
    return (page, 422) if form.is_submitted() else page


STOPS: dict[str, tuple[str, Any]] = {
    "suspension": ("call.suspend", actions.suspend),
    "resumption": ("call.resume", actions.resume),
    "cancellation": ("call.cancel", actions.cancel),
}


@blueprint.route(
    "/calls/<reference>/<any(suspension, resumption, cancellation):act>", methods=["GET", "POST"]
)
def stop(reference: str, act: str) -> str | Response | tuple[str, int]:
    """Suspend, resume or cancel, with a reason."""
    action, verb = STOPS[act]
    call = load(queries.by_reference(reference), to=action)
    form = ReasonForm()
    if form.validate_on_submit():
        verb(call, by=current_user, reason=form.reason.data)
        flash(_("Done. The reason is kept with the call's history."), "success")
        return redirect(url_for(".desk", reference=reference), 303)
    page = render_template("calls/stop.html", call=call, form=form, act=act)
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/calls/<reference>/staff", methods=["GET", "POST"])
def staff(reference: str) -> str | Response | tuple[str, int]:
    """Who works for the call: officers, chair, observers."""
    call = load(queries.by_reference(reference), to="call.staff")
    form = StaffForm()
    if form.validate_on_submit():
        person = people_queries.by_email(form.email.data or "")
        if person is None:
            form.email.errors = [_("Nobody has an account with this address.")]
        elif form.role.data != "chair" and person in people_queries.holders("expert", call):
            form.email.errors = [
                _("This person evaluates in the call. Officers and observers read every report.")
            ]
        else:
            people.appoint(person, form.role.data, by=current_user, call=call)
            flash(_("%(name)s is appointed.", name=person.name), "success")
            return redirect(url_for(".staff", reference=reference), 303)
    held = {role: people_queries.holders(role, call) for role in ("chair", "officer", "observer")}
    page = render_template("calls/staff.html", call=call, form=form, held=held)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/calls/<reference>/staff/<any(chair, officer, observer):role>/<public_id>/removal")
def dismiss(reference: str, role: str, public_id: str) -> Response:
    call = load(queries.by_reference(reference), to="call.staff")
    person = people_queries.by_public_id(public_id)
    load(call if person and person.holds(role, call) else None, to="call.staff")
    people.dismiss(person, role, call=call)  # type: ignore[arg-type]
    flash(_("The appointment is ended."), "success")
    return redirect(url_for(".staff", reference=reference), 303)


def _act(call: Call, verb: Any, done: str) -> Response:
    """Do it; say that it is done, or why not."""
    try:
        verb()
        flash(done, "success")
    except actions.Unfit as problem:
        flash(_(str(problem)), "danger")
    return redirect(url_for(".call", reference=call.reference), 303)


def tasks(user: Any) -> list[dict[str, Any]]:
    """Drafts that wait to be published."""
    return [
        {
            "title": _("Publish the call %(reference)s", reference=call.reference),
            "url": url_for("calls.call", reference=call.reference),
            "meta": call.title,
            "due": call.opens_on,
            "tone": "info",
        }
        for call in queries.calls_run_by(user)
        if call.state == "draft" and may("call.publish", call)
    ]
