"""grants check, backup, restore: every row and every file."""

import json
import sys
from pathlib import Path

import click

from grants.cli.common import AS_JSON, INPUT_FILE, migrate_database, open_app, with_progress


@click.command()
@AS_JSON
def check(as_json: bool) -> None:
    """Look for broken event chains, changed submissions and other things that must never be; exit 1 if any is found."""
    app = open_app()
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


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Write every row and every stored file into one zip, as of one moment; the application may go on meanwhile."""
    app = open_app()
    with app.app_context():
        from grants import backup as backups
        from grants.db import db

        try:
            with_progress(backups.write(db.engine, file), "Backup", len(backups.tables()) + 1)
        except FileExistsError:
            raise click.UsageError(f"{file} exists already.") from None
        except OSError as problem:
            raise click.UsageError(f"{file} cannot be written: {problem.strerror}.") from None
    click.echo(f"{file} holds everything; keep it as safe as the database itself.")


@click.command()
@INPUT_FILE
def restore(file: Path) -> None:
    """Put a backup back into an empty database, SQLite or PostgreSQL: all of it or nothing."""
    app = open_app(migrated=False)
    migrate_database(app)
    with app.app_context():
        from grants import backup as backups
        from grants.db import db

        try:
            with_progress(backups.restore(db.engine, file), "Restore", len(backups.tables()) + 1)
        except backups.Unusable as problem:
            raise click.UsageError(str(problem)) from None
    click.echo("Everything is back. Ask 'grants check' whether it holds; everybody has to sign in anew.")
