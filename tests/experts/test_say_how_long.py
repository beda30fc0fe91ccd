"""How long an evaluation takes is said before anybody is invited, and in the invitation itself."""

import pytest
from sqlalchemy import select

from grants.db import db
from grants.experts.workload import hours
from grants.mail import Mail
from tests.experts.asked import stored


@pytest.mark.parametrize(
    ("pages", "reports", "expected"), [(0, 1, 1), (32, 1, 4), (36, 1, 4), (37, 1, 5), (64, 2, 8), (0, 0, 0)]
)
def test_hours_follow_from_pages_and_reports(pages, reports, expected):
    assert hours(pages, reports) == expected


def test_the_officer_and_the_expert_read_the_same_figure(names, cast, as_):
    address = f"/applications/{names.applications['admitted']}/assignments"
    officer, said = as_("officer"), "The files have 32 pages: count on about 4 hours for one report."
    page = officer.get(address)
    assert said in page.text
    officer.post(address, data={"experts": cast.expert3.public_id, "part": "score"})

    body = db.session.scalar(
        select(Mail.body).where(Mail.recipient == cast.expert3.email).order_by(Mail.id.desc())
    )
    assert said in body
    assert stored(names.applications["admitted"]).state == "admitted"


def test_what_a_person_has_taken_on_stands_beside_the_name(names, as_):
    page = as_("officer").get(f"/applications/{names.applications['admitted']}/assignments").text
    row = page.split("Rosa Rapporteur")[1].split("</tr>")[0]
    assert "about 8 hours" in row  # two applications of 32 pages
