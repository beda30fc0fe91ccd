"""The ranked list of the worked example, ties, the line of the budget, and what holds for any list."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.calls.scheme import library
from grants.panels.ranking import (
    Below,
    Bucket,
    Candidate,
    Compared,
    Line,
    cut,
    distribution,
    ranked,
)
from grants.reviews.scoring import Missed

calm = settings(deadline=None, database=None)
RIA, IA = library()["he-ria-2026"], library()["he-ia-2026"]
MILLION = 100_000_000


def shares(countries):
    """Countries with the same share each, or with the percentage written behind: 'DE:50 FR'."""
    codes = countries.split()
    return {
        code: Fraction(int(share), 100) if share else Fraction(1, len(codes))
        for code, _colon, share in (one.partition(":") for one in codes)
    }


def candidate(
    key, excellence, impact, implementation, millions=1, aspects="", women=None, countries="", panel=None
):
    return Candidate(
        key=key,
        scores={"excellence": excellence, "impact": impact, "implementation": implementation},
        amount=millions * MILLION,
        aspects=frozenset(aspects.split()),
        women_share=women,
        countries=shares(countries),
        panel_order=panel,
    )


EXAMPLE = (
    candidate("P01", 450, 450, 450, 6, "a", Fraction(40, 100), "DE FR IT"),
    candidate("P02", 500, 450, 500, 7, "a b", Fraction(35, 100), "ES PT FR"),
    candidate("P03", 400, 450, 450, 5, "c", Fraction(30, 100), "NL BE SE"),
    candidate("P04", 450, 400, 450, 4, "a", Fraction(50, 100), "DE AT NO"),
    candidate("P05", 450, 400, 450, 4, "b", Fraction(45, 100), "PL CZ RO"),
    candidate("P06", 500, 500, 250, 3, "a", Fraction(50, 100), "FR DE IT"),
    candidate("P07", 350, 300, 350, 3, "a", Fraction(50, 100), "FR DE IT"),
    candidate("P08", 300, 350, 300, 3, "a", Fraction(50, 100), "FR DE IT"),
    candidate("P09", 450, 400, 450, 4, "b", Fraction(45, 100), "PL DE FR"),
)


def steps(ranking):
    return [(row.key, row.rank, row.rank_score, row.step) for row in ranking.rows]


def order(ranking):
    return [row.key for row in ranking.rows]


def test_t_5_1_the_order_and_what_placed_each_one():
    ranking = ranked(EXAMPLE, RIA)
    assert steps(ranking) == [
        ("P02", 1, 1450, "score"),
        ("P01", 2, 1350, "score"),
        ("P03", 3, 1300, "coverage"),
        ("P04", 4, 1300, "gender"),
        ("P05", 5, 1300, "countries"),
        ("P09", 6, 1300, "countries"),
        ("P07", 7, 1000, "score"),
    ]
    assert ranking.ties == ()


def test_t_5_1_each_step_of_the_tie_is_told():
    """P03 by its new aspect, P04 by gender balance, P05 by three new countries against one (rulebook 5.3)."""
    traces = {row.key: row.trace for row in ranked(EXAMPLE, RIA).rows}
    assert traces == {
        "P02": (), "P01": (), "P09": (), "P07": (),
        "P03": (Compared("coverage", 1, {"P04": 0, "P05": 0, "P09": 0}),),
        "P04": (Compared("gender", 5000, {"P05": 4500, "P09": 4500}),),
        "P05": (Compared("countries", 3, {"P09": 1}),),
    }  # fmt: skip


def test_t_5_3_the_trace_names_the_scores_that_were_compared():
    plain = [replace(one, aspects=frozenset()) for one in EXAMPLE]
    first = next(row for row in ranked(plain, RIA).rows if row.key == "P04")
    assert first.trace[0] == Compared("excellence", 450, {"P03": 400})


def test_t_5_1_those_below_a_threshold_have_no_rank():
    assert ranked(EXAMPLE, RIA).below == (
        Below("P06", 1250, 3 * MILLION, (Missed("implementation", 250, 300),)),
        Below("P08", 950, 3 * MILLION, (Missed("overall", 950, 1000),)),
    )


def test_t_5_1_the_line_stops_at_the_first_that_does_not_fit():
    assert cut(ranked(EXAMPLE, RIA), 20 * MILLION) == (
        Line("P02", "main", 7 * MILLION, 7 * MILLION),
        Line("P01", "main", 6 * MILLION, 13 * MILLION),
        Line("P03", "main", 5 * MILLION, 18 * MILLION),
        Line("P04", "reserve", 4 * MILLION, 22 * MILLION),
        Line("P05", "reserve", 4 * MILLION, 26 * MILLION),
        Line("P09", "reserve", 4 * MILLION, 30 * MILLION),
        Line("P07", "reserve", 3 * MILLION, 33 * MILLION),
    )


def test_t_5_1_a_cheaper_one_further_down_is_not_pulled_up():
    cheaper = [replace(one, amount=2 * MILLION) if one.key == "P07" else one for one in EXAMPLE]
    assert [line.line for line in cut(ranked(cheaper, RIA), 20 * MILLION)][3:] == ["reserve"] * 4


@pytest.mark.parametrize(
    ("reserve", "lines"),
    [(0, ["no_budget"] * 4), (2, ["reserve", "reserve", "no_budget", "no_budget"]), (9, ["reserve"] * 4)],
)
def test_the_reserve_list_has_the_length_that_the_funder_chose(reserve, lines):
    assert [line.line for line in cut(ranked(EXAMPLE, RIA), 20 * MILLION, reserve)][3:] == lines


@pytest.mark.parametrize(("millions", "funded"), [(6, 0), (7, 1), (18, 3), (22, 4), (33, 7), (99, 7)])
def test_the_budget_is_spent_to_the_last_cent_but_not_beyond(millions, funded):
    lines = cut(ranked(EXAMPLE, RIA), millions * MILLION)
    assert [line.line for line in lines].count("main") == funded


def test_t_5_2_the_same_as_an_innovation_action():
    assert steps(ranked(EXAMPLE, IA)) == [
        ("P02", 1, 1675, "score"),
        ("P01", 2, 1575, "score"),
        ("P03", 3, 1525, "score"),
        ("P04", 4, 1500, "gender"),
        ("P05", 5, 1500, "countries"),
        ("P09", 6, 1500, "countries"),
        ("P07", 7, 1150, "score"),
    ]


def test_t_5_3_without_aspects_excellence_decides():
    ranking = ranked([replace(one, aspects=frozenset()) for one in EXAMPLE], RIA)
    assert steps(ranking)[2:6] == [
        ("P04", 3, 1300, "gender"),
        ("P05", 4, 1300, "countries"),
        ("P09", 5, 1300, "excellence"),
        ("P03", 6, 1300, "excellence"),
    ]


def test_an_innovation_action_looks_at_impact_before_excellence():
    # 5 + 1.5 x 3 + 4 and 4.5 + 1.5 x 4 + 3: both 13.5.
    excellent, impactful = candidate("A", 500, 300, 400), candidate("B", 450, 400, 300)
    assert steps(ranked([excellent, impactful], IA)) == [("B", 1, 1350, "impact"), ("A", 2, 1350, "impact")]


def test_impact_decides_where_excellence_is_equal():
    first, second = candidate("A", 400, 350, 450), candidate("B", 400, 450, 350)
    assert steps(ranked([first, second], RIA)) == [("B", 1, 1200, "impact"), ("A", 2, 1200, "impact")]


def test_coverage_is_judged_again_after_each_place():
    # Once A covers x, B brings nothing new, and C with a lower Excellence does.
    a = candidate("A", 500, 400, 400, aspects="x")
    b = candidate("B", 450, 400, 450, aspects="x")
    c = candidate("C", 400, 450, 450, aspects="y")
    assert steps(ranked([b, c, a], RIA)) == [
        ("A", 1, 1300, "excellence"), ("C", 2, 1300, "coverage"), ("B", 3, 1300, "coverage"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Fraction(1, 2), Fraction(3, 5)),
        (Fraction(2, 5), Fraction(2, 3)),
        (Fraction(1, 3), None),
        (Fraction(1, 1000), Fraction(1)),
    ],
)
def test_the_nearer_to_balance_comes_first(first, second):
    candidates = [candidate("B", 400, 400, 400, women=second), candidate("C", 400, 400, 400, women=first)]
    assert [row[::3] for row in steps(ranked(candidates, RIA))] == [("C", "gender"), ("B", "gender")]


def test_a_tie_that_the_rules_leave_open_shares_a_rank_and_blocks():
    tied = [candidate("B", 400, 400, 400), candidate("A", 400, 400, 400), candidate("C", 400, 400, 350)]
    ranking = ranked(tied, RIA)
    assert steps(ranking) == [("A", 1, 1200, "tie"), ("B", 1, 1200, "tie"), ("C", 3, 1150, "score")]
    assert ranking.ties == (("A", "B"),)
    with pytest.raises(ValueError, match="The panel has to put them in order first"):
        cut(ranking, MILLION)


@pytest.mark.parametrize(
    ("orders", "expected", "ties"),
    [
        ((2, 1), [("B", 1, 1200, "panel"), ("A", 2, 1200, "panel")], ()),
        ((1, 1), [("A", 1, 1200, "tie"), ("B", 1, 1200, "tie")], (("A", "B"),)),
        ((1, None), [("A", 1, 1200, "tie"), ("B", 1, 1200, "tie")], (("A", "B"),)),
    ],
)
def test_the_panel_resolves_a_tie_by_placing_all_that_are_in_it(orders, expected, ties):
    tied = [candidate(key, 400, 400, 400, panel=order) for key, order in zip("AB", orders, strict=True)]
    ranking = ranked(tied, RIA)
    assert steps(ranking) == expected
    assert ranking.ties == ties


def test_the_panel_cannot_overrule_an_earlier_step():
    tied = [
        candidate("A", 400, 400, 400, women=Fraction(1, 2), panel=2),
        candidate("B", 400, 400, 400, panel=1),
    ]
    assert order(ranked(tied, RIA)) == ["A", "B"]


def test_two_ties_are_two_ties():
    four = [candidate(key, score, 400, 400) for key, score in zip("ABCD", (400, 400, 350, 350), strict=True)]
    assert ranked(four, RIA).ties == (("A", "B"), ("C", "D"))


def test_an_empty_call_has_an_empty_list():
    assert steps(ranked([], RIA)) == []
    assert cut(ranked([], RIA), MILLION) == ()


@pytest.mark.parametrize(
    ("candidates", "reason"),
    [
        ([Candidate("A", {"excellence": 400}, 1)], "MISSING"),
        ([candidate("A", 370, 400, 400)], "OFF_GRID"),
        ([candidate("A", 400, 400, 400), candidate("A", 300, 400, 400)], "two candidates have the same key"),
    ],
)
def test_what_cannot_be_ranked_is_refused(candidates, reason):
    with pytest.raises(ValueError, match=reason):
        ranked(candidates, RIA)


def test_t_5_4_the_published_groups_add_up():
    totals = [1500, 1400] + [1450] * 9 + [1350] * 13 + [1300] + [1250] * 53 + [1000]
    buckets = distribution(totals, RIA)
    assert buckets == (Bucket(1400, 1500, 11), Bucket(1300, 1400, 14), Bucket(1000, 1300, 54))
    assert sum(bucket.count for bucket in buckets) == 79


@pytest.mark.parametrize("total", [950, 1550])
def test_a_total_outside_the_groups_is_refused(total):
    with pytest.raises(ValueError, match="outside the groups"):
        distribution([1200, total], RIA)


def test_among_as_many_new_countries_the_share_of_the_budget_that_goes_there_decides():
    first = candidate("P1", 450, 450, 450, countries="DE FR")
    little = candidate("P2", 450, 400, 400, countries="DE:90 IT:10", women=Fraction(1, 2))
    much = candidate("P3", 450, 400, 400, countries="DE:30 NO:70", women=Fraction(1, 2))
    rows = ranked([first, little, much], RIA).rows
    assert [(row.key, row.rank, row.step) for row in rows] == [
        ("P1", 1, "score"), ("P3", 2, "country_share"), ("P2", 3, "country_share"),
    ]  # fmt: skip
    assert rows[1].trace == (Compared("country_share", 7000, {"P2": 1000}),)


def test_a_country_in_which_nobody_above_gets_money_is_not_reached():
    first = candidate("P1", 450, 450, 450, countries="DE:100 IT:0")
    one = candidate("P2", 450, 400, 400, countries="DE:50 IT:50", women=Fraction(1, 2))
    other = candidate("P3", 450, 400, 400, countries="DE:100", women=Fraction(1, 2))
    rows = ranked([first, other, one], RIA).rows
    assert [row.key for row in rows] == ["P1", "P2", "P3"]
    assert rows[1].trace == (Compared("countries", 1, {"P3": 0}),)


points = st.sampled_from([300, 350, 400, 450, 250])
lists = st.lists(
    st.builds(
        Candidate,
        key=st.text("ABCDEFGH", min_size=1, max_size=3),
        scores=st.fixed_dictionaries({"excellence": points, "impact": points, "implementation": points}),
        amount=st.integers(0, 9),
        aspects=st.frozensets(st.sampled_from("xyz")),
        women_share=st.sampled_from([None, Fraction(1, 2), Fraction(1, 3)]),
        countries=st.dictionaries(
            st.sampled_from(["DE", "FR", "IT", "NO"]), st.fractions(0, Fraction(1, 4), max_denominator=8)
        ),
        panel_order=st.none() | st.integers(1, 3),
    ),
    max_size=8,
    unique_by=lambda one: one.key,
)
schemes = st.sampled_from([RIA, IA])


@calm
@given(lists, schemes, st.randoms(use_true_random=False))
def test_the_order_of_entry_plays_no_part(candidates, scheme, random):
    shuffled = list(candidates)
    random.shuffle(shuffled)
    assert ranked(shuffled, scheme) == ranked(candidates, scheme)


@calm
@given(lists.filter(bool), schemes, st.data())
def test_a_higher_score_never_lowers_a_rank(candidates, scheme, data):
    one = data.draw(st.sampled_from(candidates))
    criterion = data.draw(st.sampled_from(sorted(one.scores)))
    better = replace(one, scores={**one.scores, criterion: one.scores[criterion] + 50})
    before = {row.key: row.rank for row in ranked(candidates, scheme).rows}
    after = {
        row.key: row.rank for row in ranked([better if c is one else c for c in candidates], scheme).rows
    }
    if one.key in before:
        assert after[one.key] <= before[one.key]


@calm
@given(lists, schemes)
def test_everybody_is_either_ranked_or_below_a_threshold(candidates, scheme):
    ranking = ranked(candidates, scheme)
    low = {c.key for c in candidates if min(c.scores.values()) < 300 or sum(c.scores.values()) < 1000}
    assert {one.key for one in ranking.below} == low
    assert sorted(order(ranking)) == sorted({c.key for c in candidates} - low)


@calm
@given(lists, schemes)
def test_ranks_follow_the_score_and_only_ties_share_one(candidates, scheme):
    ranking = ranked(candidates, scheme)
    scores = [row.rank_score for row in ranking.rows]
    assert scores == sorted(scores, reverse=True)
    shared = [row.rank != position for position, row in enumerate(ranking.rows, start=1)]
    assert sum(shared) == sum(len(tie) - 1 for tie in ranking.ties)


@calm
@given(lists, schemes, st.integers(0, 40), st.none() | st.integers(0, 4))
def test_what_is_funded_never_exceeds_the_budget(candidates, scheme, budget, reserve):
    apart = [replace(one, panel_order=place) for place, one in enumerate(candidates)]
    lines = cut(ranked(apart, scheme), budget, reserve)
    funded = [line for line in lines if line.line == "main"]
    assert sum(line.amount for line in funded) <= budget
    assert lines[: len(funded)] == tuple(funded)
    assert all(line.cumulative > budget for line in lines[len(funded) :][:1])


def school(key, quality, feasibility, relevance):
    scores = {"quality": quality, "feasibility": feasibility, "relevance": relevance}
    return Candidate(key=key, scores=scores, amount=MILLION)


def test_where_the_lowest_is_the_best_it_comes_first():
    scheme = library()["national-low-best-2026"]
    found = ranked([school("A", 300, 200, 200), school("B", 100, 200, 100), school("C", 200, 200, 300),
                    school("D", 400, 100, 100)], scheme)  # fmt: skip
    assert [(row.key, row.rank, row.step) for row in found.rows] == [
        ("B", 1, "score"), ("C", 2, "quality"), ("A", 3, "quality"),
    ]  # fmt: skip
    assert [row.key for row in found.below] == ["D"]
    assert distribution([400, 700, 700, 600, 800], scheme) == (
        Bucket(300, 400, 1), Bucket(400, 600, 1), Bucket(600, 800, 3),
    )  # fmt: skip


def test_t_3_12_fellowships_that_tie_in_per_cent_are_ordered_by_excellence():
    found = ranked(
        [candidate("first", 340, 360, 360), candidate("second", 350, 350, 350)], library()["msca-pf-2026"]
    )
    assert [(row.key, row.rank_score, row.step) for row in found.rows] == [
        ("second", 7000, "excellence"), ("first", 7000, "excellence"),
    ]  # fmt: skip


# --- Areas funded first ----------------------------------------------------------------------------------------------

LIST = (
    candidate("A1", 500, 500, 500, 6), candidate("A2", 500, 500, 450, 6), candidate("A3", 500, 450, 450, 6),
    candidate("B1", 450, 450, 450, 5), candidate("A4", 450, 450, 400, 2), candidate("C1", 450, 400, 400, 4),
)  # fmt: skip
AREAS = {
    "A1": ["Health"],
    "A2": ["Health"],
    "A3": ["Health", "Energy"],
    "A4": ["Health"],
    "B1": ["Energy"],
    "C1": ["Space"],
}


@pytest.mark.parametrize(
    ("quotas", "main", "areas"),
    [
        ({}, "A1 A2 A3", {}),
        ({"Energy": 1}, "A1 A2 A3", {"A3": "Energy"}),
        ({"Energy": 2}, "A1 A3 B1", {"A3": "Energy", "B1": "Energy"}),
        ({"Space": 1, "Energy": 1}, "A1 A3 C1", {"A3": "Energy", "C1": "Space"}),
        ({"Health": 1, "Energy": 1}, "A1 A2 A3", {"A1": "Health", "A3": "Energy"}),
        ({"Space": 5}, "A1 A2 C1", {"C1": "Space"}),
        ({"Nothing": 3}, "A1 A2 A3", {}),
    ],
)
def test_the_first_of_an_area_come_before_others(quotas, main, areas):
    """Eighteen million: without quotas the first three; with them the first of an area displace the last."""
    lines = cut(ranked(LIST, RIA), 18 * MILLION, quotas=quotas, areas=AREAS)
    assert [line.key for line in lines] == [one.key for one in LIST], "the order of the list stays"
    assert [line.key for line in lines if line.line == "main"] == main.split()
    assert {line.key: line.area for line in lines if line.area} == areas


@calm
@given(
    amounts=st.lists(st.integers(1, 9), min_size=1, max_size=12),
    named=st.lists(st.sets(st.sampled_from("XYZ")), min_size=12, max_size=12),
    quotas=st.dictionaries(st.sampled_from("XYZ"), st.integers(1, 4)),
    budget=st.integers(0, 40),
)
def test_quotas_never_overspend_nor_skip(amounts, named, quotas, budget):
    candidates = [
        replace(candidate(f"P{n:02}", 500, 500, 500, amount, panel=n), panel_order=n)
        for n, amount in enumerate(amounts, 1)
    ]
    areas = {one.key: named[n] for n, one in enumerate(candidates)}
    lines = cut(ranked(candidates, RIA), budget * MILLION, quotas=quotas, areas=areas)
    given_in_turn = sorted(lines, key=lambda line: line.cumulative)
    main = [line for line in given_in_turn if line.line == "main"]
    assert sum(line.amount for line in main) <= budget * MILLION
    assert given_in_turn[: len(main)] == main, "money stops at the first that does not fit"
    if len(main) < len(lines):
        assert given_in_turn[len(main)].cumulative > budget * MILLION
    for area, number in quotas.items():
        assert sum(line.area == area for line in lines) <= number
    assert all(line.area in areas[line.key] for line in lines if line.area)
