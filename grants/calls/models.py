"""Programmes, calls and the questions of a call's form."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants import clock
from grants.calls.deadline import instant
from grants.calls.rules import CallRules, QuestionRule
from grants.calls.scheme import Scheme
from grants.calls.terms import Terms
from grants.db import Base, Cents, Public

BLIND_UNTIL: dict[str, tuple[str, ...]] = {
    "released": (),
    "in_panel": ("in_panel", "evaluated", "informed"),
    "in_consensus": ("in_consensus", "in_panel", "evaluated", "informed"),
}
"""Until when a call is blind, each with the states of an application that tells who applies before the release."""


class Programme(Public, Base):
    """What an administrator and a team of officers run: a series of calls."""

    __tablename__ = "programmes"

    name: Mapped[str] = mapped_column(String(200), unique=True)
    noun = "programme"


class Call(Public, Base):
    """A call for proposals. Forthcoming, open and closed follow from the dates and the clock (rulebook 8)."""

    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_state_deadline", "state", "deadline_at"),
        UniqueConstraint("first_id", "stage", "cut_off"),
    )

    programme_id: Mapped[int] = mapped_column(ForeignKey("programmes.id"))
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(20), default="draft")
    action: Mapped[str] = mapped_column(String(20), default="RIA")
    pillar: Mapped[int | None]
    year: Mapped[int]
    first_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    """The call that this one continues: the first of two stages, or the first of several cut-offs (decision 0026)."""
    stage: Mapped[int] = mapped_column(default=1, server_default="1")
    cut_off: Mapped[int] = mapped_column(default=1, server_default="1")
    opens_on: Mapped[datetime]
    # The deadline is a local date and time with its zone; the instant beside it is derived, for lists and indexes.
    deadline_local: Mapped[str] = mapped_column(String(19))
    zone: Mapped[str] = mapped_column(String(40), default="Europe/Brussels")
    deadline_at: Mapped[datetime]
    budget: Mapped[int] = mapped_column(Cents)
    min_contribution: Mapped[int | None] = mapped_column(Cents)
    max_contribution: Mapped[int | None] = mapped_column(Cents)
    scheme_json: Mapped[dict[str, Any]]
    rules_json: Mapped[dict[str, Any]]
    terms_json: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What its experts agree to, as `calls.terms.Terms`; empty for the house's own texts."""
    keywords: Mapped[list[str]] = mapped_column(default=list)
    min_reviews: Mapped[int] = mapped_column(default=3)
    reserve_size: Mapped[int | None]
    blind_until: Mapped[str] = mapped_column(String(12), default="", server_default="")
    """A key of BLIND_UNTIL: until when those who evaluate do not learn who applies (rulebook 7.4); empty: they do."""
    bids_until: Mapped[date | None]
    """The last day on which experts of the pool say what they would like to evaluate; None where they are not asked."""
    applications_made: Mapped[int] = mapped_column(default=0)
    panel_closed_at: Mapped[datetime | None]
    panel_report: Mapped[str] = mapped_column(Text, default="")
    released_at: Mapped[datetime | None]
    held_until: Mapped[datetime | None]
    """Until when an ordered release may still be stopped; None when none is on its way."""
    origin: Mapped[dict[str, Any] | None]
    findings: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    version: Mapped[int] = mapped_column(default=1)

    programme: Mapped[Programme] = relationship(lazy="raise_on_sql")
    questions: Mapped[list[Question]] = relationship(
        lazy="raise_on_sql", order_by="Question.position", cascade="all, delete-orphan", back_populates="call"
    )
    # One call of a series asks for the others once, whatever hangs on it: these two may load when asked for.
    panel_members: Mapped[list[Any]] = relationship(
        "User", viewonly=True, primaryjoin="Call.id == applications.c.call_id",
        secondary=lambda: Base.metadata.tables["applications"].join(Base.metadata.tables["assignments"]),
        secondaryjoin="and_(User.id == assignments.c.user_id, assignments.c.state == 'cleared')",
    )  # fmt: skip
    """Who evaluates in the call and declared no conflict for at least one application (rulebook 7.4)."""
    first: Mapped[Call | None] = relationship(remote_side="Call.id", back_populates="following")
    following: Mapped[list[Call]] = relationship(back_populates="first", order_by="Call.stage, Call.cut_off")

    noun = "call"
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def call(self) -> Call:
        """Itself: policy asks everything for its call."""
        return self

    @property
    def call_id(self) -> int:
        return self.id

    @property
    def scheme(self) -> Scheme:
        """The call's own frozen copy of its scoring scheme."""
        return Scheme.from_dict(self.scheme_json)

    @property
    def rules(self) -> CallRules:
        """The rules that the checklist applies; needs `questions` loaded."""
        return CallRules.from_dict(
            self.rules_json
            | {
                "action": self.action,
                "pillar": self.pillar,
                "year": self.year,
                "min_contribution": self.min_contribution,
                "max_contribution": self.max_contribution,
                "blind": bool(self.blind_until),
                "requested_only": self.scheme.requested_only,
                "by_work_package": self.by_work_package and not self.scheme.requested_only,
                "questions": [question.rule.to_dict() for question in self.questions],
            }
        )

    @property
    def quotas(self) -> dict[str, int]:
        """By area, a keyword of the call, how many of its applications are funded before others (rulebook 5.3)."""
        return dict(self.rules_json.get("quotas", {}))

    @property
    def by_work_package(self) -> bool:
        """Whether an officer wants costs by work package; an outline enters none yet, and its full application does."""
        return bool(self.rules_json.get("by_work_package"))

    @property
    def page_limit(self) -> int | None:
        """Pages of Part B that count; experts read no further (rulebook 1.1)."""
        return self.rules_json.get("page_limit")

    @property
    def portfolio(self) -> bool:
        """Whether the panel may fund in another order than that of the ranks, with a written reason (rulebook 5.3)."""
        return bool(self.rules_json.get("portfolio"))

    @property
    def lots(self) -> str:
        """The public value by which lots are drawn at the line, as announced; empty where none are drawn."""
        return str(self.rules_json.get("lots") or "")

    @property
    def bids_end_at(self) -> datetime | None:
        """The end of the last day on which experts bid, where the call is."""
        if self.bids_until is None:
            return None
        return datetime.combine(self.bids_until, time(23, 59, 59), ZoneInfo(self.zone)).astimezone(UTC)

    @property
    def reaction_days(self) -> int:
        """How long applicants may react to the individual reports; 0 where the call does not ask (rulebook 4.3)."""
        return int(self.rules_json.get("reaction_days") or 0)

    @property
    def reaction_words(self) -> int:
        """How long a reaction may be, in words."""
        return int(self.rules_json.get("reaction_words") or 1000)

    @property
    def reaction_scores(self) -> bool:
        """Whether applicants see individual scores with the comments."""
        return bool(self.rules_json.get("reaction_scores"))

    @property
    def terms(self) -> Terms:
        """What its experts agree to before anything is shown to them."""
        return Terms(**self.terms_json)

    @property
    def series(self) -> list[Call]:
        """The stages or cut-offs that belong together, in their order; of a call that stands alone, itself."""
        first = self.first or self
        return [first, *first.following]

    @property
    def second_stage(self) -> Call | None:
        """Where those who pass this first stage apply in full."""
        return next((call for call in self.following if call.stage == 2), None)

    @property
    def previous(self) -> Call | None:
        """The stage or cut-off before this one."""
        place = self.series.index(self)
        return self.series[place - 1] if place else None

    @property
    def next_cut_off(self) -> Call | None:
        return next((call for call in self.series if call.cut_off == self.cut_off + 1), None)

    def set_deadline(self, local: datetime, zone: str) -> None:
        """Set the deadline from local time. Raises ValueError for a time that does not exist or exists twice."""
        self.deadline_at = instant(local, zone)
        self.deadline_local, self.zone = local.isoformat(timespec="seconds"), zone

    @property
    def deadline_day(self) -> date:
        """The day of the deadline where the call is: its law decides about countries (rulebook 1.4)."""
        return datetime.fromisoformat(self.deadline_local).date()

    @property
    def is_public(self) -> bool:
        return self.state != "draft"

    def is_open(self, at: datetime) -> bool:
        """Accepting applications: from the opening up to and including the deadline."""
        return self.state == "published" and self.opens_on <= at <= self.deadline_at

    def is_closed(self, at: datetime) -> bool:
        return self.state == "published" and at > self.deadline_at

    @property
    def phase(self) -> str:
        """draft, forthcoming, open, closed, suspended or cancelled, by the clock."""
        if self.state != "published":
            return self.state
        at = clock.now()
        return "forthcoming" if at < self.opens_on else "open" if at <= self.deadline_at else "closed"


class Enquiry(Public, Base):
    """A question about an open call. Asked by one person, answered for everybody, published without a name."""

    __tablename__ = "enquiries"
    __table_args__ = (Index("ix_enquiries_call", "call_id", "state", "asked_at"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    asked_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(12), default="asked")
    asked: Mapped[str] = mapped_column(Text)
    """As it was typed; read by its author and by officers only."""
    question: Mapped[str] = mapped_column(Text, default="")
    """As it is published: an officer takes out what tells who asks."""
    answer: Mapped[str] = mapped_column(Text, default="")
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    answered_at: Mapped[datetime | None]

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    asked_by: Mapped[Any] = relationship("User", lazy="raise_on_sql", foreign_keys=[asked_by_id])

    noun = "enquiry"


class Question(Public, Base):
    """One question of a call's form. Its key never changes once answers may exist."""

    __tablename__ = "questions"
    __table_args__ = (UniqueConstraint("call_id", "key"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    key: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(300))
    label_fr: Mapped[str] = mapped_column(String(300), default="")
    hint: Mapped[str] = mapped_column(Text, default="")
    hint_fr: Mapped[str] = mapped_column(Text, default="", server_default="")
    section: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Heading above the question; a new one begins where it differs from that of the question before."""
    section_fr: Mapped[str] = mapped_column(String(200), default="", server_default="")
    kind: Mapped[str] = mapped_column(String(12), default="long")
    choices: Mapped[list[str]] = mapped_column(default=list)
    """What may be chosen; the columns of a table."""
    choices_fr: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    limit: Mapped[int | None]
    unit: Mapped[str] = mapped_column(String(10), default="characters", server_default="characters")
    lowest: Mapped[str] = mapped_column(String(24), default="", server_default="")
    highest: Mapped[str] = mapped_column(String(24), default="", server_default="")
    condition_key: Mapped[str] = mapped_column(String(40), default="", server_default="")
    condition_value: Mapped[str] = mapped_column(String(300), default="", server_default="")
    required: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int]

    call: Mapped[Call] = relationship(lazy="raise_on_sql", back_populates="questions")

    @property
    def rule(self) -> QuestionRule:
        return QuestionRule(
            key=self.key, label=self.label, required=self.required, limit=self.limit, kind=self.kind, unit=self.unit,
            lowest=self.lowest, highest=self.highest, choices=tuple(self.choices), condition_key=self.condition_key,
            condition_value=self.condition_value,
        )  # fmt: skip
