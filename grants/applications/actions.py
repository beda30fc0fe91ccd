"""Verbs of applicants: start, save a section, invite partners, submit, reopen, withdraw."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events, files, mail
from grants.applications import attachments, queries
from grants.applications.budget import funding_rate
from grants.applications.checklist import Finding, checklist, may_submit
from grants.applications.models import (
    SECTIONS,
    Answer,
    Application,
    Attachment,
    BudgetLine,
    Partner,
    Researcher,
    Section,
    Submission,
)
from grants.calls.deadline import instant
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
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


def begin(call: Call, *, by: Any, **fields: Any) -> Application:
    """An empty draft that has the call's next number and belongs to a person."""
    serial = db.session.scalar(
        update(Call)
        .where(Call.id == call.id)
        .values(applications_made=Call.applications_made + 1)
        .returning(Call.applications_made)
        .execution_options(synchronize_session=False)
    )
    assert serial
    empty = {"title": "", "abstract": "", "keywords": [], "free_keywords": "", "declarations": []}
    application = Application(
        call_id=call.id, call=call, serial=serial, number=f"{call.reference}-{serial:04d}", state="draft",
        coordinator_id=by.id, coordinator=by, created_at=clock.now(), version=0, stage=1, cut_off=1,
        **empty | fields,
    )  # fmt: skip
    application.partners, application.conflicts, application.assignments = [], [], []
    application.researchers, application.answers, application.attachments = [], [], []
    application.sections, application.submissions = [], []
    db.session.add(application)
    db.session.flush()
    return application


def findings(application: Application) -> tuple[Finding, ...]:
    """The checklist of the working copy, by the very function that guards the submission."""
    call = application.call
    return checklist(application.proposal, call.rules, call.deadline_at.date())


# --- Sections --------------------------------------------------------------------------------------------------------


def touch(application: Application, name: str, version: int | None, *, by: Any) -> None:
    """Count up a section's version before it is changed.

    Args:
        version: what the person's page was made from; None does not compare.

    Raises:
        StaleDataError: somebody else saved the section since.
    """
    section = queries.section(application, name)
    if section is None:
        assert name in SECTIONS or name.startswith("partner:")
        section = Section(
            application_id=application.id, name=name, version=0, saved_at=clock.now(), saved_by_id=by.id
        )
        application.sections.append(section)
    if version is not None and version != section.version:
        raise StaleDataError
    section.version, section.saved_at, section.saved_by_id = section.version + 1, clock.now(), by.id


def save_summary(application: Application, *, by: Any, version: int | None = None, **fields: Any) -> None:
    """Acronym, title, abstract, duration (months), keywords."""
    touch(application, "summary", version, by=by)
    for name in ("acronym", "title", "abstract", "duration", "keywords", "free_keywords"):
        if name in fields:
            setattr(application, name, fields[name])
    db.session.flush()


def save_answers(
    application: Application, answers: dict[str, Any], *, by: Any, version: int | None = None
) -> None:
    """Answers by question key; one that changed becomes a new row, earlier ones stay."""
    touch(application, "questions", version, by=by)
    present = application.answered
    for key, value in answers.items():
        if present.get(key) == value:
            continue
        number = sum(answer.key == key for answer in application.answers) + 1
        application.answers.append(
            Answer(application_id=application.id, key=key, version=number, value=value, saved_at=clock.now(),
                   saved_by_id=by.id)
        )  # fmt: skip
    db.session.flush()


def save_declarations(
    application: Application, keys: list[str], *, by: Any, version: int | None = None
) -> None:
    touch(application, "declarations", version, by=by)
    application.declarations = keys
    db.session.flush()


def attach(
    application: Application, content: bytes, name: str, *, by: Any, kind: str = "part_b"
) -> Attachment:
    """Keep an uploaded PDF. Raises attachments.Unreadable with the reason."""
    found = attachments.inspect(content)
    touch(application, "part_b", None, by=by)
    attachment = Attachment(
        application_id=application.id, kind=kind, name=attachments.clean_name(name), sha256=files.put(content),
        size=found.size, pages=found.pages, saved_at=clock.now(), saved_by_id=by.id,
    )  # fmt: skip
    application.attachments.append(attachment)
    db.session.flush()
    return attachment


def detach(application: Application, kind: str, *, by: Any) -> None:
    """Remove a file from the working copy; submitted versions keep it."""
    touch(application, "part_b", None, by=by)
    application.attachments.append(
        Attachment(application_id=application.id, kind=kind, name="", sha256=None, size=0, pages=0,
                   saved_at=clock.now(), saved_by_id=by.id)
    )  # fmt: skip
    db.session.flush()


# --- Consortium ------------------------------------------------------------------------------------------------------

PARTNER_FIELDS = (
    "name", "short_name", "pic", "country", "city", "activity", "sme", "nonprofit", "international", "role",
    "control_group", "gep", "contact_name", "contact_email",
)  # fmt: skip


def add_partner(application: Application, *, by: Any, **fields: Any) -> Partner:
    """Add an organisation at the end of the consortium; its contact is invited by mail."""
    touch(application, "consortium", None, by=by)
    partner = Partner(
        application_id=application.id, application=application, position=len(application.partners) + 1, lines=[],
        requested=0, income=0, other_contributions=0, rate=0,
    )  # fmt: skip
    _fill(partner, fields, by=by)
    db.session.add(partner)
    db.session.flush()
    return partner


def edit_partner(partner: Partner, *, by: Any, version: int | None = None, **fields: Any) -> None:
    """Change an organisation's details; who is not the coordinator cannot change its role or contact."""
    touch(partner.application, f"partner:{partner.public_id}", version, by=by)
    if by.id != partner.application.coordinator_id:
        fields = {
            key: value
            for key, value in fields.items()
            if key not in ("role", "contact_name", "contact_email")
        }
    _fill(partner, fields, by=by)
    db.session.flush()


def _fill(partner: Partner, fields: dict[str, Any], *, by: Any) -> None:
    before = partner.contact_email or ""
    for name in PARTNER_FIELDS:
        if name in fields:
            setattr(partner, name, fields[name])
    if partner.role == "coordinator":
        for other in partner.application.partners:
            if other is not partner and other.role == "coordinator":
                other.role = "beneficiary"
    partner.rate = funding_rate(partner.application.call.action, bool(partner.nonprofit), partner.role)
    partner.contact_email = (partner.contact_email or "").strip().lower()
    if partner.contact_email and partner.contact_email != before:
        own = partner.contact_email == partner.application.coordinator.email.lower()
        partner.contact_id = partner.application.coordinator_id if own else None
        if not own:
            _invite(partner, by=by)


def _invite(partner: Partner, *, by: Any) -> None:
    application = partner.application
    mail.write(
        db.session, "partner_invitation", to=partner.contact_email, language=by.language,
        occasion=f"partner:{application.public_id}:{partner.contact_email}", call_id=application.call_id,
        partner=partner, application=application, inviter=by,
    )  # fmt: skip


def accept_invitation(partner: Partner, *, by: Any) -> None:
    """The invited contact takes part; from now on they read the application and edit their own organisation."""
    partner.contact_id = by.id
    events.record(db.session, partner.application, "accept_invitation", by=by, partner=partner.public_id)


def remove_partner(partner: Partner, *, by: Any) -> None:
    """Take an organisation out; its contact sees nothing from the next request on."""
    application = partner.application
    touch(application, "consortium", None, by=by)
    facts = {"partner": partner.public_id, "name": partner.name}
    db.session.execute(Researcher.__table__.delete().where(Researcher.__table__.c.partner_id == partner.id))
    application.partners.remove(partner)
    for position, other in enumerate(application.partners, 1):
        other.position = position
    events.record(db.session, application, "remove_partner", by=by, **facts)
    db.session.flush()


def save_budget(
    partner: Partner, *, by: Any, version: int | None = None, lines: dict[str, int], **amounts: int
) -> None:
    """One partner's costs by category, requested contribution, income and other contributions, euro cents."""
    touch(partner.application, f"partner:{partner.public_id}", version, by=by)
    present = {line.category: line for line in partner.lines}
    for category, amount in lines.items():
        if category in present:
            present[category].amount = amount
        elif amount:
            partner.lines.append(BudgetLine(partner_id=partner.id, category=category, amount=amount))
    for name in ("requested", "income", "other_contributions"):
        if name in amounts:
            setattr(partner, name, amounts[name])
    db.session.flush()


def add_researcher(application: Application, partner: Partner, *, by: Any, **fields: Any) -> Researcher:
    touch(application, "researchers", None, by=by)
    researcher = Researcher(application_id=application.id, partner_id=partner.id, partner=partner, **fields)
    application.researchers.append(researcher)
    db.session.flush()
    return researcher


def remove_researcher(application: Application, researcher: Researcher, *, by: Any) -> None:
    touch(application, "researchers", None, by=by)
    application.researchers.remove(researcher)
    db.session.flush()


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
    proposal = application.proposal
    content = proposal.to_dict()
    version = application.version + 1
    lead = proposal.coordinator
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
    move(application, "submit", by=by, version=version, sha256=submission.sha256, receipt=submission.receipt, **facts)
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


def extend(application: Application, until: Any, *, by: Any, reason: str) -> None:
    """A late exception for one application: an officer's logged act with its reason (settled: Deadline)."""
    application.extended_to = until
    events.record(db.session, application, "extend", by=by, until=until.isoformat(), reason=reason)


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


def restored_hashes(application: Application) -> bool:
    """Whether every submitted version still has the hash that its receipt gave."""
    rows = db.session.scalars(select(Submission).where(Submission.application_id == application.id))
    return all(digest(json.loads(row.snapshot)) == row.sha256 for row in rows)
