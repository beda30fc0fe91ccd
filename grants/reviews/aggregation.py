"""How other funders make one figure of several: medians, votes, outliers, places for the next step (rulebook 3.5).

Horizon Europe does none of this: its scores are agreed in a consensus, never computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from statistics import median as middle


def median(scores: Sequence[int]) -> Fraction:
    """The middle score, hundredths; between the two middle ones it leaves the grid (T-3.19).

    Raises ValueError without any score.
    """
    if not scores:
        raise ValueError("no scores")
    return Fraction(middle(sorted(Fraction(score) for score in scores)))


def vote(marks: Sequence[int]) -> int:
    """Ten times the mean of a panel's votes from 1 (best) to 9, half up: 10 to 90 (NIH, T-3.13 to T-3.15)."""
    if not marks:
        raise ValueError("no votes")
    return int(Fraction(10 * sum(marks), len(marks)) + Fraction(1, 2))


def without_outlier(scores: Sequence[int], middle_of_scale: int) -> Fraction:
    """Mean without the one expert on the other side of the scale's middle (Eurostars, T-3.16 to T-3.18).

    Scores and middle are hundredths; a score at the middle counts with those above it.
    """
    above = [score for score in scores if score >= middle_of_scale]
    below = [score for score in scores if score < middle_of_scale]
    kept = (
        above
        if len(below) == 1 and len(above) > 1
        else below
        if len(above) == 1 and len(below) > 1
        else scores
    )
    return Fraction(sum(kept), len(kept))


def invited(order: Iterable[str], grades: Mapping[str, str], places: int) -> dict[str, str]:
    """Grades of a first step, where only so many of those with an A go on (ERC, T-3.20).

    Args:
        order: keys from the best down, as the panel ranks them.
        grades: A, B or C by key.

    Returns: 'A-invited', 'A-not invited', 'B' or 'C' by key. Both kinds of A are an A for a later application.
    """
    told, left = {}, places
    for key in order:
        told[key] = grades[key]
        if grades[key] == "A":
            told[key] = "A-invited" if left > 0 else "A-not invited"
            left -= 1
    return told
