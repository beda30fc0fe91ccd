"""What groups of experts should be like: the rules for a whole call, and how far groups keep to them (rulebook 4.6).

A rule may be hard, or soft with a price in thousandths of fit for each person too many or too few; hard rules leave a
place empty before they are broken. `levels.py` looks for the best groups, `groups.py` tells what was found.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

from grants.canonical import digest
from grants.experts.assignment import Pair

RULES = ("countries", "abroad", "institutions", "genders", "newcomers", "sectors", "languages")
"""In the order in which pages show them."""
HARD = 0
"""The price of a rule that is never broken. A rule without any price is not asked for."""
DEFAULTS: Mapping[str, int] = {
    "countries": HARD, "institutions": HARD, "languages": HARD, "genders": 150, "abroad": 50, "newcomers": 50,
    "sectors": 50,
}  # fmt: skip
OBJECTIVES = ("unmet", "worst", "total", "even", "kept")
"""Strictly in this order: what an earlier one has reached is never given up for a later one."""
REPAIR = ("unmet", "kept", "worst", "total", "even")
"""After somebody has declined, keeping the others counts right after filling the gap."""
LARGE = frozenset({"worst", "total", "kept"})
"""The objectives that are made large; the others are made small."""
FULL = 1000
"""Fit of the same words, in thousandths."""


@dataclass(frozen=True)
class Wanted:
    """One application: how many experts it needs, where its consortium is at home, in which language it is written."""

    name: str
    demand: int
    countries: frozenset[str] = frozenset()
    language: str = ""


@dataclass(frozen=True)
class Person:
    """One expert. An empty country, institution, gender or sector is unknown and helps no rule; empty languages
    break none."""

    name: str
    load: int
    country: str = ""
    institution: str = ""
    gender: str = ""
    sector: str = ""
    is_new: bool = False
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Limit:
    """At least `least` and at most `most` of the experts `members` in one group (`most` None: any number)."""

    rule: str
    members: frozenset[str]
    least: int = 0
    most: int | None = None

    def missed(self, group: frozenset[str]) -> int:
        """By how many persons a group is beside the limit."""
        count = len(self.members & group)
        return max(0, self.least - count, count - self.most if self.most is not None else 0)


@dataclass(frozen=True)
class Task:
    """What is to be assigned. A pair absent from `fit` shares no words and is allowed.

    `fixed` pairs stand whatever the rules say; `current` is what should change as little as possible.
    """

    applications: tuple[Wanted, ...]
    experts: tuple[Person, ...]
    fit: Mapping[Pair, int]
    """In thousandths, 0 to FULL."""
    barred: frozenset[Pair] = frozenset()
    """Conflicts of interest, and what an officer has forbidden."""
    fixed: frozenset[Pair] = frozenset()
    current: frozenset[Pair] = frozenset()
    prices: Mapping[str, int] = field(default_factory=lambda: dict(DEFAULTS))
    """Of each rule that is asked for: HARD, or thousandths of fit for each person too many or too few."""

    @cached_property
    def sha256(self) -> str:
        """Of everything that the answer depends on, as canonical JSON."""
        return digest({
            "applications": [asdict(one) | {"countries": sorted(one.countries)} for one in self.applications],
            "experts": [asdict(one) | {"languages": sorted(one.languages)} for one in self.experts],
            "fit": [[*pair, value] for pair, value in sorted(self.fit.items())],
            "barred": sorted(self.barred), "fixed": sorted(self.fixed), "current": sorted(self.current),
            "prices": dict(self.prices),
        })  # fmt: skip

    @cached_property
    def _by(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Names of the experts by country, institution, gender and sector; unknown ones left out."""
        found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for one in self.experts:
            for fact in ("country", "institution", "gender", "sector"):
                if getattr(one, fact):
                    found[fact][getattr(one, fact)].add(one.name)
        return {fact: {v: frozenset(names) for v, names in by.items()} for fact, by in found.items()}

    @cached_property
    def _shared(self) -> Mapping[int, tuple[Limit, ...]]:
        """The limits that do not depend on the application but for its demand."""
        return {demand: tuple(self._common(demand)) for demand in {one.demand for one in self.applications}}

    def _common(self, demand: int) -> Iterable[Limit]:
        by = self._by
        for rule, fact, most in (("countries", "country", demand - 1), ("institutions", "institution", 1)):
            yield from (
                Limit(rule, names, most=most) for names in by.get(fact, {}).values() if len(names) > most
            )
        genders = [by.get("gender", {}).get(name, frozenset()) for name in ("woman", "man")]
        sectors = by.get("sector", {})
        science = sectors.get("academia", frozenset()) | sectors.get("research", frozenset())
        yield from (Limit("genders", names, least=1) for names in genders)
        yield from (
            Limit("sectors", names, least=1) for names in (science, sectors.get("industry", frozenset()))
        )
        yield Limit("newcomers", frozenset(one.name for one in self.experts if one.is_new), least=1)

    def limits(self, wanted: Wanted) -> tuple[Limit, ...]:
        """The rules that are asked for, as limits of the group of one application.

        Two countries, genders or sectors need two people: for a demand of one those rules ask nothing.
        """
        if wanted.name not in self._limits:
            self._limits[wanted.name] = tuple(self._asked(wanted))
        return self._limits[wanted.name]

    @cached_property
    def _limits(self) -> dict[str, tuple[Limit, ...]]:
        return {}

    def _asked(self, wanted: Wanted) -> Iterable[Limit]:
        of_two = ("countries", "genders", "sectors")
        for limit in self._shared[wanted.demand]:
            if limit.rule in self.prices and (wanted.demand > 1 or limit.rule not in of_two):
                yield limit
        by_country = self._by.get("country", {})
        if "abroad" in self.prices:
            home = frozenset[str]().union(*(by_country.get(code, frozenset()) for code in wanted.countries))
            yield Limit("abroad", home, most=0)
        if "languages" in self.prices and wanted.language:
            strange = {
                one.name for one in self.experts if one.languages and wanted.language not in one.languages
            }
            yield Limit("languages", frozenset(strange), most=0)

    def missed(self, wanted: Wanted, group: Iterable[str]) -> dict[str, int]:
        """The rules that a group does not hold, with the number of persons too many or too few."""
        members, found = frozenset(group), Counter[str]()
        for limit in self.limits(wanted):
            found[limit.rule] += limit.missed(members)
        return {rule: found[rule] for rule in RULES if found[rule]}

    @cached_property
    def places(self) -> Mapping[str, int]:
        """How many experts each application gets: what it needs, and never fewer than stand already."""
        standing = Counter(application for application, _ in self.fixed)
        return {one.name: max(one.demand, standing[one.name]) for one in self.applications}

    @property
    def most_fit(self) -> int:
        """More than this no group of the call can have; an empty place counts as much for the worst-served."""
        return FULL * max((one.demand for one in self.applications), default=0)

    def count_allowed(self) -> int:
        """Pairs that nothing bars."""
        able = {one.name for one in self.experts if one.load > 0}
        return len(self.applications) * len(able) - sum(expert in able for _, expert in self.barred)

    def groups(self, pairs: Iterable[Pair]) -> dict[str, frozenset[str]]:
        """The experts of each application."""
        found: dict[str, set[str]] = {one.name: set() for one in self.applications}
        for application, expert in pairs:
            found[application].add(expert)
        return {application: frozenset(group) for application, group in found.items()}

    def reached(self, objective: str, pairs: Iterable[Pair]) -> int:
        """What groups reach: `unmet` places, fit of the `worst`-served and in `total`, `even`ness, pairs `kept`.

        An application with an empty place was counted by `unmet`: for `worst` it does not hide how the others are
        served. `even` is the sum of the squares of the loads. Fits are in thousandths.
        """
        pairs = frozenset(pairs)
        if objective == "even":
            return sum(load**2 for load in Counter(expert for _, expert in pairs).values())
        if objective == "kept":
            return len(pairs & self.current)
        groups = self.groups(pairs)
        empty = {name: places - len(groups[name]) for name, places in self.places.items()}
        if objective == "unmet":
            return sum(empty.values())
        fits = {name: sum(self.fit.get((name, e), 0) for e in group) for name, group in groups.items()}
        if objective == "worst":
            most = self.most_fit
            return min([most, *(fits[name] + most * empty[name] for name in fits)])
        fines = sum(
            self.prices[rule] * count
            for one in self.applications
            for rule, count in self.missed(one, groups[one.name]).items()
        )
        return sum(fits.values()) - fines
