"""Pages of officers: groups for a whole call, from the wishes to the invitations."""

from datetime import datetime
from typing import Any

from flask import flash, jsonify, redirect, render_template, url_for
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.applications.queries import by_public_id
from grants.calls.queries import by_reference
from grants.experts import actions, composing, queries
from grants.experts.composition import FULL
from grants.experts.forms import GroupsForm, InviteGroupsForm
from grants.experts.models import GroupProposal
from grants.experts.views import blueprint
from grants.web import load, moment, paged

Answer = str | Response | tuple[str, int]
STEPS = {
    "": _l("Reading applications and experts"),
    "unmet": _l("Places that stay empty"),
    "worst": _l("Fit of the worst-served application"),
    "total": _l("Sum of fits, less what broken rules cost"),
    "even": _l("Evenness of loads, sum of squares"),
    "kept": _l("Assignments that stay"),
    "reasons": _l("Finding reasons and alternates"),
}
"""In the order in which they are done."""
IN_THOUSANDTHS = frozenset({"worst", "total"})


@blueprint.route("/calls/<reference>/groups", methods=["GET", "POST"])
def groups(reference: str) -> Answer:
    """What the groups should be like, and what was proposed before."""
    call = load(by_reference(reference), to="call.experts")
    form = GroupsForm(demand=call.min_reviews)
    if form.validate_on_submit():
        proposal = actions.propose_groups(
            call,
            demand=form.demand.data or 1,
            load=form.load.data or 1,
            prices=form.prices(),
            language=form.language.data or "",
            by=current_user,
        )
        return redirect(url_for(".group_proposal", public_id=proposal.public_id), 303)
    page = render_template("experts/groups.html", call=call, form=form, earlier=queries.group_proposals(call))
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/groups/<public_id>")
def group_proposal(public_id: str) -> str:
    """The groups with their proof and reasons, or how far the search is."""
    return _page(load(queries.group_proposal(public_id), to="group_proposal.read"), None)


def _page(proposal: GroupProposal, form: InviteGroupsForm | None) -> str:
    """Only applications that no conflict hides from the person who looks."""
    call = proposal.call
    hides = queries.hides_some(call, current_user)
    page = paged(queries.matrix(call, current_user), queries.count_matrix(call, current_user))
    groups = proposal.result.get("applications", {})
    rows = [row for row in page.rows if row.public_id in groups]
    return render_template(
        "experts/group_proposal.html", proposal=proposal, call=call, page=page, rows=rows, groups=groups,
        names={expert.user.public_id: expert.user.name for expert in queries.everybody(call)},
        form=form or InviteGroupsForm([row.public_id for row in rows], formdata=None), steps=STEPS, hides=hides,
        levels=[] if hides else _levels(proposal.result or proposal.progress),
        ended=list(STEPS).index(proposal.step), now_doing=_now(proposal, hides),
    )  # fmt: skip


def _now(proposal: GroupProposal, hides: bool) -> str:
    """What is being done, since when, and how far it is.

    Args:
        hides: a conflict hides an application from the reader, who is told no figures over all of them.
    """
    progress, step = proposal.progress, STEPS[proposal.step]
    if not progress:
        return _("Waiting for a worker. One proposal is composed after the other.")
    since = moment(datetime.fromisoformat(progress["since"]), proposal.call.zone, seconds=True)
    if hides:
        return _("%(step)s, since %(since)s.", step=step, since=since)
    for level in _levels(progress):
        if level["name"] == proposal.step:
            return _("%(step)s, since %(since)s: %(value)s reached, %(bound)s not ruled out yet.",
                     step=step, since=since, value=level["value"], bound=level["bound"])  # fmt: skip
    return _("%(step)s, since %(since)s: %(count)s of %(total)s applications.",
             step=step, since=since, count=progress["count"], total=progress["of"])  # fmt: skip


def _levels(told: Any) -> list[dict[str, Any]]:
    """The objectives of a result or of a progress, with their figures in words; `gap` is "" where it is proven."""

    def words(name: str, figure: int) -> str:
        return format_decimal(figure / FULL if name in IN_THOUSANDTHS else figure)

    return [
        {
            "name": one["name"], "value": words(one["name"], one["value"]), "bound": words(one["name"], one["bound"]),
            "gap": words(one["name"], abs(one["value"] - one["bound"])) if one["value"] != one["bound"] else "",
        }
        for one in told.get("levels", ())
    ]  # fmt: skip


@blueprint.get("/groups/<public_id>/status")
def group_status(public_id: str) -> Response:
    """Whether the search goes on, for the page that waits for it."""
    proposal = load(queries.group_proposal(public_id), to="group_proposal.read")
    return jsonify(
        waits=proposal.state in composing.OPEN, ended=list(STEPS).index(proposal.step), total=len(STEPS),
        text=_now(proposal, queries.hides_some(proposal.call, current_user)),
    )  # fmt: skip


@blueprint.post("/groups/<public_id>/stop")
def stop_groups(public_id: str) -> Response:
    """Compose no further; what was found so far is shown."""
    proposal = load(queries.group_proposal(public_id), to="group_proposal.stop")
    actions.stop_groups(proposal, by=current_user)
    return redirect(url_for(".group_proposal", public_id=public_id), 303)


@blueprint.post("/groups/<public_id>/invitations")
def invite_groups(public_id: str) -> Answer:
    """Invite the chosen groups as if each expert had been chosen by hand."""
    proposal = load(queries.group_proposal(public_id), to="group_proposal.accept")
    form = InviteGroupsForm(proposal.result["applications"])
    if not form.validate_on_submit():
        return _page(proposal, form), 422
    users = {expert.user.public_id: expert.user for expert in queries.everybody(proposal.call)}
    count = 0
    for chosen in form.applications.data or ():
        application = load(by_public_id(chosen), to="application.assign")
        invited, refused = actions.invite_group(
            proposal, application, users, by=current_user, due_on=form.due_on.data
        )
        count += len(invited)
        for name, reason in refused:
            flash(_("%(name)s is not invited. %(reason)s", name=name, reason=_(reason)), "warning")
    flash(
        ngettext("%(num)s expert is invited.", "%(num)s experts are invited.", count),
        "success" if count else "info",
    )
    return redirect(url_for(".matrix", reference=proposal.call.reference), 303)
