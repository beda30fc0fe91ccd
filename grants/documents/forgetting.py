"""Documents that tell what was in an application go with it; its receipts stay (docs/decisions/0038)."""

from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from grants import files, jobs
from grants.applications.models import Application
from grants.db import db
from grants.documents.models import Document, MadeFile


def waiting(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Row ids of the documents about applications whose content has been deleted."""
    return list(
        session.scalars(
            select(Document.id)
            .join(Application, Application.id == Document.application_id)
            .where(Application.state == "purged", Document.kind != "receipt")
            .where(Document.state.in_(("done", "failed", "stopped")))
            .order_by(Document.id)
            .limit(limit)
        )
    )


def forget(document_id: int) -> None:
    """Delete one document and, where no other is the same, its file; safe to call again."""
    sha256 = db.session.scalar(delete(Document).where(Document.id == document_id).returning(Document.sha256))
    alone = sha256 and not db.session.scalar(select(exists().where(Document.sha256 == sha256)))
    if alone:
        db.session.execute(delete(MadeFile).where(MadeFile.sha256 == sha256))
    db.session.commit()
    if sha256 and alone:
        files.path_of(sha256).unlink(missing_ok=True)


jobs.does("forget", waiting, forget)
