"""Questions about people."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from grants.db import db
from grants.people.models import Appointment, User


def by_email(email: str) -> User | None:
    """The person with this address, whatever its case."""
    return db.session.scalars(select(User).where(func.lower(User.email) == email.strip().lower())).first()


def by_public_id(public_id: str) -> User | None:
    return db.session.scalars(
        select(User).options(selectinload(User.appointments)).where(User.public_id == public_id)
    ).first()


def all_people() -> Select[tuple[User]]:
    return select(User).options(selectinload(User.appointments)).order_by(User.name, User.email)


def holders(role: str, call: Any) -> Sequence[User]:
    """People who hold `role` for the call itself (not through its programme), by name."""
    return db.session.scalars(
        select(User)
        .join(Appointment, Appointment.user_id == User.id)
        .where(Appointment.role == role, Appointment.call_id == call.id)
        .order_by(User.name)
    ).all()


def officers(call: Any) -> Sequence[User]:
    """Everybody who acts as officer of the call, by appointment to it or to its programme."""
    return db.session.scalars(
        select(User)
        .join(Appointment, Appointment.user_id == User.id)
        .where(Appointment.role == "officer")
        .where((Appointment.call_id == call.id) | (Appointment.programme_id == call.programme_id))
        .distinct()
    ).all()


def first_officer(programme: Any, email: str | None = None) -> User | None:
    """The longest-serving officer of a programme, or the one with this address."""
    query = (
        select(User)
        .join(Appointment, Appointment.user_id == User.id)
        .where(Appointment.role == "officer", Appointment.programme_id == programme.id, User.active)
        .order_by(Appointment.id)
    )
    if email:
        query = query.where(func.lower(User.email) == email.strip().lower())
    return db.session.scalars(query).first()
