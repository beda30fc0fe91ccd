"""Pages for administrators: people and their roles, and the outbox."""

from flask import Blueprint, render_template
from sqlalchemy import func, select

from grants.db import db
from grants.mail import Mail
from grants.people import queries
from grants.people.models import User
from grants.web import load, paged, permit

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
def index() -> str:
    """Everybody with an account, and what they hold."""
    permit("people.read")
    total = db.session.scalar(select(func.count()).select_from(User)) or 0
    return render_template("people/index.html", page=paged(queries.all_people(), total))


@blueprint.get("/outbox")
def outbox() -> str:
    """Mails written, sent and failed, the newest first."""
    permit("outbox.read")
    total = db.session.scalar(select(func.count()).select_from(Mail)) or 0
    page = paged(select(Mail).order_by(Mail.id.desc()), total)
    return render_template("people/outbox.html", page=page)


@blueprint.get("/outbox/<public_id>")
def mail(public_id: str) -> str:
    """One mail as it was written."""
    permit("outbox.read")
    found = db.session.scalars(select(Mail).where(Mail.public_id == public_id)).first()
    return render_template("people/mail.html", mail=load(found, to="mail.read"))
