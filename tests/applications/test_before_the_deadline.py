"""What those who work for a call see and do before its deadline, and that nobody decides in their own matter."""

from typing import Any

from grants.applications import queries
from grants.db import db


def test_observers_see_neither_drafts_nor_their_number(as_: Any) -> None:
    """The counter before the deadline is for officers only (rulebook 7.4)."""
    assert as_("observer").get("/calls/TAI-OPEN/applications").status_code == 403
    desks = [as_(part).get("/calls/TAI-OPEN/desk").text for part in ("officer", "observer")]
    assert ["<dt>Drafts</dt>" in desk for desk in desks] == [True, False]
    assert ["<dt>Submitted applications</dt>" in desk for desk in desks] == [True, False]


def test_an_officer_who_applies_gives_themselves_no_extension(cast: Any, as_: Any, names: Any) -> None:
    application = queries.by_public_id(names.applications["draft"])
    assert application
    number, address = application.number, f"/calls/TAI-OPEN/applications/{application.number}/extension"
    application.coordinator_id = cast.officer.id
    db.session.commit()

    answers = {part: as_(part).get(address).status_code for part in ("officer", "officer2")}

    assert answers == {"officer": 404, "officer2": 200}
    assert number not in as_("officer").get("/calls/TAI-OPEN/applications").text
    assert number in as_("officer2").get("/calls/TAI-OPEN/applications").text


def test_a_day_outside_the_calendar_is_no_extension(as_: Any, names: Any) -> None:
    application = queries.by_public_id(names.applications["draft"])
    assert application
    address = f"/calls/TAI-OPEN/applications/{application.number}/extension"
    page = as_("officer").post(address, data={"until": "0001-01-01 00:00", "reason": "Why not."})
    assert page.status_code == 422
    assert "Type the date and time as 2026-03-24 18:00." in page.text


def test_the_organisation_of_others_is_as_if_it_never_was(as_: Any, names: Any) -> None:
    whole = queries.whole(names.applications["draft"])
    assert whole
    address = f"/partners/{whole.partners[1].public_id}"
    answers = {
        part: as_(part).get(address).status_code for part in ("partner", "stranger", "officer", "applicant2")
    }
    assert answers == {"partner": 200, "stranger": 404, "officer": 404, "applicant2": 404}


def test_the_desk_counts_without_what_bars_the_person(cast: Any, as_: Any, names: Any) -> None:
    """A count that holds the barred one, less the list without it, would tell its state."""
    application = queries.by_public_id(names.applications["in_evaluation"])
    assert application
    application.coordinator_id = cast.officer.id
    db.session.commit()
    desks = {part: as_(part).get("/calls/TAI-EVALUATION/desk").text for part in ("officer", "officer2")}
    assert {part: "2 in evaluation." in page for part, page in desks.items()} == {
        "officer": False,
        "officer2": True,
    }
    assert "1 in evaluation." in desks["officer"]
