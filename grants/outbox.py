"""The mails that the system wrote, for administrators; those that did not arrive, for the officers of a call."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response

from grants.applications.models import Application
from grants.applications.queries import not_barred
from grants.calls import queries as calls
from grants.db import db
from grants.mail import Mail, bounce, undelivered
from grants.web import load, paged, permit

blueprint = Blueprint("outbox", __name__)


def _open_to_reader() -> ColumnElement[bool]:
    """Mails about no application, or about one from which no conflict of interest bars the reader (rulebook 4.7)."""
    return or_(Mail.application_id.is_(None), not_barred(current_user))


@blueprint.get("/outbox")
def index() -> str:
    """Mails written, sent and failed, the newest first."""
    permit("outbox.read")
    mails = (
        select(Mail).outerjoin(Application, Application.id == Mail.application_id).where(_open_to_reader())
    )
    total = db.session.scalar(mails.with_only_columns(func.count())) or 0
    return render_template("outbox/index.html", page=paged(mails.order_by(Mail.id.desc()), total))


@blueprint.get("/outbox/<public_id>")
def mail(public_id: str) -> str:
    """One mail as it was written; in the demo, where nobody has a mailbox, with the links that open accounts too."""
    permit("outbox.read")
    found = db.session.scalars(
        select(Mail)
        .options(joinedload(Mail.application).joinedload(Application.call))
        .where(Mail.public_id == public_id)
    ).first()
    shown = load(found, to="mail.read")
    return render_template(
        "outbox/mail.html", mail=shown, hidden=shown.opens_account and not current_app.config["DEMO"]
    )


@blueprint.post("/outbox/<public_id>/return")
def came_back(public_id: str) -> Response:
    """Note by hand that a mail came back to the mailbox of the funder."""
    permit("outbox.read")
    found = db.session.scalars(
        select(Mail)
        .options(joinedload(Mail.application).joinedload(Application.call))
        .where(Mail.public_id == public_id)
    ).first()
    if bounce(load(found, to="mail.read"), "noted by hand"):
        flash(_("Noted. The officers of the call see that this mail did not arrive."), "success")
    return redirect(url_for(".mail", public_id=public_id), 303)


@blueprint.get("/calls/<reference>/undelivered")
def undelivered_of(reference: str) -> str:
    """Mails about a call that did not arrive: to whom, when and why; never what they say."""
    call = load(calls.on_desk(reference), to="call.staff")
    mails = undelivered(
        select(Mail)
        .outerjoin(Application, Application.id == Mail.application_id)
        .where(or_(Mail.call_id == call.id, Application.call_id == call.id), _open_to_reader())
    )
    total = db.session.scalar(mails.with_only_columns(func.count()).order_by(None)) or 0
    return render_template("outbox/undelivered.html", call=call, page=paged(mails, total))
