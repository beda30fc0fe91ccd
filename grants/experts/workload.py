"""How long an evaluation takes: said to officers before they invite, and to experts in the invitation."""

from collections.abc import Iterable

from grants.applications.proposal import Attachment

MINUTES_A_PAGE = 5
MINUTES_A_REPORT = 60
"""Rules of thumb of the house, not figures of a study; a page of Part B is dense and read with the criteria beside."""


def pages(attachments: Iterable[Attachment], limit: int | None) -> int:
    """Pages of all files that belong to an application; of Part B those up to the limit of the call."""
    return sum(
        min(one.pages, limit) if limit is not None and one.kind == "part_b" else one.pages
        for one in attachments
    )


def hours(pages: int, reports: int = 1) -> int:
    """Whole hours for reading so many pages and writing so many reports, rounded up.

    >>> hours(32)
    4
    """
    minutes = pages * MINUTES_A_PAGE + reports * MINUTES_A_REPORT
    return -(-minutes // 60)
