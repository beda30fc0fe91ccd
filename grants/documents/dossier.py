"""The auditor's dossier of one application: every row that belongs to it, every version and file, and its events.

What belongs is found by the keys of the tables, so a table that is added later is in the dossier without a word here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, or_, select

from grants import events, files
from grants.applications.models import Application
from grants.db import Base, db
from grants.documents import verify_events
from grants.people.models import User

LEFT_OUT = {"documents", "kept_texts"}
"""Files made from the rest, among them earlier dossiers; and what somebody typed and nobody else ever saw."""
AROUND = {
    "calls": ("id", "reference", "title", "action", "deadline_at", "budget", "scheme_json", "rules_json", "terms_json"),
    "ranked_lists": ("id", "number", "adopted_at", "adopted_by_id", "budget", "sha256"),
    "releases": ("id", "kind", "state", "ordered_at", "released_at", "released_by_id"),
}  # fmt: skip
"""What a row points at and shares with other applications: no more of it than explains this one."""


@dataclass(frozen=True)
class Dossier:
    """Rows by table, each a dict by column; `people` by the id that the rows hold."""

    rows: dict[str, list[dict[str, Any]]]
    people: dict[int, dict[str, str]]
    events: list[dict[str, Any]] = field(default_factory=list)

    def value(self) -> dict[str, Any]:
        """As JSON: instants in UTC, amounts in cents, scores in hundredths."""
        return {
            "rows": {
                name: [{key: _plain(value) for key, value in row.items()} for row in found]
                for name, found in self.rows.items()
            },
            "people": {str(key): person for key, person in self.people.items()},
            "events": self.events,
        }


def of(application: Application) -> Dossier:
    """Everything that is on record about one application; some thirty statements, for a worker."""
    rows = {"applications": _rows(Application.__table__, Application.id == application.id)}
    for table in Base.metadata.sorted_tables:  # parents come before their children
        keys = [key for key in _keys(table) if _parent(key) in rows and table.name != "applications"]
        if keys and table.name not in LEFT_OUT:
            belongs = or_(*(key.in_([row["id"] for row in rows[_parent(key)]]) for key in keys))
            if found := _rows(table, belongs):
                rows[table.name] = found
    rows |= _around(rows)
    trail = list(events.exported(db.session, application.call_id, chain=f"application:{application.id}"))
    wanted = {event["user"] for event in trail} | {
        row[key.name]
        for name, found in rows.items()
        for key in _keys(Base.metadata.tables[name])
        if _parent(key) == "users"
        for row in found
        if key.name in row
    }
    people = db.session.execute(
        select(User.id, User.name, User.email).where(User.id.in_(wanted - {None})).order_by(User.id)
    )
    return Dossier(rows, {row.id: {"name": row.name, "email": row.email} for row in people}, trail)


def _keys(table: Table) -> Iterator[Column[Any]]:
    return (column for column in table.columns if column.foreign_keys)


def _parent(key: Column[Any]) -> str:
    return next(iter(key.foreign_keys)).column.table.name


def _rows(table: Any, belongs: Any) -> list[dict[str, Any]]:
    return [
        dict(row) for row in db.session.execute(select(table).where(belongs).order_by(table.c.id)).mappings()
    ]


def _around(rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for name, columns in AROUND.items():
        wanted = {
            row[key.name]
            for other, held in rows.items()
            for key in _keys(Base.metadata.tables[other])
            if _parent(key) == name
            for row in held
        }
        table = Base.metadata.tables[name]
        found[name] = [
            {column: row[column] for column in columns}
            for row in _rows(table, table.c.id.in_(wanted - {None}))
        ]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def beside(dossier: Dossier) -> dict[str, bytes | Path]:
    """What lies in the archive beside the document: the versions as they were hashed, their files, the events."""
    held: dict[str, bytes | Path] = {
        "events.jsonl": "".join(
            f"{json.dumps(event, ensure_ascii=False)}\n" for event in dossier.events
        ).encode(),
        "verify_events.py": Path(verify_events.__file__),
    }
    for row in dossier.rows.get("submissions", ()):
        held[f"versions/{row['number']}.json"] = row["snapshot"].encode()
        for file in json.loads(row["snapshot"]).get("attachments", ()):
            path = files.path_of(file["sha256"])
            if path.exists():
                name = re.sub(r"[^A-Za-z0-9._-]+", "-", file["name"])[-80:]
                held[f"files/{file['sha256'][:12]}-{name}"] = path
    return held
