"""What was never submitted, or was withdrawn in time, is readable for 90 days after the deadline, and then gone."""

import hashlib
import json
import os
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from grants import clock, files, invariants, jobs, mail
from grants.applications import queries
from grants.applications.models import (
    Answer,
    Application,
    Attachment,
    FileText,
    Partner,
    Researcher,
    Revision,
)
from grants.canonical import canonical, digest
from grants.db import db
from grants.documents import verify_events
from grants.documents.models import Document, MadeFile
from grants.events import broken_links, exported
from grants.mail import Mail

FILE = b"%PDF-1.7 a proposal that was never submitted"
SHA256 = hashlib.sha256(FILE).hexdigest()


@pytest.fixture
def draft(names: Any) -> Any:
    """A draft with a file that nobody else has, uploaded long ago."""
    one = queries.whole(names.applications["draft"])
    assert one
    sha256 = files.put(FILE)
    os.utime(files.path_of(sha256), (0, 0))
    db.session.add(
        Attachment(
            application_id=one.id, kind="part_b", name="B.pdf", sha256=sha256, size=44, pages=1,
            saved_at=clock.now(), saved_by_id=one.coordinator_id,
        )
    )  # fmt: skip
    db.session.add(FileText(sha256=sha256, pages=["Words nobody reads again"], properties={}))
    one.title, one.abstract = "A title nobody reads again", "An abstract nobody reads again"
    db.session.commit()
    return one


def _rows(model: Any, application: Any) -> int:
    found = db.session.scalar(
        select(func.count()).select_from(model).where(model.application_id == application)
    )
    db.session.rollback()
    return found or 0


def _texts(sha256: str) -> int:
    found = db.session.scalar(select(func.count()).where(FileText.sha256 == sha256))
    db.session.rollback()
    return found or 0


def _after(draft: Any, days: float) -> Any:
    return clock.at(draft.call.deadline_at + timedelta(days=days))


def test_for_ninety_days_it_stays_readable_and_says_until_when(as_: Any, draft: Any, names: Any) -> None:
    number = draft.id
    with _after(draft, 89.9):
        jobs.run_waiting()
        page = as_("coordinator").get(f"/applications/{names.applications['draft']}")
        assert "It stays readable until" in page.text
    assert _rows(Partner, number) > 0
    assert _rows(Revision, number) + _rows(Answer, number) + _rows(Attachment, number) > 0


def test_then_nothing_is_left_of_what_was_typed(as_: Any, draft: Any, names: Any) -> None:
    one, chain, call = draft.id, f"application:{draft.id}", draft.call_id
    sha256 = SHA256
    with _after(draft, 90.1):
        jobs.run_waiting()
        page = as_("coordinator").get(f"/applications/{names.applications['draft']}")
        assert page.status_code == 200
        assert "never submitted" in page.text
        assert "nobody reads again" not in page.text
        assert "Deleted" in as_("coordinator").get("/applications").text
        assert as_("coordinator").get(f"/applications/{names.applications['draft']}/summary").status_code in (
            403,
            409,
        )
    assert [_rows(model, one) for model in (Partner, Researcher, Answer, Attachment, Revision)] == [0] * 5
    assert not files.path_of(sha256).exists()
    assert _texts(sha256) == 0
    lines = [json.dumps(event) for event in exported(db.session, call, chain=chain)]
    last, erased, broken = verify_events.check(lines)
    assert (last[chain]["verb"], broken) == ("purge", [])
    assert erased == len(lines) - 1
    assert broken_links(db.session) == []


def test_the_mails_about_it_keep_to_whom_and_when_and_lose_what_they_say(as_: Any, draft: Any) -> None:
    kept = Mail.id, Mail.recipient, Mail.written_at
    for state in ("sent", "wanted"):
        written = mail.put(
            db.session, "NOBODY READS AGAIN", "Nor this.", to=f"{state}@firm.example", language="en",
            occasion="invited", application_id=draft.id,
        )  # fmt: skip
        written.state, written.not_before = state, clock.now() + timedelta(days=999)
    other = mail.put(db.session, "Else", "Stays.", to="sent@firm.example", language="en", occasion="other")
    other.state = "sent"
    db.session.commit()
    number, chosen = draft.number, Mail.recipient.like("%@firm.example")
    before = db.session.execute(select(*kept).where(chosen).order_by(Mail.id)).all()
    address = f"/outbox/{written.public_id}"
    db.session.rollback()
    with _after(draft, 90.1):
        jobs.run_waiting()
    after = db.session.execute(
        select(Mail.subject, Mail.body, Mail.state).where(chosen).order_by(Mail.id)
    ).all()
    assert db.session.execute(select(*kept).where(chosen).order_by(Mail.id)).all() == before
    assert [tuple(row) for row in after] == [
        (number, "", "sent"),
        (number, "", "failed"),
        ("Else", "Stays.", "sent"),
    ]
    db.session.rollback()
    assert "deleted with the application" in as_("admin").get(address).text


def test_a_file_that_another_application_holds_stays(draft: Any, names: Any) -> None:
    sha256 = SHA256
    other = queries.whole(names.applications["submitted"])
    assert other
    db.session.add(
        Attachment(
            application_id=other.id, kind="part_b", name="B.pdf", sha256=sha256, size=44, pages=1,
            saved_at=clock.now(), saved_by_id=other.coordinator_id,
        )
    )  # fmt: skip
    db.session.commit()
    with _after(draft, 91):
        jobs.run_waiting()
    assert files.path_of(sha256).exists()
    assert _texts(sha256) == 1


def test_a_file_that_was_just_uploaded_again_stays(draft: Any) -> None:
    sha256 = files.put(FILE)
    with _after(draft, 91):
        jobs.run_waiting()
    assert files.path_of(sha256).exists()


def test_an_extension_counts_and_what_was_submitted_stays(draft: Any, names: Any) -> None:
    one, deadline = draft.id, draft.call.deadline_at
    draft.extended_to = deadline + timedelta(days=30)
    submitted = queries.whole(names.applications["submitted"])
    assert submitted
    kept = submitted.id
    db.session.commit()
    with clock.at(deadline + timedelta(days=100)):
        jobs.run_waiting()
    assert _rows(Partner, one) > 0
    with clock.at(deadline + timedelta(days=121)):
        jobs.run_waiting()
    states = dict(
        db.session.execute(
            select(Application.id, Application.state).where(Application.id.in_((one, kept)))
        ).all()
    )  # type: ignore[arg-type]
    assert (states[one], states[kept]) == ("purged", "submitted")
    assert _rows(Partner, kept) > 0


@pytest.fixture
def withdrawn(names: Any) -> Any:
    """An application that was submitted with words and a file of its own, and withdrawn before the deadline."""
    one = queries.whole(names.applications["withdrawn"])
    assert one and one.submission
    sha256 = files.put(FILE)
    os.utime(files.path_of(sha256), (0, 0))
    content = one.submission.proposal.to_dict()
    content["title"], content["attachments"][0] = "A title nobody reads again", {
        "kind": "part_b", "name": "Nobody reads again.pdf", "sha256": sha256, "size": len(FILE), "pages": 1,
    }  # fmt: skip
    one.submission.snapshot, one.submission.sha256 = canonical(content).decode(), digest(content)
    one.submission.title = one.title = content["title"]
    db.session.add(
        Attachment(
            application_id=one.id, kind="part_b", name="Nobody reads again.pdf", sha256=sha256, size=44, pages=1,
            saved_at=clock.now(), saved_by_id=one.coordinator_id,
        )
    )  # fmt: skip
    for kind in ("application", "receipt"):
        made = files.put(f"A PDF of the {kind}".encode())
        db.session.add(MadeFile(sha256=made, kind=kind, input_digest="x" * 64, size=9, made_at=clock.now()))
        db.session.add(
            Document(kind=kind, call_id=one.call_id, application_id=one.id, language="en", state="done", sha256=made,
                     wanted_at=clock.now(), not_before=clock.now(), filename=f"{kind}.pdf", size=9)
        )  # fmt: skip
    db.session.commit()
    return one


def test_what_was_withdrawn_says_until_when_it_can_be_read(as_: Any, withdrawn: Any) -> None:
    address = f"/applications/{withdrawn.public_id}"
    with _after(withdrawn, 89.9):
        jobs.run_waiting()
        page = as_("coordinator").get(address).text
        assert "It stays readable until" in page
        assert "nobody reads again" in as_("coordinator").get(f"{address}/working-copy").text


def test_of_what_was_withdrawn_the_receipt_stays(as_: Any, withdrawn: Any) -> None:
    """Number, instant, hash and the hashes of the files: enough to prove what was sent, and nothing to read."""
    one, address = withdrawn.id, f"/applications/{withdrawn.public_id}"
    receipt, sha256 = withdrawn.submission.receipt, withdrawn.submission.sha256
    db.session.rollback()
    with _after(withdrawn, 90.1):
        jobs.run_waiting()
        coordinator = as_("coordinator")
        page = coordinator.get(address).text
        told = coordinator.get(f"{address}/receipts/1").text
        pages = [
            coordinator.get(f"{address}{rest}")
            for rest in ("/versions/1", "/working-copy", "/comparison", "/history")
        ]
    assert "This application was withdrawn" in page
    assert all(fact in told for fact in (receipt, sha256, SHA256))
    assert [answer.status_code for answer in pages] == [200] * 4
    assert not any("obody reads again" in text for text in (page, told, *(answer.text for answer in pages)))
    assert [_rows(model, one) for model in (Partner, Researcher, Answer, Attachment, Revision)] == [0] * 5
    assert not files.path_of(SHA256).exists()
    left = db.session.execute(
        select(Document.kind, Document.sha256).where(Document.application_id == one)
    ).all()
    assert [kind for kind, _ in left] == ["receipt"]
    assert files.path_of(left[0].sha256).exists()
    assert not files.path_of(hashlib.sha256(b"A PDF of the application").hexdigest()).exists()
    found = invariants.broken(db.session)
    assert "changed submission" not in found
    assert broken_links(db.session) == []


def test_what_was_withdrawn_after_the_deadline_stays(as_: Any, names: Any) -> None:
    """It was received: it is kept like all others of its call."""
    one = queries.whole(names.applications["received"])
    assert one
    one.state, kept = "withdrawn_after_deadline", one.id
    db.session.commit()
    with _after(one, 100):
        jobs.run_waiting()
    assert _rows(Partner, kept) > 0
