"""People and their roles, for administrators; who stands in for an officer who is away."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_security import current_user
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from grants.db import db
from grants.people import actions, queries
from grants.people.forms import SubstituteForm
from grants.people.models import User
from grants.web import load, paged, permit

blueprint = Blueprint("people", __name__)


@blueprint.get("/people")
def index() -> str:
    """Everybody with an account, and what they hold."""
    permit("people.read")
    total = db.session.scalar(select(func.count()).select_from(User)) or 0
    return render_template("people/index.html", page=paged(queries.all_people(), total))


@blueprint.route("/substitution", methods=["GET", "POST"])
def substitution() -> str | Response | tuple[str, int]:
    """Who acts as officer in one's place, and between which days."""
    permit("substitute.appoint")
    form = SubstituteForm()
    if form.validate_on_submit():
        person = queries.by_email(form.email.data or "")
        if person is None or person.id == current_user.id:
            form.email.errors = [_("Nobody else has an account with this address.")]
        else:
            assert form.first_day.data and form.last_day.data
            try:
                actions.substitute(
                    current_user, person, begins_at=_midnight(form.first_day.data),
                    ends_at=_midnight(form.last_day.data + timedelta(days=1)),
                )  # fmt: skip
            except actions.Unfit as problem:
                form.email.errors = [_(str(problem))]
            else:
                flash(_("%(name)s stands in for you.", name=person.name), "success")
                return redirect(url_for(".substitution"), 303)
    page = render_template(
        "people/substitution.html", form=form, substitutes=queries.substitutes_of(current_user)
    )
    return (page, 422) if form.is_submitted() else page


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo("Europe/Brussels"))


@blueprint.post("/substitution/<public_id>/end")
def end_substitution(public_id: str) -> Response:
    permit("substitute.appoint")
    person = queries.by_public_id(public_id)
    mine = person and any(a.stands_in_for_id == current_user.id for a in person.appointments)
    load(person if mine else None, to="substitute.end")
    assert person
    actions.end_substitution(current_user, person)
    flash(_("%(name)s no longer stands in for you.", name=person.name), "success")
    return redirect(url_for(".substitution"), 303)
