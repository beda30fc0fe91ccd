"""Names in texts that applicants read: with title or without, by surname alone; never a word that is only a word."""

from types import SimpleNamespace

import pytest

from grants.applications.proposal import Partner, Proposal
from grants.experts.conflicts import Person, Traces, detected
from grants.people.names import bare, mentioned
from tests.world import NOW

DAHL = SimpleNamespace(name="Dr Henrik Dahl", email="hdahl@uni-h.example")
MAY = SimpleNamespace(name="Prof. Dr. Anna May, PhD", email="a.may@uni-h.example")
OESE = SimpleNamespace(name="Ødegård, Søren", email="")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dr Henrik Dahl", "Henrik Dahl"),
        ("Prof. Dr.-Ing. habil. Henrik Dahl, Ph.D.", "Henrik Dahl"),
        ("DAHL, Henrik", "Henrik DAHL"),
        ("Mme Marie Curie", "Marie Curie"),
        ("Henrik  Dahl", "Henrik Dahl"),
        ("Doctor", "Doctor"),
        ("", ""),
    ],
)
def test_a_name_without_titles(name, expected):
    assert bare(name) == expected


@pytest.mark.parametrize(
    ("person", "text", "expected"),
    [
        (DAHL, "As Henrik Dahl pointed out, the method is sound.", "Henrik Dahl"),
        (DAHL, "as henrik\n dahl pointed out", "henrik dahl"),
        (DAHL, "Prof. Dahl disagreed.", "Prof. Dahl"),
        (DAHL, "This was H. Dahl's view.", "H. Dahl"),
        (DAHL, "The others, Dahl included, agree.", "Dahl"),
        (DAHL, "See DAHL on this.", "DAHL"),
        (DAHL, "Write to HDAHL@uni-h.example about it.", "HDAHL@uni-h.example"),
        (MAY, "The text of a.may is good.", "a.may"),
        (OESE, "Two experts, Ødegård among them, doubt this.", "Odegard"),
        (MAY, "The project may fail. May be improved.", ""),
        (MAY, "May I add that costs are high?", ""),
        (DAHL, "The Dahlem institute and Dahlberg AB take part.", ""),
        (DAHL, "The concept is original.", ""),
    ],
)
def test_what_surely_names_somebody(person, text, expected):
    assert mentioned(text, person) == expected


@pytest.mark.parametrize(
    ("person", "text", "expected"),
    [
        (MAY, "May be improved.", "May"),
        (DAHL, "Dahl disagreed.", "Dahl"),
        (DAHL, "In the words of hdahl: good.", "hdahl"),
        (MAY, "It may be improved.", ""),
    ],
)
def test_what_may_name_somebody_and_is_asked_about(person, text, expected):
    assert mentioned(text, person, surely=False) == expected


def test_somebody_in_the_application_has_the_same_name_whatever_the_titles():
    lead = Partner(key="", name="UNI", contact_name="Dahl, Henrik", contact_email="lead@other.example")
    traces = Traces.of(Proposal(call="", partners=(lead,)))
    found = detected(Person(name=DAHL.name, email=DAHL.email), traces, on=NOW.date())
    assert [(one.code, one.rule) for one in found] == [("P3", "same_name")]
