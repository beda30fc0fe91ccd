"""After the release: money that becomes free goes down the reserve list, and a wrong letter gets a numbered new one."""

import json
import re
from datetime import timedelta

from grants import clock
from grants.canonical import digest
from grants.db import db
from grants.decisions import queries
from grants.decisions.models import Change
from grants.mail import Mail
from tests.decisions.test_decide import decision_on
from tests.decisions.test_release import approved_call, release
from tests.panels.built import MILLION, fields


def released_call(cast, as_):
    call, applications = approved_call(cast, as_)
    release(as_("officer"), call)
    return call, applications


def propose_change(client, one, **typed):
    address = f"/applications/{one.public_id}/decision/change"
    return client.post(address, data=fields(client.get(address), 'name="reason"') | typed)


def last_change():
    return db.session.query(Change).order_by(Change.id.desc()).first()


def approve_change(client):
    page = f"/changes/{last_change().public_id}"
    shown = client.get(page)
    return client.post(
        f"{page}/approval", data=fields(shown, 'name="seen"') if 'name="seen"' in shown.text else {}
    )


def end_preparation(as_, one):
    typed = {"kind": "ended", "outcome": "ended", "reason": "The consortium withdrew."}
    assert propose_change(as_("officer"), one, **typed).status_code == 303
    assert approve_change(as_("officer2")).status_code == 303


def test_freed_money_reaches_the_reserve_list_and_a_second_officer_approves(app, cast, as_):
    """MAIN has 6 of 10 millions; 4 are left, and RESERVE needs 6: nobody is reached until MAIN ends."""
    call, applications = released_call(cast, as_)
    as_("officer").post(f"/calls/{call.reference}/reserve", data={})
    assert last_change().kind == "correction"  # the world's own: nobody was reached
    end_preparation(as_, applications["MAIN"])
    assert "Reached by the free money" in as_("officer").get(f"/calls/{call.reference}/reserve").text

    assert as_("officer").post(f"/calls/{call.reference}/reserve", data={}).status_code == 303

    assert (last_change().kind, last_change().outcome) == ("promotion", "invited")
    before = as_("coordinator").get(f"/applications/{applications['RESERVE'].public_id}/decision").text
    assert "on the reserve list" in before
    assert approve_change(as_("officer")).status_code == 403
    assert approve_change(as_("officer2")).status_code == 303
    one = decision_on(applications["RESERVE"])
    assert (one.outcome, one.max_grant, one.letter_number) == ("invited", 6 * MILLION, 2)
    after = as_("coordinator").get(f"/applications/{applications['RESERVE'].public_id}/decision").text
    assert "You are invited to prepare the grant agreement." in after
    told = db.session.query(Mail).filter_by(occasion=f"result_changed:{last_change().public_id}").one()
    assert told.recipient == cast.coordinator.email
    assert "invit" not in told.body.lower()
    as_("officer").post(f"/calls/{call.reference}/reserve", data={})
    assert db.session.query(Change).filter_by(kind="promotion").count() == 1


def test_a_promotion_that_the_money_no_longer_reaches_is_refused(app, cast, as_):
    call, applications = released_call(cast, as_)
    end_preparation(as_, applications["MAIN"])
    as_("officer").post(f"/calls/{call.reference}/reserve", data={})
    from grants.calls.queries import by_reference

    by_reference(call.reference).budget = 5 * MILLION
    db.session.commit()

    assert approve_change(as_("officer2")).status_code == 409
    assert decision_on(applications["RESERVE"]).outcome == "reserve"
    assert as_("officer2").post(f"/changes/{last_change().public_id}/drop", data={}).status_code == 303
    assert last_change().state == "dropped"


def test_a_wrong_letter_is_replaced_by_a_numbered_one_and_both_are_kept(app, cast, as_):
    _, applications = released_call(cast, as_)
    main = applications["MAIN"]
    first = decision_on(main)
    old, old_hash = first.snapshot, first.sha256
    later = clock.now() + timedelta(days=40)
    with clock.at(later):
        typed = {"kind": "correction", "max_grant": "5500000", "reason": "The amount was wrong."}
        assert propose_change(as_("officer"), main, **typed).status_code == 303
        assert decision_on(main).snapshot == old
        assert approve_change(as_("officer2")).status_code == 303

    one, change = decision_on(main), last_change()
    letter = json.loads(one.snapshot)
    assert (change.superseded, change.superseded_sha256) == (old, old_hash)
    assert letter["replaces"]["sha256"] == old_hash == digest(json.loads(old))
    assert letter["reference"] == json.loads(old)["reference"] + "/2"
    assert (letter["letter"], letter["max_grant"], letter["reason"]) == (
        2,
        550_000_000,
        "The amount was wrong.",
    )
    # Its periods run from the new letter, not from the opening of the old one.
    assert one.released_at == later
    assert queries.first_opened(one) is None


def test_a_change_needs_a_reason_a_version_and_comes_one_at_a_time(app, cast, as_):
    _, applications = released_call(cast, as_)
    main = applications["MAIN"]

    nothing = propose_change(as_("officer"), main, max_grant="5500000")
    assert nothing.status_code == 422
    assert 'value="5500000"' in nothing.text
    too_much = propose_change(as_("officer"), main, max_grant="6000001", reason="More.")
    assert too_much.status_code == 422
    assert "cannot be higher than what was requested" in too_much.text
    assert propose_change(as_("officer"), main, reason="Other.", version="1").status_code == 409
    assert propose_change(as_("officer"), applications["BELOW"], kind="ended", outcome="ended",
                          reason="No.").status_code == 422  # fmt: skip
    assert propose_change(as_("officer"), main, reason="Once.").status_code == 303
    twice = propose_change(as_("officer2"), main, reason="Twice.")
    assert twice.status_code == 422
    assert "A change of this decision already waits for its approval." in twice.text


def test_an_officer_with_a_conflict_neither_sees_nor_moves_the_list_past_it(app, cast, as_):
    from grants.experts.models import Conflict

    call, applications = released_call(cast, as_)
    end_preparation(as_, applications["MAIN"])
    db.session.add(
        Conflict(application_id=applications["RESERVE"].id, user_id=cast.officer2.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()

    page = as_("officer2").get(f"/calls/{call.reference}/reserve")
    as_("officer2").post(f"/calls/{call.reference}/reserve", data={})

    assert applications["RESERVE"].number not in page.text
    assert re.search(r"<td>–</td><td[^>]*>Not shown: you have a conflict", page.text)
    assert "<dt>Free</dt>" not in page.text
    assert db.session.query(Change).filter_by(kind="promotion").count() == 0
    as_("officer").post(f"/calls/{call.reference}/reserve", data={})
    assert approve_change(as_("officer2")).status_code == 404


def test_a_change_offers_only_outcomes_that_the_application_can_have(app, cast, as_):
    """One stage, and no ruling against MAIN: neither a second stage nor a refusal at a gate; GONE has its ruling."""
    _, applications = released_call(cast, as_)
    main, gone = applications["MAIN"], applications["GONE"]

    page = as_("officer").get(f"/applications/{main.public_id}/decision/change").text
    for wrong in ("second_stage", "below_cut", "ineligible", "inadmissible"):
        assert f'value="{wrong}"' not in page
        answer = propose_change(as_("officer"), main, outcome=wrong, reason="By mistake.")
        assert (answer.status_code, "By mistake." in answer.text) == (422, True), wrong
    assert propose_change(as_("officer"), gone, reason="The address was wrong.").status_code == 303
    assert propose_change(as_("officer"), applications["BELOW"], outcome="ended",
                          reason="It never began.").status_code == 422  # fmt: skip


def test_a_letter_that_told_the_end_of_a_preparation_may_be_corrected(app, cast, as_):
    _, applications = released_call(cast, as_)
    main = applications["MAIN"]
    end_preparation(as_, main)

    other = propose_change(as_("officer"), main, outcome="capacity", reason="It was the capacity.")

    assert other.status_code == 303
    assert approve_change(as_("officer2")).status_code == 303
    assert (decision_on(main).outcome, decision_on(main).letter_number) == ("capacity", 3)


def test_a_letter_that_comes_back_to_a_missed_threshold_names_it_again(app, cast, as_):
    """BELOW, corrected to 'no budget' by mistake and back: the third letter gives criterion, score and threshold."""
    _, applications = released_call(cast, as_)
    below = applications["BELOW"]
    missed = json.loads(decision_on(below).snapshot)["grounds"]

    for outcome in ("no_budget", "below_threshold"):
        assert propose_change(as_("officer"), below, outcome=outcome, reason="Once more.").status_code == 303
        assert approve_change(as_("officer2")).status_code == 303

    assert [ground["threshold"] for ground in missed] == [300]
    assert json.loads(decision_on(below).snapshot)["grounds"] == missed


def test_an_application_that_was_not_cleared_is_never_invited_from_the_reserve_list(app, cast, as_):
    """The money of MAIN reaches RESERVE, whose ethics review ended badly: no promotion and no correction invites it."""
    call, applications = released_call(cast, as_)
    end_preparation(as_, applications["MAIN"])
    reserve, address = applications["RESERVE"], f"/calls/{call.reference}/reserve"
    decision_on(reserve).ethics = "refused"
    db.session.commit()

    as_("officer").post(address, data={})
    assert db.session.query(Change).filter_by(kind="promotion").count() == 0
    assert "An application that was not cleared cannot be invited." in as_("officer").get(address).text
    typed = {"outcome": "invited", "max_grant": "6000000", "reason": "It is its turn."}
    refused = propose_change(as_("officer"), reserve, **typed)
    assert (refused.status_code, "was not cleared" in refused.text) == (422, True)

    decision_on(reserve).ethics = "conditional"
    db.session.commit()
    as_("officer").post(address, data={})
    assert db.session.query(Change).filter_by(kind="promotion").count() == 0
    decision_on(reserve).conditions = "An ethics adviser reports."
    db.session.commit()
    as_("officer").post(address, data={})
    assert db.session.query(Change).filter_by(kind="promotion").count() == 1
    decision_on(reserve).security = "refused"
    db.session.commit()
    assert approve_change(as_("officer2")).status_code == 409
    assert decision_on(reserve).outcome == "reserve"
