"""Experts of the panel read the list while the panel works, and what is on it (rulebook 7.4)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from grants import clock, jobs
from grants.applications.models import Application
from grants.calls.models import Call
from grants.db import db
from grants.experts.models import Assignment, Expert
from tests.experts.asked import conflict, conflicts, stored

PANEL = "/calls/TAI-PANEL/panel"


@pytest.fixture
def other(names: Any, cast: Any) -> str:
    """An application that expert2, who evaluates in the same call, was never asked about."""
    public_id = str(names.applications["panel_weak"])
    task = (
        select(Assignment.id)
        .join(Application)
        .where(Application.public_id == public_id, Assignment.user_id == cast.expert2.id)
    ).scalar_subquery()
    db.session.execute(update(Assignment).where(Assignment.id == task).values(state="declined"))
    db.session.commit()
    jobs.run_waiting()
    return public_id


def test_an_expert_reads_the_list_and_the_others_on_it_and_changes_nothing(as_: Any, other: str) -> None:
    browser = as_("expert2")
    assert "Panel of the call TAI-PANEL" in browser.get("/").text
    page = browser.get(PANEL).text
    assert "PANELBEST" in page and "PANELWEAK" in page and "as a member of the panel" in page
    assert f"/applications/{other}/panel" not in page and "/closure" not in page and "/what-if" not in page
    assert f'href="/applications/{other}"' in page
    assert "Consortium" in browser.get(f"/applications/{other}").text
    for address in (
        f"/applications/{other}/consensus",
        f"/applications/{other}/panel",
        f"{PANEL}/discussion",
    ):
        assert browser.get(address).status_code in (403, 404)


def test_who_evaluates_nothing_in_the_call_sits_on_no_panel(as_: Any, names: Any) -> None:
    browser = as_("expert3")
    assert "Panel of the call TAI-PANEL" not in browser.get("/").text
    assert browser.get(PANEL).status_code == 403
    assert browser.get(f"/applications/{names.applications['panel_best']}").status_code == 404


def _counted(browser: Any) -> int:
    """How many applications the home page tells of."""
    found = re.search(r"Applications in panel: (\d+)", browser.get("/").text)
    assert found
    return int(found[1])


def _listed(browser: Any) -> int:
    """How many the list shows."""
    return len(set(re.findall(r'href="(/applications/[^"/]+)"', browser.get(PANEL).text)))


def test_a_conflict_hides_one_of_them_and_all_sums(as_: Any, cast: Any, other: str) -> None:
    """Nobody asked the expert: the house looks for it by itself, and again when the profile changes."""
    assert _counted(as_("expert2")) == _listed(as_("expert2"))
    partner = stored(other).submission.proposal.partners[0].name  # type: ignore[union-attr]
    db.session.execute(
        update(Expert)
        .where(Expert.user_id == cast.expert2.id)
        .values(employer=partner, changed_at=clock.now() + timedelta(seconds=1))
    )
    db.session.commit()
    with clock.at(clock.now() + timedelta(minutes=1)):
        jobs.run_waiting()
    assert conflicts(other, cast.expert2) == [("D5", "detected", "suggested")]
    browser = as_("expert2")
    assert _counted(browser) == _listed(browser)
    page = browser.get(PANEL).text
    assert "PANELBEST" in page and "PANELWEAK" not in page and "Left after the main list" not in page
    assert browser.get(f"/applications/{other}").status_code == 404


def test_a_possible_conflict_hides_it_until_an_officer_has_ruled(as_: Any, cast: Any, other: str) -> None:
    partner = stored(other).submission.proposal.partners[0]  # type: ignore[union-attr]
    past = [{"name": partner.name, "pic": partner.pic, "since": "2020-01-01", "until": "2025-06-01"}]
    db.session.execute(
        update(Expert).where(Expert.user_id == cast.expert2.id)
        .values(employer="Elsewhere", past_employers=past, changed_at=clock.now() + timedelta(seconds=1))
    )  # fmt: skip
    db.session.commit()
    with clock.at(clock.now() + timedelta(minutes=1)):
        jobs.run_waiting()
    assert [(code, status) for code, _source, status in conflicts(other, cast.expert2)] == [
        ("P1", "suggested")
    ]
    browser = as_("expert2")
    assert "PANELWEAK" not in browser.get(PANEL).text
    assert browser.get(f"/applications/{other}").status_code == 404
    ruling = {"ruling": "overruled", "reason": "Long ago."}
    assert as_("officer").post(f"/conflicts/{conflict(other, 'P1')}/ruling", data=ruling).status_code == 303
    assert "PANELWEAK" in browser.get(PANEL).text
    assert browser.get(f"/applications/{other}").status_code == 200


def test_before_anybody_has_looked_only_its_evaluators_see_it(as_: Any, other: str) -> None:
    db.session.execute(update(Application).values(panel_screened_at=None))
    db.session.commit()
    browser = as_("expert2")
    page = browser.get(PANEL).text
    assert "PANELBEST" in page and "PANELWEAK" not in page
    assert browser.get(f"/applications/{other}").status_code == 404


def test_no_result_is_shown_while_others_are_still_evaluated(as_: Any, names: Any) -> None:
    late = Application.public_id == names.applications["panel_weak"]
    db.session.execute(update(Application).where(late).values(state="in_evaluation"))
    db.session.commit()
    browser = as_("expert2")
    assert "Panel of the call TAI-PANEL" not in browser.get("/").text
    page = browser.get(PANEL).text
    assert "The panel has not begun" in page and "PANELBEST" not in page
    assert "PANELBEST" in as_("chair").get(PANEL).text


def test_it_ends_with_the_panel(as_: Any) -> None:
    db.session.execute(
        update(Call).where(Call.reference == "TAI-PANEL").values(panel_closed_at=Call.opens_on)
    )
    db.session.commit()
    assert as_("expert2").get(PANEL).status_code == 409
