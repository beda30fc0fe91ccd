"""The report of a panel and the report of a whole call: for the archive, without what a conflict hides."""

import json
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete

from grants import clock, jobs
from grants.applications.queries import by_public_id
from grants.calls import queries as calls
from grants.db import db
from grants.documents import actions, contents
from grants.documents.models import Document
from grants.experts.models import Conflict
from grants.panels import actions as panels
from grants.panels import queries, uncertainty
from grants.panels.standing import standing
from tests.documents import reading
from tests.panels.built import MILLION, T_5_1, application, closed_call, t_5_1
from tests.panels.test_discuss import with_experts
from tests.test_access import OFFICERS, PANEL
from tests.world import CAST

pytestmark = pytest.mark.one_database


def made(client, reference, kind):
    answer = client.post(f"/calls/{reference}/documents", data={"kind": kind})
    assert answer.status_code == 303
    jobs.run_waiting()
    return client.get(answer.location + "/file", buffered=True).data


def facts(content):
    return json.loads(reading.facts(content)["data"])["facts"]


def conflict(public_id, person, found=datetime(2026, 5, 5, tzinfo=UTC)):
    """A conflict of interest that is found out after the panel."""
    db.session.add(
        Conflict(application_id=by_public_id(public_id).id, user_id=person.id, code="D1", source="entered",
                 status="confirmed", found_at=found)
    )  # fmt: skip
    db.session.commit()


@pytest.fixture
def adopted(cast):
    """The worked example T-5.1 after its panel: aspects noted, a score amended, figures on the line kept."""
    with clock.at(datetime(2026, 4, 1, tzinfo=UTC)):
        call = closed_call(cast)
        ones = t_5_1(call, cast.coordinator)
        nothing = {
            "version": 0, "amended": {}, "reason": "", "tie_order": None, "tie_reason": "", "max_grant": None
        }  # fmt: skip
        consensus = {name: dict(zip(("excellence", "impact", "implementation"), scores, strict=True))
                     for name, (scores, *_rest) in T_5_1.items()}  # fmt: skip
        for name, (_scores, _amount, aspects, *_rest) in T_5_1.items():
            panels.note(
                by_public_id(ones[name].public_id), by=cast.chair, consensus=consensus[name], aspects=aspects,
                **nothing | ({"amended": {"impact": 300}, "reason": "A missed work package."} if name == "P08" else {}),
            )  # fmt: skip
        before = standing(call, queries.entries(call), {})
        ordered = [place.entry.key for place in before.places]
        scores = tuple(
            (key, str(who), 14 - at - who / 2) for at, key in enumerate(ordered) for who in range(3)
        )
        amounts = tuple((place.entry.key, place.amount if place.rank else None) for place in before.places)
        shown = uncertainty.of_panel(scores, amounts, call.budget, 15, 0.5, False)
        panels.close(
            call, by=cast.chair, report="We used the whole scale.", seen=panels.reviewed(before), shown=shown
        )
        db.session.commit()
        return call.reference, {name: (one.number, one.public_id) for name, one in ones.items()}


def test_the_panel_report_tells_the_whole_work_of_the_panel(as_, adopted):
    reference, ones = adopted
    assert "Make the panel report as a PDF" in as_("chair").get(f"/calls/{reference}/ranking").text

    content = made(as_("chair"), reference, "panel")

    text = reading.text(content)
    for words in (
        "We used the whole scale.", "Order of discussion", "A missed work package.", "Equal scores, step by step",
        "aspects not covered yet", "Amounts added up from the first place", "Expected rank", "Fits the budget",
    ):  # fmt: skip
        assert words in text
    value = facts(content)
    amended = next(one for one in value["inputs"] if one["number"] == ones["P08"][0])
    assert (amended["consensus"]["impact"], amended["amended"]["impact"]) == (350, 300)
    assert sorted(value["order"]) == sorted(number for number, _id in ones.values())
    assert value["hidden"] == 0
    assert len(value["sureness"]["items"]) == len(ones)


def test_a_conflict_takes_an_application_out_of_the_panel_report_without_a_trace(as_, cast, adopted):
    reference, ones = adopted
    number, public_id = ones["P04"]
    conflict(public_id, cast.officer)

    content = made(as_("officer"), reference, "panel")

    value, text = facts(content), reading.text(content)
    assert "It is left out of this document" in text
    assert number not in text + json.dumps(value)
    assert "P04" not in text
    assert "Amounts added up" not in text
    assert "Expected rank" not in text
    assert value["sureness"] is None
    assert [row["place"] for row in value["rows"] if row["place"]] == list(
        range(1, len([row for row in value["rows"] if row["place"]]) + 1)
    )


def test_the_call_report_counts_a_call_and_names_no_expert(as_, names):
    content = made(as_("officer"), names.calls["released"], "call")

    value, text = facts(content), reading.text(content)
    assert value["received"] == 3
    assert value["states"] == {"informed": 3}
    assert {one["outcome"]: one["count"] for one in value["decisions"]} == {
        "invited": 1, "reserve": 1, "below_threshold": 1,
    }  # fmt: skip
    assert value["rates"] == {"received": 3333, "evaluated": 3333}
    assert value["loads"] == [{"applications": 3, "experts": 3}]
    assert sum(one["requested"] for one in value["countries"]) == value["requested"]
    assert sum(one["requested"] for one in value["types"]) == value["requested"]
    assert sum(one["participations"] for one in value["countries"]) == 9
    assert {(one["gate"], one["verdict"]): one["count"] for one in value["gates"]} == {
        ("admissibility", "ok"): 3, ("eligibility", "ok"): 3,
    }  # fmt: skip
    assert value["scores"]["excellence"] == {"count": 3, "lowest": 350, "mean": 400, "highest": 450}
    assert "Passed" in text
    assert re.search(r"Reserve list 1 – ", text)  # who is on it has no grant
    assert not re.search(r"from (\d+ \w+ \d+) to \1", text)  # one day is no period
    for name, email in CAST.values():
        assert name not in text + json.dumps(value)
        assert email not in text + json.dumps(value)


def test_the_call_report_counts_nothing_of_what_a_conflict_hides(as_, cast, names):
    conflict(names.applications["released_best"], cast.officer)

    content = made(as_("officer"), names.calls["released"], "call")

    value = facts(content)
    assert "Nothing of it is counted in this document." in reading.text(content)
    assert (value["received"], value["funded"], value["granted"]) == (2, 0, [])
    assert value["loads"] == [{"applications": 2, "experts": 3}]
    assert value["scores"]["excellence"]["count"] == 2


@pytest.mark.parametrize("kind", ["panel", "call", "ranking"])
def test_a_conflict_found_later_closes_what_was_made_before(as_, cast, names, kind):
    olga, reference = as_("officer"), names.calls["released"]
    answer = olga.post(f"/calls/{reference}/documents", data={"kind": kind})
    jobs.run_waiting()
    assert olga.get(answer.location + "/file", buffered=True).status_code == 200

    conflict(names.applications["released_best"], cast.officer, found=datetime(2026, 12, 1, tzinfo=UTC))

    assert olga.get(answer.location + "/file").status_code == 403


@pytest.mark.parametrize("part", CAST)
@pytest.mark.parametrize(("kind", "readers"), [("panel", PANEL), ("call", OFFICERS)])
def test_only_they_who_work_for_the_call_get_its_reports(as_, names, part, kind, readers):
    answer = as_(part).post(f"/calls/{names.calls['released']}/documents", data={"kind": kind})
    db.session.rollback()

    assert (answer.status_code == 303) == (part in readers)
    assert db.session.query(Document).filter_by(kind=kind).count() == (part in readers)


def test_there_is_no_report_before_there_is_something_to_tell(as_, names):
    olga = as_("officer")

    assert olga.post(f"/calls/{names.calls['panel']}/documents", data={"kind": "panel"}).status_code == 409
    assert olga.post(f"/calls/{names.calls['open']}/documents", data={"kind": "call"}).status_code == 409


def test_the_same_facts_give_the_same_page(app, names):
    call = calls.by_reference(names.calls["released"])
    for kind in ("panel", "call"):
        first, second = (contents.page(kind, "fr", call=call, application=None) for _turn in range(2))
        assert first.digest == second.digest
    db.session.rollback()


def test_the_command_line_writes_them_into_a_folder(app, names, tmp_path):
    call = calls.by_reference(names.calls["released"])
    for kind, count in (("report", 3), ("consensus", 3), ("panel", 1), ("call", 1)):
        found = [one.outcome for one in actions.export(call, kind, tmp_path / kind)]
        assert found == ["made"] * count
        call = calls.by_reference(names.calls["released"])
        assert [one.outcome for one in actions.export(call, kind, tmp_path / kind)] == ["unchanged"] * count


def test_a_conflict_that_is_found_later_does_not_move_the_order_of_discussion(as_, adopted, cast):
    """The report of an old panel tells who was out of the room then."""
    reference, ones = adopted
    before = reading.text(made(as_("chair"), reference, "panel"))
    with_experts(cast, calls.by_reference(reference), cast.expert)
    conflict(ones["P01"][1], cast.expert)
    content = made(as_("chair"), reference, "panel")
    assert queries.absent(calls.by_reference(reference))[ones["P01"][0]] == {cast.expert.public_id}
    assert "Not in the room" in before and cast.expert.name not in reading.text(content)
    assert facts(content)["order"] == sorted(number for number, _id in ones.values())


def test_who_was_out_of_the_room_stays_in_the_report(as_, cast):
    """Eva had a conflict when the panel closed; later it is taken back, and she is no member any more."""
    call = closed_call(cast)
    one = application(call, cast.coordinator, "AWAY", (400, 400, 400), MILLION)
    with_experts(cast, call, cast.expert)
    conflict(one.public_id, cast.expert, found=call.opens_on)
    before = standing(call, queries.entries(call), {})
    panels.close(call, by=cast.chair, report="", seen=panels.reviewed(before))
    db.session.execute(delete(Conflict))
    db.session.commit()
    assert queries.absent(call) == {}
    assert cast.expert.name in reading.text(made(as_("chair"), call.reference, "panel"))
