"""`grants check` finds what was changed behind the application's back, and says nothing while everything holds."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from grants import files, invariants
from grants.applications.models import Attachment, Submission
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions.models import Decision
from grants.panels.models import RankedList


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


@pytest.mark.parametrize("change", [_better_score, _other_line, _other_budget])
def test_a_list_that_does_not_follow_from_its_scores_is_found_though_its_hash_fits(
    app: Any, change: Any
) -> None:
    _ranked_list(change, rehash=True)
    assert list(invariants.broken(db.session)) == ["a ranked list that does not follow from its scores"]


def test_a_changed_list_is_found_by_its_hash(app: Any) -> None:
    _ranked_list(lambda value: value.update(panel_report="Another report."), rehash=False)
    assert list(invariants.broken(db.session)) == ["changed ranked list"]


@pytest.mark.parametrize(("model", "name"), [(Submission, "submission"), (Decision, "letter")])
def test_what_was_frozen_is_found_when_it_changes(app: Any, model: Any, name: str) -> None:
    row = db.session.scalars(select(model).where(model.snapshot.is_not(None)).order_by(model.id)).first()
    row.snapshot = json.dumps(json.loads(row.snapshot) | {"title": "Another title"})
    assert list(invariants.broken(db.session)) == [f"changed {name}"]


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
