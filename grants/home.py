"""The home page: what waits for this person now, from every stage; and the choice of language."""

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_security import current_user
from sqlalchemy import literal, union_all
from werkzeug.wrappers import Response

from grants import clock
from grants.applications import views as applications
from grants.calls import queries as calls_queries
from grants.calls import views as calls
from grants.db import db
from grants.decisions import views as decisions
from grants.documents import views as documents
from grants.eligibility import views as eligibility
from grants.experts import views as experts
from grants.panels import views as panels
from grants.people.models import User
from grants.people.sign_in import csrf
from grants.reviews import views as reviews
from grants.web import LANGUAGES, paged, public

blueprint = Blueprint("home", __name__)

STAGES = (calls, applications, experts, reviews, panels, decisions, documents)
COUNTING: tuple[Any, ...] = (calls, eligibility, experts, reviews, decisions)
"""Stages that count what waits for officers."""


@blueprint.get("/")
@public
def index() -> str:
    """For visitors the open calls, for everybody else what waits for them."""
    if not current_user.is_authenticated:
        page = paged(calls_queries.published(clock.now()), calls_queries.count_published())
        return render_template("home/welcome.html", page=page)
    tasks: list[dict[str, Any]] = [task for stage in STAGES for task in stage.tasks(current_user)]
    tasks += _officer_tasks() if current_user.holds("officer") else []
    far = clock.now().max
    tasks.sort(key=lambda task: task["due"].isoformat() if task.get("due") else far.isoformat())
    return render_template("home/index.html", tasks=tasks)


def _officer_tasks() -> list[dict[str, Any]]:
    """What each stage counts in the calls of an officer, asked for in one statement."""
    at = clock.now()
    counts = [
        stage.queries.waiting_for_officers(current_user, at).add_columns(literal(place).label("place"))
        for place, stage in enumerate(COUNTING)
    ]
    rows = db.session.execute(union_all(*counts).order_by("place", "reference")).all()
    return [
        {"title": title, "url": url, "meta": row.title, "due": None, "tone": "warning"}
        for row in rows
        for number, title, url in COUNTING[row.place].officer_tasks(row)
        if number
    ]


@blueprint.post("/language", endpoint="language")
@public
@csrf.exempt
def language() -> Response:
    """Choose the language: for an account for good, otherwise for this browser."""
    if current_user.is_authenticated:
        csrf.protect()  # visitors have nothing that a forged form could change
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        session["language"] = chosen
        if current_user.is_authenticated:
            db.session.get_one(User, current_user.id).language = chosen
    try:
        target = urlsplit(request.form.get("next", ""))
    except ValueError:  # what looks like an address and is none
        target = urlsplit("")
    # Only a path of our own: never an address that somebody put into a link.
    path = (
        target.path if target.path.startswith("/") and not target.path.startswith("//") else url_for(".index")
    )
    return redirect(f"{path}?{target.query}" if target.query else path, 303)
