"""Once a year the names of the experts are published, never in connection with an application (rulebook 4.8)."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from grants import clock
from grants.calls.models import Call, Programme
from grants.db import db
from tests.experts.asked import assignment

NEXT_YEAR = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)


def _address(names: Any) -> str:
    programme = db.session.scalar(
        select(Programme.public_id)
        .join(Call, Call.programme_id == Programme.id)
        .where(Call.reference == names.calls["released"])
    )
    return f"/evaluators/{programme}/2026"


def test_when_the_year_is_over_anybody_reads_who_evaluated_and_nothing_more(
    names: Any, cast: Any, as_: Any
) -> None:
    visitor, address = as_(None), _address(names)
    assert visitor.get(address).status_code == 404
    assert "No names yet" in visitor.get("/evaluators").text

    with clock.at(NEXT_YEAR):
        assert address in visitor.get("/evaluators").text
        page = visitor.get(address).text

    for part in ("expert", "expert2", "rapporteur"):
        assert page.count(f"<li>{getattr(cast, part).name}</li>") == 1
    for part in (
        "expert3",
        "expert4",
        "conflicted",
        "coordinator",
        "officer",
    ):  # asked, perhaps; they evaluated nothing
        assert getattr(cast, part).name not in page
    assert "TAI-" not in page and cast.expert.email not in page and "Employer of" not in page


def test_who_evaluated_only_where_nothing_is_released_yet_is_not_named(
    names: Any, cast: Any, as_: Any
) -> None:
    for name in ("best", "good", "weak"):
        assignment(names.applications[f"released_{name}"], cast.expert2).state = "void"
        db.session.commit()
    with clock.at(NEXT_YEAR):
        page = as_(None).get(_address(names)).text
        assert as_(None).get(_address(names).replace("2026", "2025")).status_code == 404
    assert cast.expert.name in page and cast.expert2.name not in page
