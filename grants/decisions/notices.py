"""Letters that tell no decision: the acknowledgement of a withdrawal, what a committee found on a request for redress.

Each is frozen when it is issued and never changes (rulebook 6.2, 6.3). The coordinator has it from then on.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from sqlalchemy.orm import Session

from grants import clock, jobs, mail
from grants.applications.models import Application
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions import letters, queries
from grants.decisions.models import Notice, Redress

RECENT = timedelta(days=30)
"""How long after a withdrawal its acknowledgement is still written; older ones were answered on paper."""


def issue(
    application: Application, outcome: str, occasion: str, *, funder: Mapping[str, str], facts: Mapping[str, Any]
) -> Notice:  # fmt: skip
    """Write and freeze a letter.

    Args:
        outcome: a key of `outcomes.NOTICES`.
        occasion: what it answers; one letter for each.
        facts: what it tells beside who writes to whom about what.
    """
    at = clock.now()
    notice = Notice(
        application_id=application.id,
        application=application,
        outcome=outcome,
        occasion=occasion,
        issued_at=at,
    )
    db.session.add(notice)
    with db.session.no_autoflush:
        reference = f"{application.number}/{occasion.replace(':', '-')}"
        wording = queries.wordings(application.call).get((outcome, application.coordinator.language))
        value = letters.head(application, outcome, reference, funder=funder, sent=at) | dict(facts)
        letters.put_in_words(value, wording)
        notice.snapshot, notice.sha256 = canonical(value).decode(), digest(value)
    db.session.flush()
    return notice


def of_redress(request: Redress, *, funder: Mapping[str, str]) -> Notice:
    """The letter on a request that the committee has given its opinion on."""
    decision = queries.of_application(request.application.public_id)
    assert decision is not None and request.closed_at is not None
    about = letters.frozen(decision)
    zone = ZoneInfo(request.call.zone)
    return issue(
        decision.application, request.state, "redress", funder=funder,
        facts={
            "filed_on": request.filed_at.astimezone(zone).date().isoformat(), "grounds": list(request.grounds),
            "opinion": request.opinion, "about": {"reference": about["reference"], "date": about["date"]},
        },
    )  # fmt: skip


def _waiting(session: Session, at: datetime) -> Iterable[int]:
    return queries.withdrawals_to_acknowledge(session, at - RECENT)


def acknowledge(event_id: int) -> None:
    """Write the letter that acknowledges a withdrawal; twice does no harm."""
    event = queries.withdrawal(event_id)
    if event is None:
        return
    application = queries.withdrawn(event)
    zone = ZoneInfo(application.call.zone)
    issue(
        application, "withdrawn", f"withdrawal:{event.number}", funder=letters.funder(current_app.config),
        facts={
            "withdrawn_on": event.at.astimezone(zone).date().isoformat(), "late": event.verb == "withdraw_late",
            "version": application.version,
        },
    )  # fmt: skip
    # The experts are told neutrally: neither who withdrew nor why (rulebook 7.1).
    for expert in queries.asked_experts(application):
        mail.write(
            db.session, "not_evaluated", to=expert.email, language=expert.language, user_id=expert.id,
            call_id=application.call_id, occasion=f"not_evaluated:{application.public_id}:{event.number}",
            name=expert.name, application=application,
        )  # fmt: skip
    db.session.commit()


jobs.does("acknowledgement", _waiting, acknowledge)
