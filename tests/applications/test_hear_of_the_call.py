"""Applicants hear when the deadline of their call moves, when it stops and goes on, and of an exception for them."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grants import clock, jobs
from grants.applications import queries
from grants.db import db
from grants.mail import Mail
from tests import world


def _mails(public_id: str, prefix: str) -> list[Mail]:
    db.session.expire_all()
    found = db.session.scalars(
        select(Mail)
        .where(Mail.occasion.startswith(prefix), Mail.occasion.contains(public_id))
        .order_by(Mail.id)
    )
    return list(found)


def test_everybody_hears_that_the_deadline_has_moved(as_: Any, cast: Any, names: Any) -> None:
    """Coordinator and accepted contact, drafts and withdrawn ones, once; not who only was invited."""
    reference, draft = names.calls["open"], names.applications["draft"]
    application = queries.whole(draft)
    assert application
    application.partners[2].contact_email = "invited@lab-c.example"
    db.session.commit()
    later = (application.call.deadline_at + timedelta(days=7)).strftime("%Y-%m-%dT17:00")
    form = {"deadline": later, "reason": "The portal was down."}
    assert as_("officer").post(f"/calls/{reference}/deadline", data=form).status_code == 303
    jobs.run_waiting()
    jobs.run_waiting()
    told = _mails(draft, "call_news:")
    assert sorted(mail.recipient for mail in told) == [cast.coordinator.email, cast.partner.email]
    assert all("The portal was down." in mail.body and "17:00" in mail.body for mail in told)
    assert _mails(names.applications["withdrawn"], "call_news:")


def test_each_stop_is_told_and_old_news_is_none(as_: Any, names: Any) -> None:
    reference, draft = names.calls["open"], names.applications["draft"]
    for act in ("suspension", "resumption", "cancellation"):
        as_("officer").post(f"/calls/{reference}/{act}", data={"reason": f"Why the {act}."})
    with clock.at(world.NOW + timedelta(days=30)):
        jobs.run_waiting()
        assert _mails(draft, "call_news:") == []
    jobs.run_waiting()
    lead = [mail for mail in _mails(draft, "call_news:") if mail.recipient == world.CAST["coordinator"][1]]
    assert [mail.subject for mail in lead] == [
        f"{reference} is suspended", f"{reference} goes on", f"{reference} is cancelled",
    ]  # fmt: skip
    assert "Why the cancellation." in lead[-1].body


@pytest.mark.parametrize("again", [False, True])
def test_the_consortium_hears_of_its_own_exception(as_: Any, cast: Any, names: Any, again: bool) -> None:
    draft = names.applications["draft"]
    application = queries.whole(draft)
    assert application
    address = f"/calls/{application.call.reference}/applications/{application.number}/extension"
    for day in ("2026-11-20", "2026-11-21") if again else ("2026-11-20",):
        form = {"until": f"{day} 18:00", "reason": "Our outage."}
        assert as_("officer").post(address, data=form).status_code == 303
    told = _mails(draft, "extension:")
    assert {mail.recipient for mail in told} == {cast.coordinator.email, cast.partner.email}
    assert len(told) == (4 if again else 2)
    assert "18:00" in told[-1].body
