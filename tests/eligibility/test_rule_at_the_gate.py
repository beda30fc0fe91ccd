"""Officers rule on received applications: a pass counts at once, a refusal when a second officer confirms it."""

import re

import pytest
from sqlalchemy import select

from grants import clock
from grants.applications.queries import by_public_id
from grants.db import db
from grants.eligibility import queries
from grants.eligibility.models import Ruling
from grants.experts import actions as experts
from grants.mail import Mail


@pytest.fixture
def here(names):
    """A received application that stands before the gate of admissibility."""
    return names.applications["received"]


def stored(public_id):
    db.session.rollback()
    db.session.expire_all()
    return by_public_id(public_id)


def rulings(public_id):
    return [
        (ruling.gate, ruling.verdict, ruling.state, ruling.reason)
        for ruling in queries.rulings(stored(public_id))
    ]


def propose(browser, here, verdict, reason="", gate="admissibility"):
    data = {"verdict": verdict, "reason": reason, "gate": gate}
    return browser.post(f"/applications/{here}/eligibility", data=data)


def body(answer):
    """What a page says, without the form token, which is new on every page."""
    return re.sub(r'name="csrf_token"[^>]*', "", answer.text)


def open_ruling(here):
    return queries.open_proposal(stored(here)).public_id


def test_a_pass_takes_effect_at_once_gate_by_gate(here, as_):
    browser = as_("officer")
    assert "The application passes" in browser.get(f"/applications/{here}/eligibility").text

    assert propose(browser, here, "ok").status_code == 303
    assert stored(here).state == "eligibility"
    assert propose(browser, here, "ok", gate="eligibility").status_code == 303

    assert stored(here).state == "admitted"
    assert rulings(here) == [("eligibility", "ok", "confirmed", ""), ("admissibility", "ok", "confirmed", "")]


def test_a_pass_keeps_what_the_rules_found(here, as_):
    propose(as_("officer"), here, "ok")
    ruling = queries.rulings(stored(here))[0]
    assert {finding["gate"] for finding in ruling.findings} == {"admissibility", "advice"}
    assert {finding["verdict"] for finding in ruling.findings if finding["code"] == "PART_B"} == {"holds"}


def test_a_refusal_waits_for_a_second_officer(here, as_):
    first, second = as_("officer"), as_("officer2")
    assert propose(first, here, "fail", "Part B cannot be opened.").status_code == 303
    assert stored(here).state == "submitted"
    ruling = open_ruling(here)

    assert first.post(f"/rulings/{ruling}/confirmation").status_code == 403
    assert stored(here).state == "submitted"
    assert "Part B cannot be opened." in second.get(f"/applications/{here}/eligibility").text
    assert second.post(f"/rulings/{ruling}/confirmation").status_code == 303

    assert stored(here).state == "inadmissible"
    assert rulings(here) == [("admissibility", "fail", "confirmed", "Part B cannot be opened.")]
    assert second.post(f"/rulings/{ruling}/confirmation").status_code == 409


def test_a_refusal_at_the_second_gate_is_ineligible(names, as_):
    here = names.applications["eligibility"]
    propose(as_("officer"), here, "fail", "No member state.", gate="eligibility")
    as_("officer2").post(f"/rulings/{open_ruling(here)}/confirmation")
    assert stored(here).state == "ineligible"


def test_the_second_officer_sends_back_and_the_first_is_told(here, cast, as_):
    propose(as_("officer"), here, "fail", "An annex is missing.")
    ruling, second = open_ruling(here), as_("officer2")

    assert second.post(f"/rulings/{ruling}/return", data={"comment": " "}).status_code == 422
    assert (
        second.post(f"/rulings/{ruling}/return", data={"comment": "The annex is on page 40."}).status_code
        == 303
    )

    assert rulings(here) == [("admissibility", "fail", "returned", "An annex is missing.")]
    assert stored(here).state == "submitted"
    mails = db.session.scalars(select(Mail).where(Mail.occasion == f"ruling_returned:{ruling}")).all()
    assert [(mail.recipient, "The annex is on page 40." in mail.body) for mail in mails] == [
        (cast.officer.email, True)
    ]
    assert propose(as_("officer"), here, "ok").status_code == 303


def test_there_is_never_a_second_open_proposal(here, as_):
    propose(as_("officer"), here, "fail", "An annex is missing.")

    answer = propose(as_("officer2"), here, "fail", "Another reason.")

    assert answer.status_code == 422
    assert rulings(here) == [("admissibility", "fail", "proposed", "An annex is missing.")]
    assert propose(as_("officer2"), here, "ok").status_code == 422
    assert stored(here).state == "submitted"


def test_a_refusal_without_a_reason_is_asked_for_again(here, as_):
    answer = propose(as_("officer"), here, "fail")
    assert answer.status_code == 422
    assert "Give the reason. The applicants will read it in their letter." in answer.text
    assert propose(as_("officer"), here, "").status_code == 422
    assert rulings(here) == []


def test_passing_against_the_rules_needs_a_reason(names, as_):
    here = names.applications["eligibility"]
    call = stored(here).call
    call.rules_json = call.rules_json | {"min_countries": 9}
    db.session.commit()

    answer = propose(as_("officer"), here, "ok", gate="eligibility")

    assert answer.status_code == 422
    assert "Give the reason: you decide otherwise than the rules suggest." in answer.text
    assert (
        propose(as_("officer"), here, "ok", "The topic asks for three.", gate="eligibility").status_code
        == 303
    )
    assert rulings(here)[0] == ("eligibility", "ok", "confirmed", "The topic asks for three.")


def test_a_page_of_the_gate_before_does_not_decide_at_the_next(here, as_):
    browser = as_("officer")
    propose(browser, here, "ok")
    assert propose(browser, here, "ok").status_code == 422
    assert stored(here).state == "eligibility"


def test_nobody_rules_before_the_deadline(names, as_):
    here = names.applications["submitted"]
    assert as_("officer").get(f"/applications/{here}/eligibility").status_code == 404
    assert propose(as_("officer"), here, "ok").status_code == 404
    assert as_("officer").get(f"/calls/{names.calls['open']}/eligibility").status_code == 409


def test_nobody_rules_while_an_extension_runs(here, as_):
    """Nor reads it: as before the deadline, for staff it is not there yet."""
    application = stored(here)
    application.extended_to = clock.now().replace(hour=23)
    db.session.commit()
    assert propose(as_("officer"), here, "ok").status_code == 404
    assert stored(here).state == "submitted"


def test_observers_look_and_do_not_rule(here, as_):
    assert "The application passes" not in as_("observer").get(f"/applications/{here}/eligibility").text
    assert propose(as_("observer"), here, "ok").status_code == 403


@pytest.mark.parametrize("part", ["coordinator", "stranger", "expert", "chair", "other_officer"])
def test_a_ruling_of_others_is_like_one_that_never_existed(here, as_, part):
    propose(as_("officer"), here, "fail", "An annex is missing.")
    browser = as_(part)
    public_id = open_ruling(here)
    theirs = browser.post(f"/rulings/{public_id}/confirmation")
    nonsense = browser.post("/rulings/0000000000000000/confirmation")
    assert (theirs.status_code, nonsense.status_code) == (404, 404)
    assert body(theirs).replace(public_id, "0000000000000000") == body(nonsense)
    assert browser.get(f"/applications/{here}/eligibility").status_code in (403, 404)
    assert stored(here).state == "submitted"


def test_a_conflicted_officer_neither_sees_nor_confirms(here, cast, as_):
    propose(as_("officer"), here, "fail", "An annex is missing.")
    number = stored(here).number
    experts.enter_conflict(stored(here), cast.officer2, code="D3", reason="A sister.", by=cast.officer)
    db.session.commit()

    assert as_("officer2").post(f"/rulings/{open_ruling(here)}/confirmation").status_code == 404
    assert as_("officer2").get(f"/applications/{here}/eligibility").status_code == 404
    desk = as_("officer2").get(f"/calls/{stored(here).call.reference}/eligibility")
    assert desk.status_code == 200
    assert number not in desk.text


def test_the_desk_shows_what_waits(names, here, as_):
    call = names.calls["evaluation"]
    browser = as_("officer")
    waiting = {
        key: stored(id_).number for key, id_ in names.applications.items()
        if key in ("received", "eligibility", "inadmissible", "admitted")
    }  # fmt: skip

    def shown(which):
        page = browser.get(f"/calls/{call}/eligibility?waiting={which}").text
        return {key for key, number in waiting.items() if number in page}

    assert shown("") == {"received", "eligibility", "inadmissible", "admitted"}
    assert shown("admissibility") == {"received"}
    assert shown("eligibility") == {"eligibility"}
    assert shown("confirmation") == set()
    propose(browser, here, "fail", "An annex is missing.")
    assert shown("confirmation") == {"received"}
    assert shown("admissibility") == set()


def test_the_home_page_counts_what_waits(here, as_):
    def counted(part):
        page = as_(part).get("/").text
        found = (
            re.search(pattern, page) for pattern in (r"Confirm (\d+) refusal", r"Check (\d+) application")
        )
        return [int(number[1]) if number else 0 for number in found]

    first, second = counted("officer"), counted("officer2")
    propose(as_("officer"), here, "fail", "An annex is missing.")
    assert counted("officer2") == [second[0] + 1, second[1] - 1]
    assert counted("officer") == [first[0], first[1] - 1]


def test_the_desk_asks_the_database_as_often_for_many_rows_as_for_one(names, as_, statements):
    browser = as_("officer")
    call = names.calls["evaluation"]
    browser.get(f"/calls/{call}/eligibility")
    statements.clear()
    browser.get(f"/calls/{call}/eligibility?waiting=admissibility")
    few = len(statements)
    statements.clear()
    browser.get(f"/calls/{call}/eligibility")
    assert len(statements) == few
    assert db.session.scalar(select(Ruling.id).limit(1)) is not None
