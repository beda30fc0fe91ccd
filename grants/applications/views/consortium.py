"""Pages of a consortium: partners, invitations, people, work packages, and the budget with its spreadsheet."""

from collections.abc import Iterator
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as AnyResponse

from grants.applications import (
    actions,
    budget,
    forms,
    package_forms,
    queries,
    spreadsheet,
)
from grants.applications.editing import edit
from grants.applications.models import Application, Partner, Researcher
from grants.applications.views import Answer, blueprint, held, saved
from grants.web import load, may, permit
from grants.words import N_


@blueprint.get("/applications/<public_id>/consortium")
def consortium(public_id: str) -> str:
    application = load(queries.whole(public_id), to="application.work")
    bounced = queries.not_reached(application)
    return render_template("applications/consortium.html", application=application, bounced=bounced)


@blueprint.route("/applications/<public_id>/partners/new", methods=["GET", "POST"])
def new_partner(public_id: str) -> Answer:
    """Add an organisation: found in the register by ?q= and taken from it by ?pic=, or typed."""
    application = load(held(public_id, whole=True), to="application.lead")
    text, known = (
        request.args.get("q", "").strip()[:200],
        queries.organisation(request.args.get("pic", "")[:9]),
    )
    form = forms.PartnerForm(obj=known, role="beneficiary")
    if form.validate_on_submit():
        actions.add_partner(application, by=current_user, **form.fields())
        return saved("consortium", public_id=public_id)
    page = render_template(
        "applications/partner.html", application=application, form=form, partner=None, text=text,
        organisations=queries.organisations(text),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


def _held_partner(public_id: str) -> Partner | None:
    if request.method == "POST":
        queries.hold(partner=public_id)
    return queries.partner(public_id)


def partner_form(partner: Partner, typed: Any) -> forms.PartnerForm:
    """Role, access and contact are for who leads."""
    form = forms.PartnerForm.of(partner, typed)
    if not may("application.lead", partner.application):
        for name in actions.LEADS:
            del form[name]
    return form


def budget_form(partner: Partner, typed: Any) -> FlaskForm:
    if partner.application.call.rules.by_work_package:
        return package_forms.shares_form(partner, typed)
    return forms.BudgetForm.of(partner, typed)


@blueprint.route("/partners/<public_id>", methods=["GET", "POST"])
def partner(public_id: str) -> Answer:
    """One organisation; a partner's contact edits their own, but not its role and contact."""
    partner = load(_held_partner(public_id), to="partner.edit")
    application = partner.application
    return edit(
        application, f"partner:{public_id}", "applications/partner.html", lambda typed: partner_form(partner, typed),
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
            lambda typed: budget_form(partner, typed),
            lambda form, how: actions.save_budget(partner, **how, shares=form.shares(), **form.amounts()),
            after=url_for(".budget_table", public_id=application.public_id), partner=partner,
            categories=budget.CATEGORIES,
        )  # fmt: skip
    return edit(
        application, f"budget:{public_id}", "applications/partner_budget.html",
        lambda typed: budget_form(partner, typed),
        lambda form, how: actions.save_budget(partner, **how, lines=form.lines(), **form.amounts()),
        after=url_for(".consortium", public_id=application.public_id), partner=partner,
        categories=budget.CATEGORIES,
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/work-packages", methods=["GET", "POST"])
def work_packages(public_id: str) -> Answer:
    """The work packages, in calls whose budget is made by them."""
    application = held(public_id, whole=True)
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


@blueprint.post("/partners/<public_id>/invitation")
def invite_again(public_id: str) -> AnyResponse:
    """Send the invitation to the organisation's contact once more."""
    partner = load(_held_partner(public_id), to="partner.invite_again")
    try:
        actions.invite_again(partner, by=current_user)
    except ValueError as problem:
        flash(_(str(problem)), "danger")
    else:
        flash(_("%(name)s is invited again.", name=partner.contact_name or partner.contact_email), "success")
    return redirect(url_for(".consortium", public_id=partner.application.public_id), 303)


@blueprint.post("/partners/<public_id>/refusal")
def decline_invitation(public_id: str) -> AnyResponse:
    """The invited contact does not take part."""
    partner = load(_held_partner(public_id), to="invitation.decline")
    actions.decline_invitation(partner, by=current_user)
    flash(_("You have declined. The coordinator is told."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.post("/partners/<public_id>/acceptance")
def accept_invitation(public_id: str) -> AnyResponse:
    """The invited contact agrees to take part."""
    partner = load(_held_partner(public_id), to="invitation.accept")
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
    application = load(held(public_id, whole=True), to="application.work")
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
    application = load(held(public_id, whole=True), to="application.work")
    own = [partner for partner in application.partners if may("partner.edit", partner)]
    load(own[0] if own else application, to="partner.edit" if own else "application.edit")
    form = forms.ResearcherForm(own)
    if form.validate_on_submit():
        organisation = next(p for p in application.partners if p.public_id == form.partner.data)
        actions.add_researcher(application, organisation, by=current_user, **form.fields())
        return saved("researchers", public_id=public_id)
    page = render_template(
        "applications/researchers.html", application=application, form=form, own=own, person=None
    )
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/applications/<public_id>/researchers/<researcher_id>", methods=["GET", "POST"])
def researcher(public_id: str, researcher_id: str) -> Answer:
    """Correct what is entered about one person."""
    application, row = _researcher(public_id, researcher_id)
    own = [partner for partner in application.partners if may("partner.edit", partner)]
    form = forms.ResearcherForm(own, data=row.to_dict())
    if form.validate_on_submit():
        organisation = next(p for p in own if p.public_id == form.partner.data)
        actions.edit_researcher(application, row, organisation, by=current_user, **form.fields())
        return saved("researchers", public_id=public_id)
    page = render_template(
        "applications/researchers.html", application=application, form=form, own=own, person=row
    )
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/researchers/<researcher_id>/removal")
def remove_researcher(public_id: str, researcher_id: str) -> AnyResponse:
    application, row = _researcher(public_id, researcher_id)
    actions.remove_researcher(application, row, by=current_user)
    return saved("researchers", public_id=public_id)


def _researcher(public_id: str, researcher_id: str) -> tuple[Application, Researcher]:
    """The application, and one of its researchers whose organisation the person may write for."""
    application = load(held(public_id, whole=True), to="application.work")
    row = next((row for row in application.researchers if row.public_id == researcher_id), None)
    load(row and row.partner, to="partner.edit")
    assert row
    return application, row
