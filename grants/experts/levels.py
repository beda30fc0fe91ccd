"""The best groups for a whole call: one objective after the other, each with its proof (decision 0032).

Each is reached as far as time allows and then held fast. The linear relaxation gives the bound, and settles what
cannot change without losing what is reached; what is left is an integer program. Where time runs out, what was found
before stands, and the bound says what is left open.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from grants.experts.assignment import Pair
from grants.experts.composition import FULL, HARD, LARGE, OBJECTIVES, Limit, Task, Wanted
from grants.experts.integer_program import CLOSE, Answer, IntegerProgram

MANY = 20_000
"""Pairs from which on only the NEAREST experts of each application are considered."""
NEAREST = 30
SHARE = 2 / 3
"""Of the time that is left, the most that one objective may take, and one attempt of the worst-served."""


@dataclass(frozen=True)
class Level:
    """One objective: what was reached, and what is proven to be beyond reach. `unmet`, `even` are made small."""

    name: str
    value: int
    bound: int

    @property
    def gap(self) -> int:
        """0 where nothing better exists among the pairs considered."""
        return abs(self.bound - self.value)


@dataclass(frozen=True)
class Standing:
    """How far a search is: the objectives so far, the last one perhaps still being reached, and the best groups."""

    levels: tuple[Level, ...]
    pairs: frozenset[Pair]
    considered: int
    """Pairs that could be chosen from."""


def search(
    task: Task,
    order: tuple[str, ...] = OBJECTIVES,
    *,
    seconds: float,
    seed: int = 1,
    nearest: int | None = None,
) -> Iterator[Standing]:
    """How far the search is, whenever something is new; the last one is the answer.

    Args:
        order: the objectives by weight; REPAIR after somebody has declined.
        seconds: how long to look in all.
        nearest: consider so many experts of each application, those with the best fit and some of each kind that a
            rule asks for; None for all. Applications that cannot be filled from them get all.
    """
    until = time.monotonic() + seconds
    known = Search(task, allowed(task, nearest), seed)
    done: tuple[Level, ...] = ()
    for position, name in enumerate(order):
        share = 1 if position == len(order) - 1 else SHARE
        for level in known.reach(name, _left(until, share)):
            yield Standing((*done, level), known.pairs, known.considered)
        if name == "unmet" and level.value and nearest is not None:
            groups = task.groups(known.pairs)
            short = {one for one, places in task.places.items() if len(groups[one]) < places}
            known = Search(task, allowed(task, nearest, besides=short), seed)
            for level in known.reach(name, _left(until, share)):
                yield Standing((*done, level), known.pairs, known.considered)
        done = (*done, level)


def narrowed(task: Task) -> int | None:
    """How many experts of each application to consider: all of them unless there are too many."""
    return NEAREST if len(task.applications) * len(task.experts) > MANY else None


def _left(until: float, share: float) -> float:
    return max(1.0, share * (until - time.monotonic()))


def allowed(task: Task, nearest: int | None, besides: Iterable[str] = ()) -> list[Pair]:
    """The pairs to choose from, in a fixed order; applications of `besides` get all of theirs."""
    names = [one.name for one in task.experts if one.load > 0]
    chosen: list[Pair] = []
    for wanted in task.applications:
        a = wanted.name
        free = [e for e in names if (a, e) not in task.barred or (a, e) in task.fixed]
        if nearest is not None and nearest < len(free) and a not in besides:
            free.sort(key=lambda e: (-task.fit.get((a, e), 0), e))
            near = set(free[:nearest])
            for limit in task.limits(wanted):
                if limit.least:
                    near.update([e for e in free if e in limit.members][: nearest // 4])
            free = [e for e in free if e in near or {(a, e)} & (task.fixed | task.current)]
        chosen += [(a, e) for e in free]
    return chosen


class Search:
    """The groups in whole numbers: a column for each pair, empty places and persons beside a rule as further ones."""

    def __init__(self, task: Task, pairs: Iterable[Pair], seed: int) -> None:
        self.task, self.program = task, IntegerProgram(seed)
        self.pairs: frozenset[Pair] = frozenset()
        self._chosen = {pair: self.program.column(1) for pair in pairs}
        self._fixed = task.fixed & self._chosen.keys()
        self._of: dict[str, dict[str, int]] = {one.name: {} for one in task.applications}
        self._busy: dict[str, list[int]] = defaultdict(list)
        for (application, expert), column in self._chosen.items():
            self._of[application][expert] = column
            self._busy[expert].append(column)
        for pair in self._fixed:
            self.program.least[self._chosen[pair]] = 1
        standing = Counter(expert for _, expert in self._fixed)
        self._room = {one.name: max(one.load, standing[one.name]) for one in task.experts}
        for expert, room in self._room.items():
            if len(self._busy[expert]) > room:
                self.program.row(((column, 1) for column in self._busy[expert]), most=room)
        self._total = {column: task.fit.get(pair, 0) for pair, column in self._chosen.items()}
        self._short: dict[str, int] = {}
        self._beside: list[tuple[int, Limit, str]] = []
        self._hard: dict[str, list[tuple[frozenset[str], int, int]]] = defaultdict(list)
        self._worst: int | None = None
        self._steps: dict[str, list[int]] = {}
        self._is_held: set[str] = set()
        for wanted in task.applications:
            self._group(wanted)
        self.pairs = self._start()

    @property
    def considered(self) -> int:
        return len(self._chosen)

    def _group(self, wanted: Wanted) -> None:
        of, program, task = self._of[wanted.name], self.program, self.task
        fixed = frozenset(expert for expert in of if (wanted.name, expert) in self._fixed)
        places = task.places[wanted.name]
        short = self._short[wanted.name] = program.column(places)
        program.row([*((column, 1) for column in of.values()), (short, 1)], least=places, most=places)
        for limit in task.limits(wanted):
            names = limit.members & of.keys()
            members = [(of[expert], 1) for expert in names]
            price = task.prices[limit.rule]
            most = places if limit.most is None else limit.most
            if price == HARD:
                most = max(most, len(fixed & names))
                least = limit.least if len(fixed) < places else 0
                if least or len(names) > most:
                    self._hard[wanted.name].append((names, least, most))
                if len(names) > most:
                    program.row(members, most=most)
                if least:
                    program.row([*members, (short, 1)], least=least)
            elif most == 0:  # each is one too many: no column is needed
                for column, _ in members:
                    self._total[column] -= price
            elif limit.least or len(names) > most:
                beside = program.column(max(places, limit.least))
                self._beside.append((beside, limit, wanted.name))
                self._total[beside] = -price
                if limit.least:
                    program.row([*members, (beside, 1)], least=limit.least)
                else:
                    program.row([*members, (beside, -1)], most=most)

    def _start(self) -> frozenset[Pair]:
        """Groups to begin with: best pairs first, each where it still fits. Places may stay empty."""
        task = self.task
        groups = task.groups(self._fixed)
        room = Counter(self._room)
        room.subtract(expert for _, expert in self._fixed)
        for pair in sorted(self._chosen, key=lambda pair: -task.fit.get(pair, 0)):
            application, expert = pair
            group = groups[application] | {expert}
            left = task.places[application] - len(group)
            if room[expert] > 0 and left >= 0 and expert not in groups[application] and all(
                len(names & group) <= most and len(names & group) + left >= least
                for names, least, most in self._hard[application]
            ):  # fmt: skip
                groups[application] = group
                room[expert] -= 1
        return frozenset((application, expert) for application, group in groups.items() for expert in group)

    def reach(self, name: str, seconds: float) -> Iterator[Level]:
        """One objective, as far as time allows; then it is held fast. Gives what is known whenever it is better."""
        until = time.monotonic() + seconds
        goal, large = self._goal(name), name in LARGE
        level = Level(name, self.task.reached(name, self.pairs), self._at_best(name))
        yield level
        relaxed = None
        # A sum over all pairs that is held makes the relaxation slow; CP-SAT looks on from what was found.
        if level.gap and "total" not in self._is_held:
            relaxed = self.program.solve(goal, large=large, seconds=seconds, relaxed=True)
            level = self._bounded(level, relaxed)
            yield level
            self._settle(relaxed, level.value)
        if level.gap and name == "worst":
            for level in self._raise(level, until):  # noqa: B020  the better one replaces it
                yield level
        elif level.gap:
            answer = self.program.solve(
                goal, large=large, seconds=_left(until, 1), hint=self._solution(),
                by="CP_SAT" if "total" in self._is_held else "HIGHS",
            )  # fmt: skip
            level = self._bounded(self._taken(level, answer), answer)
        if relaxed is not None:
            self._settle(relaxed, level.value)
        self._hold(name, goal, level.value)
        yield level

    def _goal(self, name: str) -> dict[int, int]:
        program, task = self.program, self.task
        match name:
            case "unmet":
                return dict.fromkeys(self._short.values(), 1)
            case "worst":
                most = task.most_fit
                self._worst = program.column(most)
                for application, of in self._of.items():
                    fits = [(column, task.fit.get((application, expert), 0)) for expert, column in of.items()]
                    empty = (self._short[application], most)
                    program.row([*((c, fit) for c, fit in fits if fit), empty, (self._worst, -1)], least=0)
                return {self._worst: 1}
            case "total":
                return self._total
            case "even":
                # The squares of the loads, each further application of one person costing more than the one before.
                costs = {}
                for expert, busy in self._busy.items():
                    steps = [program.column(1) for _ in range(min(self._room[expert], len(busy)))]
                    self._steps[expert] = steps
                    program.row([*((c, 1) for c in busy), *((step, -1) for step in steps)], most=0)
                    costs.update({step: 2 * n + 1 for n, step in enumerate(steps)})
                return costs
            case "kept":
                return {column: 1 for pair, column in self._chosen.items() if pair in task.current}
        raise ValueError(name)

    def _at_best(self, name: str) -> int:
        """What nothing can be better than, whatever the groups."""
        task = self.task
        match name:
            case "unmet":
                return 0
            case "worst":
                return task.most_fit
            case "total":
                return FULL * sum(task.places.values())
            case "even":  # as many pairs as there are, on the cheapest steps
                steps = sorted(
                    2 * n + 1 for expert, busy in self._busy.items()
                    for n in range(min(self._room[expert], len(busy)))
                )  # fmt: skip
                return sum(steps[: len(self.pairs)])
        return len(task.current & self._chosen.keys())

    def _bounded(self, level: Level, answer: Answer) -> Level:
        """The level with the better of the bound known and the one found."""
        bound = answer.whole_bound(level.name in LARGE)
        if bound is None:
            return level
        # What exists is possible: a bound beyond it is a matter of floating point.
        tighter = max(level.value, min(level.bound, bound)) if level.name in LARGE else min(
            level.value, max(level.bound, bound)
        )  # fmt: skip
        return Level(level.name, level.value, tighter)

    def _taken(self, level: Level, answer: Answer) -> Level:
        """The level with the groups of an answer, if they are better than those known."""
        if answer.values is None:
            return level
        pairs = frozenset(pair for pair, column in self._chosen.items() if answer.values[column] > 0.5)
        value = self.task.reached(level.name, pairs)
        if (value > level.value) if level.name in LARGE else (value < level.value):
            self.pairs = pairs
            return Level(level.name, value, level.bound)
        return level

    def _raise(self, level: Level, until: float) -> Iterator[Level]:
        """The best worst-served application: the largest sum under one aim after the other, the bound first."""
        assert self._worst is not None
        aim = highest = level.bound
        while level.value < highest and time.monotonic() < until:
            self.program.least[self._worst] = aim
            answer = self.program.solve(self._total, large=True, seconds=_left(until, SHARE))
            if answer.values is not None:
                level = self._taken(level, answer)
            else:
                highest = aim - 1
                if answer.infeasible:
                    level = Level(level.name, level.value, aim - 1)
            yield level
            aim = (level.value + highest + 1) // 2
        self.program.least[self._worst] = 0

    def _settle(self, relaxed: Answer, value: int) -> None:
        """Columns of which any other value would cost more than what is reached is from the bound."""
        if relaxed.reduced_costs is None or relaxed.values is None or relaxed.bound is None:
            return
        room = abs(relaxed.bound - value) + 0.5
        for column in np.flatnonzero(np.abs(relaxed.reduced_costs) > room):
            if relaxed.values[column] < self.program.least[column] + CLOSE:
                self.program.most[column] = self.program.least[column]
            elif relaxed.values[column] > self.program.most[column] - CLOSE:
                self.program.least[column] = self.program.most[column]

    def _hold(self, name: str, goal: dict[int, int], value: int) -> None:
        self._is_held.add(name)
        if name == "worst":
            assert self._worst is not None
            self.program.least[self._worst] = value
        elif name in LARGE:
            self.program.row(goal.items(), least=value)
        elif value:
            self.program.row(goal.items(), most=value)
        else:
            for column in goal:
                self.program.most[column] = 0

    def _solution(self) -> dict[int, int]:
        """The groups known, as values of columns."""
        groups = self.task.groups(self.pairs)
        found = {self._chosen[pair]: 1 for pair in self.pairs}
        for application, column in self._short.items():
            found[column] = self.task.places[application] - len(groups[application])
        for column, limit, application in self._beside:
            found[column] = limit.missed(groups[application])
        loads = Counter(expert for _, expert in self.pairs)
        for expert, steps in self._steps.items():
            found.update(dict.fromkeys(steps[: loads[expert]], 1))
        if self._worst is not None:
            found[self._worst] = self.program.least[self._worst]
        return found
