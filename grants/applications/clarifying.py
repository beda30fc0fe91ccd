"""Which parts of a received application an officer may unlock for a clarification, and what becomes of them.

A clerical error may be put right on request, if it does not change the application substantially (rulebook 1.1): so
neither the budget nor who takes part can be unlocked, and everything that is not named stays as it was received.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grants.applications.proposal import Proposal
from grants.words import N_

UNLOCKING_STATES = ("submitted", "reopened", "eligibility", "admitted")
"""Before the experts read it; afterwards a question can be asked, and nothing can be changed."""

SUMMARY = {"title": N_("Title"), "abstract": N_("Abstract"), "duration": N_("Duration in months")}
ORGANISATION = (
    "name", "short_name", "pic", "country", "city", "activity", "sme", "international", "control_group", "gep", "vat",
    "ror",
)  # fmt: skip
"""What may be put right about an organisation: who it is, never its part in the project or what decides its rate."""


def unlockable(proposal: Proposal, questions: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Parts that may be unlocked: (key, sentence to translate, what it is about).

    Args:
        questions: key and label of the questions that are answered in the form itself.
    """
    return [
        *((key, label, "") for key, label in SUMMARY.items()),
        *((f"q:{key}", N_("Question: %(about)s"), label) for key, label in questions),
        *((f"partner:{one.key}", N_("Organisation: %(about)s"), one.label) for one in proposal.partners),
        ("part_b", N_("Part B"), ""),
    ]


def clarified(content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a submitted version (`Proposal.to_dict`) with some of its parts replaced.

    Args:
        changes: by key of a part: the text or number, the answer, the fields of an organisation, or the file.
    """
    facts = dict(content)
    for key, value in changes.items():
        kind, _, name = key.partition(":")
        if kind == "q":
            facts["answers"] = _replaced(facts["answers"], "key", name, {"key": name, "value": value})
        elif kind == "partner":
            facts["partners"] = [row | value if row["key"] == name else row for row in facts["partners"]]
        elif kind == "part_b":
            facts["attachments"] = _replaced(facts["attachments"], "kind", "part_b", value)
        else:
            facts[kind] = value
    return facts


def _replaced(rows: Iterable[Mapping[str, Any]], name: str, key: str, new: Any) -> list[Any]:
    """The rows with the one of that key replaced in its place, or with the new one at the end."""
    kept = list(rows)
    if all(row[name] != key for row in kept):
        return [*kept, new]
    return [new if row[name] == key else row for row in kept]
