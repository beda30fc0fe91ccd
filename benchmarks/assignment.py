"""Assignments: what fairness and composition cost beside the library's plain flow, and 17,000 applications.

    python -m benchmarks.assignment [--instances FOLDER] [--applications 17000] [--experts 8000] [--composed 2000,600]

Each large case runs in a process of its own, for its memory; the plain flow is the library's, on the same arcs. Nothing
leaves this machine.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from grants.experts.assignment import Problem, assign
from grants.experts.composition import FULL, Person, Task, Wanted
from grants.experts.groups import compose
from grants.experts.levels import narrowed
from grants.imports.affinities import read

INSTANCES = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "assignment"


def made_up(applications: int, experts: int, candidates: int = 60, conflicts: float = 0.01) -> Problem:
    """Each application with some dozens of suitable experts; fits have three decimals."""
    draw = random.Random(1)  # noqa: S311
    names, everybody = [f"a{n}" for n in range(applications)], [f"e{n}" for n in range(experts)]
    affinities, barred = {}, set()
    for name in names:
        for expert in draw.sample(everybody, candidates):
            affinities[name, expert] = Decimal(draw.randrange(1, 1000)) / 1000
            if draw.random() < conflicts:
                barred.add((name, expert))
    return Problem(tuple(names), tuple(everybody), affinities, frozenset(barred), demand=3, load=10)


def plain(problem: Problem) -> tuple[float, float]:
    """The library alone: add the arcs, solve; the sum and the seconds."""
    import numpy as np
    from ortools.graph.python.min_cost_flow import SimpleMinCostFlow

    a = {name: n for n, name in enumerate(problem.applications)}
    e = {name: n + len(a) for n, name in enumerate(problem.experts)}
    source = len(a) + len(e)
    arcs = [(e[y], a[x], 1, -w) for (x, y), w in problem.weights.items()]
    arcs += [(source, node, problem.load, 0) for node in e.values()]
    arcs += [(node, source + 1, problem.demand, 0) for node in a.values()]
    arcs += [(node, source + 2, problem.load, 0) for node in e.values()]
    arcs += [(source + 2, node, problem.demand, 0) for node in a.values()]
    tails, heads, capacities, costs = (np.array(column, dtype=np.int64) for column in zip(*arcs, strict=True))
    begun = time.perf_counter()
    flow = SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(tails, heads, capacities, costs)
    flow.set_node_supply(source, len(a) * problem.demand)
    flow.set_node_supply(source + 1, -len(a) * problem.demand)
    flow.solve()
    return -flow.optimal_cost() / problem.scale, time.perf_counter() - begun


COUNTRIES = tuple(f"C{n}" for n in range(27))


def made_up_call(applications: int, experts: int) -> Task:
    """The made-up instance with a demand of 3 and a load of 12, and facts for every rule of composition.

    Large countries have more experts; a third of the employers have several; conflicts are 1 % of all pairs.
    """
    draw = random.Random(2)  # noqa: S311
    problem = made_up(applications, experts, conflicts=0)
    shares = [1 / (n + 1) ** 0.7 for n in range(len(COUNTRIES))]
    people = tuple(
        Person(
            name, 12, draw.choices(COUNTRIES, shares)[0], f"i{int(draw.random() ** 1.5 * experts / 3)}",
            draw.choices(("woman", "man", "undisclosed"), (40, 55, 5))[0],
            draw.choices(("academia", "research", "industry", "public", ""), (45, 20, 20, 10, 5))[0],
            draw.random() < 0.3, frozenset({"en", "fr"} if draw.random() < 0.3 else {"en"}),
        )
        for name in problem.experts
    )  # fmt: skip
    wanted = tuple(
        Wanted(name, 3, frozenset(draw.choices(COUNTRIES, shares, k=draw.randint(3, 9))),
               draw.choices(("en", "fr"), (9, 1))[0])
        for name in problem.applications
    )  # fmt: skip
    barred = frozenset((one.name, e) for one in wanted for e in problem.experts if draw.random() < 0.01)
    fit = {pair: int(value * FULL) for pair, value in problem.affinities.items()}
    return Task(wanted, people, fit, barred)


def composed(applications: int, experts: int, seconds: float) -> None:
    """All rules, all objectives with value and bound, beside the sum alone by the library's flow on the same pairs."""
    task = made_up_call(applications, experts)
    name = f"{applications} x {experts}"
    proposal = compose(task, seconds=seconds, nearest=narrowed(task))
    for level in proposal.levels:
        print(
            f"{name:<14} composed  {level.name:<6} value {level.value:9d} bound {level.bound:9d} gap {level.gap:6d}"
        )
    loads, fits = proposal.loads.values(), sum(task.fit.get(pair, 0) for pair in proposal.pairs) / FULL
    missed = Counter[str]()
    for one in task.applications:
        missed.update(task.missed(one, proposal.groups[one.name]))
    print(
        f"{name:<14} composed  sum of fits {fits:9.3f}, loads {min(loads)} to {max(loads)}, persons beside a rule"
        f" {dict(missed)}\n{'':<14} {proposal.considered} pairs considered, {proposal.seconds:.1f} s,"
        f" at most {_megabytes()} MB"
    )
    plain_problem = Problem(
        tuple(one.name for one in task.applications), tuple(one.name for one in task.experts),
        {pair: Decimal(value) / FULL for pair, value in task.fit.items()}, task.barred, demand=3, load=12,
    )  # fmt: skip
    best, spent = plain(plain_problem)
    alone = compose(replace(task, prices={}), seconds=seconds, nearest=narrowed(task))
    total = next(level for level in alone.levels if level.name == "total")
    print(
        f"{name:<14} no rules  sum of fits {total.value / FULL:9.3f} gap {total.gap}, {alone.seconds:.1f} s"
    )
    print(f"{name:<14} plain flow of the library: sum {best:9.3f}, {spent:.2f} s", flush=True)


def _megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def report(name: str, problem: Problem, objective: str) -> None:
    figures = assign(problem, objective, seconds=120).figures()
    print(
        f"{name:<28} {objective:<6} sum {figures['objective']:11.3f} gap {figures['gap']:7.3f}"
        f" worst {figures['min']:6.3f} of {figures['worst_bound']:6.3f} possible {figures['seconds']:8.2f} s"
    )


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--instances", type=Path, default=INSTANCES)
    options.add_argument("--applications", type=int, default=17_000)
    options.add_argument("--experts", type=int, default=8_000)
    options.add_argument("--composed", default="2000,600", help="applications,experts")
    options.add_argument("--seconds", type=float, default=240, help="for the composed one")
    options.add_argument(
        "--only",
        choices=["instances", "large", "plain", "composed"],
        help="one part instead of all, in this process",
    )
    chosen = options.parse_args()
    size = (chosen.applications, chosen.experts)
    match chosen.only:
        case "instances":
            _instances(chosen.instances)
        case "large":
            report(f"{size[0]} x {size[1]}", made_up(*size), "total")
            print(f"memory at most {_megabytes()} MB", flush=True)
        case "plain":
            total, seconds = plain(made_up(*size))
            print(
                f"{'the library alone':<28} {'total':<6} sum {total:11.3f} {'':<48} {seconds:8.2f} s",
                flush=True,
            )
        case "composed":
            applications, experts = map(int, chosen.composed.split(","))
            composed(applications, experts, chosen.seconds)
        case _:
            for part in ("instances", "large", "plain", "composed"):
                again = [sys.executable, "-m", "benchmarks.assignment", *sys.argv[1:], "--only", part]
                subprocess.run(again, check=True)


def _instances(folder: Path) -> None:
    for path in sorted(folder.glob("*.npz")):
        for objective in ("total", "fair"):
            report(path.stem, read(path, None, demand=3, load=12), objective)
    for objective in ("total", "fair"):
        report("made up, 60 x 40", made_up(60, 40, 8), objective)


if __name__ == "__main__":
    main()
