"""A process that carries out a release and is killed on the way: python -m tests.decisions.crashing SETTINGS POINT AT.

SETTINGS is the configuration as JSON of environment names, POINT says where SIGKILL strikes: a number (that statement
of the database), 'commit' (after the commit, before anything else), 'mail:N' (the N-th mail is handed over, its row
not yet marked as sent), or 'none'. AT is the instant on the clock. Prints how many statements there were.
"""

import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from grants import clock, config, jobs, mail
from grants.app import create_app
from grants.db import db


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work(settings: dict[str, str], point: str, at: datetime) -> None:
    """Do all releases that are due, then all mails; die at the point."""
    app = create_app(config.from_environment(settings) | {"TESTING": True})
    with app.app_context(), clock.at(at):
        due = jobs.KINDS["release"].waiting(db.session, clock.now())
        db.session.rollback()
        _arm(point)
        for row in due:
            jobs.KINDS["release"].do(row)
        for row in mail.waiting(db.session, clock.now(), limit=10_000):
            mail.send(row)
    print(counted)  # noqa: T201 (for the benchmark)


counted = 0


def _count(*_: Any) -> None:
    global counted
    counted += 1


def _arm(point: str) -> None:
    event.listen(db.engine, "before_cursor_execute", _count)
    if point == "commit":
        event.listen(Session, "after_commit", lambda _: die())
    elif point.startswith("mail:"):
        hand_over, left = mail._hand_over, iter(range(int(point.removeprefix("mail:")) - 1, -1, -1))

        def dying(message: Any) -> None:
            hand_over(message)
            if next(left) == 0:
                die()

        mail._hand_over = dying
    elif point != "none":
        event.listen(db.engine, "before_cursor_execute", lambda *_: die() if counted == int(point) else None)


def in_a_process(settings: dict[str, str], point: str, at: datetime) -> subprocess.CompletedProcess[str]:
    """A process that did the work; its exit code is -9 when it was killed at the point."""
    return subprocess.run(
        [sys.executable, "-m", "tests.decisions.crashing", json.dumps(settings), point, at.isoformat()],
        cwd=Path(__file__).parent.parent.parent, check=False, timeout=300, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


if __name__ == "__main__":
    work(json.loads(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3]))
