"""Pages about what experts would like to evaluate: the officer asks, the pool answers (rulebook 4.6, decision 0032)."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.calls.queries import by_reference
from grants.experts import actions, queries
from grants.experts.fit import BIDS
from grants.experts.forms import BiddingForm, BidForm
from grants.experts.suitability import without_conflict
from grants.experts.views import blueprint
from grants.web import load, paged

Answer = str | Response | tuple[str, int]


@blueprint.route("/calls/<reference>/bidding", methods=["GET", "POST"])
def bidding(reference: str) -> Answer:
    """Whether the call asks its experts, until when, and how many have answered."""
    call = load(by_reference(reference), to="call.experts")
    form = BiddingForm(until=call.bids_until)
    if form.validate_on_submit():
        actions.ask_for_bids(call, form.until.data, by=current_user)
        flash(_("Saved."), "success")
        return redirect(url_for(".bidding", reference=reference), 303)
    page = render_template(
        "experts/bidding.html", call=call, form=form, said=queries.bids_by_expert(call, current_user), answers=BIDS,
        page=paged(queries.pool(call), queries.count_pool(call)),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page


@blueprint.get("/assignments/bids/<reference>")
def bids(reference: str) -> str:
    """The applications of a call for a member of its pool: number, title and summary, and what they said."""
    call = load(by_reference(reference), to="call.bid")
    page = paged(queries.biddable(call, current_user), queries.count_biddable(call, current_user))
    expert = load(queries.expert(current_user), to="expert.profile")
    return render_template(
        "experts/bids.html",
        call=call,
        page=page,
        rows=without_conflict(expert, page.rows, call),
        answers=BIDS,
    )


@blueprint.post("/assignments/bids/<reference>/<public_id>")
def bid(reference: str, public_id: str) -> Response:
    """One answer; what the person may not see does not exist for them."""
    call = load(by_reference(reference), to="call.bid")
    expert = load(queries.expert(current_user), to="expert.profile")
    row = queries.biddable_one(call, current_user, public_id)
    known = without_conflict(expert, [row], call) if row else []
    load(call if known else None, to="call.bid")
    form = BidForm()
    if form.validate_on_submit():
        actions.bid(call, known[0][0].id, current_user, form.answer.data)
    else:
        flash(_("Choose one of the answers."), "danger")
    number = request.args.get("page", 1, int)
    return redirect(url_for(".bids", reference=reference, page=number, _anchor=f"a-{public_id}"), 303)
