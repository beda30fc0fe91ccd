"""Signing in and out: sessions live on the server, and end there."""

from typing import Any

import pytest
from sqlalchemy import func, select

from grants import config
from grants.app import create_app
from grants.db import db
from grants.mail import Mail
from grants.people.models import BrowserSession, User
from tests import world
from tests.crawling import lasting


def _sign_in(browser: Any, part: str, password: str = world.PASSWORD) -> Any:
    return browser.post("/login", data={"email": world.CAST[part][1], "password": password})


def _sessions_of(part: str) -> int:
    key = select(User.fs_uniquifier).where(User.email == world.CAST[part][1]).scalar_subquery()
    return db.session.scalar(select(func.count()).where(BrowserSession.user_key == key)) or 0


def test_signing_in_changes_the_key_of_the_session(as_: Any) -> None:
    """A key that somebody planted before is worth nothing afterwards."""
    browser = as_(None)
    browser.get("/login")
    before = browser.get_cookie("grants").value
    assert _sign_in(browser, "coordinator").status_code == 302
    assert browser.get_cookie("grants").value != before
    assert world.CAST["coordinator"][0] in browser.get("/").get_data(as_text=True)


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(as_: Any) -> None:
    browser = as_(None)
    wrong = _sign_in(browser, "coordinator", "not the password at all").get_data(as_text=True)
    unknown = browser.post(
        "/login", data={"email": "nobody@nowhere.example", "password": "not the password at all"}
    )
    address = world.CAST["coordinator"][1]
    assert lasting(wrong.replace(address, "X")) == lasting(
        unknown.text.replace("nobody@nowhere.example", "X")
    )


def test_signing_out_ends_the_session_on_the_server(as_: Any) -> None:
    browser = as_(None)
    _sign_in(browser, "coordinator")
    key = browser.get_cookie("grants").value
    browser.signed_out = False
    del browser._token
    assert _sessions_of("coordinator") == 1
    assert browser.post("/logout").status_code == 302
    assert _sessions_of("coordinator") == 0
    browser.set_cookie("grants", key)
    assert browser.get("/applications").status_code == 302


def test_an_unconfirmed_address_cannot_sign_in(as_: Any) -> None:
    """Registered, but not confirmed: the mail is written with a link that starts with our own address."""
    browser = as_(None)
    form = {"name": "Nina New", "email": "nina@new.example", "password": "a long enough password",
            "password_confirm": "a long enough password"}  # fmt: skip
    assert browser.post("/register", data=form).status_code == 302
    body = db.session.scalars(select(Mail.body).where(Mail.recipient == "nina@new.example")).one()
    assert "http://127.0.0.1:8000/confirm/" in body
    browser.post("/login", data={"email": "nina@new.example", "password": "a long enough password"})
    assert browser.get("/applications").status_code == 302


def test_a_registered_address_is_not_given_away(as_: Any) -> None:
    """Registering with an address that has an account looks like any other registration (trust: X-01)."""
    browser = as_(None)
    form = {
        "name": "Somebody",
        "password": "a long enough password",
        "password_confirm": "a long enough password",
    }
    taken = browser.post("/register", data=form | {"email": world.CAST["coordinator"][1]})
    free = browser.post("/register", data=form | {"email": "free@new.example"})
    assert (taken.status_code, taken.location) == (free.status_code, free.location)


def test_the_language_of_an_account_is_kept(as_: Any) -> None:
    browser = as_("coordinator")
    assert browser.post("/language", data={"language": "fr", "next": "/calls"}).location == "/calls"
    assert '<html lang="fr">' in browser.get("/calls").get_data(as_text=True)
    assert '<html lang="fr">' in as_("coordinator").get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    "target", ["//evil.example", "https://evil.example", "javascript:alert(1)", "\\\\evil"]
)
def test_no_address_leads_away(as_: Any, target: str) -> None:
    assert as_(None).post("/language", data={"language": "fr", "next": target}).location == "/"


def test_the_page_sign_in_as_exists_in_the_demo_only(as_: Any, tmp_path: Any) -> None:
    assert as_(None).get("/demo/people").status_code == 404
    assert as_(None).post("/demo/officer").status_code == 404
    settings = config.from_environment({"GRANTS_INSTANCE": str(tmp_path), "GRANTS_DEMO": "1"})
    rules = {rule.rule for rule in create_app(settings | {"TESTING": True}).url_map.iter_rules()}
    assert "/demo/people" in rules


def test_pages_for_somebody_are_kept_by_no_cache(as_: Any) -> None:
    headers = as_("coordinator").get("/applications").headers
    assert headers["Cache-Control"] == "no-store, private"
    assert "Cookie" in headers["Vary"]
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
