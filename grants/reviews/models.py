"""Individual evaluation reports and the consensus report made from them (rulebook 4.2 to 4.5, 7.2, 7.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import Base, Public
from grants.experts.models import Assignment


class Report(Public, Base):
    """An individual evaluation report: one expert's scores and comments. Frozen, with its hash, when submitted."""

    __tablename__ = "reports"
    __table_args__ = (Index("ix_reports_application", "application_id", "state"),)

    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"), unique=True)
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    state: Mapped[str] = mapped_column(String(12), default="draft")
    version: Mapped[int] = mapped_column(default=0)
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Answers to the additional questions of rulebook 4.4: {"scope": "in", ...} with comments."""
    remarks: Mapped[str] = mapped_column(Text, default="")
    """A11, to the funder; never sent to anybody else."""
    declared: Mapped[bool] = mapped_column(default=False)
    saved_at: Mapped[datetime | None]
    saved_tab: Mapped[str] = mapped_column(String(32), default="")
    """The browser tab that saved last: a page whose answer was lost has no quarrel with itself."""
    submitted_at: Mapped[datetime | None]
    snapshot: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text, default="")

    assignment: Mapped[Assignment] = relationship(lazy="raise_on_sql", back_populates="report")
    application: Mapped[Application] = relationship(lazy="raise_on_sql")
    marks: Mapped[list[ReportMark]] = relationship(
        lazy="raise_on_sql", order_by="ReportMark.id", cascade="all, delete-orphan"
    )

    noun = "report"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def scores(self) -> dict[str, int]:
        """Scores by criterion id, in hundredths; a criterion without a score is absent."""
        return {mark.criterion: mark.score for mark in self.marks if mark.score is not None}


class ReportMark(Base):
    """Score (hundredths) and comment of one report on one criterion."""

    __tablename__ = "report_marks"
    __table_args__ = (UniqueConstraint("report_id", "criterion"),)

    report_id: Mapped[int] = mapped_column(ForeignKey("reports.id"))
    criterion: Mapped[str] = mapped_column(String(20))
    score: Mapped[int | None]
    comment: Mapped[str] = mapped_column(Text, default="")


class Reaction(Public, Base):
    """What the applicants reply to the comments of the individual reports, before the consensus (rulebook 4.3)."""

    __tablename__ = "reactions"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="asked")
    shown: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """What they read, frozen: comments and, where the call says so, scores of each report, by criterion."""
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    until: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]

    application: Mapped[Application] = relationship(lazy="raise_on_sql")

    noun = "reaction"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    def is_open(self, at: datetime) -> bool:
        """Waiting for a reply, up to and including its instant."""
        return at <= self.until


class ConsensusReport(Public, Base):
    """What the group agreed on: written by the rapporteur, approved by each evaluator, checked by the officer."""

    __tablename__ = "consensus_reports"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default="draft")
    version: Mapped[int] = mapped_column(default=0)
    """Counts every change of the text; an approval is of one version (T-7.4)."""
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    minority_view: Mapped[str] = mapped_column(Text, default="")
    opened_at: Mapped[datetime]
    saved_at: Mapped[datetime | None]
    saved_tab: Mapped[str] = mapped_column(String(32), default="")
    return_comment: Mapped[str] = mapped_column(Text, default="")
    finalised_at: Mapped[datetime | None]
    snapshot: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(String(64))

    application: Mapped[Application] = relationship(lazy="raise_on_sql")
    marks: Mapped[list[ConsensusMark]] = relationship(
        lazy="raise_on_sql", order_by="ConsensusMark.id", cascade="all, delete-orphan"
    )
    approvals: Mapped[list[Approval]] = relationship(
        lazy="raise_on_sql", order_by="Approval.id", cascade="all, delete-orphan"
    )

    remarks: Mapped[list[ConsensusRemark]] = relationship(
        lazy="raise_on_sql", order_by="ConsensusRemark.id", cascade="all, delete-orphan"
    )

    noun = "consensus"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def scores(self) -> dict[str, int]:
        """Scores by criterion id, in hundredths; a criterion without a score is absent."""
        return {mark.criterion: mark.score for mark in self.marks if mark.score is not None}


class ConsensusMark(Base):
    """Score (hundredths), comment and, where the score lies outside the individual ones, its justification."""

    __tablename__ = "consensus_marks"
    __table_args__ = (UniqueConstraint("consensus_id", "criterion"),)

    consensus_id: Mapped[int] = mapped_column(ForeignKey("consensus_reports.id"))
    criterion: Mapped[str] = mapped_column(String(20))
    score: Mapped[int | None]
    comment: Mapped[str] = mapped_column(Text, default="")
    justification: Mapped[str] = mapped_column(Text, default="")


class ConsensusRemark(Base):
    """What one of the group says about the consensus, to the others; it stays inside. Never changed or taken away."""

    __tablename__ = "consensus_remarks"
    __table_args__ = (Index("ix_consensus_remarks_consensus", "consensus_id"),)

    consensus_id: Mapped[int] = mapped_column(ForeignKey("consensus_reports.id"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    criterion: Mapped[str] = mapped_column(String(20), default="")
    """Empty for the report as a whole."""
    version: Mapped[int]
    """Of the text that it is about."""
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]

    assignment: Mapped[Assignment] = relationship(lazy="raise_on_sql")


class Approval(Base):
    """One evaluator's yes or no to one version of the consensus report."""

    __tablename__ = "approvals"
    __table_args__ = (UniqueConstraint("consensus_id", "assignment_id", "version"),)

    consensus_id: Mapped[int] = mapped_column(ForeignKey("consensus_reports.id"))
    assignment_id: Mapped[int] = mapped_column(ForeignKey("assignments.id"))
    version: Mapped[int]
    agrees: Mapped[bool]
    reason: Mapped[str] = mapped_column(Text, default="")
    given_at: Mapped[datetime]

    assignment: Mapped[Assignment] = relationship(lazy="raise_on_sql")
