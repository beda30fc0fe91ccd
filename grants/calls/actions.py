"""Verbs about calls: set up, publish, extend, suspend, cancel."""

import re
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events
from grants.calls import scheme
from grants.calls.models import Call, Programme, Question
from grants.calls.rules import DECLARATIONS, CallRules
from grants.db import db
from grants.words import N_
from grants.workflow import move


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show beside the form."""


def create(programme: Programme, *, by: Any, reference: str, scheme_id: str, **fields: Any) -> Call:
    """Set up a call in draft, with its own copy of the scheme and of the declarations (rulebook 9.2).

    Raises:
        Unfit: the reference is taken.
    """
    if db.session.scalar(select(Call.id).where(Call.reference == reference)):
        raise Unfit(N_("Another call has this reference already."))
    call = Call(
        programme_id=programme.id, programme=programme, reference=reference, state="draft", applications_made=0,
        scheme_json=scheme.library()[scheme_id].to_dict(),
        rules_json={"declarations": [list(row) for row in DECLARATIONS]},
        questions=[], findings=[], version=1,
    )  # fmt: skip
    _set(call, fields)
    db.session.add(call)
    db.session.flush()
    events.record(db.session, call, "create", by=by, target="draft")
    return call


def edit(call: Call, *, by: Any, version: int, scheme_id: str | None = None, **fields: Any) -> None:
    """Change a call in draft. Raises StaleDataError if somebody else saved since `version`."""
    if call.version != version:
        raise StaleDataError
    if scheme_id and scheme_id != call.scheme.id:
        call.scheme_json = scheme.library()[scheme_id].to_dict()
    _set(call, fields)
    # What an import had to assume is settled once an officer has saved the fields concerned.
    call.findings = [finding for finding in call.findings if finding.get("field") not in fields]
    db.session.flush()


def set_scheme(call: Call, new: scheme.Scheme, *, by: Any) -> None:
    """Replace the call's own copy of the scoring scheme (thresholds, weights, texts) while it is a draft."""
    call.scheme_json = new.to_dict()


RULES = ("min_countries", "needs_member_state", "page_limit", "max_partners")


def _set(call: Call, fields: dict[str, Any]) -> None:
    fields = dict(fields)
    call.set_deadline(fields.pop("deadline"), fields.pop("zone", "Europe/Brussels"))
    call.rules_json = call.rules_json | {key: fields.pop(key) for key in RULES if key in fields}
    for name, value in fields.items():
        setattr(call, name, value)
    if call.opens_on >= call.deadline_at:
        raise Unfit(N_("The call must open before its deadline."))
    CallRules.from_dict(call.rules_json | {"action": call.action, "pillar": call.pillar, "year": call.year})


def add_question(call: Call, *, by: Any, label: str, **fields: Any) -> Question:
    """Add a question at the end of the form; its key is made from the label and stays."""
    base = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")[:30] or "question"
    taken = {question.key for question in call.questions}
    key = next(k for n in range(1, 1000) if (k := base if n == 1 else f"{base}_{n}") not in taken)
    question = Question(call_id=call.id, key=key, label=label, position=len(call.questions) + 1, **fields)
    call.questions.append(question)
    db.session.flush()
    return question


def remove_question(question: Question, *, by: Any) -> None:
    call = question.call
    call.questions.remove(question)
    for position, other in enumerate(call.questions, 1):
        other.position = position
    db.session.flush()


def publish(call: Call, *, by: Any) -> None:
    """Make the call public; from now on only deadline and state may change.

    Raises:
        Unfit: the deadline has passed, or findings of an import are still open.
    """
    if call.deadline_at <= clock.now():
        raise Unfit(N_("The deadline has already passed. Set a later one before publishing."))
    if any(finding.get("blocking") for finding in call.findings):
        raise Unfit(N_("Something that this call needs is not supported yet; see its findings."))
    move(call, "publish", by=by)


def extend(call: Call, local: datetime, zone: str, *, by: Any, reason: str) -> None:
    """Move the deadline later, while the call is open (rulebook 8.2). Shortening is refused."""
    before, was = call.deadline_at, f"{call.deadline_local} {call.zone}"
    call.set_deadline(local, zone)
    if call.deadline_at <= before:
        call.set_deadline(datetime.fromisoformat(was.split()[0]), was.split()[1])
        raise Unfit(N_("A deadline can only be moved later, never earlier."))
    events.record(
        db.session, call, "extend", by=by, before=was, after=f"{call.deadline_local} {zone}", reason=reason
    )


def suspend(call: Call, *, by: Any, reason: str) -> None:
    move(call, "suspend", by=by, reason=reason)


def resume(call: Call, *, by: Any, reason: str) -> None:
    move(call, "resume", by=by, reason=reason)


def cancel(call: Call, *, by: Any, reason: str) -> None:
    """Stop the call for good, with applications in it or not; what was typed stays readable to its owners."""
    move(call, "cancel", by=by, reason=reason)
