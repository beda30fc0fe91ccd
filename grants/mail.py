"""The outbox: a mail is a row written in the same transaction as what it tells about, and leaves afterwards."""

import smtplib
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import current_app, render_template
from sqlalchemy import ForeignKey, Index, Select, String, Text, UniqueConstraint, case, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from grants import clock, jobs
from grants.db import Base, Public, db
from grants.language import in_language

LEASE = timedelta(minutes=2)
ATTEMPTS = 8


class Mail(Public, Base):
    """One mail to one person. `occasion` makes it unique: the same news is never written twice to the same address."""

    __tablename__ = "mails"
    job = "mail"
    __table_args__ = (
        UniqueConstraint("recipient", "occasion"),
        Index("ix_mails_waiting", "state", "not_before"),
        Index("ix_mails_written_at", "written_at"),
        Index("ix_mails_undelivered", "call_id", "state"),
    )

    recipient: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    call_id: Mapped[int | None] = mapped_column(ForeignKey("calls.id"))
    application_id: Mapped[int | None] = mapped_column(ForeignKey("applications.id"))
    occasion: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(5))
    subject: Mapped[str] = mapped_column(String(250))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="wanted")
    written_at: Mapped[datetime]
    not_before: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]

    application: Mapped[Any] = relationship("Application", lazy="raise_on_sql")

    noun = "mail"

    @property
    def opens_account(self) -> bool:
        """Whether a link in it confirms an address or sets a password."""
        return self.occasion.startswith("account:")


def write(
    session: Session, template: str, *, to: str, language: str, occasion: str, user_id: int | None = None,
    call_id: int | None = None, despite_conflict: bool = False, **context: Any,
) -> Mail | None:  # fmt: skip
    """Write a mail from `templates/mail/<template>.txt` in the recipient's language.

    The first line of the template is the subject. Returns None if this news was already written to this address, or if
    a conflict of interest bars the person from the application that it is about (rulebook 4.7).

    Args:
        despite_conflict: the news is that the person has to keep away.
    """
    exists = select(Mail.id).where(Mail.recipient == to, Mail.occasion == occasion)
    if session.scalar(exists):
        return None
    application_id = _about(context)
    if (
        user_id
        and application_id
        and not despite_conflict
        and _is_kept_from(session, user_id, application_id)
    ):
        return None
    with in_language(language):
        subject, _, body = render_template(f"mail/{template}.txt", **context).strip().partition("\n")
    return put(session, subject, body.strip(), to=to, language=language, occasion=occasion, user_id=user_id,
               call_id=call_id, application_id=application_id)  # fmt: skip


def _is_kept_from(session: Session, user_id: int, application_id: int) -> bool:
    """Whether a conflict bars the person; applicants hear of their own application all the same."""
    conflicts, applications, partners = (
        Base.metadata.tables[name] for name in ("conflicts", "applications", "partners")
    )
    bars = select(conflicts.c.id).where(
        conflicts.c.application_id == application_id, conflicts.c.user_id == user_id,
        (conflicts.c.status == "confirmed")
        | ((conflicts.c.status == "suggested") & conflicts.c.code.startswith("D")),
        ~select(applications.c.id)
        .where(applications.c.id == application_id, applications.c.coordinator_id == user_id)
        .exists(),
        ~select(partners.c.id)
        .where(partners.c.application_id == application_id, partners.c.contact_id == user_id)
        .exists(),
    )  # fmt: skip
    return session.scalar(bars.limit(1)) is not None


def _about(context: dict[str, Any]) -> int | None:
    """The row id of the application that a mail tells about: given itself, or by a thing that belongs to it."""
    for thing in context.values():
        if getattr(thing, "noun", "") == "application":
            return int(thing.id)
        if application_id := getattr(thing, "application_id", None):
            return int(application_id)
    return None


def put(
    session: Session, subject: str, body: str, *, to: str, language: str, occasion: str, user_id: int | None = None,
    call_id: int | None = None, application_id: int | None = None,
) -> Mail:  # fmt: skip
    """Write a mail whose text is already rendered (the sign-in library renders its own)."""
    mail = Mail(
        recipient=to, user_id=user_id, call_id=call_id, application_id=application_id, occasion=occasion,
        language=language, subject=subject[:250], body=body, written_at=clock.now(),
        not_before=clock.now(), state="wanted", attempts=0,
    )  # fmt: skip
    session.add(mail)
    return mail


def waiting(session: Session, at: datetime, limit: int = 200) -> list[int]:
    """Ids of the mails that nobody is sending now, oldest first."""
    return list(
        session.scalars(
            select(Mail.id)
            .where(Mail.state == "wanted", Mail.not_before <= at)
            .where(or_(Mail.lease_until.is_(None), Mail.lease_until < at))
            .order_by(Mail.id)
            .limit(limit)
        )
    )


def send(mail_id: int) -> None:
    """Send one mail: lease the row, hand it over, write down how it went. Safe to call twice or at once."""
    now = clock.now()
    leased = db.session.scalar(
        update(Mail)
        .where(Mail.id == mail_id, Mail.state == "wanted")
        .where(or_(Mail.lease_until.is_(None), Mail.lease_until < now))
        .values(lease_until=now + LEASE, attempts=Mail.attempts + 1)
        .returning(Mail.id)
    )
    db.session.commit()
    if leased is None:
        return
    mail = db.session.get_one(Mail, mail_id)
    try:
        _hand_over(_message(mail))
    except (OSError, smtplib.SMTPException) as problem:
        mail.error = f"{type(problem).__name__}: {problem}"
        permanent = isinstance(problem, smtplib.SMTPRecipientsRefused) and all(
            code >= 500 for code, _ in problem.recipients.values()
        )
        mail.state = "failed" if permanent or mail.attempts >= ATTEMPTS else "wanted"
        mail.not_before = now + timedelta(seconds=15 * 2**mail.attempts)
        mail.lease_until = None
    else:
        mail.state, mail.sent_at, mail.error = "sent", clock.now(), None
    db.session.commit()


def empty(session: Session, application: Any) -> None:
    """Delete what the mails about an application say; to whom and when they went stays, and no more of them leaves."""
    session.execute(
        update(Mail)
        .where(Mail.application_id == application.id)
        .values(
            subject=application.number,
            body="",
            state=case((Mail.state == "wanted", "failed"), else_=Mail.state),
        )
    )


def bounce(mail: Mail, reason: str) -> bool:
    """Note that a sent mail came back. False if that was known already, or if it was never sent."""
    if mail.state != "sent":
        return False
    mail.state, mail.error = "bounced", reason
    return True


def undelivered(mails: Select[Any]) -> Select[Any]:
    """Of these mails, those that a server refused or sent back, the newest first."""
    return mails.where(Mail.state.in_(("failed", "bounced"))).order_by(Mail.id.desc())


def _message(mail: Mail) -> EmailMessage:
    message = EmailMessage()
    sender = current_app.config["MAIL_FROM"]
    message["From"] = Address(current_app.config["FUNDER_NAME"], addr_spec=sender)
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.written_at)
    message["Message-ID"] = f"<{mail.public_id}@{sender.rpartition('@')[2]}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body)
    return message


def _hand_over(message: EmailMessage) -> None:
    """To the SMTP server, or to a file in the instance folder where none is configured."""
    url = urlsplit(current_app.config["SMTP_URL"])
    if not url.hostname:
        folder = Path(current_app.config["INSTANCE"]) / "outbox"
        folder.mkdir(exist_ok=True)
        (folder / f"{message['Message-ID'][1:-1].partition('@')[0]}.eml").write_bytes(bytes(message))
        return
    client = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    with client(url.hostname, url.port or 0, timeout=20) as server:
        if url.username:
            if url.scheme != "smtps":
                server.starttls()
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)


jobs.does("mail", waiting, send)
