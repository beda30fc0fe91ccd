"""Pages about calls: the public list and page, setting up, publishing, the desk of a call."""

from typing import Any

from flask import (
    Blueprint,
    abort,
    flash,
    redirect,
    render_template,
    render_template_string,
    request,
    url_for,
)
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from grants import clock
from grants.calls import actions, answers, queries, scheme, word_file
from grants.calls.answering import answers_typed, preview_form
from grants.calls.deadline import instant
from grants.calls.forms import (
    AnswerForm,
    CallForm,
    CopyForm,
    DeadlineForm,
    EnquiryForm,
    QuestionForm,
    ReasonForm,
    StaffForm,
)
from grants.calls.models import Call, Question
from grants.calls.scheme_form import SchemeForm
from grants.fields import version_of
from grants.people import actions as people
from grants.people import queries as people_queries
from grants.web import load, localised, paged, permit, public

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
    call = load(queries.by_reference(reference), to="call.read")
    return render_template("calls/call.html", call=call, kinds=answers.KINDS)


@blueprint.route("/calls/<reference>/enquiries", methods=["GET", "POST"])
def enquiries(reference: str) -> str | Response | tuple[str, int]:
    """What was asked about a call and answered for everybody; while it is open, a question of one's own."""
    call = load(queries.on_desk(reference), to="call.ask" if request.method == "POST" else "call.read")
    form = EnquiryForm()
    if form.validate_on_submit():
        try:
            actions.ask(call, form.text.data or "", by=current_user)
        except actions.Unfit as problem:
            form.text.errors = [_(str(problem))]
        else:
            flash(_("Your question is with the programme officers. You will get a mail."), "success")
            return redirect(url_for(".enquiries", reference=reference), 303)
    waiting = queries.unanswered(call, current_user) if current_user.is_authenticated else ()
    answered = paged(queries.answered(call), queries.count_answered(call))
    page = render_template("calls/enquiries.html", call=call, form=form, waiting=waiting, page=answered)
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/enquiries/<public_id>", methods=["GET", "POST"])
def enquiry(public_id: str) -> str | Response | tuple[str, int]:
    """Answer a question, for everybody or for its author alone; correct a published answer."""
    one = load(queries.enquiry(public_id), to="enquiry.answer")
    form = AnswerForm(question=one.question or one.asked, answer=one.answer)
    if form.validate_on_submit():
        if form.public.data == "yes":
            actions.answer(
                one, by=current_user, question=form.question.data or "", text=form.answer.data or ""
            )
        else:
            actions.set_aside(one, by=current_user, text=form.answer.data or "")
        flash(_("Answered."), "success")
        return redirect(url_for(".enquiries", reference=one.call.reference), 303)
    page = render_template("calls/enquiry.html", call=one.call, enquiry=one, form=form)
    return (page, 422) if form.is_submitted() else page


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
    if request.method == "GET":
        chosen = scheme.library().get(request.args.get("scheme", ""))
        form = CallForm.for_scheme(chosen, clock.now().year)
        return render_template("calls/form.html", form=form, call=None)
    form = CallForm(formdata=request.form)
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


@blueprint.get("/schemes")
def schemes() -> str:
    """The library of scoring schemes."""
    permit("desk.read")
    return render_template("calls/schemes.html", schemes=scheme.library().values(), words=scheme)


@blueprint.get("/schemes/<scheme_id>")
def scheme_page(scheme_id: str) -> str:
    """One scheme of the library: criteria, scale with its anchors, thresholds, weights, ties."""
    permit("desk.read")
    found = scheme.library().get(scheme_id)
    if found is None:
        abort(404)
    return render_template("calls/scheme.html", scheme=found, words=scheme)


@blueprint.route("/calls/<reference>/scheme", methods=["GET", "POST"])
def edit_scheme(reference: str) -> str | Response | tuple[str, int]:
    """Scale, criteria, anchors and tie-break of the call's own copy of its scheme, until it is published."""
    call = load(queries.by_reference(reference), to="call.edit")
    form = SchemeForm(call.scheme, request.form if request.method == "POST" else None)
    status = 200
    if not form.is_submitted():
        form.version.data = str(call.version)
    elif form.validate() and (new := form.typed()):
        try:
            actions.set_scheme(call, new, by=current_user, version=version_of(form))
        except StaleDataError:
            flash(
                _("Somebody else saved this call meanwhile. Compare with the stored call, then save again."),
                "warning",
            )
            form.version.data, form.version.raw_data = str(call.version), None
            status = 409
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".edit_scheme", reference=reference), 303)
    else:
        status = 422
    return render_template(
        "calls/edit_scheme.html", call=call, form=form, scheme=call.scheme, words=scheme
    ), status


@blueprint.route("/calls/<reference>/questions", methods=["GET", "POST"])
def questions(reference: str) -> str | Response | tuple[str, int]:
    """The questions of the form, and a new one."""
    call = load(queries.by_reference(reference), to="call.edit")
    form = QuestionForm(call)
    if form.validate_on_submit():
        actions.add_question(call, by=current_user, **form.fields())
        flash(_("The question is added."), "success")
        return redirect(url_for(".questions", reference=reference), 303)
    page = render_template("calls/questions.html", call=call, form=form, kinds=answers.KINDS)
    return (page, 422) if form.is_submitted() else page


def _question(reference: str, public_id: str) -> Question:
    call = load(queries.by_reference(reference), to="call.edit")
    question = queries.question(public_id)
    load(call if question and question.call_id == call.id else None, to="call.edit")
    assert question
    return question


@blueprint.route("/calls/<reference>/questions/<public_id>", methods=["GET", "POST"])
def edit_question(reference: str, public_id: str) -> str | Response | tuple[str, int]:
    """Change one question."""
    question = _question(reference, public_id)
    form = QuestionForm(question.call, question)
    if form.validate_on_submit():
        try:
            actions.edit_question(question, by=current_user, **form.fields())
        except actions.Unfit as problem:
            form.kind.errors = [_(str(problem))]
        else:
            flash(_("Saved."), "success")
            return redirect(url_for(".questions", reference=reference), 303)
    page = render_template("calls/question.html", call=question.call, question=question, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/calls/<reference>/questions/<public_id>/<any(up, down):way>")
def move_question(reference: str, public_id: str, way: str) -> Response:
    """One place up or down."""
    question = _question(reference, public_id)
    _try(lambda: actions.move_question(question, -1 if way == "up" else 1, by=current_user), "")
    return redirect(url_for(".questions", reference=reference, _anchor=public_id), 303)


@blueprint.post("/calls/<reference>/questions/<public_id>/removal")
def remove_question(reference: str, public_id: str) -> Response:
    question = _question(reference, public_id)
    _try(lambda: actions.remove_question(question, by=current_user), _("The question is removed."))
    return redirect(url_for(".questions", reference=reference), 303)


@blueprint.route("/calls/<reference>/questions/test", methods=["GET", "POST"])
def preview(reference: str) -> str | tuple[str, int]:
    """The form as applicants will see it. What is typed here is checked and kept nowhere."""
    call = load(queries.by_reference(reference), to="call.preview")
    form = preview_form(call.questions, localised)(request.form if request.method == "POST" else None)
    checked = form.is_submitted() and form.validate()
    typed = answers_typed(form, call.questions) if checked else {}
    put = answers.asked(call.rules.questions, typed.get)
    page = render_template("calls/preview.html", call=call, form=form, checked=checked, typed=typed, put=put,
                           answers=answers)  # fmt: skip
    return (page, 422) if form.is_submitted() and not checked else page


@blueprint.get("/calls/<reference>/form")
def form_of_call(reference: str) -> str:
    """All that the form asks for, readable by everybody before starting."""
    call = load(queries.by_reference(reference), to="call.read")
    waiting = request.args.get("waiting") == "pdf"
    return render_template("calls/form_of_call.html", call=call, kinds=answers.KINDS, waiting=waiting)


@blueprint.get("/calls/<reference>/form.docx")
def form_as_docx(reference: str) -> Response:
    """The same as a file, to be shared and drafted in."""
    call = load(queries.by_reference(reference), to="call.read")
    head = render_template_string("<h1>{{ title }}</h1><p>{{ call.title }} ({{ call.reference }})</p>",
                                  title=_("What the form asks for"), call=call)  # fmt: skip
    body = render_template("calls/form_text.html", call=call, kinds=answers.KINDS)
    content = word_file.write(head + body, title=call.title, language=str(get_locale() or "en"))
    response = Response(content, mimetype=word_file.MEDIA_TYPE)
    response.headers.set("Content-Disposition", "attachment", filename=f"{call.reference}-form.docx")
    return response


@blueprint.route("/calls/<reference>/copy", methods=["GET", "POST"])
def copy(reference: str) -> str | Response | tuple[str, int]:
    """A new call from this one."""
    call = load(queries.by_reference(reference), to="call.copy")
    form = CopyForm()
    if form.validate_on_submit():
        try:
            new = actions.copy(
                call, by=current_user, reference=form.reference.data or "",
                opens_on=instant(form.opens.data, call.zone), deadline=form.deadline.data,
            )  # fmt: skip
        except actions.Unfit as problem:
            wrong = form.reference if "reference" in str(problem) else form.deadline
            wrong.errors = [_(str(problem))]
        except ValueError as problem:
            form.deadline.errors = [_(str(problem))]
        else:
            flash(_("The new call is a draft. Check its text and year, then publish it."), "success")
            return redirect(url_for(".call", reference=new.reference), 303)
    page = render_template("calls/copy.html", call=call, form=form)
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/calls/<reference>/<any('second-stage', 'next-cut-off'):way>", methods=["GET", "POST"])
def follow(reference: str, way: str) -> str | Response | tuple[str, int]:
    """The second stage of this call, or its next cut-off."""
    second = way == "second-stage"
    action = "call.add_second_stage" if second else "call.add_cut_off"
    call = load(queries.by_reference(reference), to=action)
    form = CopyForm()
    if not second:
        del form.opens
    if form.validate_on_submit():
        dates: dict[str, Any] = {"reference": form.reference.data or "", "deadline": form.deadline.data}
        try:
            if second:
                dates["opens_on"] = instant(form.opens.data, call.zone)
                new = actions.add_second_stage(call, by=current_user, **dates)
            else:
                new = actions.add_cut_off(call, by=current_user, **dates)
        except actions.Unfit as problem:
            wrong = form.reference if "reference" in str(problem) else form.deadline
            wrong.errors = [_(str(problem))]
        except ValueError as problem:
            form.deadline.errors = [_(str(problem))]
        else:
            flash(_("It is a draft. Check text, scoring and questions, then publish it."), "success")
            return redirect(url_for(".call", reference=new.reference), 303)
    page = render_template("calls/follow.html", call=call, form=form, second=second)
    return (page, 422) if form.is_submitted() else page


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
        elif form.role.data != "chair" and people_queries.evaluates_for(person, calls=[call.id]):
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
    _try(verb, done)
    return redirect(url_for(".call", reference=call.reference), 303)


def _try(verb: Any, done: str) -> None:
    try:
        verb()
    except actions.Unfit as problem:
        flash(_(str(problem)), "danger")
    else:
        if done:
            flash(done, "success")


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
        for call in (queries.drafts_of(user) if user.holds("officer") else ())
    ]


def officer_tasks(waiting: Any) -> list[tuple[int, str, str]]:
    """Of a row of queries.waiting_for_officers: how many, what, and where."""
    title = ngettext("Answer %(num)s question about %(call)s", "Answer %(num)s questions about %(call)s",
                     waiting.first, call=waiting.reference)  # fmt: skip
    return [(waiting.first, title, url_for("calls.enquiries", reference=waiting.reference))]
