"""Experts, their engagements for calls, conflicts of interest and assignments (rulebook 4.6, 4.7, 7.2)."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.calls.terms import Terms
from grants.db import Base, Public
from grants.people.models import User
from grants.policy import ASKED

UNDER_WAY = ("admitted", "in_evaluation", "in_consensus")
"""States of an application in which its experts have something to do."""


class Expert(Public, Base):
    """What a funder knows of a person who evaluates. Whoever has an engagement belongs to the pool of its call."""

    __tablename__ = "experts"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    employer: Mapped[str] = mapped_column(String(300), default="")
    employer_pic: Mapped[str] = mapped_column(String(9), default="")
    employer_ror: Mapped[str] = mapped_column(String(9), default="")
    past_employers: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Employers of the last three years: [{"name", "pic", "ror", "since": ISO date, "until": ISO date}]."""
    ties: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Ties that the person has declared, beyond employment: as past employers, with the "code" of rulebook 4.7."""
    country: Mapped[str] = mapped_column(String(2), default="")
    gender: Mapped[str] = mapped_column(String(12), default="undisclosed")
    sector: Mapped[str] = mapped_column(String(12), default="")
    orcid: Mapped[str] = mapped_column(String(19), default="")
    keywords: Mapped[list[str]] = mapped_column(default=list)
    expertise: Mapped[str] = mapped_column(Text, default="")
    languages: Mapped[list[str]] = mapped_column(default=list)
    """Languages in which the person can read an application: ISO 639-1 codes."""
    seniority: Mapped[str] = mapped_column(String(12), default="")
    """early, established or leading; empty where nobody has said."""
    max_load: Mapped[int | None]
    """The most applications that the person takes on in one call; None for no limit of their own."""
    away_from: Mapped[date | None]
    away_until: Mapped[date | None]
    """Days between which the person cannot evaluate, both included."""
    kept_at: Mapped[datetime | None]
    """When the person last looked through the profile."""
    changed_at: Mapped[datetime | None]
    """When something that conflicts of interest are found by last changed."""

    user: Mapped[User] = relationship(lazy="raise_on_sql")

    noun = "expert"

    def is_away(self, first: date, last: date) -> bool:
        """Whether one of these days is one on which the person cannot evaluate."""
        if self.away_from is None or self.away_until is None:
            return False
        return self.away_from <= last and first <= self.away_until


class Engagement(Public, Base):
    """One expert and one call: asked for, then accepted with the terms as they stood, or declined.

    Only an accepted engagement appoints the person as expert of the call; before that nothing is shown (rulebook 7.2).
    """

    __tablename__ = "engagements"
    __table_args__ = (
        UniqueConstraint("call_id", "user_id"),
        Index("ix_engagements_user", "user_id", "state"),
    )

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    state: Mapped[str] = mapped_column(String(10), default="invited")
    """invited, accepted, declined or ended."""
    invited_at: Mapped[datetime]
    invited_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why the person declined."""
    terms: Mapped[str | None] = mapped_column(Text)
    """The terms that were agreed to, canonical JSON of `calls.terms.Terms`; of the last time, if they changed since."""
    sha256: Mapped[str | None] = mapped_column(String(64))

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    user: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[user_id])

    noun = "engagement"

    @property
    def agreed(self) -> Terms | None:
        """What the person agreed to last."""
        return Terms(**json.loads(self.terms)) if self.terms else None


class Conflict(Public, Base):
    """A conflict of interest between one person and one application: found, declared or entered, then ruled on."""

    __tablename__ = "conflicts"
    __table_args__ = (
        UniqueConstraint("application_id", "user_id", "code", "rule", "source"),
        Index("ix_conflicts_user", "user_id"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    code: Mapped[str] = mapped_column(String(3))
    """D1 to D9 disqualify, P1 to P3 are for the officer to decide (rulebook 4.7)."""
    source: Mapped[str] = mapped_column(String(10))
    """declared (by the person), detected (by a rule) or entered (by an officer)."""
    rule: Mapped[str] = mapped_column(String(20), default="")
    """The rule of `experts.conflicts` that found it; empty if a person did."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """What the person wrote, or what the rule found: an organisation, a domain, a number."""
    status: Mapped[str] = mapped_column(String(10), default="suggested")
    """suggested, confirmed or overruled."""
    since: Mapped[date | None]
    until: Mapped[date | None]
    """From when and until when the tie held, as far as somebody said so; a tie without an end holds still."""
    found_at: Mapped[datetime]
    ruled_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    ruled_at: Mapped[datetime | None]
    ruling_reason: Mapped[str] = mapped_column(Text, default="")

    application: Mapped[Application] = relationship(lazy="raise_on_sql", back_populates="conflicts")
    user: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[user_id])
    ruled_by: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[ruled_by_id])

    noun = "conflict"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @hybrid_property
    def bars(self) -> bool:
        """A disqualifying one bars until an officer overrules it, a potential one once an officer confirms it."""
        return self.status == "confirmed" or (self.status == "suggested" and self.code.startswith("D"))

    @bars.inplace.expression
    @classmethod
    def _bars(cls) -> ColumnElement[bool]:
        return or_(cls.status == "confirmed", (cls.status == "suggested") & cls.code.startswith("D"))


class Assignment(Public, Base):
    """One expert for one application. `scores` is false for a rapporteur who only records."""

    __tablename__ = "assignments"
    __table_args__ = (
        UniqueConstraint("application_id", "user_id"),
        Index("ix_assignments_user", "user_id", "state"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    scores: Mapped[bool] = mapped_column(default=True)
    is_rapporteur: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12), default="invited")
    due_on: Mapped[date | None]
    invited_at: Mapped[datetime]
    invited_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    declared_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    screened_at: Mapped[datetime | None]
    """When conflicts of interest were last looked for."""
    reason: Mapped[str] = mapped_column(Text, default="")

    application: Mapped[Application] = relationship(lazy="raise_on_sql", back_populates="assignments")
    user: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[user_id])
    report: Mapped[Any] = relationship(
        "Report", lazy="raise_on_sql", uselist=False, back_populates="assignment"
    )

    noun = "assignment"

    @property
    def assignment(self) -> Assignment:
        """Itself: policy asks assignments and reports alike."""
        return self

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def has_reported(self) -> bool:
        """A report was submitted, whether or not it still counts; one that was given back no more."""
        return self.report is not None and self.report.submitted_at is not None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left for the person to do: declined, reported on, or the evaluation is over."""
        if self.state == "declined" or self.application.state not in UNDER_WAY:
            return True
        reported = self.report is not None and self.report.state != "draft"
        return reported and self.application.state != "in_consensus"

    def is_overdue(self, at: datetime) -> bool:
        """Whether the report is still to come after the day on which it was due, where the call is (rulebook 7.2)."""
        today = at.astimezone(ZoneInfo(self.call.zone)).date()
        done = not self.scores or (self.report is not None and self.report.state == "submitted")
        return self.due_on is not None and self.state in ASKED and today > self.due_on and not done


class Bid(Base):
    """Whether an expert would like to evaluate an application, where the call asks for it (rulebook 4.6)."""

    __tablename__ = "bids"
    __table_args__ = (UniqueConstraint("application_id", "user_id"), Index("ix_bids_user", "user_id"))

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    answer: Mapped[str] = mapped_column(String(5))
    """yes, maybe or no."""
    answered_at: Mapped[datetime]


class GroupProposal(Public, Base):
    """Groups of experts for all applications of a call: asked for by an officer, composed by a worker, kept for good.

    Only an invitation makes an assignment of what is proposed.
    """

    __tablename__ = "group_proposals"
    __table_args__ = (Index("ix_group_proposals_call", "call_id", "state"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    wishes: Mapped[dict[str, Any]]
    """{"demand": int, "load": int, "language": code or "", "prices": {rule: thousandths of fit, 0 for hard}}."""
    state: Mapped[str] = mapped_column(String(10), default="wanted")
    """wanted, stopping (an officer wants no more), done or stopped."""
    step: Mapped[str] = mapped_column(String(10), default="")
    """The objective that is being solved; empty before the first, "reasons" after the last."""
    progress: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """{"since": ISO instant of the step, "levels": as in `result`, "count", "of": applications of the step}."""
    ended: Mapped[str] = mapped_column(String(10), default="", server_default="")
    """How the search ended: proven, time, stopped (by an officer) or failed."""
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    wanted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    wanted_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    inputs: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of everything that the groups follow from, as canonical JSON."""
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Levels with their bounds, and each application's group with the reasons; see `composing.told`."""

    call: Mapped[Call] = relationship(lazy="raise_on_sql")

    noun = "group_proposal"
    job = "group_proposal"
