"""How many SQL statements a page sends: as many for sixty rows more as for one or three."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from grants.applications.models import Application
from grants.calls import queries as calls
from grants.calls.models import Call
from grants.db import db, new_public_id
from grants.experts import actions as experts
from grants.imports.projects import Projects
from grants.imports.report import Report
from grants.imports.source import Source, take_in
from tests.imports.records import organisation, project
from tests.many import copies

MORE = 60
# Two are for the session and the person with appointments, one is for the call.
LISTS = {
    "applications, of which one in consensus": (
        "in_consensus",
        "/calls/{call}/applications?state=in_consensus",
        1,
        5,
    ),
    "eligibility, of which one to check": (
        "eligibility",
        "/calls/{call}/eligibility?waiting=eligibility",
        1,
        6,  # the rules are asked, and some of them are about the call's questions
    ),
    "reports, of which one in consensus": ("in_consensus", "/calls/{call}/reports?phase=in_consensus", 1, 7),
    "decisions": ("released_best", "/calls/{call}/decisions", 3, 7),
}


def _sent(client: Any, address: str, statements: list[str]) -> tuple[int, str]:
    """Statements of the second visit: the first may compile, and note in the log that something was opened."""
    client.get(address)
    statements.clear()
    page = client.get(address)
    assert page.status_code == 200
    return len(statements), page.get_data(as_text=True)


def _rows(page: str, call: str) -> int:
    """Applications that the list of a page names, which stands last on it."""
    return len(set(re.findall(rf"{call}-[0-9]{{4}}(?:-[0-9]+)?", page.rpartition("<table")[2])))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_sends_as_many_statements_for_sixty_rows_more(
    as_: Any, names: Any, statements: list[str], name: str
) -> None:
    state, address, few, expected = LISTS[name]
    application = db.session.scalars(
        select(Application).where(Application.public_id == names.applications[state])
    ).one()
    call = application.number.rpartition("-")[0]
    officer, address = as_("officer"), address.format(call=call)
    sent, page = _sent(officer, address, statements)
    assert _rows(page, call) == few
    copies(application.number, MORE)
    sent_for_many, page = _sent(officer, address, statements)
    assert _rows(page, call) == 50
    assert (sent, sent_for_many) == (expected, expected)


def test_an_experts_list_sends_as_many_statements_for_sixty_assignments_more(
    as_: Any, names: Any, statements: list[str]
) -> None:
    """Seven: session, person, terms to agree to, length of the list, its page, what is left to read, the profile."""
    expert = as_("expert")
    sent, page = _sent(expert, "/assignments", statements)
    before = _rows(page, names.calls["evaluation"])
    application = db.session.scalars(
        select(Application).where(Application.public_id == names.applications["in_evaluation"])
    ).one()
    copies(application.number, MORE)
    sent_for_many, page = _sent(expert, "/assignments", statements)
    assert _rows(page, names.calls["evaluation"]) > before + 30
    assert (sent, sent_for_many) == (7, 7)


def test_a_replacement_is_found_with_as_many_statements_in_a_pool_of_sixty_more(
    as_: Any, names: Any, cast: Any, statements: list[str]
) -> None:
    officer, address = as_("officer"), f"/applications/{names.applications['in_evaluation']}/replacement"
    sent, page = _sent(officer, address, statements)
    assert page.count('name="expert"') == 2
    call = calls.by_reference(names.calls["evaluation"])
    assert call
    for number in range(MORE):
        experts.add_expert(call, email=f"e{number}@house{number}.example", name=f"Expert {number}",
                           by=cast.officer, employer=f"House {number}", country="FI")  # fmt: skip
    sent_for_many, page = _sent(officer, address, statements)
    assert page.count('name="expert"') == 60
    assert sent == sent_for_many


@pytest.mark.parametrize(
    ("part", "shown", "expected"), [("officer2", "ORGANISATION 60", 6), ("officer", "Sections", 13)]
)
def test_an_application_sends_as_many_statements_for_sixty_partners_more(
    as_: Any,
    names: Any,
    cast: Any,
    tmp_path: Path,
    statements: list[str],
    part: str,
    shown: str,
    expected: int,
) -> None:
    """Officers read the submitted version; who owns an application, such as who imported it, the working copy."""
    call = calls.by_reference(names.calls["evaluation"])
    assert call
    members = [organisation(pic=str(900000000 + n), name=f"ORGANISATION {n}") for n in range(1 + MORE)]
    path = tmp_path / "projects.jsonl"
    path.write_text(f"{json.dumps(project('1', members[0]))}\n{json.dumps(project('2', *members))}\n")
    source = Source.open(path)
    for _ in take_in(source, Projects(call, cast.officer), Report(source.name, source.sha256)):
        pass
    db.session.commit()
    small, large = db.session.scalars(
        select(Application.public_id).order_by(Application.id.desc()).limit(2)
    ).all()[::-1]
    reader = as_(part)
    assert shown in _sent(reader, f"/applications/{large}", statements)[1]
    sent = [_sent(reader, f"/applications/{public_id}", statements)[0] for public_id in (small, large)]
    assert sent == [expected, expected]


def test_the_public_list_sends_as_many_statements_for_sixty_calls_more(
    as_: Any, names: Any, statements: list[str]
) -> None:
    """Two, for a visitor: the page and its length."""
    visitor, table = as_(None), Call.__table__
    sent, page = _sent(visitor, "/calls", statements)
    assert page.count("TAI-PANEL") == 2
    row = db.session.execute(select(table).where(table.c.reference == names.calls["panel"])).mappings().one()
    highest = db.session.scalar(select(func.max(table.c.id))) or 0
    copied = [
        dict(row) | {"id": highest + n, "public_id": new_public_id(), "reference": f"COPY-{n}"}
        for n in range(1, MORE + 1)
    ]
    db.session.execute(insert(table), copied)
    sent_for_many, page = _sent(visitor, "/calls", statements)
    assert page.count('<li class="card">') == 50
    assert (sent, sent_for_many) == (2, 2)


# Two are for the session and the person with appointments, four for what waits for applicants.
HOMES = {"stranger": 7, "coordinator": 7, "partner": 7, "admin": 8, "observer": 8, "chair": 9, "expert": 12,
         "rapporteur": 12, "officer": 12, "officer2": 12}  # fmt: skip


@pytest.mark.parametrize(("part", "expected"), HOMES.items())
def test_a_home_page_sends_as_many_statements_for_sixty_applications_more_in_each_state(
    as_: Any, names: Any, statements: list[str], part: str, expected: int
) -> None:
    person = as_(part)
    sent, before = _sent(person, "/", statements)
    for state in ("draft", "eligibility", "in_evaluation", "in_consensus", "panel_best", "released_best"):
        application = db.session.scalars(
            select(Application).where(Application.public_id == names.applications[state])
        ).one()
        copies(application.number, MORE // 6)
    sent_for_many, after = _sent(person, "/", statements)
    assert (sent, sent_for_many) == (expected, expected)
    if part in ("officer", "officer2", "expert", "rapporteur", "coordinator", "chair"):
        assert after != before, "the page shows nothing of what was added"
