"""The outcomes of a call: which follows from which place on the list, and what they are called."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from grants.calls.scheme import Scheme
from grants.canonical import digest
from grants.panels.standing import lines_of
from grants.words import N_

if TYPE_CHECKING:
    from grants.decisions.models import Decision
    from grants.decisions.wording import Wording
    from grants.panels.models import RankedRow

OF_LINE = {
    "main": "invited",
    "reserve": "reserve",
    "no_budget": "no_budget",
    "second_stage": "second_stage",
    "below_cut": "below_cut",
    "below_threshold": "below_threshold",
}
"""Outcome that follows from a line of the ranked list (rulebook 6.1)."""

GATES = {"inadmissible": "admissibility", "ineligible": "eligibility"}
"""Gate whose refusal leads to an outcome without an evaluation."""

WITH_GRANT = ("invited", "reserve")
"""Outcomes for which a maximum grant is set."""

CLEARANCES = {
    "": N_("Not asked for"),
    "cleared": N_("Cleared"),
    "conditional": N_("Cleared with conditions"),
    "refused": N_("Not cleared"),
}
"""What an ethics review or a security scrutiny ends with; it stands beside the score and never changes it."""

KINDS = {
    "correction": N_("Correction"),
    "promotion": N_("Promotion from the reserve list"),
    "ended": N_("Grant preparation ended"),
    "redress": N_("Outcome of a redress"),
}
"""Why a released decision changes."""

NAMES = {
    "invited": N_("Invited to prepare the grant"),
    "reserve": N_("Reserve list"),
    "no_budget": N_("Above the thresholds, no budget"),
    "second_stage": N_("Invited to the second stage"),
    "below_cut": N_("Above the thresholds, below the cut"),
    "below_threshold": N_("Below a threshold"),
    "ineligible": N_("Ineligible"),
    "inadmissible": N_("Inadmissible"),
    "ended": N_("Grant preparation ended"),
    "ethics": N_("Rejected after the ethics review"),
    "security": N_("Rejected after the security scrutiny"),
    "capacity": N_("Rejected for lack of capacity"),
    "exclusion": N_("Rejected: a participant is excluded"),
}
"""All outcomes, in the order in which pages count them."""

ENDINGS = ("ended", "ethics", "security", "capacity", "exclusion")
"""Outcomes of an invited application that gets no grant after all."""

NOTICES = {
    "withdrawn": N_("Withdrawal acknowledged"),
    "upheld": N_("Redress upheld, all evaluated again"),
    "upheld_part": N_("Redress upheld in part, that part evaluated again"),
    "no_effect": N_("Redress upheld without effect"),
    "rejected": N_("Redress not upheld"),
    "dismissed": N_("Redress not admissible"),
}
"""Letters that tell no decision (rulebook 6.1, 6.3)."""

TONES = {
    "invited": "success", "reserve": "info", "no_budget": "warning", "second_stage": "success", "below_cut": "warning",
    "below_threshold": "danger", "ineligible": "danger", "inadmissible": "danger", "ended": "neutral",
    "ethics": "danger", "security": "danger", "capacity": "danger", "exclusion": "danger",
}  # fmt: skip


def count(decisions: Iterable[Decision]) -> dict[str, int]:
    """How many decisions have each outcome that occurs, in the order of NAMES."""
    outcomes = [decision.outcome for decision in decisions]
    return {outcome: outcomes.count(outcome) for outcome in NAMES if outcome in outcomes}


UNDECIDED = N_("Applications without a decision: %(count)s.")
UNAPPROVED = N_("Decisions that a second officer has not approved: %(count)s.")


@dataclass(frozen=True)
class Plan:
    """What one release would do: its decisions, and the sentences (with values) that keep it from happening.

    `kind` is 'gate' for inadmissible and ineligible only, 'results' for all that is left.
    """

    kind: str
    decisions: Sequence[Decision]
    blocks: Sequence[tuple[str, Mapping[str, Any]]]
    invited_sum: int = 0
    departures: Sequence[Decision] = field(default_factory=tuple)
    wordings: Mapping[tuple[str, str], Wording] = field(default_factory=dict)
    """The words that officers gave the letters, by outcome and language."""

    @property
    def counts(self) -> dict[str, int]:
        """Letters by outcome, in the order of NAMES; their sum is the number of decisions."""
        return count(self.decisions)

    @property
    def seen(self) -> str:
        """Fingerprint of decisions, recipients and words: nothing else is released than what was ordered."""
        return self.seen_by({one.application.number for one in self.decisions})

    def seen_by(self, visible: Container[str]) -> str:
        """The same of what a person saw, by the numbers of the applications that no conflict hides from them."""
        return digest(
            [
                [
                    [one.public_id, one.version, one.outcome, one.application.coordinator_id]
                    for one in self.decisions
                    if one.application.number in visible
                ],
                sorted([*key, wording.number] for key, wording in self.wordings.items()),
            ]
        )

    def blocks_for(self, visible: Container[str], undecided: int) -> list[tuple[str, Mapping[str, Any]]]:
        """What is missing as a person may know it, who is shown some of the decisions only.

        Args:
            undecided: how many of the applications shown have no decision.
        """
        unapproved = sum(
            one.state != "approved" for one in self.decisions if one.application.number in visible
        )
        mine = {UNDECIDED: undecided, UNAPPROVED: unapproved}
        found = [
            (sentence, {"count": mine[sentence]} if sentence in mine else values)
            for sentence, values in self.blocks
            if mine.get(sentence, 1)
        ]
        hidden = any(
            sentence in mine and values["count"] > mine[sentence] for sentence, values in self.blocks
        )
        return found + ([(N_("Something that is not shown to you is not ready."), {})] if hidden else [])


def plan(
    kind: str,
    decisions: Sequence[Decision],
    *,
    expected: Mapping[int, str],
    undecided: int,
    panel_closed: bool,
    second_stage_is_public: bool = True,
    wordings: Mapping[tuple[str, str], Wording] = MappingProxyType({}),
) -> Plan:
    """The plan of a release.

    Args:
        decisions: all that are not released yet.
        expected: outcomes that follow from the ranked list, by the application's row id.
        undecided: applications that wait for a decision and have none.
        second_stage_is_public: False while those who pass a first stage could not see where to go.
    """
    blocks: list[tuple[str, Mapping[str, Any]]] = []
    if kind == "gate":
        chosen = [one for one in decisions if one.outcome in GATES and one.state == "approved"]
        if not chosen:
            blocks.append((N_("There is no approved refusal to release."), {}))
        return Plan(kind, chosen, blocks, wordings=wordings)
    if not panel_closed:
        blocks.append((N_("The panel is not closed yet."), {}))
    if not second_stage_is_public:
        blocks.append((N_("The call of the second stage is not published yet."), {}))
    if undecided:
        blocks.append((UNDECIDED, {"count": undecided}))
    if unapproved := sum(one.state != "approved" for one in decisions):
        blocks.append((UNAPPROVED, {"count": unapproved}))
    if not decisions and not undecided:
        blocks.append((N_("There is nothing to release."), {}))
    invited = sum(one.max_grant or 0 for one in decisions if one.outcome == "invited")
    departures = [one for one in decisions if departs(one.outcome, expected.get(one.application_id))]
    return Plan(kind, decisions, blocks, invited, departures, wordings)


def possible(scheme: Scheme) -> tuple[str, ...]:
    """Outcomes that an evaluated application of a call may have; a first stage invites to the second, or does not."""
    return tuple(OF_LINE[line] for line in lines_of(scheme))


def grounds_of(outcome: str, row: RankedRow, cut: int | None, scheme: Scheme) -> list[dict[str, Any]]:
    """The thresholds that a letter names with score and criterion ('overall' has no name), as rulebook 6.2 wants it.

    Args:
        row: of the application on the list in force.
        cut: the total, hundredths, down to which a first stage invites; None where it invites nobody.
    """
    if outcome == "below_cut" and cut is not None and not scheme.reaches(row.total, cut):
        return [{"criterion": "overall", "score": row.total, "threshold": cut, "name": ""}]
    if outcome != "below_threshold":
        return []
    names = {criterion.id: criterion.name for criterion in scheme.criteria}
    return [dict(missed) | {"name": names.get(missed["criterion"], "")} for missed in row.missed]


def departs(outcome: str, expected: str | None) -> bool:
    """Whether an outcome is another than the ranked list gives; such a decision says why."""
    return expected is not None and outcome != expected
