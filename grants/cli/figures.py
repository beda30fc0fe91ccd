"""grants reliability, rank: the arithmetic of the application on files, without its database."""

import csv
import json
from pathlib import Path

import click

from grants.cli.common import INPUT_FILE


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
        try:
            out.write_text(text + "\n", encoding="utf-8")
        except OSError as problem:
            raise click.UsageError(f"{out}: {problem.strerror}") from None
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
    try:
        table = out.open("w", encoding="utf-8", newline="")
    except OSError as problem:
        raise click.UsageError(f"{out}: {problem.strerror}") from None
    with table:
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
