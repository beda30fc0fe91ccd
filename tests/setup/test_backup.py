"""An administrator backs the installation up, and puts it back on another machine or another database."""

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import Engine, select

from grants import backup, config, files, invariants
from grants.app import create_app
from grants.cli import main
from grants.cli.common import migrate_database
from grants.db import db
from tests.conftest import DATABASES, PostgresStore


def rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()
            ]
            for table in backup.tables()
        }


def taken(app: Flask, folder: Path) -> Path:
    file = folder / "grants.zip"
    db.session.commit()
    assert [*backup.write(db.engine, file)] == [*(table.name for table in backup.tables()), "files"]
    return file


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """Another installation, with a migrated database that holds nothing."""
    instance = tmp_path / "other"
    instance.mkdir()
    store = PostgresStore(request.getfixturevalue("postgres")) if request.param == "postgresql" else None
    url = store.url if store else f"sqlite:///{instance}/grants.sqlite"
    other = create_app(
        config.from_environment({"GRANTS_INSTANCE": str(instance), "GRANTS_DATABASE_URL": url})
        | {"TESTING": True, "QUEUE": None}
    )
    migrate_database(other)
    yield other
    with other.app_context():
        db.engine.dispose()
    if store:
        store.close()


def test_everything_comes_back_on_either_database(app: Flask, empty: Flask, tmp_path: Path) -> None:
    file = taken(app, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = rows(db.engine)
    stored = {path.name: path.read_bytes() for path in files.folder().glob("??/*")}
    assert before["submissions"] and before["events"] and stored
    with empty.app_context():
        steps = [*backup.restore(db.engine, file)]
        assert steps == ["files", *(table.name for table in backup.tables())]
        assert rows(db.engine) == before
        assert {path.name: path.read_bytes() for path in files.folder().glob("??/*")} == stored
        assert invariants.broken(db.session) == {}
        db.session.add(person := files_owner())
        db.session.commit()
        assert person.id > max(row["id"] for row in before["users"])


def files_owner() -> Any:
    from grants.people.models import User

    return User(email="new@example.org", name="New Person", fs_uniquifier="new", language="en", active=True)


def test_it_is_not_put_back_over_anything(app: Flask, tmp_path: Path) -> None:
    file = taken(app, tmp_path)
    before = rows(db.engine)
    with pytest.raises(backup.Unusable, match="not empty: there are rows in programmes"):
        [*backup.restore(db.engine, file)]
    assert rows(db.engine) == before
    with pytest.raises(FileExistsError):
        [*backup.write(db.engine, file)]


def changed(file: Path, target: Path, name: str, content: bytes) -> Path:
    with zipfile.ZipFile(file) as archive, zipfile.ZipFile(target, "w") as other:
        for one in archive.namelist():
            other.writestr(one, content if one == name else archive.read(one))
    return target


def test_a_damaged_backup_changes_nothing(app: Flask, empty: Flask, tmp_path: Path) -> None:
    file = taken(app, tmp_path)
    with zipfile.ZipFile(file) as archive:
        stored = next(name for name in archive.namelist() if name.startswith("files/"))
        users = archive.read("tables/users.jsonl").splitlines(keepends=True)
    cases = {
        "has changed": changed(file, tmp_path / "1.zip", stored, b"other"),
        "users is not complete": changed(file, tmp_path / "2.zip", "tables/users.jsonl", b"".join(users[:1])),
        "has the schema 0000": changed(
            file, tmp_path / "3.zip", "backup.json", b'{"schema": "0000", "version": "0.0.1", "rows": {}}'
        ),
        "not a backup": changed(file, tmp_path / "4.zip", "backup.json", b"{"),
    }
    with empty.app_context():
        for reason, broken in cases.items():
            with pytest.raises(backup.Unusable, match=reason):
                [*backup.restore(db.engine, broken)]
            assert not any(rows(db.engine).values())


def test_the_commands_say_how_it_went(tmp_path: Path) -> None:
    run = CliRunner(
        env={"GRANTS_TEST_DATABASES": None}
    ).invoke  # a setting of the tests, unknown to the command
    file = str(tmp_path / "grants.zip")
    here, there = {"GRANTS_INSTANCE": str(tmp_path / "here")}, {"GRANTS_INSTANCE": str(tmp_path / "there")}
    add = ["user", "add", "ada@example.org", "--name", "Ada", "--admin", "--password", "long-enough-2026"]
    assert run(main, ["migrate"], env=here).exit_code == 0
    assert run(main, add, env=here).exit_code == 0
    assert run(main, ["backup", file], env=here).exit_code == 0
    again = run(main, ["backup", file], env=here)
    assert (again.exit_code, "exists already" in again.output) == (2, True)
    assert "Everything is back." in run(main, ["restore", file], env=there).output
    over = run(main, ["restore", file], env=there)
    assert (over.exit_code, "not empty" in over.output) == (2, True)
