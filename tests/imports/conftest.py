"""Records as they stand in public files, and the ways to take them in."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask, appcontext_pushed
from sqlalchemy import select

from grants.calls import queries
from grants.calls.models import Programme
from grants.cli import main
from grants.db import db
from grants.imports.projects import Projects
from grants.imports.report import Report
from grants.imports.source import Source, take_in
from grants.imports.topics import Topics


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of records, one a line; bytes are written as they are."""

    def write(*records: Any, name: str = "records.jsonl") -> Path:
        path = tmp_path / name
        path.write_bytes(
            b"".join(r if isinstance(r, bytes) else json.dumps(r).encode() + b"\n" for r in records)
        )
        return path

    return write


def _taken(path: Path, importer: Any) -> Report:
    source = Source.open(path)
    report = Report(source.name, source.sha256)
    for _ in take_in(source, importer, report):
        pass
    db.session.commit()
    return report


@pytest.fixture
def take_projects(app: Flask, cast: Any, names: Any, written: Any) -> Callable[..., Report]:
    """Take project records, or a file of them, in as applications to a call, in the officer's name."""

    def take(*records: Any, call: str = "open") -> Report:
        path = records[0] if isinstance(records[0], Path) else written(*records)
        found = queries.by_reference(names.calls[call])
        assert found
        return _taken(path, Projects(found, cast.officer))

    return take


@pytest.fixture
def take_topics(app: Flask, cast: Any, written: Any) -> Callable[..., Report]:
    """Take topic records, or a file of them, in as calls of the programme, in the officer's name."""

    def take(*records: Any) -> Report:
        path = records[0] if isinstance(records[0], Path) else written(*records)
        programme = db.session.scalars(select(Programme).where(Programme.name == "Trustworthy AI")).one()
        return _taken(path, Topics(programme, cast.officer))

    return take


@pytest.fixture
def command(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Run 'grants import ...' on the database of the test."""
    monkeypatch.delenv(
        "GRANTS_TEST_DATABASES", raising=False
    )  # of the suite; the command knows no such setting
    monkeypatch.setenv("GRANTS_INSTANCE", str(app.config["INSTANCE"]))
    monkeypatch.setenv("GRANTS_DATABASE_URL", app.config["DATABASE_URL"])

    def run(*words: Any) -> Result:
        db.session.commit()
        with appcontext_pushed.connected_to(own.append):
            result = CliRunner().invoke(main, ["import", *map(str, words)], catch_exceptions=False)
        db.session.expire_all()
        return result

    own: list[Flask] = []
    yield run
    # A process of its own would end here, and its connections with it.
    for made in own:
        with made.app_context():
            db.engine.dispose()
