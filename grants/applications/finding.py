"""A finding: one rule of the call, and how an application stands to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from dataclasses import field as with_default
from typing import Any, Literal

from grants.words import N_

Verdict = Literal["holds", "fails", "unknown"]
Gate = Literal["admissibility", "eligibility", "advice"]

CONDITIONS = N_("General Annexes A")
ELIGIBILITY = N_("General Annexes B")
FUNDING = N_("General Annexes G")
FORM = N_("Application form, Part A")
TOPIC = N_("Topic conditions")


@dataclass(frozen=True)
class Finding:
    """One rule and how the application stands to it.

    `sentence` and `remedy` are texts to translate, with `values` for the placeholders of both; `field` is the
    anchor of the section to mend. A blocking finding that does not hold keeps the application from being
    submitted.
    """

    code: str
    verdict: Verdict
    gate: Gate
    blocking: bool
    sentence: str
    remedy: str
    source: str
    field: str
    values: dict[str, Any] = with_default(default_factory=dict)
    anchor: str = ""
    """The control to mend on the section's page, where there is one."""

    @property
    def holds(self) -> bool:
        return self.verdict == "holds"

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        return cls(**data)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON values, kept with what was submitted."""
        return asdict(self)


def verdict(holds: bool) -> Verdict:
    """The verdict of a rule that can be decided."""
    return "holds" if holds else "fails"
