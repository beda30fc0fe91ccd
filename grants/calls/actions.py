"""Verbs about calls: set up, publish, extend, suspend, cancel."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events, mail
from grants.calls import answers, scheme
from grants.calls.models import Call, Enquiry, Programme, Question
from grants.calls.rules import DECLARATIONS, CallRules
from grants.calls.terms import Terms
from grants.db import db
from grants.people import queries as people
from grants.words import N_, key_of
from grants.workflow import move


class Unfit(ValueError):
    """A refusal with a sentence (msgid) to show beside the form."""


def create(programme: Programme, *, by: Any, reference: str, scheme_id: str, **fields: Any) -> Call:
    """Set up a call in draft, with its own copy of the scheme and of the declarations (rulebook 9.2).

    Raises:
        Unfit: the reference is taken, by a call or by a page.
    """
    _refuse_taken(reference)
    call = Call(
        programme_id=programme.id, programme=programme, reference=reference, state="draft", applications_made=0,
        scheme_json=scheme.library()[scheme_id].to_dict(),
        rules_json={"declarations": [list(row) for row in DECLARATIONS]}, terms_json=Terms().to_dict(),
        questions=[], findings=[], version=1,
    )  # fmt: skip
    _set(call, fields)
    db.session.add(call)
    db.session.flush()
    events.record(db.session, call, "create", by=by, target="draft")
    return call


def _refuse_taken(reference: str) -> None:
    """People write references in either case, and /calls/new is a page."""
    taken = select(Call.id).where(func.lower(Call.reference) == reference.lower())
    if reference.lower() == "new" or db.session.scalar(taken):
        raise Unfit(N_("Another call has this reference already."))


def edit(call: Call, *, by: Any, version: int, scheme_id: str | None = None, **fields: Any) -> None:
    """Change a call in draft; what another scheme brings along is changed too, where the officer did not.

    Raises StaleDataError if somebody else saved since `version`.
    """
    if call.version != version:
        raise StaleDataError
    if scheme_id and scheme_id != call.scheme.id:
        chosen = scheme.library()[scheme_id]
        before = scheme.brought_along(call.scheme, call.action, call.year)
        after = scheme.brought_along(chosen, fields.get("action", call.action), fields.get("year", call.year))
        fields |= {name: after[name] for name in after if fields.get(name) == before[name]}
        call.scheme_json = chosen.to_dict()
    _set(call, fields)
    # What an import had to assume is settled once an officer has saved the fields concerned.
    call.findings = [finding for finding in call.findings if finding.get("field") not in fields]
    db.session.flush()


def set_scheme(call: Call, new: scheme.Scheme, *, by: Any, version: int) -> None:
    """Replace the call's own copy of the scoring scheme (scale, criteria, thresholds, anchors) while it is a draft.

    Raises StaleDataError if somebody else saved since `version`.
    """
    if call.version != version:
        raise StaleDataError
    before, after = call.scheme_json, new.to_dict()
    call.scheme_json = after
    db.session.flush()
    thresholds = {criterion.id: criterion.threshold for criterion in new.criteria}
    events.record(
        db.session, call, "set_scheme", by=by, thresholds=thresholds | {"overall": new.overall_threshold},
        changed=sorted(name for name in after if after[name] != before.get(name)),
    )  # fmt: skip


RULES = (
    "min_countries", "needs_member_state", "page_limit", "max_partners", "quotas", "portfolio", "lots",
    "by_work_package",
    "reminder_days", "reaction_days", "reaction_words", "reaction_scores",
)  # fmt: skip


def _set(call: Call, fields: dict[str, Any]) -> None:
    fields = dict(fields)
    call.set_deadline(fields.pop("deadline"), fields.pop("zone", "Europe/Brussels"))
    call.rules_json = call.rules_json | {key: fields.pop(key) for key in RULES if key in fields}
    for name, value in fields.items():
        setattr(call, name, value)
    if call.opens_on >= call.deadline_at:
        raise Unfit(N_("The call must open before its deadline."))
    if call.lots and not call.scheme.lots:
        raise Unfit(
            N_("With this scoring scheme no lots are drawn: the panel resolves what the rules leave open.")
        )
    CallRules.from_dict(call.rules_json | {"action": call.action, "pillar": call.pillar, "year": call.year})


def add_question(call: Call, *, by: Any, label: str, **fields: Any) -> Question:
    """Add a question at the end of the form; its key is made from the label and stays."""
    key = key_of(label, {question.key for question in call.questions}, "question")
    question = Question(call_id=call.id, key=key, label=label, position=len(call.questions) + 1, **fields)
    call.questions.append(question)
    db.session.flush()
    return question


def edit_question(question: Question, *, by: Any, **fields: Any) -> None:
    """Change a question of a call in draft; its key stays.

    Raises:
        Unfit: a later question depends on an answer that would no longer exist.
    """
    kind, choices = fields.get("kind", question.kind), fields.get("choices", question.choices)
    possible = answers.deciding_values(kind, choices) if kind in answers.DECIDING else []
    if any(other.condition_value not in possible for other in _depending(question)):
        raise Unfit(N_("Another question is asked only for an answer that this change would take away."))
    for name, value in fields.items():
        setattr(question, name, value)
    db.session.flush()


def move_question(question: Question, step: int, *, by: Any) -> None:
    """One place up (-1) or down (1); at the end of the list nothing happens.

    Raises:
        Unfit: a question would come before the one that its condition asks about.
    """
    order = list(question.call.questions)
    place = order.index(question)
    if not 0 <= place + step < len(order):
        return
    order[place], order[place + step] = order[place + step], order[place]
    first, second = order[min(place, place + step)], order[max(place, place + step)]
    if first.condition_key == second.key:
        raise Unfit(N_("A question must stand after the one that it depends on."))
    for position, other in enumerate(order, 1):
        other.position = position
    db.session.flush()


def remove_question(question: Question, *, by: Any) -> None:
    """Take a question out of a call in draft. Raises Unfit while another one depends on it."""
    if _depending(question):
        raise Unfit(N_("Another question depends on this one. Change that one first."))
    call = question.call
    call.questions.remove(question)
    for position, other in enumerate(call.questions, 1):
        other.position = position
    db.session.flush()


def _depending(question: Question) -> list[Question]:
    return [other for other in question.call.questions if other.condition_key == question.key]


COPIED = ("title", "text", "action", "pillar", "year", "zone", "budget", "min_contribution", "max_contribution",
          "keywords", "min_reviews", "reserve_size", "scheme_json", "rules_json", "terms_json",
          "blind_until")  # fmt: skip
COPIED_QUESTION = ("key", "label", "label_fr", "hint", "hint_fr", "section", "section_fr", "kind", "choices",
                   "choices_fr", "limit", "unit", "lowest", "highest", "required", "position", "condition_key",
                   "condition_value")  # fmt: skip


def copy(call: Call, *, by: Any, reference: str, opens_on: datetime, deadline: datetime) -> Call:
    """A new draft with text, rules, scoring and questions of an earlier call, and dates of its own.

    People, applications and history stay with the earlier one.

    Raises:
        Unfit: the reference is taken, or the call would open after its deadline.
    """
    _refuse_taken(reference)
    new = Call(
        programme_id=call.programme_id, programme=call.programme, reference=reference, state="draft",
        applications_made=0, questions=[], findings=[], version=1, opens_on=opens_on,
        **{name: getattr(call, name) for name in COPIED},
    )  # fmt: skip
    new.set_deadline(deadline, call.zone)
    if new.opens_on >= new.deadline_at:
        raise Unfit(N_("The call must open before its deadline."))
    new.questions = [Question(**{name: getattr(q, name) for name in COPIED_QUESTION}) for q in call.questions]
    db.session.add(new)
    db.session.flush()
    events.record(db.session, new, "create", by=by, target="draft", copied_from=call.reference)
    return new


def add_second_stage(call: Call, *, by: Any, reference: str, opens_on: datetime, deadline: datetime) -> Call:
    """The second stage of a call in two, as a draft with the full scheme and page limit of its type of action.

    Raises:
        Unfit: there is one already, the dates do not follow those of the first, or as `copy`.
    """
    if call.second_stage:
        raise Unfit(N_("This call has its second stage already."))
    if opens_on <= call.deadline_at:
        raise Unfit(N_("The second stage must open after the deadline of the first."))
    new = copy(call, by=by, reference=reference, opens_on=opens_on, deadline=deadline)
    new.first, new.stage = call, 2
    full = scheme.of_action(call.action, lump_sum=call.by_work_package)
    new.scheme_json = full.to_dict()
    new.blind_until = ""  # the full application names who carries it out
    new.rules_json = new.rules_json | scheme.brought_along(full, call.action, call.year)
    db.session.flush()
    return new


def add_cut_off(call: Call, *, by: Any, reference: str, deadline: datetime) -> Call:
    """The next cut-off of a call, as a draft: it opens when the one before it ends, and is evaluated by itself.

    Raises:
        Unfit: as `copy`.
    """
    last = call.series[-1]
    new = copy(call, by=by, reference=reference, opens_on=last.deadline_at, deadline=deadline)
    new.first, new.cut_off = call.series[0], last.cut_off + 1
    db.session.flush()
    return new


def publish(call: Call, *, by: Any) -> None:
    """Make the call public; from now on only deadline and state may change.

    Raises:
        Unfit: the deadline has passed, or findings of an import are still open.
    """
    if call.deadline_at <= clock.now():
        raise Unfit(N_("The deadline has already passed. Set a later one before publishing."))
    if any(finding.get("blocking") for finding in call.findings):
        raise Unfit(N_("Something that this call needs is not supported yet; see its findings."))
    if call.scheme.is_first_stage and call.second_stage is None:
        raise Unfit(N_("Set up the second stage first: applicants have to know its dates."))
    if (before := call.previous) and call.opens_on < before.deadline_at:
        raise Unfit(N_("It must open after the stage or cut-off before it has ended."))
    move(call, "publish", by=by)


def extend(call: Call, local: datetime, zone: str, *, by: Any, reason: str) -> None:
    """Move the deadline later, while the call is open (rulebook 8.2). Shortening is refused."""
    before, was = call.deadline_at, f"{call.deadline_local} {call.zone}"
    call.set_deadline(local, zone)
    if call.deadline_at <= before:
        call.set_deadline(datetime.fromisoformat(was.split()[0]), was.split()[1])
        raise Unfit(N_("A deadline can only be moved later, never earlier."))
    following = call.second_stage or call.next_cut_off
    if following and call.deadline_at >= (
        following.opens_on if following.stage == 2 else following.deadline_at
    ):
        call.set_deadline(datetime.fromisoformat(was.split()[0]), was.split()[1])
        raise Unfit(N_("The stage or cut-off that follows would begin before this one ends."))
    if following and following.stage == 1:
        following.opens_on = call.deadline_at
    events.record(
        db.session, call, "extend", by=by, before=was, after=f"{call.deadline_local} {zone}", reason=reason
    )


def suspend(call: Call, *, by: Any, reason: str) -> None:
    move(call, "suspend", by=by, reason=reason)


def resume(call: Call, *, by: Any, reason: str) -> None:
    move(call, "resume", by=by, reason=reason)


def cancel(call: Call, *, by: Any, reason: str) -> None:
    """Stop the call for good, with applications in it or not; what was typed stays readable to its owners."""
    move(call, "cancel", by=by, reason=reason)


# --- Questions about an open call -------------------------------------------------------------------------------------

WAITING_AT_MOST = 10


def ask(call: Call, text: str, *, by: Any) -> Enquiry:
    """Ask the officers about an open call. Who asked is in no event: the history of a call is read by many.

    Raises:
        Unfit: the person has too many questions waiting already.
    """
    mine = select(func.count(Enquiry.id)).where(
        Enquiry.call_id == call.id, Enquiry.asked_by_id == by.id, Enquiry.state == "asked"
    )
    if (db.session.scalar(mine) or 0) >= WAITING_AT_MOST:
        raise Unfit(N_("Your earlier questions wait for their answers. Please wait for these first."))
    enquiry = Enquiry(
        call_id=call.id, call=call, asked_by_id=by.id, asked_at=clock.now(), asked=text, state="asked"
    )
    db.session.add(enquiry)
    db.session.flush()
    for officer in people.officers(call):
        mail.write(
            db.session, "enquiry_asked", to=officer.email, language=officer.language,
            occasion=f"enquiry:{enquiry.public_id}:asked", user_id=officer.id, call_id=call.id, call=call,
            enquiry=enquiry, name=officer.name,
        )  # fmt: skip
    return enquiry


def answer(enquiry: Enquiry, *, by: Any, question: str, text: str) -> None:
    """Publish the question, in the officer's words, with its answer; an answer may be corrected later."""
    enquiry.question, enquiry.answer = question, text
    enquiry.answered_by_id, enquiry.answered_at = by.id, clock.now()
    move(enquiry, "answer", by=by)
    _tell_author(enquiry, "enquiry_answered")


def set_aside(enquiry: Enquiry, *, by: Any, text: str) -> None:
    """Answer to the author alone, and publish nothing: not about the call, or already answered."""
    enquiry.answer = text
    enquiry.answered_by_id, enquiry.answered_at = by.id, clock.now()
    move(enquiry, "set_aside", by=by)
    _tell_author(enquiry, "enquiry_set_aside")


def _tell_author(enquiry: Enquiry, template: str) -> None:
    author = enquiry.asked_by
    mail.write(
        db.session, template, to=author.email, language=author.language,
        occasion=f"enquiry:{enquiry.public_id}:{enquiry.answered_at:%Y%m%d%H%M%S}", user_id=author.id,
        call_id=enquiry.call_id, call=enquiry.call, enquiry=enquiry, name=author.name,
    )  # fmt: skip
