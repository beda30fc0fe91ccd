"""The groups that were found for a whole call: who, why, who else, and what stands in the way of a full group."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from grants.experts.assignment import Pair
from grants.experts.composition import HARD, OBJECTIVES, RULES, Task, Wanted
from grants.experts.levels import Level, Search, allowed, search

ALTERNATES = 5
AT_ONCE = 20


@dataclass(frozen=True)
class Group:
    """The experts of one application, who fits best first, with the reasons."""

    experts: tuple[str, ...]
    missing: int
    """Places that are empty."""
    missed: Mapping[str, int]
    """Rules that are not held, with the number of persons too many or too few."""
    alternates: tuple[tuple[str, tuple[str, ...]], ...]
    reliefs: tuple[str, ...]


def reasons(task: Task, pairs: frozenset[Pair]) -> Iterator[dict[str, Group]]:
    """The groups of all applications, some at a time, for whoever wants to know how far it is."""
    proposal = Proposal(task, pairs)
    for start in range(0, len(task.applications), AT_ONCE):
        yield {one.name: proposal.group(one) for one in task.applications[start : start + AT_ONCE]}


@dataclass(frozen=True)
class Proposal:
    """The groups found, with their proof."""

    task: Task
    pairs: frozenset[Pair]
    levels: tuple[Level, ...] = ()
    """In the order of their weight."""
    considered: int = 0
    """Pairs that could be chosen from; fewer than allowed where only the nearest were asked for."""
    seconds: float = 0.0

    def group(self, wanted: Wanted) -> Group:
        experts, missing = self.groups[wanted.name], self.missing(wanted)
        return Group(
            experts, missing, self.task.missed(wanted, experts), self.alternates(wanted),
            self.reliefs(wanted) if missing else (),
        )  # fmt: skip

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
    *_, level = Search(task, allowed(task, None), 1).reach("unmet", 10)
    return level.value == 0


def compose(
    task: Task,
    order: tuple[str, ...] = OBJECTIVES,
    *,
    seconds: float = 120,
    seed: int = 1,
    nearest: int | None = None,
) -> Proposal:
    """The best groups there are, as `levels.search` finds them."""
    begun = time.monotonic()
    *_, found = search(task, order, seconds=seconds, seed=seed, nearest=nearest)
    return Proposal(task, found.pairs, found.levels, found.considered, time.monotonic() - begun)
