"""Where a call asks for it, experts say what they would like to evaluate; it moves the fit and bars nobody."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from grants import clock
from grants.calls.models import Call
from grants.db import db
from grants.experts import queries
from grants.experts.fit import BIDS, with_bid
from grants.experts.models import Bid, Expert
from grants.experts.suitability import candidates
from grants.people.models import User
from tests.experts.asked import stored


def _asks(as_: Any, names: Any, days: int = 10) -> str:
    """The officer asks the pool of the evaluation call; address of its page for experts."""
    reference = names.calls["evaluation"]
    until = (clock.now() + timedelta(days=days)).date().isoformat()
    assert as_("officer").post(f"/calls/{reference}/bidding", data={"until": until}).status_code == 303
    return f"/assignments/bids/{reference}"


@pytest.mark.parametrize(("value", "bid", "moved"), [
    (0.5, "", 0.5), (0.5, "yes", 0.75), (0.5, "maybe", 0.625), (0.5, "no", 0.0), (0.0, "yes", 0.5), (1.0, "maybe", 1.0),
])  # fmt: skip
def test_how_far_a_bid_moves_the_fit(value: float, bid: str, moved: float) -> None:
    assert with_bid(value, bid) == moved


@given(st.floats(0, 1), st.floats(0, 1))
def test_words_still_count_among_the_willing(low: float, high: float) -> None:
    low, high = sorted((low, high))
    for bid in BIDS:
        assert 0 <= with_bid(low, bid) <= with_bid(high, bid) <= 1
    assert with_bid(low, "no") <= low <= with_bid(low, "maybe") <= with_bid(low, "yes")


def test_nobody_is_asked_unless_the_officer_says_so(as_: Any, names: Any) -> None:
    address = f"/assignments/bids/{names.calls['evaluation']}"
    assert as_("expert3").get(address).status_code == 409
    assert "Say what you would like to evaluate" not in as_("expert3").get("/").text


def test_each_answer_is_saved_at_once_and_may_be_changed(as_: Any, names: Any) -> None:
    address = _asks(as_, names)
    expert, application = as_("expert3"), str(names.applications["admitted"])
    assert "Say what you would like to evaluate" in expert.get("/").text
    page = expert.get(address).text
    row = stored(application)
    assert row.submission is not None
    proposal = row.submission.proposal
    assert row.number in page and proposal.title in page and proposal.abstract.splitlines()[0] in page
    assert all(partner.name not in page for partner in proposal.partners)
    for answer in ("yes", "no", "maybe"):
        answered = expert.post(f"{address}/{application}", data={"answer": answer})
        assert (answered.status_code, answered.location) == (303, f"{address}?page=1#a-{application}")
        assert f'value="{answer}" aria-pressed="true"' in expert.get(address).text
    assert [(one.answer,) for one in _bids()] == [("maybe",)]
    table = as_("officer").get(f"/calls/{names.calls['evaluation']}/bidding").text
    assert ">1<" in table.partition("Edda Assessor")[2].partition("</tr>")[0]


def _bids() -> list[Bid]:
    db.session.rollback()
    return list(db.session.scalars(select(Bid)))


def test_something_else_than_an_answer_is_no_answer(as_: Any, names: Any) -> None:
    address = _asks(as_, names)
    expert, application = as_("expert3"), names.applications["admitted"]
    assert expert.post(f"{address}/{application}", data={"answer": "perhaps"}).status_code == 303
    assert "Choose one of the answers." in expert.get(address).text
    assert _bids() == []


@pytest.mark.parametrize("part", ["stranger", "coordinator", "officer", "observer", "chair", "other_officer"])
def test_only_the_pool_is_asked(as_: Any, names: Any, part: str) -> None:
    address, application = _asks(as_, names), names.applications["admitted"]
    assert as_(part).get(address).status_code == 403
    assert as_(part).post(f"{address}/{application}", data={"answer": "yes"}).status_code == 403
    assert _bids() == []


def test_an_application_with_a_conflict_does_not_exist(as_: Any, names: Any, cast: Any) -> None:
    """Neither one that is written down, though nobody has ruled on it, nor one that only the rules would find."""
    address, application = _asks(as_, names), str(names.applications["admitted"])
    row = stored(application)
    assert row.submission is not None
    number, partner = row.number, row.submission.proposal.partners[0].name
    officer, expert = as_("officer"), as_("expert3")
    assert number in expert.get(address).text
    user = select(User.id).where(User.email == names.people["expert3"]["email"]).scalar_subquery()
    employer = db.session.scalar(select(Expert.employer).where(Expert.user_id == user))
    db.session.execute(update(Expert).where(Expert.user_id == user).values(employer=partner))
    db.session.commit()
    assert number not in expert.get(address).text
    assert expert.post(f"{address}/{application}", data={"answer": "yes"}).status_code == 404
    db.session.execute(update(Expert).where(Expert.user_id == user).values(employer=employer))
    db.session.commit()
    officer.post(
        f"/applications/{application}/conflicts",
        data={"person": cast.expert3.public_id, "code": "P3", "reason": "Shared an office once."},
    )
    assert number not in expert.get(address).text
    never = expert.post(f"{address}/0123456789abcdef", data={"answer": "yes"})
    assert (
        expert.post(f"{address}/{application}", data={"answer": "yes"}).status_code
        == never.status_code
        == 404
    )
    assert _bids() == []


def test_after_the_day_nothing_changes_any_more(as_: Any, names: Any) -> None:
    address, application = _asks(as_, names, days=1), names.applications["admitted"]
    expert = as_("expert3")
    assert expert.post(f"{address}/{application}", data={"answer": "yes"}).status_code == 303
    with clock.at(clock.now() + timedelta(days=3)):
        late = as_("expert3").post(f"{address}/{application}", data={"answer": "no"})
        assert (late.status_code, "is over" in late.text) == (409, True)
    assert [one.answer for one in _bids()] == ["yes"]


def test_a_day_that_has_passed_is_refused_beside_the_field(as_: Any, names: Any) -> None:
    reference = names.calls["evaluation"]
    answer = as_("officer").post(f"/calls/{reference}/bidding", data={"until": "2020-02-29"})
    assert answer.status_code == 422
    assert "This day has passed." in answer.text and 'value="2020-02-29"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(Call).where(Call.bids_until.is_not(None))) == 0


def test_what_was_said_does_not_count_once_the_call_asks_no_more(as_: Any, names: Any) -> None:
    address, application = _asks(as_, names), str(names.applications["admitted"])
    as_("expert3").post(f"{address}/{application}", data={"answer": "no"})
    assert {one.bid for one in candidates(stored(application), besides=())} == {"", "no"}
    db.session.rollback()
    as_("officer").post(f"/calls/{names.calls['evaluation']}/bidding", data={"until": ""})
    assert {one.bid for one in candidates(stored(application), besides=())} == {""}
    assert queries.bids(stored(application))
