"""What stories about experts look up in the database."""

from typing import Any

from sqlalchemy import select

from grants.applications.models import Application
from grants.applications.queries import by_public_id
from grants.db import db
from grants.experts import queries
from grants.experts.models import Assignment, Conflict
from grants.people.models import User


def stored(application: str) -> Application:
    """The application with this public id, read anew."""
    db.session.rollback()
    db.session.expire_all()
    found = by_public_id(application)
    assert found
    return found


def assignment(application: str, person: Any) -> Assignment:
    """The assignment of a person, read anew."""
    email = person.email
    db.session.rollback()
    db.session.expire_all()
    public_id = db.session.scalar(
        select(Assignment.public_id)
        .join(Assignment.application)
        .join(Assignment.user)
        .where(Application.public_id == application, User.email == email)
    )
    found = queries.assignment(public_id) if public_id else None
    assert found
    return found


def states(application: str) -> dict[str, str]:
    """State of each assignment, by the person's name."""
    rows = queries.assignments(stored(application))
    return {assignment.user.name: assignment.state for assignment, _expert in rows}


def conflicts(application: str, person: Any) -> list[tuple[str, str, str]]:
    """Code, source and status of each conflict of a person."""
    name = person.name
    return [
        (conflict.code, conflict.source, conflict.status)
        for conflict in queries.conflicts(stored(application))
        if conflict.user.name == name
    ]


def conflict(application: str, code: str) -> str:
    """Public id of the conflict with this code."""
    return str(
        db.session.scalar(
            select(Conflict.public_id)
            .join(Conflict.application)
            .where(Application.public_id == application, Conflict.code == code)
        )
    )
