"""The group reaches a consensus: opened by the officer, written by the rapporteur, approved by all, then checked."""

import json
from datetime import date

import pytest
from sqlalchemy import select, update

from grants.canonical import digest
from grants.db import db
from grants.events import EventPayload
from grants.experts.models import Assignment
from grants.people.models import User
from grants.reviews import queries
from tests.reviews.typed import CRITERIA, assignment, filled, fresh, report_url, told

EXCELLENCE = CRITERIA[0]


@pytest.fixture
def here(names):
    """An application whose consensus is open: rapporteur, expert and expert2 have submitted, nothing is written."""
    return names.applications["in_consensus"]


@pytest.fixture
def group(as_):
    """Browsers of the three experts."""
    return {part: as_(part) for part in ("rapporteur", "expert", "expert2")}


def write(browser, here, scores=(400, 400, 350), **more):
    return browser.post(f"/applications/{here}/consensus", data=filled(fresh(here).version, scores, **more))


def circulate(browser, here):
    return browser.post(f"/consensus/{fresh(here).public_id}/circulation", data={})


def answer(browser, here, agrees="yes", reason="", version=None):
    consensus = fresh(here)
    typed = {"version": str(version or consensus.version), "agrees": agrees, "reason": reason}
    return browser.post(f"/consensus/{consensus.public_id}/approval", data=typed)


def circulated(group, here, **more):
    assert write(group["rapporteur"], here, **more).status_code == 303
    assert circulate(group["rapporteur"], here).status_code == 303


def recipients(template, here):
    """Who was written to with this news about the application."""
    return told(f"{template}:{fresh(here).public_id}")


def test_opening_needs_enough_reports_and_a_rapporteur(names, cast, as_):
    here, officer = names.applications["in_evaluation"], as_("officer")
    chosen = {"rapporteur": assignment(here, cast.rapporteur).public_id}

    early = officer.post(f"/applications/{here}/consensus/opening", data=chosen)

    assert early.status_code == 422
    assert "There are not enough valid reports to open the consensus." in early.text
    assert fresh(here) is None


def test_the_page_and_the_home_page_say_by_when_the_group_has_to_be_ready(here, cast, as_):
    rapporteur, page = as_("rapporteur"), f"/applications/{here}/consensus"
    own = db.session.get_one(Assignment, assignment(here, cast.rapporteur).id)
    for day, shown in ((None, "No day is set by which"), (date(2027, 3, 1), "1 March 2027, 23:59:59")):
        own.due_on = day
        db.session.commit()
        assert shown in rapporteur.get(page).text
        assert ("1 March 2027, 23:59" if day else "no day is set") in rapporteur.get("/").text
    assert "1 March 2027" in as_("officer").get(page).text


def test_opening_merges_the_comments_and_leaves_the_scores_to_the_group(here, cast):
    consensus = fresh(here)
    merged = [report.marks[0].comment for report in queries.valid_reports(consensus.application)]

    assert consensus.scores == {}
    assert consensus.marks[0].comment == "\n\n".join(merged)
    assert recipients("consensus_open", here) == sorted(
        [cast.rapporteur.email, cast.expert.email, cast.expert2.email]
    )


def test_the_group_reads_each_other_and_only_the_rapporteur_the_remarks(here, cast, group):
    theirs = report_url(here, cast.expert)
    written = queries.report(theirs.rpartition("/")[2])
    written.remarks = "A word to the funder"
    db.session.commit()

    assert group["expert2"].get(theirs).status_code == 200
    assert "A word to the funder" not in group["expert2"].get(theirs).text
    assert "A word to the funder" in group["rapporteur"].get(theirs).text
    page = group["expert2"].get(f"/applications/{here}/consensus")
    assert page.text.count(f"<h3>{cast.expert.name}: 3.5</h3>") == 1
    assert "A word to the funder" not in page.text


@pytest.mark.parametrize(
    "who", ["expert4", "coordinator", "applicant2", "chair", "stranger", "other_officer"]
)
def test_nobody_else_sees_the_consensus(who, here, as_):
    assert as_(who).get(f"/applications/{here}/consensus").status_code == 404


def test_only_the_rapporteur_writes(here, group, as_):
    typed = filled(fresh(here).version)

    refused = [b.post(f"/applications/{here}/consensus", data=typed).status_code
               for b in (group["expert"], as_("officer"), as_("observer"))]  # fmt: skip

    assert refused == [403, 403, 403]
    assert fresh(here).scores == {}


def test_what_is_typed_survives_a_collision(here, group):
    version = fresh(here).version
    assert write(group["rapporteur"], here).status_code == 303
    late = filled(version) | {f"comment_{EXCELLENCE}": "From the other window"}

    page = group["rapporteur"].post(f"/applications/{here}/consensus", data=late)

    assert page.status_code == 409
    assert "From the other window" in page.text
    assert fresh(here).marks[0].comment == f"Sound work on {EXCELLENCE}."


def test_a_score_outside_the_individual_ones_needs_a_reason(here, group):
    rapporteur = group["rapporteur"]
    assert write(rapporteur, here, (500, 400, 350)).status_code == 303

    refused = circulate(rapporteur, here)

    assert refused.status_code == 422
    assert "The score of Excellence lies outside the individual scores: say why." in refused.text
    reason = {f"justification_{EXCELLENCE}": "The group found a strength that each had missed."}
    assert write(rapporteur, here, (500, 400, 350), **reason).status_code == 303
    assert circulate(rapporteur, here).status_code == 303


def test_a_text_that_names_an_expert_does_not_leave_the_rapporteur(here, cast, group):
    """T-4.2 at its source: what the applicants will read holds no name and no address of the group."""
    for slip in (f"As {cast.expert.name} said.", f"Ask {cast.expert2.email.upper()}."):
        assert write(group["rapporteur"], here, remark_scope=slip).status_code == 303
        refused = circulate(group["rapporteur"], here)
        assert refused.status_code == 422
        assert "A text names one of the experts." in refused.text
    assert fresh(here).state == "draft"


def test_titles_hide_no_name_and_what_gives_the_group_away_is_asked_about(here, cast, group):
    """A comment on a question is read by the applicants too; the rapporteur may know better, and says so."""
    db.session.execute(update(User).where(User.id == cast.expert2.id).values(name="Dr Henrik Dahl"))
    db.session.commit()
    rapporteur = group["rapporteur"]
    for slip in ("As Henrik Dahl pointed out.", "Prof. Dahl disagreed.", "This is what Dahl saw."):
        assert write(rapporteur, here, remark_scope=slip).status_code == 303
        assert "A text names one of the experts." in circulate(rapporteur, here).text

    assert write(rapporteur, here, remark_scope="In my group this is known.").status_code == 303
    asked = circulate(rapporteur, here)
    assert asked.status_code == 422
    assert "The text may tell the applicants who wrote it: “my group”." in asked.text
    assert "Please change the text, or confirm that it shall stay as it is." in asked.text
    assert fresh(here).state == "draft"
    url = f"/consensus/{fresh(here).public_id}/circulation"
    assert rapporteur.post(url, data={"confirmed": "y"}).status_code == 303
    assert fresh(here).state == "approval"


def test_circulating_asks_everybody_but_the_rapporteur_who_has_scored(here, cast, group):
    circulated(group, here)

    consensus = fresh(here)
    assert consensus.state == "approval"
    assert [(one.assignment.user_id, one.version) for one in consensus.approvals] == [
        (cast.rapporteur.id, consensus.version)
    ]
    assert recipients("approval_wanted", here) == sorted([cast.expert.email, cast.expert2.email])
    assert "Your answer" in group["expert"].get(f"/applications/{here}/consensus").text
    assert "Your answer" not in group["rapporteur"].get(f"/applications/{here}/consensus").text


def test_when_all_agree_the_officer_checks_and_the_report_is_frozen(here, group, as_):
    circulated(group, here)
    assert answer(group["expert"], here).status_code == 303
    assert fresh(here).state == "approval"
    assert answer(group["expert2"], here).status_code == 303
    assert fresh(here).state == "agreed"
    page = f"/consensus/{fresh(here).public_id}"
    assert group["rapporteur"].post(f"{page}/finalisation", data={}).status_code == 403

    assert as_("officer").post(f"{page}/finalisation", data={}).status_code == 303

    consensus = fresh(here)
    assert (consensus.state, consensus.application.state) == ("final", "in_panel")
    assert consensus.sha256 == digest(json.loads(consensus.snapshot))
    assert as_("officer").post(f"{page}/finalisation", data={}).status_code == 409
    chair = as_("chair").get(f"/applications/{here}/consensus")
    assert chair.status_code == 200
    assert "What the individual reports say" not in chair.text


def test_an_answer_counts_once_and_a_no_needs_a_reason(here, group):
    circulated(group, here)

    assert answer(group["expert"], here, "no").status_code == 422
    assert answer(group["expert"], here, version=fresh(here).version - 1).status_code == 409
    assert answer(group["expert"], here).status_code == 303
    again = answer(group["expert"], here)

    assert again.status_code == 422
    assert len(fresh(here).approvals) == 2


def test_a_changed_text_is_approved_anew(here, cast, group):
    """T-7.4: any text change after approval resets the approvals."""
    circulated(group, here)
    for part in ("expert", "expert2"):
        assert answer(group[part], here).status_code == 303
    agreed = fresh(here)
    assert agreed.state == "agreed"
    assert write(group["rapporteur"], here).status_code == 409

    assert group["rapporteur"].post(f"/consensus/{agreed.public_id}/revision", data={}).status_code == 303
    circulated(group, here, scores=(400, 400, 400))

    consensus = fresh(here)
    assert consensus.state == "approval"
    standing = [one.assignment.user_id for one in consensus.approvals if one.version == consensus.version]
    assert standing == [cast.rapporteur.id]
    assert answer(group["expert"], here).status_code == 303
    assert fresh(here).state == "approval"
    assert answer(group["expert2"], here).status_code == 303
    assert fresh(here).state == "agreed"


def test_the_quality_check_returns_the_report_with_its_comment(here, cast, group, as_):
    circulated(group, here)
    for part in ("expert", "expert2"):
        answer(group[part], here)
    page = f"/consensus/{fresh(here).public_id}/return"
    assert as_("officer").post(page, data={"reason": ""}).status_code == 422

    assert as_("officer").post(page, data={"reason": "Say what the shortcoming is."}).status_code == 303

    assert fresh(here).state == "draft"
    assert "Say what the shortcoming is." in group["rapporteur"].get(f"/applications/{here}/consensus").text
    assert recipients("consensus_returned", here) == [cast.rapporteur.email]


def test_a_minority_is_recorded_with_statement_and_names(here, cast, group):
    """T-4.1: agreement by majority needs the minority's statement, and inside the names of those who hold it."""
    circulated(group, here)
    page = f"/consensus/{fresh(here).public_id}/minority"
    early = group["rapporteur"].post(page, data={"statement": "Too early."})
    assert early.status_code == 422
    answer(group["expert"], here)
    answer(group["expert2"], here, "no", "The method is not sound.")
    assert fresh(here).state == "approval"
    assert group["rapporteur"].post(page, data={"statement": "  "}).status_code == 422

    written = group["rapporteur"].post(page, data={"statement": "One expert finds the method weak."})

    assert written.status_code == 303
    consensus = fresh(here)
    assert (consensus.state, consensus.minority_view) == ("minority", "One expert finds the method weak.")
    facts = [
        payload.facts for payload in db.session.scalars(select(EventPayload)) if "statement" in payload.facts
    ]
    assert [(one["statement"], one["names"]) for one in facts] == [
        ("One expert finds the method weak.", [cast.expert2.name])
    ]
    assert cast.expert2.name in group["expert"].get(f"/applications/{here}/consensus").text


def test_without_a_majority_nothing_is_closed_and_the_officer_can_start_again(here, group, as_):
    circulated(group, here)
    for part in ("expert", "expert2"):
        answer(group[part], here, "no", "I see it otherwise.")
    consensus = fresh(here)
    page = f"/consensus/{consensus.public_id}"
    assert group["rapporteur"].post(f"{page}/minority", data={"statement": "We two."}).status_code == 422

    assert (
        as_("officer").post(f"{page}/restart", data={"reason": "A fourth expert is needed."}).status_code
        == 303
    )

    consensus = fresh(here)
    assert (consensus.state, consensus.application.state, consensus.scores) == (
        "waiting",
        "in_evaluation",
        {},
    )
    assert group["expert"].get(f"/applications/{here}/consensus").status_code == 404


def test_the_officer_names_another_rapporteur(here, cast, group, as_):
    page = f"/consensus/{fresh(here).public_id}/rapporteur"
    chosen = {"rapporteur": assignment(here, cast.expert).public_id}

    assert as_("officer").post(page, data=chosen).status_code == 303

    assert write(group["rapporteur"], here).status_code == 403
    assert write(group["expert"], here).status_code == 303
