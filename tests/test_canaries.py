"""Words that only some may read are planted in the world; nobody else finds one anywhere (trust.md M2).

Each person opens every page and file within reach and orders every document of every application, call and archive.
What comes back is opened as a curious person would: the text of a PDF with its metadata and attachments, the members of
a DOCX, XLSX or ZIP and their names, the headers, and the mails.
"""

import io
import zipfile
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import joinedload

from grants import files, jobs
from grants.applications.models import Submission
from grants.db import db
from grants.documents.models import KINDS
from grants.mail import Mail
from tests.applications.test_blind_call import part_b
from tests.documents import reading
from tests.test_access import GROUP, OFFICERS, PANEL, STAFF
from tests.test_two_worlds import (
    CONSENSUS,
    DECISION,
    EVALUATED_BLIND,
    IN_BLIND_CALLS,
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
from tests.world import KEPT_INSIDE

pytestmark = pytest.mark.one_database
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
    # The committee on a request for redress reads the file.
    secret("ZQXDISSENT", {*GROUP, *STAFF, "chair", "admin"},
           f"UPDATE approvals SET agrees = false, reason = 'ZQXDISSENT' WHERE consensus_id = {CONSENSUS}",
           "released_good"),
    secret("ZQXMINORITY", {*GROUP, *STAFF, "chair", "admin"},
           f"UPDATE consensus_reports SET minority_view = 'ZQXMINORITY' WHERE id = {CONSENSUS}", "released_good"),
    secret("ZQXCONFLICT", {*OFFICERS, "admin"},
           f"UPDATE conflicts SET reason = 'ZQXCONFLICT' WHERE application_id = {OF}", "admitted"),
    secret("ZQXDRAFT", {"coordinator", "partner", "expert4"},
           f"UPDATE applications SET title = 'ZQXDRAFT' WHERE id = {OF}", "draft"),
    secret("ZQXSECOND", STAFF,
           f"UPDATE rulings SET state = 'returned', comment = 'ZQXSECOND' WHERE application_id = {OF}", "refused"),
    secret("ZQXDECISION", STAFF,
           f"UPDATE decisions SET reason = 'ZQXDECISION' WHERE id = {DECISION}", "ranked_best"),
    # It stood there when the letter was frozen.
    secret(KEPT_INSIDE, STAFF,
           f"UPDATE decisions SET reason = '{KEPT_INSIDE}' WHERE id = {DECISION}", "released_best"),
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


PLANTED = {
    "University of A-Stadt": "ZQXHOUSE", "UNI-A": "ZQXSHORT", "A-Stadt": "ZQXCITY", "999900001": "999999ZQX",
    "Lead": "ZQXPERSON", "-part-B.pdf": "-ZQXFILE.pdf",
}  # fmt: skip
"""Words of the consortium in what was submitted to calls that are evaluated blind, and what stands there instead."""


def plant_who_applies(built: Any) -> set[str]:
    """The words that only applicants and officers may find; one of them is the author in the properties of Part B."""
    tell(built, [secret("", (), EVALUATED_BLIND)])
    snapshot = "snapshot"
    for word, instead in PLANTED.items():
        snapshot = f"replace({snapshot}, '{word}', '{instead}')"
    by_whom = "coordinator_name = 'ZQXCOORDINATOR'"
    statement = f"UPDATE submissions SET snapshot = {snapshot}, {by_whom} WHERE {IN_BLIND_CALLS}"
    tell(built, [secret("", (), statement)])
    file = files.put(part_b("Lamps learn from those who use them.", author="ZQXAUTHOR"))
    for one in db.session.scalars(select(Submission).where(Submission.coordinator_name == "ZQXCOORDINATOR")):
        attached = one.proposal.part_b
        assert attached
        one.snapshot = one.snapshot.replace(attached.sha256, file)
    db.session.commit()
    return {*PLANTED.values(), "ZQXCOORDINATOR", "ZQXAUTHOR"}


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


def test_who_evaluates_blind_finds_no_word_of_who_applies(
    built: Any, names: Any, as_: Any, more_starts: list[str]
) -> None:
    words = plant_who_applies(built)
    heard, leaks, read, made = set[str](), [], 0, 0
    for part in ("expert", "expert2", "rapporteur", "chair", "observer", "officer"):
        browser = as_(part)
        browser.__class__ = Plain
        said = {
            address: opened(body) + str(headers)
            for address, (_status, headers, body) in walk(browser, more_starts, most=400).items()
        }
        said |= {place: opened(browser.get(place, buffered=True).data) for place in taken_along(part, built)}
        # Officers may know it all: that each word is found at all, pages and files show.
        ordered = documents(browser, names) if part != "officer" else {}
        read, made = read + len(said), made + len(ordered)
        mails = select(Mail.subject, Mail.body).where(Mail.recipient == built.names["people"][part]["email"])
        said |= ordered | {
            f"mail {subject}": f"{subject} {body}" for subject, body in db.session.execute(mails)
        }
        db.session.rollback()
        for place, told in said.items():
            found = {word for word in words if word.casefold() in told.casefold()}
            heard |= found if part == "officer" else set()
            leaks += [f"{part}: {word}: {place}" for word in found if part != "officer"]
    print(  # noqa: T201 (how far the search went)
        f"\n{len(words)} words of who applies, {read} pages and files, {made} documents, {len(leaks)} leaks"
    )
    assert leaks == [], "\n".join(leaks)
    assert words - heard == set()


def taken_along(part: str, built: Any) -> list[str]:
    """Packs of the person's own reports, and the files of every application under their hashes."""
    reports = text(
        "SELECT reports.public_id FROM reports JOIN assignments ON assignments.id = assignment_id "
        "JOIN users ON users.id = user_id WHERE email = :email ORDER BY reports.id"
    )
    email = built.names["people"][part]["email"]
    packs = [f"/reports/{one}/pack" for one in db.session.scalars(reports, {"email": email})]
    whole = select(Submission).options(joinedload(Submission.application)).order_by(Submission.id)
    attached = [
        f"/applications/{one.application.public_id}/files/{file.sha256}"
        for one in db.session.scalars(whole)
        for file in one.proposal.attachments
    ]
    db.session.rollback()
    return packs + attached
