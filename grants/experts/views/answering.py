"""Pages of experts: what they were asked to evaluate, and their answers."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.shown import proposal_to
from grants.experts import actions, engagements, queries, workload
from grants.experts.forms import DeclarationForm, DeclineForm, ProfileForm
from grants.experts.models import Assignment
from grants.experts.views import blueprint, end_of
from grants.web import load, paged, permit

Answer = str | Response | tuple[str, int]


@blueprint.get("/assignments")
def assignments() -> str:
    """What the person was asked to evaluate, and what to do next."""
    permit("assignment.list")
    page = paged(queries.of_expert(current_user), queries.count_of_expert(current_user))
    left = queries.left_to_read(current_user)
    return render_template(
        "experts/assignments.html", page=page, expert=queries.expert(current_user), left=left,
        unanswered=engagements.unanswered(current_user),
        hours={application_id: workload.hours(pages) for application_id, pages in left.items()},
        hours_in_all=workload.hours(sum(left.values()), len(left)),
    )  # fmt: skip


@blueprint.route("/expert-profile", methods=["GET", "POST"])
def profile() -> Answer:
    """What the expert says about themselves, and when they are away."""
    expert = load(queries.expert(current_user), to="expert.profile")
    form = ProfileForm(expert)
    if form.validate_on_submit():
        actions.keep_profile(expert, form.profile(), by=current_user)
        flash(_("Saved."), "success")
        return redirect(url_for(".assignments"), 303)
    page = render_template("experts/profile.html", form=form, expert=expert)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/assignments/<public_id>")
def assignment(public_id: str) -> str:
    """Summary of the submitted version first; the rest opens with the declaration of no conflict."""
    assignment = load(queries.assignment(public_id), to="assignment.open")
    return _gate(assignment, DeclineForm(formdata=None))


def _gate(assignment: Assignment, decline_form: DeclineForm) -> str:
    pages = queries.left_to_read(current_user).get(assignment.application_id)
    return render_template(
        "experts/assignment.html", assignment=assignment, application=assignment.application, call=assignment.call,
        proposal=proposal_to(current_user, assignment.application), decline_form=decline_form,
        declaration_form=DeclarationForm(formdata=None),
        form=decline_form, due=end_of(assignment), pages=pages,
        hours=None if pages is None else workload.hours(pages),
    )  # fmt: skip


@blueprint.post("/assignments/<public_id>/acceptance")
def accept(public_id: str) -> Response:
    """The expert takes the task on."""
    assignment = load(queries.assignment(public_id), to="assignment.accept")
    actions.accept(assignment, by=current_user)
    flash(_("Thank you. Please declare next whether you have a conflict of interest."), "success")
    return redirect(url_for(".assignment", public_id=public_id), 303)


@blueprint.post("/assignments/<public_id>/refusal")
def decline(public_id: str) -> Answer:
    """The expert says no."""
    assignment = load(queries.assignment(public_id), to="assignment.decline")
    form = DeclineForm()
    if not form.validate_on_submit():
        return _gate(assignment, form), 422
    actions.decline(assignment, reason=form.why.data or "", code=form.conflict.data or "", by=current_user)
    flash(_("You have declined. Thank you for telling us."), "success")
    return redirect(url_for(".assignments"), 303)
