"""Verbs about decisions: propose, revise, approve, send back; order, stop and carry out a release."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm.attributes import flag_modified
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events, mail
from grants.applications.models import Application
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions import letters, preparing, queries
from grants.decisions.models import Decision, LetterText, Release
from grants.decisions.outcomes import GATES, OF_LINE, WITH_GRANT, Plan, departs, grounds_of, plan
from grants.decisions.wording import Wording
from grants.eligibility.models import Ruling
from grants.panels import drawing
from grants.panels.models import RankedRow
from grants.panels.queries import draw_in_force, rows_by_application, visible_numbers
from grants.words import N_
from grants.workflow import move


class Refused(ValueError):
    """A refusal with a sentence (msgid) to show beside the form; `field` names the field that it is about."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class Changed(StaleDataError):
    """What the person looked at is no longer what is stored."""


OWN_WORDS = N_("You wrote the words of this letter: another officer has to approve it.")
"""What a letter says is seen by two people, as what it decides."""


def propose_all(call: Call, *, by: Any) -> int:
    """Propose what follows from the ranked list and the confirmed rulings, for all that have no decision yet.

    Returns the number of new proposals; applications from which the officer is barred are left to others.
    """
    rows, refusals, cut = rows_by_application(call), queries.refusals(call), queries.cut(call)
    proposed = 0
    for application in queries.undecided(call, by):
        decision = _drafted(application, rows.get(application.id), refusals, cut)
        if decision is None:
            continue
        decision.proposed_by_id, decision.proposed_at = by.id, clock.now()
        db.session.add(decision)
        db.session.flush()
        events.record(db.session, decision, "propose", by=by, target="proposed", outcome=decision.outcome)
        proposed += 1
    return proposed


def _drafted(
    application: Application,
    row: RankedRow | None,
    refusals: Mapping[tuple[int, str], Ruling],
    cut: int | None,
) -> Decision | None:
    """The decision that follows for one application; None while nothing follows yet.

    Args:
        cut: the lowest total, hundredths, that a first stage invites with.
    """
    assert application.submission is not None
    decision = Decision(
        application_id=application.id, application=application, state="proposed",
        requested=application.submission.requested, grounds=[], reason="", conditions="", comment="",
    )  # fmt: skip
    if application.state in GATES:
        gate = GATES[application.state]
        ruling = refusals.get((application.id, gate))
        if ruling is None:
            return None
        decision.outcome, decision.reason = application.state, ruling.reason
        decision.grounds = _unmet(ruling)
    elif row is None:
        return None
    else:
        decision.outcome = OF_LINE[row.line]
        decision.grounds = grounds_of(decision.outcome, row, cut, application.call.scheme)
        decision.max_grant = row.amount if decision.outcome in WITH_GRANT else None
    return decision


def _unmet(ruling: Ruling) -> list[dict[str, Any]]:
    """What a refusal at a gate is about."""
    return [
        found for found in ruling.findings if found["verdict"] == "fails" and found["gate"] == ruling.gate
    ]


def grounds(application: Application, outcome: str) -> list[dict[str, Any]]:
    """What the letter gives as grounds if the decision on an application has this outcome."""
    if outcome in GATES:
        ruling = queries.refusals(application.call).get((application.id, GATES[outcome]))
        return _unmet(ruling) if ruling else []
    row = queries.row_of(application)
    if row is None:
        return []
    return grounds_of(outcome, row, queries.cut(application.call), application.call.scheme)


def revise(
    decision: Decision, *, by: Any, version: int, outcome: str, reason: str, conditions: str, max_grant: int | None,
    ethics: str = "", security: str = "",
) -> None:  # fmt: skip
    """Change a decision that is proposed or was sent back. Who changes it is the one who proposes it now.

    Args:
        version: of the decision that the person saw.
        max_grant: euro cents, for the outcomes that carry a grant.
        ethics, security: keys of `outcomes.CLEARANCES`.

    Raises:
        Changed: somebody else changed or approved it since.
        Refused: another outcome than the ranked list gives without a reason, or a grant above the request.
    """
    if decision.version != version:
        raise Changed
    application = decision.application
    row = queries.row_of(application)
    if outcome != decision.outcome and not GATES.keys().isdisjoint((outcome, decision.outcome)):
        raise Refused(
            N_("A refusal at the gates follows from its ruling and cannot be chosen here."), "outcome"
        )
    carries_grant = outcome in WITH_GRANT
    if carries_grant and not max_grant:
        raise Refused(N_("Enter the maximum grant."), "max_grant")
    if carries_grant and max_grant and max_grant > decision.requested:
        raise Refused(N_("The maximum grant cannot be higher than what was requested."), "max_grant")
    if departs(outcome, OF_LINE[row.line] if row else None) and not reason.strip():
        raise Refused(N_("Say why the decision is another than the ranked list gives."), "reason")
    refuse_uncleared(outcome, (ethics, security), conditions)
    decision.outcome, decision.reason = outcome, reason.strip()
    decision.ethics, decision.security = ethics, security
    decision.conditions = conditions.strip() if carries_grant else ""
    decision.max_grant = max_grant if carries_grant else None
    decision.grounds = grounds(application, outcome)
    decision.proposed_by_id, decision.proposed_at = by.id, clock.now()
    decision.comment = ""
    facts: dict[str, Any] = {
        "outcome": outcome, "max_grant": decision.max_grant, "reason": decision.reason, "ethics": ethics,
        "security": security,
    }  # fmt: skip
    if decision.state == "returned":
        move(decision, "propose", by=by, **facts)
    else:
        events.record(db.session, decision, "revise", by=by, **facts)


def refuse_uncleared(outcome: str, clearances: Collection[str], conditions: str) -> None:
    """Raises Refused for an invitation without clearance, or without the conditions of one.

    Args:
        clearances: outcomes of the ethics review and of the security scrutiny.
    """
    if outcome == "invited" and "refused" in clearances:
        raise Refused(N_("An application that was not cleared cannot be invited."), "outcome")
    if outcome == "invited" and "conditional" in clearances and not conditions.strip():
        raise Refused(N_("Write the conditions of the clearance."), "conditions")


def approve(decision: Decision, *, by: Any, version: int) -> None:
    """The second pair of eyes.

    Raises:
        Changed: the decision is no longer the one that the person saw.
        Refused: the person wrote the words of its letter.
    """
    if decision.version != version:
        raise Changed
    if by.id in queries.words_authors(decision.call, decision.outcome):
        raise Refused(OWN_WORDS)
    _approve(decision, by=by)


def approve_all(call: Call, *, by: Any, seen: str) -> int:
    """Approve all that others have proposed; what the officer proposed himself stays. Returns how many.

    Raises:
        Changed: one of them changed since the page was shown.
    """
    decisions = queries.to_approve(call, by)
    if fingerprint(decisions) != seen:
        raise Changed
    for decision in decisions:
        _approve(decision, by=by)
    return len(decisions)


def _approve(decision: Decision, *, by: Any) -> None:
    decision.approved_by_id, decision.approved_at = by.id, clock.now()
    move(decision, "approve", by=by, outcome=decision.outcome)


def fingerprint(decisions: Sequence[Decision]) -> str:
    """What exactly is to be approved: public ids and versions."""
    return digest([[decision.public_id, decision.version] for decision in decisions])


def send_back(decision: Decision, *, by: Any, comment: str) -> None:
    """Return a decision to who proposed it, with a comment; an approval is taken back with it."""
    decision.comment = comment.strip()
    decision.approved_by_id = decision.approved_at = None
    move(decision, "return", by=by, reason=decision.comment)
    proposer = decision.proposed_by
    mail.write(
        db.session, "decision_returned", to=proposer.email, language=proposer.language, user_id=proposer.id,
        call_id=decision.call_id, occasion=f"decision_returned:{decision.public_id}:{decision.version}",
        name=proposer.name, application=decision.application, call=decision.call,
    )  # fmt: skip


def write_letter(
    call: Call, outcome: str, language: str, wording: Wording, *, by: Any, seen: int
) -> LetterText:
    """Save the words of the call's letters with this outcome as a new version; earlier ones stay.

    Decisions with this outcome that were approved are for a second officer again, whatever the language: a coordinator
    may still choose another. Of those, who changes the words is the one who proposes now, but where a conflict of
    interest bars him: there he cannot approve anyway. Those that wait for approval become another version, so that
    nobody approves words that he has not seen; their writer does not approve them either (`words_authors`).

    Args:
        seen: number of the version that the person saw, 0 for the words of the house.

    Raises:
        Changed: somebody else has saved meanwhile.
    """
    before = queries.wordings(call).get((outcome, language))
    if (before.number if before else 0) != seen:
        raise Changed
    text = LetterText(
        call_id=call.id, outcome=outcome, language=language, number=seen + 1, subject=wording.subject.strip(),
        opening=wording.opening.strip(), closing=wording.closing.strip(), signatory=wording.signatory.strip(),
        saved_by_id=by.id, saved_at=clock.now(),
    )  # fmt: skip
    db.session.add(text)
    events.record(
        db.session, call, "write_letter", by=by, outcome=outcome, language=language, number=seen + 1
    )
    for decision, is_barred in queries.worded(call, outcome, by):
        if decision.state == "proposed":
            flag_modified(decision, "outcome")
            continue
        if not is_barred:
            decision.proposed_by_id, decision.proposed_at = by.id, text.saved_at
        decision.approved_by_id = decision.approved_at = None
        move(decision, "reword", by=by, outcome=outcome, language=language, number=text.number)
    return text


def planned(call: Call, kind: str) -> Plan:
    """What a release of this kind would do now."""
    expected = {key: OF_LINE[row.line] for key, row in rows_by_application(call).items()}
    return plan(
        kind, queries.unreleased(call), expected=expected, undecided=queries.count_undecided(call),
        panel_closed=call.panel_closed_at is not None, wordings=queries.wordings(call),
        second_stage_is_public=not call.scheme.is_first_stage
        or (call.second_stage is not None and call.second_stage.is_public),
    )  # fmt: skip


HOLD = timedelta(minutes=15)
"""How long an ordered release can still be stopped (decision 0014)."""
TOO_LATE = timedelta(hours=1)
"""How long after its hold a release may still be carried out: a server that comes back later asks again."""


def order_release(call: Call, *, by: Any, kind: str, seen: str) -> Release:
    """Order the release. Nothing becomes known before the hold ends; until then any officer of the call may stop it.

    Args:
        kind: 'results', or 'gate' for refusals that go earlier (settled: Results).
        seen: `Plan.seen_by` the person, of the review page.

    Raises:
        Changed: the plan is no longer the one that the person saw.
        Refused: something is missing.
    """
    coming = planned(call, kind)
    if coming.seen_by(visible_numbers(call, by)) != seen:
        raise Changed
    if coming.blocks:
        raise Refused(N_("The results cannot be released yet. The page says what is missing."))
    at = clock.now()
    order = Release(
        call_id=call.id, call=call, kind=kind, state="held", ordered_at=at, due_at=at + HOLD, released_by_id=by.id,
        counts=coming.counts, seen=coming.seen, note="",
    )  # fmt: skip
    db.session.add(order)
    call.held_until = order.due_at
    db.session.flush()
    events.record(db.session, order, "order", by=by, target="held", kind=kind, counts=coming.counts)
    return order


def stop_release(release: Release, *, by: Any, reason: str) -> None:
    """The emergency stop: nothing was sent and nothing shown; decisions stay approved and may be sent back."""
    release.note, release.call.held_until = reason.strip(), None
    move(release, "stop", by=by, reason=release.note)


def carry_out(release: Release, *, by: Any, funder: Mapping[str, str]) -> None:
    """Make decisions known, all in one transaction: letters frozen, applications informed, one mail each.

    Args:
        by: who ordered it.
        funder: as from `letters.funder`.

    Raises:
        Refused: a decision or a recipient is another than was ordered, or the mails are not one for each decision.
            The caller has to roll back.
    """
    call, kind = release.call, release.kind
    coming = planned(call, kind)
    if coming.seen != release.seen or coming.counts != release.counts or coming.blocks:
        raise Refused(N_("Something changed after the release was ordered. Nothing was released."))
    at = clock.now()
    if at > release.due_at + TOO_LATE:
        raise Refused(N_("The hold ended long ago, while no worker was running. Nothing was released."))
    release.released_at, call.held_until = at, None
    if kind == "results":
        call.released_at = at
    draw = draw_in_force(call)
    for decision in coming.decisions:
        decision.release_id = release.id
        wording = coming.wordings.get((decision.outcome, decision.application.coordinator.language))
        lots = drawing.told(draw, decision.application.number) if draw else None
        _make_known(decision, by=by, at=at, funder=funder, wording=wording, lots=lots)
        if decision.outcome == "invited":
            preparing.begin(decision, by=by)
    db.session.flush()
    if queries.told(release) != release.counts:
        raise Refused(N_("The mails are not one for each decision. Nothing was released."))
    move(release, "carry_out", by=by, kind=kind, counts=release.counts)


def block_release(release: Release, *, sentence: str) -> None:
    """Take a release that could not be carried out off the way, and tell the officer who ordered it."""
    release.note, release.call.held_until = sentence, None
    move(release, "block", by=None, reason=sentence)
    officer = release.released_by
    mail.write(
        db.session, "release_blocked", to=officer.email, language=officer.language, user_id=officer.id,
        call_id=release.call_id, occasion=f"release_blocked:{release.public_id}", name=officer.name,
        call=release.call, sentence=sentence,
    )  # fmt: skip


def _make_known(
    decision: Decision, *, by: Any, at: datetime, funder: Mapping[str, str], wording: Wording | None,
    lots: Mapping[str, Any] | None,
) -> None:  # fmt: skip
    """Freeze the letter, inform the application, write the mail."""
    application, coordinator = decision.application, decision.application.coordinator
    value = letters.letter(decision, funder=funder, sent=at, wording=wording, lots=lots)
    decision.released_at = at
    decision.snapshot, decision.sha256 = canonical(value).decode(), digest(value)
    move(decision, "release", by=by, outcome=decision.outcome, sha256=decision.sha256)
    move(application, "inform", by=by)
    # The mail never tells the outcome: subject lines are shown on locked screens.
    mail.write(
        db.session, "result_released", to=coordinator.email, language=coordinator.language, user_id=coordinator.id,
        call_id=application.call_id, occasion=f"result_released:{decision.public_id}", name=coordinator.name,
        application=application, call=application.call,
    )  # fmt: skip
