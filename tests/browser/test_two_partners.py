"""Two people in one section in real browsers: one loses the line, is signed out, comes back; nothing is lost."""

import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from grants import clock, config
from grants.app import create_app
from grants.applications import actions as applications
from grants.applications import queries
from grants.calls.models import Programme
from grants.cli.common import migrate_database
from grants.db import db
from grants.demo import story
from grants.people import actions as people
from tests import world
from tests.browser.test_whole_way import PASSWORD, RULES, chromium, elsewhere

__all__ = ["chromium"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    """A running application with one open call and a draft; both members of the consortium have accounts."""
    settings = config.from_environment({"GRANTS_INSTANCE": str(tmp_path / "instance")})
    app = create_app(settings | {"TESTING": True, "SECURITY_PASSWORD_HASH": "plaintext"})
    migrate_database(app)
    clock.set_to(START)
    draft, partners = elsewhere(app, _draft)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(
        app=app, url=f"http://127.0.0.1:{server.server_port}", draft=draft, partners=partners
    )
    server.shutdown()
    clock.set_to(None)
    elsewhere(app, lambda: db.engine.dispose())


def _draft() -> tuple[str, list[str]]:
    programme = Programme(name="Two partners")
    db.session.add(programme)
    db.session.flush()
    officer = people.create_account("officer@officer.example", "Olga Officer", password=PASSWORD)
    clara = people.create_account("clara@uni-a.example", "Clara Coordinator", password=PASSWORD)
    paul = people.create_account("paul@firm-b.example", "Paul Partner", password=PASSWORD)
    people.appoint(officer, "officer", by=None, programme=programme)
    call = story.open_call(
        programme, by=officer, reference="TWO-2026-01", title="Two partners", text="Together.", action="IA",
        opens=datetime(2026, 3, 1, 9, 0, tzinfo=UTC), deadline=datetime(2026, 5, 12, 17, 0), budget=5_000_000,
        scheme_id="he-ia-2026", questions=world.QUESTIONS,
    )  # fmt: skip
    application = story.draft(call, world.project("TOGETHER"), by=clara)
    firm = application.partners[1]
    applications.edit_partner(firm, by=clara, contact_name=paul.name, contact_email=paul.email, access="all")
    applications.accept_invitation(firm, by=paul)
    db.session.commit()
    return application.public_id, [partner.public_id for partner in application.partners]


def _stored(house: Any, read: Any) -> Any:
    def work() -> Any:
        application = queries.whole(house.draft)
        found = read(application)
        db.session.rollback()
        return found

    return elsewhere(house.app, work)


class Somebody:
    """A person in a browser of their own."""

    def __init__(self, browser: Browser, house: Any, email: str) -> None:
        self.house, self.email = house, email
        self.context = browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def sign_in(self, page: Page | None = None) -> "Somebody":
        page = page or self.page
        page.goto(f"{self.house.url}/login")
        page.fill("main [name=email]", self.email)
        page.fill("main [name=password]", PASSWORD)
        page.locator("main form button").last.click()
        page.wait_for_url(lambda url: "/login" not in url)
        return self

    def opens(self, path: str) -> "Somebody":
        self.page.goto(f"{self.house.url}{path}")
        return self

    def types(self, name: str, text: str) -> "Somebody":
        self.page.locator(f"main [name={name}]").fill(text)
        return self

    def is_told(self, words: str) -> None:
        expect(self.page.locator("[data-save-state]")).to_contain_text(words)

    def kept(self) -> int:
        """How many texts this browser keeps."""
        return int(self.page.evaluate("Object.keys(localStorage).length"))

    def looks(self) -> "Somebody":
        found = Axe().run(self.page, options={"runOnly": RULES}).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found] == []
        return self


@pytest.fixture
def clara(chromium: Browser, house: Any) -> Iterator[Somebody]:
    person = Somebody(chromium, house, "clara@uni-a.example").sign_in()
    yield person
    assert person.wrong == []


@pytest.fixture
def paul(chromium: Browser, house: Any) -> Iterator[Somebody]:
    person = Somebody(chromium, house, "paul@firm-b.example").sign_in()
    yield person
    assert person.wrong == []


def test_two_partners_in_one_text_and_one_of_them_offline(
    clara: Somebody, paul: Somebody, house: Any
) -> None:
    """Both texts survive; the second person sees them side by side and decides."""
    summary = f"/applications/{house.draft}/summary"
    clara.opens(summary)
    paul.opens(summary)
    paul.context.set_offline(True)
    paul.types("abstract", "The abstract as Paul wrote it on the train.")
    paul.is_told("no connection")
    assert paul.kept() == 1
    clara.types("abstract", "The abstract as Clara wrote it at her desk.")
    clara.is_told("Saved")
    assert clara.kept() == 0
    paul.context.set_offline(False)
    paul.is_told("Somebody else changed the same text")
    assert _stored(house, lambda a: a.abstract) == "The abstract as Clara wrote it at her desk."
    paul.page.get_by_role("button", name="Save").click()
    paul.page.wait_for_selector(".two-texts")
    paul.looks()
    both = paul.page.locator(".two-texts").inner_text()
    assert "as Clara wrote it at her desk" in both
    assert "as Paul wrote it on the train" in both
    paul.types("abstract", "Written on the train by Paul, and at her desk by Clara.")
    paul.page.get_by_role("button", name="Save").click()
    paul.page.wait_for_url(f"**/applications/{house.draft}")
    assert _stored(house, lambda a: a.abstract) == "Written on the train by Paul, and at her desk by Clara."
    assert paul.kept() == 0


def test_two_partners_in_two_texts_of_a_section(clara: Somebody, paul: Somebody, house: Any) -> None:
    """No question for anybody, and the second page shows what the first one wrote."""
    summary = f"/applications/{house.draft}/summary"
    clara.opens(summary)
    expect(clara.page.locator("[data-found]")).to_be_hidden()
    paul.opens(summary)
    clara.types("title", "Clara's title")
    clara.is_told("Saved")
    paul.types("abstract", "Paul's abstract")
    paul.is_told("Saved")
    expect(paul.page.locator("main [name=title]")).to_have_value("Clara's title")
    assert _stored(house, lambda a: (a.title, a.abstract)) == ("Clara's title", "Paul's abstract")


def test_the_laptop_is_closed_before_the_text_could_be_sent(clara: Somebody, house: Any) -> None:
    """The next page of the section in this browser offers the text to the same person, and to nobody else."""
    summary = f"/applications/{house.draft}/summary"
    clara.opens(summary)
    clara.context.set_offline(True)
    clara.types("abstract", "Typed just before the lid was closed.")
    clara.is_told("no connection")
    clara.page.close()
    clara.context.set_offline(False)
    clara.page = clara.context.new_page()
    clara.opens(summary)
    offer = clara.page.locator("[data-found]")
    expect(offer).to_be_visible()
    clara.looks()
    offer.get_by_role("button", name="Put it into the form").click()
    clara.is_told("Saved")
    assert _stored(house, lambda a: a.abstract) == "Typed just before the lid was closed."
    assert clara.kept() == 0


def test_signed_out_while_typing(clara: Somebody, house: Any) -> None:
    """The text stays, says so, and is saved once the same person has signed in again elsewhere in this browser."""
    clara.opens(f"/applications/{house.draft}/summary")
    session = clara.context.cookies()
    clara.context.clear_cookies()
    clara.types("abstract", "Typed after the session had ended.")
    clara.is_told("Signed out")
    assert clara.kept() == 1
    assert session
    clara.sign_in(clara.context.new_page())
    clara.is_told("Saved")
    assert _stored(house, lambda a: a.abstract) == "Typed after the session had ended."
    assert clara.kept() == 0


def test_a_server_that_is_down_for_a_moment(clara: Somebody, house: Any) -> None:
    """Sent again by itself, with what was typed meanwhile."""
    clara.opens(f"/applications/{house.draft}/summary")
    clara.page.route("**/summary", lambda route: route.fulfill(status=503, body="down"))
    clara.types("title", "Typed into the void")
    clara.is_told("Not saved")
    clara.page.unroute("**/summary")
    clara.is_told("Saved")
    assert _stored(house, lambda a: a.title) == "Typed into the void"


def test_an_amount_that_is_none_is_kept_and_named(clara: Somebody, house: Any) -> None:
    address = f"/partners/{house.partners[0]}/budget"
    clara.opens(address).types("travel", "12,345,6")
    clara.is_told("To be corrected: Travel and subsistence")
    clara.opens(address).looks()
    assert clara.page.locator("main [name=travel]").input_value() == "12,345,6"
    clara.types("travel", "12345.60")
    clara.is_told("Saved")
    assert re.search("12,345.60", clara.opens(f"/applications/{house.draft}/budget").page.inner_text("main"))


def test_save_is_pressed_without_a_connection(clara: Somebody, house: Any) -> None:
    """The browser shows its own error page; whatever is opened next, the text is offered where it was typed."""
    summary = f"/applications/{house.draft}/summary"
    clara.opens(summary)
    clara.context.set_offline(True)
    clara.types("abstract", "Typed in the tunnel.")
    with clara.page.expect_event("requestfailed", lambda request: request.is_navigation_request()):
        clara.page.get_by_role("button", name="Save").click(no_wait_after=True)
    clara.context.set_offline(False)
    clara.opens(f"/applications/{house.draft}")
    assert clara.kept() == 1
    clara.opens(summary)
    clara.page.locator("[data-take]").click()
    clara.page.get_by_role("button", name="Save").click()
    clara.page.wait_for_url(f"**/applications/{house.draft}")
    assert _stored(house, lambda a: a.abstract) == "Typed in the tunnel."
    assert clara.kept() == 0


def test_two_texts_that_never_arrived_are_offered_one_after_the_other(clara: Somebody, house: Any) -> None:
    summary = f"/applications/{house.draft}/summary"
    texts = ("Typed in the first window.", "Typed in the second window.")
    windows = [clara.context.new_page() for _text in texts]
    for window in windows:
        window.goto(f"{house.url}{summary}")
    clara.context.set_offline(True)
    for window, text in zip(windows, texts, strict=True):
        window.locator("main [name=abstract]").fill(text)
        expect(window.locator("[data-save-state]")).to_contain_text("no connection")
    for window in windows:
        window.close()
    clara.context.set_offline(False)
    clara.opens(summary)
    assert clara.kept() == 2
    offer, abstract = clara.page.locator("[data-found]"), clara.page.locator("main [name=abstract]")
    offer.get_by_role("button", name="Put it into the form").click()
    clara.is_told("Saved")
    first = abstract.input_value()
    assert first in texts
    expect(offer).to_be_visible()
    assert clara.kept() == 1
    offer.get_by_role("button", name="Throw it away").click()
    expect(offer).to_be_hidden()
    assert clara.kept() == 0
    assert abstract.input_value() == first
    assert _stored(house, lambda a: a.abstract) == first
