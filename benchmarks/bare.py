"""The measure for our pages: bare Flask and SQLAlchemy with the same rows of the same database, and nothing else."""

import os
from typing import Any

from flask import Flask, render_template_string, request
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Table,
    Text,
    column,
    create_engine,
    event,
    insert,
    select,
    table,
    update,
)  # fmt: skip

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Applications</title></head><body><h1>Applications</h1><table>
{% for row in rows %}
<tr><td>{{ row.number }}</td>
<td><a href="/applications/{{ row.public_id }}">{{ row.acronym }}</a><br>{{ row.title }}</td>
<td>{{ row.coordinator_name }}<br>{{ row.coordinator_country }}</td><td>{{ row.partner_count }}</td>
<td>{{ row.requested }}</td><td>{{ row.state }}</td></tr>
{% endfor %}
</table></body></html>"""

applications = table(
    "applications", *map(column, ("id", "public_id", "number", "serial", "state", "version", "call_id"))
)
submissions = table(
    "submissions",
    *map(column, ("application_id", "number", "acronym", "title", "coordinator_name", "coordinator_country",
                  "partner_count", "requested", "submitted_at")),
)  # fmt: skip
calls = table("calls", column("id"), column("reference"))

app = Flask(__name__)
engine = create_engine(os.environ["GRANTS_DATABASE_URL"])
written = Table(
    "bare_rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("text", Text),
)


if engine.dialect.name == "sqlite":

    @event.listens_for(engine, "connect")
    def as_durable_as_the_application(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if request.method == "POST" else "BEGIN")


@app.get("/calls/<reference>/applications")
def received(reference: str) -> str:
    """The first fifty applications of a call."""
    query = (
        select(
            applications.c.public_id, applications.c.number, applications.c.state, submissions.c.acronym,
            submissions.c.title, submissions.c.coordinator_name, submissions.c.coordinator_country,
            submissions.c.partner_count, submissions.c.requested, submissions.c.submitted_at,
        )
        .join(calls, calls.c.id == applications.c.call_id)
        .join(
            submissions,
            (submissions.c.application_id == applications.c.id) & (submissions.c.number == applications.c.version),
        )
        .where(calls.c.reference == reference)
        .order_by(applications.c.serial)
        .limit(50)
    )  # fmt: skip
    with engine.connect() as connection:
        return render_template_string(PAGE, rows=connection.execute(query).all())


@app.post("/submissions")
def submit() -> tuple[str, int]:
    """As many rows as a submission writes: new ones, one of them long, and one changed."""
    with engine.begin() as connection:
        one = update(applications).where(applications.c.public_id == request.form["id"])
        connection.execute(one.values(serial=applications.c.serial))
        connection.execute(insert(written), [{"name": request.form["id"], "text": request.form["text"]}])
        for _ in range(int(os.environ["BARE_ROWS"]) - 1):
            connection.execute(insert(written), [{"name": request.form["id"], "text": "short"}])
    return "", 204
