"""The assignment of a whole call: groups that are composed as they should be, with proof and reasons (rulebook 4.6).

The objectives count strictly one after the other: what an earlier one has reached is never given up for a later one.
Each is solved on its own by CP-SAT and then held fast; where time runs out its bound says what is left open. A rule
may be hard, or soft with a price in thousandths of fit for each person too many or too few; hard rules leave a place
empty before they are broken, and `reliefs` says which of them stands in the way.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from grants.canonical import digest
from grants.experts.assignment import SILENT, Pair

RULES = ("countries", "abroad", "institutions", "genders", "newcomers", "sectors", "languages")
"""In the order in which pages show them."""
HARD = 0
"""The price of a rule that is never broken. A rule without any price is not asked for."""
DEFAULTS: Mapping[str, int] = {
    "countries": HARD, "institutions": HARD, "languages": HARD, "genders": 150, "abroad": 50, "newcomers": 50,
    "sectors": 50,
}  # fmt: skip
OBJECTIVES = ("unmet", "worst", "total", "even", "kept")
REPAIR = ("unmet", "kept", "worst", "total", "even")
"""After somebody has declined, keeping the others counts right after filling the gap."""
FULL = 1000
"""Fit of the same words, in thousandths."""
ALTERNATES = 5


@dataclass(frozen=True)
class Wanted:
    """One application: how many experts it needs, where its consortium is at home, in which language it is written."""

    name: str
    demand: int
    countries: frozenset[str] = frozenset()
    language: str = ""


@dataclass(frozen=True)
class Person:
    """One expert. An empty country, institution, gender or sector is unknown and helps no rule; empty languages
    break none."""

    name: str
    load: int
    country: str = ""
    institution: str = ""
    gender: str = ""
    sector: str = ""
    is_new: bool = False
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Limit:
    """At least `least` and at most `most` of the experts `members` in one group (`most` None: any number)."""

    rule: str
    members: frozenset[str]
    least: int = 0
    most: int | None = None

    def missed(self, group: Iterable[str]) -> int:
        """By how many persons a group is beside the limit."""
        count = sum(name in self.members for name in group)
        return max(0, self.least - count, count - self.most if self.most is not None else 0)


@dataclass(frozen=True)
class Task:
    """What is to be assigned. A pair absent from `fit` shares no words and is allowed.

    `fixed` pairs stand whatever the rules say; `current` is what should change as little as possible.
    """

    applications: tuple[Wanted, ...]
    experts: tuple[Person, ...]
    fit: Mapping[Pair, int]
    """In thousandths, 0 to FULL."""
    barred: frozenset[Pair] = frozenset()
    """Conflicts of interest, and what an officer has forbidden."""
    fixed: frozenset[Pair] = frozenset()
    current: frozenset[Pair] = frozenset()
    prices: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULTS))
    """Of each rule that is asked for: HARD, or thousandths of fit for each person too many or too few."""

    @cached_property
    def sha256(self) -> str:
        """Of everything that the answer depends on, as canonical JSON."""
        return digest({
            "applications": [asdict(one) | {"countries": sorted(one.countries)} for one in self.applications],
            "experts": [asdict(one) | {"languages": sorted(one.languages)} for one in self.experts],
            "fit": [[*pair, value] for pair, value in sorted(self.fit.items())],
            "barred": sorted(self.barred), "fixed": sorted(self.fixed), "current": sorted(self.current),
            "prices": dict(self.prices),
        })  # fmt: skip

    @cached_property
    def _by(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Names of the experts by country, institution, gender and sector; unknown ones left out."""
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for one in self.experts:
            for fact in ("country", "institution", "gender", "sector"):
                if getattr(one, fact):
                    found[fact][getattr(one, fact)].add(one.name)
        return {fact: {v: frozenset(names) for v, names in by.items()} for fact, by in found.items()}

    @cached_property
    def _shared(self) -> Mapping[int, tuple[Limit, ...]]:
        """The limits that do not depend on the application but for its demand."""
        return {demand: tuple(self._common(demand)) for demand in {one.demand for one in self.applications}}

    def _common(self, demand: int) -> Iterable[Limit]:
        by = self._by
        yield from (Limit("countries", names, most=demand - 1) for names in by.get("country", {}).values())
        yield from (Limit("institutions", names, most=1) for names in by.get("institution", {}).values())
        genders = [by.get("gender", {}).get(name, frozenset()) for name in ("woman", "man")]
        sectors = by.get("sector", {})
        science = sectors.get("academia", frozenset()) | sectors.get("research", frozenset())
        yield from (Limit("genders", names, least=1) for names in genders)
        yield from (
            Limit("sectors", names, least=1) for names in (science, sectors.get("industry", frozenset()))
        )
        yield Limit("newcomers", frozenset(one.name for one in self.experts if one.is_new), least=1)

    def limits(self, wanted: Wanted) -> Iterable[Limit]:
        """The rules that are asked for, as limits of the group of one application.

        Two countries, genders or sectors need two people: for a demand of one those rules ask nothing.
        """
        of_two = ("countries", "genders", "sectors")
        for limit in self._shared[wanted.demand]:
            if limit.rule in self.prices and (wanted.demand > 1 or limit.rule not in of_two):
                yield limit
        by_country = self._by.get("country", {})
        if "abroad" in self.prices:
            home = frozenset[str]().union(*(by_country.get(code, frozenset()) for code in wanted.countries))
            yield Limit("abroad", home, most=0)
        if "languages" in self.prices and wanted.language:
            strange = {
                one.name for one in self.experts if one.languages and wanted.language not in one.languages
            }
            yield Limit("languages", frozenset(strange), most=0)

    def missed(self, wanted: Wanted, group: Iterable[str]) -> dict[str, int]:
        """The rules that a group does not hold, with the number of persons too many or too few."""
        group, found = tuple(group), Counter[str]()
        for limit in self.limits(wanted):
            found[limit.rule] += limit.missed(group)
        return {rule: found[rule] for rule in RULES if found[rule]}


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
class Proposal:
    """The groups found, with their proof."""

    task: Task
    pairs: frozenset[Pair]
    levels: tuple[Level, ...]
    """In the order of their weight; the last ones are absent where time ran out before them."""
    seed: int
    seconds: float
    considered: int
    """Pairs that the solver could choose from; fewer than allowed where only the nearest were asked for."""

    @cached_property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Experts of each application, who fits best first."""
        found: dict[str, list[str]] = {one.name: [] for one in self.task.applications}
        for application, expert in sorted(self.pairs):
            found[application].append(expert)
        fit = self.task.fit
        return {a: tuple(sorted(group, key=lambda e: -fit.get((a, e), 0))) for a, group in found.items()}

    @cached_property
    def loads(self) -> Counter[str]:
        return Counter(expert for _, expert in self.pairs)

    def missing(self, wanted: Wanted) -> int:
        """How many experts the application still lacks."""
        return max(0, wanted.demand - len(self.groups[wanted.name]))

    def alternates(self, wanted: Wanted) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Who could step in, best fit first, with the members whose place they could take without another change.

        They have load left, no conflict, and break no rule that the group holds now; "" is the place that is empty.
        """
        task, group = self.task, self.groups[wanted.name]
        now = task.missed(wanted, group)
        room = [
            one.name for one in task.experts
            if self.loads[one.name] < one.load and one.name not in group
            and (wanted.name, one.name) not in task.barred
        ]  # fmt: skip
        room.sort(key=lambda name: (-task.fit.get((wanted.name, name), 0), name))
        places = [""] if self.missing(wanted) else [e for e in group if (wanted.name, e) not in task.fixed]
        found: list[tuple[str, tuple[str, ...]]] = []
        for name in room:
            fitting = tuple(place for place in places if self._no_worse(wanted, group, now, name, place))
            if fitting:
                found.append((name, fitting))
            if len(found) == ALTERNATES:
                break
        return tuple(found)

    def _no_worse(
        self, wanted: Wanted, group: tuple[str, ...], now: Mapping[str, int], name: str, place: str
    ) -> bool:
        changed = self.task.missed(wanted, [name, *(one for one in group if one != place)])
        return all(count <= now.get(rule, 0) for rule, count in changed.items())

    def reliefs(self, wanted: Wanted) -> tuple[str, ...]:
        """What would let a group be full while all others keep theirs: hard rules, then "load" and "conflicts".

        Each alone is enough; where none is, the smallest start of the list that is enough together, else nothing.
        """
        free = tuple(
            replace(
                one, load=max(0, one.load - self.loads[one.name] + (one.name in self.groups[wanted.name]))
            )
            for one in self.task.experts
        )
        own = replace(
            self.task, applications=(wanted,), experts=free,
            fixed=frozenset(pair for pair in self.task.fixed if pair[0] == wanted.name), current=frozenset(),
        )  # fmt: skip
        steps = [rule for rule in RULES if own.prices.get(rule) == HARD] + ["load", "conflicts"]
        alone = tuple(step for step in steps if _fills(_relaxed(own, [step])))
        if alone:
            return alone
        for count in range(2, len(steps) + 1):
            if _fills(_relaxed(own, steps[:count])):
                return tuple(steps[:count])
        return ()


def _relaxed(task: Task, steps: Iterable[str]) -> Task:
    for step in steps:
        if step == "load":
            task = replace(task, experts=tuple(replace(one, load=one.load + 1) for one in task.experts))
        elif step == "conflicts":
            task = replace(task, barred=frozenset())
        else:
            task = replace(task, prices={rule: p for rule, p in task.prices.items() if rule != step})
    return task


def _fills(task: Task) -> bool:
    level = _Search(task, _allowed(task, None), 1).solve("unmet", 10)
    return level is not None and level.value == 0


def compose(
    task: Task,
    order: tuple[str, ...] = OBJECTIVES,
    *,
    seconds: float = 120,
    seed: int = 1,
    nearest: int | None = None,
    say: Callable[[str], None] = SILENT,
) -> Proposal:
    """The best groups there are.

    Args:
        order: the objectives by weight; REPAIR after somebody has declined.
        seconds: how long to look in all; each objective may take half of what is left.
        nearest: consider so many experts of each application, those with the best fit and some of each kind that a
            rule asks for; None for all. Applications that cannot be filled from them get all.
        say: is told which objective is being solved; what it raises ends the search.
    """
    begun = time.monotonic()
    pairs = _allowed(task, nearest)
    search = _Search(task, pairs, seed)
    levels = []
    for position, name in enumerate(order):
        say(name)
        left = seconds - (time.monotonic() - begun)
        level = search.solve(name, max(1.0, left if position == len(order) - 1 else left / 2))
        if level is None:
            break
        if name == "unmet" and level.value and nearest is not None:
            return compose(task, order, seconds=max(1.0, left), seed=seed, say=say)
        levels.append(level)
    return Proposal(task, search.found, tuple(levels), seed, time.monotonic() - begun, len(pairs))


def _allowed(task: Task, nearest: int | None) -> list[Pair]:
    """The pairs to choose from, in a fixed order."""
    names = [one.name for one in task.experts if one.load > 0]
    chosen: list[Pair] = []
    for wanted in task.applications:
        a = wanted.name
        free = [e for e in names if (a, e) not in task.barred or (a, e) in task.fixed]
        if nearest is not None and nearest < len(free):
            free.sort(key=lambda e: (-task.fit.get((a, e), 0), e))
            near = dict.fromkeys(free[:nearest])
            for limit in task.limits(wanted):
                if limit.least:
                    near.update(dict.fromkeys([e for e in free if e in limit.members][: nearest // 4]))
            free = [e for e in free if e in near or {(a, e)} & (task.fixed | task.current)]
        chosen += [(a, e) for e in free]
    return chosen


class _Search:
    """The groups in whole numbers: a variable for each pair, empty places and prices beside."""

    def __init__(self, task: Task, pairs: Iterable[Pair], seed: int) -> None:
        from ortools.sat.python import cp_model

        self.task, self.model, self.solver = task, cp_model.CpModel(), cp_model.CpSolver()
        self.solved = (cp_model.OPTIMAL, cp_model.FEASIBLE)
        self.solver.parameters.random_seed = seed
        # One thread: the same inputs and seed give the same groups, as long as time does not run out.
        self.solver.parameters.num_workers = 1
        self.solver.parameters.linearization_level = 2
        self.chosen = {pair: self.model.new_bool_var("") for pair in pairs}
        self.found: frozenset[Pair] = task.fixed & self.chosen.keys()
        self.fines: list[Any] = []
        self.short: dict[str, Any] = {}
        self._of: dict[str, dict[str, Any]] = {one.name: {} for one in task.applications}
        self._busy: dict[str, list[Any]] = defaultdict(list)
        for (application, expert), variable in self.chosen.items():
            self._of[application][expert] = variable
            self._busy[expert].append(variable)
        for pair in self.found:
            self.model.add(self.chosen[pair] == 1)
        for wanted in task.applications:
            self._group(wanted)
        fixed = Counter(expert for _, expert in self.found)
        self._loads: list[tuple[list[Any], int]] = []
        for one in task.experts:
            most = max(one.load, fixed[one.name])
            if len(self._busy[one.name]) > most:
                self.model.add(sum(self._busy[one.name]) <= most)
            self._loads.append((self._busy[one.name], min(most, len(self._busy[one.name]))))

    def _group(self, wanted: Wanted) -> None:
        of, model = self._of[wanted.name], self.model
        fixed = {expert for application, expert in self.found if application == wanted.name}
        demand = max(wanted.demand, len(fixed))
        short = self.short[wanted.name] = model.new_int_var(0, demand, "")
        model.add(sum(of.values()) + short == demand)
        for limit in self.task.limits(wanted):
            members = [of[expert] for expert in sorted(limit.members & of.keys())]
            price, standing = self.task.prices[limit.rule], len(fixed & limit.members)
            most = None if limit.most is None else max(limit.most, standing)
            if limit.most is not None and most is not None and len(members) > most:
                if price == HARD:
                    model.add(sum(members) <= most)
                elif limit.most == 0:  # each is one too many: no variable is needed
                    self.fines += [price * variable for variable in members]
                else:
                    over = self._fine(price, demand)
                    model.add(sum(members) <= limit.most + over)
            if limit.least:
                if price != HARD:
                    model.add(sum(members) + self._fine(price, limit.least) >= limit.least)
                elif len(fixed) < demand:
                    model.add(sum(members) + short >= limit.least)

    def _fine(self, price: int, most: int) -> Any:
        """How many persons too many or too few there are, each of which costs the price."""
        beside = self.model.new_int_var(0, most, "")
        self.fines.append(price * beside)
        return beside

    def _fit(self, application: str) -> Any:
        fit = self.task.fit
        return sum(fit.get((application, expert), 0) * v for expert, v in self._of[application].items())

    def _goal(self, name: str) -> tuple[Any, bool]:
        """What to make small (False) or large (True)."""
        model = self.model
        match name:
            case "unmet":
                return sum(self.short.values()), False
            case "worst":
                # An application with an empty place was counted above; it shall not hide how the others are served.
                full = max((one.demand for one in self.task.applications), default=0) * FULL
                worst = model.new_int_var(0, full, "")
                for wanted in self.task.applications:
                    model.add(self._fit(wanted.name) + full * self.short[wanted.name] >= worst)
                return worst, True
            case "total":
                return sum(self._fit(one.name) for one in self.task.applications) - sum(self.fines), True
            case "even":
                # The squares of the loads, each further application of one person costing more than the one before.
                costs = []
                for busy, most in self._loads:
                    steps = [model.new_bool_var("") for _ in range(most)]
                    model.add(sum(busy) <= sum(steps))
                    costs += [(2 * n + 1) * step for n, step in enumerate(steps)]
                return sum(costs), False
            case "kept":
                return sum(v for pair, v in self.chosen.items() if pair in self.task.current), True
        raise ValueError(name)

    def solve(self, name: str, seconds: float) -> Level | None:
        """Reach for one objective and hold fast what was reached; None where time ran out before anything was found."""
        goal, large = self._goal(name)
        if isinstance(goal, int):  # nothing can change it
            return Level(name, goal, goal)
        self.model.clear_hints()  # type: ignore[no-untyped-call]
        for pair, variable in self.chosen.items():
            self.model.add_hint(variable, pair in self.found)
        (self.model.maximize if large else self.model.minimize)(goal)
        self.solver.parameters.max_time_in_seconds = seconds
        if self.solver.solve(self.model) not in self.solved:
            return None
        value, bound = round(self.solver.objective_value), round(self.solver.best_objective_bound)
        self.found = frozenset(p for p, v in self.chosen.items() if self.solver.boolean_value(v))
        self.model.add(goal >= value if large else goal <= value)
        self.model.clear_objective()  # type: ignore[no-untyped-call]
        return Level(name, value, bound)
