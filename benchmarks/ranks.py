"""How long expected ranks take: 15 x 5 and 200 x 40 complete, 2,000 applications with 3 of 500 reviewers each.

python -m benchmarks.ranks [--seed 1]
"""

import argparse
import resource
import sys
import time

import numpy as np

from grants.panels.uncertainty import Score, fundable, sureness

CASES = ((15, 5, 5), (200, 40, 40), (2000, 500, 3))


def made(items: int, reviewers: int, each: int, seed: int) -> list[Score]:
    """Whole scores from 1 to 6, by the model itself."""
    chance = np.random.default_rng(seed)
    worth, severity = chance.normal(3.5, 0.5, items), chance.normal(0, 0.4, reviewers)
    return [
        Score(f"a{item}", f"r{who}", float(np.clip(np.rint(worth[item] + severity[who] + chance.normal(0, 0.6)), 1, 6)))
        for item in range(items)
        for who in chance.choice(reviewers, each, replace=False)
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="of the made-up scores")
    asked = parser.parse_args()
    for items, reviewers, each in CASES:
        scores = made(items, reviewers, each, asked.seed)
        start, worked = time.perf_counter(), time.process_time()
        found = sureness(scores, fundable(items // 4))
        took, worked = time.perf_counter() - start, time.process_time() - worked
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sys.stdout.write(
            f"{items} items, {each} of {reviewers} reviewers each: {worked:.2f} s of processor, {took:.2f} s, "
            f"{found.nodes} nodes, {len(found.crossing)} cross the line, {memory} MB\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
