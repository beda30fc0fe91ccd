"""The cut after a first stage, and the money that reaches the reserve list."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.calls.scheme import library
from grants.panels.funding import changes, cuts, invited, promoted, stage_1_cut, volume_from
from grants.panels.ranking import Candidate, ranked

MILLION = 100_000_000
FIRST_STAGE = library()["he-first-stage-2026"]
CUTS = cuts(FIRST_STAGE)
calm = settings(deadline=None, database=None)
T_3_7 = [(950, 4), (950, 3), (900, 5), (900, 6), (850, 5), (850, 4), (850, 3), (800, 6), (800, 5)]
rows = st.lists(st.tuples(st.sampled_from(CUTS), st.integers(1, 20)), max_size=30)


def in_cents(candidates):
    return [(total, millions * MILLION) for total, millions in candidates]


def test_t_3_7_the_cut_is_as_close_as_possible_to_three_times_the_budget():
    volumes = {cut: volume_from(in_cents(T_3_7), cut) // MILLION for cut in (800, 850, 900, 950)}
    assert volumes == {800: 41, 850: 30, 900: 18, 950: 7}
    assert stage_1_cut(in_cents(T_3_7), 10 * MILLION, CUTS) == 850


def test_t_3_8_never_below_two_and_a_half_times():
    """24 would be closer to 30 than 41 is, and is below 25."""
    candidates = in_cents([(900, 12), (850, 12), (800, 17)])
    assert [volume_from(candidates, cut) // MILLION for cut in (800, 850)] == [41, 24]
    assert stage_1_cut(candidates, 10 * MILLION, CUTS) == 800


@pytest.mark.parametrize(
    ("candidates", "cut"),
    [
        ([(950, 10)], 800),  # too few ask for enough: all go through
        ([(900, 25)], 800),  # the same volume at several cuts: the lower one
        ([(900, 25), (800, 10)], 800),  # 25 and 35 are equally far from 30: admit more
        ([], 800),
    ],
)
def test_the_edges_of_the_cut(candidates, cut):
    assert stage_1_cut(in_cents(candidates), 10 * MILLION, CUTS) == cut


@calm
@given(rows, st.integers(1, 30))
def test_no_other_cut_with_enough_volume_is_closer(candidates, budget):
    cut = stage_1_cut(candidates, budget, CUTS)
    enough = [c for c in CUTS if volume_from(candidates, c) * 2 >= 5 * budget]
    assert cut in enough or (not enough and cut == 800)
    assert all(
        abs(volume_from(candidates, cut) - 3 * budget) <= abs(volume_from(candidates, c) - 3 * budget)
        for c in enough
    )


def test_the_cuts_of_a_first_stage_are_the_half_points_from_its_threshold():
    assert list(CUTS) == [800, 850, 900, 950, 1000]


def outline(key, excellence, impact, millions):
    return Candidate(key, {"excellence": excellence, "impact": impact}, millions * MILLION)


def test_equal_totals_of_a_first_stage_are_invited_together_and_nobody_breaks_the_tie():
    """T-3.7 as applications: from 8.5 on they ask for three times the budget."""
    splits = {950: (500, 450), 900: (500, 400), 850: (450, 400), 800: (400, 400)}
    outlines = [outline(f"A{n}", *splits[total], amount) for n, (total, amount) in enumerate(T_3_7)]
    order = ranked([*outlines, outline("LOW", 350, 500, 4)], FIRST_STAGE)
    assert not order.ties
    assert [row.rank for row in order.rows] == [1, 1, 3, 3, 5, 5, 5, 8, 8]
    assert {row.step for row in order.rows} == {"score"}
    lines = invited(order, 10 * MILLION, FIRST_STAGE)
    assert [line.line for line in lines] == ["second_stage"] * 7 + ["below_cut"] * 2
    assert lines[6].cumulative == 30 * MILLION
    assert [below.key for below in order.below] == ["LOW"]


def test_promotion_stops_at_the_first_that_does_not_fit():
    """T-5.1: two millions are left, P04 asks for four, and P07 further down would fit."""
    reserve = [("P04", 4 * MILLION), ("P05", 4 * MILLION), ("P09", 4 * MILLION), ("P07", 2 * MILLION)]
    assert promoted(reserve, 2 * MILLION) == []
    assert promoted(reserve, 4 * MILLION) == ["P04"]
    assert promoted(reserve, 9 * MILLION) == ["P04", "P05"]


@calm
@given(st.lists(st.integers(1, 9), max_size=12), st.integers(0, 40))
def test_the_promoted_are_the_longest_beginning_that_fits(amounts, free):
    reserve = [(str(number), amount) for number, amount in enumerate(amounts)]
    count = len(promoted(reserve, free))
    assert promoted(reserve, free) == [key for key, _ in reserve[:count]]
    assert sum(amounts[:count]) <= free
    assert count == len(amounts) or sum(amounts[: count + 1]) > free


def test_what_changes_sides_is_named():
    assert changes({"a": "main", "b": "reserve"}, {"a": "main", "b": "main", "c": "reserve"}) == ["b", "c"]
