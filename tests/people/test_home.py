"""The home page: what waits for a person, as long as it is theirs to do; and what visitors leave behind there."""

from typing import Any

from sqlalchemy import func, select

from grants.calls import queries as calls
from grants.db import db
from grants.documents import actions as documents
from grants.people import actions as people
from grants.people.models import BrowserSession


def test_a_dismissed_officer_is_not_led_to_a_batch_that_has_closed(as_: Any, cast: Any, names: Any) -> None:
    call = calls.by_reference(names.calls["released"])
    stand_in = cast.other_officer
    people.appoint(stand_in, "officer", by=cast.officer, call=call)
    batch = documents.want_batch(call, "letter", by=stand_in)
    db.session.commit()
    address, browser = f"/batches/{batch.public_id}", as_("other_officer")
    assert address in browser.get("/").get_data(as_text=True)
    people.dismiss(cast.other_officer, "officer", call=calls.by_reference(names.calls["released"]))
    db.session.commit()
    assert browser.get(address).status_code == 404
    assert address not in browser.get("/").get_data(as_text=True)


def test_a_visitor_who_only_reads_gets_no_session(as_: Any, names: Any) -> None:
    before = db.session.scalar(select(func.count(BrowserSession.id)))
    visitor = as_(None)
    for address in ("/", "/calls", f"/calls/{names.calls['open']}"):
        assert "Set-Cookie" not in visitor.get(address).headers
    assert db.session.scalar(select(func.count(BrowserSession.id))) == before


def test_a_visitor_changes_the_language_without_a_form_token_and_nobody_for_somebody_who_has_signed_in(
    as_: Any,
) -> None:
    visitor = as_(None)
    assert visitor.post("/language", data={"language": "fr", "next": "/calls"}, bare=True).status_code == 303
    assert '<html lang="fr">' in visitor.get("/calls").get_data(as_text=True)
    signed_in = as_("coordinator")
    assert signed_in.post("/language", data={"language": "fr"}, bare=True).status_code == 400
    assert '<html lang="en">' in signed_in.get("/").get_data(as_text=True)
    assert signed_in.post("/language", data={"language": "fr"}).status_code == 303
    assert '<html lang="fr">' in signed_in.get("/").get_data(as_text=True)
