"""A question about an open call: asked by one, answered for all, and nobody learns who asked."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from grants import clock
from grants.calls.actions import WAITING_AT_MOST
from grants.calls.models import Enquiry
from grants.db import db
from grants.mail import Mail
from tests import world

OFFICERS = {"olga@funder.example", "otto@funder.example"}
PAGE = "/calls/TAI-OPEN/enquiries"


def _latest() -> Enquiry:
    found = db.session.scalars(select(Enquiry).order_by(Enquiry.id.desc())).first()
    assert found
    return found


def _mails(template: str) -> list[Mail]:
    found = db.session.scalars(select(Mail).order_by(Mail.id.desc())).all()
    return [mail for mail in found if mail.subject and template in mail.body]


def test_the_answer_is_for_everybody_and_the_name_for_nobody(as_: Any) -> None:
    applicant = as_("applicant2")
    assert applicant.post(PAGE, data={"text": "May University X lead twice?"}).status_code == 303
    assert "May University X lead twice?" in applicant.get(PAGE).get_data(as_text=True)
    assert "University X" not in as_("coordinator").get(PAGE).get_data(as_text=True)
    assert "University X" not in as_(None).get(PAGE).get_data(as_text=True)

    officer = as_("officer")
    assert "Answer 2 questions about TAI-OPEN" in officer.get("/").get_data(as_text=True)
    one = _latest()
    page = officer.get(f"/enquiries/{one.public_id}").get_data(as_text=True)
    assert "May University X lead twice?" in page
    assert "Anna" not in page, "officers answer without knowing who asks"
    assert {mail.recipient for mail in _mails("May University X lead twice?")} == OFFICERS
    answer = {"question": "May an organisation lead twice?", "answer": "Yes.", "public": "yes"}
    assert officer.post(f"/enquiries/{one.public_id}", data=answer).status_code == 303

    public = as_(None).get(PAGE).get_data(as_text=True)
    assert "May an organisation lead twice?" in public
    assert "Yes." in public
    assert "University X" not in public
    told = _mails("May an organisation lead twice?")
    assert [mail.recipient for mail in told] == ["anna@uni-x.example"]


def test_an_answer_for_one_alone_is_not_published(as_: Any) -> None:
    as_("applicant2").post(PAGE, data={"text": "Is my application good?"})
    one = _latest()
    data = {"question": "Is it good?", "answer": "We may not say.", "public": "no"}
    as_("officer").post(f"/enquiries/{one.public_id}", data=data)
    assert "We may not say." not in as_(None).get(PAGE).get_data(as_text=True)
    assert [mail.recipient for mail in _mails("We may not say.")] == ["anna@uni-x.example"]


def test_bad_questions_stay_in_the_form(as_: Any) -> None:
    applicant = as_("applicant2")
    empty = applicant.post(PAGE, data={"text": ""})
    assert empty.status_code == 422
    long = applicant.post(PAGE, data={"text": "x" * 2001})
    assert long.status_code == 422
    assert "x" * 2001 in long.get_data(as_text=True)
    assert applicant.post(PAGE, data={"text": "null \x00 byte"}).status_code == 422
    for number in range(WAITING_AT_MOST):
        assert applicant.post(PAGE, data={"text": f"Question {number}?"}).status_code == 303
    more = applicant.post(PAGE, data={"text": "One more?"})
    assert more.status_code == 422
    assert "One more?" in more.get_data(as_text=True)


def test_after_the_deadline_nobody_asks(as_: Any) -> None:
    with clock.at(world.NOW + timedelta(days=60)):
        assert as_("applicant2").post(PAGE, data={"text": "Too late?"}).status_code == 409
        assert "Ask a question" not in as_("applicant2").get(PAGE).get_data(as_text=True)
