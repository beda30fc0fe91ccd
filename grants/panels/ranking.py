"""The ranked list: order, ties step by step, the line of the budget, and the published distribution."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from grants.calls.scheme import Scheme
from grants.reviews.scoring import Missed, outcome
from grants.words import N_

HALF = Fraction(1, 2)


@dataclass(frozen=True)
class Candidate:
    """What the ranking needs to know of one application.

    Scores are hundredths by criterion id, the amount euro cents: requested, or the maximum after evaluation.
    `aspects` are what the panel found it to cover, `countries` the Member States and associated countries in
    it, `panel_order` its place in a tie that the panel resolved.
    """

    key: str
    scores: Mapping[str, int]
    amount: int
    aspects: frozenset[str] = frozenset()
    women_share: Fraction | None = None
    countries: frozenset[str] = frozenset()
    panel_order: int | None = None


@dataclass(frozen=True)
class Row:
    """A place on the list; tied rows share a rank. `step` placed it: 'score', a step of the scheme, 'tie'."""

    key: str
    rank: int
    total: int
    rank_score: int
    amount: int
    step: str


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
    """A ranked row against the budget: 'main', 'reserve' or 'no_budget'; cents, and their running sum."""

    key: str
    line: str
    amount: int
    cumulative: int


@dataclass(frozen=True)
class Bucket:
    """How many totals lie from `low` up to `high`, hundredths; only the topmost group includes its `high`."""

    low: int
    high: int
    count: int


def ranked(candidates: Iterable[Candidate], scheme: Scheme) -> Ranking:
    """Rank all candidates above all thresholds (rulebook 5.1, 5.2), T-5.1 to T-5.3.

    Raises ValueError for scores that are missing or off the scale, and for two candidates with one key.
    """
    everyone = tuple(candidates)
    by_key = {candidate.key: candidate for candidate in everyone}
    if len(by_key) < len(everyone):
        raise ValueError("two candidates have the same key")
    outcomes = {key: outcome(by_key[key].scores, scheme) for key in sorted(by_key)}
    points = {key: result.rank_score for key, result in outcomes.items() if result.rank_score is not None}
    placed: list[tuple[Candidate, int, str]] = []
    for _, group in groupby(sorted(points, key=lambda key: -points[key]), key=points.__getitem__):
        _place([by_key[key] for key in group], placed, scheme)
    return Ranking(
        rows=tuple(
            Row(one.key, rank, outcomes[one.key].total, points[one.key], one.amount, step)
            for one, rank, step in placed
        ),
        below=tuple(
            Below(key, result.total, by_key[key].amount, result.missed)
            for key, result in outcomes.items()
            if not result.passed
        ),
        ties=tuple(
            tuple(one.key for one, _, _ in tied)
            for _, tied in groupby((row for row in placed if row[2] == "tie"), key=lambda row: row[1])
        ),
    )


def _place(group: list[Candidate], placed: list[tuple[Candidate, int, str]], scheme: Scheme) -> None:
    """Append a group of equal scores one by one: each place changes what the next is compared with."""
    step = "score"
    while group:
        first = group
        # The last of a group is alone: no step narrows it, and it stands where the step before has left it.
        for name in scheme.tie_break:
            preferences = _preferences(name, first, [one for one, _, _ in placed])
            best = max(preferences)
            narrowed = [one for one, preference in zip(first, preferences, strict=True) if preference == best]
            step = name if len(narrowed) < len(first) else step
            first = narrowed
        rank = len(placed) + 1
        placed += [(one, rank, "tie" if len(first) > 1 else step) for one in first]
        group = [one for one in group if one not in first]


def _preferences(step: str, tied: list[Candidate], higher: list[Candidate]) -> list[Fraction | int]:
    """How much a step prefers each of the tied, with `higher` already placed (rulebook 5.2)."""
    match step:
        case "coverage":
            covered = frozenset[str]().union(*(one.aspects for one in higher))
            return [bool(one.aspects - covered) for one in tied]
        case "gender":
            # Where nobody is named, the application is as far from balance as can be.
            return [-abs((one.women_share or 0) - HALF) for one in tied]
        case "countries":
            reached = frozenset[str]().union(*(one.countries for one in higher))
            return [len(one.countries - reached) for one in tied]
        case "panel":
            orders = [one.panel_order for one in tied if one.panel_order is not None]
            # Half an order is none: the panel resolves a tie by placing all that are in it.
            return [-order for order in orders] if len(orders) == len(tied) else [0] * len(tied)
        case criterion:
            return [one.scores[criterion] for one in tied]


def cut(ranking: Ranking, budget: int, reserve: int | None = None) -> tuple[Line, ...]:
    """Draw the line (rulebook 5.3): down to the first that does not fit; nothing after it is funded.

    The budget is in cents; `reserve` is the length of the reserve list, None for all that are left.
    Raises ValueError while ties are open.
    """
    if ranking.ties:
        raise ValueError(N_("Some applications are tied. The panel has to put them in order first."))
    cumulative, lines, main = 0, [], 0
    for position, row in enumerate(ranking.rows):
        cumulative += row.amount
        if main == position and cumulative <= budget:
            main += 1
            line = "main"
        else:
            line = "reserve" if reserve is None or position < main + reserve else "no_budget"
        lines.append(Line(row.key, line, row.amount, cumulative))
    return tuple(lines)


def distribution(totals: Iterable[int], scheme: Scheme) -> tuple[Bucket, ...]:
    """Totals above all thresholds in the groups that are published, highest first (T-5.4).

    Raises ValueError for a total outside the groups: they have to add up.
    """
    scores = tuple(totals)
    bounds = (*scheme.buckets, scheme.maximum)
    if any(not bounds[0] <= score <= bounds[-1] for score in scores):
        raise ValueError("a total lies outside the groups")
    edges = [*bounds[:-1], scheme.maximum + 1]
    return tuple(
        Bucket(bounds[n], bounds[n + 1], sum(edges[n] <= score < edges[n + 1] for score in scores))
        for n in reversed(range(len(scheme.buckets)))
    )
