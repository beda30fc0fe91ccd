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
    """What the page of the scoring holds as it opens; a key such as criteria-1-threshold is changed by **{...}."""
    typed = {"version": str(call.version)}
    for name in ("scale_min", "scale_max", "step", "overall_threshold"):
        typed[name] = str(getattr(call.scheme, name) / 100)
    typed |= {"direction": call.scheme.direction, "formula": call.scheme.formula}
    for position, one in enumerate(call.scheme.criteria):
        typed |= {
            f"criteria-{position}-{name}": value
            for name, value in {
                "id": one.id, "name": one.name, "aspects": "\n".join(one.aspects), "weight": str(one.weight),
                "threshold": str(one.threshold / 100), "rank_weight": str(one.rank_weight / 100),
            }.items()
        }  # fmt: skip
    for position, anchor in enumerate(call.scheme.labels):
        row = {"score": str(anchor.score / 100), "name": anchor.name, "meaning": anchor.meaning}
        typed |= {f"labels-{position}-{name}": value for name, value in row.items()}
    typed |= {f"tie_break-{position}": step for position, step in enumerate(call.scheme.tie_break)}
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
    assert "Criteria and scoring" in officer.get(page).text
    changed = {
        "criteria-1-threshold": "3,5",
        "criteria-1-rank_weight": "1.5",
        "overall_threshold": "11",
    }
    answer = officer.post(page, data=_form(call, **changed))
    assert answer.status_code == 303
    after = _call(names).scheme
    assert (after.criterion("impact").threshold, after.criterion("impact").rank_weight) == (350, 150)
    assert (after.overall_threshold, after.buckets, after.rank_maximum) == (
        1100,
        (1100, 1300, 1400),
        1750,
    )
    assert library()["he-ria-2026"].overall_threshold == 1000
    assert "3.5" in officer.get(f"/calls/{names.calls['draft']}").text


def test_a_call_of_its_own_kind_is_set_up_without_code(as_: Any, names: Any) -> None:
    """From 1 to 7 in whole steps, low is best, a mean, a criterion more and one less, own anchors and tie-break."""
    officer, page = as_("officer"), f"/calls/{names.calls['draft']}/scheme"
    changed = {
        "scale_min": "1", "scale_max": "7", "step": "1", "direction": "low", "formula": "mean",
        "overall_threshold": "3", "criteria-0-threshold": "4", "criteria-1-remove": "y",
        "criteria-2-threshold": "7", "criteria-0-weight": "60", "criteria-2-weight": "20",
        "criteria-3-name": "Nordic added value", "criteria-3-threshold": "5", "criteria-3-weight": "20",
        "criteria-3-aspects": "Sharing of data\n\nMobility", "criteria-3-rank_weight": "1",
        "tie_break-0": "excellence", "tie_break-1": "panel",
    }  # fmt: skip
    anchors = {"labels-0-score": "1", "labels-0-name": "Outstanding", "labels-0-meaning": "Among the best."}
    typed = {key: value for key, value in _form(_call(names)).items() if key[:6] not in ("labels", "tie_br")}
    assert officer.post(page, data=typed | changed | anchors).status_code == 303
    after = _call(names).scheme
    assert (after.grid(), after.direction, after.formula) == (tuple(range(100, 701, 100)), "low", "mean")
    assert [one.id for one in after.criteria] == ["excellence", "implementation", "nordic_added_value"]
    assert after.criteria[2].aspects == ("Sharing of data", "Mobility")
    assert [one.name for one in after.labels] == ["Outstanding"]
    assert after.tie_break == ("excellence", "panel")
    shown = officer.get(f"/calls/{names.calls['draft']}").text
    assert "Nordic added value" in shown
    assert "The lowest score is the best" in shown
    # The officer names the new step of the tie-break once the criterion exists, and an expert scores by it.
    assert '<option value="nordic_added_value">' in officer.get(page).text


def test_what_is_taken_away_decides_no_tie(as_: Any, names: Any) -> None:
    officer, page = as_("officer"), f"/calls/{names.calls['draft']}/scheme"
    assert "impact" in _call(names).scheme.tie_break
    assert officer.post(page, data=_form(_call(names), **{"criteria-1-remove": "y"})).status_code == 303
    assert "impact" not in _call(names).scheme.tie_break


WRONG = [
    ("criteria-1-threshold", "6"), ("criteria-1-threshold", "-1"), ("criteria-1-threshold", ""),
    ("criteria-1-threshold", "many"), ("criteria-1-name", ""), ("criteria-1-aspects", "x\n" * 21),
    ("criteria-1-rank_weight", "0"), ("criteria-1-rank_weight", "1.33"), ("criteria-1-weight", "0"),
    ("overall_threshold", "16"), ("overall_threshold", "3.555"), ("criteria-0-rank_weight", "\u0663"),
    ("step", "0"), ("step", "0.03"), ("step", "0.01"), ("scale_max", "0"), ("direction", "sideways"),
    ("labels-0-score", ""),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), WRONG)
def test_a_value_off_the_scale_is_said_beside_its_field(as_: Any, names: Any, field: str, value: str) -> None:
    before = _call(names).scheme
    answer = as_("officer").post(
        f"/calls/{names.calls['draft']}/scheme", data=_form(_call(names), **{field: value})
    )
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert f'href="#{field}"' in answer.text
    assert _call(names).scheme == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"labels-0-score": "0.25"}, "Each anchor must be a score of the scale."),
        ({"tie_break-0": "panel", "tie_break-1": "panel"}, "Name each step once."),
        ({f"criteria-{n}-remove": "y" for n in range(3)}, "Keep at least one criterion."),
        ({"criteria-3-aspects": "Mobility"}, "A criterion needs a name."),
        ({"criteria-1-name": "excellence "}, "Each criterion needs a name of its own."),
        ({"labels-1-score": "0"}, "Each score has one anchor."),
        ({"formula": "mean", "criteria-0-weight": "70"}, "Choose shares whose sum is 100; now it is 270."),
    ],
)
def test_a_list_that_does_not_hold_together_is_said(
    as_: Any, names: Any, changed: dict[str, str], sentence: str
) -> None:
    before = _call(names).scheme
    answer = as_("officer").post(f"/calls/{names.calls['draft']}/scheme", data=_form(_call(names), **changed))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert _call(names).scheme == before


def test_a_scheme_as_large_as_it_may_be_opens_again(as_: Any, names: Any) -> None:
    page = f"/calls/{names.calls['draft']}/scheme"
    more = {
        f"criteria-{n}-{name}": value
        for n in range(3, 20)
        for name, value in (("name", f"Criterion {n}"), ("threshold", "0"), ("rank_weight", "1"))
    }
    assert as_("officer").post(page, data=_form(_call(names), **more)).status_code == 303
    assert len(_call(names).scheme.criteria) == 20
    assert as_("officer").get(page).status_code == 200


def test_blanks_are_no_threshold(as_: Any, names: Any) -> None:
    page = f"/calls/{names.calls['draft']}/scheme"
    answer = as_("officer").post(page, data=_form(_call(names), overall_threshold=" "))
    assert answer.status_code == 422
    assert 'id="overall_threshold-error"' in answer.text


def test_two_officers_change_the_scoring_at_once(as_: Any, names: Any) -> None:
    page, form = f"/calls/{names.calls['draft']}/scheme", _form(_call(names))
    assert as_("officer").post(page, data=form | {"overall_threshold": "11"}).status_code == 303
    second = as_("officer2").post(page, data=form | {"overall_threshold": "12"})
    assert second.status_code == 409
    assert 'value="12"' in second.text
    assert _call(names).scheme.overall_threshold == 1100


def test_published_nothing_changes_any_more(as_: Any, names: Any) -> None:
    officer = as_("officer")
    officer.post(f"/calls/{names.calls['draft']}/publication")
    assert officer.post(f"/calls/{names.calls['draft']}/scheme", data=_form(_call(names))).status_code == 409
