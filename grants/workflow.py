"""What may follow what: states and moves as data, and the one door through which a state changes."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import object_session

from grants import events
from grants.words import N_


@dataclass(frozen=True)
class Move:
    """`name` takes a thing from one of `sources` to `target`."""

    name: str
    sources: tuple[str, ...]
    target: str


class IllegalMove(Exception):
    """The thing stands in a state from which this move does not exist (T-7.1)."""


# Rulebook 7.1 (application), 7.2 (assignment, report), 7.3 (consensus report), 8.2 (call). Forthcoming, open, closed,
# locked and not submitted follow from the clock and are stored nowhere.
MOVES: dict[str, tuple[Move, ...]] = {
    "call": (
        Move("publish", ("draft",), "published"),
        Move("suspend", ("published",), "suspended"),
        Move("resume", ("suspended",), "published"),
        Move("cancel", ("published", "suspended"), "cancelled"),
    ),
    "enquiry": (
        Move("answer", ("asked", "answered", "set_aside"), "answered"),
        Move("set_aside", ("asked",), "set_aside"),
    ),
    "application": (
        Move("submit", ("draft", "reopened", "withdrawn"), "submitted"),
        Move("reopen", ("submitted", "withdrawn"), "reopened"),
        Move("withdraw", ("submitted", "reopened"), "withdrawn"),
        Move("withdraw_late", ("submitted", "reopened", "eligibility", "inadmissible", "ineligible", "admitted",
                               "in_evaluation", "in_consensus", "in_panel", "evaluated"), "withdrawn_after_deadline"),
        Move("admit_to_eligibility", ("submitted", "reopened"), "eligibility"),
        Move("refuse_admissibility", ("submitted", "reopened"), "inadmissible"),
        Move("admit", ("eligibility",), "admitted"),
        Move("refuse_eligibility", ("eligibility",), "ineligible"),
        Move("start_evaluation", ("admitted",), "in_evaluation"),
        Move("open_consensus", ("in_evaluation",), "in_consensus"),
        Move("back_to_evaluation", ("in_consensus",), "in_evaluation"),
        Move("back_to_consensus", ("in_panel",), "in_consensus"),
        Move("send_to_panel", ("in_consensus",), "in_panel"),
        Move("close_evaluation", ("in_panel",), "evaluated"),
        Move("inform", ("inadmissible", "ineligible", "evaluated"), "informed"),
        Move("purge", ("draft", "withdrawn"), "purged"),
    ),
    "clarification": (
        Move("answer", ("asked",), "answered"),
        Move("take_back", ("asked",), "taken_back"),
    ),
    "reaction": (Move("answer", ("asked", "answered"), "answered"),),
    "ruling": (
        Move("confirm", ("proposed",), "confirmed"),
        Move("return", ("proposed",), "returned"),
    ),
    "engagement": (
        Move("accept", ("invited",), "accepted"),
        Move("decline", ("invited",), "declined"),
        Move("ask_again", ("accepted", "ended"), "invited"),
        Move("end", ("invited", "accepted", "declined"), "ended"),
    ),
    "assignment": (
        Move("accept", ("invited",), "accepted"),
        Move("decline", ("invited", "accepted"), "declined"),
        Move("declare_none", ("accepted",), "cleared"),
        Move("declare_conflict", ("invited", "accepted", "cleared"), "void"),
        Move("void", ("invited", "accepted", "cleared"), "void"),
        Move("invite_again", ("void",), "invited"),
    ),
    "report": (
        Move("submit", ("draft",), "submitted"),
        Move("reopen", ("submitted",), "draft"),
        Move("void", ("draft", "submitted"), "void"),
        Move("take_up", ("void",), "draft"),
    ),
    "consensus": (
        Move("circulate", ("draft",), "approval"),
        Move("revise", ("approval", "minority", "agreed"), "draft"),
        Move("agree", ("approval",), "agreed"),
        Move("record_minority", ("approval",), "minority"),
        Move("return", ("agreed", "minority"), "draft"),
        Move("finalise", ("agreed", "minority"), "final"),
        Move("restart", ("draft", "approval", "agreed", "minority", "final"), "draft"),
        Move("wait", ("draft", "approval", "agreed", "minority", "final"), "waiting"),
        Move("open", ("waiting",), "draft"),
    ),
    "draw": (
        Move("draw", ("fixed",), "drawn"),
        Move("return", ("drawn",), "fixed"),
        Move("take", ("drawn",), "taken"),
        Move("set_aside", ("fixed",), "set_aside"),
    ),
    "decision": (
        Move("propose", ("returned",), "proposed"),
        Move("approve", ("proposed",), "approved"),
        Move("return", ("proposed", "approved"), "returned"),
        Move("reword", ("approved",), "proposed"),
        Move("release", ("approved",), "released"),
    ),
    "change": (
        Move("approve", ("proposed",), "approved"),
        Move("drop", ("proposed",), "dropped"),
    ),
    "redress": (
        Move("uphold", ("filed",), "upheld"),
        Move("uphold_part", ("filed",), "upheld_part"),
        Move("uphold_without_effect", ("filed",), "no_effect"),
        Move("reject", ("filed",), "rejected"),
        Move("dismiss", ("filed",), "dismissed"),
        Move("withdraw", ("filed",), "withdrawn"),
    ),
    "preparation": (
        Move("sign", ("open",), "signed"),
        Move("end", ("open",), "ended"),
        Move("begin", ("ended",), "open"),
    ),
    "release": (
        Move("carry_out", ("held",), "released"),
        Move("stop", ("held",), "stopped"),
        Move("block", ("held",), "blocked"),
    ),
}  # fmt: skip

STATE_NAMES = {
    "draft": N_("Draft"), "published": N_("Published"), "suspended": N_("Suspended"), "cancelled": N_("Cancelled"),
    "forthcoming": N_("Forthcoming"), "open": N_("Open"), "closed": N_("Closed"),
    "submitted": N_("Submitted"), "reopened": N_("Submitted, being revised"), "withdrawn": N_("Withdrawn"),
    "withdrawn_after_deadline": N_("Withdrawn after the deadline"), "not_submitted": N_("Not submitted"),
    "locked": N_("Received"), "eligibility": N_("Eligibility check"), "inadmissible": N_("Inadmissible"),
    "ineligible": N_("Ineligible"), "admitted": N_("Admitted to evaluation"), "in_evaluation": N_("In evaluation"),
    "in_consensus": N_("In consensus"), "in_panel": N_("In panel"), "evaluated": N_("Evaluated"),
    "informed": N_("Result sent"), "proposed": N_("Proposed"), "confirmed": N_("Confirmed"),
    "returned": N_("Returned"), "approved": N_("Approved"), "released": N_("Released"),
    "invited": N_("Invited"), "accepted": N_("Accepted"), "declined": N_("Declined"),
    "cleared": N_("No conflict declared"), "void": N_("Void"), "approval": N_("For approval"),
    "agreed": N_("Agreed"), "minority": N_("Agreed by majority"), "final": N_("Final"),
    "waiting": N_("Waiting for reports"), "held": N_("On hold"), "stopped": N_("Stopped"), "blocked": N_("Blocked"),
    "fixed": N_("Fixed, not drawn yet"), "drawn": N_("Drawn, not taken over yet"),
    "taken": N_("Taken over by the panel"),
    "dropped": N_("Dropped"), "asked": N_("Asked"), "answered": N_("Answered"), "set_aside": N_("Set aside"),
    "taken_back": N_("Taken back"),
    "filed": N_("Filed"), "upheld": N_("Upheld: to be evaluated again"),
    "upheld_part": N_("Upheld in part: to be evaluated again"), "no_effect": N_("Upheld without effect"),
    "purged": N_("Deleted"), "rejected": N_("Not upheld"),
    "dismissed": N_("Not admissible"), "signed": N_("Signed"), "ended": N_("Ended"),
}  # fmt: skip


def move(thing: Any, name: str, *, by: Any, **facts: Any) -> None:
    """Take `thing` (with `noun` and `state`) along the move `name` and record who did it and why.

    Args:
        by: the person, or None for the system.
        facts: what explains the move (reason, note, number ...), kept with the event.

    Raises:
        IllegalMove: no such move from the present state; nothing has changed.
    """
    step = next((step for step in MOVES[thing.noun] if step.name == name), None)
    if step is None or thing.state not in step.sources:
        raise IllegalMove(f"{thing.noun} cannot {name} from {thing.state}")
    source, thing.state = thing.state, step.target
    session = object_session(thing)
    assert session is not None
    events.record(session, thing, name, by=by, source=source, target=step.target, **facts)
