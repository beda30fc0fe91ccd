"""A scoring scheme: scale, criteria, thresholds, weights and tie-break, copied into each call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

TIE_STEPS = ("coverage", "gender", "countries", "panel")
"""Steps of a tie-break that are not a criterion (rulebook 5.2)."""


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
    """An award criterion; threshold in hundredths of a point, weight for ranking only in hundredths."""

    id: str
    name: str
    threshold: int
    rank_weight: int = 100
    aspects: tuple[str, ...] = ()


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
    """Lower bounds, ascending, of the groups of totals that are published (rulebook 5.3, T-5.4)."""

    def __post_init__(self) -> None:
        _check(self)

    def grid(self) -> tuple[int, ...]:
        """All valid scores, ascending."""
        return tuple(range(self.scale_min, self.scale_max + 1, self.step))

    @property
    def maximum(self) -> int:
        """The highest total."""
        return self.scale_max * len(self.criteria)

    @property
    def rank_maximum(self) -> int:
        """The highest score for ranking."""
        return sum(self.scale_max * criterion.rank_weight for criterion in self.criteria) // 100

    def criterion(self, id: str) -> Criterion:
        """The criterion with that id. Raises KeyError."""
        return {criterion.id: criterion for criterion in self.criteria}[id]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Scheme:
        """Read the shape of `to_dict`. Raises SchemeError, a ValueError that names the field."""
        if missing := [field.name for field in fields(cls) if field.name not in data]:
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
    require(scheme.step > 0, "step", "must be positive")
    require(scheme.scale_min < scheme.scale_max, "scale_max", "must be above scale_min")
    require((scheme.scale_max - scheme.scale_min) % scheme.step == 0, "step", "must divide the scale")
    require(bool(scheme.criteria), "criteria", "must not be empty")
    ids = [criterion.id for criterion in scheme.criteria]
    require(len(set(ids)) == len(ids), "criteria", "must have different ids")
    for position, criterion in enumerate(scheme.criteria):
        at = f"criteria[{position}]"
        require(criterion.id not in (*TIE_STEPS, "overall"), f"{at}.id", "is a word with another meaning")
        require(type(criterion.threshold) is int, f"{at}.threshold", "must be a whole number")
        on_scale = scheme.scale_min <= criterion.threshold <= scheme.scale_max
        require(on_scale, f"{at}.threshold", "must lie on the scale")
        weight = criterion.rank_weight
        require(type(weight) is int and weight > 0, f"{at}.rank_weight", "must be a positive whole number")
        # Ranking compares whole hundredths, so that equal scores are equal and a page shows them exactly.
        exact = scheme.step * weight % 100 == 0 and scheme.scale_min * weight % 100 == 0
        require(exact, f"{at}.rank_weight", "must give whole hundredths at each step")
    require(0 <= scheme.overall_threshold <= scheme.maximum, "overall_threshold", "must be within reach")
    for label in scheme.labels:
        require(label.score in scheme.grid(), "labels", "must be scores of the scale")
    known = len(set(scheme.tie_break)) == len(scheme.tie_break) and set(scheme.tie_break) <= {
        *TIE_STEPS,
        *ids,
    }
    require(known, "tie_break", "must name criteria and known steps, each once")
    rising = list(scheme.buckets) == sorted(set(scheme.buckets)) and scheme.buckets[-1:] <= (scheme.maximum,)
    require(rising and scheme.buckets[:1] == (scheme.overall_threshold,), "buckets",
            "must rise from the overall threshold")  # fmt: skip


@cache
def library() -> dict[str, Scheme]:
    """The schemes that come with the software, by id."""
    schemes = [
        Scheme.from_dict(json.loads(file.read_text(encoding="utf-8")))
        for file in (files("grants.calls") / "schemes").iterdir()
        if file.name.endswith(".json")
    ]
    return {scheme.id: scheme for scheme in sorted(schemes, key=lambda scheme: scheme.id)}
