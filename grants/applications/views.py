"""Pages of applicants: my applications, the form section by section, submission and receipt."""

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf import FlaskForm
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response as AnyResponse

from grants import clock, files
from grants.applications import actions, budget, forms, queries
from grants.applications.attachments import Unreadable
from grants.applications.models import Application, Partner
from grants.applications.progress import steps
from grants.calls import queries as calls
from grants.calls.forms import version_of
from grants.db import db
from grants.web import load, localised, may, paged, permit

blueprint = Blueprint("applications", __name__)

Answer = str | AnyResponse | tuple[str, int]


def _stored(application: Application, name: str) -> int:
    section = queries.section(application, name)
    return section.version if section else 0


def _saved(endpoint: str, **values: Any) -> AnyResponse:
    flash(_("Saved."), "success")
    return redirect(url_for(f"applications.{endpoint}", **values), 303)


def _collision(form: FlaskForm, version: int) -> None:
    """Keep what was typed, say what happened, and let the next save go through."""
    flash(
        _("Somebody else saved this section while you were typing. Your text is still here, theirs stands below. "
          "Compare the two, then save again."), "warning",
    )  # fmt: skip
    form["version"].data = str(version)
    form["version"].raw_data = [str(version)]


# --- My applications -------------------------------------------------------------------------------------------------


@blueprint.get("/applications")
def index() -> str:
    """Applications that the person coordinates or takes part in, and invitations to take part."""
    permit("applications.read")
    query = queries.mine(current_user)
    page = paged(query, queries.count(query))
    invitations = db.session.scalars(queries.invitations(current_user)).all()
    return render_template("applications/index.html", page=page, invitations=invitations)


@blueprint.route("/calls/<reference>/applications/new", methods=["GET", "POST"])
def new(reference: str) -> Answer:
    """Start an application."""
    call = load(calls.by_reference(reference), to="call.apply")
    form = forms.StartForm()
    if form.validate_on_submit():
        organisation = {name: form[name].data for name in ("name", "country", "activity")}
        application = actions.start(
            call, by=current_user, acronym=form.acronym.data or "", organisation=organisation
        )
        flash(_("Your application has the number %(number)s.", number=application.number), "success")
        return redirect(url_for(".application", public_id=application.public_id), 303)
    page = render_template("applications/new.html", call=call, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/applications/<public_id>")
def application(public_id: str) -> str:
    """One application: for its consortium the working copy with checklist, for everybody else what was submitted."""
    application = load(queries.by_public_id(public_id), to="application.read")
    if may("application.work", application):
        application = queries.whole(public_id)
        return render_template(
            "applications/application.html", application=application, proposal=application.proposal,
            findings=actions.findings(application), steps=steps(application, staff=False), budget=budget,
        )  # fmt: skip
    return render_template(
        "applications/submitted.html", application=application, submission=application.submission,
        proposal=application.submission.proposal, steps=steps(application, staff=True), budget=budget,
    )  # fmt: skip


# --- Sections --------------------------------------------------------------------------------------------------------


def _section(
    application: Application, name: str, template: str, form: FlaskForm, save: Any, **more: Any
) -> Answer:
    """The common course of a section: show it, or check and save it, or say that somebody else was faster."""
    present = _stored(application, name)
    if not form.is_submitted():
        form["version"].data = str(present)
        return render_template(template, application=application, form=form, **more)
    status = 422
    if form.validate():
        try:
            save()
            return _saved("application", public_id=application.public_id)
        except StaleDataError:
            _collision(form, present)
            status, more = 409, more | {"stored": True}
    return render_template(template, application=application, form=form, **more), status


@blueprint.route("/applications/<public_id>/summary", methods=["GET", "POST"])
def summary(public_id: str) -> Answer:
    application = load(queries.whole(public_id), to="application.edit")
    form = forms.SummaryForm(application.call, obj=application)
    return _section(
        application, "summary", "applications/summary.html", form,
        lambda: actions.save_summary(application, by=current_user, version=version_of(form), **form.fields()),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/questions", methods=["GET", "POST"])
def questions(public_id: str) -> Answer:
    application = load(queries.whole(public_id), to="application.edit")
    call = application.call
    answers = application.answered
    form_class = forms.answers_form(call.questions, localised)
    form = form_class(data={f"q_{key}": value for key, value in answers.items()})
    return _section(
        application, "questions", "applications/questions.html", form,
        lambda: actions.save_answers(
            application, {q.key: form[f"q_{q.key}"].data or "" for q in call.questions}, by=current_user,
            version=version_of(form),
        ),
        answers=answers,
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/declarations", methods=["GET", "POST"])
def declarations(public_id: str) -> Answer:
    application = load(queries.whole(public_id), to="application.edit")
    form = forms.DeclarationsForm(application.call, obj=application)
    return _section(
        application, "declarations", "applications/declarations.html", form,
        lambda: actions.save_declarations(
            application, form.declarations.data or [], by=current_user, version=version_of(form)
        ),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/part-b", methods=["GET", "POST"])
def part_b(public_id: str) -> Answer:
    application = load(queries.whole(public_id), to="application.edit")
    form = forms.PartBForm()
    if form.validate_on_submit():
        try:
            actions.attach(application, form.file.data.read(), form.file.data.filename or "", by=current_user)
        except Unreadable as problem:
            form.file.errors = [_(str(problem))]
        else:
            return _saved("application", public_id=public_id)
    page = render_template("applications/part_b.html", application=application, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/part-b/removal")
def remove_part_b(public_id: str) -> AnyResponse:
    application = load(queries.whole(public_id), to="application.edit")
    actions.detach(application, "part_b", by=current_user)
    return _saved("part_b", public_id=public_id)


@blueprint.get("/applications/<public_id>/files/<sha256>")
def file(public_id: str, sha256: str) -> Response:
    """A file of the application, always as a download; who is not in the consortium gets submitted files only."""
    application = load(queries.whole(public_id), to="application.read")
    known = list(application.submission.proposal.attachments) if application.submission else []
    if may("application.work", application):
        known += application.attachments
    found = next((attachment for attachment in known if attachment.sha256 == sha256), None)
    load(application if found else None, to="application.read")
    assert found
    return pdf(files.get(sha256), found.name)


def pdf(content: bytes, name: str) -> Response:
    """A PDF to download: never shown inside our own pages."""
    response = Response(content, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


# --- Consortium and budget -------------------------------------------------------------------------------------------


@blueprint.get("/applications/<public_id>/consortium")
def consortium(public_id: str) -> str:
    application = load(queries.whole(public_id), to="application.work")
    return render_template("applications/consortium.html", application=application)


@blueprint.route("/applications/<public_id>/partners/new", methods=["GET", "POST"])
def new_partner(public_id: str) -> Answer:
    application = load(queries.whole(public_id), to="application.edit")
    form = forms.PartnerForm(role="beneficiary")
    if form.validate_on_submit():
        actions.add_partner(application, by=current_user, **form.fields())
        return _saved("consortium", public_id=public_id)
    page = render_template("applications/partner.html", application=application, form=form, partner=None)
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/partners/<public_id>", methods=["GET", "POST"])
def partner(public_id: str) -> Answer:
    """One organisation; a partner's contact edits their own, but not its role and contact."""
    partner = load(queries.partner(public_id), to="partner.edit")
    application = partner.application
    form = forms.PartnerForm.of(partner) if request.method == "GET" else forms.PartnerForm()
    if not may("application.edit", application):
        del form.role, form.contact_name, form.contact_email
    return _partner_section(
        partner, "applications/partner.html", form,
        lambda: actions.edit_partner(partner, by=current_user, version=version_of(form), **form.fields()),
    )  # fmt: skip


@blueprint.route("/partners/<public_id>/budget", methods=["GET", "POST"])
def partner_budget(public_id: str) -> Answer:
    """One organisation's costs and requested contribution."""
    partner = load(queries.partner(public_id), to="partner.edit")
    form = forms.BudgetForm.of(partner, request.form if request.method == "POST" else None)
    return _partner_section(
        partner, "applications/partner_budget.html", form,
        lambda: actions.save_budget(
            partner, by=current_user, version=version_of(form), lines=form.lines(), **form.amounts()
        ),
        categories=budget.CATEGORIES,
    )  # fmt: skip


def _partner_section(partner: Partner, template: str, form: FlaskForm, save: Any, **more: Any) -> Answer:
    application = partner.application
    present = _stored(application, f"partner:{partner.public_id}")
    more |= {"application": application, "partner": partner, "form": form}
    if not form.is_submitted():
        form["version"].data = str(present)
        return render_template(template, **more)
    status = 422
    if form.validate():
        try:
            save()
            return _saved("consortium", public_id=application.public_id)
        except StaleDataError:
            _collision(form, present)
            status, more = 409, more | {"stored": True}
    return render_template(template, **more), status


@blueprint.post("/partners/<public_id>/removal")
def remove_partner(public_id: str) -> AnyResponse:
    partner = load(queries.partner(public_id), to="partner.remove")
    application_id = partner.application.public_id
    actions.remove_partner(partner, by=current_user)
    flash(_("%(name)s is removed from the consortium.", name=partner.name), "success")
    return redirect(url_for(".consortium", public_id=application_id), 303)


@blueprint.post("/partners/<public_id>/acceptance")
def accept_invitation(public_id: str) -> AnyResponse:
    """The invited contact agrees to take part."""
    partner = load(queries.partner(public_id), to="invitation.accept")
    actions.accept_invitation(partner, by=current_user)
    flash(_("You take part in this application now."), "success")
    return redirect(url_for(".application", public_id=partner.application.public_id), 303)


@blueprint.get("/applications/<public_id>/budget")
def budget_table(public_id: str) -> str:
    """The budget of the consortium, with the computed columns."""
    application = load(queries.whole(public_id), to="application.work")
    proposal = application.proposal
    return render_template(
        "applications/budget.html", application=application, proposal=proposal, budget=budget,
        totals=budget.totals(proposal.budgets),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/researchers", methods=["GET", "POST"])
def researchers(public_id: str) -> Answer:
    application = load(queries.whole(public_id), to="application.edit")
    form = forms.ResearcherForm(application)
    if form.validate_on_submit():
        organisation = next(p for p in application.partners if p.public_id == form.partner.data)
        actions.add_researcher(application, organisation, by=current_user, **form.fields())
        return _saved("researchers", public_id=public_id)
    page = render_template("applications/researchers.html", application=application, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/researchers/<researcher_id>/removal")
def remove_researcher(public_id: str, researcher_id: str) -> AnyResponse:
    application = load(queries.whole(public_id), to="application.edit")
    row = next((row for row in application.researchers if row.public_id == researcher_id), None)
    load(application if row else None, to="application.edit")
    assert row
    actions.remove_researcher(application, row, by=current_user)
    return _saved("researchers", public_id=public_id)


# --- Submission ------------------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/submission", methods=["GET", "POST"])
def submission(public_id: str) -> Answer:
    """Look once more at what will be submitted, then submit it."""
    application = load(queries.whole(public_id), to="application.read")
    form = forms.SubmitForm()
    if form.validate_on_submit() and form.key.data:
        again = queries.submission_with_key(application, form.key.data)
        if again and may("application.receipt", application):  # the second of two clicks
            return redirect(url_for(".receipt", public_id=public_id, number=again.number), 303)
    load(application, to="application.submit")
    findings = actions.findings(application)
    status = 200
    if form.is_submitted() and form.validate():
        try:
            made = actions.submit(application, by=current_user, key=form.key.data or "")
            return redirect(url_for(".receipt", public_id=public_id, number=made.number), 303)
        except actions.NotReady as refusal:
            findings, status = refusal.findings, 422
    page = render_template(
        "applications/submission.html", application=application, form=form, findings=findings,
        proposal=application.proposal, budget=budget, ready=actions.may_submit(findings),
    )  # fmt: skip
    return page, status


@blueprint.get("/applications/<public_id>/receipts/<int(max=99999):number>")
def receipt(public_id: str, number: int) -> str:
    """The receipt of one submitted version: number, instant, hash."""
    application = load(queries.by_public_id(public_id), to="application.receipt")
    found = queries.submission(application, number)
    load(application if found else None, to="application.receipt")
    return render_template("applications/receipt.html", application=application, submission=found)


@blueprint.get("/applications/<public_id>/versions/<int(max=99999):number>")
def version(public_id: str, number: int) -> str:
    """A submitted version as it was, for its consortium and for the call's staff."""
    application = load(queries.by_public_id(public_id), to="application.history")
    found = queries.submission(application, number)
    load(application if found else None, to="application.history")
    assert found
    return render_template(
        "applications/submitted.html", application=application, submission=found, proposal=found.proposal,
        steps=None, budget=budget,
    )  # fmt: skip


@blueprint.post("/applications/<public_id>/reopening")
def reopen(public_id: str) -> AnyResponse:
    application = load(queries.by_public_id(public_id), to="application.reopen")
    actions.reopen(application, by=current_user)
    flash(
        _("You can revise the application. What you submitted stays valid until you submit again."), "success"
    )
    return redirect(url_for(".application", public_id=public_id), 303)


@blueprint.route("/applications/<public_id>/withdrawal", methods=["GET", "POST"])
def withdrawal(public_id: str) -> Answer:
    """Withdraw, before the deadline or after it."""
    application = queries.by_public_id(public_id)
    late = application is not None and not application.accepts_changes(clock.now())
    application = load(application, to="application.withdraw_late" if late else "application.withdraw")
    form = forms.WithdrawalForm()
    if form.validate_on_submit():
        verb = actions.request_withdrawal if late else actions.withdraw
        verb(application, by=current_user, reason=form.reason.data or "")
        flash(_("The application is withdrawn."), "success")
        return redirect(url_for(".application", public_id=public_id), 303)
    page = render_template("applications/withdrawal.html", application=application, form=form, late=late)
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/applications/<public_id>/history")
def history(public_id: str) -> str:
    """Who did what when; applicants see their own acts only."""
    application = load(queries.by_public_id(public_id), to="application.history")
    own, conflicts = may("application.work", application), may("application.conflicts", application)
    return render_template(
        "applications/history.html", application=application, submissions=queries.submissions(application),
        events=queries.history(application, own_only=own, conflicts=conflicts), conflicts=conflicts,
    )  # fmt: skip


# --- Officers --------------------------------------------------------------------------------------------------------


@blueprint.get("/calls/<reference>/applications")
def received(reference: str) -> str:
    """The officer's list: what was received, after the deadline; before it, numbers and contacts of drafts only."""
    call = load(calls.by_reference(reference), to="call.manage")
    if not call.is_closed(clock.now()):
        load(call, to="call.drafts")
        drafts = db.session.scalars(queries.unfinished(call, current_user).limit(500)).all()
        return render_template("applications/unfinished.html", call=call, drafts=drafts)
    state = request.args.get("state") or None
    counts = queries.count_received(call, current_user)
    total = counts.get(state, 0) if state else sum(counts.values())
    page = paged(queries.received(call, current_user, state), total)
    return render_template("applications/received.html", call=call, page=page, counts=counts, state=state)


@blueprint.route("/calls/<reference>/applications/<number>/extension", methods=["GET", "POST"])
def extension(reference: str, number: str) -> Answer:
    """A late exception for one application, by an officer, with a reason; its content stays closed to them."""
    call = load(calls.by_reference(reference), to="call.extend_for_one")
    application = queries.by_number(call, number, current_user)
    load(call if application else None, to="call.extend_for_one")
    assert application
    form = forms.ExtensionForm()
    if form.validate_on_submit():
        try:
            actions.extend_until(
                application, form.until.data or "", by=current_user, reason=form.reason.data or ""
            )
        except ValueError as problem:
            form.until.errors = [_(str(problem))]
        else:
            flash(_("The applicants may submit until then."), "success")
            return redirect(url_for(".received", reference=application.call.reference), 303)
    page = render_template("applications/extension.html", application=application, form=form)
    return (page, 422) if form.is_submitted() else page


def tasks(user: Any) -> list[dict[str, Any]]:
    """Drafts to finish and invitations to answer."""
    waiting = [
        {
            "title": _(
                "Take part in %(acronym)s", acronym=partner.application.acronym or partner.application.number
            ),
            "url": url_for("applications.index"),
            "meta": _("%(name)s invites you.", name=partner.application.coordinator.name),
            "due": partner.application.call.deadline_at,
            "tone": "info",
        }
        for partner in db.session.scalars(queries.invitations(user))
    ]
    for application in db.session.scalars(queries.unfinished_of(user, clock.now())):
        revised = application.state == "reopened"
        acronym = application.acronym or application.number
        again = _("Submit %(acronym)s again", acronym=acronym)
        waiting.append(
            {
                "title": again if revised else _("Finish and submit %(acronym)s", acronym=acronym),
                "url": url_for("applications.application", public_id=application.public_id),
                "meta": application.call.title,
                "due": application.call.deadline_at,
                "tone": "warning" if revised else "info",
            }
        )  # fmt: skip
    return waiting
