"""Periods that run from a letter or a deadline: redress, answers to an invitation, time to inform and to grant."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from grants.words import N_

GROUNDS = {
    "procedure": N_("The procedure was not followed"),
    "facts": N_("An error of fact"),
    "manifest": N_("A manifest error of assessment"),
    "powers": N_("An abuse of powers"),
    "mismatch": N_("Comments and scores contradict each other"),
    "reasons": N_("Reasons are missing"),
    "conflict": N_("A conflict of interest"),
}
"""Grounds of a request; the scientific judgement is none (rulebook 6.3)."""

COUNTS_AS_READ_AFTER = timedelta(days=10)
REDRESS = timedelta(days=30)


def received_on(sent: date, opened: date | None = None) -> date:
    """The day on which a letter counts as received: when it was opened, ten days after sending at the latest."""
    unopened = sent + COUNTS_AS_READ_AFTER
    return min(opened, unopened) if opened else unopened


def last_day(sent: date, opened: date | None = None) -> date:
    """The last day on which a review may be asked for (rulebook 6.3, T-6.1, T-6.2)."""
    return received_on(sent, opened) + REDRESS


def months_after(day: date, months: int) -> date:
    """The same day some months later, or the last day of a shorter month (rulebook 6.4, T-6.3)."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


@dataclass(frozen=True)
class Timetable:
    """Until when an invited consortium sends its data and its declaration of honour, and signs."""

    grant_data: date
    declaration: date
    signature: date


def timetable(received: date) -> Timetable:
    """Three weeks, six weeks, three months from the receipt of the invitation (rulebook 6.2, T-6.4)."""
    return Timetable(received + timedelta(weeks=3), received + timedelta(weeks=6), months_after(received, 3))


def time_to_inform(deadline: date) -> date:
    """The last day on which applicants have to be told: five months after the deadline (T-6.5)."""
    return months_after(deadline, 5)


def time_to_grant(deadline: date) -> date:
    """The last day on which the grant agreement has to be signed: eight months after the deadline (T-6.5)."""
    return months_after(deadline, 8)
