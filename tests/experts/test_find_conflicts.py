"""What can be found without asking: an expert's facts against what a proposal names (rulebook 4.7)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from grants.applications.proposal import Partner, Proposal, Researcher
from grants.experts.conflicts import (
    CODES,
    Detected,
    Person,
    Tie,
    Together,
    Traces,
    detected,
    employers,
    years_after,
)

TODAY = date(2026, 10, 1)
PROPOSAL = Proposal(
    call="C",
    partners=(
        Partner("a", name="Centre national de la recherche scientifique", short_name="CNRS", pic="999997930",
                contact_name="Zoé Łukasz-O'Neill", contact_email="zoe@dsi.cnrs.example"),
        Partner("c", name="Mesures SARL", role="subcontractor"),
        Partner("b", name="Universität Köln", short_name="", pic="999958890", contact_name="Uwe Kunz",
                contact_email="uwe.kunz@gmail.com", ror="00rcxh774"),
    ),
    researchers=(Researcher("a", "Ana", "Castillo", orcid="0000-0002-1825-0097"),),
)  # fmt: skip
STRANGER = Person("Nora Nobody", "nora@elsewhere.example", employer=Tie("Elsewhere Institute", "111111111"))

OTHER = Traces.of(Proposal(call="B", partners=(Partner("x", name="Cologne", pic="999958890"),)))
WITH_ANA = Traces.of(
    Proposal(call="B", researchers=(Researcher("x", "Anna", "Castillo", orcid="0000-0002-1825-0097"),))
)
ALONE = Traces.of(Proposal(call="B", researchers=(Researcher("x", "Ana", "Castillo"),)))

CASES = {
    "nothing in common": ({}, []),
    "employer by PIC": ({"employer": Tie("", "999997930")}, [("D5", "employer", "CNRS")]),
    "employer by ROR": ({"employer": Tie("", ror="00rcxh774")}, [("D5", "employer", "Universität Köln")]),
    "an employer without a ROR beside a partner without one": ({"employer": Tie("", ror="")}, []),
    "employer by name, without accents": (
        {"employer": Tie("universitat KOLN")}, [("D5", "employer", "Universität Köln")],
    ),
    "employer by short name": ({"employer": Tie("cnrs")}, [("D5", "employer", "CNRS")]),
    "employer by the name in brackets": ({"employer": Tie("National Centre (CNRS)")}, [("D5", "employer", "CNRS")]),
    "an employer that only begins alike": ({"employer": Tie("CNRS Éditions")}, []),
    "past employer, three years ago to the day": (
        {"past_employers": (Tie("CNRS", until=date(2023, 10, 1)),)},
        [("P1", "past_employer", "CNRS", None, date(2023, 10, 1))],
    ),
    "past employer, one day longer ago": ({"past_employers": (Tie("CNRS", until=date(2023, 9, 30)),)}, []),
    "past employer, nobody knows until when": (
        {"past_employers": (Tie("", "999958890"),)}, [("P1", "past_employer", "Universität Köln")],
    ),
    "past employer by ROR, with the first day too": (
        {"past_employers": (Tie("Uni", ror="00rcxh774", since=date(2019, 1, 1), until=date(2024, 3, 31)),)},
        [("P1", "past_employer", "Universität Köln", date(2019, 1, 1), date(2024, 3, 31))],
    ),
    "several past employers, over all of their time": (
        {"past_employers": (Tie("CNRS", since=date(2020, 1, 1), until=date(2023, 12, 31)),
                            Tie("", "999958890", since=date(2024, 1, 1), until=date(2025, 6, 30)))},
        [("P1", "past_employer", "CNRS, Universität Köln", date(2020, 1, 1), date(2025, 6, 30))],
    ),
    "employed by a named subcontractor": ({"employer": Tie("Mesures SARL")}, [("D5", "employer", "Mesures SARL")]),
    "employer by a name of the register": (
        {"employer": Tie("Institute for Measuring", "123", also=("Mesures Sàrl",))},
        [("D5", "employer", "Mesures SARL")],
    ),
    "a declared tie that holds": (
        {"ties": (Tie("CNRS", code="D4", since=date(2022, 5, 1)),)},
        [("D4", "tie", "CNRS", date(2022, 5, 1), None)],
    ),
    "management that ended two years ago": (
        {"ties": (Tie("CNRS", code="D4", until=date(2024, 9, 30)),)},
        [("P2", "tie", "CNRS", None, date(2024, 9, 30))],
    ),
    "a contract that ended two years ago": (
        {"ties": (Tie("CNRS", code="D5", until=date(2024, 9, 30)),)},
        [("P1", "tie", "CNRS", None, date(2024, 9, 30))],
    ),
    "a declared tie that ended long ago": ({"ties": (Tie("CNRS", code="P2", until=date(2023, 9, 30)),)}, []),
    "a declared tie to somebody else": ({"ties": (Tie("Elsewhere", code="D4"),)}, []),
    "applied together with an organisation": (
        {"together": (Together(date(2024, 2, 1), OTHER), Together(date(2025, 2, 1), OTHER))},
        [("P2", "together", "Universität Köln", date(2024, 2, 1), date(2025, 2, 1))],
    ),
    "applied together, three years ago to the day": (
        {"together": (Together(date(2023, 10, 1), OTHER),)},
        [("P2", "together", "Universität Köln", date(2023, 10, 1), date(2023, 10, 1))],
    ),
    "applied together, one day longer ago": ({"together": (Together(date(2023, 9, 30), OTHER),)}, []),
    "applied together with a researcher": (
        {"together": (Together(date(2025, 1, 1), WITH_ANA),)},
        [("P2", "together", "Ana Castillo", date(2025, 1, 1), date(2025, 1, 1))],
    ),
    "applied before, with others": ({"together": (Together(date(2025, 1, 1), Traces.of(Proposal(call="C"))),)}, []),
    "applied before, and is named there alone": (
        {"together": (Together(date(2025, 1, 1), ALONE),), "name": "Castillo Ana"},
        [("P3", "same_name", "Ana Castillo")],
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


def test_competing_applications_are_counted_and_not_named():
    found = detected(STRANGER, Traces.of(PROPOSAL), on=TODAY, competing=2)
    assert found == (Detected("D9", "competing", "2"),)


def test_disqualifying_ones_come_first():
    person = replace(STRANGER, email="n@cnrs.example", employer=Tie("CNRS"), orcid="0000-0002-1825-0097")
    assert [one.code for one in detected(person, Traces.of(PROPOSAL), on=TODAY)] == ["D1", "D5", "P3"]


def test_an_empty_profile_meets_an_empty_proposal():
    assert detected(Person("", ""), Traces.of(Proposal(call="C", partners=(Partner("a"),))), on=TODAY) == ()


def test_every_situation_of_the_code_of_conduct_has_its_words():
    assert list(CODES) == [*(f"D{n}" for n in range(1, 10)), "P1", "P2", "P3"]


@pytest.mark.parametrize(
    ("ended", "last"),
    [
        (date(2023, 10, 1), date(2026, 10, 1)),
        (date(2023, 10, 31), date(2026, 10, 31)),
        (date(2023, 10, 29), date(2026, 10, 29)),
        (date(2020, 2, 29), date(2023, 2, 28)),
        (date(2021, 2, 28), date(2024, 2, 28)),
        (date(2021, 3, 1), date(2024, 3, 1)),
        (date(2023, 12, 31), date(2026, 12, 31)),
    ],
)
def test_three_years_are_counted_to_the_day(ended, last):
    """Also at the end of a month and around leap days; the day after, the tie counts no more."""
    assert years_after(ended, 3) == last
    person = replace(STRANGER, past_employers=(Tie("CNRS", until=ended),))
    codes = [
        [one.code for one in detected(person, Traces.of(PROPOSAL), on=day)]
        for day in (last, last + timedelta(days=1))
    ]
    assert codes == [["P1"], []]


def test_the_register_knows_partners_by_other_names():
    person = replace(STRANGER, employer=Tie("French National Centre for Scientific Research"))
    register = {"999997930": ("French National Centre for Scientific Research", "FNC")}
    assert detected(person, Traces.of(PROPOSAL), on=TODAY) == ()
    assert detected(person, Traces.of(PROPOSAL, register), on=TODAY) == (Detected("D5", "employer", "CNRS"),)


def test_colleagues_have_one_employer_however_each_has_put_it():
    """A rule asks for one expert from each employer; one colleague gave the code, others the name or the ROR."""
    found = employers({
        1: Tie("CNRS", "999997930"),
        2: Tie("Centre national de la recherche scientifique (CNRS)"),
        3: Tie("C.N.R.S., delegation", "999997930", ror="02feahw73"),
        4: Tie("", ror="02feahw73"),
        5: Tie("National Centre", "", also=("cnrs",)),
        6: Tie("Universit\u00e4t K\u00f6ln", "999958890"),
        7: Tie("universitat KOLN"),
        8: Tie(""),
        9: Tie(""),
    })  # fmt: skip
    assert len({found[key] for key in (1, 2, 3, 4, 5)}) == 1
    assert found[6] == found[7] != found[1]
    assert (found[8], found[9]) == ("", "")


def test_a_name_does_not_join_two_organisations_of_the_register():
    """Two universities have a department of physics; who gave that name alone is at one of the two, not both."""
    found = employers({
        1: Tie("University A (Department of Physics)", "999900001"),
        2: Tie("University B (Department of Physics)", "999900002"),
        3: Tie("Department of Physics"),
    })  # fmt: skip
    assert found[1] != found[2]
    assert found[3] in (found[1], found[2])
