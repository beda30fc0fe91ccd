"""Pages of officers: the pool of a call, who evaluates what, and whom to ask."""

from collections import deque

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.models import Application
from grants.applications.queries import by_public_id
from grants.calls.forms import ReasonForm
from grants.calls.queries import by_reference, on_desk
from grants.experts import actions, balance, engagements, queries, replacement, workload
from grants.experts.forms import SECTORS, AssignForm, ExpertForm, PoolFileForm, ReplacementForm
from grants.experts.pool_file import COLUMNS, NEEDED, Unusable, read
from grants.experts.suitability import Candidate, candidates
from grants.experts.views import blueprint
from grants.people import queries as people
from grants.policy import ASKED
from grants.web import load, may, paged

Answer = str | Response | tuple[str, int]
SHOWN = 60
MOST_ON_A_PAGE = 200
"""Experts that one request takes in; 500 new ones took six seconds on SQLite, in which nobody else could write."""


@blueprint.route("/calls/<reference>/experts", methods=["GET", "POST"])
def pool(reference: str) -> Answer:
    """The experts of a call, and a new one."""
    call = load(by_reference(reference), to="call.experts")
    form = ExpertForm()
    if form.validate_on_submit():
        try:
            expert = actions.add_expert(
                call,
                email=form.email.data or "",
                name=form.name.data or "",
                by=current_user,
                **form.profile(),
            )
        except actions.Unfit as problem:
            form.email.errors = [_(str(problem))]
        else:
            flash(_("%(name)s belongs to the experts of the call.", name=expert.user.name), "success")
            if expert.kept_at is not None:
                flash(
                    _("What they have said of themselves stands; only what they left empty is filled in."),
                    "info",
                )
            return redirect(url_for(".pool", reference=reference), 303)
    page = render_template(
        "experts/pool.html", call=call, form=form, page=paged(queries.pool(call), queries.count_pool(call)),
        loads=queries.loads(call, current_user), figures=queries.pool_figures(call), sectors=dict(SECTORS),
        engagements=engagements.of_call(call),
        balance=[balance.shares(one) for one in queries.members(call, current_user)],
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/calls/<reference>/experts/file", methods=["GET", "POST"])
def pool_file(reference: str) -> Answer:
    """Many experts at once, from a file: what came in, and each line that did not, with the reason."""
    call = load(by_reference(reference), to="call.experts")
    form, taken = PoolFileForm(), None
    if form.validate_on_submit():
        try:
            lines = read(form.file.data.read())
        except Unusable as problem:
            form.file.errors = [_(str(problem))]
        else:
            if len(lines) > MOST_ON_A_PAGE:
                form.file.errors = [
                    _("A page takes at most %(count)s experts. Split the file, or use 'grants import experts'.",
                      count=MOST_ON_A_PAGE)
                ]  # fmt: skip
            else:
                taken = actions.Taken()
                deque(actions.take_in(call, lines, taken, by=current_user), maxlen=0)
    page = render_template(
        "experts/pool_file.html", call=call, form=form, taken=taken, columns=COLUMNS, needed=NEEDED
    )
    return (page, 422) if form.is_submitted() and taken is None else page


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


@blueprint.get("/calls/<reference>/assignments")
def matrix(reference: str) -> str:
    """All applications in evaluation with who was asked, those with too few experts first."""
    call = load(on_desk(reference), to="call.received")
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
                application,
                user,
                by=current_user,
                scores=scores,
                rapporteur=not scores,
                due_on=form.due_on.data,
                despite_limits=form.despite_limits.data,
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
        besides = {one.user_id for one, _expert in asked if one.state != "void" or one.has_reported}
        found = candidates(application, besides=besides, wanted=wanted, reader=current_user)
    if form is None:
        form = AssignForm([one.expert.user.public_id for one in found], formdata=None)
    assert application.submission is not None
    pages = workload.pages(application.submission.proposal.attachments, application.call.page_limit)
    loads = queries.loads(application.call, current_user)
    reading = queries.pages_to_read(application.call, current_user)
    spent = {user_id: workload.hours(reading.get(user_id, 0), load) for user_id, load in loads.items()}
    return render_template(
        "experts/application.html", application=application, call=application.call, submission=application.submission,
        asked=asked, candidates=found[:SHOWN], more=max(0, len(found) - SHOWN), wanted=wanted, form=form,
        sectors=dict(SECTORS),
        agreed={user_id for user_id, one in engagements.of_call(application.call).items() if one.state == "accepted"},
        evaluators=sum(assignment.scores for assignment, _expert in standing),
        figures=queries.composition(expert for _assignment, expert in standing if expert is not None),
        doubtful=queries.undecided(application), pages=pages, hours=workload.hours(pages),
        spent=spent,
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/replacement", methods=["GET", "POST"])
def replace(public_id: str) -> Answer:
    """After a refusal, a late conflict or a void report: who could step in, with reasons, and the invitation."""
    application = load(by_public_id(public_id), to="application.assign")
    found = replacement.of(application)
    users = {one.candidate.expert.user.public_id: one.candidate.expert.user for one in found.alternates}
    form = ReplacementForm(users, found.left, part="score" if found.has_rapporteur else "both")
    if form.validate_on_submit():
        user = users[form.expert.data]
        try:
            actions.assign(
                application, user, by=current_user, scores=form.part.data != "record",
                rapporteur=form.part.data != "score", due_on=form.due_on.data,
                despite_limits=form.despite_limits.data,
                instead_of=next((one.user for one in found.left if one.public_id == form.place.data), None),
            )  # fmt: skip
        except actions.Barred as problem:
            flash(_("%(name)s is not invited. %(reason)s", name=user.name, reason=_(str(problem))), "warning")
        else:
            flash(_("Invited: %(names)s.", names=user.name), "success")
        return redirect(url_for(".application", public_id=public_id), 303)
    page = render_template(
        "experts/replacement.html", application=application, call=application.call, form=form, found=found,
        shown=found.alternates[:SHOWN],
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


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
