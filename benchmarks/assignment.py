"""Assignments: what fairness costs beside the library's plain flow, and a programme of 17,000 applications.

    python -m benchmarks.assignment [--instances FOLDER] [--applications 17000] [--experts 8000]

The plain flow runs in a process of its own on the same arcs. Nothing leaves this machine.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

from grants.experts.assignment import Problem, assign
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
    options.add_argument("--plain", action="store_true", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.plain:
        total, seconds = plain(made_up(chosen.applications, chosen.experts))
        print(f"{'the library alone':<28} {'total':<6} sum {total:11.3f} {'':<48} {seconds:8.2f} s")
        return
    for path in sorted(chosen.instances.glob("*.npz")):
        for objective in ("total", "fair"):
            report(path.stem, read(path, None, demand=3, load=12), objective)
    report("made up, 60 x 40", made_up(60, 40, 8), "total")
    report("made up, 60 x 40", made_up(60, 40, 8), "fair")
    size = f"{chosen.applications} x {chosen.experts}"
    report(size, made_up(chosen.applications, chosen.experts), "total")
    print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", flush=True)
    again = ["--applications", str(chosen.applications), "--experts", str(chosen.experts), "--plain"]
    subprocess.run([sys.executable, "-m", "benchmarks.assignment", *again], check=True)


if __name__ == "__main__":
    main()
