"""An officer makes all documents of a call at once; a worker that dies or a document that fails stops nobody else's."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from click.testing import CliRunner
from sqlalchemy import select

from grants import clock, files, jobs
from grants.calls.queries import by_reference
from grants.cli import main
from grants.db import db
from grants.documents import actions, make
from grants.documents.models import Batch, Document
from grants.experts.models import Conflict
from grants.people.models import User
from grants.reviews.models import ConsensusMark, ConsensusReport
from tests.documents import reading
from tests.documents.evaluated import call_with, decided, known


def want_all(client, call, kind="letter"):
    return client.post(f"/calls/{call.reference}/batches", data={"kind": kind})


def documents_of(call):
    return db.session.scalars(select(Document).where(Document.call_id == call.id).order_by(Document.id)).all()


def opened(answer):
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    index = list(csv.DictReader(archive.read("index.csv").decode().splitlines()))
    return archive, index


def test_an_officer_downloads_all_letters_in_one_archive(app, cast, as_):
    call, ones = call_with(app, cast, "invited", "reserve", "below_threshold")
    olga = as_("officer")
    assert "Make all decision letters" in olga.get(f"/calls/{call.reference}/documents").text

    answer = want_all(olga, call)
    assert olga.get(answer.location + "/status").json == {
        "state": "wanted", "waits": True, "ended": 0, "total": 3, "failed": 0, "text": "0 of 3",
    }  # fmt: skip
    assert want_all(olga, call).location == answer.location
    jobs.run_waiting()

    assert "The archive is ready." in olga.get(answer.location).text
    archive, index = opened(olga.get(answer.location + "/file", buffered=True))
    names = [f"{one.number}-decision-letter-en.pdf" for one in ones]
    assert archive.namelist() == [*names, "index.csv"]
    assert [row["application"] for row in index] == [one.number for one in ones]
    assert "I am pleased to inform you" in reading.text(archive.read(names[0]))
    assert "is on the reserve list" in reading.text(archive.read(names[1]))


def test_one_that_fails_does_not_stop_the_others(app, cast, as_):
    call, ones = call_with(app, cast, "reserve", "reserve")
    mark = db.session.scalars(
        select(ConsensusMark).join(ConsensusReport).where(ConsensusReport.application_id == ones[0].id)
    ).first()
    mark.score = None
    db.session.commit()
    olga = as_("officer")
    answer = want_all(olga, call, "evaluation")

    for minutes in (0, 5, 10, 15):
        with clock.at(clock.now() + timedelta(minutes=minutes)):
            jobs.run_waiting()

    states = [(one.state, one.attempts) for one in documents_of(call)]
    assert states == [("failed", 3), ("done", 1)]
    page = olga.get(answer.location).text
    assert "without the documents that could not be made" in page
    assert "ValueError" in page
    archive, index = opened(olga.get(answer.location + "/file", buffered=True))
    assert archive.namelist() == [f"{ones[1].number}-evaluation-summary-en.pdf", "index.csv"]
    assert [bool(row["problem"]) for row in index] == [True, False]


def test_a_worker_that_died_leaves_its_document_to_the_sweep(app, cast, as_):
    call, _ = call_with(app, cast, "reserve")
    want_all(as_("officer"), call)
    (document,) = documents_of(call)
    document.state, document.attempts, document.lease_until = "working", 1, clock.now() + timedelta(minutes=5)
    db.session.commit()

    jobs.run_waiting()
    assert [one.state for one in documents_of(call)] == ["working"]
    with clock.at(clock.now() + timedelta(minutes=6)):
        jobs.run_waiting()

    assert [(one.state, one.attempts) for one in documents_of(call)] == [("done", 2)]


def test_what_has_not_changed_is_not_made_again(app, cast, as_):
    call, _ = call_with(app, cast, "reserve")
    olga = as_("officer")
    want_all(olga, call)
    jobs.run_waiting()
    (first,) = documents_of(call)
    made_by, content = first.sha256, b"kept as it is"
    files.path_of(made_by).write_bytes(content)

    want_all(olga, call)
    jobs.run_waiting()

    again = documents_of(call)[1]
    assert (again.state, again.sha256) == ("done", made_by)
    assert files.get(again.sha256) == content
    files.path_of(made_by).unlink()  # what a file does not say by its name would be found by other tests


def test_a_batch_can_be_stopped_and_resumed(app, cast, as_):
    call, _ = call_with(app, cast, "reserve", "reserve")
    olga = as_("officer")
    address = want_all(olga, call).location

    assert olga.post(address + "/resumption").status_code == 409
    olga.post(address + "/stop")
    jobs.run_waiting()
    assert [one.state for one in documents_of(call)] == ["stopped", "stopped"]
    assert olga.get(address + "/file").status_code == 409
    assert olga.post(address + "/stop").status_code == 409
    olga.post(address + "/resumption")
    jobs.run_waiting()

    assert [one.state for one in documents_of(call)] == ["done", "done"]
    assert olga.get(address + "/file", buffered=True).status_code == 200


def test_a_conflict_keeps_an_application_out_of_the_archive(app, cast, as_):
    call, ones = call_with(app, cast, "reserve", "reserve")

    def conflict(one):
        person = db.session.scalars(select(User.id).where(User.email == email)).one()
        db.session.add(
            Conflict(application_id=one.id, user_id=person, code="D1", source="entered", status="confirmed",
                     found_at=datetime(2026, 5, 5, tzinfo=UTC))
        )  # fmt: skip
        db.session.commit()

    email = cast.officer.email
    conflict(ones[0])
    olga = as_("officer")
    address = want_all(olga, call).location
    jobs.run_waiting()

    assert opened(olga.get(address + "/file", buffered=True))[0].namelist() == [
        f"{ones[1].number}-decision-letter-en.pdf", "index.csv",
    ]  # fmt: skip
    conflict(ones[1])
    assert olga.get(address + "/file").status_code == 403


def test_only_officers_of_the_call_make_archives_and_only_their_own(app, cast, as_):
    call, _ = call_with(app, cast, "reserve")
    address = want_all(as_("officer"), call).location

    for part in ("coordinator", "observer", "chair", "expert"):
        assert want_all(as_(part), call).status_code == 403
        assert as_(part).get(f"/calls/{call.reference}/documents").status_code == 403
    assert as_("officer2").get(address).status_code == 404
    assert as_("officer2").get(address + "/file").status_code == 404


def test_there_is_nothing_to_make_without_decisions(app, cast, as_):
    call, _ = call_with(app, cast)

    answer = want_all(as_("officer"), call)

    assert answer.status_code == 409
    assert "There is nothing to make yet." in answer.text
    assert db.session.scalars(select(Batch).where(Batch.call_id == call.id)).all() == []


def test_an_export_can_be_run_again(app, cast, tmp_path):
    call, ones = call_with(app, cast, "reserve", "no_budget")

    def export():
        return [(row.number, row.total, row.filename, row.outcome)
                for row in actions.export(by_reference(call.reference), "letter", tmp_path)]  # fmt: skip

    names = [f"{one.number}-decision-letter-en.pdf" for one in ones]
    assert export() == [(1, 2, names[0], "made"), (2, 2, names[1], "made")]
    assert "take all of it" in reading.text((tmp_path / names[1]).read_bytes())
    (tmp_path / names[0]).unlink()
    assert export() == [(1, 2, names[0], "made"), (2, 2, names[1], "unchanged")]


def test_whatever_is_wrong_with_one_document_the_others_are_exported(app, cast, tmp_path, monkeypatch):
    call, ones = call_with(app, cast, "reserve", "no_budget")
    whole = make.stored

    def stored(page):
        if ones[0].number in page.filename:
            raise KeyError("a place without a name")
        return whole(page)

    monkeypatch.setattr(make, "stored", stored)
    rows = list(actions.export(by_reference(call.reference), "letter", tmp_path))

    assert [row.outcome for row in rows] == ["failed", "made"]
    assert "a place without a name" in rows[0].problem


def test_before_the_release_archives_hold_drafts(app, cast, as_):
    call, _ = call_with(app, cast, "reserve")
    early = known(decided(by_reference(call.reference), cast, "EARLY", "reserve"))
    olga = as_("officer")
    address = want_all(olga, call).location
    jobs.run_waiting()

    archive, _ = opened(olga.get(address + "/file", buffered=True))
    drafts = [
        name
        for name in archive.namelist()
        if name.endswith(".pdf") and "Draft." in reading.text(archive.read(name))
    ]
    assert drafts == [f"{early.number}-decision-letter-en.pdf"]


def test_a_file_that_was_torn_or_changed_is_written_again(app, cast, tmp_path):
    call, (one,) = call_with(app, cast, "reserve")

    def export():
        return [row.outcome for row in actions.export(by_reference(call.reference), "letter", tmp_path)]

    assert (export(), export()) == (["made"], ["unchanged"])
    path = tmp_path / f"{one.number}-decision-letter-en.pdf"
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    assert (export(), export(), path.read_bytes()) == (["made"], ["unchanged"], whole)


def test_what_is_signed_from_now_on_is_another_file(app, cast, tmp_path, monkeypatch, authority):
    call, _ = call_with(app, cast, "reserve")

    def export():
        return [row.outcome for row in actions.export(by_reference(call.reference), "letter", tmp_path)]

    assert export() == ["made"]
    monkeypatch.setitem(app.config, "SIGNING_KEY", str(authority.key))
    monkeypatch.setitem(app.config, "SIGNING_PASSWORD", authority.password)
    assert (export(), export()) == (["made"], ["unchanged"])


def test_the_command_says_where_it_was_stopped(app, cast, tmp_path, monkeypatch):
    call, ones = call_with(app, cast, "reserve", "no_budget")
    real = actions.export

    def interrupted(*arguments):
        yield next(real(*arguments))
        raise KeyboardInterrupt

    monkeypatch.setenv("GRANTS_DATABASE_URL", app.config["DATABASE_URL"])
    monkeypatch.setenv("GRANTS_INSTANCE", str(app.config["INSTANCE"]))
    monkeypatch.delenv("GRANTS_TEST_DATABASES", raising=False)
    monkeypatch.setattr(actions, "export", interrupted)
    command = ["export", "letters", call.reference, "--out", str(tmp_path)]
    ran = CliRunner().invoke(main, command)
    assert (ran.exit_code, "Stopped after 1 of 2" in ran.stderr) == (130, True)
    monkeypatch.setattr(actions, "export", real)
    ran = CliRunner().invoke(main, command)
    assert (ran.exit_code, ran.stdout) == (0, "1 made, 1 unchanged, 0 failed.\n")
    assert len(ones) == 2


def test_a_worker_takes_turns_between_a_batch_and_what_else_waits(app, cast, as_, monkeypatch):
    call, _ = call_with(app, cast, "reserve", "reserve")
    announced = []
    carrier = SimpleNamespace(announce=lambda kind, row_id: announced.append((kind, row_id)))
    monkeypatch.setitem(app.extensions, "queue", carrier)
    monkeypatch.setattr(make, "TURN", 0)
    olga = as_("officer")
    address = want_all(olga, call).location
    (batch,) = db.session.scalars(select(Batch).where(Batch.call_id == call.id)).all()
    batch_id = batch.id
    assert announced == [("batch", batch_id)], "it begins at once"

    make.carry_on(batch_id)
    assert [one.state for one in documents_of(call)] == ["done", "wanted"]
    assert announced == [("batch", batch_id)] * 2, "the rest waits at the end of the queue"
    olga.post(address + "/stop")
    olga.post(address + "/resumption")
    assert announced == [("batch", batch_id)] * 3
    make.carry_on(batch_id)
    make.carry_on(batch_id)
    assert olga.get(address + "/status").json["state"] == "done"
