"""The size of an enterprise from its figures (Recommendation 2003/361/EC; rulebook 1.5)."""

from __future__ import annotations

NO_ENTERPRISES = ("HES", "PUB")
"""Types of organisation that are no enterprises, whatever their size."""
MILLION = 100_000_000
# Size, headcount below, turnover at most, balance sheet total at most; amounts in euro cents.
CLASSES = (
    ("micro", 10, 2 * MILLION, 2 * MILLION),
    ("small", 50, 10 * MILLION, 10 * MILLION),
    ("medium", 250, 50 * MILLION, 43 * MILLION),
)


def size(headcount: int | None, turnover: int | None, balance_sheet: int | None) -> str:
    """micro, small, medium or large; empty where the figures do not tell.

    The headcount always counts, and one of the two amounts must be within its limit. The figures are those of the
    whole group: linked enterprises in full, partner enterprises by their share.

    Args:
        headcount: staff in annual work units, rounded up.
        turnover: annual turnover, euro cents.
        balance_sheet: annual balance sheet total, euro cents.
    """
    if headcount is None:
        return ""
    amounts = [turnover, balance_sheet]
    for name, heads, *limits in CLASSES:
        if headcount >= heads:
            continue
        if any(amount is not None and amount <= limit for amount, limit in zip(amounts, limits, strict=True)):
            return name
        if None in amounts:
            return ""  # the amount that is missing may be within this limit
    return "large"


def is_sme(activity: str, size: str, ticked: bool) -> bool:
    """Whether an organisation is an SME: an enterprise that its figures do not make large; else as ticked."""
    if activity in NO_ENTERPRISES:
        return False
    return size != "large" if size else ticked
