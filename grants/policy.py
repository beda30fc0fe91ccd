"""Who may do what, and why not: one rule a line, asked by pages, buttons, lists, files and documents alike.

A predicate is a small `(user, thing) -> bool` with the sentence to show when it is the one that fails. Predicates
about who somebody is answer 403, predicates about the moment answer 409; who may not even read a thing gets 404.
The things need no common class: a predicate asks for plain attributes, and what a query forgot to load raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from grants import clock
from grants.words import N_

FORBIDDEN, WRONG_MOMENT = 403, 409


@dataclass(frozen=True)
class Refusal:
    """Why not: a sentence to translate, and the HTTP status that says what kind of no it is."""

    sentence: str
    status: int


class Rule:
    """A predicate, or several joined by &, | and ~."""

    def __init__(self, why_not: Callable[[Any, Any], Refusal | None]) -> None:
        self.why_not = why_not

    def __and__(self, other: Rule) -> Rule:
        return Rule(lambda user, thing: self.why_not(user, thing) or other.why_not(user, thing))

    def __or__(self, other: Rule) -> Rule:
        def why_not(user: Any, thing: Any) -> Refusal | None:
            first = self.why_not(user, thing)
            second = first and other.why_not(user, thing)
            # The refusal that is only a matter of time says more to the person than the one that is not.
            return first if first and second and first.status == WRONG_MOMENT else second

        return Rule(why_not)

    def __invert__(self) -> Rule:
        return Rule(lambda user, thing: None if self.why_not(user, thing) else Refusal(NOT_YOURS, FORBIDDEN))


def who(sentence: str) -> Callable[[Callable[[Any, Any], bool]], Rule]:
    """A predicate about the person: 403 with `sentence` when it fails."""
    return lambda test: Rule(lambda user, thing: None if test(user, thing) else Refusal(sentence, FORBIDDEN))


def when(sentence: str) -> Callable[[Callable[[Any, Any], bool]], Rule]:
    """A predicate about the moment or the state: 409 with `sentence` when it fails."""
    return lambda test: Rule(
        lambda user, thing: None if test(user, thing) else Refusal(sentence, WRONG_MOMENT)
    )


NOT_YOURS = N_("This is not open to you.")

# --- Who -------------------------------------------------------------------------------------------------------------


@who(N_("Please sign in first."))
def signed_in(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated)


@who(N_("Only an administrator may do this."))
def is_admin(user: Any, thing: Any) -> bool:
    return bool(user.holds("admin"))


@who(N_("Only a programme officer may do this."))
def is_some_officer(user: Any, thing: Any) -> bool:
    return bool(user.holds("officer"))


@who(N_("Only people who work for a call may see this."))
def is_some_staff(user: Any, thing: Any) -> bool:
    return any(user.holds(role) for role in ("officer", "chair", "observer"))


@who(N_("Only a programme officer of this call may do this."))
def is_officer(user: Any, thing: Any) -> bool:
    return bool(user.holds("officer", thing.call))


@who(N_("Only the chair of the panel may do this."))
def is_chair(user: Any, thing: Any) -> bool:
    return bool(user.holds("chair", thing.call))


@who(N_("Only observers of this call may see this."))
def is_observer(user: Any, thing: Any) -> bool:
    return bool(user.holds("observer", thing.call))


@who(N_("Only the coordinator of the application may do this."))
def is_coordinator(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and thing.application.coordinator_id == user.id


@who(N_("Only a partner of the application may do this."))
def is_partner_contact(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and user.id in thing.application.contact_ids


@who(N_("This belongs to another partner."))
def is_own_partner(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and thing.contact_id == user.id


@who(N_("You may read this application, not write in it."))
def writes_all(user: Any, thing: Any) -> bool:
    """A partner's contact whom the coordinator lets write everywhere."""
    return bool(user.is_authenticated) and user.id in thing.application.contacts_with("all", "submit")


@who(N_("Only the coordinator, and whom they let submit, may do this."))
def submits(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and user.id in thing.application.contacts_with("submit")


@who(N_("You may read this part, not write in it."))
def writes_part(user: Any, thing: Any) -> bool:
    return bool(thing.access != "read")


@who(N_("This invitation is for somebody else."))
def is_invited(user: Any, thing: Any) -> bool:
    """The signed-in, confirmed address is the one that was invited, and it has neither accepted nor declined yet."""
    return (
        bool(user.is_authenticated)
        and thing.contact_id is None
        and thing.declined_at is None
        and thing.contact_email == user.email.lower()
    )


@who(N_("You have a conflict of interest with this application."))
def has_no_conflict(user: Any, thing: Any) -> bool:
    """A disqualifying conflict, and any part in the application itself, beats every role (rulebook 4.7).

    Being asked to be a partner's contact is a part, whether or not the person has answered yet.
    """
    application = thing.application
    return (
        bool(user.is_authenticated)
        and user.id not in application.barred_ids
        and user.email.lower() not in application.invited_addresses
    )


@who(NOT_YOURS)
def is_about_an_application(user: Any, thing: Any) -> bool:
    """A mail may be about an application, a call or an account."""
    return thing.application is not None


@who(N_("This is assigned to another expert."))
def is_assigned_expert(user: Any, thing: Any) -> bool:
    """The expert of this very assignment, unless it was declined or voided."""
    return (
        bool(user.is_authenticated)
        and thing.assignment.user_id == user.id
        and thing.assignment.state != "void"
    )


@who(N_("Only the experts of this call may do this."))
def is_in_pool(user: Any, thing: Any) -> bool:
    return bool(user.holds("expert", thing.call))


@who(N_("Only the experts of this application may see this."))
def evaluates(user: Any, thing: Any) -> bool:
    """One of the experts of the application who declared that there is no conflict."""
    return bool(user.is_authenticated) and user.id in thing.application.evaluator_ids


@who(N_("Only the panel of this call may see this."))
def sits_on_panel(user: Any, thing: Any) -> bool:
    """One of the experts who evaluate in the call; the chair has an appointment of their own."""
    return bool(user.holds("expert", thing.call)) and any(
        one.id == user.id for one in thing.call.panel_members
    )


@when(N_("Conflicts of interest of the panel are still being looked for."))
def nothing_suspected(user: Any, thing: Any) -> bool:
    """Whoever declared nothing about an application reads it only where nothing is found, or was overruled."""
    application = thing.application
    return application.panel_screened_at is not None and not any(
        one.user_id == user.id and one.status != "overruled" for one in application.conflicts
    )


@when(N_("Please agree to the terms of this call first. You find them on your home page."))
def has_agreed(user: Any, thing: Any) -> bool:
    """Agreeing to the terms as they stand is what appoints an expert of a call (rulebook 7.2)."""
    return bool(user.holds("expert", thing.call))


@who(N_("This was asked of somebody else."))
def is_own_engagement(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and thing.user_id == user.id


@who(N_("Only the rapporteur may do this."))
def is_rapporteur(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and user.id in thing.application.rapporteur_ids


@who(N_("The second person must be someone else than the first."))
def is_second_person(user: Any, thing: Any) -> bool:
    """Four eyes: who proposed may not approve."""
    return bool(user.is_authenticated) and thing.proposed_by_id != user.id


@who(N_("Somebody else must rule on what concerns you."))
def is_about_another(user: Any, thing: Any) -> bool:
    """Nobody rules on their own conflict of interest."""
    return bool(user.is_authenticated) and thing.user_id != user.id


@who(N_("Only the committee of this request may do this."))
def is_on_committee(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and user.id in thing.member_ids


@who(N_("Only the committee of this request may do this."))
def reviews_the_procedure(user: Any, thing: Any) -> bool:
    """On the committee of a request for redress of the application that is still open."""
    return bool(user.is_authenticated) and user.id in thing.application.committee_ids


@who(N_("This document was made for someone else."))
def wanted_it(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and thing.wanted_by_id == user.id


# --- When ------------------------------------------------------------------------------------------------------------


def in_state(*states: str) -> Rule:
    """The thing itself stands in one of the states."""
    return when(N_("This is not possible at this stage."))(lambda user, thing: thing.state in states)


def application_in(*states: str) -> Rule:
    """The application that the thing belongs to stands in one of the states."""
    return when(N_("This is not possible at this stage."))(
        lambda user, thing: thing.application.state in states
    )


@who(N_("This profile belongs to another expert."))
def is_own_profile(user: Any, thing: Any) -> bool:
    return bool(user.is_authenticated) and thing.user_id == user.id


@when(N_("Make another organisation the coordinator first."))
def is_not_lead_partner(user: Any, thing: Any) -> bool:
    return bool(thing.role != "coordinator")


@when(N_("Nobody is asked to confirm for this organisation."))
def must_confirm(user: Any, thing: Any) -> bool:
    return bool(thing.must_confirm)


@when(N_("Nobody is invited who has not accepted."))
def awaits_contact(user: Any, thing: Any) -> bool:
    return bool(thing.contact_email) and thing.contact_id is None


@when(N_("Its contact has not accepted the invitation yet."))
def has_contact(user: Any, thing: Any) -> bool:
    return thing.contact_id is not None


@when(N_("The call is not open."))
def call_is_open(user: Any, thing: Any) -> bool:
    return bool(thing.call.is_open(clock.now()))


@who(N_("Only those who passed the first stage apply here. They begin on the page of their result."))
def is_for_everybody(user: Any, thing: Any) -> bool:
    return bool(thing.call.stage == 1)


@when(N_("The call is not published."))
def call_is_public(user: Any, thing: Any) -> bool:
    return bool(thing.call.is_public)


@when(N_("The deadline has not passed yet."))
def call_is_closed(user: Any, thing: Any) -> bool:
    return bool(thing.call.is_closed(clock.now()))


@when(N_("The deadline has passed."))
def before_deadline(user: Any, thing: Any) -> bool:
    """Up to and including the instant of the deadline, or of this application's own extension (settled: Deadline)."""
    return bool(thing.application.accepts_changes(clock.now()))


@when(N_("The applicants may still change this application."))
def is_final(user: Any, thing: Any) -> bool:
    """After the deadline, and after an extension of this application's own."""
    return not thing.application.accepts_changes(clock.now())


@when(N_("The applicants may still change this application."))
def is_received(user: Any, thing: Any) -> bool:
    """No extension of its own keeps it open: nothing of it can change any more."""
    application = thing.application
    return application.state not in CHANGEABLE or not application.accepts_changes(clock.now())


@when(N_("This question has been answered or taken back, or its time is over."))
def is_still_asked(user: Any, thing: Any) -> bool:
    return bool(thing.is_open(clock.now()))


@when(N_("The time to reply is over."))
def may_still_react(user: Any, thing: Any) -> bool:
    return bool(thing.is_open(clock.now()))


@when(N_("This call asks the applicants for no reaction."))
def asks_for_reactions(user: Any, thing: Any) -> bool:
    return bool(thing.call.reaction_days)


@when(N_("This call is evaluated blind: who applies is not told yet."))
def is_not_blind(user: Any, thing: Any) -> bool:
    return not thing.application.is_blind


@when(N_("This call does not ask its experts what they would like to evaluate."))
def asks_for_bids(user: Any, thing: Any) -> bool:
    return thing.call.bids_until is not None


@when(N_("The time to say what you would like to evaluate is over."))
def may_still_bid(user: Any, thing: Any) -> bool:
    return bool(clock.now() <= thing.call.bids_end_at)


@when(N_("Nothing has been submitted yet."))
def has_submitted(user: Any, thing: Any) -> bool:
    return bool(thing.application.version)


@when(N_("No member of the committee has proposed an opinion yet."))
def has_proposed_opinion(user: Any, thing: Any) -> bool:
    return bool(thing.proposed_outcome)


@when(N_("Results have not been released."))
def is_released(user: Any, thing: Any) -> bool:
    return bool(thing.released_at)


@when(N_("This call is not evaluated in that way."))
def is_first_of_two(user: Any, thing: Any) -> bool:
    return bool(thing.scheme.is_first_stage)


@when(N_("This call is not evaluated in that way."))
def has_cut_offs(user: Any, thing: Any) -> bool:
    """Any call may have several, but for the two of a call in two stages."""
    return thing.stage == 1 and not thing.scheme.is_first_stage


@when(N_("This application was not invited to a second stage."))
def passed_first_stage(user: Any, thing: Any) -> bool:
    return bool(thing.outcome == "second_stage")


@when(
    N_(
        "Who passed the first stage gets no evaluation summary, so that all start the second from the same point."
    )
)
def is_not_going_on(user: Any, thing: Any) -> bool:
    """Rulebook 6.1: an invitation to the second stage comes without the summary of the first."""
    return bool(thing.outcome != "second_stage")


@when(N_("Results have not been released."))
def results_released(user: Any, thing: Any) -> bool:
    return thing.call.released_at is not None


@when(N_("Results have been released."))
def not_released(user: Any, thing: Any) -> bool:
    return thing.call.released_at is None


@when(N_("A release is on its way. Stop it first, or wait until it has been carried out."))
def not_held(user: Any, thing: Any) -> bool:
    return thing.call.held_until is None


@when(N_("You have not declared yet that you have no conflict of interest."))
def declared_no_conflict(user: Any, thing: Any) -> bool:
    return bool(thing.assignment.state == "cleared")


@when(N_("The reports of the others open with the consensus phase."))
def consensus_phase(user: Any, thing: Any) -> bool:
    return thing.application.state in CONSENSUS_AND_LATER


@when(N_("The panel is closed."))
def panel_is_open(user: Any, thing: Any) -> bool:
    return thing.call.panel_closed_at is None


@when(N_("This call announced no lots before it opened."))
def announced_lots(user: Any, thing: Any) -> bool:
    return bool(thing.call.lots)


@when(N_("The public value is not known before the instant that was fixed."))
def value_is_known(user: Any, thing: Any) -> bool:
    return bool(clock.now() >= thing.draws_at)


@when(N_("The public value may be known by now: what was fixed stands."))
def value_is_unknown(user: Any, thing: Any) -> bool:
    return bool(clock.now() < thing.draws_at)


@when(N_("The panel is not closed yet."))
def panel_is_closed(user: Any, thing: Any) -> bool:
    return thing.call.panel_closed_at is not None


CHANGEABLE = ("draft", "submitted", "reopened", "withdrawn")
EVALUATED_STATES = ("in_evaluation", "in_consensus", "in_panel", "evaluated", "informed")
CONSENSUS_AND_LATER = ("in_consensus", "in_panel", "evaluated", "informed")
ASKED = ("invited", "accepted", "cleared")
GATE_STATES = ("submitted", "reopened", "eligibility", "inadmissible", "ineligible", "admitted")
OFFICER_READS = (*GATE_STATES, *EVALUATED_STATES, "withdrawn_after_deadline")

# --- Rules -----------------------------------------------------------------------------------------------------------

applicant = is_coordinator | is_partner_contact
staff = (is_officer | is_observer) & has_no_conflict
# Rulebook 7.4, "Part A identities (blind stage)": applicants and officers, nobody else.
knows_who_applies = is_not_blind | applicant | is_officer
told_staff = staff & knows_who_applies
panel = (is_officer | is_observer | is_chair) & has_no_conflict
asked_expert = is_assigned_expert & has_no_conflict & in_state(*ASKED)
own_report = is_assigned_expert & has_no_conflict & declared_no_conflict & has_agreed
evaluator = evaluates & has_no_conflict & has_agreed
rapporteur = is_rapporteur & has_no_conflict & has_agreed
committee = reviews_the_procedure & has_no_conflict

RULES: dict[str, Rule] = {
    # calls
    "programme.create_call": is_some_officer,
    "call.read": call_is_public | is_officer | is_observer | is_chair,
    "call.edit": is_officer & in_state("draft"),
    "call.preview": is_officer | is_observer,
    "call.copy": is_officer & is_some_officer,
    "call.add_second_stage": is_officer & is_some_officer & in_state("draft", "published") & is_first_of_two,
    "call.add_cut_off": is_officer & is_some_officer & in_state("draft", "published") & has_cut_offs,
    "call.publish": is_officer & in_state("draft"),
    "call.extend_for_one": is_officer & in_state("published"),
    "call.extend": is_officer & in_state("published") & call_is_open,
    "call.suspend": is_officer & in_state("published"),
    "call.resume": is_officer & in_state("suspended"),
    "call.cancel": is_officer & in_state("published", "suspended"),
    "call.manage": is_officer | is_observer,
    "call.staff": is_officer,
    "call.drafts": is_officer,
    "call.remind": is_officer & call_is_closed,
    "call.apply": signed_in & is_for_everybody & call_is_open,
    "call.apply_in_full": signed_in & call_is_open,
    "call.ask": signed_in & call_is_open,
    "enquiry.read": is_officer,
    "enquiry.answer": is_officer & call_is_public,
    "desk.read": is_some_staff,
    # applications
    "application.read": applicant
    | ((is_officer | is_observer) & has_no_conflict & has_submitted & call_is_closed & is_received)
    | evaluator
    | (is_chair & has_no_conflict & application_in("in_panel", "evaluated", "informed"))
    | (sits_on_panel & has_no_conflict & application_in("in_panel") & nothing_suspected)
    | committee,
    "application.identities": knows_who_applies,
    "applications.read": signed_in,
    "application.work": applicant,
    "application.read_originals": applicant | told_staff,
    "application.edit": (is_coordinator | writes_all) & in_state("draft", "reopened") & before_deadline,
    "application.lead": is_coordinator & in_state("draft", "reopened") & before_deadline,
    "application.copy": is_coordinator,
    "application.submit": (is_coordinator | submits)
    & in_state("draft", "reopened", "withdrawn")
    & before_deadline,
    "application.reopen": (is_coordinator | submits) & in_state("submitted", "withdrawn") & before_deadline,
    "application.withdraw": is_coordinator & in_state("submitted", "reopened") & before_deadline,
    "application.withdraw_late": is_coordinator & application_in(*GATE_STATES, *EVALUATED_STATES[:4]),
    "partner.read": applicant | is_invited,
    "application.history": applicant | (told_staff & call_is_closed),
    "application.receipt": applicant & has_submitted,
    "partner.edit": (is_coordinator | writes_all | (is_own_partner & writes_part))
    & application_in("draft", "reopened")
    & before_deadline,
    "partner.confirm": is_own_partner & must_confirm & application_in("draft", "reopened") & before_deadline,
    "partner.hand_over": is_coordinator
    & application_in("draft", "reopened")
    & before_deadline
    & is_not_lead_partner
    & has_contact,
    "partner.invite_again": is_coordinator
    & application_in("draft", "reopened")
    & before_deadline
    & awaits_contact,
    "partner.remove": is_coordinator
    & application_in("draft", "reopened")
    & before_deadline
    & is_not_lead_partner,
    # Rulebook 8.4: nobody joins after the deadline, nor reads what was received.
    "invitation.accept": is_invited
    & application_in("draft", "submitted", "reopened", "withdrawn")
    & before_deadline,
    "invitation.decline": is_invited,
    "organisations.read": signed_in,
    # eligibility
    "call.received": (is_officer | is_observer) & call_is_closed,
    "call.rule": is_officer & call_is_closed,
    "application.rulings": told_staff & has_submitted & call_is_closed,
    "application.rule": is_officer
    & has_no_conflict
    & call_is_closed
    & is_final
    & in_state("submitted", "reopened", "eligibility"),
    "application.clarifications": (applicant | (told_staff & call_is_closed)) & has_submitted,
    "application.clarify": is_officer
    & has_no_conflict
    & call_is_closed
    & is_final
    & in_state(
        "submitted", "reopened", "eligibility", "admitted", "in_evaluation", "in_consensus", "in_panel"
    ),
    "clarification.read": applicant | told_staff,
    "clarification.answer": (is_coordinator | submits | writes_all) & is_still_asked,
    "clarification.take_back": is_officer & has_no_conflict & in_state("asked"),
    "ruling.read": told_staff,
    "ruling.confirm": is_officer & has_no_conflict & in_state("proposed") & is_second_person,
    "ruling.return": is_officer & has_no_conflict & in_state("proposed") & is_second_person,
    # experts
    "call.experts": is_officer,
    "engagement.read": is_own_engagement | is_officer,
    "engagement.accept": is_own_engagement & in_state("invited"),
    "engagement.decline": is_own_engagement & in_state("invited"),
    "call.bid": is_in_pool & call_is_closed & asks_for_bids & may_still_bid,
    "group_proposal.read": is_officer,
    "group_proposal.stop": is_officer & in_state("wanted"),
    "group_proposal.accept": is_officer & in_state("done"),
    "application.assign": is_officer & has_no_conflict & in_state("admitted", "in_evaluation"),
    "application.assignments": staff
    & has_submitted
    & call_is_closed
    & in_state("admitted", *EVALUATED_STATES),
    "application.conflicts": is_officer & has_no_conflict & has_submitted & call_is_closed,
    "conflict.read": is_officer & has_no_conflict,
    "conflict.rule": is_officer & has_no_conflict & is_about_another,
    "assignment.list": signed_in,
    "expert.profile": is_own_profile,
    "assignment.read": asked_expert | staff,
    "assignment.open": asked_expert & has_agreed,
    "assignment.accept": asked_expert
    & has_agreed
    & in_state("invited")
    & application_in("admitted", "in_evaluation"),
    "assignment.decline": asked_expert
    & has_agreed
    & in_state("invited", "accepted")
    & application_in("admitted", "in_evaluation"),
    "assignment.declare": asked_expert
    & has_agreed
    & in_state("accepted", "cleared")
    & application_in("admitted", *EVALUATED_STATES),
    "assignment.remove": is_officer
    & has_no_conflict
    & in_state(*ASKED)
    & application_in("admitted", "in_evaluation", "in_consensus"),
    "assignment.name_rapporteur": is_officer
    & has_no_conflict
    & in_state(*ASKED)
    & application_in("admitted", "in_evaluation"),
    # reviews
    "report.read": own_report | staff | (evaluator & consensus_phase & in_state("submitted")) | committee,
    "report.copy": own_report & in_state("submitted"),
    "report.remarks": (is_assigned_expert & has_no_conflict & has_agreed)
    | staff
    | (rapporteur & consensus_phase & in_state("submitted")),
    "report.write": own_report & in_state("draft") & application_in("in_evaluation"),
    "report.submit": own_report & in_state("draft") & application_in("in_evaluation"),
    "report.reopen": is_officer & has_no_conflict & in_state("submitted") & application_in("in_evaluation"),
    "report.void": is_officer
    & has_no_conflict
    & in_state("draft", "submitted")
    & application_in("in_evaluation", "in_consensus", "in_panel"),
    "call.reactions": is_officer & asks_for_reactions & call_is_closed,
    "reaction.read": is_coordinator | staff | (evaluator & consensus_phase),
    "reaction.write": is_coordinator & may_still_react & application_in("in_evaluation"),
    "application.reports": staff | committee,
    "application.open_consensus": is_officer & has_no_conflict & in_state("in_evaluation"),
    "consensus.read": staff
    | (evaluator & consensus_phase)
    | (is_chair & has_no_conflict & application_in("in_panel", "evaluated", "informed"))
    | committee,
    "consensus.summary": evaluator
    & knows_who_applies
    & in_state("final")
    & application_in("evaluated", "informed"),
    "consensus.individual": staff | (evaluator & consensus_phase) | committee,
    "consensus.write": rapporteur & in_state("draft") & application_in("in_consensus"),
    "consensus.circulate": rapporteur & in_state("draft") & application_in("in_consensus"),
    "consensus.discuss": evaluator & in_state("draft", "approval") & application_in("in_consensus"),
    "consensus.approve": evaluator & in_state("approval") & application_in("in_consensus"),
    "consensus.revise": rapporteur
    & in_state("approval", "agreed", "minority")
    & application_in("in_consensus"),
    "consensus.record_minority": rapporteur & in_state("approval") & application_in("in_consensus"),
    "consensus.finalise": is_officer
    & has_no_conflict
    & in_state("agreed", "minority")
    & application_in("in_consensus"),
    "consensus.return": is_officer
    & has_no_conflict
    & in_state("agreed", "minority")
    & application_in("in_consensus"),
    "consensus.restart": is_officer
    & has_no_conflict
    & in_state("draft", "approval", "agreed", "minority")
    & application_in("in_consensus"),
    # panels
    "call.panel": is_chair | is_officer | is_observer,
    "call.panel_list": is_chair | is_officer | is_observer | (sits_on_panel & panel_is_open),
    "call.open_panel": (is_chair | is_officer | is_observer) & panel_is_open,
    "application.panel": (is_chair | is_officer) & has_no_conflict & panel_is_open & in_state("in_panel"),
    "call.draw": (is_chair | is_officer | is_observer) & announced_lots,
    "call.fix_draw": (is_chair | is_officer) & announced_lots & call_is_closed & panel_is_open,
    "draw.read": is_chair | is_officer | is_observer,
    "draw.enter": (is_chair | is_officer)
    & panel_is_open
    & in_state("fixed")
    & is_second_person
    & value_is_known,
    "draw.set_aside": (is_chair | is_officer) & panel_is_open & in_state("fixed") & value_is_unknown,
    "draw.take": (is_chair | is_officer) & panel_is_open & in_state("drawn") & is_second_person,
    "draw.return": (is_chair | is_officer) & panel_is_open & in_state("drawn") & is_second_person,
    "call.published_draw": results_released & announced_lots,
    "call.close_panel": is_chair & call_is_closed & panel_is_open,
    "call.ranking": (is_chair | is_officer | is_observer) & panel_is_closed,
    # decisions
    "call.decide": is_officer & call_is_closed & not_released & not_held,
    "call.decisions": is_officer | is_observer,
    "decision.read": (is_coordinator & is_released) | told_staff,
    "decision.summary": (is_coordinator & is_released & is_not_going_on) | told_staff,
    "decision.propose": is_officer & has_no_conflict & in_state("proposed", "returned") & not_held,
    "decision.approve": is_officer & has_no_conflict & in_state("proposed") & is_second_person & not_held,
    "decision.return": is_officer
    & has_no_conflict
    & in_state("proposed", "approved")
    & is_second_person
    & not_held,
    "decision.change": is_officer & has_no_conflict & in_state("released"),
    "decision.redress": is_coordinator & is_released,
    "decision.apply_in_full": is_coordinator & is_released & passed_first_stage,
    "redress.read": is_coordinator | ((is_officer | is_on_committee) & has_no_conflict),
    "notice.read": is_coordinator | (is_officer & has_no_conflict & call_is_closed),
    "redress.name": is_officer & has_no_conflict & in_state("filed"),
    "redress.propose": is_on_committee & has_no_conflict & in_state("filed"),
    "redress.confirm": is_on_committee
    & has_no_conflict
    & in_state("filed")
    & has_proposed_opinion
    & is_second_person,
    "redress.withdraw": is_coordinator & in_state("filed"),
    "preparation.read": staff,
    "preparation.edit": is_officer & has_no_conflict & in_state("open"),
    "change.read": staff,
    "change.approve": is_officer & has_no_conflict & in_state("proposed") & is_second_person,
    "change.drop": is_officer & has_no_conflict & in_state("proposed"),
    "call.reserve": (is_officer | is_observer) & results_released,
    "call.promote": is_officer & results_released,
    "call.letters": is_officer | is_observer,
    "call.write_letters": is_officer & not_held,
    "call.release": is_officer & call_is_closed & not_released & not_held,
    "call.stop_release": is_officer,
    "release.read": is_officer | is_observer,
    "release.stop": is_officer & in_state("held"),
    # documents
    "document.read": wanted_it,
    "batch.read": wanted_it & is_officer,
    "batch.stop": wanted_it & in_state("wanted"),
    "batch.resume": wanted_it & in_state("stopped", "done"),
    "application.dossier": is_officer & has_no_conflict & has_submitted & call_is_closed,
    "call.documents": is_officer,
    "call.report": is_officer & call_is_closed,
    "call.batches": is_officer & call_is_closed,
    # the house
    "outbox.read": is_admin,
    "mail.read": is_admin & (~is_about_an_application | has_no_conflict),
    "people.read": is_admin,
    "substitute.appoint": is_some_officer,
    "substitute.end": is_some_officer,
    "call.history": is_officer | is_observer,
}


def why_not(user: Any, action: str, thing: Any = None) -> Refusal | None:
    """None if `user` may do `action` to `thing`, else the reason. Unknown actions raise KeyError."""
    return RULES[action].why_not(user, thing)


def may(user: Any, action: str, thing: Any = None) -> bool:
    """Whether `user` may do `action` to `thing` now."""
    return why_not(user, action, thing) is None
