"""What each country is to a call, by year, pillar and type of action."""

from datetime import date

import pytest

from grants.calls.countries import (
    Status,
    is_widening,
    normalised,
    sovereign,
    status,
    table,
)

SPRING = date(2026, 3, 24)


@pytest.mark.parametrize(
    ("typed", "code"), [("EL", "GR"), ("UK", "GB"), (" el ", "GR"), ("de", "DE"), ("XK", "XK"), ("", "")]
)
def test_codes_are_normalised(typed, code):
    assert normalised(typed) == code


@pytest.mark.parametrize(
    ("code", "state"),
    [("RE", "FR"), ("GF", "FR"), ("NC", "FR"), ("AW", "NL"), ("GL", "DK"), ("FO", "FO"), ("EL", "GR")],
)
def test_a_territory_counts_for_its_state(code, state):
    assert sovereign(code) == state


@pytest.mark.parametrize(
    ("code", "pillar", "year", "action", "on", "expected"),
    [
        ("FR", 2, 2026, "RIA", SPRING, Status.MS),
        ("EL", 2, 2026, "RIA", SPRING, Status.MS),
        ("YT", 2, 2026, "RIA", SPRING, Status.MS),
        ("NO", 1, 2026, "RIA", SPRING, Status.AC),
        ("UK", 2, 2023, "RIA", date(2023, 4, 1), Status.OTHER),
        ("UK", 2, 2024, "RIA", date(2024, 4, 1), Status.AC),
        ("CH", 2, 2023, "RIA", date(2023, 4, 1), Status.OTHER),
        ("CH", 2, 2025, "RIA", date(2025, 4, 1), Status.AC_TRANSITIONAL),
        ("CH", 2, 2025, "RIA", date(2025, 11, 10), Status.AC),
        ("CH", 2, 2023, "RIA", SPRING, Status.OTHER),
        ("KR", 2, 2026, "RIA", SPRING, Status.AC),
        ("KR", 2, 2025, "RIA", date(2025, 7, 30), Status.AC_TRANSITIONAL),
        ("KR", 1, 2026, "RIA", SPRING, Status.OTHER),
        ("KR", None, 2026, "RIA", SPRING, Status.OTHER),
        ("CA", 2, 2026, "RIA", SPRING, Status.AC),
        ("NZ", 2, 2022, "RIA", date(2022, 4, 1), Status.OTHER),
        ("JP", 2, 2026, "RIA", SPRING, Status.AC_TRANSITIONAL),
        ("JP", 2, 2025, "RIA", SPRING, Status.OTHER),
        ("MA", 3, 2026, "RIA", SPRING, Status.AC_TRANSITIONAL),
        ("EG", 2, 2024, "RIA", date(2024, 9, 1), Status.LMIC),
        ("EG", 2, 2024, "RIA", date(2025, 9, 1), Status.LMIC),  # a call that uses the budget of 2024
        ("EG", 2, 2025, "RIA", date(2025, 4, 9), Status.LMIC),
        ("EG", 2, 2025, "RIA", date(2025, 4, 10), Status.AC_TRANSITIONAL),
        ("EG", 3, 2025, "RIA", date(2025, 9, 1), Status.AC_TRANSITIONAL),
        ("EG", 2, 2026, "RIA", SPRING, Status.AC),
        ("KE", 2, 2026, "RIA", SPRING, Status.LMIC),
        ("US", 2, 2026, "RIA", SPRING, Status.OTHER),
        ("CN", 2, 2026, "RIA", SPRING, Status.OTHER),
        ("CN", 2, 2026, "IA", SPRING, Status.RESTRICTED),
        ("RU", 2, 2026, "RIA", SPRING, Status.BARRED),
        ("BY", 2, 2022, "CSA", date(2022, 5, 11), Status.BARRED),
        ("BY", 2, 2022, "CSA", date(2022, 5, 10), Status.OTHER),
        ("ZZ", 2, 2026, "RIA", SPRING, Status.OTHER),
    ],
)
def test_the_class_of_a_country(code, pillar, year, action, on, expected):
    assert status(code, pillar=pillar, year=year, action=action, on=on) is expected


def test_only_member_states_and_associated_countries_count():
    assert {one for one in Status if one.counts} == {Status.MS, Status.AC, Status.AC_TRANSITIONAL}


def test_a_code_stands_in_one_class_of_the_table():
    """But for Egypt, which got money automatically until it became associated."""
    classes = [set(table()["members"]["codes"]), set(table()["low_and_middle_income"]["codes"]),
               {code for row in table()["associations"] for code in row["codes"]},
               {code for row in table()["barred"] for code in row["codes"]},
               {code for row in table()["territories"] for code in row["codes"]}]  # fmt: skip
    assert sum(map(len, classes)) == len(set().union(*classes)) + 1
    assert classes[1] & classes[2] == {"EG"}
    assert len(classes[0]) == 27


def test_widening_countries():
    assert [code for code in ("EL", "RE", "PT", "DE", "XK", "NO") if is_widening(code)] == [
        "EL",
        "RE",
        "PT",
        "XK",
    ]
    states = [code for code in table()["widening"]["codes"] if code in table()["members"]["codes"]]
    assert len(states) == 15
