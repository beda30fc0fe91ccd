"""Applications: the working copy that a consortium edits, and the frozen versions that it submitted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from grants import clock
from grants.applications import proposal
from grants.applications.budget import Budget
from grants.calls.models import Call
from grants.db import Base, Cents, Public
from grants.people.models import User

KNOWN_TO_APPLICANTS = ("draft", "submitted", "reopened", "withdrawn", "withdrawn_after_deadline", "not_submitted",
                       "informed")  # fmt: skip
SECTIONS = ("summary", "consortium", "budget", "researchers", "questions", "part_b", "declarations")


class Application(Public, Base):
    """One application to one call (rulebook 7.1). After the deadline everybody reads the last submitted version."""

    __tablename__ = "applications"
    __table_args__ = (
        UniqueConstraint("call_id", "serial"),
        Index("ix_applications_call_state", "call_id", "state", "serial"),
        Index("ix_applications_coordinator", "coordinator_id", "call_id"),
    )

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(String(100), unique=True)
    stage: Mapped[int] = mapped_column(default=1)
    cut_off: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(30), default="draft")
    coordinator_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    extended_to: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=0)
    """Number of the last submitted version, 0 before the first."""

    acronym: Mapped[str] = mapped_column(String(100), default="")
    title: Mapped[str] = mapped_column(Text, default="")
    abstract: Mapped[str] = mapped_column(Text, default="")
    duration: Mapped[int | None]
    keywords: Mapped[list[str]] = mapped_column(default=list)
    free_keywords: Mapped[str] = mapped_column(Text, default="")
    declarations: Mapped[list[str]] = mapped_column(default=list)
    origin: Mapped[dict[str, Any] | None]

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    coordinator: Mapped[User] = relationship(lazy="raise_on_sql")
    # Policy asks these three of one application at a time, often in vain: they alone may load when asked for.
    partners: Mapped[list[Partner]] = relationship(
        order_by="Partner.position", cascade="all, delete-orphan", back_populates="application"
    )
    conflicts: Mapped[list[Any]] = relationship("Conflict", back_populates="application")
    assignments: Mapped[list[Any]] = relationship("Assignment", back_populates="application")

    researchers: Mapped[list[Researcher]] = relationship(
        lazy="raise_on_sql", order_by="Researcher.id", cascade="all, delete-orphan"
    )
    answers: Mapped[list[Answer]] = relationship(lazy="raise_on_sql", order_by="Answer.id")
    attachments: Mapped[list[Attachment]] = relationship(lazy="raise_on_sql", order_by="Attachment.id")
    sections: Mapped[list[Section]] = relationship(lazy="raise_on_sql", cascade="all, delete-orphan")
    submissions: Mapped[list[Submission]] = relationship(
        lazy="raise_on_sql", order_by="Submission.number", back_populates="application"
    )
    submission: Mapped[Submission | None] = relationship(
        lazy="raise_on_sql",
        viewonly=True,
        primaryjoin=lambda: and_(
            remote(foreign(Submission.application_id)) == Application.id,
            remote(foreign(Submission.number)) == Application.version,
        ),
    )
    """The version that counts: the last one submitted."""

    noun = "application"

    @property
    def application(self) -> Application:
        """Itself: policy asks everything for its application."""
        return self

    def accepts_changes(self, at: datetime) -> bool:
        """Whether the applicants may still edit and submit: the call's deadline or this application's extension."""
        if self.extended_to is not None and self.call.state == "published":
            return at <= max(self.extended_to, self.call.deadline_at)
        return self.call.is_open(at)

    @property
    def shown_state(self) -> str:
        """The state as people see it: 'not submitted' and 'received' follow from the clock."""
        if self.accepts_changes(clock.now()) or self.state not in ("draft", "submitted", "reopened"):
            return self.state
        return "not_submitted" if self.state == "draft" else "locked"

    @property
    def state_for_applicants(self) -> str:
        """The state without a word about the evaluation before the release (rulebook 7.4)."""
        shown = self.shown_state
        return shown if shown in KNOWN_TO_APPLICANTS else "locked"

    @property
    def contact_ids(self) -> set[int]:
        """Users who are the contact of a partner and accepted to be."""
        return {partner.contact_id for partner in self.partners if partner.contact_id}

    @property
    def barred_ids(self) -> set[int]:
        """Users with a disqualifying conflict, the applicants themselves included (rulebook 4.7).

        The officer who imported an application keeps it without having applied.
        """
        applicant = set() if self.origin else {self.coordinator_id}
        return applicant | self.contact_ids | {c.user_id for c in self.conflicts if c.bars}

    @property
    def evaluator_ids(self) -> set[int]:
        return {a.user_id for a in self.assignments if a.state == "cleared"}

    @property
    def rapporteur_ids(self) -> set[int]:
        return {a.user_id for a in self.assignments if a.state == "cleared" and a.is_rapporteur}

    @property
    def answered(self) -> dict[str, Any]:
        """The latest value of each answered question, by question key."""
        return {answer.key: answer.value for answer in self.answers}

    @property
    def attached(self) -> dict[str, Attachment]:
        """The latest attachment of each kind; a removed one is absent."""
        latest = {attachment.kind: attachment for attachment in self.attachments}
        return {kind: attachment for kind, attachment in latest.items() if attachment.sha256}

    @property
    def proposal(self) -> proposal.Proposal:
        """The working copy as a plain value; needs call, partners with lines, researchers, answers, attachments."""
        return proposal.Proposal.from_dict(
            {
                "schema": 1,
                "call": self.call.reference,
                "number": self.number,
                "acronym": self.acronym,
                "title": self.title,
                "abstract": self.abstract,
                "duration": self.duration,
                "keywords": list(self.keywords),
                "free_keywords": self.free_keywords,
                "partners": [partner.to_dict() for partner in self.partners],
                "researchers": [researcher.to_dict() for researcher in self.researchers],
                "answers": [{"key": key, "value": value} for key, value in self.answered.items()],
                "declarations": list(self.declarations),
                "attachments": [attachment.to_dict() for attachment in self.attached.values()],
            }
        )


class Section(Base):
    """The version number of one section of the working copy: two people who edit it at once are told."""

    __tablename__ = "sections"
    __table_args__ = (UniqueConstraint("application_id", "name"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    name: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Partner(Public, Base):
    """One organisation of the consortium, with its contact and its budget (rulebook 1.5, 2.3)."""

    __tablename__ = "partners"
    __table_args__ = (
        Index("ix_partners_application", "application_id", "position"),
        Index("ix_partners_contact", "contact_id"),
        Index("ix_partners_invited", "contact_email", "contact_id"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    short_name: Mapped[str] = mapped_column(String(60), default="")
    pic: Mapped[str] = mapped_column(String(9), default="")
    country: Mapped[str] = mapped_column(String(2))
    city: Mapped[str] = mapped_column(String(120), default="")
    activity: Mapped[str] = mapped_column(String(3))
    sme: Mapped[bool] = mapped_column(default=False)
    nonprofit: Mapped[bool] = mapped_column(default=False)
    international: Mapped[bool] = mapped_column(default=False)
    role: Mapped[str] = mapped_column(String(20), default="beneficiary")
    control_group: Mapped[str] = mapped_column(String(60), default="")
    gep: Mapped[bool | None]
    contact_name: Mapped[str] = mapped_column(String(120), default="")
    contact_email: Mapped[str] = mapped_column(String(255), default="")
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    rate: Mapped[int] = mapped_column(default=10000)
    requested: Mapped[int] = mapped_column(Cents, default=0)
    income: Mapped[int] = mapped_column(Cents, default=0)
    other_contributions: Mapped[int] = mapped_column(Cents, default=0)

    application: Mapped[Application] = relationship(lazy="raise_on_sql", back_populates="partners")
    lines: Mapped[list[BudgetLine]] = relationship(
        lazy="raise_on_sql", order_by="BudgetLine.id", cascade="all, delete-orphan"
    )

    noun = "partner"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def budget(self) -> Budget:
        """The budget as a plain value, with its computed columns; needs `lines` loaded."""
        return Budget(**self.to_dict()["budget"])

    def to_dict(self) -> dict[str, Any]:
        """The partner as in the canonical JSON of a proposal."""
        fields = (
            "name", "short_name", "pic", "country", "city", "activity", "sme", "nonprofit", "international", "role",
            "control_group", "gep", "contact_name", "contact_email",
        )  # fmt: skip
        money = {"rate": self.rate, "requested": self.requested, "income": self.income,
                 "other_contributions": self.other_contributions}  # fmt: skip
        return {
            "key": self.public_id,
            **{field: getattr(self, field) for field in fields},
            "budget": {line.category: line.amount for line in self.lines} | money,
        }


class BudgetLine(Base):
    """Direct costs of one partner in one cost category, euro cents (rulebook 2.2)."""

    __tablename__ = "budget_lines"
    __table_args__ = (UniqueConstraint("partner_id", "category"),)

    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"))
    category: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int] = mapped_column(Cents)


class Researcher(Public, Base):
    """One row of the researchers table (rulebook 9.2): the gender step of the ranking counts the leading ones."""

    __tablename__ = "researchers"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partners.id"))
    first_name: Mapped[str] = mapped_column(String(80))
    last_name: Mapped[str] = mapped_column(String(80))
    gender: Mapped[str] = mapped_column(String(12))
    career_stage: Mapped[str] = mapped_column(String(1), default="")
    leading: Mapped[bool] = mapped_column(default=False)
    orcid: Mapped[str] = mapped_column(String(19), default="")

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql")

    def to_dict(self) -> dict[str, Any]:
        fields = ("first_name", "last_name", "gender", "career_stage", "leading", "orcid")
        return {"partner": self.partner.public_id, **{field: getattr(self, field) for field in fields}}


class Answer(Base):
    """One saved value of one question; a new value is a new row, so every earlier text can be found again."""

    __tablename__ = "answers"
    __table_args__ = (UniqueConstraint("application_id", "key", "version"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    key: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    value: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))


class Attachment(Public, Base):
    """An uploaded file, kept by its hash; replacing or removing one adds a row, so submitted files stay."""

    __tablename__ = "attachments"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20), default="part_b")
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    pages: Mapped[int] = mapped_column(default=0)
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    def to_dict(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "name": self.name,
            "sha256": self.sha256,
            "size": self.size,
            "pages": self.pages,
        }


class Submission(Public, Base):
    """A submitted version, frozen: canonical JSON, its hash, the files' hashes, the receipt (rulebook 7.1, 8.4)."""

    __tablename__ = "submissions"
    __table_args__ = (
        UniqueConstraint("application_id", "number"),
        UniqueConstraint("application_id", "idempotency_key"),
    )

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    number: Mapped[int]
    receipt: Mapped[str] = mapped_column(String(120), unique=True)
    submitted_at: Mapped[datetime]
    submitted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    idempotency_key: Mapped[str] = mapped_column(String(40))
    snapshot: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    findings: Mapped[list[dict[str, Any]]]
    # What lists show, copied from the snapshot so that no list has to open one.
    acronym: Mapped[str] = mapped_column(String(100))
    title: Mapped[str] = mapped_column(Text)
    coordinator_name: Mapped[str] = mapped_column(String(300))
    coordinator_country: Mapped[str] = mapped_column(String(2))
    partner_count: Mapped[int]
    requested: Mapped[int] = mapped_column(Cents)
    total_cost: Mapped[int] = mapped_column(Cents)

    application: Mapped[Application] = relationship(lazy="raise_on_sql", back_populates="submissions")

    @property
    def proposal(self) -> proposal.Proposal:
        """The frozen proposal as a plain value."""
        return proposal.Proposal.from_json(self.snapshot)


CLEAN_UP_DRAFTS_AFTER = timedelta(days=90)
