"""The deadline second: from a local date and time with its zone to one instant."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from grants.words import N_


def instant(local: datetime, zone: str) -> datetime:
    """The UTC instant of a naive local time in a zone such as 'Europe/Brussels' (rulebook 8.3).

    Raises ValueError, with a sentence to translate, for an unknown zone and for a time that the change to or
    from summer time skips or repeats.
    """
    if local.tzinfo is not None:
        raise ValueError("a local time carries no zone of its own")
    try:
        known = ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(N_("This time zone is not known.")) from error
    try:
        earlier, later = (local.replace(tzinfo=known, fold=fold).astimezone(UTC) for fold in (0, 1))
    except OverflowError as error:  # the first and the last day of the calendar
        raise ValueError(N_("Type the date and time as 2026-03-24 18:00.")) from error
    if earlier.astimezone(known).replace(tzinfo=None) != local:
        raise ValueError(N_("This local time does not exist: the clocks go forward over it."))
    if earlier != later:
        raise ValueError(N_("This local time exists twice: the clocks go back over it."))
    return earlier


def is_late(received: datetime, deadline: datetime) -> bool:
    """Whether a submission misses a deadline; received at the deadline itself it is in time (T-8.1)."""
    return received > deadline
