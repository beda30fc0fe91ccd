"""A thousand instants around deadlines, on the days when the clocks change too: none is misjudged (rulebook 8)."""

import random
from datetime import UTC, datetime, timedelta

from grants.applications.models import Application
from grants.calls.models import Call

# When Brussels changes its clocks, by the directive and not by the library: the last Sundays, at 01:00 UTC.
SPRING, AUTUMN = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
DAYS = [SPRING, AUTUMN, *(datetime(2026, month, 24, tzinfo=UTC) for month in range(1, 13))]


def _brussels(local: datetime) -> datetime:
    """The instant of a local time in Brussels that exists once, without asking the library."""
    summer = (local - timedelta(hours=2)).replace(tzinfo=UTC)
    return summer if SPRING <= summer < AUTUMN else (local - timedelta(hours=1)).replace(tzinfo=UTC)


def test_no_instant_around_a_deadline_is_misjudged() -> None:
    draw = random.Random(20260329)
    judged = {True: 0, False: 0}
    for number in range(1000):
        day = DAYS[number % len(DAYS)]
        local = datetime(
            day.year, day.month, day.day, draw.choice((4, 9, 12, 17, 23)), draw.choice((0, 30, 59))
        )
        call = Call(state="published", opens_on=datetime(2025, 1, 1, tzinfo=UTC))
        call.set_deadline(local, "Europe/Brussels")
        application, deadline = Application(call=call, state="draft"), _brussels(local)
        distance = draw.choice((0, 1, 999, 1_000_000, 3_600_000_000, draw.randrange(10**10)))
        at = deadline + draw.choice((-1, 1)) * timedelta(microseconds=distance)
        expected = at <= deadline
        assert application.accepts_changes(at) is expected, (local, at)
        assert call.is_closed(at) is not expected, (local, at)
        judged[expected] += 1
    assert min(judged.values()) > 300
