"""The second eligibility check: whose country stands differently on the day of the signature."""

from datetime import date
from types import SimpleNamespace

import pytest

from grants.calls import countries
from grants.decisions.second_check import Standing, changed


def beneficiaries(*codes):
    return [SimpleNamespace(name=f"University {code}", country=code) for code in codes]


def check(codes, then, now):
    return changed(beneficiaries(*codes), pillar=2, year=2026, action="RIA", then=then, now=now)


DATED = {
    "barred": [{"codes": ["AA"], "from": "2026-06-01"}],
    "restricted": [], "members": {"codes": ["DE", "FR"]},
    "associations": [
        {"codes": ["BB"], "from": "2026-06-01", "state": "in_application"},
        {"codes": ["CC"], "to": "2026-05-31", "state": "in_application"},
        {"codes": ["DD"], "state": "transitional"},
    ],
    "low_and_middle_income": {"codes": ["AA"]}, "territories": [], "aliases": {},
}  # fmt: skip
BEFORE, AFTER = date(2026, 3, 1), date(2026, 9, 1)


@pytest.fixture
def dated(monkeypatch):
    monkeypatch.setattr(countries, "table", lambda: DATED)


def test_nothing_to_tell_where_nothing_changed(dated):
    assert check(["DE", "FR"], BEFORE, AFTER) == []


def test_who_lost_and_who_won(dated):
    assert check(["AA", "BB", "CC"], BEFORE, AFTER) == [
        Standing("University AA", "AA", "LMIC", "BARRED", True),
        Standing("University BB", "BB", "OTHER", "AC", False),
        Standing("University CC", "CC", "AC", "OTHER", True),
    ]


def test_an_association_that_is_not_in_force_yet_was_enough_to_apply_and_is_not_to_sign(dated):
    assert check(["DD"], BEFORE, AFTER) == [
        Standing("University DD", "DD", "AC_TRANSITIONAL", "AC_TRANSITIONAL", True)
    ]
