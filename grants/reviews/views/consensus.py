"""The consensus report: opening, writing, circulating, approving, the quality check."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.wrappers import Response

from grants.applications import queries as applications
from grants.calls.forms import ReasonForm
from grants.fields import version_of
from grants.reviews import consensus as actions
from grants.reviews import queries, reactions, scoring
from grants.reviews.completeness import outside
from grants.reviews.forms import (
    ApprovalForm,
    CirculationForm,
    MinorityForm,
    OpeningForm,
    RapporteurForm,
    RemarkForm,
    consensus_form,
)
from grants.reviews.questions import questions_of
from grants.reviews.views import blueprint, end_of
from grants.reviews.views.saving import saved, seen
from grants.web import load, may

Answer = str | Response | tuple[str | Response, int]


@blueprint.get("/applications/<public_id>/reports")
def reports(public_id: str) -> Answer:
    """All reports on one application for staff, and the form that opens the consensus."""
    return _reports_page(load(applications.by_public_id(public_id), to="application.reports"))


@blueprint.post("/applications/<public_id>/consensus/opening")
def opening(public_id: str) -> Answer:
    """The officer merges the reports and names the rapporteur."""
    application = load(applications.by_public_id(public_id), to="application.open_consensus")
    group = queries.group(application)
    form = OpeningForm(group)
    if not form.validate():
        return _reports_page(application, form), 422
    try:
        actions.open_consensus(
            application,
            rapporteur=_chosen(form, group),
            without_awaited=form.without_awaited.data,
            by=current_user,
        )
    except actions.Unfit as problem:
        form.rapporteur.errors = [_(str(problem))]
        return _reports_page(application, form), 422
    flash(_("The consensus is open, and the experts have been told."), "success")
    return redirect(url_for(".consensus", public_id=public_id), 303)


def _reports_page(application: Any, form: Any = None) -> str:
    if form is None and may("application.open_consensus", application):
        form = OpeningForm(queries.group(application))
    return render_template(
        "reviews/reports.html", application=application, form=form, reports=queries.reports_of(application),
        awaited=queries.awaited(application), scheme=application.call.scheme,
        spread=scoring.spread([report.scores for report in queries.valid_reports(application)]),
    )  # fmt: skip


def _chosen(form: RapporteurForm, group: Any) -> Any:
    return next((one for one in group if one.public_id == form.rapporteur.data), None)


@blueprint.route("/applications/<public_id>/consensus", methods=["GET", "POST"])
def consensus(public_id: str) -> Answer:
    """The individual reports side by side and the consensus report beneath; the rapporteur writes."""
    consensus = load(queries.consensus_at(public_id), to="consensus.read")
    if request.method != "POST":
        return _page(consensus)
    load(consensus, to="consensus.write")

    wanted = request.form.get("take", "")

    def save(form: Any, version: int, tab: str) -> None:
        comments = form.comments
        if wanted:
            comments = actions.with_sentence(comments, queries.valid_reports(consensus.application), wanted)
        actions.save(
            consensus, version=version, scores=form.scores, comments=comments, tab=tab,
            justifications=form.justifications, answers=form.answers, by=current_user,
        )  # fmt: skip

    anchor = f"criterion-{wanted.split(':')[0]}" if wanted else None
    after = url_for(".consensus", public_id=public_id, _anchor=anchor)
    if request.form.get("next") == "circulation":
        after = url_for(".circulation", public_id=consensus.public_id)
    return saved(consensus, consensus_form, save, partial(_page, consensus), after)


def _page(
    consensus: Any, form: Any = None, stored: Any = None, approval: Any = None, remark: Any = None
) -> str:
    reports = queries.valid_reports(consensus.application)
    scheme = consensus.call.scheme
    individual = [report.scores for report in reports]
    silent = actions.silent(consensus, reports)
    group = queries.group(consensus.application)
    asked = any(one.user_id == current_user.id for one in silent) and may("consensus.approve", consensus)
    if remark is None and may("consensus.discuss", consensus):
        remark = RemarkForm(scheme, formdata=None)
    return render_template(
        "reviews/consensus.html", consensus=consensus, remark=remark,
        discussion=actions.discussion(consensus) if may("consensus.individual", consensus) else {},
        application=consensus.application,
        reports=reports if may("consensus.individual", consensus) else [],
        reaction=reactions.of_application(consensus.application) if consensus.call.reaction_days else None,
        sources=actions.sources(consensus, reports), numbers=actions.numbers(consensus, reports),
        to_take=actions.to_take(consensus, reports) if may("consensus.write", consensus) else {},
        scheme=scheme, questions=questions_of(consensus.call), form=form or consensus_form(consensus), stored=stored,
        marks={mark.criterion: mark for mark in consensus.marks},
        marks_of={report.id: {mark.criterion: mark for mark in report.marks} for report in reports},
        spread=scoring.spread(individual), outside=outside(consensus.scores, individual),
        total=scoring.total(consensus.scores, scheme),
        totals={report.id: scoring.total(report.scores, scheme) for report in reports},
        group=group, due=_due(consensus, group), answered=actions.answered(consensus), silent=silent,
        may_record_minority=actions.may_record_minority(consensus, reports),
        seen=seen(consensus, consensus_form),
        approval=approval or (ApprovalForm(formdata=None, version=consensus.version) if asked else None),
    )  # fmt: skip


def _due(consensus: Any, group: Any) -> datetime | None:
    """The end of the day that the person's own list shows; for those who are not of the group, of its last day."""
    own = [one for one in group if one.user_id == current_user.id]
    days = [one.due_on for one in own or group if one.due_on]
    return end_of(max(days, default=None), consensus.call.zone)


@blueprint.route("/consensus/<public_id>/circulation", methods=["GET", "POST"])
def circulation(public_id: str) -> Answer:
    """What is missing; then every evaluator is asked."""
    consensus = load(queries.consensus(public_id), to="consensus.circulate")
    form, problem = CirculationForm(), ""
    if form.validate_on_submit():
        try:
            actions.circulate(consensus, confirmed=form.confirmed.data, by=current_user)
        except actions.Unconfirmed as doubt:
            form.confirmed.errors = [_(str(doubt))]
        except actions.Unfit as refusal:
            problem = _(str(refusal))
        else:
            flash(_("The consensus report is with the experts for approval."), "success")
            return _to_page(consensus)
    reports = queries.valid_reports(consensus.application)
    gaps = actions.missing(consensus, reports)
    page = render_template(
        "reviews/circulation.html", consensus=consensus, application=consensus.application, form=form,
        problem=problem, gaps=gaps, doubts=() if gaps else actions.doubtful(consensus), scheme=consensus.call.scheme,
        total=scoring.total(consensus.scores, consensus.call.scheme),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.post("/consensus/<public_id>/remarks")
def remarks(public_id: str) -> Answer:
    """One of the group says something to the others about the text."""
    consensus = load(queries.consensus(public_id), to="consensus.discuss")
    form = RemarkForm(consensus.call.scheme)
    if not form.validate_on_submit():
        return _page(consensus, remark=form), 422
    try:
        actions.discuss(
            consensus,
            _own(consensus),
            criterion=form.criterion.data or "",
            text=form.text.data or "",
            by=current_user,
        )
    except actions.Unfit as problem:
        form.text.errors = [_(str(problem))]
        return _page(consensus, remark=form), 409
    flash(_("Your remark is there for the group to read."), "success")
    address = url_for(".consensus", public_id=consensus.application.public_id, _anchor="discussion")
    return redirect(address, 303)


def _own(consensus: Any) -> Any:
    """The reader's own assignment in the group."""
    return next(one for one in queries.group(consensus.application) if one.user_id == current_user.id)


@blueprint.post("/consensus/<public_id>/approval")
def approval(public_id: str) -> Answer:
    """An evaluator agrees or disagrees."""
    consensus = load(queries.consensus(public_id), to="consensus.approve")
    form = ApprovalForm()
    if not form.validate_on_submit():
        return _page(consensus, approval=form), 422
    try:
        actions.approve(
            consensus, _own(consensus), version=version_of(form), agrees=form.agrees.data == "yes",
            reason=form.reason.data or "", by=current_user,
        )  # fmt: skip
    except actions.Unfit as problem:
        form.reason.errors = [_(str(problem))]
        return _page(consensus, approval=form), 422
    except StaleDataError:
        form.version.data, form.version.raw_data = str(consensus.version), None
        form.agrees.errors = [_("The text has changed since you opened the page. Please read it again.")]
        return _page(consensus, approval=form), 409
    flash(_("Thank you, your answer is recorded."), "success")
    return _to_page(consensus)


@blueprint.post("/consensus/<public_id>/revision")
def revision(public_id: str) -> Response:
    """The rapporteur takes the text back to change it; it must be approved anew."""
    consensus = load(queries.consensus(public_id), to="consensus.revise")
    actions.revise(consensus, by=current_user)
    flash(_("The report is a draft again. After the change everybody is asked again."), "success")
    return _to_page(consensus)


@blueprint.route("/consensus/<public_id>/minority", methods=["GET", "POST"])
def minority(public_id: str) -> Answer:
    """The rapporteur records the view of those who disagree."""
    consensus = load(queries.consensus(public_id), to="consensus.record_minority")
    form = MinorityForm()
    return _act(
        consensus, form, form.statement,
        lambda: actions.record_minority(consensus, statement=form.statement.data or "", by=current_user),
        heading=_("Record the view of the minority"), done=_("The view of the minority is recorded."),
        text=_("The consensus report stands as the majority approved it. The view of the minority is kept with the "
               "names of those who hold it; the applicants do not read it."),
    )  # fmt: skip


@blueprint.route("/consensus/<public_id>/return", methods=["GET", "POST"])
def send_back(public_id: str) -> Answer:
    """The quality check asks for another version."""
    consensus = load(queries.consensus(public_id), to="consensus.return")
    form = ReasonForm()
    return _act(
        consensus, form, form.reason,
        lambda: actions.send_back(consensus, comment=form.reason.data or "", by=current_user),
        heading=_("Return the report to the rapporteur"), done=_("The rapporteur has been told what to change."),
        text=_("The rapporteur reads your comment and changes the text. Then everybody approves it again."),
    )  # fmt: skip


@blueprint.post("/consensus/<public_id>/finalisation")
def finalisation(public_id: str) -> Response:
    """The quality check accepts the report."""
    consensus = load(queries.consensus(public_id), to="consensus.finalise")
    try:
        actions.finalise(consensus, by=current_user)
    except actions.Unfit as problem:
        flash(_(str(problem)), "danger")
    else:
        flash(_("The consensus report is final, and the application is with the panel."), "success")
    return _to_page(consensus)


@blueprint.route("/consensus/<public_id>/restart", methods=["GET", "POST"])
def restart(public_id: str) -> Answer:
    """Back to individual evaluation, to add an expert."""
    consensus = load(queries.consensus(public_id), to="consensus.restart")
    form = ReasonForm()
    return _act(
        consensus, form, form.reason,
        lambda: actions.restart(consensus, reason=form.reason.data or "", by=current_user),
        heading=_("Go back to individual evaluation"), done=_("The application is in individual evaluation again."),
        text=_("Use this when the experts cannot agree, or one is missing: add an expert, then open the consensus "
               "again. It starts anew from all valid reports; the text so far is kept in the history."),
    )  # fmt: skip


@blueprint.route("/consensus/<public_id>/rapporteur", methods=["GET", "POST"])
def rapporteur(public_id: str) -> Answer:
    """Another rapporteur."""
    consensus = load(queries.consensus(public_id), to="consensus.restart")
    group = queries.group(consensus.application)
    form = RapporteurForm(group)

    def replace() -> None:
        actions.replace_rapporteur(consensus, _chosen(form, group), by=current_user)

    return _act(
        consensus, form, form.rapporteur, replace,
        heading=_("Name another rapporteur"), done=_("The new rapporteur has been told."),
        text=_("The new rapporteur goes on with the text as it stands."),
    )  # fmt: skip


def _act(
    consensus: Any, form: Any, field: Any, verb: Callable[[], None], *, heading: str, text: str, done: str
) -> Answer:
    """One page for each act that needs a text; a refusal stands beside `field`."""
    if form.validate_on_submit():
        try:
            verb()
        except actions.Unfit as problem:
            field.errors = [_(str(problem))]
        else:
            flash(done, "success")
            return _to_page(consensus)
    page = render_template(
        "reviews/act.html", application=consensus.application, form=form, heading=heading, text=text, danger=False,
        back=url_for(".consensus", public_id=consensus.application.public_id),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


def _to_page(consensus: Any) -> Response:
    return redirect(url_for(".consensus", public_id=consensus.application.public_id), 303)
