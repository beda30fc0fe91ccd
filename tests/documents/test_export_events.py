"""An auditor checks the chain of events without the application; whatever was changed is found."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grants.calls import queries as calls
from grants.config import ROOT
from grants.db import db
from grants.documents.actions import export_events
from grants.events import Event, EventPayload, record


@pytest.fixture
def folder(app: Any, names: Any, tmp_path: Path) -> Path:
    call = calls.by_reference(names.calls["released"])
    assert call
    assert export_events(call, tmp_path) == db.session.query(Event).filter_by(call_id=call.id).count() > 50
    return tmp_path


def _checked(folder: Path) -> Any:
    """By a Python that knows nothing of this project."""
    return subprocess.run(
        [sys.executable, "-I", "verify_events.py", "events.jsonl"], cwd=folder, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


def test_every_chain_holds(folder: Path) -> None:
    ran = _checked(folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    lines = (folder / "events.jsonl").read_text().splitlines()
    last = {event["chain"]: event["hash"] for event in map(json.loads, lines)}
    assert len(last) > 3
    assert all(f"{chain}: " in ran.stdout and hash_ in ran.stdout for chain, hash_ in last.items())


def _by_the_documented_program(folder: Path) -> Any:
    """The one in docs/audit.md, for those who trust no program that comes with the data."""
    program = (ROOT / "docs" / "audit.md").read_text().partition("```python\n")[2].partition("```")[0]
    assert len(program.strip().splitlines()) <= 35
    return subprocess.run(
        [sys.executable, "-I", "-c", program, "events.jsonl"], cwd=folder, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip


def test_the_documented_program_says_the_same(folder: Path) -> None:
    ran = _by_the_documented_program(folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    told = dict(line.rsplit(" ", 2)[::2] for line in ran.stdout.splitlines())
    lines = map(json.loads, (folder / "events.jsonl").read_text().splitlines())
    assert told == {event["chain"]: event["hash"] for event in lines}


def test_a_reason_whose_accents_were_typed_apart_is_no_change(
    app: Any, cast: Any, names: Any, tmp_path: Path
) -> None:
    """A Mac sends "é" as "e" and an accent; the hash is of one letter, and so is what the auditor gets."""
    call = calls.by_reference(names.calls["released"])
    record(
        db.session,
        call,
        "note",
        by=cast.officer,
        reason="De\u0301cide\u0301 a\u0300 Paris",
        more=[{"a": "e\u0301"}],
    )
    db.session.commit()
    export_events(call, tmp_path)
    assert _by_the_documented_program(tmp_path).stderr == ""
    last = db.session.query(EventPayload).order_by(EventPayload.id.desc()).first()
    assert last and last.facts == {"reason": "D\u00e9cid\u00e9 \u00e0 Paris", "more": [{"a": "\u00e9"}]}


def _changed(lines: list[dict[str, Any]], how: str) -> list[dict[str, Any]]:
    some = next(n for n, line in enumerate(lines) if line["number"] == 2)
    match how:
        case "another verb":
            lines[some]["verb"] = "reject"
        case "another person":
            lines[some]["user"] = 999
        case "left out":
            del lines[some]
        case "the first left out":
            del lines[some - 1]
        case "two in another order":
            lines[some - 1], lines[some] = lines[some], lines[some - 1]
        case "other facts":
            one = next(line for line in lines if line["payload"] and line["payload"]["facts"])
            one["payload"]["facts"] = {"reason": "Another one."}
        case "a hash of its own":
            lines[some]["hash"] = "0" * 64
    return lines


@pytest.mark.parametrize(
    "how",
    ["another verb", "another person", "left out", "the first left out", "two in another order", "other facts",
     "a hash of its own"],
)  # fmt: skip
def test_a_change_is_found(folder: Path, how: str) -> None:
    path = folder / "events.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in _changed(lines, how)))
    ran = _checked(folder)
    assert ran.returncode == 1
    assert "event" in ran.stderr
    assert _by_the_documented_program(folder).returncode == 1


def test_an_erased_payload_breaks_nothing(app: Any, names: Any, tmp_path: Path) -> None:
    call = calls.by_reference(names.calls["released"])
    assert call
    db.session.delete(db.session.query(EventPayload).join(Event).filter(Event.call_id == call.id).first())
    db.session.commit()
    export_events(call, tmp_path)
    ran = _checked(tmp_path)
    assert (ran.returncode, "1 payloads erased" in ran.stdout) == (0, True)


def test_another_file_is_said_to_be_none(folder: Path) -> None:
    (folder / "events.jsonl").write_text("[1, 2]\nhello")
    assert _checked(folder).returncode == 2
