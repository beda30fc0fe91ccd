"""Guessing passwords and flooding mailboxes ends soon; nobody is locked out by somebody else."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from grants.db import db
from grants.mail import Mail
from grants.people.attempts import limiter
from tests import world

ADDRESS = world.CAST["coordinator"][1]


@pytest.fixture(autouse=True)
def _counted_anew(app: Any) -> Iterator[None]:
    limiter.reset()
    yield
    limiter.reset()


def _try(browser: Any, password: str, address: str = ADDRESS, **more: Any) -> Any:
    return browser.post("/login", data={"email": address, "password": password, "next": "/calls"}, **more)


def test_the_eleventh_wrong_password_gets_a_page_that_says_when_to_come_back(as_: Any) -> None:
    browser = as_(None)
    answers = [_try(browser, f"guess number {n}") for n in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    refusal, page = answers[-1], answers[-1].get_data(as_text=True)
    assert 0 < int(refusal.headers["Retry-After"]) <= 15 * 60 + 1  # a begun second counts
    assert "Please wait 15 minutes, then try again." in page
    assert f'value="{ADDRESS}"' in page
    assert "guess number" not in page
    assert _try(browser, world.PASSWORD).status_code == 429
    assert browser.get("/login").status_code == 200


def test_somebody_elsewhere_still_signs_in_with_the_address_that_is_being_guessed(as_: Any) -> None:
    guesser, owner = as_(None), as_(None)
    for n in range(11):
        _try(guesser, f"guess number {n}")
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert _try(owner, world.PASSWORD, environ_base=elsewhere).status_code == 302


def test_who_knows_the_password_may_sign_in_as_often_as_they_like(as_: Any) -> None:
    assert [_try(as_(None), world.PASSWORD).status_code for _ in range(12)] == [302] * 12


@pytest.mark.parametrize("address", ["/reset", "/confirm"])
def test_a_mailbox_is_not_flooded(as_: Any, address: str) -> None:
    browser = as_(None)
    codes = [browser.post(address, data={"email": f" {ADDRESS.upper()}"}).status_code for _ in range(3)]
    codes += [browser.post(address, data={"email": ADDRESS}).status_code for _ in range(3)]
    assert codes[-1] == 429
    assert 429 not in codes[:-1]
    mails = select(func.count(Mail.id)).where(Mail.occasion.startswith("account:"))
    assert (db.session.scalar(mails) or 0) <= 5
