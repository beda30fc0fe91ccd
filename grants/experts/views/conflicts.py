"""Pages of officers about conflicts of interest: what was found, declared and noted, and the ruling on it."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.queries import by_public_id
from grants.experts import actions, queries, screening  # noqa: F401 (registers its job)
from grants.experts.forms import ConflictForm, ConflictRulingForm
from grants.experts.models import Conflict
from grants.experts.views import blueprint
from grants.web import load

Answer = str | Response | tuple[str, int]


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
    assigned = queries.assignment_of(conflict.application, conflict.user)
    report = (
        assigned.report if assigned and assigned.report and assigned.report.state == "submitted" else None
    )
    page = render_template(
        "experts/ruling.html",
        report=report,
        conflict=conflict,
        application=conflict.application,
        call=conflict.call,
        form=form,
    )
    return (page, 422) if form.is_submitted() else page
