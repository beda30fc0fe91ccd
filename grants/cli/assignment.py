"""grants assign: who evaluates what, from files, without the application's database."""

import csv
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from grants.cli.common import EXIT_REFUSED, EXIT_SOME_REFUSED, INPUT_FILE

READABLE = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITABLE = click.Path(dir_okay=False, path_type=Path)
# Written out here, so that asking for help loads no solver; a test holds it equal to composition.DEFAULTS.
ORDINARY = "countries=hard,institutions=hard,languages=hard,genders=150,abroad=50,newcomers=50,sectors=50"


@click.command()
@INPUT_FILE
@click.option(
    "--demand", default=3, show_default=True, type=click.IntRange(1), help="Experts for each application."
)
@click.option(
    "--load", default=10, show_default=True, type=click.IntRange(1), help="Applications for each expert."
)
@click.option(
    "--conflicts", type=READABLE, help="CSV application,expert: pairs that a conflict of interest bars."
)
@click.option(
    "--experts",
    type=READABLE,
    help="CSV with expert and any of country,institution,gender,sector,newcomer,languages,load.",
)
@click.option(
    "--applications",
    type=READABLE,
    help="CSV with application and any of countries,language,demand.",
)
@click.option(
    "--rules",
    metavar="RULE=PRICE,...",
    help="Rules of composition: hard, or a price in thousandths of affinity for each person too many or too few."
    f" [default with --experts or --applications: {ORDINARY}]",
)
@click.option(
    "--current",
    type=READABLE,
    help="CSV application,expert, such as an earlier --out: repair these groups with the fewest changes.",
)
@click.option(
    "--fixed", type=READABLE, help="CSV application,expert: pairs that stand, whatever the rules say."
)
@click.option("--forbidden", type=READABLE, help="CSV application,expert: pairs that must not be.")
@click.option(
    "--objective",
    type=click.Choice(["fair", "total"]),
    default="fair",
    show_default=True,
    help="fair: the worst-served application first, then the sum; total: the sum alone.",
)
@click.option(
    "--seconds", default=300.0, show_default=True, type=click.FloatRange(1), help="Time for the proof."
)
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0))
@click.option("--out", type=WRITABLE, help="Write application,expert,affinity there.")
@click.option("--json", "figures", type=WRITABLE, help="Write the figures as JSON.")
def assign(
    file: Path, demand: int, load: int, conflicts: Path | None, experts: Path | None, applications: Path | None,
    rules: str | None, current: Path | None, fixed: Path | None, forbidden: Path | None, objective: str, seconds: float,
    seed: int, out: Path | None, figures: Path | None,
) -> None:  # fmt: skip
    """The best assignment of experts to applications, with its proof.

    FILE is CSV application,expert,affinity, or .npz with similarity_matrix (experts by applications) and mask_matrix
    (1: conflict). Pairs that are absent have affinity 0 and are allowed. Exit code 2: no assignment meets every demand,
    or a file cannot be used; the sentences say what to relax, or name line, field and reason.

    With --experts, --applications, --rules, --current, --fixed or --forbidden the groups are composed: affinities are
    from 0 to 1 and count in thousandths; strictly in this order, as few places as possible stay empty, the worst-served
    application is served as well as possible (not with --objective total), then the sum of affinities less the prices,
    then even loads. With --current as many of its pairs as possible stay, which counts right after the empty places.
    An empty country, institution, gender or sector is unknown and helps no rule; empty languages break none;
    several languages or countries stand with blanks between them. Exit code 3: some places stay empty; the sentences
    say which, and which rules to relax.
    """
    from grants.experts.assignment import Infeasible
    from grants.imports.affinities import read

    def say(step: str) -> None:
        click.echo(f"{step} ...", err=True)

    try:
        problem = read(file, conflicts, demand=demand, load=load)
        if experts or applications or current or fixed or forbidden or rules is not None:
            from grants.imports import composition

            prices = None if rules is None else composition.rules(rules)
            task = composition.task(
                problem, experts, applications, prices, current=current, fixed=fixed, forbidden=forbidden
            )
            pairs, told, sentences = _composed(task, objective, seconds, seed, say)
        else:
            pairs, told, sentences = _plain(problem, objective, seconds, seed, say)
    except Infeasible as refusal:
        click.echo("\n".join(refusal.reasons), err=True)
        sys.exit(EXIT_REFUSED)
    except ValueError as refusal:  # a file or a rule
        click.echo(refusal, err=True)
        sys.exit(EXIT_REFUSED)
    rows = ((*pair, f"{problem.affinities.get(pair, Decimal(0)):f}") for pair in sorted(pairs))
    try:
        if out:
            with out.open("w", newline="", encoding="utf-8") as target:
                csv.writer(target, lineterminator="\n").writerows(
                    [("application", "expert", "affinity"), *rows]
                )
        if figures:
            figures.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    except OSError as trouble:
        raise click.UsageError(f"{trouble.filename} cannot be written: {trouble.strerror}.") from None
    for sentence in sentences:
        click.echo(sentence)
    if told.get("empty"):
        sys.exit(EXIT_SOME_REFUSED)


Outcome = tuple[Iterable[tuple[str, str]], dict[str, Any], list[str]]
"""The pairs, the figures for programs, sentences for people."""


def _plain(problem: Any, objective: str, seconds: float, seed: int, say: Callable[[str], None]) -> Outcome:
    from grants.experts.assignment import assign

    found = assign(problem, objective, seconds=seconds, seed=seed, say=say)
    told = found.figures()
    proof = "proven to be the largest" if not told["gap"] else f"at most {told['bound']:g} is possible"
    sentence = (
        f"Sum {told['objective']:g}, {proof}. Worst-served application {told['min']:g}, at most"
        f" {told['worst_bound']:g} is possible. {told['seconds']:.1f} s."
    )
    return found.pairs, told, [sentence]


def _composed(task: Any, objective: str, seconds: float, seed: int, say: Callable[[str], None]) -> Outcome:
    import time

    import numpy as np

    from grants.experts.composition import FULL, OBJECTIVES, REPAIR
    from grants.experts.groups import Proposal
    from grants.experts.levels import narrowed, search

    begun, step = time.monotonic(), ""
    order = tuple(
        one for one in (REPAIR if task.current else OBJECTIVES)
        if (task.current or one != "kept") and (objective == "fair" or one != "worst")
    )  # fmt: skip
    for found in search(task, order, seconds=seconds, seed=seed, nearest=narrowed(task)):
        if found.levels[-1].name != step:
            step = found.levels[-1].name
            say(WORDS[step])
    spent = time.monotonic() - begun
    proposal = Proposal(task, found.pairs)
    groups = {one.name: proposal.groups[one.name] for one in task.applications}
    sums = np.array([sum(task.fit.get((a, e), 0) for e in group) for a, group in groups.items()]) / FULL
    scales = {"worst": FULL, "total": FULL}
    levels = [
        {"name": one.name}
        | {key: getattr(one, key) / scales.get(one.name, 1) for key in ("value", "bound", "gap")}
        for one in found.levels
    ]
    by_name = {one["name"]: one for one in levels}
    missed = Counter[str]()
    for one in task.applications:
        missed.update(task.missed(one, groups[one.name]))
    reliefs = {one.name: proposal.reliefs(one) for one in task.applications if proposal.missing(one)}
    empty = {
        one.name: {"missing": proposal.missing(one), "relax": list(reliefs[one.name])}
        for one in task.applications if one.name in reliefs
    }  # fmt: skip
    told = {
        "objective": by_name["total"]["value"], "bound": by_name["total"]["bound"], "gap": by_name["total"]["gap"],
        "affinity": float(sums.sum()), "min": float(sums.min()), "mean": float(sums.mean()), "std": float(sums.std()),
        "levels": levels, "missed": dict(missed), "empty": empty, "seconds": spent, "kind": f"composed {objective}",
        "applications": len(task.applications), "experts": len(task.experts), "conflicts": len(task.barred),
        "considered": found.considered, "allowed": task.count_allowed(), "rules": dict(task.prices), "seed": seed,
        "inputs": task.sha256,
    }  # fmt: skip
    sentences = [
        f"{WORDS[one['name']]}: {one['value']:g}, "
        + ("proven." if not one["gap"] else f"not proven: {one['bound']:g} is not ruled out.")
        for one in levels
    ]
    if missed:
        sentences.append(
            "Persons beside a rule: " + ", ".join(f"{n} {rule}" for rule, n in missed.items()) + "."
        )
    sentences += [
        f"Application {name} lacks {empty[name]['missing']}:"
        + (f" relax {', '.join(relax)}." if relax else " add experts.")
        for name, relax in reliefs.items()
    ]
    sentences.append(f"{found.considered} of {told['allowed']} pairs were considered. {spent:.1f} s.")
    return found.pairs, told, sentences


WORDS = {
    "unmet": "Empty places", "worst": "Worst-served application", "total": "Sum less prices",
    "even": "Evenness of loads (sum of squares)", "kept": "Pairs kept",
}  # fmt: skip
