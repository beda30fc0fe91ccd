"""The command line: grants run, demo, migrate, user, worker, import, export, check, settings."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import select

from grants import __version__, config

EXIT_REFUSED = 2
EXIT_SOME_REFUSED = 3
# Other writers of an embedded database wait at most this long for their turn.
RECORDS_A_COMMIT = 25


def _app(**overrides: Any) -> Flask:
    from grants.app import create_app

    try:
        settings = config.from_environment()
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    return create_app(settings | overrides)


def migrate_database(app: Flask) -> None:
    """Bring the database of an application to the newest schema."""
    from alembic import command
    from alembic.config import Config

    alembic = Config()
    alembic.set_main_option("script_location", str(config.ROOT / "migrations"))
    alembic.attributes["url"] = app.config["DATABASE_URL"]
    command.upgrade(alembic, "head")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="grants")
def main() -> None:
    """Research grant applications, from an open call to a signed-off decision.

    Settings come from environment variables; 'grants settings' lists them.
    """


@main.command()
def settings() -> None:
    """List every setting, what it does, and its default."""
    for setting in config.SETTINGS:
        click.echo(f"GRANTS_{setting.name}")
        click.echo(f"    {setting.help}")
        click.echo(f"    Default: {setting.default or '(empty)'}\n")


@main.command()
def migrate() -> None:
    """Create the database, or bring it to the newest schema."""
    app = _app()
    migrate_database(app)
    click.echo("The database is up to date.")


@main.command()
def demo() -> None:
    """Build the demo programme in an empty database: people, and calls in every phase."""
    app = _app(DEMO=True)
    migrate_database(app)
    with app.app_context():
        from grants import demo

        if not demo.is_empty():
            raise click.ClickException(
                "The database holds data already; the demo is only built in an empty one."
            )
        with click.progressbar(demo.build(), label="Building the demo", file=sys.stderr) as steps:  # type: ignore[var-annotated]
            for _ in steps:
                pass
    click.echo("The demo is ready.")


@main.command()
@click.option(
    "--demo", "as_demo", is_flag=True, help="Serve the demo; builds it first where the database is empty."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on."
)
@click.option("--no-worker", is_flag=True, help="Do not start a worker process beside the web server.")
def run(as_demo: bool, host: str, port: int, no_worker: bool) -> None:
    """Bring the database up to date, then serve the application with a worker beside it."""
    if as_demo:
        os.environ["GRANTS_DEMO"] = "1"
        os.environ.setdefault("GRANTS_BASE_URL", f"http://{host}:{port}")
    app = _app()
    migrate_database(app)
    if as_demo:
        _prepare_demo(app)
    worker = None
    if not no_worker:
        worker = subprocess.Popen([sys.executable, "-m", "grants", "worker", "--with", str(os.getpid())])
    try:
        _serve(app, host, port)
    finally:
        if worker:
            worker.terminate()
            worker.wait()


def _prepare_demo(app: Flask) -> None:
    with app.app_context():
        from grants import demo

        if demo.is_empty():
            with click.progressbar(demo.build(), label="Building the demo", file=sys.stderr) as steps:  # type: ignore[var-annotated]
                for _ in steps:
                    pass
        click.echo(f"\n  The demo is at {app.config['BASE_URL']}\n")
        click.echo("  Choose whom to be on the page 'Sign in as', or sign in with a password:")
        for person, part in demo.guide():
            click.echo(f"    {person.email:<42} {part}")
        click.echo(f"  Everybody's password is: {demo.PASSWORD}\n  Stop with Ctrl+C.\n")


def _serve(app: Flask, host: str, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {
                "bind": f"{host}:{port}", "workers": app.config["WORKERS"], "worker_class": "gthread", "threads": 4,
                "timeout": 60, "graceful_timeout": 20, "keepalive": 15, "loglevel": "warning",
                "proc_name": "grants", "control_socket_disable": True,
            }  # fmt: skip
            for key, value in options.items():
                if key in self.cfg.settings:
                    self.cfg.set(key, value)

        def load(self) -> Flask:
            return app

    with app.app_context():
        from grants.db import db

        db.engine.dispose()  # forked workers open connections of their own
    try:
        Server().run()
    except SystemExit as stop:
        if stop.code:
            raise click.ClickException(
                f"The server could not start on {host}:{port}. Is the port in use?"
            ) from None


@main.command()
@click.option("--with", "parent", type=int, hidden=True, help="Stop when the process with this id has ended.")
def worker(parent: int | None) -> None:
    """Send mails and make documents, until stopped."""
    app = _app()
    from grants import jobs

    carrier = jobs.queue(app)
    consumer = carrier.create_consumer(
        workers=1, worker_type="thread", periodic=True, initial_delay=0.1, max_delay=1
    )
    consumer._set_signal_handlers = lambda: None  # its own handlers would outlive the loop below
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    logging.getLogger("huey").setLevel(logging.WARNING)
    consumer.start()
    with app.app_context():
        jobs.run_waiting()
    while not stopping.wait(1):
        if parent and os.getppid() != parent:
            break
    consumer.stop(graceful=True)


@main.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True, help="Full name.")
@click.option("--admin", is_flag=True, help="Administrator and officer of the programme.")
@click.option("--officer", is_flag=True, help="Officer of the programme.")
@click.option(
    "--programme", default="Grant programme", show_default=True, help="Programme; made if it is new."
)
@click.password_option(help="Asked for where it is not given.")
def add_user(email: str, name: str, admin: bool, officer: bool, programme: str, password: str) -> None:
    """Add a person; the first administrator comes from here."""
    app = _app()
    with app.app_context():
        from grants.calls.models import Programme
        from grants.db import db
        from grants.people import actions

        try:
            person = actions.create_account(email, name, password=password)
        except ValueError as problem:
            raise click.ClickException(str(problem)) from None
        home = db.session.scalars(select(Programme).where(Programme.name == programme)).first()
        if (admin or officer) and home is None:
            home = Programme(name=programme)
            db.session.add(home)
            db.session.flush()
        for role in (["admin"] if admin else []) + (["officer"] if admin or officer else []):
            actions.appoint(person, role, by=None, programme=home)
        db.session.commit()
    click.echo(f"{email} may sign in.")


IMPORTED_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
BY = click.option(
    "--by", metavar="EMAIL", help="Officer who owns what comes in; else the programme's first one."
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")


@main.group("import")
def import_() -> None:
    """Take in public data, one JSON object a line: each record whole or not at all.

    A second run over the same file changes nothing. Exit code 0: all is in; 2: the file or an option cannot be used;
    3: some records were refused, for the reasons in the report.
    """


@import_.command("topics")
@IMPORTED_FILE
@click.option("--programme", required=True, help="Name of the programme that the calls belong to.")
@BY
@AS_JSON
def import_topics(file: Path, programme: str, by: str | None, as_json: bool) -> None:
    """Topics of the Funding and Tenders Portal as calls in draft."""
    with _app().app_context():
        from grants.calls.models import Programme
        from grants.db import db
        from grants.imports.topics import Topics

        home = db.session.scalars(select(Programme).where(Programme.name == programme)).first()
        if home is None:
            raise click.UsageError(f"There is no programme '{programme}'.")
        _import(file, Topics(home, _officer(home, by)), as_json)


@import_.command("projects")
@IMPORTED_FILE
@click.option(
    "--call", "reference", metavar="REF", required=True, help="Reference of the call that they applied to."
)
@BY
@AS_JSON
def import_projects(file: Path, reference: str, by: str | None, as_json: bool) -> None:
    """Projects of CORDIS as submitted applications to a call."""
    with _app().app_context():
        from grants.calls import queries
        from grants.imports.projects import Projects

        call = queries.by_reference(reference)
        if call is None:
            raise click.UsageError(f"There is no call '{reference}'.")
        _import(file, Projects(call, _officer(call.programme, by)), as_json)


def _officer(programme: Any, email: str | None) -> Any:
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
    for line in [json.dumps(report.to_dict(), indent=2)] if as_json else report.lines():
        click.echo(line)
    sys.exit(EXIT_SOME_REFUSED if report.refused else 0)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def check(as_json: bool) -> None:
    """Look for broken event chains, changed submissions and other things that must never be; exit 1 if any is found."""
    app = _app()
    with app.app_context():
        from grants import invariants
        from grants.db import db

        found = invariants.broken(db.session)
    if as_json:
        click.echo(json.dumps(found))
    elif not found:
        click.echo("Everything holds.")
    for name, rows in found.items() if not as_json else ():
        click.echo(f"{name}: {', '.join(rows[:10])}{' ...' if len(rows) > 10 else ''}")
    sys.exit(1 if found else 0)


EXPORTS = {"letters": "letter", "reports": "evaluation", "applications": "application", "ranking": "ranking"}


@main.command()
@click.argument("what", type=click.Choice(list(EXPORTS)))
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

    Exit status 3 when some of them could not be made.
    """
    app = _app()
    done: list[dict[str, Any]] = []
    with app.app_context():
        from grants.calls import queries
        from grants.documents import actions

        call = queries.by_reference(reference)
        if call is None:
            raise click.UsageError(f"There is no call {reference}.")
        with click.progressbar(length=1, label=f"Writing {what}", file=sys.stderr) as bar:
            for one in actions.export(call, EXPORTS[what], folder, language):
                bar.length = one.total
                bar.update(1)
                done.append({"file": one.filename, "outcome": one.outcome, "problem": one.problem})
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
