"""Who has a part in an application, or applies, learns nothing of its evaluation."""

import re
from datetime import timedelta
from typing import Any

import pytest

from grants import clock
from grants.applications import queries
from grants.db import db


@pytest.mark.parametrize(("part", "address"), [
    ("officer", "/applications/{id}"), ("officer", "/applications/{id}/reports"), ("observer", "/applications/{id}"),
    ("expert", "/applications/{id}"), ("expert", "/applications/{id}/consensus"),
])  # fmt: skip
def test_who_is_asked_to_be_a_partner_is_kept_away_before_they_answer(
    as_: Any, cast: Any, names: Any, part: str, address: str
) -> None:
    """By the address of the invitation, whoever has an account with it (rulebook 4.7)."""
    application = queries.by_public_id(names.applications["in_consensus"])
    assert application
    person, address = as_(part), address.format(id=application.public_id)
    staff = ["/calls/TAI-EVALUATION/applications", "/calls/TAI-EVALUATION/reports"]
    lists = staff if part != "expert" else ["/assignments"]
    assert person.get(address).status_code == 200
    assert all(application.number in page for page in _pages(person, lists))
    application.partners[2].contact_email = getattr(cast, part).email.lower()
    application.partners[2].contact_id = None
    db.session.commit()
    assert person.get(address).status_code == 404
    assert not any(application.number in page for page in _pages(person, lists))


def _pages(person: Any, addresses: list[str]) -> list[str]:
    return [person.get(address).get_data(as_text=True) for address in addresses]


def _steps(browser: Any, public_id: str) -> list[str]:
    page = browser.get(f"/applications/{public_id}").get_data(as_text=True)
    return re.findall(r'<li class="(done|current|todo|stopped)"', page)


def test_the_bar_of_applicants_is_the_same_for_all_that_were_submitted_until_the_release(
    as_: Any, names: Any
) -> None:
    """Received, refused, admitted or ranked: the evaluation has begun by the clock, and nothing else differs."""
    browsers = [as_("coordinator"), as_("applicant2")]
    for name in ("received", "refused", "eligibility", "inadmissible", "ineligible", "admitted", "in_evaluation",
                 "in_consensus", "panel_best", "ranked_best", "ranked_weak"):  # fmt: skip
        found = [steps for browser in browsers if (steps := _steps(browser, names.applications[name]))]
        assert found == [["done", "done", "current", "todo"]], name


def test_the_evaluation_begins_with_the_deadline(as_: Any, names: Any) -> None:
    application = queries.by_public_id(names.applications["submitted"])
    assert application
    deadline = application.call.deadline_at
    for after, state in ((timedelta(0), "todo"), (timedelta(microseconds=1), "current")):
        with clock.at(deadline + after):
            assert _steps(as_("coordinator"), application.public_id)[2] == state
