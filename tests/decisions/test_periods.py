"""Periods of rulebook 6.3 and 6.4, by the functions that pages and letters ask."""

from datetime import date

import pytest

from grants.decisions.redress import (
    last_day,
    months_after,
    received_on,
    time_to_grant,
    time_to_inform,
    timetable,
)

SENT = date(2026, 1, 29)


@pytest.mark.parametrize(
    ("opened", "received", "last"),
    [
        pytest.param(SENT, SENT, date(2026, 2, 28), id="T-6.1 opened at once"),
        pytest.param(None, date(2026, 2, 8), date(2026, 3, 10), id="T-6.2 never opened"),
        pytest.param(date(2026, 2, 7), date(2026, 2, 7), date(2026, 3, 9), id="opened on the ninth day"),
        pytest.param(date(2026, 2, 20), date(2026, 2, 8), date(2026, 3, 10), id="opened too late to matter"),
    ],
)
def test_redress_runs_for_30_days_from_receipt(opened, received, last):
    assert received_on(SENT, opened) == received
    assert last_day(SENT, opened) == last


@pytest.mark.parametrize(
    ("day", "months", "result"),
    [
        pytest.param(SENT, 1, date(2026, 2, 28), id="T-6.3 legality"),
        pytest.param(SENT, 2, date(2026, 3, 29), id="T-6.3 annulment"),
        pytest.param(date(2026, 12, 31), 1, date(2027, 1, 31), id="over the year"),
        pytest.param(date(2027, 10, 31), 4, date(2028, 2, 29), id="leap year"),
    ],
)
def test_months_end_with_the_month(day, months, result):
    assert months_after(day, months) == result


def test_an_invitation_gives_three_weeks_six_weeks_three_months():
    """T-6.4."""
    dates = timetable(SENT)
    assert (dates.grant_data, dates.declaration, dates.signature) == (
        date(2026, 2, 19), date(2026, 3, 12), date(2026, 4, 29),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("deadline", "inform", "grant"),
    [
        (date(2026, 9, 30), date(2027, 2, 28), date(2027, 5, 30)),
        (date(2026, 3, 31), date(2026, 8, 31), date(2026, 11, 30)),
        (date(2026, 9, 15), date(2027, 2, 15), date(2027, 5, 15)),
    ],
)
def test_time_to_inform_and_to_grant_run_from_the_deadline(deadline, inform, grant):
    """T-6.5."""
    assert (time_to_inform(deadline), time_to_grant(deadline)) == (inform, grant)
