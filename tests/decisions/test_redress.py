"""A coordinator asks for a review: its clock, its committee, its outcome back into the flow."""

import re
from datetime import UTC, datetime

from grants import clock
from grants.db import db
from grants.decisions import queries
from grants.decisions.models import Redress
from grants.experts.models import Conflict
from grants.mail import Mail
from tests.decisions.test_change import approve_change, propose_change
from tests.decisions.test_decide import decision_on
from tests.decisions.test_release import AT, approved_call, release
from tests.panels.built import fields


def known_call(cast, as_):
    call, applications = approved_call(cast, as_)
    with clock.at(AT):
        release(as_("officer"), call)
    return call, applications


def ask(client, one, **typed):
    address = f"/applications/{one.public_id}/redress"
    return client.post(address, data={"grounds": "facts", "text": "Partner 2 has the wheel."} | typed)


def asked(one):
    return queries.redress_by(queries.redress_of(one).public_id)


def close(as_, cast, one, typed):
    """The first member proposes, a second one is named and confirms what the page shows."""
    review = f"/reviews/{asked(one).public_id}"
    assert as_("other_officer").post(f"{review}/outcome", data=typed).status_code == 303
    assert as_("officer").post(f"{review}/members", data={"email": cast.admin.email}).status_code == 303
    shown = fields(as_("admin").get(review), 'name="seen"')
    return as_("admin").post(f"{review}/confirmation", data=shown).status_code


def test_t_6_2_a_letter_that_nobody_opened_counts_as_read_after_ten_days(app, cast, as_):
    """Sent on 29 January, never opened: the last day is 10 March in the call's zone, and the next day is too late."""
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    with clock.at(datetime(2026, 3, 10, 23, 1, tzinfo=UTC)):  # past midnight in Brussels
        assert ask(as_("coordinator"), one).status_code == 409
        assert (
            "The last day for a request was 10 March 2026."
            in as_("coordinator").get(f"/applications/{one.public_id}/redress").text
        )
    with clock.at(datetime(2026, 3, 10, 22, 59, tzinfo=UTC)):
        assert ask(as_("coordinator"), one).status_code == 303
    assert asked(one).last_day.isoformat() == "2026-03-10"


def test_t_6_1_a_letter_opened_at_once_counts_from_that_day(app, cast, as_):
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    with clock.at(AT.replace(hour=10)):
        as_("coordinator").get(f"/applications/{one.public_id}/decision")
    with clock.at(datetime(2026, 3, 1, 9, 0, tzinfo=UTC)):
        assert ask(as_("coordinator"), one).status_code == 409
    with clock.at(datetime(2026, 2, 28, 9, 0, tzinfo=UTC)):
        assert ask(as_("coordinator"), one).status_code == 303


def test_one_request_with_a_ground_and_from_the_coordinator_only(app, cast, as_):
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    with clock.at(AT.replace(day=30)):
        empty = ask(as_("coordinator"), one, grounds="", text="Kept text.")
        assert empty.status_code == 422
        assert "Kept text." in empty.text
        assert ask(as_("officer"), one).status_code == 403
        assert ask(as_("stranger"), one).status_code == 404
        assert ask(as_("coordinator"), one).status_code == 303
        assert ask(as_("coordinator"), one).status_code == 409


def test_nobody_of_the_evaluation_is_on_the_committee_and_its_outcome_changes_the_decision(app, cast, as_):
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    with clock.at(AT.replace(day=30)):
        ask(as_("coordinator"), one)
        review = f"/reviews/{asked(one).public_id}"
        for part in ("chair", "officer", "officer2", "coordinator"):
            answer = as_("officer").post(f"{review}/members", data={"email": getattr(cast, part).email})
            assert (answer.status_code, getattr(cast, part).email in answer.text) == (422, True), part
        assert as_("other_officer").get(review).status_code == 404
        unknown = as_("officer").post(f"{review}/members", data={"email": "nobody@nowhere.example"})
        assert unknown.status_code == 422
        named = as_("officer").post(f"{review}/members", data={"email": cast.other_officer.email})
        assert named.status_code == 303
        assert "Request for redress" in as_("other_officer").get("/").text
        page = as_("other_officer").get(review)
        typed = fields(page, 'name="opinion"') | {"outcome": "uphold", "opinion": "The wheel was overlooked."}
        assert as_("officer").post(f"{review}/outcome", data=typed).status_code == 403
        assert close(as_, cast, one, typed) == 303

        mine = as_("coordinator").get(review).text
    assert "The wheel was overlooked." in mine
    assert cast.other_officer.name not in mine
    told = db.session.query(Mail).filter_by(occasion=f"redress_closed:{asked(one).public_id}").one()
    assert told.recipient == cast.coordinator.email
    changed = {"kind": "redress", "outcome": "reserve", "max_grant": "6000000", "reason": "After the review."}
    assert propose_change(as_("officer"), one, **changed).status_code == 303
    assert approve_change(as_("officer2")).status_code == 303
    assert (decision_on(one).outcome, decision_on(one).letter_number) == ("reserve", 2)


def test_officers_hear_of_a_request_and_find_it_until_two_are_on_its_committee(app, cast, as_):
    call, applications = known_call(cast, as_)
    one = applications["BELOW"]
    with clock.at(AT):
        assert ask(as_("coordinator"), one).status_code == 303
        mails = db.session.query(Mail).filter(Mail.occasion.startswith("redress_filed")).all()
        assert {mail.user_id for mail in mails} == {cast.officer.id, cast.officer2.id}
        officer, desk = as_("officer"), f"/calls/{call.reference}/decisions"
        assert "A committee of two has to be named." in officer.get("/").text
        assert f'href="/reviews/{asked(one).public_id}"' in officer.get(desk).text
        for member in (cast.other_officer, cast.admin):
            assert asked(one).public_id in officer.get("/").text
            officer.post(f"/reviews/{asked(one).public_id}/members", data={"email": member.email})
        assert asked(one).public_id not in officer.get("/").text
        assert "On the committee: 2" in officer.get(desk).text


def test_a_request_may_be_withdrawn_and_stays_the_only_one(app, cast, as_):
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    with clock.at(AT.replace(day=30)):
        ask(as_("coordinator"), one)
        review = f"/reviews/{asked(one).public_id}"
        assert as_("coordinator").post(f"{review}/withdrawal", data={}).status_code == 303
        assert ask(as_("coordinator"), one).status_code == 409
    assert db.session.query(Redress).filter_by(application_id=one.id).one().state == "withdrawn"


def test_no_member_decides_alone_and_nothing_is_known_before_another_confirms(app, cast, as_):
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    typed = {"outcome": "reject", "opinion": "The wheel is on page 7."}
    with clock.at(AT.replace(day=30)):
        ask(as_("coordinator"), one)
        review = f"/reviews/{asked(one).public_id}"
        for member in ("other_officer", "admin"):
            as_("officer").post(f"{review}/members", data={"email": getattr(cast, member).email})
        assert (
            as_("admin").post(f"{review}/confirmation", data={}).status_code == 409
        )  # nothing is proposed yet
        assert as_("other_officer").post(f"{review}/outcome", data=typed).status_code == 303

        own = as_("other_officer").get(review)
        assert 'name="seen"' not in own.text
        assert as_("other_officer").post(f"{review}/confirmation", data={}).status_code == 403
        assert "page 7" not in as_("coordinator").get(review).text
        assert (
            db.session.query(Mail).filter_by(occasion=f"redress_closed:{asked(one).public_id}").count() == 0
        )
        seen = fields(as_("admin").get(review), 'name="seen"')
        as_("other_officer").post(f"{review}/outcome", data=typed | {"opinion": "Another text."})
        assert as_("admin").post(f"{review}/confirmation", data=seen).status_code == 409
        assert asked(one).state == "filed"
        seen = fields(as_("admin").get(review), 'name="seen"')
        assert as_("admin").post(f"{review}/confirmation", data=seen).status_code == 303
    assert (asked(one).state, asked(one).opinion) == ("rejected", "Another text.")


def test_the_committee_reads_the_file_while_the_request_is_open_but_for_a_conflict(app, cast, as_):
    _, applications = known_call(cast, as_)
    one = applications["BELOW"]
    places = [f"/applications/{one.public_id}{part}" for part in ("", "/reports", "/consensus")]

    def reads(part):
        return [as_(part).get(place).status_code for place in places]

    with clock.at(AT.replace(day=30)):
        ask(as_("coordinator"), one)
        review = f"/reviews/{asked(one).public_id}"
        assert reads("other_officer") == [404] * 3
        for member in ("other_officer", "admin"):
            as_("officer").post(f"{review}/members", data={"email": getattr(cast, member).email})
        assert reads("other_officer") == [200] * 3
        assert places[0] in as_("other_officer").get(review).text
        for place in places:
            above = (
                as_("other_officer")
                .get(place)
                .text.partition('class="breadcrumbs"')[2]
                .partition("</nav>")[0]
            )
            ways = re.findall(r'href="([^"]+)"', above)
            assert [as_("other_officer").get(way).status_code for way in ways] == [200] * len(ways)
        conflict = Conflict(application_id=one.id, user_id=cast.admin.id, code="D5", source="declared",
                            status="confirmed", found_at=clock.now())  # fmt: skip
        db.session.add(conflict)
        db.session.commit()
        assert reads("admin") == [404] * 3
        as_("coordinator").post(f"{review}/withdrawal", data={})
        assert reads("other_officer") == [404] * 3
