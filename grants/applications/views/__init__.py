"""Pages of applicants: my applications, each with its checklist, and what waits for whom.

The form is in sections.py and consortium.py, submission in submitting.py, questions after the deadline in
clarifications.py.
"""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response as AnyResponse

from grants import clock
from grants.applications import (  # noqa: F401 (jobs register themselves)
    actions,
    budget,
    call_news,
    clean_up,
    forms,
    next_cut_off,
    queries,
    reminders,
    shown,
)
from grants.applications import consortium as consortium_rules
from grants.applications.models import Application
from grants.applications.progress import steps
from grants.calls import queries as calls
from grants.calls.forms import SelfCheckForm
from grants.db import db
from grants.web import load, locale_of_reader, may, paged, permit

blueprint = Blueprint("applications", __name__)

Answer = str | AnyResponse | tuple[str, int]


def saved(endpoint: str, **values: Any) -> AnyResponse:
    flash(_("Saved."), "success")
    return redirect(url_for(f"applications.{endpoint}", **values), 303)


def held(public_id: str, *options: Any, whole: bool = False) -> Application | None:
    """The application for one section, or whole; who is about to save in it waits for whoever is saving now."""
    if request.method == "POST":
        queries.hold(application=public_id)
    return queries.whole(public_id) if whole else queries.for_section(public_id, *options)


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


def section_urls(public_id: str) -> dict[str, str]:
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
            purged_after=clean_up.due, section_urls=section_urls(public_id),
            asked=clarifications.open_questions(application) if application.version else (),
            unsaved=unsaved.of(application),
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
        unsaved=unsaved.of(application),
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
            form.beneficiaries.data, form.others.data, form.organisations.data, language=locale_of_reader()
        )
        findings = consortium_rules.self_check(imagined, call.rules, call.deadline_day)
    page = render_template("applications/self_check.html", call=call, form=form, findings=findings,
                           verdict=consortium_rules.overall(findings) if valid else None)  # fmt: skip
    return (page, 422) if asked and not valid else page


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


from grants.applications.views import (  # noqa: E402, F401 (routes hang on the blueprint)
    clarifications,
    consortium,
    sections,
    submitting,
    unsaved,
)
