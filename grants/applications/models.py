"""Applications: the working copy that a consortium edits, and the frozen versions that it submitted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, and_, false
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship, remote

from grants import clock
from grants.applications import enterprise, proposal
from grants.applications.budget import Budget
from grants.applications.clarifying import UNLOCKING_STATES
from grants.calls import answers
from grants.calls.models import BLIND_UNTIL, Call
from grants.canonical import digest
from grants.db import Base, Cents, Public
from grants.people.models import User

KNOWN_TO_APPLICANTS = ("draft", "submitted", "reopened", "withdrawn", "withdrawn_after_deadline", "not_submitted",
                       "informed", "purged")  # fmt: skip
SECTIONS = (
    "summary",
    "consortium",
    "work_packages",
    "budget",
    "researchers",
    "questions",
    "part_b",
    "declarations",
)


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
    work_packages: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """In their order, each in the shape of `proposal.WorkPackage`; one section, saved and compared as a whole."""
    outline_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"), unique=True)
    """The application to the first stage that this one carries out in full."""
    origin: Mapped[dict[str, Any] | None]
    panel_screened_at: Mapped[datetime | None]
    """When conflicts of interest of the panel's members were looked for; before that only its evaluators read it."""

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    coordinator: Mapped[User] = relationship(lazy="raise_on_sql")
    # Policy asks these four of one application at a time, often in vain: they alone may load when asked for.
    partners: Mapped[list[Partner]] = relationship(
        order_by="Partner.position", cascade="all, delete-orphan", back_populates="application"
    )
    conflicts: Mapped[list[Any]] = relationship("Conflict", back_populates="application")
    assignments: Mapped[list[Any]] = relationship("Assignment", back_populates="application")
    committee: Mapped[list[Any]] = relationship(
        "RedressMember", viewonly=True, secondary="redress_requests",
        primaryjoin="and_(Application.id == Redress.application_id, Redress.state == 'filed')",
        secondaryjoin="Redress.id == RedressMember.redress_id",
    )  # fmt: skip

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
    def is_blind(self) -> bool:
        """Whether those who evaluate do not learn yet who applies (rulebook 1.1, 7.4)."""
        until = self.call.blind_until
        return bool(until) and self.call.released_at is None and self.state not in BLIND_UNTIL[until]

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

    def contacts_with(self, *access: str) -> set[int]:
        """Contacts who accepted and were given one of these rights."""
        return {
            partner.contact_id for partner in self.partners if partner.contact_id and partner.access in access
        }

    @property
    def invited_addresses(self) -> set[str]:
        """E-mail addresses, in lower case, of contacts who were asked and have not accepted."""
        return {partner.contact_email for partner in self.partners if partner.contact_id is None}

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
    def committee_ids(self) -> set[int]:
        """Members of the committee on a request for redress, as long as it is open."""
        return {member.user_id for member in self.committee}

    @property
    def rapporteur_ids(self) -> set[int]:
        return {a.user_id for a in self.assignments if a.state == "cleared" and a.is_rapporteur}

    @property
    def answered(self) -> dict[str, Any]:
        """The latest value of each answered question, by question key."""
        return {answer.key: answer.value for answer in self.answers}

    @property
    def fitting(self) -> dict[str, Any]:
        """Of `answered` what answers a question of the call: one of the same key may have been of another kind."""
        rules = {question.key: question.rule for question in self.call.questions}
        return {
            key: value
            for key, value in self.answered.items()
            if key in rules and answers.fits(rules[key], value)
        }

    @property
    def attached(self) -> dict[str, Attachment]:
        """The latest attachment of each kind; a removed one is absent."""
        latest = {attachment.kind: attachment for attachment in self.attachments}
        return {kind: attachment for kind, attachment in latest.items() if attachment.sha256}

    def content_of(self, section: str) -> dict[str, Any]:
        """What a section holds, as a part of `proposal.to_dict()`: what a revision keeps."""
        kind, _, key = section.partition(":")
        if key:
            partner = next(partner for partner in self.partners if partner.public_id == key).to_dict()
            budget = partner.pop("budget")
            return {"budget": budget} if kind == "budget" else {"partner": partner}
        match kind:
            case "summary":
                fields = ("acronym", "title", "abstract", "duration", "keywords", "free_keywords")
                return {field: getattr(self, field) for field in fields}
            case "consortium":
                return {"partners": [partner.public_id for partner in self.partners]}
            case "work_packages":
                return {"work_packages": list(self.work_packages)}
            case "researchers":
                return {"researchers": [researcher.to_dict() for researcher in self.researchers]}
            case "questions":
                return {"answers": [{"key": key, "value": value} for key, value in self.answered.items()]}
            case "part_b":
                return {"attachments": [attachment.to_dict() for attachment in self.attached.values()]}
            case _:
                return {"declarations": list(self.declarations)}

    def _work_packages(self) -> list[dict[str, Any]]:
        """Without the lead of one whose leading partner has left."""
        present = {partner.public_id for partner in self.partners}
        return [row | {"lead": row["lead"] if row["lead"] in present else ""} for row in self.work_packages]

    @property
    def proposal(self) -> proposal.Proposal:
        """The working copy as a plain value; needs call, partners with lines, researchers, answers, attachments.

        What was answered or attached where nothing is asked any more stays in the working copy only.
        """
        given = self.fitting
        asked = {one.key for one in answers.asked([q.rule for q in self.call.questions], given.get)}
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
                "work_packages": self._work_packages() if self.call.rules.by_work_package else [],
                "researchers": [researcher.to_dict() for researcher in self.researchers],
                "answers": [{"key": key, "value": value} for key, value in given.items() if key in asked],
                "declarations": list(self.declarations),
                "attachments": [
                    attachment.to_dict()
                    for kind, attachment in self.attached.items()
                    if not kind.startswith("q:") or kind[2:] in asked
                ],
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
    tab: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """The page that saved it: when its answer is lost and it saves again, it does not collide with itself."""

    saved_by: Mapped[User] = relationship(lazy="raise_on_sql", viewonly=True)


class Revision(Public, Base):
    """What a section held after a save; saves of one person within some minutes share a row (docs/decisions/0010)."""

    __tablename__ = "revisions"
    __table_args__ = (Index("ix_revisions_section", "application_id", "section", "version"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    section: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    began_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    saved_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    saved_by: Mapped[User] = relationship(lazy="raise_on_sql", viewonly=True)


class KeptText(Base):
    """What one person typed in a section and could not save yet; nobody else reads it (docs/decisions/0010)."""

    __tablename__ = "kept_texts"
    __table_args__ = (UniqueConstraint("application_id", "section", "user_id"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id", ondelete="CASCADE"))
    section: Mapped[str] = mapped_column(String(40))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    version: Mapped[int]
    seen: Mapped[dict[str, Any]]
    typed: Mapped[dict[str, Any]]
    kept_at: Mapped[datetime]


class FileText(Base):
    """The text of an uploaded file, page by page, known by the file's hash; with its properties such as author."""

    __tablename__ = "file_texts"

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    pages: Mapped[list[str]]
    properties: Mapped[dict[str, Any]]
    problem: Mapped[str] = mapped_column(String(300), default="")
    """Why it could not be read; empty where it was."""


class Clarification(Public, Base):
    """A question of an officer about a received application, with the parts that may be put right until an instant."""

    __tablename__ = "clarifications"
    __table_args__ = (Index("ix_clarifications_application", "application_id", "state"),)

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    state: Mapped[str] = mapped_column(String(12), default="asked")
    question: Mapped[str] = mapped_column(Text)
    unlocked: Mapped[list[str]] = mapped_column(default=list)
    """Keys of parts, as in `clarifying.unlockable`."""
    until: Mapped[datetime]
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]
    version: Mapped[int | None]
    """Number of the version that the answer made; None where nothing was changed."""

    application: Mapped[Application] = relationship(lazy="raise_on_sql")
    asked_by: Mapped[User] = relationship(lazy="raise_on_sql", foreign_keys=[asked_by_id])
    answered_by: Mapped[User | None] = relationship(lazy="raise_on_sql", foreign_keys=[answered_by_id])

    noun = "clarification"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def changeable(self) -> list[str]:
        """The unlocked parts, until experts read the application."""
        return self.unlocked if self.application.state in UNLOCKING_STATES else []

    @property
    def section(self) -> str:
        """Under which name what its author types is kept until it is sent (`KeptText`)."""
        return f"clarification:{self.public_id}"

    def is_open(self, at: datetime) -> bool:
        """Waiting for an answer, up to and including its instant."""
        return self.state == "asked" and at <= self.until


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
    person_months: Mapped[int] = mapped_column(default=0, server_default="0")
    """Effort, tenths of a person-month."""
    vat: Mapped[str] = mapped_column(String(20), default="", server_default="")
    ror: Mapped[str] = mapped_column(String(9), default="", server_default="")
    shares: Mapped[list[dict[str, Any]]] = mapped_column(default=list, server_default="[]")
    """Costs, euro cents, and effort by work package, each in the shape of `budget.Share`; `lines` hold their sums."""
    headcount: Mapped[int | None]
    turnover: Mapped[int | None] = mapped_column(Cents)
    balance_sheet: Mapped[int | None] = mapped_column(Cents)
    access: Mapped[str] = mapped_column(String(8), default="own", server_default="own")
    """What the contact may do: read, own, all, submit; each includes the ones before."""
    declined_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    confirmed_hash: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Of the part that was confirmed; a part that differs by now is to be confirmed again."""

    application: Mapped[Application] = relationship(lazy="raise_on_sql", back_populates="partners")
    lines: Mapped[list[BudgetLine]] = relationship(
        lazy="raise_on_sql", order_by="BudgetLine.id", cascade="all, delete-orphan"
    )

    # What an organisation confirms covers its people; one partner at a time may load them when asked for.
    researchers: Mapped[list[Researcher]] = relationship(
        order_by="Researcher.id", back_populates="partner", passive_deletes="all"
    )

    noun = "partner"

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id

    @property
    def size(self) -> str:
        """micro, small, medium or large where the figures tell; empty for what is no enterprise."""
        if self.activity in enterprise.NO_ENTERPRISES:
            return ""
        return enterprise.size(self.headcount, self.turnover, self.balance_sheet)

    @property
    def part_hash(self) -> str:
        """Of what an organisation confirms: who and what it is, its role, people and effort, costs and financing."""
        names = (
            "name", "pic", "country", "city", "activity", "sme", "nonprofit", "international", "control_group", "gep",
            "role", "rate", "requested", "income", "other_contributions", "person_months",
        )  # fmt: skip
        costs = {line.category: line.amount for line in self.lines if line.amount}
        rows = {"shares": list(self.shares)} if self.shares else {}
        people = [person.facts() for person in self.researchers]
        return digest(
            {"costs": costs, "people": people} | rows | {name: getattr(self, name) for name in names}
        )

    @property
    def must_confirm(self) -> bool:
        """The coordinator takes part by submitting; subcontractors are no participants; imports come confirmed."""
        return self.role not in ("coordinator", "subcontractor") and not self.application.origin

    @property
    def confirmed(self) -> bool | None:
        """Whether its present contact confirmed the part as it is now; None where nobody is asked."""
        if not self.must_confirm:
            return None
        by_contact = self.confirmed_by_id is not None and self.confirmed_by_id == self.contact_id
        return by_contact and self.confirmed_hash == self.part_hash

    @property
    def budget(self) -> Budget:
        """The budget as a plain value, with its computed columns; needs `lines` loaded."""
        return Budget.from_dict(self._amounts())

    def _amounts(self) -> dict[str, Any]:
        money = {"rate": self.rate, "requested": self.requested, "income": self.income,
                 "other_contributions": self.other_contributions}  # fmt: skip
        rows = {"shares": list(self.shares)} if self.shares else {}
        return {line.category: line.amount for line in self.lines} | money | rows

    def to_dict(self) -> dict[str, Any]:
        """The partner as in the canonical JSON of a proposal."""
        fields = (
            "name", "short_name", "pic", "country", "city", "activity", "sme", "nonprofit", "international", "role",
            "control_group", "gep", "contact_name", "contact_email", "vat", "ror", "size", "person_months", "confirmed",
        )  # fmt: skip
        return {
            "key": self.public_id,
            **{field: getattr(self, field) for field in fields},
            "budget": self._amounts(),
        }


class Organisation(Public, Base):
    """An organisation of the register that applicants find theirs in (grants import organisations)."""

    __tablename__ = "organisations"
    __table_args__ = (Index("ix_organisations_words", "words"),)

    pic: Mapped[str] = mapped_column(String(9), unique=True)
    name: Mapped[str] = mapped_column(String(300))
    short_name: Mapped[str] = mapped_column(String(60), default="")
    country: Mapped[str] = mapped_column(String(2))
    city: Mapped[str] = mapped_column(String(120), default="")
    activity: Mapped[str] = mapped_column(String(3))
    sme: Mapped[bool] = mapped_column(default=False)
    projects: Mapped[int] = mapped_column(default=0)
    """In how many projects it took part: of two that are found alike, the busier one comes first."""
    words: Mapped[str] = mapped_column(Text)
    """Name and short name without accents, in small letters: what is searched."""

    noun = "organisation"


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

    partner: Mapped[Partner] = relationship(lazy="raise_on_sql", back_populates="researchers")

    def facts(self) -> dict[str, Any]:
        fields = ("first_name", "last_name", "gender", "career_stage", "leading", "orcid")
        return {field: getattr(self, field) for field in fields}

    def to_dict(self) -> dict[str, Any]:
        return {"partner": self.partner.public_id, **self.facts()}


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
    kind: Mapped[str] = mapped_column(String(50), default="part_b")
    """part_b, or q: and the key of the question that the file answers."""
    name: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    pages: Mapped[int] = mapped_column(default=0)
    scanned: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a virus scanner found it clean; False where none is configured."""
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
