"""An officer sets up a call and runs it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grants import clock
from grants.calls import queries
from grants.db import db
from tests import world

FORM = {
    "reference": "NEW-2027-01", "title": "A new call", "text": "## Scope", "action": "RIA", "pillar": "2",
    "year": "2027",
    "opens": "2026-11-02T09:00", "deadline": "2027-02-16T17:00", "zone": "Europe/Brussels", "budget": "12 000 000",
    "keywords": "trust\nlearning", "scheme_id": "he-ria-2026", "min_reviews": "3", "min_countries": "3",
    "page_limit": "40",
}  # fmt: skip


def _call(reference: str) -> Any:
    db.session.expire_all()
    return queries.by_reference(reference)


def test_set_up_published_and_seen_by_everybody(as_: Any) -> None:
    """17:00 in Brussels in February is 16:00 UTC; the public sees the call once it is published, not before."""
    officer, visitor = as_("officer"), as_(None)
    assert officer.post("/calls/new", data=FORM).status_code == 303
    call = _call("NEW-2027-01")
    assert (call.deadline_at, call.budget) == (datetime(2027, 2, 16, 16, 0, tzinfo=UTC), 1_200_000_000)
    assert visitor.get("/calls/NEW-2027-01").status_code == 404
    assert officer.post("/calls/NEW-2027-01/publication").status_code == 303
    assert visitor.get("/calls/NEW-2027-01").status_code == 200
    assert "A new call" in visitor.get("/calls").get_data(as_text=True)


WRONG = {
    "budget": "-5", "deadline": "2027-03-28T02:30", "year": "1999", "reference": "../x", "min_countries": "0",
    "opens": "2027-02-30T09:00", "title": "", "scheme_id": "unknown", "page_limit": "many",
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG.items())
def test_what_is_wrong_is_said_beside_its_field(as_: Any, field: str, value: str) -> None:
    """Among them a local time that does not exist: the clocks go forward over it."""
    page = as_("officer").post("/calls/new", data=FORM | {field: value})
    text = page.get_data(as_text=True)
    assert page.status_code == 422
    assert f'id="{field}-error"' in text
    assert "12 000 000" in text or field == "budget"


@pytest.mark.parametrize("field", ["opens", "deadline"])
@pytest.mark.parametrize("value", ["soon", "2027-02-30T17:00", "0001-01-01T00:00"])
def test_a_moment_that_is_none_is_said_beside_its_field(as_: Any, field: str, value: str) -> None:
    page = as_("officer").post("/calls/new", data=FORM | {field: value})
    assert (page.status_code, f'id="{field}-error"' in page.text) == (422, True)


def test_an_expert_of_the_call_becomes_chair_but_nobody_who_reads_every_report(as_: Any, cast: Any) -> None:
    """Experts must not see the reports of the others before the consensus (trust: R-A03)."""
    forms = {role: {"email": cast.expert.email, "role": role} for role in ("observer", "officer", "chair")}
    answers = {role: as_("officer").post("/calls/TAI-EVALUATION/staff", data=form).status_code
               for role, form in forms.items()}  # fmt: skip
    assert answers == {"observer": 422, "officer": 422, "chair": 303}


def test_a_reference_is_given_once(as_: Any, names: Any) -> None:
    page = as_("officer").post("/calls/new", data=FORM | {"reference": names.calls["open"]})
    assert page.status_code == 422
    assert "Another call has this reference already." in page.get_data(as_text=True)


def test_the_deadline_moves_later_only(as_: Any, names: Any) -> None:
    officer, reference = as_("officer"), names.calls["open"]
    before = _call(reference).deadline_at
    earlier = (before - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    refused = officer.post(f"/calls/{reference}/deadline", data={"deadline": earlier, "reason": "Too long."})
    assert refused.status_code == 422
    assert _call(reference).deadline_at == before
    later = (before + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M")
    moved = officer.post(f"/calls/{reference}/deadline", data={"deadline": later, "reason": "An outage."})
    assert moved.status_code == 303
    assert _call(reference).deadline_at > before


def test_suspended_nobody_can_submit_resumed_everybody_can(as_: Any, names: Any) -> None:
    officer, applicant, reference = as_("officer"), as_("coordinator"), names.calls["open"]
    officer.post(f"/calls/{reference}/suspension", data={"reason": "A mistake in the text."})
    page = f"/applications/{names.applications['reopened']}/submission"
    assert applicant.post(page, data={"key": "s" * 32}).status_code == 409
    officer.post(f"/calls/{reference}/resumption", data={"reason": "Mended."})
    assert applicant.post(page, data={"key": "s" * 32}).status_code == 303


def test_before_the_deadline_officers_see_numbers_never_content(as_: Any, names: Any) -> None:
    """Number, contact and completeness of drafts; the page of an application does not exist for them yet."""
    officer, reference = as_("officer"), names.calls["open"]
    page = officer.get(f"/calls/{reference}/applications").get_data(as_text=True)
    assert f"{reference}-0001" in page
    assert "DRAFTY" not in page
    assert officer.get(f"/applications/{names.applications['submitted']}").status_code == 404


@pytest.mark.parametrize(
    ("typed", "pages"),
    [("40", 45), ("33", 33)],
    ids=["as the scheme before brought it", "of the officer's own"],
)
def test_another_scheme_brings_its_pages_and_its_budget_along(
    as_: Any, names: Any, typed: str, pages: int
) -> None:
    reference = names.calls["draft"]
    call = _call(reference)
    form = {key: value for key, value in FORM.items() if key != "reference"}
    form |= {"version": str(call.version), "scheme_id": "he-ria-ls-2026", "year": "2026", "page_limit": typed}
    assert as_("officer").post(f"/calls/{reference}/edit", data=form).status_code == 303
    rules = _call(reference).rules
    assert (rules.page_limit, rules.by_work_package) == (pages, True)


def test_two_officers_edit_one_draft(as_: Any, names: Any) -> None:
    """The second is told, keeps what was typed, and sees what the first one saved."""
    reference = names.calls["draft"]
    version = str(_call(reference).version)
    form = {key: value for key, value in FORM.items() if key != "reference"} | {"version": version}
    assert (
        as_("officer").post(f"/calls/{reference}/edit", data=form | {"title": "From Olga"}).status_code == 303
    )
    second = as_("officer2").post(f"/calls/{reference}/edit", data=form | {"title": "From Otto"})
    page = second.get_data(as_text=True)
    assert second.status_code == 409
    assert "From Olga" in page
    assert "From Otto" in page
    assert _call(reference).title == "From Olga"


@pytest.mark.parametrize(
    ("offset", "phase"),
    [(timedelta(days=-1), "forthcoming"), (timedelta(), "open"), (timedelta(days=100), "closed")],
)
def test_open_and_closed_follow_from_the_clock(app: Any, names: Any, offset: timedelta, phase: str) -> None:
    call = _call(names.calls["open"])
    with clock.at((call.opens_on if phase != "closed" else world.NOW) + offset):
        assert call.phase == phase


@pytest.mark.parametrize(
    ("typed", "stored", "message"),
    [
        ("AI: 2\n\n robotics : 1", {"AI": 2, "robotics": 1}, ""),
        ("Space: 1", None, "Space is not a keyword of the call"),
        ("AI", None, "AI is not a keyword of the call"),
        ("AI: 0", None, "each area stands once"),
        ("AI: 1\nAI: 2", None, "each area stands once"),
        ("AI: x", None, "each area stands once"),
    ],
)
def test_an_officer_announces_areas_that_are_funded_first(
    as_: Any, typed: str, stored: Any, message: str
) -> None:
    officer = as_("officer")
    answer = officer.post("/calls/new", data=FORM | {"keywords": "AI\nrobotics", "quotas": typed})
    if stored is None:
        assert answer.status_code == 422
        assert message in answer.text
        assert typed.splitlines()[0] in answer.text
        return
    assert answer.status_code == 303
    assert _call("NEW-2027-01").quotas == stored
    assert "AI: 2" in officer.get("/calls/NEW-2027-01").text
    assert "AI: 2\nrobotics: 1" in officer.get("/calls/NEW-2027-01/edit").text
