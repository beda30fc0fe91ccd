"""Rows of the budget table and their totals, to the cent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.applications.budget import (
    CATEGORIES,
    COLUMNS,
    Budget,
    Share,
    funding_rate,
    lump_sum_shares,
    problems,
    purchase_justification,
    totals,
)

calm = settings(deadline=None, database=None)


def euros(*amounts, rate=10000, requested=None):
    """A row from whole euros by category; it asks for the maximum unless told otherwise."""
    row = Budget(*(amount * 100 for amount in amounts), rate=rate)
    return Budget(*(amount * 100 for amount in amounts), rate=rate, requested=requested or row.maximum)


P1 = euros(600000, 20000, 30001, 48000, 21999, 0, 0)
P2 = euros(420000, 0, 18000, 60000, 42000, 0, 0, rate=7000)
P3 = euros(250001, 10000, 12000, 0, 8002, 60000, 15000)
P3_AE = euros(40000, 0, 2000, 0, 1000, 0, 0)
P4 = euros(300000, 50000, 10000, 0, 10000, 0, 0, rate=7000, requested=25000000)


@pytest.mark.parametrize(
    ("row", "indirect", "total", "maximum", "requested", "own"),
    [
        pytest.param(P1, 17500000, 89500000, 89500000, 89500000, 0, id="T-2.1 P1"),
        pytest.param(P2, 13500000, 67500000, 47250000, 47250000, 20250000, id="T-2.1 P2"),
        pytest.param(P3, 6750075, 42250375, 42250375, 42250375, 0, id="T-2.1 P3"),
        pytest.param(P3_AE, 1075000, 5375000, 5375000, 5375000, 0, id="T-2.1 P3-AE"),
        pytest.param(P4, 8000000, 45000000, 31500000, 25000000, 20000000, id="T-2.1 P4"),
    ],
)
def test_a_row(row, indirect, total, maximum, requested, own):
    assert (row.indirect, row.total, row.maximum, row.requested, row.own_resources) == (
        indirect, total, maximum, requested, own,
    )  # fmt: skip


def test_t_2_1_the_consortium_is_the_sum_of_its_rows():
    assert totals([P1, P2, P3, P3_AE, P4]) == {
        "personnel": 161000100, "subcontracting": 8000000, "travel": 7200100, "equipment": 10800000,
        "other_goods": 8300100, "third_parties": 6000000, "internal_invoices": 1500000, "indirect": 46825075,
        "total": 249625375, "maximum": 215875375, "requested": 209375375, "income": 0,
        "other_contributions": 0, "own_resources": 40250000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "nonprofit", "role", "rate"),
    [
        ("RIA", False, "beneficiary", 10000),
        ("CSA", False, "coordinator", 10000),
        ("IA", False, "beneficiary", 7000),
        ("IA", True, "coordinator", 10000),
        ("IA", True, "affiliated_entity", 10000),
        ("RIA", True, "associated_partner", 0),
        ("RIA", True, "subcontractor", 0),
    ],
)
def test_funding_rates(action, nonprofit, role, rate):
    assert funding_rate(action, nonprofit, role) == rate


def test_an_unknown_type_of_action_has_no_rate():
    with pytest.raises(KeyError):
        funding_rate("XYZ", True, "beneficiary")


@pytest.mark.parametrize(
    ("row", "maximum"), [pytest.param(P2, 67500000, id="T-2.2 P2"), pytest.param(P4, 45000000, id="T-2.2 P4")]
)
def test_the_same_row_as_a_research_action(row, maximum):
    assert Budget(**vars(row) | {"rate": funding_rate("RIA", False, "beneficiary")}).maximum == maximum


@pytest.mark.parametrize(
    ("change", "role", "codes"),
    [
        pytest.param({}, "beneficiary", (), id="all is well"),
        pytest.param({"requested": 89500001}, "beneficiary", ("REQUESTED_EXCEEDS_MAX",), id="T-2.3"),
        pytest.param({"rate": 7000, "requested": 62650000}, "beneficiary", (), id="exactly the maximum"),
        pytest.param(
            {"rate": 7000, "requested": 62650001}, "beneficiary", ("REQUESTED_EXCEEDS_MAX",), id="one cent"
        ),
        pytest.param({"travel": -1, "requested": 0}, "beneficiary", ("NEGATIVE_AMOUNT",), id="negative"),
        pytest.param({"requested": -1}, "beneficiary", ("NEGATIVE_AMOUNT",), id="negative request"),
        pytest.param({"income": 1}, "beneficiary", ("OWN_RESOURCES_NEGATIVE",), id="income too high"),
        pytest.param(
            {"other_contributions": 1}, "beneficiary", ("OWN_RESOURCES_NEGATIVE",), id="others give"
        ),
        pytest.param({"rate": 10001, "requested": 0}, "beneficiary", ("RATE_TOO_HIGH",), id="rate"),
        pytest.param({"requested": 1}, "associated_partner", ("ROLE_NOT_FUNDED",), id="it asks for a cent"),
        pytest.param({}, "associated_partner", ("ROLE_NOT_FUNDED",), id="associated partner asks"),
        pytest.param({"requested": 0}, "associated_partner", (), id="associated partner pays"),
    ],
)
def test_what_is_wrong_with_a_row(change, role, codes):
    assert problems(Budget(**vars(P1) | change), role) == codes


def test_the_rate_of_the_action_is_the_highest():
    assert problems(P1, "beneficiary", funding_rate("IA", False, "beneficiary")) == ("RATE_TOO_HIGH",)


def test_t_2_4_subcontracting_carries_no_indirect_costs():
    doubled = Budget(**vars(P1) | {"subcontracting": 4000000})
    assert (doubled.indirect, doubled.total) == (17500000, 91500000)


@pytest.mark.parametrize(
    ("row", "rule", "needed"),
    [
        pytest.param(P3, "purchases", False, id="T-2.5 P3"),
        pytest.param(P2, "purchases", True, id="T-2.5 P2"),
        pytest.param(P2, "equipment", False, id="T-2.5 P2 from 2026"),
        pytest.param(Budget(personnel=10000, equipment=1500), "equipment", False, id="exactly 15 %"),
        pytest.param(Budget(personnel=10000, equipment=1501), "equipment", True, id="one cent more"),
        pytest.param(Budget(equipment=1), "equipment", True, id="no personnel"),
        pytest.param(Budget(), "purchases", False, id="empty"),
    ],
)
def test_when_purchases_need_a_justification(row, rule, needed):
    assert purchase_justification(row, rule) is needed


def test_categories_carry_the_official_codes():
    assert [(one.code, one.carries_indirect) for one in CATEGORIES] == [
        ("A", True), ("B", False), ("C1", True), ("C2", True), ("C3", True), ("D1", False), ("D2", False),
    ]  # fmt: skip


rows = st.builds(Budget, *[st.integers(0, 10**10)] * len(CATEGORIES), rate=st.integers(0, 10000))


@calm
@given(st.lists(rows, max_size=6))
def test_totals_are_sums_of_rounded_rows(budgets):
    assert totals(budgets) == {column: sum(getattr(row, column) for row in budgets) for column in COLUMNS}


@calm
@given(rows)
def test_a_row_adds_up_and_the_maximum_is_always_allowed(row):
    asked = Budget(**vars(row) | {"requested": row.maximum})
    assert asked.total == asked.requested + asked.own_resources
    assert problems(asked, "beneficiary") == ()
    assert "REQUESTED_EXCEEDS_MAX" in problems(
        Budget(**vars(row) | {"requested": row.maximum + 1}), "beneficiary"
    )


costs = st.integers(0, 10**9)


@calm
@given(
    st.lists(st.tuples(costs, costs, costs), min_size=1, max_size=12),
    st.integers(0, 10000),
    st.integers(0, 10**10),
)
def test_lump_sum_shares_add_up_to_the_cent(
    rows: list[tuple[int, int, int]], rate: int, requested: int
) -> None:
    """What the work packages pay out together is the grant, whatever is requested (rulebook 2.4)."""
    shares = tuple(Share(a, b, c, work_package=f"w{n}") for n, (a, b, c) in enumerate(rows))
    row = Budget(rate=rate, requested=requested, shares=shares)
    parts = lump_sum_shares(row)
    assert sum(parts.values()) == (requested if row.maximum else 0)
    assert all(part >= 0 for part in parts.values())


def test_lump_sum_shares_of_the_whole_maximum_are_the_rows_maxima() -> None:
    shares = (Share(100_01, work_package="w1"), Share(33_33, 5_00, work_package="w2"))
    row = Budget(rate=7000, requested=Budget(rate=7000, shares=shares).maximum, shares=shares)
    assert lump_sum_shares(row) == {"w1": 87_51, "w2": 32_66}


def test_where_no_costs_are_entered_there_is_no_ceiling():
    """Outlines, and calls that pay units, ask for the requested contribution alone (rulebook 2.3, 2.5, 9.2)."""
    asks = Budget(requested=1_000_000_00, income=5)
    assert problems(asks, "coordinator") == ("REQUESTED_EXCEEDS_MAX",)
    assert problems(asks, "coordinator", requested_only=True) == ()
    assert problems(Budget(requested=-1), "coordinator", requested_only=True) == ("NEGATIVE_AMOUNT",)
    assert problems(asks, "associated_partner", requested_only=True) == ("ROLE_NOT_FUNDED",)
