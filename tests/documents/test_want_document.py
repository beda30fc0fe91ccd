"""People ask for a PDF, see that it is being made, and download it for as long as they may read what it tells."""

import re
from datetime import UTC, datetime

import pytest

from grants import jobs
from grants.calls.queries import by_reference
from grants.db import db
from grants.decisions import queries as decisions
from grants.demo import story
from grants.documents.models import Document
from grants.experts import actions as experts
from grants.experts.models import Assignment, Conflict
from grants.panels import actions as panels
from grants.panels import queries as panel_queries
from grants.panels.standing import standing
from tests.documents import reading
from tests.documents.evaluated import call_with, decided, known, release
from tests.panels.built import MILLION, application, closed_call


def want(client, one, kind):
    return client.post(f"/applications/{one.public_id}/documents", data={"kind": kind})


def made(client, answer):
    """The PDF, once the worker has made what was asked for."""
    assert answer.status_code == 303
    jobs.run_waiting()
    return client.get(answer.location + "/file", buffered=True)


def conflict(one, person):
    db.session.add(
        Conflict(application_id=one.id, user_id=person.id, code="D1", source="entered", status="confirmed",
                 found_at=datetime(2026, 5, 5, tzinfo=UTC))
    )  # fmt: skip
    db.session.commit()


def test_the_coordinator_downloads_the_receipt(app, cast, as_):
    _, (one,) = call_with(app, cast, "no_budget")
    submission = decisions.of_application(one.public_id).application.submission
    receipt, sha256 = submission.receipt, submission.sha256
    camille = as_("coordinator")

    answer = want(camille, one, "receipt")
    assert "is being made" in camille.get(answer.location).text
    assert camille.get(answer.location + "/status").json == {"state": "wanted", "waits": True}
    assert camille.get(answer.location + "/file").status_code == 409
    file = made(camille, answer)

    assert camille.get(answer.location + "/status").json == {"state": "done", "waits": False}
    assert "Download the PDF" in camille.get(answer.location).text
    assert file.mimetype == "application/pdf"
    assert file.headers["Content-Disposition"] == f"attachment; filename={one.number}-receipt-en.pdf"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    text = reading.text(file.data)
    assert receipt in text
    assert sha256 in text.replace(" ", "")
    assert "30 November 2025, 01:00:00 (Brussels time)" in text
    assert "2025-11-30T00:00:00Z" in text
    assert "EUR 3 000 000" in text.replace("\u202f", " ").replace("\u00a0", " ")


def test_a_second_click_asks_for_no_second_document(app, cast, as_):
    _, (one,) = call_with(app, cast, "no_budget")
    camille = as_("coordinator")

    first, second = want(camille, one, "receipt"), want(camille, one, "receipt")

    assert first.location == second.location


def test_the_application_shows_all_its_parts(app, cast, as_):
    _, (one,) = call_with(app, cast, "no_budget")
    camille = as_("coordinator")

    file = made(camille, want(camille, one, "application"))

    text = reading.text(file.data)
    for part in ("Summary", "Consortium", "University DE", "Researchers", "Files", "Budget", "Own resources"):
        assert part in text
    assert reading.fonts(file.data) == {"SourceSans"}  # in the chart, too


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("below_threshold", "does not reach all thresholds"),
        ("no_budget", "applications with a higher rank take all of it"),
        ("reserve", "is no commitment to fund the project"),
        ("invited", "I am pleased to inform you"),
    ],
)
def test_the_letter_tells_the_outcome_and_the_means_of_redress(app, cast, as_, outcome, words):
    _, (one,) = call_with(app, cast, outcome)
    camille = as_("coordinator")

    file = made(camille, want(camille, one, "letter"))

    text = reading.text(file.data)
    assert words in text
    assert "Draft" not in text
    reference = f"{one.number}/{decisions.of_application(one.public_id).public_id}"
    assert reading.pages(file.data) == len(reading.pages_with(file.data, reference))
    assert reading.pages(file.data) == len(reading.pages_with(file.data, "4 May 2026"))
    assert f"Page 1 / {reading.pages(file.data)}" in text
    assert "3 June 2026" in text  # opened on the day on which it was sent
    assert "13 June 2026" in text  # never opened
    assert ("Evaluation summary report" in text, "Means of redress" in text) == (True, True)
    ends = reading.pages_with(file.data, "Yours faithfully,")
    assert ends == reading.pages_with(file.data, "The Director of Programmes")
    assert ends == reading.pages_with(file.data, "Enclosures")
    assert reading.pages_with(file.data, "Action for annulment") == [ends[0] + 1]
    assert reading.pages(file.data) == ends[0] + 1
    assert (
        text.count(reference) == reading.pages(file.data) + 1
    )  # at the foot of each page, and above the letter


def test_the_letter_speaks_the_language_of_the_coordinator(app, cast, as_):
    cast.coordinator.language = "fr"
    db.session.commit()
    _, (one,) = call_with(app, cast, "reserve")
    oscar = as_("officer")

    file = made(oscar, want(oscar, one, "letter"))

    assert reading.facts(file.data)["language"] == "fr"
    assert "4 mai 2026" in reading.text(file.data)


def test_the_funder_replaces_the_means_of_redress(app, cast, as_, tmp_path, monkeypatch):
    path = tmp_path / "legal.txt"
    path.write_text("You may write to the ombudsperson of the ministry.")
    monkeypatch.setitem(app.config, "LEGAL_TEXT", str(path))
    _, (one,) = call_with(app, cast, "reserve")
    camille = as_("coordinator")

    text = reading.text(made(camille, want(camille, one, "letter")).data)

    assert "You may write to the ombudsperson of the ministry." in text
    assert "General Court" not in text


def test_before_the_release_the_applicant_gets_nothing_and_staff_a_draft(app, cast, as_):
    one = known(decided(closed_call(cast), cast, "EARLY", "reserve"))

    assert want(as_("coordinator"), one, "letter").status_code == 404
    assert want(as_("coordinator"), one, "evaluation").status_code == 404
    oscar = as_("officer")
    assert "Draft. This letter has not been released" in reading.text(
        made(oscar, want(oscar, one, "letter")).data
    )


def test_the_evaluation_summary_names_no_evaluator(app, cast, as_):
    """T-4.2 through the real PDF: text, metadata and file name."""
    one = decided(closed_call(cast), cast, "BLIND", "no_budget")
    people_involved = (cast.expert, cast.expert2, cast.expert3, cast.rapporteur, cast.chair, cast.officer)
    for person in people_involved[:4]:
        db.session.add(
            Assignment(application_id=one.id, user_id=person.id, state="cleared", invited_by_id=cast.officer.id,
                       is_rapporteur=person is cast.rapporteur, invited_at=datetime(2026, 1, 5, tzinfo=UTC))
        )  # fmt: skip
    release(app, one)
    one = known(one)
    traces = []
    for person in people_involved:
        initials = "[. ]*".join(word[0] for word in person.name.split())
        traces += [*person.name.split(), re.escape(person.email), person.public_id, initials]
    camille = as_("coordinator")

    file = made(camille, want(camille, one, "evaluation"))

    text, facts = reading.text(file.data), reading.facts(file.data)
    everything = " ".join(
        [text, facts["xmp"], *facts["info"].values(), file.headers["Content-Disposition"], facts["data"]]
    )
    assert "Excellence 4.5 / 5" in text
    assert set(facts["info"]) == {"/Title", "/Producer"}
    assert facts["attachments"] == ["data.json"]
    assert one.number in facts["data"]
    assert len(traces) == 30
    assert [trace for trace in traces if re.search(rf"\b{trace}\b", everything)] == []


@pytest.mark.parametrize("kind", ["receipt", "application", "evaluation", "letter"])
def test_strangers_and_evaluators_get_no_document_that_is_not_theirs(app, cast, as_, kind):
    _, (one,) = call_with(app, cast, "no_budget")
    camille = as_("coordinator")
    answer = want(camille, one, kind)

    assert want(as_("stranger"), one, kind).status_code == 404
    assert as_("officer").get(answer.location).status_code == 404
    assert as_("stranger").get(answer.location + "/file").status_code == 404


def test_who_may_no_longer_read_may_no_longer_download(app, cast, as_):
    _, (one,) = call_with(app, cast, "no_budget")
    oscar = as_("officer")
    answer = want(oscar, one, "evaluation")
    assert made(oscar, answer).status_code == 200

    conflict(one, cast.officer)

    assert oscar.get(answer.location + "/file").status_code == 404


def test_there_is_no_evaluation_summary_without_an_evaluation(app, cast, as_):
    call = closed_call(cast)
    one = known(decided(call, cast, "GATE", "ineligible", scores=None))

    answer = want(as_("officer"), one, "evaluation")

    assert answer.status_code == 409
    assert "There is no final evaluation of this application." in answer.text


def test_what_was_refused_at_a_gate_offers_no_reports(app, cast, as_):
    call = closed_call(cast)
    refused = decided(call, cast, "GATE", "ineligible", scores=None)
    release(app, refused)
    page = as_("officer").get(f"/applications/{known(refused).public_id}").text
    assert 'name="kind" value="application"' in page
    assert 'name="kind" value="report"' not in page
    assert 'name="kind" value="consensus"' not in page


def test_an_unknown_kind_is_refused(app, cast, as_):
    _, (one,) = call_with(app, cast, "no_budget")

    assert want(as_("coordinator"), one, "ranking").status_code == 400


def adopted_call(cast):
    call = closed_call(cast)
    ones = [
        application(call, cast.coordinator, name, scores, 8 * MILLION)
        for name, scores in (("FIRST", (500, 500, 500)), ("NEXT", (450, 450, 450)), ("THIRD", (400, 400, 400)),
                             ("BELOW", (500, 500, 250)))
    ]  # fmt: skip
    seen = panels.reviewed(standing(call, panel_queries.entries(call), panel_queries.outstanding(call)))
    panels.close(call, by=cast.chair, report="All were discussed at length.", seen=seen)
    db.session.commit()
    return known(call), [known(one) for one in ones]


def test_the_chair_downloads_the_ranking_report(app, cast, as_):
    call, _ = adopted_call(cast)
    chantal = as_("chair")

    file = made(chantal, chantal.post(f"/calls/{call.reference}/documents", data={"kind": "ranking"}))

    text = reading.text(file.data)
    places = [text.index(name) for name in ("FIRST", "NEXT", "End of the budget", "THIRD", "BELOW")]
    assert places == sorted(places)
    assert "All were discussed at length." in text
    assert panel_queries.adopted(call).sha256 in text.replace(" ", "")
    assert file.headers["Content-Disposition"] == f"attachment; filename={call.reference}-ranking-en.pdf"


def test_a_conflict_leaves_a_gap_in_the_ranking_report(app, cast, as_):
    call, (_, second, *_) = adopted_call(cast)
    conflict(second, cast.officer)
    oscar = as_("officer")

    text = reading.text(
        made(oscar, oscar.post(f"/calls/{call.reference}/documents", data={"kind": "ranking"})).data
    )

    assert "NEXT" not in text
    assert text.count("Not shown: you have a conflict of interest with this application.") == 1
    assert "Total scores of the applications above all thresholds" not in text
    assert "Reserve list" not in text.partition("Ranked list")[0]


def test_experts_get_no_ranking_report(app, cast, as_):
    call, _ = adopted_call(cast)
    reference = call.reference
    experts.add_expert(by_reference(reference), email=cast.expert.email, name="", by=cast.officer)
    story.engage(by_reference(reference), cast.expert)
    db.session.commit()

    answer = as_("expert").post(f"/calls/{call.reference}/documents", data={"kind": "ranking"})

    assert answer.status_code == 403
    assert db.session.query(Document).filter_by(call_id=call.id).count() == 0
