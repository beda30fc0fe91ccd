"""The release: one act, nothing before it, each letter frozen, each coordinator told once."""

import contextvars
import json
import re
from datetime import UTC, datetime

from flask import current_app

from grants import clock, jobs
from grants.calls.queries import by_reference
from grants.canonical import digest
from grants.db import db
from grants.decisions import actions
from grants.decisions.models import Release
from grants.mail import Mail
from tests.crawling import lasting
from tests.decisions.test_decide import approve_all, decided_call, decision_on, propose
from tests.documents import reading
from tests.documents.evaluated import known
from tests.panels.built import fields

AT = datetime(2026, 1, 29, 9, 0, tzinfo=UTC)
KNOWN = AT + actions.HOLD


def approved_call(cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    approve_all(as_, "officer2", call)
    return call, applications


def release_form(client, call, kind="results"):
    page = client.get(f"/calls/{call.reference}/release?kind={kind}")
    return fields(page, 'name="seen"') | {"checked": "y"}


def order(client, call, kind="results"):
    return client.post(f"/calls/{call.reference}/release", data=release_form(client, call, kind))


def end_hold(later=actions.HOLD):
    """The worker comes by when the hold is over, in a process of its own."""
    app = current_app._get_current_object()

    def work():
        with app.app_context():
            for row in jobs.KINDS["release"].waiting(db.session, clock.now()):
                jobs.attempt("release", row)

    db.session.commit()
    with clock.at(clock.now() + later):
        contextvars.Context().run(work)
    db.session.expire_all()


def release(client, call, kind="results"):
    answer = order(client, call, kind)
    end_hold()
    return answer


def news(cast, call):
    return (
        db.session.query(Mail).filter(Mail.occasion.like("result_released:%"), Mail.call_id == call.id).all()
    )


def without_own_words(page, one):
    """A page without what names the application, its codes and its file tokens."""
    text = page.text.replace(one.number, "NUMBER").replace(one.public_id, "ID").replace(one.acronym, "NAME")
    return re.sub(r'value="[^"]{30,}"|\d\d:\d\d:\d\d|content="[^"]*"|datetime="[^"]*"', "", text)


def test_before_the_release_all_outcomes_look_alike_to_the_applicant(app, cast, as_):
    call, applications = approved_call(cast, as_)
    coordinator = as_("coordinator")
    evaluated = [applications[name] for name in ("MAIN", "RESERVE", "NOBUDGET", "BELOW")]

    pages = [without_own_words(coordinator.get(f"/applications/{one.public_id}"), one) for one in evaluated]

    assert pages == [pages[0]] * 4
    missing = coordinator.get("/applications/0123456789abcdef/decision")
    for one in evaluated:
        answer = coordinator.get(f"/applications/{one.public_id}/decision")
        body = lasting(answer.text.replace(one.public_id, "0123456789abcdef"))
        assert (answer.status_code, body) == (404, lasting(missing.text))
    assert coordinator.get("/").text.count("result") == 0
    assert news(cast, call) == []


def test_the_release_informs_everybody_in_one_act(app, cast, as_):
    call, applications = approved_call(cast, as_)
    review = as_("officer").get(f"/calls/{call.reference}/release")
    counts = re.findall(r'<th scope="row">([^<]+)</th><td class="number">(?:<strong>)?(\d+)', review.text)
    assert counts == [
        ("Invited to prepare the grant", "1"), ("Reserve list", "1"), ("Above the thresholds, no budget", "1"),
        ("Below a threshold", "1"), ("Inadmissible", "1"), ("All", "5"),
    ]  # fmt: skip

    with clock.at(AT):
        assert release(as_("officer"), call).status_code == 303

    decisions = [decision_on(one) for one in applications.values()]
    assert {one.released_at for one in decisions} == {KNOWN}
    assert {one.application.state for one in decisions} == {"informed"}
    assert [digest(json.loads(one.snapshot)) for one in decisions] == [one.sha256 for one in decisions]
    assert by_reference(call.reference).released_at == KNOWN
    act = db.session.query(Release).filter_by(call_id=call.id).one()
    assert act.counts == {"invited": 1, "reserve": 1, "no_budget": 1, "below_threshold": 1, "inadmissible": 1}
    told = news(cast, call)
    assert len(told) == 5
    assert {re.sub(r"\S+-2026-\d+", "N", mail.subject) for mail in told} == {"News about your application N"}
    words = ("invited", "reserve", "budget", "threshold", "inadmissible", "grant")
    assert [word for mail in told for word in words if word in mail.body.lower()] == []


def test_a_second_click_changes_nothing(app, cast, as_):
    call, _ = approved_call(cast, as_)
    officer = as_("officer")
    form = release_form(officer, call)

    answers = [officer.post(f"/calls/{call.reference}/release", data=form).status_code for _ in range(2)]
    end_hold()
    end_hold()

    assert answers == [303, 409]
    assert len(news(cast, call)) == 5
    assert db.session.query(Release).filter_by(call_id=call.id).count() == 1


def test_an_unapproved_decision_holds_all_back(app, cast, as_):
    call, applications = approved_call(cast, as_)
    officer = as_("officer")
    form = release_form(officer, call)
    one = decision_on(applications["BELOW"])
    address = f"/applications/{applications['BELOW'].public_id}/decision"
    back = fields(as_("officer2").get(address), 'name="comment"') | {"comment": "Look again."}
    assert as_("officer2").post(f"/decisions/{one.public_id}/return", data=back).status_code == 303

    answer = officer.post(f"/calls/{call.reference}/release", data=form)

    assert answer.status_code == 409
    assert "Decisions that a second officer has not approved: 1." in answer.text
    assert {decision_on(one).released_at for one in applications.values()} == {None}
    assert news(cast, call) == []


def test_the_release_needs_the_officers_word(app, cast, as_):
    call, _ = approved_call(cast, as_)
    officer = as_("officer")
    form = release_form(officer, call)
    del form["checked"]

    assert officer.post(f"/calls/{call.reference}/release", data=form).status_code == 422
    assert by_reference(call.reference).released_at is None


def test_refusals_at_the_gates_may_go_first(app, cast, as_):
    call, applications = approved_call(cast, as_)

    assert release(as_("officer"), call, "gate").status_code == 303

    released = {name: decision_on(one).state for name, one in applications.items()}
    assert released == {
        "MAIN": "approved", "RESERVE": "approved", "NOBUDGET": "approved", "BELOW": "approved", "GONE": "released",
    }  # fmt: skip
    assert by_reference(call.reference).released_at is None
    assert len(news(cast, call)) == 1
    page = as_("coordinator").get(f"/applications/{applications['GONE'].public_id}/decision")
    assert "Part B is missing." in page.text
    assert "Get the evaluation summary as a PDF" not in page.text
    assert release(as_("officer"), call).status_code == 303
    assert len(news(cast, call)) == 5


def test_the_coordinator_reads_the_result_and_the_periods_that_run(app, cast, as_):
    """T-6.1 and T-6.4 through the page: the letter is opened on the day on which it was sent."""
    call, applications = approved_call(cast, as_)
    coordinator = as_("coordinator")
    with clock.at(AT):
        release(as_("officer"), call)
    with clock.at(KNOWN):
        page = coordinator.get(f"/applications/{applications['MAIN'].public_id}/decision")
    assert "You are invited to prepare the grant agreement." in page.text
    assert re.findall(r"\d+ \w+ 2026(?=\s*<)", page.text)[-3:] == [
        "19 February 2026",
        "12 March 2026",
        "29 April 2026",
    ]
    assert "until 28 February 2026" in page.text

    with clock.at(datetime(2026, 2, 20, tzinfo=UTC)):
        page = as_("coordinator").get(f"/applications/{applications['MAIN'].public_id}/decision")
    assert "until 28 February 2026" in page.text


def test_the_reasons_of_a_rejection_name_what_was_missed(app, cast, as_):
    call, applications = approved_call(cast, as_)
    release(as_("officer"), call)

    page = as_("coordinator").get(f"/applications/{applications['BELOW'].public_id}/decision")

    assert "Quality and efficiency of the implementation: score 2.5, threshold 3" in page.text
    assert as_("stranger").get(f"/applications/{applications['BELOW'].public_id}/decision").status_code == 404


def test_the_letter_is_frozen(app, cast, as_):
    call, applications = approved_call(cast, as_)
    with clock.at(AT):
        release(as_("officer"), call)

    letter = json.loads(decision_on(applications["MAIN"]).snapshot)

    assert letter["timetable"] == {
        "grant_data": "2026-02-19", "declaration": "2026-03-12", "signature": "2026-04-29",
    }  # fmt: skip
    assert letter["redress"] == {
        "opened_at_once": "2026-02-28", "counts_as_read": "2026-02-08", "latest": "2026-03-10",
    }  # fmt: skip
    assert letter["max_grant"] == letter["requested"] == 600_000_000
    assert letter["addressee"]["organisation"] == "University DE"
    names = (cast.officer, cast.officer2, cast.chair, cast.expert)
    assert [person.name for person in names if person.name in json.dumps(letter)] == []


def test_a_withdrawn_application_gets_no_letter(app, cast, as_):
    call, applications = approved_call(cast, as_)
    db.session.merge(applications["RESERVE"]).state = "withdrawn_after_deadline"
    db.session.commit()

    assert release(as_("officer"), call).status_code == 303

    assert decision_on(applications["RESERVE"]).state == "approved"
    assert len(news(cast, call)) == 4


def test_the_officer_with_a_conflict_sees_neither_recipient_nor_outcome(app, cast, as_):
    from grants.experts.models import Conflict

    call, applications = approved_call(cast, as_)
    barred = applications["MAIN"]
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.officer2.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()

    page = as_("officer2").get(f"/calls/{call.reference}/release")

    assert barred.number not in page.text
    assert "Invited to prepare the grant" not in page.text


def test_why_a_decision_departs_from_the_list_and_what_a_reserve_may_get_stay_inside(app, cast, as_):
    """Neither the page nor the letter with its data holds the officer's ZQXNOTES, which are for the house."""
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    below, gone = known(applications["NOBUDGET"]), known(applications["GONE"])
    address = f"/applications/{below.public_id}/decision"
    form = fields(as_("officer").get(address), 'name="outcome"')
    departs = form | {"outcome": "reserve", "max_grant": "5123457", "reason": "ZQXNOTES of the director."}
    assert as_("officer").post(address, data=departs).status_code == 303
    assert "It stays inside the house" in as_("officer2").get(address).text
    approve_all(as_, "officer2", call)
    release(as_("officer"), call)

    told = as_("coordinator").get(address).text
    wanted = as_("coordinator").post(f"/applications/{below.public_id}/documents", data={"kind": "letter"})
    jobs.run_waiting()
    letter = reading.everything(as_("coordinator").get(f"{wanted.location}/file", buffered=True).data)

    assert [word for word in ("ZQXNOTES", "5123457", "5 123 457", "5,123,457") if word in told + letter] == []
    assert decision_on(below).reason == "ZQXNOTES of the director."
    refused = as_("coordinator").get(f"/applications/{gone.public_id}/decision").text
    assert "Part B cannot be read." in refused
