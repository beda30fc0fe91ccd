"""What the applicants will read of an evaluation: the consensus and nobody who made it (rulebook 4.5)."""

from types import SimpleNamespace

import pytest

from grants.canonical import canonical
from grants.reviews.summary import evaluation_summary
from tests.reviews.typed import CRITERIA, fresh

EXCELLENCE = CRITERIA[0]


@pytest.fixture
def consensus(app, names):
    return fresh(names.applications["panel_best"])


def test_the_summary_holds_no_person(consensus, cast):
    """T-4.2: no name, initials, e-mail or id of an evaluator, rapporteur or officer, and no word kept inside."""
    consensus.marks[0].justification, consensus.minority_view = "Kept inside", "Held by one"

    text = canonical(evaluation_summary(consensus.application, consensus)).decode()

    for part in ("rapporteur", "expert", "expert2", "officer", "officer2", "chair", "observer"):
        person = getattr(cast, part)
        initials = ".".join(word[0] for word in person.name.split()) + "."
        for mark in (person.name, person.name.split()[0], person.email, person.public_id, initials):
            assert mark not in text, mark
    for inside in ("Kept inside", "Held by one", "justification", "minority", "remarks", "approvals"):
        assert inside not in text, inside


def test_the_summary_says_what_the_letter_needs(consensus):
    summary = evaluation_summary(consensus.application, consensus)

    assert (summary["number"], summary["call"]) == (consensus.application.number, consensus.call.reference)
    assert summary["total"] == sum(consensus.scores.values())
    assert (summary["threshold"], summary["maximum"], summary["passed"]) == (1000, 1500, True)
    assert [row["score"] for row in summary["criteria"]] == list(consensus.scores.values())
    assert [row["threshold"] for row in summary["criteria"]] == [300, 300, 300]
    assert [row["number"] for row in summary["answers"]] == ["A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8"]
    assert sum(row["requested"] for row in summary["participants"]) == summary["requested"]
    assert "rank" not in summary


def test_the_panel_has_the_last_word_on_a_score(consensus):
    amendment = SimpleNamespace(amended={EXCELLENCE: 250})

    summary = evaluation_summary(consensus.application, consensus, amendment)

    first = summary["criteria"][0]
    assert (first["score"], first["amended_by_panel"]) == (250, True)
    assert [row["amended_by_panel"] for row in summary["criteria"][1:]] == [False, False]
    assert (summary["passed"], summary["missed"]) == (False, [EXCELLENCE])
    assert consensus.scores[EXCELLENCE] != 250
