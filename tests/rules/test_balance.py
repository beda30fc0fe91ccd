"""Whether a group of experts is balanced (rulebook 4.6): exact shares beside their targets."""

import pytest

from grants.experts.balance import Member, shares


def group(women=0, men=0, others=0, newcomers=0, countries="", sectors=""):
    genders = ["woman"] * women + ["man"] * men + ["undisclosed"] * others
    places = countries.split() or [""] * len(genders)
    kinds = sectors.split() or [""] * len(genders)
    return [
        Member(gender, places[at], kinds[at], at < newcomers) for at, gender in enumerate(genders)
    ]  # fmt: skip


def off_target(members):
    return [one.name for one in shares(members) if not one.holds]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (group(), []),
        (group(women=2, men=3, newcomers=2), []),
        (group(women=2, men=3, newcomers=1), ["newcomers"]),
        (group(women=1, men=3, newcomers=1), ["gender"]),
        (group(women=3, men=1, newcomers=1), ["gender"]),
        (group(women=39, men=61, newcomers=25), ["gender"]),
        (group(women=40, men=60, newcomers=25), []),
        (group(women=40, men=60, newcomers=24), ["newcomers"]),
        (group(women=0, men=3), []),
        (group(women=2, men=2, others=6, newcomers=3), []),
        (group(women=5, men=5, newcomers=5, countries="FR FR FR DE DE DE IT IT PL PL"), []),
        (group(women=5, men=5, newcomers=5, countries="FR FR FR FR DE DE IT IT PL PL"), ["country"]),
        (group(women=2, men=2, newcomers=1, sectors="academia academia academia academia"), ["sector"]),
        (group(women=2, men=2, newcomers=1, sectors="academia academia academia industry"), []),
    ],
)  # fmt: skip
def test_what_is_off_target(members, expected):
    assert off_target(members) == expected


def test_a_share_says_what_it_is_about():
    found = {one.name: (one.part, one.whole, one.of) for one in shares(group(women=1, men=2, newcomers=1,
             countries="FR FR DE", sectors="industry public industry"))}  # fmt: skip
    assert found == {
        "gender": (1, 3, ""), "newcomers": (1, 3, ""), "country": (2, 3, "FR"), "sector": (2, 3, "industry"),
    }  # fmt: skip
