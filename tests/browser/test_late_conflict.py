"""Three experts in a browser, one conflict of interest found late: void, replacement, dissent, approvals, frozen."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from grants import clock, config
from grants.app import create_app
from grants.calls.models import Programme
from grants.canonical import digest
from grants.cli.common import migrate_database
from grants.db import db
from grants.demo import story
from grants.experts import actions as experts
from grants.experts.models import Assignment
from grants.people import actions as people
from grants.people.models import User
from grants.people.queries import by_email
from grants.reviews import queries
from grants.reviews.models import Report
from tests import world
from tests.browser.test_whole_way import PASSWORD, Person, _write_marks, chromium, elsewhere

__all__ = ["chromium"]

DEADLINE = datetime(2026, 5, 12, 17, 0)
AFTER = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)
PEOPLE = {
    "officer": "Olga Officer", "rapporteur": "Rosa Rapporteur", "expert": "Eva Expert", "expert2": "Emil Evaluator",
    "spare": "Sofia Spare",
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    """A running application; one admitted application, three experts asked, a fourth one in the pool."""
    settings = config.from_environment({"GRANTS_INSTANCE": str(tmp_path / "instance")})
    app = create_app(settings | {"TESTING": True, "SECURITY_PASSWORD_HASH": "plaintext"})
    migrate_database(app)
    clock.set_to(AFTER)
    address = elsewhere(app, _prepared)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield SimpleNamespace(app=app, url=url, language="en", address=address)
    server.shutdown()
    clock.set_to(None)
    elsewhere(app, lambda: db.engine.dispose())


def _prepared() -> str:
    with clock.at(datetime(2026, 5, 1, 9, 0, tzinfo=UTC)):
        programme = Programme(name="Late conflicts")
        db.session.add(programme)
        db.session.flush()
        cast = {
            part: people.create_account(f"{part}@{part}.example", name, password=PASSWORD)
            for part, name in (PEOPLE | {"coordinator": "Clara Coordinator"}).items()
        }
        officer = cast["officer"]
        people.appoint(officer, "officer", by=None, programme=programme)
        call = story.open_call(
            programme, by=officer, reference="LATE-2026-01", title="Late conflicts", text="Late.",
            opens=datetime(2026, 3, 1, 9, 0, tzinfo=UTC), deadline=DEADLINE, budget=2_000_000,
            questions=world.QUESTIONS,
        )  # fmt: skip
        for part in ("rapporteur", "expert", "expert2", "spare"):
            experts.add_expert(call, email=cast[part].email, name=cast[part].name, by=officer, country="SE",
                               employer=f"Employer of {part}", keywords=["artificial intelligence"])  # fmt: skip
            story.engage(call, cast[part])
        application = story.draft(call, world.project("LATELY"), by=cast["coordinator"])
        story.submit(application, by=cast["coordinator"])
    story.admit(application, by=officer)
    group = [cast[part] for part in ("rapporteur", "expert", "expert2")]
    story.invite(application, group, by=officer, rapporteur=group[0])
    db.session.commit()
    return str(application.public_id)


def _reports(person: Person, score: str) -> str:
    """Accept, declare, write, submit; the address of the report."""
    person.go("/assignments")
    link = str(person.page.locator('main a[href^="/assignments/"]').first.get_attribute("href"))
    person.go(link).press("/acceptance")
    person.go(link).fill(declaration="none").send("declaration")
    address = person.page.url.removeprefix(person.house.url)
    _write_marks(person, score)
    expect(person.page.locator("[data-save-state]")).to_contain_text("Saved", timeout=15_000)
    person.send("score_excellence", "name=next")
    person.fill(declared=True).send("declared")
    return address


def _circulates(rapporteur: Person, page: str) -> None:
    rapporteur.go(page).send("score_excellence", "name=next")
    rapporteur.page.locator("main form button").last.click()
    rapporteur.page.wait_for_load_state()


def test_a_conflict_is_found_late(chromium: Browser, house: Any) -> None:
    seen: dict[str, list[str]] = {}
    there = {part: Person(chromium, house, part, seen).sign_in() for part in PEOPLE}
    officer, rapporteur, expert, expert2 = (there[p] for p in ("officer", "rapporteur", "expert", "expert2"))
    base = f"/applications/{house.address}"
    page = f"{base}/consensus"

    # Three reports come in, and the consensus opens.
    _reports(rapporteur, "450")
    _reports(expert, "400")
    lost = _reports(expert2, "300")
    officer.go(f"{base}/reports")
    officer.page.locator("main [name=rapporteur]").select_option(label=PEOPLE["rapporteur"])
    officer.send("rapporteur")
    assert PEOPLE["expert2"] in rapporteur.go(page).text()

    # Weeks later Emil finds that he has a conflict: his report is void, and the application is closed to him.
    declaration = str(
        expert2.go(lost).page.locator('main a[href$="/declaration"]').first.get_attribute("href")
    )
    expert2.go(declaration).fill(declaration="conflict", code="D3", reason="My brother leads the project.")
    expert2.send("declaration")
    for closed in (lost, page, base):
        answer = expert2.page.goto(house.url + closed)
        assert answer and answer.status == 404
    assert "This report is void and does not count" in officer.go(lost).text()
    reports = officer.go(f"{base}/reports").text()
    assert "Void" in reports
    assert rapporteur.page.goto(house.url + page).status == 404  # type: ignore[union-attr]

    # The officer finds Sofia in his place, by keyboard, and nobody else is moved.
    before = elsewhere(house.app, _pairs)
    link = officer.go(f"{base}/assignments").page.get_by_role("link", name="Find a replacement")
    link.focus()
    officer.page.keyboard.press("Enter")
    officer.page.wait_for_url("**/replacement")
    found = officer._look().text()
    assert "My brother leads the project." in found
    assert PEOPLE["rapporteur"] in found
    spare = elsewhere(house.app, lambda: _public_id("spare"))
    chosen = officer.page.locator(f'main input[name=expert][value="{spare}"]')
    chosen.focus()
    officer.page.keyboard.press("Space")
    expect(chosen).to_be_checked()
    officer.page.set_viewport_size({"width": 390, "height": 844})
    officer._look()
    assert not officer.page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    officer.page.set_viewport_size({"width": 1280, "height": 900})
    officer.send("due_on")
    after = elsewhere(house.app, _pairs)
    assert after - before == {(PEOPLE["spare"], "invited")}
    assert before - after == set()
    _reports(there["spare"], "350")
    officer.go(f"{base}/reports")
    officer.page.locator("main [name=rapporteur]").select_option(label=PEOPLE["rapporteur"])
    officer.send("rapporteur")
    assert PEOPLE["expert2"] not in rapporteur.go(page).text()

    # A first text is approved by one, then changed: the approval is gone.
    _write_marks(rapporteur, "400")
    expect(rapporteur.page.locator("[data-save-state]")).to_contain_text("Saved", timeout=15_000)
    _circulates(rapporteur, page)
    expert.go(page).fill(agrees="yes").send("agrees")
    assert "Agrees" in officer.go(page).text()
    assert PEOPLE["expert"] not in _waited_for(officer)
    rapporteur.go(page).press("/revision")
    rapporteur.fill(comment_excellence="The excellence is convincing; one shortcoming is the baseline.")
    expect(rapporteur.page.locator("[data-save-state]")).to_contain_text("Saved", timeout=15_000)
    _circulates(rapporteur, page)
    assert _waited_for(officer.go(page)) == f"{PEOPLE['expert']}, {PEOPLE['spare']}"

    # Sofia dissents; her view is recorded, the officer accepts, and the report is frozen.
    expert.go(page).fill(agrees="yes").send("agrees")
    there["spare"].go(page).fill(agrees="no", reason="The score is too high for this plan.").send("agrees")
    rapporteur.go(f"/consensus/{elsewhere(house.app, lambda: _consensus(house).public_id)}/minority")
    rapporteur.fill(statement="One expert holds the score for too high.").send("statement")
    officer.go(page).press("/finalisation")
    assert "SHA-256" in officer.go(page).text() or "final" in officer.text().lower()
    elsewhere(house.app, lambda: _it_is_frozen(house))
    assert rapporteur.go(page).page.locator("main [name=comment_excellence]").count() == 0

    wrong = {address: rows for address, rows in seen.items() if rows}
    assert wrong == {}
    assert len(seen) >= 12


def _waited_for(person: Person) -> str:
    """What the page of the consensus says about who has not answered the text as it is now."""
    found = re.search(r"Waiting for: ([^.]+)\.", person.text())
    assert found
    return found[1]


def _pairs() -> set[tuple[str, str]]:
    """Everybody who was asked for anything, with the state of it."""
    asked = select(User.name, Assignment.state).join(Assignment, Assignment.user_id == User.id)
    return {(name, state) for name, state in db.session.execute(asked)}


def _public_id(part: str) -> str:
    found = by_email(f"{part}@{part}.example")
    assert found
    return str(found.public_id)


def _consensus(house: Any) -> Any:
    return queries.consensus_at(house.address)


def _it_is_frozen(house: Any) -> None:
    """Four reports, one of them void, three of them counted; the text is what its hash says."""
    consensus = _consensus(house)
    value = json.loads(consensus.snapshot)
    assert (consensus.state, consensus.sha256) == ("final", digest(value))
    states = sorted(db.session.scalars(select(Report.state)))
    assert states == ["submitted", "submitted", "submitted", "void"]
    inside = value["internal"]
    assert len(inside["reports"]) == 3
    assert sorted(one["agrees"] for one in inside["approvals"]) == [False, True, True]
    assert inside["minority_view"] == "One expert holds the score for too high."
