"""Where an application stands, as the steps of the bar on its page."""

from typing import Any

from grants import clock
from grants.applications.models import Application
from grants.words import N_

# What applicants see says nothing about the evaluation before the release (rulebook 7.4).
FOR_APPLICANTS = (
    (N_("Draft"), ("draft",)),
    (N_("Submitted"), ("submitted", "reopened", "locked")),
    (N_("Evaluation"), ("eligibility", "admitted", "in_evaluation", "in_consensus", "in_panel", "evaluated",
                        "inadmissible", "ineligible")),
    (N_("Result"), ("informed",)),
)  # fmt: skip
FOR_STAFF = (
    (N_("Received"), ("submitted", "reopened", "locked")),
    (N_("Eligibility"), ("eligibility", "inadmissible", "ineligible")),
    (N_("Experts"), ("admitted",)),
    (N_("Evaluation"), ("in_evaluation",)),
    (N_("Consensus"), ("in_consensus",)),
    (N_("Panel"), ("in_panel",)),
    (N_("Decision"), ("evaluated",)),
    (N_("Result sent"), ("informed",)),
)
STOPPED = ("withdrawn", "withdrawn_after_deadline", "not_submitted")


def steps(application: Application, *, staff: bool) -> list[dict[str, Any]]:
    """Steps with `label` (msgid) and `state` done, current, todo or stopped."""
    state = application.shown_state
    stages = FOR_STAFF if staff else FOR_APPLICANTS
    if state == "locked" and not staff and clock.now() > application.call.deadline_at:
        state = "eligibility"  # begun for everybody by the clock, so that no step tells what was ruled
    position = next((i for i, (_, states) in enumerate(stages) if state in states), 0)
    stopped = state in STOPPED or (staff and state in ("inadmissible", "ineligible"))

    def standing(index: int) -> str:
        if index < position:
            return "done"
        if index > position:
            return "todo"
        return "stopped" if stopped else "done" if index == len(stages) - 1 else "current"

    return [{"label": label, "state": standing(index)} for index, (label, _) in enumerate(stages)]
