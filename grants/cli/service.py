"""grants settings, migrate, demo, run, worker: the application itself."""

import logging
import os
import signal
import subprocess
import sys
import threading

import click
from flask import Flask

from grants import config
from grants.cli.common import migrate_database, open_app, with_progress


@click.command()
def settings() -> None:
    """List every setting, what it does, and its default."""
    for setting in config.SETTINGS:
        click.echo(f"GRANTS_{setting.name}")
        click.echo(f"    {setting.help}")
        click.echo(f"    Default: {setting.default or '(empty)'}\n")


@click.command()
def migrate() -> None:
    """Create the database, or bring it to the newest schema."""
    app = open_app(migrated=False)
    migrate_database(app)
    click.echo("The database is up to date.")


@click.command()
def demo() -> None:
    """Build the demo programme in an empty database: people, and calls in every phase."""
    app = open_app(migrated=False, DEMO=True)
    migrate_database(app)
    with app.app_context():
        from grants import demo

        if not demo.is_empty():
            raise click.ClickException(
                "The database holds data already; the demo is only built in an empty one."
            )
        with_progress(demo.build(), "Building the demo")
    click.echo("The demo is ready.")


@click.command()
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
    app = open_app(migrated=False)
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
            with_progress(demo.build(), "Building the demo")
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


@click.command()
@click.option("--with", "parent", type=int, hidden=True, help="Stop when the process with this id has ended.")
def worker(parent: int | None) -> None:
    """Send mails, make documents and compose groups of experts, until stopped."""
    app = open_app()
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
    threading.Thread(target=jobs.look_on, args=(app, stopping), daemon=True).start()
    with app.app_context():
        jobs.run_waiting(long=False)
    while not stopping.wait(1):
        if parent and os.getppid() != parent:
            break
    stopping.set()
    consumer.stop(graceful=True)
