"""Decisions on applications, approved by two people, and the one act that releases them (rulebook 6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import Base, Cents, Public
from grants.people.models import User

OUTCOMES = ("inadmissible", "ineligible", "below_threshold", "no_budget", "reserve", "invited")


class Decision(Public, Base):
    """What the funder decides on one application; nobody outside sees it before its release."""

    __tablename__ = "decisions"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    outcome: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    reason: Mapped[str] = mapped_column(Text, default="")
    grounds: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Missed thresholds, or the conditions that were not met."""
    requested: Mapped[int] = mapped_column(Cents)
    max_grant: Mapped[int | None] = mapped_column(Cents)
    conditions: Mapped[str] = mapped_column(Text, default="")
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    released_at: Mapped[datetime | None]
    snapshot: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(default=1)

    application: Mapped[Application] = relationship(lazy="raise_on_sql")
    proposed_by: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[proposed_by_id])
    approved_by: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[approved_by_id])

    noun = "decision"
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id


class Release(Public, Base):
    """The act that makes decisions known: who, when, how many of each outcome."""

    __tablename__ = "releases"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """gate (inadmissible and ineligible, may go earlier) or results."""
    released_at: Mapped[datetime]
    released_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    counts: Mapped[dict[str, Any]]
