"""The right to react: officers open the round of a call, coordinators read the comments and reply."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_security import current_user
from werkzeug.wrappers import Response

from grants.calls import queries as calls
from grants.reviews import reactions
from grants.reviews.forms import ReactionForm
from grants.reviews.views import blueprint
from grants.web import load, may

Answer = str | Response | tuple[str, int]


@blueprint.get("/calls/<reference>/reactions")
def round_of(reference: str) -> Answer:
    """Which applications can be asked for a reaction, and which were; the button asks all that can."""
    call = load(calls.on_desk(reference), to="call.reactions")
    return render_template(
        "reviews/reactions.html", call=call, standings=reactions.standings(call, current_user)
    )


@blueprint.post("/calls/<reference>/reactions/opening")
def ask_for_reactions(reference: str) -> Response:
    """The applicants whose reports are all in may read the comments and reply."""
    call = load(calls.on_desk(reference), to="call.reactions")
    count = reactions.ask(call, by=current_user)
    said = ngettext("%(num)s coordinator is asked.", "%(num)s coordinators are asked.", count)
    flash(said if count else _("There is nobody to ask at present."), "success")
    return redirect(url_for(".round_of", reference=reference), 303)


@blueprint.route("/reactions/<public_id>", methods=["GET", "POST"])
def reaction(public_id: str) -> Answer:
    """The comments without names, and the reply to them."""
    reaction = load(reactions.by_public_id(public_id), to="reaction.read")
    form = ReactionForm(data={"text": reaction.text})
    if form.is_submitted():
        load(reaction, to="reaction.write")
        if form.validate():
            try:
                reactions.answer(reaction, text=form.text.data or "", by=current_user)
            except reactions.TooLong:
                form.text.errors = [_("At most %(num)s words.", num=reaction.call.reaction_words)]
            else:
                flash(
                    _("Your reply is with the experts. You may change it until the time is over."), "success"
                )
                return redirect(url_for(".reaction", public_id=public_id), 303)
    page = render_template(
        "reviews/reaction.html", reaction=reaction, application=reaction.application, call=reaction.call,
        scheme=reaction.call.scheme, form=form, writes=may("reaction.write", reaction),
    )  # fmt: skip
    return (page, 422) if form.is_submitted() else page
