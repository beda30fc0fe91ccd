"""The deadline second, in Brussels and elsewhere."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.calls.deadline import instant, is_late

calm = settings(deadline=None, database=None)
FIVE = datetime(2026, 3, 24, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-02-17T17:00:00", "2026-02-17T16:00:00+00:00"),
        ("2026-03-24T17:00:00", "2026-03-24T16:00:00+00:00"),
        ("2026-03-31T17:00:00", "2026-03-31T15:00:00+00:00"),
        ("2026-10-13T17:00:00", "2026-10-13T15:00:00+00:00"),
        ("2026-10-27T17:00:00", "2026-10-27T16:00:00+00:00"),
        ("2027-01-12T17:00:00", "2027-01-12T16:00:00+00:00"),
    ],
)
def test_five_in_brussels_is_an_instant(local, utc):
    assert instant(datetime.fromisoformat(local), "Europe/Brussels").isoformat() == utc


@pytest.mark.parametrize(
    ("zone", "hour"),
    [("Europe/Lisbon", 17), ("Europe/Helsinki", 15), ("Atlantic/Reykjavik", 17), ("UTC", 17)],
)
def test_five_elsewhere_is_another_instant(zone, hour):
    assert instant(datetime(2026, 2, 17, 17), zone) == datetime(2026, 2, 17, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "hours"),
    [(datetime(2026, 3, 28, 17), 23), (datetime(2026, 10, 24, 17), 25), (datetime(2026, 5, 5), 24)],
)
def test_a_day_over_the_change_of_the_clocks_is_shorter_or_longer(start, hours):
    lasts = instant(start + timedelta(days=1), "Europe/Brussels") - instant(start, "Europe/Brussels")
    assert lasts == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("local", "zone", "sentence"),
    [
        (datetime(2026, 3, 29, 2, 30), "Europe/Brussels", "does not exist: the clocks go forward over it."),
        (
            datetime(2026, 3, 29, 2, 30, fold=1),
            "Europe/Brussels",
            "does not exist: the clocks go forward over it.",
        ),
        (datetime(2026, 10, 25, 2, 30), "Europe/Brussels", "exists twice: the clocks go back over it."),
        (
            datetime(2026, 10, 25, 2, 30, fold=1),
            "Europe/Brussels",
            "exists twice: the clocks go back over it.",
        ),
        (datetime(2026, 3, 29, 17), "Europe/Atlantis", "This time zone is not known."),
        (datetime(2026, 3, 29, 17), "Europe", "This time zone is not known."),
        (datetime(2026, 3, 29, 17), "../etc", "This time zone is not known."),
        (datetime(2026, 3, 29, 17), "", "This time zone is not known."),
        (datetime(2026, 3, 29, 17, tzinfo=UTC), "Europe/Brussels", "a local time carries no zone of its own"),
    ],
)
def test_a_time_that_is_no_single_instant_is_refused(local, zone, sentence):
    with pytest.raises(ValueError, match=f"{re.escape(sentence)}$"):
        instant(local, zone)


@pytest.mark.parametrize(
    ("received", "late"),
    [
        pytest.param(FIVE - timedelta(milliseconds=1), False, id="T-8.1 16:59:59.999"),
        pytest.param(FIVE, False, id="T-8.1 17:00:00.000"),
        pytest.param(FIVE + timedelta(milliseconds=1), True, id="T-8.1 17:00:00.001"),
    ],
)
def test_the_deadline_second(received, late):
    assert is_late(received, instant(datetime(2026, 3, 24, 17), "Europe/Brussels")) is late


@calm
@given(
    st.datetimes(datetime(2021, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from(["Europe/Brussels", "Europe/Sofia"]),
)
def test_an_instant_reads_as_the_local_time_it_came_from(local, zone):
    try:
        found = instant(local, zone)
    except ValueError:
        return
    assert found.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == local
