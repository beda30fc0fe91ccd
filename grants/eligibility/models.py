"""The officer's ruling on the findings of the rules, with a second person where it refuses (rulebook 1.1)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import Base, Public
from grants.people.models import User
from grants.words import N_

GATE_OF_STATE = {"submitted": "admissibility", "reopened": "admissibility", "eligibility": "eligibility"}
"""The gate in front of an application, by its state once the deadline has passed (rulebook 7.1)."""
GATE_NAMES = {"admissibility": N_("Admissibility"), "eligibility": N_("Eligibility")}


class Ruling(Public, Base):
    """One person's ruling at one gate. A refusal stands only when a second officer has confirmed it."""

    __tablename__ = "rulings"
    __table_args__ = (Index("ix_rulings_application", "application_id", "gate"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    gate: Mapped[str] = mapped_column(String(15))
    verdict: Mapped[str] = mapped_column(String(5))
    reason: Mapped[str] = mapped_column(Text)
    findings: Mapped[list[dict[str, Any]]]
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(Text, default="")

    application: Mapped[Application] = relationship(lazy="raise_on_sql")
    proposed_by: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[decided_by_id])

    noun = "ruling"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id
