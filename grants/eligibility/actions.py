"""Verbs at the gates: rule on an application, confirm a refusal as the second officer, or send it back."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from grants import clock, events, mail
from grants.applications.models import Application
from grants.db import db
from grants.eligibility import queries
from grants.eligibility.models import Ruling
from grants.words import N_
from grants.workflow import move

PASS = {"admissibility": "admit_to_eligibility", "eligibility": "admit"}
REFUSE = {"admissibility": "refuse_admissibility", "eligibility": "refuse_eligibility"}


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show; `field` names the field of the form that it is about."""

    def __init__(self, sentence: str, field: str = "verdict") -> None:
        super().__init__(sentence)
        self.field = field


def propose(application: Application, *, gate: str, verdict: str, reason: str, by: Any) -> Ruling:
    """Rule at a gate. A pass takes effect at once, a refusal when a second officer confirms it (rulebook 1.1, 7.1).

    Args:
        gate: admissibility or eligibility; the one that the person saw.
        verdict: ok or fail.

    Raises:
        Unfit: the gate is decided, a refusal waits already, the reason is missing, or it may still change.
    """
    db.session.refresh(application, ["state", "extended_to"], with_for_update=True)
    if application.accepts_changes(clock.now()):
        raise Unfit(N_("The applicants may still change this application."))
    if gate != queries.gate_of(application):
        raise Unfit(N_("Somebody else has decided at this gate meanwhile."))
    if queries.open_proposal(application):
        raise Unfit(N_("A refusal already waits for a second officer."))
    found = queries.findings(application, gate)
    reason = reason.strip()
    if not reason and verdict == "fail":
        raise Unfit(N_("Give the reason. The applicants will read it in their letter."), "reason")
    if not reason and any(finding.gate == gate and finding.verdict == "fails" for finding in found):
        raise Unfit(N_("Give the reason: you decide otherwise than the rules suggest."), "reason")
    ruling = Ruling(
        application_id=application.id, application=application, gate=gate, verdict=verdict, reason=reason,
        findings=[finding.to_dict() for finding in found], state="proposed", proposed_by_id=by.id,
        proposed_at=clock.now(), comment="",
    )  # fmt: skip
    db.session.add(ruling)
    db.session.flush()
    if verdict == "ok":
        ruling.state, ruling.decided_by_id, ruling.decided_at = "confirmed", by.id, clock.now()
        move(application, PASS[gate], by=by, ruling=ruling.public_id, reason=reason)
    else:
        events.record(db.session, ruling, "propose", by=by, target="proposed", gate=gate, reason=reason)
    return ruling


def pass_clear(
    applications: Iterable[Application], *, gate: str, by: Any
) -> tuple[list[Application], list[Application]]:
    """Pass those for which every rule of the gate holds, on the day of the deadline and by the law of today.

    Returns what passed, and what is left to look at singly. Each pass is a ruling of its own, as if it had been made on
    the application's page.
    """
    passed, left = list[Application](), list[Application]()
    for application in applications:
        ends = left
        assert application.submission is not None
        found = [one for one in queries.findings(application, gate) if one.gate == gate]
        today = queries.other_today(application.submission.proposal, application.call, gate)
        if not today and all(one.holds for one in found):
            with suppress(Unfit):
                propose(application, gate=gate, verdict="ok", reason="", by=by)
                ends = passed
        ends.append(application)
    return passed, left


def confirm(ruling: Ruling, *, by: Any) -> None:
    """The second officer agrees: the application is inadmissible or ineligible from now on."""
    _decide(ruling, "confirm", by=by)
    move(ruling.application, REFUSE[ruling.gate], by=by, ruling=ruling.public_id, reason=ruling.reason)


def send_back(ruling: Ruling, *, comment: str, by: Any) -> None:
    """The second officer disagrees: the application stands at the gate again, and the first officer is told."""
    _decide(ruling, "return", by=by, reason=comment)
    ruling.comment = comment
    first = ruling.proposed_by
    mail.write(
        db.session, "ruling_returned", to=first.email, language=first.language, user_id=first.id,
        call_id=ruling.call_id, occasion=f"ruling_returned:{ruling.public_id}", ruling=ruling, reader=first,
    )  # fmt: skip


def _decide(ruling: Ruling, name: str, *, by: Any, **facts: Any) -> None:
    db.session.refresh(ruling, ["state"], with_for_update=True)
    move(ruling, name, by=by, **facts)
    ruling.decided_by_id, ruling.decided_at = by.id, clock.now()
