"""What must never be found in the data: asked after tests and by 'grants check' on live data."""

import json
from collections.abc import Iterator
from hashlib import file_digest
from typing import Any

from sqlalchemy import String, cast, func, literal, or_, select, text
from sqlalchemy.orm import Session

from grants import events, files
from grants.applications.models import Application, Attachment, Submission
from grants.calls.models import Call
from grants.canonical import digest
from grants.decisions.models import Change, Decision, Notice
from grants.documents.models import Batch, Document, MadeFile
from grants.events import Event, EventPayload
from grants.experts.models import Engagement
from grants.panels import drawing
from grants.panels.models import Draw, RankedList, RankedRow
from grants.panels.standing import follows
from grants.reviews.models import ConsensusReport, Report

# Each statement names rows that must not exist.
STATEMENTS = {
    "submitted without a version": """
        SELECT number FROM applications WHERE version = 0 AND state NOT IN ('draft', 'purged')""",
    "a version that its application does not know": """
        SELECT s.receipt FROM submissions s JOIN applications a ON a.id = s.application_id WHERE s.number > a.version""",
    "released without two people": """
        SELECT public_id FROM decisions WHERE state IN ('approved', 'released')
        AND (approved_by_id IS NULL OR approved_by_id = proposed_by_id)""",
    "a changed decision without two people": """
        SELECT public_id FROM decision_changes WHERE state = 'approved'
        AND (approved_by_id IS NULL OR approved_by_id = proposed_by_id OR superseded IS NULL)""",
    "known before its release": """
        SELECT a.number FROM applications a LEFT JOIN decisions d ON d.application_id = a.id
        WHERE a.state = 'informed' AND (d.id IS NULL OR d.released_at IS NULL)""",
    "refused at the gate by one person": """
        SELECT public_id FROM rulings WHERE verdict = 'fail' AND state = 'confirmed'
        AND (decided_by_id IS NULL OR decided_by_id = proposed_by_id)""",
    "a report by somebody with a conflict": """
        SELECT r.public_id FROM reports r JOIN assignments a ON a.id = r.assignment_id
        JOIN conflicts c ON c.application_id = a.application_id AND c.user_id = a.user_id
        WHERE r.state = 'submitted' AND c.status = 'confirmed'""",
    "an expert who has not agreed to the terms": """
        SELECT CAST(a.id AS TEXT) FROM appointments a
        LEFT JOIN engagements e ON e.call_id = a.call_id AND e.user_id = a.user_id
        WHERE a.role = 'expert' AND (e.id IS NULL OR e.state <> 'accepted' OR e.sha256 IS NULL)""",
    "a state that no event tells": """
        SELECT a.number FROM applications a JOIN events e ON e.chain = 'application:' || a.id
        WHERE e.noun = 'application' AND e.target <> a.state AND e.number = (
            SELECT max(number) FROM events
            WHERE chain = e.chain AND noun = 'application' AND target IS NOT NULL AND target <> '')""",
    # An answer to a clarification is received after the deadline, up to an instant of its own.
    "submitted after the deadline": """
        SELECT s.receipt FROM submissions s JOIN applications a ON a.id = s.application_id
        JOIN calls c ON c.id = a.call_id
        WHERE s.submitted_at > c.deadline_at AND (a.extended_to IS NULL OR s.submitted_at > a.extended_to)
        AND NOT EXISTS (SELECT 1 FROM clarifications k WHERE k.application_id = a.id AND k.version = s.number
            AND s.submitted_at <= k.until)""",
    "negative money": """
        SELECT CAST(id AS TEXT) FROM budget_lines WHERE amount < 0""",
}

# What is frozen with its hash: something to name it by, the canonical JSON, the hash.
FROZEN: dict[str, Any] = {
    # Of what was deleted the hash is all that is left (applications.clean_up).
    "submission": select(Submission.receipt, Submission.snapshot, Submission.sha256)
    .join(Application, Application.id == Submission.application_id)
    .where(Application.state != "purged"),
    "agreement to terms": select(Engagement.public_id, Engagement.terms, Engagement.sha256).where(
        Engagement.terms.is_not(None)
    ),
    "ranked list": select(RankedList.id, RankedList.snapshot, RankedList.sha256),
    "draw": select(Draw.public_id, Draw.snapshot, Draw.sha256),
    "notice": select(Notice.public_id, Notice.snapshot, Notice.sha256),
    "report": select(Report.public_id, Report.snapshot, Report.sha256).where(Report.snapshot.is_not(None)),
    "consensus report": select(
        ConsensusReport.public_id, ConsensusReport.snapshot, ConsensusReport.sha256
    ).where(ConsensusReport.snapshot.is_not(None)),
    "letter": select(Decision.public_id, Decision.snapshot, Decision.sha256).where(
        Decision.snapshot.is_not(None)
    ),
    "letter that was replaced": select(Change.public_id, Change.superseded, Change.superseded_sha256).where(
        Change.superseded.is_not(None)
    ),
}
# Where the hash of what was frozen stands a second time: noun and verb of the event that told it.
TOLD_BY = (
    ("application", "submit"), ("clarification", "answer"), ("engagement", "accept"), ("call", "close_panel"),
    ("draw", "fix"), ("report", "submit"), ("consensus", "finalise"), ("decision", "release"), ("change", "approve"),
)  # fmt: skip
# Beside the name of each frozen row: what an event knows it by, and the hash.
of_application = literal("application:") + cast(Application.id, String)
of_call = literal("call:") + cast(Call.id, String)
TOLD: dict[str, Any] = {
    "submission": select(Submission.receipt, of_application, Submission.number, Submission.sha256).join(
        Application, Application.id == Submission.application_id
    ),
    "agreement to terms": select(
        Engagement.public_id, literal("engagement"), Engagement.public_id, Engagement.sha256
    ).where(Engagement.sha256.is_not(None)),
    "ranked list": select(cast(RankedList.id, String), of_call, RankedList.number, RankedList.sha256).join(
        Call, Call.id == RankedList.call_id
    ),
    "draw": select(Draw.public_id, literal("draw"), Draw.public_id, Draw.sha256),
    "report": select(Report.public_id, literal("report"), Report.public_id, Report.sha256).where(
        Report.sha256.is_not(None)
    ),
    "consensus report": select(
        ConsensusReport.public_id, literal("consensus"), ConsensusReport.public_id, ConsensusReport.sha256
    ).where(ConsensusReport.sha256.is_not(None)),
    "letter": select(Decision.public_id, of_application, literal("letter"), Decision.sha256)
    .join(Application, Application.id == Decision.application_id)
    .where(Decision.sha256.is_not(None)),
}
# Hashes of files that have to be there, unchanged.
STORED = tuple(select(model.sha256).distinct() for model in (Attachment, MadeFile, Document, Batch))


def broken(session: Session) -> dict[str, list[str]]:
    """Names of what is broken, with the rows concerned; empty when everything holds."""
    found = {
        name: [str(row[0]) for row in session.execute(text(statement))]
        for name, statement in STATEMENTS.items()
    }
    found["broken event chain"] = events.broken_links(session)
    for name, of in FROZEN.items():
        found[f"changed {name}"] = [
            str(key)
            for key, snapshot, sha256 in session.execute(of)
            if digest(json.loads(snapshot)) != sha256
        ]
    for name, rows in _untold(session).items():
        found[f"{name} of which the events tell another hash"] = rows
    found["a ranked list whose rows are not those that were adopted"] = list(_other_rows(session))
    found["a ranked list of other scores than the consensus"] = list(_other_scores(session))
    found["a decision that its letter does not tell"] = list(_not_told_by_letter(session))
    found["a ranked list that does not follow from its scores"] = [
        str(key)
        for key, snapshot, _sha256 in session.execute(FROZEN["ranked list"])
        if not follows(json.loads(snapshot))
    ]
    found["a draw of lots that does not follow from what was fixed"] = [
        draw.public_id for draw in session.scalars(select(Draw)) if not drawing.follows(draw)
    ]
    stored = {sha256 for of in STORED for sha256 in session.scalars(of) if sha256}
    for sha256 in sorted(stored):
        if not (path := files.path_of(sha256)).exists():
            found.setdefault("missing file", []).append(sha256)
            continue
        with path.open("rb") as content:
            if file_digest(content, "sha256").hexdigest() != sha256:
                found.setdefault("changed file", []).append(sha256)
    return {name: rows for name, rows in found.items() if rows}


def _untold(session: Session) -> dict[str, list[str]]:
    """Frozen rows whose hash is not the one that the last event about them tells: both were changed, or one made up.

    Where the facts of an event were erased with what it tells about, its word is missing and nothing is compared.
    """
    told, erased = _told(session)
    return {
        name: [
            str(label)
            for label, about, part, sha256 in session.execute(of)
            if about not in erased and part not in erased and told.get((about, part)) != sha256
        ]
        for name, of in TOLD.items()
    }


def _told(session: Session) -> tuple[dict[tuple[str, Any], str], set[str]]:
    """The last hash that events tell of each frozen thing, and the chains and things about which facts were erased."""
    told, erased = dict[tuple[str, Any], str](), set[str]()
    events_ = session.execute(
        select(Event.chain, Event.noun, Event.thing, EventPayload.facts)
        .outerjoin(EventPayload, EventPayload.event_id == Event.id)
        .where(or_(*((Event.noun == noun) & (Event.verb == verb) for noun, verb in TOLD_BY)))
        .order_by(Event.chain, Event.number)
    )
    for chain, noun, thing, facts in events_:
        if facts is None:
            erased |= {chain, thing}
        elif "sha256" in facts:
            key: tuple[str, Any] = (noun, thing)
            if noun in ("application", "clarification", "call"):
                key = (chain, facts.get("version") or facts.get("list"))
            elif noun in ("decision", "change"):
                key = (chain, "letter")
            told[key] = facts["sha256"]
    return told, erased


COLUMNS = (
    "rank",
    "total",
    "rank_score",
    "placed_by",
    "line",
    "amount",
    "cumulative",
    "area",
    "missed",
    "trace",
)


def _other_rows(session: Session) -> Iterator[str]:
    """Lists whose rows in the table, which decisions are made from, are not those of the adopted snapshot."""
    rows: dict[int, list[dict[str, Any]]] = {}
    for list_id, number, *values in session.execute(
        select(RankedRow.ranked_list_id, Application.number, *(getattr(RankedRow, name) for name in COLUMNS))
        .join(Application, Application.id == RankedRow.application_id)
        .order_by(RankedRow.ranked_list_id, RankedRow.position)
    ):
        rows.setdefault(list_id, []).append({"number": number} | dict(zip(COLUMNS, values, strict=True)))
    for key, snapshot, _sha256 in session.execute(FROZEN["ranked list"]):
        adopted, stored = json.loads(snapshot)["rows"], rows.get(key, [])
        # An earlier version froze less of each row.
        if len(adopted) != len(stored) or any(
            frozen != {name: value for name, value in row.items() if name in frozen}
            for frozen, row in zip(adopted, stored, strict=True)
        ):
            yield str(key)


def _other_scores(session: Session) -> Iterator[str]:
    """Lists in force that rank other scores than the consensus reports were frozen with."""
    scores = {
        number: {one["id"]: one["score"] for one in json.loads(snapshot or "")["summary"]["criteria"]}
        for number, snapshot in session.execute(
            select(Application.number, ConsensusReport.snapshot)
            .join(Application, Application.id == ConsensusReport.application_id)
            .where(ConsensusReport.snapshot.is_not(None))
        )
    }
    last = select(func.max(RankedList.id)).group_by(RankedList.call_id)
    for key, snapshot in session.execute(
        select(RankedList.id, RankedList.snapshot).where(RankedList.id.in_(last))
    ):
        if any(
            scores.get(one["number"], one["consensus"]) != one["consensus"]
            for one in json.loads(snapshot)["inputs"]
        ):
            yield str(key)


def _not_told_by_letter(session: Session) -> Iterator[str]:
    """Released decisions that are not what the letter in force says."""
    for decision in session.scalars(select(Decision).where(Decision.snapshot.is_not(None))):
        letter = json.loads(decision.snapshot or "")
        grant = letter["max_grant"] if decision.outcome == "invited" else decision.max_grant
        if (letter["outcome"], grant, letter["letter"]) != (
            decision.outcome, decision.max_grant, decision.letter_number,
        ):  # fmt: skip
            yield decision.public_id


def count(session: Session) -> int:
    """Number of applications, for reports of what was looked at."""
    return session.scalar(select(func.count()).select_from(Application)) or 0
