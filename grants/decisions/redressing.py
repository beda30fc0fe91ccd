"""Verbs of a request for redress and of its committee."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from grants import clock, events, mail
from grants.canonical import digest
from grants.db import db
from grants.decisions import notices, queries, redress
from grants.decisions.actions import Changed, Refused
from grants.decisions.models import Decision, Redress, RedressMember
from grants.people.models import User
from grants.people.queries import officers
from grants.words import N_
from grants.workflow import move

OUTCOMES = {
    "uphold": N_("Upheld: the whole application is evaluated again"),
    "uphold_part": N_("Upheld in part: that part is evaluated again"),
    "uphold_without_effect": N_("Upheld, but the flaw could not change the outcome"),
    "reject": N_("Not upheld"),
    "dismiss": N_("Not admissible: late, not about the procedure, or not from the coordinator"),
}
"""What a committee may find (rulebook 6.3), by the move that it makes."""


def window(decision: Decision) -> date:
    """The last day for a request, by the letter in force and its first opening (rulebook 6.3, T-6.1, T-6.2)."""
    assert decision.released_at is not None
    zone = ZoneInfo(decision.call.zone)
    opened = queries.first_opened(decision)
    sent = decision.released_at.astimezone(zone).date()
    return redress.last_day(sent, opened.astimezone(zone).date() if opened else None)


def file(decision: Decision, *, by: Any, grounds: Sequence[str], text: str) -> Redress:
    """Ask for a review. Raises Refused after the last day, for a second request, and without a ground."""
    last = window(decision)
    if clock.now().astimezone(ZoneInfo(decision.call.zone)).date() > last:
        raise Refused(N_("The last day for a request has passed."))
    if queries.redress_of(decision.application) is not None:
        raise Refused(N_("One request is possible for each application, and it has been made."))
    if not set(grounds) or not set(grounds) <= set(redress.GROUNDS):
        raise Refused(N_("Choose at least one ground."), "grounds")
    request = Redress(application_id=decision.application_id, application=decision.application, state="filed",
                      grounds=list(grounds), text=text.strip(), filed_at=clock.now(), last_day=last, opinion="",
                      members=[])  # fmt: skip
    db.session.add(request)
    db.session.flush()
    events.record(db.session, request, "file", by=by, target="filed", grounds=request.grounds)
    barred = decision.application.barred_ids
    for officer in (one for one in officers(decision.call) if one.id not in barred):
        mail.write(
            db.session, "redress_filed", to=officer.email, language=officer.language, user_id=officer.id,
            call_id=request.call_id, occasion=f"redress_filed:{request.public_id}", name=officer.name,
            request=request, application=request.application,
        )  # fmt: skip
    return request


def name_member(request: Redress, *, by: Any, email: str) -> User:
    """Put somebody on the committee. Raises Refused for an unknown address, and for who took part in the evaluation."""
    person = queries.person(email)
    if person is None:
        raise Refused(N_("Nobody has an account with this address."), "email")
    if person.id in queries.involved(request.application) or person.id in request.application.barred_ids:
        raise Refused(
            N_("This person took part in the evaluation or the decision, or has a conflict of interest."),
            "email",
        )
    if person.id not in request.member_ids:
        request.members.append(RedressMember(user_id=person.id, user=person))
        events.record(db.session, request, "name_member", by=by, member=person.id)
        mail.write(
            db.session, "redress_committee", to=person.email, language=person.language, user_id=person.id,
            call_id=request.call_id, occasion=f"redress_committee:{request.public_id}", name=person.name,
            application=request.application, call=request.call,
        )  # fmt: skip
    return person


def propose(request: Redress, *, by: Any, outcome: str, opinion: str) -> None:
    """What one member of the committee finds; it says nothing to anybody outside until another confirms it."""
    request.proposed_outcome, request.proposed_opinion = outcome, opinion.strip()
    request.proposed_by_id, request.proposed_at = by.id, clock.now()
    events.record(db.session, request, "propose", by=by, outcome=outcome, reason=request.proposed_opinion)


def fingerprint(request: Redress) -> str:
    """What exactly is to be confirmed."""
    return digest([request.proposed_outcome, request.proposed_opinion, request.proposed_by_id])


def confirm(request: Redress, *, by: Any, seen: str, funder: Mapping[str, str]) -> None:
    """Another member agrees: the opinion is the committee's, and the letter that tells it goes.

    Where it upholds the request, officers propose a change of the decision.

    Args:
        seen: `fingerprint` of what the person saw.

    Raises:
        Changed: another opinion was proposed meanwhile.
    """
    if fingerprint(request) != seen:
        raise Changed
    request.opinion, request.closed_at, request.closed_by_id = request.proposed_opinion, clock.now(), by.id
    move(request, request.proposed_outcome, by=by, reason=request.opinion)
    notices.of_redress(request, funder=funder)
    coordinator = request.application.coordinator
    mail.write(
        db.session, "redress_closed", to=coordinator.email, language=coordinator.language, user_id=coordinator.id,
        call_id=request.call_id, occasion=f"redress_closed:{request.public_id}", name=coordinator.name,
        application=request.application, call=request.call,
    )  # fmt: skip


def withdraw(request: Redress, *, by: Any) -> None:
    """The coordinator takes the request back; the decision stands."""
    request.closed_at, request.closed_by_id = clock.now(), by.id
    move(request, "withdraw", by=by)
