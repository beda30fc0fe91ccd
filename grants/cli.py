"""The command line: grants run, demo, migrate, user, worker, import, export, assign, rank, check, and others."""

import csv
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict
from decimal import Decimal
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
    from grants.db import db

    try:
        settings = config.from_environment()
    except ValueError as problem:
        raise click.ClickException(str(problem)) from None
    app = create_app(settings | overrides)

    def hang_up() -> None:
        with app.app_context():
            db.engine.dispose()

    click.get_current_context().call_on_close(hang_up)
    return app


def _with_progress(steps: Iterable[Any], label: str, length: int | None = None) -> None:
    with click.progressbar(steps, length=length, label=label, file=sys.stderr) as bar:
        for _ in bar:
            pass


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
        _with_progress(demo.build(), "Building the demo")
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
            _with_progress(demo.build(), "Building the demo")
        click.echo(f"\n  The demo is at {app.config['BASE_URL']}\n")
        click.echo("  Choose whom to be on the page 'Sign in as', or sign in with a password:")
        for person, part in demo.guide():
            click.echo(f"    {person.email:<42} {part}")
        click.echo(f"  Everybody's password is: {demo.PASSWORD}\n  Stop with Ctrl+C.\n")


def _serve(app: Flask, host: str, port: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):
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


@import_.command("organisations")
@IMPORTED_FILE
@AS_JSON
def import_organisations(file: Path, as_json: bool) -> None:
    """Organisations by participant code, from CSV: the register in which applicants find theirs."""
    with _app().app_context():
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
    with _app().app_context():
        from grants.db import db
        from grants.imports.bounces import take_in

        noted, other = take_in(path)
        db.session.commit()
    if as_json:
        click.echo(json.dumps({"noted": noted, "other": other}))
    else:
        click.echo(f"{noted} came back; {other} other messages, or known already.")


@import_.command("experts")
@IMPORTED_FILE
@click.option("--call", "reference", metavar="REF", required=True, help="Reference of the call.")
@BY
@AS_JSON
def import_experts(file: Path, reference: str, by: str | None, as_json: bool) -> None:
    """Experts for the pool of a call, from CSV or XLSX; each new one is told by mail."""
    with _app().app_context():
        from grants.calls import queries
        from grants.db import db
        from grants.experts import actions, pool_file

        call = queries.by_reference(reference)
        if call is None:
            raise click.UsageError(f"There is no call '{reference}'.")
        officer = _officer(call.programme, by)
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
    _print_report(report, as_json)


def _print_report(report: Any, as_json: bool) -> None:
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


@main.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write every row and every stored file into one zip, as of one moment; the application may go on meanwhile."""
    app = _app()
    with app.app_context():
        from grants import backup as backups
        from grants.db import db

        try:
            _with_progress(backups.write(db.engine, file), "Backup", len(backups.tables()) + 1)
        except FileExistsError:
            raise click.UsageError(f"{file} exists already.") from None
        except OSError as problem:
            raise click.UsageError(f"{file} cannot be written: {problem.strerror}.") from None
    click.echo(f"{file} holds everything; keep it as safe as the database itself.")


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put a backup back into an empty database, SQLite or PostgreSQL: all of it or nothing."""
    app = _app()
    migrate_database(app)
    with app.app_context():
        from grants import backup as backups
        from grants.db import db

        try:
            _with_progress(backups.restore(db.engine, file), "Restore", len(backups.tables()) + 1)
        except backups.Unusable as problem:
            raise click.UsageError(str(problem)) from None
    click.echo("Everything is back. Ask 'grants check' whether it holds; everybody has to sign in anew.")


EXPORTS = {
    "letters": "letter", "reports": "evaluation", "applications": "application", "ranking": "ranking",
    "dossiers": "dossier",
    "individual": "report", "consensus": "consensus",
    "panel": "panel", "call": "call",
}  # fmt: skip


@main.command()
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
        if what == "events":
            count = actions.export_events(call, folder)
            click.echo(json.dumps({"events": count}) if as_json else f"{count} events.")
            return
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


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS_JSON
def verify(file: Path, as_json: bool) -> None:
    """Is this PDF ours, unchanged, and since when?

    Exit code 0: made here byte for byte, or signed by the funder and unchanged; 2: no PDF; 3: neither.
    """
    app = _app()
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


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
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


SCORES = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@main.command()
@SCORES
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


@main.command()
@SCORES
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
