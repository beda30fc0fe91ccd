"""Saves that arrive in the same instant, on both databases: one is first, and no text is overwritten."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from threading import Barrier
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from grants.applications import queries
from grants.applications.models import KeptText
from grants.db import db

PEOPLE = 6


def _opened(browser: Any, address: str) -> tuple[FlaskClient, dict[str, str]]:
    """A browser of its own for a thread, signed in like the given one, and what it sends back."""
    page = unescape(browser.get(address).get_data(as_text=True))
    form = {name: re.search(f'name="{name}" value=[\'"](.*?)[\'"]>', page)[1] for name in ("version", "seen")}  # type: ignore[index]
    browser.application.test_client_class = FlaskClient
    alone = browser.application.test_client()
    alone.set_cookie("grants", browser.get_cookie("grants").value)
    return alone, form | {"csrf_token": browser.token()}


@pytest.mark.parametrize("field", ["abstract", "one each"])
def test_six_saves_at_once(as_: Any, names: Any, field: str) -> None:
    """In one field: one is saved and the others are kept with both texts. In a field each: all are saved."""
    public_id = names.applications["draft"]
    address = f"/applications/{public_id}/summary"
    stored = queries.whole(public_id)
    assert stored
    texts = {"acronym": stored.acronym, "title": stored.title, "abstract": stored.abstract, "duration": "36",
             "keywords": stored.keywords, "free_keywords": ""}  # fmt: skip
    mine = ["acronym", "title", "abstract", "free_keywords"] if field != "abstract" else ["abstract"] * PEOPLE
    opened = [_opened(as_("coordinator"), address) for _ in mine]
    db.session.rollback()
    together = Barrier(len(mine))

    def save(number: int) -> str:
        browser, form = opened[number]
        together.wait()
        answer = browser.post(
            address,
            data=texts | form | {mine[number]: f"By {number}"},
            headers={"Accept": "application/json"},
        )
        return str(json.loads(answer.data)["state"])

    with ThreadPoolExecutor(len(mine)) as pool:
        states = sorted(pool.map(save, range(len(mine))))
    db.session.expire_all()
    after = queries.whole(public_id)
    assert after
    if field == "abstract":
        assert states == ["conflict"] * (PEOPLE - 1) + ["saved"]
        assert after.abstract.startswith("By ")
        kept = db.session.scalars(select(KeptText)).one()  # all tabs are one person's
        assert kept.typed["abstract"][0].startswith("By ")
        assert kept.typed["abstract"] != [after.abstract]
    else:
        assert states == ["saved"] * len(mine)
        assert [getattr(after, name) for name in mine] == [f"By {number}" for number in range(len(mine))]
