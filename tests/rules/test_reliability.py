"""Agreement of evaluators against textbook examples, real scores and figures worked out by hand."""

import csv
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.cli import main
from grants.reviews.reliability import Score, agreement

calm = settings(deadline=None, database=None)


def rated(rows):
    """Scores from rows of items by columns of reviewers; None is a gap."""
    return [
        Score(f"i{item}", f"r{reviewer}", value)
        for item, row in enumerate(rows)
        for reviewer, value in enumerate(row)
        if value is not None
    ]


def test_icc_of_the_example_of_shrout_and_fleiss():
    judged = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
    found = agreement(rated(judged))
    assert (round(found.icc1, 2), round(found.icck, 2)) == (0.17, 0.44)


def test_alpha_of_krippendorffs_example_with_gaps():
    _ = None
    coders = [
        (1, 2, 3, 3, 2, 1, 4, 1, 2, _, _, _), (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, _, 3),
        (_, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, _), (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, _),
    ]  # fmt: skip
    found = agreement(rated(zip(*coders, strict=True)))
    assert (round(found.alpha_interval, 3), round(found.alpha_ordinal, 3)) == (0.849, 0.815)
    assert (found.items, found.scores) == (12, 41)


def test_icc_with_unequal_numbers_of_scores_worked_out_by_hand():
    # Means 2, 5, 3; grand mean 20/6; squares: inside 2 + 2, among 2(4/3)^2 + 2(5/3)^2 + 2(1/3)^2 as each has two...
    even = agreement(rated([(1, 3), (4, 6), (3, 3)]))
    among, inside = 2 * (16 + 25 + 1) / 9 / 2, 4 / 3
    assert even.icc1 == pytest.approx((among - inside) / (among + inside))
    # ... and with a third score of the first item: k = (7 - (9 + 4 + 4) / 7) / 2.
    odd = agreement(rated([(1, 3, 2), (4, 6), (3, 3)]))
    grand, k = 22 / 7, (7 - 17 / 7) / 2
    among = (3 * (2 - grand) ** 2 + 2 * (5 - grand) ** 2 + 2 * (3 - grand) ** 2) / 2
    assert odd.icc1 == pytest.approx((among - 1) / (among + (k - 1) * 1))
    assert odd.icck == pytest.approx((among - 1) / among)


def test_severity_is_the_distance_to_the_others_on_the_same_items():
    found = agreement(rated([(3, 4, 5), (2, None, 3), (None, 4, None)]))
    rows = {row.reviewer: row for row in found.reviewers}
    assert [row.reviewer for row in found.reviewers] == ["r0", "r1", "r2"]
    assert (rows["r0"].items, rows["r0"].difference) == (2, (3 - 4.5 + 2 - 3) / 2)
    assert (rows["r1"].items, rows["r1"].difference) == (1, 0)
    # Within items: squares 2 + 0.5 over 6 - 3 scores, of which the differences vary by (1 + 1/2) and (1 + 1).
    half = 3.1824463 * math.sqrt(2.5 / 3 * 3.5) / 2
    assert rows["r0"].upper - rows["r0"].difference == pytest.approx(half)
    assert rows["r0"].difference - rows["r0"].lower == pytest.approx(half)


def test_the_interval_of_a_severity_holds_the_truth_as_often_as_it_says():
    chance = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        scores = chance.normal(chance.normal(3, 1, 12)[:, None], 0.5, (12, 3))
        row = next(row for row in agreement(rated(scores.tolist())).reviewers if row.reviewer == "r1")
        held += row.lower <= 0 <= row.upper
    assert 0.92 <= held / 400 <= 0.98


def test_a_score_far_from_the_others_is_pointed_out():
    found = agreement(rated([(3, 3, 3), (4, 4.5, 4), (2, 2, 5), (1, 1.5, 1), (3.5, 3, 3)]))
    assert [(item.item, item.far) for item in found.by_item if item.far] == [("i2", ("r2",))]
    assert (found.by_item[2].lowest, found.by_item[2].highest, found.by_item[2].mean) == (2, 5, 3)


@pytest.mark.parametrize(
    ("rows", "figures"),
    [
        pytest.param([(3, 3), (3, 3)], (None, None, None, None, 0), id="everything equal"),
        pytest.param([(1, 1), (5, 5)], (1, 1, 1, 1, 0), id="full agreement"),
        pytest.param([(1, 2, 3)], (None, None, 0, 0, 1), id="one item"),
        pytest.param([(1,), (2,)], (None, None, None, None, None), id="no two scores of one item"),
        pytest.param([(1, 2), (2, 1)], (-1, None, -0.5, -0.5, math.sqrt(0.5)), id="items alike"),
    ],
)
def test_what_the_scores_do_not_determine_is_left_open(rows, figures):
    found = agreement(rated(rows))
    given = (found.icc1, found.icck, found.alpha_interval, found.alpha_ordinal, found.spread)
    assert given == tuple(None if figure is None else pytest.approx(figure, abs=1e-12) for figure in figures)


def test_a_second_score_by_the_same_reviewer_is_refused():
    with pytest.raises(ValueError, match="twice"):
        agreement([Score("a", "r", 3), Score("a", "r", 4)])


def plain_alpha(rows):
    """Krippendorff's alpha for interval data by its definition, pair by pair."""
    units = [[value for value in row if value is not None] for row in rows]
    units = [unit for unit in units if len(unit) > 1]
    values = [value for unit in units for value in unit]
    observed = sum(
        (a - b) ** 2 / (len(unit) - 1) for unit in units for a in unit for b in unit
    ) / len(values)  # fmt: skip
    expected = sum((a - b) ** 2 for a in values for b in values) / len(values) / (len(values) - 1)
    return 1 - observed / expected if expected else None


@calm
@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 10).map(lambda n: n / 2)), min_size=4, max_size=4),
        min_size=2, max_size=8,
    ).filter(lambda rows: any(sum(value is not None for value in row) > 1 for row in rows))
)  # fmt: skip
def test_whatever_the_gaps(rows):
    found = agreement(rated(rows))
    alpha = plain_alpha(rows)
    assert found.alpha_interval == (None if alpha is None else pytest.approx(alpha, abs=1e-9))
    higher = agreement(rated([[None if value is None else value + 7 for value in row] for row in rows]))
    assert higher.icc1 == (None if found.icc1 is None else pytest.approx(found.icc1, abs=1e-6))
    assert {row.reviewer: pytest.approx(row.difference, abs=1e-9) for row in found.reviewers} == {
        row.reviewer: row.difference for row in higher.reviewers
    }


# --- The command line ------------------------------------------------------------------------------------------------


def reliability(*words):
    return CliRunner().invoke(main, ["reliability", *map(str, words)], catch_exceptions=False)


def test_real_scores_give_the_reference_values_to_three_digits(shared, tmp_path):
    out = tmp_path / "figures.json"
    result = reliability(shared / "scores/aibs_scores.csv", "--json", out)
    assert result.exit_code == 0
    found = json.loads(out.read_text())
    wanted = json.loads((shared / "scores/reference_values.json").read_text())
    assert {f"aibs/{criterion}" for criterion in found} == set(wanted)
    for criterion, figures in found.items():
        values = wanted[f"aibs/{criterion}"]
        assert (figures["items"], figures["scores"]) == (values["n_items"], values["n_scores"])
        for name, value in (
            ("icc1", values["icc1"]), ("icck", values["icc1_k"]),
            ("alpha_interval", values["alpha"]["interval"]), ("alpha_ordinal", values["alpha"]["ordinal"]),
        ):  # fmt: skip
            assert abs(figures[name] - value) < 0.0005, (criterion, name)
        assert f"{figures['icc1']:.3f}" in next(
            line for line in result.output.splitlines() if line.startswith(criterion)
        )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("item,reviewer,score\n1,a,3\n", ["Line 1", "missing: criterion"]),
        ("item,reviewer,criterion,score\n", ["holds no scores"]),
        ("", ["Line 1"]),
        ("item,reviewer,criterion,score\n1,a,x,3\n\n1,b,x,three\n", ["Line 4, score: 'three' is not a number"]),
        ("item,reviewer,criterion,score\n1,a,x,nan\n1,b,x,1_0\n", ["Line 2, score: 'nan'", "Line 3, score: '1_0'"]),
        ("item,reviewer,criterion,score\n1,a,x,\n", ["Line 2, score: is empty"]),
        ("item,reviewer,criterion,score\n1,,x,2\n", ["Line 2, reviewer: is empty"]),
        ("item,reviewer,criterion,score\n1,a\n", ["Line 2, criterion: is empty", "Line 2, score: is empty"]),
        ("item,reviewer,criterion,score\n1,a,x,2\n1,a,x,3\n", ["Line 3, criterion: says the same as line 2"]),
        ("item,reviewer,criterion,score\n1,a,x,2,5\n", ["Line 2, line: has more fields than the 4"]),
        ('item,reviewer,criterion,score\n1,"a,x,2\n', ["unexpected end of data"]),
        (b"item,reviewer,criterion,score\n1,\xff,x,2\n", ["not UTF-8 text; byte 32"]),
    ],
)  # fmt: skip
def test_a_table_with_a_fault_is_refused_by_line_field_and_reason(tmp_path, text, told):
    file = tmp_path / "scores.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    out = tmp_path / "figures.json"
    result = reliability(file, "--json", out)
    assert result.exit_code == 2
    assert not out.exists()
    for sentence in told:
        assert sentence in result.output, result.output


def test_columns_may_come_in_any_order_beside_others(tmp_path):
    file = tmp_path / "scores.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as table:
        csv.writer(table).writerows(
            [
                ("score", "note", "criterion", "item", "reviewer"), (3, "", "Ä", 1, "a"), (4, "x", "Ä", 1, "b"),
                (5, "", "Ä", 2, "a"),
            ]
        )  # fmt: skip
    result = reliability(file)
    assert result.exit_code == 0
    assert result.output.splitlines()[1].split()[:3] == ["Ä", "2", "3"]
