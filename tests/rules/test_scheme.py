"""Scoring schemes: what the library holds, and what makes a scheme unusable."""

import json

import pytest

from grants.calls.scheme import Criterion, Scheme, SchemeError, library

RIA = library()["he-ria-2026"]


def test_the_library_holds_the_schemes_of_the_rulebook():
    assert list(library()) == [
        "eic-like-2026", "erc-like-2026", "he-csa-2026", "he-csa-ls-2026", "he-first-stage-2026", "he-ia-2026",
        "he-ia-ls-2026", "he-ria-2026", "he-ria-ls-2026", "msca-pf-2026", "national-low-best-2026", "nine-point-2026",
    ]  # fmt: skip


def test_a_lump_sum_is_scored_as_the_same_action_with_one_more_aspect():
    plain, lump = library()["he-ia-2026"], library()["he-ia-ls-2026"]
    assert (lump.tie_break, lump.overall_threshold, lump.rank_maximum) == (plain.tie_break, 1000, 1750)
    assert [len(c.aspects) for c in lump.criteria] == [
        len(c.aspects) + (c.id == "implementation") for c in plain.criteria
    ]
    assert (plain.funding, lump.funding) == ("actual", "lump_sum")


def test_a_scheme_that_an_earlier_version_stored_is_read_as_it_was_meant():
    data = RIA.to_dict()
    for name in ("direction", "formula", "funding", "aggregation", "action", "note", "source"):
        del data[name]
    old = Scheme.from_dict(data | {"criteria": [
        {key: value for key, value in row.items() if key != "weight"} for row in data["criteria"]
    ]})  # fmt: skip
    assert (old.sign, old.shares, old.maximum) == (1, RIA.shares, 1500)


def test_where_the_lowest_score_is_the_best_a_threshold_is_a_limit():
    low = library()["national-low-best-2026"]
    assert (low.minimum, low.maximum, low.worst, low.sign) == (300, 1500, 500, -1)
    assert [low.reaches(score, 300) for score in (200, 300, 400)] == [True, True, False]
    data = low.to_dict() | {"buckets": [800, 900]}
    with pytest.raises(SchemeError, match="buckets"):
        Scheme.from_dict(data)


@pytest.mark.parametrize("scheme", library().values(), ids=str)
def test_any_threshold_between_the_lowest_and_the_highest_total_may_be_tried(scheme):
    for overall in range(scheme.minimum, scheme.maximum + 1, scheme.step):
        tried = scheme.with_threshold(overall)
        assert tried.overall_threshold == tried.buckets[0] == overall
        assert all(bound in scheme.buckets for bound in tried.buckets[1:])
    for beyond in (scheme.minimum - 1, scheme.maximum + 1):
        with pytest.raises(SchemeError):
            scheme.with_threshold(beyond)


@pytest.mark.parametrize(
    ("id", "step"),
    [("he-ria-2026", 50), ("national-low-best-2026", 100), ("msca-pf-2026", 40), ("nine-point-2026", 25)],
)
def test_a_total_moves_by_the_weight_of_a_step(id, step):
    assert library()[id].total_step == step


def test_the_scale_has_eleven_half_points():
    assert RIA.grid() == (0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500)
    assert [(label.score, label.name) for label in RIA.labels][-3:] == [
        (300, "Good"),
        (400, "Very good"),
        (500, "Excellent"),
    ]


@pytest.mark.parametrize(
    ("id", "maximum", "rank_maximum"),
    [("he-ria-2026", 1500, 1500), ("he-ia-2026", 1500, 1750), ("he-csa-2026", 1500, 1500)],
)
def test_impact_weighs_more_in_an_innovation_action_and_only_for_ranking(id, maximum, rank_maximum):
    scheme = library()[id]
    assert (scheme.maximum, scheme.rank_maximum) == (maximum, rank_maximum)
    assert [criterion.threshold for criterion in scheme.criteria] == [300, 300, 300]
    assert scheme.overall_threshold == 1000


def test_ties_look_at_impact_first_in_an_innovation_action():
    assert RIA.tie_break == ("coverage", "excellence", "impact", "gender", "countries", "panel")
    assert library()["he-ia-2026"].tie_break == (
        "coverage",
        "impact",
        "excellence",
        "gender",
        "countries",
        "panel",
    )


@pytest.mark.parametrize("scheme", library().values(), ids=library().keys())
def test_a_scheme_survives_being_stored(scheme):
    assert Scheme.from_dict(json.loads(json.dumps(scheme.to_dict()))) == scheme


def changed(path, value):
    """The research scheme as data, with one field changed; None takes it away."""
    data = json.loads(json.dumps(RIA.to_dict()))
    *parents, last = path
    holder = data
    for parent in parents:
        holder = holder[parent]
    if value is None:
        del holder[last]
    else:
        holder[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["step"], 100),
        (["criteria", 0, "threshold"], 0),
        (["criteria", 0, "threshold"], 500),
        (["criteria", 0, "rank_weight"], 2),
        (["buckets"], [1000, 1500]),
        (
            ["tie_break"],
            ["excellence", "impact", "implementation", "coverage", "gender", "countries", "panel"],
        ),
        (["tie_break"], []),
        (["labels"], []),
    ],
)
def test_a_scheme_may_go_to_its_limits(path, value):
    data = changed(path, value)
    if path == ["step"]:
        data["labels"] = []
    assert Scheme.from_dict(data).to_dict() == data


@pytest.mark.parametrize("threshold", [0, 1500])
def test_the_overall_threshold_lies_between_nothing_and_everything(threshold):
    data = changed(["overall_threshold"], threshold) | {"buckets": [threshold]}
    assert Scheme.from_dict(data).overall_threshold == threshold


def test_a_scale_may_begin_above_nought_and_go_in_the_smallest_steps():
    data = changed(["step"], 1) | {"scale_min": 100, "scale_max": 104, "labels": [], "buckets": [300]}
    data |= {"overall_threshold": 300}
    data["criteria"] = [criterion | {"threshold": 100} for criterion in data["criteria"]]
    assert Scheme.from_dict(data).grid() == (100, 101, 102, 103, 104)


def test_a_scale_is_measured_from_its_lowest_score():
    data = changed(["step"], 100) | {"scale_min": 50, "scale_max": 450, "labels": [], "buckets": [1000]}
    assert Scheme.from_dict(data).grid() == (50, 150, 250, 350, 450)


def test_a_criterion_weighs_one_for_ranking_unless_told_otherwise():
    assert Criterion("excellence", "Excellence", 300).rank_weight == 100


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["step"], 0, "step"),
        (["step"], 30, "step"),
        (["step"], 0.5, "step"),
        (["scale_max"], 0, "scale_max"),
        (["criteria"], [], "criteria"),
        (["criteria", 1, "id"], "excellence", "criteria"),
        (["criteria", 1, "id"], "panel", "criteria[1].id"),
        (["criteria", 1, "id"], "overall", "criteria[1].id"),
        (["criteria", 0, "threshold"], 550, "criteria[0].threshold"),
        (["criteria", 0, "threshold"], 3.5, "criteria[0].threshold"),
        (["criteria", 2, "rank_weight"], 0, "criteria[2].rank_weight"),
        (["criteria", 2, "rank_weight"], 1.5, "criteria[2].rank_weight"),
        (["criteria", 2, "rank_weight"], 133, "criteria[2].rank_weight"),
        (["criteria", 2, "heft"], 2, "scheme"),
        (["overall_threshold"], 1550, "overall_threshold"),
        (["overall_threshold"], -50, "overall_threshold"),
        (["overall_threshold"], None, "overall_threshold"),
        (["criteria"], None, "criteria"),
        (["labels", 0, "score"], 25, "labels"),
        (["tie_break"], ["coverage", "novelty"], "tie_break"),
        (["tie_break"], ["coverage", "coverage"], "tie_break"),
        (["buckets"], [1000, 1400, 1300], "buckets"),
        (["buckets"], [1100, 1300], "buckets"),
        (["buckets"], [1000, 1600], "buckets"),
        (["surprise"], 1, "scheme"),
        (["direction"], "sideways", "direction"),
        (["formula"], "product", "formula"),
        (["criteria", 1, "weight"], 0, "criteria[1].weight"),
    ],
)
def test_an_unusable_scheme_names_the_field(path, value, field):
    with pytest.raises(SchemeError) as refusal:
        Scheme.from_dict(changed(path, value))
    assert refusal.value.field == field
