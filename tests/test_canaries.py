"""Words that only some may read are planted in the world; nobody else finds one anywhere (trust.md M2).

Each person opens every page and file within reach and orders every document of every application, call and archive.
What comes back is opened as a curious person would: the text of a PDF with its metadata and attachments, the members of
a DOCX, XLSX or ZIP and their names, the headers, and the mails.
"""

import io
import zipfile
from typing import Any

from sqlalchemy import select, text

from grants import jobs
from grants.db import db
from grants.documents.models import KINDS
from grants.mail import Mail
from tests.documents import reading
from tests.test_access import GROUP, OFFICERS, PANEL, STAFF
from tests.test_two_worlds import (
    CONSENSUS,
    DECISION,
    OF,
    PERSONS,
    REPORT,
    TASK,
    USER,
    Plain,
    secret,
    tell,
    walk,
)
from tests.test_two_worlds import more_starts as more_starts
from tests.test_two_worlds import starts as starts

CANARIES = [
    secret("ZQXNAME", {*GROUP, *STAFF, "chair", "admin"}, "UPDATE users SET name = 'ZQXNAME' WHERE email = :email",
           who="expert2"),
    secret("ZQXEMPLOYER", {*STAFF, "expert2"},
           f"UPDATE experts SET employer = 'ZQXEMPLOYER' WHERE user_id = {USER}",
           who="expert2"),
    secret("ZQXDECLINED", {*STAFF, "expert2"},
           f"UPDATE assignments SET state = 'declined', reason = 'ZQXDECLINED' WHERE id = {TASK}",
           "in_evaluation", "expert2"),
    secret("ZQXEARLY", {*STAFF, "rapporteur"},
           f"UPDATE report_marks SET comment = 'ZQXEARLY' WHERE report_id = {REPORT}", "in_evaluation", "rapporteur"),
    secret("ZQXCOMMENT", {*GROUP, *STAFF, "chair"},
           f"UPDATE report_marks SET comment = 'ZQXCOMMENT' WHERE report_id = {REPORT}", "released_best", "expert"),
    secret("ZQXREMARK", {*STAFF, "rapporteur", "expert2"},
           f"UPDATE reports SET remarks = 'ZQXREMARK' WHERE id = {REPORT}", "in_consensus", "expert2"),
    secret("ZQXREACTION", {*GROUP, *STAFF, "applicant2"},
           f"UPDATE reactions SET text = 'ZQXREACTION' WHERE application_id = {OF}", "in_consensus"),
    secret("ZQXCONSENSUS", {*GROUP, *STAFF},
           f"UPDATE consensus_marks SET comment = 'ZQXCONSENSUS' WHERE consensus_id = {CONSENSUS}", "in_consensus"),
    secret("ZQXOUTSIDE", {*GROUP, *PANEL},
           f"UPDATE consensus_marks SET justification = 'ZQXOUTSIDE' WHERE consensus_id = {CONSENSUS}",
           "released_best"),
    secret("ZQXDISSENT", {*GROUP, *STAFF, "chair"},
           f"UPDATE approvals SET agrees = false, reason = 'ZQXDISSENT' WHERE consensus_id = {CONSENSUS}",
           "released_good"),
    secret("ZQXMINORITY", {*GROUP, *STAFF, "chair"},
           f"UPDATE consensus_reports SET minority_view = 'ZQXMINORITY' WHERE id = {CONSENSUS}", "released_good"),
    secret("ZQXCONFLICT", {*OFFICERS, "admin"},
           f"UPDATE conflicts SET reason = 'ZQXCONFLICT' WHERE application_id = {OF}", "admitted"),
    secret("ZQXDRAFT", {"coordinator", "partner", "expert4"},
           f"UPDATE applications SET title = 'ZQXDRAFT' WHERE id = {OF}", "draft"),
    secret("ZQXSECOND", STAFF,
           f"UPDATE rulings SET state = 'returned', comment = 'ZQXSECOND' WHERE application_id = {OF}", "refused"),
    secret("ZQXDECISION", STAFF,
           f"UPDATE decisions SET reason = 'ZQXDECISION' WHERE id = {DECISION}", "ranked_best"),
    secret("ZQXAPPROVER", STAFF,
           f"UPDATE decisions SET comment = 'ZQXAPPROVER' WHERE id = {DECISION}", "released_best"),
    secret("ZQXLOTS", PANEL,
           "UPDATE draws SET reason = 'ZQXLOTS', value = 'ZQXLOTS' WHERE call_id = "
           f"(SELECT call_id FROM applications WHERE id = {OF})", "ranked_best"),
    secret("ZQXCHANGE", STAFF,
           f"UPDATE decision_changes SET reason = 'ZQXCHANGE' WHERE decision_id = {DECISION}", "released_weak"),
    secret("ZQXREDRESS", {*STAFF, "applicant2", "admin"},
           f"UPDATE redress_requests SET text = 'ZQXREDRESS' WHERE application_id = {OF}", "released_good"),
    secret("ZQXENDED", STAFF,
           f"UPDATE preparations SET state = 'ended', reason = 'ZQXENDED' WHERE application_id = {OF}",
           "released_best"),
    # Officers read the mails about an application in its dossier.
    secret("ZQXMAIL", {*OFFICERS, "admin", "expert2"},
           "UPDATE mails SET body = 'ZQXMAIL' WHERE recipient = :email", who="expert2"),
]  # fmt: skip


def opened(content: bytes) -> str:
    """All that can be read in an answer, whatever it is."""
    if content.startswith(b"%PDF"):
        return reading.everything(content)
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return " ".join(f"{name} {opened(archive.read(name))}" for name in archive.namelist())
    return content.decode(errors="replace")


def documents(client: Any, names: Any) -> dict[str, str]:
    """Everything that the person can have made, read; by what was ordered."""
    orders = [
        (f"/applications/{one}/documents", kind) for one in names.applications.values() for kind in KINDS
    ]
    orders += [
        (f"/calls/{one}/{what}", kind)
        for one in names.calls.values()
        for what, kinds in (("documents", KINDS), ("batches", KINDS))
        for kind in kinds
    ]
    reports = db.session.scalars(text("SELECT public_id FROM reports ORDER BY id")).all()
    db.session.rollback()
    orders += [(f"/reports/{one}/documents", "report") for one in reports]
    token = client.get("/").text.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    ordered = {}
    for address, kind in orders:
        answer = client.post(address, data={"kind": kind, "csrf_token": token})
        if answer.status_code == 303:
            ordered[f"{address} {kind}"] = answer.location
    jobs.run_waiting()
    return {
        order: opened(client.get(f"{place}/file", buffered=True).data) + str(client.get(place).headers)
        for order, place in ordered.items()
    }


def test_nobody_finds_a_word_that_is_not_theirs(
    built: Any, names: Any, as_: Any, more_starts: list[str]
) -> None:
    tell(built, CANARIES)
    knows = {one.name: one.knows for one in CANARIES}
    heard, leaks, read, made = set[str](), [], 0, 0
    for part in PERSONS:
        browser = as_(part)
        browser.__class__ = Plain
        said = {
            address: opened(body) + str(headers)
            for address, (_status, headers, body) in walk(browser, more_starts, most=400).items()
        }
        read += len(said)
        if part:
            ordered = documents(browser, names)
            made += len(ordered)
            said |= ordered
            address = built.names["people"][part]["email"]
            for subject, body in db.session.execute(
                select(Mail.subject, Mail.body).where(Mail.recipient == address)
            ):
                said[f"mail {subject}"] = f"{subject} {body}"
            db.session.rollback()
        for place, words in said.items():
            found = {word for word in knows if word in words}
            heard |= found
            leaks += [f"{part}: {word}: {place}" for word in found if part not in knows[word]]
    print(  # noqa: T201 (how far the search went)
        f"\n{len(CANARIES)} words, {len(PERSONS)} persons, {read} pages, {made} documents, {len(leaks)} leaks"
    )
    assert leaks == [], "\n".join(leaks)
    assert set(knows) - heard == set()
    assert db.session.scalar(text("SELECT count(*) FROM documents WHERE state = 'failed'")) == 0
