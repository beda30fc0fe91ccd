"""Totals, thresholds and weights on consensus scores, and the spread of individual ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.calls.scheme import library
from grants.reviews.scoring import (
    Missed,
    Spread,
    outcome,
    problems,
    rank_score,
    spread,
    total,
)

calm = settings(deadline=None, database=None)
RIA, IA = library()["he-ria-2026"], library()["he-ia-2026"]
scores = st.fixed_dictionaries({criterion.id: st.sampled_from(RIA.grid()) for criterion in RIA.criteria})


def marks(excellence, impact, implementation):
    return {"excellence": excellence, "impact": impact, "implementation": implementation}


@pytest.mark.parametrize(
    ("given", "points", "passed", "ria", "ia"),
    [
        pytest.param(marks(400, 350, 300), 1050, True, 1050, 1225, id="T-3.1"),
        pytest.param(marks(300, 300, 400), 1000, True, 1000, 1150, id="T-3.2"),
        pytest.param(marks(500, 500, 250), 1250, False, None, None, id="T-3.3"),
        pytest.param(marks(300, 300, 350), 950, False, None, None, id="T-3.4"),
        pytest.param(marks(450, 400, 400), 1250, True, 1250, 1450, id="T-3.5 first"),
        pytest.param(marks(400, 450, 400), 1250, True, 1250, 1475, id="T-3.5 second"),
    ],
)
def test_totals_thresholds_and_scores_for_ranking(given, points, passed, ria, ia):
    for scheme, rank in ((RIA, ria), (IA, ia)):
        result = outcome(given, scheme)
        assert (result.total, result.passed, result.rank_score) == (points, passed, rank)


MSCA, NATIONAL = library()["msca-pf-2026"], library()["national-low-best-2026"]


@pytest.mark.parametrize(
    ("given", "points", "passed"),
    [
        pytest.param(marks(460, 440, 480), 9160, True, id="T-3.9"),
        pytest.param(marks(350, 350, 350), 7000, True, id="T-3.10"),
        pytest.param(marks(500, 200, 200), 7000, True, id="T-3.11"),
        pytest.param(marks(340, 360, 360), 7000, True, id="T-3.12"),
        pytest.param(marks(340, 360, 350), 6960, False, id="below 70 %"),
    ],
)
def test_a_fellowship_is_scored_in_per_cent_without_thresholds_on_criteria(given, points, passed):
    result = outcome(given, MSCA)
    assert (result.total, result.passed) == (points, passed)
    assert result.rank_score == (points if passed else None)


def test_t_3_6_tenths_are_on_the_grid_of_a_fellowship():
    assert problems(marks(370, 370, 370), MSCA) == ()
    assert problems(marks(370, 400, 400), RIA) == (("excellence", "OFF_GRID"),)


def test_where_the_lowest_is_the_best_a_high_score_misses():
    low = {"quality": 200, "feasibility": 300, "relevance": 300}
    assert outcome(low, NATIONAL).passed
    missed = outcome(low | {"quality": 400}, NATIONAL).missed
    assert missed == (Missed("quality", 400, 300), Missed("overall", 1000, 800))


def test_a_weighted_mean_counts_the_project_for_half():
    assert total({"project": 900, "feasibility": 500, "applicants": 700}, library()["nine-point-2026"]) == 750


@calm
@given(st.sampled_from(list(library().values())), st.data())
def test_a_better_score_never_makes_a_total_worse(scheme, data):
    scores = {c.id: data.draw(st.sampled_from(scheme.grid())) for c in scheme.criteria}
    better = scores | {
        id: min((s for s in scheme.grid() if s * scheme.sign > score * scheme.sign), default=score,
                key=lambda s: s * scheme.sign)
        for id, score in scores.items()
    }  # fmt: skip
    assert total(better, scheme) * scheme.sign >= total(scores, scheme) * scheme.sign
    assert outcome(better, scheme).passed or not outcome(scores, scheme).passed
    assert scheme.minimum <= total(scores, scheme) <= scheme.maximum


@pytest.mark.parametrize(
    ("given", "missed"),
    [
        pytest.param(marks(500, 500, 250), (Missed("implementation", 250, 300),), id="T-3.3"),
        pytest.param(marks(300, 300, 350), (Missed("overall", 950, 1000),), id="T-3.4"),
        pytest.param(
            marks(250, 300, 300), (Missed("excellence", 250, 300), Missed("overall", 850, 1000)), id="both"
        ),
        pytest.param(marks(300, 300, 400), (), id="T-3.2"),
    ],
)
def test_an_outcome_names_each_threshold_that_was_missed(given, missed):
    assert outcome(given, RIA).missed == missed
    assert outcome(given, IA).missed == missed


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        pytest.param(marks(370, 400, 400), (("excellence", "OFF_GRID"),), id="T-3.6"),
        pytest.param(
            marks(400, 550, -50), (("impact", "OFF_GRID"), ("implementation", "OFF_GRID")), id="off the scale"
        ),
        pytest.param(
            {"excellence": 400}, (("impact", "MISSING"), ("implementation", "MISSING")), id="missing"
        ),
        pytest.param(marks(400, 400, 400) | {"style": 400}, (("style", "UNKNOWN"),), id="unknown"),
        pytest.param(marks(0, 500, 250), (), id="on the grid"),
    ],
)
def test_what_is_wrong_with_scores(given, codes):
    assert problems(given, RIA) == codes


def test_totals_are_known_before_the_thresholds_are_asked():
    assert (total(marks(500, 500, 250), RIA), rank_score(marks(500, 500, 250), IA)) == (1250, 1500)


def test_a_missing_score_leaves_no_total_and_no_outcome():
    assert total({"excellence": 400}, RIA) is None
    assert rank_score({"excellence": 400}, RIA) is None
    with pytest.raises(ValueError, match="MISSING"):
        outcome({"excellence": 400}, RIA)


def test_scores_far_apart_are_flagged():
    reports = [marks(400, 300, 200), marks(300, 450, 300), {"excellence": 350, "impact": 300}]
    assert spread(reports) == {
        "excellence": Spread(300, 400, False),
        "impact": Spread(300, 450, True),
        "implementation": Spread(200, 300, False),
    }
    assert spread([]) == {}


@calm
@given(scores)
def test_weights_never_change_who_passes(given):
    assert outcome(given, RIA).passed == outcome(given, IA).passed
    assert outcome(given, RIA).missed == outcome(given, IA).missed


@calm
@given(scores)
def test_order_of_the_scores_plays_no_part(given):
    assert outcome(dict(reversed(given.items())), IA) == outcome(given, IA)
