"""An officer asks about a received application and unlocks what may be put right; everything is kept."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants import clock, invariants
from grants.applications import clarifications, queries
from grants.applications.clarifying import clarified
from grants.applications.proposal import Proposal
from grants.db import db
from grants.demo.story import pdf
from grants.events import broken_links

UNTIL = "2026-10-08T17:00"


def ask(
    as_: Any, names: Any, *unlocked: str, name: str = "eligibility", question: str = "Which plan do you mean?"
) -> Any:
    one = queries.by_public_id(names.applications[name])
    form = {"question": question, "unlocked": list(unlocked), "until": UNTIL}
    answer = as_("officer").post(f"/applications/{one.public_id}/clarifications", data=form)
    assert answer.status_code == 303, answer.text
    return clarifications.of_application(one)[0]


def received(names: Any, name: str = "eligibility") -> Proposal:
    submission = queries.by_public_id(names.applications[name]).submission
    assert submission
    return submission.proposal


def test_the_consortium_is_told_and_answers_with_what_was_unlocked(as_: Any, names: Any, cast: Any) -> None:
    before = received(names)
    partner = before.partners[1]
    one = ask(as_, names, "title", f"partner:{partner.key}")
    coordinator = as_("coordinator")
    assert (
        "Which plan do you mean?"
        in coordinator.get(f"/applications/{names.applications['eligibility']}").text
    )
    assert "Answer a question about" in coordinator.get("/").text
    address = f"/clarifications/{one.public_id}"
    page = coordinator.get(address).text
    assert before.title in page
    assert before.abstract not in page
    form = {f"partner_{partner.key}-{name}": value for name, value in {
        "name": "Firm B SE", "country": "FR", "activity": "PRC", "sme": "y", "gep": "yes",
    }.items()}  # fmt: skip
    sent = coordinator.post(address, data=form | {"answer": "The plan of 2025.", "title": "A clearer title"})
    assert sent.status_code == 303
    after = received(names)
    application = queries.by_public_id(names.applications["eligibility"])
    assert (application.version, application.state) == (2, "eligibility")
    assert (after.title, after.partners[1].name, after.partners[1].gep) == (
        "A clearer title",
        "Firm B SE",
        True,
    )
    assert after.partners[1].budget == partner.budget
    untouched = Proposal.from_dict(clarified(after.to_dict(), {"title": before.title}))
    assert untouched.abstract == before.abstract
    assert [one.key for one in untouched.partners] == [one.key for one in before.partners]
    shown = as_("officer").get(f"/applications/{application.public_id}/clarifications").text
    assert "The plan of 2025." in shown
    assert "Version 2: compare with the one before" in shown
    compared = as_("officer").get(f"/applications/{application.public_id}/comparison?before=v1&after=v2").text
    assert "clearer" in compared
    assert broken_links(db.session) == []
    assert invariants.broken(db.session) == {}


def test_an_answer_without_a_change_makes_no_version(as_: Any, names: Any) -> None:
    one = ask(as_, names, "title")
    form = {"answer": "It is what we meant.", "title": received(names).title}
    assert as_("coordinator").post(f"/clarifications/{one.public_id}", data=form).status_code == 303
    assert queries.by_public_id(names.applications["eligibility"]).version == 1


def test_what_is_not_unlocked_stays_whatever_is_posted(as_: Any, names: Any, cast: Any) -> None:
    before = received(names)
    one = ask(as_, names, "title")
    form = {
        "answer": "Done.",
        "title": "Other",
        "abstract": "Smuggled in",
        "duration": "1",
        "q_how": "Smuggled",
    }
    assert as_("coordinator").post(f"/clarifications/{one.public_id}", data=form).status_code == 303
    assert received(names) == Proposal.from_dict(before.to_dict() | {"title": "Other"})
    again = clarifications.by_public_id(one.public_id)
    again.state = "asked"
    with pytest.raises(clarifications.Refused):
        clarifications.answer(
            again, by=cast.coordinator, text="", changes={"abstract": "Smuggled in"}, key="k" * 16
        )


def test_a_new_part_b_is_a_pdf_and_takes_the_place_of_the_old_one(as_: Any, names: Any) -> None:
    one = ask(as_, names, "part_b")
    coordinator, address = as_("coordinator"), f"/clarifications/{one.public_id}"
    wrong = coordinator.post(address, data={"answer": "Here.", "part_b": (io.BytesIO(b"no pdf"), "b.pdf")})
    assert wrong.status_code == 422
    assert "Here." in wrong.text
    sent = coordinator.post(address, data={"answer": "Here.", "part_b": (io.BytesIO(pdf(7)), "again.pdf")})
    assert sent.status_code == 303
    part_b = received(names).part_b
    assert (part_b.name, part_b.pages) == ("again.pdf", 7)
    application = names.applications["eligibility"]
    fetched = as_("officer").get(f"/applications/{application}/files/{part_b.sha256}", buffered=True)
    assert fetched.data == pdf(7)


def test_what_is_typed_waits_for_its_author_alone(as_: Any, names: Any) -> None:
    one = ask(as_, names, "title")
    coordinator, address = as_("coordinator"), f"/clarifications/{one.public_id}"
    kept = coordinator.post(
        address, data={"answer": "Half an ans", "title": "Half a ti"}, headers={"Accept": "application/json"}
    )
    assert kept.json["state"] == "saved"
    page = coordinator.get(address).text
    assert "Half an ans" in page
    assert "Half a ti" in page
    assert "Half an ans" not in as_("officer").get(address).text
    assert queries.by_public_id(names.applications["eligibility"]).version == 1


def test_after_its_time_nothing_can_be_changed_and_what_was_received_counts(as_: Any, names: Any) -> None:
    one = ask(as_, names, "title")
    with clock.at(one.until):
        assert as_("coordinator").get(f"/clarifications/{one.public_id}").status_code == 200
    with clock.at(one.until + timedelta(milliseconds=1)):
        late = as_("coordinator").post(
            f"/clarifications/{one.public_id}", data={"answer": "Late.", "title": "Late"}
        )
    assert late.status_code == 409
    assert received(names).title != "Late"


def test_an_officer_takes_a_question_back(as_: Any, names: Any) -> None:
    one = ask(as_, names, "title")
    assert as_("officer2").post(f"/clarifications/{one.public_id}/taking-back").status_code == 303
    refused = as_("coordinator").post(
        f"/clarifications/{one.public_id}", data={"answer": "Yes.", "title": "X"}
    )
    assert refused.status_code == 409


def test_once_experts_read_it_a_question_is_asked_and_nothing_changes(as_: Any, names: Any) -> None:
    page = as_("officer").get(f"/applications/{names.applications['in_evaluation']}/clarifications").text
    assert "nothing can be changed any more" in page
    assert "What may be changed" not in page
    one = ask(as_, names, name="in_evaluation", question="Is the ethics approval dated 2025?")
    assert one.unlocked == []
    form = {"question": "And the title?", "unlocked": ["title"], "until": UNTIL}
    refused = as_("officer").post(
        f"/applications/{names.applications['in_evaluation']}/clarifications", data=form
    )
    assert refused.status_code == 422


def test_what_was_unlocked_is_locked_again_when_experts_begin_to_read(as_: Any, names: Any) -> None:
    one = ask(as_, names, "title", name="admitted")
    queries.by_public_id(names.applications["admitted"]).state = "in_evaluation"
    db.session.commit()
    page = as_("coordinator").get(f"/clarifications/{one.public_id}").text
    assert "you may answer, and nothing can be changed any more" in page
    assert 'name="title"' not in page
    form = {"answer": "It is as it was.", "title": "Another"}
    assert as_("coordinator").post(f"/clarifications/{one.public_id}", data=form).status_code == 303
    assert queries.by_public_id(names.applications["admitted"]).version == 1


@pytest.mark.parametrize("until", ["2026-09-30T10:00", "2026-10-01T14:30", "2026-10-25T02:30", "soon", ""])
def test_a_time_that_cannot_be_is_said_beside_the_field(as_: Any, names: Any, until: str) -> None:
    form = {"question": "What about the annex?", "until": until}
    answer = as_("officer").post(
        f"/applications/{names.applications['eligibility']}/clarifications", data=form
    )
    assert answer.status_code == 422
    assert "What about the annex?" in answer.text


texts = st.text(max_size=20)
contents = st.fixed_dictionaries({
    "title": texts, "abstract": texts,
    "answers": st.lists(st.fixed_dictionaries({"key": st.sampled_from("abc"), "value": texts}), max_size=3,
                        unique_by=lambda row: row["key"]),
    "partners": st.lists(st.fixed_dictionaries({"key": st.sampled_from("pq"), "name": texts, "budget": st.just(5)}),
                         max_size=2, unique_by=lambda row: row["key"]),
    "attachments": st.lists(st.sampled_from([{"kind": "part_b"}, {"kind": "q:a"}]), max_size=2,
                            unique_by=lambda row: row["kind"]),
})  # fmt: skip


@given(contents, st.sampled_from(["title", "q:a", "partner:p", "part_b"]))
def test_a_clarification_changes_its_own_part_and_no_other(content: dict[str, Any], part: str) -> None:
    value: Any = {
        "title": "new",
        "q:a": "new",
        "partner:p": {"name": "new"},
        "part_b": {"kind": "part_b", "name": "n"},
    }
    before = json.dumps(content)
    after = clarified(content, {part: value[part]})
    assert json.dumps(content) == before
    same = {"title": "title", "q:a": "answers", "partner:p": "partners", "part_b": "attachments"}[part]
    assert {key: row for key, row in after.items() if key != same} == {
        key: row for key, row in content.items() if key != same
    }
    assert clarified(after, {part: value[part]}) == after
