"""The panel's own findings on each application, and the adopted ranked list (rulebook 4.3, 5)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import Base, Cents, Public


class PanelFinding(Public, Base):
    """What the panel adds to one application: aspects covered, amended scores with their reason, its place in a tie."""

    __tablename__ = "panel_findings"

    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"), unique=True)
    aspects: Mapped[list[str]] = mapped_column(default=list)
    amended: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Scores in hundredths by criterion id, where the panel changed the consensus."""
    reason: Mapped[str] = mapped_column(Text, default="")
    tie_order: Mapped[int | None]
    tie_reason: Mapped[str] = mapped_column(Text, default="")
    max_grant: Mapped[int | None] = mapped_column(Cents)
    """Maximum grant after evaluation, where lower than requested."""
    funding_order: Mapped[int | None]
    """Its place among those that are given money in another order than that of the ranks (`ranking.cut`)."""
    funding_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    minutes: Mapped[str] = mapped_column(Text, default="")
    motion: Mapped[str] = mapped_column(String(300), default="")
    """What the panel voted on; empty if there was no vote."""
    votes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many voted for, against, and abstained; members with a conflict of interest are not in the room."""
    version: Mapped[int] = mapped_column(default=1)

    application: Mapped[Application] = relationship(lazy="raise_on_sql")

    noun = "panel_finding"
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def call(self) -> Call:
        return self.application.call

    @property
    def call_id(self) -> int:
        return self.application.call_id


class Draw(Public, Base):
    """Lots within the group whose 50 % interval crosses the line: fixed first, drawn later, taken over by the panel.

    What is fixed, `snapshot`, comes before the public value that makes the seed (decision 0034).
    """

    __tablename__ = "draws"
    __table_args__ = (UniqueConstraint("call_id", "number"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="fixed")
    """fixed, drawn, taken (over by the panel) or set_aside."""
    fixed_at: Mapped[datetime]
    fixed_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    draws_at: Mapped[datetime]
    """From when on the public value is known."""
    snapshot: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    value: Mapped[str] = mapped_column(String(300), default="")
    seed: Mapped[str] = mapped_column(String(64), default="")
    order: Mapped[list[str]] = mapped_column(default=list)
    """Numbers of the group as drawn."""
    drawn_at: Mapped[datetime | None]
    drawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    """Of the panel, for taking the order over, or for setting the draw aside before it was drawn."""
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    call: Mapped[Call] = relationship(lazy="raise_on_sql")

    noun = "draw"

    @property
    def proposed_by_id(self) -> int:
        """Whose step another person has to follow: who entered the value, or who fixed the group."""
        return self.drawn_by_id or self.fixed_by_id

    @property
    def fixed(self) -> dict[str, Any]:
        """What was fixed: source, instant, group, figures, hash of the list."""
        value: dict[str, Any] = json.loads(self.snapshot)
        return value

    def to_dict(self) -> dict[str, Any]:
        """The protocol, as `rerun_draw.py` reads it."""
        return {
            "fixed": self.fixed, "sha256": self.sha256, "value": self.value, "seed": self.seed, "order": self.order,
        }  # fmt: skip


class RankedList(Public, Base):
    """The list that the panel adopted at its closing: frozen as canonical JSON with its hash."""

    __tablename__ = "ranked_lists"
    __table_args__ = (UniqueConstraint("call_id", "number"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    number: Mapped[int]
    adopted_at: Mapped[datetime]
    adopted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    budget: Mapped[int] = mapped_column(Cents)
    snapshot: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))

    rows: Mapped[list[RankedRow]] = relationship(lazy="raise_on_sql", order_by="RankedRow.position")


class RankedRow(Base):
    """One application's place on a ranked list. Applications below a threshold follow without a rank."""

    __tablename__ = "ranked_rows"
    __table_args__ = (
        UniqueConstraint("ranked_list_id", "application_id"),
        Index("ix_ranked_rows_position", "ranked_list_id", "position"),
    )

    ranked_list_id: Mapped[int] = mapped_column(ForeignKey("ranked_lists.id"))
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    position: Mapped[int]
    rank: Mapped[int | None]
    total: Mapped[int]
    rank_score: Mapped[int | None]
    """Hundredths; None below a threshold."""
    placed_by: Mapped[str] = mapped_column(String(20))
    line: Mapped[str] = mapped_column(String(20))
    """main, reserve, no_budget or below_threshold."""
    amount: Mapped[int] = mapped_column(Cents)
    cumulative: Mapped[int] = mapped_column(Cents)
    area: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """The area of the call for which it comes before others; empty where only its rank counts."""
    missed: Mapped[list[dict[str, Any]]]
    trace: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Each step that set it above others of the same score (`ranking.Compared`)."""

    application: Mapped[Application] = relationship(lazy="raise_on_sql")
