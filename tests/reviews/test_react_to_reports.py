"""The right to react: applicants read the comments without names and reply before the consensus."""

import json
from datetime import timedelta

import pytest

from grants import clock
from grants.applications import queries as applications
from grants.calls import queries as calls
from grants.db import db
from grants.reviews import queries, reactions
from grants.reviews.consensus import frozen
from grants.reviews.questions import QUESTIONS
from tests.reviews.typed import CRITERIA, assignment, filled, fresh, report_url, told
from tests.world import NOW

EXCELLENCE = CRITERIA[0]


@pytest.fixture
def here(names):
    return names.applications["in_evaluation"]


@pytest.fixture
def reference(names):
    return names.calls["evaluation"]


@pytest.fixture
def officer(as_):
    return as_("officer")


@pytest.fixture
def asks(reference):
    """The call asks for reactions, within seven days and two hundred words."""

    def set_up(**more):
        call = calls.on_desk(reference)
        call.rules_json = call.rules_json | {"reaction_days": 7, "reaction_words": 200} | more
        db.session.commit()

    set_up()
    return set_up


def all_reports_in(here, cast, as_):
    """The second and the third expert submit too."""
    for who in ("expert", "expert2"):
        browser, person = as_(who), getattr(cast, who)
        task = assignment(here, person)
        if task.state == "invited":
            assert browser.post(f"/assignments/{task.public_id}/acceptance").status_code == 303
            typed = {"declaration": "none"}
            assert browser.post(f"/assignments/{task.public_id}/declaration", data=typed).status_code == 303
        url = report_url(here, person)
        version = queries.report(url.rpartition("/")[2]).version
        typed = filled(
            version, **{f"comment_{EXCELLENCE}": f"Seen by number {who[6:] or 1}, and it is sound."}
        )
        assert browser.post(url, data=typed).status_code == 303
        typed = {"declared": "y", "confirmed": "y"}
        assert browser.post(f"{url}/submission", data=typed).status_code == 303


def reaction_of(here):
    db.session.rollback()
    db.session.expire_all()
    return reactions.of_application(applications.by_public_id(here))


def time_is_over(here):
    """The seven days of the round have passed."""
    reaction = reaction_of(here)
    assert reaction.until == reaction.asked_at + timedelta(days=7)
    reaction.until = clock.now() - timedelta(milliseconds=1)
    db.session.commit()


def opened(officer, reference):
    return officer.post(f"/calls/{reference}/reactions/opening", data={})


@pytest.fixture
def asked(here, asks, cast, as_, officer, reference):
    """The page of the reaction that the coordinator was asked for."""
    all_reports_in(here, cast, as_)
    assert opened(officer, reference).status_code == 303
    return f"/reactions/{reaction_of(here).public_id}"


def test_a_call_that_does_not_ask_has_no_round(officer, reference, here):
    assert officer.get(f"/calls/{reference}/reactions").status_code == 409
    assert opened(officer, reference).status_code == 409
    assert "Reactions of the applicants" not in officer.get(f"/calls/{reference}/reports").text


def test_nobody_is_asked_while_a_report_is_awaited(officer, reference, here, asks):
    page = officer.get(f"/calls/{reference}/reactions")

    assert "Some reports are still awaited." in page.text
    assert opened(officer, reference).status_code == 303
    assert reaction_of(here) is None


def test_a_comment_that_names_an_expert_goes_to_nobody(officer, reference, here, asks, cast, as_):
    all_reports_in(here, cast, as_)
    report = queries.report(report_url(here, cast.expert).rpartition("/")[2])
    report.marks[0].comment = f"As {cast.expert2.name} knows."
    db.session.commit()

    assert "A comment names one of the experts." in officer.get(f"/calls/{reference}/reactions").text
    opened(officer, reference)
    assert reaction_of(here) is None


def test_the_coordinator_reads_comments_and_neither_scores_nor_names(asked, here, cast, as_):
    page = as_("coordinator").get(asked)

    assert "Seen by number 1, and it is sound." in page.text
    assert "Seen by number 2, and it is sound." in page.text
    for person in (cast.rapporteur, cast.expert, cast.expert2):
        assert person.name not in page.text
        assert person.email not in page.text
    assert page.text.count("<h3>Report 1</h3>") == len(CRITERIA)
    assert "Additional questions" not in page.text
    assert not any(question.text in page.text for question in QUESTIONS)
    assert told(f"reaction:{reaction_of(here).public_id}") == [cast.coordinator.email]
    assert "Reply to the comments of the experts" in as_("coordinator").get("/").text


def test_scores_are_shown_where_the_call_says_so(here, asks, cast, as_, officer, reference):
    asks(reaction_scores=True)
    all_reports_in(here, cast, as_)
    opened(officer, reference)

    assert "<h3>Report 1: " in as_("coordinator").get(f"/reactions/{reaction_of(here).public_id}").text


@pytest.mark.parametrize(
    "who", ["stranger", "applicant2", "expert", "rapporteur", "chair", "other_officer", "conflicted"]
)
def test_nobody_else_reads_it_before_the_consensus(who, asked, as_):
    assert as_(who).get(asked).status_code == 404
    assert as_(who).post(asked, data={"text": "Mine"}).status_code == 404


def test_the_reply_may_be_changed_until_the_time_is_over(asked, here, as_, officer):
    coordinator = as_("coordinator")
    long = coordinator.post(asked, data={"text": "word " * 201})
    assert long.status_code == 422
    assert "At most 200 words." in long.text
    assert coordinator.post(asked, data={"text": "First thought"}).status_code == 303
    assert coordinator.post(asked, data={"text": "Second thought"}).status_code == 303
    assert reaction_of(here).text == "Second thought"
    assert officer.post(asked, data={"text": "Not mine"}).status_code == 403
    time_is_over(here)
    late = coordinator.post(asked, data={"text": "Third thought"})
    assert late.status_code == 409
    assert reaction_of(here).text == "Second thought"


def test_the_consensus_waits_and_the_group_reads_the_reply(asked, here, cast, as_, officer):
    as_("coordinator").post(asked, data={"text": "The risks stand in section two."})
    rapporteur = {"rapporteur": assignment(here, cast.rapporteur).public_id}
    early = officer.post(f"/applications/{here}/consensus/opening", data=rapporteur)
    assert early.status_code == 422
    assert "The applicants may still react to the comments." in early.text

    time_is_over(here)
    done = officer.post(f"/applications/{here}/consensus/opening", data=rapporteur)
    assert done.status_code == 303
    page = as_("expert").get(f"/applications/{here}/consensus")

    assert "The risks stand in section two." in page.text
    assert as_("expert").get(asked).status_code == 200
    consensus = fresh(here)
    for mark in consensus.marks:
        mark.score = 400
    consensus.finalised_at = NOW
    value = frozen(consensus)
    assert value["internal"]["reaction"] == "The risks stand in section two."
    assert "section two" not in json.dumps(value["summary"])
    db.session.rollback()


def test_a_consensus_never_opens_before_the_applicants_were_asked(here, asks, cast, as_, officer):
    all_reports_in(here, cast, as_)
    rapporteur = {"rapporteur": assignment(here, cast.rapporteur).public_id}

    early = officer.post(f"/applications/{here}/consensus/opening", data=rapporteur)

    assert early.status_code == 422
    assert "The applicants have not been asked for their reaction yet." in early.text
