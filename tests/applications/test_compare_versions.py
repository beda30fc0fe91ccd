"""Any two saved or submitted versions beside each other."""

import re
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from grants import clock
from grants.applications import actions, queries
from grants.applications.models import Revision
from grants.db import db
from tests import world


def _page(browser: Any, public_id: str, **query: str) -> str:
    answer = browser.get(f"/applications/{public_id}/comparison", query_string=query)
    assert answer.status_code == 200
    return str(answer.text)


def _states(page: str) -> list[str]:
    chosen = page.partition('name="before"')[2].partition("</select>")[0]
    return re.findall(r'<option value="(\w+)"', chosen)


def test_what_changed_since_the_submission(as_: Any, names: Any, cast: Any) -> None:
    public_id = names.applications["reopened"]
    application = queries.whole(public_id)
    assert application
    actions.save_summary(application, by=cast.coordinator, abstract="Rewritten after the first submission.")
    page = _page(as_("coordinator"), public_id)
    assert "<ins>Rewritten after the first submission.</ins>" in page
    assert "<h3>Title</h3>" not in page


def test_every_saved_state_can_be_looked_at(as_: Any, names: Any, cast: Any) -> None:
    """A text that somebody emptied by mistake is found again, whole."""
    public_id = names.applications["draft"]
    long_text = "Typed over a long evening, and then lost by one wrong key."
    for hours, abstract in ((1, long_text), (2, "")):
        with clock.at(world.NOW + timedelta(hours=hours)):
            application = queries.whole(public_id)
            assert application
            actions.save_summary(application, by=cast.coordinator, abstract=abstract)
            db.session.commit()
            db.session.expire_all()
    browser = as_("coordinator")
    states = _states(_page(browser, public_id))
    assert states[0] == "now"
    assert f"<del>{long_text}</del>" in _page(browser, public_id, before=states[2], after="now")
    assert "The two are the same." in _page(browser, public_id, before=states[1], after="now")


def test_only_versions_of_this_application(as_: Any, names: Any, built: Any) -> None:
    """A name of another application's revision, or of none, is the 404 of an address that never existed."""
    other = queries.whole(names.applications["submitted"])
    assert other
    foreign = db.session.scalars(
        select(Revision.public_id).where(Revision.application_id == other.id)
    ).first()
    browser = as_("coordinator")
    for name in (foreign, "v7", "v", "v99999999", "nonsense"):
        address = f"/applications/{names.applications['draft']}/comparison?before={name}"
        assert browser.get(address).status_code == 404


def test_the_page_asks_few_questions(as_: Any, names: Any, statements: list[str]) -> None:
    browser = as_("coordinator")
    browser.get("/applications")
    statements.clear()
    _page(browser, names.applications["reopened"])
    assert len(statements) <= 13
