"""What all pages share: the transaction of a request, and what was typed is shown again without harm."""

import contextvars
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from grants import web, workflow
from grants.calls import queries as calls
from grants.db import db
from grants.fields import PointsField, RowForm
from grants.language import in_language
from tests import page_laws

CALL = {
    "reference": "NEW-2026", "title": "A new call", "text": "Text.", "action": "RIA", "pillar": "2", "year": "2026",
    "opens": "2026-11-01T10:00", "deadline": "2027-01-12T17:00", "zone": "Europe/Brussels", "budget": "1000000",
}  # fmt: skip


@pytest.mark.parametrize("name", ["year", "opens", "deadline", "budget", "min_reviews", "version"])
def test_control_characters_in_any_field_are_shown_as_question_marks(as_: Any, names: Any, name: str) -> None:
    officer = as_("officer")
    page = officer.post(f"/calls/{names.calls['draft']}/edit", data=CALL | {name: "12\x00\x01\x7f3"})
    assert page.status_code in (409, 422)
    assert not {"\x00", "\x01", "\x7f"} & set(page.get_data(as_text=True))
    if page.status_code == 422:
        assert "12???3" in page.get_data(as_text=True)


def test_a_thread_that_has_read_begins_the_next_request_as_a_writer(app: Any, names: Any, as_: Any) -> None:
    """On SQLite a writer that begins without the lock fails as soon as somebody else writes: "database is locked"."""
    if db.engine.dialect.name != "sqlite":
        return  # PostgreSQL has no such lock, and nothing to find
    begun: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("BEGIN"):
            begun.append(statement)

    browser, thread = as_("coordinator"), contextvars.Context()  # a thread of a server keeps its context
    browser.token()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        for method, expected in (("GET", "BEGIN"), ("POST", "BEGIN IMMEDIATE")):
            db.session.commit()
            begun.clear()
            data = {"csrf_token": browser.token(), "language": "fr"} if method == "POST" else None
            address = "/language" if method == "POST" else "/"
            answer = thread.run(
                lambda m=method, a=address, d=data: FlaskClient.open(browser, a, method=m, data=d)
            )
            assert answer.status_code in (200, 303)
            # The first reads the session's row; the second is the request's own.
            assert begun[:2] == ["BEGIN", expected]
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def test_whatever_happens_has_a_name_in_words() -> None:
    """In the history of an application nobody reads the names of our code."""
    source = "".join(path.read_text() for path in Path(web.__file__).parent.rglob("*.py"))
    recorded = set(re.findall(r'record\(\s*(?:db\.session|session),\s*[\w.]+,\s*"(\w+)"', source))
    moves = {step.name for steps in workflow.MOVES.values() for step in steps}
    assert len(recorded) > 20
    assert (recorded | moves) - set(web.VERBS) == set()


def test_a_failure_in_the_database_gets_a_page_and_the_next_request_works(
    app: Any, as_: Any, names: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The person was read in the transaction that failed: the page must not stumble over them."""
    browser = as_("coordinator")
    browser.token()
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def fail(*_args: Any, **_more: Any) -> None:
        db.session.rollback()  # as a flush does that fails
        raise RuntimeError("the database is gone for a moment")

    monkeypatch.setattr("grants.applications.views.actions.findings", fail)
    address = f"/applications/{names.applications['draft']}"
    assert browser.get(address).status_code == 500
    assert "the database is gone for a moment" in caplog.text
    monkeypatch.undo()
    assert browser.get(address).status_code == 200


@pytest.mark.parametrize(
    ("part", "language", "said"), [("coordinator", "en", "does not answer"), (None, "fr", "ne répond pas")]
)
def test_a_database_that_is_away_gets_a_page_that_needs_none(
    app: Any, as_: Any, monkeypatch: pytest.MonkeyPatch, part: str | None, language: str, said: str
) -> None:
    """Session, reader and language are in the database too, so the page stands alone."""
    browser = as_(part)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)

    def away(*_args: Any) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    event.listen(db.engine, "before_cursor_execute", away)
    try:
        answer = contextvars.Context().run(
            FlaskClient.open, browser, "/calls", headers={"Accept-Language": language}
        )
    finally:
        event.remove(db.engine, "before_cursor_execute", away)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    page = answer.get_data(as_text=True)
    assert said in page and "refused" not in page
    page_laws.check(page, where="/calls")
    assert browser.get("/calls").status_code == 200


def test_what_an_officer_calls_a_criterion_is_text(as_: Any, names: Any) -> None:
    """No pattern, although there is a per cent sign in it, and no HTML."""
    call = calls.by_reference(names.calls["draft"])
    first, *others = call.scheme.criteria
    named = replace(first, name="Excellence (50%) <b>bold</b>", aspects=("At least 30% of <i>staff</i>",))
    labels = tuple(replace(one, name="Weak (20%)", meaning="Below 20%.") for one in call.scheme.labels[:1])
    call.scheme_json = replace(call.scheme, criteria=(named, *others), labels=labels).to_dict()
    db.session.commit()
    for address in ("", "/scheme"):
        page = as_("officer").get(f"/calls/{names.calls['draft']}{address}")
        assert page.status_code == 200
        assert "Excellence (50%) &lt;b&gt;bold&lt;/b&gt;" in page.text
        assert "<b>bold" not in page.text and "<i>staff" not in page.text


def test_figures_are_written_in_the_language_of_the_reader(app: Any) -> None:
    with app.test_request_context(), in_language("en"):
        shown = [web.decimals(value, 2) for value in (1234.5, -0.255, -0.001, None)]
        assert shown == ["1,234.50", "−0.26", "0.00", "–"]
        assert web.decimals(0.25, signed=True) == "+0.2"
    with app.test_request_context(), in_language("fr"):
        assert [web.decimals(value) for value in (0.5, -2)] == ["0,5", "−2,0"]


def test_points_are_filled_in_as_the_reader_types_them(app: Any) -> None:
    class Form(RowForm):
        points = PointsField()

    for language, expected in (("fr", ["0,5", "10"]), ("en", ["0.5", "10"])):
        with app.test_request_context(), in_language(language):
            assert [Form(data={"points": value}).points._value() for value in (50, 1000)] == expected


def test_what_is_put_behind_a_colon_is_escaped_once(app: Any) -> None:
    with app.test_request_context(), in_language("en"):
        assert web.labelled("R&D", "<b>") == "R&amp;D: &lt;b&gt;"
        assert web.labelled(web.Markup("R&amp;D"), "x") == "R&amp;D: x"
