"""Two states of an application beside each other."""

from dataclasses import replace

from grants.applications.budget import Budget
from grants.applications.comparison import Change, changes, put_together
from grants.applications.proposal import Answer, Partner, Proposal, Researcher

BEFORE = Proposal(
    call="C", number="C-1", acronym="OLD", title="A title", keywords=("x", "y"),
    partners=(
        Partner("a", name="University A", country="DE", role="coordinator", budget=Budget(personnel=100_00)),
        Partner("b", name="Firm B", country="FR", sme=True),
    ),
    researchers=(Researcher("a", "Lena", "Lead", orcid="0000-0002-1825-0097"),),
    answers=(Answer("why", "Because."), Answer("who", "We.")), declarations=("one",),
)  # fmt: skip


def test_equal_states_have_no_change() -> None:
    assert changes(BEFORE, BEFORE, {}) == ()


def test_each_field_that_differs_is_named() -> None:
    after = replace(
        BEFORE, acronym="NEW",
        partners=(
            replace(BEFORE.partners[0], budget=Budget(personnel=250_00)), Partner("c", name="Lab C", country="IT"),
        ),
        answers=(Answer("why", "Since."), Answer("who", "We.")),
    )  # fmt: skip
    found = {
        (c.section, c.about, c.label): (c.before, c.after) for c in changes(BEFORE, after, {"why": "Why?"})
    }
    assert found["summary", "", "Acronym"] == ("OLD", "NEW")
    assert found["budget", "University A", "Personnel"] == ("10000", "25000")
    assert found["consortium", "Lab C", "Country"] == ("", "IT")
    assert found["consortium", "Firm B", "Country"] == ("FR", "")
    assert found["questions", "Why?", ""] == ("Because.", "Since.")
    assert ("questions", "who", "") not in found


def test_a_state_is_put_together_from_its_sections() -> None:
    """The parts of to_dict() that the sections hold make the very proposal again; a partner no longer named is gone."""
    facts = BEFORE.to_dict()
    parts = {
        "summary": {name: facts[name] for name in ("acronym", "title", "abstract", "duration", "keywords")},
        "consortium": {"partners": ["a", "b"]},
        "questions": {"answers": facts["answers"]},
        "researchers": {"researchers": facts["researchers"]},
        "declarations": {"declarations": ["one"]},
    }
    for partner in facts["partners"]:
        money = partner.pop("budget")
        parts[f"partner:{partner['key']}"] = {"partner": partner}
        parts[f"budget:{partner['key']}"] = {"budget": money}
    assert put_together("C", "C-1", parts) == BEFORE
    parts["consortium"] = {"partners": ["b"]}
    assert [partner.key for partner in put_together("C", "C-1", parts).partners] == ["b"]


def test_a_change_marks_its_words() -> None:
    pieces = Change("summary", "", "Title", "A title", "A better title").pieces
    assert [(piece.kind, piece.text) for piece in pieces] == [
        ("same", "A"), ("added", " better"), ("same", " title"),
    ]  # fmt: skip
