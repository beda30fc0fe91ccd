"""Lists as long as in a big call: copies of one application with all that hangs on it."""

from collections import defaultdict
from typing import Any

from sqlalchemy import Table, UniqueConstraint, func, insert, select

from grants.db import db, new_public_id
from grants.schema import metadata


def copies(number: str, count: int) -> None:
    """Add `count` copies of the application with this number: its rows, and all rows that point at them."""
    original = metadata.tables["applications"]
    first = db.session.execute(select(original).where(original.c.number == number)).mappings().one()
    found: dict[str, dict[int, Any]] = defaultdict(dict)
    _collect(original, first, found)
    tables = [table for table in metadata.sorted_tables if table.name in found]
    highest = {table.name: db.session.scalar(select(func.max(table.c.id))) or 0 for table in tables}
    serials = (
        db.session.scalar(select(func.max(original.c.serial)).where(original.c.call_id == first["call_id"]))
        or 0
    )
    for copy in range(1, count + 1):
        ids: dict[tuple[str, int], int] = {}
        for table in tables:
            rows = []
            for row in found[table.name].values():
                highest[table.name] += 1
                ids[table.name, row["id"]] = highest[table.name]
                rows.append(_copied(table, row, ids, f"-{copy}"))
            if table is original:
                rows[0]["serial"] = serials + copy
            db.session.execute(insert(table), rows)
    if db.engine.dialect.name == "postgresql":  # its sequences have not seen these ids
        for table in tables:
            sequence = func.pg_get_serial_sequence(table.name, "id")
            db.session.execute(select(func.setval(sequence, highest[table.name])))
    db.session.commit()


def _collect(table: Table, row: Any, found: dict[str, dict[int, Any]]) -> None:
    if row["id"] in found[table.name]:
        return
    found[table.name][row["id"]] = row
    for child in metadata.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table is table:
                for inner in db.session.execute(select(child).where(key.parent == row["id"])).mappings():
                    _collect(child, inner, found)


def _copied(table: Table, row: Any, ids: dict[tuple[str, int], int], suffix: str) -> dict[str, Any]:
    values = dict(row) | {"id": ids[table.name, row["id"]]}
    for key in table.foreign_keys:
        name = key.parent.name
        values[name] = ids.get((key.column.table.name, values[name]), values[name])
    for constraint in (c for c in table.constraints if isinstance(c, UniqueConstraint)):
        if any(values[column.name] != row[column.name] for column in constraint.columns):
            continue  # belongs to another copy already
        name = list(constraint.columns)[-1].name
        if name == "public_id":
            values[name] = new_public_id()
        elif isinstance(values[name], str):
            values[name] = f"{values[name]}{suffix}"
    return values
