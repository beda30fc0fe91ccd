"""Questions about people."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from grants import clock
from grants.db import Base, db
from grants.people.models import Appointment, User


def by_email(email: str) -> User | None:
    """The person with this address, whatever its case."""
    return db.session.scalars(select(User).where(func.lower(User.email) == email.strip().lower())).first()


def by_public_id(public_id: str) -> User | None:
    return db.session.scalars(
        select(User).options(selectinload(User.appointments)).where(User.public_id == public_id)
    ).first()


def all_people() -> Select[User]:
    return select(User).options(selectinload(User.appointments)).order_by(User.name, User.email)


def in_force() -> ColumnElement[bool]:
    """Appointments that hold now; the SQL of Appointment.is_in_force."""
    now = clock.now()
    return and_(
        or_(Appointment.begins_at.is_(None), Appointment.begins_at <= now),
        or_(Appointment.ends_at.is_(None), Appointment.ends_at > now),
    )


def works_for(call: Any) -> set[int]:
    """Users who run or watch the call, now or from a later day on."""
    return set(
        db.session.scalars(
            select(Appointment.user_id)
            .where(Appointment.role.in_(("officer", "observer")))
            .where((Appointment.call_id == call.id) | (Appointment.programme_id == call.programme_id))
            .where(or_(Appointment.ends_at.is_(None), Appointment.ends_at > clock.now()))
        )
    )


def substitutes_of(user: Any) -> Sequence[Appointment]:
    """Who stands in for the person, now or later: appointments with their people, the earliest first."""
    return db.session.scalars(
        select(Appointment)
        .options(joinedload(Appointment.user))
        .where(Appointment.stands_in_for_id == user.id, Appointment.ends_at > clock.now())
        .order_by(Appointment.begins_at, Appointment.id)
    ).all()


def holders(role: str, call: Any) -> Sequence[User]:
    """People who hold `role` for the call itself (not through its programme), by name."""
    return db.session.scalars(
        select(User)
        .join(Appointment, Appointment.user_id == User.id)
        .where(Appointment.role == role, Appointment.call_id == call.id, in_force())
        .order_by(User.name)
    ).all()


def officers(call: Any) -> Sequence[User]:
    """Everybody who acts as officer of the call now, by appointment to it or to its programme, with what they hold."""
    return db.session.scalars(
        select(User)
        .options(selectinload(User.appointments))
        .join(Appointment, Appointment.user_id == User.id)
        .where(Appointment.role == "officer", User.active, in_force())
        .where((Appointment.call_id == call.id) | (Appointment.programme_id == call.programme_id))
        .distinct()
    ).all()


def first_officer(programme: Any, email: str | None = None) -> User | None:
    """The longest-serving officer of a programme, or the one with this address."""
    query = (
        select(User)
        .join(Appointment, Appointment.user_id == User.id)
        .where(Appointment.role == "officer", Appointment.programme_id == programme.id, User.active)
        .where(Appointment.stands_in_for_id.is_(None))
        .order_by(Appointment.id)
    )
    if email:
        query = query.where(func.lower(User.email) == email.strip().lower())
    return db.session.scalars(query).first()


def evaluates_for(person: User, *, calls: Iterable[int], programmes: Iterable[int] = ()) -> bool:
    """Whether the person belongs to the experts of one of these calls, or of a call of these programmes (row ids)."""
    of_calls, engagements = Base.metadata.tables["calls"], Base.metadata.tables["engagements"]
    expert = select(engagements.c.id).join(of_calls, of_calls.c.id == engagements.c.call_id).where(
        engagements.c.user_id == person.id,
        engagements.c.state != "ended",
        or_(of_calls.c.id.in_(calls), of_calls.c.programme_id.in_(programmes)),
    )  # fmt: skip
    return db.session.scalar(expert.limit(1)) is not None
