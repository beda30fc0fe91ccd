"""Every page of the house, as one who may see it sees it, passes axe at the width of a desk and of a telephone.

The pages come from the table of `test_access`, so one that is added there is looked at here. They are fetched first and
shown to the browser afterwards, which answers every request from what was fetched: there is no server and no network.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from tests import test_access as access
from tests.browser.test_whole_way import RULES, chromium  # noqa: F401  (a fixture)

HOME = "http://house.test"
WIDTHS = (1280, 390)


def _reader(allowed: set[Any]) -> str | None:
    """Whoever works with the page: officers before visitors, so that a page is seen with its buttons."""
    order = (
        "officer",
        "coordinator",
        "expert",
        "rapporteur",
        "chair",
        "admin",
        "partner",
        *access.world.CAST,
        None,
    )
    return next(part for part in order if part in allowed)


@pytest.fixture
def pages(app: Any, as_: Any, names: Any) -> dict[str, tuple[str, bytes]]:
    """Media type and content of every page that somebody gets, and of what they link from the static folder."""
    found: dict[str, tuple[str, bytes]] = {}
    clients: dict[Any, Any] = {}
    for method, endpoint, about, allowed in access.TABLE:
        if method != "GET" or not allowed:
            continue
        part = _reader(allowed)
        client = clients.setdefault(part, as_(part))
        address = access._address(app, endpoint, about, names)
        answer = client.get(address, buffered=True)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            found[address] = ("text/html; charset=utf-8", answer.data)
    visitor = as_(None)
    linked = {
        path
        for _, body in found.values()
        for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', body.decode())
    }
    for path in linked:
        answer = visitor.get(path, buffered=True)
        found[path] = (answer.content_type, answer.data)
    return found


@pytest.fixture
def shown(pages: dict[str, Any], chromium: Browser) -> Iterator[Page]:  # noqa: F811
    context = chromium.new_context(reduced_motion="reduce")

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(HOME)
        if path in pages:
            route.fulfill(status=200, content_type=pages[path][0], body=pages[path][1])
        else:
            route.abort()

    context.route("**/*", answer)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("built", ["sqlite"], indirect=True)
def test_every_page_passes_at_both_widths(pages: dict[str, Any], shown: Page) -> None:
    wrong: dict[str, Any] = {}
    addresses = [path for path, (kind, _) in pages.items() if kind.startswith("text/html")]
    for path in addresses:
        for width in WIDTHS:
            shown.set_viewport_size({"width": width, "height": 900})
            if width == WIDTHS[0]:
                shown.goto(HOME + path, wait_until="load")
            told = Axe().run(shown, options={"runOnly": {"type": "tag", "values": RULES}})
            sideways = shown.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            if told.violations_count or sideways:
                found = [one["id"] for one in told.response["violations"]]
                wrong[f"{path} at {width}"] = found + (["scrolls sideways"] if sideways else [])
    print(f"{len(addresses)} pages at {len(WIDTHS)} widths")  # noqa: T201 (how far it went)
    assert len(addresses) > 90, "the table of addresses is not what it was"
    assert wrong == {}
