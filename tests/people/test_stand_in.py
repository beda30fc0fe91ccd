"""An officer goes away: somebody else acts in their place, between two days and not longer."""

from typing import Any

import pytest

from grants import clock
from grants.decisions import queries as decisions
from grants.experts import actions as experts
from tests import world

DESK = "/calls/TAI-EVALUATION/desk"
LEAVE = {"email": "odile@other-funder.example", "first_day": "2026-10-05", "last_day": "2026-10-09"}


def test_only_between_the_two_days(as_: Any) -> None:
    officer = as_("officer")
    assert officer.post("/substitution", data=LEAVE).status_code == 303
    assert "Odile Elsewhere" in officer.get("/substitution").get_data(as_text=True)
    seen = {}
    for day in range(1, 13):
        with clock.at(world.NOW.replace(day=day)):
            odile = as_("other_officer")
            seen[day] = odile.get(DESK).status_code
            listed = "TAI-EVALUATION" in odile.get("/desk").get_data(as_text=True)
            assert listed == (seen[day] == 200), f"list and page disagree on day {day}"
    assert [day for day, status in seen.items() if status == 200] == [5, 6, 7, 8, 9]
    assert {seen[1], seen[12]} <= {403, 404}


def test_ended_early(as_: Any, cast: Any) -> None:
    as_("officer").post("/substitution", data=LEAVE)
    with clock.at(world.NOW.replace(day=6)):
        officer, odile = as_("officer"), as_("other_officer")
        assert odile.get(DESK).status_code == 200
        address = f"/substitution/{cast.other_officer.public_id}/end"
        assert as_("officer2").post(address).status_code == 404
        assert officer.post(address).status_code == 303
        assert odile.get(DESK).status_code in (403, 404)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "nobody@nowhere.example"}, "Nobody else has an account"),
        ({"email": "olga@funder.example"}, "Nobody else has an account"),
        ({"last_day": "2026-10-04"}, "comes before the first"),
        ({"first_day": "2026-09-01", "last_day": "2026-09-02"}, "This day is over"),
        ({"last_day": "2026-02-30"}, ""),
        ({"email": "expert"}, "evaluates in one of your calls"),
        ({"email": "officer2"}, "acts as officer wherever you do"),
    ],
)
def test_who_cannot_stand_in(as_: Any, names: Any, change: dict[str, str], sentence: str) -> None:
    email = change.get("email", "")
    if email in names.people:
        change = {"email": names.people[email]["email"]}
    answer = as_("officer").post("/substitution", data=LEAVE | change)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_nobody_may_approve_and_the_page_says_so(as_: Any, cast: Any, names: Any) -> None:
    """The only other officer has a conflict: who proposed sees that somebody must be appointed."""
    address = f"/applications/{names.applications['ranked_best']}/decision"
    officer = as_("officer")
    assert "Otto Second" in officer.get(address).get_data(as_text=True).partition("May approve it")[2]
    one = decisions.of_application(names.applications["ranked_best"])
    assert one
    experts.enter_conflict(one.application, cast.officer2, code="D1", reason="Colleagues.", by=cast.officer)
    page = officer.get(address).get_data(as_text=True)
    assert "Nobody else may approve this decision" in page
    assert "May approve it" not in page


def test_who_stands_in_from_tomorrow_on_evaluates_nothing_here(as_: Any, cast: Any, names: Any) -> None:
    """Staff read all reports; whoever will be staff is no expert of the call, now or later (rulebook 7.4)."""
    officer = as_("officer")
    officer.post("/substitution", data=LEAVE)
    form = {
        "name": cast.other_officer.name,
        "email": LEAVE["email"],
        "employer": "Elsewhere",
        "country": "SE",
    }
    refused = officer.post("/calls/TAI-EVALUATION/experts", data=form)
    assert refused.status_code == 422
    assert "works for the call and cannot evaluate in it" in refused.text
