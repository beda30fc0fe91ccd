"""Topics of a public file become calls in draft; an officer settles what the source left open, then publishes."""

import json
import re
from collections import Counter
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from grants.calls import actions, queries
from grants.calls.models import Call
from grants.db import db
from grants.imports.topics import paragraphs
from grants.web import markdown
from tests.imports.records import topic

ID = "HORIZON-CL4-2027-01-TRUST-01"


def _call(reference: str = ID) -> Call:
    db.session.expire_all()
    found = queries.by_reference(reference)
    assert found
    return found


def _codes(call: Call, *, blocking: bool) -> list[str]:
    return sorted(finding["code"] for finding in call.findings if finding["blocking"] == blocking)


def test_a_topic_becomes_a_call_in_draft(take_topics: Any) -> None:
    """17:00 in Brussels at the end of March is summer time; the budget is three times the largest grant."""
    report = take_topics(topic())
    call = _call()
    assert (call.state, call.action, call.scheme.id, call.pillar, call.year) == (
        "draft",
        "RIA",
        "he-ria-2026",
        2,
        2027,
    )
    assert (call.deadline_local, call.zone) == ("2027-03-31T17:00:00", "Europe/Brussels")
    assert call.deadline_at == datetime(2027, 3, 31, 15, 0, tzinfo=UTC)
    assert (call.budget, call.min_contribution, call.max_contribution) == (
        12_000_000_00,
        3_000_000_00,
        4_000_000_00,
    )
    assert call.keywords == ["Trust", "Learning"]
    assert call.text == (
        "## Expected Outcome\n\nSystems are trusted by all.\n\nThey explain themselves.\n\n"
        "## Scope\n\nResearch on trust.\n\n## Conditions\n\nAnnex A applies.\n\nAnnex B applies."
    )
    assert call.origin == {
        "source": "Funding and Tenders Portal",
        "id": ID,
        "sha256": report.sha256,
        "line": 1,
    }
    assert _codes(call, blocking=True) == ["OPENING_ASSUMED"]
    assert _codes(call, blocking=False) == ["BUDGET_COMPUTED", "TEXT_GUESSED"]


FINDINGS = {
    "DEADLINE_MODEL": {"deadlineModel": "multiple cut-off"},
    "ACTION_TYPE": {"actionType": "MSCA"},
    "PILLAR": {"programme": "Digital Europe"},
    "BUDGET_MISSING": {"budgetMin": None, "budgetMax": None, "expectedGrants": None},
    "KEYWORDS_MISSING": {"keywords": f"{ID}, HORIZON-CL4-2027-01"},
    "TEXT_MISSING": {"description": ""},
}


@pytest.mark.parametrize("code", FINDINGS)
def test_what_is_missing_or_not_supported_keeps_the_call_from_publication(
    take_topics: Any, cast: Any, code: str
) -> None:
    """The wrong field 'stage' of the source is left alone: the deadline model says it."""
    take_topics(topic(**FINDINGS[code]))
    call = _call()
    assert _codes(call, blocking=True) == sorted(["OPENING_ASSUMED", code])
    with pytest.raises(actions.Unfit):
        actions.publish(call, by=cast.officer)


FORM = {
    "title": "Trustworthy learning", "text": "## Scope", "action": "RIA", "pillar": "2", "year": "2027",
    "opens": "2026-12-01T09:00", "deadline": "2027-03-31T17:00", "zone": "Europe/Brussels", "budget": "9 000 000",
    "keywords": "trust", "scheme_id": "he-ria-2026", "min_reviews": "3", "min_countries": "3", "page_limit": "40",
}  # fmt: skip


@pytest.mark.parametrize(
    ("model", "scheme_id", "left", "state"),
    [
        ("single-stage", "he-ria-2026", [], "published"),
        ("two-stage", "he-first-stage-2026", ["TWO_STAGE"], "draft"),
    ],
)
def test_an_officer_settles_what_was_assumed_and_publishes(
    take_topics: Any, as_: Any, model: str, scheme_id: str, left: list[str], state: str
) -> None:
    """Saving the form settles what the form can say; a first stage waits for its second."""
    take_topics(topic(budgetMax=None, keywords="", deadlineModel=model))
    officer = as_("officer")
    page = officer.get(f"/calls/{ID}").get_data(as_text=True)
    assert "The source gives no budget." in page
    assert "it is set to 90 days before the deadline" in page
    assert _call().scheme.id == scheme_id
    form = FORM | {"scheme_id": scheme_id, "version": str(_call().version)}
    assert officer.post(f"/calls/{ID}/edit", data=form).status_code == 303
    assert [finding["code"] for finding in _call().findings] == left
    officer.post(f"/calls/{ID}/publication")
    assert _call().state == state


REFUSALS = {
    "topicId": (
        {"topicId": "../up"},
        "A reference has up to 60 letters, digits, dots, hyphens and underscores.",
    ),
    "deadline": ({"deadline": "31 March 2027"}, "It is not a date such as 2027-03-31."),
    "title": ({"title": " "}, "It is missing."),
    "budgetMin": ({"budgetMin": 5_000_000}, "It is above budgetMax."),
    "budgetMax": ({"budgetMax": -1}, "The amount is negative."),
    "expectedGrants": ({"expectedGrants": "3"}, "This is a text, not a whole number."),
    "description": ({"description": "a\x00b"}, "It contains the character U+0000, which cannot be stored."),
}


@pytest.mark.parametrize("field", REFUSALS)
def test_a_topic_that_cannot_be_a_call_is_refused(take_topics: Any, field: str) -> None:
    wrong, reason = REFUSALS[field]
    report = take_topics(topic(**wrong), topic("HORIZON-CL4-2027-01-TRUST-02"))
    assert [(r.line, r.field, r.reason) for r in report.refused] == [(1, field, reason)]
    assert [entry.reference for entry in report.taken_in] == ["HORIZON-CL4-2027-01-TRUST-02"]


@pytest.mark.parametrize("day", ["2020-03-31", "2036-01-01"])
def test_a_deadline_of_another_age_is_refused(take_topics: Any, day: str) -> None:
    (refusal,) = take_topics(topic(deadline=day)).refused
    assert (refusal.field, refusal.reason) == ("deadline", "The year is not from 2021 to 2035.")


def test_a_time_of_day_of_third_parties_is_not_trusted(take_topics: Any) -> None:
    """Aggregators write midnight UTC for the day (rulebook 8.3)."""
    take_topics(topic(deadline="2027-02-16T00:00:00Z"))
    assert _call().deadline_at == datetime(2027, 2, 16, 16, 0, tzinfo=UTC)


def test_a_reference_that_another_call_has_is_refused(take_topics: Any, names: Any) -> None:
    (refusal,) = take_topics(topic(names.calls["open"])).refused
    assert (refusal.field, refusal.reason) == ("topicId", "Another call has this reference already.")


def test_a_second_run_leaves_an_edited_call_alone(take_topics: Any) -> None:
    take_topics(topic())
    _call().title = "As the officer wrote it"
    again = take_topics(topic())
    assert (again.unchanged, again.taken_in, again.refused) == ([1], [], [])
    assert _call().title == "As the officer wrote it"


def test_the_command_needs_a_programme_that_exists(command: Any, written: Any) -> None:
    path = written(topic())
    wrong = command("topics", path, "--programme", "Nowhere")
    assert (wrong.exit_code, "There is no programme 'Nowhere'." in wrong.stderr) == (2, True)
    right = command("topics", path, "--programme", "Trustworthy AI")
    assert (right.exit_code, right.stdout.splitlines()[0]) == (0, "1 taken in, 0 here already, 0 refused.")
    assert _call().state == "draft"


# --- Text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("outcomes:Advanced tools.A framework", ["outcomes:", "Advanced tools.", "A framework"]),
        ("described in Annexes.4. Financial capacity", ["described in Annexes.", "4. Financial capacity"]),
        ("in sectors.nullActivities start", ["in sectors.", "Activities start"]),
        ("in the U.S.A. and e.g. Node.js 2.0", ["in the U.S.A. and e.g. Node.js 2.0"]),
        ("<b>*not* bold</b> & [a](javascript:b)", ["<b>*not* bold</b> & [a](javascript:b)"]),
        ("# no heading\n- no list\n    no code", ["# no heading", "- no list", "no code"]),
    ],
)
def test_run_together_text_is_parted_where_a_sentence_begins(text: str, parted: list[str]) -> None:
    html = str(markdown(paragraphs(text)))
    assert [unescape(found) for found in re.findall("<p>(.*?)</p>", html)] == parted


@given(
    st.text(
        st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
        | st.sampled_from("*_`<>[]()#&!-+~|\\\n.:")
    )
)
def test_every_character_of_a_text_is_shown_as_it_is(text: str) -> None:
    """No character of the source acts as markup; only white space may differ."""
    html = str(markdown(paragraphs(text)))
    assert set(re.findall(r"</?\w+", html)) <= {"<p", "</p"}
    shown = unescape(re.sub("</?p>", "", html))
    assert "".join(shown.split()) == "".join(text.split())


# --- Real topics -----------------------------------------------------------------------------------------------------


def test_all_32_real_topics_come_in(shared: Path, take_topics: Any) -> None:
    path = shared / "topics" / "topics.jsonl"
    report = take_topics(path)
    assert report.to_dict()["counts"] == {"taken_in": 32, "unchanged": 0, "refused": 0}
    assert report.findings == Counter(
        TEXT_GUESSED=32, OPENING_ASSUMED=32, BUDGET_COMPUTED=30, KEYWORDS_MISSING=10, ACTION_TYPE=5, PILLAR=4,
        BUDGET_MISSING=2, TWO_STAGE=2,
    )  # fmt: skip
    topics = [json.loads(line) for line in path.read_text().splitlines()]
    budgets = sum(100 * t["budgetMax"] * t["expectedGrants"] for t in topics if t["budgetMax"])
    imported = select(func.count(), func.sum(Call.budget)).where(
        Call.origin.is_not(None), Call.state == "draft"
    )
    assert db.session.execute(imported).one() == (32, budgets)
    again = take_topics(path)
    assert again.to_dict()["counts"] == {"taken_in": 0, "unchanged": 32, "refused": 0}
    assert db.session.execute(imported).one() == (32, budgets)
