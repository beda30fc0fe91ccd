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
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, eigh_tridiagonal, solve_triangular
from scipy.linalg.lapack import dpotri
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
SIZES = (3, 4, 6, 8, 12, 16)
"""Points on each axis, tried in this order until doubling changes nothing."""
DEGREES = (7, 10, 16, 24, 40)
BETWEEN = np.array([[-0.93, -0.31, 0.17, 0.71], [0.93, -0.67, 0.29, -0.11]])
CLOSE = 1e-3
"""How near the polynomial of the likelihood has to be to its logarithm."""
FINE = 96
CHECKED = 64
"""Items on which a grid is tried; all that are fewer."""
ROWS = 256
DENSE = 20_000
COARSE = 8


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
    ranks.sort(axis=1)
    quarters = [ranks[:, math.ceil(draws * part) - 1].tolist() for part in (0.05, 0.25, 0.75, 0.95)]
    return Sureness(
        items=tuple(
            Expected(
                names[j], float(means[j]), float(rank_mean[j]), float(expected[j]),
                half=Interval(quarters[1][j], quarters[2][j]),
                most=Interval(quarters[0][j], quarters[3][j]), p_funded=float(chances[j]),
            )
            for j in order
        ),
        line=line, seed=seed, draws=draws, nodes=len(mixture),
    )  # fmt: skip


def _drawn(
    model: Model, mixture: Sequence[Node], funded: Funded, *, seed: int, draws: int
) -> tuple[NDArray[np.int32], Array]:
    """Ranks of the items in independent draws (items x draws), and how often each was funded."""
    chance = np.random.default_rng(seed)
    weights = np.array([node.weight for node in mixture])
    counts = chance.multinomial(draws, weights / weights.sum())
    places = np.arange(1, len(model.items) + 1, dtype=np.int32)[None, :]
    ranks = np.empty((draws, len(model.items)), dtype=np.int32)
    times = np.zeros(len(model.items))
    done = 0
    for node, count in zip(mixture, counts, strict=True):
        for size in [ROWS] * (count // ROWS) + [count % ROWS] * bool(count % ROWS):
            orders = np.argsort(-model.at(node.tau, node.s).draw(chance, size), axis=1)
            np.put_along_axis(ranks[done : done + size], orders, places, 1)
            times += np.bincount(orders[funded(orders)], minlength=len(model.items))
            done += size
    return np.ascontiguousarray(ranks.T), times / draws


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
        """Points and weights of (tau, s) after the scores: the fewest that doubling does not improve.

        They are a Gauss rule of the posterior itself: expected ranks are smooth in (tau, s), so that few points do,
        wherever the weight lies and whatever its edges. Each rule is checked on some of the items against all others,
        which costs little; where even the largest moves under doubling, the doubled one is taken.
        """
        surface = self.surface()
        some = np.unique(np.linspace(0, len(self.items) - 1, CHECKED).astype(int))
        rules: dict[int, tuple[list[Node], Array]] = {}

        def tried(size: int) -> tuple[list[Node], Array]:
            if size not in rules:
                nodes = surface.rule(size, self)
                rules[size] = nodes, self.expected_ranks(nodes, some)
            return rules[size]

        for size in SIZES:
            nodes, before = tried(size)
            doubled, after = tried(2 * size)
            if np.abs(after - before).max() < TOLERANCE:
                return nodes
        return doubled

    def expected_ranks(self, nodes: Sequence[Node], some: Any = None) -> Array:
        """1 + the sum over all other items of the probability to be better, for all items or the indices `some`."""
        ranks = sum(node.weight * self.at(node.tau, node.s).expected_ranks(some) for node in nodes)
        return np.asarray(ranks / sum(node.weight for node in nodes))

    def surface(self) -> Surface:
        """The logarithm of the likelihood as a polynomial, of the least degree that holds at points between its own."""
        box = self._box()
        for degree in DEGREES:
            surface = Surface(box, degree, self.log_likelihood)
            taus, logs = surface.points(*BETWEEN)
            found = [self.log_likelihood(tau, math.exp(log)) for tau, log in zip(taus, logs, strict=True)]
            if np.abs(np.array(found) - surface.at(taus, logs)).max() < CLOSE:
                break
        return surface

    def _box(self) -> Box:
        """Bounds of tau and log s outside of which hardly any of the posterior lies: coarse grids, ever nearer."""
        box = Box(0.0, self.most_tau, math.log(self.least_s), math.log(self.most_tau * math.sqrt(2)))
        # What lies outside moves no expected rank by more than a thousandth.
        deep = math.log(len(self.items)) + 9
        for _ in range(12):
            taus, logs = np.linspace(*box[:2], COARSE), np.linspace(*box[2:], COARSE)
            log = np.array([[self.log_likelihood(tau, math.exp(log_s)) for log_s in logs] for tau in taus])
            inside = log > log.max() - deep
            rows, columns = inside.any(axis=1).nonzero()[0], inside.any(axis=0).nonzero()[0]
            before = (box.high_tau - box.low_tau) * (box.high_log - box.low_log)
            box = Box(
                taus[max(rows[0] - 1, 0)], taus[min(rows[-1] + 1, COARSE - 1)],
                logs[max(columns[0] - 1, 0)], logs[min(columns[-1] + 1, COARSE - 1)],
            )  # fmt: skip
            if (box.high_tau - box.low_tau) * (box.high_log - box.low_log) > 0.6 * before:
                break
        return box

    def log_likelihood(self, tau: float, s: float) -> float:
        """Of the scores given (tau, s), but for a constant."""
        return self.at(tau, s).log_likelihood


class Box(NamedTuple):
    """A part of the plane of tau and log s."""

    low_tau: float
    high_tau: float
    low_log: float
    high_log: float


class Surface:
    """The logarithm of the likelihood over a box of (tau, log s), by Chebyshev polynomials.

    Some dozens of its values stand for all others, so that the posterior can be integrated as finely as one likes.
    """

    def __init__(self, box: Box, degree: int, log_likelihood: Callable[[float, float], float]) -> None:
        self.box = box
        x = chebyshev.chebpts1(degree)
        taus, logs = self.points(x, x)
        values = np.array([[log_likelihood(tau, math.exp(log)) for log in logs] for tau in taus])
        inverse = np.linalg.inv(chebyshev.chebvander(x, degree - 1))
        self.coefficients = inverse @ values @ inverse.T

    def points(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Coordinates from -1 to 1 as tau and log s."""
        low_tau, high_tau, low_log, high_log = self.box
        return low_tau + (high_tau - low_tau) * (1 + x) / 2, low_log + (high_log - low_log) * (1 + y) / 2

    def at(self, taus: Array, logs: Array) -> Array:
        low_tau, high_tau, low_log, high_log = self.box
        x = 2 * (taus - low_tau) / (high_tau - low_tau) - 1
        y = 2 * (logs - low_log) / (high_log - low_log) - 1
        return np.asarray(chebyshev.chebval2d(x, y, self.coefficients))

    def rule(self, size: int, model: Model) -> list[Node]:
        """The Gauss rule of the posterior with `size` points of tau, and for each of them as many of s."""
        fine, weights = np.polynomial.legendre.leggauss(FINE)
        taus = self.points(fine, fine)[0]
        points, density = self._of_s(fine, weights, model)
        log = self.at(*np.meshgrid(taus, np.log(points), indexing="ij")) + density
        most = log.max()
        marginal = np.exp(log - most).sum(axis=1) * weights
        nodes = []
        for tau, weight in zip(*gauss(taus, marginal, size), strict=True):
            given = np.exp(self.at(np.full(len(points), tau), np.log(points)) + density - most)
            nodes += [
                Node(float(tau), float(s), float(weight * part))
                for s, part in zip(*gauss(points, given, size), strict=True)
            ]
        nodes.sort(key=lambda node: -node.weight)
        # What is left moves no rank by more than a thousandth.
        kept = np.cumsum([node.weight for node in nodes]) < 1 - 1e-3 / len(model.items)
        return nodes[: int(kept.sum()) + 1]

    def _of_s(self, fine: Array, weights: Array, model: Model) -> tuple[Array, Array]:
        """Points of s, and the logarithms of their weights before the scores."""
        low, high = math.exp(self.box.low_log), math.exp(self.box.high_log)
        # The density of s has a kink where one of its parts reaches its bound: no stretch goes across.
        cuts = [low, *[cut for cut in (model.most_tau,) if low < cut < high], high]
        points = np.concatenate([a + (b - a) * (1 + fine) / 2 for a, b in pairwise(cuts)])
        parts = np.concatenate([(b - a) * weights / 2 for a, b in pairwise(cuts)])
        density = np.log(parts) + [_log_density_of_s(s, model.most_tau) for s in points]
        if low > model.least_s * (1 + 1e-9):
            return points, density
        # All of s that lies below the floor stands on it.
        below = math.log(math.pi * model.least_s**2 / 4 / model.most_tau**2)
        return np.append(points, model.least_s), np.append(density, below)


def gauss(points: Array, weights: Array, size: int) -> tuple[Array, Array]:
    """The Gauss rule of `size` points for a measure that stands on many: points, and weights that sum to 1.

    Polynomials of a degree below 2 * size have the same mean by both (Golub and Welsch 1969, with the coefficients of
    the recurrence by Lanczos).
    """
    q = np.sqrt(weights / weights.sum())
    basis, diagonal, beside = [q], [], []
    for _ in range(size):
        r = points * basis[-1]
        diagonal.append(float(r @ basis[-1]))
        for _twice in range(2):  # against the loss of orthogonality
            for one in basis:
                r = r - (one @ r) * one
        length = float(np.linalg.norm(r))
        if len(diagonal) == size or length < 1e-12:
            break
        beside.append(length)
        basis.append(r / length)
    values, vectors = eigh_tridiagonal(np.array(diagonal), np.array(beside))
    return values, vectors[0] ** 2


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
        scaled = link * self.root[:, None]
        core = -_dense((scaled * self.many) @ scaled.T)
        core.flat[:: len(core) + 1] += 1
        self.factor = cholesky(core.T, lower=False, overwrite_a=True, check_finite=False)
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

    def covariance(self) -> Covariance:
        """Of the thetas."""
        upper = np.triu(dpotri(self.factor)[0])
        few = (upper + np.triu(upper, 1).T) * np.outer(self.root, self.root)
        if self.items_are_few:
            return Covariance(np.zeros(len(few)), np.eye(len(few)), few)
        slope = (self.link * self.many).T
        return Covariance(self.many, slope.tocsr() if sparse.issparse(slope) else slope, few)

    def expected_ranks(self, some: Any = None) -> Array:
        """1 + the sum over all other items of the probability to be better; of the items `some`, or of all."""
        mean = self.mean
        covariance = self.covariance()
        variance = covariance.variances

        def better(rows: Any, columns: Any) -> Array:
            spread = covariance.between(rows, columns)
            spread *= -2
            spread += variance[rows][:, None]
            spread += variance[columns][None, :]
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


class Covariance:
    """Of the items: diag(own) + slope few slope', where a row of `slope` has as many entries as an item has scores."""

    def __init__(self, own: Array, slope: Any, few: Array) -> None:
        self.own, self.slope = own, slope
        self.carried = np.asarray(slope @ few)

    @property
    def variances(self) -> Array:
        """Of each item."""
        return self.own + np.asarray((self.slope * self.carried).sum(axis=1)).ravel()

    def between(self, rows: Any, columns: Any) -> Array:
        """Of each of `rows` with each of `columns`, but for what an item has with itself alone."""
        return np.asarray((self.slope[columns] @ self.carried[rows].T).T)
