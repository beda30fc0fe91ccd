"""A section saves itself: what happens to each text, whoever else is in the section and whatever state it is in."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grants import clock
from grants.applications import actions, queries
from grants.applications.models import Answer, KeptText, Revision
from grants.db import db
from tests import world


class Tab:
    """A page of a section in somebody's browser, and what autosave.js does with it."""

    def __init__(self, browser: Any, address: str, tab: str = "") -> None:
        self.browser, self.address = browser, address
        page = browser.get(address).get_data(as_text=True)
        self.page = page
        self.form = {name: _hidden(page, name) for name in ("version", "seen")} | {"tab": tab}

    def types(self, **fields: Any) -> Any:
        """Change fields and let the page save itself; its answer."""
        self.form |= fields
        response = self.browser.post(self.address, data=self.form, headers={"Accept": "application/json"})
        assert response.status_code == 200
        answer = response.get_json()
        if answer["state"] == "saved":
            self.form |= {"version": str(answer["version"]), "seen": json.dumps(answer["seen"])}
        return answer


def _hidden(page: str, name: str) -> str:
    from html import unescape

    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found
    return unescape(found[1])


@pytest.fixture
def summary(as_: Any, names: Any) -> Any:
    """Opens the summary of the draft in another tab, filled in as it is stored."""

    def tab(name: str = "") -> Tab:
        public_id = names.applications["draft"]
        opened = Tab(as_("coordinator"), f"/applications/{public_id}/summary", name)
        stored = _whole(public_id)
        opened.form |= {
            "acronym": stored.acronym, "title": stored.title, "abstract": stored.abstract,
            "duration": stored.duration or "", "keywords": stored.keywords, "free_keywords": stored.free_keywords,
        }  # fmt: skip
        return opened

    return tab


def _whole(public_id: str) -> Any:
    db.session.expire_all()
    return queries.whole(public_id)


def _plain(page: str) -> str:
    return re.sub("</?(ins|del)>", "", page)


def test_what_is_typed_is_saved(summary: Any, names: Any) -> None:
    tab = summary()
    answer = tab.types(abstract="A new abstract")
    assert (answer["state"], answer["at"]) == ("saved", world.NOW.isoformat())
    assert tab.types(abstract="A new abstract, continued")["state"] == "saved"
    assert _whole(names.applications["draft"]).abstract == "A new abstract, continued"


def test_two_people_in_different_fields_both_stay(summary: Any, names: Any) -> None:
    """Nobody is asked anything, and the second page learns what the first one saved."""
    first, second = summary(), summary()
    first.types(title="Title of the first")
    answer = second.types(abstract="Abstract of the second")
    assert (answer["state"], answer["theirs"]) == ("saved", {"title": ["Title of the first"]})
    stored = _whole(names.applications["draft"])
    assert (stored.title, stored.abstract) == ("Title of the first", "Abstract of the second")


def test_two_people_in_the_same_field_choose(summary: Any, names: Any) -> None:
    """Nothing is overwritten; the second sees both side by side, also after coming back; the choice then counts."""
    first, second = summary(), summary()
    first.types(abstract="The text of the first")
    assert second.types(abstract="The words of the second", title="Only mine")["state"] == "conflict"
    assert _whole(names.applications["draft"]).abstract == "The text of the first"
    response = second.browser.post(second.address, data=second.form)
    assert response.status_code == 409
    back = Tab(second.browser, second.address)
    for page in (_plain(response.text), _plain(back.page)):
        assert "The text of the first" in page
        assert "The words of the second" in page
        assert 'name="stands-abstract"' in page
        assert 'name="stands-title"' not in page
    chosen = second.form | back.form | {"stands-abstract": "theirs"}
    assert second.browser.post(second.address, data=chosen).status_code == 303
    stored = _whole(names.applications["draft"])
    assert (stored.abstract, stored.title) == ("The text of the first", "Only mine")


def test_a_third_save_during_the_choice_is_not_overwritten(summary: Any, names: Any) -> None:
    first, second = summary(), summary()
    first.types(abstract="The text of the first")
    page = second.browser.post(second.address, data=second.form | {"abstract": "Mine"}).text
    first.types(abstract="The text of the first, changed again")
    chosen = second.form | {
        "version": _hidden(page, "version"),
        "seen": _hidden(page, "seen"),
        "abstract": "Mine",
    }
    assert second.browser.post(second.address, data=chosen | {"stands-abstract": "mine"}).status_code == 409
    assert _whole(names.applications["draft"]).abstract == "The text of the first, changed again"


def test_an_answer_that_got_lost_is_no_collision(summary: Any, names: Any) -> None:
    """The save arrived, its answer did not: the same page saves again from its old version."""
    tab = summary("0123456789abcdef")
    old = {name: tab.form[name] for name in ("version", "seen")}
    tab.types(abstract="Typed before the line broke")
    tab.form |= old
    assert tab.types(abstract="Typed before the line broke, and after")["state"] == "saved"
    assert _whole(names.applications["draft"]).abstract == "Typed before the line broke, and after"


@pytest.mark.parametrize(
    "wrong", [{"duration": "three years"}, {"acronym": ""}, {"title": "before\x00after"}]
)
def test_what_cannot_be_saved_is_kept_as_it_was_typed(
    summary: Any, as_: Any, names: Any, wrong: dict[str, str]
) -> None:
    """Kept for its author only, shown again in the form, and gone once a save has gone through."""
    public_id = names.applications["draft"]
    tab = summary()
    assert tab.types(abstract="Good words", **wrong)["state"] == "kept"
    assert _whole(public_id).abstract != "Good words"
    back = Tab(as_("coordinator"), tab.address)
    assert "Good words" in back.page
    assert "is here again" in back.page
    shown = next(iter(wrong.values())).replace("\x00", "\ufffd")
    assert f'value="{shown}"' in back.page
    assert "Good words" not in as_("partner").get(f"/applications/{public_id}").text
    right = {"duration": "36", "acronym": "RIGHT", "title": "Right"}
    assert tab.types(**right)["state"] == "saved"
    assert db.session.scalars(select(KeptText)).all() == []


def test_the_plain_button_keeps_what_it_cannot_save(summary: Any, names: Any) -> None:
    """A wrong number, or a text that somebody else changed: whoever closes the page finds it again."""
    first, second = summary(), summary()
    wrong = second.form | {"abstract": "Typed without scripts", "duration": "long"}
    assert second.browser.post(second.address, data=wrong).status_code == 422
    assert "Typed without scripts" in Tab(second.browser, second.address).page
    first.types(abstract="The text of the first")
    mine = second.form | {"abstract": "Typed without scripts, and collided"}
    assert second.browser.post(second.address, data=mine).status_code == 409
    back = Tab(second.browser, second.address)
    assert "Typed without scripts, and collided" in _plain(back.page)
    assert _whole(names.applications["draft"]).abstract == "The text of the first"


def test_kept_text_can_be_thrown_away(summary: Any, as_: Any, names: Any) -> None:
    tab = summary()
    tab.types(duration="three years")
    public_id = names.applications["draft"]
    answer = as_("coordinator").post(f"/applications/{public_id}/kept-texts/summary/removal")
    assert answer.status_code == 303
    assert "is here again" not in Tab(as_("coordinator"), tab.address).page


def test_signed_out_nothing_is_answered_as_saved(as_: Any, names: Any) -> None:
    """The page learns it from an answer that is no JSON; nothing of the application is told."""
    answer = as_(None).post(
        f"/applications/{names.applications['draft']}/summary", headers={"Accept": "application/json"}
    )
    assert (answer.status_code, answer.location.partition("?")[0]) == (302, "/login")


def test_a_stranger_saves_nothing_by_autosave(as_: Any, names: Any) -> None:
    """Autosave asks the same policy as the button (trust: A-09)."""
    for part, status in (("stranger", 404), ("partner", 403)):
        answer = as_(part).post(
            f"/applications/{names.applications['draft']}/summary", headers={"Accept": "application/json"}
        )
        assert answer.status_code == status


def test_earlier_texts_stay(summary: Any, as_: Any, names: Any) -> None:
    """One row for what one person goes on typing; a new one when words go away, time passes or somebody else types."""
    public_id = names.applications["draft"]

    def abstracts() -> list[str]:
        rows = select(Revision.content).where(Revision.section == "summary").order_by(Revision.id)
        mine = Revision.application_id == _whole(public_id).id
        return [content["abstract"] for content in db.session.scalars(rows.where(mine))][1:]

    with clock.at(world.NOW + timedelta(hours=1)):
        tab = summary()
        tab.types(abstract="A sentence")
        tab.types(abstract="A sentence that goes on for a good while, and then ends.")
        assert abstracts() == ["A sentence that goes on for a good while, and then ends."]
        tab.types(abstract="")
        assert abstracts() == ["A sentence that goes on for a good while, and then ends.", ""]
    with clock.at(world.NOW + timedelta(hours=2)):
        summary().types(abstract="Later")
        assert abstracts()[2:] == ["Later"]


def test_typing_an_answer_for_an_hour_makes_few_rows(as_: Any, names: Any) -> None:
    public_id = names.applications["reopened"]
    tab = Tab(as_("coordinator"), f"/applications/{public_id}/questions")
    text = ""
    for second in range(0, 3600, 60):
        with clock.at(world.NOW + timedelta(seconds=second)):
            text += "more words "
            assert tab.types(q_how_will_results_be_used=text)["state"] == "saved"
    whole = _whole(public_id)
    assert whole.answered["how_will_results_be_used"] == text
    rows = db.session.scalars(select(Answer).where(Answer.application_id == whole.id)).all()
    assert 2 <= len(rows) <= 8


def test_a_save_asks_few_questions(summary: Any, statements: list[str]) -> None:
    """It happens every second for everybody who types: reading and writing together, and no more for a long form."""
    tab = summary()
    tab.types(abstract="Once")
    statements.clear()
    tab.types(abstract="Once more")
    assert len(statements) <= 11


def test_what_is_not_saved_is_named_before_it_is_submitted(as_: Any, names: Any) -> None:
    """Its author finds it, also when nothing can be saved any more."""
    public_id = names.applications["reopened"]
    tab = Tab(as_("coordinator"), f"/applications/{public_id}/summary")
    assert (
        tab.types(acronym="REOPENED", abstract="Words that were never saved", duration="x")["state"] == "kept"
    )
    pages = (f"/applications/{public_id}", f"/applications/{public_id}/submission")
    for page in pages:
        text = as_("coordinator").get(page).text
        assert "Not saved, and so not part of what is submitted" in text
        assert "what you typed on" in text
    assert as_("coordinator").post(pages[1], data={"key": "u" * 32}).status_code == 303
    with clock.at(world.NOW + timedelta(days=60)):
        text = as_("coordinator").get(pages[0]).text
        assert f'href="/applications/{public_id}/working-copy#unsaved"' in text
        assert (
            "Words that were never saved"
            in as_("coordinator").get(f"/applications/{public_id}/working-copy").text
        )


def test_others_learn_that_a_section_has_text_that_is_not_saved(
    summary: Any, as_: Any, names: Any, cast: Any
) -> None:
    summary().types(abstract="Words that were never saved", duration="x")
    public_id = names.applications["draft"]
    assert (
        f"{cast.coordinator.name} has text that only they see"
        in as_("partner").get(f"/applications/{public_id}").text
    )
    assert "never saved" not in as_("partner").get(f"/applications/{public_id}/working-copy").text


@pytest.mark.parametrize("section", ["questions", "declarations", "partner", "budget"])
def test_every_kind_of_section_names_what_is_not_saved(as_: Any, names: Any, section: str) -> None:
    public_id = names.applications["draft"]
    application = _whole(public_id)
    key = f"{section}:{application.partners[0].public_id}" if section in ("partner", "budget") else section
    typed = {
        "questions": {"q_x": ["y"]},
        "partner": {"name": ["Another name"]},
        "budget": {"travel": ["1,2,3"]},
    }
    actions.keep_text(
        application, key, typed.get(section, {"declarations": ["unknown"]}), seen={}, version=0,
        by=application.coordinator,
    )  # fmt: skip
    db.session.commit()
    text = as_("coordinator").get(f"/applications/{public_id}/working-copy").text
    assert ('id="unsaved"' in text) is (section != "questions")
