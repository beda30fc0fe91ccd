"""An officer finds experts for an application; conflicts of interest are found, ruled on and beat every role."""

from datetime import date

import pytest
from sqlalchemy import select

from grants.applications.queries import by_public_id
from grants.db import db
from grants.experts import actions
from grants.experts import queries as experts
from grants.experts.composing import task_of
from grants.experts.models import GroupProposal
from grants.mail import Mail
from grants.reviews import queries as reports
from tests.experts.asked import assignment, conflict, conflicts, states, stored


@pytest.fixture
def here(names):
    """An application that is admitted to evaluation and has no experts yet."""
    return names.applications["admitted"]


def invite(browser, here, *people, **more):
    data = {"experts": [person.public_id for person in people], "part": "score", "due_on": ""} | more
    return browser.post(f"/applications/{here}/assignments", data=data)


def test_with_enough_evaluators_the_evaluation_starts(here, cast, as_):
    browser = as_("officer")
    assert invite(browser, here, cast.expert, cast.expert2, due_on="2026-11-02").status_code == 303
    assert stored(here).state == "admitted"

    assert invite(browser, here, cast.expert3).status_code == 303

    assert stored(here).state == "in_evaluation"
    assert states(here) == {"Eva Expert": "invited", "Emil Evaluator": "invited", "Edda Assessor": "invited"}
    mails = select(Mail.body).where(
        Mail.recipient == cast.expert.email, Mail.occasion.startswith("invitation:")
    )
    last = db.session.scalars(mails.order_by(Mail.id.desc())).first()
    assert "2 November 2026" in last
    assert f"/assignments/{assignment(here, cast.expert).public_id}" in last


def test_an_invitation_says_no_more_than_acronym_and_title(here, cast, as_):
    invite(as_("officer"), here, cast.expert3)
    mail = db.session.scalars(
        select(Mail).where(Mail.recipient == cast.expert3.email).order_by(Mail.id.desc())
    ).first()
    submission = stored(here).submission
    assert submission.title in mail.body
    assert submission.proposal.abstract not in mail.body
    assert [p.name for p in submission.proposal.partners if p.name in mail.body] == []


def test_void_and_declined_assignments_do_not_count_for_the_minimum(here, cast, as_):
    """T-4.3, first half: two that stand are not three."""
    invite(as_("officer"), here, cast.expert, cast.expert2)
    actions.void(assignment(here, cast.expert), reason="Replaced.", by=cast.officer)
    db.session.commit()
    invite(as_("officer"), here, cast.expert3)
    assert stored(here).state == "admitted"
    assert "2 of at least 3 evaluators" in as_("officer").get(f"/applications/{here}/assignments").text

    invite(as_("officer"), here, cast.expert4)

    assert stored(here).state == "in_evaluation"


def test_who_only_records_does_not_count_for_the_minimum(here, cast, as_):
    invite(as_("officer"), here, cast.rapporteur, part="record")
    invite(as_("officer"), here, cast.expert, cast.expert2)
    assert stored(here).state == "admitted"
    recorder = assignment(here, cast.rapporteur)
    assert (recorder.scores, recorder.is_rapporteur) == (False, True)
    assert invite(as_("officer"), here, cast.expert3, cast.expert4, part="record").status_code == 422


def test_a_disqualifying_conflict_bars_until_an_officer_overrules_it(here, cast, as_):
    browser = as_("officer")
    page = browser.get(f"/applications/{here}/assignments").text
    assert "Employer takes part in the application: UNI-A." in page

    answer = browser.get(invite(browser, here, cast.conflicted).location)

    assert "A conflict of interest bars this expert from this application." in answer.text
    assert states(here) == {}
    assert conflicts(here, cast.conflicted) == [
        ("D5", "detected", "suggested"),
        ("P3", "detected", "suggested"),
    ]

    for code in ("D5", "P3"):
        ruling = f"/conflicts/{conflict(here, code)}/ruling"
        assert browser.post(ruling, data={"ruling": "overruled", "reason": ""}).status_code == 422
        assert (
            browser.post(ruling, data={"ruling": "overruled", "reason": "Left in 2019."}).status_code == 303
        )
    invite(browser, here, cast.conflicted)

    assert states(here) == {"Konrad Conflicted": "invited"}
    assert "Left in 2019." in browser.get(f"/applications/{here}/conflicts").text


def test_a_possible_conflict_is_written_down_and_waits_for_the_ruling(here, cast, as_):
    expert = actions.queries.expert(cast.expert3)
    expert.past_employers = [{"name": "Firm B SAS", "pic": "", "until": "2025-12-31"}]
    browser = as_("officer")

    invite(browser, here, cast.expert3)

    assert states(here) == {}
    assert conflicts(here, cast.expert3) == [("P1", "detected", "suggested")]
    assert "Rule on conflicts of interest in" in browser.get("/").text
    assert "1 conflict to rule on" in browser.get(f"/calls/{stored(here).call.reference}/assignments").text
    ruling = f"/conflicts/{conflict(here, 'P1')}/ruling"
    assert browser.post(ruling, data={"ruling": "bars", "reason": "Too close."}).status_code == 303
    invite(browser, here, cast.expert3)
    assert states(here) == {}
    assert conflicts(here, cast.expert3) == [("P1", "detected", "confirmed")]


def test_what_an_officer_overruled_stands_until_the_facts_change(here, cast):
    expert = actions.queries.expert(cast.expert3)
    expert.past_employers = [{"name": "Firm B SAS", "pic": "", "until": ""}]
    found = actions.detect(by_public_id(here), cast.expert3)
    actions.rule_on(found[0], bars=False, reason="A summer job.", by=cast.officer)
    assert [one.status for one in actions.detect(by_public_id(here), cast.expert3)] == ["overruled"]

    expert.past_employers = [{"name": "Laboratorio C", "pic": "", "until": ""}]

    assert [(one.status, one.reason) for one in actions.detect(by_public_id(here), cast.expert3)] == [
        ("suggested", "LAB-C")
    ]


def test_applicants_of_a_competing_application_are_found(here, cast, as_):
    call = stored(here).call
    actions.add_expert(
        call, email=cast.applicant2.email, name="", by=cast.officer, employer="Nowhere", country="NL"
    )
    db.session.commit()
    invite(as_("officer"), here, cast.applicant2)
    assert states(here) == {}
    assert ("D9", "detected", "suggested") in conflicts(here, cast.applicant2)


def test_the_coordinator_is_never_an_expert_of_the_own_application(here, cast, as_):
    actions.add_expert(
        stored(here).call, email=cast.coordinator.email, name="", by=cast.officer, country="DE"
    )
    db.session.commit()
    invite(as_("officer"), here, cast.coordinator)
    assert states(here) == {}


def test_whoever_is_not_in_the_pool_cannot_be_invited(here, cast, as_):
    assert invite(as_("officer"), here, cast.stranger).status_code == 422
    with pytest.raises(actions.Barred):
        actions.assign(stored(here), cast.stranger, by=cast.officer)


def test_an_officer_removes_an_assignment_before_a_report_and_may_invite_again(here, cast, as_):
    browser = as_("officer")
    invite(browser, here, cast.expert3)
    removal = f"/assignments/{assignment(here, cast.expert3).public_id}/removal"

    assert browser.post(removal, data={"reason": ""}).status_code == 422
    assert browser.post(removal, data={"reason": "Too many already."}).status_code == 303

    assert states(here) == {"Edda Assessor": "void"}
    told = select(Mail.body).where(Mail.occasion.startswith("assignment_removed:"))
    bodies = db.session.scalars(told.where(Mail.recipient == cast.expert3.email))
    assert ["Too many already." in body for body in bodies] == [False]
    assert as_("expert3").get(f"/assignments/{assignment(here, cast.expert3).public_id}").status_code == 404
    assert f'value="{cast.expert3.public_id}"' in browser.get(f"/applications/{here}/assignments").text
    invite(browser, here, cast.expert3)
    assert states(here) == {"Edda Assessor": "invited"}


def test_limits_that_experts_set_themselves_hold_unless_the_officer_says_otherwise(here, names, cast, as_):
    """Edda takes on no more, Ernst is away from next week; the officer has spoken to them, and ticks the box."""
    call = stored(here).call
    for person, facts in (
        (cast.expert3, {"max_load": 0}),
        (cast.expert4, {"away_from": date(2026, 10, 5), "away_until": date(2026, 10, 20)}),
    ):
        for name, value in facts.items():
            setattr(experts.expert(person), name, value)
    db.session.commit()
    browser = as_("officer")
    answer = invite(browser, here, cast.expert3, cast.expert4, due_on="2026-10-30")
    page = browser.get(answer.location).text
    assert (
        "Edda Assessor is not invited. This expert has as many applications as they take on in one call."
        in page
    )
    assert "Ernst Spare is not invited. This expert is away before the report is due." in page
    assert states(here) == {}
    row = GroupProposal(
        call_id=call.id, call=call, wishes={"demand": 2, "load": 3, "prices": {}}, state="wanted"
    )
    room = {one.name: one.load for one in task_of(row, lambda *_: None)[0].experts}
    assert room[cast.expert3.public_id] == 0
    # She evaluates in one application that waits for her report, and in one that has come to its consensus.
    assert room[cast.expert.public_id] == 2

    invite(browser, here, cast.expert3, cast.expert4, due_on="2026-10-30", despite_limits="y")
    assert states(here) == {"Edda Assessor": "invited", "Ernst Spare": "invited"}


def test_a_draft_ends_with_its_assignment_and_waits_for_its_author(names, cast, as_):
    """Eva was taken off by mistake: the officer sees no draft that nobody can end, and Eva finds her text again."""
    here = names.applications["in_evaluation"]
    before = assignment(here, cast.expert)
    report = f"/reports/{before.report.public_id}"
    words = reports.report(before.report.public_id).marks[0].comment
    browser, home = as_("officer"), f"/assignments/{before.public_id}"
    assert browser.post(f"{home}/removal", data={"reason": "Wrong line."}).status_code == 303
    assert assignment(here, cast.expert).report.state == "void"
    assert f"{report}/voiding" not in browser.get(report).text

    invite(browser, here, cast.expert)
    assert states(here)["Eva Expert"] == "invited"
    expert = as_("expert")
    assert expert.post(f"{home}/acceptance").status_code == 303
    answer = expert.post(f"{home}/declaration", data={"declaration": "none"})

    assert (answer.status_code, answer.location) == (303, report)
    again = reports.report(before.report.public_id)
    assert (again.state, again.marks[0].comment) == ("draft", words)


def test_a_conflict_that_an_officer_notes_ends_the_draft_too(names, cast, as_):
    here = names.applications["in_evaluation"]
    noted = {"person": cast.expert.public_id, "code": "P3", "reason": "A neighbour."}
    assert as_("officer").post(f"/applications/{here}/conflicts", data=noted).status_code == 303
    assert assignment(here, cast.expert).report.state == "void"


def test_an_assignment_with_a_submitted_report_is_not_simply_removed(names, cast, as_):
    here = names.applications["in_evaluation"]
    url = f"/assignments/{assignment(here, cast.rapporteur).public_id}/removal"
    answer = as_("officer").post(url, data={"reason": "Replaced."})
    assert answer.status_code == 422
    assert "Void the report instead." in answer.text
    assert states(here)["Rosa Rapporteur"] == "cleared"


def test_there_is_one_rapporteur(names, cast, as_):
    here = names.applications["in_evaluation"]
    url = f"/assignments/{assignment(here, cast.expert).public_id}/rapporteur"
    assert as_("officer").post(url).status_code == 303
    asked = actions.queries.assignments(stored(here))
    assert [one.user.name for one, _expert in asked if one.is_rapporteur] == ["Eva Expert"]


def test_a_noted_conflict_beats_every_role(here, cast, as_):
    """An officer with a conflict sees the application in no list and on no page, and may not rule on it."""
    browser = as_("officer2")
    number, reference = stored(here).number, stored(here).call.reference
    assert number in browser.get(f"/calls/{reference}/assignments").text
    noted = {"person": cast.officer2.public_id, "code": "D3", "reason": "My brother."}

    assert browser.post(f"/applications/{here}/conflicts", data=noted).status_code == 303

    assert number not in browser.get(f"/calls/{reference}/assignments").text
    for page in ("assignments", "conflicts"):
        assert browser.get(f"/applications/{here}/{page}").status_code == 404
    nonsense = browser.get("/conflicts/0000000000000000/ruling")
    assert nonsense.status_code == 404
    assert browser.get(f"/conflicts/{conflict(here, 'D3')}/ruling").status_code == 404


def test_nobody_rules_on_their_own_conflict(here, cast, as_):
    actions.enter_conflict(stored(here), cast.officer2, code="P2", reason="A joint paper.", by=cast.officer)
    own = actions.queries.conflict(conflict(here, "P2"))
    own.status = "suggested"
    db.session.commit()
    url = f"/conflicts/{conflict(here, 'P2')}/ruling"
    assert (
        as_("officer2").post(url, data={"ruling": "overruled", "reason": "It is nothing."}).status_code == 403
    )
    assert (
        as_("officer").post(url, data={"ruling": "overruled", "reason": "Ten years ago."}).status_code == 303
    )


def test_a_conflict_found_later_ends_the_assignment_at_once(names, cast, as_):
    here = names.applications["in_evaluation"]
    url = f"/assignments/{assignment(here, cast.expert2).public_id}"
    assert as_("expert2").get(url).status_code == 200
    noted = {"person": cast.expert2.public_id, "code": "D4", "reason": "Sits on the board."}

    assert as_("officer").post(f"/applications/{here}/conflicts", data=noted).status_code == 303

    assert states(here)["Emil Evaluator"] == "void"
    assert as_("expert2").get(url).status_code == 404


def test_a_conflict_found_after_the_report_is_named_when_the_report_is_voided(names, cast, as_):
    here = names.applications["in_evaluation"]
    noted = {"person": cast.rapporteur.public_id, "code": "D4", "reason": "Sits on the board."}
    answer = as_("officer").post(f"/applications/{here}/conflicts", data=noted)
    assert answer.status_code == 422
    assert conflicts(here, cast.rapporteur) == []


def test_the_list_puts_applications_with_too_few_experts_first(names, as_):
    page = as_("officer").get(f"/calls/{names.calls['evaluation']}/assignments").text
    few_first = [names.applications[name] for name in ("admitted", "in_evaluation", "in_consensus")]
    order = [page.index(stored(application).number) for application in few_first]
    assert order == sorted(order)


def test_lists_ask_the_database_as_often_for_many_as_for_one(names, here, cast, as_, statements):
    browser = as_("officer")
    address = f"/applications/{here}/assignments"

    def count(url):
        browser.get(url)
        statements.clear()
        browser.get(url)
        return len(statements)

    assert count(f"{address}?q=Eva") == count(address)
    none, several = (f"/calls/{names.calls[name]}/assignments" for name in ("panel", "evaluation"))
    assert count(none) == count(several)


@pytest.mark.parametrize("part", ["coordinator", "stranger", "expert", "chair", "other_officer"])
def test_only_officers_of_the_call_assign(here, cast, as_, part):
    browser = as_(part)
    assert browser.get(f"/applications/{here}/assignments").status_code in (403, 404)
    assert invite(browser, here, cast.expert3).status_code in (403, 404)
    assert browser.get(f"/calls/{stored(here).call.reference}/experts").status_code == 403
    assert states(here) == {}
