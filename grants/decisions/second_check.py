"""The second eligibility check, on the day of the signature: whose country stands differently than at the deadline."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from grants.applications.proposal import Partner
from grants.calls.countries import Status, status
from grants.words import N_


class Standing(NamedTuple):
    """One beneficiary whose country has another status now: names of `countries.Status`, and whether it is worse."""

    name: str
    country: str
    then: str
    now: str
    worse: bool


def changed(
    beneficiaries: Iterable[Partner], *, pillar: int | None, year: int, action: str, then: date, now: date
) -> list[Standing]:
    """Beneficiaries whose country had another status on the day of the deadline than it has now (rulebook 1.4).

    Worse is what no longer counts, no longer may take part, or no longer gets money; and an association that is not
    in force yet, which was enough for the application and is not for the signature.
    """
    found = []
    for partner in beneficiaries:
        before, after = (
            status(partner.country, pillar=pillar, year=year, action=action, on=day) for day in (then, now)
        )
        pending = after is Status.AC_TRANSITIONAL
        if partner.country and (before != after or pending):
            worse = pending or _rank(after) < _rank(before)
            found.append(Standing(partner.name, partner.country, before.name, after.name, worse))
    return found


def _rank(of: Status) -> int:
    """How much a status gives: counting for the consortium, else money, else taking part, else nothing."""
    if of in (Status.BARRED, Status.RESTRICTED):
        return 0
    return 3 if of.counts else 2 if of is Status.LMIC else 1


NAMES = {
    "MS": N_("Member State"), "AC": N_("Associated country"),
    "AC_TRANSITIONAL": N_("Association not yet in force"), "LMIC": N_("Low or middle income country"),
    "OTHER": N_("Other country"), "RESTRICTED": N_("Restricted"), "BARRED": N_("Excluded"),
}  # fmt: skip
