"""A call in two stages: outlines, a cut on the whole list, an invitation, and a full application to compare with it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import current_app
from sqlalchemy import select

from grants import clock
from grants.applications import actions as applications
from grants.applications import queries as application_queries
from grants.calls import actions, queries
from grants.calls.models import Programme
from grants.db import db
from grants.decisions import queries as decision_queries
from grants.decisions.letters import frozen, funder
from grants.demo import story
from grants.people import actions as people
from tests import world
from tests.decisions.test_change import approve_change, propose_change
from tests.panels.built import fields

DEADLINE = datetime(2026, 9, 1, 17, 0)
SECOND_OPENS = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)
# Requested by each outline: a million and a half of a budget of half a million, the aim for the second stage.
OUTLINES = {"ALPHA": (450, 450), "BETA": (450, 400), "GAMMA": (400, 400), "DELTA": (350, 450)}


BEFORE = datetime(2026, 5, 1, tzinfo=UTC)


def first_stage(cast: Any) -> Any:
    """The call of the first stage, a draft that stands alone so far."""
    programme = db.session.scalars(select(Programme).where(Programme.name == "Trustworthy AI")).one()
    with clock.at(BEFORE):
        first = story.open_call(
            programme, by=cast.officer, reference="DUO-2026-1", title="Two steps to trust",
            opens=datetime(2026, 6, 1, tzinfo=UTC), deadline=DEADLINE, budget=480_000, publish=False,
            scheme_id="he-first-stage-2026", questions=world.QUESTIONS, page_limit=10,
        )  # fmt: skip
    db.session.commit()
    return first


def two_stages(cast: Any, *, publish: bool = True) -> tuple[Any, Any]:
    """The call of the first stage, and of the second."""
    first = first_stage(cast)
    with clock.at(BEFORE):
        second = actions.add_second_stage(
            first, by=cast.officer, reference="DUO-2026-2", opens_on=SECOND_OPENS,
            deadline=datetime(2027, 2, 16, 17, 0),
        )  # fmt: skip
        if publish:
            actions.publish(first, by=cast.officer)
            actions.publish(second, by=cast.officer)
        people.appoint(cast.chair, "chair", by=cast.officer, call=first)
        for part in ("expert", "expert2", "rapporteur"):
            from grants.experts import actions as experts

            person = getattr(cast, part)
            experts.add_expert(first, email=person.email, name=person.name, by=cast.officer, employer=f"Of {part}",
                               country="SE", keywords=["artificial intelligence"])  # fmt: skip
            story.engage(first, person)
    db.session.commit()
    return first, second


def evaluated(cast: Any, first: Any) -> dict[str, Any]:
    """Outlines received, evaluated on two criteria, the panel closed on the cut."""
    group = [cast.rapporteur, cast.expert, cast.expert2]
    made = {}
    for acronym, (excellence, impact) in OUTLINES.items():
        by = cast.applicant2 if acronym == "GAMMA" else cast.coordinator
        with clock.at(first.deadline_at - timedelta(days=2)):
            made[acronym] = story.draft(first, world.project(acronym), by=by)
            story.submit(made[acronym], by=by)
        with clock.at(first.deadline_at + timedelta(days=3)):
            story.admit(made[acronym], by=cast.officer)
            marks = {"excellence": excellence, "impact": impact}
            story.evaluate(made[acronym], group, marks, world.comments(marks), by=cast.officer)
    with clock.at(first.deadline_at + timedelta(days=20)):
        story.close_panel(first, by=cast.chair, text="The cut follows from the list.")
    db.session.commit()
    return made


def released(cast: Any, first: Any) -> dict[str, Any]:
    made = evaluated(cast, first)
    with clock.at(first.deadline_at + timedelta(days=25)):
        story.decide(first, by=cast.officer, second=cast.officer2)
        story.release(first, by=cast.officer, funder=funder(current_app.config))
    db.session.commit()
    return made


def test_an_officer_sets_both_stages_up_and_applicants_see_both_dates(cast: Any, as_: Any) -> None:
    first, _ = two_stages(cast, publish=False)
    with clock.at(BEFORE):
        officer = as_("officer")
        assert "Outline" in officer.get(f"/calls/{first.reference}").text
        officer.post(f"/calls/{first.reference}/publication")
    page = as_(None).get(f"/calls/{first.reference}").text
    assert "DUO-2026-2" in page
    assert "16 February 2027, 17:00 (Brussels time)" in page
    assert "planned" in page
    assert "/calls/DUO-2026-2" not in page
    assert as_(None).get("/calls/DUO-2026-2").status_code == 404


@pytest.mark.parametrize(
    ("action", "lump_sum", "pages", "scheme_id"),
    [
        ("RIA", False, 40, "he-ria-2026"),
        ("RIA", True, 45, "he-ria-ls-2026"),
        ("CSA", True, 28, "he-csa-ls-2026"),
    ],
)
def test_a_second_stage_has_the_pages_and_the_scheme_of_how_it_is_paid(
    cast: Any, action: str, lump_sum: bool, pages: int, scheme_id: str
) -> None:
    """Lump sums are worked out by work package, and their Part B may be longer."""
    first = first_stage(cast)
    first.action = action
    first.rules_json = first.rules_json | {"by_work_package": lump_sum}
    with clock.at(BEFORE):
        second = actions.add_second_stage(
            first, by=cast.officer, reference="DUO-2026-2", opens_on=SECOND_OPENS,
            deadline=datetime(2027, 2, 16, 17, 0),
        )  # fmt: skip
    assert (second.scheme.id, second.rules.page_limit, second.rules.by_work_package) == (
        scheme_id, pages, lump_sum,
    )  # fmt: skip


def test_without_its_second_stage_a_first_stage_is_not_published(cast: Any, as_: Any) -> None:
    first = first_stage(cast)
    with clock.at(BEFORE):
        officer = as_("officer")
        officer.post(f"/calls/{first.reference}/publication")
        page = officer.get(f"/calls/{first.reference}").text
    assert "Set up the second stage first" in page
    assert queries.by_reference(first.reference).state == "draft"
    form = {"reference": "DUO-2026-B", "opens": "2026-08-01T09:00", "deadline": "2027-02-16T17:00"}
    too_early = as_("officer").post(f"/calls/{first.reference}/second-stage", data=form)
    assert too_early.status_code == 422
    assert "must open after the deadline of the first" in too_early.text
    done = as_("officer").post(
        f"/calls/{first.reference}/second-stage", data=form | {"opens": "2026-11-16T09:00"}
    )
    assert (done.status_code, done.location) == (303, "/calls/DUO-2026-B")
    second = queries.by_reference("DUO-2026-B")
    assert (second.stage, second.scheme.id, second.rules.page_limit) == (2, "he-ria-2026", 40)
    again = as_("officer").post(
        f"/calls/{first.reference}/second-stage", data=form | {"reference": "DUO-2026-C"}
    )
    assert "has its second stage already" in again.text


def test_nobody_applies_to_the_second_stage_without_having_passed(cast: Any, as_: Any) -> None:
    two_stages(cast)
    with clock.at(SECOND_OPENS + timedelta(days=1)):
        stranger = as_("stranger")
        assert "Start an application" not in stranger.get("/calls/DUO-2026-2").text
        refused = stranger.get("/calls/DUO-2026-2/applications/new")
    assert refused.status_code == 403
    assert "Only those who passed the first stage apply here." in refused.text


def test_the_cut_takes_equal_totals_together_and_asks_for_three_times_the_budget(cast: Any, as_: Any) -> None:
    """ALPHA, BETA and GAMMA ask for 0.75 million each; three times half a million is reached by two of them."""
    first, _ = two_stages(cast)
    evaluated(cast, first)
    page = as_("chair").get(f"/calls/{first.reference}/ranking").text
    assert "Invited to the second stage" in page
    decisions = as_("officer")
    decisions.post(f"/calls/{first.reference}/decisions")
    outcomes = {
        one.application.acronym: one.outcome
        for one in decision_queries.unreleased(queries.by_reference(first.reference))
    }
    assert outcomes == {
        "ALPHA": "second_stage", "BETA": "second_stage", "GAMMA": "below_cut", "DELTA": "below_threshold",
    }  # fmt: skip


def test_a_release_waits_until_the_second_stage_is_public(cast: Any, as_: Any) -> None:
    first, second = two_stages(cast)
    evaluated(cast, first)
    second = queries.by_reference(second.reference)
    second.state = "draft"
    db.session.commit()
    page = as_("officer").get(f"/calls/{first.reference}/release").text
    assert "The call of the second stage is not published yet." in page


def test_who_passed_begins_the_full_application_with_what_the_outline_said(cast: Any, as_: Any) -> None:
    first, _ = two_stages(cast)
    made = released(cast, first)
    coordinator, alpha = as_("coordinator"), made["ALPHA"]
    page = coordinator.get(f"/applications/{alpha.public_id}/decision").text
    assert "Your application passed the first stage." in page
    assert "evaluation summary as a PDF" not in page
    assert "Begin the full application" not in page  # it is not open yet
    refused = coordinator.post(f"/applications/{alpha.public_id}/documents", data={"kind": "evaluation"})
    assert refused.status_code == 409
    with clock.at(SECOND_OPENS + timedelta(days=1)):
        coordinator = as_("coordinator")
        result = coordinator.get(f"/applications/{alpha.public_id}/decision").text
        assert "Begin the full application" in result
        begun = coordinator.post(f"/applications/{alpha.public_id}/second-stage")
        twice = coordinator.post(f"/applications/{alpha.public_id}/second-stage")
        assert (begun.status_code, twice.location) == (303, begun.location)
        full = application_queries.whole(begun.location.rpartition("/")[2])
        assert (full.number, full.stage, full.state) == ("DUO-2026-2-0001", 2, "draft")
        assert full.outline_id == alpha.id
        outline = application_queries.whole(alpha.public_id)
        assert [p.budget for p in full.partners] == [p.budget for p in outline.partners]
        applications.save_summary(
            full, by=cast.coordinator, acronym="ALPHA", title="Another title altogether", abstract=full.abstract,
            duration=full.duration, keywords=full.keywords, free_keywords=full.free_keywords,
        )  # fmt: skip
        shown = coordinator.get(f"/applications/{full.public_id}/comparison").text
    assert "The outline, as it was submitted to the first stage" in shown
    assert "<ins>Another" in shown


@pytest.mark.parametrize("acronym", ["GAMMA", "DELTA"])
def test_who_did_not_pass_gets_the_reasons_and_no_way_on(cast: Any, as_: Any, acronym: str) -> None:
    first, _ = two_stages(cast)
    one = released(cast, first)[acronym]
    reader = as_("applicant2" if acronym == "GAMMA" else "coordinator")
    page = reader.get(f"/applications/{one.public_id}/decision").text
    assert "evaluation summary as a PDF" in page
    with clock.at(SECOND_OPENS + timedelta(days=1)):
        again = as_("applicant2" if acronym == "GAMMA" else "coordinator")
        refused = again.post(f"/applications/{one.public_id}/second-stage")
    assert refused.status_code == 409
    assert "This application was not invited to a second stage." in refused.text


def test_a_letter_names_score_and_cut_however_its_decision_came_about(cast: Any, as_: Any) -> None:
    """The officer saves GAMMA's proposal again with an ethics review; later its letter is corrected, there and back."""
    first, _ = two_stages(cast)
    gamma = evaluated(cast, first)["GAMMA"]
    below = [{"criterion": "overall", "score": 800, "threshold": 850, "name": ""}]
    address = f"/applications/{gamma.public_id}/decision"
    story.decide(first, by=cast.officer, second=None)
    db.session.commit()
    again = fields(as_("officer").get(address), 'name="outcome"') | {"ethics": "cleared"}
    assert as_("officer").post(address, data=again).status_code == 303
    assert decision_queries.of_application(gamma.public_id).grounds == below
    with clock.at(first.deadline_at + timedelta(days=25)):
        story.decide(first, by=cast.officer, second=cast.officer2)
        story.release(first, by=cast.officer, funder=funder(current_app.config))
    db.session.commit()

    for outcome, told in (("second_stage", []), ("below_cut", below)):
        typed = {"outcome": outcome, "reason": "A mistake of the secretariat."}
        assert propose_change(as_("officer"), gamma, **typed).status_code == 303
        assert approve_change(as_("officer2")).status_code == 303
        assert frozen(decision_queries.of_application(gamma.public_id))["grounds"] == told


def test_the_letter_names_the_second_stage_with_its_deadline(cast: Any) -> None:
    first, _ = two_stages(cast)
    made = released(cast, first)
    letter = frozen(decision_queries.of_application(made["BETA"].public_id))
    assert letter["second_stage"] == {
        "reference": "DUO-2026-2", "title": "Two steps to trust", "zone": "Europe/Brussels",
        "opens": SECOND_OPENS.isoformat(), "deadline": "2027-02-16T16:00:00+00:00",
    }  # fmt: skip
    assert letter["enclosures"] == []
    below = frozen(decision_queries.of_application(made["GAMMA"].public_id))
    assert (below["second_stage"], below["enclosures"]) == (None, ["evaluation"])
    assert below["grounds"] == [{"criterion": "overall", "score": 800, "threshold": 850, "name": ""}]


def test_a_second_stage_that_would_open_too_early_is_not_published(cast: Any, as_: Any) -> None:
    first, second = two_stages(cast, publish=False)
    with clock.at(BEFORE):
        actions.publish(queries.by_reference(first.reference), by=cast.officer)
        early = queries.by_reference(second.reference)
        early.opens_on = datetime(2026, 8, 1, tzinfo=UTC)
        with pytest.raises(actions.Unfit):
            actions.publish(early, by=cast.officer)
