"""Requests a second of our longest list, an application and the public list, beside a bare page in the same run.

    python -m benchmarks.pages [--seconds 5] [--clients 8] [--projects FILE]

Everything happens on the loopback interface, in a folder that is removed at the end. The clients share the machine with
the servers, so what counts are the ratios and the processor time for each request, not the requests a second.
"""

import argparse
import json
import os
import random
import re
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).resolve().parents[1]
PROJECTS = ROOT.parent / "shared" / "data" / "cordis" / "projects.jsonl"
CALL = "BENCH-2026-01"
SERVER = ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--timeout", "300",
          "--log-level", "warning")  # fmt: skip


# --- The database ----------------------------------------------------------------------------------------------------


def made_up_projects(count: int) -> Iterator[str]:
    """Lines in the format of the import, for machines without the real file."""
    draw = random.Random(1)  # noqa: S311
    for number in range(count):
        members = [
            {
                "pic": f"{900000000 + number * 40 + place}", "name": f"ORGANISATION {number}-{place}",
                "short": f"ORG{place}", "role": "participant" if place else "coordinator", "activity": "REC",
                "country": draw.choice(("DE", "FR", "IT", "ES", "GR", "PL")), "city": "Town",
                "net_ec": 250000.5, "cost": 300000.25,
            }
            for place in range(draw.randrange(3, 24))
        ]  # fmt: skip
        yield json.dumps({
            "id": str(number), "acronym": f"BENCH{number}", "title": f"A made-up project, number {number}",
            "objective": "It measures pages. " * 90, "duration_months": 36, "currency": "EUR",
            "keywords": ["measuring"], "organisations": members,
        })  # fmt: skip


def build(projects: Path) -> tuple[str, str]:
    """A closed call of imported projects, and sixty calls: the cookie of an officer, and an application."""
    from grants import clock
    from grants.app import create_app
    from grants.applications.models import Application
    from grants.calls import actions as calls
    from grants.calls.models import Programme
    from grants.cli.common import migrate_database
    from grants.db import db
    from grants.imports.projects import Projects
    from grants.imports.report import Report
    from grants.imports.source import Source, take_in
    from grants.people import actions as people
    from grants.people.models import BrowserSession
    from grants.people.sessions import _hash, _serializer

    app = create_app()
    migrate_database(app)
    with app.app_context():
        now = clock.now()
        programme = Programme(name="Benchmark")
        db.session.add(programme)
        db.session.flush()
        officer = people.create_account("officer@bench.example", "Olga Officer")
        people.appoint(officer, "officer", by=None, programme=programme)
        with clock.at(now - timedelta(days=100)):
            for number in range(60):
                opened = now - timedelta(days=90 - number)
                call = calls.create(
                    programme, by=officer, reference=CALL if number == 0 else f"BENCH-2026-{number + 1:02}",
                    scheme_id="he-ria-2026", title=f"A call to measure pages with, number {number + 1}",
                    text="## Scope\n\n" + "Proposals are measured. " * 200, action="RIA", pillar=2, year=now.year,
                    opens_on=opened, budget=10**9, keywords=["measuring"],
                    deadline=(opened + timedelta(days=60)).replace(
                        tzinfo=None, hour=17, minute=0, second=0, microsecond=0
                    ),
                )  # fmt: skip
                calls.publish(call, by=officer)
                if number == 0:
                    first = call
        source = Source.open(projects)
        for _ in take_in(source, Projects(first, officer), Report(source.name, source.sha256)):
            pass
        # Somebody else reads it: the importing officer sees the working copy.
        reader = people.create_account("reader@bench.example", "Otto Officer")
        people.appoint(reader, "officer", by=None, programme=programme)
        key = secrets.token_urlsafe(32)
        data = _serializer.dumps({"_user_id": reader.fs_uniquifier, "_fresh": True})
        db.session.add(
            BrowserSession(key_hash=_hash(key), user_key=reader.fs_uniquifier, data=data,
                           expires_at=now + timedelta(hours=12))
        )  # fmt: skip
        db.session.commit()
        application = db.session.query(Application.public_id).order_by(Application.id).first()
        assert application
        db.engine.dispose()
    return f"{app.config['SESSION_COOKIE_NAME']}={key}", application[0]


# --- The servers -----------------------------------------------------------------------------------------------------


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Until somebody listens there, at most half a minute."""
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)


@contextmanager
def serving(target: str) -> Iterator[tuple[int, int]]:
    """A gunicorn of its own for the application: its port and its process id."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", *SERVER, "--bind", f"127.0.0.1:{port}", target]
    server = subprocess.Popen(command, cwd=ROOT)
    try:
        wait_for(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait(60)


def processor_seconds(parent: int) -> float:
    """Time that the workers of a server have used so far; 0 where /proc is not there."""
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent:
            used += int(fields[11]) + int(fields[12])
    return used / os.sysconf("SC_CLK_TCK")


# --- The clients -----------------------------------------------------------------------------------------------------


@dataclass
class Measured:
    """One page under load: seconds for each request, errors, seconds in all, processor seconds of the servers."""

    times: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0
    processor: float = 0

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def line(self, name: str, bare: "Measured") -> str:
        cuts = quantiles(self.times, n=20) if len(self.times) > 1 else [0] * 19
        cost = self.processor / max(1, len(self.times)) * 1000
        return (
            f"{name:<28} {self.rate:8.1f} {cuts[9] * 1000:8.1f} {cuts[18] * 1000:8.1f} {cost:9.2f} {self.errors:7}"
            f" {self.rate / bare.rate:7.2f}"
        )


@dataclass(frozen=True)
class Reply:
    """An answer: its status, where it leads to, its text."""

    status: int
    location: str
    text: str


class Server:
    """One client's connection that stays open, with its cookie."""

    def __init__(self, port: int, cookie: str) -> None:
        self.connection, self.cookie = socket.create_connection(("127.0.0.1", port), timeout=300), cookie

    def ask(self, method: str, path: str, body: str = "", accept: str = "text/html") -> Reply:
        """Raises OSError or ValueError when no whole answer comes."""
        lines = [
            f"{method} {path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Accept: {accept}",
            f"Cookie: {self.cookie}",
        ]
        if method == "POST":
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        answer = fetch(self.connection, "\r\n".join([*lines, "", body]).encode()).decode()
        head, _, text = answer.partition("\r\n\r\n") if "\r\n\r\n" in answer else (answer, "", answer)
        location = re.search(r"(?im)^location: (\S+)", head)
        return Reply(int(head.split()[1]), location[1] if location else "", text)


def fetch(connection: socket.socket, request: bytes) -> bytes:
    """One answer on a connection that stays open."""
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += _more(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
    while len(body) < length:
        body += _more(connection)
    return head + b"\r\n\r\n" + body


def _more(connection: socket.socket) -> bytes:
    if received := connection.recv(262144):
        return received
    raise ConnectionError("the server closed the connection")


def measure(
    port: int, server: int, path: str, holds: str, cookie: str, clients: int, seconds: float
) -> Measured:
    """Ask for one page again and again; an answer without `holds` is an error."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".encode()
    measured = Measured()

    def ask(until: float, times: list[float]) -> None:
        connection = None
        while (begun := time.perf_counter()) < until:
            try:
                connection = connection or socket.create_connection(("127.0.0.1", port), timeout=30)
                answer = fetch(connection, request)
                good = answer.startswith(b"HTTP/1.1 200 ") and holds.encode() in answer
            except (OSError, ValueError):
                good, connection = False, None
            if good:
                times.append(time.perf_counter() - begun)
            else:
                measured.errors += 1

    def together(length: float, times: list[float]) -> None:
        until = time.perf_counter() + length
        threads = [threading.Thread(target=ask, args=(until, times)) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    together(1, [])  # both workers have compiled their templates before anything counts
    measured.errors = 0
    begun, used = time.perf_counter(), processor_seconds(server)
    together(seconds, measured.times)
    measured.seconds, measured.processor = time.perf_counter() - begun, processor_seconds(server) - used
    return measured


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=5, help="for each page (default 5)")
    options.add_argument("--clients", type=int, default=8, help="at a time (default 8)")
    options.add_argument(
        "--projects", type=Path, default=PROJECTS, help="file to import; made up where absent"
    )
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="grants-bench-") as folder:
        os.environ["GRANTS_INSTANCE"] = folder
        os.environ["GRANTS_DATABASE_URL"] = f"sqlite:///{folder}/grants.sqlite"
        projects = chosen.projects
        if not projects.is_file():
            projects = Path(folder) / "projects.jsonl"
            projects.write_text("\n".join(made_up_projects(600)))
        cookie, application = build(projects)
        load = {"cookie": cookie, "clients": chosen.clients, "seconds": min(chosen.seconds, 60)}
        with serving("benchmarks.bare:app") as (port, server):
            bare = measure(port, server, f"/calls/{CALL}/applications", f"{CALL}-0050", **load)
        pages = {
            "officer's list, 50 of 600": (f"/calls/{CALL}/applications", f"{CALL}-0050", cookie),
            "officer's list, last page": (f"/calls/{CALL}/applications?page=12", f"{CALL}-0551", cookie),
            "one application": (f"/applications/{application}", f"{CALL}-0001", cookie),
            "public list of calls": ("/calls", "BENCH-2026-60", ""),
        }
        print(
            f"{'page':<28} {'req/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>9} {'errors':>7} {'ratio':>7}"
        )
        print(bare.line("bare Flask + SQLAlchemy", bare))
        failed = bare.errors
        with serving("grants.app:create_app()") as (port, server):
            for name, (path, holds, own) in pages.items():
                found = measure(port, server, path, holds, **load | {"cookie": own})
                print(found.line(name, bare), flush=True)
                failed += found.errors
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
