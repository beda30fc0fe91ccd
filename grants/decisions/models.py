"""Decisions on applications, approved by two people, and the one act that releases them (rulebook 6)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import Base, Cents, Public
from grants.decisions.wording import Wording
from grants.people.models import User


class Decision(Public, Base):
    """What the funder decides on one application; nobody outside sees it before its release."""

    __tablename__ = "decisions"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    outcome: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    ethics: Mapped[str] = mapped_column(String(12), default="")
    security: Mapped[str] = mapped_column(String(12), default="")
    """Outcomes of the ethics review and of the security scrutiny (`outcomes.CLEARANCES`), beside the score."""
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
    release_id: Mapped[int | None] = mapped_column(ForeignKey("releases.id"))
    letter_number: Mapped[int] = mapped_column(default=1)
    """1, and one more with each letter that replaces an earlier one."""
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


class Change(Public, Base):
    """A change of a released decision: proposed by one officer, approved by another, told by a letter of its own."""

    __tablename__ = "decision_changes"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12))
    """correction, promotion, ended (grant preparation) or redress."""
    state: Mapped[str] = mapped_column(String(12), default="proposed")
    outcome: Mapped[str] = mapped_column(String(20))
    max_grant: Mapped[int | None] = mapped_column(Cents)
    conditions: Mapped[str] = mapped_column(Text, default="")
    reason: Mapped[str] = mapped_column(Text, default="")
    """As the new letter gives it."""
    proposed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    approved_at: Mapped[datetime | None]
    superseded: Mapped[str | None] = mapped_column(Text)
    """The letter that the new one replaces, as it was sent; None until the approval."""
    superseded_sha256: Mapped[str | None] = mapped_column(String(64))

    decision: Mapped[Decision] = relationship(lazy="raise_on_sql")
    proposed_by: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[proposed_by_id])
    approved_by: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[approved_by_id])

    noun = "change"

    @property
    def application(self) -> Application:
        return self.decision.application

    @property
    def application_id(self) -> int:
        return self.decision.application_id

    @property
    def call(self) -> Call:
        return self.decision.call

    @property
    def call_id(self) -> int:
        return self.decision.call_id


class Redress(Public, Base):
    """The request to review how an application was checked or evaluated: one for each application (rulebook 6.3)."""

    __tablename__ = "redress_requests"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="filed")
    grounds: Mapped[list[str]] = mapped_column(default=list)
    text: Mapped[str] = mapped_column(Text)
    filed_at: Mapped[datetime]
    last_day: Mapped[date]
    opinion: Mapped[str] = mapped_column(Text, default="")
    """Of the committee, as the applicant reads it; empty until a second member has confirmed what one proposed."""
    proposed_outcome: Mapped[str] = mapped_column(String(24), default="")
    """A key of `redressing.OUTCOMES`, empty while no member has proposed any."""
    proposed_opinion: Mapped[str] = mapped_column(Text, default="")
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    proposed_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    application: Mapped[Application] = relationship(lazy="raise_on_sql")
    members: Mapped[list[RedressMember]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")

    noun = "redress"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def member_ids(self) -> set[int]:
        return {member.user_id for member in self.members}


class Notice(Public, Base):
    """A letter that tells no decision, frozen when it was issued: an acknowledgement, or the outcome of a redress."""

    __tablename__ = "notices"
    __table_args__ = (UniqueConstraint("application_id", "occasion"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    """A key of `outcomes.NOTICES`."""
    occasion: Mapped[str] = mapped_column(String(60))
    issued_at: Mapped[datetime]
    snapshot: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))

    application: Mapped[Application] = relationship(lazy="raise_on_sql")

    noun = "notice"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id


class RedressMember(Base):
    """Somebody of the committee of one request."""

    __tablename__ = "redress_members"
    __table_args__ = (UniqueConstraint("redress_id", "user_id"),)

    redress_id: Mapped[int] = mapped_column(ForeignKey("redress_requests.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class Preparation(Public, Base):
    """The preparation of a grant, from the invitation to the signature (rulebook 7.1)."""

    __tablename__ = "preparations"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="open")
    data_on: Mapped[date | None]
    declaration_on: Mapped[date | None]
    capacity_on: Mapped[date | None]
    """When the financial and operational capacity of the beneficiaries was verified."""
    plans_on: Mapped[date | None]
    """When the gender equality plans that must be in force were verified (rulebook 1.6)."""
    conditions_on: Mapped[date | None]
    """When the conditions of the ethics review and of the security scrutiny were met."""
    coordinator_signed_on: Mapped[date | None]
    checks: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """The second eligibility check, as it was at the signature (`second_check.Standing`)."""
    findings: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """What the rules found on that day and not at the deadline (`Finding`)."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was signed although the check had findings."""
    signed_at: Mapped[datetime | None]
    """For the funder, after the coordinator."""
    signed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int] = mapped_column(default=1)

    application: Mapped[Application] = relationship(lazy="raise_on_sql")

    noun = "preparation"
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id


class Release(Public, Base):
    """The act that makes decisions known: ordered by an officer, held for a while, then carried out or stopped."""

    __tablename__ = "releases"
    __table_args__ = (Index("ix_releases_due", "state", "due_at"),)
    job = "release"

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    """gate (inadmissible and ineligible, may go earlier) or results."""
    state: Mapped[str] = mapped_column(String(10), default="held")
    """held, released, stopped by an officer, or blocked because something was no longer as it was ordered."""
    ordered_at: Mapped[datetime]
    due_at: Mapped[datetime]
    released_at: Mapped[datetime | None]
    released_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    """Who ordered it."""
    counts: Mapped[dict[str, Any]]
    """Letters by outcome: how many people will be told what."""
    seen: Mapped[str] = mapped_column(String(64), default="")
    """Fingerprint of the plan that was ordered: decisions, their versions, their recipients."""
    note: Mapped[str] = mapped_column(Text, default="")
    """Why it was stopped or blocked."""

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    released_by: Mapped[User] = relationship(lazy="raise_on_sql")

    noun = "release"


class LetterText(Base):
    """One version of the words of a call's letters with one outcome in one language; the highest number is in force."""

    __tablename__ = "letter_texts"
    __table_args__ = (UniqueConstraint("call_id", "outcome", "language", "number"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    outcome: Mapped[str] = mapped_column(String(20))
    language: Mapped[str] = mapped_column(String(5))
    number: Mapped[int]
    """From 1; 0 stands for the words of the house, which are no row."""
    subject: Mapped[str] = mapped_column(String(200))
    opening: Mapped[str] = mapped_column(Text)
    closing: Mapped[str] = mapped_column(Text)
    signatory: Mapped[str] = mapped_column(String(200))
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    saved_at: Mapped[datetime]

    saved_by: Mapped[User] = relationship(lazy="raise_on_sql")

    @property
    def wording(self) -> Wording:
        return Wording(self.subject, self.opening, self.closing, self.signatory, self.number)
