"""Verbs about people: an account, an appointment."""

import secrets
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_security import hash_password
from sqlalchemy import select

from grants import clock
from grants.db import db
from grants.people import queries
from grants.people.models import Appointment, User
from grants.words import N_

SHORTEST_PASSWORD = 12


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show beside the form."""


def create_account(email: str, name: str, *, password: str | None = None, language: str = "en") -> User:
    """An account whose address counts as confirmed. Without a password its owner uses 'forgot password'.

    Raises:
        ValueError: no address, or one that already has an account; a password that is too short.
    """
    try:
        validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as problem:
        raise ValueError(f"{email} is no e-mail address: {problem}") from None
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise ValueError(f"a password has at least {SHORTEST_PASSWORD} characters")
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
        # Whoever only stood in is now appointed for good.
        existing.stands_in_for_id = existing.begins_at = existing.ends_at = None
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


def substitute(officer: User, person: User, *, begins_at: datetime, ends_at: datetime) -> int:
    """Let another person act as officer wherever `officer` does, between two instants (UTC); how many appointments.

    What the person may do anyway stays as it is. Four eyes stay two persons: nobody approves their own proposal.

    Raises:
        Unfit: the person evaluates in one of the calls, or acts as officer in all of them already.
    """
    own = [a for a in officer.appointments if a.role == "officer" and a.stands_in_for_id is None]
    calls, programmes = [a.call_id for a in own if a.call_id], [a.programme_id for a in own if a.programme_id]
    if queries.evaluates_for(person, calls=calls, programmes=programmes):
        raise Unfit(N_("This person evaluates in one of your calls. Officers read every report."))
    made = 0
    for appointment in own:
        where = {"programme_id": appointment.programme_id, "call_id": appointment.call_id}
        held = db.session.scalars(
            select(Appointment).filter_by(user_id=person.id, role="officer", **where)
        ).first()
        if held and held.begins_at is None:
            continue
        if held is None:
            held = Appointment(user_id=person.id, role="officer", **where)
            db.session.add(held)
        held.given_at, held.given_by_id, held.stands_in_for_id = clock.now(), officer.id, officer.id
        held.begins_at, held.ends_at = begins_at, ends_at
        made += 1
    if not made:
        raise Unfit(N_("This person acts as officer wherever you do."))
    db.session.flush()
    return made


def end_substitution(officer: User, person: User) -> None:
    """The person no longer stands in for the officer; it holds from the next request on."""
    for appointment in db.session.scalars(
        select(Appointment).filter_by(user_id=person.id, stands_in_for_id=officer.id)
    ):
        db.session.delete(appointment)
    db.session.flush()
