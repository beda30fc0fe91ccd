"""An auditor gets one archive about one application, from which everything can be checked without the application."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from grants import jobs
from grants.applications import queries as applications
from grants.db import Base, db
from grants.decisions.models import Decision
from grants.documents import actions, dossier
from tests.documents import reading
from tests.documents.test_want_document import conflict


def _made(client: Any, public_id: str) -> Any:
    answer = client.post(f"/applications/{public_id}/documents", data={"kind": "dossier"})
    assert answer.status_code == 303
    jobs.run_waiting()
    return client.get(answer.location + "/file", buffered=True)


def _opened(file: Any) -> zipfile.ZipFile:
    assert (file.status_code, file.mimetype) == (200, "application/zip")
    return zipfile.ZipFile(io.BytesIO(file.data))


def test_an_auditor_checks_a_decision_years_later(app: Any, names: Any, as_: Any, tmp_path: Path) -> None:
    one = names.applications["released_best"]
    officer = as_("officer")
    assert "Make the dossier" in officer.get(f"/applications/{one}/history").text
    archive = _opened(_made(officer, one))
    number = applications.by_public_id(one).number  # type: ignore[union-attr]
    assert f"{number}-dossier-en.pdf" in archive.namelist()
    facts = json.loads(archive.read("dossier.json"))["facts"]

    receipts = {row["number"]: row["sha256"] for row in facts["rows"]["submissions"]}
    for version, sha256 in receipts.items():
        assert hashlib.sha256(archive.read(f"versions/{version}.json")).hexdigest() == sha256
        for file in json.loads(archive.read(f"versions/{version}.json"))["attachments"]:
            kept = next(name for name in archive.namelist() if file["sha256"][:12] in name)
            assert hashlib.sha256(archive.read(kept)).hexdigest() == file["sha256"]

    archive.extractall(tmp_path)
    told = subprocess.run(
        [sys.executable, tmp_path / "verify_events.py", tmp_path / "events.jsonl"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "0 broken places" in told.stdout

    text = reading.text(archive.read(f"{number}-dossier-en.pdf"))
    people = {person["name"] for person in facts["people"].values()}
    tasks = [facts["people"][str(row["user_id"])]["name"] for row in facts["rows"]["assignments"]]
    assert tasks and all(name in text for name in tasks)
    assert set(tasks) < people
    assert facts["rows"]["decisions"][0]["sha256"] in text.replace(" ", "")
    assert "Invited to prepare the grant" in text


def test_no_table_that_belongs_to_an_application_is_forgotten(app: Any, names: Any) -> None:
    """Every table with a way to the applications is in one of the dossiers of the world, or left out by name."""
    found = set[str]()
    for public_id in names.applications.values():
        found |= set(dossier.of(applications.by_public_id(public_id)).rows)  # type: ignore[arg-type]
    about = {"applications"}
    for table in Base.metadata.sorted_tables:
        if any(key.column.table.name in about for key in table.foreign_keys):
            about.add(table.name)
    empty = {
        table.name
        for table in Base.metadata.sorted_tables
        if table.name in about and not db.session.execute(select(table).limit(1)).first()
    }
    assert about - found - empty == dossier.LEFT_OUT & about - empty
    assert len(found) > 15


def test_the_same_facts_give_the_same_archive_and_a_new_one_another(app: Any, names: Any, as_: Any) -> None:
    one, officer = names.applications["released_good"], as_("officer")
    first, second = _made(officer, one).data, _made(officer, one).data
    assert first == second
    db.session.execute(update(Decision).values(comment="Something else came to light."))
    db.session.commit()
    assert _made(officer, one).data != first


@pytest.mark.parametrize(
    "part", ["coordinator", "partner", "expert", "rapporteur", "chair", "admin", "stranger"]
)
def test_nobody_else_gets_one(app: Any, names: Any, as_: Any, part: str) -> None:
    answer = as_(part).post(
        f"/applications/{names.applications['released_best']}/documents", data={"kind": "dossier"}
    )
    assert answer.status_code in (403, 404)


def test_a_conflict_takes_it_away(app: Any, names: Any, cast: Any, as_: Any) -> None:
    one, officer = applications.by_public_id(names.applications["released_best"]), as_("officer")
    assert one
    answer = officer.post(f"/applications/{one.public_id}/documents", data={"kind": "dossier"})
    jobs.run_waiting()
    assert officer.get(answer.location + "/file", buffered=True).status_code == 200
    conflict(applications.by_public_id(names.applications["released_best"]), cast.officer)
    assert officer.get(answer.location + "/file").status_code == 404


def test_all_of_a_call_are_exported_into_a_folder(app: Any, names: Any, tmp_path: Path) -> None:
    call = applications.by_public_id(names.applications["released_best"]).call  # type: ignore[union-attr]
    first = [row.outcome for row in actions.export(call, "dossier", tmp_path)]
    again = [row.outcome for row in actions.export(call, "dossier", tmp_path)]
    assert set(first) == {"made"}
    assert again == ["unchanged"] * len(first)
    assert len(list(tmp_path.glob("*.zip"))) == len(first) > 2
