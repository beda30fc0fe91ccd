"""grants import: what comes in from files."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from grants.cli.common import AS_JSON, EXIT_SOME_REFUSED, INPUT_FILE, open_app

# Other writers of an embedded database wait at most this long for their turn.
RECORDS_A_COMMIT = 25
BY = click.option(
    "--by", metavar="EMAIL", help="Officer who owns what comes in; else the programme's first one."
)


@click.group("import")
def import_() -> None:
    """Take in public data, one JSON object a line: each record whole or not at all.

    A second run over the same file changes nothing. Exit code 0: all is in; 2: the file or an option cannot be used;
    3: some records were refused, for the reasons in the report.
    """


@import_.command("topics")
@INPUT_FILE
@click.option("--programme", required=True, help="Name of the programme that the calls belong to.")
@BY
@AS_JSON
def import_topics(file: Path, programme: str, by: str | None, as_json: bool) -> None:
    """Topics of the Funding and Tenders Portal as calls in draft."""
    with open_app().app_context():
        from grants.calls.models import Programme
        from grants.db import db
        from grants.imports.topics import Topics

        home = db.session.scalars(select(Programme).where(Programme.name == programme)).first()
        if home is None:
            raise click.UsageError(f"There is no programme '{programme}'.")
        _import(file, Topics(home, officer_of(home, by)), as_json)


@import_.command("projects")
@INPUT_FILE
@click.option(
    "--call", "reference", metavar="REF", required=True, help="Reference of the call that they applied to."
)
@BY
@AS_JSON
def import_projects(file: Path, reference: str, by: str | None, as_json: bool) -> None:
    """Projects of CORDIS as submitted applications to a call."""
    with open_app().app_context():
        from grants.calls import queries
        from grants.imports.projects import Projects

        call = queries.by_reference(reference)
        if call is None:
            raise click.UsageError(f"There is no call '{reference}'.")
        _import(file, Projects(call, officer_of(call.programme, by)), as_json)


@import_.command("organisations")
@INPUT_FILE
@AS_JSON
def import_organisations(file: Path, as_json: bool) -> None:
    """Organisations by participant code, from CSV: the register in which applicants find theirs."""
    with open_app().app_context():
        from grants.imports import organisations
        from grants.imports.report import Report
        from grants.imports.source import Unusable

        try:
            found, sha256 = organisations.rows(file)
        except Unusable as problem:
            raise click.UsageError(str(problem)) from None
        report = Report(file.name, sha256)
        taken = organisations.take_in(found, report)
        with click.progressbar(taken, length=len(found), label=file.name, file=sys.stderr) as steps:
            for _ in steps:
                pass
        _print_report(report, as_json)


@import_.command("bounces")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@AS_JSON
def import_bounces(path: Path, as_json: bool) -> None:
    """Mails that came back: one .eml file, an mbox file, or a Maildir folder.

    Officers and coordinators then see whom no mail reaches. A second run changes nothing.
    """
    with open_app().app_context():
        from grants.db import db
        from grants.imports.bounces import take_in

        noted, other = take_in(path)
        db.session.commit()
    if as_json:
        click.echo(json.dumps({"noted": noted, "other": other}))
    else:
        click.echo(f"{noted} came back; {other} other messages, or known already.")


@import_.command("experts")
@INPUT_FILE
@click.option("--call", "reference", metavar="REF", required=True, help="Reference of the call.")
@BY
@AS_JSON
def import_experts(file: Path, reference: str, by: str | None, as_json: bool) -> None:
    """Experts for the pool of a call, from CSV or XLSX; each new one is told by mail."""
    with open_app().app_context():
        from grants.calls import queries
        from grants.db import db
        from grants.experts import actions, pool_file

        call = queries.by_reference(reference)
        if call is None:
            raise click.UsageError(f"There is no call '{reference}'.")
        officer = officer_of(call.programme, by)
        try:
            lines = pool_file.read(file.read_bytes())
        except (OSError, pool_file.Unusable) as problem:
            raise click.UsageError(str(problem)) from None
        taken = actions.Taken()
        rows = actions.take_in(call, lines, taken, by=officer)
        with click.progressbar(rows, length=len(lines), label=file.name, file=sys.stderr) as steps:
            for _ in steps:
                pass
        db.session.commit()
        counts = {name: len(getattr(taken, name)) for name in ("added", "renewed", "unchanged", "refused")}
        if as_json:
            click.echo(json.dumps({"counts": counts} | asdict(taken), indent=2))
        else:
            click.echo(", ".join(f"{count} {name}" for name, count in counts.items()) + ".")
            for one in taken.refused:
                click.echo(f"Line {one.line}, {one.column or 'line'}: {one.sentence}")
        sys.exit(EXIT_SOME_REFUSED if taken.refused else 0)


def officer_of(programme: Any, email: str | None) -> Any:
    from grants.people import queries

    officer = queries.first_officer(programme, email)
    if officer is None:
        who = f"'{email}' is not an officer" if email else "There is no officer"
        raise click.UsageError(f"{who} of the programme '{programme.name}'.")
    return officer


def _import(file: Path, importer: Any, as_json: bool) -> None:
    """Take a file in, commit every so often, print the report, and end with the exit code that says how it went."""
    from grants.db import db
    from grants.imports.report import Report
    from grants.imports.source import Source, Unusable, take_in

    try:
        source = Source.open(file)
    except Unusable as problem:
        raise click.UsageError(str(problem)) from None
    report = Report(source.name, source.sha256)
    taken = take_in(source, importer, report)
    with click.progressbar(taken, length=len(source.lines), label=file.name, file=sys.stderr) as steps:
        for count, _ in enumerate(steps, 1):
            if count % RECORDS_A_COMMIT == 0:
                db.session.commit()
    db.session.commit()
    _print_report(report, as_json)


def _print_report(report: Any, as_json: bool) -> None:
    for line in [json.dumps(report.to_dict(), indent=2)] if as_json else report.lines():
        click.echo(line)
    sys.exit(EXIT_SOME_REFUSED if report.refused else 0)
