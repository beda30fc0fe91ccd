"""The database: one declarative base, its column types, and how connections begin."""

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from inspect import iscoroutinefunction
from typing import Any, ClassVar, TypeAlias

from flask.sansio.app import App
from flask_sqlalchemy_lite import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, Select, String, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class Database(SQLAlchemy):
    """One session for each request."""

    def init_app(self, app: App) -> None:
        super().init_app(app)
        # Nobody here has asynchronous sessions; closing them would start a thread at the end of each request.
        app.teardown_appcontext_funcs = [
            f for f in app.teardown_appcontext_funcs if not iscoroutinefunction(f)
        ]


# What a request committed stays readable while its page is finished, without another transaction.
db = Database(session_options={"expire_on_commit": False})

# SQLite takes its write lock at BEGIN, so that two writers wait for each other instead of failing halfway.
_writes: ContextVar[bool] = ContextVar("writes", default=True)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite stores it without a zone, so the zone is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Cents = BigInteger()
Rows: TypeAlias = Select[*tuple[Any, ...]]
"""A question whose answers have several columns."""
RowId = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Every table; row ids stay inside the database, pages and files use public ids."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: Instant(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[dict[str, Any]]: JSON(),
    }

    id: Mapped[int] = mapped_column(RowId, primary_key=True)


def new_public_id() -> str:
    """Sixteen random hexadecimal characters: unguessable, and safe in a URL and a file name."""
    return secrets.token_hex(8)


class Public:
    """Mixin for things that have a page of their own."""

    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_public_id)


@contextmanager
def reading() -> Iterator[None]:
    """Begin transactions of this block without SQLite's write lock."""
    token = _writes.set(False)
    try:
        yield
    finally:
        _writes.reset(token)


def begin_as(*, writer: bool) -> None:
    """Say, at the start of a request, whether its transactions will write."""
    _writes.set(writer)


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, _record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _on_begin(connection: Any) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if _writes.get() else "BEGIN")
