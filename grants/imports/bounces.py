"""Mails that came back: delivery status notifications (RFC 3464) as the funder's mailbox holds them."""

import mailbox
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, cast

from sqlalchemy import select

from grants.db import db
from grants.mail import Mail, bounce


@dataclass(frozen=True)
class Returned:
    """What one notification says: the public id of our mail, the recipient, the reason in the server's words."""

    public_id: str
    recipient: str
    reason: str


def notifications(path: Path) -> Iterator[EmailMessage]:
    """The messages of one .eml file, of an mbox file or of a Maildir folder."""
    if path.is_dir():
        box: mailbox.Mailbox[Any] = mailbox.Maildir(path, create=False)
    elif path.read_bytes()[:5] == b"From ":
        box = mailbox.mbox(path, create=False)
    else:
        yield message_from_bytes(path.read_bytes(), policy=policy.default)
        return
    with closing(box):
        for key in box.keys():  # noqa: SIM118 (a mailbox iterates over its messages)
            yield message_from_bytes(box.get_bytes(key), policy=policy.default)


def returned(message: EmailMessage) -> Iterator[Returned]:
    """The recipients that a notification reports as failed for good; none for a delay or for another mail."""
    if message.get_content_type() != "multipart/report":
        return
    parts = {part.get_content_type(): part for part in message.walk()}
    status = parts.get("message/delivery-status")
    original = parts.get("message/rfc822") or parts.get("text/rfc822-headers")
    if status is None or original is None:
        return
    if original.get_content_type() == "message/rfc822":
        headers = original.get_payload(0)
    else:
        headers = message_from_bytes(original.get_payload(decode=True) or b"", policy=policy.default)  # type: ignore[arg-type]
    public_id = str(headers.get("Message-ID", "")).strip().lstrip("<").partition("@")[0]  # type: ignore[union-attr]
    for block in cast(list[EmailMessage], status.get_payload()):
        if str(block.get("Action", "")).strip().lower() == "failed":
            recipient = str(block.get("Final-Recipient", "")).rpartition(";")[2].strip()
            reason = str(block.get("Diagnostic-Code", "")).partition(";")[2].strip() or str(
                block.get("Status", "")
            )
            yield Returned(public_id, recipient, " ".join(reason.split())[:500])


def take_in(path: Path) -> tuple[int, int]:
    """Note every mail of ours that came back: (noted now, notifications about nothing new)."""
    noted = other = 0
    for message in notifications(path):
        found = [one for one in returned(message) if _note(one)]
        noted += len(found)
        other += not found
    return noted, other


def _note(one: Returned) -> bool:
    mail = db.session.scalars(select(Mail).where(Mail.public_id == one.public_id)).first()
    return mail is not None and bounce(mail, one.reason)
