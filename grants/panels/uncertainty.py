"""How sure a ranking is: expected ranks, their intervals, and the probability to lie above the line.

The model is that of the Swiss National Science Foundation (Heyard, Ott, Salanti, Egger 2022, Statistics and Public
Policy 9(1)): score = mean + theta[item] + nu[reviewer] + noise, with theta ~ N(0, tau²), nu ~ N(0, (c/2)²) and noise
~ N(0, s²), where tau is uniform up to 2c, s² = sigma² + lambda² with both uniform up to 2c, and c is a fifth of the
width of the scale. Given (tau, s) everything is Gaussian, so that expected ranks are integrals over these two numbers
and ranks are drawn from the same mixture one by one: no Markov chain, the same figures each time.

It informs and never decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, solve_triangular
from scipy.special import ndtr
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

Array = NDArray[np.float64]
Funded = Callable[[NDArray[Any]], NDArray[Any]]
"""For orders (draws x items, indices of items from the best to the last), which places are funded."""

WIDTH = 5.0
"""Of the scale that the constants of the model belong to, 1 to 6."""
DRAWS = 10_000
SEED = 20220
TOLERANCE = 0.0025
"""Ranks: how far doubling the grid may move an expected rank, so that the error stays well below 0.01."""
GRIDS = (8, 12, 16, 24, 32)
"""Nodes on each axis, tried in this order until doubling changes nothing."""
CHECKED = 64
"""Items on which a grid is tried; all that are fewer."""
ROWS = 256
DENSE = 20_000
COARSE = 10


class Node(NamedTuple):
    """A point of the mixture: standard deviation of the items and of the noise, points, and its weight."""

    tau: float
    s: float
    weight: float


class Interval(NamedTuple):
    """The ranks between which an item lies with a probability of 50 or 90 %."""

    lower: int
    upper: int


@dataclass(frozen=True)
class Expected:
    """One item: mean score as given, rank by it (ties averaged), and what the model says of its rank."""

    item: str
    mean: float
    rank_mean: float
    expected_rank: float
    half: Interval
    most: Interval
    p_funded: float

    def crosses(self, line: float | None) -> bool:
        """Whether the 50 % interval holds the line."""
        return line is not None and self.half.lower <= line <= self.half.upper


@dataclass(frozen=True)
class Sureness:
    """Items in the order of their expected ranks; `line` is the expected rank of the last that is funded."""

    items: tuple[Expected, ...]
    line: float | None
    seed: int
    draws: int
    nodes: int

    @property
    def crossing(self) -> tuple[Expected, ...]:
        """The group whose 50 % interval crosses the line."""
        return tuple(item for item in self.items if item.crosses(self.line))

    def to_dict(self) -> dict[str, Any]:
        """For keeping, in whole numbers: ranks and means in hundredths, chances in basis points."""
        return {
            "line": None if self.line is None else round(self.line * 100),
            "seed": self.seed,
            "draws": self.draws,
            "items": [
                {
                    "item": one.item, "mean": round(one.mean * 100), "expected_rank": round(one.expected_rank * 100),
                    "half": list(one.half), "most": list(one.most), "p_funded": round(one.p_funded * 10_000),
                    "crosses": one.crosses(self.line),
                }
                for one in self.items
            ],
        }  # fmt: skip


class Score(NamedTuple):
    """One reviewer's score of one item, in points."""

    item: str
    reviewer: str
    value: float


def fundable(number: int) -> Funded:
    """The first so many of an order are funded."""
    return lambda orders: np.broadcast_to(np.arange(orders.shape[1]) < number, orders.shape)


def within_budget(budget: int, amounts: Sequence[int | None]) -> Funded:
    """The items of an order are funded until the first that no longer fits (rulebook 5.3).

    Args:
        budget: euro cents.
        amounts: cents by item in the order of the scores' first appearance; None may not be funded and takes nothing.
    """
    cost = np.array([amount or 0 for amount in amounts], dtype=np.int64)
    able = np.array([amount is not None for amount in amounts])

    def funded(orders: NDArray[Any]) -> NDArray[Any]:
        return np.asarray((np.cumsum(cost[orders], axis=1) <= budget) & able[orders])

    return funded


def sureness(
    scores: Collection[Score], funded: Funded, *, scale: float = WIDTH, step: float | None = None,
    lowest_best: bool = False, seed: int = SEED, draws: int = DRAWS, nodes: Sequence[Node] | None = None,
) -> Sureness:  # fmt: skip
    """Expected ranks of all items that have a score.

    Args:
        scores: with gaps; each reviewer at most once an item.
        funded: see `fundable` and `within_budget`.
        scale: width of the scale, points.
        step: between two scores of the scale, points; if not given, the smallest difference between two of the scores.
        nodes: the mixture, instead of the one that follows from the scores.

    Raises:
        ValueError: no scores, or a scale without width.
    """
    if not scores or not scale > 0:
        raise ValueError("there are no scores, or the scale has no width")
    with threadpool_limits(1):  # matrices this small are done before a second thread has begun
        return _sureness(
            Model(scores, scale=scale, step=step, sign=-1 if lowest_best else 1), funded, lowest_best, seed, draws,
            nodes,
        )  # fmt: skip


@lru_cache(maxsize=16)
def of_panel(
    scores: tuple[tuple[str, str, float], ...], amounts: tuple[tuple[str, int | None], ...], budget: int,
    scale: float, step: float, lowest_best: bool = False,
) -> Sureness:  # fmt: skip
    """How sure the line of a panel is; kept in memory, since a page is looked at more often than its scores change.

    Args:
        scores: item, reviewer, points.
        amounts: item and its euro cents, None for one that may not be funded; items without a score are passed over.
        budget: euro cents.
    """
    found = [Score(*score) for score in scores]
    cost = dict(amounts)
    items = dict.fromkeys(score.item for score in found)
    funded = within_budget(budget, [cost.get(item) for item in items])
    return sureness(found, funded, scale=scale, step=step, lowest_best=lowest_best)


def _sureness(
    model: Model, funded: Funded, lowest_best: bool, seed: int, draws: int,
    nodes: Sequence[Node] | None,
) -> Sureness:  # fmt: skip
    mixture = list(nodes) if nodes is not None else model.mixture()
    expected = model.expected_ranks(mixture)
    names, means = model.items, model.means
    rank_mean = rankdata(means if lowest_best else -means, method="average")
    # Where the model cannot tell two items apart the order of the means stands, then that of the file.
    order = np.lexsort((np.arange(len(names)), rank_mean, expected.round(9)))
    above = funded(order[None, :])[0]
    line = float(expected[order[above]].max()) if above.any() else None
    ranks, chances = _drawn(model, mixture, funded, seed=seed, draws=draws)
    quarters = np.quantile(ranks, (0.05, 0.25, 0.75, 0.95), axis=0, method="inverted_cdf").astype(int)
    return Sureness(
        items=tuple(
            Expected(
                names[j], float(means[j]), float(rank_mean[j]), float(expected[j]),
                half=Interval(int(quarters[1, j]), int(quarters[2, j])),
                most=Interval(int(quarters[0, j]), int(quarters[3, j])), p_funded=float(chances[j]),
            )
            for j in order
        ),
        line=line, seed=seed, draws=draws, nodes=len(mixture),
    )  # fmt: skip


def _drawn(
    model: Model, mixture: Sequence[Node], funded: Funded, *, seed: int, draws: int
) -> tuple[NDArray[np.int32], Array]:
    """Ranks of the items in independent draws (draws x items), and how often each was funded."""
    chance = np.random.default_rng(seed)
    weights = np.array([node.weight for node in mixture])
    counts = chance.multinomial(draws, weights / weights.sum())
    ranks = np.empty((draws, len(model.items)), dtype=np.int32)
    times = np.zeros(len(model.items))
    done = 0
    for node, count in zip(mixture, counts, strict=True):
        for size in [ROWS] * (count // ROWS) + [count % ROWS] * bool(count % ROWS):
            orders = np.argsort(-model.at(node.tau, node.s).draw(chance, size), axis=1)
            block = ranks[done : done + size]
            np.put_along_axis(block, orders, np.arange(1, len(model.items) + 1, dtype=np.int32)[None, :], 1)
            won = np.empty(orders.shape, dtype=bool)
            np.put_along_axis(won, orders, funded(orders), 1)
            times += won.sum(axis=0)
            done += size
    return ranks, times / draws


class Model:
    """The scores of all items, and what follows from them given (tau, s)."""

    def __init__(
        self, scores: Collection[Score], *, scale: float = WIDTH, step: float | None = None, sign: int = 1
    ) -> None:
        item = {name: place for place, name in enumerate(dict.fromkeys(score.item for score in scores))}
        reviewer = {
            name: place for place, name in enumerate(dict.fromkeys(score.reviewer for score in scores))
        }
        rows = np.array([item[score.item] for score in scores])
        columns = np.array([reviewer[score.reviewer] for score in scores])
        values = np.array([score.value for score in scores], dtype=float)
        self.items = list(item)
        self.counts = np.bincount(rows).astype(float)
        self.loads = np.bincount(columns).astype(float)
        self.means = np.bincount(rows, values) / self.counts
        y = sign * (values - self.means.mean())
        self.total = float(y @ y)
        self.by_item, self.by_reviewer = np.bincount(rows, y), np.bincount(columns, y)
        scored = sparse.csr_array((np.ones(len(y)), (rows, columns)), (len(item), len(reviewer)))
        # A small matrix is multiplied sooner than a sparse one is looked through.
        self.scored = scored.toarray() if len(item) * len(reviewer) <= DENSE else scored
        self.scored_by = self.scored.T if len(item) * len(reviewer) <= DENSE else scored.T.tocsr()
        self.number = len(y)
        unit = scale / WIDTH
        self.most_tau, self.severity = 2 * unit, 0.5 * unit
        if step is None:
            gaps = np.diff(np.unique(values))
            step = float(gaps[gaps > 1e-9].min()) if (gaps > 1e-9).any() else scale / 10
        # Unanimous reviewers leave no posterior otherwise: a rounded score is never surer than its rounding.
        self.least_s = min(step / math.sqrt(12), self.most_tau)

    def at(self, tau: float, s: float) -> Given:
        """The Gaussian of all thetas given (tau, s)."""
        return Given(self, tau, s)

    def mixture(self) -> list[Node]:
        """Points and weights of (tau, s) after the scores: the smallest grid that doubling does not improve.

        Each grid is checked on some of the items against all others, which costs little; where even the largest
        grid moves under doubling, the doubled one is taken.
        """
        box = self._box()
        some = np.unique(np.linspace(0, len(self.items) - 1, CHECKED).astype(int))
        before: Array | None = None
        finer: dict[int, tuple[list[Node], Array]] = {}

        def tried(size: int) -> tuple[list[Node], Array]:
            if size not in finer:
                nodes = self._grid(box, size)
                finer[size] = nodes, self.expected_ranks(nodes, some)
            return finer[size]

        for size in GRIDS:
            nodes, before = tried(size)
            doubled, after = tried(2 * size)
            if np.abs(after - before).max() < TOLERANCE:
                return nodes
        return doubled

    def expected_ranks(self, nodes: Sequence[Node], some: Any = None) -> Array:
        """1 + the sum over all other items of the probability to be better, for all items or the indices `some`."""
        ranks = sum(node.weight * self.at(node.tau, node.s).expected_ranks(some) for node in nodes)
        return np.asarray(ranks / sum(node.weight for node in nodes))

    def _box(self) -> tuple[float, float, float, float]:
        """Bounds of tau and s outside of which hardly any of the posterior lies: coarse grids, ever nearer."""
        low_tau, high_tau = 0.0, self.most_tau
        low_s, high_s = self.least_s, self.most_tau * math.sqrt(2)
        # What lies outside moves no expected rank by more than a thousandth.
        deep = math.log(len(self.items)) + 9
        for _ in range(12):
            taus, ss = np.linspace(low_tau, high_tau, COARSE), np.linspace(low_s, high_s, COARSE)
            log = np.array([[self._log_posterior(tau, s) for s in ss] for tau in taus])
            inside = log > log.max() - deep
            rows, columns = inside.any(axis=1).nonzero()[0], inside.any(axis=0).nonzero()[0]
            size = (high_tau - low_tau) * (high_s - low_s)
            low_tau, high_tau = taus[max(rows[0] - 1, 0)], taus[min(rows[-1] + 1, COARSE - 1)]
            low_s, high_s = ss[max(columns[0] - 1, 0)], ss[min(columns[-1] + 1, COARSE - 1)]
            if (high_tau - low_tau) * (high_s - low_s) > 0.8 * size:
                break
        return low_tau, high_tau, low_s, high_s

    def _grid(self, box: tuple[float, float, float, float], size: int) -> list[Node]:
        low_tau, high_tau, low_s, high_s = box
        x, w = np.polynomial.legendre.leggauss(size)
        # The density of s has a kink where one of its parts reaches its bound: no grid goes across.
        cuts = [low_s, *[cut for cut in (self.most_tau,) if low_s < cut < high_s], high_s]
        points = [
            (float(a + (b - a) * (1 + x_s) / 2), float((b - a) * w_s / 2))
            for a, b in pairwise(cuts)
            for x_s, w_s in zip(x, w, strict=True)
        ]
        raw = [
            (tau, s, self._log_posterior(tau, s) + math.log(w_tau * w_s))
            for tau, w_tau in zip(low_tau + (high_tau - low_tau) * (1 + x) / 2, w, strict=True)
            for s, w_s in points
        ]
        if low_s <= self.least_s:  # all of s that lies below the floor stands on it
            below = math.log(math.pi * self.least_s**2 / 4 / self.most_tau**2)
            raw += [
                (tau, self.least_s, self._log_likelihood(tau, self.least_s) + math.log(w_tau) + below)
                for tau, w_tau in zip(low_tau + (high_tau - low_tau) * (1 + x) / 2, w, strict=True)
            ]
        most = max(log for _, _, log in raw)
        weighed = sorted(((math.exp(log - most), tau, s) for tau, s, log in raw), reverse=True)
        whole = sum(weight for weight, _, _ in weighed)
        kept, rest = [], whole
        for weight, tau, s in weighed:
            if rest < whole * 1e-3 / len(self.items):  # what is left moves no rank by more than this
                break
            kept.append(Node(float(tau), float(s), weight / whole))
            rest -= weight
        return kept

    def _log_posterior(self, tau: float, s: float) -> float:
        return self._log_likelihood(tau, s) + _log_density_of_s(s, self.most_tau)

    def _log_likelihood(self, tau: float, s: float) -> float:
        return self.at(tau, s).log_likelihood


def _log_density_of_s(s: float, most: float) -> float:
    """Of the root of sigma² + lambda² with both uniform up to `most`: the arc inside the square, over its area."""
    angle = math.pi / 2 if s <= most else math.pi / 2 - 2 * math.acos(most / s)
    return math.log(s * angle / most**2) if angle > 0 else -math.inf


class Given:
    """The Gaussian of items and reviewers given (tau, s).

    Given the reviewers the items are independent of each other, and the other way round, so that one side is
    eliminated and only the smaller one, `few`, needs a dense matrix: with 2,000 items and 500 reviewers 500 x 500.
    """

    def __init__(self, model: Model, tau: float, s: float) -> None:
        noise = s * s
        # How much the own scores say beside the prior, and the variances given all of the other side.
        told = model.counts * tau * tau / noise, model.loads * model.severity**2 / noise
        sides = tau * tau / (1 + told[0]), model.severity**2 / (1 + told[1])
        sums = model.by_item / noise, model.by_reviewer / noise
        self.items_are_few = len(model.counts) < len(model.loads)
        link = (model.scored if self.items_are_few else model.scored_by) / noise
        few, many = (0, 1) if self.items_are_few else (1, 0)
        self.many, self.many_sums, self.link = sides[many], sums[many], link
        self.root = np.sqrt(sides[few])
        # Scaled by the deviations, so that tau = 0 is no exception.
        across = (link * self.many) @ link.T
        core = np.eye(len(self.root)) - _dense(across) * np.outer(self.root, self.root)
        self.factor = cholesky(core, lower=False, overwrite_a=True, check_finite=False)
        right = self.root * (sums[few] - link @ (self.many * sums[many]))
        solved = solve_triangular(self.factor, right, trans="T", check_finite=False)
        self.few_mean = self.root * solve_triangular(self.factor, solved, check_finite=False)
        determinant = sum(np.log1p(one).sum() for one in told) + 2 * np.log(np.diag(self.factor)).sum()
        explained = self.many @ sums[many] ** 2 + solved @ solved
        self.log_likelihood = float(
            -0.5 * (model.number * math.log(noise) + determinant + model.total / noise - explained)
        )
        """Of the scores, but for a constant."""

    @property
    def mean(self) -> Array:
        """Of the thetas."""
        return self.few_mean if self.items_are_few else self._many_mean(self.few_mean)

    def _many_mean(self, few: Array) -> Array:
        return np.asarray(self.many * (self.many_sums - (self.link.T @ few.T).T))

    def covariance(self) -> tuple[Array, Array]:
        """Of the thetas: a vector d and a matrix F whose diag(d) + F F' it is."""
        if self.items_are_few:
            root = solve_triangular(self.factor, np.diag(self.root), trans="T", check_finite=False)
            return np.zeros(len(self.root)), root.T
        slope = _dense((self.link * self.many) * self.root[:, None])
        return self.many, solve_triangular(self.factor, slope, trans="T", check_finite=False).T

    def expected_ranks(self, some: Any = None) -> Array:
        """1 + the sum over all other items of the probability to be better; of the items `some`, or of all."""
        mean = self.mean
        own, common = self.covariance()
        variance = own + (common * common).sum(axis=1)

        def better(rows: Any, columns: Any) -> Array:
            spread = variance[rows][:, None] + variance[columns][None, :]
            spread -= 2 * (common[rows] @ common[columns].T)
            np.maximum(spread, 1e-30, out=spread)
            np.sqrt(spread, out=spread)
            return np.asarray(ndtr((mean[columns][None, :] - mean[rows][:, None]) / spread))

        # Each item compared with itself gives a half: together with the one that a rank begins with, another half.
        if some is not None:
            chances = better(some, slice(None))
            chances[np.arange(len(some)), some] = 0.5
            return np.asarray(0.5 + chances.sum(axis=1))
        ranks = np.full(len(mean), 0.5)
        for start in range(0, len(mean), ROWS):
            end = min(start + ROWS, len(mean))
            chances = better(slice(start, end), slice(start, None))
            np.fill_diagonal(chances, 0.5)
            ranks[start:end] += chances.sum(axis=1)
            ranks[end:] += (1 - chances[:, end - start :]).sum(axis=0)  # the other half of the pairs
        return ranks

    def draw(self, chance: np.random.Generator, size: int) -> Array:
        """Independent draws of the thetas (size x items)."""
        normal = chance.standard_normal((len(self.root), size))
        few = (
            self.few_mean + (self.root[:, None] * solve_triangular(self.factor, normal, check_finite=False)).T
        )
        if self.items_are_few:
            return np.asarray(few)
        return self._many_mean(few) + np.sqrt(self.many) * chance.standard_normal((size, len(self.many)))


def _dense(matrix: Any) -> Array:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)
