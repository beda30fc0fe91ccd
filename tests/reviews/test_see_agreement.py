"""The officer looks at how far the evaluators of a call agree, and sees nothing of an application behind a conflict."""

import re

from sqlalchemy import select

from grants.applications.models import Application
from grants.calls.queries import by_reference
from grants.calls.scheme import library
from grants.db import db
from grants.experts.models import Conflict
from grants.people.queries import by_email
from grants.reviews.queries import individual_marks
from tests.world import CAST


def rows(page, title):
    """Cells of the table with that caption, row by row."""
    body = page.text.split(f'visually-hidden">{title}</caption>')[1].split("</table>")[0].split("<tbody>")[1]
    return [
        [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", cell)).strip() for cell in re.split("<t[hd]", row)[1:]]
        for row in body.split("<tr>")[1:]
    ]


def reliability(page):
    return [
        [cell.partition(">")[2].strip() or cell for cell in row]
        for row in rows(page, "Reliability of the scores")
    ]


def test_the_officer_sees_the_figures_of_every_criterion_and_of_the_total(app, names, as_, statements):
    officer = as_("officer")
    statements.clear()
    page = officer.get(f"/calls/{names.calls['panel']}/agreement")
    assert page.status_code == 200
    assert sum("report_marks" in one for one in statements) == 1
    found = reliability(page)
    assert len(found) == 4
    assert all(row[1:3] == ["3", "9"] for row in found)
    assert page.text.count("<svg") == 1
    furthest = rows(page, "Where scores lie furthest apart")
    assert len(furthest) == 3


def test_the_total_is_that_of_the_scheme_of_the_call(app, names, as_):
    """The weights of MSCA, as a percentage of the best; and a scale on which less is better turns the severe end."""
    call = by_reference(names.calls["panel"])
    weights = {"excellence": 50, "impact": 30, "implementation": 20}
    scheme = call.scheme_json
    call.scheme_json = library()["msca-pf-2026"].to_dict()
    db.session.commit()
    address, officer = f"/calls/{names.calls['panel']}/agreement", as_("officer")
    given = individual_marks(call, by_email(CAST["officer"][1]))
    (best,) = {one.number for one in given if one.public_id == names.applications["panel_best"]}
    scores = {
        one.criterion: one.score for one in given if one.number == best and one.user_id == given[0].user_id
    }
    expected = sum(scores[key] * weight for key, weight in weights.items()) / 500

    page = officer.get(address)

    (row,) = [row for row in rows(page, "Where scores lie furthest apart") if best in row[0]]
    assert f">{expected:.2f}" in " ".join(row[2:5])
    assert "Below zero is more severe." in page.text
    by_reference(names.calls["panel"]).scheme_json = scheme | {"direction": "low", "buckets": [1000, 900]}
    db.session.commit()
    assert "Above zero is more severe: less is better here." in officer.get(address).text


def test_a_conflict_takes_an_application_out_of_all_figures(app, cast, names, as_):
    barred = db.session.scalars(
        select(Application).where(Application.public_id == names.applications["panel_best"])
    ).one()
    number = barred.number
    db.session.add(
        Conflict(application_id=barred.id, user_id=cast.officer.id, code="D5", source="declared", status="confirmed",
                 found_at=barred.created_at)
    )  # fmt: skip
    db.session.commit()
    address = f"/calls/{names.calls['panel']}/agreement"
    mine, other = as_("officer").get(address), as_("officer2").get(address)
    assert number not in mine.text
    assert number in other.text
    assert all(row[1:3] == ["2", "6"] for row in reliability(mine))


def test_drafts_do_not_count_and_nobody_outside_sees_them(app, names, as_):
    """In evaluation stands one application with one report sent and one in draft, in consensus one with three."""
    address = f"/calls/{names.calls['evaluation']}/agreement"
    assert [row[1:3] for row in reliability(as_("observer").get(address))][-1] == ["2", "4"]
    for part in ("expert", "rapporteur", "coordinator", "chair"):
        assert as_(part).get(address).status_code in (403, 404)


def test_the_board_says_how_long_a_consensus_has_been_open(app, names, as_):
    page = as_("officer").get(f"/calls/{names.calls['evaluation']}/reports?phase=in_consensus")
    assert "open for 23 days" in page.text
