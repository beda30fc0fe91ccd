"""Pages of the evaluation: individual reports, the officer's board, the consensus; and what waits for a person."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, url_for
from flask_babel import gettext as _

from grants.reviews import queries
from grants.reviews.reactions import waiting_of as waiting_reactions

blueprint = Blueprint("reviews", __name__)


def tasks(user: Any) -> list[dict[str, Any]]:
    """Reports to write, consensus reports to write or answer, and quality checks, for the home page."""
    found = [
        _task(
            _("Reply to the comments of the experts on %(acronym)s", acronym=one.application.submission.acronym),
            url_for("reviews.reaction", public_id=one.public_id), one.application.number, due=one.until,
        )
        for one in waiting_reactions(user)
        if one.application.submission
    ]  # fmt: skip
    if user.holds("expert"):
        for row in queries.expert_tasks_of(user):
            if row.task == "report":
                title = _("Write your report on %(acronym)s", acronym=row.acronym)
                url = url_for("reviews.report", public_id=row.report_id)
                found.append(_task(title, url, row.number, due=end_of(row.due_on, row.zone)))
                continue
            title = (
                _("Write the consensus report on %(acronym)s", acronym=row.acronym)
                if row.task == "write"
                else _("Say whether you agree with the consensus report on %(acronym)s", acronym=row.acronym)
            )
            url = url_for("reviews.consensus", public_id=row.public_id)
            meta = row.number if row.due_on else _("%(number)s · no day is set", number=row.number)
            found.append(_task(title, url, meta, due=end_of(row.due_on, row.zone)))
    return found


def officer_tasks(waiting: Any) -> list[tuple[int, str, str]]:
    """Of a row of queries.waiting_for_officers: how many, what, and where."""
    title = _("Check consensus reports: %(count)s", count=waiting.first)
    return [
        (waiting.first, title, url_for("reviews.board", reference=waiting.reference, phase="in_consensus"))
    ]


def _task(title: str, url: str, meta: str, due: datetime | None = None) -> dict[str, Any]:
    return {"title": title, "url": url, "meta": meta, "due": due, "tone": "info"}


def end_of(day: date | None, zone: str) -> datetime | None:
    """The end of a day, where the call is."""
    return datetime.combine(day, time(23, 59, 59), ZoneInfo(zone)).astimezone(UTC) if day else None


from grants.reviews.views import agreement, consensus, reactions, reports  # noqa: E402, F401  (their routes hang on the blueprint)
