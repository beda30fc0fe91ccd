"""Between order and release: nothing differs for any applicant, any officer may stop it, and nothing happens twice."""

import re
from datetime import timedelta

from grants import clock, mail
from grants.applications import actions as applications_
from grants.applications import queries as application_queries
from grants.calls.queries import by_reference
from grants.db import db
from grants.decisions import actions, sending
from grants.decisions.models import Release
from grants.mail import Mail
from tests.crawling import crawl
from tests.decisions.test_decide import approve_all, decided_call, decision_on, propose
from tests.decisions.test_release import approved_call, end_hold, news, order
from tests.panels.built import fields


def last(call):
    return db.session.query(Release).filter_by(call_id=call.id).order_by(Release.id.desc()).first()


def stop(client, call, reason="The wrong list was adopted."):
    page = client.get(f"/calls/{call.reference}/release")
    form = fields(page, 'name="reason"') | {"reason": reason}
    return client.post(f"/releases/{last(call).public_id}/stop", data=form)


def test_no_byte_differs_for_the_applicant_from_the_panel_to_the_end_of_the_hold(app, cast, as_):
    """Every page that the coordinator can reach, again after each step of the funder (trust.md A-06, M2)."""
    call, applications = decided_call(cast)
    coordinator = as_("coordinator")
    address = f"/applications/{applications['MAIN'].public_id}"
    before = crawl(coordinator, "/", address, f"{address}/decision")

    propose(as_, "officer", call)
    proposed = crawl(coordinator, "/", address, f"{address}/decision")
    approve_all(as_, "officer2", call)
    approved = crawl(coordinator, "/", address, f"{address}/decision")
    order(as_("officer"), call)
    held = crawl(coordinator, "/", address, f"{address}/decision")

    assert len(before) > 25
    assert before == proposed == approved == held
    assert news(cast, call) == []
    end_hold()
    assert crawl(coordinator, "/", address, f"{address}/decision") != before  # the comparison can tell


def test_the_release_comes_when_the_hold_ends_and_not_before(app, cast, as_):
    call, applications = approved_call(cast, as_)
    assert order(as_("officer"), call).status_code == 303

    end_hold(actions.HOLD - timedelta(seconds=1))
    assert {decision_on(one).state for one in applications.values()} == {"approved"}
    assert by_reference(call.reference).released_at is None
    end_hold()

    assert {decision_on(one).state for one in applications.values()} == {"released"}
    assert by_reference(call.reference).held_until is None
    assert last(call).state == "released"


def test_any_officer_stops_it_and_it_can_be_ordered_again(app, cast, as_):
    call, applications = approved_call(cast, as_)
    order(as_("officer"), call)
    assert "Release on hold" in as_("officer2").get(f"/calls/{call.reference}/release").text
    assert stop(as_("officer2"), call, reason="").status_code == 422
    assert as_("observer").post(f"/releases/{last(call).public_id}/stop", data={}).status_code == 403
    assert as_("stranger").post(f"/releases/{last(call).public_id}/stop", data={}).status_code == 404

    assert stop(as_("officer2"), call).status_code == 303
    end_hold()

    assert (last(call).state, last(call).note) == ("stopped", "The wrong list was adopted.")
    assert {decision_on(one).state for one in applications.values()} == {"approved"}
    assert news(cast, call) == []
    one = decision_on(applications["MAIN"])
    back = fields(
        as_("officer2").get(f"/applications/{applications['MAIN'].public_id}/decision"), 'name="comment"'
    )
    answer = as_("officer2").post(
        f"/decisions/{one.public_id}/return", data=back | {"comment": "Look again."}
    )
    assert answer.status_code == 303
    page = as_("officer").get(f"/applications/{applications['MAIN'].public_id}/decision")
    as_("officer").post(
        f"/applications/{applications['MAIN'].public_id}/decision", data=fields(page, 'name="outcome"')
    )
    approve_all(as_, "officer2", call)
    assert "The wrong list was adopted." in as_("officer").get(f"/calls/{call.reference}/release").text

    assert order(as_("officer"), call).status_code == 303
    end_hold()
    assert len(news(cast, call)) == 5


def test_while_it_is_held_no_decision_changes(app, cast, as_):
    call, applications = approved_call(cast, as_)
    order(as_("officer"), call)
    one = decision_on(applications["MAIN"])

    answers = [
        as_("officer2").post(f"/decisions/{one.public_id}/return", data={"comment": "Wait."}),
        as_("officer").post(f"/calls/{call.reference}/decisions", data={}),
        as_("officer").post(f"/calls/{call.reference}/release", data={}),
    ]

    assert [answer.status_code for answer in answers] == [409] * 3
    assert all("A release is on its way." in answer.text for answer in answers)


def test_an_application_withdrawn_meanwhile_blocks_the_release_and_the_officer_is_told(app, cast, as_):
    call, applications = approved_call(cast, as_)
    order(as_("officer"), call)
    whole = application_queries.by_public_id(applications["RESERVE"].public_id)
    applications_.request_withdrawal(whole, by=cast.coordinator, reason="We cannot wait.")
    end_hold()

    assert last(call).state == "blocked"
    assert {decision_on(one).released_at for one in applications.values()} == {None}
    assert news(cast, call) == []
    told = db.session.query(Mail).filter(Mail.occasion.like("release_blocked:%")).one()
    assert (told.recipient, told.subject) == (
        cast.officer.email,
        f"The release of {call.reference} did not happen",
    )
    assert (
        "Something changed after the release was ordered."
        in as_("officer").get(f"/calls/{call.reference}/release").text
    )
    assert order(as_("officer"), call).status_code == 303
    end_hold()
    assert len(news(cast, call)) == 4


def test_a_mail_too_few_and_nothing_is_released(app, cast, as_):
    """A mail that was already written for one of the decisions: its coordinator would not be told again."""
    call, applications = approved_call(cast, as_)
    one = decision_on(applications["BELOW"])
    mail.put(db.session, "Old news", "Old", to=cast.coordinator.email, language="en",
             occasion=f"result_released:{one.public_id}", user_id=cast.coordinator.id, call_id=call.id)  # fmt: skip
    db.session.commit()
    order(as_("officer"), call)
    end_hold()

    assert (last(call).state, last(call).note) == (
        "blocked", "The mails are not one for each decision. Nothing was released.",
    )  # fmt: skip
    assert {decision_on(one).state for one in applications.values()} == {"approved"}
    assert {decision_on(one).snapshot for one in applications.values()} == {None}
    assert len(news(cast, call)) == 1


def test_the_job_may_come_twice_and_early(app, cast, as_):
    call, _ = approved_call(cast, as_)
    order(as_("officer"), call)
    row = last(call).id
    sending.carry_out(row)
    assert last(call).state == "held"
    with clock.at(clock.now() + actions.HOLD):
        sending.carry_out(row)
        sending.carry_out(row)
    assert len(news(cast, call)) == 5
    subjects = {re.sub(r"\S+-2026-\d+", "N", one.subject) for one in news(cast, call)}
    assert subjects == {"News about your application N"}


def test_a_server_that_comes_back_much_later_releases_nothing(app, cast, as_):
    """Fail closed: an old order is no reason to surprise anybody (trust.md R-39)."""
    call, applications = approved_call(cast, as_)
    order(as_("officer"), call)
    end_hold(actions.HOLD + actions.TOO_LATE + timedelta(seconds=1))

    assert last(call).state == "blocked"
    assert {decision_on(one).state for one in applications.values()} == {"approved"}
    assert news(cast, call) == []


def test_an_officer_with_a_conflict_may_stop_but_learns_no_outcome(app, cast, as_):
    from grants.experts.models import Conflict

    call, applications = approved_call(cast, as_)
    order(as_("officer"), call)
    db.session.add(
        Conflict(application_id=applications["MAIN"].id, user_id=cast.officer2.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()

    page = as_("officer2").get(f"/calls/{call.reference}/release")

    assert "Invited to prepare the grant" not in page.text
    assert stop(as_("officer2"), call).status_code == 303
