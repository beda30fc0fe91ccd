"""The panel meets: who leaves the room when, what is written down, and what another budget would do."""

import json
import re

from grants.calls.scheme import library
from grants.db import db
from grants.experts.models import Conflict
from grants.panels import queries
from grants.reviews.models import ConsensusMark, ConsensusReport
from tests.panels.built import MILLION, application, closed_call, fields, finding, t_5_1


def conflict(one, person, call):
    db.session.add(
        Conflict(application_id=one.id, user_id=person.id, code="D5", source="declared", status="confirmed",
                 found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()


def with_experts(cast, call, *people):
    """Experts who have declared no conflict for one application of the call."""
    from grants.experts.models import Assignment

    other = application(call, cast.coordinator, "OTHER", (300, 300, 300), MILLION, state="in_panel")
    for person in people:
        db.session.add(
            Assignment(application_id=other.id, user_id=person.id, state="cleared", invited_at=call.opens_on,
                       invited_by_id=cast.officer.id)
        )  # fmt: skip
    db.session.commit()


def test_members_with_a_conflict_leave_and_come_back_as_seldom_as_possible(app, cast, as_):
    call = closed_call(cast)
    ones = {
        name: application(call, cast.coordinator, name, (400, 400, 400), MILLION)
        for name in ("A", "B", "C", "D")
    }
    with_experts(cast, call, cast.expert, cast.expert2)
    for name in ("A", "C"):
        conflict(ones[name], cast.expert, call)
    conflict(ones["C"], cast.expert2, call)

    page = as_("chair").get(f"/calls/{call.reference}/panel/discussion")

    rows = re.findall(r'<th scope="row">.*?>(\w+)</a>.*?</th>\s*<td>([^<]*)</td>', page.text, re.DOTALL)
    assert [(name, " ".join(people.split())) for name, people in rows] == [
        ("B", "Nobody"), ("D", "Nobody"), ("OTHER", "Nobody"),
        ("A", "Eva Expert"), ("C", "Emil Evaluator, Eva Expert"),
    ]  # fmt: skip
    assert "4 times somebody goes out or comes in; by number it would be 6 times." in page.text


def test_the_chair_with_a_conflict_sees_a_gap_and_no_count(app, cast, as_):
    call = closed_call(cast)
    one = application(call, cast.coordinator, "SECRETNAME", (400, 400, 400), MILLION)
    application(call, cast.coordinator, "B", (450, 400, 400), MILLION)
    conflict(one, cast.chair, call)

    page = as_("chair").get(f"/calls/{call.reference}/panel/discussion").text

    assert "SECRETNAME" not in page
    assert page.count("Please leave the room.") == 1
    assert "times somebody goes out" not in page
    other = as_("chair").get(f"/calls/{call.reference}/panel/what-if?budget=1").text
    assert "SECRETNAME" not in other
    assert "Sum of the main list" not in other


def test_minutes_and_votes_are_kept_with_a_version_and_frozen_at_the_closing(app, cast, as_):
    call = closed_call(cast)
    one = application(call, cast.coordinator, "GATE", (450, 400, 350), 3 * MILLION)
    chair, address = as_("chair"), f"/applications/{one.public_id}/panel"
    typed = finding(chair.get(address), minutes="Discussed at length.", motion="Keep the score", votes_for="5",
                    votes_against="1")  # fmt: skip
    assert chair.post(address, data=typed).status_code == 303
    again = finding(chair.get(address), minutes="Discussed twice.")
    assert "This is version 1." in chair.get(address).text
    assert chair.post(address, data=again).status_code == 303

    closing = fields(chair.get(f"/calls/{call.reference}/panel/closure"), 'name="seen"') | {
        "report": "Adopted."
    }
    assert chair.post(f"/calls/{call.reference}/panel/closure", data=closing).status_code == 303

    [frozen] = json.loads(queries.adopted(call).snapshot)["inputs"]
    assert frozen["minutes"] == {"version": 2, "text": "Discussed twice."}
    assert frozen["vote"] == {"motion": "Keep the score", "for": 5, "against": 1}
    assert chair.post(address, data=again).status_code == 409


def test_a_vote_without_a_question_is_refused_and_what_was_typed_stays(app, cast, as_):
    call = closed_call(cast)
    one = application(call, cast.coordinator, "GATE", (450, 400, 350), 3 * MILLION)
    chair, address = as_("chair"), f"/applications/{one.public_id}/panel"

    answer = chair.post(address, data=finding(chair.get(address), votes_for="5", minutes="Long."))

    assert answer.status_code == 422
    assert "A vote needs both: what it was about, and the numbers." in answer.text
    assert "Long." in answer.text


def test_another_budget_beside_the_list_changes_nothing(app, cast, as_):
    """T-5.1: with 22 millions P04 would be on the main list, with a threshold of 13.5 only two would be ranked."""
    call = closed_call(cast)
    ones = t_5_1(call, cast.coordinator)
    chair = as_("chair")
    for name, aspects in (
        ("P01", "a"),
        ("P02", "a, b"),
        ("P03", "c"),
        ("P04", "a"),
        ("P05", "b"),
        ("P09", "b"),
    ):
        address = f"/applications/{ones[name].public_id}/panel"
        chair.post(address, data=finding(chair.get(address), aspects=aspects))

    page = chair.get(f"/calls/{call.reference}/panel/what-if?budget=22000000&threshold=10").text
    assert re.findall(r"(\w+) changes sides", page) == ["P04"]
    assert "€18,000,000" in page
    assert "€22,000,000" in page
    stricter = chair.get(f"/calls/{call.reference}/panel/what-if?budget=20000000&threshold=13.5").text
    assert sorted(re.findall(r"(\w+) changes sides", stricter)) == ["P03", "P04", "P05", "P07", "P09"]
    for wrong in (
        "budget=much",
        "threshold=99",
        "threshold=x",
        "budget=-1",
        "threshold=NaN",
        "threshold=1e99",
    ):
        answer = chair.get(f"/calls/{call.reference}/panel/what-if?{wrong}")
        assert answer.status_code == 422, wrong
    assert call.budget == 20 * MILLION


def test_a_stricter_threshold_is_tried_where_the_lowest_score_is_the_best(app, cast, as_):
    """The national call takes totals up to 8; its chair asks what 6 would do, and mistypes what no total can be."""
    call = closed_call(cast)
    call.scheme_json = library()["national-low-best-2026"].to_dict()
    for name, scores in (("GOOD", (100, 200, 200)), ("FAIR", (200, 300, 200))):
        one = application(call, cast.coordinator, name, None, MILLION)
        criteria = [criterion.id for criterion in call.scheme.criteria]
        marks = [ConsensusMark(criterion=c, score=score, comment="Sound.")
                 for c, score in zip(criteria, scores, strict=False)]  # fmt: skip
        db.session.add(
            ConsensusReport(application_id=one.id, state="final", opened_at=call.opens_on, marks=marks)
        )
    db.session.commit()
    address, chair = f"/calls/{call.reference}/panel/what-if", as_("chair")

    stricter = chair.get(f"{address}?threshold=6")

    assert stricter.status_code == 200
    assert re.findall(r"(\w+) changes sides", stricter.text) == ["FAIR"]
    impossible = chair.get(f"{address}?threshold=2.9")
    assert impossible.status_code == 422
    assert "Choose a threshold from 3 to 15." in impossible.text
    assert 'value="2.9"' in impossible.text


def test_the_trace_says_above_whom_and_by_what(app, cast, as_):
    call = closed_call(cast)
    t_5_1(call, cast.coordinator)

    page = as_("chair").get(f"/calls/{call.reference}/panel").text

    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    third = f"{call.reference}-0003"
    assert f"above {third}: Excellence 4.5 &gt; 4" in text
    assert f"above {call.reference}-0005: share of women 50%, 45%" in text
