"""Whether a group of experts is balanced: shares by gender, newcomers, country and sector (rulebook 4.6).

The targets warn and never stop anybody; fractions are compared exactly.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from grants.words import N_

UNDER_REPRESENTED = Fraction(40, 100)
"""Of the sex with fewer experts, among those who say that they are women or men."""
NEWCOMERS = Fraction(25, 100)
COUNTRY = Fraction(30, 100)
"""Most that one country should have. A choice of the house: funders cap it, each at its own figure."""
FEW = 4
"""Smaller groups are judged by nobody's share."""


@dataclass(frozen=True)
class Member:
    """What is counted of an expert; empty texts are not known."""

    gender: str
    country: str
    sector: str
    newcomer: bool


@dataclass(frozen=True)
class Share:
    """A share beside its target. `name` says what was measured, `of` the country or sector that it is about."""

    name: str
    part: int
    whole: int
    target: Fraction
    of: str = ""

    @property
    def value(self) -> Fraction:
        return Fraction(self.part, self.whole) if self.whole else Fraction(0)

    @property
    def holds(self) -> bool:
        """At least the target for gender and newcomers, at most it for one country or one sector."""
        if self.whole < FEW:
            return True
        return self.value >= self.target if self.name in FLOORS else self.value <= self.target


NAMES = {
    "gender": N_("Share of the under-represented sex"),
    "newcomers": N_("Newcomers, who have evaluated in no other call"),
    "country": N_("Largest share of one country"),
    "sector": N_("Largest share of one sector"),
}
FLOORS = ("gender", "newcomers")


def shares(members: Iterable[Member]) -> tuple[Share, ...]:
    """The four shares of a group; nobody is everybody's share of nothing.

    >>> [one.part for one in shares([Member("woman", "FR", "", True), Member("man", "FR", "industry", False)])]
    [1, 1, 2, 1]
    """
    people = list(members)
    genders = Counter(one.gender for one in people if one.gender in ("woman", "man"))
    countries = Counter(one.country for one in people if one.country)
    sectors = Counter(one.sector for one in people if one.sector)
    country, in_country = max(countries.items(), key=lambda row: (row[1], row[0]), default=("", 0))
    sector, in_sector = max(sectors.items(), key=lambda row: (row[1], row[0]), default=("", 0))
    return (
        Share("gender", min(genders["woman"], genders["man"]), genders.total(), UNDER_REPRESENTED),
        Share("newcomers", sum(one.newcomer for one in people), len(people), NEWCOMERS),
        Share("country", in_country, countries.total(), COUNTRY, country),
        Share("sector", in_sector, sectors.total(), Fraction(3, 4), sector),
    )
