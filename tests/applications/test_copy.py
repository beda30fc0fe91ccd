"""Starting from an earlier application: what fits the call is there, what does not is said."""

from html import unescape
from typing import Any

import pytest

from grants.applications import actions, queries
from grants.calls import queries as call_queries
from grants.db import db


def _copy(browser: Any, names: Any, name: str = "received") -> Any:
    address = f"/applications/{names.applications[name]}/copy"
    assert "TAI-OPEN" in browser.get(address).text
    answer = browser.post(address, data={"call": names.calls["open"]})
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    copied = queries.whole(answer.location.rpartition("/")[2])
    assert copied
    return copied, page


def test_a_refused_application_is_tried_again_in_another_call(as_: Any, names: Any) -> None:
    """Everything of the form is there, with a number of its own; the old one stays as it is."""
    copied, page = _copy(as_("coordinator"), names)
    earlier = queries.whole(names.applications["received"])
    assert earlier
    assert (copied.state, copied.version, copied.call.reference) == ("draft", 0, "TAI-OPEN")
    assert copied.number != earlier.number
    for name in ("title", "abstract", "duration", "keywords"):
        assert getattr(copied, name) == getattr(earlier, name)
    assert [p.budget for p in copied.partners] == [p.budget for p in earlier.partners]
    assert [(r.last_name, r.partner.name) for r in copied.researchers] == [("Lead", "University of A-Stadt"),
                                                                           ("Main", "Firm B SAS")]  # fmt: skip
    assert copied.answered == earlier.answered
    assert "Not copied. The files" in page
    assert "Not copied. The declarations" in page
    assert (copied.attached, copied.declarations) == ({}, [])


def test_what_the_call_does_not_have_is_said(as_: Any, names: Any, cast: Any) -> None:
    """A keyword and an answer that only the earlier call knew; nobody is invited by a copy."""
    earlier = queries.whole(names.applications["draft"])
    assert earlier
    call = call_queries.by_reference(names.calls["open"])
    assert call
    earlier.keywords = ["artificial intelligence", "phlogiston"]
    actions.save_answers(earlier, {"asked_elsewhere": "An answer."}, by=cast.coordinator)
    db.session.commit()
    copied, page = _copy(as_("coordinator"), names, "draft")
    assert copied.keywords == ["artificial intelligence"]
    assert "Not copied. Keywords that this call does not offer: phlogiston." in page
    assert "asked_elsewhere" in page
    assert "invite them again" in page
    assert [p.contact_email for p in copied.partners] == ["clara@uni-a.example", "", ""]


def test_a_call_that_is_not_open_cannot_be_chosen(as_: Any, names: Any) -> None:
    address = f"/applications/{names.applications['received']}/copy"
    for reference in (names.calls["panel"], names.calls["draft"], "TAI-NOWHERE"):
        assert as_("coordinator").post(address, data={"call": reference}).status_code == 422


@pytest.mark.parametrize("kind", ["money", "number", "table", "choices"])
def test_an_answer_to_what_is_asked_in_another_way_is_left_out(
    as_: Any, names: Any, cast: Any, kind: str
) -> None:
    """The same key, but an amount where a text was: the application opens, and the page says what is missing."""
    call = call_queries.by_reference(names.calls["open"])
    assert call
    question = next(question for question in call.questions if question.kind == "long")
    earlier = queries.whole(names.applications["received"])
    assert earlier
    before = next(one for one in earlier.call.questions if one.key == question.key)
    actions.save_answers(earlier, {question.key: "about ten"}, by=cast.coordinator)
    question.kind, question.choices = kind, ["Yes", "No"] if kind in ("table", "choices") else []
    db.session.commit()
    browser = as_("coordinator")
    copied, page = _copy(browser, names)
    assert question.key not in copied.answered
    assert f"asks for in another way: {before.label}." in unescape(page)
    assert browser.get(f"/applications/{copied.public_id}/questions").status_code == 200


def test_an_answer_of_another_kind_that_is_there_already_does_no_harm(
    as_: Any, names: Any, cast: Any
) -> None:
    call = call_queries.by_reference(names.calls["open"])
    draft = queries.whole(names.applications["draft"])
    assert call
    assert draft
    question = next(question for question in call.questions if question.kind == "long")
    actions.save_answers(draft, {question.key: "about ten"}, by=cast.coordinator)
    question.kind, question.lowest = "money", "5"
    db.session.commit()
    browser = as_("coordinator")
    for page in ("", "/questions", "/working-copy", "/submission"):
        assert browser.get(f"/applications/{draft.public_id}{page}").status_code == 200
