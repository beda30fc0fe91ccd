"""The chair looks at the ranking, notes what the panel finds, resolves ties and closes the panel."""

import json
import re

import pytest

from grants.calls.queries import by_reference
from grants.canonical import digest
from grants.db import db
from grants.experts.models import Conflict
from grants.panels import queries
from grants.panels.actions import reviewed
from grants.panels.models import RankedList
from grants.panels.standing import standing
from tests.panels.built import MILLION, T_5_1, application, closed_call, fields, finding, t_5_1


def acronyms(page):
    """Acronyms of the rows of the list, from the first to the last."""
    return re.findall(r"\bP0\d\b(?=</a>|\s*<br>)", page.text)


def note(client, one, **changes):
    address = f"/applications/{one.public_id}/panel"
    return client.post(address, data=finding(client.get(address), **changes))


def note_aspects(client, applications):
    for name, one in applications.items():
        assert note(client, one, aspects=", ".join(T_5_1[name][2])).status_code == 303


def close(client, call, report="We read all consensus reports."):
    address = f"/calls/{call.reference}/panel/closure"
    return client.post(address, data=fields(client.get(address), 'name="report"') | {"report": report})


def close_blindly(client, call):
    """Post what the page of a blocked panel does not offer, with the right fingerprint."""
    seen = reviewed(standing(by_reference(call.reference), queries.entries(call), queries.outstanding(call)))
    return client.post(f"/calls/{call.reference}/panel/closure", data={"seen": seen, "report": "Done."})


def test_the_desk_ranks_the_worked_example_and_shows_what_placed_each(app, cast, as_):
    """T-5.1 through the page."""
    call = closed_call(cast)
    applications = t_5_1(call, cast.coordinator)
    chair = as_("chair")
    note_aspects(chair, applications)

    page = chair.get(f"/calls/{call.reference}/panel")

    assert acronyms(page) == ["P02", "P01", "P03", "P04", "P05", "P09", "P07", "P06", "P08"]
    assert page.text.count("Aspects covered, among equal scores") == 1
    assert page.text.count("Nearer to gender balance among the leading researchers") == 1
    assert page.text.count("Quality and efficiency of the implementation 2.5, threshold 3") == 1
    assert page.text.count("Total 9.5, threshold 10") == 1


def test_without_aspects_excellence_decides(app, cast, as_):
    """T-5.3 through the page."""
    call = closed_call(cast)
    t_5_1(call, cast.coordinator)

    page = as_("chair").get(f"/calls/{call.reference}/panel")

    assert acronyms(page)[:6] == ["P02", "P01", "P04", "P05", "P09", "P03"]


def test_closing_adopts_the_list_once_and_freezes_it_with_its_inputs(app, cast, as_):
    call = closed_call(cast)
    applications = t_5_1(call, cast.coordinator)
    chair = as_("chair")
    note_aspects(chair, applications)

    assert close(chair, call).status_code == 303

    call = by_reference(call.reference)
    adopted = queries.adopted(call)
    rows = db.session.execute(queries.places(adopted)).all()
    assert [(row.acronym, row.line) for row in rows] == [
        ("P02", "main"), ("P01", "main"), ("P03", "main"), ("P04", "reserve"), ("P05", "reserve"),
        ("P09", "reserve"), ("P07", "reserve"), ("P06", "below_threshold"), ("P08", "below_threshold"),
    ]  # fmt: skip
    assert [row.cumulative for row in rows][:4] == [7 * MILLION, 13 * MILLION, 18 * MILLION, 22 * MILLION]
    frozen = json.loads(adopted.snapshot)
    assert digest(frozen) == adopted.sha256
    assert frozen["inputs"][2]["aspects"] == ["c"]
    assert frozen["inputs"][0]["women_share"] == [2, 5]
    assert frozen["panel_report"] == "We read all consensus reports."
    assert {row.state for row in rows} == {"evaluated"}
    assert chair.get(f"/calls/{call.reference}/panel/closure").status_code == 409
    assert chair.get(f"/applications/{applications['P01'].public_id}/panel").status_code == 409
    assert db.session.query(RankedList).filter_by(call_id=call.id).count() == 1


def test_the_adopted_list_shows_steps_hash_and_distribution(app, cast, as_):
    """T-5.4: the groups add up to the applications above the thresholds."""
    call = closed_call(cast)
    t_5_1(call, cast.coordinator)
    chair = as_("chair")
    close(chair, call)

    page = as_("observer").get(f"/calls/{call.reference}/ranking")

    assert queries.adopted(by_reference(call.reference)).sha256 in page.text
    table = page.text.partition("Applications above all thresholds, by total")[2]
    assert [int(n) for n in re.findall(r'class="number">(\d+)</td>', table)] == [1, 5, 1]


def test_nothing_cheaper_is_pulled_up_and_the_reserve_ends_where_the_call_says(app, cast, as_):
    call = closed_call(cast, reserve_size=1)
    for name, amount in (("P01", 15 * MILLION), ("P02", 6 * MILLION), ("P03", 5 * MILLION)):
        application(call, cast.coordinator, name, (500, 500, 500 - 50 * int(name[-1])), amount)

    assert close(as_("chair"), call).status_code == 303

    rows = db.session.execute(queries.places(queries.adopted(by_reference(call.reference)))).all()
    assert [(row.acronym, row.line) for row in rows] == [
        ("P01", "main"),
        ("P02", "reserve"),
        ("P03", "no_budget"),
    ]


def test_an_open_tie_blocks_closing_until_the_panel_orders_it_with_a_reason(app, cast, as_):
    call = closed_call(cast)
    twins = [application(call, cast.coordinator, name, (400, 400, 400), MILLION) for name in ("P01", "P02")]
    chair = as_("chair")
    page = chair.get(f"/calls/{call.reference}/panel")
    assert f"{twins[0].number}, {twins[1].number} are tied" in page.text
    assert close_blindly(chair, call).status_code == 409
    assert by_reference(call.reference).panel_closed_at is None

    assert note(chair, twins[0], tie_order="2").status_code == 422
    assert note(chair, twins[0], tie_order="2", tie_reason="Second: an overlap.").status_code == 303
    assert note(chair, twins[1], tie_order="1", tie_reason="First: broader use.").status_code == 303

    page = chair.get(f"/calls/{call.reference}/panel")
    assert acronyms(page) == ["P02", "P01"]
    assert "Order set by the panel" in page.text
    assert close(chair, call).status_code == 303


def test_an_amended_score_ranks_in_place_of_the_consensus(app, cast, as_):
    call = closed_call(cast)
    low = application(call, cast.coordinator, "P01", (400, 400, 400), MILLION)
    application(call, cast.coordinator, "P02", (450, 400, 400), MILLION)
    chair = as_("chair")

    note(chair, low, score_impact="500", reason="Equal to what the panel gave elsewhere.")

    assert acronyms(chair.get(f"/calls/{call.reference}/panel")) == ["P01", "P02"]
    assert close(chair, call).status_code == 303
    rows = db.session.execute(queries.places(queries.adopted(by_reference(call.reference)))).all()
    assert [(row.acronym, row.total) for row in rows] == [("P01", 1300), ("P02", 1250)]


def test_an_application_still_in_evaluation_blocks_closing(app, cast, as_):
    call = closed_call(cast)
    application(call, cast.coordinator, "P01", (400, 400, 400), MILLION)
    application(call, cast.coordinator, "P02", None, MILLION, state="in_evaluation")
    application(call, cast.coordinator, "P03", None, MILLION, state="withdrawn_after_deadline")
    chair = as_("chair")

    page = chair.get(f"/calls/{call.reference}/panel/closure")

    assert "Applications on their way to the panel: 1 (In evaluation)." in page.text
    assert 'name="report"' not in page.text
    assert close_blindly(chair, call).status_code == 409
    assert by_reference(call.reference).panel_closed_at is None


def test_a_list_that_changed_since_the_review_is_not_adopted(app, cast, as_):
    call = closed_call(cast)
    one = application(call, cast.coordinator, "P01", (400, 400, 400), 5 * MILLION)
    chair = as_("chair")
    closure = f"/calls/{call.reference}/panel/closure"
    seen = fields(chair.get(closure), 'name="report"') | {"report": "Done."}
    note(as_("officer"), one, max_grant="4000000")

    answer = chair.post(closure, data=seen)

    assert answer.status_code == 409
    assert "Done." in answer.text
    assert by_reference(call.reference).panel_closed_at is None


def test_only_the_chair_closes(app, cast, as_):
    call = closed_call(cast)
    closure = f"/calls/{call.reference}/panel/closure"

    answers = {
        name: as_(name).get(closure).status_code
        for name in ("chair", "officer", "observer", "expert", "coordinator")
    }

    assert answers == {"chair": 200, "officer": 403, "observer": 403, "expert": 403, "coordinator": 403}


def test_the_ranking_opens_with_the_closing_and_for_staff_and_chair_only(app, cast, as_):
    call = closed_call(cast)
    application(call, cast.coordinator, "P01", (400, 400, 400), MILLION)
    address = f"/calls/{call.reference}/ranking"
    assert as_("chair").get(address).status_code == 409
    close(as_("chair"), call)

    answers = {
        name: as_(name).get(address).status_code
        for name in ("chair", "officer", "observer", "expert", "coordinator")
    }

    assert answers == {"chair": 200, "officer": 200, "observer": 200, "expert": 403, "coordinator": 403}


def test_somebody_with_a_conflict_sees_a_gap_in_place_of_the_application(app, cast, as_):
    call = closed_call(cast)
    barred = application(call, cast.coordinator, "P01", (450, 400, 350), MILLION)
    application(call, cast.coordinator, "P02", (400, 400, 300), MILLION)
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.officer.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()
    officer, chair = as_("officer"), as_("chair")

    page = officer.get(f"/calls/{call.reference}/panel")
    assert acronyms(page) == ["P02"]
    assert page.text.count("Not shown: you have a conflict of interest with this application.") == 1
    assert barred.number not in page.text
    assert officer.get(f"/applications/{barred.public_id}/panel").status_code == 404

    close(chair, call)
    page = officer.get(f"/calls/{call.reference}/ranking")
    assert barred.number not in page.text
    assert "P01" not in page.text


@pytest.mark.parametrize("hidden", ["P01", "P02", "P03"])
def test_the_list_does_not_tell_which_place_a_conflict_hides(app, cast, as_, hidden):
    call = closed_call(cast)
    ones = {
        acronym: application(call, cast.coordinator, acronym, scores, MILLION)
        for acronym, scores in (("P01", (500, 450, 400)), ("P02", (450, 400, 350)), ("P03", (400, 350, 350)))
    }
    db.session.add(
        Conflict(application_id=ones[hidden].id, user_id=cast.officer.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()
    officer = as_("officer")

    def places(page):
        return re.findall(r"<tr>\s*<td>([0-9–]+)</td>", page.text)

    assert places(officer.get(f"/calls/{call.reference}/panel")) == ["1", "2", "–"]
    close(as_("chair"), call)
    page = officer.get(f"/calls/{call.reference}/ranking")
    assert places(page) == ["1", "2", "–"]
    assert "The ranks count the applications that are shown to you." in page.text
    assert places(as_("officer2").get(f"/calls/{call.reference}/ranking")) == ["1", "2", "3"]
    assert places(officer.get(f"/calls/{call.reference}/decisions")) == ["1", "2", "–"]


def test_somebody_with_a_conflict_gets_no_sums_to_subtract_from(app, cast, as_):
    """The amounts added up, the counts and the histogram would tell what the gap hides (rulebook 4.7)."""
    call = closed_call(cast)
    barred = application(call, cast.coordinator, "P01", (450, 400, 350), MILLION)
    application(call, cast.coordinator, "P02", (400, 400, 300), MILLION)
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.officer.id, code="D5", source="declared",
                 status="confirmed", found_at=call.opens_on)
    )  # fmt: skip
    db.session.commit()
    sums = ("€2,000,000", "Main list</dt>", "Amounts against the budget", "Distribution of the totals")

    def shown(name, stage):
        page = as_(name).get(f"/calls/{call.reference}/{stage}").text
        return [text for text in sums if text in page]

    assert (shown("officer", "panel"), shown("officer2", "panel")) == ([], list(sums[:3]))
    close(as_("chair"), call)
    assert (shown("officer", "ranking"), shown("officer2", "ranking")) == ([], list(sums))
