"""Verbs about released decisions: correct one, promote from the reserve list, end a preparation, follow a redress."""

from collections.abc import Mapping
from typing import Any

from grants import clock, events, mail
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions import letters, preparing, queries
from grants.decisions.actions import OWN_WORDS, Changed, Refused, grounds, refuse_uncleared
from grants.decisions.models import Change, Decision
from grants.decisions.outcomes import ENDINGS, GATES, NAMES, WITH_GRANT, possible
from grants.panels.funding import promoted
from grants.panels.queries import visible_numbers
from grants.words import N_
from grants.workflow import move


def choices(decision: Decision) -> list[str]:
    """Outcomes that a change may give: those of the call's list, the present one, a refusal at a gate where a ruling
    was confirmed, and how the preparation of an invited application may end."""
    refused = queries.refusals(decision.call)
    open_to = {decision.outcome, *possible(decision.call.scheme)}
    open_to |= {outcome for outcome, gate in GATES.items() if (decision.application_id, gate) in refused}
    if decision.outcome in ("invited", *ENDINGS):
        open_to.update(ENDINGS)
    return [outcome for outcome in NAMES if outcome in open_to]


def propose(
    decision: Decision, *, by: Any, version: int, kind: str, outcome: str, reason: str, conditions: str = "",
    max_grant: int | None = None,
) -> Change:  # fmt: skip
    """Propose a change; nothing differs for the applicant until another officer approves it.

    Args:
        version: of the decision that the person saw.
        kind: correction, ended or redress; promotions come from `promote`.
        max_grant: euro cents, for the outcomes that carry a grant.

    Raises:
        Changed: the decision is no longer the one that the person saw.
        Refused: a change waits already, no reason, no grant or one above the request, or an outcome that it cannot
            have.
    """
    if decision.version != version:
        raise Changed
    if any(change.state == "proposed" for change in queries.changes_of(decision)):
        raise Refused(N_("A change of this decision already waits for its approval."), "kind")
    if not reason.strip():
        raise Refused(N_("Say why. The new letter gives this reason."), "reason")
    if outcome not in choices(decision):
        raise Refused(N_("The decision on this application cannot have this outcome."), "outcome")
    # A letter that told an end already is corrected like any other.
    ends = decision.outcome == "invited" and outcome in ENDINGS
    if (kind == "ended") != ends:
        raise Refused(N_("Only the preparation of an invited application can end."), "outcome")
    if kind == "redress" and not queries.is_upheld(decision.application):
        raise Refused(N_("No request for redress of this application was upheld."), "kind")
    if outcome in WITH_GRANT and not max_grant:
        raise Refused(N_("Enter the maximum grant."), "max_grant")
    if outcome in WITH_GRANT and max_grant and max_grant > decision.requested:
        raise Refused(N_("The maximum grant cannot be higher than what was requested."), "max_grant")
    _refuse_impossible(decision, outcome, conditions)
    return _proposed(
        decision, by=by, kind=kind, outcome=outcome, reason=reason.strip(),
        conditions=conditions.strip() if outcome in WITH_GRANT else "",
        max_grant=max_grant if outcome in WITH_GRANT else None,
    )  # fmt: skip


def _refuse_impossible(decision: Decision, outcome: str, conditions: str) -> None:
    """Raises Refused for what may no longer happen, when it is proposed and again when it is approved."""
    refuse_uncleared(outcome, (decision.ethics, decision.security), conditions)
    preparation = queries.preparation_of(decision.application) if outcome != "invited" else None
    if preparation is not None and preparation.state == "signed":
        raise Refused(
            N_("The grant agreement is signed. Its money cannot be given to others here."), "outcome"
        )


def _proposed(decision: Decision, *, by: Any, **contents: Any) -> Change:
    change = Change(decision_id=decision.id, decision=decision, state="proposed", proposed_by_id=by.id,
                    proposed_at=clock.now(), **contents)  # fmt: skip
    db.session.add(change)
    db.session.flush()
    events.record(db.session, change, "propose", by=by, target="proposed", **contents)
    return change


def free(call: Call) -> int:
    """Cents of the budget that no invited application may get."""
    return call.budget - queries.committed(call)


def _grant(decision: Decision) -> int:
    """Cents that an invitation would promise."""
    return decision.requested if decision.max_grant is None else decision.max_grant


def reached(call: Call) -> list[Decision]:
    """Whom the free money reaches on the reserve list, in rank order; stops at the first that does not fit."""
    rows = {row.Decision.application.number: row.Decision for row in queries.reserve(call)}
    amounts = [(number, _grant(one)) for number, one in rows.items()]
    return [rows[number] for number in promoted(amounts, free(call))]


def held_back(decision: Decision) -> str:
    """The sentence that says why a decision on the reserve list cannot become an invitation; empty if it can."""
    try:
        _refuse_impossible(decision, "invited", decision.conditions)
    except Refused as refusal:
        return str(refusal)
    return ""


def promote(call: Call, *, by: Any) -> int:
    """Propose to invite whom the free money reaches; the number of new proposals.

    It stops before an application that is not cleared, which officers decide on first, and before one that a conflict
    hides from the officer: the order is the list's, not his.
    """
    visible = visible_numbers(call, by)
    waiting = {row.Decision.id for row in queries.reserve(call) if row.Change}
    made = 0
    for decision in reached(call):
        if decision.application.number not in visible or held_back(decision):
            break
        if decision.id in waiting:
            continue
        _proposed(decision, by=by, kind="promotion", outcome="invited", reason="", conditions=decision.conditions,
                  max_grant=_grant(decision))  # fmt: skip
        made += 1
    return made


def fingerprint(change: Change) -> str:
    """What exactly is to be approved: the change, and the words in force for its letter."""
    decision = change.decision
    words = queries.wordings(decision.call).get((change.outcome, decision.application.coordinator.language))
    return digest([change.public_id, words.number if words else 0])


def approve(change: Change, *, by: Any, seen: str, funder: Mapping[str, str]) -> None:
    """The second pair of eyes: the decision changes, its letter is replaced by a numbered new one, the mail goes.

    Args:
        seen: `fingerprint` of what the person saw.

    Raises:
        Changed: the words of the letter have changed since.
        Refused: for a promotion that the money no longer reaches, or that would pass over somebody, for an invitation
            without clearance, for the end of one whose grant agreement is signed, and for who wrote the letter.
    """
    if fingerprint(change) != seen:
        raise Changed
    decision = change.decision
    if by.id in queries.words_authors(decision.call, change.outcome):
        raise Refused(OWN_WORDS)
    if change.kind == "promotion" and decision.id not in {one.id for one in reached(change.call)}:
        raise Refused(N_("The free money no longer reaches this application. Drop the change."))
    _refuse_impossible(decision, change.outcome, change.conditions)
    at = clock.now()
    change.approved_by_id, change.approved_at = by.id, at
    change.superseded, change.superseded_sha256 = decision.snapshot, decision.sha256
    if change.outcome != decision.outcome:
        decision.grounds = grounds(decision.application, change.outcome)
    decision.outcome, decision.max_grant = change.outcome, change.max_grant
    decision.reason, decision.conditions = change.reason, change.conditions
    decision.proposed_by_id, decision.approved_by_id = change.proposed_by_id, by.id
    decision.letter_number += 1
    value = letters.letter(
        decision, funder=funder, sent=at, wording=queries.wording_of(decision), lots=queries.lots_of(decision)
    )
    decision.released_at = at
    decision.snapshot, decision.sha256 = canonical(value).decode(), digest(value)
    move(change, "approve", by=by, kind=change.kind, outcome=change.outcome, letter=decision.letter_number,
         sha256=decision.sha256)  # fmt: skip
    if decision.outcome == "invited":
        preparing.begin(decision, by=by)
    else:
        preparing.end(decision, by=by)
    coordinator = decision.application.coordinator
    mail.write(
        db.session, "result_changed", to=coordinator.email, language=coordinator.language, user_id=coordinator.id,
        call_id=change.call_id, occasion=f"result_changed:{change.public_id}", name=coordinator.name,
        application=decision.application, call=change.call,
    )  # fmt: skip


def drop(change: Change, *, by: Any) -> None:
    """Leave the decision as it is."""
    move(change, "drop", by=by, kind=change.kind)
