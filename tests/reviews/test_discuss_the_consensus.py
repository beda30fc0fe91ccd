"""The experts of a group talk before they say yes or no; what they say stays inside (rulebook 7.3)."""

import json
from typing import Any

import pytest

from grants.db import db
from grants.demo import story
from grants.reviews import consensus as actions
from tests.experts.asked import stored
from tests.reviews.typed import CRITERIA, assignment, fresh
from tests.world import MIDDLE, comments

DOUBT = "The baseline in section two is older than the call says."


@pytest.fixture
def here(names: Any) -> str:
    return str(names.applications["in_consensus"])


def _say(browser: Any, here: str, text: str = DOUBT, criterion: str = CRITERIA[0]) -> Any:
    address = f"/consensus/{fresh(here).public_id}/remarks"
    return browser.post(address, data={"criterion": criterion, "text": text})


def _page(browser: Any, here: str) -> str:
    return str(browser.get(f"/applications/{here}/consensus").text)


def test_the_others_read_a_remark_beside_its_criterion_before_anybody_agrees(
    here: str, cast: Any, as_: Any
) -> None:
    version = fresh(here).version

    assert _say(as_("expert"), here).status_code == 303
    assert _say(as_("expert2"), here, "Shall we meet on Friday?", "").status_code == 303

    for part in ("rapporteur", "expert2", "officer"):
        page = _page(as_(part), here)
        assert f"{cast.expert.name}, 1 October 2026" in page and f"on version {version}" in page
        assert DOUBT in page and "Shall we meet on Friday?" in page
    assert [(one.criterion, one.version) for one in fresh(here).remarks] == [
        (CRITERIA[0], version),
        ("", version),
    ]


def test_the_rapporteur_answers_and_the_group_talks_on_while_it_approves(
    here: str, cast: Any, as_: Any
) -> None:
    actions.restart(fresh(here), reason="Once more.", by=cast.officer)
    db.session.commit()
    story.agree(stored(here), MIDDLE, comments(MIDDLE), by=cast.officer, upto="approval")
    db.session.commit()
    assert _say(as_("rapporteur"), here, "It is, and we say so.").status_code == 303
    assert "It is, and we say so." in _page(as_("expert"), here)


def test_an_empty_remark_or_one_about_nothing_is_refused_and_stays_in_the_form(here: str, as_: Any) -> None:
    assert _say(as_("expert"), here, "").status_code == 422
    answer = _say(as_("rapporteur"), here, DOUBT, "weather")
    assert (answer.status_code, DOUBT in answer.text) == (422, True)
    assert fresh(here).remarks == []


def test_once_all_have_agreed_the_discussion_is_closed_and_kept_inside(
    here: str, cast: Any, as_: Any
) -> None:
    actions.restart(fresh(here), reason="Once more.", by=cast.officer)
    db.session.commit()
    story.agree(stored(here), MIDDLE, comments(MIDDLE), by=cast.officer, upto="approval")
    db.session.commit()
    assert _say(as_("expert"), here).status_code == 303
    for person in (cast.expert, cast.expert2):
        text = fresh(here)
        actions.approve(text, assignment(here, person), version=text.version, agrees=True, by=person)
        db.session.commit()
    assert _say(as_("expert"), here).status_code == 409

    actions.finalise(fresh(here), by=cast.officer)
    db.session.commit()

    kept = json.loads(fresh(here).snapshot)
    assert [one["text"] for one in kept["internal"]["remarks"]] == [DOUBT]
    assert DOUBT not in json.dumps(kept["summary"])
    assert DOUBT not in as_("applicant2").get(f"/applications/{here}/history").text
    assert DOUBT not in _page(as_("chair"), here)


def test_who_has_left_the_group_is_no_longer_heard_and_hears_nothing(here: str, cast: Any, as_: Any) -> None:
    assert _say(as_("expert"), here).status_code == 303
    declaration = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"
    sister = {"declaration": "conflict", "code": "D3", "reason": "My sister leads a work package."}
    assert as_("expert").post(declaration, data=sister).status_code == 303
    assert DOUBT not in _page(as_("officer"), here)
    assert _say(as_("expert"), here).status_code == 404
    assert [one.text for one in fresh(here).remarks] == [DOUBT]
