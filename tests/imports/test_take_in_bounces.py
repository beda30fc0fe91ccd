"""Mails that came back: the notification that servers send (RFC 3464), read from a file, an mbox and a Maildir."""

import mailbox
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from grants import mail as mails
from grants.db import db
from grants.imports.bounces import take_in
from grants.mail import Mail

STATUS = """Reporting-MTA: dns; mx.funder.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user here
"""


def _notification(mail: Mail, action: str = "failed", headers_only: bool = False) -> bytes:
    inner = f"Message-ID: <{mail.public_id}@funder.example>\r\nTo: {mail.recipient}\r\nSubject: x\r\n\r\nBody"
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    status = STATUS.format(recipient=mail.recipient, action=action).replace("\n", "\r\n")
    return (
        "From: mailer-daemon@mx.funder.example\r\nTo: grants@funder.example\r\nSubject: Undelivered\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n"
        f"--b\r\nContent-Type: message/delivery-status\r\n\r\n{status}\r\n"
        f"--b\r\nContent-Type: {kind}\r\n\r\n{inner}\r\n--b--\r\n"
    ).encode()


@pytest.fixture
def sent(app: Any, names: Any) -> Mail:
    """The invitation of a partner, handed to the server."""
    found = db.session.scalars(select(Mail).where(Mail.occasion.startswith("partner:"))).first()
    found = found or db.session.scalars(select(Mail).where(Mail.application_id.is_not(None))).first()
    assert found
    found.state = "sent"
    db.session.commit()
    return found


@pytest.mark.parametrize("headers_only", [False, True])
def test_one_file(sent: Mail, tmp_path: Path, headers_only: bool) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(_notification(sent, headers_only=headers_only))
    assert take_in(path) == (1, 0)
    assert (sent.state, sent.error) == ("bounced", "550 5.1.1 No such user here")
    assert take_in(path) == (0, 1), "a second run changes nothing"


def test_a_mailbox_with_other_mails(sent: Mail, tmp_path: Path) -> None:
    other = EmailMessage()
    other["Subject"] = "Hello"
    other.set_content("Please call me back.")
    contents = [_notification(sent, action="delayed"), bytes(other), b"\xff\x00 no mail at all"]
    box, folder = mailbox.mbox(tmp_path / "mbox"), mailbox.Maildir(tmp_path / "Maildir")
    for content in contents:
        box.add(content)
        folder.add(content)
    box.close()
    assert take_in(tmp_path / "mbox") == (0, 3)
    assert take_in(tmp_path / "Maildir") == (0, 3)
    assert sent.state == "sent", "a delay is no failure"
    folder.add(_notification(sent))
    assert take_in(tmp_path / "Maildir") == (1, 3)


def test_who_sees_that_a_partner_was_not_reached(as_: Any, names: Any, app: Any, tmp_path: Path) -> None:
    """The coordinator beside the partner, the officers with the reason, never with the text of the mail."""
    draft = names.applications["draft"]
    found = db.session.scalars(
        select(Mail)
        .where(Mail.recipient == "ernst@school-h.example")
        .where(Mail.occasion.startswith("partner"))
        .order_by(Mail.id.desc())
    ).first() or pytest.fail("nobody was invited")
    found.state = "sent"
    assert mails.bounce(found, "550 No such user here")
    db.session.commit()
    assert "the mail came back" in as_("coordinator").get(f"/applications/{draft}/consortium").get_data(
        as_text=True
    )
    page = as_("officer").get("/calls/TAI-OPEN/undelivered").get_data(as_text=True)
    assert found.recipient in page
    assert "550 No such user here" in page
    assert found.subject not in page


def test_an_administrator_notes_it_by_hand(as_: Any, sent: Mail) -> None:
    address = f"/outbox/{sent.public_id}"
    assert as_("admin").post(f"{address}/return").status_code == 303
    db.session.refresh(sent)
    assert sent.state == "bounced"
    assert "noted by hand" in as_("admin").get(address).get_data(as_text=True)
