"""`grants check` finds what was changed behind the application's back, and says nothing while everything holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from grants import files, invariants
from grants.applications.models import Application, Attachment, Submission
from grants.calls import queries as calls
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions.models import Change, Decision
from grants.documents import contents, make
from grants.events import Event, EventPayload
from grants.panels.models import RankedList, RankedRow
from grants.reviews.models import ConsensusReport, Report


def test_the_world_of_the_suite_holds(app: Any) -> None:
    assert invariants.broken(db.session) == {}


def _ranked_list(change: Callable[[dict[str, Any]], None], *, rehash: bool) -> None:
    adopted = db.session.scalars(select(RankedList).order_by(RankedList.id)).first()
    assert adopted
    value = json.loads(adopted.snapshot)
    change(value)
    adopted.snapshot = canonical(value).decode()
    if rehash:
        adopted.sha256 = digest(value)


def _better_score(value: dict[str, Any]) -> None:
    worst = min(value["inputs"], key=lambda one: sum(one["consensus"].values()))
    worst["consensus"] = dict.fromkeys(worst["consensus"], 500)


def _other_line(value: dict[str, Any]) -> None:
    value["rows"][-1]["line"] = "main"


def _other_budget(value: dict[str, Any]) -> None:
    value["budget"] = 1


def _other_step(value: dict[str, Any]) -> None:
    value["rows"][0]["placed_by"] = "panel"


def _other_comparison(value: dict[str, Any]) -> None:
    value["rows"][0]["trace"] = [{"step": "gender", "value": 5000, "others": {}}]


def _nothing_missed(value: dict[str, Any]) -> None:
    value["rows"][-1]["missed"] = [{"criterion": "overall", "score": 1, "threshold": 2}]


def _an_area(value: dict[str, Any]) -> None:
    value["rows"][0]["area"] = "Robotics"


@pytest.mark.parametrize(
    "change",
    [
        _better_score, _other_line, _other_budget, _other_step, _other_comparison, _nothing_missed, _an_area,
    ],
)  # fmt: skip
def test_a_list_that_does_not_follow_from_its_scores_is_found_though_its_hash_fits(
    app: Any, change: Any
) -> None:
    _ranked_list(change, rehash=True)
    assert "a ranked list that does not follow from its scores" in invariants.broken(db.session)


def test_a_changed_list_is_found_by_its_hash(app: Any) -> None:
    _ranked_list(lambda value: value.update(panel_report="Another report."), rehash=False)
    assert list(invariants.broken(db.session)) == ["changed ranked list"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Submission, "submission"),
        (Report, "report"),
        (ConsensusReport, "consensus report"),
        (Decision, "letter"),
    ],
)
def test_what_was_frozen_is_found_when_it_changes(app: Any, model: Any, name: str) -> None:
    row = db.session.scalars(select(model).where(model.snapshot.is_not(None)).order_by(model.id)).first()
    row.snapshot = json.dumps(json.loads(row.snapshot) | {"title": "Another title"})
    assert list(invariants.broken(db.session)) == [f"changed {name}"]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (Submission, "submission"),
        (Report, "report"),
        (ConsensusReport, "consensus report"),
        (Decision, "letter"),
        (RankedList, "ranked list"),
    ],
)
def test_who_changes_the_hash_as_well_is_found_by_the_events(app: Any, model: Any, name: str) -> None:
    row = db.session.scalars(select(model).where(model.snapshot.is_not(None)).order_by(model.id)).first()
    value = json.loads(row.snapshot) | {"title": "Another title"}
    row.snapshot, row.sha256 = canonical(value).decode(), digest(value)
    assert list(invariants.broken(db.session)) == [f"{name} of which the events tell another hash"]


def test_the_list_of_the_tables_is_the_list_that_was_adopted(app: Any) -> None:
    row = db.session.scalars(select(RankedRow).where(RankedRow.line == "main").order_by(RankedRow.id)).first()
    assert row
    row.line = "reserve"
    assert invariants.broken(db.session) == {
        "a ranked list whose rows are not those that were adopted": [str(row.ranked_list_id)]
    }


def test_a_list_ranks_the_scores_that_the_groups_agreed_on(app: Any, names: Any) -> None:
    one = db.session.scalars(
        select(ConsensusReport)
        .join(Application, Application.id == ConsensusReport.application_id)
        .where(Application.public_id == names.applications["ranked_best"])
    ).one()
    value = json.loads(one.snapshot or "")
    value["summary"]["criteria"][0]["score"] = 0
    one.snapshot = canonical(value).decode()
    assert "a ranked list of other scores than the consensus" in invariants.broken(db.session)


@pytest.mark.parametrize("changed", [{"outcome": "reserve"}, {"max_grant": 1}, {"letter_number": 2}])
def test_a_decision_is_what_its_letter_says(app: Any, names: Any, changed: dict[str, Any]) -> None:
    one = db.session.scalars(
        select(Decision)
        .join(Application, Application.id == Decision.application_id)
        .where(Application.public_id == names.applications["released_best"])
    ).one()
    for name, value in changed.items():
        setattr(one, name, value)
    assert invariants.broken(db.session) == {"a decision that its letter does not tell": [one.public_id]}


def test_a_letter_that_was_replaced_stays_as_it_was_sent(app: Any) -> None:
    change = db.session.scalars(select(Change)).first()
    assert change
    change.superseded, change.superseded_sha256 = '{"outcome": "reserve"}', digest({"outcome": "invited"})
    assert invariants.broken(db.session) == {"changed letter that was replaced": [change.public_id]}


# What is planted for each thing that must never be: statements that a database alone would not refuse.
PLANTED = {
    "submitted without a version": "UPDATE applications SET version = 0 WHERE id = :submitted",
    "a version that its application does not know": """
        UPDATE submissions SET number = 9 WHERE application_id = :submitted""",
    "released without two people": """
        UPDATE decisions SET approved_by_id = proposed_by_id WHERE application_id = :released""",
    "a changed decision without two people": "UPDATE decision_changes SET state = 'approved', approved_by_id = NULL",
    "known before its release": "UPDATE decisions SET released_at = NULL WHERE application_id = :released",
    "refused at the gate by one person": "UPDATE rulings SET decided_by_id = NULL WHERE application_id = :refused",
    "a report by somebody with a conflict": """
        INSERT INTO conflicts (public_id, application_id, user_id, code, rule, reason, source, status, found_at,
            ruling_reason)
        SELECT 'planted', a.application_id, a.user_id, 'D1', '', '', 'entered', 'confirmed', r.submitted_at, ''
        FROM assignments a JOIN reports r ON r.assignment_id = a.id WHERE r.state = 'submitted' LIMIT 1""",
    "an expert who has not agreed to the terms": "UPDATE engagements SET state = 'declined'",
    "a state that no event tells": "UPDATE applications SET state = 'withdrawn' WHERE id = :submitted",
    "submitted after the deadline": """
        UPDATE calls SET deadline_at = opens_on WHERE id = (SELECT call_id FROM applications WHERE id = :submitted)""",
    "negative money": "UPDATE budget_lines SET amount = -1 WHERE id = (SELECT min(id) FROM budget_lines)",
    "broken event chain": "UPDATE events SET verb = 'approve' WHERE id = (SELECT min(id) FROM events)",
}


@pytest.mark.parametrize("name", [*invariants.STATEMENTS, "broken event chain"])
def test_each_planted_fault_is_found_by_its_name(app: Any, names: Any, name: str) -> None:
    rows = {
        part: db.session.scalar(select(Application.id).where(Application.public_id == names.applications[of]))
        for part, of in (
            ("submitted", "submitted"),
            ("released", "released_best"),
            ("refused", "inadmissible"),
        )
    }
    statement = text(PLANTED[name])
    used = {key: value for key, value in rows.items() if f":{key}" in PLANTED[name]}
    assert db.session.execute(statement, used).rowcount >= 1
    assert name in invariants.broken(db.session)


@pytest.mark.parametrize("kept", ["first", "middle", "last"])
def test_an_event_that_is_taken_away_is_found(app: Any, names: Any, kept: str) -> None:
    """The last one of a chain too, though the rest of the chain holds: the state tells of it."""
    one = db.session.scalar(
        select(Application.id).where(Application.public_id == names.applications["submitted"])
    )
    chain = f"application:{one}"
    rows = db.session.scalars(select(Event.id).where(Event.chain == chain).order_by(Event.number)).all()
    row = {"first": rows[0], "middle": rows[len(rows) // 2], "last": rows[-1]}[kept]
    db.session.execute(delete(EventPayload).where(EventPayload.event_id == row))
    db.session.execute(delete(Event).where(Event.id == row))
    assert invariants.broken(db.session)


def test_a_document_that_was_made_and_is_gone_is_found(app: Any, names: Any) -> None:
    call = calls.by_reference(names.calls["released"])
    assert call
    sha256, _size = make.stored(contents.page("ranking", "en", call=call, application=None))
    db.session.commit()
    path = files.path_of(sha256)
    before = path.read_bytes()
    path.write_bytes(before[:-1])
    assert invariants.broken(db.session) == {"changed file": [sha256]}
    path.unlink()
    assert invariants.broken(db.session) == {"missing file": [sha256]}


def test_a_file_that_was_changed_or_is_gone_is_found(app: Any) -> None:
    sha256 = db.session.scalars(select(Attachment.sha256).where(Attachment.sha256.is_not(None))).first()
    path = files.path_of(sha256)
    before = path.read_bytes()
    try:
        path.chmod(0o600)
        path.write_bytes(before + b" ")
        assert invariants.broken(db.session) == {"changed file": [sha256]}
        path.unlink()
        assert invariants.broken(db.session) == {"missing file": [sha256]}
    finally:
        path.write_bytes(before)
