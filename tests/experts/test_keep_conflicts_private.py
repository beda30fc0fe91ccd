"""Who declared which conflict of interest is for the officers; observers see that there are some (rulebook 7.4)."""

SISTER = "My sister leads a work package."


def test_observers_read_no_declaration(cast, as_, names):
    from tests.experts.asked import assignment

    here = names.applications["in_evaluation"]
    declaration = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"
    declared = {"declaration": "conflict", "code": "D3", "reason": SISTER}
    assert as_("expert").post(declaration, data=declared).status_code == 303

    shown = {
        (part, page): SISTER in as_(part).get(f"/applications/{here}/{page}").text
        for part in ("officer", "observer")
        for page in ("assignments", "history")
    }

    assert shown == {("officer", "assignments"): True, ("officer", "history"): True,
                     ("observer", "assignments"): False, ("observer", "history"): False}  # fmt: skip
    assert "Declared a conflict" not in as_("observer").get(f"/applications/{here}/history").text
