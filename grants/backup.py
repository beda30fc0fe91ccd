"""A backup: every row and every stored file in one zip, the same for both databases.

Rows are JSON, one a line, in the order in which they may be written again, so a backup made on SQLite can be put back
on PostgreSQL and the other way round. Sessions are left out: everybody signs in anew.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Date, Engine, Table, func, insert, select, text

from grants import __version__, clock, files
from grants.db import Instant, reading
from grants.schema import metadata

LEFT_OUT = {"browser_sessions"}
ROWS_AT_ONCE = 500


class Unusable(Exception):
    """Why a backup cannot be put back."""


def tables() -> list[Table]:
    """The tables that a backup holds, each after those that it refers to."""
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def write(engine: Engine, target: Path) -> Iterator[str]:
    """Write a backup of one moment into a new file that only its owner may read; yields what is done, step by step.

    The file has its name only when it is complete. Raises FileExistsError.
    """
    if target.exists():
        raise FileExistsError(target)
    unfinished = target.with_name(f"{target.name}.part")
    handle = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
    with (
        open(handle, "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        reading(),
        engine.connect().execution_options(isolation_level="REPEATABLE READ")
        if engine.dialect.name == "postgresql"
        else engine.connect() as connection,
    ):
        counts = {}
        for table in tables():
            with archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True) as lines:
                counts[table.name] = 0
                for row in connection.execute(select(table).order_by(table.c.id)).mappings():
                    lines.write(json.dumps(dict(row), default=_text, ensure_ascii=False).encode() + b"\n")
                    counts[table.name] += 1
            yield table.name
        for path in sorted(files.folder().glob("??/*")):
            if len(path.name) == hashlib.sha256().digest_size * 2:
                archive.write(path, f"files/{path.name}", zipfile.ZIP_STORED)
        about = {
            "schema": _schema(connection), "version": __version__, "made": clock.now().isoformat(), "rows": counts,
        }  # fmt: skip
        archive.writestr("backup.json", json.dumps(about, indent=2))
    os.replace(unfinished, target)
    yield "files"


def restore(engine: Engine, source: Path) -> Iterator[str]:
    """Put a backup back into an empty database of the same schema: all of it, or nothing.

    Raises Unusable: no backup, another schema, a damaged file, or a database that holds something already.
    """
    try:
        archive = zipfile.ZipFile(source)
        about = json.loads(archive.read("backup.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as problem:
        raise Unusable(f"This is not a backup: {problem}") from None
    with archive, engine.begin() as connection:
        if about["schema"] != (here := _schema(connection)):
            raise Unusable(
                f"The backup has the schema {about['schema']}, this database {here}. Put it back with version"
                f" {about['version']} of the application, then bring it up to date with 'grants migrate'."
            )
        for table in tables():
            if connection.execute(select(table.c.id).limit(1)).first():
                raise Unusable(f"The database is not empty: there are rows in {table.name}.")
        for name in archive.namelist():
            if name.startswith("files/"):
                content = archive.read(name)
                if hashlib.sha256(content).hexdigest() != name.removeprefix("files/"):
                    raise Unusable(f"The backup is damaged: {name} has changed.")
                files.put(content)
        yield "files"
        for table in tables():
            put_back = _put_back(connection, table, archive)
            if put_back != about["rows"].get(table.name):
                raise Unusable(f"The backup is damaged: {table.name} is not complete.")
            yield table.name


def _put_back(connection: Connection, table: Table, archive: zipfile.ZipFile) -> int:
    rows: list[dict[str, Any]] = []
    total = 0
    with archive.open(f"tables/{table.name}.jsonl") as lines:
        for line in lines:
            rows.append(_values(table, json.loads(line)))
            total += 1
            if len(rows) == ROWS_AT_ONCE:
                connection.execute(insert(table), rows)
                rows = []
    if rows:
        connection.execute(insert(table), rows)
    if total and connection.dialect.name == "postgresql":
        # Rows came with their ids; the next new row has to get a higher one.
        sequence = func.pg_get_serial_sequence(table.name, "id")
        connection.execute(select(func.setval(sequence, select(func.max(table.c.id)).scalar_subquery())))
    return total


def _values(table: Table, row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if isinstance(value, str) and isinstance(table.c[name].type, Instant):
            row[name] = datetime.fromisoformat(value)
        elif isinstance(value, str) and isinstance(table.c[name].type, Date):
            row[name] = date.fromisoformat(value)
    return row


def _text(value: Any) -> str:
    if isinstance(value, date):  # an instant is one, too
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no place in a backup")


def _schema(connection: Connection) -> str:
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
