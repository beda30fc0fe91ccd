"""Pages of the evaluation: individual reports, the officer's board, the consensus; and what waits for a person."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from flask_babel import gettext as _

from grants.reviews import queries

blueprint = Blueprint("reviews", __name__)

from grants.reviews.views import consensus, reports  # noqa: E402, F401  (their routes hang on the blueprint)


def tasks(user: Any) -> list[dict[str, Any]]:
    """Reports to write, consensus reports to write or answer, and quality checks, for the home page."""
    found: list[dict[str, Any]] = []
    if user.holds("expert"):
        for row in queries.drafts_of(user):
            title = _("Write your report on %(acronym)s", acronym=row.acronym)
            url = url_for("reviews.report", public_id=row.public_id)
            found.append(_task(title, url, row.number, due=_end_of(row.due_on, row.zone)))
        for row in queries.consensus_tasks_of(user):
            title = (
                _("Write the consensus report on %(acronym)s", acronym=row.acronym)
                if row.state == "draft"
                else _("Say whether you agree with the consensus report on %(acronym)s", acronym=row.acronym)
            )
            found.append(_task(title, url_for("reviews.consensus", public_id=row.public_id), row.number))
    if user.holds("officer"):
        for row in queries.officer_tasks_of(user):
            title = _("Check consensus reports: %(count)s", count=row.agreed)
            url = url_for("reviews.board", reference=row.reference, phase="in_consensus")
            found.append(_task(title, url, row.title))
    return found


def _task(title: str, url: str, meta: str, due: datetime | None = None) -> dict[str, Any]:
    return {"title": title, "url": url, "meta": meta, "due": due, "tone": "info"}


def _end_of(day: date | None, zone: str) -> datetime | None:
    """The last minute of a day, where the call is."""
    return datetime.combine(day, time(23, 59), ZoneInfo(zone)).astimezone(UTC) if day else None
