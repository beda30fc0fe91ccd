"""Somebody leaves a group: the officer sees who could step in and why, and nobody else is moved (rulebook 4.6, 7.2)."""

from typing import Any

import pytest
from sqlalchemy import delete, select, update

from grants.db import db
from grants.events import EventPayload
from grants.experts import actions, queries, replacement
from grants.experts.models import Assignment, Expert, GroupProposal
from tests.experts.asked import assignment, states, stored


@pytest.fixture
def here(names: Any, cast: Any) -> str:
    """Rapporteur, Eva of Finland and Emil are asked; Edda, Ernst and Konrad of a partner's house are in the pool.

    Of words only Edda shares some with the application, and no groups were composed with other rules before.
    """
    db.session.execute(delete(GroupProposal))
    tell(cast, "expert", country="FI")
    for part in ("rapporteur", "expert", "expert2", "expert4", "conflicted"):
        tell(cast, part, keywords=["gardening"])
    return str(names.applications["in_evaluation"])


def declines(here: str, person: Any) -> None:
    actions.decline(assignment(here, person), reason="No time.", by=person)
    db.session.commit()


def tell(cast: Any, part: str, **facts: Any) -> None:
    db.session.execute(update(Expert).where(Expert.user_id == getattr(cast, part).id).values(**facts))
    db.session.commit()


def ranked(here: str) -> list[str]:
    return [one.candidate.expert.user.name for one in replacement.of(stored(here)).alternates]


def test_the_button_stands_where_somebody_left_and_leads_to_the_ranked_list(
    as_: Any, cast: Any, here: str
) -> None:
    officer, page = as_("officer"), f"/applications/{here}/assignments"
    assert "Find a replacement" not in officer.get(page).text
    declines(here, cast.expert2)
    assert f"/applications/{here}/replacement" in officer.get(page).text
    found = officer.get(f"/applications/{here}/replacement").text
    assert "No time." in found
    assert "artificial, intelligence" in found
    assert "Nobody else is moved" in found


def test_the_chosen_one_is_invited_and_all_others_stay(as_: Any, cast: Any, here: str) -> None:
    declines(here, cast.expert2)
    before = set(db.session.execute(select(Assignment.application_id, Assignment.user_id)).all())
    form = {
        "expert": cast.expert3.public_id, "place": assignment(here, cast.expert2).public_id, "part": "score",
        "due_on": "2026-11-02",
    }  # fmt: skip
    assert as_("officer").post(f"/applications/{here}/replacement", data=form).status_code == 303
    assert states(here) == {
        "Rosa Rapporteur": "cleared", "Eva Expert": "cleared", "Emil Evaluator": "declined",
        "Edda Assessor": "invited",
    }  # fmt: skip
    after = set(db.session.execute(select(Assignment.application_id, Assignment.user_id)).all())
    assert after - before == {(stored(here).id, cast.expert3.id)}
    told = db.session.scalars(select(EventPayload.facts)).all()
    assert any((one or {}).get("instead_of") == cast.expert2.public_id for one in told)


def test_fit_ranks_and_a_hard_rule_comes_before_it(cast: Any, here: str) -> None:
    """Edda fits better than Ernst, until she works where Eva works."""
    declines(here, cast.expert2)
    assert ranked(here) == ["Edda Assessor", "Ernst Spare"]
    tell(cast, "expert3", employer="Employer of expert")
    assert ranked(here) == ["Ernst Spare", "Edda Assessor"]
    last = replacement.of(stored(here)).alternates[-1]
    assert last.worsens == ("institutions",)


def test_a_soft_rule_that_is_held_better_weighs_with_the_fit(cast: Any, here: str) -> None:
    for part in ("rapporteur", "expert", "expert3"):
        tell(cast, part, gender="woman")
    tell(cast, "expert3", keywords=["gardening"])
    tell(cast, "expert4", gender="man")
    declines(here, cast.expert2)
    assert ranked(here) == ["Ernst Spare", "Edda Assessor"]
    first = replacement.of(stored(here)).alternates[0]
    assert "genders" in first.mends


def test_who_has_a_conflict_or_no_load_left_is_counted_and_not_listed(as_: Any, cast: Any, here: str) -> None:
    tell(cast, "expert4", max_load=0)
    declines(here, cast.expert2)
    found = replacement.of(stored(here))
    assert [one.candidate.expert.user.name for one in found.alternates] == ["Edda Assessor"]
    assert found.unfit == {"conflict": 1, "full": 1}
    page = as_("officer").get(f"/applications/{here}/replacement").text
    assert "Konrad Conflicted" not in page
    assert "1 expert with a conflict of interest" in page


def test_after_a_late_conflict_of_the_rapporteur_the_new_one_can_be_it(
    as_: Any, cast: Any, here: str
) -> None:
    rapporteur = assignment(here, cast.rapporteur)
    said = {"declaration": "conflict", "code": "D3", "reason": "My sister."}
    assert (
        as_("rapporteur").post(f"/assignments/{rapporteur.public_id}/declaration", data=said).status_code
        == 303
    )
    officer, page = as_("officer"), f"/applications/{here}/replacement"
    shown = officer.get(page).text
    assert "The group has no rapporteur." in shown
    assert '<option selected value="both">' in shown
    form = {"expert": cast.expert3.public_id, "place": rapporteur.public_id, "part": "both"}
    officer.post(page, data=form)
    new = assignment(here, cast.expert3)
    assert (new.state, new.is_rapporteur, new.scores) == ("invited", True, True)


def test_nobody_chosen_or_a_day_that_has_passed_stands_beside_the_field(
    as_: Any, cast: Any, here: str
) -> None:
    declines(here, cast.expert2)
    officer, page = as_("officer"), f"/applications/{here}/replacement"
    left = assignment(here, cast.expert2).public_id
    answer = officer.post(page, data={"place": left, "part": "record", "due_on": "2020-01-01"})
    assert answer.status_code == 422
    assert "Choose an expert." in answer.text
    assert "This day has passed." in answer.text
    assert '<option selected value="record">' in answer.text
    assert queries.count_evaluators(stored(here)) == 2


def test_with_nobody_left_the_page_says_what_to_do(as_: Any, cast: Any, here: str) -> None:
    for part in ("expert3", "expert4"):
        tell(cast, part, max_load=0)
    declines(here, cast.expert2)
    assert "Nobody can step in" in as_("officer").get(f"/applications/{here}/replacement").text
