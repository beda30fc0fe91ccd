"""The history that applicants read holds their own acts; who evaluates them stands nowhere in it (rulebook 7.4)."""

import pytest

from tests.world import CAST


@pytest.mark.parametrize(
    "name", ["in_evaluation", "in_consensus", "panel_best", "released_best", "released_good"]
)
def test_the_applicants_history_names_no_evaluator(names, as_, name):
    part = "applicant2" if name in ("in_consensus", "released_good") else "coordinator"
    page = as_(part).get(f"/applications/{names.applications[name]}/history").text

    assert CAST[part][0] in page
    assert not [other for other in ("expert", "expert2", "rapporteur", "chair") if CAST[other][0] in page]
    assert "Report:" not in page


def test_before_the_deadline_the_chair_counts_no_applications(names, as_):
    assert "on their way to the panel" not in as_("chair").get(f"/calls/{names.calls['open']}/panel").text
    assert "on their way to the panel" in as_("chair").get(f"/calls/{names.calls['evaluation']}/panel").text
