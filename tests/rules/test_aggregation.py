"""How other funders make one figure of several scores."""

from collections import Counter
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.reviews.aggregation import invited, median, vote, without_outlier

calm = settings(deadline=None, database=None)
MIDDLE = 350


@pytest.mark.parametrize(
    ("votes", "score"),
    [
        pytest.param([2, 3, 2, 3, 2], 24, id="T-3.13"),
        pytest.param([1] * 20, 10, id="T-3.14"),
        pytest.param([2, 2, 3, 3, 3, 4], 28, id="T-3.15"),
        pytest.param([2, 2, 2, 3], 23, id="half goes up"),
    ],
)
def test_votes_of_a_panel(votes, score):
    assert vote(votes) == score


@pytest.mark.parametrize(
    ("scores", "mean"),
    [
        pytest.param([450, 425, 200], Fraction(875, 2), id="T-3.16"),
        pytest.param([440, 420, 430], Fraction(430), id="T-3.17"),
        pytest.param([300, 325, 475], Fraction(625, 2), id="T-3.18"),
        pytest.param([450, 200], Fraction(325), id="of two nobody is the outlier"),
        pytest.param([450, 425, 200, 300], Fraction(1375, 4), id="two against two"),
    ],
)
def test_an_expert_on_the_other_side_of_the_middle_is_left_out(scores, mean):
    assert without_outlier(scores, MIDDLE) == mean


def test_t_3_19_the_median_of_four_lies_between_the_grid():
    assert median([420, 450, 390, 480]) == 435
    assert median([300, 500, 400]) == 400
    with pytest.raises(ValueError, match="no scores"):
        median([])


def test_t_3_20_sixty_grades_a_and_forty_four_places():
    order = [f"P{n:02}" for n in range(70)]
    grades = {key: "A" if n < 60 else "B" for n, key in enumerate(order)}
    told = invited(order, grades, 44)
    assert Counter(told.values()) == {"A-invited": 44, "A-not invited": 16, "B": 10}
    assert (told["P43"], told["P44"], told["P60"]) == ("A-invited", "A-not invited", "B")


@calm
@given(st.lists(st.integers(100, 600), min_size=1, max_size=7))
def test_no_figure_leaves_what_was_given(scores):
    assert min(scores) <= median(scores) <= max(scores)
    assert min(scores) <= without_outlier(scores, MIDDLE) <= max(scores)
