"""How far money reaches: the cut after a first stage, and whom money that became free reaches on the reserve list."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from grants.calls.scheme import Scheme
from grants.panels.ranking import Line, Ranking

AIM, FLOOR = 3, 2.5
"""Times the budget that stage 2 should ask for, and has to ask for at least (rulebook 3.2)."""


def cuts(scheme: Scheme) -> range:
    """Totals at which a first stage may be cut, hundredths: from its overall threshold up by the step of scores."""
    return range(scheme.overall_threshold, scheme.maximum + 1, scheme.step)


def stage_1_cut(candidates: Iterable[tuple[int, int]], budget: int, cuts: Sequence[int]) -> int:
    """The total, hundredths, from which on applications are invited to stage 2 (T-3.7, T-3.8).

    As close as possible to three times the budget and never below two and a half times; where two are equally close
    the lower one, which admits more; where nothing reaches that far, all candidates.

    Args:
        candidates: (total of Excellence and Impact in hundredths, requested cents) of those above both thresholds.
        budget: cents.
        cuts: the possible ones, ascending.
    """
    rows = tuple(candidates)
    volume = {cut: volume_from(rows, cut) for cut in cuts}
    enough = [cut for cut in volume if 2 * volume[cut] >= 2 * FLOOR * budget]
    return min(enough, key=lambda cut: (abs(volume[cut] - AIM * budget), cut), default=cuts[0])


def invited(ranking: Ranking, budget: int, scheme: Scheme) -> tuple[Line, ...]:
    """The lines of a first stage, in the order of the list: who is invited to the second, and who stays below the cut.

    Args:
        budget: cents, of the second stage.
    """
    cut = stage_1_cut([(row.total, row.amount) for row in ranking.rows], budget, cuts(scheme))
    added = accumulate(row.amount for row in ranking.rows)
    return tuple(
        Line(row.key, "second_stage" if row.total >= cut else "below_cut", row.amount, so_far)
        for row, so_far in zip(ranking.rows, added, strict=True)
    )


def volume_from(candidates: Iterable[tuple[int, int]], cut: int) -> int:
    """Cents requested by all whose total reaches the cut."""
    return sum(requested for total, requested in candidates if total >= cut)


def promoted(reserve: Sequence[tuple[str, int]], free: int) -> list[str]:
    """Who is invited from the reserve list with money that became free, in rank order (rulebook 5.3).

    Stops at the first that does not fit: a cheaper one further down is not taken instead.

    Args:
        reserve: (key, amount in cents) in the order of the ranked list.
        free: cents.
    """
    chosen: list[str] = []
    for key, amount in reserve:
        if amount > free:
            break
        chosen.append(key)
        free -= amount
    return chosen


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """Keys whose line of the budget is another after than before, in the order of `after`."""
    return [key for key in after if before.get(key) != after[key]]
