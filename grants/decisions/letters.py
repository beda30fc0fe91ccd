"""What a decision letter says, as a plain value that is frozen at the release; the documents stage gives it words."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from grants.applications.models import Application
from grants.calls.models import Call
from grants.decisions import redress
from grants.decisions.models import Decision
from grants.decisions.outcomes import GATES
from grants.decisions.wording import Wording, values_of

EVALUATED = ("below_threshold", "below_cut", "no_budget", "reserve", "invited")
"""Outcomes whose letters enclose the evaluation summary; who passes a first stage gets none (rulebook 6.1)."""


def funder(settings: Mapping[str, Any]) -> dict[str, str]:
    """Who writes: name, address, signatory, and the text that replaces the means of redress (empty: the usual one)."""
    path = settings["LEGAL_TEXT"]
    return {
        "name": settings["FUNDER_NAME"],
        "address": settings["FUNDER_ADDRESS"],
        "signatory": settings["SIGNATORY"],
        "legal_text": Path(path).read_text(encoding="utf-8") if path else "",
    }


def letter(
    decision: Decision, *, funder: Mapping[str, str], sent: datetime, wording: Wording | None = None,
    lots: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The contents of rulebook 6.2 for one decision: strings, integers (cents, hundredths, months) and ISO dates.

    Needs decision.application with call (and its programme), coordinator and submission. All dates are days in the
    call's zone; those of `timetable` count from receipt on the day of sending.

    Args:
        wording: of the officers of the call; without one the letter says what the house says (`wording.HOUSE`).
        lots: what is told of a draw of lots that the application was part of (`panels.drawing.told`).
    """
    application, call = decision.application, decision.call
    day = sent.astimezone(ZoneInfo(call.zone)).date()
    invited = decision.outcome == "invited"
    replies = redress.timetable(day)
    value = head(application, decision.outcome, reference(decision), funder=funder, sent=sent) | {
        "letter": decision.letter_number,
        "replaces": _replaced(decision),
        "reason": decision.reason if gives_reason(decision) else "",
        "grounds": list(decision.grounds),
        "requested": decision.requested,
        "max_grant": decision.max_grant if invited else None,
        "conditions": decision.conditions if invited else "",
        "second_stage": _second_stage(call) if decision.outcome == "second_stage" else None,
        "timetable": {
            "grant_data": replies.grant_data.isoformat(),
            "declaration": replies.declaration.isoformat(),
            "signature": replies.signature.isoformat(),
        } if invited else None,
        "redress": {
            "opened_at_once": redress.last_day(day, day).isoformat(),
            "counts_as_read": redress.received_on(day).isoformat(),
            "latest": redress.last_day(day).isoformat(),
        },
        "enclosures": ["evaluation"] if decision.outcome in EVALUATED else [],
    }  # fmt: skip
    if lots:
        value["lots"] = dict(lots)
    put_in_words(value, wording)
    return value


def gives_reason(decision: Decision) -> bool:
    """Whether the letter gives the reason: of a refusal at the gates, or of a change. Others are for the house only."""
    return decision.outcome in GATES or decision.letter_number > 1


def head(
    application: Application, outcome: str, reference: str, *, funder: Mapping[str, str], sent: datetime
) -> dict[str, Any]:
    """What every letter says: who writes to whom, when, and about which application (rulebook 6.2, all)."""
    assert application.submission is not None
    call, proposal = application.call, application.submission.proposal
    organisation = proposal.coordinator
    return {
        "schema": 1,
        "outcome": outcome,
        "reference": reference,
        "date": sent.astimezone(ZoneInfo(call.zone)).date().isoformat(),
        "sent_at": sent.isoformat(timespec="seconds"),
        "language": application.coordinator.language,
        "funder": dict(funder),
        "programme": call.programme.name,
        "call": {"reference": call.reference, "title": call.title, "action": call.action},
        "number": application.number,
        "acronym": proposal.acronym,
        "title": proposal.title,
        "duration": proposal.duration,
        "addressee": {
            "name": application.coordinator.name,
            "organisation": organisation.name if organisation else "",
            "city": organisation.city if organisation else "",
            "country": organisation.country if organisation else "",
        },
    }


def put_in_words(value: dict[str, Any], wording: Wording | None) -> None:
    """Give a letter the words of the officers of the call, if they changed those of the house."""
    if wording:
        value["wording"] = wording.filled(values_of(value))
        value["funder"]["signatory"] = wording.signatory or value["funder"]["signatory"]


def _second_stage(call: Call) -> dict[str, str] | None:
    """Where and until when to apply in full; None while that call is not set up."""
    following = call.second_stage
    if following is None:
        return None
    return {
        "reference": following.reference, "title": following.title, "zone": following.zone,
        "opens": following.opens_on.isoformat(), "deadline": following.deadline_at.isoformat(),
    }  # fmt: skip


def reference(decision: Decision) -> str:
    """The registration reference of the letter in force; from the second letter on with its number."""
    first = f"{decision.application.number}/{decision.public_id}"
    return first if decision.letter_number == 1 else f"{first}/{decision.letter_number}"


def _replaced(decision: Decision) -> dict[str, str] | None:
    """Reference, date and hash of the letter that the one being written replaces; None for the first."""
    if decision.snapshot is None or decision.sha256 is None:
        return None
    before = frozen(decision)
    return {"reference": before["reference"], "date": before["date"], "sha256": decision.sha256}


def frozen(decision: Decision) -> dict[str, Any]:
    """The letter as it was released. Raises ValueError before the release."""
    if decision.snapshot is None:
        raise ValueError("this decision has not been released")
    value: dict[str, Any] = json.loads(decision.snapshot)
    return value
