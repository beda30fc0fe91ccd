"""A call with several cut-offs: each has its own list, and a draft that misses one goes on in the next."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from grants import clock, jobs
from grants.applications import actions as application_actions
from grants.applications import queries as applications
from grants.calls import actions, queries
from grants.db import db
from grants.events import broken_links
from grants.mail import Mail


def next_cut_off(cast: Any, names: Any, *, publish: bool = True) -> Any:
    call = queries.by_reference(names.calls["open"])
    new = actions.add_cut_off(
        call, by=cast.officer, reference="TAI-OPEN-2", deadline=datetime(2027, 3, 2, 17, 0)
    )
    if publish:
        actions.publish(new, by=cast.officer)
    db.session.commit()
    return SimpleNamespace(reference=call.reference, deadline_at=call.deadline_at), new.reference


def test_an_officer_adds_a_cut_off_and_everybody_sees_the_dates(as_: Any, names: Any) -> None:
    officer, reference = as_("officer"), names.calls["open"]
    assert "Set up the next cut-off" in officer.get(f"/calls/{reference}/desk").text
    form = {"reference": "TAI-OPEN-2", "deadline": "2027-03-02T17:00"}
    assert officer.post(f"/calls/{reference}/next-cut-off", data=form).status_code == 303
    call, new = queries.by_reference(reference), queries.by_reference("TAI-OPEN-2")
    assert (new.cut_off, new.opens_on, new.state) == (2, call.deadline_at, "draft")
    page = as_(None).get(f"/calls/{reference}").text
    assert "Cut-off 2" in page
    assert "2 March 2027" in page
    third = officer.post(
        "/calls/TAI-OPEN-2/next-cut-off", data={"reference": "T3", "deadline": "2027-06-01T17:00"}
    )
    assert third.status_code == 303
    assert queries.by_reference("T3").cut_off == 3
    early = officer.post("/calls/T3/next-cut-off", data={"reference": "T4", "deadline": "2027-05-01T17:00"})
    assert early.status_code == 422


def test_a_draft_that_misses_the_cut_off_goes_on_in_the_next_with_all_that_was_typed(
    as_: Any, cast: Any, names: Any
) -> None:
    call, new = next_cut_off(cast, names)
    draft = applications.whole(names.applications["draft"])
    number, title, partners = draft.number, draft.title, [p.name for p in draft.partners]
    submitted = applications.whole(names.applications["submitted"]).number
    with clock.at(call.deadline_at + timedelta(minutes=1)):
        jobs.run_waiting()
        draft = applications.whole(names.applications["draft"])
        assert (draft.call.reference, draft.cut_off, draft.number) == (new, 2, number)
        assert (draft.title, [p.name for p in draft.partners]) == (title, partners)
        page = as_("coordinator").get(f"/applications/{draft.public_id}").text
        assert "2 March 2027" in page
        assert as_("coordinator").get(f"/applications/{draft.public_id}/summary").status_code == 200
        mails = db.session.scalars(
            select(Mail).where(Mail.occasion == f"carried_on:{draft.public_id}:2")
        ).all()
        assert [mail.recipient for mail in mails] == [cast.coordinator.email]
        assert applications.whole(names.applications["submitted"]).call.reference == call.reference
        jobs.run_waiting()
        assert applications.whole(names.applications["draft"]).cut_off == 2
    assert submitted.startswith(call.reference)
    assert broken_links(db.session) == []


def test_an_answer_to_what_the_next_cut_off_asks_in_another_way_is_left_out(
    as_: Any, cast: Any, names: Any
) -> None:
    """A text where an amount is asked now: the coordinator is told, and the application opens."""
    call, new = next_cut_off(cast, names)
    draft = applications.whole(names.applications["draft"])
    question = next(one for one in queries.by_reference(new).questions if one.kind == "long")
    application_actions.save_answers(draft, {question.key: "about ten"}, by=cast.coordinator)
    question.kind, key, label = "money", question.key, question.label
    db.session.commit()
    with clock.at(call.deadline_at + timedelta(minutes=1)):
        jobs.run_waiting()
        draft = applications.whole(names.applications["draft"])
        assert (draft.cut_off, draft.answered[key]) == (2, "")
        told = db.session.scalars(
            select(Mail).where(Mail.occasion == f"carried_on:{draft.public_id}:2")
        ).one()
        assert label in told.body
        browser = as_("coordinator")
        for page in ("", "/questions", "/comparison"):
            assert browser.get(f"/applications/{draft.public_id}{page}").status_code == 200


def test_nothing_goes_on_before_the_deadline_or_into_a_cut_off_that_is_not_published(
    cast: Any, names: Any
) -> None:
    call, new = next_cut_off(cast, names, publish=False)
    for moment in (call.deadline_at, call.deadline_at + timedelta(minutes=1)):
        with clock.at(moment):
            jobs.run_waiting()
        assert applications.whole(names.applications["draft"]).call.reference == call.reference
    new = queries.by_reference(new)
    new.state = "published"
    db.session.commit()
    with clock.at(call.deadline_at):
        jobs.run_waiting()
    assert applications.whole(names.applications["draft"]).call.reference == call.reference


def test_who_has_an_extension_stays_until_it_is_over(cast: Any, names: Any) -> None:
    from grants.applications import actions as verbs

    call, _new = next_cut_off(cast, names)
    draft = applications.whole(names.applications["draft"])
    verbs.extend(draft, call.deadline_at + timedelta(hours=2), by=cast.officer, reason="Power cut.")
    db.session.commit()
    with clock.at(call.deadline_at + timedelta(hours=1)):
        jobs.run_waiting()
    assert applications.whole(names.applications["draft"]).call.reference == call.reference
    with clock.at(call.deadline_at + timedelta(hours=3)):
        jobs.run_waiting()
    assert applications.whole(names.applications["draft"]).cut_off == 2


def test_a_later_deadline_moves_the_opening_of_the_next_cut_off(as_: Any, cast: Any, names: Any) -> None:
    call, new = next_cut_off(cast, names)
    form = {"deadline": "2026-10-25T17:00", "reason": "The portal was down."}
    assert as_("officer").post(f"/calls/{call.reference}/deadline", data=form).status_code == 303
    assert queries.by_reference(new).opens_on == queries.by_reference(call.reference).deadline_at
    too_late = as_("officer").post(
        f"/calls/{call.reference}/deadline", data=form | {"deadline": "2027-03-05T17:00"}
    )
    assert too_late.status_code == 422
    assert "would begin before this one ends" in too_late.text
