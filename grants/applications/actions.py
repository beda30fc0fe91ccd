"""Verbs of applicants: start, save a section, invite partners, submit, reopen, withdraw."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events, files, mail
from grants.applications import attachments, queries
from grants.applications.budget import Share, counts_as_nonprofit, funding_rate, summed
from grants.applications.call_news import tell_consortium
from grants.applications.checklist import may_submit
from grants.applications.comparison import loses_words
from grants.applications.enterprise import is_sme
from grants.applications.finding import Finding
from grants.applications.merging import Typed
from grants.applications.models import (
    SECTIONS,
    Answer,
    Application,
    Attachment,
    BudgetLine,
    KeptText,
    Partner,
    Researcher,
    Revision,
    Section,
    Submission,
)
from grants.applications.proposal import Proposal
from grants.calls.answers import carries_over, is_empty
from grants.calls.deadline import instant
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
from grants.people.models import User
from grants.words import N_
from grants.workflow import move


class NotReady(ValueError):
    """The application may not be submitted: `findings` says which rules do not hold."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__(N_("Some rules do not hold yet."))
        self.findings = findings


def start(call: Call, *, by: Any, acronym: str, organisation: dict[str, Any]) -> Application:
    """A new draft, with the coordinator's organisation as its first partner. The number is given now (rulebook 7.1)."""
    application = begin(call, by=by, acronym=acronym)
    add_partner(
        application, by=by, **organisation, role="coordinator", contact_name=by.name, contact_email=by.email
    )
    events.record(db.session, application, "create", by=by, target="draft")
    return application


def next_serial(call: Call) -> int:
    """The next number of an application within a call; whoever asks at the same time gets another one."""
    serial = db.session.scalar(
        update(Call)
        .where(Call.id == call.id)
        .values(applications_made=Call.applications_made + 1)
        .returning(Call.applications_made)
        .execution_options(synchronize_session=False)
    )
    assert serial
    return serial


def begin(call: Call, *, by: Any, **fields: Any) -> Application:
    """An empty draft that has the call's next number and belongs to a person."""
    serial = next_serial(call)
    empty = {"title": "", "abstract": "", "keywords": [], "free_keywords": "", "declarations": [],
             "work_packages": []}  # fmt: skip
    application = Application(
        call_id=call.id, call=call, serial=serial, number=f"{call.reference}-{serial:04d}", state="draft",
        coordinator_id=by.id, coordinator=by, created_at=clock.now(), version=0, stage=call.stage,
        cut_off=call.cut_off,
        **empty | fields,
    )  # fmt: skip
    application.partners, application.conflicts, application.assignments = [], [], []
    application.researchers, application.answers, application.attachments = [], [], []
    application.sections, application.submissions = [], []
    db.session.add(application)
    db.session.flush()
    return application


def copy(
    earlier: Application, call: Call, *, by: Any, in_full: bool = False
) -> tuple[Application, list[tuple[str, dict[str, Any]]]]:
    """A new draft in `call` with what fits of an earlier application (with its whole working copy loaded).

    Contacts are left out, since copying them would invite people; so are files and declarations, which each
    application makes anew.

    Args:
        in_full: the earlier one is the outline of this one (rulebook 7.1): its contacts are invited anew.

    Returns:
        The draft, and what was left out: sentences to translate with their values.
    """
    offered = [keyword for keyword in earlier.keywords if keyword in call.keywords]
    application = begin(call, by=by)
    save_summary(
        application, by=by, acronym=earlier.acronym, title=earlier.title, abstract=earlier.abstract,
        duration=earlier.duration, keywords=offered, free_keywords=earlier.free_keywords,
    )  # fmt: skip
    made = {}
    for partner in earlier.partners:
        fields = {name: getattr(partner, name) for name in PARTNER_FIELDS if not name.startswith("contact_")}
        if partner.role == "coordinator":
            fields |= {"contact_name": by.name, "contact_email": by.email}
        elif in_full:
            fields |= {"contact_name": partner.contact_name, "contact_email": partner.contact_email}
        made[partner.id] = copied = add_partner(application, by=by, **fields)
        money = ("requested", "income", "other_contributions", "person_months")
        amounts = {name: getattr(partner, name) for name in money}
        by_package = call.rules.by_work_package
        if partner.shares and by_package:
            amounts.pop("person_months")
            save_budget(copied, by=by, shares=partner.budget.shares, **amounts)
        elif not by_package:
            lines = {line.category: line.amount for line in partner.lines}
            save_budget(copied, by=by, lines={} if call.rules.requested_only else lines, **amounts)
    if earlier.work_packages and call.rules.by_work_package:
        keys = {partner.public_id: made[partner.id].public_id for partner in earlier.partners}
        packages = [row | {"lead": keys.get(row["lead"], "")} for row in earlier.work_packages]
        save_work_packages(application, packages, by=by)
    for row in earlier.researchers:
        person = row.to_dict() | {"partner": made[row.partner_id]}
        add_researcher(application, by=by, **person)
    left_out = unfit(earlier, call)
    answers = {key: value for key, value in earlier.answered.items() if key not in left_out}
    save_answers(application, answers, by=by)
    application.outline_id = earlier.id if in_full else None
    events.record(db.session, application, "create", by=by, target="draft", earlier=earlier.number)
    return application, _left_out(earlier, application, left_out)


def unfit(application: Application, call: Call) -> dict[str, str]:
    """Labels, by key, of the questions that are answered and that `call` does not ask, or not in this way."""
    before = {question.key: question for question in application.call.questions}
    after = {question.key: question for question in call.questions}
    return {
        key: before[key].label if key in before else key
        for key, value in application.answered.items()
        if not is_empty(value)
        and not (key in before and key in after and carries_over(before[key].rule, after[key].rule, value))
    }


def _left_out(
    earlier: Application, application: Application, answers: dict[str, str]
) -> list[tuple[str, dict[str, Any]]]:
    keywords = [keyword for keyword in earlier.keywords if keyword not in application.keywords]
    asked = {question.key for question in application.call.questions}
    unasked = [label for key, label in answers.items() if key not in asked]
    otherwise = [label for key, label in answers.items() if key in asked]
    regrouped = application.call.rules.by_work_package and not earlier.work_packages
    others = [
        partner
        for partner in earlier.partners
        if partner.role != "coordinator" and partner.contact_email and not application.outline_id
    ]
    left_out: list[tuple[str, dict[str, Any]]] = []
    if keywords:
        left_out.append(
            (N_("Keywords that this call does not offer: %(names)s."), {"names": ", ".join(keywords)})
        )
    if unasked:
        left_out.append(
            (N_("Answers that this call does not ask for: %(names)s."), {"names": ", ".join(unasked)})
        )
    if otherwise:
        left_out.append(
            (
                N_("Answers that this call asks for in another way: %(names)s."),
                {"names": ", ".join(otherwise)},
            )
        )
    if regrouped:
        left_out.append((N_("The budget: this call asks for it by work package."), {}))
    if others:
        left_out.append((N_("The contacts of your partners: invite them again."), {}))
    if earlier.attached:
        left_out.append((N_("The files: upload Part B for this call."), {}))
    if earlier.declarations:
        left_out.append((N_("The declarations: make them for this application."), {}))
    return left_out


def findings(application: Application) -> tuple[Finding, ...]:
    """The checklist of the working copy, by the very function that guards the submission."""
    return queries.findings_of(application.proposal, application.call)


# --- Sections --------------------------------------------------------------------------------------------------------


ONE_REVISION = timedelta(minutes=10)


@contextmanager
def editing(
    application: Application, name: str, version: int | None = None, *, by: Any, tab: str = ""
) -> Iterator[None]:
    """Count up a section's version, let it be changed, and keep what it then holds.

    Args:
        version: what the person's page was made from; None does not compare.
        tab: the page that saves, where it has a name.

    Raises:
        StaleDataError: somebody else saved the section since.
    """
    section = queries.section(application, name)
    if section is None:
        assert name in SECTIONS or name.startswith(("partner:", "budget:"))
        section = Section(
            application_id=application.id, name=name, version=0, saved_at=clock.now(), saved_by_id=by.id
        )
        application.sections.append(section)
    if version is not None and version != section.version:
        raise StaleDataError
    section.version, section.saved_at, section.saved_by_id = section.version + 1, clock.now(), by.id
    section.tab = tab
    yield
    db.session.flush()
    _revise(application, section, by=by)


def _revise(application: Application, section: Section, *, by: Any) -> None:
    """Keep what the section holds now. A row is written over only by its author, soon, and if no words go away."""
    content = application.content_of(section.name)
    last = queries.last_revision(application, section.name)
    if last is None or not _goes_on(last.content, content, last.began_at, last.saved_by_id, by=by):
        last = Revision(
            application_id=application.id, section=section.name, began_at=clock.now(), saved_by_id=by.id
        )
        db.session.add(last)
    last.version, last.content, last.saved_at = section.version, content, clock.now()
    db.session.flush()


def _goes_on(before: Any, after: Any, began: datetime, author_id: int, *, by: Any) -> bool:
    """Whether somebody goes on with what they themselves began a few minutes ago, without taking words away."""
    soon = author_id == by.id and clock.now() - began <= ONE_REVISION
    return soon and not loses_words(json.dumps(before), json.dumps(after))


def keep_text(
    application: Application, name: str, typed: Typed, *, seen: dict[str, str], version: int, by: Any
) -> None:
    """Keep for its author what was typed and cannot be saved as it is."""
    kept = queries.kept_text(application, name, by)
    if kept is None:
        kept = KeptText(application_id=application.id, section=name, user_id=by.id)
        db.session.add(kept)
    kept.typed, kept.seen, kept.version, kept.kept_at = typed, seen, version, clock.now()
    db.session.flush()


def drop_text(application: Application, name: str, *, by: Any) -> None:
    """Forget what was kept: it has been saved, or its author does not want it any more."""
    kept = queries.kept_text(application, name, by)
    if kept is not None:
        db.session.delete(kept)


def save_summary(
    application: Application, *, by: Any, version: int | None = None, tab: str = "", **fields: Any
) -> None:
    """Acronym, title, abstract, duration (months), keywords."""
    with editing(application, "summary", version, by=by, tab=tab):
        for name in ("acronym", "title", "abstract", "duration", "keywords", "free_keywords"):
            if name in fields:
                setattr(application, name, fields[name])


def save_answers(
    application: Application, answers: dict[str, Any], *, by: Any, version: int | None = None, tab: str = ""
) -> None:
    """Answers by question key; one that changed becomes a new row, earlier ones stay."""
    with editing(application, "questions", version, by=by, tab=tab):
        for key, value in answers.items():
            _answer(application, key, value, by=by)


def _answer(application: Application, key: str, value: Any, *, by: Any) -> None:
    """A new value is a new row, except while one person goes on typing: then it is the row of these minutes."""
    earlier = [answer for answer in application.answers if answer.key == key]
    last = earlier[-1] if earlier else None
    if last is None or last.value != value:
        if last is not None and _goes_on(last.value, value, last.saved_at, last.saved_by_id, by=by):
            last.value = value
            return
        application.answers.append(
            Answer(application_id=application.id, key=key, version=len(earlier) + 1, value=value,
                   saved_at=clock.now(), saved_by_id=by.id)
        )  # fmt: skip


def save_declarations(
    application: Application, keys: list[str], *, by: Any, version: int | None = None, tab: str = ""
) -> None:
    with editing(application, "declarations", version, by=by, tab=tab):
        application.declarations = keys


def attach(
    application: Application,
    content: bytes,
    name: str,
    *,
    by: Any,
    kind: str = "part_b",
    scanned: bool = False,
) -> Attachment:
    """Keep an uploaded PDF. Raises attachments.Unreadable with the reason."""
    found = attachments.inspect(content)
    attachment = Attachment(
        application_id=application.id, kind=kind, name=attachments.clean_name(name), sha256=files.put(content),
        size=found.size, pages=found.pages, saved_at=clock.now(), saved_by_id=by.id, scanned=scanned,
    )  # fmt: skip
    with editing(application, "part_b", by=by):
        application.attachments.append(attachment)
    return attachment


def detach(application: Application, kind: str, *, by: Any) -> None:
    """Remove a file from the working copy; submitted versions keep it."""
    removal = Attachment(
        application_id=application.id, kind=kind, name="", sha256=None, size=0, pages=0, saved_at=clock.now(),
        saved_by_id=by.id,
    )  # fmt: skip
    with editing(application, "part_b", by=by):
        application.attachments.append(removal)


# --- Consortium ------------------------------------------------------------------------------------------------------

PARTNER_FIELDS = (
    "name", "short_name", "pic", "country", "city", "activity", "sme", "nonprofit", "international", "role",
    "control_group", "gep", "vat", "ror", "headcount", "turnover", "balance_sheet", "access", "contact_name",
    "contact_email",
)  # fmt: skip
# Who takes part in which role, and who may do what, is the coordinator's alone.
LEADS = ("role", "access", "contact_name", "contact_email")


def add_partner(application: Application, *, by: Any, **fields: Any) -> Partner:
    """Add an organisation at the end of the consortium; its contact is invited by mail."""
    with editing(application, "consortium", by=by):
        partner = Partner(
            application_id=application.id, application=application, position=len(application.partners) + 1, lines=[],
            requested=0, income=0, other_contributions=0, rate=0,
        )  # fmt: skip
        is_new = _fill(partner, fields)
        db.session.add(partner)
        db.session.flush()
    if is_new:
        _invite(partner, by=by)
    with editing(application, f"partner:{partner.public_id}", by=by):
        pass
    return partner


def edit_partner(
    partner: Partner, *, by: Any, version: int | None = None, tab: str = "", **fields: Any
) -> None:
    """Change an organisation's details; who is not the coordinator cannot change its role or contact."""
    if by.id != partner.application.coordinator_id:
        fields = {key: value for key, value in fields.items() if key not in LEADS}
    with editing(partner.application, f"partner:{partner.public_id}", version, by=by, tab=tab):
        is_new = _fill(partner, fields)
    # An address that comes back while somebody types it is no second invitation.
    if is_new and not _invited_since(partner, clock.now() - ONE_REVISION):
        _invite(partner, by=by)


def _fill(partner: Partner, fields: dict[str, Any]) -> bool:
    """Set what is given and what follows from it; whether somebody is to be invited who was not the contact before."""
    before = partner.contact_email or ""
    for name in PARTNER_FIELDS:
        if name in fields:
            setattr(partner, name, fields[name])
    if partner.role == "coordinator":
        for other in partner.application.partners:
            if other is not partner and other.role == "coordinator":
                other.role = "beneficiary"
    nonprofit = counts_as_nonprofit(partner.activity, bool(partner.nonprofit))
    partner.rate = funding_rate(partner.application.call.action, nonprofit, partner.role)
    partner.sme = is_sme(partner.activity, partner.size, bool(partner.sme))
    partner.contact_email = (partner.contact_email or "").strip().lower()
    if partner.contact_email == before:
        return False
    own = partner.contact_email == partner.application.coordinator.email.lower()
    partner.contact_id = partner.application.coordinator_id if own else None
    partner.declined_at = None
    return bool(partner.contact_email) and not own


def _invite(partner: Partner, *, by: Any) -> None:
    """Each invitation is news: its number among those of the organisation is part of the occasion."""
    application, number = partner.application, len(queries.invitations_sent(partner)) + 1
    mail.write(
        db.session, "partner_invitation", to=partner.contact_email, language=by.language,
        occasion=f"partner:{partner.public_id}:{number}", call_id=application.call_id,
        partner=partner, application=application, inviter=by,
    )  # fmt: skip


def _invited_since(partner: Partner, moment: datetime) -> bool:
    """Whether the present contact got an invitation for this organisation since then."""
    sent = queries.invitations_sent(partner)
    return any(one.recipient == partner.contact_email and one.written_at > moment for one in sent)


def invite_again(partner: Partner, *, by: Any) -> None:
    """Send the invitation once more, to a contact who has not answered or has declined.

    Raises:
        ValueError: it went out less than a day ago and was not answered yet.
    """
    if partner.declined_at is None and _invited_since(partner, clock.now() - timedelta(days=1)):
        raise ValueError(N_("The last invitation is less than a day old. Please wait for the answer."))
    partner.declined_at = None
    _invite(partner, by=by)


def accept_invitation(partner: Partner, *, by: Any) -> None:
    """The invited contact takes part; from now on they read the application and edit their own organisation."""
    partner.contact_id = by.id
    events.record(db.session, partner.application, "accept_invitation", by=by, partner=partner.public_id)


def decline_invitation(partner: Partner, *, by: Any) -> None:
    """The invited contact does not take part; the coordinator is told and may invite somebody else."""
    application = partner.application
    partner.declined_at = clock.now()
    events.record(db.session, application, "decline_invitation", by=by, partner=partner.public_id)
    lead = application.coordinator
    mail.write(
        db.session, "partner_declined", to=lead.email, language=lead.language, user_id=lead.id,
        occasion=f"declined:{partner.public_id}:{len(queries.invitations_sent(partner))}",
        call_id=application.call_id, partner=partner, application=application, reader=lead,
    )  # fmt: skip


def confirm_participation(partner: Partner, *, by: Any) -> None:
    """The organisation takes part as it is entered now; a later change of its part is to be confirmed again."""
    partner.confirmed_at, partner.confirmed_by_id, partner.confirmed_hash = (
        clock.now(),
        by.id,
        partner.part_hash,
    )
    events.record(
        db.session, partner.application, "confirm_participation", by=by, partner=partner.public_id,
        sha256=partner.confirmed_hash,
    )  # fmt: skip


def hand_over(partner: Partner, *, by: Any, contact: User) -> None:
    """Another organisation coordinates from now on, and its contact leads; who led stays as a contact."""
    application = partner.application
    former = next((other for other in application.partners if other.role == "coordinator"), None)
    application.coordinator_id, application.coordinator = contact.id, contact
    with editing(application, f"partner:{partner.public_id}", by=by):
        _fill(partner, {"role": "coordinator"})
    if former is not None:
        with editing(application, f"partner:{former.public_id}", by=by):
            former.contact_name, former.contact_email, former.contact_id = by.name, by.email.lower(), by.id
    events.record(db.session, application, "hand_over", by=by, partner=partner.public_id, to=contact.id)
    mail.write(
        db.session, "handed_over", to=contact.email, language=contact.language, user_id=contact.id,
        occasion=f"handed over:{application.public_id}:{clock.now().isoformat()}", call_id=application.call_id,
        application=application, former=by, reader=contact,
    )  # fmt: skip


def remove_partner(partner: Partner, *, by: Any) -> None:
    """Take an organisation out; its contact sees nothing from the next request on."""
    application = partner.application
    facts = {"partner": partner.public_id, "name": partner.name}
    with editing(application, "consortium", by=by):
        db.session.execute(
            delete(Researcher).where(Researcher.partner_id == partner.id),
            execution_options={"synchronize_session": False},
        )
        application.partners.remove(partner)
        for position, other in enumerate(application.partners, 1):
            other.position = position
    events.record(db.session, application, "remove_partner", by=by, **facts)
    db.session.flush()


def save_budget(
    partner: Partner,
    *,
    by: Any,
    version: int | None = None,
    tab: str = "",
    lines: dict[str, int] | None = None,
    shares: Iterable[Share] | None = None,
    **amounts: int,
) -> None:
    """One partner's costs and financing, euro cents, and its effort, tenths of a person-month.

    Args:
        lines: costs by category.
        shares: or costs and effort by work package; their sums are the partner's.
    """
    rows = tuple(row for row in shares or () if any(summed([row]).values()))
    if shares is not None:
        lines = summed(rows)
        amounts["person_months"] = lines.pop("person_months")
    lines = lines or {}
    with editing(partner.application, f"budget:{partner.public_id}", version, by=by, tab=tab):
        present = {line.category: line for line in partner.lines}
        for category, amount in lines.items():
            if category in present:
                present[category].amount = amount
            elif amount:
                partner.lines.append(BudgetLine(partner_id=partner.id, category=category, amount=amount))
        for name in ("requested", "income", "other_contributions", "person_months"):
            if name in amounts:
                setattr(partner, name, amounts[name])
        if shares is not None:
            partner.shares = [asdict(row) for row in rows]


def save_work_packages(
    application: Application,
    packages: list[dict[str, Any]],
    *,
    by: Any,
    version: int | None = None,
    tab: str = "",
) -> None:
    """The work packages in their order, each in the shape of `proposal.WorkPackage`.

    Raises:
        ValueError: somebody has costs in one that would go.
    """
    kept = {row["key"] for row in packages}
    if any(key not in kept for key in packages_in_use(application)):
        raise ValueError(N_("A partner has costs in this work package. Take them out first."))
    with editing(application, "work_packages", version, by=by, tab=tab):
        application.work_packages = packages


def packages_in_use(application: Application) -> set[str]:
    """Keys of the work packages in which a partner has costs or effort."""
    return {row["work_package"] for partner in application.partners for row in partner.shares}


def add_researcher(application: Application, partner: Partner, *, by: Any, **fields: Any) -> Researcher:
    with editing(application, "researchers", by=by):
        researcher = Researcher(
            application_id=application.id, partner_id=partner.id, partner=partner, **fields
        )
        application.researchers.append(researcher)
    return researcher


def edit_researcher(
    application: Application, researcher: Researcher, partner: Partner, *, by: Any, **fields: Any
) -> None:
    with editing(application, "researchers", by=by):
        researcher.partner_id, researcher.partner = partner.id, partner
        for name, value in fields.items():
            setattr(researcher, name, value)


def remove_researcher(application: Application, researcher: Researcher, *, by: Any) -> None:
    with editing(application, "researchers", by=by):
        application.researchers.remove(researcher)
        db.session.expire(researcher.partner, ["researchers"])


# --- Submission ------------------------------------------------------------------------------------------------------


def submit(application: Application, *, by: Any, key: str) -> Submission:
    """Freeze the working copy as the next version and give the receipt; one short transaction (rulebook 7.1, 8.3).

    Args:
        key: idempotency key of the form: a second click returns the receipt of the first.

    Raises:
        NotReady: a blocking rule does not hold; nothing has changed.
    """
    again = queries.submission_with_key(application, key)
    if again:
        return again
    found = findings(application)
    if not may_submit(found):
        raise NotReady(found)
    submission = freeze(application, found, by=by, key=key, at=clock.now())
    mail.write(
        db.session, "receipt", to=by.email, language=by.language, occasion=f"receipt:{submission.receipt}",
        user_id=by.id, call_id=application.call_id, application=application, submission=submission, reader=by,
    )  # fmt: skip
    return submission


def freeze(
    application: Application, found: tuple[Finding, ...], *, by: Any, key: str, at: datetime, **facts: Any
) -> Submission:
    """Make the working copy the next submitted version, whatever the checklist found; `at` is when it was received."""
    submission = frozen(application, application.proposal, found, by=by, key=key, at=at)
    move(
        application, "submit", by=by, version=submission.number, sha256=submission.sha256, receipt=submission.receipt,
        **facts,
    )  # fmt: skip
    return submission


def frozen(
    application: Application,
    proposal: Proposal,
    found: tuple[Finding, ...],
    *,
    by: Any,
    key: str,
    at: datetime,
) -> Submission:
    """The next version of an application, with its receipt; from now on it is the one that counts."""
    content, lead = proposal.to_dict(), proposal.coordinator
    version = application.version + 1
    submission = Submission(
        application_id=application.id, number=version, receipt=f"{application.number}-V{version}",
        submitted_at=at, submitted_by_id=by.id, idempotency_key=key, snapshot=canonical(content).decode(),
        sha256=digest(content), findings=[finding.to_dict() for finding in found],
        acronym=proposal.acronym, title=proposal.title, coordinator_name=lead.name if lead else "",
        coordinator_country=lead.country if lead else "", partner_count=len(proposal.partners),
        requested=proposal.requested, total_cost=proposal.total_cost,
    )  # fmt: skip
    db.session.add(submission)
    application.version = version
    return submission


def reopen(application: Application, *, by: Any) -> None:
    """Revise what was submitted; the submitted version stays the valid one until the next submission."""
    move(application, "reopen", by=by)


def withdraw(application: Application, *, by: Any, reason: str) -> None:
    """Withdraw before the deadline; submitting again before it brings the application back (rulebook 8.4)."""
    move(application, "withdraw", by=by, reason=reason)
    mail.write(
        db.session, "withdrawal", to=by.email, language=by.language, user_id=by.id, call_id=application.call_id,
        occasion=f"withdrawal:{application.public_id}:{clock.now().isoformat()}", application=application, reader=by,
    )  # fmt: skip


def request_withdrawal(application: Application, *, by: Any, reason: str) -> None:
    """Withdraw after the deadline and before the decision: taken out of the ranking (rulebook 7.1)."""
    move(application, "withdraw_late", by=by, reason=reason)
    mail.write(
        db.session, "withdrawal_late", to=by.email, language=by.language, user_id=by.id, call_id=application.call_id,
        occasion=f"withdrawal:{application.public_id}:{clock.now().isoformat()}", application=application, reader=by,
    )  # fmt: skip


def extend(application: Application, until: Any, *, by: Any, reason: str) -> None:
    """A late exception for one application: an officer's logged act with its reason (settled: Deadline)."""
    application.extended_to = until
    event = events.record(db.session, application, "extend", by=by, until=until.isoformat(), reason=reason)
    tell_consortium(
        application, "extension", occasion=f"extension:{application.public_id}:{event.number}", reason=reason
    )


def extend_until(application: Application, local: str, *, by: Any, reason: str) -> None:
    """Like extend(), from a typed local time such as 2026-03-24 18:00. Raises ValueError with a sentence."""
    try:
        moment = datetime.fromisoformat(local)
    except ValueError:
        raise ValueError(N_("Type the date and time as 2026-03-24 18:00.")) from None
    until = instant(moment, application.call.zone)
    if until <= clock.now():
        raise ValueError(N_("This moment has passed already."))
    extend(application, until, by=by, reason=reason)
