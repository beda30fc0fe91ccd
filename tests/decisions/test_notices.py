"""Letters that tell no decision: a withdrawal is acknowledged, a request for redress is answered; field by field."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from grants import clock, jobs
from grants.applications import queries as applications
from grants.applications.models import Application
from grants.db import db
from grants.decisions import letters, queries, redressing, wording
from grants.decisions.models import Decision, Notice
from grants.decisions.outcomes import ENDINGS, NAMES, NOTICES
from grants.documents import actions as documents
from grants.documents import contents, make
from grants.documents.queries import concerned
from grants.invariants import broken
from grants.mail import Mail
from grants.people.models import User
from tests.decisions.test_redress import ask, asked, close, known_call
from tests.decisions.test_release import AT
from tests.world import FUNDER, NOW


def _html(kind: str, about: Any, language: str = "en") -> str:
    db.session.rollback()
    db.session.expire_all()
    one = applications.by_public_id(about)
    assert one
    return re.sub(r"\s+", " ", contents.page(kind, language, call=one.call, application=one).html)


def _letters(public_id: str) -> list[dict[str, Any]]:
    db.session.expire_all()
    rows = db.session.scalars(
        select(Notice).join(Notice.application).where(Application.public_id == public_id).order_by(Notice.id)
    )
    return [json.loads(row.snapshot) | {"hash": row.sha256} for row in rows]


# --- Withdrawal ------------------------------------------------------------------------------------------------------


def test_a_withdrawal_after_the_deadline_is_acknowledged(app: Any, names: Any, as_: Any) -> None:
    one = names.applications["received"]
    coordinator = as_("coordinator")
    assert (
        coordinator.post(f"/applications/{one}/withdrawal", data={"reason": "We go elsewhere."}).status_code
        == 303
    )
    too_early = coordinator.post(f"/applications/{one}/documents", data={"kind": "withdrawal"})
    assert too_early.status_code == 409 and "not written yet" in too_early.text
    jobs.run_waiting()
    jobs.run_waiting()
    [letter] = _letters(one)

    # Rulebook 6.2, what all letters say.
    application = applications.by_public_id(one)
    assert letter["addressee"]["name"] == "Clara Coordinator"
    assert letter["addressee"]["organisation"] and letter["addressee"]["country"]
    assert (
        letter["call"]["reference"] == application.call.reference and letter["programme"] == "Trustworthy AI"
    )
    assert (letter["number"], letter["outcome"], letter["late"]) == (application.number, "withdrawn", True)
    assert letter["withdrawn_on"] == NOW.date().isoformat() and letter["version"] == 1
    assert letter["reference"].startswith(application.number) and letter["funder"]["signatory"]
    html = _html("withdrawal", one)
    for said in ("Dear Applicant", "Acknowledgement of the withdrawal", "I acknowledge the withdrawal",
                 "cannot be taken back", letter["reference"], "Please inform all partners",
                 letter["funder"]["signatory"], "1 October 2026"):  # fmt: skip
        assert said in html, said
    for unsaid in ("Means of redress", "We go elsewhere", "Enclosures"):
        assert unsaid not in html, unsaid
    told = db.session.scalars(select(Mail).where(Mail.occasion.like(f"withdrawal:{one}:%"))).one()
    assert "cannot be taken back" in told.body

    # Officers find it in the bulk; experts, strangers and other applicants find nothing.
    assert one in {row.public_id for row in db.session.execute(concerned(application.call, "withdrawal"))}
    assert coordinator.post(f"/applications/{one}/documents", data={"kind": "withdrawal"}).status_code == 303
    assert (
        as_("officer").post(f"/applications/{one}/documents", data={"kind": "withdrawal"}).status_code == 303
    )
    for part in ("stranger", "applicant2", "expert", "chair", "partner"):
        answer = as_(part).post(f"/applications/{one}/documents", data={"kind": "withdrawal"})
        assert answer.status_code in (403, 404), part
    assert "Acknowledgement of the withdrawal as PDF" in coordinator.get(f"/applications/{one}").text
    assert broken(db.session) == {}


def test_the_experts_are_told_neutrally(app: Any, names: Any, as_: Any) -> None:
    one = names.applications["in_evaluation"]
    as_("coordinator").post(f"/applications/{one}/withdrawal", data={"reason": "Our boss left."})
    jobs.run_waiting()
    jobs.run_waiting()
    told = db.session.scalars(select(Mail).where(Mail.occasion.like(f"not_evaluated:{one}:%"))).all()
    asked_people = {names.people[part]["email"] for part in ("rapporteur", "expert", "expert2")}
    assert {mail.recipient for mail in told} <= asked_people and len(told) >= 2
    for mail in told:
        assert "no longer evaluated" in mail.body
        for unsaid in ("withdr", "boss", "Clara"):
            assert unsaid not in mail.body + mail.subject


def test_each_withdrawal_before_the_deadline_has_its_own_letter(app: Any, names: Any, as_: Any) -> None:
    one = names.applications["submitted"]
    coordinator, address = as_("coordinator"), f"/applications/{one}"
    coordinator.post(f"{address}/withdrawal", data={"reason": "By mistake."})
    jobs.run_waiting()
    assert [letter["late"] for letter in _letters(one)] == [False]
    assert "Until the deadline you may submit the application again" in _html("withdrawal", one)
    # Before the deadline officers know how many there are, not which.
    assert as_("officer").post(f"{address}/documents", data={"kind": "withdrawal"}).status_code in (
        403,
        404,
        409,
    )
    assert coordinator.post(f"{address}/revision").status_code in (303, 404)
    first = _letters(one)[0]
    jobs.run_waiting()
    assert _letters(one) == [first]


def test_an_old_withdrawal_is_not_answered_by_the_upgrade(app: Any, names: Any, as_: Any) -> None:
    as_("coordinator").post(
        f"/applications/{names.applications['received']}/withdrawal", data={"reason": "No."}
    )
    with clock.at(NOW + timedelta(days=31)):
        jobs.run_waiting()
    assert _letters(names.applications["received"]) == []


# --- Redress ---------------------------------------------------------------------------------------------------------

SAID = {
    "uphold": ("has upheld your request.", "evaluated again as a whole", "final, even if it is lower"),
    "uphold_part": ("has upheld your request in part", "is repeated", "final, even if it is lower"),
    "uphold_without_effect": (
        "has found a flaw",
        "could not have changed the outcome",
        "The decision therefore stands",
    ),
    "reject": ("has not upheld your request", "for the reasons below", "The decision therefore stands"),
    "dismiss": ("is not admissible", "for the reasons below", "The decision therefore stands"),
}


@pytest.mark.parametrize("outcome", redressing.OUTCOMES)
def test_the_outcome_of_a_redress_is_a_letter(app: Any, cast: Any, as_: Any, outcome: str) -> None:
    _, ones = known_call(cast, as_)
    public_id = ones["BELOW"].public_id
    with clock.at(AT.replace(day=30)):
        ask(as_("coordinator"), ones["BELOW"])
        review = f"/reviews/{asked(ones['BELOW']).public_id}"
        as_("officer").post(f"{review}/members", data={"email": cast.other_officer.email})
        assert (
            as_("officer").post(f"/applications/{public_id}/documents", data={"kind": "review"}).status_code
            == 409
        )
    with clock.at(AT.replace(month=3)):
        typed = {"outcome": outcome, "opinion": "The wheel is in\nPart B, page 7."}
        assert close(as_, cast, ones["BELOW"], typed) == 303

    [letter] = _letters(public_id)
    sent = letters.frozen(queries.of_application(public_id))
    assert letter["about"] == {"reference": sent["reference"], "date": sent["date"]}
    assert (letter["filed_on"], letter["grounds"], letter["date"]) == ("2026-01-30", ["facts"], "2026-03-29")
    assert letter["opinion"] == "The wheel is in\nPart B, page 7."
    html = _html("review", public_id)
    for said in (*SAID[outcome], "An error of fact", "Part B, page 7.", sent["reference"], "29 January 2026",
                 "30 January 2026", "Article 263", "two months", "Ombudsman", "Please inform all partners",
                 letter["reference"]):  # fmt: skip
        assert said in html, said
    for unsaid in (cast.other_officer.name, "Article 22", "Partner 2 has the wheel", "Enclosures"):
        assert unsaid not in html, unsaid
    stands = "The decision therefore stands" in html
    assert stands == (outcome in ("uphold_without_effect", "reject", "dismiss"))
    french = _html("review", public_id, "fr")
    assert "Tribunal" in french and "263" in french and "The decision" not in french
    assert broken(db.session) == {}


def test_only_what_was_upheld_changes_a_decision_as_redress(app: Any, cast: Any, as_: Any) -> None:
    from tests.decisions.test_change import propose_change

    _, ones = known_call(cast, as_)
    changed = {"kind": "redress", "outcome": "reserve", "max_grant": "6000000", "reason": "After the review."}
    refused = propose_change(as_("officer"), ones["BELOW"], **changed)
    assert (
        refused.status_code == 422 and "No request for redress of this application was upheld" in refused.text
    )


def test_who_took_any_step_of_the_evaluation_is_not_on_the_committee(app: Any, cast: Any, as_: Any) -> None:
    """An officer of another programme who once substituted here and noted something is involved like all others."""
    from grants import events

    _, ones = known_call(cast, as_)
    one = applications.by_public_id(ones["BELOW"].public_id)
    events.record(db.session, one, "panel_note", by=cast.other_officer)
    db.session.commit()
    with clock.at(AT.replace(day=30)):
        ask(as_("coordinator"), ones["BELOW"])
        review = f"/reviews/{asked(ones['BELOW']).public_id}"
        answer = as_("officer").post(f"{review}/members", data={"email": cast.other_officer.email})
    assert answer.status_code == 422 and "took part in the evaluation" in answer.text


# --- Words, languages, files -----------------------------------------------------------------------------------------


def test_officers_put_them_into_their_own_words(app: Any, names: Any, as_: Any) -> None:
    reference = names.calls["evaluation"]
    desk = as_("officer").get(f"/calls/{reference}/letters").text
    for name in ("Withdrawal acknowledged", "Redress not upheld", "Redress upheld in part"):
        assert name in desk
    own = {
        "subject": "Goodbye {acronym}",
        "opening": "Dear team,",
        "closing": "Come back.",
        "signatory": "Ada, Director",
    }
    answer = as_("officer").post(f"/calls/{reference}/letters/withdrawn/en", data=own | {"version": "0"})
    assert answer.status_code == 303
    one = names.applications["received"]
    as_("coordinator").post(f"/applications/{one}/withdrawal", data={"reason": "No."})
    jobs.run_waiting()
    html = _html("withdrawal", one)
    for said in ("Goodbye ", "Dear team,", "I acknowledge the withdrawal", "Come back.", "Ada, Director"):
        assert said in html, said
    # What was sent stays, whatever the words become.
    as_("officer").post(
        f"/calls/{reference}/letters/withdrawn/en", data=own | {"version": "1", "closing": "Changed."}
    )
    assert "Changed." not in _html("withdrawal", one)


def test_the_letter_is_made_in_the_language_of_its_reader(
    app: Any, names: Any, as_: Any, tmp_path: Any
) -> None:
    one = names.applications["received"]
    db.session.execute(
        update(User).where(User.email == names.people["coordinator"]["email"]).values(language="fr")
    )
    db.session.commit()
    as_("coordinator").post(f"/applications/{one}/withdrawal", data={"reason": "Non."})
    jobs.run_waiting()
    application = applications.by_public_id(one)
    [made] = list(documents.export(application.call, "withdrawal", tmp_path))
    assert made.outcome == "made" and made.filename.endswith("-withdrawal-fr.pdf")
    [again] = list(documents.export(application.call, "withdrawal", tmp_path))
    assert again.outcome == "unchanged"
    page = contents.page("withdrawal", "fr", call=application.call, application=application)
    assert page.final and make.stored(page)[1] > 10_000


# --- Every outcome has its letter ------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [*NAMES, *NOTICES])
def test_every_outcome_has_words_of_the_house(outcome: str) -> None:
    assert outcome in wording.HOUSE
    subject, decided, _closing = wording.HOUSE[outcome]
    assert subject and all("%(call)s" in sentence for sentence in decided[:1])


@pytest.mark.parametrize("outcome", ENDINGS)
def test_an_invitation_may_end_for_each_reason_of_the_rulebook(
    app: Any, cast: Any, names: Any, outcome: str
) -> None:
    """Rulebook 6.1: after the invitation a rejection with its reason and the means of redress, no summary again."""
    decision = queries.of_application(names.applications["released_best"])
    decision = db.session.get(Decision, decision.id)
    decision.outcome, decision.reason, decision.letter_number = outcome, "The board met on 3 May.", 2
    db.session.flush()
    value = letters.letter(
        queries.by_public_id(decision.public_id), funder=FUNDER | {"legal_text": ""}, sent=NOW
    )
    assert value["enclosures"] == [] and value["timetable"] is None and value["conditions"] == ""
    assert value["replaces"]["reference"] and value["redress"]["latest"] == "2026-11-10"
    db.session.rollback()
