"""What can be found without asking: an expert's facts against what a proposal names (rulebook 4.7)."""

from dataclasses import replace
from datetime import date

import pytest

from grants.applications.proposal import Partner, Proposal, Researcher
from grants.experts.conflicts import CODES, Detected, Employment, Person, Traces, detected

TODAY = date(2026, 10, 1)
PROPOSAL = Proposal(
    call="C",
    partners=(
        Partner("a", name="Centre national de la recherche scientifique", short_name="CNRS", pic="999997930",
                contact_name="Zoé Łukasz-O'Neill", contact_email="zoe@dsi.cnrs.example"),
        Partner("b", name="Universität Köln", short_name="", pic="999958890", contact_name="Uwe Kunz",
                contact_email="uwe.kunz@gmail.com", ror="00rcxh774"),
    ),
    researchers=(Researcher("a", "Ana", "Castillo", orcid="0000-0002-1825-0097"),),
)  # fmt: skip
STRANGER = Person(
    "Nora Nobody", "nora@elsewhere.example", employer="Elsewhere Institute", employer_pic="111111111"
)

CASES = {
    "nothing in common": ({}, []),
    "employer by PIC": ({"employer_pic": "999997930"}, [("D5", "employer", "CNRS")]),
    "employer by ROR": ({"employer_ror": "00rcxh774"}, [("D5", "employer", "Universität Köln")]),
    "an employer without a ROR beside a partner without one": ({"employer_ror": ""}, []),
    "employer by name, without accents": ({"employer": "universitat KOLN"}, [("D5", "employer", "Universität Köln")]),
    "employer by short name": ({"employer": "cnrs"}, [("D5", "employer", "CNRS")]),
    "employer by the name in brackets": ({"employer": "National Centre (CNRS)"}, [("D5", "employer", "CNRS")]),
    "an employer that only begins alike": ({"employer": "CNRS Éditions"}, []),
    "past employer, three years ago to the day": (
        {"past_employers": (Employment("CNRS", until=date(2023, 10, 1)),)}, [("P1", "past_employer", "CNRS")],
    ),
    "past employer, one day longer ago": ({"past_employers": (Employment("CNRS", until=date(2023, 9, 30)),)}, []),
    "past employer, nobody knows until when": (
        {"past_employers": (Employment("", "999958890"),)}, [("P1", "past_employer", "Universität Köln")],
    ),
    "same domain": ({"email": "n@dsi.cnrs.example"}, [("P3", "domain", "dsi.cnrs.example (CNRS)")]),
    "domain above": ({"email": "n@cnrs.example"}, [("P3", "domain", "dsi.cnrs.example (CNRS)")]),
    "domain below": ({"email": "n@lab.dsi.cnrs.example"}, [("P3", "domain", "dsi.cnrs.example (CNRS)")]),
    "domain that ends alike": ({"email": "n@notcnrs.example"}, []),
    "domain of a mail provider": ({"email": "nora@gmail.com"}, []),
    "same ORCID as a researcher": ({"orcid": "0000-0002-1825-0097"}, [("D1", "researcher", "Ana Castillo")]),
    "another first name": ({"name": "Zora Lukasz-O'Neill"}, []),
    "same name as a contact, without accents": (
        {"name": "Lukasz-O'Neill Zoe"}, [("P3", "same_name", "Zoé Łukasz-O'Neill")],
    ),
    "same name as a researcher": ({"name": "Castillo, Ana"}, [("P3", "same_name", "Ana Castillo")]),
    "is a contact": ({"email": "UWE.KUNZ@gmail.com"}, [("D1", "named", "Uwe Kunz")]),
}  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), CASES.values(), ids=CASES)
def test_what_is_found(facts, expected):
    found = detected(replace(STRANGER, **facts), Traces.of(PROPOSAL), on=TODAY)
    assert found == tuple(Detected(*one) for one in expected)


def test_competing_applications_are_named_together():
    found = detected(STRANGER, Traces.of(PROPOSAL), on=TODAY, competing={"C-0009", "C-0002"})
    assert found == (Detected("D9", "competing", "C-0002, C-0009"),)


def test_disqualifying_ones_come_first():
    person = replace(STRANGER, email="n@cnrs.example", employer="CNRS", orcid="0000-0002-1825-0097")
    assert [one.code for one in detected(person, Traces.of(PROPOSAL), on=TODAY)] == ["D1", "D5", "P3"]


def test_an_empty_profile_meets_an_empty_proposal():
    assert detected(Person("", ""), Traces.of(Proposal(call="C", partners=(Partner("a"),))), on=TODAY) == ()


def test_every_situation_of_the_code_of_conduct_has_its_words():
    assert list(CODES) == [*(f"D{n}" for n in range(1, 10)), "P1", "P2", "P3"]


def test_a_leap_day_has_a_day_three_years_before():
    person = replace(STRANGER, past_employers=(Employment("CNRS", until=date(2021, 2, 28)),))
    assert [one.code for one in detected(person, Traces.of(PROPOSAL), on=date(2024, 2, 29))] == ["P1"]
