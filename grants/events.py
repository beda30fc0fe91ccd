"""Events: who did what when, append-only, one hash chain for each application and one for each call.

An event holds ids and a salted hash; names and reasons live in its payload, which a retention rule may erase
without breaking the chain (settled: Schema).
"""

import hashlib
import json
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select, true
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column, relationship

from grants import clock
from grants.canonical import canonical, digest
from grants.db import Base


class Event(Base):
    """One link of a chain. `hash` covers every other column and the previous link's hash."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("chain", "number"), Index("ix_events_call", "call_id", "at"))

    chain: Mapped[str] = mapped_column(String(40))
    number: Mapped[int]
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    noun: Mapped[str] = mapped_column(String(30))
    thing: Mapped[str] = mapped_column(String(40))
    verb: Mapped[str] = mapped_column(String(40))
    source: Mapped[str | None] = mapped_column(String(30))
    target: Mapped[str | None] = mapped_column(String(30))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime]
    payload_hash: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))

    payload: Mapped["EventPayload | None"] = relationship(lazy="raise_on_sql", back_populates="event")

    def link(self) -> str:
        """What `hash` must be."""
        return digest(
            {
                "chain": self.chain, "number": self.number, "noun": self.noun, "thing": self.thing,
                "verb": self.verb, "source": self.source or "", "target": self.target or "",
                "user": self.user_id or 0, "at": self.at.isoformat(), "payload": self.payload_hash,
                "previous": self.previous,
            }
        )  # fmt: skip


class EventPayload(Base):
    """The erasable part of an event: facts (any JSON without floats) and the salt of its hash."""

    __tablename__ = "event_payloads"

    event_id: Mapped[int] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), unique=True)
    salt: Mapped[str] = mapped_column(String(32))
    facts: Mapped[dict[str, Any]]

    event: Mapped[Event] = relationship(lazy="raise_on_sql", back_populates="payload")

    def hashed(self) -> str:
        return hashlib.sha256(self.salt.encode() + canonical(self.facts)).hexdigest()


def record(
    session: Session, thing: Any, verb: str, *, by: Any, source: str | None = None, target: str | None = None,
    **facts: Any,
) -> Event:  # fmt: skip
    """Append an event about `thing` (anything with `noun`, `public_id`, `call_id` and perhaps `application_id`).

    Two writers that append to one chain at once collide on its number; the second is told to try again.
    """
    session.flush()
    application_id = thing.id if thing.noun == "application" else getattr(thing, "application_id", None)
    chain = f"application:{application_id}" if application_id else f"call:{thing.call_id}"
    last = session.scalars(
        select(Event).where(Event.chain == chain).order_by(Event.number.desc()).limit(1)
    ).first()
    told = {key: value for key, value in facts.items() if value}
    # Stored in the very form that is hashed, so that anybody can hash what is exported as it stands.
    payload = EventPayload(salt=secrets.token_hex(16), facts=json.loads(canonical(told)))
    event = Event(
        chain=chain,
        number=last.number + 1 if last else 1,
        call_id=thing.call_id,
        noun=thing.noun,
        thing=thing.public_id,
        verb=verb,
        source=source,
        target=target,
        user_id=by.id if by is not None else None,
        at=clock.now(),
        payload_hash=payload.hashed(),
        previous=last.hash if last else "",
        payload=payload,
    )
    event.hash = event.link()
    session.add(event)
    session.flush()
    return event


def exported(session: Session, call_id: int, chain: str | None = None) -> Iterator[dict[str, Any]]:
    """Every event of a call and of its applications, chain by chain, as JSON values; a payload may have been erased.

    Args:
        chain: this one only.

    `documents/verify_events.py` checks them without this application.
    """
    rows = session.scalars(
        select(Event)
        .options(joinedload(Event.payload))
        .where(Event.call_id == call_id, Event.chain == chain if chain else true())
        .order_by(Event.chain, Event.number)
    )
    for event in rows.yield_per(1000):
        yield {
            "chain": event.chain, "number": event.number, "noun": event.noun, "thing": event.thing,
            "verb": event.verb, "source": event.source, "target": event.target, "user": event.user_id,
            "at": event.at.isoformat(), "payload_hash": event.payload_hash, "previous": event.previous,
            "hash": event.hash,
            "payload": {"salt": event.payload.salt, "facts": event.payload.facts} if event.payload else None,
        }  # fmt: skip


def broken_links(session: Session) -> list[str]:
    """Places where a chain does not hold: a changed row, a missing number, a changed payload."""
    broken: list[str] = []
    last: Event | None = None
    rows = session.scalars(
        select(Event).options(joinedload(Event.payload)).order_by(Event.chain, Event.number)
    )
    for event in rows.yield_per(1000):
        if last is None or last.chain != event.chain:
            last = None
        expected = (last.number + 1, last.hash) if last else (1, "")
        intact = (event.number, event.previous) == expected and event.hash == event.link()
        if not intact or (event.payload and event.payload.hashed() != event.payload_hash):
            broken.append(f"{event.chain} event {event.number}")
        last = event
    return broken
