"""Everybody takes the form of a call home as a PDF, in their language, before they register."""

from typing import Any

from sqlalchemy import func, select

from grants import jobs
from grants.calls import queries
from grants.db import db
from grants.documents import form_of_call
from grants.documents.models import Document
from tests.documents import reading


def _made(names: Any) -> None:
    jobs.run_waiting()
    jobs.run_waiting()
    call = queries.by_reference(names.calls["open"])
    assert form_of_call.ready(call, "en")


def test_a_visitor_reads_every_question_as_a_pdf_in_two_languages(as_: Any, names: Any) -> None:
    visitor, address = as_(None), f"/calls/{names.calls['open']}/form.pdf"
    assert "form.pdf" in visitor.get(f"/calls/{names.calls['open']}/form").text
    early = visitor.get(address)
    assert early.status_code == 302
    assert "Please try again in a minute." in visitor.get(early.location).text
    _made(names)
    english = visitor.get(address, buffered=True)
    assert (english.status_code, english.mimetype) == (200, "application/pdf")
    text = reading.text(english.data)
    assert "What the form asks for" in text
    assert "How will results be used?" in text
    french = visitor.get(address, headers={"Accept-Language": "fr"}, buffered=True)
    assert "Contenu du formulaire" in reading.text(french.data) or french.data != english.data


def test_it_is_made_once_for_each_call_that_takes_applications_and_never_for_a_draft(
    as_: Any, names: Any
) -> None:
    _made(names)
    jobs.run_waiting()
    made = select(func.count()).select_from(Document).where(Document.kind == "form")
    assert db.session.scalar(made) == 2
    assert as_(None).get(f"/calls/{names.calls['draft']}/form.pdf").status_code == 404
    assert as_("officer").get(f"/calls/{names.calls['draft']}/form.pdf").status_code == 302


def test_nobody_asks_for_it_by_hand(as_: Any, names: Any) -> None:
    refused = as_("officer").post(f"/calls/{names.calls['open']}/documents", data={"kind": "form"})
    assert refused.status_code == 400
