"""People: accounts, the roles they hold, and their sessions."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask_login import AnonymousUserMixin
from flask_security import UserMixin
from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants import clock
from grants.db import Base, Public


class User(Public, UserMixin, Base):
    """A person with an account. Roles are appointments, never columns; the sign-in library's roles are not used."""

    __tablename__ = "users"

    if TYPE_CHECKING:
        id: Mapped[int]  # the sign-in library says int
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(120), default="")
    language: Mapped[str] = mapped_column(String(5), default="en")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    confirmed_at: Mapped[datetime | None]
    # The library declares these two as never empty, and the roles as a column.
    create_datetime: Mapped[datetime | None]  # type: ignore[assignment]
    update_datetime: Mapped[datetime | None]  # type: ignore[assignment]

    appointments: Mapped[list[Appointment]] = relationship(
        lazy="raise_on_sql", back_populates="user", foreign_keys="Appointment.user_id"
    )

    noun = "user"

    @property
    def roles(self) -> list[Any]:  # type: ignore[override]
        """Empty: asked for by the sign-in library only."""
        return []

    def holds(self, role: str, call: Any = None) -> bool:
        """Whether the person holds `role` now, for the call or for its programme; without a call, anywhere."""
        now = clock.now()
        return any(
            appointment.role == role
            and appointment.is_in_force(now)
            and (
                call is None
                or appointment.call_id == call.id
                or (appointment.call_id is None and appointment.programme_id == call.programme_id)
            )
            for appointment in self.appointments
        )


class Anonymous(AnonymousUserMixin):
    """Somebody who has not signed in: holds nothing."""

    id = None
    name = ""
    email = ""
    appointments: tuple[()] = ()

    def holds(self, role: str, call: Any = None) -> bool:
        return False


class Appointment(Base):
    """A role that a person holds: for a whole programme (admin, officer) or for one call."""

    __tablename__ = "appointments"
    __table_args__ = (
        UniqueConstraint("user_id", "role", "programme_id", "call_id"),
        CheckConstraint("(programme_id IS NULL) <> (call_id IS NULL)", name="programme_or_call"),
        Index("ix_appointments_call_role", "call_id", "role"),
    )

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    role: Mapped[str] = mapped_column(String(20))
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programmes.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    given_at: Mapped[datetime]
    given_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # Somebody who stands in for another person does so between two instants; other appointments have neither.
    stands_in_for_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    begins_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(
        lazy="raise_on_sql", back_populates="appointments", foreign_keys=[user_id]
    )

    def is_in_force(self, at: datetime) -> bool:
        """From `begins_at` on and before `ends_at`, where it has them."""
        return (self.begins_at is None or self.begins_at <= at) and (
            self.ends_at is None or at < self.ends_at
        )


class BrowserSession(Base):
    """A server-side session; the cookie holds a random key, the row its hash, so a copy of the table opens nothing."""

    __tablename__ = "browser_sessions"

    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_key: Mapped[str | None] = mapped_column(String(64), index=True)
    data: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AccessEntry(Base):
    """The access log: refusals and first openings, append-only, written in a transaction of its own."""

    __tablename__ = "access_log"
    __table_args__ = (Index("ix_access_log_thing", "noun", "thing", "action"),)

    at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    noun: Mapped[str] = mapped_column(String(30))
    thing: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(60))
    outcome: Mapped[str] = mapped_column(String(20))
