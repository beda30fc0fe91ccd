"""Merging, finalising, submitting and voiding in the same instant, on both databases: one of two comes first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from flask.testing import FlaskClient

from grants.db import db
from grants.demo import story
from grants.reviews import consensus as actions
from grants.reviews import queries
from tests.experts.asked import stored
from tests.reviews.typed import assignment, filled, fresh, report_url
from tests.world import MIDDLE, comments

Act = Callable[[], int]
"""A request on its way; the status that it is answered with."""
VOIDING = {"conflict": "D3", "reason": "Found by the officer."}


@pytest.fixture
def here(names: Any) -> str:
    return str(names.applications["in_consensus"])


def _act(browser: Any, address: str, data: dict[str, str]) -> Act:
    """A browser of its own for a thread, signed in like the given one."""
    browser.application.test_client_class = FlaskClient
    alone = browser.application.test_client()
    alone.set_cookie("grants", browser.get_cookie("grants").value)
    sent = data | {"csrf_token": browser.token()}
    return lambda: int(alone.post(address, data=sent).status_code)


def _at_once(monkeypatch: Any, paused: Act, other: Act, *, at: str, of: Any = queries) -> tuple[int, int]:
    """Both acts; the other one begins while the first is where it calls `at`, which then waits for it for a while."""
    reached, done, real = Event(), Event(), getattr(of, at)

    def slow(*args: Any, **more: Any) -> Any:
        found = real(*args, **more)
        if not reached.is_set():
            reached.set()
            done.wait(2)
        return found

    monkeypatch.setattr(of, at, slow)
    db.session.rollback()

    def second() -> int:
        reached.wait(20)
        status = other()
        done.set()
        return status

    with ThreadPoolExecutor(2) as pool:
        first, then = pool.submit(paused), pool.submit(second)
        return first.result(), then.result()


def _mark(here: str, person: Any, text: str) -> None:
    found = queries.report(report_url(here, person).rpartition("/")[2])
    assert found
    for mark in found.marks:
        mark.comment = text
    db.session.commit()


def test_what_is_voided_while_the_consensus_opens_is_not_in_it(
    here: str, cast: Any, as_: Any, monkeypatch: Any
) -> None:
    _mark(here, cast.expert, "Words of the void report")
    actions.restart(fresh(here), reason="Once more.", by=cast.officer)
    db.session.commit()
    fresh(here).application.call.min_reviews = 2
    db.session.commit()
    opening = {"rapporteur": assignment(here, cast.rapporteur).public_id}
    opens = _act(as_("officer"), f"/applications/{here}/consensus/opening", opening)
    voids = _act(as_("officer2"), f"{report_url(here, cast.expert)}/voiding", VOIDING)

    assert _at_once(monkeypatch, opens, voids, at="valid_reports") == (303, 303)

    text = fresh(here)
    assert assignment(here, cast.expert).report.state == "void"
    assert (text.state, text.application.state) == ("draft", "in_consensus")
    assert [mark.comment for mark in text.marks if "void report" in mark.comment] == []


def test_what_is_voided_while_the_consensus_is_accepted_takes_it_back(
    here: str, cast: Any, as_: Any, monkeypatch: Any
) -> None:
    actions.restart(fresh(here), reason="Once more.", by=cast.officer)
    db.session.commit()
    story.agree(stored(here), MIDDLE, comments(MIDDLE), by=cast.officer, upto="agreed")
    db.session.commit()
    fresh(here).application.call.min_reviews = 2
    db.session.commit()
    accepts = _act(as_("officer"), f"/consensus/{fresh(here).public_id}/finalisation", {})
    voids = _act(as_("officer2"), f"{report_url(here, cast.expert)}/voiding", VOIDING)

    assert _at_once(monkeypatch, accepts, voids, at="valid_reports") == (303, 303)

    text = fresh(here)
    assert (text.state, text.application.state, text.sha256) == ("draft", "in_consensus", None)


def test_no_report_comes_in_while_the_consensus_opens_without_it(
    here: str, names: Any, cast: Any, as_: Any, monkeypatch: Any
) -> None:
    here = names.applications["in_evaluation"]
    stored(here).call.min_reviews = 1
    db.session.commit()
    browser, page = as_("expert"), report_url(here, cast.expert)
    version = assignment(here, cast.expert).report.version
    assert browser.post(page, data=filled(version)).status_code == 303
    opening = {"rapporteur": assignment(here, cast.rapporteur).public_id, "without_awaited": "y"}
    opens = _act(as_("officer"), f"/applications/{here}/consensus/opening", opening)
    submits = _act(browser, f"{page}/submission", {"declared": "y", "confirmed": "y"})

    assert _at_once(monkeypatch, opens, submits, at="valid_reports") == (303, 409)

    assert stored(here).state == "in_consensus"
    assert assignment(here, cast.expert).report.state == "draft"
