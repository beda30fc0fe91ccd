"""The size of an enterprise from its figures (Recommendation 2003/361/EC; rulebook 1.5)."""

import pytest

from grants.applications.enterprise import size

M = 100_000_000


@pytest.mark.parametrize(
    ("headcount", "turnover", "balance_sheet", "expected"),
    [
        (9, 2 * M, None, "micro"),
        (10, 2 * M, 2 * M, "small"),
        (9, 2 * M + 1, 2 * M, "micro"),
        (9, 2 * M + 1, 2 * M + 1, "small"),
        (49, 10 * M, 99 * M, "small"),
        (50, 10 * M, 10 * M, "medium"),
        (249, 50 * M, 99 * M, "medium"),
        (249, 99 * M, 43 * M, "medium"),
        (249, 50 * M + 1, 43 * M + 1, "large"),
        (250, 0, 0, "large"),
        (250, None, None, "large"),
        (249, None, None, ""),
        (249, 60 * M, None, ""),
        (9, 3 * M, None, ""),
        (None, 1, 1, ""),
    ],
)
def test_size(headcount: int | None, turnover: int | None, balance_sheet: int | None, expected: str) -> None:
    assert size(headcount, turnover, balance_sheet) == expected
