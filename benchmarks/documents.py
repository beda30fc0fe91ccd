"""Evaluation summaries of two pages in bulk, beside bare WeasyPrint in the same run.

    python -m benchmarks.documents [--applications 1000] [--signed]

One SQLite instance, two workers from their start to the finished archive. The ceiling is the same HTML with the same
fonts and style sheet, read once, through bare WeasyPrint (PDF/A-3a; no confined process, no claim of PDF/UA-1, no
attached facts, no database, no store) in two warm processes. They take turns, so that other work on the machine meets
both. Then ten comments change and all is wanted again. Exit status 1 when an archive lacks a document, or other than
ten were made anew. How it stands killing: `benchmarks.crash_export`.
"""

# ruff: noqa: S105, S106

import argparse
import csv
import hashlib
import json
import os
import resource
import signal
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
from grants.documents import actions, contents, signing
from grants.documents.models import Batch, MadeFile
from grants.people import actions as people
from grants.people.models import User
from grants.reviews.models import ConsensusMark
from tests.panels.built import MILLION, application, closed_call

CALL = "PANEL-2026"
TEXT = (
    "The objectives are clear and pertinent to the topic. The state of the art is described with care, although the "
    "comparison with competing approaches remains short. The methodology is sound; its assumptions are stated. "
)
PASSWORD = "only for this measurement"
TURN = 10.0
"""Seconds until the other side goes on."""
WORK = "from benchmarks.documents import work; work()"
BARE = "from benchmarks.documents import bare; bare()"


def installation(instance: Path) -> Any:
    """The application; it signs where the instance holds a key."""
    settings = config.from_environment({"GRANTS_INSTANCE": str(instance)})
    key = instance / "funder.p12"
    signs = {"SIGNING_KEY": str(key), "SIGNING_PASSWORD": PASSWORD} if key.exists() else {}
    return create_app(settings | signs | {"TESTING": True, "QUEUE": None})


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
    """Half of the pages through bare WeasyPrint, in a process of its own, once it is told to go."""
    from weasyprint import HTML

    from grants.documents import render

    pages = json.loads(Path(os.environ["BENCH_PAGES"]).read_text())
    mine = pages["html"][int(os.environ["BENCH_HALF"]) :: 2]
    fetch = render.fetcher(pages["files"])

    def make(html: str) -> None:
        page = HTML(string=html, url_fetcher=fetch, base_url="bundled:")
        page.write_pdf(pdf_variant="pdf/a-3a", **render.design())

    make(mine[0])
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for html in mine:
        make(html)


def started(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code], env=os.environ | environment, text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def workers(instance: Path) -> list[subprocess.Popen[str]]:
    return [started(WORK, BENCH_INSTANCE=str(instance)) for _ in range(2)]


def ceiling(pages: Path) -> list[subprocess.Popen[str]]:
    """Two warm processes that wait for a line to begin."""
    both = [started(BARE, BENCH_PAGES=str(pages), BENCH_HALF=str(half)) for half in range(2)]
    for process in both:
        assert process.stdout
        process.stdout.readline()
    return both


def in_turns(*sides: list[subprocess.Popen[str]]) -> list[float]:
    """Seconds that each side had until all its processes had ended; all but one side are stopped at any time."""
    spent = [0.0 for _ in sides]
    going = list(range(len(sides)))
    for side in sides[1:]:
        _tell(side, signal.SIGSTOP)
    while going:
        for number in tuple(going):
            side = sides[number]
            _tell(side, signal.SIGCONT)
            start = time.perf_counter()
            while any(process.poll() is None for process in side):
                time.sleep(0.02)
                if len(going) > 1 and time.perf_counter() - start > TURN:
                    break
            else:
                going.remove(number)
            spent[number] += time.perf_counter() - start
            _tell(side, signal.SIGSTOP)
    return spent


def _tell(side: list[subprocess.Popen[str]], what: int) -> None:
    for process in side:
        if process.poll() is None:
            os.killpg(process.pid, what)


def written(instance: Path, folder: Path) -> Path:
    """A file with the HTML of all documents."""
    with installation(instance).app_context():
        html = []
        for public_id in db.session.scalars(select(Application.public_id).order_by(Application.id)).all():
            one = applications.by_public_id(public_id)
            assert one
            page = contents.page("evaluation", "en", call=one.call, application=one)
            html.append(page.html)
            db.session.expunge_all()
        db.engine.dispose()
    path = folder / "pages.json"
    path.write_text(json.dumps({"html": html, "files": {url: str(file) for url, file in page.files.items()}}))
    return path


def change_ten(instance: Path) -> int:
    """Another comment in ten consensus reports; how many files have been made so far."""
    with installation(instance).app_context():
        for mark in db.session.scalars(select(ConsensusMark).order_by(ConsensusMark.id).limit(30)).all()[::3]:
            mark.comment = "Another comment."
        db.session.commit()
        before = len(db.session.scalars(select(MadeFile.id)).all())
        db.engine.dispose()
    return before


def pages_and_files(instance: Path) -> tuple[int, int]:
    """Pages of the first document, and how many files have been made."""
    from pypdf import PdfReader

    with installation(instance).app_context():
        made = db.session.scalars(select(MadeFile.sha256).order_by(MadeFile.id)).all()
        count = len(PdfReader(files.path_of(made[0])).pages)
        db.engine.dispose()
    return count, len(made)


def complete(instance: Path, batch_id: int, count: int) -> bool:
    """Whether the archive holds every document, and each is what its row says."""
    app = installation(instance)
    with app.app_context():
        sha256 = db.session.get_one(Batch, batch_id).sha256
        db.engine.dispose()
        assert sha256, "the batch did not end"
        with zipfile.ZipFile(files.path_of(sha256)) as archive:
            index = list(csv.DictReader(archive.read("index.csv").decode().splitlines()))
            same = sum(
                hashlib.sha256(archive.read(row["file"])).hexdigest() == row["sha256"] for row in index
            )
            return same == count == len(set(archive.namelist())) - 1


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--applications", type=int, default=1000)
    options.add_argument("--signed", action="store_true", help="Sign ours; the ceiling is never signed.")
    given = options.parse_args()
    count = given.applications
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        instance = folder / "bulk"
        instance.mkdir()
        if given.signed:
            signing.make_key(instance / "funder.p12", PASSWORD, "Funder")
        build(instance, count)
        batch_id = want(instance)
        theirs = ceiling(written(instance, folder))
        for process in theirs:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        ours_took, theirs_took = in_turns(workers(instance), theirs)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        whole = complete(instance, batch_id, count)
        pages, _ = pages_and_files(instance)
        sys.stdout.write(
            f"{count} documents of {pages} pages, two workers: {ours_took:.1f} s, {count / ours_took:.2f} a second, "
            f"largest process {memory} MB, archive {'whole' if whole else 'NOT WHOLE'}\n"
            f"bare WeasyPrint, two warm processes: {theirs_took:.1f} s, {count / theirs_took:.2f} a second; "
            f"ratio {theirs_took / ours_took:.2f}\n"
        )
        sys.stdout.flush()
        before = change_ten(instance)
        again_id = want(instance)
        (again,) = in_turns(workers(instance))
        made = pages_and_files(instance)[1] - before
        whole = whole and complete(instance, again_id, count)
        sys.stdout.write(f"after ten changed: {again:.1f} s, {made} made anew\n")
    return 0 if whole and made == 10 else 1


if __name__ == "__main__":
    sys.exit(main())
