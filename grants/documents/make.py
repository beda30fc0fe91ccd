"""Making what is wanted: lease the row, render, keep the file, say how it went; then pack the batch.

A row is leased before it is made, so a worker that dies leaves it to the sweep; no transaction stays open while the
renderer works.
"""

import csv
import hashlib
import io
import os
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload, selectinload

from grants import clock, files, jobs
from grants.applications import queries as applications
from grants.calls.models import Call
from grants.db import db
from grants.documents import contents, queries, render, signing
from grants.documents.models import Batch, Document, MadeFile
from grants.people.models import User
from grants.reviews import queries as reviews

LEASE = timedelta(minutes=5)
ATTEMPTS = 3
TURN = 10
"""Seconds that a worker makes documents of one batch before it looks what else waits."""


def make(document_id: int) -> None:
    """Make one document. Safe to call twice or at once; what fails three times is failed and stops nothing else."""
    now = clock.now()
    attempts = db.session.scalar(
        update(Document)
        .where(Document.id == document_id, queries.free(Document, now))
        .values(state="working", lease_until=now + LEASE, attempts=Document.attempts + 1)
        .returning(Document.attempts)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if attempts is None:
        return
    try:
        if attempts > ATTEMPTS:
            raise render.RenderFailed("interrupted each time")
        made = _made(document_id)
    except Exception as problem:  # noqa: BLE001  whatever it is, it stays with this row
        db.session.rollback()
        final = attempts >= ATTEMPTS or isinstance(problem, contents.NothingToTell)
        made = {
            "state": "failed" if final else "wanted",
            "error": f"{type(problem).__name__}: {problem}"[:1000],
            "not_before": now + timedelta(seconds=15 * 2**attempts),
        }
    document = db.session.get_one(Document, document_id)
    for name, value in made.items():
        setattr(document, name, value)
    document.lease_until = None
    if document.state != "wanted":
        document.finished_at = clock.now()
    db.session.commit()


def _made(document_id: int) -> dict[str, Any]:
    """The columns of the finished row."""
    document = db.session.scalars(
        select(Document)
        .options(joinedload(Document.application), joinedload(Document.report))
        .where(Document.id == document_id)
    ).one()
    page = page_of(document)
    sha256, size = stored(page)
    return {"state": "done", "filename": page.filename, "sha256": sha256, "size": size, "error": None}


def stored(page: contents.Page) -> tuple[str, int]:
    """Hash and size of the file in the store: the page's PDF, or the archive that it lies in.

    No transaction stays open while the renderer and the signer work. The caller commits the row of a new file.

    Raises:
        render.RenderFailed: the renderer refused the page.
        signing.SigningFailed: the key or the time-stamp service fails.
    """
    sha256, size = _pdf(page)
    return _zip(_archive(page, sha256)) if page.beside else (sha256, size)


def _pdf(page: contents.Page) -> tuple[str, int]:
    """Hash and size of the page's PDF; what was made from the very same input before serves."""
    seal, digest = _seal(page), fingerprint(page)
    same = queries.same(page.kind, digest)
    known = (same.sha256, same.size) if same else None
    db.session.rollback()
    if known and files.path_of(known[0]).exists():
        return known
    content = render.pdf(page.html, page.files, page.data)
    if seal:
        content = signing.signed(content, seal, page.title)
    sha256 = files.put(content)
    # An input that changed may give the same file; a draft is nothing that anybody outside may have confirmed.
    if page.final and not queries.is_made(sha256):
        db.session.add(
            MadeFile(
                sha256=sha256, kind=page.kind, input_digest=digest, size=len(content), made_at=clock.now(),
                letter_sha256=page.letter_sha256,
            )
        )  # fmt: skip
    return sha256, len(content)


def _seal(page: contents.Page) -> signing.Seal | None:
    return signing.configured(current_app.config) if page.final else None


def fingerprint(page: contents.Page) -> str:
    """Of all that decides what the file of a page holds, and how it is signed."""
    seal = _seal(page)
    return hashlib.sha256((page.digest + (seal.digest if seal else "")).encode()).hexdigest()


def page_of(document: Document) -> contents.Page:
    """The page of a wanted document, with what the person who wants it may see."""
    reader = db.session.get(User, document.wanted_by_id) if document.wanted_by_id else None
    if document.application is None:
        call = db.session.get_one(Call, document.call_id, options=[selectinload(Call.questions)])
        return contents.page(document.kind, document.language, call=call, application=None, reader=reader)
    application = applications.by_public_id(document.application.public_id)
    assert application
    report = reviews.report(document.report.public_id) if document.report else None
    return contents.page(
        document.kind, document.language, call=application.call, application=application, report=report,
        reader=reader,
    )  # fmt: skip


def carry_on(batch_id: int) -> None:
    """Make the documents of a batch, beside other workers if there are more, and pack it once all have ended.

    After a while the rest goes to the end of the queue, so that mails and single documents need not wait for it.
    """
    begun = time.monotonic()
    while (document_id := queries.next_of(batch_id, clock.now())) is not None:
        db.session.rollback()
        make(document_id)
        db.session.expunge_all()
        if time.monotonic() - begun > TURN and jobs.announce("batch", batch_id):
            return
    _pack(batch_id)


def _pack(batch_id: int) -> None:
    """Zip a batch once all its documents have ended; what failed is named in its index."""
    now = clock.now()
    if not queries.is_complete(batch_id, now):
        db.session.rollback()
        return
    leased = db.session.scalar(
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == "wanted")
        .where(Batch.lease_until.is_(None) | (Batch.lease_until < now))
        .values(lease_until=now + LEASE)
        .returning(Batch.id)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    if leased is None:
        return
    rows = queries.packed(batch_id)
    db.session.rollback()
    sha256, size = _zip(_batch(rows))
    batch = db.session.get_one(Batch, batch_id)
    batch.state, batch.lease_until, batch.finished_at = "done", None, clock.now()
    batch.sha256, batch.size = sha256, size
    db.session.commit()


def _batch(rows: Any) -> Iterator[tuple[str, bytes]]:
    """The files of a batch by name, and an index that names those that are missing."""
    index = io.StringIO()
    writer = csv.writer(index)
    writer.writerow(("application", "file", "sha256", "bytes", "problem"))
    for row in rows:
        if row.state == "done":
            yield row.filename, files.get(row.sha256)
        writer.writerow((row.number, row.filename, row.sha256, row.size, row.error or ""))
    yield "index.csv", index.getvalue().encode()


def _archive(page: contents.Page, sha256: str) -> Iterator[tuple[str, bytes]]:
    """The page's PDF, its facts as JSON, and what lies beside them."""
    yield page.filename.replace(".zip", ".pdf"), files.get(sha256)
    yield f"{page.kind}.json", page.data.encode()
    for name, part in page.beside.items():
        yield name, part.read_bytes() if isinstance(part, Path) else part


def _zip(parts: Iterable[tuple[str, bytes]]) -> tuple[str, int]:
    """Hash and size of the stored archive; thousands of files never lie in memory together."""
    handle, temporary = tempfile.mkstemp(dir=files.folder())
    with open(handle, "wb") as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in parts:
            packed_before = name.endswith((".pdf", ".zip"))
            archive.writestr(
                zipfile.ZipInfo(name),  # a date of its own would give other bytes each time
                content,
                zipfile.ZIP_STORED if packed_before else zipfile.ZIP_DEFLATED,
            )
    with open(temporary, "rb") as packed:
        sha256 = hashlib.file_digest(packed, "sha256").hexdigest()
    size = Path(temporary).stat().st_size
    files.path_of(sha256).parent.mkdir(exist_ok=True)
    os.replace(temporary, files.path_of(sha256))
    return sha256, size


jobs.does("document", queries.waiting_documents, make)
jobs.does("batch", queries.waiting_batches, carry_on)
