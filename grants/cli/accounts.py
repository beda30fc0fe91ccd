"""grants user: accounts."""

import click
from sqlalchemy import select

from grants.cli.common import migrate_database, open_app


@click.group()
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
    app = open_app(migrated=False)
    migrate_database(app)
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
