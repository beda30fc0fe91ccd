"""Engagements: an expert is asked to evaluate for a call, reads its terms, and agrees or declines (rulebook 4.8, 7.2).

Agreeing appoints the person as expert of the call. Nothing of any application is shown without that appointment, so
taking it back, as new terms do until they are agreed to as well, closes everything at once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from grants import clock, events, jobs, mail
from grants.calls.models import Call
from grants.calls.terms import Terms
from grants.canonical import canonical
from grants.db import db
from grants.experts.models import Engagement
from grants.people import actions as people
from grants.people.models import User
from grants.words import N_
from grants.workflow import move

EVERY = timedelta(days=3)
GIVES_UP = timedelta(days=30)
"""After the invitation; whoever has not answered by then needs a person, not another mail."""


class Changed(ValueError):
    """The terms are no longer those that the person has read; a sentence (msgid) to show."""


# --- Questions -------------------------------------------------------------------------------------------------------

_WITH = (joinedload(Engagement.call), joinedload(Engagement.user))


def by_public_id(public_id: str) -> Engagement | None:
    """One engagement with its call and person."""
    return db.session.scalars(
        select(Engagement).options(*_WITH).where(Engagement.public_id == public_id)
    ).first()


def of(user: Any, call: Call) -> Engagement | None:
    """The engagement of one person for one call, whatever its state."""
    return db.session.scalars(
        select(Engagement).options(*_WITH).where(Engagement.user_id == user.id, Engagement.call_id == call.id)
    ).first()


def of_call(call: Call) -> Mapping[int, Engagement]:
    """The engagements of a call by user id, without those that have ended."""
    rows = db.session.scalars(
        select(Engagement).where(Engagement.call_id == call.id, Engagement.state != "ended")
    )
    return {one.user_id: one for one in rows}


def unanswered(user: Any) -> Sequence[Engagement]:
    """Engagements that wait for the person's yes or no, the longest first."""
    return db.session.scalars(
        select(Engagement)
        .options(joinedload(Engagement.call))
        .where(Engagement.user_id == user.id, Engagement.state == "invited")
        .order_by(Engagement.invited_at, Engagement.id)
    ).all()


# --- Verbs -----------------------------------------------------------------------------------------------------------


def ask(user: User, call: Call, *, by: Any, is_new: bool = False) -> Engagement:
    """Ask somebody to evaluate for a call; who was asked before and has not left is not asked again.

    Args:
        is_new: the account was made for this, and the mail says how to choose a password.
    """
    engagement = of(user, call)
    if engagement is not None and engagement.state != "ended":
        return engagement
    if engagement is None:
        engagement = Engagement(
            call_id=call.id, call=call, user_id=user.id, user=user, state="invited", reason="",
            invited_at=clock.now(), invited_by_id=by.id,
        )  # fmt: skip
        db.session.add(engagement)
        events.record(db.session, engagement, "invite", by=by, target="invited", expert=user.public_id)
    else:
        move(engagement, "ask_again", by=by, expert=user.public_id)
        engagement.invited_at, engagement.invited_by_id, engagement.reason = clock.now(), by.id, ""
        engagement.answered_at = engagement.reminded_at = None
    _write(engagement, "asked", is_new=is_new)
    return engagement


def accept(engagement: Engagement, *, seen: str, by: Any) -> None:
    """The person agrees to the terms of the call as they stand; they are kept with the engagement.

    Args:
        seen: SHA-256 of the terms that the person has read.

    Raises:
        Changed: they are others by now.
    """
    terms = engagement.call.terms
    if seen != terms.sha256:
        raise Changed(N_("The terms have changed since you opened this page. Please read them again."))
    move(engagement, "accept", by=by, version=terms.version, sha256=terms.sha256)
    engagement.terms, engagement.sha256 = canonical(terms.to_dict()).decode(), terms.sha256
    engagement.answered_at, engagement.reason = clock.now(), ""
    people.appoint(engagement.user, "expert", by=by, call=engagement.call)


def decline(engagement: Engagement, *, reason: str, by: Any) -> None:
    """The person does not evaluate for this call."""
    move(engagement, "decline", by=by, reason=reason)
    engagement.answered_at, engagement.reason = clock.now(), reason


def end(engagement: Engagement, *, by: Any) -> None:
    """The person no longer belongs to the pool of the call."""
    move(engagement, "end", by=by)
    people.dismiss(engagement.user, "expert", call=engagement.call)


def set_terms(call: Call, *, contract: str, conduct: str, by: Any) -> int:
    """Write other terms for a call: a new version, to which everybody who agreed is asked to agree again.

    Returns how many are asked. The same texts again change nothing.
    """
    before = call.terms
    contract, conduct = (text.replace("\r\n", "\n") for text in (contract, conduct))  # browsers send both
    if (contract, conduct) == (before.contract, before.conduct):
        return 0
    terms = Terms(contract, conduct, before.version + 1)
    call.terms_json = terms.to_dict()
    db.session.flush()
    events.record(db.session, call, "set_terms", by=by, sha256=terms.sha256, **terms.to_dict())
    agreed = db.session.scalars(
        select(Engagement)
        .options(*_WITH)
        .where(Engagement.call_id == call.id, Engagement.state == "accepted")
        .order_by(Engagement.id)
    ).all()
    for engagement in agreed:
        move(engagement, "ask_again", by=by)
        engagement.invited_at, engagement.answered_at, engagement.reminded_at = clock.now(), None, None
        people.dismiss(engagement.user, "expert", call=call)
        _write(engagement, "changed")
    return len(agreed)


# --- Reminders -------------------------------------------------------------------------------------------------------


def due(session: Session, at: datetime) -> list[int]:
    """Row ids of the engagements whose person is to be reminded now: every three days, for a month."""
    return list(
        session.scalars(
            select(Engagement.id)
            .join(Engagement.call)
            .where(Engagement.state == "invited", Call.state == "published")
            .where(Engagement.invited_at <= at - EVERY, Engagement.invited_at > at - GIVES_UP)
            .where(Engagement.reminded_at.is_(None) | (Engagement.reminded_at <= at - EVERY))
            .order_by(Engagement.id)
        )
    )


def remind_one(row_id: int) -> None:
    """Remind one person. Safe to call twice or at once."""
    _remind(Engagement.id == row_id)
    db.session.commit()


def remind_all(call: Call, *, by: Any) -> int:
    """Remind everybody who has not answered, nobody twice on one day; the number of people written to."""
    count = _remind(Engagement.call_id == call.id)
    if count:
        events.record(db.session, call, "remind_of_terms", by=by, count=count)
    return count


def _remind(which: Any) -> int:
    rows = db.session.scalars(
        select(Engagement)
        .options(*_WITH)
        .where(Engagement.state == "invited", which)
        .order_by(Engagement.id)
        .with_for_update(of=Engagement)
    ).all()
    count = 0
    for engagement in rows:
        zone, last = ZoneInfo(engagement.call.zone), engagement.reminded_at
        if last is None or last.astimezone(zone).date() < clock.now().astimezone(zone).date():
            engagement.reminded_at = clock.now()
            _write(engagement, "reminder")
            count += 1
    db.session.flush()
    return count


def _write(engagement: Engagement, why: str, *, is_new: bool = False) -> None:
    user, call = engagement.user, engagement.call
    mail.write(
        db.session, "engagement", to=user.email, language=user.language, user_id=user.id, call_id=call.id,
        occasion=f"engagement:{engagement.public_id}:{why}:{clock.now().isoformat()}", engagement=engagement,
        call=call, reader=user, why=why, is_new=is_new,
    )  # fmt: skip


jobs.does("engagement_reminder", due, remind_one)
