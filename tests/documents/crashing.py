"""A process that makes documents and is killed on the way: python -m tests.documents.crashing JOB POINT VICTIM.

JOB is the arguments of `grants export` ("reports CALL --out DIR"), or "work N": the N-th worker, which begins when the
leases of the one before it have run out. POINT is the number of a step, or 0 for none; steps are statements to
the database, files that get their name, and questions to the renderer, before and after its answer. VICTIM is what
SIGKILL strikes there: "itself", the "renderer", or the "page", which is the fork that sets one. Prints the number of
steps as its last line.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from grants import cli, clock, config, jobs, warm
from grants.app import create_app
from grants.documents import render
from grants.documents.make import LEASE

ROOT = Path(__file__).parent.parent.parent
taken = 0


def step(point: int, victim: str, *, before_an_answer: bool = False) -> None:
    """One more step; whom the point is for dies here."""
    global taken
    taken += 1
    if taken == point and victim == "itself":
        os.kill(os.getpid(), signal.SIGKILL)
    if taken >= point > 0 and before_an_answer and victim != "itself" and victim not in struck:
        struck.add(victim)
        threading.Thread(target=_strike, args=(victim,), daemon=True).start()


struck: set[str] = set()


def _strike(victim: str) -> None:
    """Kill the renderer, or the fork in which it sets a page, while it is at work."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        process = render.renderer.process
        forks = _children(process.pid) if process else []
        if process and forks:
            os.kill(process.pid if victim == "renderer" else forks[0], signal.SIGKILL)
            return
        time.sleep(0.005)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def arm(point: int, victim: str) -> None:
    """Count the steps from now on."""
    event.listen(Engine, "before_cursor_execute", lambda *_: step(point, victim))
    replace, ask = os.replace, warm.Process._asked

    def counted_replace(*arguments: Any, **named: Any) -> None:
        step(point, victim)
        replace(*arguments, **named)

    def counted_ask(self: warm.Process, job: Any) -> str:
        step(point, victim, before_an_answer=True)
        answer = ask(self, job)
        step(point, victim)
        return answer

    os.replace = counted_replace
    warm.Process._asked = counted_ask  # type: ignore[method-assign]


def work(turn: int, point: int, victim: str) -> None:
    app = create_app(config.from_environment() | {"TESTING": True, "QUEUE": None})
    with app.app_context(), clock.at(clock.now() + turn * (LEASE + timedelta(minutes=1))):
        arm(point, victim)
        while jobs.run_waiting():
            pass


def in_a_process(
    instance: Path, job: str, point: int = 0, victim: str = "itself", temporary: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """A process that did the job; its exit code is -9 when it was killed itself."""
    environment = os.environ | {"GRANTS_INSTANCE": str(instance)}
    environment.pop("GRANTS_DATABASE_URL", None)
    return subprocess.run(
        [sys.executable, "-m", "tests.documents.crashing", job, str(point), victim],
        cwd=ROOT, env=environment | ({"TMPDIR": str(temporary)} if temporary else {}), check=False, timeout=600,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def main(job: str, point: int, victim: str) -> int:
    code = 0
    if job.startswith("work"):
        work(int(job.split()[1]), point, victim)
    else:
        arm(point, victim)
        try:
            cli.main(["export", *job.split(), "--json"])
        except SystemExit as ended:
            code = int(ended.code or 0)
    print(taken)  # noqa: T201 (for whoever started it)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
