"""Verbs about people: an account, an appointment."""

import secrets
from typing import Any

from flask_security import hash_password
from sqlalchemy import select

from grants import clock
from grants.db import db
from grants.people import queries
from grants.people.models import Appointment, User


def create_account(email: str, name: str, *, password: str | None = None, language: str = "en") -> User:
    """An account whose address counts as confirmed. Without a password its owner uses 'forgot password'.

    Raises:
        ValueError: the address already has an account.
    """
    if queries.by_email(email):
        raise ValueError(f"{email} already has an account")
    user = User(
        email=email.strip().lower(), name=name, language=language, active=True, confirmed_at=clock.now(),
        password=hash_password(password) if password else None, fs_uniquifier=secrets.token_hex(32),
        create_datetime=clock.now(),
    )  # fmt: skip
    user.appointments = []
    db.session.add(user)
    db.session.flush()
    return user


def appoint(
    user: User, role: str, *, by: User | None, programme: Any = None, call: Any = None
) -> Appointment:
    """Give a person a role for a programme or for one call; giving it twice changes nothing."""
    if (programme is None) == (call is None):
        raise ValueError("an appointment is for a programme or for a call")
    where = {"programme_id": programme.id} if programme else {"call_id": call.id}
    existing = db.session.scalars(select(Appointment).filter_by(user_id=user.id, role=role, **where)).first()
    if existing:
        return existing
    appointment = Appointment(
        user_id=user.id, role=role, given_at=clock.now(), given_by_id=by.id if by else None,
        programme_id=programme.id if programme else None, call_id=call.id if call else None,
    )  # fmt: skip
    db.session.add(appointment)
    db.session.flush()
    return appointment


def dismiss(user: User, role: str, *, call: Any) -> None:
    """Take a role for one call back; it holds from the next request on."""
    for appointment in db.session.scalars(
        select(Appointment).filter_by(user_id=user.id, role=role, call_id=call.id)
    ):
        db.session.delete(appointment)
    db.session.flush()
