"""Questions about applications: one with all that a page needs, and the lists that each person may see."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, defer, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from grants import clock
from grants.applications.blind import Read
from grants.applications.checklist import checklist
from grants.applications.finding import Finding
from grants.applications.models import (
    Application,
    Clarification,
    FileText,
    KeptText,
    Organisation,
    Partner,
    Researcher,
    Revision,
    Section,
    Submission,
)
from grants.applications.proposal import Proposal
from grants.applications.register import search_words
from grants.applications.shown import coordinator_to
from grants.calls.models import Call
from grants.db import Base, Rows, db
from grants.events import Event, EventPayload
from grants.mail import Mail, undelivered
from grants.people.models import User
from grants.policy import CHANGEABLE, OFFICER_READS

WHOLE: tuple[ORMOption, ...] = (
    selectinload(Application.partners).options(joinedload(Partner.lines), selectinload(Partner.researchers)),
    selectinload(Application.researchers),
    selectinload(Application.answers),
    selectinload(Application.attachments),
    selectinload(Application.sections).joinedload(Section.saved_by),
)


AS_SUBMITTED = (
    joinedload(Application.call).selectinload(Call.questions),
    joinedload(Application.coordinator),
    joinedload(Application.submission),
)
"""With its call, the call's questions, its coordinator and the version that counts."""


def by_public_id(public_id: str, *options: ORMOption) -> Application | None:
    """One application as it was submitted."""
    return db.session.scalars(
        select(Application).options(*AS_SUBMITTED, *options).where(Application.public_id == public_id)
    ).first()


SECTIONS_OF = selectinload(Application.sections).joinedload(Section.saved_by)


def for_section(public_id: str, *options: ORMOption) -> Application | None:
    """One application with the versions of its sections and what one section shows: it is saved every second."""
    return by_public_id(public_id, SECTIONS_OF, *options)


ANSWERS, ATTACHMENTS = selectinload(Application.answers), selectinload(Application.attachments)


def whole(public_id: str) -> Application | None:
    """One application with everything that its working copy consists of."""
    return by_public_id(public_id, *WHOLE)


def complete(application: Application) -> Application:
    """The same application, from by_public_id, with everything that its working copy consists of."""
    query = select(Application).options(*WHOLE).where(Application.id == application.id)
    return db.session.scalars(query).unique().one()


def findings_of(
    proposal: Proposal, call: Call, on: date | None = None, read: Mapping[str, Read] | None = None
) -> tuple[Finding, ...]:
    """The checklist of a working copy or of a submitted version, by the law of a day.

    Args:
        on: that day; the one of the deadline where it is not given.
        read: what `texts_of` gave for many at once.
    """
    told = texts_of([proposal], call) if read is None else read
    return checklist(proposal, call.rules, on or call.deadline_day, told)


def texts_of(proposals: Iterable[Proposal], call: Call) -> dict[str, Read]:
    """The texts of files that have been read so far, by hash; none where the call does not ask for it."""
    if not call.blind_until:
        return {}
    wanted = {file.sha256 for one in proposals for file in one.attachments}
    rows = db.session.scalars(select(FileText).where(FileText.sha256.in_(wanted)))
    return {row.sha256: Read(row.pages, row.properties, row.problem) for row in rows}


def of_outline(outline: Application) -> Application | None:
    """The full application that carries out an outline."""
    return db.session.scalars(select(Application).where(Application.outline_id == outline.id)).first()


def outline_of(application: Application) -> Submission | None:
    """What was submitted to the first stage, for an application to the second."""
    if application.outline_id is None:
        return None
    return db.session.scalars(
        select(Submission)
        .join(
            Application,
            (Submission.application_id == Application.id) & (Submission.number == Application.version),
        )
        .where(Application.id == application.outline_id)
    ).first()


def hold(*, application: str = "", partner: str = "") -> None:
    """Wait until nobody else writes to this application, or to the one of this partner, by public id.

    What is read afterwards stays as it is until the transaction ends. SQLite's write lock says the same already.
    """
    query = select(Application.id).with_for_update(of=Application)
    if partner:
        query = query.join(Partner).where(Partner.public_id == partner)
    db.session.execute(query.where(Application.public_id == application) if application else query)


def hold_state(application: Application) -> None:
    """Wait until nobody else takes a step with this application, which is to be evaluated; its state is read anew.

    Whoever takes one holds this row before any other, so that two of them wait for each other and never crosswise.
    """
    db.session.refresh(application, ["state"], with_for_update=True)


def partner(public_id: str) -> Partner | None:
    return db.session.scalars(
        select(Partner)
        .options(
            selectinload(Partner.lines),
            selectinload(Partner.researchers),
            joinedload(Partner.application).options(
                joinedload(Application.call).selectinload(Call.questions),
                joinedload(Application.coordinator),
                selectinload(Application.sections).joinedload(Section.saved_by),
            ),
        )
        .where(Partner.public_id == public_id)
    ).first()


def contact(partner: Partner) -> User | None:
    """The person who accepted to be the contact of an organisation."""
    return db.session.get(User, partner.contact_id) if partner.contact_id else None


def invitations_sent(partner: Partner) -> Sequence[Any]:
    """To whom and when invitations for an organisation were written."""
    of_partner = Mail.occasion.startswith(f"partner:{partner.public_id}:")
    return db.session.execute(select(Mail.recipient, Mail.written_at).where(of_partner)).all()


def researcher(public_id: str) -> Researcher | None:
    return db.session.scalars(select(Researcher).where(Researcher.public_id == public_id)).first()


def section(application: Application, name: str) -> Section | None:
    return next((section for section in application.sections if section.name == name), None)


def last_revision(application: Application, name: str) -> Revision | None:
    """What a section held after its last save."""
    return db.session.scalars(
        select(Revision)
        .where(Revision.application_id == application.id, Revision.section == name)
        .order_by(Revision.version.desc(), Revision.id.desc())
        .limit(1)
    ).first()


def revisions(application: Application) -> list[Revision]:
    """What was saved and when, the newest first, without the contents."""
    return list(
        db.session.scalars(
            select(Revision)
            .options(defer(Revision.content), joinedload(Revision.saved_by))
            .where(Revision.application_id == application.id)
            .order_by(Revision.id.desc())
            .limit(300)
        )
    )


def contents_at(application: Application, public_id: str) -> dict[str, dict[str, Any]] | None:
    """What each section held right after one revision, by name of the section; None for no revision of this one."""
    wanted = select(Revision.id).where(
        Revision.application_id == application.id, Revision.public_id == public_id
    )
    newest = (
        select(func.max(Revision.id))
        .where(Revision.application_id == application.id, Revision.id <= wanted.scalar_subquery())
        .group_by(Revision.section)
    )
    rows = db.session.execute(select(Revision.section, Revision.content).where(Revision.id.in_(newest)))
    return {section: content for section, content in rows} or None


def kept_text(application: Application, name: str, user: Any) -> KeptText | None:
    """What this person typed in a section and could not save yet."""
    return db.session.scalars(
        select(KeptText).where(
            KeptText.application_id == application.id, KeptText.section == name, KeptText.user_id == user.id
        )
    ).first()


def kept_texts(application: Application) -> list[tuple[KeptText, str]]:
    """What anybody typed in a section and could not save yet, with the person's name; answers to officers are apart."""
    rows = db.session.execute(
        select(KeptText, User.name)
        .join(User, User.id == KeptText.user_id)
        .where(KeptText.application_id == application.id, ~KeptText.section.startswith("clarification:"))
        .order_by(KeptText.id)
    )
    return [(kept, name) for kept, name in rows]


def submission(application: Application, number: int) -> Submission | None:
    return db.session.scalars(
        select(Submission).where(Submission.application_id == application.id, Submission.number == number)
    ).first()


def submission_with_key(application: Application, key: str) -> Submission | None:
    """The submission that an earlier click on the same form made."""
    return db.session.scalars(
        select(Submission).where(
            Submission.application_id == application.id, Submission.idempotency_key == key
        )
    ).first()


# --- Lists -----------------------------------------------------------------------------------------------------------

LIST_COLUMNS = (
    Application.public_id, Application.number, Application.state, Application.version, Submission.acronym,
    Submission.title, Submission.partner_count, Submission.requested, Submission.submitted_at,
)  # fmt: skip


_own = aliased(Partner)  # not the partners that a list may be about


def not_barred(user: Any) -> ColumnElement[bool]:
    """Applications from which no conflict of interest bars the person (rulebook 4.7); the SQL of has_no_conflict."""
    conflicts = Base.metadata.tables["conflicts"]
    # The numbers of what bars are gathered once for a person, not looked for in each row of a list.
    contact_in = select(_own.application_id).where(
        or_(
            _own.contact_id == user.id,
            # lower() is for questions about many people, in which the address is a column.
            and_(_own.contact_id.is_(None), _own.contact_email == func.lower(user.email)),
        )
    )
    conflict_with = select(conflicts.c.application_id).where(
        conflicts.c.user_id == user.id,
        or_(
            conflicts.c.status == "confirmed",
            and_(conflicts.c.status == "suggested", conflicts.c.code.startswith("D")),
        ),
    )
    return and_(
        or_(Application.coordinator_id != user.id, Application.origin.is_not(None)),
        Application.id.not_in(contact_in),
        Application.id.not_in(conflict_with),
    )


def mine(user: Any) -> Select[Any]:
    """Applications that the person coordinates or is a partner's contact in, the newest first."""
    is_contact = exists().where(Partner.application_id == Application.id, Partner.contact_id == user.id)
    return (
        select(Application)
        .options(joinedload(Application.call))
        .where(or_(Application.coordinator_id == user.id, is_contact))
        .order_by(Application.id.desc())
    )


def _invited(user: Any) -> ColumnElement[bool]:
    """By the confirmed address, neither accepted nor declined yet, and not by oneself."""
    return and_(
        Partner.contact_email == user.email.lower(), Partner.contact_id.is_(None), Partner.declined_at.is_(None),
        Application.coordinator_id != user.id,
    )  # fmt: skip


def not_reached(application: Application) -> set[str]:
    """Addresses of partners' contacts whose last mail about the application did not arrive."""
    latest = (
        select(func.max(Mail.id))
        .where(Mail.application_id == application.id, Mail.state != "wanted")
        .group_by(Mail.recipient)
    )
    return set(db.session.scalars(undelivered(select(Mail.recipient).where(Mail.id.in_(latest)))))


_CALL_AND_COORDINATOR = joinedload(Partner.application).options(
    joinedload(Application.call), joinedload(Application.coordinator)
)


def invitations(user: Any) -> Select[Any]:
    """Partners whose contact this person is asked to be."""
    return select(Partner).join(Application).options(_CALL_AND_COORDINATOR).where(_invited(user))


def is_received() -> ColumnElement[bool]:
    """Applications that no extension of their own keeps open any more; the SQL of the rule of this name."""
    over = or_(Application.extended_to.is_(None), Application.extended_to < clock.now())
    return or_(Application.state.not_in(CHANGEABLE), over)


def received(call: Call, user: Any, state: str | None = None) -> Rows:
    """What officers and observers see of a call after its deadline: submitted versions, without barred ones."""
    query = (
        select(*LIST_COLUMNS, *coordinator_to(user, call))
        .join(
            Submission,
            (Submission.application_id == Application.id) & (Submission.number == Application.version),
        )
        .where(
            Application.call_id == call.id,
            Application.state.in_(OFFICER_READS),
            not_barred(user),
            is_received(),
        )
        .order_by(Application.serial)
    )
    return query.where(Application.state == state) if state else query


def count_received(call: Call, user: Any) -> Mapping[str, int]:
    """How many received applications stand in each state."""
    rows = db.session.execute(
        select(Application.state, func.count())
        .where(Application.call_id == call.id, Application.version > 0, Application.state.in_(OFFICER_READS))
        .where(not_barred(user), is_received())
        .group_by(Application.state)
    )
    return {state: count for state, count in rows}


def figures(call: Call, user: Any) -> dict[str, Any]:
    """Counts for the desk. Before the deadline only how many drafts and submissions there are (settled: Results).

    Applications from which the person is barred are left out: a difference to the lists would tell their state.
    """
    rows = db.session.execute(
        select(Application.state, func.count())
        .where(Application.call_id == call.id, not_barred(user))
        .group_by(Application.state)
    )
    by_state = {state: count for state, count in rows}
    return {
        "by_state": by_state if call.is_closed(clock.now()) else {},
        "drafts": by_state.get("draft", 0),
        "submitted": sum(count for state, count in by_state.items() if state in OFFICER_READS),
    }


def open_calls(at: datetime) -> list[Call]:
    """Calls in which an application can be started now, the nearest deadline first."""
    return list(
        db.session.scalars(
            select(Call)
            .where(Call.state == "published", Call.opens_on <= at, Call.deadline_at >= at)
            .order_by(Call.deadline_at, Call.id)
            .limit(500)
        )
    )


def unfinished(call: Call, user: Any) -> Select[Any]:
    """For reminders before the deadline: number, contact and completeness of drafts, never content."""
    return (
        select(Application)
        .options(joinedload(Application.coordinator), joinedload(Application.call), *WHOLE)
        .where(Application.call_id == call.id, Application.state.in_(("draft", "reopened")), not_barred(user))
        .order_by(Application.id)
    )


def asked(user: Any, at: datetime) -> Select[Any]:
    """Organisations whose contact the person is asked to be, or for which they never confirmed that they take part.

    The latter have a contact, the former have none; only those of open calls can be confirmed.
    """
    unconfirmed = and_(
        Partner.contact_id == user.id, Partner.confirmed_at.is_(None), Application.origin.is_(None),
        Partner.role.not_in(("coordinator", "subcontractor")), Application.state.in_(("draft", "reopened")),
        Application.coordinator_id != user.id, Call.state == "published", Call.deadline_at >= at,
    )  # fmt: skip
    return (
        select(Partner)
        .join(Application)
        .join(Call)
        .options(_CALL_AND_COORDINATOR)
        .where(or_(_invited(user), unconfirmed))
        .order_by(Call.deadline_at, Partner.id)
        .limit(40)
    )


def organisations(text: str, limit: int = 10) -> list[Organisation]:
    """Organisations of the register in which every word occurs: those whose short name it is, and busy ones, first."""
    found = search_words(text)
    if len(found) < 2:
        return []
    query = select(Organisation).order_by(
        (func.lower(Organisation.short_name) == found).desc(), Organisation.projects.desc(), Organisation.pic
    )
    for word in found.split()[:6]:
        query = query.where(Organisation.words.contains(word, autoescape=True))
    return list(db.session.scalars(query.limit(limit)))


def organisation(pic: str) -> Organisation | None:
    return db.session.scalars(select(Organisation).where(Organisation.pic == pic)).first()


def waiting_of(user: Any, at: Any) -> Rows:
    """What waits for a coordinator: own drafts in open calls, and questions of officers (then with the question)."""
    asked = (Clarification.application_id == Application.id) & (Clarification.state == "asked")
    is_open = (Call.state == "published") & (Call.deadline_at >= at)
    return (
        select(Application, Clarification)
        .join(Application.call)
        .outerjoin(Clarification, asked & (Clarification.until >= at))
        .options(contains_eager(Application.call))
        .where(Application.coordinator_id == user.id)
        .where(or_(Clarification.id.is_not(None), is_open & Application.state.in_(("draft", "reopened"))))
        .order_by(func.coalesce(Clarification.until, Call.deadline_at), Application.id)
        .limit(20)
    )


def count(query: Rows) -> int:
    """Number of rows of a list."""
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).options().subquery())) or 0


def by_number(call: Call, number: str, user: Any) -> Application | None:
    """An application by the number that officers know before the deadline; none from which the person is barred."""
    return db.session.scalars(
        select(Application)
        .options(joinedload(Application.call))
        .where(Application.call_id == call.id, Application.number == number, not_barred(user))
        .where(Application.state.in_(("draft", "submitted", "reopened", "withdrawn")))
    ).first()


def by_id(row_id: int) -> Application | None:
    public_id = db.session.scalar(select(Application.public_id).where(Application.id == row_id))
    return by_public_id(public_id) if public_id else None


def submissions(application: Application) -> list[Submission]:
    """All submitted versions, the newest first, without their snapshots."""
    return list(
        db.session.scalars(
            select(Submission)
            .options(defer(Submission.snapshot))
            .where(Submission.application_id == application.id)
            .order_by(Submission.number.desc())
        )
    )


APPLICANTS_VERBS = ("create", "submit", "reopen", "withdraw", "withdraw_late", "accept_invitation", "remove_partner",
                    "decline_invitation", "confirm_participation", "hand_over", "extend", "inform")  # fmt: skip


CONFLICT_VERBS = ("declare_conflict", "enter_conflict", "rule_on_conflict")


def history(application: Application, *, own_only: bool, conflicts: bool) -> list[Any]:
    """Events of the application's chain with the person's name and the facts, the newest first.

    Args:
        own_only: what applicants do and are told, nothing else.
        conflicts: False leaves out who declared or was found to have a conflict of interest (rulebook 7.4).
    """
    query = (
        select(Event, User.name, EventPayload.facts)
        .outerjoin(User, User.id == Event.user_id)
        .outerjoin(EventPayload, EventPayload.event_id == Event.id)
        .where(Event.chain == f"application:{application.id}")
        .order_by(Event.number.desc())
        .limit(500)
    )
    if own_only:
        # Reports are submitted and reopened as well, by people whom applicants never know (rulebook 7.4).
        query = query.where(Event.noun.in_(("application", "redress")), Event.verb.in_(APPLICANTS_VERBS))
    elif not conflicts:
        query = query.where(Event.verb.not_in(CONFLICT_VERBS))
    return list(db.session.execute(query).all())
