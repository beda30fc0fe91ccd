"""The way of a grant agreement to its signature: its steps, the second eligibility check (rulebook 7.1)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from grants import clock, events
from grants.applications.finding import Finding
from grants.applications.queries import findings_of
from grants.canonical import canonical
from grants.db import db
from grants.decisions import second_check
from grants.decisions.actions import Refused
from grants.decisions.models import Decision, Preparation
from grants.decisions.preparing import STEPS
from grants.eligibility import queries as eligibility
from grants.words import N_
from grants.workflow import move


def steps(preparation: Preparation, decision: Decision) -> list[str]:
    """Those of STEPS that a preparation needs: not all consortia need plans, nor have all projects conditions."""
    needless = set()
    if not any(one.code == "GENDER_EQUALITY_PLAN" for one in _eligibility(preparation)):
        needless.add("plans_on")
    if "conditional" not in (decision.ethics, decision.security):
        needless.add("conditions_on")
    return [step for step in STEPS if step not in needless]


def missing(preparation: Preparation, decision: Decision) -> list[str]:
    """Sentences about what has to be done before the funder signs."""
    undone = [STEPS[step] for step in steps(preparation, decision) if getattr(preparation, step) is None]
    if "refused" in (decision.ethics, decision.security):
        undone.append(N_("The ethics review or the security scrutiny did not clear the project."))
    return undone


def note(preparation: Preparation, decision: Decision, *, by: Any, days: Mapping[str, date | None]) -> None:
    """Write down when each step was done; None where it is not.

    Raises Refused for a day before the invitation or in the future, with the step as `field`.
    """
    assert decision.released_at is not None
    invited = decision.released_at.astimezone(ZoneInfo(preparation.call.zone)).date()
    for step, day in days.items():
        if day is not None and day > _today(preparation):
            raise Refused(N_("This day is still to come."), step)
        if day is not None and day < invited:
            raise Refused(N_("This day lies before the invitation."), step)
        setattr(preparation, step, day)
    events.record(
        db.session, preparation, "note", by=by,
        **{step: day.isoformat() if day else "" for step, day in days.items()},
    )  # fmt: skip


def check(preparation: Preparation) -> list[second_check.Standing]:
    """The second check: beneficiaries, as submitted, whose country stands differently today than at the deadline."""
    application, call = preparation.application, preparation.call
    assert application.submission is not None
    return second_check.changed(
        application.submission.proposal.beneficiaries, pillar=call.pillar, year=call.year, action=call.action,
        then=date.fromisoformat(call.deadline_local[:10]), now=_today(preparation),
    )  # fmt: skip


def found(preparation: Preparation) -> tuple[Finding, ...]:
    """The second check: what the rules of eligibility find by the law of today and not by that of the deadline."""
    application = preparation.application
    assert application.submission is not None
    return eligibility.other_today(application.submission.proposal, application.call, "eligibility")


def sign(preparation: Preparation, decision: Decision, *, by: Any, reason: str) -> None:
    """Sign for the funder, after the coordinator; the second eligibility check of the day is kept with it.

    Raises Refused while anything is missing, and for what stands worse than at the deadline without a reason.
    """
    if undone := missing(preparation, decision):
        raise Refused(undone[0], "reason")
    standings, findings = check(preparation), found(preparation)
    worse = any(one.worse for one in standings) or any(one.verdict == "fails" for one in findings)
    if worse and not reason.strip():
        raise Refused(
            N_("The consortium stands worse than at the deadline. Say why the grant is signed."), "reason"
        )
    preparation.checks = [one._asdict() for one in standings]
    preparation.findings = [one.to_dict() for one in findings]
    preparation.reason = reason.strip()
    preparation.signed_at, preparation.signed_by_id = clock.now(), by.id
    move(
        preparation, "sign", by=by, checks=_facts(preparation.checks), findings=_facts(preparation.findings),
        reason=preparation.reason,
    )  # fmt: skip


def _eligibility(preparation: Preparation) -> list[Finding]:
    application = preparation.application
    assert application.submission is not None
    today = findings_of(application.submission.proposal, application.call, _today(preparation))
    return [finding for finding in today if finding.gate == "eligibility"]


def _today(preparation: Preparation) -> date:
    return clock.now().astimezone(ZoneInfo(preparation.call.zone)).date()


def _facts(rows: Sequence[Mapping[str, Any]]) -> str:
    return canonical(list(rows)).decode() if rows else ""
