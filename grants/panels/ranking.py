"""The ranked list: order, ties step by step, the line of the budget, and the published distribution."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from grants.calls.scheme import Scheme
from grants.reviews.scoring import Missed, outcome
from grants.words import N_

HALF = Fraction(1, 2)
SUB_STEPS = {"countries": ("countries", "country_share")}
"""Steps of a scheme that are taken in two: among as many new countries the share of the budget decides."""


@dataclass(frozen=True)
class Candidate:
    """What the ranking needs to know of one application.

    Scores are hundredths by criterion id, the amount euro cents: requested, or the maximum after evaluation.
    `aspects` are what the panel found it to cover, `countries` the Member States and associated countries in
    it, each with the share of the requested budget that goes there, `panel_order` its place in a tie that the panel
    resolved.
    """

    key: str
    scores: Mapping[str, int]
    amount: int
    aspects: frozenset[str] = frozenset()
    women_share: Fraction | None = None
    countries: Mapping[str, Fraction] = field(default_factory=dict)
    panel_order: int | None = None


class Compared(NamedTuple):
    """One step that put an application above others of the same score.

    `value` and those of `others`, by key, are what the step compares: hundredths of a score, how many aspects or
    countries are new, shares of women or of the budget in basis points, the panel's place.
    """

    step: str
    value: int
    others: dict[str, int]


@dataclass(frozen=True)
class Row:
    """A place on the list; tied rows share a rank. `step` placed it: 'score', a step of the scheme, 'tie'.

    `trace` tells each step that set it above others of its group, in the order in which they were taken.
    """

    key: str
    rank: int
    total: int
    rank_score: int
    amount: int
    step: str
    trace: tuple[Compared, ...] = ()


@dataclass(frozen=True)
class Below:
    """An application below a threshold, which has no rank."""

    key: str
    total: int
    amount: int
    missed: tuple[Missed, ...]


@dataclass(frozen=True)
class Ranking:
    """Rows from the first to the last; those below a threshold; ties that the panel still has to resolve."""

    rows: tuple[Row, ...]
    below: tuple[Below, ...]
    ties: tuple[tuple[str, ...], ...]


class Line(NamedTuple):
    """A ranked row against the budget, with cents and their running sum.

    'main', 'reserve' or 'no_budget'; in a first stage 'second_stage' or 'below_cut'.
    """

    key: str
    line: str
    amount: int
    cumulative: int
    area: str = ""
    """The area of the call that it is funded for before others; empty where only its rank counts."""


@dataclass(frozen=True)
class Bucket:
    """How many totals lie from `low` up to `high`, hundredths.

    The end towards better totals belongs to the next group; only the best group includes both.
    """

    low: int
    high: int
    count: int


def ranked(candidates: Iterable[Candidate], scheme: Scheme) -> Ranking:
    """Rank all candidates above all thresholds (rulebook 5.1, 5.2), T-5.1 to T-5.3.

    In a first stage equal scores stay side by side: the cut takes all of them or none (rulebook 3.3).

    Raises ValueError for scores that are missing or off the scale, and for two candidates with one key.
    """
    everyone = tuple(candidates)
    by_key = {candidate.key: candidate for candidate in everyone}
    if len(by_key) < len(everyone):
        raise ValueError("two candidates have the same key")
    outcomes = {key: outcome(by_key[key].scores, scheme) for key in sorted(by_key)}
    points = {key: result.rank_score for key, result in outcomes.items() if result.rank_score is not None}
    placed: list[Placed] = []
    for _, group in groupby(
        sorted(points, key=lambda key: -points[key] * scheme.sign), key=points.__getitem__
    ):
        _place([by_key[key] for key in group], placed, scheme)
    if scheme.is_first_stage:
        placed = [(one, rank, "score", trace) for one, rank, _, trace in placed]
    return Ranking(
        rows=tuple(
            Row(one.key, rank, outcomes[one.key].total, points[one.key], one.amount, step, trace)
            for one, rank, step, trace in placed
        ),
        below=tuple(
            Below(key, result.total, by_key[key].amount, result.missed)
            for key, result in outcomes.items()
            if not result.passed
        ),
        ties=tuple(
            tuple(one.key for one, *_ in tied)
            for _, tied in groupby((row for row in placed if row[2] == "tie"), key=lambda row: row[1])
        ),
    )


Placed = tuple[Candidate, int, str, tuple[Compared, ...]]


def _place(group: list[Candidate], placed: list[Placed], scheme: Scheme) -> None:
    """Append a group of equal scores one by one: each place changes what the next is compared with."""
    step = "score"
    while group:
        first, trace = group, list[Compared]()
        # The last of a group is alone: no step narrows it, and it stands where the step before has left it.
        for name in (name for step in scheme.tie_break for name in SUB_STEPS.get(step, (step,))):
            higher = [one for one, *_ in placed]
            preferences = _preferences(name, first, higher, scheme.sign)
            best = max(preferences)
            narrowed = [one for one, preference in zip(first, preferences, strict=True) if preference == best]
            if len(narrowed) < len(first):
                step = name
                others = {one.key: _compared(name, one, higher) for one in first if one not in narrowed}
                trace.append(Compared(name, _compared(name, narrowed[0], higher), others))
            first = narrowed
        rank = len(placed) + 1
        placed += [(one, rank, "tie" if len(first) > 1 else step, tuple(trace)) for one in first]
        group = [one for one in group if one not in first]


def _compared(step: str, one: Candidate, higher: list[Candidate]) -> int:
    """What a step looks at in one application, as `Compared` tells it."""
    match step:
        case "coverage":
            return len(one.aspects - frozenset[str]().union(*(above.aspects for above in higher)))
        case "gender":
            return int((one.women_share or 0) * 10_000)
        case "countries":
            return len(_new_countries(one, higher))
        case "country_share":
            return int(sum(_new_countries(one, higher).values()) * 10_000)
        case "panel":
            return one.panel_order or 0
        case criterion:
            return one.scores[criterion]


def _new_countries(one: Candidate, higher: list[Candidate]) -> dict[str, Fraction]:
    """Its countries that get no money from those above; who takes part there without money has not reached it."""
    reached = {country for above in higher for country, share in above.countries.items() if share}
    return {country: share for country, share in one.countries.items() if country not in reached}


def _preferences(
    step: str, tied: list[Candidate], higher: list[Candidate], sign: int = 1
) -> list[Fraction | int]:
    """How much a step prefers each of the tied, with `higher` already placed (rulebook 5.2).

    `sign` is -1 where the lowest score is the best.
    """
    match step:
        case "coverage":
            covered = frozenset[str]().union(*(one.aspects for one in higher))
            return [bool(one.aspects - covered) for one in tied]
        case "gender":
            # Where nobody is named, the application is as far from balance as can be.
            return [-abs((one.women_share or 0) - HALF) for one in tied]
        case "countries":
            return [len(_new_countries(one, higher)) for one in tied]
        case "country_share":
            return [Fraction(sum(_new_countries(one, higher).values())) for one in tied]
        case "panel":
            orders = [one.panel_order for one in tied if one.panel_order is not None]
            # Half an order is none: the panel resolves a tie by placing all that are in it.
            return [-order for order in orders] if len(orders) == len(tied) else [0] * len(tied)
        case criterion:
            return [one.scores[criterion] * sign for one in tied]


def cut(
    ranking: Ranking, budget: int, reserve: int | None = None, *, quotas: Mapping[str, int] | None = None,
    areas: Mapping[str, Collection[str]] | None = None, order: Mapping[str, int] | None = None,
) -> tuple[Line, ...]:  # fmt: skip
    """Draw the line (rulebook 5.3): down to the first that does not fit; nothing after it is funded.

    Where the panel set an order for giving money, by lots or for its portfolio, those that it names take the places
    that they hold together in that order; the ranks stay.

    Where the call announced quotas, the first of each area come before all others, in the order of the list among
    themselves; an application counts for one area only, the first of the call's that it names and that is not full.

    Args:
        budget: cents.
        reserve: the length of the reserve list, None for all that are left.
        quotas: by area, how many of its applications come first.
        areas: by key, the areas that an application names.
        order: by key, from the smallest on; equal ones go by rank.

    Returns:
        Lines in the order of the list; amounts add up in the order in which money is given.

    Raises:
        ValueError: ties are open.
    """
    if ranking.ties:
        raise ValueError(N_("Some applications are tied. The panel has to put them in order first."))
    rows = reordered(ranking.rows, order or {})
    first = _by_quota(rows, quotas or {}, areas or {})
    cumulative, lines, stopped = 0, dict[str, Line](), False
    for row in sorted(rows, key=lambda row: row.key not in first):
        cumulative += row.amount
        stopped = stopped or cumulative > budget
        lines[row.key] = Line(
            row.key, "no_budget" if stopped else "main", row.amount, cumulative, first.get(row.key, "")
        )
    left = [row.key for row in rows if lines[row.key].line == "no_budget"]
    for key in left[:reserve]:
        lines[key] = lines[key]._replace(line="reserve")
    return tuple(lines[row.key] for row in ranking.rows)


def reordered(rows: Sequence[Row], order: Mapping[str, int]) -> list[Row]:
    """The rows with those that `order` names in the places that they hold together, as it says."""
    named = iter(sorted((row for row in rows if row.key in order), key=lambda row: order[row.key]))
    return [next(named) if row.key in order else row for row in rows]


def _by_quota(
    rows: Sequence[Row], quotas: Mapping[str, int], areas: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """The area for which each of the first of an area comes before others, by key."""
    left, first = dict(quotas), dict[str, str]()
    for row in rows:
        area = next((area for area in quotas if left[area] and area in areas.get(row.key, ())), "")
        if area:
            left[area] -= 1
            first[row.key] = area
    return first


def distribution(totals: Iterable[int], scheme: Scheme) -> tuple[Bucket, ...]:
    """Totals above all thresholds in the groups that are published, best first (T-5.4).

    Raises ValueError for a total outside the groups: they have to add up.
    """
    sign = scheme.sign
    scores = tuple(total * sign for total in totals)
    bounds = (
        *(bucket * sign for bucket in scheme.buckets),
        max(scheme.maximum * sign, scheme.minimum * sign),
    )
    if any(not bounds[0] <= score <= bounds[-1] for score in scores):
        raise ValueError("a total lies outside the groups")
    edges = [*bounds[:-1], bounds[-1] + 1]
    return tuple(
        Bucket(
            low=min(bounds[n] * sign, bounds[n + 1] * sign),
            high=max(bounds[n] * sign, bounds[n + 1] * sign),
            count=sum(edges[n] <= score < edges[n + 1] for score in scores),
        )
        for n in reversed(range(len(scheme.buckets)))
    )
