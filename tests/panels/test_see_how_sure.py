"""The chair asks how sure the line is before closing; the answer informs, and a conflict hides all of it."""

import json
import re

from sqlalchemy import select, update

from grants.applications.models import Application
from grants.applications.queries import by_public_id
from grants.calls.queries import by_reference
from grants.calls.scheme import library
from grants.db import db
from grants.experts.models import Assignment, Conflict
from grants.panels import queries, views
from grants.reviews.models import Report, ReportMark

HIDDEN = "The figures of the others would tell about it"


def listed(page):
    """Number and expected rank of each row, from the first to the last."""
    body = page.text.split("<tbody>")[1]
    return re.findall(
        r"<small>([^<]+)</small>.*?</th>(?:\s*<td[^>]*>[^<]*</td>){2}\s*<td[^>]*>([\d.]+)", body, re.DOTALL
    )


def test_the_chair_sees_expected_ranks_with_the_line(app, names, as_, statements):
    chair, address = as_("chair"), f"/calls/{names.calls['panel']}/panel/sureness"
    assert address in chair.get(f"/calls/{names.calls['panel']}/panel").text
    statements.clear()
    page = chair.get(address)
    assert page.status_code == 200
    assert (
        sum("report_marks.criterion" in one and "report_marks.comment" not in one for one in statements) == 1
    )
    rows = listed(page)
    assert len(rows) == 3
    weak = db.session.scalars(
        select(Application.number).where(Application.public_id == names.applications["panel_weak"])
    ).one()
    assert rows[-1][0] == weak
    assert abs(sum(float(rank) for _number, rank in rows) - 6) < 0.2
    assert "informs the panel and never decides" in page.text
    assert page.text.count("<svg") == 1


def test_a_void_report_takes_no_part(app, names):
    call = by_reference(names.calls["panel"])
    before = queries.individual_totals(call)
    assert len(before) == 9
    report = db.session.scalars(
        select(Report)
        .join(Report.application)
        .where(Application.public_id == names.applications["panel_weak"])
    ).first()
    db.session.get(Assignment, report.assignment_id).state = "void"
    db.session.flush()
    assert len(queries.individual_totals(call)) == 8


def score(public_id, *values):
    """Every individual report on an application gives these scores."""
    for criterion, value in zip(("excellence", "impact", "implementation"), values, strict=True):
        db.session.execute(
            update(ReportMark)
            .where(
                ReportMark.criterion == criterion,
                ReportMark.report_id.in_(
                    select(Report.id).join(Report.application).where(Application.public_id == public_id)
                ),
            )
            .values(score=value)
            .execution_options(synchronize_session=False)
        )


def test_where_criteria_weigh_differently_the_figures_follow_the_weights(app, names, as_):
    """Excellence is half of a fellowship's total: the same sum of scores is not the same total."""
    call = by_reference(names.calls["panel"])
    call.scheme_json = library()["msca-pf-2026"].to_dict()
    ones = [names.applications[name] for name in ("panel_best", "panel_weak")]
    score(ones[0], 300, 400, 500)
    score(ones[1], 500, 400, 300)
    db.session.commit()
    numbers = [by_public_id(one).number for one in ones]
    totals = {
        (number, points) for number, _who, points in queries.individual_totals(call) if number in numbers
    }
    assert totals == {(numbers[0], 74.0), (numbers[1], 86.0)}

    rows = [number for number, _rank in listed(as_("chair").get(f"/calls/{call.reference}/panel/sureness"))]
    assert rows.index(numbers[1]) < rows.index(numbers[0])


def test_a_conflict_hides_the_figures_of_all(app, cast, names, as_):
    barred = db.session.scalars(
        select(Application).where(Application.public_id == names.applications["panel_best"])
    ).one()
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.officer.id, code="D5", source="declared", status="confirmed",
                 found_at=barred.created_at)
    )  # fmt: skip
    db.session.commit()
    address = f"/calls/{names.calls['panel']}/panel/sureness"
    mine, other = as_("officer").get(address), as_("officer2").get(address)
    assert HIDDEN in mine.text and "<svg" not in mine.text and "<tbody>" not in mine.text
    assert HIDDEN not in other.text and len(listed(other)) == 3


def close_with_figures(chair, reference):
    """The closing page as the chair gets it, and the answer when the figures are ticked all the same."""
    address = f"/calls/{reference}/panel/closure"
    page = chair.get(address).text
    fingerprint = re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page).group(1)
    return page, chair.post(address, data={"seen": fingerprint, "report": "We looked.", "shown": "y"})


def test_where_no_figures_are_shown_nobody_can_say_that_they_were(app, names, as_, monkeypatch):
    monkeypatch.setattr(views, "MOST_SCORES", 8)
    chair, reference = as_("chair"), names.calls["panel"]
    assert "too many scores for a page" in chair.get(f"/calls/{reference}/panel/sureness").text
    page, answer = close_with_figures(chair, reference)
    assert 'name="shown"' not in page
    assert answer.status_code == 422
    assert "No figures were shown" in answer.text and "We looked." in answer.text
    assert by_reference(reference).panel_closed_at is None


def test_a_chair_from_whom_a_conflict_hides_the_figures_cannot_keep_them(app, cast, names, as_):
    barred = by_public_id(names.applications["panel_best"])
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.chair.id, code="D5", source="declared", status="confirmed",
                 found_at=barred.created_at)
    )  # fmt: skip
    db.session.commit()
    page, answer = close_with_figures(as_("chair"), names.calls["panel"])
    assert 'name="shown"' not in page
    assert (answer.status_code, by_reference(names.calls["panel"]).panel_closed_at) == (422, None)


def test_what_the_panel_was_shown_is_frozen_with_the_list(names, as_):
    """Ticked at the closing, the figures stand in the adopted list as they were on the page."""
    chair, reference = as_("chair"), names.calls["panel"]
    seen = listed(chair.get(f"/calls/{reference}/panel/sureness"))
    page = chair.get(f"/calls/{reference}/panel/closure").text
    fingerprint = re.search(r'name="seen"[^>]*value="([0-9a-f]+)"', page).group(1)
    closed = chair.post(
        f"/calls/{reference}/panel/closure",
        data={"seen": fingerprint, "report": "We looked at the figures.", "shown": "y"},
    )
    assert closed.status_code == 303
    kept = json.loads(queries.adopted(by_reference(reference)).snapshot)["sureness"]
    assert [(one["item"], f"{one['expected_rank'] / 100:.1f}") for one in kept["items"]] == seen
    assert "How sure the line was" in chair.get(f"/calls/{reference}/ranking").text
