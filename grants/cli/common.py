"""What commands share: the application, a bar of progress, options that several take, exit codes."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import inspect

from grants import config

EXIT_REFUSED = 2
EXIT_SOME_REFUSED = 3
EXIT_STOPPED = 130

INPUT_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class CannotWork(click.ClickException):
    """A setting or a database with which no command can do anything."""

    exit_code = EXIT_REFUSED


def open_app(*, migrated: bool = True, **overrides: Any) -> Flask:
    """The application of the settings.

    Args:
        migrated: whether its database must hold the tables already.

    Raises CannotWork, with a sentence, for a setting or a database that cannot be used.
    """
    from sqlalchemy.exc import SQLAlchemyError

    from grants.app import create_app
    from grants.db import db

    try:
        app = create_app(config.from_environment() | overrides)
        with app.app_context():
            empty = not inspect(db.engine).has_table("users")
            db.engine.dispose()
    except ValueError as problem:
        raise CannotWork(str(problem)) from None
    except SQLAlchemyError as problem:
        first = str(problem).strip().partition("\n")[0]
        raise CannotWork(f"GRANTS_DATABASE_URL leads to no database that can be used: {first}") from None
    if empty and migrated:
        raise CannotWork(
            "This instance has no database yet: 'grants migrate', 'grants run' or 'grants user add' makes it."
        )

    def hang_up() -> None:
        with app.app_context():
            db.engine.dispose()

    click.get_current_context().call_on_close(hang_up)
    return app


def with_progress(steps: Iterable[Any], label: str, length: int | None = None) -> None:
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
