"""The order in which a panel discusses its applications, so that the fewest people with a conflict come and go."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import TypeVar

Member = TypeVar("Member")
EXACT = 11
"""Up to so many different groups of absent members the order is the best there is; above it is a good one."""


def moves(order: Sequence[str], absent: Mapping[str, frozenset[Member]]) -> int:
    """How often somebody leaves or comes back: all are in the room before the first and after the last."""
    rooms = [frozenset[Member](), *(absent.get(key, frozenset()) for key in order), frozenset[Member]()]
    return sum(len(before ^ after) for before, after in pairwise(rooms))


def order(keys: Sequence[str], absent: Mapping[str, frozenset[Member]]) -> list[str]:
    """The keys in an order with the fewest `moves`, else in the order given.

    Applications for which the same members are absent stay together: parting them never saves a move. Up to EXACT
    different groups the shortest round through all of them is found by dynamic programming (Held and Karp); above
    that by always going to the nearest group and then turning round stretches as long as this saves moves.

    Args:
        absent: who has a conflict of interest, by application; nobody where a key is missing.
    """
    groups: dict[frozenset[Member], list[str]] = {frozenset(): []}
    for key in keys:
        groups.setdefault(absent.get(key, frozenset()), []).append(key)
    rooms = list(groups)  # the first is the full room, from which the panel starts and to which it returns
    far = [[len(a ^ b) for b in rooms] for a in rooms]
    tour = _shortest(far) if len(rooms) - 1 <= EXACT else _turned(_nearest(far), far)
    return [key for room in (0, *tour) for key in groups[rooms[room]]]


def _shortest(far: list[list[int]]) -> list[int]:
    """The shortest round from 0 through all others and back, by dynamic programming."""
    everyone = frozenset(range(1, len(far)))

    @cache
    def best(last: int, left: frozenset[int]) -> tuple[int, tuple[int, ...]]:
        if not left:
            return far[last][0], ()
        return min(
            (far[last][after] + rest[0], (after, *rest[1]))
            for after in sorted(left)
            for rest in [best(after, left - {after})]
        )

    return list(best(0, everyone)[1])


def _nearest(far: list[list[int]]) -> list[int]:
    tour, left = [0], set(range(1, len(far)))
    while left:
        tour.append(min(left, key=lambda room: (far[tour[-1]][room], room)))
        left.remove(tour[-1])
    return tour[1:]


def _turned(tour: list[int], far: list[list[int]]) -> list[int]:
    """Turn round any stretch of the tour while that makes it shorter."""
    better = True
    while better:
        better = False
        whole = [0, *tour, 0]
        for first in range(1, len(whole) - 2):
            for last in range(first + 1, len(whole) - 1):
                before, after = whole[first - 1], whole[last + 1]
                saved = far[before][whole[first]] + far[whole[last]][after]
                if far[before][whole[last]] + far[whole[first]][after] < saved:
                    whole[first : last + 1] = reversed(whole[first : last + 1])
                    better = True
        tour = whole[1:-1]
    return tour
