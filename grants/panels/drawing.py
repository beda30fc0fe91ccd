"""Verbs of a draw of lots at the line: fix the group, enter the public value, take the order over (decision 0034).

It informs the panel's list by the same door as any other finding, and only when somebody takes it over with a reason.
"""

import unicodedata
from datetime import datetime, timedelta
from typing import Any

from grants import clock, events
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
from grants.panels import queries, rerun_draw
from grants.panels.actions import Changed, Refused, note, present, reviewed
from grants.panels.models import Draw
from grants.panels.uncertainty import Sureness
from grants.words import N_
from grants.workflow import move

NOTICE = timedelta(hours=1)
"""How long at least between fixing the group and the public value: it must not be known yet."""


def fix(call: Call, *, by: Any, draws_at: datetime, seen: str, shown: Sureness | None) -> Draw:
    """Fix the group between which lots are drawn, and from when on the public value counts.

    Args:
        seen: `reviewed` of the standing that the person looked at.
        shown: the figures of that standing.

    Raises:
        Changed: something changed since.
        Refused: a draw is in force, the list is not complete, nothing crosses the line, or the value may be known.
    """
    if queries.draw_in_force(call):
        raise Refused(N_("A draw has been fixed already."))
    standing = present(call)
    if reviewed(standing) != seen:
        raise Changed
    if standing.blocks:
        raise Refused(N_("The list is not complete yet. The page of the panel says what is missing."))
    ranked = {place.entry.key for place in standing.ranked}
    group = sorted(one.item for one in (shown.crossing if shown else ()) if one.item in ranked)
    if shown is None or len(group) < 2:
        raise Refused(N_("No two applications cross the line: there is nothing to draw between."))
    at = clock.now()
    if draws_at < at + NOTICE:
        raise Refused(N_("Choose an instant that is at least an hour away."), "draws_at")
    number = len(queries.draws(call)) + 1
    fixed = {
        "schema": 1, "call": call.reference, "number": number, "source": call.lots, "draws_at": draws_at.isoformat(),
        "fixed_at": at.isoformat(), "budget": call.budget, "list": seen, "group": group, "figures": shown.to_dict(),
    }  # fmt: skip
    draw = Draw(
        call_id=call.id, call=call, number=number, state="fixed", fixed_at=at, fixed_by_id=by.id, draws_at=draws_at,
        snapshot=canonical(fixed).decode(), sha256=digest(fixed), value="", seed="", order=[], reason="",
    )  # fmt: skip
    db.session.add(draw)
    db.session.flush()
    events.record(
        db.session,
        draw,
        "fix",
        by=by,
        target="fixed",
        sha256=draw.sha256,
        group=group,
        draws_at=draws_at.isoformat(),
    )
    return draw


def enter(draw: Draw, *, by: Any, value: str) -> None:
    """Enter the public value, from which seed and order follow."""
    draw.value = " ".join(unicodedata.normalize("NFC", value).split())
    draw.seed = rerun_draw.seed(draw.sha256, draw.value)
    draw.order = rerun_draw.order(draw.seed, draw.fixed["group"])
    draw.drawn_at, draw.drawn_by_id = clock.now(), by.id
    move(draw, "draw", by=by, value=draw.value, seed=draw.seed, order=draw.order)


def give_back(draw: Draw, *, by: Any, reason: str) -> None:
    """The value was not entered as it was published: it is to be entered again."""
    facts = {"value": draw.value, "seed": draw.seed, "reason": reason.strip()}
    draw.value, draw.seed, draw.order, draw.drawn_at, draw.drawn_by_id = "", "", [], None, None
    move(draw, "return", by=by, **facts)


def take(draw: Draw, *, by: Any, reason: str) -> None:
    """The panel takes the order over: a finding on each application of the group, with this reason.

    What left the panel since, by a withdrawal for instance, is passed over; the others keep their order.
    """
    draw.reason, draw.closed_at, draw.closed_by_id = reason.strip(), clock.now(), by.id
    found = {application.number: application for application in queries.by_number(draw.call, draw.order)}
    for place, number in enumerate(draw.order, 1):
        if number not in found:
            continue
        finding = queries.finding_of(found[number])
        note(
            found[number], by=by, version=finding.version if finding else 0, consensus={},
            aspects=finding.aspects if finding else (), amended=finding.amended if finding else {},
            reason=finding.reason if finding else "", tie_order=finding.tie_order if finding else None,
            tie_reason=finding.tie_reason if finding else "", max_grant=finding.max_grant if finding else None,
            minutes=finding.minutes if finding else "", motion=finding.motion if finding else "",
            votes=finding.votes if finding else None, funding_order=place, funding_reason=draw.reason, by_lots=True,
        )  # fmt: skip
    move(draw, "take", by=by, reason=draw.reason)


def set_aside(draw: Draw, *, by: Any, reason: str) -> None:
    """Give the draw up while nobody can know the value; the list may change again."""
    draw.reason, draw.closed_at, draw.closed_by_id = reason.strip(), clock.now(), by.id
    move(draw, "set_aside", by=by, reason=draw.reason)


def follows(draw: Draw) -> bool:
    """Whether all that a draw holds follows: the hash of what was fixed, its group, the seed, the order."""
    fixed = draw.fixed
    crossing = {one["item"] for one in fixed["figures"]["items"] if one["crosses"]}
    holds = digest(fixed) == draw.sha256 and set(fixed["group"]) <= crossing
    if draw.state in ("drawn", "taken"):
        holds = holds and draw.drawn_at is not None and draw.drawn_at >= draw.draws_at
        holds = holds and draw.seed == rerun_draw.seed(draw.sha256, draw.value)
        holds = holds and draw.order == rerun_draw.order(draw.seed, fixed["group"])
    return holds


def told(draw: Draw, number: str) -> dict[str, Any] | None:
    """What a letter tells of the draw to one application; its place among the others stays inside."""
    if draw.state != "taken" or number not in draw.order:
        return None
    return {
        "of": len(draw.order), "source": draw.fixed["source"], "draws_at": draw.fixed["draws_at"], "value": draw.value,
        "sha256": draw.sha256, "seed": draw.seed, "lot": rerun_draw.sha256(f"{draw.seed}:{number}"),
    }  # fmt: skip
