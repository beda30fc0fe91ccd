"""The one clock of the application: deadlines, events, receipts and leases all ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_set_to: datetime | None = None
# A request that writes happens at one instant: when it was received, however long it then waits for other writers.
_received: ContextVar[datetime | None] = ContextVar("received", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC; within a request that writes, the instant at which it was received."""
    return _received.get() or _set_to or datetime.now(UTC)


def receive(*, writer: bool) -> None:
    """Say, at the start of a request and at its end, whether the time stands still for it (settled: Deadline)."""
    _received.set(None)
    if writer:
        _received.set(now())


def set_to(instant: datetime | None) -> None:
    """Stop the clock of this process at an aware instant; `None` lets it run again.

    The demo builds true histories with it, and tests stand on either side of a deadline.
    """
    global _set_to
    if instant is not None and instant.tzinfo is None:
        raise ValueError("the clock needs an aware instant")
    _set_to = instant.astimezone(UTC) if instant else None


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """Stop the clock at `instant` for the length of a block."""
    before = _set_to
    set_to(instant)
    try:
        yield
    finally:
        set_to(before)
