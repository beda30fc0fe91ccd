"""Individual evaluation reports: the declaration, the form, submission, and what officers do with reports."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from grants import clock
from grants.applications import budget
from grants.applications.shown import content_to, proposal_to
from grants.applications.spreadsheet import Unusable
from grants.calls import queries as calls
from grants.calls.forms import ReasonForm
from grants.experts.conflicts import CODES
from grants.experts.forms import DeclarationForm
from grants.reviews import actions, queries, reminding, report_file, scoring
from grants.reviews.forms import ReportFileForm, SubmissionForm, VoidingForm, report_form, report_lines
from grants.reviews.pack import bundle
from grants.reviews.questions import DECLARATION, questions_of
from grants.reviews.views import blueprint, end_of
from grants.reviews.views.saving import saved, seen
from grants.web import first_opening, load, moment, paged, score

Answer = str | Response | tuple[str | Response, int]


@blueprint.route("/assignments/<public_id>/declaration", methods=["GET", "POST"])
def declaration(public_id: str) -> Answer:
    """The expert declares that there is no conflict of interest, or which one, before or after seeing the content."""
    assignment = load(queries.assignment(public_id), to="assignment.declare")
    form = DeclarationForm()
    if not form.validate_on_submit():
        page = render_template("reviews/declaration.html", assignment=assignment, form=form)
        return (page, 422) if form.is_submitted() else page
    if form.declaration.data == "conflict":
        actions.declare_conflict(
            assignment, code=form.code.data, reason=form.reason.data or "", by=current_user
        )
        flash(
            _("Thank you. You no longer evaluate this application, and its content is closed to you."),
            "success",
        )
        return redirect(url_for("experts.assignments"), 303)
    report = actions.declare_none(assignment, by=current_user)
    flash(_("Thank you. The application is open to you now."), "success")
    if report is None:
        return redirect(url_for("experts.assignment", public_id=public_id), 303)
    return redirect(url_for(".report", public_id=report.public_id), 303)


@blueprint.route("/reports/<public_id>", methods=["GET", "POST"])
def report(public_id: str) -> Answer:
    """The proposal and the report beside it; read-only for everybody but its expert while it is a draft."""
    report = load(queries.report(public_id), to="report.read")
    if request.method != "POST":
        return _page(report, report_form(report))
    load(report, to="report.write")
    endpoint = ".submission" if request.form.get("next") == "submission" else ".report"
    return _save(report, url_for(endpoint, public_id=public_id))


def _save(report: Any, after: str, sent: Any = None) -> Answer:
    def save(form: Any, version: int, tab: str) -> None:
        actions.save(
            report, version=version, scores=form.scores, comments=form.comments, answers=form.answers,
            remarks=form.remarks.data or "", by=current_user, tab=tab,
        )  # fmt: skip

    return saved(report, report_form, save, partial(_page, report), after, sent)


def _page(report: Any, form: Any, stored: Any = None) -> str:
    scheme, application = report.call.scheme, report.application
    return render_template(
        "reviews/report.html", report=report, form=form, stored=stored, scheme=scheme,
        questions=questions_of(report.call), application=application, proposal=proposal_to(current_user, application),
        total=scoring.total(report.scores, scheme), seen=seen(report, report_form),
        due=end_of(report.assignment.due_on, report.call.zone),
    )  # fmt: skip


@blueprint.get("/reports/<public_id>/pack")
def pack(public_id: str) -> Response:
    """The application, its files and the form file as one ZIP, made for this expert alone."""
    report = load(queries.report(public_id), to="report.write")
    application, scheme = report.application, report.call.scheme
    proposal = proposal_to(current_user, application)
    mark = _(
        "Confidential, made for %(email)s on %(moment)s", email=current_user.email, moment=moment(clock.now())
    )
    page = render_template(
        "reviews/pack.html", application=application, proposal=proposal, budget=budget, mark=mark,
        style=(Path(current_app.static_folder or "") / "app.css").read_text("utf-8"),
        scale=[(f"{score(one.score)} {_(one.name)}", _(one.meaning)) for one in scheme.labels],
    )  # fmt: skip
    sheet = report_file.write(
        report_lines(report_form(report)), report=public_id, version=report.version, mark=mark, word=_,
        title=f"{application.number} {proposal.acronym}",
    )  # fmt: skip
    attached = [
        (f"{file.kind.replace(':', '_')}.pdf", content_to(current_user, application, file))
        for file in proposal.attachments
    ]
    response = Response(bundle(page, sheet, attached, mark), mimetype="application/zip")
    response.headers.set("Content-Disposition", "attachment", filename=f"{application.number}.zip")
    first_opening(report, "report.pack")
    return response


@blueprint.route("/reports/<public_id>/upload", methods=["GET", "POST"])
def upload(public_id: str) -> Answer:
    """Take a filled-in form file into the draft: all of it, or nothing and each cell that is wrong."""
    report = load(queries.report(public_id), to="report.write")
    form = ReportFileForm()
    wrong: list[report_file.Wrong] = []
    if form.validate_on_submit():
        try:
            filled = report_file.read(form.file.data.read(), report_lines(report_form(report)), public_id)
        except Unusable as problem:
            form.file.errors = [_(str(problem))]
        else:
            sent: MultiDict[str, str] = MultiDict(
                filled.typed
                | {"version": [filled.version], "seen": [json.dumps(filled.seen)]}
                | {"csrf_token": request.form.getlist("csrf_token")}
            )
            checked = report_form(report, sent)
            checked.validate()
            wrong = [*filled.wrong, *_wrong_cells(checked, filled)]
            if not wrong:
                return _save(report, url_for(".report", public_id=public_id), sent)
    page = render_template("reviews/upload.html", report=report, form=form, wrong=wrong)
    return (page, 422) if form.is_submitted() else page


def _wrong_cells(form: Any, filled: report_file.Filled) -> Iterator[report_file.Wrong]:
    """What the page would say beside its fields, by cell."""
    for field in form:
        for sentence in field.errors:
            yield report_file.Wrong(filled.cells.get(field.name, ""), str(field.label.text), str(sentence))


@blueprint.route("/reports/<public_id>/submission", methods=["GET", "POST"])
def submission(public_id: str) -> Answer:
    """What is missing, the declaration, then the report is locked."""
    report = load(queries.report(public_id), to="report.submit")
    form = SubmissionForm()
    if form.validate_on_submit():
        try:
            actions.submit(
                report, declared=form.declared.data, confirmed=form.confirmed.data, by=current_user
            )
        except actions.Unconfirmed as problem:
            form.confirmed.errors = [_(str(problem))]
        except actions.Unfit as problem:
            form.declared.errors = [_(str(problem))]
        else:
            flash(_("The report is submitted. Thank you."), "success")
            return redirect(url_for(".report", public_id=public_id), 303)
    scheme, gaps = report.call.scheme, actions.missing(report)
    page = render_template(
        "reviews/submission.html", report=report, form=form, gaps=gaps, declaration=DECLARATION,
        doubts=() if gaps else actions.doubtful(report), scheme=scheme, total=scoring.total(report.scores, scheme),
        due=end_of(report.assignment.due_on, report.call.zone),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.route("/reports/<public_id>/reopening", methods=["GET", "POST"])
def reopening(public_id: str) -> Answer:
    """An officer gives a submitted report back to its expert."""
    report = load(queries.report(public_id), to="report.reopen")
    form = ReasonForm()
    return _act(
        report, form, lambda: actions.reopen(report, reason=form.reason.data or "", by=current_user),
        heading=_("Give the report back"), done=_("The report is open again, and its expert has been told."),
        text=_("The expert can change the report and submits it again. What was submitted so far is kept."),
    )  # fmt: skip


@blueprint.route("/reports/<public_id>/voiding", methods=["GET", "POST"])
def voiding(public_id: str) -> Answer:
    """An officer takes a report out of the count."""
    report = load(queries.report(public_id), to="report.void")
    form = VoidingForm(CODES)
    return _act(
        report, form,
        lambda: actions.void(
            report, conflict=form.conflict.data or "", reason=form.reason.data or "", by=current_user
        ),
        heading=_("Declare the report void"), done=_("The report no longer counts."),
        text=_("The report is kept for audit but does not count any more. Its expert no longer sees the application. "
               "A consensus that has begun starts again without it."),
    )  # fmt: skip


def _act(report: Any, form: Any, verb: Callable[[], None], *, heading: str, text: str, done: str) -> Answer:
    """One page for each act of an officer that needs a reason."""
    back = url_for(".report", public_id=report.public_id)
    if form.validate_on_submit():
        verb()
        flash(done, "success")
        return redirect(back, 303)
    page = render_template(
        "reviews/act.html", application=report.application, form=form, heading=heading, text=text, back=back,
        danger=True,
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/calls/<reference>/reports")
def board(reference: str) -> Answer:
    """How far the evaluation of a call is, application by application, and who waits for whom."""
    call = load(calls.on_desk(reference), to="call.manage")
    counts = queries.board_counts(call, current_user)
    phase = request.args.get("phase", "")
    total = counts.get(phase, sum(counts.values()))
    page = paged(queries.board(call, current_user, phase), total)
    progress = queries.progress(page.rows)
    wide = {
        row.id: [
            criterion for criterion, spread in scoring.spread(progress[row.id].scores).items() if spread.wide
        ]
        for row in page.rows
    }
    days = {row.id: (clock.now() - row.opened_at).days for row in page.rows if row.state == "in_consensus"}
    return render_template(
        "reviews/board.html", days=days, call=call, page=page, progress=progress, wide=wide, counts=counts, phase=phase,
        names={criterion.id: criterion.name for criterion in call.scheme.criteria},
    )  # fmt: skip


@blueprint.post("/calls/<reference>/reminders")
def remind(reference: str) -> Response:
    """One mail to each expert who has not answered, not declared or not submitted; at most one a day."""
    call = load(calls.on_desk(reference), to="call.remind")
    count = reminding.remind_all(call, by=current_user)
    said = ngettext("%(num)s expert is reminded.", "%(num)s experts are reminded.", count)
    flash(said if count else _("Nobody is waited for who was not reminded today already."), "success")
    return redirect(url_for(".board", reference=reference), 303)
