"""The budget of one partner and of a consortium: its rows, their limits and their totals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

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
class Budget:
    """Direct costs by category, funding rate and financing of one partner (rulebook 2.3).

    Amounts are euro cents, the rate is in basis points.
    """

    personnel: int = 0
    subcontracting: int = 0
    travel: int = 0
    equipment: int = 0
    other_goods: int = 0
    third_parties: int = 0
    internal_invoices: int = 0
    rate: int = 10000
    requested: int = 0
    income: int = 0
    other_contributions: int = 0

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

    @property
    def maximum(self) -> int:
        """The highest EU contribution: total costs times funding rate, half up, cents."""
        return share(self.total, self.rate)

    @property
    def own_resources(self) -> int:
        """What the partner pays itself, cents."""
        return self.total - self.requested - self.income - self.other_contributions


COLUMNS = (
    *(category.key for category in CATEGORIES),
    "indirect", "total", "maximum", "requested", "income", "other_contributions", "own_resources",
)  # fmt: skip


def totals(budgets: Iterable[Budget]) -> dict[str, int]:
    """Consortium totals by column, cents: sums of the rounded rows, never of sums (rulebook 2.3, T-2.1)."""
    rows = tuple(budgets)
    return {column: sum(getattr(row, column) for row in rows) for column in COLUMNS}


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
        "NEGATIVE_AMOUNT": any(getattr(budget, field.name) < 0 for field in fields(budget)),
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
