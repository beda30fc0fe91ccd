"""An officer passes the clear applications together; whatever a rule does not hold for is looked at singly."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from grants import clock
from grants.applications.models import Application, Submission
from grants.applications.queries import by_public_id
from grants.calls import countries
from grants.calls.models import Call
from grants.canonical import canonical
from grants.db import db
from grants.eligibility import actions
from grants.eligibility.models import Ruling
from grants.experts.models import Conflict
from tests.many import copies

PASSED = "Pass the chosen applications"


@pytest.fixture
def three(names: Any) -> list[str]:
    """Three received applications of one call; the partners of the third are gone, so a rule does not hold."""
    first = db.session.scalars(
        select(Application).where(Application.public_id == names.applications["received"])
    ).one()
    copies(first.number, 2)
    rows = db.session.execute(
        select(Application.id, Application.public_id)
        .where(Application.call_id == first.call_id, Application.number.like(f"{first.number}%"))
        .order_by(Application.serial)
    ).all()
    submission = db.session.scalars(select(Submission).where(Submission.application_id == rows[2].id)).one()
    snapshot = json.loads(submission.snapshot)
    findings = [finding | {"verdict": "fails"} for finding in submission.findings]
    db.session.execute(
        update(Submission)
        .where(Submission.id == submission.id)
        .values(snapshot=json.dumps(snapshot | {"partners": snapshot["partners"][:1]}), findings=findings)
    )
    db.session.commit()
    return [row.public_id for row in rows]


def _call(names: Any) -> str:
    return str(names.calls["evaluation"])


def _post(browser: Any, names: Any, chosen: list[str], gate: str = "eligibility") -> Any:
    return browser.post(
        f"/calls/{_call(names)}/eligibility/passes", data={"gate": gate, "application": chosen}
    )


def _states(public_ids: list[str]) -> list[str]:
    found = dict(
        db.session.execute(
            select(Application.public_id, Application.state).where(Application.public_id.in_(public_ids))
        ).all()
    )  # type: ignore[arg-type]
    return [found[one] for one in public_ids]


def _at_eligibility(public_ids: list[str]) -> None:
    db.session.execute(
        update(Application).where(Application.public_id.in_(public_ids)).values(state="eligibility")
    )
    db.session.commit()


def test_the_clear_ones_pass_and_the_other_is_left(as_: Any, names: Any, three: list[str], cast: Any) -> None:
    _at_eligibility(three)
    officer = as_("officer")
    page = officer.get(f"/calls/{_call(names)}/eligibility?waiting=eligibility").text
    assert [f'name="application" value="{one}"' in page for one in three] == [True, True, False]
    assert PASSED in page

    answer = _post(officer, names, three)

    assert answer.status_code == 303
    assert _states(three) == ["admitted", "admitted", "eligibility"]
    told = officer.get(answer.location).text
    assert "2 applications passed." in told
    assert "because a rule does not hold" in told
    rulings = db.session.scalars(
        select(Ruling).where(Ruling.gate == "eligibility").order_by(Ruling.id.desc()).limit(2)
    )
    assert {(r.verdict, r.state, r.decided_by_id) for r in rulings} == {("ok", "confirmed", cast.officer.id)}


def test_at_another_gate_and_in_another_call_nothing_passes(as_: Any, names: Any, three: list[str]) -> None:
    officer = as_("officer")
    assert _post(officer, names, three).status_code == 303
    other = officer.post(
        f"/calls/{names.calls['released']}/eligibility/passes",
        data={"gate": "admissibility", "application": three},
    )
    assert other.status_code == 303
    assert _states(three) == ["submitted"] * 3
    assert "Nothing was chosen" in officer.get(other.location).text
    assert _post(officer, names, three, "nonsense").status_code == 400


def test_a_conflict_keeps_an_application_out(as_: Any, names: Any, three: list[str], cast: Any) -> None:
    barred = db.session.scalars(select(Application).where(Application.public_id == three[0])).one()
    db.session.add(
        Conflict(
            application_id=barred.id, user_id=cast.officer.id, code="D1", source="entered", status="confirmed",
            found_at=clock.now(),
        )
    )  # fmt: skip
    _at_eligibility(three)
    _post(as_("officer"), names, three)
    assert _states(three) == ["eligibility", "admitted", "eligibility"]


def test_what_its_applicants_may_still_change_is_neither_read_nor_passed(
    as_: Any, names: Any, three: list[str], cast: Any
) -> None:
    """The second has an extension that runs: until it is over nobody reads it or rules on it."""
    late = db.session.scalars(
        select(Application).options(joinedload(Application.call)).where(Application.public_id == three[1])
    ).one()
    late.extended_to = clock.now() + timedelta(hours=1)
    number = late.number
    db.session.commit()
    officer = as_("officer")
    desk = f"/calls/{_call(names)}/eligibility?waiting=admissibility"
    assert number not in officer.get(desk).text
    assert number not in officer.get(f"/calls/{_call(names)}/applications").text
    assert officer.get(f"/applications/{three[1]}").status_code == 404
    assert officer.get(f"/applications/{three[1]}/eligibility").status_code == 404
    _post(officer, names, three, "admissibility")
    assert _states(three)[:2] == ["eligibility", "submitted"]
    with pytest.raises(actions.Unfit):
        actions.propose(
            by_public_id(three[1]), gate="admissibility", verdict="ok", reason="", by=cast.officer
        )
    with clock.at(late.extended_to + timedelta(milliseconds=1)):
        assert f'name="application" value="{three[1]}"' in officer.get(desk).text
        _post(officer, names, three, "admissibility")
        assert _states(three)[1] == "eligibility"


def test_observers_see_no_boxes(as_: Any, names: Any, three: list[str]) -> None:
    observer = as_("observer")
    assert PASSED not in observer.get(f"/calls/{_call(names)}/eligibility?waiting=admissibility").text
    assert _post(observer, names, three).status_code == 403


def test_before_the_deadline_nothing_is_ruled(as_: Any, names: Any) -> None:
    open_call = db.session.scalars(select(Call).where(Call.reference == names.calls["open"])).one()
    assert not open_call.is_closed(clock.now())
    answer = as_("officer").post(
        f"/calls/{open_call.reference}/eligibility/passes", data={"gate": "admissibility"}
    )
    assert answer.status_code == 409


def _in_switzerland(public_id: str) -> Any:
    """One of the three, coordinated from Switzerland, in a call whose deadline was before the agreement was signed."""
    one = db.session.scalars(
        select(Application).options(joinedload(Application.call), joinedload(Application.submission))
        .where(Application.public_id == public_id)
    ).one()  # fmt: skip
    one.call.set_deadline(datetime(2025, 9, 16, 17, 0), "Europe/Brussels")
    one.call.rules_json = one.call.rules_json | {"year": 2025}
    content = one.submission.proposal.to_dict()
    content["partners"][0]["country"] = "CH"
    one.submission.snapshot = canonical(content).decode()
    db.session.commit()
    return one


def test_the_desk_says_where_the_law_of_today_is_another(as_: Any, names: Any, three: list[str]) -> None:
    """Switzerland was associated for the time being on the day of the deadline, and is associated now."""
    _in_switzerland(three[0])
    _at_eligibility(three)
    officer = as_("officer")
    page = officer.get(f"/calls/{_call(names)}/eligibility?waiting=eligibility").text
    assert page.count("Otherwise by today’s law") == 1
    assert f'name="application" value="{three[0]}"' not in page
    gate = officer.get(f"/applications/{three[0]}/eligibility").text
    now = gate.partition("By the law of today")[2].partition("Your ruling")[0]
    assert "The association agreement is in force when the grant is signed" in now
    assert "Holds" in now
    assert "By the law of today" not in officer.get(f"/applications/{three[1]}/eligibility").text


def test_what_stands_otherwise_today_is_not_passed_with_the_clear_ones(
    as_: Any, names: Any, three: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A country that was barred since: every rule held on the day of the deadline, and a person has to look."""
    one = db.session.scalars(
        select(Application)
        .options(joinedload(Application.submission))
        .where(Application.public_id == three[0])
    ).one()
    barred = {
        "codes": [one.submission.coordinator_country],
        "from": clock.now().date().isoformat(),
        "to": None,
    }
    monkeypatch.setitem(countries.table(), "barred", [barred])
    _at_eligibility([three[0]])
    officer = as_("officer")
    answer = _post(officer, names, [three[0]])
    assert _states([three[0]]) == ["eligibility"]
    assert "because a rule does not hold" in officer.get(answer.location).text
