"""Ethics and security beside the score, and the preparation of a grant up to its signature."""

import pytest

from grants.applications import finding
from grants.db import db
from grants.decisions import preparing, queries
from grants.decisions.second_check import Standing
from grants.eligibility import queries as eligibility
from grants.events import Event
from tests.decisions.test_change import (
    approve_change,
    end_preparation,
    last_change,
    propose_change,
    released_call,
)
from tests.decisions.test_decide import decided_call, decision_on, propose
from tests.panels.built import fields


def preparation(one):
    return queries.preparation_by(one.public_id)


STEPS = {
    "data_on": "2026-10-01", "declaration_on": "2026-10-01", "capacity_on": "2026-10-01", "plans_on": "2026-10-01",
    "coordinator_signed_on": "2026-10-01",
}  # fmt: skip


def receive(client, one, **changed):
    """Every step before the signature of the funder, on 1 October."""
    return client.post(f"/applications/{one.public_id}/preparation", data=STEPS | changed)


def sign(client, one, reason=""):
    return client.post(f"/applications/{one.public_id}/preparation/signature", data={"reason": reason})


def test_what_is_not_cleared_cannot_be_invited_and_a_condition_is_written(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    address = f"/applications/{applications['MAIN'].public_id}/decision"
    officer = as_("officer")
    form = fields(officer.get(address), 'name="outcome"')

    refused = officer.post(address, data=form | {"security": "refused"})
    assert refused.status_code == 422
    assert "An application that was not cleared cannot be invited." in refused.text
    assert officer.post(address, data=form | {"ethics": "conditional"}).status_code == 422
    kept = {"ethics": "conditional", "conditions": "An ethics adviser reports once a year."}
    assert officer.post(address, data=form | kept).status_code == 303
    assert (decision_on(applications["MAIN"]).ethics, decision_on(applications["MAIN"]).security) == (
        "conditional",
        "",
    )
    assert "Cleared with conditions" in as_("officer2").get(address).text


def test_a_grant_is_signed_when_all_has_come_in(app, cast, as_):
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    assert preparation(applications["RESERVE"]) is None

    early = sign(officer, one)
    assert early.status_code == 422
    assert "The grant data have not come in yet." in early.text
    assert (
        officer.post(f"/applications/{one.public_id}/preparation", data={"data_on": "soon"}).status_code
        == 422
    )
    assert receive(officer, one).status_code == 303
    assert sign(officer, one).status_code == 303
    assert preparation(one).state == "signed"
    assert sign(officer, one).status_code == 409


@pytest.mark.parametrize("step", STEPS)
def test_the_funder_signs_last(app, cast, as_, step):
    """Rulebook 7.1: data, declaration, capacity, plans, then the coordinator, then the funder."""
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    assert receive(officer, one, **{step: ""}).status_code == 303
    refused = sign(officer, one)
    assert (refused.status_code, preparing.STEPS[step] in refused.text) == (422, True)
    assert receive(officer, one).status_code == 303
    assert sign(officer, one).status_code == 303
    assert "Signed by the coordinator" in officer.get(f"/applications/{one.public_id}/preparation").text


def test_a_day_that_is_still_to_come_is_said_beside_its_field(app, cast, as_):
    _, applications = released_call(cast, as_)
    answer = receive(as_("officer"), applications["MAIN"], capacity_on="2027-01-01")
    assert answer.status_code == 422
    assert 'id="capacity_on-error"' in answer.text
    assert preparation(applications["MAIN"]).data_on is None


def test_conditions_of_the_ethics_review_are_met_before_the_signature(app, cast, as_):
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    assert "Conditions of ethics" not in officer.get(f"/applications/{one.public_id}/preparation").text
    decision_on(one).ethics = "conditional"
    db.session.commit()
    receive(officer, one)
    assert "The conditions of the ethics review" in sign(officer, one).text
    receive(officer, one, conditions_on="2026-10-01")
    assert sign(officer, one).status_code == 303


def test_a_consortium_that_would_not_be_eligible_any_more_needs_a_reason(app, cast, as_, monkeypatch):
    """The second check asks every rule of eligibility by the law of the day, and keeps what it found."""
    gone = finding.Finding("MINIMUM_CONSORTIUM", "fails", "eligibility", True, "Too few.", "", "", "")
    monkeypatch.setattr(eligibility, "other_today", lambda *_facts: (gone,))
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    receive(officer, one)
    assert "stands worse than at the deadline" in sign(officer, one).text
    assert sign(officer, one, reason="A country is associated again next week.").status_code == 303
    assert preparation(one).findings == [gone.to_dict()]
    assert "Too few." in officer.get(f"/applications/{one.public_id}/preparation").text


def test_a_country_that_stands_worse_needs_a_reason_and_the_check_is_kept(app, cast, as_, monkeypatch):
    from grants.decisions import second_check

    worse = Standing("University DE", "DE", "MS", "OTHER", worse=True)
    monkeypatch.setattr(second_check, "changed", lambda *_args, **_facts: [worse])
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    receive(officer, one)

    refused = sign(officer, one)
    assert refused.status_code == 422
    assert "stands worse than at the deadline" in refused.text
    assert sign(officer, one, reason="It pays for itself.").status_code == 303
    assert preparation(one).checks == [worse._asdict()]
    assert "It pays for itself." in officer.get(f"/applications/{one.public_id}/preparation").text


def test_an_end_that_two_officers_agree_on_closes_the_preparation(app, cast, as_):
    _, applications = released_call(cast, as_)
    end_preparation(as_, applications["MAIN"])

    assert preparation(applications["MAIN"]).state == "ended"
    assert receive(as_("officer"), applications["MAIN"]).status_code == 409
    page = as_("coordinator").get(f"/applications/{applications['MAIN'].public_id}/decision").text
    assert "The preparation of the grant agreement has ended." in page


def test_who_is_invited_again_begins_anew_and_can_sign(app, cast, as_):
    """MAIN's preparation ended by mistake; the correction invites it again, and what had come in is asked for again."""
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    begun = db.session.query(Event).filter_by(thing=preparation(one).public_id).one()
    assert (begun.verb, begun.user_id) == ("begin", cast.officer.id)
    receive(officer, one)
    end_preparation(as_, one)

    back = {"outcome": "invited", "max_grant": "6000000", "reason": "It had not withdrawn."}
    assert propose_change(officer, one, **back).status_code == 303
    assert approve_change(as_("officer2")).status_code == 303

    assert (preparation(one).state, preparation(one).data_on) == ("open", None)
    assert sign(officer, one).status_code == 422
    assert receive(officer, one).status_code == 303
    assert sign(officer, one).status_code == 303
    assert preparation(one).state == "signed"


def test_money_of_a_signed_grant_agreement_is_not_given_away(app, cast, as_):
    """One officer proposed the end of MAIN's preparation, another noted its signature first."""
    _, applications = released_call(cast, as_)
    one, officer = applications["MAIN"], as_("officer")
    ended = {"kind": "ended", "outcome": "ended", "reason": "No answer."}
    assert propose_change(officer, one, **ended).status_code == 303
    receive(officer, one)
    assert sign(officer, one).status_code == 303

    refused = approve_change(as_("officer2"))
    assert (refused.status_code, "The grant agreement is signed." in refused.text) == (409, True)
    assert as_("officer2").post(f"/changes/{last_change().public_id}/drop", data={}).status_code == 303
    again = propose_change(officer, one, outcome="no_budget", reason="It costs too much.")
    assert (again.status_code, "The grant agreement is signed." in again.text) == (422, True)
    assert decision_on(one).outcome == "invited"
