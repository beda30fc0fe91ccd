"""An expert agrees to the contract and the code of conduct of a call before anything of an application is shown."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from grants import clock, jobs
from grants.applications.queries import by_public_id
from grants.calls.queries import by_reference
from grants.canonical import digest
from grants.db import db
from grants.demo import story
from grants.experts import actions, engagements, queries
from grants.mail import Mail
from tests.experts.asked import assignment, stored
from tests.world import NOW

BOTH = {"contract": "y", "conduct": "y"}


@pytest.fixture
def here(names):
    """An application that expert2 is invited to, and has not answered."""
    return names.applications["in_evaluation"]


def engagement(person, reference):
    db.session.rollback()
    db.session.expire_all()
    found = engagements.of(person, by_reference(reference))
    assert found
    return found


def change_terms(call, cast):
    """The officer writes another contract; everybody who agreed is asked again."""
    found = by_reference(call)
    engagements.set_terms(found, contract="Work well.", conduct=found.terms.conduct, by=cast.officer)
    db.session.commit()


def mails_to(person):
    return db.session.scalars(select(Mail).where(Mail.recipient == person.email).order_by(Mail.id)).all()


def test_agreeing_keeps_the_terms_as_they_were(names, cast, as_):
    call = names.calls["open"]
    asked = engagement(cast.expert4, call)
    address, terms = f"/engagements/{asked.public_id}", asked.call.terms
    browser = as_("expert4")
    assert "Agree to the terms of TAI-OPEN, or decline" in browser.get("/").text
    page = browser.get(address).text
    assert "keep no copies" in page and "may not hand the work to anybody else" in page

    refused = browser.post(f"{address}/acceptance", data={"seen": terms.sha256, "contract": "y"})
    assert (refused.status_code, "Please accept the code of conduct, or decline." in refused.text) == (
        422,
        True,
    )
    assert engagement(cast.expert4, call).state == "invited"
    assert browser.post(f"{address}/acceptance", data=BOTH | {"seen": terms.sha256}).status_code == 303

    agreed = engagement(cast.expert4, call)
    assert (agreed.state, agreed.agreed, agreed.sha256) == ("accepted", terms, terms.sha256)
    assert digest(json.loads(agreed.terms)) == agreed.sha256
    assert agreed.answered_at == NOW
    assert browser.post(f"{address}/acceptance", data=BOTH | {"seen": terms.sha256}).status_code == 409
    pool = as_("officer").get(f"/calls/{call}/experts").text
    assert "version 1, 1 October 2026" in pool


def test_who_read_other_terms_is_asked_to_read_again(names, cast, as_):
    call = names.calls["open"]
    asked = engagement(cast.expert4, call)
    address, seen = f"/engagements/{asked.public_id}", asked.call.terms.sha256
    change_terms(call, cast)

    answer = as_("expert4").post(f"{address}/acceptance", data=BOTH | {"seen": seen})

    assert answer.status_code == 422
    assert "The terms have changed since you opened this page." in answer.text
    assert "Work well." in answer.text
    assert engagement(cast.expert4, call).state == "invited"


def test_declining_has_a_reason_and_keeps_the_person_from_being_invited(names, cast, as_):
    call = names.calls["evaluation"]
    change_terms(call, cast)
    asked = engagement(cast.expert4, call)
    browser = as_("expert4")
    assert browser.post(f"/engagements/{asked.public_id}/refusal", data={"why": " "}).status_code == 422
    assert (
        browser.post(f"/engagements/{asked.public_id}/refusal", data={"why": "On leave."}).status_code == 303
    )

    assert engagement(cast.expert4, call).state == "declined"
    assert "On leave." in as_("officer").get(f"/calls/{call}/experts").text
    with pytest.raises(actions.Barred, match="declined to evaluate for this call"):
        actions.assign(stored(names.applications["admitted"]), cast.expert4, by=cast.officer)
    assert cast.expert4.id not in {one.user_id for one in queries.everybody(by_reference(call))}


def test_before_that_nothing_of_an_application_is_shown(names, cast, as_, here):
    call = names.calls["evaluation"]
    browser, rapporteur = as_("expert2"), as_("rapporteur")
    task = f"/assignments/{assignment(here, cast.expert2).public_id}"
    report = f"/reports/{assignment(here, cast.rapporteur).report.public_id}"
    consensus = f"/applications/{names.applications['in_consensus']}/consensus"
    assert [browser.get(task).status_code, rapporteur.get(report).status_code] == [200, 200]
    assert rapporteur.get(consensus).status_code == 200
    change_terms(call, cast)

    for person in (browser, rapporteur):
        for page in ("/", "/assignments"):
            text = person.get(page).text
            assert "INEVALUATION" not in text and "INCONSENSUS" not in text and "TAI-EVALUATION-0" not in text
            assert "Trustworthy AI, the evaluation call" in text
        for address in (f"/applications/{here}", report, consensus):
            assert person.get(address).status_code == 404
    answer = browser.get(task)
    assert (answer.status_code, "INEVALUATION" in answer.text) == (409, False)
    assert "Please agree to the terms of this call first." in answer.text
    for verb in ("acceptance", "refusal", "declaration"):
        assert browser.post(f"{task}/{verb}", data={"why": "x", "declaration": "none"}).status_code == 409

    story.engage(by_reference(call), cast.rapporteur)
    db.session.commit()
    assert rapporteur.get(report).status_code == 200
    assert rapporteur.get(consensus).status_code == 200


def test_an_invitation_names_no_application_to_who_has_not_agreed(names, cast, as_):
    application = names.applications["admitted"]
    change_terms(names.calls["evaluation"], cast)

    actions.assign(stored(application), cast.expert3, by=cast.officer)
    db.session.commit()

    mail = mails_to(cast.expert3)[-1]
    acronym = by_public_id(application).submission.acronym
    assert mail.subject == "Invitation to evaluate an application to TAI-EVALUATION"
    assert acronym not in mail.body and "/engagements/" in mail.body
    assert acronym not in as_("expert3").get("/assignments").text
    story.engage(by_reference(names.calls["evaluation"]), cast.expert3)
    db.session.commit()
    assert acronym in as_("expert3").get("/assignments").text


def test_new_terms_ask_everybody_again_and_tell_them(names, cast, as_):
    call = names.calls["evaluation"]
    page = as_("officer").get(f"/calls/{call}/terms").text
    assert "6 experts have agreed to this version." in page
    terms = by_reference(call).terms
    form = {"version": "1", "contract": terms.contract, "conduct": terms.conduct}
    assert as_("officer").post(f"/calls/{call}/terms", data=form).status_code == 303
    assert engagement(cast.expert, call).state == "accepted"

    answer = as_("officer").post(f"/calls/{call}/terms", data=form | {"conduct": "Be **fair**."})

    assert answer.status_code == 303
    assert by_reference(call).terms.version == 2
    assert {one.state for one in engagements.of_call(by_reference(call)).values()} == {"invited"}
    assert mails_to(cast.expert)[-1].subject == "New terms for the experts of TAI-EVALUATION"
    shown = as_("expert").get(f"/engagements/{engagement(cast.expert, call).public_id}").text
    assert "Be <strong>fair</strong>." in shown
    old = as_("officer").post(f"/calls/{call}/terms", data=form | {"contract": "Other."})
    assert (old.status_code, "Somebody else has changed the terms meanwhile." in old.text) == (422, True)
    assert "Other.</textarea>" in old.text


def test_windows_line_ends_are_no_change(names, cast, as_):
    call = names.calls["evaluation"]
    terms = by_reference(call).terms
    form = {"version": "1", "contract": terms.contract.replace("\n", "\r\n"), "conduct": terms.conduct}
    as_("officer").post(f"/calls/{call}/terms", data=form)
    assert by_reference(call).terms.version == 1


def test_who_does_not_answer_is_reminded(names, cast, as_):
    call = names.calls["open"]
    asked = engagement(cast.expert4, call).invited_at
    with clock.at(asked + timedelta(days=2)):
        jobs.run_waiting()
    subjects = [mail.subject for mail in mails_to(cast.expert4)]
    assert "Reminder: will you evaluate for TAI-OPEN?" not in subjects
    with clock.at(asked + timedelta(days=3)):
        jobs.run_waiting()
        jobs.run_waiting()
        browser = as_("officer")
        page = browser.get(browser.post(f"/calls/{call}/experts/reminder").location).text
    subjects = [mail.subject for mail in mails_to(cast.expert4)]
    assert subjects.count("Reminder: will you evaluate for TAI-OPEN?") == 1
    assert "Nobody was reminded" in page
    with clock.at(asked + timedelta(days=40)):
        assert engagements.due(db.session, clock.now()) == []


def test_who_was_only_asked_cannot_be_made_an_officer(names, cast, as_):
    answer = as_("officer").post(
        f"/calls/{names.calls['open']}/staff", data={"email": cast.expert4.email, "role": "observer"}
    )
    assert "This person evaluates in the call." in answer.text


def test_who_left_the_pool_is_asked_again(names, cast, as_):
    call = names.calls["open"]
    actions.remove_expert(by_reference(call), cast.expert3, by=cast.officer)
    db.session.commit()
    assert engagement(cast.expert3, call).state == "ended"
    assert not queries.belongs(cast.expert3, by_reference(call))
    actions.add_expert(by_reference(call), email=cast.expert3.email, name="", by=cast.officer)
    db.session.commit()
    assert engagement(cast.expert3, call).state == "invited"
