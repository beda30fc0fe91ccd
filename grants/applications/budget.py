"""The budget of one partner and of a consortium: its rows, their limits and their totals; by work package or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grants.calls.rules import ACTIONS
from grants.money import share
from grants.words import N_

INDIRECT_RATE = 2500
PURCHASES_WITHOUT_JUSTIFICATION = 1500
FUNDED_ROLES = ("coordinator", "beneficiary", "affiliated_entity")


@dataclass(frozen=True)
class Category:
    """A cost category, and whether the flat rate for indirect costs is taken on it (rulebook 2.2)."""

    key: str
    code: str
    label: str
    carries_indirect: bool


CATEGORIES = (
    Category("personnel", "A", N_("Personnel"), True),
    Category("subcontracting", "B", N_("Subcontracting"), False),
    Category("travel", "C1", N_("Travel and subsistence"), True),
    Category("equipment", "C2", N_("Equipment"), True),
    Category("other_goods", "C3", N_("Other goods, works and services"), True),
    Category("third_parties", "D1", N_("Financial support to third parties"), False),
    Category("internal_invoices", "D2", N_("Internally invoiced goods and services"), False),
)


@dataclass(frozen=True)
class Costs:
    """Direct costs by category, euro cents, and what follows from them (rulebook 2.3)."""

    personnel: int = 0
    subcontracting: int = 0
    travel: int = 0
    equipment: int = 0
    other_goods: int = 0
    third_parties: int = 0
    internal_invoices: int = 0

    @property
    def direct(self) -> int:
        """All direct costs, cents."""
        return sum(getattr(self, category.key) for category in CATEGORIES)

    @property
    def indirect(self) -> int:
        """25 % of A + C1 + C2 + C3, half up, cents."""
        base = sum(getattr(self, category.key) for category in CATEGORIES if category.carries_indirect)
        return share(base, INDIRECT_RATE)

    @property
    def total(self) -> int:
        """Direct and indirect costs, cents."""
        return self.direct + self.indirect


@dataclass(frozen=True)
class Share(Costs):
    """What one partner spends in one work package, and its effort there in tenths of a person-month (rulebook 2.4)."""

    work_package: str = ""
    person_months: int = 0


@dataclass(frozen=True)
class Budget(Costs):
    """Direct costs by category, funding rate and financing of one partner (rulebook 2.3).

    Amounts are euro cents, the rate is in basis points. Where the budget is made by work package, `shares` are its
    rows, the direct costs are their sums, and each computed column is the sum of the rounded rows.
    """

    rate: int = 10000
    requested: int = 0
    income: int = 0
    other_contributions: int = 0
    shares: tuple[Share, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Budget:
        """Read the shape of a proposal. Raises TypeError for unknown fields."""
        return cls(**{**data, "shares": tuple(Share(**row) for row in data.get("shares", ()))})

    @property
    def indirect(self) -> int:
        """25 % of A + C1 + C2 + C3, half up in each row, cents."""
        return sum(row.indirect for row in self.shares) if self.shares else super().indirect

    @property
    def maximum(self) -> int:
        """The highest EU contribution: total costs times funding rate, half up in each row, cents."""
        return sum(share(row.total, self.rate) for row in self.shares or (self,))

    @property
    def own_resources(self) -> int:
        """What the partner pays itself, cents."""
        return self.total - self.requested - self.income - self.other_contributions


def summed(shares: Iterable[Share]) -> dict[str, int]:
    """Direct costs by category, cents, and effort, tenths of a person-month, of all the work packages of a partner."""
    rows = tuple(shares)
    names = (*(category.key for category in CATEGORIES), "person_months")
    return {name: sum(getattr(row, name) for row in rows) for name in names}


def lump_sum_shares(budget: Budget) -> dict[str, int]:
    """The part of the requested contribution that each work package pays out, cents (rulebook 2.4).

    The parts are in proportion to the highest contribution of each row and add up to what is requested: cents that
    rounding leaves over go to the largest remainders, in the order of the rows.
    """
    weights = {row.work_package: share(row.total, budget.rate) for row in budget.shares}
    whole = sum(weights.values())
    if not whole:
        return dict.fromkeys(weights, 0)
    parts = {key: budget.requested * weight // whole for key, weight in weights.items()}
    left = budget.requested - sum(parts.values())
    by_remainder = sorted(weights, key=lambda key: -(budget.requested * weights[key] % whole))
    return {key: part + (key in by_remainder[:left]) for key, part in parts.items()}


COLUMNS = (
    *(category.key for category in CATEGORIES),
    "indirect", "total", "maximum", "requested", "income", "other_contributions", "own_resources",
)  # fmt: skip


def totals(budgets: Iterable[Budget]) -> dict[str, int]:
    """Consortium totals by column, cents: sums of the rounded rows, never of sums (rulebook 2.3, T-2.1)."""
    rows = tuple(budgets)
    return {column: sum(getattr(row, column) for row in rows) for column in COLUMNS}


def counts_as_nonprofit(activity: str, ticked: bool) -> bool:
    """Private companies are for-profit by definition, whatever was ticked (rulebook 1.5)."""
    return ticked and activity != "PRC"


def funding_rate(action: str, nonprofit: bool, role: str) -> int:
    """Highest funding rate in basis points (rulebook 2.1). Raises KeyError for an unknown type of action."""
    if role not in FUNDED_ROLES:
        return 0
    return ACTIONS[action].nonprofit_rate if nonprofit else ACTIONS[action].rate


def problems(budget: Budget, role: str, highest_rate: int = 10000) -> tuple[str, ...]:
    """Codes of what is wrong with one row (rulebook 2.3), T-2.3; empty when all is well.

    NEGATIVE_AMOUNT, RATE_TOO_HIGH, ROLE_NOT_FUNDED, REQUESTED_EXCEEDS_MAX, OWN_RESOURCES_NEGATIVE.
    """
    too_much = role in FUNDED_ROLES and budget.requested > budget.maximum
    found = {
        "NEGATIVE_AMOUNT": any(
            amount < 0
            for row in (budget, *budget.shares)
            for amount in vars(row).values()
            if isinstance(amount, int)
        ),
        "RATE_TOO_HIGH": role in FUNDED_ROLES and budget.rate > highest_rate,
        "ROLE_NOT_FUNDED": role not in FUNDED_ROLES and budget.requested > 0,
        "REQUESTED_EXCEEDS_MAX": too_much,
        # One mistake is reported once: asking for too much also leaves less than nothing to pay.
        "OWN_RESOURCES_NEGATIVE": budget.own_resources < 0 and not too_much,
    }
    return tuple(code for code, wrong in found.items() if wrong)


def purchase_justification(budget: Budget, rule: str = "equipment") -> bool:
    """Whether Part B must justify the purchases: more than 15 % of personnel costs (rulebook 2.2, T-2.5).

    The rule belongs to the template: 'purchases' compares C1 + C2 + C3, 'equipment' (from 2026) only C2.
    """
    bought = {
        "purchases": budget.travel + budget.equipment + budget.other_goods,
        "equipment": budget.equipment,
    }[rule]
    return bought * 10000 > budget.personnel * PURCHASES_WITHOUT_JUSTIFICATION
