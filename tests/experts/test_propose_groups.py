"""An officer has groups proposed for a whole call, looks at the reasons, and invites; everything is checked again."""

from typing import Any

from sqlalchemy import select, update

from grants import clock, jobs
from grants.db import db
from grants.experts import composing
from grants.experts.levels import search
from grants.experts.models import Conflict, Expert, GroupProposal
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
    waits = "Waiting for a worker. One proposal is composed after the other."
    assert officer.get(f"{address}/status").json == {"waits": True, "ended": 0, "total": 7, "text": waits}
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


def test_how_far_the_search_is_stands_on_the_page(as_: Any, names: Any, monkeypatch: Any) -> None:
    """The officer looks while the worker is at it: which objective, since when, what is reached, what is proven."""
    officer = _officer(as_, names)
    address = _proposed(officer)
    seen = []

    def look(task: Any, **_: Any) -> Any:
        for standing in search(task, seconds=60):
            yield standing
            seen.append(officer.get(f"{address}/status").json)
            page = officer.get(address).text
            assert seen[-1]["text"] in page and "data-progress" in page

    monkeypatch.setattr(composing.apart, "each", lambda work, *given, **named: (
        look(*given) if work is search else work(*given)
    ))  # fmt: skip
    jobs.run_waiting()
    steps = {one["ended"]: one["text"] for one in seen}
    assert list(steps) == [1, 2, 3, 4, 5]
    assert steps[3].startswith("Sum of fits, less what broken rules cost, since ")
    assert "reached" in steps[3] and "not ruled out yet" in steps[3]


def test_stopped_in_the_middle_the_best_groups_found_so_far_are_kept(
    as_: Any, names: Any, monkeypatch: Any
) -> None:
    officer = _officer(as_, names)
    application = str(names.applications["admitted"])
    address = _proposed(officer)

    def give_up(task: Any, **_: Any) -> Any:
        for standing in search(task, seconds=60):
            if standing.levels[-1].name == "total":
                assert officer.post(f"{address}/stop").status_code == 303
                assert "Being stopped" in officer.get(address).text
            yield standing

    monkeypatch.setattr(composing.apart, "each", lambda work, *given, **named: (
        give_up(*given) if work is search else work(*given)
    ))  # fmt: skip
    jobs.run_waiting()
    page = officer.get(address).text
    assert "Stopped by an officer" in page and "Evenness of loads" not in page
    proposal = _latest()
    assert (proposal.state, proposal.ended, proposal.lease_until) == ("done", "stopped", None)
    assert proposal.result["applications"][application]["group"]
    assert officer.post(f"{address}/stop").status_code == 409


def test_what_a_crash_interrupts_is_taken_up_again_and_given_up_after_three_times(
    as_: Any, names: Any
) -> None:
    """The process that looks for groups is killed each time."""
    officer = _officer(as_, names)
    address = _proposed(officer)
    row_id = _latest().id
    for attempt in (1, 2, 3):
        with clock.at(clock.now() + attempt * 2 * composing.LEASE):
            assert row_id in composing.waiting(db.session, clock.now())
            db.session.rollback()
            # As a kill -9 of the worker leaves it: leased, and nobody renews it.
            composing._set(row_id, lease_until=clock.now() + composing.LEASE, attempts=attempt)
            assert row_id not in composing.waiting(db.session, clock.now())
    with clock.at(clock.now() + 10 * composing.LEASE):
        jobs.run_waiting()
    assert (_latest().state, _latest().ended) == ("stopped", "failed")
    assert "The search broke off three times. Nothing was proposed." in officer.get(address).text


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


def test_one_from_each_employer_whoever_gave_the_code_and_who_the_name(as_: Any, names: Any) -> None:
    officer = _officer(as_, names)
    application = str(names.applications["admitted"])
    db.session.execute(update(Expert).values(employer="Institute of Q"))
    somebody = db.session.scalar(select(Expert.id).order_by(Expert.id))
    db.session.execute(update(Expert).where(Expert.id == somebody).values(employer_pic="999900009"))
    db.session.commit()
    _proposed(officer, institutions="hard")
    jobs.run_waiting()
    assert len(_latest().result["applications"][application]["group"]) == 1


def test_whoever_does_not_read_the_language_of_the_applications_is_not_proposed(
    as_: Any, names: Any, cast: Any
) -> None:
    officer = _officer(as_, names)
    application = str(names.applications["admitted"])
    db.session.execute(update(Expert).values(languages=["en"]))
    db.session.execute(update(Expert).where(Expert.user_id == cast.expert3.id).values(languages=["fr", "en"]))
    db.session.commit()
    refused = officer.post(f"/calls/{officer.call}/groups", data=WISHES | {"language": "tlh"})
    assert refused.status_code == 422
    _proposed(officer, language="fr")
    jobs.run_waiting()
    group = _latest().result["applications"][application]["group"]
    assert [one["expert"] for one in group if not one["stands"]] == [cast.expert3.public_id]


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
