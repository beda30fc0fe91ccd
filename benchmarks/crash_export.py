"""Kills (SIGKILL) a bulk export at random points: what was lost, repeated, leaked.

    python -m benchmarks.crash_export [--points 20] [--applications 8] [--seed 1]

Points go in turn through `grants export reports`, `letters` and `dossiers` and the archive of each that the
application makes; in turn the command or worker itself dies, the renderer beside it, or the fork that sets a page. A
point is a step: a statement of the database, a file that gets its name, a question to the renderer or its answer. Each
begins on a copy of one SQLite instance, half of whose decisions are released; then the work is done again, and once
more.

lost: files that are missing in the end or are not, byte for byte, those of an undisturbed run. repeated: what was whole
before the crash and was made or written anew, names that an archive holds twice, and what the last run, with nothing
changed, made again. leaked: what could be read between crash and resumption and is not a whole file of its own name, an
archive that was handed out too early, and documents left behind in the folder for temporary files. Exit status 1 when
any of them is not 0. It needs /proc to find the renderer.
"""

# ruff: noqa: S311, S106

import argparse
import hashlib
import io
import json
import random
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import connect
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from grants import clock, config
from grants.app import create_app
from grants.calls import queries as calls
from grants.cli.common import migrate_database
from grants.db import db
from grants.documents import actions
from grants.people import actions as people
from grants.people.models import User
from tests.documents.crashing import in_a_process
from tests.documents.evaluated import decided, release
from tests.panels.built import closed_call

CALL = "PANEL-2026"
KINDS = {"reports": "evaluation", "letters": "letter", "dossiers": "dossier"}
VICTIMS = ("itself", "itself", "renderer", "page")


def installation(instance: Path) -> Any:
    return create_app(
        config.from_environment({"GRANTS_INSTANCE": str(instance)}) | {"TESTING": True, "QUEUE": None}
    )


@contextmanager
def opened(instance: Path) -> Iterator[Any]:
    app = installation(instance)
    with app.app_context():
        yield app
        db.session.commit()
        db.engine.dispose()


def build(instance: Path, applications: int) -> None:
    """A call of so many evaluated and decided applications; every other decision is released."""
    instance.mkdir()
    migrate_database(installation(instance))
    with opened(instance) as app, clock.at(datetime(2026, 4, 1, tzinfo=UTC)):
        cast = SimpleNamespace(
            **{part: people.create_account(f"{part}@funder.example", part, password="correct horse battery")
               for part in ("officer", "officer2", "chair", "observer", "coordinator")}
        )  # fmt: skip
        call = closed_call(cast, CALL)
        for number in range(applications):
            one = decided(call, cast, f"P{number:03}", "reserve" if number % 3 else "invited")
            if number % 2:
                release(app, one)


def want(instance: Path, kind: str) -> int:
    with opened(instance):
        officer = db.session.scalars(select(User).where(User.email == "officer@funder.example")).one()
        call = calls.by_reference(CALL)
        assert call
        batch = actions.want_batch(call, kind, by=officer)
        db.session.flush()
        return batch.id


def asked(instance: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(connect(instance / "grants.sqlite")) as connection:
        return connection.execute(statement).fetchall()


@dataclass
class Drill:
    """One export, by the command or in the application, and what an undisturbed run of it gives."""

    what: str
    by_command: bool
    first: Path
    place: Path
    steps: int = 0
    expected: dict[str, str] = field(default_factory=dict)
    """Hash by file name."""

    def __post_init__(self) -> None:
        instance, temporary, batch = self._begin()
        ran = self._go(instance, temporary)
        assert ran.returncode == 0, "the undisturbed run failed"
        self.steps = int(ran.stdout.splitlines()[-1])
        self.expected = self._whole(instance, batch)
        assert self.expected, "the undisturbed run made nothing"

    @property
    def title(self) -> str:
        return f"export {self.what}" if self.by_command else f"archive of {self.what}"

    def _begin(self) -> tuple[Path, Path, int]:
        shutil.rmtree(self.place, ignore_errors=True)
        instance, temporary = self.place / "instance", self.place / "temporary"
        shutil.copytree(self.first, instance)
        temporary.mkdir()
        return instance, temporary, 0 if self.by_command else want(instance, KINDS[self.what])

    def _go(
        self, instance: Path, temporary: Path, turn: int = 0, point: int = 0, victim: str = "itself"
    ) -> Any:
        job = f"{self.what} {CALL} --out {self.place / 'out'}" if self.by_command else f"work {turn}"
        return in_a_process(instance, job, point, victim, temporary)

    def _whole(self, instance: Path, batch: int) -> dict[str, str]:
        """What is handed out now, by name: the files of the folder, or of the archive."""
        if self.by_command:
            paths = [path for path in (self.place / "out").glob("*") if not path.name.startswith(".")]
            return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        with self._archive(instance, batch) as archive:
            names = archive.namelist() if archive else []
            return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names}

    @contextmanager
    def _archive(self, instance: Path, batch: int) -> Iterator[Any]:
        sha256 = dict(asked(instance, "SELECT id, sha256 FROM batches"))[batch]
        if sha256 is None:
            yield None
            return
        content = (instance / "files" / sha256[:2] / sha256).read_bytes()
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield archive

    def _done(self, instance: Path) -> dict[str, Any]:
        """What is finished, with something that changes when it is made or written anew."""
        made: dict[str, Any] = dict(asked(instance, "SELECT sha256, id FROM made_files"))
        if self.by_command:
            return made | {
                path.name: path.stat().st_mtime_ns
                for path in (self.place / "out").glob("*")
                if not path.name.startswith(".")
            }
        rows = asked(
            instance, "SELECT public_id, attempts, finished_at, sha256 FROM documents WHERE state = 'done'"
        )
        return made | {row[0]: row[1:] for row in rows}

    def at(self, point: int, victim: str) -> tuple[int, int, int]:
        """What was lost, repeated and leaked when the victim dies at the point."""
        instance, temporary, batch = self._begin()
        killed = self._go(instance, temporary, 0, point, victim)
        if victim == "itself":
            assert killed.returncode == -9, f"it ended by itself with {killed.returncode}: not a crash"
        between = self._whole(instance, batch)
        leaked = sum(self.expected.get(name) != sha256 for name, sha256 in between.items())
        leaked += not self.by_command and bool(between) and between != self.expected
        leaked += sum(path.is_file() and document(path) for path in temporary.rglob("*"))
        before = self._done(instance)

        self._go(instance, temporary, 1)
        ends, after = self._whole(instance, batch), self._done(instance)
        lost = sum(ends.get(name) != sha256 for name, sha256 in self.expected.items())
        repeated = sum(after.get(name) != value for name, value in before.items())
        repeated += len(set(ends) - set(self.expected))
        if not self.by_command:
            with self._archive(instance, batch) as archive:
                repeated += len(archive.namelist()) - len(set(archive.namelist()))
            want(instance, KINDS[self.what])
        made = asked(instance, "SELECT count(*) FROM made_files")
        again = self._go(instance, temporary, 2)
        assert again.returncode == 0
        repeated += asked(instance, "SELECT count(*) FROM made_files") != made
        if self.by_command:
            outcomes = json.loads(again.stdout.splitlines()[0])
            repeated += sum(row["outcome"] != "unchanged" for row in outcomes) + (
                self._done(instance) != after
            )
        return lost, repeated, leaked


def document(path: Path) -> bool:
    """Whether a file that was left behind holds a document or an archive."""
    with path.open("rb") as file:
        return file.read(4) in (b"%PDF", b"PK\x03\x04")


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=20)
    parser.add_argument("--applications", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    sums = [0, 0, 0]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build(folder / "first", given.applications)
        drills = [
            Drill(what, by_command, folder / "first", folder / f"{what}-{by_command}")
            for what in KINDS
            for by_command in (True, False)
        ]
        for drill in drills:
            print(f"{drill.title}: {len(drill.expected)} files, {drill.steps} steps undisturbed", flush=True)
        for number in range(given.points):
            drill, victim = drills[number % len(drills)], VICTIMS[number // 2 % len(VICTIMS)]
            point = chance.randint(1, drill.steps)
            found = drill.at(point, victim)
            sums = [total + one for total, one in zip(sums, found, strict=True)]
            print(f"{drill.title}, {victim} at step {point}: lost, repeated, leaked {found}", flush=True)
    print(f"{given.points} kills; lost {sums[0]}, repeated {sums[1]}, leaked {sums[2]}")
    return 1 if any(sums) else 0


if __name__ == "__main__":
    sys.exit(main())
