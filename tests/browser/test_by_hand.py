"""What people do at the keyboard: the budget of T-2.1 typed row by row, and a whole application without a mouse."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from grants import clock, config
from grants.app import create_app
from grants.applications import actions as applications
from grants.calls.models import Programme
from grants.cli.common import migrate_database
from grants.db import db
from grants.demo import story
from grants.people import actions as people
from tests import world
from tests.browser.test_whole_way import PASSWORD, RULES, chromium, elsewhere
from tests.rules.test_spreadsheet import NAMES, T_2_1

__all__ = ["chromium"]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OPEN = {
    "opens": datetime(2026, 3, 1, 9, 0, tzinfo=UTC),
    "deadline": datetime(2026, 5, 12, 17, 0),
    "budget": 5_000_000,
}
# Non-profit organisations and firms of T-2.1, without any amount yet.
ROWS = [
    (
        story.Organisation(
            f"Organisation {name}", name, f"99990010{n}", country, "X", kind, nonprofit=kind != "PRC"
        ),
        0,
    )
    for n, (name, country, kind) in enumerate(
        [
            ("P1", "DE", "HES"),
            ("P2", "FR", "PRC"),
            ("P3", "IT", "REC"),
            ("P3-AE", "IT", "REC"),
            ("P4", "ES", "PRC"),
        ]
    )
]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Any]:
    """A running application with a call for innovation actions, a draft of five organisations, and a small call."""
    settings = config.from_environment({"GRANTS_INSTANCE": str(tmp_path / "instance")})
    app = create_app(settings | {"TESTING": True, "SECURITY_PASSWORD_HASH": "plaintext"})
    migrate_database(app)
    clock.set_to(START)
    draft, partners, packaged = elsewhere(app, _prepared)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(
        url=f"http://127.0.0.1:{server.server_port}", draft=draft, partners=partners, packaged=packaged
    )
    server.shutdown()
    clock.set_to(None)
    elsewhere(app, lambda: db.engine.dispose())


def _prepared() -> tuple[str, list[str], str]:
    programme = Programme(name="By hand")
    db.session.add(programme)
    db.session.flush()
    officer = people.create_account("officer@officer.example", "Olga Officer", password=PASSWORD)
    clara = people.create_account("clara@uni-a.example", "Clara Coordinator", password=PASSWORD)
    people.appoint(officer, "officer", by=None, programme=programme)
    call = story.open_call(
        programme,
        by=officer,
        reference="HAND-IA",
        title="Innovation by hand",
        action="IA",
        scheme_id="he-ia-2026",
        **OPEN,
    )
    application = story.draft(call, world.project("TABLE", *ROWS), by=clara)
    applications.edit_partner(application.partners[3], by=clara, role="affiliated_entity")
    story.open_call(
        programme, by=officer, reference="HAND-SMALL", title="A call for one", min_countries=1,
        questions=world.QUESTIONS, **OPEN,
    )  # fmt: skip
    packages = story.open_call(
        programme, by=officer, reference="HAND-LUMP", title="By work package", action="IA", **OPEN
    )
    packaged = _by_packages(packages, by=clara)
    db.session.commit()
    return application.public_id, [partner.public_id for partner in application.partners], packaged


def _by_packages(call: Any, *, by: Any) -> str:
    """One partner of a draft whose budget is made by two work packages, at a rate of 70 %."""
    call.rules_json = call.rules_json | {"by_work_package": True}
    application = story.draft(call, world.project("PACKAGES", *ROWS), by=by)
    application.work_packages = [
        {"key": key, "title": title, "lead": "", "starts": None, "ends": None}
        for key, title in (("w1", "Management"), ("w2", "Methods"))
    ]
    return application.partners[1].public_id


@pytest.fixture
def page(chromium: Browser, house: Any) -> Iterator[Page]:
    opened = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}).new_page()
    opened.set_default_timeout(15_000)
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    assert wrong == []


def _sign_in(page: Page, house: Any) -> None:
    page.goto(f"{house.url}/login")
    page.fill("main [name=email]", "clara@uni-a.example")
    page.fill("main [name=password]", PASSWORD)
    page.locator("main form button").last.click()
    page.wait_for_url(lambda url: "/login" not in url)


def test_t_2_1_typed_through_the_page(page: Page, house: Any) -> None:
    """Five organisations, typed field by field; the consortium's line shows 2 158 753.75 and 2 093 753.75."""
    _sign_in(page, house)
    for partner, (_name, _role, rate, *amounts) in zip(house.partners, T_2_1, strict=True):
        page.goto(f"{house.url}/partners/{partner}/budget")
        assert page.locator("form[data-budget]").get_attribute("data-rate") == str(rate)
        for name, amount in zip(NAMES, amounts, strict=True):
            page.fill(f"main [name={name}]", "")
            page.locator(f"main [name={name}]").press_sequentially(str(amount))
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/consortium")
    page.goto(f"{house.url}/applications/{house.draft}/budget")
    last = page.locator("main tfoot tr").inner_text().split("\t")
    assert "2,158,753.75" in last
    assert "2,093,753.75" in last
    assert "402,500" in last


def test_the_sums_of_work_packages_are_there_while_one_types(page: Page, house: Any) -> None:
    """Each row is rounded by itself (rulebook 2.4): 375.02 where one sum gives 375.01; saving changes no figure."""
    _sign_in(page, house)
    page.goto(f"{house.url}/partners/{house.packaged}/budget")
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    typed = {
        "w1_personnel": "1000.02", "w1_person_months": "1.25", "w2_personnel": "500,02", "w2_travel": "",
        "w2_person_months": "2", "requested": "1000",
    }  # fmt: skip
    for name, value in typed.items():
        page.fill(f"main [name={name}]", value)
    seen = page.locator("main dl.facts dd, main summary")
    shown = seen.all_inner_texts()
    assert [text for text in shown if "625.03" in text]
    assert {"€375.02", "€1,875.06", "€1,312.54", "€875.06", "3.3"} <= set(shown)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/budget")
    page.goto(f"{house.url}/partners/{house.packaged}/budget")
    assert seen.all_inner_texts() == shown


class Keyboard:
    """Somebody who has no mouse: tabs to what is wanted, types, presses."""

    def __init__(self, page: Page, house: Any) -> None:
        self.page, self.house = page, house

    def reach(self, selector: str) -> "Keyboard":
        """Tab until the focus is on it; it must be reached within the page, and be seen to have the focus."""
        for _ in range(150):
            if self.page.evaluate("s => document.activeElement.matches(s)", selector):
                assert self._is_seen(), f"{selector} does not show the focus"
                return self
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{selector} cannot be reached by keyboard on {self.page.url}")

    def _is_seen(self) -> bool:
        """Whether the page looks different while the focus is where it is."""
        held = self.page.evaluate_handle("document.activeElement").as_element()
        assert held
        held.scroll_into_view_if_needed()
        box = held.bounding_box()
        assert box
        around = {
            "x": max(0, box["x"] - 8),
            "y": max(0, box["y"] - 8),
            "width": box["width"] + 16,
            "height": box["height"] + 16,
        }
        focused = self.page.screenshot(clip=around)
        held.evaluate("e => e.blur()")
        blurred = self.page.screenshot(clip=around)
        held.evaluate("e => e.focus()")
        return focused != blurred

    def types(self, name: str, text: str) -> "Keyboard":
        self.reach(f"main [name={name}]")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        return self

    def presses(self, selector: str, key: str = "Enter") -> "Keyboard":
        """Press what leads to another page."""
        self.reach(selector)
        with self.page.expect_navigation():
            self.page.keyboard.press(key)
        found = Axe().run(self.page, options={"runOnly": RULES}).response["violations"]
        assert [f"{self.page.url} {v['id']}: {v['nodes'][0]['html'][:120]}" for v in found] == []
        return self


def test_an_application_without_a_mouse(page: Page, house: Any, tmp_path: Path) -> None:
    """Signed in, begun, every section filled in, and submitted: with Tab, letters, Space and Enter."""
    part_b = tmp_path / "part-b.pdf"
    part_b.write_bytes(story.pdf(5))
    page.goto(f"{house.url}/calls/HAND-SMALL/applications/new")
    hand = Keyboard(page, house)
    hand.types("email", "clara@uni-a.example").types("password", PASSWORD)
    hand.presses("main form [name=password]")
    if "/applications/new" not in page.url:
        page.goto(f"{house.url}/calls/HAND-SMALL/applications/new")
    hand.types("acronym", "KEYS").types("name", "University of Keys")
    hand.reach("main [name=country]")
    page.keyboard.type("France")
    hand.presses("main form[data-once] button")
    base = page.url

    hand.presses('main a[href$="/summary"]').types("title", "Typed, never clicked").types(
        "abstract", "All by keyboard."
    )
    hand.types("duration", "24").reach("main [name=keywords]")
    page.keyboard.press("Space")
    hand.presses("main form[data-autosave] button:not([type=button])")
    hand.presses('main a[href$="/budget"]').presses('main a[href^="/partners/"][href$="/budget"]')
    hand.types("personnel", "100000").types("requested", "125000")
    hand.presses("main form[data-autosave] button:not([type=button])")
    page.goto(base)
    hand.presses('main a[href$="/questions"]').types("q_how_will_results_be_used", "By everybody.")
    hand.presses("main form[data-autosave] button:not([type=button])")
    hand.presses('main a[href$="/part-b"]').reach("main [name=file]")
    # The choice of a file happens in a window of the system, which is not the page's to test.
    page.locator("main [name=file]:focus").set_input_files(part_b)
    hand.presses("main form[enctype] button")
    hand.presses('main a[href$="/declarations"]')
    for number in range(page.locator("main [name=declarations]").count()):
        hand.reach(f"#declarations-{number}")
        page.keyboard.press("Space")
    hand.presses("main form[data-autosave] button:not([type=button])")
    hand.presses('main a[href$="/submission"]').presses("main form[data-once] button")
    assert "HAND-SMALL-0001-V1" in page.inner_text("main")
