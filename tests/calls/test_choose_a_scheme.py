"""An officer chooses a scoring scheme, changes its thresholds and weights, and fixes them by publishing."""

from typing import Any

import pytest

from grants.calls import queries
from grants.calls.scheme import library
from grants.db import db


def _call(names: Any) -> Any:
    db.session.expire_all()
    return queries.by_reference(names.calls["draft"])


def _form(call: Any, **changed: str) -> dict[str, str]:
    typed = {"version": str(call.version), "overall": "10"}
    for criterion in call.scheme.criteria:
        typed |= {f"threshold_{criterion.id}": "3", f"rank_{criterion.id}": "1"}
    return typed | changed


@pytest.mark.parametrize("scheme_id", library())
def test_each_scheme_has_its_page_and_opens_a_form_that_fits(as_: Any, scheme_id: str) -> None:
    """The lump sum of a research action brings 45 pages, the plain one 40 (rulebook 1.2)."""
    officer = as_("officer")
    assert f"/schemes/{scheme_id}" in officer.get("/schemes").text
    assert "What the scores mean" in officer.get(f"/schemes/{scheme_id}").text
    form = officer.get(f"/calls/new?scheme={scheme_id}").text
    assert f'<option selected value="{scheme_id}">' in form
    pages = {"he-ria-2026": "40", "he-ria-ls-2026": "45", "he-csa-ls-2026": "28", "msca-pf-2026": "10"}.get(
        scheme_id
    )
    assert pages is None or f'name="page_limit" type="number" value="{pages}"' in form


def test_a_scheme_that_does_not_exist_is_not_found(as_: Any) -> None:
    assert as_("officer").get("/schemes/none").status_code == 404


def test_thresholds_and_weights_are_the_call_s_own(as_: Any, names: Any) -> None:
    """T-1.2 for scoring: what the call says stands above the library, which stays as it is."""
    officer, call = as_("officer"), _call(names)
    page = f"/calls/{names.calls['draft']}/scheme"
    assert "Thresholds and weights" in officer.get(page).text
    answer = officer.post(page, data=_form(call, threshold_impact="3,5", rank_impact="1.5", overall="11"))
    assert answer.status_code == 303
    changed = _call(names).scheme
    assert (changed.criterion("impact").threshold, changed.criterion("impact").rank_weight) == (350, 150)
    assert (changed.overall_threshold, changed.buckets, changed.rank_maximum) == (
        1100,
        (1100, 1300, 1400),
        1750,
    )
    assert library()["he-ria-2026"].overall_threshold == 1000
    assert "3.5" in officer.get(f"/calls/{names.calls['draft']}").text


WRONG = [
    ("threshold_impact", "6"), ("threshold_impact", "-1"), ("threshold_impact", ""), ("threshold_impact", "many"),
    ("rank_impact", "0"), ("rank_impact", "1.33"), ("overall", "16"), ("overall", "3.555"),
    ("rank_excellence", "\u0663"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_value_off_the_scale_is_said_beside_its_field(as_: Any, names: Any, field: str, value: str) -> None:
    before = _call(names).scheme
    answer = as_("officer").post(
        f"/calls/{names.calls['draft']}/scheme", data=_form(_call(names), **{field: value})
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert _call(names).scheme == before


def test_two_officers_change_the_scoring_at_once(as_: Any, names: Any) -> None:
    page, form = f"/calls/{names.calls['draft']}/scheme", _form(_call(names))
    assert as_("officer").post(page, data=form | {"overall": "11"}).status_code == 303
    second = as_("officer2").post(page, data=form | {"overall": "12"})
    assert second.status_code == 409
    assert 'value="12"' in second.text
    assert _call(names).scheme.overall_threshold == 1100


def test_published_nothing_changes_any_more(as_: Any, names: Any) -> None:
    officer = as_("officer")
    officer.post(f"/calls/{names.calls['draft']}/publication")
    assert officer.post(f"/calls/{names.calls['draft']}/scheme", data=_form(_call(names))).status_code == 409
