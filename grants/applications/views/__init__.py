"""Pages of applicants: my applications, the form section by section, submission and receipt."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as AnyResponse

from grants import clock
from grants.applications import (  # noqa: F401 (the job that carries drafts on registers itself)
    actions,
    budget,
    clean_up,
    forms,
    next_cut_off,
    package_forms,
    queries,
    reminders,
    scanner,
    shown,
    spreadsheet,
)
from grants.applications import consortium as consortium_rules
from grants.applications.attachments import Unreadable
from grants.applications.checklist import may_submit
from grants.applications.comparison import changes as differences
from grants.applications.comparison import put_together
from grants.applications.editing import edit
from grants.applications.models import Application, Partner
from grants.applications.progress import steps
from grants.applications.proposal import Proposal
from grants.calls import queries as calls
from grants.calls.forms import SelfCheckForm, answers_typed
from grants.db import db
from grants.web import load, localised, may, paged, permit
from grants.words import N_

blueprint = Blueprint("applications", __name__)

Answer = str | AnyResponse | tuple[str, int]


def _saved(endpoint: str, **values: Any) -> AnyResponse:
    flash(_("Saved."), "success")
    return redirect(url_for(f"applications.{endpoint}", **values), 303)


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


@blueprint.route("/applications/<public_id>/copy", methods=["GET", "POST"])
def copy(public_id: str) -> Answer:
    """Start a new application from this one, in any open call; what does not fit there is said."""
    earlier = load(queries.whole(public_id), to="application.copy")
    form = forms.CopyForm(queries.open_calls(clock.now()))
    if form.validate_on_submit():
        call = load(calls.by_reference(form.call.data), to="call.apply")
        application, left_out = actions.copy(earlier, call, by=current_user)
        flash(_("Your application has the number %(number)s.", number=application.number), "success")
        for sentence, values in left_out:
            flash(_("Not copied. %(what)s", what=_(sentence, **values)), "warning")
        return redirect(url_for(".application", public_id=application.public_id), 303)
    page = render_template("applications/copy.html", application=earlier, form=form)
    return (page, 422) if form.is_submitted() else page


def _section_urls(public_id: str) -> dict[str, str]:
    """Where to change what a finding is about, by its field."""
    pages = {"summary": "summary", "consortium": "consortium", "work-packages": "work_packages",
             "budget": "budget_table", "researchers": "researchers", "questions": "questions", "part-b": "part_b",
             "declarations": "declarations"}  # fmt: skip
    return {field: url_for(f".{page}", public_id=public_id) for field, page in pages.items()}


@blueprint.get("/applications/<public_id>")
def application(public_id: str) -> str:
    """One application: for its consortium the working copy with checklist, for everybody else what was submitted."""
    application = load(queries.by_public_id(public_id), to="application.read")
    if may("application.work", application):
        application = queries.complete(application)
        return render_template(
            "applications/application.html", application=application, proposal=application.proposal,
            findings=actions.findings(application), steps=steps(application, staff=False), budget=budget,
            purged_after=clean_up.due, section_urls=_section_urls(public_id),
            asked=clarifications.open_questions(application) if application.version else (),
        )  # fmt: skip
    return render_template(
        "applications/submitted.html", application=application, submission=application.submission,
        proposal=shown.proposal_to(current_user, application), steps=steps(application, staff=True), budget=budget,
    )  # fmt: skip


@blueprint.get("/applications/<public_id>/working-copy")
def working_copy(public_id: str) -> str:
    """Everything that is saved, to read: for partners who may not write, and when nobody may any more."""
    application = load(queries.whole(public_id), to="application.work")
    return render_template(
        "applications/working_copy.html",
        application=application,
        proposal=application.proposal,
        budget=budget,
    )


@blueprint.get("/calls/<reference>/self-check")
def self_check(reference: str) -> Answer:
    """Whether such a consortium may apply, asked before anybody registers: the rules themselves answer."""
    call = load(calls.by_reference(reference), to="call.read")
    form = SelfCheckForm(request.args if request.args else None)
    asked = bool(request.args)
    valid = asked and form.validate()
    findings = []
    if valid:
        imagined = consortium_rules.imagined(
            form.beneficiaries.data, form.others.data, form.organisations.data
        )
        findings = consortium_rules.self_check(imagined, call.rules, call.deadline_day)
    page = render_template("applications/self_check.html", call=call, form=form, findings=findings,
                           verdict=consortium_rules.overall(findings) if valid else None)  # fmt: skip
    return (page, 422) if asked and not valid else page


# --- Sections --------------------------------------------------------------------------------------------------------


def _held(public_id: str, *options: Any, whole: bool = False) -> Application | None:
    """The application for one section, or whole; who is about to save in it waits for whoever is saving now."""
    if request.method == "POST":
        queries.hold(application=public_id)
    return queries.whole(public_id) if whole else queries.for_section(public_id, *options)


@blueprint.route("/applications/<public_id>/summary", methods=["GET", "POST"])
def summary(public_id: str) -> Answer:
    application = load(_held(public_id), to="application.edit")
    return edit(
        application, "summary", "applications/summary.html",
        lambda typed: forms.SummaryForm(application.call, typed, obj=application),
        lambda form, how: actions.save_summary(application, **how, **form.fields()),
        after=url_for(".application", public_id=public_id),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/questions", methods=["GET", "POST"])
def questions(public_id: str) -> Answer:
    application = load(_held(public_id, queries.ANSWERS, queries.ATTACHMENTS), to="application.edit")
    asked = application.call.questions
    form_class = forms.answers_form(asked, localised)
    return edit(
        application, "questions", "applications/questions.html",
        lambda typed: form_class(typed, data={f"q_{key}": value for key, value in application.answered.items()}),
        lambda form, how: actions.save_answers(application, answers_typed(form, asked), **how),
        after=url_for(".application", public_id=public_id),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/declarations", methods=["GET", "POST"])
def declarations(public_id: str) -> Answer:
    application = load(_held(public_id), to="application.edit")
    return edit(
        application, "declarations", "applications/declarations.html",
        lambda typed: forms.DeclarationsForm(application.call, typed, obj=application),
        lambda form, how: actions.save_declarations(application, form.declarations.data or [], **how),
        after=url_for(".application", public_id=public_id),
    )  # fmt: skip


@blueprint.post("/applications/<public_id>/kept-texts/<section>/removal")
def drop_text(public_id: str, section: str) -> AnyResponse:
    """Throw away what was typed and never saved; only its author has it."""
    application = load(queries.by_public_id(public_id), to="application.work")
    actions.drop_text(application, section[:40], by=current_user)
    flash(_("Thrown away."), "success")
    return redirect(url_for(".application", public_id=public_id), 303)


@blueprint.route("/applications/<public_id>/part-b", methods=["GET", "POST"])
def part_b(public_id: str) -> Answer:
    application = load(_held(public_id, queries.ATTACHMENTS), to="application.edit")
    form = forms.PartBForm()
    if form.validate_on_submit():
        try:
            content = form.file.data.read()
            clean = scanner.check(content)
            actions.attach(
                application, content, form.file.data.filename or "", by=current_user, scanned=clean
            )
        except Unreadable as problem:
            form.file.errors = [_(str(problem))]
        else:
            return _saved("application", public_id=public_id)
    page = render_template("applications/part_b.html", application=application, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/part-b/removal")
def remove_part_b(public_id: str) -> AnyResponse:
    application = load(_held(public_id, queries.ATTACHMENTS), to="application.edit")
    actions.detach(application, "part_b", by=current_user)
    return _saved("part_b", public_id=public_id)


@blueprint.route("/applications/<public_id>/annexes/<key>", methods=["GET", "POST"])
def annex(public_id: str, key: str) -> Answer:
    """The file that answers one question of the form."""
    application = load(queries.whole(public_id), to="application.edit")
    question = next((q for q in application.call.questions if q.key == key and q.kind == "file"), None)
    load(application if question else None, to="application.edit")
    form = forms.PartBForm()
    if form.validate_on_submit():
        try:
            content = form.file.data.read()
            clean = scanner.check(content)
            name = form.file.data.filename or ""
            actions.attach(application, content, name, by=current_user, kind=f"q:{key}", scanned=clean)
        except Unreadable as problem:
            form.file.errors = [_(str(problem))]
        else:
            return _saved("questions", public_id=public_id)
    page = render_template("applications/annex.html", application=application, question=question, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/annexes/<key>/removal")
def remove_annex(public_id: str, key: str) -> AnyResponse:
    application = load(queries.whole(public_id), to="application.edit")
    load(application if f"q:{key}" in application.attached else None, to="application.edit")
    actions.detach(application, f"q:{key}", by=current_user)
    return _saved("questions", public_id=public_id)


@blueprint.get("/applications/<public_id>/files/<sha256>")
def file(public_id: str, sha256: str) -> Response:
    """A file of the application: a download for the consortium and officers, submitted files only for the latter.

    Who evaluates gets the reading copy, with ?beside to read it beside a form.
    """
    application = load(queries.whole(public_id), to="application.read")
    known = list(shown.proposal_to(current_user, application).attachments) if application.submission else []
    if may("application.work", application):
        known += application.attachments
    found = next((attachment for attachment in known if attachment.sha256 == sha256), None)
    load(application if found else None, to="application.read")
    assert found
    response = pdf(shown.content_to(current_user, application, found), found.name)
    if "beside" in request.args and not may("application.read_originals", application):
        response.headers.set("Content-Disposition", "inline", filename=found.name)
        response.headers["Content-Security-Policy"] = "frame-ancestors 'self'"
    return response


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
    bounced = queries.not_reached(application)
    return render_template("applications/consortium.html", application=application, bounced=bounced)


@blueprint.route("/applications/<public_id>/partners/new", methods=["GET", "POST"])
def new_partner(public_id: str) -> Answer:
    """Add an organisation: found in the register by ?q= and taken from it by ?pic=, or typed."""
    application = load(_held(public_id, whole=True), to="application.lead")
    text, known = (
        request.args.get("q", "").strip()[:200],
        queries.organisation(request.args.get("pic", "")[:9]),
    )
    form = forms.PartnerForm(obj=known, role="beneficiary")
    if form.validate_on_submit():
        actions.add_partner(application, by=current_user, **form.fields())
        return _saved("consortium", public_id=public_id)
    page = render_template(
        "applications/partner.html", application=application, form=form, partner=None, text=text,
        organisations=queries.organisations(text),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


def _held_partner(public_id: str) -> Partner | None:
    if request.method == "POST":
        queries.hold(partner=public_id)
    return queries.partner(public_id)


@blueprint.route("/partners/<public_id>", methods=["GET", "POST"])
def partner(public_id: str) -> Answer:
    """One organisation; a partner's contact edits their own, but not its role and contact."""
    partner = load(_held_partner(public_id), to="partner.edit")
    application = partner.application

    def form_of(typed: Any) -> forms.PartnerForm:
        form = forms.PartnerForm.of(partner, typed)
        if not may("application.lead", application):
            for name in actions.LEADS:
                del form[name]
        return form

    return edit(
        application, f"partner:{public_id}", "applications/partner.html", form_of,
        lambda form, how: actions.edit_partner(partner, **how, **form.fields()),
        after=url_for(".consortium", public_id=application.public_id), partner=partner,
    )  # fmt: skip


@blueprint.route("/partners/<public_id>/budget", methods=["GET", "POST"])
def partner_budget(public_id: str) -> Answer:
    """One organisation's costs and requested contribution."""
    partner = load(_held_partner(public_id), to="partner.edit")
    application = partner.application
    if application.call.rules.by_work_package:
        return edit(
            application, f"budget:{public_id}", "applications/partner_shares.html",
            lambda typed: package_forms.shares_form(partner, typed),
            lambda form, how: actions.save_budget(partner, **how, shares=form.shares(), **form.amounts()),
            after=url_for(".budget_table", public_id=application.public_id), partner=partner,
            categories=budget.CATEGORIES,
        )  # fmt: skip
    return edit(
        application, f"budget:{public_id}", "applications/partner_budget.html",
        lambda typed: forms.BudgetForm.of(partner, typed),
        lambda form, how: actions.save_budget(partner, **how, lines=form.lines(), **form.amounts()),
        after=url_for(".consortium", public_id=application.public_id), partner=partner,
        categories=budget.CATEGORIES,
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/work-packages", methods=["GET", "POST"])
def work_packages(public_id: str) -> Answer:
    """The work packages, in calls whose budget is made by them."""
    application = _held(public_id, whole=True)
    by_package = application is not None and application.call.rules.by_work_package
    application = load(application if by_package else None, to="application.edit")
    return edit(
        application, "work_packages", "applications/work_packages.html",
        lambda typed: package_forms.packages_form(application, typed),
        lambda form, how: actions.save_work_packages(application, form.packages(), **how),
        after=url_for(".budget_table", public_id=public_id),
    )  # fmt: skip


@blueprint.post("/partners/<public_id>/removal")
def remove_partner(public_id: str) -> AnyResponse:
    partner = load(_held_partner(public_id), to="partner.remove")
    application_id = partner.application.public_id
    actions.remove_partner(partner, by=current_user)
    flash(_("%(name)s is removed from the consortium.", name=partner.name), "success")
    return redirect(url_for(".consortium", public_id=application_id), 303)


@blueprint.get("/organisations")
def organisations() -> Response:
    """Organisations of the register for what was typed, for the list under the field."""
    permit("organisations.read")
    names = ("pic", "name", "short_name", "country", "city", "activity", "sme")
    found = queries.organisations(request.args.get("q", "")[:200])
    return jsonify([{name: getattr(row, name) for name in names} for row in found])


@blueprint.route("/partners/<public_id>/confirmation", methods=["GET", "POST"])
def confirmation(public_id: str) -> Answer:
    """The contact looks at the organisation's part once more and confirms that it takes part."""
    partner = load(_held_partner(public_id), to="partner.confirm")
    form = FlaskForm()
    if form.validate_on_submit() and request.form.get("version") == partner.part_hash:
        actions.confirm_participation(partner, by=current_user)
        flash(_("%(name)s takes part.", name=partner.name), "success")
        return redirect(url_for(".consortium", public_id=partner.application.public_id), 303)
    page = render_template("applications/confirmation.html", application=partner.application, partner=partner)
    return (page, 409) if form.is_submitted() else page


@blueprint.route("/partners/<public_id>/coordination", methods=["GET", "POST"])
def hand_over(public_id: str) -> Answer:
    """Make another organisation the coordinator, and its contact the person who leads."""
    partner = load(_held_partner(public_id), to="partner.hand_over")
    queries.whole(partner.application.public_id)  # both organisations are written down as they are afterwards
    contact = queries.contact(partner)
    if request.method == "POST" and contact:
        actions.hand_over(partner, by=current_user, contact=contact)
        flash(_("%(name)s leads the application now.", name=contact.name), "success")
        return redirect(url_for(".application", public_id=partner.application.public_id), 303)
    return render_template(
        "applications/coordination.html", application=partner.application, partner=partner, contact=contact
    )


@blueprint.post("/partners/<public_id>/refusal")
def decline_invitation(public_id: str) -> AnyResponse:
    """The invited contact does not take part."""
    partner = load(queries.partner(public_id), to="invitation.decline")
    actions.decline_invitation(partner, by=current_user)
    flash(_("You have declined. The coordinator is told."), "success")
    return redirect(url_for(".index"), 303)


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


@blueprint.get("/applications/<public_id>/budget/spreadsheet")
def spreadsheet_file(public_id: str) -> Response:
    """The budget as an XLSX file, to be changed and uploaded again."""
    application = load(queries.whole(public_id), to="application.work")
    versions = {row.name.removeprefix("budget:"): row.version for row in application.sections}
    proposal = application.proposal
    by_package = application.call.rules.by_work_package
    response = Response(
        spreadsheet.write_shares(proposal, versions, _)
        if by_package
        else spreadsheet.write(proposal.partners, versions, _),
        mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    response.headers.set("Content-Disposition", "attachment", filename=f"{application.number}-budget.xlsx")
    return response


@blueprint.route("/applications/<public_id>/budget/upload", methods=["GET", "POST"])
def upload_budget(public_id: str) -> Answer:
    """Take a changed XLSX file in: all of it, or nothing and each cell that is wrong."""
    application = load(_held(public_id, whole=True), to="application.work")
    own = {partner.public_id: partner for partner in application.partners if may("partner.edit", partner)}
    load(next(iter(own.values())) if own else application, to="partner.edit" if own else "application.edit")
    form = forms.SpreadsheetForm()
    errors: list[spreadsheet.CellError] = []
    if form.validate_on_submit():
        proposal = application.proposal
        try:
            labels = {partner.key: partner.label for partner in proposal.partners}
            by_package = application.call.rules.by_work_package
            packages = [package.key for package in proposal.work_packages] if by_package else None
            rows, found = spreadsheet.read(form.file.data.read(), labels, packages)
        except spreadsheet.Unusable as problem:
            form.file.errors = [_(str(problem))]
        else:
            shares = spreadsheet.changed_shares(rows, proposal) if by_package else {}
            new = [(row, proposal.partner(key)) for key, (row, _rows) in shares.items()]
            if not by_package:
                new = list(spreadsheet.changed(rows, proposal.partners))
            errors = [*found, *_not_to_be_changed(application, new, set(own))]
            if not errors:
                for key, (_row, partners_rows) in shares.items():
                    actions.save_budget(own[key], by=current_user, shares=partners_rows)
                for row, _partner in [] if by_package else new:
                    amounts: dict[str, Any] = dict(row.values)
                    lines = {category.key: amounts.pop(category.key) for category in budget.CATEGORIES}
                    actions.save_budget(own[row.key], by=current_user, lines=lines, **amounts)
                count = len(new)
                said = ngettext("%(num)s organisation changed.", "%(num)s organisations changed.", count)
                flash(said if count else _("The file holds what is stored already."), "success")
                return redirect(url_for(".budget_table", public_id=public_id), 303)
    page = render_template(
        "applications/upload_budget.html", application=application, form=form, errors=errors
    )
    return (page, 422) if form.is_submitted() else page


def _not_to_be_changed(
    application: Application, new: list[Any], own: set[str]
) -> Iterator[spreadsheet.CellError]:
    """Rows of other partners, and rows that somebody has changed on the page since the file was made."""
    for row, partner in new:
        section = queries.section(application, f"budget:{row.key}")
        if row.key not in own:
            yield spreadsheet.CellError(row.cell, partner.label, N_("This row is not yours to change."))
        elif row.version != (section.version if section else 0):
            yield spreadsheet.CellError(
                row.cell, partner.label,
                N_("Somebody changed this budget after the file was made. Download it again, and enter your changes."),
            )  # fmt: skip


@blueprint.route("/applications/<public_id>/researchers", methods=["GET", "POST"])
def researchers(public_id: str) -> Answer:
    """The researchers; a partner's contact names those of their own organisation."""
    application = load(_held(public_id, whole=True), to="application.work")
    own = [partner for partner in application.partners if may("partner.edit", partner)]
    load(own[0] if own else application, to="partner.edit" if own else "application.edit")
    form = forms.ResearcherForm(own)
    if form.validate_on_submit():
        organisation = next(p for p in application.partners if p.public_id == form.partner.data)
        actions.add_researcher(application, organisation, by=current_user, **form.fields())
        return _saved("researchers", public_id=public_id)
    page = render_template("applications/researchers.html", application=application, form=form, own=own)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/researchers/<researcher_id>/removal")
def remove_researcher(public_id: str, researcher_id: str) -> AnyResponse:
    application = load(_held(public_id, whole=True), to="application.work")
    row = next((row for row in application.researchers if row.public_id == researcher_id), None)
    load(row and row.partner, to="partner.edit")
    assert row
    actions.remove_researcher(application, row, by=current_user)
    return _saved("researchers", public_id=public_id)


# --- Submission ------------------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/submission", methods=["GET", "POST"])
def submission(public_id: str) -> Answer:
    """Look once more at what will be submitted, then submit it."""
    application = load(_held(public_id, whole=True), to="application.read")
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
        proposal=application.proposal, budget=budget, ready=may_submit(findings), section_urls=_section_urls(public_id),
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


@blueprint.get("/applications/<public_id>/comparison")
def comparison(public_id: str) -> str:
    """Two states of the application beside each other: outline, submitted, saved at some time, or as it is now.

    Staff compare what was submitted; what the consortium has saved beside it is its own.
    """
    application = load(queries.whole(public_id), to="application.history")
    own = may("application.work", application)
    submissions, revisions = queries.submissions(application), queries.revisions(application) if own else []
    first = (
        "outline"
        if application.outline_id
        else f"v{submissions[0].number}"
        if submissions
        else (revisions[-1].public_id if revisions else "now")
    )
    last = "now" if own else f"v{application.version}"
    chosen = request.args.get("before", first), request.args.get("after", last)
    before, after = (_state(application, name) for name in chosen)
    questions = {question.key: localised(question, "label") for question in application.call.questions}
    return render_template(
        "applications/comparison.html", application=application, submissions=submissions, revisions=revisions,
        chosen=chosen, changes=differences(before, after, questions), own=own,
    )  # fmt: skip


def _state(application: Application, name: str) -> Proposal:
    """The application as the name of a state says; 404 for a name of none, 403 for a state that is not the reader's."""
    if name == "outline":
        outline = queries.outline_of(application)
        load(application if outline else None, to="application.history")
        assert outline
        return outline.proposal
    if not name.startswith("v"):
        load(application, to="application.work")
    if name == "now":
        return application.proposal
    if name.startswith("v"):
        number = int(name[1:]) if name[1:].isdecimal() and len(name) < 7 else 0
        found = queries.submission(application, number)
        load(application if found else None, to="application.history")
        assert found
        return found.proposal
    contents = queries.contents_at(application, name)
    load(application if contents else None, to="application.work")
    assert contents
    return put_together(application.call.reference, application.number, contents)


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
    call = load(calls.on_desk(reference), to="call.manage")
    if not call.is_closed(clock.now()):
        load(call, to="call.drafts")
        drafts = db.session.scalars(queries.unfinished(call, current_user).limit(500)).all()
        return render_template(
            "applications/unfinished.html", call=call, drafts=drafts,
            reminded=reminders.written([draft.id for draft in drafts]),
        )  # fmt: skip
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
    """Drafts to finish, questions and invitations to answer, participation to confirm."""
    waiting = []
    for partner in db.session.scalars(queries.asked(user, clock.now())):
        application = partner.application
        acronym = application.acronym or application.number
        task = {"due": application.call.deadline_at, "tone": "info"}
        if partner.contact_id is None:
            task |= {
                "title": _("Take part in %(acronym)s", acronym=acronym),
                "url": url_for("applications.index"),
                "meta": _("%(name)s invites you.", name=application.coordinator.name),
            }
        else:
            task |= {
                "title": _("Confirm that %(name)s takes part", name=partner.short_name or partner.name),
                "url": url_for("applications.confirmation", public_id=partner.public_id),
                "meta": acronym,
            }
        waiting.append(task)
    for application, clarification in db.session.execute(queries.waiting_of(user, clock.now())):
        if clarification is not None:
            waiting.append(clarifications.task(application, clarification))
            continue
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


from grants.applications.views import clarifications  # noqa: E402 (routes hang on the blueprint)
