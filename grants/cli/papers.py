"""grants export, verify: documents."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from grants.cli.common import AS_JSON, EXIT_STOPPED, INPUT_FILE, open_app

EXPORTS = {
    "letters": "letter", "reports": "evaluation", "applications": "application", "ranking": "ranking",
    "dossiers": "dossier",
    "individual": "report", "consensus": "consensus",
    "panel": "panel", "call": "call", "withdrawals": "withdrawal", "reviews": "review", "draw": "draw",
}  # fmt: skip


@click.command()
@click.argument("what", type=click.Choice([*EXPORTS, "events"]))
@click.argument("reference", metavar="CALL")
@click.option(
    "--out",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the PDFs.",
)
@click.option("--language", type=click.Choice(["en", "fr"]), help="Instead of each recipient's own.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened to each file as JSON.")
def export(what: str, reference: str, folder: Path, language: str | None, as_json: bool) -> None:
    """Write the PDFs of a call into a folder; run again, it makes only what is missing or has changed.

    'events' writes who did what when, with a program that checks the chain of hashes without this application.

    It can be stopped with Ctrl-C or killed at any time. Exit status 3 when some of them could not be made, 130 when it
    was stopped.
    """
    app = open_app()
    done: list[dict[str, Any]] = []
    with app.app_context():
        from grants.calls import queries
        from grants.documents import actions

        call = queries.by_reference(reference)
        if call is None:
            raise click.UsageError(f"There is no call {reference}.")
        if what == "events":
            count = actions.export_events(call, folder)
            click.echo(json.dumps({"events": count}) if as_json else f"{count} events.")
            return
        total = 0
        try:
            with click.progressbar(length=1, label=f"Writing {what}", file=sys.stderr) as bar:
                for one in actions.export(call, EXPORTS[what], folder, language):
                    bar.length = total = one.total
                    bar.update(1)
                    done.append({"file": one.filename, "outcome": one.outcome, "problem": one.problem})
        except KeyboardInterrupt:
            click.echo(
                f"Stopped after {len(done)} of {total}; the same command goes on from there.", err=True
            )
            sys.exit(EXIT_STOPPED)
    failed = [row for row in done if row["outcome"] == "failed"]
    if as_json:
        click.echo(json.dumps(done))
    else:
        counts = {
            outcome: sum(row["outcome"] == outcome for row in done)
            for outcome in ("made", "unchanged", "failed")
        }
        click.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) + ".")
        for row in failed:
            click.echo(f"{row['file']}: {row['problem']}", err=True)
    sys.exit(3 if failed else 0)


@click.command()
@INPUT_FILE
@AS_JSON
def verify(file: Path, as_json: bool) -> None:
    """Is this PDF ours, unchanged, and since when?

    Exit code 0: made here byte for byte, or signed by the funder and unchanged; 2: no PDF; 3: neither.
    """
    app = open_app()
    with app.app_context():
        from grants.documents import verification

        try:
            verdict = verification.verify(file.read_bytes(), app.config)
        except verification.NoDocument as problem:
            raise click.UsageError(f"{file} is no PDF that can be read. {problem}") from None
    if as_json:
        click.echo(json.dumps(verdict.to_dict()))
    else:
        made = (
            f"made here on {verdict.made_at:%Y-%m-%d %H:%M:%S} UTC" if verdict.made_at else "not known here"
        )
        click.echo(f"{verdict.kind or 'document'}: {made}")
        if verdict.replaced_at:
            click.echo(f"REPLACED by another letter on {verdict.replaced_at:%Y-%m-%d %H:%M:%S} UTC")
        signature = verdict.signature
        if signature:
            change = "unchanged since" if signature.intact else "CHANGED SINCE"
            believed = "trusted" if signature.trusted else "not ours"
            stamp = signature.stamped_at or "no time stamp"
            click.echo(
                f"signed by {signature.signer} ({believed}) on {signature.signed_at}, {stamp}; {change}"
            )
        else:
            click.echo("no signature")
        click.echo(f"SHA-256 {verdict.sha256}")
    sys.exit(0 if verdict.is_ours else 3)
