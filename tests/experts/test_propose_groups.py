"""An officer has groups proposed for a whole call, looks at the reasons, and invites; everything is checked again."""

from typing import Any

from sqlalchemy import select

from grants import jobs
from grants.db import db
from grants.experts.models import Conflict, GroupProposal
from grants.people.queries import by_public_id
from tests.experts.asked import states, stored

WISHES = {
    "demand": "3", "load": "4", "price": "10", "countries": "off", "abroad": "soft", "institutions": "soft",
    "genders": "soft", "newcomers": "soft", "sectors": "off",
}  # fmt: skip


def _proposed(officer: Any, **wishes: str) -> str:
    """Address of the page of a new proposal."""
    answer = officer.post(f"/calls/{officer.call}/groups", data=WISHES | wishes)
    assert answer.status_code == 303
    return str(answer.location)


def _officer(as_: Any, names: Any) -> Any:
    officer = as_("officer")
    officer.call = names.calls["evaluation"]
    return officer


def _latest() -> GroupProposal:
    db.session.rollback()
    return db.session.scalars(select(GroupProposal).order_by(GroupProposal.id.desc())).first()  # type: ignore[return-value]


def test_groups_are_composed_in_the_background_and_only_invited_by_the_officer(as_: Any, names: Any) -> None:
    officer = _officer(as_, names)
    application = str(names.applications["admitted"])
    before = states(application)
    address = _proposed(officer)
    assert "The groups are being composed" in officer.get(address).text
    assert officer.get(f"{address}/status").json == {"waits": True, "step": ""}
    jobs.run_waiting()
    page = officer.get(address).text
    assert "Nothing better exists" in page and "SHA-256" in page and "% fit" in page
    assert states(application) == before
    proposal = _latest()
    group = proposal.result["applications"][application]["group"]
    assert group and proposal.inputs and len(proposal.inputs) == 64
    assert {one["name"]: one["value"] - one["bound"] for one in proposal.result["levels"]} == dict.fromkeys(
        ("unmet", "worst", "total", "even", "kept"), 0
    )
    answer = officer.post(f"{address}/invitations", data={"applications": application})
    assert answer.status_code == 303
    fresh = [one for one in group if not one["stands"]]
    assert len(states(application)) == len(before) + len(fresh) > len(before)


def test_a_conflict_written_down_since_then_still_bars(as_: Any, names: Any, cast: Any) -> None:
    officer = _officer(as_, names)
    application = str(names.applications["admitted"])
    address = _proposed(officer)
    jobs.run_waiting()
    chosen = next(o for o in _latest().result["applications"][application]["group"] if not o["stands"])
    user = by_public_id(chosen["expert"])
    assert user
    name = user.name
    officer.post(
        f"/applications/{application}/conflicts",
        data={"person": chosen["expert"], "code": "D1", "reason": "Wrote Part B."},
    )
    assert db.session.scalar(select(Conflict.status).where(Conflict.reason == "Wrote Part B.")) == "confirmed"
    officer.post(f"{address}/invitations", data={"applications": application})
    assert f"{name} is not invited." in officer.get(f"/calls/{officer.call}/assignments").text
    assert name not in states(application)


def test_what_stands_stays_and_only_gaps_are_filled(as_: Any, names: Any) -> None:
    """The repair after somebody declined: nobody who was asked moves."""
    officer = _officer(as_, names)
    application = str(names.applications["in_evaluation"])
    standing = {name for name, state in states(application).items() if state not in ("declined", "void")}
    _proposed(officer)
    jobs.run_waiting()
    group = _latest().result["applications"][application]["group"]
    assert sum(one["stands"] for one in group) == len(standing)


def test_a_stopped_search_proposes_nothing(as_: Any, names: Any) -> None:
    officer = _officer(as_, names)
    address = _proposed(officer)
    assert officer.post(f"{address}/stop").status_code == 303
    jobs.run_waiting()
    page = officer.get(address).text
    assert "Nothing was proposed" in page and _latest().result == {}
    assert officer.post(f"{address}/invitations", data={}).status_code == 409


def test_an_empty_place_says_what_would_help(as_: Any, names: Any) -> None:
    officer = _officer(as_, names)
    address = _proposed(officer, demand="9")
    jobs.run_waiting()
    page = officer.get(address).text
    assert "empty" in page and ("Would help:" in page or "The pool is too small" in page)


def test_an_officer_with_a_conflict_does_not_see_the_group(as_: Any, names: Any, cast: Any) -> None:
    officer = _officer(as_, names)
    application = stored(str(names.applications["admitted"]))
    number, public_id = application.number, application.public_id
    address = _proposed(officer)
    jobs.run_waiting()
    assert number in officer.get(address).text
    officer.post(
        f"/applications/{public_id}/conflicts",
        data={"person": cast.officer.public_id, "code": "D1", "reason": "My sister coordinates it."},
    )
    assert number not in officer.get(address).text
    assert officer.post(f"{address}/invitations", data={"applications": public_id}).status_code in (403, 404)
