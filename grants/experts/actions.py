"""Verbs about experts: pool, conflicts of interest, invitations and answers (rulebook 4.6, 4.7, 7.2)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from grants import clock, events, mail
from grants.applications.models import Application
from grants.applications.queries import hold_state
from grants.calls.models import Call
from grants.db import db
from grants.experts import conflicts, engagements, queries, suitability, workload
from grants.experts.conflicts import Detected
from grants.experts.models import Assignment, Bid, Conflict, Expert, GroupProposal
from grants.experts.pool_file import Complaint, Line
from grants.people import actions as people
from grants.people.models import User
from grants.people.queries import by_email, officers, works_for
from grants.policy import ASKED
from grants.words import N_
from grants.workflow import move

PROFILE = (
    "employer", "employer_pic", "employer_ror", "past_employers", "ties", "country", "gender", "sector", "seniority",
    "orcid", "keywords", "expertise", "languages", "max_load", "away_from", "away_until",
)  # fmt: skip


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show."""


class Barred(Unfit):
    """This person may not evaluate this application; the sentence says why."""


# --- The pool --------------------------------------------------------------------------------------------------------


def add_expert(call: Call, *, email: str, name: str, by: Any, **profile: Any) -> Expert:
    """Bring somebody into the pool of a call, with an account if they have none; a mail asks for their yes.

    Args:
        profile: fields of Expert; what is left empty does not erase what is known from another call, and what somebody
            has said of themselves stands, see `_news`.

    Raises:
        Unfit: the person works for the call, and would read what evaluators must not see of each other.
    """
    user = by_email(email)
    is_new = user is None
    if user is None:
        user = people.create_account(email, name, language=by.language)
    elif user.id in works_for(call):
        raise Unfit(N_("This person works for the call and cannot evaluate in it."))
    known = queries.expert(user)
    expert = known or Expert(
        user_id=user.id, user=user, employer="", employer_pic="", past_employers=[], country="", gender="undisclosed",
        sector="", orcid="", keywords=[], expertise="", employer_ror="", ties=[], languages=[], seniority="",
    )  # fmt: skip
    for fact, value in _news(expert, profile).items():
        setattr(expert, fact, value)
    db.session.add(expert)
    if known is not None:
        expert.changed_at = clock.now()
        db.session.flush()
        screen_expert(user)
    engagements.ask(user, call, by=by, is_new=is_new)
    db.session.flush()
    return expert


def _news(expert: Expert, profile: Mapping[str, Any]) -> dict[str, Any]:
    """What others tell of somebody that is new: an own word is not replaced, and no past employer is lost by it."""
    news = {}
    for fact in PROFILE:
        told, known = profile.get(fact), getattr(expert, fact)
        if not told or told == "undisclosed":
            continue
        if fact == "past_employers":
            told = [*known, *(one for one in told if not _knows(known, one))]
        elif expert.kept_at is not None and known:
            continue
        if told != known:
            news[fact] = told
    return news


def _knows(past: Iterable[Mapping[str, Any]], employer: Mapping[str, Any]) -> bool:
    """Whether one of the past employers goes by this name already; with another last day it is another stay."""
    return any(
        conflicts.aliases(one["name"]) & conflicts.aliases(employer["name"])
        and (one.get("until", "") == employer.get("until", "") or not employer.get("until"))
        for one in past
    )


@dataclass
class Taken:
    """What became of a file of experts: line numbers, and what was refused."""

    added: list[int] = field(default_factory=list)
    renewed: list[int] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: list[Complaint] = field(default_factory=list)


def take_in(call: Call, lines: Iterable[Line], taken: Taken, *, by: Any) -> Iterator[None]:
    """Bring the people of a file into the pool, each whole or not at all; the same file again changes nothing.

    Where somebody has looked through their own profile, the file only fills what they left empty.
    """
    for line in lines:
        if line.complaints:
            taken.refused += line.complaints
        else:
            try:
                with db.session.begin_nested():
                    getattr(taken, _take(call, line.facts, by=by)).append(line.number)
            except Unfit as problem:
                taken.refused.append(Complaint(line.number, "email", str(problem)))
            except (DataError, IntegrityError):
                taken.refused.append(
                    Complaint(line.number, "", N_("The database does not take these values."))
                )
        yield


def _take(call: Call, facts: Mapping[str, Any], *, by: Any) -> str:
    user = by_email(facts["email"])
    known = queries.expert(user) if user else None
    kept = "added"
    if known is not None and user is not None and queries.belongs(user, call):
        if not _news(known, facts):
            return "unchanged"
        kept = "renewed"
    profile = {name: facts[name] for name in PROFILE if name in facts}
    add_expert(call, email=facts["email"], name=facts["name"], by=by, **profile)
    return kept


def keep_profile(expert: Expert, profile: Mapping[str, Any], *, by: Any) -> None:
    """The expert's own word on who they are and when they can evaluate; replaces what was known, gaps included.

    Args:
        profile: values of PROFILE by name; a name that is absent stays as it is.
    """
    for name in PROFILE:
        if name in profile:
            setattr(expert, name, profile[name])
    expert.kept_at = expert.changed_at = clock.now()
    db.session.flush()
    screen_expert(expert.user)


def remove_expert(call: Call, user: User, *, by: Any) -> None:
    """Take somebody out of the pool of a call.

    Raises:
        Unfit: an assignment stands, or may stand without being seen by this officer, whom the refusal would tell.
    """
    if queries.hides_some(call, by):
        raise Unfit(
            N_("A conflict of interest hides an application of this call from you. Ask another officer.")
        )
    if queries.loads(call).get(user.id):
        raise Unfit(N_("This expert still has assignments. Remove those first."))
    engagement = engagements.of(user, call)
    assert engagement is not None
    engagements.end(engagement, by=by)


# --- Conflicts of interest -------------------------------------------------------------------------------------------


def detect(application: Application, user: User) -> list[Conflict]:
    """Write down what the rules find; a ruling stands unless the facts under it have changed.

    Returns all conflicts of the person with the application, found now or before.
    """
    expert = queries.expert(user)
    return _write_down(
        application, user, suitability.suspicions(application, [expert])[user.id] if expert else ()
    )


def screen_panel(application: Application) -> None:
    """Look for conflicts between an application in panel and the members of the panel who were never asked about it.

    What is found hides the application from them until an officer has overruled it (rulebook 4.7, 7.4).
    """
    profiles = queries.panel_profiles(application)
    found = suitability.suspicions(application, profiles)
    for one in profiles:
        if found[one.user_id]:
            _write_down(application, one.user, found[one.user_id])
    application.panel_screened_at = clock.now()
    db.session.flush()


def _write_down(application: Application, user: User, found: Iterable[Detected]) -> list[Conflict]:
    known = {(conflict.code, conflict.rule): conflict for conflict in queries.conflicts_of(application, user)}
    fresh = []
    for one in found:
        conflict = known.get((one.code, one.rule))
        if conflict is None:
            fresh.append(
                _add(
                    application, user, code=one.code, rule=one.rule, source="detected", reason=one.detail,
                    since=one.since, until=one.until,
                )
            )  # fmt: skip
        elif (conflict.reason, conflict.since, conflict.until) != (one.detail, one.since, one.until):
            conflict.reason, conflict.since, conflict.until = one.detail, one.since, one.until
            if conflict.status == "overruled":
                conflict.found_at = clock.now()
                _unrule(conflict, "suggested")
    db.session.flush()
    for conflict in fresh:
        _reach_competing(conflict)
    return list(queries.conflicts_of(application, user))


def screen(assignment: Assignment) -> None:
    """Look for conflicts of interest once more, after an expert was asked; what disqualifies closes the application.

    The officers who may know of it are told: they rule on it, and void a report that was written (rulebook 4.7).
    """
    application, user = assignment.application, assignment.user
    before = {one.id for one in queries.conflicts_of(application, user) if one.status != "overruled"}
    found = detect(application, user)
    assignment.screened_at = clock.now()
    db.session.flush()
    late = [conflict for conflict in found if conflict.status == "suggested" and conflict.id not in before]
    if not late:
        return
    barred = queries.barred_ids(application)
    for officer in (one for one in officers(application.call) if one.id not in barred):
        mail.write(
            db.session, "conflict_found", to=officer.email, language=officer.language, user_id=officer.id,
            call_id=application.call_id, occasion=f"conflict_found:{late[0].public_id}:{clock.now().isoformat()}",
            application=application, reader=officer,
        )  # fmt: skip


def screen_expert(user: Any) -> None:
    """Look again at everything that somebody was asked to evaluate: what is known of them has changed."""
    for assignment in queries.to_screen(user):
        screen(assignment)


def _reach_competing(conflict: Conflict) -> None:
    """Who may have a stake in one application may not evaluate its rivals either (rulebook 4.7)."""
    if conflict.code not in conflicts.REACHING:
        return
    for assignment in queries.to_screen(conflict.user):
        if assignment.call_id == conflict.call_id and assignment.application_id != conflict.application_id:
            screen(assignment)


def enter_conflict(application: Application, user: User, *, code: str, reason: str, by: Any) -> Conflict:
    """An officer writes down a conflict; it bars the person from the application from now on (rulebook 4.7)."""
    conflict = _put(application, user, code=code, source="entered", reason=reason)
    conflict.status, conflict.ruled_by_id, conflict.ruled_at = "confirmed", by.id, clock.now()
    conflict.ruling_reason = reason
    db.session.flush()
    events.record(
        db.session, application, "enter_conflict", by=by, person=user.public_id, code=code, reason=reason
    )
    _reach_competing(conflict)
    return conflict


def exclude(application: Application, user: User, *, code: str, reason: str, by: Any) -> Conflict:
    """Write down a conflict and end what the person was asked to do for the application.

    Raises:
        Unfit: a report stands; voiding it names the conflict.
    """
    _refuse_if_reported(application, user)
    conflict = enter_conflict(application, user, code=code, reason=reason, by=by)
    _end(application, user, reason=reason, by=by)
    return conflict


def rule_on(conflict: Conflict, *, bars: bool, reason: str, by: Any) -> None:
    """An officer confirms a conflict, or overrules it with the reason.

    Raises:
        Unfit: confirmed although a report stands; voiding it names the conflict.
    """
    if bars:
        _refuse_if_reported(conflict.application, conflict.user)
    conflict.status = "confirmed" if bars else "overruled"
    conflict.ruled_by_id, conflict.ruled_at, conflict.ruling_reason = by.id, clock.now(), reason
    db.session.flush()
    events.record(
        db.session, conflict.application, "rule_on_conflict", by=by, person=conflict.user.public_id,
        code=conflict.code, ruling=conflict.status, reason=reason,
    )  # fmt: skip
    _reach_competing(conflict)
    if bars:
        _end(conflict.application, conflict.user, reason=reason, by=by)


def _put(application: Application, user: User, *, code: str, source: str, reason: str) -> Conflict:
    """The conflict that a person names; the same code named twice is one.

    What the expert declares and what an officer notes are two records (rulebook 4.7).
    """
    for conflict in queries.conflicts_of(application, user):
        if (conflict.code, conflict.rule, conflict.source) == (code, "", source):
            conflict.reason, conflict.found_at = reason, clock.now()
            return conflict
    return _add(application, user, code=code, rule="", source=source, reason=reason)


def _unrule(conflict: Conflict, status: str) -> None:
    conflict.status = status
    conflict.ruled_by_id, conflict.ruled_at, conflict.ruling_reason = None, None, ""


def _add(application: Application, user: User, **facts: Any) -> Conflict:
    conflict = Conflict(
        application_id=application.id, application=application, user_id=user.id, user=user, status="suggested",
        found_at=clock.now(), ruling_reason="", **facts,
    )  # fmt: skip
    db.session.add(conflict)
    db.session.flush()
    return conflict


def _refuse_if_reported(application: Application, user: User) -> None:
    assignment = queries.assignment_of(application, user)
    if assignment is not None and assignment.state in ASKED and _has_report(assignment):
        raise Unfit(N_("This expert has submitted a report. Void the report, and name the conflict there."))


def _has_report(assignment: Assignment) -> bool:
    """Whether the report is submitted now: who submits it at this moment holds the application as well."""
    hold_state(assignment.application)
    if assignment.report is None:
        return False
    db.session.refresh(assignment.report, ["state"])
    return assignment.report.state == "submitted"


def _end(application: Application, user: User, *, reason: str, by: Any) -> None:
    assignment = queries.assignment_of(application, user)
    if assignment is not None and assignment.state in ASKED:
        _take_back(assignment, reason=reason, by=by)


def _take_back(assignment: Assignment, *, reason: str, by: Any) -> None:
    """End an assignment before its report is submitted; a draft goes with it."""
    void(assignment, reason=reason, by=by)
    if assignment.report is not None and assignment.report.state == "draft":
        assignment.report.reason = reason
        move(assignment.report, "void", by=by, reason=reason)


# --- Assignments -----------------------------------------------------------------------------------------------------


def assign(
    application: Application, user: User, *, by: Any, scores: bool = True, rapporteur: bool = False,
    due_on: date | None = None, instead_of: User | None = None, despite_limits: bool = False,
) -> Assignment:  # fmt: skip
    """Invite an expert of the pool to evaluate; with enough evaluators the evaluation starts (rulebook 7.1, 7.2).

    Args:
        scores: False for a rapporteur who only records.
        instead_of: whose place it is, where somebody has left the group.
        despite_limits: although the person is away before the report is due, or has said that it would be too many.

    Raises:
        Barred: not in the pool, takes part, declined, was replaced after writing, is away or has enough to do, or has a
            conflict that bars or that nobody has ruled on. Conflicts found on the way are written down all the same.
    """
    hold_state(application)
    engagement = engagements.of(user, application.call)
    if engagement is None or engagement.state == "ended":
        raise Barred(N_("This person does not belong to the experts of this call."))
    if engagement.state == "declined":
        raise Barred(N_("This person has declined to evaluate for this call."))
    if user.id in works_for(application.call):
        raise Barred(N_("This person runs or watches this call."))
    earlier = queries.assignment_of(application, user)
    if earlier is not None:
        _refuse_again(earlier)
    _refuse_conflict(application, user)
    if not despite_limits:
        _refuse_too_much(application.call, user, due_on, by=by)
    asked = {"scores": scores, "due_on": due_on, "invited_at": clock.now(), "invited_by_id": by.id,
             "screened_at": clock.now()}  # fmt: skip
    told = {"instead_of": instead_of.public_id} if instead_of else {}
    if earlier is None:
        assignment = Assignment(
            application_id=application.id, application=application, user_id=user.id, user=user, state="invited",
            is_rapporteur=False, reason="", report=None, **asked,
        )  # fmt: skip
        db.session.add(assignment)
        db.session.flush()
        events.record(
            db.session, assignment, "invite", by=by, target="invited", expert=user.public_id, **told
        )
    else:
        assignment = earlier
        for name, value in (asked | {"answered_at": None, "declared_at": None}).items():
            setattr(assignment, name, value)
        move(assignment, "invite_again", by=by, **told)
    assert application.submission is not None
    pages = workload.pages(application.submission.proposal.attachments, application.call.page_limit)
    mail.write(
        db.session, "invitation", to=user.email, language=user.language, user_id=user.id, call_id=application.call_id,
        occasion=f"invitation:{assignment.public_id}:{clock.now().isoformat()}", assignment=assignment,
        application=application, call=application.call, reader=user, pages=pages, hours=workload.hours(pages),
        engagement=engagement,
    )  # fmt: skip
    if rapporteur:
        name_rapporteur(assignment, by=by)
    if (
        application.state == "admitted"
        and queries.count_evaluators(application) >= application.call.min_reviews
    ):
        move(application, "start_evaluation", by=by)
    return assignment


def _refuse_again(earlier: Assignment) -> None:
    if earlier.state == "declined":
        raise Barred(N_("This expert has declined. That is final for this application."))
    if earlier.state in ASKED:
        raise Barred(N_("This expert has been invited already."))
    if earlier.has_reported:
        raise Barred(N_("A report of this expert on this application was voided. Invite somebody else."))


def _refuse_conflict(application: Application, user: User) -> None:
    found = detect(application, user)
    if user.id == application.coordinator_id or user.id in application.contact_ids:
        raise Barred(N_("This person takes part in the application."))
    if any(conflict.bars for conflict in found):
        raise Barred(N_("A conflict of interest bars this expert from this application."))
    if any(conflict.status == "suggested" for conflict in found):
        raise Barred(N_("Rule on the possible conflict of interest first, then invite this expert."))


def _refuse_too_much(call: Call, user: User, due_on: date | None, *, by: Any) -> None:
    """The limits that people set themselves; what a conflict hides from the officer is not counted, nor told."""
    expert, today = queries.expert(user), clock.now().date()
    if expert is None:
        return
    if expert.is_away(today, max(today, due_on or today)):
        raise Barred(N_("This expert is away before the report is due."))
    if expert.max_load is not None and queries.loads(call, by).get(user.id, 0) >= expert.max_load:
        raise Barred(N_("This expert has as many applications as they take on in one call."))


def accept(assignment: Assignment, *, by: Any) -> None:
    """The expert takes the task on, under the terms that they have agreed to (rulebook 7.2)."""
    engagement = engagements.of(assignment.user, assignment.call)
    assert engagement is not None
    move(assignment, "accept", by=by, terms=engagement.sha256)
    assignment.answered_at = clock.now()


def decline(assignment: Assignment, *, reason: str, by: Any, code: str = "") -> None:
    """The expert says no, which is final for this application.

    Args:
        code: the conflict of interest that is the reason, D1 to P3; empty for any other reason.
    """
    if code:
        _declare(assignment, code=code, reason=reason)
    move(assignment, "decline", by=by, reason=reason, code=code)
    assignment.answered_at, assignment.reason, assignment.is_rapporteur = clock.now(), reason, False


def declare_none(assignment: Assignment, *, by: Any) -> None:
    """The expert declares that there is no conflict of interest; from now on the whole application is open."""
    move(assignment, "declare_none", by=by)
    assignment.declared_at = clock.now()


def declare_conflict(assignment: Assignment, *, code: str, reason: str, by: Any) -> None:
    """The expert declares a conflict, now or after weeks of work: the assignment is void (rulebook 4.7).

    A disqualifying one stands at once; on a possible one the officer rules, who may then invite again.
    """
    _declare(assignment, code=code, reason=reason)
    move(assignment, "declare_conflict", by=by, code=code, reason=reason)
    assignment.declared_at, assignment.reason, assignment.is_rapporteur = clock.now(), reason, False


def _declare(assignment: Assignment, *, code: str, reason: str) -> None:
    if code not in conflicts.CODES:
        raise Unfit(N_("Choose what applies."))
    conflict = _put(assignment.application, assignment.user, code=code, source="declared", reason=reason)
    # What an officer said of an earlier declaration was not said of this one.
    _unrule(conflict, "confirmed" if code.startswith("D") else "suggested")
    db.session.flush()
    _reach_competing(conflict)


def void(assignment: Assignment, *, reason: str, by: Any) -> None:
    """End an assignment: conflict, withdrawal, replacement. The expert is told, without the reason."""
    move(assignment, "void", by=by, reason=reason)
    assignment.reason, assignment.is_rapporteur = reason, False
    user = assignment.user
    mail.write(
        db.session, "assignment_removed", to=user.email, language=user.language, user_id=user.id,
        call_id=assignment.call_id, occasion=f"assignment_removed:{assignment.public_id}:{clock.now().isoformat()}",
        application=assignment.application, call=assignment.call, reader=user, despite_conflict=True,
    )  # fmt: skip


def remove(assignment: Assignment, *, reason: str, by: Any) -> None:
    """Take an assignment back. Raises Unfit once a report is submitted: that one is voided, not lost."""
    if _has_report(assignment):
        raise Unfit(N_("This expert has submitted a report. Void the report instead."))
    _take_back(assignment, reason=reason, by=by)


def name_rapporteur(assignment: Assignment, *, by: Any) -> None:
    """Make this expert the one who writes the consensus report; whoever it was before is it no longer."""
    if assignment.state not in ASKED:
        raise Unfit(N_("Only somebody who evaluates this application can be its rapporteur."))
    for other, _expert in queries.assignments(assignment.application):
        other.is_rapporteur = other.id == assignment.id
    db.session.flush()
    events.record(db.session, assignment, "name_rapporteur", by=by, expert=assignment.user.public_id)


# --- Bids ------------------------------------------------------------------------------------------------------------


def ask_for_bids(call: Call, until: date | None, *, by: Any) -> None:
    """Ask the pool what it would like to evaluate, until the end of a day; None asks no more. What was said stays."""
    call.bids_until = until
    db.session.flush()
    events.record(db.session, call, "ask_for_bids", by=by, until=until.isoformat() if until else None)


def bid(call: Call, application_id: int, user: User, answer: str) -> None:
    """What a member of the pool says about one application; an earlier answer is replaced.

    Args:
        answer: one of fit.BIDS.
    """
    # Two clicks at once make one row.
    db.session.execute(select(Call.id).where(Call.id == call.id).with_for_update())
    row = queries.bid(application_id, user)
    if row is None:
        row = Bid(application_id=application_id, user_id=user.id)
        db.session.add(row)
    row.answer, row.answered_at = answer, clock.now()
    db.session.flush()


# --- Groups for a whole call -----------------------------------------------------------------------------------------


def propose_groups(
    call: Call, *, demand: int, load: int, prices: Mapping[str, int], language: str = "", by: Any
) -> GroupProposal:
    """Want groups for all applications of a call; a worker composes them. Nobody is invited by it.

    Args:
        language: in which the applications are written, ISO 639-1; empty where it does not matter.
        prices: of each rule of `composition.RULES` that is asked for, in thousandths of fit; 0 is hard.
    """
    wishes: dict[str, Any] = {"demand": demand, "load": load, "language": language, "prices": dict(prices)}
    proposal = GroupProposal(
        call_id=call.id, call=call, wishes=wishes, state="wanted", step="", progress={},
        ended="", attempts=0, wanted_by_id=by.id, wanted_at=clock.now(), result={},
    )  # fmt: skip
    db.session.add(proposal)
    db.session.flush()
    events.record(db.session, proposal, "propose_groups", by=by, **wishes)
    return proposal


def stop_groups(proposal: GroupProposal, *, by: Any) -> None:
    """Compose no further. Where a worker is at it, the best groups found so far are kept; else there are none."""
    now = clock.now()
    if proposal.lease_until is not None and proposal.lease_until > now:
        proposal.state = "stopping"
    else:
        proposal.state, proposal.ended, proposal.finished_at = "stopped", "stopped", now
    events.record(db.session, proposal, "stop", by=by)


def invite_group(
    proposal: GroupProposal,
    application: Application,
    users: Mapping[str, User],
    *,
    by: Any,
    due_on: date | None = None,
) -> tuple[list[str], list[tuple[str, str]]]:
    """Invite whom a proposal names for one application, each by `assign`, which looks at everything again.

    Returns the names of those invited, and of the others with the reason.
    """
    invited, refused = [], []
    for one in proposal.result["applications"][application.public_id]["group"]:
        user = users.get(one["expert"])
        if one["stands"] or user is None:
            continue
        try:
            assign(application, user, by=by, due_on=due_on)
        except Barred as problem:
            refused.append((user.name, str(problem)))
        else:
            invited.append(user.name)
    if invited:
        events.record(
            db.session,
            proposal,
            "accept_groups",
            by=by,
            application=application.public_id,
            invited=len(invited),
        )
    return invited, refused
