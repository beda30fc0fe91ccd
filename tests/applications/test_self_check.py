"""Before registering, anybody asks whether a consortium like theirs could apply; the call's own rules answer."""

from typing import Any

import pytest
from sqlalchemy import func, select

from grants.applications.models import Application
from grants.db import db
from grants.events import Event

MAY, MAY_NOT, OPEN = "you may apply", "You could not apply like this", "It cannot be told yet"


@pytest.mark.parametrize(
    ("countries", "others", "answer"),
    [
        pytest.param("DE FR IT", "", MAY, id="T-1.3"),
        pytest.param("DE FR", "", MAY_NOT, id="T-1.4"),
        pytest.param("NO CH GB", "", MAY_NOT, id="T-1.5"),
        pytest.param("DE NO CH", "", MAY, id="T-1.6"),
        pytest.param("DE FR US", "", MAY_NOT, id="T-1.7"),
        pytest.param("DE KR CA", "", MAY, id="T-1.8"),
        pytest.param("DE FR", "IT", MAY_NOT, id="T-1.9"),
        pytest.param("FR RE GF", "", MAY_NOT, id="T-1.12"),
        pytest.param("DE FR IT", "BY", MAY_NOT, id="T-1.13"),
        pytest.param("DE IT JP", "", OPEN, id="T-1.14"),
        pytest.param("DE FR IT US", "", OPEN, id="exceptional funding is judged by experts"),
    ],
)
def test_the_answer_is_that_of_the_rules(
    as_: Any, names: Any, countries: str, others: str, answer: str
) -> None:
    query = [("beneficiaries", code) for code in countries.split()] + [
        ("others", code) for code in others.split()
    ]
    page = as_(None).get(f"/calls/{names.calls['open']}/self-check", query_string=query)
    assert page.status_code == 200
    assert [text for text in (MAY, MAY_NOT, OPEN) if text in page.text] == [answer]


@pytest.mark.parametrize(
    "query", ["beneficiaries=XX", "organisations=3", "beneficiaries=DE&organisations=many"]
)
def test_what_cannot_be_asked_is_said_beside_its_field(as_: Any, names: Any, query: str) -> None:
    page = as_(None).get(f"/calls/{names.calls['open']}/self-check?{query}")
    assert (page.status_code, "There is a problem" in page.text) == (422, True)


def test_asking_stores_nothing(as_: Any, names: Any) -> None:
    def counts() -> list[Any]:
        return [db.session.scalar(select(func.count()).select_from(table)) for table in (Application, Event)]

    visitor, before = as_(None), counts()
    visitor.get(f"/calls/{names.calls['open']}/self-check?beneficiaries=DE&beneficiaries=FR&beneficiaries=IT")
    db.session.rollback()
    assert counts() == before
