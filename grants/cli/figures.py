"""grants assign, reliability, rank: the arithmetic of the application on files, without its database."""

import csv
import json
import sys
from decimal import Decimal
from pathlib import Path

import click

from grants.cli.common import EXIT_REFUSED, INPUT_FILE


@click.command()
@INPUT_FILE
@click.option(
    "--demand", default=3, show_default=True, type=click.IntRange(1), help="Experts for each application."
)
@click.option(
    "--load", default=10, show_default=True, type=click.IntRange(1), help="Applications for each expert."
)
@click.option(
    "--conflicts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV application,expert: pairs that a conflict of interest bars.",
)
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
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write application,expert,affinity there."
)
@click.option(
    "--json", "figures", type=click.Path(dir_okay=False, path_type=Path), help="Write the figures as JSON."
)
def assign(
    file: Path, demand: int, load: int, conflicts: Path | None, objective: str, seconds: float, seed: int,
    out: Path | None, figures: Path | None,
) -> None:  # fmt: skip
    """The best assignment of experts to applications, with its proof.

    FILE is CSV application,expert,affinity, or .npz with similarity_matrix (experts by applications) and mask_matrix
    (1: conflict). Pairs that are absent have affinity 0 and are allowed. Exit code 2: no assignment meets every demand,
    or a file cannot be used; the sentences say what to relax, or name line, field and reason.
    """
    from grants.experts import assignment
    from grants.imports import affinities
    from grants.imports.source import Unusable

    try:
        problem = affinities.read(file, conflicts, demand=demand, load=load)
        found = assignment.assign(
            problem,
            objective,
            seconds=seconds,
            seed=seed,
            say=lambda step: click.echo(f"{step} ...", err=True),
        )
    except assignment.Infeasible as refusal:
        click.echo("\n".join(refusal.reasons), err=True)
        sys.exit(EXIT_REFUSED)
    except Unusable as refusal:
        click.echo(refusal, err=True)
        sys.exit(EXIT_REFUSED)
    rows = ((*pair, f"{problem.affinities.get(pair, Decimal(0)):f}") for pair in found.pairs)
    try:
        if out:
            with out.open("w", newline="", encoding="utf-8") as target:
                csv.writer(target, lineterminator="\n").writerows(
                    [("application", "expert", "affinity"), *rows]
                )
        if figures:
            figures.write_text(json.dumps(found.figures(), indent=2) + "\n", encoding="utf-8")
    except OSError as trouble:
        raise click.UsageError(f"{trouble.filename} cannot be written: {trouble.strerror}.") from None
    told = found.figures()
    proof = "proven to be the largest" if not told["gap"] else f"at most {told['bound']:g} is possible"
    click.echo(f"Sum {told['objective']:g}, {proof}. Worst-served application {told['min']:g}, at most"
               f" {told['worst_bound']:g} is possible. {told['seconds']:.1f} s.")  # fmt: skip


@click.command()
@INPUT_FILE
@click.option(
    "--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the figures as JSON."
)
def reliability(file: Path, out: Path | None) -> None:
    """How far evaluators agree, for each criterion: FILE is CSV with the columns item,reviewer,criterion,score.

    ICC(1) and ICC(k), Krippendorff's alpha, the standard deviation within an item, and how far each reviewer scores
    from the others on the same items. Where an item has no score of a reviewer, there is no line. Exit code 2: the
    file cannot be used, for the reasons given line by line.
    """
    from grants.reviews import reliability as figures
    from grants.reviews import score_table

    try:
        rows, values = score_table.read(file, ("item", "reviewer", "criterion", "score"))
    except score_table.Unusable as problem:
        raise click.UsageError(str(problem)) from None
    scores: dict[str, list[figures.Score]] = {}
    for row, value in zip(rows, values, strict=True):
        scores.setdefault(row["criterion"], []).append(figures.Score(row["item"], row["reviewer"], value))
    found = {criterion: figures.agreement(scores[criterion]) for criterion in sorted(scores)}
    if out:
        text = json.dumps({name: one.to_dict() for name, one in found.items()}, indent=1, ensure_ascii=False)
        out.write_text(text + "\n", encoding="utf-8")
    for line in figures.lines(found):
        click.echo(line)


@click.command()
@INPUT_FILE
@click.option("--fundable", required=True, type=click.IntRange(min=1), help="How many items can be funded.")
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Where the CSV goes."
)
@click.option("--lowest-best", is_flag=True, help="The lowest score is the best one.")
@click.option("--scale", metavar="LOW,HIGH", help="Ends of the scale; five points wide where not given.")
@click.option(
    "--seed", type=click.IntRange(min=0), help="Of the draws; the same seed gives the same figures."
)
@click.option("--draws", type=click.IntRange(100, 1_000_000), help="How many rankings are drawn.")
def rank(
    file: Path,
    fundable: int,
    out: Path,
    lowest_best: bool,
    scale: str | None,
    seed: int | None,
    draws: int | None,
) -> None:
    """Expected ranks of items: FILE is CSV with the columns item,reviewer,score.

    Writes item,mean,rank_mean,expected_rank,lower50,upper50,p_funded in the order of the expected ranks. Where an
    item has no score of a reviewer, there is no line. Exit code 2: the file cannot be used, for the reasons given
    line by line.
    """
    from grants.panels import uncertainty
    from grants.reviews import score_table

    low, high = _scale(scale)
    try:
        rows, values = score_table.read(file, ("item", "reviewer", "score"), low, high)
    except score_table.Unusable as problem:
        raise click.UsageError(str(problem)) from None
    found = uncertainty.sureness(
        [uncertainty.Score(r["item"], r["reviewer"], v) for r, v in zip(rows, values, strict=True)],
        uncertainty.fundable(fundable), scale=high - low if scale else uncertainty.WIDTH, lowest_best=lowest_best,
        seed=uncertainty.SEED if seed is None else seed, draws=draws or uncertainty.DRAWS,
    )  # fmt: skip
    with out.open("w", encoding="utf-8", newline="") as table:
        writer = csv.writer(table, lineterminator="\n")
        writer.writerow(("item", "mean", "rank_mean", "expected_rank", "lower50", "upper50", "p_funded"))
        for one in found.items:
            figures = (f"{one.mean:.4f}", f"{one.rank_mean:g}", f"{one.expected_rank:.4f}")
            writer.writerow((one.item, *figures, *one.half, f"{one.p_funded:.4f}"))
    click.echo(
        f"{len(found.items)} items; line at expected rank {found.line:.2f}; "
        f"{len(found.crossing)} whose 50 % interval crosses it; seed {found.seed}, {found.draws} draws."
    )


def _scale(text: str | None) -> tuple[float, float]:
    """The ends of a scale written as LOW,HIGH; no bounds where none is given."""
    if text is None:
        return float("-inf"), float("inf")
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise click.UsageError("--scale takes two numbers such as 1,6.") from None
    if not -1e9 <= low < high <= 1e9:
        raise click.UsageError("--scale takes the lower end first.")
    return low, high
