"""How far evaluators agree: ICC, Krippendorff's alpha, spread, and each one's severity.

Plain figures over scores with gaps: any evaluator may have scored any of the items, each at most once. They stand
beside the raw scores and never in their place.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import krippendorff
import numpy as np
from scipy.stats import t as student

CONFIDENCE = 0.95
FAR = 2.0
"""A score this many standard deviations from the mean of the others on the same item is pointed out."""


class Score(NamedTuple):
    """One evaluator's score of one item on one criterion, in points."""

    item: str
    reviewer: str
    value: float


class Severity(NamedTuple):
    """How far one evaluator scores above (+) or below (-) the others on the same items, points, with its interval."""

    reviewer: str
    items: int
    difference: float
    lower: float | None
    upper: float | None


class Item(NamedTuple):
    """The scores of one item: lowest, highest, mean, and the evaluators whose score lies far from the others'."""

    item: str
    scores: int
    lowest: float
    highest: float
    mean: float
    far: tuple[str, ...]


@dataclass(frozen=True)
class Agreement:
    """The figures of one criterion; None where the scores do not determine one (one item, no two scores of one item).

    `icc1` is the share of the variance of one score that lies between items, `icck` that of the mean of an item's
    scores; `spread` is the standard deviation within an item, in points.
    """

    items: int
    scores: int
    icc1: float | None
    icck: float | None
    alpha_interval: float | None
    alpha_ordinal: float | None
    spread: float | None
    by_item: tuple[Item, ...]
    reviewers: tuple[Severity, ...]

    def to_dict(self) -> dict[str, object]:
        """The figures as JSON values, without those of single items."""
        names = ("icc1", "icck", "alpha_interval", "alpha_ordinal", "items", "scores", "spread")
        return {name: getattr(self, name) for name in names} | {
            "reviewers": [severity._asdict() for severity in self.reviewers]
        }


def agreement(scores: Iterable[Score]) -> Agreement:
    """The figures over the scores of one criterion.

    Raises:
        ValueError: an evaluator scored an item twice.
    """
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for item, reviewer, value in scores:
        if reviewer in groups[item]:
            raise ValueError(f"{reviewer} scored {item} twice")
        groups[item][reviewer] = value
    between, within, k = _variances([list(group.values()) for group in groups.values()])
    icc1 = icck = None
    if between is not None and within is not None and between + (k - 1) * within > 0:
        icc1 = (between - within) / (between + (k - 1) * within)
        icck = (between - within) / between if between else None
    interval, ordinal = _alphas(groups)
    return Agreement(
        items=len(groups), scores=sum(map(len, groups.values())), icc1=icc1, icck=icck,
        alpha_interval=interval, alpha_ordinal=ordinal, spread=None if within is None else math.sqrt(within),
        by_item=tuple(_item(name, group, within) for name, group in groups.items()),
        reviewers=tuple(_severities(groups, within)),
    )  # fmt: skip


def _variances(groups: Sequence[Sequence[float]]) -> tuple[float | None, float | None, float]:
    """Mean squares between and within items of the one-way analysis of variance, and its number of scores an item.

    That number, where items have unequally many scores, is (N - sum of squares / N) / (items - 1), so that ICC(1)
    stays the unbiased ratio (Shrout and Fleiss 1979; Donner 1986 for unequal groups).
    """
    counts = [len(group) for group in groups]
    items, scores = len(groups), sum(counts)
    # Sums of hundredths and the like are exact enough; what rounding leaves of a true zero would become a variance.
    means = [math.fsum(group) / len(group) for group in groups]
    inside = math.fsum(
        (value - mean) ** 2 for group, mean in zip(groups, means, strict=True) for value in group
    )
    within = _no_dust(inside / (scores - items)) if scores > items else None
    if items < 2:
        return None, within, float(scores)
    grand = math.fsum(value for group in groups for value in group) / scores
    among = math.fsum(count * (mean - grand) ** 2 for count, mean in zip(counts, means, strict=True))
    k = (scores - sum(count * count for count in counts) / scores) / (items - 1)
    return _no_dust(among / (items - 1)), within, k


def _no_dust(variance: float) -> float:
    return variance if variance > 1e-18 else 0.0


def _alphas(groups: Mapping[str, Mapping[str, float]]) -> tuple[float | None, float | None]:
    """Krippendorff's alpha for interval and ordinal data; an item with one score says nothing about agreement."""
    paired = [group for group in groups.values() if len(group) > 1]
    values = sorted({value for group in paired for value in group.values()})
    if len(values) < 2:  # agreement cannot be told from a scale that nobody used
        return None, None
    place = {value: index for index, value in enumerate(values)}
    counts = np.zeros((len(paired), len(values)), dtype=int)
    for row, group in enumerate(paired):
        for value in group.values():
            counts[row, place[value]] += 1
    interval, ordinal = (
        float(
            krippendorff.alpha(value_counts=counts, value_domain=np.array(values), level_of_measurement=level)
        )
        for level in ("interval", "ordinal")
    )
    return interval, ordinal


def _from_others(group: Mapping[str, float], reviewer: str) -> float:
    """An evaluator's score less the mean of the others' on the same item."""
    others = [value for name, value in group.items() if name != reviewer]
    return group[reviewer] - math.fsum(others) / len(others)


def _item(name: str, group: Mapping[str, float], within: float | None) -> Item:
    far: tuple[str, ...] = ()
    if within and len(group) > 1:
        limit = FAR * math.sqrt(within * len(group) / (len(group) - 1))
        far = tuple(one for one in group if abs(_from_others(group, one)) > limit)
    values = list(group.values())
    return Item(name, len(values), min(values), max(values), math.fsum(values) / len(values), far)


def _severities(groups: Mapping[str, Mapping[str, float]], within: float | None) -> Iterable[Severity]:
    """One row an evaluator who shares an item with another, the most severe first.

    The interval takes the variance within items of all scores together, not the evaluator's own: three differences
    that happen to be equal prove nothing.
    """
    own: dict[str, list[float]] = defaultdict(list)
    others: dict[str, list[float]] = defaultdict(list)
    for group in groups.values():
        for reviewer in group if len(group) > 1 else ():
            own[reviewer].append(_from_others(group, reviewer))
            others[reviewer].append(1 + 1 / (len(group) - 1))
    scores = sum(map(len, groups.values()))
    rows = []
    for reviewer, differences in own.items():
        mean = math.fsum(differences) / len(differences)
        half = None
        if within is not None:
            freedom = scores - len(groups)
            deviation = math.sqrt(within * math.fsum(others[reviewer])) / len(differences)
            half = float(student.ppf((1 + CONFIDENCE) / 2, freedom)) * deviation
        lower, upper = (None, None) if half is None else (mean - half, mean + half)
        rows.append(Severity(reviewer, len(differences), mean, lower, upper))
    return sorted(rows, key=lambda row: (row.difference, row.reviewer))


def lines(found: Mapping[str, Agreement]) -> Iterable[str]:
    """The figures of all criteria as a table in plain text, then each evaluator's difference to the others."""
    wide = max(map(len, ["Criterion", *found]))
    yield (
        f"{'Criterion':<{wide}}  Items  Scores  ICC(1)  ICC(k)  Alpha, interval  Alpha, ordinal  Std. dev. within"
    )
    for name, one in found.items():
        yield (
            f"{name:<{wide}}  {one.items:>5}  {one.scores:>6}  {_figure(one.icc1):>6}  {_figure(one.icck):>6}"
            f"  {_figure(one.alpha_interval):>15}  {_figure(one.alpha_ordinal):>14}  {_figure(one.spread):>16}"
        )
    for name, one in found.items():
        yield ""
        yield f"{name}: how far each reviewer scores above (+) or below (-) the others on the same items"
        across = max([8, *(len(row.reviewer) for row in one.reviewers)])
        yield f"  {'Reviewer':<{across}}  Items  Difference  95 % interval"
        for row in one.reviewers:
            interval = "–" if row.lower is None else f"{row.lower:+.2f} to {row.upper:+.2f}"
            yield f"  {row.reviewer:<{across}}  {row.items:>5}  {row.difference:>+10.2f}  {interval}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
