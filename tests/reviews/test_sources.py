"""Sentences of the individual reports are taken over, and the consensus knows for ever where each came from."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants.db import db
from grants.reviews import queries
from grants.reviews.sources import Traced, left, sentences, taken, traced
from tests.reviews.test_reach_consensus import answer, circulated
from tests.reviews.typed import CRITERIA, filled, fresh

EXCELLENCE = CRITERIA[0]
FIRST = "The method is sound, e.g. in the second package. The team has the skills that the work needs."
SECOND = "The state of the art is described well. Risks of the field trials are named but not answered."


def test_a_sentence_keeps_its_source_when_it_is_moved_or_changed():
    text = (
        "Risks of the field trials are named but hardly answered. We all liked it.\n\n"
        "The method is sound, e.g. in the second package."
    )

    assert traced(text, [FIRST, SECOND]) == (
        Traced("Risks of the field trials are named but hardly answered.", 2, changed=True),
        Traced("We all liked it."),
        Traced("The method is sound, e.g. in the second package.", 1),
    )


def test_what_is_left_to_take_over():
    assert left(FIRST, "The method is sound, e.g. in the second package.") == (
        ("The method is sound, e.g. in the second package.", False),
        ("The team has the skills that the work needs.", True),
    )


words = st.text("abcdefgh", min_size=2, max_size=9)
sentence = st.lists(words, min_size=3, max_size=9).map(lambda found: " ".join(found).capitalize() + ".")


@given(st.lists(sentence, min_size=1, max_size=6), st.lists(sentence, max_size=6))
def test_whatever_was_taken_over_word_for_word_is_never_called_anything_else(theirs, others):
    text = ""
    for one in theirs:
        text = taken(text, one)

    found = traced(text, [" ".join(others), "\n".join(theirs)])

    assert sentences(text) == tuple(theirs) == tuple(one.sentence for one in found)
    assert all(one.expert in (1, 2) and not one.changed for one in found)
    assert all(one.expert == 2 or one.sentence in others for one in found)


@pytest.fixture
def here(names):
    return names.applications["in_consensus"]


@pytest.fixture
def group(as_):
    return {part: as_(part) for part in ("rapporteur", "expert", "expert2")}


def comment(here, number, text):
    """The expert's comment on the first criterion, by the expert's number."""
    report = queries.valid_reports(fresh(here).application)[number - 1]
    report.marks[0].comment = text
    db.session.commit()


def test_the_rapporteur_takes_a_sentence_over_with_one_click(here, group):
    comment(here, 2, SECOND)
    typed = filled(fresh(here).version) | {"take": f"{EXCELLENCE}:2:2"}
    assert "Take over" in group["rapporteur"].get(f"/applications/{here}/consensus").text

    answered = group["rapporteur"].post(f"/applications/{here}/consensus", data=typed)

    assert answered.location.endswith(f"/consensus#criterion-{EXCELLENCE}")
    assert fresh(here).marks[0].comment == (
        f"Sound work on {EXCELLENCE}.\n\nRisks of the field trials are named but not answered."
    )
    page = group["rapporteur"].get(f"/applications/{here}/consensus").text
    assert "from expert 2" in page
    assert "taken over" in page
    assert "Take over" not in group["expert"].get(f"/applications/{here}/consensus").text


@pytest.mark.parametrize("odd", ["", ":", "nonsense:1:1", f"{EXCELLENCE}:9:1", f"{EXCELLENCE}:1:x"])
def test_a_sentence_that_does_not_exist_changes_nothing(odd, here, group):
    typed = filled(fresh(here).version) | {"take": odd}

    assert group["rapporteur"].post(f"/applications/{here}/consensus", data=typed).status_code == 303

    assert fresh(here).marks[0].comment == f"Sound work on {EXCELLENCE}."


def test_the_final_report_keeps_the_sources_and_the_applicants_never_read_them(here, group, as_):
    comment(here, 2, SECOND)
    text = "Risks of the field trials are named but hardly answered. A word of our own."
    circulated(group, here, **{f"comment_{EXCELLENCE}": text})
    for part in ("expert", "expert2"):
        assert answer(group[part], here).status_code == 303
    officer = as_("officer")
    assert officer.post(f"/consensus/{fresh(here).public_id}/finalisation", data={}).status_code == 303

    consensus = fresh(here)
    kept = json.loads(consensus.snapshot)
    assert kept["internal"]["sources"][EXCELLENCE] == [
        {
            "sentence": "Risks of the field trials are named but hardly answered.",
            "expert": 2,
            "changed": True,
        },
        {"sentence": "A word of our own.", "expert": None, "changed": False},
    ]
    assert "sources" not in json.dumps(kept["summary"])
    comment(here, 2, "Nothing of this is there any more.")
    assert "from expert 2, changed" in officer.get(f"/applications/{here}/consensus").text
