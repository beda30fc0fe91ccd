"""What gives a consortium away where a call is evaluated blind, and what does not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grants.applications.blind import Clue, Read, clues
from grants.applications.proposal import Attachment, Proposal, WorkPackage

CONSORTIUM = Proposal.from_dict({
    "schema": 1, "call": "C", "number": "C-1", "acronym": "LANTERN", "title": "", "abstract": "",
    "partners": [
        {"key": "a", "name": "Karlsruher Institut für Technologie", "short_name": "KIT", "country": "DE",
         "role": "coordinator", "activity": "HES", "contact_name": "Lena Lead", "contact_email": "lena@kit.edu"},
        {"key": "b", "name": "Brandex Robotics GmbH", "short_name": "AIR", "country": "FR", "role": "beneficiary",
         "activity": "PRC"},
        {"key": "c", "name": "École normale supérieure", "short_name": "Lantern", "country": "FR",
         "role": "beneficiary", "activity": "HES"},
    ],
    "researchers": [{"partner": "a", "first_name": "Željko", "last_name": "Ångström"}],
})  # fmt: skip


def _clues(
    proposal: Proposal,
    pages: Sequence[str],
    properties: Mapping[str, str] | None = None,
    kind: str = "part_b",
) -> tuple[Clue, ...]:
    """What is found in a proposal with one file."""
    file = Attachment(kind, "letter.pdf", "0" * 64, 1, len(pages))
    return clues(replace(proposal, attachments=(file,)), {file.sha256: Read(pages, properties or {})})


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (
            "The karlsruher institut für  Technologie will lead.",
            "organisation",
            "karlsruher institut für Technologie",
        ),
        ("The work is done at KIT.", "organisation", "KIT"),
        ("Brandex Robotics builds the arm.", "organisation", "Brandex Robotics"),
        ("Students of the\nÉcole normale\nsupérieure", "organisation", None),
        ("Dr. Lead coordinates.", "person", "Dr. Lead"),
        ("Lena Lead coordinates.", "person", "Lena Lead"),
        ("Ångström, Željko (PI)", "person", "Ångström, Željko"),
        ("Write to someone@elsewhere.org", "address", "someone@elsewhere.org"),
        ("See the page at kit.edu for more.", "domain", "kit.edu"),
        ("See https://lantern-project.eu/results.", "link", "https://lantern-project.eu/results"),
        ("In our previous H2020 project we built a lamp.", "own", "our previous H2020 project"),
        ("as we have shown in [4]", "own", "as we have shown"),
        ("We have coordinated three actions.", "own", "We have coordinated"),
        ("Nos travaux précédents le montrent.", "own", "Nos travaux"),
    ],
)
def test_what_tells_who_applies_is_found_on_its_page(text, kind, words):
    if words is None:
        text = " ".join(text.split("\n")[:1]) + " École normale\nsupérieure"
        words = "École normale supérieure"
    found = _clues(CONSORTIUM, ["Nothing here.", text])
    assert (kind, words, 2) in [(clue.kind, clue.words, clue.page) for clue in found]


@pytest.mark.parametrize(
    "text",
    [
        "The quality of the air in cities, and a kit of tools.",
        "LANTERN lights the way; a lantern is a lamp.",
        "[3] L. Lead, Ž. Ångström: Lamps that learn. Nature, 2021.",
        "12. Lead L, Smith J. et al. Lamps. 2019. https://doi.org/10.1000/182",
        "It was shown in [4] that lamps learn, and previous projects confirm it.",
        "https://eur-lex.europa.eu/eli/reg/2024/1689/oj",
        "We will lead the field, as leading groups do.",
        "",
    ],
)
def test_what_anybody_could_have_written_is_no_clue(text):
    assert _clues(CONSORTIUM, [text]) == ()


def test_title_abstract_and_the_properties_of_the_file_are_looked_at_too():
    told = Proposal.from_dict(
        CONSORTIUM.to_dict() | {"title": "KIT shines", "abstract": "With Brandex Robotics GmbH"}
    )
    found = _clues(told, [], {"author": "Somebody", "title": "Part B", "producer": "Writer 7"})
    assert [(clue.place, clue.kind) for clue in found] == [
        ("title", "organisation"), ("abstract", "organisation"), ("abstract", "organisation"), ("part_b", "file"),
    ]  # fmt: skip


def test_own_keywords_work_packages_and_files_that_answer_questions_are_looked_at_too():
    told = replace(
        CONSORTIUM, free_keywords="KIT", work_packages=(WorkPackage("w", "Tests at KIT", "a", 1, 12),)
    )
    found = _clues(told, ["Nothing here.", "Yours, Lena Lead"], kind="q:letter")
    assert [(clue.place, clue.where) for clue in found] == [
        ("keywords", ""), ("work_packages", ""), ("letter.pdf", "letter.pdf, 2"),
    ]  # fmt: skip


@given(st.text(max_size=200), st.lists(st.text(max_size=100), max_size=3))
def test_any_text_can_be_looked_at(name, pages):
    data = CONSORTIUM.to_dict()
    data["partners"][0] |= {"name": name, "short_name": name[:20], "contact_name": name[:50]}
    found = _clues(Proposal.from_dict(data), pages)
    assert len(found) == len(set(found))
