"""Kills a worker (SIGKILL) at random points of a release and of its mails: what was lost, repeated, leaked.

    python -m benchmarks.crash_release [--points 20] [--applications 100] [--seed 1]

Each point begins with the same ordered release on a copy of one SQLite instance. The worker is killed, the applicants'
pages' data are looked at, then the next worker comes, as the sweep would.
"""

# ruff: noqa: S311, S106

import argparse
import random
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from types import SimpleNamespace

from grants import clock, config
from grants.app import create_app
from grants.cli.common import migrate_database
from grants.db import db
from grants.decisions import actions, queries
from grants.panels import actions as panels
from grants.panels.queries import entries, outstanding
from grants.panels.standing import standing
from grants.people import actions as people
from tests.decisions.crashing import in_a_process
from tests.panels.built import MILLION, application, closed_call

NOW = datetime(2026, 4, 1, 12, 0, tzinfo=UTC)


def ordered(instance: Path, applications: int) -> None:
    """One call with so many decided applications whose release has been ordered."""
    settings = config.from_environment({"GRANTS_INSTANCE": str(instance)})
    app = create_app(settings | {"TESTING": True, "QUEUE": None})
    migrate_database(app)
    with app.app_context(), clock.at(NOW):
        cast = SimpleNamespace(
            **{part: people.create_account(f"{part}@funder.example", part, password="correct horse battery")
               for part in ("officer", "officer2", "chair", "observer", "coordinator")}
        )  # fmt: skip
        call = closed_call(cast, budget=applications * MILLION // 3, reserve_size=applications // 10)
        for number in range(applications):
            application(call, cast.coordinator, f"P{number:03}", (450, 400, 500 - 50 * (number % 7)), MILLION)
        for entry in entries(call):
            panels.note(
                entry.application, by=cast.chair, version=0, consensus=entry.consensus, aspects=[], amended={},
                reason="", tie_order=entry.application.serial, tie_reason="By number.", max_grant=None,
            )  # fmt: skip
        seen = panels.reviewed(standing(call, entries(call), outstanding(call)))
        panels.close(call, by=cast.chair, report="Adopted.", seen=seen)
        actions.propose_all(call, by=cast.officer)
        actions.approve_all(call, by=cast.officer2,
                            seen=actions.fingerprint(queries.to_approve(call, cast.officer2)))  # fmt: skip
        actions.order_release(
            call, by=cast.officer, kind="results", seen=actions.planned(call, "results").seen
        )
        db.session.commit()
        db.engine.dispose()
    with closing(sqlite3.connect(instance / "grants.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def state_of(instance: Path) -> dict[str, int]:
    """What the database says now, in numbers."""
    ask = {
        "released": "SELECT count(*) FROM decisions WHERE state = 'released' AND snapshot IS NOT NULL",
        "informed": "SELECT count(*) FROM applications WHERE state = 'informed'",
        "mails": "SELECT count(*) FROM mails WHERE occasion LIKE 'result_released:%'",
        "known": "SELECT count(*) FROM calls WHERE released_at IS NOT NULL",
    }
    with closing(sqlite3.connect(instance / "grants.sqlite")) as connection:
        return {name: connection.execute(statement).fetchone()[0] for name, statement in ask.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--applications", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first"
        first.mkdir()
        ordered(first, given.applications)
        whole = Path(folder) / "whole"
        shutil.copytree(first, whole)
        begun = time.perf_counter()
        statements = int(in_a_process({"GRANTS_INSTANCE": str(whole)}, "none", NOW + actions.HOLD).stdout)
        seconds = time.perf_counter() - begun
        print(f"{given.applications} applications, {statements} statements, {seconds:.1f} s undisturbed")
        lost = repeated = leaked = 0
        points = sorted(random.Random(given.seed).sample(range(1, statements + 1), given.points))
        for point in points:
            instance = Path(folder) / "now"
            shutil.copytree(first, instance)
            killed = in_a_process(
                {"GRANTS_INSTANCE": str(instance)}, str(point), NOW + actions.HOLD
            ).returncode
            assert killed == -9, f"the worker ended by itself with {killed}: not a crash"
            after = state_of(instance)
            none = not any(after.values())
            everything = after == dict.fromkeys(after, given.applications) | {"known": 1}
            leaked += not (none or everything) or (none and any((instance / "outbox").glob("*.eml")))
            in_a_process(
                {"GRANTS_INSTANCE": str(instance)}, "none", NOW + actions.HOLD + timedelta(minutes=5)
            )
            ends = state_of(instance)
            told = [
                message_from_bytes(file.read_bytes())["Subject"]
                for file in (instance / "outbox").glob("*.eml")
            ]
            lost += given.applications - ends["released"] + max(0, given.applications - len(set(told)))
            repeated += len(told) - len(set(told)) + max(0, ends["mails"] - given.applications)
            print(
                f"statement {point}: exit {killed}, then {'none' if none else 'all' if everything else after}"
            )
            shutil.rmtree(instance)
        print(f"lost {lost}, repeated {repeated}, leaked {leaked} at {given.points} points")


if __name__ == "__main__":
    main()
