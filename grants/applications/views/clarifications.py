"""Pages of clarifications: an officer asks, the consortium answers and changes what was unlocked."""

from typing import Any
from uuid import uuid4

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from grants import clock
from grants.applications import actions, clarifications, forms, queries, scanner
from grants.applications.attachments import Unreadable
from grants.applications.clarifying import ORGANISATION, UNLOCKING_STATES, unlockable
from grants.applications.models import Application, Clarification, KeptText
from grants.applications.views import Answer, blueprint
from grants.calls import answers
from grants.calls.answering import answers_typed
from grants.calls.deadline import instant
from grants.web import load, localised, may, typed_is_stored

NOT_TYPED = ("csrf_token", "key", "version", "seen", "tab")


@blueprint.get("/applications/<public_id>/clarifications")
def asked(public_id: str) -> Answer:
    """What was asked about an application and what was answered; for its officers, a new question."""
    application = load(queries.by_public_id(public_id), to="application.clarifications")
    return _asked(application, _form(application, None))


@blueprint.post("/applications/<public_id>/clarifications")
def ask(public_id: str) -> Answer:
    """Ask, and unlock."""
    application = load(queries.by_public_id(public_id), to="application.clarify")
    form = _form(application, request.form)
    if form.validate():
        try:
            clarifications.ask(
                application, by=current_user, question=form.question.data or "", unlocked=form.unlocked.data or [],
                until=instant(form.until.data, application.call.zone),
            )  # fmt: skip
        except clarifications.Refused as refusal:
            form[refusal.field].errors = [_(str(refusal))]
        except ValueError as problem:
            form.until.errors = [_(str(problem))]
        else:
            flash(_("The question is sent to the coordinator."), "success")
            return redirect(url_for(".asked", public_id=public_id), 303)
    return _asked(application, form), 422


def _form(application: Application, typed: Any) -> forms.ClarificationForm:
    """The question; what may be unlocked is chosen from what was received."""
    parts: list[tuple[str, str, str]] = []
    if application.submission and application.state in UNLOCKING_STATES:
        questions = [
            (one.key, localised(one, "label"))
            for one in application.call.questions
            if one.kind not in ("file", "table")
        ]
        parts = unlockable(application.submission.proposal, questions)
    return forms.ClarificationForm(parts, typed)


def _asked(application: Application, form: forms.ClarificationForm) -> str:
    found = clarifications.of_application(application)
    own = may("application.work", application)
    parts = {key: _(sentence, about=about) for key, sentence, about in _names(application)}
    return render_template(
        "applications/clarifications.html", application=application, call=application.call, form=form, asked=found,
        own=own, named=lambda keys: "; ".join(parts.get(key, key) for key in keys),
    )  # fmt: skip


def _names(application: Application) -> list[tuple[str, str, str]]:
    assert application.submission is not None
    questions = [(question.key, localised(question, "label")) for question in application.call.questions]
    return unlockable(application.submission.proposal, questions)


@blueprint.route("/clarifications/<public_id>", methods=["GET", "POST"])
def clarification(public_id: str) -> Answer:
    """The question, and the answer in the making: it saves itself for its author until it is sent."""
    if request.method == "GET":
        one = load(clarifications.by_public_id(public_id), to="clarification.read")
        kept = queries.kept_text(one.application, one.section, current_user)
        return _page(one, _answer_form(one, kept), kept)
    one = load(clarifications.by_public_id(public_id), to="clarification.answer")
    if request.accept_mimetypes.best == "application/json":
        return _keep(one)
    form = _answer_form(one, None, request.form | request.files)
    if form.validate():
        try:
            changes, scanned = _changes(one, form)
            submission = clarifications.answer(
                one,
                by=current_user,
                text=form["answer"].data,
                changes=changes,
                scanned=scanned,
                key=form["key"].data or uuid4().hex,
            )
        except Unreadable as problem:
            form["part_b"].errors = [_(str(problem))]
        else:
            actions.drop_text(one.application, one.section, by=current_user)
            typed_is_stored()
            flash(_("Your answer is sent."), "success")
            if submission:
                flash(_("It made version %(number)s of your application.", number=submission.number), "info")
            return redirect(url_for(".asked", public_id=one.application.public_id), 303)
    return _page(one, form, None), 422


def _keep(one: Clarification) -> Response:
    """Keep what is typed for its author; nobody else sees it before it is sent."""
    typed = {
        name: [value.replace("\x00", "�") for value in request.form.getlist(name)]
        for name in request.form
        if name not in NOT_TYPED
    }
    actions.keep_text(one.application, one.section, typed, seen={}, version=0, by=current_user)
    return jsonify(state="saved", version=0, seen={}, theirs={}, at=clock.now().isoformat())


def _answer_form(one: Clarification, kept: KeptText | None, typed: Any = None) -> FlaskForm:
    """Over what was received, or what its author has typed so far."""
    form_class = forms.clarification_answer(one, localised)
    if typed is None and kept is not None:
        typed = MultiDict(kept.typed)
    assert one.application.submission is not None
    received = one.application.submission.proposal
    data: dict[str, Any] = {
        "title": received.title,
        "abstract": received.abstract,
        "duration": received.duration,
    }
    data |= {f"q_{answer.key}": answer.value for answer in received.answers}
    for partner in received.partners:
        facts = {name: getattr(partner, name) for name in ORGANISATION}
        data[f"partner_{partner.key}"] = facts | {"gep": {True: "yes", False: "no"}.get(facts["gep"], "")}
    form = form_class(typed, data=data)
    if not form["key"].data:
        form["key"].data = uuid4().hex
    return form


def _changes(one: Clarification, form: FlaskForm) -> tuple[dict[str, Any], bool]:
    """The values of the unlocked parts, as `clarifying.clarified` takes them, and whether a new file was scanned.

    Raises Unreadable for a file.
    """
    changes: dict[str, Any] = {}
    scanned = False
    typed = answers_typed(form, one.call.questions)
    for part in one.changeable:
        kind, _colon, key = part.partition(":")
        if kind == "q":
            changes[part] = typed[key]
        elif kind == "partner":
            fields = form[f"partner_{key}"].form
            plain = {
                name: fields[name].data or "" for name in ORGANISATION if name not in ("sme", "international")
            }
            boxes = {name: bool(fields[name].data) for name in ("sme", "international")}
            changes[part] = plain | boxes | {"gep": {"yes": True, "no": False}.get(fields["gep"].data or "")}
        elif kind == "part_b":
            if file := form["part_b"].data:
                content = file.read()
                scanned = scanner.check(content)
                changes[part] = clarifications.store(content, file.filename or "")
        else:
            changes[part] = form[kind].data
    return changes, scanned


def _page(one: Clarification, form: FlaskForm, kept: KeptText | None) -> str:
    questions = {question.key: question for question in one.call.questions}
    assert one.application.submission is not None
    return render_template(
        "applications/clarification.html", clarification=one, application=one.application, call=one.call, form=form,
        kept=kept, questions=questions, organisation=ORGANISATION, kinds=answers.KINDS,
        partners={partner.key: partner.label for partner in one.application.submission.proposal.partners},
    )  # fmt: skip


@blueprint.post("/clarifications/<public_id>/taking-back")
def take_back(public_id: str) -> Response:
    """The officer does not need the answer any more."""
    one = load(clarifications.by_public_id(public_id), to="clarification.take_back")
    clarifications.take_back(one, by=current_user)
    flash(_("The question is taken back; nothing can be changed any more."), "success")
    return redirect(url_for(".asked", public_id=one.application.public_id), 303)


def open_questions(application: Application) -> list[Clarification]:
    """What waits for the consortium's answer."""
    return [one for one in clarifications.of_application(application) if one.is_open(clock.now())]


def task(application: Application, one: Clarification) -> dict[str, Any]:
    """A question of an officer that waits for its coordinator's answer."""
    return {
        "title": _("Answer a question about %(number)s", number=application.number),
        "url": url_for("applications.clarification", public_id=one.public_id),
        "meta": application.call.title,
        "due": one.until,
        "tone": "warning",
    }
