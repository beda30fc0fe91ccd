"""Officers propose decisions, another officer approves them or sends them back."""

from grants.applications.models import Application
from grants.db import db
from grants.decisions import queries
from grants.decisions.models import Decision
from grants.eligibility.models import Ruling
from grants.experts.models import Conflict
from grants.mail import Mail
from grants.panels import actions as panels
from grants.panels.queries import entries, outstanding
from grants.panels.standing import standing
from tests.panels.built import MILLION, application, closed_call, fields


def close_panel(call, cast):
    seen = panels.reviewed(standing(call, entries(call), outstanding(call)))
    panels.close(call, by=cast.chair, report="Adopted.", seen=seen)
    db.session.commit()


def decided_call(cast):
    """One application on each line, with a name that does not tell, one inadmissible; the panel is closed."""
    call = closed_call(cast, budget=10 * MILLION, reserve_size=1)
    applications = {
        name: application(call, cast.coordinator, acronym, scores, 6 * MILLION)
        for name, acronym, scores in (
            ("MAIN", "ARES", (500, 500, 500)), ("RESERVE", "EROS", (450, 450, 450)),
            ("NOBUDGET", "GAIA", (400, 400, 400)), ("BELOW", "LETO", (450, 450, 250)),
        )
    }  # fmt: skip
    gone = application(call, cast.coordinator, "GONE", None, 6 * MILLION, state="inadmissible")
    finding = {
        "code": "PART_B",
        "verdict": "fails",
        "gate": "admissibility",
        "blocking": True,
        "sentence": "Part B is missing.",
        "remedy": "",
        "source": "Annex A",
        "field": "part-b",
        "values": {},
    }
    db.session.add(
        Ruling(application_id=gone.id, gate="admissibility", verdict="fail", reason="Part B cannot be read.",
               findings=[finding, finding | {"verdict": "holds"}], state="confirmed", proposed_by_id=cast.officer.id,
               proposed_at=call.opens_on, decided_by_id=cast.officer2.id, decided_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()
    close_panel(call, cast)
    return call, applications | {"GONE": gone}


def decision_on(one):
    return queries.of_application(one.public_id)


def propose(as_, person, call):
    return as_(person).post(f"/calls/{call.reference}/decisions", data={})


def approve_all(as_, person, call):
    page = as_(person).get(f"/calls/{call.reference}/decisions")
    return as_(person).post(f"/calls/{call.reference}/decisions/approval", data=fields(page, 'name="seen"'))


def test_the_proposals_follow_from_the_list_and_the_rulings(app, cast, as_):
    call, applications = decided_call(cast)

    assert propose(as_, "officer", call).status_code == 303

    decisions = {name: decision_on(one) for name, one in applications.items()}
    assert {name: (one.outcome, one.max_grant) for name, one in decisions.items()} == {
        "MAIN": ("invited", 6 * MILLION), "RESERVE": ("reserve", 6 * MILLION), "NOBUDGET": ("no_budget", None),
        "BELOW": ("below_threshold", None), "GONE": ("inadmissible", None),
    }  # fmt: skip
    assert decisions["BELOW"].grounds == [
        {"criterion": "implementation", "name": "Quality and efficiency of the implementation", "score": 250,
         "threshold": 300}
    ]  # fmt: skip
    assert [ground["sentence"] for ground in decisions["GONE"].grounds] == ["Part B is missing."]
    assert decisions["GONE"].reason == "Part B cannot be read."
    propose(as_, "officer2", call)
    assert db.session.query(Decision).join(Application).filter_by(call_id=call.id).count() == 5


def test_who_proposes_does_not_approve(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    one = decision_on(applications["MAIN"])
    page = as_("officer2").get(f"/applications/{applications['MAIN'].public_id}/decision")
    approval = fields(page, 'name="version"') | {"version": str(one.version)}

    answer = as_("officer").post(f"/decisions/{one.public_id}/approval", data=approval)
    assert answer.status_code == 403
    assert decision_on(applications["MAIN"]).state == "proposed"

    assert as_("officer2").post(f"/decisions/{one.public_id}/approval", data=approval).status_code == 303
    assert decision_on(applications["MAIN"]).state == "approved"
    assert decision_on(applications["MAIN"]).approved_by_id == cast.officer2.id


def test_the_second_officer_approves_all_but_his_own(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    own = applications["RESERVE"]
    address = f"/applications/{own.public_id}/decision"
    as_("officer2").post(address, data=fields(as_("officer2").get(address), 'name="outcome"'))

    assert approve_all(as_, "officer2", call).status_code == 303

    states = {name: decision_on(one).state for name, one in applications.items()}
    assert states == {
        "MAIN": "approved", "RESERVE": "proposed", "NOBUDGET": "approved", "BELOW": "approved", "GONE": "approved",
    }  # fmt: skip


def test_a_bulk_approval_is_of_what_was_shown(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    shown = fields(as_("officer2").get(f"/calls/{call.reference}/decisions"), 'name="seen"')
    address = f"/applications/{applications['MAIN'].public_id}/decision"
    revised = fields(as_("officer").get(address), 'name="outcome"') | {"max_grant": "5000000"}
    assert as_("officer").post(address, data=revised).status_code == 303

    answer = as_("officer2").post(f"/calls/{call.reference}/decisions/approval", data=shown)

    assert answer.status_code == 409
    assert decision_on(applications["BELOW"]).state == "proposed"


def test_a_decision_goes_back_with_a_comment_and_returns_changed(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    main = applications["MAIN"]
    address = f"/applications/{main.public_id}/decision"
    one = decision_on(main)
    sent = fields(as_("officer2").get(address), 'name="comment"')

    assert as_("officer2").post(f"/decisions/{one.public_id}/return", data=sent).status_code == 422
    sent["comment"] = "The ethics condition is missing."
    assert as_("officer2").post(f"/decisions/{one.public_id}/return", data=sent).status_code == 303

    page = as_("officer").get(address)
    assert "The ethics condition is missing." in page.text
    told = db.session.query(Mail).filter_by(recipient=cast.officer.email, call_id=call.id).one()
    assert told.subject == f"A decision came back to you: {main.number}"
    assert address in told.body
    changed = fields(page, 'name="outcome"') | {"conditions": "An ethics review before signature."}
    assert as_("officer").post(address, data=changed).status_code == 303
    one = decision_on(main)
    assert (one.state, one.comment, one.conditions) == ("proposed", "", "An ethics review before signature.")


def test_another_outcome_than_the_list_gives_needs_a_reason_and_is_flagged(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    address = f"/applications/{applications['RESERVE'].public_id}/decision"
    officer = as_("officer")
    other = fields(officer.get(address), 'name="outcome"') | {"outcome": "invited"}

    refused = officer.post(address, data=other)
    assert refused.status_code == 422
    assert "Say why the decision is another than the ranked list gives." in refused.text
    assert decision_on(applications["RESERVE"]).outcome == "reserve"

    assert officer.post(address, data=other | {"reason": "Extra money."}).status_code == 303
    assert decision_on(applications["RESERVE"]).outcome == "invited"
    assert officer.get(f"/calls/{call.reference}/decisions").text.count("Departs from the list") == 1


def test_a_grant_above_the_request_is_refused(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    address = f"/applications/{applications['MAIN'].public_id}/decision"
    officer = as_("officer")

    answer = officer.post(
        address, data=fields(officer.get(address), 'name="outcome"') | {"max_grant": "6000001"}
    )

    assert answer.status_code == 422
    assert decision_on(applications["MAIN"]).max_grant == 6 * MILLION


def test_two_officers_at_once_the_second_keeps_the_text(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    address = f"/applications/{applications['MAIN'].public_id}/decision"
    first = fields(as_("officer").get(address), 'name="outcome"') | {"conditions": "A gender plan."}
    second = fields(as_("officer2").get(address), 'name="outcome"') | {"conditions": "An audit."}
    assert as_("officer").post(address, data=first).status_code == 303

    answer = as_("officer2").post(address, data=second)

    assert answer.status_code == 409
    assert "An audit." in answer.text
    assert "A gender plan." in answer.text
    assert decision_on(applications["MAIN"]).conditions == "A gender plan."


def test_observers_read_and_change_nothing(app, cast, as_):
    call, applications = decided_call(cast)
    propose(as_, "officer", call)
    observer, one = as_("observer"), decision_on(applications["MAIN"])

    pages = [f"/calls/{call.reference}/decisions", f"/applications/{applications['MAIN'].public_id}/decision"]
    assert [observer.get(page).status_code for page in pages] == [200, 200]
    forms = [observer.get(page).text.count("<form") for page in pages]
    assert forms == [observer.get("/calls").text.count("<form")] * 2
    refused = [
        f"/calls/{call.reference}/decisions", f"/calls/{call.reference}/decisions/approval",
        f"/calls/{call.reference}/release", f"/decisions/{one.public_id}/approval",
        f"/decisions/{one.public_id}/return", f"/applications/{applications['MAIN'].public_id}/decision",
    ]  # fmt: skip
    assert [observer.post(address, data={}).status_code for address in refused] == [403] * 6


def test_an_officer_with_a_conflict_sees_a_gap_and_leaves_the_decision_to_others(app, cast, as_):
    call, applications = decided_call(cast)
    barred = applications["MAIN"]
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.officer2.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()
    propose(as_, "officer2", call)
    assert decision_on(barred) is None
    propose(as_, "officer", call)

    page = as_("officer2").get(f"/calls/{call.reference}/decisions")

    assert page.text.count("Not shown: you have a conflict of interest with this application.") == 1
    assert barred.number not in page.text
    assert as_("officer2").get(f"/applications/{barred.public_id}/decision").status_code == 404
    assert as_("officer2").get("/applications/0123456789abcdef/decision").status_code == 404


def test_the_desk_asks_the_database_as_often_for_many_as_for_few(app, cast, as_, statements):
    few = closed_call(cast, "FEW-2026")
    application(few, cast.coordinator, "P00", (400, 400, 400), MILLION)
    many = closed_call(cast, "MANY-2026", budget=500 * MILLION)
    for n in range(30):
        application(many, cast.coordinator, f"P{n:02}", (500, 500, 500 - 50 * (n % 4)), (n + 1) * MILLION // 10,
                    women=(n % 20, 40), countries="DE FR IT")  # fmt: skip
    for call in (few, many):
        for entry in entries(call):
            panels.note(
                entry.application, by=cast.chair, version=0, consensus=entry.consensus, aspects=[], amended={},
                reason="", tie_order=entry.application.serial, tie_reason="By number.", max_grant=None,
            )  # fmt: skip
        close_panel(call, cast)
        propose(as_, "officer", call)

    counts = {}
    for call in (few, many):
        for page in ("decisions", "ranking", "release"):
            statements.clear()
            assert as_("officer2").get(f"/calls/{call.reference}/{page}").status_code == 200
            counts[call.reference, page] = len(statements)

    assert [counts["MANY-2026", page] for page in ("decisions", "ranking", "release")] == [
        counts["FEW-2026", page] for page in ("decisions", "ranking", "release")
    ]
