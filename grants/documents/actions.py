"""Verbs: want a document, want all of a call, stop and resume, export to a folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import update

from grants import clock, events, files, jobs
from grants.applications import queries as applications
from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import db
from grants.documents import contents, make, queries, verify_events
from grants.documents.models import KINDS, OF_CALL, Batch, Document
from grants.reviews.models import Report
from grants.words import N_

BATCHES = ("application", "evaluation", "letter", "withdrawal", "review", "report", "consensus", "dossier")
"""Kinds of which a call has one for each application."""


class Nothing(ValueError):
    """No application of the call has such a document; the text is a sentence to translate."""


def want(
    kind: str,
    *,
    by: Any,
    application: Application | None = None,
    call: Call | None = None,
    report: Report | None = None,
    language: str | None = None,
) -> Document:
    """A document of an application, of a call, or of one report; a worker makes it after the commit.

    Letters are in the coordinator's language, others in the language of the person who asks. Asking again while it
    is being made gives the same row.

    Raises:
        contents.NothingToTell: the application or call has no such document now.
    """
    assert kind in KINDS
    application = report.application if report else application
    about = application.call if application else call
    assert about
    if under_way := queries.under_way(kind, by, about, application, report):
        return under_way
    language = language or (
        application.coordinator.language if application and kind in contents.LETTERS else by.language
    )
    contents.CONTENTS[kind](report or application or about, by)
    document = _document(kind, about.id, application.id if application else None, language, by)
    document.report_id = report.id if report else None
    db.session.add(document)
    db.session.flush()
    return document


def _document(kind: str, call_id: int, application_id: int | None, language: str, by: Any) -> Document:
    now = clock.now()
    return Document(
        kind=kind, call_id=call_id, application_id=application_id, language=language, wanted_by_id=by.id,
        wanted_at=now, not_before=now, state="wanted",
    )  # fmt: skip


def want_batch(call: Call, kind: str, *, by: Any, language: str | None = None) -> Batch:
    """All documents of one kind of a call, without the applications from which a conflict bars the person.

    Raises:
        Nothing: no application has such a document yet.
    """
    assert kind in BATCHES
    if under_way := queries.batch_under_way(kind, by, call):
        return under_way
    rows = db.session.execute(queries.concerned(call, kind, by)).all()
    if not rows:
        raise Nothing(N_("There is nothing to make yet."))
    batch = Batch(
        call_id=call.id, call=call, kind=kind, language=language or by.language, total=len(rows), wanted_by_id=by.id,
        wanted_at=clock.now(), state="wanted",
    )  # fmt: skip
    db.session.add(batch)
    db.session.flush()
    for row in rows:
        spoken = language or (row.language if kind in contents.LETTERS else by.language)
        document = _document(kind, call.id, row.id, spoken, by)
        document.batch_id = batch.id
        db.session.add(document)
    events.record(db.session, batch, "want", by=by, kind=kind, total=len(rows))
    return batch


def stop(batch: Batch, *, by: Any) -> None:
    """Make no more of the batch; what is done stays done."""
    _turn(batch, ("wanted",), "stopped")
    batch.state = "stopped"
    events.record(db.session, batch, "stop", by=by)


def resume(batch: Batch, *, by: Any) -> None:
    """Go on with a stopped batch, and try again what failed."""
    _turn(batch, ("stopped", "failed"), "wanted", attempts=0, not_before=clock.now(), error=None)
    batch.state, batch.finished_at = "wanted", None
    jobs.after_commit(db.session, batch)
    events.record(db.session, batch, "resume", by=by)


def _turn(batch: Batch, sources: tuple[str, ...], target: str, **also: Any) -> None:
    db.session.execute(
        update(Document)
        .where(Document.batch_id == batch.id, Document.state.in_(sources))
        .values(state=target, **also)
        .execution_options(synchronize_session=False)
    )


# --- To a folder, for the command line -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exported:
    """One file of an export: how far it is, and what happened to it."""

    number: int
    total: int
    filename: str
    outcome: Literal["made", "unchanged", "failed"]
    problem: str = ""


def export(call: Call, kind: str, folder: Path, language: str | None = None) -> Iterator[Exported]:
    """Write every document of one kind of a call into a folder, one after the other.

    Can be broken off, killed and run again: a file that is whole and whose input has not changed stays as it is.
    Letters are in each coordinator's language unless one is given, others in English.
    """
    folder.mkdir(parents=True, exist_ok=True)
    index = folder / ".made.json"  # by file name: the fingerprint of its input, the hash of its content
    known = json.loads(index.read_text()) if index.exists() else {}
    rows = [None] if kind in OF_CALL else db.session.execute(queries.concerned(call, kind)).all()
    for number, row in enumerate(rows, 1):
        spoken = language or (row.language if row and kind in contents.LETTERS else "en")
        name = row.public_id if row else call.reference
        try:
            application = applications.by_public_id(row.public_id) if row else None
            page = contents.page(
                kind, spoken, call=application.call if application else call, application=application
            )
            name, target = page.filename, folder / page.filename
            fingerprint = make.fingerprint(page)
            if target.exists() and known.get(name) == [fingerprint, _sha256(target)]:
                yield Exported(number, len(rows), name, "unchanged")
                continue
            sha256, _size = make.stored(page)
            db.session.commit()
        except Exception as problem:  # noqa: BLE001  whatever it is, the documents of the others are made
            db.session.rollback()
            yield Exported(number, len(rows), name, "failed", str(problem) or type(problem).__name__)
            continue
        known[name] = [fingerprint, sha256]
        _write(
            index, json.dumps(known, indent=1).encode()
        )  # first: whoever finds the file can tell that it is whole
        _write(target, files.get(sha256))
        yield Exported(number, len(rows), name, "made")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write(target: Path, content: bytes) -> None:
    """The file is complete before it has its name."""
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(content)
    part.replace(target)


def export_events(call: Call, folder: Path) -> int:
    """Write all events of a call and of its applications, with the program that checks them; how many there are.

    Who did what is there by row id; reasons and other facts are part of it, so the folder is for auditors.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(event, ensure_ascii=False) for event in events.exported(db.session, call.id)]
    _write(folder / "events.jsonl", "".join(f"{line}\n" for line in lines).encode())
    _write(folder / "verify_events.py", Path(verify_events.__file__).read_bytes())
    return len(lines)
