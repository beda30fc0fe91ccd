"""A conflict of interest that comes to light late: a profile, the pool or a partner has changed since."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from grants import clock, jobs
from grants.applications.models import Application, Organisation, Partner, Submission
from grants.canonical import canonical
from grants.db import db
from grants.experts import actions, queries, screening
from grants.experts.models import Expert
from grants.mail import Mail
from grants.people.queries import by_email
from grants.reviews import actions as reports
from grants.reviews import consensus
from tests.experts.asked import assignment, conflict, conflicts, states, stored
from tests.world import NOW


@pytest.fixture
def here(names):
    """In evaluation: rapporteur has reported, expert is writing, expert2 has not answered."""
    return names.applications["in_evaluation"]


PROFILE = {
    "employer": "Employer of expert", "country": "SE", "sector": "", "seniority": "", "gender": "undisclosed",
}  # fmt: skip


def test_an_own_word_closes_the_application_at_once_and_tells_the_officers(here, cast, as_):
    browser = as_("expert")
    assert browser.get(f"/applications/{here}").status_code == 200
    tie = {"ties-0-name": "Firm B SAS", "ties-0-code": "D4", "ties-0-since": "2025-01-01"}

    assert browser.post("/expert-profile", data=PROFILE | tie).status_code == 303

    assert conflicts(here, cast.expert) == [("D4", "detected", "suggested")]
    assert browser.get(f"/applications/{here}").status_code == 404
    assert states(here)["Eva Expert"] == "cleared"
    told = db.session.scalars(
        select(Mail).where(Mail.subject.contains("a conflict of interest was found late"))
    ).all()
    assert {mail.recipient for mail in told} == {cast.officer.email, cast.officer2.email}
    page = as_("officer").get(f"/applications/{here}/conflicts").text
    assert "Has declared a tie: FIRM-B. Since 1 January 2025." in page
    assert "Disqualifying" in page and "Not ruled on yet" in page
    assert "Rule on conflicts of interest in" in as_("officer").get("/").text


def test_officers_hear_of_a_conflict_once(here, cast, as_):
    """Also of one that is possible only, and though the profile is saved again."""
    tie = {"ties-0-name": "Firm B SAS", "ties-0-code": "P3"}
    for hours in range(2):
        with clock.at(NOW + timedelta(hours=hours)):
            assert as_("expert").post("/expert-profile", data=PROFILE | tie).status_code == 303
    assert conflicts(here, cast.expert) == [("P3", "detected", "suggested")]
    assert as_("expert").get(f"/applications/{here}").status_code == 200
    late = Mail.subject == "TAI-EVALUATION-0007: a conflict of interest was found late"
    told = db.session.scalars(select(Mail.recipient).where(late)).all()
    assert sorted(told) == sorted((cast.officer.email, cast.officer2.email))


def test_a_tie_needs_to_say_what_it_is(here, as_):
    answer = as_("expert").post("/expert-profile", data=PROFILE | {"ties-0-name": "Firm B SAS"})
    assert answer.status_code == 422
    assert "Choose what applies." in answer.text and "Firm B SAS" in answer.text
    wrong = {"past-0-name": "Lab", "past-0-since": "2025-02-01", "past-0-until": "2025-01-01"}
    answer = as_("expert").post("/expert-profile", data=PROFILE | wrong)
    assert (answer.status_code, "This day lies before the first one." in answer.text) == (422, True)


def test_the_ruling_on_a_report_that_was_written_leads_to_its_voiding(here, cast, as_):
    expert = queries.expert(cast.rapporteur)
    actions.keep_profile(expert, {"employer": "Laboratorio C"}, by=cast.rapporteur)
    db.session.commit()
    report = assignment(here, cast.rapporteur).report
    browser = as_("officer")
    ruling = f"/conflicts/{conflict(here, 'D5')}/ruling"
    assert f"/reports/{report.public_id}/voiding" in browser.get(ruling).text
    answer = browser.post(ruling, data={"ruling": "bars", "reason": "True."})
    assert (answer.status_code, "Void the report, and name the conflict there." in answer.text) == (422, True)

    browser.post(f"/reports/{report.public_id}/voiding", data={"conflict": "D5", "reason": "Works there."})

    assert states(here)["Rosa Rapporteur"] == "void"
    assert assignment(here, cast.rapporteur).report.state == "void"


def test_no_consensus_is_built_on_the_report_of_somebody_who_is_barred(names, cast):
    there = names.applications["in_consensus"]
    actions.keep_profile(queries.expert(cast.expert2), {"employer": "City of Y"}, by=cast.expert2)
    db.session.commit()
    assert conflicts(there, cast.expert2) == [("D5", "detected", "suggested")]
    with pytest.raises(consensus.Unfit, match="conflict of interest of an expert whose report counts"):
        consensus._refuse_barred(stored(there))


def test_who_is_barred_counts_in_no_figure_until_an_officer_has_ruled(names, cast, as_):
    """Not in what is merged, not on the board and not in the statistics; an overruled conflict brings all back."""
    there = names.applications["in_consensus"]

    def counted():
        application = stored(there)
        marks = reports.queries.individual_marks(application.call, cast.officer)
        board = reports.queries.progress(
            db.session.execute(reports.queries.board(application.call, cast.officer))
        )
        return (
            {one.assignment.user.name for one in reports.queries.valid_reports(application)},
            {one.name for one in marks if one.public_id == there},
            len(board[application.id].scores),
        )

    everybody = {"Eva Expert", "Emil Evaluator", "Rosa Rapporteur"}
    assert counted() == (everybody, everybody, 3)
    actions.keep_profile(queries.expert(cast.expert2), {"employer": "City of Y"}, by=cast.expert2)
    db.session.commit()
    others = everybody - {"Emil Evaluator"}
    assert counted() == (others, others, 2)
    ruling = {"ruling": "overruled", "reason": "Another city."}
    assert as_("officer").post(f"/conflicts/{conflict(there, 'D5')}/ruling", data=ruling).status_code == 303
    assert counted() == (everybody, everybody, 3)


def test_a_file_of_the_pool_is_looked_at_as_well(here, cast):
    actions.add_expert(
        stored(here).call, email=cast.expert.email, name="", by=cast.officer, employer="Firm B SAS"
    )
    db.session.commit()
    assert conflicts(here, cast.expert) == [("D5", "detected", "suggested")]


def test_a_new_version_is_screened_by_the_sweep(here, cast):
    """As after a clarification that puts a partner right."""
    with clock.at(NOW - timedelta(hours=1)):
        jobs.run_waiting()
    assert conflicts(here, cast.expert) == []
    submission = stored(here).submission
    value = json.loads(submission.snapshot)
    value["partners"][0]["name"] = "Employer of expert"
    db.session.execute(
        update(Submission)
        .where(Submission.id == submission.id)
        .values(snapshot=canonical(value).decode(), submitted_at=NOW)
    )
    db.session.commit()

    with clock.at(NOW + timedelta(minutes=1)):
        jobs.run_waiting()
        assert conflicts(here, cast.expert) == [("D5", "detected", "suggested")]
        assert screening.due(db.session, clock.now()) == []


def test_who_applied_with_a_partner_not_long_ago_is_found_without_a_number(names, here, cast):
    """Anna has applied together with UNI-X in other calls; nobody learns in which."""
    there = names.applications["in_consensus"]
    call = stored(there).call
    actions.add_expert(
        call, email="lena@new.example", name="Lena Nova", by=cast.officer, employer="Elsewhere"
    )
    lena = by_email("lena@new.example")
    other = db.session.scalar(
        select(Application.id).where(Application.public_id == names.applications["panel_good"])
    )
    db.session.execute(
        update(Partner).where(Partner.application_id == other, Partner.position == 2).values(
            contact_id=None, contact_email="lena@new.example"
        )
    )  # fmt: skip
    db.session.commit()

    found = actions.detect(stored(there), lena)

    assert [(one.code, one.rule) for one in found] == [("P2", "together")]
    assert {"UNI-X", "CITY-Y", "LAB-Z"} <= set(found[0].reason.split(", "))
    assert "TAI-" not in found[0].reason
    assert (
        found[0].since
        == found[0].until
        == stored(names.applications["panel_good"]).submission.submitted_at.date()
    )
    with clock.at(NOW + timedelta(days=3 * 366)):
        third = by_email("lena@new.example")
        assert queries.together(stored(there).call, [third])[third.id]
        later = actions.suitability.suspicions(stored(there), [queries.expert(third)])
        assert later[third.id] == ()


def test_the_register_helps_where_only_one_side_has_the_code(here, cast):
    db.session.add(
        Organisation(pic="999900002", name="Enterprise B, Société anonyme", short_name="ENT-B", country="FR",
                     activity="PRC", words="enterprise b")
    )  # fmt: skip
    db.session.execute(update(Expert).where(Expert.user_id == cast.expert3.id).values(employer="ENT-B"))
    db.session.commit()
    found = actions.detect(stored(here), cast.expert3)
    assert [(one.code, one.rule, one.reason) for one in found] == [("D5", "employer", "FIRM-B")]


def test_who_is_barred_gets_no_more_mail_about_the_application(here, cast):
    report = assignment(here, cast.rapporteur).report
    actions.enter_conflict(stored(here), cast.rapporteur, code="D3", reason="A cousin.", by=cast.officer)
    before = db.session.scalar(select(Mail.id).order_by(Mail.id.desc()).limit(1))
    found = reports.queries.report(report.public_id)
    reports.reopen(found, reason="Please look again.", by=cast.officer)
    db.session.commit()
    assert db.session.scalars(select(Mail.subject).where(Mail.id > before)).all() == []


def test_an_expert_is_told_that_they_are_out_although_they_are_barred(here, cast):
    actions.exclude(stored(here), cast.expert2, code="D3", reason="A cousin.", by=cast.officer)
    db.session.commit()
    last = db.session.scalars(select(Mail).order_by(Mail.id.desc()).limit(1)).one()
    assert (last.recipient, "you are no longer asked to evaluate" in last.subject) == (
        cast.expert2.email,
        True,
    )


def test_no_panel_closes_over_a_conflict_that_nobody_has_ruled_on(names, cast, as_):
    """The chair is not told of conflicts; whoever overrules it lets the panel go on."""
    weak, sentence = (
        names.applications["panel_weak"],
        "The officers have a question to settle about TAI-PANEL-",
    )
    chair, panel = as_("chair"), "/calls/TAI-PANEL/panel"
    assert sentence not in chair.get(panel).text
    employer = stored(weak).submission.proposal.partners[0].name
    actions.keep_profile(queries.expert(cast.expert), {"employer": employer}, by=cast.expert)
    db.session.commit()
    jobs.run_waiting()

    page = chair.get(panel).text
    assert f"{sentence}{stored(weak).number[-4:]} first." in page
    assert "onflict" not in page.partition("The panel cannot close yet")[2].partition("</section>")[0]

    for application in (weak, names.applications["panel_good"]):
        ruling = {"ruling": "overruled", "reason": "Another house."}
        ruled = as_("officer").post(f"/conflicts/{conflict(application, 'D5')}/ruling", data=ruling)
        assert ruled.status_code == 303
    assert sentence not in chair.get(panel).text


def test_who_is_too_close_to_one_application_evaluates_no_rival_of_it(names, here, cast, as_):
    """Eva declares that her sister works in one project: another one of the call, her task as well, is closed too."""
    there = names.applications["in_consensus"]
    declaration = f"/assignments/{assignment(there, cast.expert).public_id}/declaration"
    sister = {"declaration": "conflict", "code": "D3", "reason": "My sister leads a work package."}
    assert as_("expert").get(f"/applications/{here}").status_code == 200

    assert as_("expert").post(declaration, data=sister).status_code == 303

    assert conflicts(here, cast.expert) == [("D9", "detected", "suggested")]
    assert as_("expert").get(f"/applications/{here}").status_code == 404
    admitted = names.applications["admitted"]
    with pytest.raises(actions.Barred, match="A conflict of interest bars this expert"):
        actions.assign(stored(admitted), cast.expert, by=cast.officer)
    db.session.commit()
    told = db.session.scalars(
        select(Mail.recipient).where(
            Mail.subject == "TAI-EVALUATION-0007: a conflict of interest was found late"
        )
    ).all()
    assert sorted(told) == sorted((cast.officer.email, cast.officer2.email))
    page = as_("officer").get(f"/applications/{here}/conflicts").text
    assert "other applications of this call, or is too close to them; how many: 1" in page

    ruling = {"ruling": "overruled", "reason": "It is another person of that name."}
    as_("officer").post(f"/conflicts/{conflict(there, 'D3')}/ruling", data=ruling)
    found = actions.suitability.suspicions(stored(admitted), [queries.expert(cast.expert)])
    assert found[cast.expert.id] == ()


@pytest.mark.parametrize(("code", "reached"), [("D2", True), ("D9", True), ("D4", False), ("P2", False)])
def test_what_an_officer_enters_reaches_the_rivals_too(names, here, cast, as_, code, reached):
    there = stored(names.applications["in_consensus"])
    actions.enter_conflict(there, cast.expert, code=code, reason="Known to us.", by=cast.officer)
    db.session.commit()
    assert conflicts(here, cast.expert) == ([("D9", "detected", "suggested")] if reached else [])
    assert conflicts(names.applications["panel_best"], cast.expert) == []  # of another call


def test_the_experts_word_and_the_officers_are_two_records(here, cast, as_):
    """Rulebook 4.7: declaration, detected suggestion and ruling stay what they were, each with its moment."""
    declared = {"declaration": "conflict", "code": "P3", "reason": "We sat on a jury together."}
    page = f"/assignments/{assignment(here, cast.expert).public_id}/declaration"
    assert as_("expert").post(page, data=declared).status_code == 303
    officer = as_("officer")
    noted = {"person": cast.expert.public_id, "code": "P3", "reason": "They are neighbours as well."}
    assert officer.post(f"/applications/{here}/conflicts", data=noted).status_code == 303
    assert sorted(conflicts(here, cast.expert)) == [
        ("P3", "declared", "suggested"), ("P3", "entered", "confirmed"),
    ]  # fmt: skip
    text = officer.get(f"/applications/{here}/conflicts").text
    assert "We sat on a jury together." in text and "They are neighbours as well." in text


def test_what_is_declared_anew_waits_for_a_ruling_of_its_own(here, cast, as_):
    """Ruled out, invited again, and then something else came up: nobody has overruled that."""
    declared = {"declaration": "conflict", "code": "P3", "reason": "We sat on a jury together."}
    page = f"/assignments/{assignment(here, cast.expert).public_id}"
    expert, officer = as_("expert"), as_("officer")
    assert expert.post(f"{page}/declaration", data=declared).status_code == 303
    ruling = {"ruling": "overruled", "reason": "That was long ago."}
    assert officer.post(f"/conflicts/{conflict(here, 'P3')}/ruling", data=ruling).status_code == 303
    assert "That was long ago." in officer.get(f"/applications/{here}/conflicts").text
    again = {"experts": [cast.expert.public_id], "part": "score", "due_on": ""}
    assert officer.post(f"/applications/{here}/assignments", data=again).status_code == 303
    assert expert.post(f"{page}/acceptance").status_code == 303

    assert (
        expert.post(f"{page}/declaration", data=declared | {"reason": "We found a firm."}).status_code == 303
    )

    assert conflicts(here, cast.expert) == [("P3", "declared", "suggested")]
    text = officer.get(f"/applications/{here}/conflicts").text
    assert "We found a firm." in text and "That was long ago." not in text
