"""Work that is done afterwards: our own rows say what is wanted, the queue library only carries their ids.

A kind of work registers what waits and how to do one. A row written in a transaction is announced to the queue after
the commit; whatever a crash left undone is found again by the sweep, once a minute (settled: outbox).
"""

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from flask import Flask, current_app
from huey import Huey, PostgresHuey, SqliteHuey, crontab
from sqlalchemy import event
from sqlalchemy.orm import Session

from grants import clock
from grants.db import db

log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between two looks for work that takes long."""


@dataclass(frozen=True)
class Work:
    """A kind of work: `waiting(session, at)` gives row ids, `do(id)` does one and commits; twice does no harm.

    What takes `long` keeps out of the queue: a thread of its own looks for it, so nothing quick waits for it.
    """

    waiting: Callable[[Session, datetime], Iterable[int]]
    do: Callable[[int], None]
    long: bool = False


KINDS: dict[str, Work] = {}


def does(
    kind: str,
    waiting: Callable[[Session, datetime], Iterable[int]],
    do: Callable[[int], None],
    *,
    long: bool = False,
) -> None:
    """Register a kind of work. A model whose `job` names the kind is announced after the commit that adds it."""
    KINDS[kind] = Work(waiting, do, long)


def queue(app: Flask) -> Huey:
    """The queue of this installation: a file of its own beside SQLite, or tables in PostgreSQL."""
    url = app.config["DATABASE_URL"]
    if url.startswith("sqlite"):
        carrier: Huey = SqliteHuey(
            "grants", filename=str(app.config["INSTANCE"] / "queue.sqlite"), results=False, fsync=False
        )
    else:
        dsn = url.replace("+psycopg", "")
        with psycopg.connect(dsn) as turn:
            # Of several processes that begin at once on a new database, one makes the tables.
            turn.execute("SELECT pg_advisory_xact_lock(hashtext('grants queue'))")
            carrier = PostgresHuey("grants", dsn=dsn, results=False)

    @carrier.task(name="work")
    def work(kind: str, row_id: int) -> None:
        with app.app_context():
            attempt(kind, row_id)

    @carrier.periodic_task(crontab(minute="*"), name="sweep")
    def sweep() -> None:
        with app.app_context():
            run_waiting(long=False)

    carrier.announce = work
    return carrier


def announce(kind: str, row_id: int) -> bool:
    """Put a piece of work at the end of the queue; False where there is none, and the caller or the sweep does it."""
    carrier = current_app.extensions.get("queue") if current_app else None
    if carrier is None:
        return False
    try:
        carrier.announce(kind, row_id)
    except Exception:  # the row is safe; the sweep will find it
        log.exception("could not announce %s %s", kind, row_id)
    return True


def attempt(kind: str, row_id: int) -> None:
    """Do one piece of work; what goes wrong is logged, its row keeps the lease and the sweep comes back to it."""
    try:
        KINDS[kind].do(row_id)
    except Exception:
        db.session.rollback()
        log.exception("%s %s failed", kind, row_id)
    finally:
        db.session.expunge_all()


def run_waiting(*, long: bool | None = None) -> int:
    """Do everything that waits now, one after the other; the number of rows tried.

    Args:
        long: only the work that takes long, or only the other; None for both.
    """
    tried = 0
    for kind, work in KINDS.items():
        if long is not None and work.long != long:
            continue
        waiting = list(work.waiting(db.session, clock.now()))
        db.session.rollback()
        for row_id in waiting:
            attempt(kind, row_id)
            tried += 1
    return tried


def look_on(app: Flask, stopping: threading.Event) -> None:
    """Do what takes long, one after the other, until told to stop."""
    while not stopping.wait(PAUSE):
        with app.app_context():
            try:
                run_waiting(long=True)
            except Exception:  # the database may be away for a moment
                log.exception("could not look for long work")


def after_commit(session: Session, row: Any) -> None:
    """Announce a row's work once its transaction is committed; a new row does so by itself.

    What takes long is not announced: the thread that looks for it finds it.
    """
    if not (row.job in KINDS and KINDS[row.job].long):
        session.info.setdefault("wanted", []).append((row.job, row.id))


@event.listens_for(Session, "after_flush")
def _note(session: Session, _context: Any) -> None:
    for row in session.new:
        if getattr(row, "job", None):
            after_commit(session, row)


@event.listens_for(Session, "after_commit")
def _announce(session: Session) -> None:
    for kind, row_id in session.info.pop("wanted", []):
        announce(kind, row_id)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop("wanted", None)
