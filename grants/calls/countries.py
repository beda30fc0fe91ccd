"""What a country is to a call: Member State, associated, fundable, restricted or barred, by a dated table."""

import json
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from babel import Locale


class Status(StrEnum):
    """Class of a country for one call on one day (rulebook 1.4)."""

    MS = "MS"
    AC = "AC"
    AC_TRANSITIONAL = "AC_TRANSITIONAL"
    LMIC = "LMIC"
    OTHER = "OTHER"
    RESTRICTED = "RESTRICTED"
    BARRED = "BARRED"

    @property
    def counts(self) -> bool:
        """Whether a beneficiary from there counts for the minimum consortium (rulebook 1.3)."""
        return self in (Status.MS, Status.AC, Status.AC_TRANSITIONAL)


@cache
def table() -> dict[str, Any]:
    """The dated country table, with its sources."""
    text = (files("grants.calls") / "countries-2026.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


# What the locale data call territories but are groups, placeholders or parts of a state without a code of their own.
NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "ZZ", "XA", "XB", "AC", "CP", "DG", "EA", "IC", "TA", "CQ"}


@cache
def codes() -> frozenset[str]:
    """All country codes, ISO 3166-1 alpha-2 and XK."""
    known = map(str, Locale("en").territories)
    return frozenset(code for code in known if len(code) == 2 and code.isalpha() and code not in NO_COUNTRIES)


def normalised(code: str) -> str:
    """ISO 3166-1 alpha-2 code (and XK) of a code as it is typed: EL becomes GR, UK becomes GB (T-1.11)."""
    code = code.strip().upper()
    return str(table()["aliases"].get(code, code))


def sovereign(code: str) -> str:
    """The state that a code counts for: Reunion (RE) counts as France (T-1.12)."""
    code = normalised(code)
    return next((str(row["of"]) for row in table()["territories"] if code in row["codes"]), code)


def is_widening(code: str) -> bool:
    """Whether an organisation from there may coordinate a widening action (rulebook 1.4)."""
    return normalised(code) in table()["widening"]["codes"]


def status(code: str, *, pillar: int | None, year: int, action: str, on: date) -> Status:
    """Class of a country for a call of the work programme `year`, by the law of a day (rulebook 1.4).

    A call outside the three pillars has pillar None: associations limited to a pillar do not reach it.
    """
    country = sovereign(code)

    def listed(row: dict[str, Any]) -> bool:
        in_time = row.get("from", "") <= on.isoformat() <= (row.get("to") or "9999")
        in_pillar = row.get("pillars") is None or pillar in row["pillars"]
        return country in row["codes"] and in_time and in_pillar and row.get("first_year", 0) <= year

    if any(map(listed, table()["barred"])):
        return Status.BARRED
    if any(listed(row) and action in row["actions"] for row in table()["restricted"]):
        return Status.RESTRICTED
    if listed(table()["members"]):
        return Status.MS
    if association := next(filter(listed, table()["associations"]), None):
        return Status.AC if association["state"] == "in_application" else Status.AC_TRANSITIONAL
    return Status.LMIC if listed(table()["low_and_middle_income"]) else Status.OTHER
