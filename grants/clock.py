"""The one clock of the application: deadlines, events, receipts and leases all ask it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_set_to: datetime | None = None


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _set_to or datetime.now(UTC)


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
