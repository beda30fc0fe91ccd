"""A scoring scheme: scale, criteria, thresholds, weights and tie-break, copied into each call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any

from grants.calls.rules import ACTIONS
from grants.words import N_

FIRST_STAGE_PAGES = 10
"""Of Part B of an outline (rulebook 1.2)."""
TIE_WORDS = {
    "coverage": N_("Aspects that no higher-ranked application covers"),
    "gender": N_("Nearer to gender balance among the leading researchers"),
    "countries": N_("Countries not yet reached by higher-ranked applications"),
    "panel": N_("Order set by the panel"),
}
TIE_STEPS = tuple(TIE_WORDS)
"""Steps of a tie-break that are not a criterion (rulebook 5.2)."""
MOST_STEPS = 100
"""From the lowest score to the highest."""

DIRECTIONS = {"high": N_("The highest score is the best"), "low": N_("The lowest score is the best")}
FORMULAS = {
    "sum": N_("Sum of the scores"),
    "mean": N_("Weighted mean of the scores"),
    "percent": N_("Weighted scores as a percentage of the best"),
}
FUNDING = {
    "actual": N_("Actual costs"),
    "lump_sum": N_("Lump sum"),
    "unit": N_("Unit contributions"),
    "other": N_("By the call"),
}
AGGREGATIONS = {
    "consensus": N_("Agreed in a consensus report"), "median": N_("Median of the individual scores, then the panel"),
    "holistic": N_("Judgement of the panel as a whole"),
}  # fmt: skip
SELECTIONS = {
    "budget": N_("By rank, as far as the budget reaches"),
    "second_stage": N_(
        "Everything from a cut on, which is set so that the second stage asks for about three times the budget"
    ),
}
"""What follows from the order (rulebook 3.3, 3.4, 5.3)."""


class SchemeError(ValueError):
    """A scheme that cannot be used; `field` says where."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field


@dataclass(frozen=True)
class Label:
    """What a score is called and what it means."""

    score: int
    name: str
    meaning: str


@dataclass(frozen=True)
class Criterion:
    """An award criterion; threshold in hundredths of a point, weight for ranking only in hundredths.

    A threshold at the worst end of the scale is none. `weight` is the share in a total that is a mean or a
    percentage; a plain sum knows no weights.
    """

    id: str
    name: str
    threshold: int
    rank_weight: int = 100
    aspects: tuple[str, ...] = ()
    weight: int = 100


@dataclass(frozen=True)
class Scheme:
    """How a call is scored (rulebook 3). Scores and thresholds are hundredths of a point: 450 is 4.5."""

    id: str
    name: str
    version: int
    scale_min: int
    scale_max: int
    step: int
    overall_threshold: int
    criteria: tuple[Criterion, ...]
    labels: tuple[Label, ...]
    tie_break: tuple[str, ...]
    buckets: tuple[int, ...]
    """From the overall threshold to better totals: where the published groups begin (rulebook 5.3, T-5.4)."""
    direction: str = "high"
    """Which end of the scale is best: high or low."""
    formula: str = "sum"
    funding: str = "actual"
    aggregation: str = "consensus"
    """How the individual scores become the one that counts (rulebook 3.4); said to people, computed by nobody."""
    selection: str = "budget"
    lots: bool = False
    """Whether a call may announce that lots are drawn at the line; Horizon Europe never draws any (rulebook 5.2)."""
    action: str = ""
    """The type of action that the scheme was made for; empty for any."""
    note: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        _check(self)

    def grid(self) -> tuple[int, ...]:
        """All valid scores, ascending."""
        return tuple(range(self.scale_min, self.scale_max + 1, self.step))

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is: scores times this sort from worse to better."""
        return -1 if self.direction == "low" else 1

    def reaches(self, score: int, threshold: int) -> bool:
        """Whether a score or total passes a threshold; equality passes (rulebook 3.3)."""
        return score * self.sign >= threshold * self.sign

    @property
    def is_first_stage(self) -> bool:
        """Whether it invites to a second stage instead of funding."""
        return self.selection == "second_stage"

    @property
    def requested_only(self) -> bool:
        """Whether applicants enter no costs, but what they ask for: in outlines, and where units are paid."""
        return self.is_first_stage or self.funding == "unit"

    @property
    def worst(self) -> int:
        """The score that nothing is worse than; as a threshold it asks for nothing."""
        return self.scale_min if self.sign > 0 else self.scale_max

    @property
    def shares(self) -> dict[str, Fraction]:
        """What one hundredth of a point on each criterion adds to the total, hundredths."""
        weights = sum(criterion.weight for criterion in self.criteria)
        whole = {"sum": None, "mean": weights, "percent": Fraction(weights * self.scale_max, 10000)}[
            self.formula
        ]
        return {c.id: Fraction(c.weight) / whole if whole else Fraction(1) for c in self.criteria}

    @property
    def rank_shares(self) -> dict[str, Fraction]:
        """The same for the score that ranks, where the weights for ranking come on top."""
        shares = self.shares
        return {c.id: shares[c.id] * c.rank_weight / 100 for c in self.criteria}

    @property
    def maximum(self) -> int:
        """The highest total."""
        return int(sum(share * self.scale_max for share in self.shares.values()))

    @property
    def minimum(self) -> int:
        """The lowest total."""
        return int(sum(share * self.scale_min for share in self.shares.values()))

    @property
    def total_step(self) -> int:
        """By how much a total changes at least when one score moves by a step."""
        return int(min(self.shares.values()) * self.step)

    @property
    def rank_maximum(self) -> int:
        """The highest score for ranking."""
        return int(sum(share * self.scale_max for share in self.rank_shares.values()))

    def criterion(self, id: str) -> Criterion:
        """The criterion with that id. Raises KeyError."""
        return {criterion.id: criterion for criterion in self.criteria}[id]

    def with_threshold(self, overall: int) -> Scheme:
        """The same scheme with another overall threshold; the published groups begin at it.

        Raises SchemeError for one that no total reaches or misses.
        """
        better = (bound for bound in self.buckets if bound * self.sign > overall * self.sign)
        buckets = (overall, *better)
        return replace(self, overall_threshold=overall, buckets=buckets)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scheme:
        """Read the shape of `to_dict`. Raises SchemeError, a ValueError that names the field."""
        needed = (field.name for field in fields(cls) if field.default is MISSING)
        if missing := [name for name in needed if name not in data]:
            raise SchemeError(missing[0], "is missing")
        try:
            return cls(
                **{
                    **data,
                    "criteria": tuple(
                        Criterion(**row | {"aspects": tuple(row.get("aspects", ()))})
                        for row in data["criteria"]
                    ),
                    "labels": tuple(Label(**row) for row in data["labels"]),
                    "tie_break": tuple(data["tie_break"]),
                    "buckets": tuple(data["buckets"]),
                }
            )
        except TypeError as error:
            raise SchemeError("scheme", str(error)) from error

    def to_dict(self) -> dict[str, Any]:
        """The scheme as JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        } | {
            "criteria": [
                asdict(criterion) | {"aspects": list(criterion.aspects)} for criterion in self.criteria
            ]
        }


def _check(scheme: Scheme) -> None:
    def require(holds: bool, field: str, sentence: str) -> None:
        if not holds:
            raise SchemeError(field, sentence)

    for field in ("version", "scale_min", "scale_max", "step", "overall_threshold"):
        require(type(getattr(scheme, field)) is int, field, "must be a whole number")
    for field, words in (("direction", DIRECTIONS), ("formula", FORMULAS), ("funding", FUNDING),
                         ("aggregation", AGGREGATIONS), ("selection", SELECTIONS)):  # fmt: skip
        require(getattr(scheme, field) in words, field, "is not known")
    require(scheme.step > 0, "step", "must be positive")
    require(scheme.scale_min < scheme.scale_max, "scale_max", "must be above scale_min")
    require((scheme.scale_max - scheme.scale_min) % scheme.step == 0, "step", "must divide the scale")
    few = (scheme.scale_max - scheme.scale_min) // scheme.step <= MOST_STEPS
    require(few, "step", "must give 100 steps at most")
    require(bool(scheme.criteria), "criteria", "must not be empty")
    ids = [criterion.id for criterion in scheme.criteria]
    require(len(set(ids)) == len(ids), "criteria", "must have different ids")
    for position, criterion in enumerate(scheme.criteria):
        at = f"criteria[{position}]"
        require(criterion.id not in (*TIE_STEPS, "overall"), f"{at}.id", "is a word with another meaning")
        require(type(criterion.threshold) is int, f"{at}.threshold", "must be a whole number")
        on_scale = scheme.scale_min <= criterion.threshold <= scheme.scale_max
        require(on_scale, f"{at}.threshold", "must lie on the scale")
        for name in ("weight", "rank_weight"):
            weight = getattr(criterion, name)
            require(type(weight) is int and weight > 0, f"{at}.{name}", "must be a positive whole number")
        # Ranking compares whole hundredths, so that equal scores are equal and a page shows them exactly.
        for name, shares in (("weight", scheme.shares), ("rank_weight", scheme.rank_shares)):
            exact = all(
                (shares[criterion.id] * value).denominator == 1 for value in (scheme.step, scheme.scale_min)
            )
            require(exact, f"{at}.{name}", "must give whole hundredths at each step")
    within = scheme.minimum <= scheme.overall_threshold <= scheme.maximum
    require(within, "overall_threshold", "must be within reach")
    for label in scheme.labels:
        require(label.score in scheme.grid(), "labels", "must be scores of the scale")
    known = len(set(scheme.tie_break)) == len(scheme.tie_break) and set(scheme.tie_break) <= {
        *TIE_STEPS,
        *ids,
    }
    require(known, "tie_break", "must name criteria and known steps, each once")
    better = [bucket * scheme.sign for bucket in scheme.buckets]
    best = max(scheme.maximum * scheme.sign, scheme.minimum * scheme.sign)
    rising = better == sorted(set(better)) and better[-1:] <= [best]
    require(rising and scheme.buckets[:1] == (scheme.overall_threshold,), "buckets",
            "must rise from the overall threshold")  # fmt: skip


@cache
def library() -> dict[str, Scheme]:
    """The schemes that come with the software, by id.

    A file may extend another: it repeats nothing but what differs, and `aspects` adds some to a criterion.
    """
    files_ = (file for file in (files("grants.calls") / "schemes").iterdir() if file.name.endswith(".json"))
    raw = {data["id"]: data for data in (json.loads(file.read_text(encoding="utf-8")) for file in files_)}
    schemes = [Scheme.from_dict(_extended(data, raw)) for data in raw.values()]
    return {scheme.id: scheme for scheme in sorted(schemes, key=lambda scheme: scheme.id)}


def of_action(action: str, *, lump_sum: bool = False) -> Scheme:
    """The scheme in which a full application of a type of action is scored; that of an RIA where it has none."""
    schemes = library()
    own = [one for one in schemes.values() if one.action == action and not one.is_first_stage]
    paid_so = (one for one in own if (one.funding == "lump_sum") == lump_sum)
    return next(paid_so, own[0] if own else schemes["he-ria-2026"])


def brought_along(chosen: Scheme, action: str, year: int) -> dict[str, Any]:
    """The rules of a call that follow from its scheme and type of action: pages of Part B, shape of the budget."""
    lump_sum = chosen.funding == "lump_sum"
    pages = ACTIONS[action].page_limit(year, lump_sum=lump_sum)
    return {
        "page_limit": FIRST_STAGE_PAGES if chosen.is_first_stage else pages,
        "by_work_package": lump_sum,
    }


def _extended(data: Mapping[str, Any], raw: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    if "extends" not in data:
        return dict(data)
    own = {key: value for key, value in data.items() if key not in ("extends", "more_aspects")}
    whole = _extended(raw[data["extends"]], raw) | own
    more: Mapping[str, list[str]] = data.get("more_aspects", {})
    return whole | {
        "criteria": [row | {"aspects": row["aspects"] + more.get(row["id"], [])} for row in whole["criteria"]]
    }
