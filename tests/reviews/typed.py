"""What experts type into the forms of reports and consensus reports."""

from typing import Any

from sqlalchemy import select

from grants.applications.models import Application
from grants.calls.scheme import library
from grants.db import db
from grants.experts.models import Assignment
from grants.mail import Mail
from grants.people.models import User
from grants.reviews import queries
from grants.reviews.questions import QUESTIONS

CRITERIA = tuple(criterion.id for criterion in library()["he-ria-2026"].criteria)


def filled(version: int, scores: tuple[int, ...] = (400, 400, 350), **more: str) -> dict[str, str]:
    """A complete form: the scores, a comment for each, every question answered without a need to explain."""
    form = {"version": str(version)}
    for criterion, score in zip(CRITERIA, scores, strict=True):
        form |= {f"score_{criterion}": str(score), f"comment_{criterion}": f"Sound work on {criterion}."}
    for question in QUESTIONS:
        plain = next(value for value, _label in question.answers if value not in question.explained)
        form |= {f"answer_{question.key}": plain, f"remark_{question.key}": ""}
    return form | more


def assignment(application: str, person: Any) -> Assignment:
    """The assignment of a person to the application with this public id."""
    found = db.session.scalar(
        select(Assignment.public_id)
        .join(Application, Application.id == Assignment.application_id)
        .join(User, User.id == Assignment.user_id)
        .where(Application.public_id == application, User.email == person.email)
    )
    return queries.assignment(found)


def report_url(application: str, person: Any) -> str:
    return f"/reports/{assignment(application, person).report.public_id}"


def fresh(application: str) -> Any:
    """The consensus report of an application as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    return queries.consensus_at(application)


def told(occasion: str) -> list[str]:
    """Addresses that were written to on this occasion."""
    db.session.rollback()
    return sorted(db.session.scalars(select(Mail.recipient).where(Mail.occasion.startswith(occasion))))
