"""The text of uploaded files in calls that are evaluated blind, read by a worker in a process of its own.

Anybody may upload anything, so the process may reach nothing, and has the limits of `warm`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from grants import files, jobs, warm
from grants.applications.models import Application, Attachment, FileText
from grants.calls.models import Call
from grants.db import db

MOST_PAGES, MOST_CHARACTERS = 200, 20_000
"""Of a file, and of each page: more is no Part B."""

reader = warm.Process(__name__)


def waiting(session: Session, at: datetime, limit: int = 50) -> list[int]:
    """Row ids of the attached files that nobody has read yet, in calls that are evaluated blind."""
    return list(
        session.scalars(
            select(Attachment.id)
            .join(Application, Application.id == Attachment.application_id)
            .join(Call, Call.id == Application.call_id)
            .where(Call.blind_until != "", Attachment.sha256.is_not(None))
            .where(~exists().where(FileText.sha256 == Attachment.sha256))
            .order_by(Attachment.id)
            .limit(limit)
        )
    )


def read(attachment_id: int) -> None:
    """Read one file and keep its text; one that cannot be read is kept with the problem, and not tried again."""
    sha256 = db.session.scalar(select(Attachment.sha256).where(Attachment.id == attachment_id))
    known = sha256 and db.session.scalar(select(exists().where(FileText.sha256 == sha256)))
    db.session.rollback()  # no transaction stays open while the other process reads
    if not sha256 or known:
        return
    text = FileText(sha256=sha256, pages=[], properties={}, problem="")
    try:
        told = reader.ask({"path": str(files.path_of(sha256))})
        text.pages, text.properties = told["pages"], told["properties"]
    except warm.Failed as problem:
        text.problem = str(problem)[:300]
    db.session.add(text)
    db.session.commit()


jobs.does("text", waiting, read)


# --- In the other process --------------------------------------------------------------------------------------------


def _work(job: dict[str, Any]) -> dict[str, Any]:
    from pypdf import PdfReader

    pdf = PdfReader(job["path"])
    properties = {
        key.strip("/").casefold(): str(value)[:300] for key, value in (pdf.metadata or {}).items() if value
    }
    pages = [_clean(page.extract_text() or "") for page in pdf.pages[:MOST_PAGES]]
    return {"pages": pages, "properties": {key: _clean(value) for key, value in properties.items()}}


def _clean(text: str) -> str:
    """Fit to be stored: no NUL, no half of a pair, no endless page."""
    return text.replace("\x00", " ").encode("utf-8", "replace").decode()[:MOST_CHARACTERS]


if __name__ == "__main__":
    import pypdf  # noqa: F401  loaded once, for all forks

    warm.serve(_work, refused=warm.CONNECTIONS)
