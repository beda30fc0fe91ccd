"""Officers put letters into their own words; what a letter must say stays, and no letter changes later."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from grants.applications import queries as applications
from grants.calls import queries as calls
from grants.db import db
from grants.decisions import actions, letters, queries, wording
from grants.decisions.models import LetterText
from grants.documents import contents
from grants.events import Event
from grants.experts.models import Conflict
from grants.invariants import broken
from grants.people.models import User
from tests.decisions.test_decide import approve_all, decided_call, propose
from tests.decisions.test_release import approved_call, order
from tests.panels.built import fields

OWN = {
    "subject": "News about {acronym}", "closing": "See you in Paris.", "signatory": "Ada Example, Director",
    "opening": "Dear team of {acronym},\n\nwe have read {number} with care.",
}  # fmt: skip


def _address(names: Any, outcome: str = "invited", language: str = "en", call: str = "ranked") -> str:
    return f"/calls/{names.calls[call]}/letters/{outcome}/{language}"


def _html(names: Any, about: str, language: str = "en") -> str:
    db.session.rollback()
    db.session.expire_all()
    one = applications.by_public_id(names.applications[about])
    assert one
    html = contents.page("letter", language, call=one.call, application=one).html
    return re.sub(r"\s+", " ", html)


@pytest.mark.parametrize("outcome", wording.HOUSE)
def test_the_words_of_the_house_can_be_filled_in(outcome: str) -> None:
    def translate(text: str, **values: str) -> str:
        return text % values if values else text

    filled = wording.of_the_house(outcome, translate).filled(wording.EXAMPLE)
    assert filled["subject"] and "{" not in str([filled["subject"], filled["opening"], filled["closing"]])
    assert "Trustworthy AI" in wording.decided(outcome, wording.EXAMPLE["call"], translate)[0]


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("Dear {name}", 1, "no placeholder"),
        ("One\nTwo {acronym.__class__}", 2, "no placeholder"),
        ("{acronym!r}", 1, "no placeholder"),
        ("{acronym:>99999999}", 1, "no placeholder"),
        ("{}", 1, "no placeholder"),
        ("{0}", 1, "no placeholder"),
        ("One\n\nThree }", 3, "stands alone"),
        ("{", 1, "stands alone"),
    ],
)
def test_a_brace_that_is_no_placeholder_is_refused_with_its_line(text: str, line: int, why: str) -> None:
    with pytest.raises(wording.Unfit, match=why) as refused:
        wording.check(text)
    assert refused.value.line == line


@given(st.text())
def test_what_passes_the_check_can_be_filled_in_and_values_are_never_looked_into(text: str) -> None:
    try:
        wording.check(text)
    except wording.Unfit:
        return
    nested = dict.fromkeys(wording.PLACEHOLDERS, "{call} {")
    filled = [wording.fill(part, nested) for part in wording.paragraphs(text)]
    assert all("\n" not in part for part in filled)


def test_signs_of_braces_can_be_written() -> None:
    assert wording.fill("{{call}} is {call}", {"call": "X"}) == "{call} is X"


def test_a_letter_says_it_in_the_words_of_the_officer(as_: Any, names: Any) -> None:
    before = _html(names, "ranked_best")
    assert "I am pleased to inform you" in before
    officer = as_("officer")
    page = officer.get(_address(names))
    assert "I am pleased to inform you" in page.text  # in the preview, as a sentence that stays
    assert "{acronym}" in page.text

    answer = officer.post(_address(names), data=OWN | {"version": "0"})

    assert answer.status_code == 303
    after = _html(names, "ranked_best")
    one = applications.by_public_id(names.applications["ranked_best"])
    assert one and one.submission
    assert f"News about {one.submission.acronym}" in after
    assert f"we have read {one.number} with care." in after
    assert "See you in Paris." in after and "Ada Example, Director" in after
    for required in (
        "I am pleased to inform you",
        "invitation to prepare the grant agreement",
        "Maximum grant after evaluation",
        "Complete the grant data",
        "Means of redress",
        "30 days",
    ):
        assert required in after
    assert "See you in Paris." not in _html(names, "ranked_good")
    other = db.session.scalars(select(Event).where(Event.verb == "write_letter")).one()
    assert other.thing


def test_the_other_language_keeps_the_words_of_the_house(as_: Any, names: Any) -> None:
    as_("officer").post(_address(names, language="fr"), data=OWN | {"version": "0"})
    assert "I am pleased to inform you" in _html(names, "ranked_best")
    db.session.execute(
        update(User).where(User.email == names.people["coordinator"]["email"]).values(language="fr")
    )
    db.session.commit()
    assert "See you in Paris." in _html(names, "ranked_best", "fr")


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("opening", "Dear {nobody},", "there is no placeholder {nobody}"),
        ("opening", "One\nTwo {", "Line 2"),
        ("subject", "{{% x }", "stands alone"),
        ("closing", "{acronym.__init__}", "no placeholder"),
        ("subject", "", "required"),
        ("subject", "x" * 201, "200"),
    ],
)
def test_what_cannot_be_filled_in_is_said_beside_the_field(
    as_: Any, names: Any, field: str, typed: str, said: str
) -> None:
    answer = as_("officer").post(_address(names), data=OWN | {"version": "0", field: typed})
    assert answer.status_code == 422
    assert said in answer.text.replace("&#34;", '"')
    assert "Ada Example, Director" in answer.text
    assert db.session.scalar(select(LetterText.id)) is None


def test_markup_in_a_text_stays_text(as_: Any, names: Any) -> None:
    as_("officer").post(
        _address(names), data=OWN | {"version": "0", "closing": "<script>alert(1)</script> {{7*7}}"}
    )
    html = _html(names, "ranked_best")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {7*7}" in html


def test_the_preview_shows_a_real_application_and_saves_nothing(as_: Any, names: Any) -> None:
    answer = as_("officer").post(_address(names), data=OWN | {"version": "0", "preview": "1"})
    assert answer.status_code == 200
    one = applications.by_public_id(names.applications["ranked_best"])
    assert one
    assert f"we have read {one.number} with care." in answer.text
    assert "Not saved." in answer.text
    assert db.session.scalar(select(LetterText.id)) is None
    unknown = as_("officer").get(_address(names, outcome="ended"))
    assert "the facts are invented" in unknown.text


def test_two_officers_at_once_lose_nothing(as_: Any, names: Any) -> None:
    assert as_("officer").post(_address(names), data=OWN | {"version": "0"}).status_code == 303
    late = as_("officer2").post(_address(names), data=OWN | {"version": "0", "closing": "My own end."})
    assert late.status_code == 409
    assert "My own end." in late.text
    again = as_("officer2").post(_address(names), data=OWN | {"version": "1", "closing": "My own end."})
    assert again.status_code == 303
    assert "My own end." in _html(names, "ranked_best")


def test_an_earlier_version_can_be_taken_up_again(as_: Any, names: Any) -> None:
    officer = as_("officer")
    officer.post(_address(names), data=OWN | {"version": "0"})
    officer.post(_address(names), data=OWN | {"version": "1", "subject": "The second"})
    first = officer.get(_address(names) + "?version=1")
    assert "News about {acronym}" in first.text
    assert 'name="version" type="hidden" value="2"' in first.text
    assert officer.get(_address(names) + "?version=9").status_code == 404
    assert officer.get(_address(names, language="xx")).status_code == 404
    assert officer.get(_address(names, outcome="perhaps")).status_code == 404


def test_words_that_changed_after_the_review_block_the_release(as_: Any, names: Any, cast: Any) -> None:
    call = calls.by_reference(names.calls["ranked"])
    assert call
    seen = actions.planned(call, "results").seen
    actions.write_letter(call, "invited", "en", wording.Wording(**OWN), by=cast.officer, seen=0)
    db.session.flush()
    with pytest.raises(actions.Changed):
        actions.order_release(call, by=cast.officer, kind="results", seen=seen)


def test_words_that_change_after_the_approval_need_a_second_officer_again(cast: Any, as_: Any) -> None:
    """Marta approved what Julien proposed; she changes the words, and cannot send them alone."""
    call, _ones = approved_call(cast, as_)
    states = {one.public_id: one.outcome for one in queries.unreleased(call)}
    approver = as_("officer2")

    answer = approver.post(f"/calls/{call.reference}/letters/invited/fr", data=OWN | {"version": "0"})

    assert answer.status_code == 303
    db.session.expire_all()
    assert {one.public_id: one.state for one in queries.unreleased(call)} == {
        key: "proposed" if outcome == "invited" else "approved" for key, outcome in states.items()
    }
    assert "invited" in states.values() and set(states.values()) != {"invited"}
    assert (
        "Decisions that a second officer has not approved"
        in approver.get(f"/calls/{call.reference}/release").text
    )
    with pytest.raises(actions.Refused):
        actions.order_release(
            call, by=cast.officer2, kind="results", seen=actions.planned(call, "results").seen
        )
    assert list(queries.to_approve(call, cast.officer2)) == []
    one = next(one for one in queries.unreleased(call) if one.outcome == "invited")
    address = f"/decisions/{one.public_id}/approval"
    assert approver.post(address, data={"version": str(one.version)}).status_code == 403
    approve_all(as_, "officer", call)
    assert order(as_("officer2"), call).status_code == 303
    assert not broken(db.session)


def test_a_conflict_keeps_who_changes_the_words_from_being_named_in_that_decision(
    cast: Any, as_: Any
) -> None:
    call, _ones = approved_call(cast, as_)
    one = next(one for one in queries.unreleased(call) if one.outcome == "invited")
    db.session.add(
        Conflict(application_id=one.application_id, user_id=cast.officer2.id, code="D1", source="entered",
                 status="confirmed", found_at=one.proposed_at)
    )  # fmt: skip
    db.session.flush()
    actions.write_letter(call, "invited", "en", wording.Wording(**OWN), by=cast.officer2, seen=0)
    db.session.flush()
    assert (one.state, one.approved_by_id, one.proposed_by_id) == ("proposed", None, cast.officer.id)
    others = [other for other in queries.unreleased(call) if other.outcome == "invited" and other is not one]
    assert {other.proposed_by_id for other in others} <= {cast.officer2.id}


def test_a_released_letter_keeps_the_words_it_was_sent_in(as_: Any, names: Any) -> None:
    released = _html(names, "released_best")
    as_("officer").post(_address(names, call="released"), data=OWN | {"version": "0"})
    assert _html(names, "released_best") == released
    decision = queries.of_application(names.applications["released_best"])
    assert decision
    assert "wording" not in letters.frozen(decision)


def test_a_new_letter_freezes_the_words_and_their_version(names: Any, cast: Any) -> None:
    decision = queries.of_application(names.applications["ranked_best"])
    assert decision
    actions.write_letter(decision.call, "invited", "en", wording.Wording(**OWN), by=cast.officer, seen=0)
    db.session.flush()
    value = letters.letter(
        decision, funder=letters.funder({"LEGAL_TEXT": "", "FUNDER_NAME": "F", "FUNDER_ADDRESS": "", "SIGNATORY": "S"}),
        sent=decision.proposed_at, wording=queries.wording_of(decision),
    )  # fmt: skip
    assert value["wording"]["number"] == 1
    assert value["funder"]["signatory"] == "Ada Example, Director"
    assert value["wording"]["opening"][1].startswith("we have read TAI-")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nobody_approves_the_words_that_are_their_own(cast: Any, as_: Any, language: str) -> None:
    """Julien has proposed; Marta writes the words while that waits, and cannot let them go alone.

    Nor those in the other language, which the coordinator may choose before the release.
    """
    call, _ones = decided_call(cast)
    propose(as_, "officer", call)
    writer = as_("officer2")
    one = next(one for one in queries.to_approve(call, cast.officer2) if one.outcome == "invited")
    before = one.version

    assert (
        writer.post(
            f"/calls/{call.reference}/letters/invited/{language}", data=OWN | {"version": "0"}
        ).status_code
        == 303
    )

    db.session.expire_all()
    waiting = queries.to_approve(call, cast.officer2)
    assert "invited" not in {decision.outcome for decision in waiting} and waiting
    page = writer.get(f"/applications/{one.application.public_id}/decision").text
    assert "You wrote the words of this letter" in page
    assert one.version > before
    refused = writer.post(f"/decisions/{one.public_id}/approval", data={"version": str(one.version)})
    assert (refused.status_code, "You wrote the words" in refused.text) == (409, True)


def test_nobody_approves_words_that_they_have_not_seen(cast: Any, as_: Any) -> None:
    """Marta has the desk open; Julien, who proposed, changes the words of a letter; her click is an old one."""
    call, _ones = decided_call(cast)
    propose(as_, "officer", call)
    desk = f"/calls/{call.reference}/decisions"
    shown = fields(as_("officer2").get(desk), 'name="seen"')
    as_("officer").post(f"/calls/{call.reference}/letters/invited/en", data=OWN | {"version": "0"})
    assert as_("officer2").post(f"{desk}/approval", data=shown).status_code == 409


def test_a_new_letter_after_a_change_has_words_that_two_have_seen(cast: Any, as_: Any, app: Any) -> None:
    from tests.decisions.test_change import last_change, propose_change, released_call

    call, ones = released_call(cast, as_)
    officer, second = as_("officer"), as_("officer2")
    told = {"outcome": "below_threshold", "reason": "A slip."}
    assert propose_change(officer, ones["MAIN"], **told).status_code == 303
    page = f"/changes/{last_change().public_id}"
    shown = fields(second.get(page), 'name="seen"')
    words = f"/calls/{call.reference}/letters/below_threshold/en"
    assert officer.post(words, data=OWN | {"version": "0"}).status_code == 303
    assert second.post(f"{page}/approval", data=shown).status_code == 409
    assert second.post(words, data=OWN | {"version": "1", "closing": "Mine."}).status_code == 303
    again = second.post(f"{page}/approval", data=fields(second.get(page), 'name="seen"'))
    assert (again.status_code, "You wrote the words" in again.text) == (409, True)
