"""The rules of one call that an application is checked against, and the defaults of its type of action."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from typing import Any

from grants.words import N_


@dataclass(frozen=True)
class Action:
    """Defaults of a type of action (rulebook 1.2, 1.3, 2.1): rates in basis points, pages by first year."""

    name: str
    rate: int
    nonprofit_rate: int
    min_countries: int
    needs_member_state: bool
    page_limits: tuple[tuple[int, int], ...]
    source: str
    lump_sum_page_limits: tuple[tuple[int, int], ...] = ()

    def page_limit(self, year: int, *, lump_sum: bool = False) -> int | None:
        """Pages of Part B in the work programme of a year; None before the first edition."""
        limits = self.lump_sum_page_limits if lump_sum and self.lump_sum_page_limits else self.page_limits
        return next((pages for since, pages in reversed(limits) if since <= year), None)


def _actions() -> dict[str, Action]:
    text = (files("grants.calls") / "actions-2026.json").read_text(encoding="utf-8")

    def frozen(row: Mapping[str, Any]) -> dict[str, Any]:
        return {key: tuple(map(tuple, v)) if isinstance(v, list) else v for key, v in row.items()}

    return {code: Action(**frozen(row)) for code, row in json.loads(text).items()}


ACTIONS = _actions()

DECLARATIONS = (
    ("consent", N_("All applicants have agreed to take part and to this application.")),
    ("correct", N_("The information is correct and complete; the work does not start before submission.")),
    ("eligible", N_("The applicants are eligible, are not excluded, and are able to carry out the work.")),
    ("communication", N_("Communication about this application goes through this site, under its terms.")),
    ("privacy", N_("The terms and the privacy statement have been read.")),
    (
        "ethics",
        N_(
            "The work follows ethical principles and the highest standards of research integrity, as in the "
            "ALLEA code, the EU Charter of Fundamental Rights and the European Convention on Human Rights."
        ),
    ),
    ("civil", N_("The work is for civil purposes only and follows the rules on dual-use items.")),
    (
        "prohibited",
        N_(
            "The work includes no human reproductive cloning, no heritable change of the human genome other "
            "than for cancer treatment of the gonads, no creation of human embryos for research or for stem "
            "cells, and no destruction of human embryos."
        ),
    ),
    ("outside_eu", N_("Activities outside the EU would be allowed in at least one Member State.")),
)
"""The nine declarations, all needed to submit: key and sentence (rulebook 9.2)."""


@dataclass(frozen=True)
class QuestionRule:
    """What counts as an answer to one question of the form.

    The limit is in `unit`, characters or words, for texts, and in rows for tables. `lowest` and `highest` are decimal
    numbers, euros for amounts. With a condition the question is asked only where an earlier one has that answer.
    """

    key: str
    label: str = ""
    required: bool = True
    limit: int | None = None
    kind: str = "long"
    unit: str = "characters"
    lowest: str = ""
    highest: str = ""
    choices: tuple[str, ...] = ()
    condition_key: str = ""
    condition_value: str = ""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> QuestionRule:
        return cls(**{**data, "choices": tuple(data.get("choices", ()))})

    def to_dict(self) -> dict[str, Any]:
        return asdict(self) | {"choices": list(self.choices)}


@dataclass(frozen=True)
class CallRules:
    """Limits of one call: contributions in euro cents per application, texts in characters (rulebook 9.2)."""

    action: str
    year: int
    pillar: int | None = None
    min_countries: int = 3
    needs_member_state: bool = True
    max_partners: int | None = None
    min_contribution: int | None = None
    max_contribution: int | None = None
    page_limit: int | None = None
    by_work_package: bool = False
    requested_only: bool = False
    blind: bool = False
    reminder_days: tuple[int, ...] = ()
    title_limit: int = 200
    acronym_limit: int = 20
    abstract_limit: int = 2000
    keyword_limit: int = 5
    free_keywords_limit: int = 200
    quotas: Mapping[str, int] = field(default_factory=dict)
    portfolio: bool = False
    lots: str = ""
    reaction_days: int | None = None
    reaction_words: int | None = None
    reaction_scores: bool = False
    questions: tuple[QuestionRule, ...] = ()
    declarations: tuple[tuple[str, str], ...] = DECLARATIONS

    @classmethod
    def of_action(cls, action: str, year: int, **own: Any) -> CallRules:
        """The defaults of a type of action; what the topic says itself stands above them (T-1.2).

        Raises KeyError for an unknown type of action.
        """
        defaults = ACTIONS[action]
        return cls(
            action=action,
            year=year,
            **{
                "min_countries": defaults.min_countries,
                "needs_member_state": defaults.needs_member_state,
                "page_limit": defaults.page_limit(year),
            }
            | own,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CallRules:
        """Read the shape of `to_dict`; what is absent has its default. TypeError for unknown fields."""
        rules = dict(data)
        rules["reminder_days"] = tuple(rules.get("reminder_days", ()))
        rules["questions"] = tuple(map(QuestionRule.from_dict, rules.get("questions", ())))
        rules["declarations"] = tuple(
            (key, sentence) for key, sentence in rules.get("declarations", DECLARATIONS)
        )
        return cls(**rules)

    def to_dict(self) -> dict[str, Any]:
        """The rules as JSON values."""
        return asdict(self) | {
            "reminder_days": list(self.reminder_days),
            "questions": [question.to_dict() for question in self.questions],
            "declarations": [list(declaration) for declaration in self.declarations],
        }
