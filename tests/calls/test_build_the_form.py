"""An officer builds the form of a call without code, tries it, and applicants fill it in."""

import io
from typing import Any

import pytest
from sqlalchemy import func, select

from grants.applications.models import Answer
from grants.applications.queries import whole
from grants.calls import queries
from grants.calls.answers import KINDS
from grants.calls.models import Question
from grants.db import db
from grants.demo import story


def _call(names: Any, name: str = "draft") -> Any:
    db.session.rollback()
    db.session.expire_all()
    return queries.by_reference(names.calls[name])


def _add(officer: Any, names: Any, **typed: str) -> Any:
    return officer.post(
        f"/calls/{names.calls['draft']}/questions", data={"kind": "long", "limit": "4000"} | typed
    )


def _labels(names: Any) -> list[str]:
    return [question.label for question in _call(names).questions]


LINES = {"choice": "A\nB", "choices": "A\nB", "table": "Name\nMonths"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_added_read_by_everybody_and_tried(as_: Any, names: Any, kind: str) -> None:
    officer = as_("officer")
    added = _add(
        officer, names, label=f"About {kind}", label_fr=f"Sur {kind}", kind=kind, choices=LINES.get(kind, "")
    )
    assert added.status_code == 303
    assert f"About {kind}" in officer.get(f"/calls/{names.calls['draft']}/questions/test").text
    officer.post(f"/calls/{names.calls['draft']}/publication")
    assert f"About {kind}" in as_(None).get(f"/calls/{names.calls['draft']}/form").text


BAD_QUESTIONS = [
    ("choices", {"kind": "choice", "choices": "only one"}), ("choices", {"kind": "choices", "choices": "A\nA"}),
    ("choices", {"kind": "table", "choices": ""}), ("choices", {"kind": "table", "choices": "\n".join("abcdefghi")}),
    ("choices_fr", {"kind": "choice", "choices": "A\nB", "choices_fr": "Un"}), ("label", {"label": " "}),
    ("kind", {"kind": "video"}), ("limit", {"limit": "0"}), ("lowest", {"kind": "number", "lowest": "few"}),
    ("highest", {"kind": "number", "lowest": "5", "highest": "4"}), ("condition", {"condition": "nobody=yes"}),
    ("limit", {"kind": "table", "choices": "A", "limit": "500"}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "typed"), BAD_QUESTIONS)
def test_a_question_that_cannot_be_put_is_said_beside_its_field(
    as_: Any, names: Any, field: str, typed: dict[str, str]
) -> None:
    before = _labels(names)
    answer = _add(as_("officer"), names, **{"label": "New"} | typed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert _labels(names) == before


def _conditional(officer: Any, names: Any) -> Any:
    """A question and another that depends on it, at the end of the form."""
    _add(officer, names, label="Animals", kind="yes_no", required="y")
    key = _call(names).questions[-1].key
    _add(officer, names, label="Which animals", kind="short", required="y", condition=f"{key}=yes")
    return tuple(_call(names).questions[-2:])


def test_questions_move_up_and_down_but_never_before_what_they_depend_on(as_: Any, names: Any) -> None:
    officer = as_("officer")
    first, second = (question.public_id for question in _conditional(officer, names))
    page = f"/calls/{names.calls['draft']}/questions"
    before = _labels(names)
    assert officer.post(f"{page}/{second}/up").status_code == 303
    assert _labels(names) == before
    assert "A question must stand after the one that it depends on." in officer.get(page).text
    officer.post(f"{page}/{first}/up")
    assert _labels(names) == ["Animals", before[0], "Which animals"]
    officer.post(f"{page}/{first}/up")
    assert _labels(names)[0] == "Animals"


def test_what_another_question_depends_on_stays(as_: Any, names: Any) -> None:
    officer = as_("officer")
    first, _second = (question.public_id for question in _conditional(officer, names))
    page = f"/calls/{names.calls['draft']}/questions/{first}"
    officer.post(f"{page}/removal")
    assert "Animals" in _labels(names)
    changed = officer.post(page, data={"label": "Animals", "kind": "long", "limit": "100"})
    assert (changed.status_code, 'id="kind-error"' in changed.text) == (422, True)
    assert officer.post(page, data={"label": "Animals?", "kind": "yes_no"}).status_code == 303
    assert "Animals?" in _labels(names)


def test_trying_the_form_checks_everything_and_leaves_no_trace(as_: Any, names: Any) -> None:
    officer = as_("officer")
    first, _second = _conditional(officer, names)
    page = f"/calls/{names.calls['draft']}/questions/test"
    counts = [db.session.scalar(select(func.count()).select_from(table)) for table in (Answer, Question)]
    tried = officer.post(page, data={f"q_{first.key}": "yes"}).text
    assert "Which animals: Not answered, which would keep the application from being submitted." in tried
    assert "Which animals:" not in officer.post(page, data={f"q_{first.key}": "no"}).text
    db.session.rollback()
    assert [db.session.scalar(select(func.count()).select_from(t)) for t in (Answer, Question)] == counts


@pytest.fixture
def draft(as_: Any, names: Any, cast: Any) -> Any:
    """A draft in a call that asks a question of each kind, the last ones only where the first is yes."""
    officer = as_("officer")
    _add(officer, names, label="Decide", kind="yes_no", required="y")
    for kind in KINDS:
        more = {"unit": "words", "limit": "5"} if kind == "long" else {"lowest": "2", "highest": "9"}
        _add(officer, names, label=f"K {kind}", kind=kind, required="y", choices=LINES.get(kind, ""),
             condition="decide=yes", **more)  # fmt: skip
    call = _call(names)
    from grants import clock
    from grants.calls import actions

    actions.publish(call, by=cast.officer)
    call.opens_on = clock.now()
    from tests import world

    application = story.draft(call, world.project("KINDS"), by=cast.coordinator, upto="researchers")
    db.session.commit()
    return application.public_id


TYPED = {
    "q_decide": "yes", "q_k_long": "Five words and no more", "q_k_short": "Short", "q_k_yes_no": "no",
    "q_k_choice": "B", "q_k_choices": ["A", "B"], "q_k_number": "2,5", "q_k_money": "7.50", "q_k_date": "2027-03-01",
    "q_k_table-0-0": "Ada", "q_k_table-0-1": "12", "q_k_table-2-0": "Bob", "q_k_declaration": "y",
}  # fmt: skip


def _unmet(public_id: str) -> set[str]:
    from grants.applications.actions import findings

    db.session.rollback()
    db.session.expire_all()
    return {f.code for f in findings(whole(public_id)) if f.field == "questions" and not f.holds}


def _save(browser: Any, draft: str, **typed: Any) -> Any:
    page = f"/applications/{draft}/questions"
    version = browser.get(page).text.split('name="version"')[1].split('value="')[1].split('"')[0]
    return browser.post(page, data=TYPED | {"version": version} | typed)


def test_an_applicant_answers_every_kind(as_: Any, draft: str) -> None:
    """Stored as plain JSON: amounts as cents, numbers as decimal text, days as ISO text (settled: Numbers)."""
    browser = as_("coordinator")
    assert _save(browser, draft).status_code == 303
    assert _unmet(draft) == {"ANSWER:k_file", "ANSWER:how_will_results_be_used"}
    pdf = {"file": (io.BytesIO(story.pdf(2)), "annex.pdf")}
    assert browser.post(f"/applications/{draft}/annexes/k_file", data=pdf).status_code == 303
    proposal = whole(draft).proposal
    stored = {answer.key: answer.value for answer in proposal.answers}
    assert (stored["k_money"], stored["k_number"], stored["k_date"]) == (750, "2.5", "2027-03-01")
    assert stored["k_table"] == [["Ada", "12"], ["", ""], ["Bob", ""]]
    assert (stored["k_choices"], stored["k_declaration"]) == (["A", "B"], True)
    assert (proposal.attached("k_file").pages, proposal.part_b) == (2, None)
    assert _unmet(draft) == {"ANSWER:how_will_results_be_used"}
    assert browser.get(f"/applications/{draft}/questions").text.count("Bob") == 1
    assert "Bob" in browser.get(f"/applications/{draft}/submission").text
    assert browser.post(f"/applications/{draft}/annexes/k_file/removal").status_code == 303
    assert "ANSWER:k_file" in _unmet(draft)


def test_where_nothing_is_asked_nothing_is_missing_and_nothing_is_sent(as_: Any, draft: str) -> None:
    browser = as_("coordinator")
    _save(browser, draft)
    _save(browser, draft, q_decide="no")
    assert _unmet(draft) == {"ANSWER:how_will_results_be_used"}
    application = whole(draft)
    assert [answer.key for answer in application.proposal.answers if answer.key.startswith("k_")] == []
    assert application.answered["k_short"] == "Short"


BAD_ANSWERS = [
    ("k_number", "q_k_number", "many"), ("k_money", "q_k_money", "-3"), ("k_date", "q_k_date", "2027-02-30"),
    ("k_choice", "q_k_choice", "C"), ("k_choices", "q_k_choices", "C"), ("k_yes_no", "q_k_yes_no", "maybe"),
    ("k_short", "q_k_short", "a\x00b"), ("k_table", "q_k_table-0-0", "x\x07"), ("k_table", "q_k_table-1-1", "y" * 501),
]  # fmt: skip


@pytest.mark.parametrize(("key", "name", "value"), BAD_ANSWERS)
def test_an_answer_that_is_none_is_said_beside_its_field(
    as_: Any, draft: str, key: str, name: str, value: str
) -> None:
    before = dict(whole(draft).answered)
    answer = _save(as_("coordinator"), draft, **{name: value})
    assert answer.status_code == 422
    assert f'id="q_{key}-error"' in answer.text
    assert "Five words and no more" in answer.text
    db.session.rollback()
    assert whole(draft).answered == before


@pytest.mark.parametrize(
    ("typed", "code"),
    [({"q_k_long": "one two three four five six"}, "ANSWER_TOO_LONG:k_long"),
     ({"q_k_number": "1"}, "ANSWER_RANGE:k_number"), ({"q_k_money": "9.01"}, "ANSWER_RANGE:k_money"),
     ({"q_k_table-0-0": "", "q_k_table-0-1": "", "q_k_table-2-0": ""}, "ANSWER:k_table")],
)  # fmt: skip
def test_an_answer_beyond_its_limits_is_kept_and_becomes_a_finding(
    as_: Any, draft: str, typed: Any, code: str
) -> None:
    assert _save(as_("coordinator"), draft, **typed).status_code == 303
    assert code in _unmet(draft)


def test_a_call_is_copied_with_its_form_and_without_its_people(as_: Any, names: Any, draft: str) -> None:
    officer, reference = as_("officer"), names.calls["draft"]
    typed = {"reference": "TAI-AGAIN", "opens": "2027-01-01T09:00", "deadline": "2027-05-01T17:00"}
    assert officer.post(f"/calls/{reference}/copy", data=typed | {"reference": reference}).status_code == 422
    assert (
        officer.post(f"/calls/{reference}/copy", data=typed | {"deadline": "2026-12-31T17:00"}).status_code
        == 422
    )
    assert (
        officer.post(f"/calls/{reference}/copy", data=typed | {"deadline": "2027-03-28T02:30"}).status_code
        == 422
    )
    assert officer.post(f"/calls/{reference}/copy", data=typed).status_code == 303
    first, again = _call(names), queries.by_reference("TAI-AGAIN")
    assert (again.state, again.applications_made, again.origin) == ("draft", 0, None)
    assert again.scheme == first.scheme
    assert again.rules == first.rules
    assert {q.public_id for q in again.questions}.isdisjoint(q.public_id for q in first.questions)
