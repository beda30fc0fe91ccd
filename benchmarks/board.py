"""The evaluation of a big call: 600 applications, 1,800 reports, 150 experts; its boards and an expert's list.

    python -m benchmarks.board [--seconds 5] [--clients 8] [--applications 600]

For each page the SQL statements and the time of one request at a time, then requests a second beside a bare page in the
same run. Half of the applications are in individual evaluation with two of three reports submitted, half in consensus.
Everything happens on the loopback interface, in a folder that is removed at the end.
"""

import argparse
import os
import secrets
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from benchmarks.pages import measure, serving

CALL = "BOARD-2026-01"
EXPERTS = 150
SCORES = {"excellence": 450, "impact": 400, "implementation": 350}


def build(applications: int) -> dict[str, str]:
    """The call with everything in it: cookies by person, officer and expert."""
    from sqlalchemy import select, update

    from grants import clock
    from grants.app import create_app
    from grants.calls.models import Programme
    from grants.cli.common import migrate_database
    from grants.db import db
    from grants.demo import story
    from grants.experts import actions as experts
    from grants.experts.models import Assignment
    from grants.people import actions as people
    from tests import many, world

    app = create_app({"SECURITY_PASSWORD_HASH": "plaintext"} | _settings())
    migrate_database(app)
    deadline = datetime.now(UTC) - timedelta(days=20)
    with app.app_context():
        with clock.at(deadline - timedelta(days=60)):
            programme = Programme(name="Benchmark")
            db.session.add(programme)
            db.session.flush()
            officer = people.create_account("officer@bench.example", "Olga Officer")
            people.appoint(officer, "officer", by=None, programme=programme)
            local = deadline.replace(tzinfo=None, microsecond=0)
            call = story.open_call(
                programme, by=officer, reference=CALL, title="A big call", text="Big.", budget=10**9,
                opens=deadline - timedelta(days=50), deadline=local, questions=world.QUESTIONS,
            )  # fmt: skip
            pool = [
                people.create_account(f"expert{number}@bench.example", f"Expert {number}")
                for number in range(EXPERTS)
            ]
            for person in pool:
                experts.add_expert(call, email=person.email, name=person.name, by=officer, employer=person.name,
                                   country="SE", keywords=["measuring"])  # fmt: skip
        coordinator = people.create_account("coordinator@applicant.example", "Clara Coordinator")
        made = []
        for acronym in ("EVALUATED", "AGREED"):
            with clock.at(deadline - timedelta(days=2)):
                one = story.draft(call, world.project(acronym), by=coordinator)
                story.submit(one, by=coordinator)
            made.append(one)
        with clock.at(deadline + timedelta(days=5)):
            for one, sent in zip(made, (2, 3), strict=True):
                story.admit(one, by=officer)
                asked = story.invite(one, pool[:3], by=officer, rapporteur=pool[0])
                if one is made[0]:
                    for person in pool[:3]:
                        story.engage(call, person)
                for place, task in enumerate(asked):
                    story.accept(task)
                    story.report(task, SCORES, world.comments(SCORES), send=place < sent)
            story.agree(made[1], SCORES, world.comments(SCORES), by=officer, upto="approval")
        db.session.commit()
        for one in made:
            many.copies(one.number, applications // 2 - 1)
        # Each expert has twelve of them, as in a call of that size.
        tasks = db.session.execute(
            select(Assignment.id, Assignment.application_id).order_by(
                Assignment.application_id, Assignment.id
            )
        ).all()
        db.session.execute(
            update(Assignment),
            [{"id": task.id, "user_id": pool[place % EXPERTS].id} for place, task in enumerate(tasks)],
        )
        cookies = {"officer": _cookie(app, officer), "expert": _cookie(app, pool[2])}
        db.session.commit()
        db.engine.dispose()
    return cookies


def _settings() -> dict[str, Any]:
    from grants import config

    return config.from_environment(dict(os.environ))


def _cookie(app: Any, person: Any) -> str:
    from grants import clock
    from grants.db import db
    from grants.people.models import BrowserSession
    from grants.people.sessions import _hash, _serializer

    key = secrets.token_urlsafe(32)
    data = _serializer.dumps({"_user_id": person.fs_uniquifier, "_fresh": True})
    db.session.add(
        BrowserSession(key_hash=_hash(key), user_key=person.fs_uniquifier, data=data,
                       expires_at=clock.now() + timedelta(hours=12))
    )  # fmt: skip
    return f"{app.config['SESSION_COOKIE_NAME']}={key}"


def alone(pages: dict[str, tuple[str, str, str]]) -> None:
    """Statements of a request, and the median of its milliseconds in this process, one at a time."""
    from sqlalchemy import event

    from grants.app import create_app
    from grants.db import db

    app = create_app()
    sent: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *facts: sent.append(facts[2]))
    print(f"{'page':<34} {'SQL':>5} {'ms':>8}")
    for name, (path, holds, cookie) in pages.items():
        client, times = app.test_client(use_cookies=False), []
        for _ in range(12):
            sent.clear()
            begun = time.perf_counter()
            answer = client.get(path, headers={"Cookie": cookie})
            times.append(time.perf_counter() - begun)
            if answer.status_code != 200 or holds not in answer.text:
                raise SystemExit(f"{path} answered {answer.status_code} without {holds}")
        told = [one for one in sent if not one.startswith(("BEGIN", "PRAGMA", "SAVEPOINT"))]
        print(f"{name:<34} {len(told):5} {median(times[2:]) * 1000:8.1f}", flush=True)


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=5, help="for each page (default 5)")
    options.add_argument("--clients", type=int, default=8, help="at a time (default 8)")
    options.add_argument("--applications", type=int, default=600, help="at most 2000 (default 600)")
    chosen = options.parse_args()
    count = min(chosen.applications, 2000) // 2 * 2
    with tempfile.TemporaryDirectory(prefix="grants-bench-") as folder:
        os.environ["GRANTS_INSTANCE"] = folder
        os.environ["GRANTS_DATABASE_URL"] = f"sqlite:///{folder}/grants.sqlite"
        cookies = build(count)
        board, officer = f"/calls/{CALL}/reports", cookies["officer"]
        pages = {
            "board of reports, 50 of all": (board, f"{CALL}-0001", officer),
            "board of reports, last page": (f"{board}?page={-(-count // 50)}", f"{CALL}-", officer),
            "board of consensus": (f"{board}?phase=in_consensus", f"{CALL}-0002", officer),
            "assignments, 50 of all": (f"/calls/{CALL}/assignments", f"{CALL}-0001", officer),
            "an expert's list": ("/assignments", f"{CALL}-", cookies["expert"]),
            "an expert's home page": ("/", "EVALUATED", cookies["expert"]),
        }
        slow = {"agreement of all evaluators": (f"/calls/{CALL}/agreement", "Expert 1", officer)}
        alone(pages | slow)
        load = {"clients": chosen.clients, "seconds": min(chosen.seconds, 60)}
        with serving("benchmarks.bare:app") as (port, server):
            bare = measure(
                port, server, f"/calls/{CALL}/applications", f"{CALL}-0001", cookie=officer, **load
            )
        print(
            f"{'page':<28} {'req/s':>8} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>9} {'errors':>7} {'ratio':>7}"
        )
        print(bare.line("bare Flask + SQLAlchemy", bare))
        failed = bare.errors
        with serving("grants.app:create_app()") as (port, server):
            for name, (path, holds, cookie) in pages.items():
                found = measure(port, server, path, holds, cookie=cookie, **load)
                print(found.line(name, bare), flush=True)
                failed += found.errors
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
