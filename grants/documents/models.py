"""Wanted documents: a row says what is to be made, a worker makes it, and the row says how it ended."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import Base, Public
from grants.reviews.models import Report

KINDS = (
    "receipt", "application", "evaluation", "letter", "ranking", "report", "consensus", "panel", "call", "dossier",
    "form", "draw", "withdrawal", "review",
)  # fmt: skip
OF_CALL = ("ranking", "panel", "call", "draw")
"""Kinds that are about a call and not about one application, for those who work for it."""


class Batch(Public, Base):
    """All documents of one kind of one call, as a zip."""

    __tablename__ = "batches"
    __table_args__ = (Index("ix_batches_call", "call_id", "kind"),)

    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    kind: Mapped[str] = mapped_column(String(12))
    language: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(10), default="wanted")
    total: Mapped[int] = mapped_column(default=0)
    wanted_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    wanted_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str | None] = mapped_column(Text)

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    documents: Mapped[list[Document]] = relationship(lazy="raise_on_sql", back_populates="batch")

    noun = "batch"
    job = "batch"


class MadeFile(Base):
    """A file that was made here: what `verify` compares with, and what serves the same input again.

    A draft is none: to whom it leaks, it must not be confirmed.
    """

    __tablename__ = "made_files"
    __table_args__ = (Index("ix_made_files_same", "kind", "input_digest"),)

    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(12))
    input_digest: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    letter_sha256: Mapped[str | None] = mapped_column(String(64))
    """Of the released letter that it tells, which another letter may replace; None for every other document."""


class Document(Public, Base):
    """One PDF: wanted, working, done, failed or stopped. Unchanged input gives the file that is already there."""

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_waiting", "state", "not_before"),
        Index("ix_documents_batch", "batch_id", "state"),
        UniqueConstraint("batch_id", "application_id"),
    )

    kind: Mapped[str] = mapped_column(String(12))
    call_id: Mapped[int] = mapped_column(ForeignKey("calls.id"))
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"), index=True)
    report_id: Mapped[int | None] = mapped_column(ForeignKey("reports.id"))
    """The one report that it tells; None for all of the application."""
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id"))
    language: Mapped[str] = mapped_column(String(5))
    state: Mapped[str] = mapped_column(String(10), default="wanted")
    wanted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """None for what the house makes by itself."""
    wanted_at: Mapped[datetime]
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
    filename: Mapped[str] = mapped_column(String(200), default="")
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str | None] = mapped_column(Text)

    call: Mapped[Call] = relationship(lazy="raise_on_sql")
    application: Mapped[Application | None] = relationship(lazy="raise_on_sql")
    report: Mapped[Report | None] = relationship(lazy="raise_on_sql")
    batch: Mapped[Batch | None] = relationship(lazy="raise_on_sql", back_populates="documents")

    noun = "document"

    @property
    def job(self) -> str | None:
        """What belongs to a batch is made with it."""
        return None if self.batch_id else "document"
