"""The whole way in a real browser: from an open call to a released decision, by everybody who takes part in it."""

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import select
from werkzeug.serving import make_server

from grants import clock, config, jobs
from grants.app import create_app
from grants.calls.models import Programme
from grants.cli.common import migrate_database
from grants.db import db
from grants.demo import story
from grants.mail import Mail
from grants.people import actions as people

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PASSWORD = "a long enough password"
REFERENCE = "AIX-2026-WAY-01"
PEOPLE = {
    "officer": "Olga Officer", "officer2": "Otto Second", "coordinator": "Clara Coordinator", "partner": "Paul Partner",
    "rapporteur": "Rosa Rapporteur", "expert": "Eva Expert", "expert2": "Emil Evaluator", "chair": "Chiara Chair",
}  # fmt: skip
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a connection to anywhere."""
    path = os.environ.get("CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(params=["en", "fr"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    """A running application with people in it and no call yet, in one of the languages."""
    settings = config.from_environment({"GRANTS_INSTANCE": str(tmp_path / "instance")})
    app = create_app(settings | {"TESTING": True, "SECURITY_PASSWORD_HASH": "plaintext"})
    migrate_database(app)
    clock.set_to(START)
    elsewhere(app, lambda: _people(request.param))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(app=app, url=f"http://127.0.0.1:{server.server_port}", language=request.param)
    server.shutdown()
    clock.set_to(None)
    elsewhere(app, lambda: db.engine.dispose())


def elsewhere(app: Any, work: Callable[[], Any]) -> Any:
    """Do it in a thread of its own: the browser's driver keeps an event loop in this one."""

    def inside() -> Any:
        with app.app_context():
            return work()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(inside).result()


def _people(language: str) -> None:
    programme = Programme(name="The whole way")
    db.session.add(programme)
    db.session.flush()
    for part, name in PEOPLE.items():
        if part != "coordinator":  # registers through the page
            person = people.create_account(
                f"{part}@{part}.example", name, password=PASSWORD, language=language
            )
            if part.startswith("officer"):
                people.appoint(person, "officer", by=None, programme=programme)
    db.session.commit()


class Person:
    """Somebody at a browser: goes to addresses, fills fields by name, presses the button of a form."""

    def __init__(self, browser: Browser, house: Any, part: str, seen: dict[str, list[str]]) -> None:
        self.house, self.part, self.seen = house, part, seen
        locale = {"en": "en-GB", "fr": "fr-FR"}[house.language]
        self.page: Page = browser.new_context(
            locale=locale, viewport={"width": 1280, "height": 900}
        ).new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: seen.setdefault("script error", []).append(str(error)))

    def sign_in(self) -> "Person":
        self.go("/login")
        self.fill(email=f"{self.part}@{self.part}.example", password=PASSWORD).send("email")
        assert "/login" not in self.page.url
        return self

    def go(self, path: str) -> "Person":
        answer = self.page.goto(self.house.url + path)
        assert answer and answer.status == 200, f"{path}: {answer and answer.status}"
        return self._look()

    def _look(self) -> "Person":
        """Every page that anybody meets: right language, no accessibility violation."""
        assert self.page.locator("html").get_attribute("lang") == self.house.language
        found = Axe().run(self.page, options={"runOnly": RULES}).response["violations"]
        here = re.sub(r"[0-9a-f]{16}", "ID", self.page.url.removeprefix(self.house.url))
        self.seen.setdefault(here, [])
        self.seen[here] += [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found]
        return self

    def fill(self, **values: Any) -> "Person":
        for name, value in values.items():
            field = self.page.locator(f"main [name={name}]")
            kind = field.first.get_attribute("type") or field.first.evaluate("e => e.tagName.toLowerCase()")
            if kind == "radio":
                self.page.locator(f"main [name={name}][value={value}]").check()
            elif kind == "checkbox":
                for one in (
                    [value] if isinstance(value, str) else value if isinstance(value, list) else [None]
                ):
                    (self.page.locator(f'main [name={name}][value="{one}"]') if one else field.first).check()
            elif kind == "file":
                field.set_input_files(value)
            elif kind == "select":
                field.select_option(value)
            else:
                field.fill(str(value))
        return self

    def send(self, holding: str, button: str = "") -> "Person":
        """Press the button of the form that holds a field of this name, or the button with this name=value."""
        form = self.page.locator("main form", has=self.page.locator(f"[name={holding}]")).first
        buttons = form.locator(f"button[{button}]" if "=" in button else "button:not([type=button])")
        (buttons.first if button else buttons.last).click()
        self.page.wait_for_load_state()
        return self._look()

    def press(self, action: str) -> "Person":
        """Press the only button of the form that posts to an address ending so."""
        form = self.page.locator(f'main form[action$="{action}"]').first
        opener = form.locator("xpath=ancestor::details[contains(@class,'confirm')][not(@open)]/summary")
        if opener.count():
            opener.first.click()
        form.locator("button").first.click()
        self.page.wait_for_load_state()
        return self._look()

    def text(self) -> str:
        shown = self.page.locator("body").inner_text()
        return re.sub(r"\d\d:\d\d:\d\d Europe/Brussels", "", shown)  # the clock of the footer goes on


def worker(house: Any) -> None:
    """What the worker process does: mails go out, documents are made."""
    elsewhere(house.app, jobs.run_waiting)


def test_the_whole_way(chromium: Browser, house: Any, tmp_path: Path) -> None:
    seen: dict[str, list[str]] = {}
    there = {part: Person(chromium, house, part, seen) for part in PEOPLE}
    part_b = tmp_path / "part-b.pdf"
    part_b.write_bytes(story.pdf(12))

    _the_officer_sets_up_a_call(there["officer"].sign_in())
    address = _the_applicants_apply(there["coordinator"], there["partner"].sign_in(), house, part_b)
    clock.set_to(datetime(2026, 5, 20, 9, 0, tzinfo=UTC))
    for part in ("officer", "officer2", "rapporteur", "expert", "expert2", "chair", "coordinator"):
        there[part].sign_in()
    _the_officer_checks_and_assigns(there, address)
    _the_experts_report(there, address)
    _the_group_agrees(there, address)
    _the_chair_closes_the_panel(there["chair"], there["officer"])
    before = there["coordinator"].go(f"/applications/{address}").text()
    _two_officers_decide_and_release(there["officer"], there["officer2"])
    assert there["coordinator"].go(f"/applications/{address}").text() == before
    clock.set_to(datetime(2026, 5, 20, 9, 15, tzinfo=UTC))
    worker(house)
    after = there["coordinator"].go(f"/applications/{address}/decision").text()
    assert before != after
    assert PEOPLE["rapporteur"] not in after
    _the_documents_are_made(there["coordinator"], there["officer"], house, address)

    wrong = {page: rows for page, rows in seen.items() if rows}
    assert wrong == {}
    assert len(seen) > 40


def _the_officer_sets_up_a_call(officer: Person) -> None:
    """Step 1: topic, dates, budget, scheme, question, chair; published, and the public sees it."""
    officer.go("/calls/new").fill(
        reference=REFERENCE, title="Trust on the whole way", text="## Scope\n\nTrust.", action="RIA", year="2026",
        opens="2026-03-01T09:00", deadline="2026-05-12T17:00", budget="5000000", keywords="trust\nrobots",
        scheme_id="he-ria-2026", min_countries="3", page_limit="40", min_reviews="3",
    ).send("title")  # fmt: skip
    officer.go(f"/calls/{REFERENCE}/questions").fill(label="Who will use it?", limit="500").send("label")
    officer.go(f"/calls/{REFERENCE}/staff").fill(email="chair@chair.example", role="chair").send("email")
    officer.go(f"/calls/{REFERENCE}").press("/publication")
    assert "Trust on the whole way" in officer.go("/calls").text()


def _the_applicants_apply(coordinator: Person, partner: Person, house: Any, part_b: Path) -> str:
    """Step 2: register, confirm, fill in, invite a partner, submit, revise, submit again."""
    coordinator.go("/register").fill(
        name=PEOPLE["coordinator"], email="coordinator@coordinator.example", password=PASSWORD,
        password_confirm=PASSWORD,
    ).send("name")  # fmt: skip
    to_coordinator = select(Mail.body).where(Mail.recipient.like("coordinator%"))
    body = elsewhere(house.app, lambda: db.session.scalars(to_coordinator).first())
    assert body
    coordinator.page.goto(re.sub(r"http://[^/\s]+", house.url, re.findall(r"http\S+/confirm/\S+", body)[0]))
    coordinator.sign_in()
    if coordinator.page.locator("html").get_attribute("lang") != house.language:
        coordinator.page.locator(f"button[name=language][value={house.language}]").click()
    coordinator.go(f"/calls/{REFERENCE}/applications/new").fill(
        acronym="WHOLEWAY", name="Université de la Loire", country="FR", activity="HES"
    ).send("acronym")
    address = coordinator.page.url.rpartition("/")[2]
    base = f"/applications/{address}"
    coordinator.go(f"{base}/summary").fill(
        title="The whole way", abstract="We go all of it.", duration="24", keywords="trust"
    ).send("title")
    for name, country in (("Firm B GmbH", "DE"), ("Lab C", "IT")):
        coordinator.go(f"{base}/partners/new").fill(name=name, country=country, activity="PRC").send("name")
    coordinator.go(f"{base}/consortium")
    partners = [
        str(a.get_attribute("href"))
        for a in coordinator.page.locator('main a[href^="/partners/"][href$="/budget"]').all()
    ]
    assert len(partners) == 3
    coordinator.go(partners[1].removesuffix("/budget")).fill(
        contact_name=PEOPLE["partner"], contact_email="partner@partner.example"
    ).send("contact_email")
    partner.go("/applications").press("/acceptance")
    coordinator.go(partners[2].removesuffix("/budget")).fill(
        contact_name=PEOPLE["coordinator"], contact_email="coordinator@coordinator.example"
    ).send("contact_email")
    partner.go(partners[1]).fill(personnel="100000", requested="125000").send("requested")
    partner.go(partners[1].replace("/budget", "/confirmation")).send("version")
    for path in (partners[0], partners[2]):
        coordinator.go(path).fill(personnel="200000", travel="8000.50", requested="100000").send("requested")
    coordinator.go(f"{base}/budget")
    coordinator.go(partners[2].replace("/budget", "/confirmation")).send("version")
    coordinator.go(f"{base}/researchers").fill(
        first_name="Lena", last_name="Lead", gender="woman", leading=True
    ).send("first_name")
    coordinator.go(f"{base}/questions").fill(q_who_will_use_it="Everybody.").send("version")
    coordinator.go(f"{base}/part-b").fill(file=str(part_b)).send("file")
    coordinator.go(f"{base}/declarations")
    for box in coordinator.page.locator("main [name=declarations]").all():
        box.check()
    coordinator.send("declarations")
    coordinator.go(f"{base}/submission").send("key")
    assert f"{REFERENCE}-0001-V1" in coordinator.text()
    coordinator.go(base).press("/reopening")
    coordinator.go(f"{base}/summary").fill(title="The whole way, revised").send("title")
    coordinator.go(f"{base}/submission").send("key")
    assert f"{REFERENCE}-0001-V2" in coordinator.text()
    return address


def _the_experts_agree(there: dict[str, Person]) -> None:
    """Contract and code of conduct come before anything is shown."""
    for part in ("rapporteur", "expert", "expert2"):
        person = there[part].go("/assignments")
        person.go(str(person.page.locator('main a[href^="/engagements/"]').first.get_attribute("href")))
        person.fill(contract=True, conduct=True).send("conduct")


def _the_officer_checks_and_assigns(there: dict[str, Person], address: str) -> None:
    """Steps 3 and 4: both gates, the pool, three experts for the application."""
    officer = there["officer"]
    officer.go(f"/calls/{REFERENCE}/desk").go(f"/calls/{REFERENCE}/applications").go(
        f"/calls/{REFERENCE}/eligibility"
    )
    for _gate in ("admissibility", "eligibility"):
        officer.go(f"/applications/{address}/eligibility").fill(verdict="ok", reason="Checked by hand.").send(
            "verdict"
        )
    for part in ("rapporteur", "expert", "expert2"):
        officer.go(f"/calls/{REFERENCE}/experts").fill(
            name=PEOPLE[part], email=f"{part}@{part}.example", employer=f"Institute of {part}", country="SE",
            keywords="trust",
        ).send("employer")  # fmt: skip
    _the_experts_agree(there)
    officer.go(f"/applications/{address}/assignments")
    for box in officer.page.locator("main [name=experts]").all():
        box.check()
    officer.send("experts")
    officer.go(f"/calls/{REFERENCE}/assignments")


def _the_experts_report(there: dict[str, Person], address: str) -> None:
    """Step 4: accept, declare, read, save a draft, submit; nobody sees another's report."""
    for part, score in (("rapporteur", "450"), ("expert", "400"), ("expert2", "400")):
        person = there[part].go("/assignments")
        link = person.page.locator('main a[href^="/assignments/"]').first.get_attribute("href")
        person.go(str(link)).press("/acceptance")
        person.go(str(link)).fill(declaration="none").send("declaration")
        person.go(f"/applications/{address}").go(str(link))
        person.go(str(person.page.locator('main a[href^="/reports/"]').first.get_attribute("href")))
        person.fill(score_excellence=_option(person, score)).send("score_excellence", "first")
        _write_marks(person, score)
        person.send("score_excellence", "name=next")
        person.fill(declared=True).send("declared")


def _option(person: Person, hundredths: str) -> str:
    """The value of a score's option: hundredths, or points where the form counts in points."""
    values = [
        o.get_attribute("value") for o in person.page.locator("main [name=score_excellence] option").all()
    ]
    points = f"{int(hundredths) / 100:g}"
    return hundredths if hundredths in values else points


def _write_marks(person: Person, score: str) -> None:
    for criterion in ("excellence", "impact", "implementation"):
        person.fill(**{f"score_{criterion}": _option(person, score),
                       f"comment_{criterion}": f"The {criterion} is convincing, with minor shortcomings."})  # fmt: skip
    names = {str(box.get_attribute("name")) for box in person.page.locator('main [name^="answer_"]').all()}
    plain = {"answer_scope": "in", "answer_exceptional_funding": "none", "answer_civil": "yes", "answer_no_harm": "yes",
             "answer_capacity": "yes"}  # fmt: skip
    for name in names:
        person.fill(**{name: plain.get(name, "no")})


def _the_group_agrees(there: dict[str, Person], address: str) -> None:
    """Step 5: the consensus is opened, written, circulated, approved by all and accepted."""
    officer = there["officer"].go(f"/calls/{REFERENCE}/reports").go(f"/applications/{address}/reports")
    officer.page.locator("main [name=rapporteur]").select_option(label=PEOPLE["rapporteur"])
    officer.send("rapporteur")
    page = f"/applications/{address}/consensus"
    rapporteur = there["rapporteur"].go(page)
    _write_marks(rapporteur, "400")
    rapporteur.send("score_excellence", "name=next")
    rapporteur.page.locator("main form button").last.click()
    rapporteur.page.wait_for_load_state()
    for part in ("expert", "expert2"):
        there[part].go(page)
        value = str(there[part].page.locator("main [name=agrees]").first.get_attribute("value"))
        there[part].fill(agrees=value).send("agrees")
    officer.go(page).press("/finalisation")


def _the_chair_closes_the_panel(chair: Person, officer: Person) -> None:
    """Step 6: the list as it would be, then closed with the panel's report."""
    chair.go(f"/calls/{REFERENCE}/panel").go(f"/calls/{REFERENCE}/panel/closure")
    chair.fill(report="The panel met once and had no ties to resolve.").send("report")
    chair.go(f"/calls/{REFERENCE}/ranking")
    officer.go(f"/calls/{REFERENCE}/ranking")


def _two_officers_decide_and_release(officer: Person, second: Person) -> None:
    """Step 7: proposed by one, approved by the other, released in one act."""
    officer.go(f"/calls/{REFERENCE}/decisions").press("/decisions")
    second.go(f"/calls/{REFERENCE}/decisions").press("/decisions/approval")
    second.go(f"/calls/{REFERENCE}/release").fill(checked=True).send("checked")
    second.go(f"/calls/{REFERENCE}/release")


def _the_documents_are_made(coordinator: Person, officer: Person, house: Any, address: str) -> None:
    """Step 8: letter and evaluation summary for the applicant, one zip for the officer, all made by the worker."""
    for kind in ("letter", "evaluation"):
        coordinator.go(f"/applications/{address}/decision")
        form = coordinator.page.locator(
            "main form", has=coordinator.page.locator(f'[name=kind][value="{kind}"]')
        ).first
        form.locator("button").first.click()
        coordinator.page.wait_for_load_state()
        worker(house)
        coordinator.page.reload()
        with coordinator.page.expect_download() as download:
            coordinator.page.locator('main a[href$="/file"]').first.click()
        assert Path(str(download.value.path())).read_bytes().startswith(b"%PDF-")
    officer.go(f"/calls/{REFERENCE}/documents").send("kind")
    worker(house)
    worker(house)
    officer.page.reload()
    with officer.page.expect_download() as download:
        officer.page.locator('main a[href$="/file"]').first.click()
    assert Path(str(download.value.path())).read_bytes().startswith(b"PK")


def test_submitting_without_javascript(chromium: Browser, house: Any) -> None:
    """Every page works with plain HTML: signing in, the language, a form with an error."""
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{house.url}/login")
    page.fill("main [name=email]", "officer@officer.example")
    page.fill("main [name=password]", PASSWORD)
    page.locator("main form button").last.click()
    page.goto(f"{house.url}/calls/new")
    page.fill("main [name=title]", "Without script")
    page.locator("main form button").last.click()
    assert page.locator("main [name=title]").input_value() == "Without script"
    assert page.locator("[aria-invalid=true]").count() > 3
