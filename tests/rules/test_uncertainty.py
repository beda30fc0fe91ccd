"""Expected ranks: against figures worked out by hand, an own Markov chain of the same model, and its symmetries."""

import csv
import math

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from grants.cli import main
from grants.panels.uncertainty import (
    Model,
    Node,
    Score,
    fundable,
    gauss,
    sureness,
    within_budget,
)

calm = settings(deadline=None, database=None, max_examples=8)


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


GAPS = {
    "A": (5, 5, None, 4), "B": (4, None, 4, 3), "C": (None, 4, 5, None), "D": (3, 3, 2, None), "E": (2, None, None, 2),
    "F": (4, 4, None, 4), "G": (1, 2, 2, None), "H": (None, 6, None, None),
}  # fmt: skip


def rated(rows):
    return [
        Score(item, f"r{place}", value)
        for item, row in rows.items()
        for place, value in enumerate(row)
        if value is not None
    ]


def test_two_items_worked_out_by_hand():
    # Both reviewers score both items, so their severity cancels: the difference d of the thetas has the prior
    # N(0, 2 tau²), the difference of the means, 1.5, is d plus noise of variance s². Hence its posterior.
    tau, s = 0.8, 0.6
    prior, noise = 2 * tau**2, s**2
    mean, variance = 1.5 * prior / (prior + noise), prior * noise / (prior + noise)
    better = norm.cdf(mean / math.sqrt(variance))
    found = sureness(
        rated({"low": (3, 2), "high": (4, 4)}), fundable(1), nodes=[Node(tau, s, 1)], draws=200_000
    )
    assert [item.item for item in found.items] == ["high", "low"]
    assert found.items[0].expected_rank == pytest.approx(2 - better, abs=1e-12)
    assert found.items[1].expected_rank == pytest.approx(1 + better, abs=1e-12)
    assert found.line == found.items[0].expected_rank
    assert found.items[0].p_funded == pytest.approx(better, abs=0.003)
    assert (found.items[0].mean, found.items[0].rank_mean) == (4, 1)


def test_two_points_of_the_mixture_are_weighed():
    scores = rated(GAPS)
    one, other = Node(0.4, 0.5, 1), Node(1.2, 0.9, 1)
    model = Model(scores)
    both = model.expected_ranks([one._replace(weight=0.3), other._replace(weight=0.9)])
    apart = [model.expected_ranks([node]) for node in (one, other)]
    assert both == pytest.approx(apart[0] / 4 + apart[1] * 3 / 4)


def chain(scores, *, seed, length, step=1.0):
    """Expected ranks by a Gibbs sampler of the same model, with Metropolis steps for tau, sigma and lambda."""
    chance = np.random.default_rng(seed)
    items = list(dict.fromkeys(score.item for score in scores))
    people = list(dict.fromkeys(score.reviewer for score in scores))
    j = np.array([items.index(score.item) for score in scores])
    who = np.array([people.index(score.reviewer) for score in scores])
    y = np.array([score.value for score in scores], dtype=float)
    y -= np.mean([y[j == one].mean() for one in range(len(items))])
    many, load = np.bincount(j), np.bincount(who)
    theta, nu, tau, sigma, lam = np.zeros(len(items)), np.zeros(len(people)), 0.5, 0.5, 0.5

    def noise(a, b):
        return max(a * a + b * b, step**2 / 12)

    ranks, kept = np.zeros(len(items)), 0
    for turn in range(length):
        v = noise(sigma, lam)
        precision = many / v + 1 / tau**2
        theta = np.bincount(j, y - nu[who]) / v / precision + chance.normal(size=len(items)) / np.sqrt(
            precision
        )
        precision = load / v + 1 / 0.25
        nu = np.bincount(who, y - theta[j]) / v / precision + chance.normal(size=len(people)) / np.sqrt(
            precision
        )
        # tau together with the scale of theta, which mixes well where tau is small; and tau alone.
        new = tau * math.exp(chance.normal(0, 0.5))
        moved = theta * new / tau
        square, moved_square = np.sum((y - theta[j] - nu[who]) ** 2), np.sum((y - moved[j] - nu[who]) ** 2)
        if new < 2 and math.log(chance.random()) < (square - moved_square) / 2 / v + math.log(new / tau):
            theta, tau = moved, new
        new = tau * math.exp(chance.normal(0, 0.5))
        log = (
            -len(items) * math.log(new / tau)
            - theta @ theta / 2 * (1 / new**2 - 1 / tau**2)
            + math.log(new / tau)
        )
        if new < 2 and math.log(chance.random()) < log:
            tau = new
        square = np.sum((y - theta[j] - nu[who]) ** 2)
        for _ in range(2):
            a, b = abs(sigma + chance.normal(0, 0.4)), abs(lam + chance.normal(0, 0.4))
            v, w = noise(sigma, lam), noise(a, b)
            log = -len(y) / 2 * math.log(w / v) - square / 2 * (1 / w - 1 / v)
            if max(a, b) < 2 and math.log(chance.random()) < log:
                sigma, lam = a, b
        if turn >= length // 10:
            ranks += (-theta).argsort().argsort() + 1
            kept += 1
    return dict(zip(items, ranks / kept, strict=True))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param({"A": (5, 5, 4), "B": (4, 5, 4), "C": (3, 4, 4), "D": (2, 4, 3)}, id="complete"),
        pytest.param(GAPS, id="gaps"),
    ],
)
def test_agrees_with_a_markov_chain_of_the_same_model(rows):
    scores = rated(rows)
    found = {item.item: item.expected_rank for item in sureness(scores, fundable(2)).items}
    chains = [chain(scores, seed=seed, length=12_000) for seed in (1, 2)]
    for item, rank in found.items():
        mean = sum(one[item] for one in chains) / 2
        assert rank == pytest.approx(mean, abs=0.1), item
    # The test can tell the model from its neighbours: without the severity of reviewers it is further away.
    if None in rows["A"]:
        model = Model(scores)
        model.severity = 1e-3
        plain = dict(zip(model.items, model.expected_ranks(model.mixture()), strict=True))
        assert max(abs(plain[item] - chains[0][item]) for item in plain) > 0.1


def on_a_plain_grid(model, size=48):
    """Nodes all over the plane of tau and s, each weighed by its own likelihood: slow, and nothing to go wrong."""
    x, w = np.polynomial.legendre.leggauss(size)
    most, least = model.most_tau, model.least_s
    nodes = []
    for tau, w_tau in zip(most * (1 + x) / 2, w, strict=True):
        for low, high in ((least, most), (most, most * math.sqrt(2))):
            for s, w_s in zip(low + (high - low) * (1 + x) / 2, w, strict=True):
                angle = math.pi / 2 if s <= most else math.pi / 2 - 2 * math.acos(most / s)
                nodes.append(
                    (
                        tau,
                        s,
                        model.log_likelihood(tau, s) + math.log(w_tau * w_s * (high - low) * s * angle / 2),
                    )
                )
        nodes.append(
            (tau, least, model.log_likelihood(tau, least) + math.log(w_tau * math.pi * least**2 / 4))
        )
    most_log = max(log for _, _, log in nodes)
    return [Node(tau, s, math.exp(log - most_log)) for tau, s, log in nodes if log > most_log - 20]


@pytest.mark.parametrize(
    "rows",
    [GAPS, {"A": (5,), "B": (4, 3)}, {"A": (5, 5), "B": (4, 4), "C": (3, 3)}],
    ids=["gaps", "two", "unanimous"],
)
def test_few_points_do_as_well_as_a_plain_grid_and_as_twice_as_many(rows):
    model = Model(rated(rows))
    found, plain = model.mixture(), on_a_plain_grid(model)
    ranks = model.expected_ranks(found)
    assert np.abs(ranks - model.expected_ranks(plain)).max() < 0.01
    assert np.abs(ranks - model.expected_ranks(model.surface().rule(32, model))).max() < 0.01
    assert len(found) < len(plain) / 20


def test_few_points_do_for_a_panel_with_gaps_and_unequal_reviewers():
    """120 applications with 3 of 30 reviewers each, of whom some score one and some two dozens."""
    chance = np.random.default_rng(5)
    worth, severity = chance.normal(3.5, 0.6, 120), chance.normal(0, 0.5, 30)
    often = np.arange(1, 31) / 465
    model = Model([
        Score(f"a{item}", f"r{who}", float(np.clip(np.rint(worth[item] + severity[who] + chance.normal(0, 0.7)), 1, 6)))
        for item in range(120)
        for who in chance.choice(30, 3, replace=False, p=often)
    ])  # fmt: skip
    ranks = model.expected_ranks(model.mixture())
    assert np.abs(ranks - model.expected_ranks(on_a_plain_grid(model))).max() < 0.01
    assert len(model.mixture()) <= 16


@given(
    st.lists(
        st.tuples(st.floats(0, 3), st.floats(0.01, 1)),
        min_size=2,
        max_size=40,
        unique_by=lambda one: round(one[0], 2),
    ),
    st.integers(1, 6),
)
def test_a_gauss_rule_has_the_moments_of_its_measure(measure, size):
    points, weights = (np.array(part) for part in zip(*measure, strict=True))
    found, parts = gauss(points, weights, size)
    assert len(found) <= size and parts.sum() == pytest.approx(1)
    for power in range(2 * min(size, len(points))):
        assert parts @ found**power == pytest.approx(weights @ points**power / weights.sum(), rel=1e-6)


def test_eliminating_items_or_reviewers_makes_no_difference():
    """8 items and 4 reviewers, and the same table turned round, against the covariance of all scores."""
    rows = rated(GAPS)
    model = Model(rows)
    few = model.at(0.7, 0.5)
    told = few.covariance()
    cov = np.diag(told.own) + told.between(slice(None), slice(None))
    assert told.variances == pytest.approx(np.diag(cov))
    # By the definition, with the covariance of all scores.
    z = np.zeros((len(rows), 8))
    w = np.zeros((len(rows), 4))
    for line, score in enumerate(rows):
        z[line, model.items.index(score.item)] = w[line, int(score.reviewer[1])] = 1
    v = 0.49 * z @ z.T + 0.25 * w @ w.T + 0.25 * np.eye(len(rows))
    y = np.array([score.value for score in rows]) - model.means.mean()
    assert few.mean == pytest.approx(0.49 * z.T @ np.linalg.solve(v, y))
    assert cov == pytest.approx(0.49 * np.eye(8) - 0.49**2 * z.T @ np.linalg.solve(v, z))
    log = -0.5 * (np.linalg.slogdet(v)[1] + y @ np.linalg.solve(v, y))
    assert few.log_likelihood == pytest.approx(log)
    turned = Model([Score(score.reviewer, score.item, score.value) for score in rows])
    assert turned.at(0.7, 0.5).items_are_few and not few.items_are_few
    y = np.array([score.value for score in rows]) - turned.means.mean()
    v = 0.49 * w @ w.T + 0.25 * z @ z.T + 0.25 * np.eye(len(rows))
    assert turned.at(0.7, 0.5).log_likelihood == pytest.approx(
        -0.5 * (np.linalg.slogdet(v)[1] + y @ np.linalg.solve(v, y))
    )
    order = [turned.items.index(f"r{place}") for place in range(4)]
    told = turned.at(0.7, 0.5).covariance()
    cov = np.diag(told.own) + told.between(slice(None), slice(None))
    assert cov[np.ix_(order, order)] == pytest.approx(
        0.49 * np.eye(4) - 0.49**2 * w.T @ np.linalg.solve(v, w)
    )
    assert turned.at(0.7, 0.5).mean[order] == pytest.approx(0.49 * w.T @ np.linalg.solve(v, y))


tables = st.dictionaries(
    st.sampled_from("ABCDEFG"),
    st.lists(st.one_of(st.none(), st.integers(1, 6)), min_size=3, max_size=3).filter(any),
    min_size=1, max_size=7,
)  # fmt: skip


@calm
@given(tables, st.randoms())
def test_whatever_the_scores(rows, chance):
    scores = rated(rows)
    found = sureness(scores, fundable(2), draws=400)
    ranks = {item.item: item.expected_rank for item in found.items}
    assert sum(ranks.values()) == pytest.approx(len(rows) * (len(rows) + 1) / 2)
    assert sum(item.p_funded for item in found.items) == pytest.approx(min(2, len(rows)))
    for item in found.items:
        assert 1 <= item.most.lower <= item.half.lower <= item.half.upper <= item.most.upper <= len(rows)
    shuffled = scores[:]
    chance.shuffle(shuffled)
    moved = [Score(item, reviewer + "'", value + 10) for item, reviewer, value in shuffled]
    assert {
        item.item: pytest.approx(item.expected_rank, abs=1e-6) for item in sureness(moved, fundable(2)).items
    } == ranks
    mirrored = sureness(
        [score._replace(value=7 - score.value) for score in scores], fundable(2), lowest_best=True
    )
    assert {item.item: pytest.approx(item.expected_rank, abs=1e-6) for item in mirrored.items} == ranks


def test_a_wider_scale_with_scores_as_wide_changes_nothing():
    three = [score._replace(value=3 * score.value) for score in rated(GAPS)]
    narrow, wide = sureness(rated(GAPS), fundable(3)), sureness(three, fundable(3), scale=15)
    assert [item.expected_rank for item in wide.items] == pytest.approx(
        [item.expected_rank for item in narrow.items], abs=1e-6
    )


def test_unanimous_reviewers_leave_no_certainty_beyond_the_rounding():
    rows = {"A": (4, 4, 4), "B": (4, 4, 4), "C": (3, 3, 3)}
    found = {item.item: item for item in sureness(rated(rows), fundable(1)).items}
    assert found["A"].expected_rank == pytest.approx(1.5, abs=0.05)
    assert found["A"].rank_mean == found["B"].rank_mean == 1.5
    assert 2.8 < found["C"].expected_rank < 3


def test_the_budget_ends_at_the_first_that_does_not_fit():
    funded = within_budget(10, [6, 5, 4, None])
    orders = np.array([[0, 1, 2, 3], [0, 3, 2, 1], [3, 1, 2, 0], [2, 0, 1, 3]])
    assert funded(orders).tolist() == [
        [True, False, False, False], [True, False, True, False], [False, True, True, False], [True, True, False, False],
    ]  # fmt: skip


def test_the_same_seed_gives_the_same_figures():
    assert sureness(rated(GAPS), fundable(2), draws=500) == sureness(rated(GAPS), fundable(2), draws=500)
    assert sureness(rated(GAPS), fundable(2), draws=500, seed=1) != sureness(
        rated(GAPS), fundable(2), draws=500
    )


# --- The command line ------------------------------------------------------------------------------------------------


def rank(*words):
    return CliRunner().invoke(main, ["rank", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def table(tmp_path):
    file = tmp_path / "scores.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([("item", "reviewer", "score"), *rated(GAPS)])
    return file


def test_a_table_in_and_a_table_out(table, tmp_path):
    out = tmp_path / "ranks.csv"
    result = rank(table, "--fundable", 3, "--out", out)
    assert result.exit_code == 0, result.output
    lines = out.read_text().splitlines()
    assert lines[0] == "item,mean,rank_mean,expected_rank,lower50,upper50,p_funded"
    rows = list(csv.DictReader(lines))
    ranks = [float(row["expected_rank"]) for row in rows]
    assert ranks == sorted(ranks) and len(rows) == 8
    assert f"line at expected rank {ranks[2]:.2f}" in result.output
    assert {row["item"]: row["mean"] for row in rows}["A"] == "4.6667"
    first = out.read_bytes()
    rank(table, "--fundable", 3, "--out", out)
    assert out.read_bytes() == first
    rank(table, "--fundable", 3, "--out", out, "--lowest-best", "--seed", 7, "--draws", 1000)
    assert out.read_text().splitlines()[1].split(",")[0] in "EG"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--scale", "1,5"), "Line 21, score: 6 lies outside the scale 1 to 5"),
        (("--scale", "5,1"), "takes the lower end first"),
        (("--scale", "five"), "takes two numbers"),
        (("--fundable", "0"), "0 is not in the range"),
    ],
)
def test_options_that_cannot_be_are_refused(table, tmp_path, words, told):
    out = tmp_path / "ranks.csv"
    result = rank(table, "--fundable", 3, "--out", out, *words)
    assert (result.exit_code, out.exists()) == (2, False)
    assert told in result.output, result.output
