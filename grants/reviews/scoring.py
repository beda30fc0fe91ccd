"""Scores of one application: their faults, total, score for ranking, thresholds and spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from grants.calls.scheme import Scheme

Scores = Mapping[str, int]
"""Hundredths of a point by criterion id."""

WIDE_SPREAD = 150


class Missed(NamedTuple):
    """A threshold that was not reached, hundredths; the criterion is 'overall' for the total."""

    criterion: str
    score: int
    threshold: int


@dataclass(frozen=True)
class Outcome:
    """Total and thresholds; `rank_score` is None below a threshold, where it would mislead (T-3.3)."""

    total: int
    rank_score: int | None
    passed: bool
    missed: tuple[Missed, ...]


class Spread(NamedTuple):
    """Lowest and highest individual score on a criterion, and whether they lie far apart (rulebook 3.7)."""

    lowest: int
    highest: int
    wide: bool


def problems(scores: Scores, scheme: Scheme) -> tuple[tuple[str, str], ...]:
    """Pairs of criterion id and MISSING, OFF_GRID or UNKNOWN; nothing is rounded (rulebook 3.7, T-3.6)."""
    ids = [criterion.id for criterion in scheme.criteria]
    grid = scheme.grid()
    missing = tuple((id, "MISSING") for id in ids if id not in scores)
    off_grid = tuple((id, "OFF_GRID") for id in ids if id in scores and scores[id] not in grid)
    return missing + off_grid + tuple((id, "UNKNOWN") for id in sorted(scores) if id not in ids)


def total(scores: Scores, scheme: Scheme) -> int | None:
    """Total by the scheme's formula, exact, in hundredths; None while a criterion has no score (rulebook 3.5)."""
    if any(criterion.id not in scores for criterion in scheme.criteria):
        return None
    return int(sum(scores[id] * share for id, share in scheme.shares.items()))


def rank_score(scores: Scores, scheme: Scheme) -> int | None:
    """Total with the weights for ranking, exact, in hundredths; None while a criterion has no score."""
    if any(criterion.id not in scores for criterion in scheme.criteria):
        return None
    return int(sum(scores[id] * share for id, share in scheme.rank_shares.items()))


def outcome(scores: Scores, scheme: Scheme) -> Outcome:
    """Whether consensus scores reach every threshold; equality passes, and so does less where less is better.

    Weights for ranking play no part (rulebook 3.3).

    Raises ValueError for scores that have `problems`.
    """
    if wrong := problems(scores, scheme):
        raise ValueError(f"scores cannot be judged: {wrong}")
    reached = total(scores, scheme)
    assert reached is not None
    judged = [(criterion.id, scores[criterion.id], criterion.threshold) for criterion in scheme.criteria]
    judged.append(("overall", reached, scheme.overall_threshold))
    missed = tuple(Missed(*row) for row in judged if not scheme.reaches(row[1], row[2]))
    return Outcome(reached, None if missed else rank_score(scores, scheme), not missed, missed)


def spread(reports: Sequence[Scores]) -> dict[str, Spread]:
    """Spread of the individual scores by criterion id; a report without a score on one is left out there."""
    given: dict[str, list[int]] = {}
    for scores in reports:
        for id, score in scores.items():
            given.setdefault(id, []).append(score)
    return {id: Spread(min(s), max(s), max(s) - min(s) >= WIDE_SPREAD) for id, s in given.items()}
