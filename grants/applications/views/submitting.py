"""Pages of submission: the check, receipts, versions and what differs, reopening and withdrawal; an officer's lists."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response as AnyResponse

from grants import clock
from grants.applications import actions, budget, forms, queries, reminders
from grants.applications.checklist import may_submit
from grants.applications.comparison import changes as differences
from grants.applications.comparison import put_together
from grants.applications.models import Application
from grants.applications.proposal import Proposal
from grants.applications.views import Answer, blueprint, held, section_urls, unsaved
from grants.calls import queries as calls
from grants.db import db
from grants.web import load, localised, may, paged


@blueprint.route("/applications/<public_id>/submission", methods=["GET", "POST"])
def submission(public_id: str) -> Answer:
    """Look once more at what will be submitted, then submit it."""
    application = load(held(public_id, whole=True), to="application.read")
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
        proposal=application.proposal, budget=budget, ready=may_submit(findings), section_urls=section_urls(public_id),
        unsaved=unsaved.of(application),
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
