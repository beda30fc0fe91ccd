"""Pages of the decisions: the desk of a call, one decision as staff and as its coordinator see it, the release."""

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock, policy
from grants.applications import actions as applying
from grants.applications import queries as applications
from grants.calls.fields import version_of
from grants.calls.models import Call
from grants.calls.queries import by_reference, on_desk
from grants.decisions import (  # noqa: F401 (the job of sending registers itself)
    actions,
    afterwards,
    changes,
    letters,
    queries,
    redress,
    second_check,
    sending,
)
from grants.decisions import wording as wordings
from grants.decisions.forms import (
    ApprovalForm,
    ChangeForm,
    DecisionForm,
    MemberForm,
    OpinionForm,
    PreparationForm,
    RedressForm,
    ReleaseForm,
    ReturnForm,
    SeenForm,
    SignatureForm,
    StopForm,
    WordingForm,
)
from grants.decisions.models import Change, Decision, Preparation, Redress
from grants.decisions.outcomes import (
    CLEARANCES,
    ENDINGS,
    KINDS,
    NAMES,
    NOTICES,
    OF_LINE,
    TONES,
    count,
    departs,
)
from grants.language import in_language, translate
from grants.panels.queries import visible_numbers
from grants.people import queries as people
from grants.web import LANGUAGES, first_opening, load, may, paged, public

blueprint = Blueprint("decisions", __name__)


@blueprint.app_context_processor
def words() -> dict[str, Any]:
    """Names of outcomes."""
    return {
        "CHANGE_NAMES": KINDS, "CLEARANCES": CLEARANCES, "STATUS_NAMES": second_check.NAMES, "OUTCOME_NAMES": NAMES,
        "OUTCOME_TONES": TONES, "LETTER_NAMES": NAMES | NOTICES, "ENDINGS": ENDINGS,
    }  # fmt: skip


# --- The desk --------------------------------------------------------------------------------------------------------


@blueprint.get("/calls/<reference>/decisions")
def desk(reference: str) -> str:
    """All applications of the call with their place on the list, their decision, and the two people."""
    call = load(on_desk(reference), to="call.decisions")
    form = SeenForm()
    waiting = queries.to_approve(call, current_user) if may("call.decide", call) else []
    form.seen.data = actions.fingerprint(waiting)
    tally = queries.tally(call, current_user)
    return render_template(
        "decisions/desk.html", call=call, form=form, waiting=len(waiting), undecided=tally.pop((None, None), 0),
        tally=tally, page=paged(queries.desk(call, current_user), queries.count_concerned(call)), of_line=OF_LINE,
        inform_by=redress.time_to_inform(call.deadline_at.astimezone(ZoneInfo(call.zone)).date()),
    )  # fmt: skip


@blueprint.post("/calls/<reference>/decisions")
def propose(reference: str) -> Response:
    """Propose what follows from the list and the rulings, for all that have no decision."""
    call = load(by_reference(reference), to="call.decide")
    proposed = actions.propose_all(call, by=current_user)
    if proposed:
        flash(
            _("Proposed decisions: %(count)s. A second officer has to approve them.", count=proposed),
            "success",
        )
    else:
        flash(_("There was nothing to propose."), "info")
    return redirect(url_for(".desk", reference=reference), 303)


@blueprint.post("/calls/<reference>/decisions/approval")
def approve_all(reference: str) -> Response:
    """Approve all that others have proposed."""
    call = load(by_reference(reference), to="call.decide")
    try:
        approved = actions.approve_all(call, by=current_user, seen=SeenForm().seen.data or "")
    except actions.Changed:
        abort(
            409, description=_("A proposal changed since you opened the page. Please look at the list again.")
        )
    if approved:
        flash(_("Approved decisions: %(count)s.", count=approved), "success")
    else:
        flash(_("There was nothing for you to approve: who proposes a decision cannot approve it."), "info")
    return redirect(url_for(".desk", reference=reference), 303)


# --- One decision ----------------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/decision", methods=["GET", "POST"])
def decision(public_id: str) -> str | Response | tuple[str, int]:
    """The decision on one application: for its coordinator the result, for staff the decision in the making."""
    if request.method == "POST":
        return _revise(load(queries.of_application(public_id), to="decision.propose"))
    one = load(queries.of_application(public_id), to="decision.read")
    if one.application.coordinator_id == current_user.id:
        return _result(one)
    return _staff_page(one, DecisionForm.of(one))


def _result(one: Decision) -> str:
    """The result in plain words, with the periods that run from its receipt."""
    opened = queries.first_opened(one)
    if opened is None:
        first_opening(one, "decision.read")
    assert one.released_at is not None
    zone = ZoneInfo(one.call.zone)
    sent, read = one.released_at.astimezone(zone).date(), (opened or clock.now()).astimezone(zone).date()
    return render_template(
        "decisions/result.html", decision=one, application=one.application, call=one.call,
        letter=letters.frozen(one), received=redress.received_on(sent, read), last_day=redress.last_day(sent, read),
        timetable=redress.timetable(redress.received_on(sent, read)),
        second=one.call.second_stage if one.outcome == "second_stage" else None,
        started=applications.of_outline(one.application) if one.outcome == "second_stage" else None,
    )  # fmt: skip


@blueprint.post("/applications/<public_id>/second-stage")
def apply_in_full(public_id: str) -> Response:
    """Begin the full application of an outline that passed the first stage; a second click leads to the same one."""
    one = load(queries.of_application(public_id), to="decision.apply_in_full")
    if started := applications.of_outline(one.application):
        return redirect(url_for("applications.application", public_id=started.public_id), 303)
    following = one.call.second_stage
    assert following is not None  # a release needs it
    call = load(by_reference(following.reference), to="call.apply_in_full")
    outline = applications.whole(public_id)
    assert outline
    application, left_out = applying.copy(outline, call, by=current_user, in_full=True)
    flash(_("Your full application has the number %(number)s.", number=application.number), "success")
    for sentence, values in left_out:
        flash(_("Not copied. %(what)s", what=_(sentence, **values)), "warning")
    return redirect(url_for("applications.application", public_id=application.public_id), 303)


def _staff_page(one: Decision, form: DecisionForm, **more: Any) -> str:
    row = queries.row_of(one.application)
    expected = OF_LINE[row.line] if row else None
    changed = queries.changes_of(one) if one.state == "released" else []
    approval = ApprovalForm(formdata=None)
    approval.version.data = str(one.version)
    return render_template(
        "decisions/decision.html", decision=one, application=one.application, call=one.call, form=form, row=row,
        expected=expected, departs=departs(one.outcome, expected) and not changed, approval=approval,
        changes=changed, gives_reason=letters.gives_reason(one),
        second=_second_people(one) if one.state == "proposed" else [],
        redress=queries.redress_of(one.application) if one.state == "released" else None,
        **{"return_form": ReturnForm(formdata=None)} | more,
    )  # fmt: skip


def _second_people(one: Decision) -> list[str]:
    """Names of the officers who may approve it: neither who proposed it nor anybody with a conflict of interest."""
    return sorted(
        officer.name for officer in people.officers(one.call) if policy.may(officer, "decision.approve", one)
    )


def _revise(one: Decision) -> Response | tuple[str, int]:
    form = DecisionForm.of(one, request.form)
    if form.validate():
        try:
            actions.revise(one, by=current_user, **form.fields())
        except actions.Changed:
            form.version.data = str(one.version)
            form.version.raw_data = None
            return _staff_page(one, form, stored=DecisionForm.of(one)), 409
        except actions.Refused as refusal:
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("The decision is saved. A second officer has to approve it."), "success")
            return redirect(url_for(".decision", public_id=one.application.public_id), 303)
    return _staff_page(one, form), 422


@blueprint.post("/decisions/<public_id>/approval")
def approve(public_id: str) -> Response:
    """The second officer agrees."""
    one = load(queries.by_public_id(public_id), to="decision.approve")
    try:
        actions.approve(one, by=current_user, version=version_of(ApprovalForm()))
    except actions.Changed:
        abort(409, description=_("The decision changed since you opened the page. Please look at it again."))
    flash(_("The decision is approved."), "success")
    return redirect(url_for(".desk", reference=one.call.reference), 303)


@blueprint.post("/decisions/<public_id>/return")
def send_back(public_id: str) -> Response | tuple[str, int]:
    """The second officer sends it back, with a comment."""
    one = load(queries.by_public_id(public_id), to="decision.return")
    form = ReturnForm()
    if not form.validate_on_submit():
        return _staff_page(one, DecisionForm.of(one), return_form=form), 422
    actions.send_back(one, by=current_user, comment=form.comment.data or "")
    flash(_("The decision goes back to %(name)s.", name=one.proposed_by.name), "success")
    return redirect(url_for(".desk", reference=one.call.reference), 303)


# --- After the release -----------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/decision/change", methods=["GET", "POST"])
def change(public_id: str) -> str | Response | tuple[str, int]:
    """Propose another decision than the one that was sent."""
    one = load(queries.of_application(public_id), to="decision.change")
    form = ChangeForm.of(one, request.form if request.method == "POST" else None)
    status = 422 if form.is_submitted() else 200
    if form.is_submitted() and form.validate():
        try:
            made = changes.propose(one, by=current_user, **form.fields())
        except actions.Changed:
            flash(_("The decision changed since you opened the page. Please look at it again."), "warning")
            form.version.data, form.version.raw_data, status = str(one.version), None, 409
        except actions.Refused as refusal:
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("The change is proposed. A second officer has to approve it."), "success")
            return redirect(url_for(".proposed_change", public_id=made.public_id), 303)
    page = render_template(
        "decisions/change.html", decision=one, application=one.application, call=one.call, form=form
    )
    return (page, status) if status != 200 else page


@blueprint.get("/changes/<public_id>")
def proposed_change(public_id: str) -> str:
    """What would change, beside what was sent; the second officer approves or drops it here."""
    return _change_page(load(queries.change_by(public_id), to="change.read"))


def _change_page(one: Change) -> str:
    return render_template(
        "decisions/proposed_change.html",
        change=one,
        decision=one.decision,
        application=one.application,
        call=one.call,
    )


@blueprint.post("/changes/<public_id>/approval")
def approve_change(public_id: str) -> Response:
    """The second officer agrees: the new letter goes."""
    one = load(queries.change_by(public_id), to="change.approve")
    try:
        changes.approve(one, by=current_user, funder=letters.funder(current_app.config))
    except actions.Refused as refusal:
        abort(409, description=_(str(refusal)))
    flash(_("The decision is changed, and the new letter is on its way."), "success")
    return redirect(url_for(".decision", public_id=one.application.public_id), 303)


@blueprint.post("/changes/<public_id>/drop")
def drop_change(public_id: str) -> Response:
    """Leave the decision as it is."""
    one = load(queries.change_by(public_id), to="change.drop")
    changes.drop(one, by=current_user)
    flash(_("The decision stays as it is."), "success")
    return redirect(url_for(".decision", public_id=one.application.public_id), 303)


@blueprint.get("/calls/<reference>/reserve")
def reserve(reference: str) -> str:
    """The money that is free, and whom it reaches on the reserve list."""
    call = load(by_reference(reference), to="call.reserve")
    reached = changes.reached(call)
    return render_template(
        "decisions/reserve.html", call=call, rows=queries.reserve(call), free=changes.free(call),
        reached={one.id for one in reached}, visible=visible_numbers(call, current_user),
        whole=not queries.bars_from_some(call, current_user),
        held_back={one.id: changes.held_back(one) for one in reached},
    )  # fmt: skip


@blueprint.post("/calls/<reference>/reserve")
def promote(reference: str) -> Response:
    """Propose to invite whom the free money reaches."""
    call = load(by_reference(reference), to="call.promote")
    made = changes.promote(call, by=current_user)
    if made:
        flash(
            _("Proposed invitations: %(count)s. A second officer has to approve them.", count=made), "success"
        )
    else:
        flash(_("The free money reaches nobody new."), "info")
    return redirect(url_for(".reserve", reference=reference), 303)


# --- Redress ---------------------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/redress", methods=["GET", "POST"])
def request_review(public_id: str) -> str | Response | tuple[str, int]:
    """The coordinator asks for a review of the procedure, until the last day."""
    one = load(queries.of_application(public_id), to="decision.redress")
    filed = queries.redress_of(one.application)
    if filed is not None and request.method == "GET":
        return redirect(url_for(".review", public_id=filed.public_id))
    form = RedressForm()
    last = afterwards.window(one)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            made = afterwards.file(
                one, by=current_user, grounds=form.grounds.data or [], text=form.text.data or ""
            )
        except actions.Refused as refusal:
            if not refusal.field:
                abort(409, description=_(str(refusal)))
            form[refusal.field].errors = [_(str(refusal))]
        else:
            flash(_("Your request has been received."), "success")
            return redirect(url_for(".review", public_id=made.public_id), 303)
    page = render_template(
        "decisions/request_review.html", decision=one, application=one.application, call=one.call, form=form, last=last,
        open=clock.now().astimezone(ZoneInfo(one.call.zone)).date() <= last,
    )  # fmt: skip
    return (page, status) if status != 200 else page


@blueprint.get("/reviews/<public_id>")
def review(public_id: str) -> str:
    """One request: for the coordinator, the staff and its committee."""
    return _review_page(load(queries.redress_by(public_id), to="redress.read"))


def _review_page(one: Redress, **forms: Any) -> str:
    """Who made up the committee stays inside the house."""
    member = MemberForm(formdata=None) if "member" not in forms else forms["member"]
    opinion = forms.get("opinion") or OpinionForm(
        formdata=None, outcome=one.proposed_outcome or None, opinion=one.proposed_opinion
    )
    confirmation = SeenForm(formdata=None, seen=afterwards.fingerprint(one))
    return render_template(
        "decisions/review.html", redress=one, application=one.application, call=one.call, member=member,
        opinion=opinion, confirmation=confirmation, evaluated=bool(one.application.evaluator_ids),
        REDRESS_OUTCOMES=afterwards.OUTCOMES, GROUNDS=redress.GROUNDS,
        inside=current_user.id != one.application.coordinator_id,
    )  # fmt: skip


@blueprint.post("/reviews/<public_id>/members")
def name_member(public_id: str) -> Response | tuple[str, int]:
    """Put somebody on the committee who had no part in the evaluation."""
    one = load(queries.redress_by(public_id), to="redress.name")
    form = MemberForm()
    if form.validate_on_submit():
        try:
            person = afterwards.name_member(one, by=current_user, email=form.email.data or "")
        except actions.Refused as refusal:
            form.email.errors = [_(str(refusal))]
        else:
            flash(_("%(name)s is on the committee.", name=person.name), "success")
            return redirect(url_for(".review", public_id=public_id), 303)
    return _review_page(one, member=form), 422


@blueprint.post("/reviews/<public_id>/outcome")
def propose_opinion(public_id: str) -> Response | tuple[str, int]:
    """A member of the committee says what it should find."""
    one = load(queries.redress_by(public_id), to="redress.propose")
    form = OpinionForm()
    if not form.validate_on_submit():
        return _review_page(one, opinion=form), 422
    afterwards.propose(one, by=current_user, outcome=form.outcome.data, opinion=form.opinion.data or "")
    flash(_("The opinion is proposed. Another member of the committee has to confirm it."), "success")
    return redirect(url_for(".review", public_id=public_id), 303)


@blueprint.post("/reviews/<public_id>/confirmation")
def close_review(public_id: str) -> Response:
    """Another member agrees: this is the opinion of the committee."""
    one = load(queries.redress_by(public_id), to="redress.confirm")
    try:
        afterwards.confirm(
            one, by=current_user, seen=SeenForm().seen.data or "", funder=letters.funder(current_app.config)
        )
    except actions.Changed:
        abort(
            409, description=_("Another opinion was proposed since you opened the page. Please look again.")
        )
    flash(_("The opinion is recorded, and the coordinator is told."), "success")
    return redirect(url_for(".review", public_id=public_id), 303)


@blueprint.post("/reviews/<public_id>/withdrawal")
def withdraw_review(public_id: str) -> Response:
    """The coordinator takes the request back."""
    one = load(queries.redress_by(public_id), to="redress.withdraw")
    afterwards.withdraw(one, by=current_user)
    flash(_("Your request is withdrawn. The decision stands."), "success")
    return redirect(url_for(".review", public_id=public_id), 303)


# --- Grant preparation -----------------------------------------------------------------------------------------------


@blueprint.route("/applications/<public_id>/preparation", methods=["GET", "POST"])
def preparation(public_id: str) -> str | Response | tuple[str, int]:
    """From the invitation to the signature: what came in, and the second eligibility check as it would be today."""
    editing = request.method == "POST"
    one = load(queries.preparation_by(public_id), to="preparation.edit" if editing else "preparation.read")
    form = PreparationForm(obj=None if editing else one)
    if not editing:
        return _preparation_page(one, form)
    if not form.validate():
        return _preparation_page(one, form), 422
    afterwards.note(one, by=current_user, data_on=form.data_on.data, declaration_on=form.declaration_on.data)
    flash(_("Saved."), "success")
    return redirect(url_for(".preparation", public_id=public_id), 303)


@blueprint.post("/applications/<public_id>/preparation/signature")
def sign(public_id: str) -> Response | tuple[str, int]:
    """Note the signature of the grant agreement."""
    one = load(queries.preparation_by(public_id), to="preparation.edit")
    form, decided = SignatureForm(), queries.of_application(public_id)
    assert decided is not None
    if form.validate_on_submit():
        try:
            afterwards.sign(one, decided, by=current_user, reason=form.reason.data or "")
        except actions.Refused as refusal:
            form.reason.errors = [_(str(refusal))]
        else:
            flash(_("The signature is noted."), "success")
            return redirect(url_for(".preparation", public_id=public_id), 303)
    return _preparation_page(one, PreparationForm(formdata=None, obj=one), signature=form), 422


def _preparation_page(one: Preparation, form: PreparationForm, signature: SignatureForm | None = None) -> str:
    decided = queries.of_application(one.application.public_id)
    assert decided is not None and decided.released_at is not None
    zone = ZoneInfo(one.call.zone)
    sent = decided.released_at.astimezone(zone).date()
    opened = queries.first_opened(decided)
    received = redress.received_on(sent, opened.astimezone(zone).date() if opened else None)
    checks = afterwards.check(one, clock.now().astimezone(zone).date()) if one.state == "open" else one.checks
    return render_template(
        "decisions/preparation.html", preparation=one, decision=decided, application=one.application, call=one.call,
        form=form, signature=signature or SignatureForm(formdata=None), checks=checks,
        timetable=redress.timetable(received),
        grant_by=redress.time_to_grant(one.call.deadline_at.astimezone(zone).date()),
    )  # fmt: skip


# --- The words of the letters ----------------------------------------------------------------------------------------


@blueprint.get("/calls/<reference>/letters")
def letters_desk(reference: str) -> str:
    """Which letters a call sends, in which words."""
    call = load(on_desk(reference), to="call.letters")
    changed = {(text.outcome, text.language): text for text in queries.changed_letters(call)}
    return render_template("decisions/letters.html", call=call, changed=changed, languages=LANGUAGES)


@blueprint.route("/calls/<reference>/letters/<outcome>/<language>", methods=["GET", "POST"])
def wording(reference: str, outcome: str, language: str) -> str | Response | tuple[str, int]:
    """The words of one letter: read, tried out on a real application, changed; earlier versions are taken up again."""
    call = by_reference(reference)  # with its programme, for the preview
    call = load(call, to="call.write_letters" if request.method == "POST" else "call.letters")
    if outcome not in NAMES | NOTICES or language not in LANGUAGES:
        abort(404)
    versions = queries.letter_texts(call, outcome, language)
    with in_language(language):
        house = wordings.of_the_house(outcome, translate)
    if request.method == "GET":
        chosen = {text.number: text.wording for text in versions} | {0: house}
        latest = versions[0].number if versions else 0
        shown = chosen.get(request.args.get("version", latest, int)) or abort(404)
        return _wording_page(call, outcome, language, WordingForm.of(shown, latest), versions)
    form = WordingForm()
    if not form.validate():
        return _wording_page(call, outcome, language, form, versions), 422
    if "preview" in request.form:
        return _wording_page(call, outcome, language, form, versions, tried=True)
    try:
        saved = actions.write_letter(
            call, outcome, language, form.wording(), by=current_user, seen=version_of(form)
        )
    except actions.Changed:
        flash(
            _(
                "Somebody else has changed this letter meanwhile. Your words are below; compare, then save again."
            ),
            "warning",
        )
        form.version.data, form.version.raw_data = str(versions[0].number), None
        return _wording_page(call, outcome, language, form, versions), 409
    flash(_("Saved as version %(number)s.", number=saved.number), "success")
    return redirect(url_for(".wording", reference=reference, outcome=outcome, language=language), 303)


def _wording_page(
    call: Call, outcome: str, language: str, form: WordingForm, versions: Any, *, tried: bool = False
) -> str:
    example = queries.example_of(call, outcome, current_user)
    preview, values = None, wordings.EXAMPLE
    if not form.errors:
        if example:
            funder = letters.funder(current_app.config)
            values = wordings.values_of(letters.letter(example, funder=funder, sent=clock.now()))
        preview = form.wording().filled(values)
    with in_language(language):
        decided = wordings.decided(outcome, values["call"], translate)
    return render_template(
        "decisions/wording.html", call=call, outcome=outcome, language=language, form=form, versions=versions,
        example=example, preview=preview, decided=decided, tried=tried, placeholders=wordings.PLACEHOLDERS,
        languages=LANGUAGES,
    )  # fmt: skip


# --- The release -----------------------------------------------------------------------------------------------------


@blueprint.route("/calls/<reference>/release", methods=["GET", "POST"])
def release(reference: str) -> str | Response | tuple[str, int]:
    """How many of each outcome, to whom, what is missing; then the order, which can be stopped while it is held."""
    call = by_reference(reference)
    if request.method == "GET" and call and call.held_until:
        load(call, to="call.stop_release")
        return _held_page(call, StopForm(formdata=None))
    call = load(call, to="call.release")
    form = ReleaseForm()
    kind = request.values.get("kind", "results")
    if kind not in ("results", "gate"):
        abort(404)
    status = 422 if form.is_submitted() else 200
    if form.validate_on_submit():
        try:
            actions.order_release(call, by=current_user, kind=kind, seen=form.seen.data or "")
        except actions.Changed:
            flash(
                _("Something changed since you opened this page. Please look at the numbers again."),
                "warning",
            )
            status = 409
        except actions.Refused as refusal:
            abort(409, description=_(str(refusal)))
        else:
            return redirect(url_for(".release", reference=reference), 303)
    plan = actions.planned(call, kind)
    visible = visible_numbers(call, current_user)
    shown = [one for one in plan.decisions if one.application.number in visible]
    form.kind.data, form.seen.data, form.checked.data = kind, plan.seen_by(visible), False
    form.kind.raw_data = form.seen.raw_data = form.checked.raw_data = None
    page = render_template(
        "decisions/release.html", call=call, form=form, plan=plan, shown=shown, counts=count(shown),
        blocks=plan.blocks_for(visible, len(queries.undecided(call, current_user))),
        hidden=len(plan.decisions) - len(shown), releases=queries.releases(call),
        changed_letters=queries.changed_letters(call),
    )  # fmt: skip
    return (page, status) if status != 200 else page


@blueprint.post("/releases/<public_id>/stop")
def stop(public_id: str) -> Response | tuple[str, int]:
    """The emergency stop, while the release is held."""
    one = load(queries.release_by(public_id), to="release.stop")
    form = StopForm()
    if not form.validate_on_submit():
        return _held_page(one.call, form), 422
    actions.stop_release(one, by=current_user, reason=form.reason.data or "")
    flash(_("The release is stopped. Nothing was sent and nobody saw a result."), "success")
    return redirect(url_for(".desk", reference=one.call.reference), 303)


def _held_page(call: Call, form: StopForm) -> str:
    """What is on its way, until when, and how to stop it. Who has a conflict of interest gets no outcomes."""
    releases = queries.releases(call)
    order = next(one for one in reversed(releases) if one.state == "held")
    return render_template(
        "decisions/held.html", call=call, form=form, order=order, releases=releases,
        whole=not queries.bars_from_some(call, current_user),
    )  # fmt: skip


# --- What waits ------------------------------------------------------------------------------------------------------


@blueprint.get("/evaluators")
@public
def evaluator_years() -> str:
    """Programmes and years of which the names of the experts are published."""
    return render_template("decisions/evaluator_years.html", years=queries.years_of_evaluators(clock.now()))


@blueprint.get("/evaluators/<public_id>/<int:year>")
@public
def evaluators(public_id: str, year: int) -> str:
    """The names of those who evaluated for a programme in a year, without any link to what they evaluated."""
    years = queries.years_of_evaluators(clock.now())
    programme, calls = next(
        ((programme, calls) for (programme, its), calls in years.items()
         if (programme.public_id, its) == (public_id, year)),
        (None, set[int]()),
    )  # fmt: skip
    if programme is None:
        abort(404)
    page = paged(queries.evaluators(calls), queries.count_evaluators(calls))
    return render_template("decisions/evaluators.html", programme=programme, year=year, page=page)


def tasks(user: Any) -> list[dict[str, Any]]:
    """Results for coordinators; for officers what waits for their approval or came back to them."""
    rows = []
    for one in queries.news(user, clock.now() - redress.COUNTS_AS_READ_AFTER - redress.REDRESS):
        rows.append(_task(
            _("The result of %(number)s is available", number=one.number),
            url_for("decisions.decision", public_id=one.public_id), one.acronym, "info",
        ))  # fmt: skip
    for asked in queries.committees(user) if user.appointments else ():
        title = _("Request for redress: %(number)s", number=asked.application.number)
        url = url_for("decisions.review", public_id=asked.public_id)
        rows.append(_task(title, url, _("Your committee is asked for its opinion."), "warning"))
    for change in queries.changes_to_approve(user) if user.holds("officer") else ():
        if user.holds("officer", change.call):
            title = _("Change of a decision to approve: %(number)s", number=change.application.number)
            url = url_for("decisions.proposed_change", public_id=change.public_id)
            rows.append(_task(title, url, _(KINDS[change.kind]), "warning"))
    return rows


def officer_tasks(waiting: Any) -> list[tuple[int, str, str]]:
    """Of a row of queries.waiting_for_officers: how many, what, and where."""
    reference, desk = waiting.reference, url_for("decisions.desk", reference=waiting.reference)
    return [
        (waiting.first,
         _("Decisions to approve in %(call)s: %(count)s", call=reference, count=waiting.first), desk),
        (waiting.second,
         _("Decisions sent back to you in %(call)s: %(count)s", call=reference, count=waiting.second), desk),
    ]  # fmt: skip


def _task(title: str, url: str, meta: str, tone: str) -> dict[str, Any]:
    return {"title": title, "url": url, "meta": meta, "due": None, "tone": tone}
