"""Evaluation summaries of two pages in bulk, beside bare WeasyPrint, and killed on the way.

    python -m benchmarks.documents [--applications 1000] [--points 20] [--seed 1]

One SQLite instance, two workers. The ceiling is the same HTML through bare WeasyPrint (PDF/A-3a, no process of its own,
no database, no store) in two warm processes. Then ten comments change and all is wanted again. Then workers are killed
(SIGKILL) at random moments of a bulk export: what was lost, repeated, leaked. Nothing is signed.
"""

# ruff: noqa: S311, S106

import argparse
import csv
import hashlib
import io
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update

from grants import config, files, jobs
from grants.app import create_app
from grants.applications import queries as applications
from grants.applications.models import Application
from grants.calls import queries as calls
from grants.cli.common import migrate_database
from grants.db import db
from grants.documents import actions, contents
from grants.documents.models import Batch, Document, MadeFile
from grants.people import actions as people
from grants.people.models import User
from grants.reviews.models import ConsensusMark
from tests.panels.built import MILLION, application, closed_call

CALL = "PANEL-2026"
TEXT = (
    "The objectives are clear and pertinent to the topic. The state of the art is described with care, although the "
    "comparison with competing approaches remains short. The methodology is sound; its assumptions are stated. "
)
WORK = "from benchmarks.documents import work; work()"
BARE = "from benchmarks.documents import bare; bare()"


def installation(instance: Path) -> Any:
    return create_app(
        config.from_environment({"GRANTS_INSTANCE": str(instance)}) | {"TESTING": True, "QUEUE": None}
    )


def build(instance: Path, count: int) -> None:
    """A call of so many evaluated applications."""
    app = installation(instance)
    migrate_database(app)
    with app.app_context():
        cast = SimpleNamespace(
            **{part: people.create_account(f"{part}@funder.example", part, password="correct horse battery")
               for part in ("officer", "officer2", "chair", "observer", "coordinator")}
        )  # fmt: skip
        call = closed_call(cast, CALL)
        for number in range(count):
            application(call, cast.coordinator, f"P{number:04}", (450, 400, 350), MILLION)
        db.session.execute(update(ConsensusMark).values(comment=TEXT * 3))
        db.session.commit()
        db.engine.dispose()


def want(instance: Path) -> int:
    """Want all evaluation summaries; the row id of the batch."""
    app = installation(instance)
    with app.app_context():
        officer = db.session.scalars(select(User).where(User.email == "officer@funder.example")).one()
        call = calls.by_reference(CALL)
        assert call
        batch = actions.want_batch(call, "evaluation", by=officer)
        db.session.commit()
        batch_id = batch.id
        db.engine.dispose()
    return batch_id


def work() -> None:
    """A worker, in a process of its own: does what waits until nothing does."""
    app = installation(Path(os.environ["BENCH_INSTANCE"]))
    with app.app_context():
        while jobs.run_waiting():
            pass


def bare() -> None:
    """Half of the pages through bare WeasyPrint, in a process of its own; prints how many and how long."""
    from weasyprint import HTML

    from grants.documents import render

    pages = json.loads(Path(os.environ["BENCH_PAGES"]).read_text())
    mine = pages["html"][int(os.environ["BENCH_HALF"]) :: 2]
    fetch = render.fetcher(pages["files"])
    HTML(string=mine[0], url_fetcher=fetch, base_url="bundled:").write_pdf(pdf_variant="pdf/a-3a")
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for html in mine:
        HTML(string=html, url_fetcher=fetch, base_url="bundled:").write_pdf(pdf_variant="pdf/a-3a")


def started(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | environment, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def ended(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.communicate()


def made(instance: Path) -> float:
    """Seconds until two workers have made all that waits."""
    start = time.perf_counter()
    ended([started(WORK, BENCH_INSTANCE=str(instance)) for _ in range(2)])
    return time.perf_counter() - start


def ceiling(instance: Path, folder: Path) -> tuple[float, int]:
    """Seconds of two warm processes for the same HTML, and how many pages a document has."""
    app = installation(instance)
    with app.app_context():
        pages = []
        for public_id in db.session.scalars(select(Application.public_id).order_by(Application.id)).all():
            one = applications.by_public_id(public_id)
            assert one
            page = contents.page("evaluation", "en", call=one.call, application=one)
            pages.append(page.html)
            db.session.expunge_all()
        first = db.session.scalars(select(MadeFile.sha256)).first()
        assert first
        count = files.get(first).count(b"/Type /Page\n") or len(_reader(files.get(first)).pages)
        path = folder / "pages.json"
        path.write_text(json.dumps({"html": pages, "files": {k: str(v) for k, v in page.files.items()}}))
        db.engine.dispose()
    both = [started(BARE, BENCH_PAGES=str(path), BENCH_HALF=str(half)) for half in range(2)]
    for process in both:
        assert process.stdout
        process.stdout.readline()
    start = time.perf_counter()
    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ended(both)
    return time.perf_counter() - start, count


def _reader(content: bytes) -> Any:
    from pypdf import PdfReader

    return PdfReader(io.BytesIO(content))


def found(instance: Path, batch_id: int, count: int) -> tuple[int, int, int]:
    """Of a finished batch: documents lost, repeated, and leaked (a file that is not what its row says)."""
    app = installation(instance)
    with app.app_context():
        batch = db.session.get_one(Batch, batch_id)
        assert batch.sha256, "the batch did not end"
        with zipfile.ZipFile(files.path_of(batch.sha256)) as archive:
            names = [name for name in archive.namelist() if name != "index.csv"]
            index = list(csv.DictReader(archive.read("index.csv").decode().splitlines()))
            wrong = sum(
                hashlib.sha256(archive.read(row["file"])).hexdigest() != row["sha256"]
                for row in index
                if row["sha256"]
            )
        rows = db.session.scalars(select(Document).where(Document.batch_id == batch_id)).all()
        wrong += sum(row.state != "done" for row in rows)
        db.engine.dispose()
    return count - len(set(names)), len(names) - len(set(names)), wrong


def crashes(folder: Path, count: int, points: int, chance: random.Random) -> tuple[int, int, int]:
    """Sums over all points of what was lost, repeated, leaked."""
    first = folder / "first"
    build(first, count)
    sums = (0, 0, 0)
    for point in range(points):
        instance = folder / f"point-{point}"
        shutil.copytree(first, instance)
        batch_id = want(instance)
        worker = started(WORK, BENCH_INSTANCE=str(instance))
        time.sleep(chance.uniform(2, 2 + count * 0.25))
        worker.kill()
        worker.wait()
        app = installation(instance)
        with app.app_context():
            batch = db.session.get_one(Batch, batch_id)
            assert batch.sha256 is None or files.path_of(batch.sha256).exists()
            # What the sweep would wait for: the leases of the dead worker run out.
            db.session.execute(update(Document).values(lease_until=None))
            db.session.execute(update(Document).where(Document.state == "working").values(state="wanted"))
            db.session.execute(update(Batch).values(lease_until=None))
            db.session.commit()
            db.engine.dispose()
        ended([started(WORK, BENCH_INSTANCE=str(instance))])
        sums = tuple(a + b for a, b in zip(sums, found(instance, batch_id, count), strict=True))  # type: ignore[assignment]
        shutil.rmtree(instance)
        sys.stderr.write(f"point {point + 1} of {points}\n")
    return sums


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--applications", type=int, default=1000)
    options.add_argument("--points", type=int, default=20)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        instance = folder / "bulk"
        build(instance, given.applications)
        batch_id = want(instance)
        ours = made(instance)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        lost = found(instance, batch_id, given.applications)
        theirs, pages = ceiling(instance, folder)
        app = installation(instance)
        with app.app_context():
            marks = db.session.scalars(select(ConsensusMark).order_by(ConsensusMark.id).limit(30)).all()
            for mark in marks[::3]:
                mark.comment = "Another comment."
            db.session.commit()
            before = len(db.session.scalars(select(MadeFile.id)).all())
            db.engine.dispose()
        want(instance)
        again = made(instance)
        with installation(instance).app_context():
            new = len(db.session.scalars(select(MadeFile.id)).all()) - before
            db.engine.dispose()
        count = given.applications
        sys.stdout.write(
            f"{count} documents of {pages} pages, two workers: {ours:.1f} s, {count / ours:.2f} a second, largest "
            f"process {memory} MB; lost, repeated, wrong: {lost}\n"
            f"bare WeasyPrint, two warm processes: {theirs:.1f} s, {count / theirs:.2f} a second; "
            f"ratio {theirs / ours:.2f}\n"
            f"after ten changed: {again:.1f} s, {new} made anew\n"
        )
        sys.stdout.flush()
        if given.points:
            sums = crashes(folder, 12, given.points, random.Random(given.seed))
            sys.stdout.write(f"{given.points} kills in a bulk export; lost, repeated, leaked: {sums}\n")


if __name__ == "__main__":
    main()
