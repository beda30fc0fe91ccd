"""Who evaluates what: the best assignment there is, with its proof.

Each application needs `demand` experts, each expert takes at most `load`, a conflict of interest bars a pair. `total`
makes the sum of affinities as large as possible, which is a flow of least cost. `fair` first makes the worst-served
application as well served as possible, then the sum. Affinities are scaled to whole numbers, so nothing is rounded
that was given with at most nine decimals.
"""

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np

Pair = tuple[str, str]
"""Application, expert."""

DECIMALS = 9
# Every allowed pair as an arc of its own: only where pairs without affinity cannot be filled in afterwards.
MOST_PAIRS = 4_000_000
CANDIDATES_TO_FILL = 400
SILENT: Callable[[str], None] = lambda _: None  # noqa: E731


class Infeasible(ValueError):
    """No assignment meets every demand; each sentence of `reasons` names what could be relaxed."""

    def __init__(self, reasons: Iterable[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(self.reasons))


@dataclass(frozen=True)
class Problem:
    """What is to be assigned. A pair that is absent from `affinities` has affinity 0 and is allowed."""

    applications: tuple[str, ...]
    experts: tuple[str, ...]
    affinities: Mapping[Pair, Decimal]
    conflicts: frozenset[Pair] = frozenset()
    demand: int = 3
    load: int = 10

    @cached_property
    def scale(self) -> int:
        """By what affinities are multiplied to be whole numbers."""
        places = max((-int(value.as_tuple().exponent) for value in self.affinities.values()), default=0)
        return 10 ** max(0, min(places, DECIMALS))

    @cached_property
    def weights(self) -> dict[Pair, int]:
        """Scaled affinities above 0 of the pairs that no conflict bars."""
        scaled = {
            pair: int((value * self.scale).to_integral_value())
            for pair, value in self.affinities.items()
            if pair not in self.conflicts
        }
        return {pair: weight for pair, weight in scaled.items() if weight > 0}

    @cached_property
    def sha256(self) -> str:
        """Of everything that the answer depends on."""
        digest = hashlib.sha256(f"{self.demand} {self.load}\n".encode())
        for part in (
            self.applications,
            self.experts,
            sorted(self.conflicts),
            sorted(self.affinities.items()),
        ):
            digest.update(repr(part).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Assignment:
    """Pairs, and what is proven about them. `bound` is the largest sum that any assignment of this kind can have."""

    problem: Problem
    pairs: tuple[Pair, ...]
    objective: str
    bound: float
    worst_bound: float
    """The largest affinity that the worst-served application can have, as far as it is proven."""
    seconds: float
    seed: int
    by_application: dict[str, float] = field(repr=False, default_factory=dict)

    @property
    def total(self) -> float:
        return float(sum((self.problem.affinities.get(pair, Decimal(0)) for pair in self.pairs), Decimal(0)))

    def figures(self) -> dict[str, Any]:
        """What a program reads: `min`, `mean`, `std` are over the sums of the applications."""
        sums = np.array(list(self.by_application.values()))
        return {
            "objective": self.total, "min": float(sums.min()), "mean": float(sums.mean()), "std": float(sums.std()),
            "bound": self.bound, "gap": max(0.0, self.bound - self.total), "worst_bound": self.worst_bound,
            "seconds": self.seconds, "kind": self.objective, "applications": len(self.problem.applications),
            "experts": len(self.problem.experts), "demand": self.problem.demand, "load": self.problem.load,
            "conflicts": len(self.problem.conflicts), "seed": self.seed, "inputs": self.problem.sha256,
        }  # fmt: skip


def assign(
    problem: Problem,
    objective: str = "fair",
    *,
    seconds: float = 300,
    seed: int = 1,
    say: Callable[[str], None] = SILENT,
) -> Assignment:
    """The best assignment. Raises Infeasible.

    Args:
        objective: fair or total.
        seconds: how long to look for a proof where `fair` needs one; the bound then says what is left open.
        say: is told what is being done.
    """
    begun = time.monotonic()
    _check(problem)
    say("Looking for the largest sum")
    pairs = _largest_sum(problem)
    reached = _sums(problem, pairs)
    bound, worst_bound = sum(reached.values()), _own_best(problem)
    if objective == "fair" and min(reached.values()) < worst_bound:
        say("Looking for the best for the worst-served application")
        pairs, bound, worst_bound = _fairest(problem, pairs, worst_bound, seconds, seed)
        reached = _sums(problem, pairs)
    scale = problem.scale
    return Assignment(
        problem, tuple(sorted(pairs)), objective, bound / scale, worst_bound / scale, time.monotonic() - begun, seed,
        {application: value / scale for application, value in reached.items()},
    )  # fmt: skip


def _check(problem: Problem) -> None:
    """What can be seen without looking for an assignment."""
    reasons = []
    needed, offered = len(problem.applications) * problem.demand, len(problem.experts) * problem.load
    if needed > offered:
        least = -(-needed // max(1, len(problem.experts)))
        reasons.append(
            f"{needed} reports are needed, and {len(problem.experts)} experts with at most {problem.load} each give"
            f" {offered}: raise the load to {least}, or add experts."
        )
    barred = Counter(application for application, _ in problem.conflicts)
    for application in problem.applications:
        free = len(problem.experts) - barred[application]
        if free < problem.demand:
            reasons.append(
                f"Application {application} needs {problem.demand} experts, and only {free} have no conflict of"
                " interest with it: add experts, or lower its demand."
            )
    if reasons:
        raise Infeasible(reasons)


def _sums(problem: Problem, pairs: Iterable[Pair]) -> dict[str, int]:
    sums = dict.fromkeys(problem.applications, 0)
    for application, expert in pairs:
        sums[application] += problem.weights.get((application, expert), 0)
    return sums


def _own_best(problem: Problem) -> int:
    """No application can have more than its own best experts give; the smallest of these bounds the worst-served."""
    own: dict[str, list[int]] = defaultdict(list)
    for (application, _), weight in problem.weights.items():
        own[application].append(weight)
    return min(sum(sorted(own[application])[-problem.demand :]) for application in problem.applications)


def _largest_sum(problem: Problem) -> set[Pair]:
    """A flow of least cost over the pairs with an affinity, then the rest filled in; the sum is proven."""
    pairs = _flow(problem, sorted(problem.weights), filling=True)
    assert pairs is not None  # what may be filled from anywhere always fits once _check has passed
    filled = _fill(problem, pairs)
    if filled is not None:
        return filled
    every = _every_pair(problem)
    solved = _flow(problem, every, filling=False)
    if solved is None:
        raise Infeasible(_unmet(problem, every))
    return solved


def _every_pair(problem: Problem) -> list[Pair]:
    count = len(problem.applications) * len(problem.experts)
    if count > MOST_PAIRS:
        raise Infeasible([
            f"Too few pairs with an affinity: {count} others would have to be tried one by one. Give affinities for"
            " more experts of each application."
        ])  # fmt: skip
    return [(a, e) for a in problem.applications for e in problem.experts if (a, e) not in problem.conflicts]


def _arcs(problem: Problem, pairs: list[Pair]) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the application and of the expert of each pair."""
    applications = {name: n for n, name in enumerate(problem.applications)}
    experts = {name: n for n, name in enumerate(problem.experts)}
    return (
        np.fromiter((applications[a] for a, _ in pairs), dtype=np.int64, count=len(pairs)),
        np.fromiter((experts[e] for _, e in pairs), dtype=np.int64, count=len(pairs)),
    )


def _flow(problem: Problem, pairs: list[Pair], *, filling: bool) -> set[Pair] | None:
    """Pairs of the largest sum, or None where not every demand can be met.

    With `filling`, an expert may also serve any application through one common node, for nothing.
    """
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    a, e = _arcs(problem, pairs)
    count_a, count_e = len(problem.applications), len(problem.experts)
    first_e, source, sink, common = count_a, count_a + count_e, count_a + count_e + 1, count_a + count_e + 2
    flow = SimpleMinCostFlow()
    weights = np.fromiter((problem.weights.get(pair, 0) for pair in pairs), dtype=np.int64, count=len(pairs))
    one = np.ones(len(pairs), dtype=np.int64)
    arcs = flow.add_arcs_with_capacity_and_unit_cost(first_e + e, a, one, -weights)

    def add(tails: np.ndarray, heads: np.ndarray, capacity: int) -> None:
        capacities = np.full(len(tails), capacity, dtype=np.int64)
        flow.add_arcs_with_capacity_and_unit_cost(
            tails, heads, capacities, np.zeros(len(tails), dtype=np.int64)
        )

    every_e, every_a = first_e + np.arange(count_e), np.arange(count_a)
    add(np.full(count_e, source), every_e, problem.load)
    add(every_a, np.full(count_a, sink), problem.demand)
    if filling:
        add(every_e, np.full(count_e, common), problem.load)
        add(np.full(count_a, common), every_a, problem.demand)
    needed = count_a * problem.demand
    flow.set_node_supply(source, needed)
    flow.set_node_supply(sink, -needed)
    if flow.solve() != flow.OPTIMAL:
        return None
    return {pairs[n] for n in np.flatnonzero(flow.flows(arcs))}


def _fill(problem: Problem, pairs: set[Pair]) -> set[Pair] | None:
    """Meet what is left of each demand with allowed pairs without affinity; None where that does not go."""
    from ortools.graph.python.max_flow import SimpleMaxFlow

    served, busy = Counter(a for a, _ in pairs), Counter(e for _, e in pairs)
    short = {a: problem.demand - served[a] for a in problem.applications if served[a] < problem.demand}
    if not short:
        return pairs
    free = {e: problem.load - busy[e] for e in problem.experts if busy[e] < problem.load}
    ranked = sorted(free, key=lambda e: (-free[e], e))
    flow = SimpleMaxFlow()
    experts = {e: n + 2 for n, e in enumerate(ranked)}
    possible: dict[int, Pair] = {}
    for position, (a, missing) in enumerate(short.items(), 2 + len(experts)):
        allowed = (e for e in ranked if (a, e) not in problem.conflicts and (a, e) not in problem.weights)
        for e, _ in zip(allowed, range(CANDIDATES_TO_FILL + position % 97), strict=False):
            possible[flow.add_arc_with_capacity(experts[e], position, 1)] = (a, e)
        flow.add_arc_with_capacity(position, 1, missing)
    for e, node in experts.items():
        flow.add_arc_with_capacity(0, node, free[e])
    if flow.solve(0, 1) != flow.OPTIMAL or flow.optimal_flow() < sum(short.values()):
        return None
    return pairs | {pair for arc, pair in possible.items() if flow.flow(arc)}


def _unmet(problem: Problem, pairs: list[Pair]) -> list[str]:
    """For which applications not every demand can be met at once, in sentences."""
    from ortools.graph.python.max_flow import SimpleMaxFlow

    a, e = _arcs(problem, pairs)
    count_a, count_e = len(problem.applications), len(problem.experts)
    source, sink = count_a + count_e, count_a + count_e + 1
    flow = SimpleMaxFlow()
    for tail, head in zip(e, a, strict=True):
        flow.add_arc_with_capacity(count_a + int(tail), int(head), 1)
    for n in range(count_e):
        flow.add_arc_with_capacity(source, count_a + n, problem.load)
    last = [flow.add_arc_with_capacity(n, sink, problem.demand) for n in range(count_a)]
    flow.solve(source, sink)
    missing = {problem.applications[n]: problem.demand - flow.flow(arc) for n, arc in enumerate(last)}
    return [
        f"Application {name} lacks {count} of {problem.demand} experts when all others are served: lift a conflict,"
        " raise the load of those who may evaluate it, or lower its demand."
        for name, count in missing.items()
        if count
    ]


def _fairest(
    problem: Problem, start: set[Pair], highest: int, seconds: float, seed: int
) -> tuple[set[Pair], int, int]:
    """The best worst-served application, then the largest sum under it: pairs, bound of the sum and of the worst."""
    lowest = min(_sums(problem, start).values())
    for pairs, filling in ((sorted(problem.weights), True), (None, False)):
        pairs = _every_pair(problem) if pairs is None else pairs
        search = _Search(problem, pairs, filling, lowest, highest, seconds / 2, seed)
        best, worst_bound = search.best_worst(start)
        search.model.add(search.worst >= max(lowest, min(_sums(problem, best).values())))
        best, bound = search.largest_sum(best)
        filled = _fill(problem, best) if filling else best
        if filled is not None:
            break
    assert filled is not None
    return filled, bound, worst_bound


class _Search:
    """The assignment in whole numbers: a variable for each pair, and one for the worst-served application."""

    def __init__(
        self,
        problem: Problem,
        pairs: list[Pair],
        filling: bool,
        lowest: int,
        highest: int,
        seconds: float,
        seed: int,
    ) -> None:
        from ortools.sat.python import cp_model

        self.problem, self.model, self.solver = problem, cp_model.CpModel(), cp_model.CpSolver()
        self.solved = (cp_model.OPTIMAL, cp_model.FEASIBLE)
        self.solver.parameters.random_seed = seed
        self.solver.parameters.max_time_in_seconds = seconds
        self.chosen = {pair: self.model.new_bool_var("") for pair in pairs}
        self.worst = self.model.new_int_var(lowest, highest, "worst")
        own: dict[str, list[Pair]] = {application: [] for application in problem.applications}
        busy: dict[str, list[Any]] = defaultdict(list)
        for pair, variable in self.chosen.items():
            own[pair[0]].append(pair)
            busy[pair[1]].append(variable)
        for variables in busy.values():
            self.model.add(sum(variables) <= problem.load)
        for theirs in own.values():
            count = sum(self.chosen[pair] for pair in theirs)
            self.model.add(count <= problem.demand if filling else count == problem.demand)
            self.model.add(self._weight(theirs) >= self.worst)

    def _weight(self, pairs: Iterable[Pair]) -> Any:
        return sum(self.problem.weights.get(pair, 0) * self.chosen[pair] for pair in pairs)

    def best_worst(self, start: set[Pair]) -> tuple[set[Pair], int]:
        return self._best(self.worst, start)

    def largest_sum(self, start: set[Pair]) -> tuple[set[Pair], int]:
        return self._best(self._weight(self.chosen), start)

    def _best(self, goal: Any, start: set[Pair]) -> tuple[set[Pair], int]:
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for pair, variable in self.chosen.items():
            self.model.add_hint(variable, pair in start)
        self.model.maximize(goal)
        if (
            self.solver.solve(self.model) not in self.solved
        ):  # time ran out: what is known stands, with its bound
            return start, int(self.solver.best_objective_bound)
        found = {pair for pair, variable in self.chosen.items() if self.solver.boolean_value(variable)}
        return found, int(self.solver.best_objective_bound)
