"""The officer sees first whose words fit the application, and which words these are."""

from typing import Any

from sqlalchemy import select, update

from grants.db import db
from grants.experts.models import Expert
from grants.people.models import User


def _words_of(part: str, names: Any, keywords: list[str], expertise: str) -> None:
    user = select(User.id).where(User.email == names.people[part]["email"]).scalar_subquery()
    db.session.execute(
        update(Expert).where(Expert.user_id == user).values(keywords=keywords, expertise=expertise)
    )
    db.session.commit()


def test_who_writes_about_the_same_comes_first_with_the_shared_words(as_: Any, names: Any) -> None:
    for part in ("expert", "expert2", "expert4", "rapporteur", "conflicted"):
        _words_of(part, names, ["viticulture"], "Grapes, and the wine that is made of them.")
    _words_of("expert3", names, ["public services"], "How dependable are learning systems?")
    page = as_("officer").get(f"/applications/{names.applications['admitted']}/assignments").text
    table = page.partition("the most suitable first")[2]
    first = table.partition("<label")[2]
    assert first.partition("</label>")[0].endswith("Edda Assessor")
    row = first.partition("</tr>")[0]
    assert "dependable" in row and "service" in row and "%" in row
    assert "No shared words" in table.partition("</tr>")[2]


def test_a_search_among_the_experts_does_not_change_how_well_one_fits(as_: Any, names: Any) -> None:
    """How telling a word is follows from the whole pool, not from who happens to be on the page."""
    for part in ("expert", "expert2", "expert4", "rapporteur"):
        _words_of(part, names, ["public services"], "Wine.")
    _words_of("expert3", names, ["public services"], "How dependable are learning systems?")
    officer, address = as_("officer"), f"/applications/{names.applications['admitted']}/assignments"
    everybody, alone = officer.get(address).text, officer.get(f"{address}?q=Edda").text

    def fit(page: str) -> str:
        return page.partition("Edda Assessor</label>")[2].partition("<strong>")[2].partition("</strong>")[0]

    assert "Emil Evaluator</label>" in everybody and "Emil Evaluator</label>" not in alone
    assert fit(alone) == fit(everybody) != ""
