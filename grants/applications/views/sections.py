"""Pages of the form, section by section: summary, questions, declarations, and files."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as AnyResponse

from grants.applications import (
    actions,
    forms,
    queries,
    scanner,
    shown,
)
from grants.applications.attachments import Unreadable
from grants.applications.editing import edit
from grants.applications.models import Application
from grants.applications.views import Answer, blueprint, held, saved
from grants.calls.answering import answers_typed
from grants.web import load, localised, may


def summary_form(application: Application, typed: Any) -> FlaskForm:
    return forms.SummaryForm(application.call, typed, obj=application)


def questions_form(application: Application, typed: Any) -> FlaskForm:
    form_class = forms.answers_form(application.call.questions, localised)
    return form_class(typed, data={f"q_{key}": value for key, value in application.fitting.items()})


def declarations_form(application: Application, typed: Any) -> FlaskForm:
    return forms.DeclarationsForm(application.call, typed, obj=application)


@blueprint.route("/applications/<public_id>/summary", methods=["GET", "POST"])
def summary(public_id: str) -> Answer:
    application = load(held(public_id), to="application.edit")
    return edit(
        application, "summary", "applications/summary.html",
        lambda typed: summary_form(application, typed),
        lambda form, how: actions.save_summary(application, **how, **form.fields()),
        after=url_for(".application", public_id=public_id),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/questions", methods=["GET", "POST"])
def questions(public_id: str) -> Answer:
    application = load(held(public_id, queries.ANSWERS, queries.ATTACHMENTS), to="application.edit")
    asked = application.call.questions
    return edit(
        application, "questions", "applications/questions.html",
        lambda typed: questions_form(application, typed),
        lambda form, how: actions.save_answers(application, answers_typed(form, asked), **how),
        after=url_for(".application", public_id=public_id),
    )  # fmt: skip


@blueprint.route("/applications/<public_id>/declarations", methods=["GET", "POST"])
def declarations(public_id: str) -> Answer:
    application = load(held(public_id), to="application.edit")
    return edit(
        application, "declarations", "applications/declarations.html",
        lambda typed: declarations_form(application, typed),
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
    application = load(held(public_id, queries.ATTACHMENTS), to="application.edit")
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
            return saved("application", public_id=public_id)
    page = render_template("applications/part_b.html", application=application, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/part-b/removal")
def remove_part_b(public_id: str) -> AnyResponse:
    application = load(held(public_id, queries.ATTACHMENTS), to="application.edit")
    actions.detach(application, "part_b", by=current_user)
    return saved("part_b", public_id=public_id)


@blueprint.route("/applications/<public_id>/annexes/<key>", methods=["GET", "POST"])
def annex(public_id: str, key: str) -> Answer:
    """The file that answers one question of the form."""
    application = load(held(public_id, whole=True), to="application.edit")
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
            return saved("questions", public_id=public_id)
    page = render_template("applications/annex.html", application=application, question=question, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/applications/<public_id>/annexes/<key>/removal")
def remove_annex(public_id: str, key: str) -> AnyResponse:
    application = load(held(public_id, whole=True), to="application.edit")
    load(application if f"q:{key}" in application.attached else None, to="application.edit")
    actions.detach(application, f"q:{key}", by=current_user)
    return saved("questions", public_id=public_id)


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
