"""An expert answers an invitation: summary first, then yes or no, then the declaration of interests."""

import re

import pytest

from grants.db import db
from grants.experts import actions, workload
from tests.experts.asked import assignment, conflicts, states, stored


@pytest.fixture
def here(names):
    """An application that expert2 is invited to, and has not answered."""
    return names.applications["in_evaluation"]


@pytest.fixture
def url(here, cast):
    return f"/assignments/{assignment(here, cast.expert2).public_id}"


def test_the_summary_comes_before_the_whole(here, url, as_):
    browser = as_("expert2")
    page = browser.get(url).text
    proposal = stored(here).submission.proposal
    assert [text in page for text in (proposal.title, proposal.abstract, "University of A-Stadt", "Laboratorio C")] == [
        True, True, True, True
    ]  # fmt: skip
    assert browser.get(f"/applications/{here}").status_code == 404


def test_accepting_comes_before_the_declaration(here, url, as_):
    browser = as_("expert2")
    assert browser.post(f"{url}/acceptance").status_code == 303

    assert states(here)["Emil Evaluator"] == "accepted"
    assert "Declare your interests" in browser.get(url).text
    assert browser.get(f"/applications/{here}").status_code == 404
    assert browser.post(f"{url}/acceptance").status_code == 409


def test_without_a_conflict_the_application_opens(here, url, as_):
    browser = as_("expert2")
    browser.post(f"{url}/acceptance")
    assert browser.post(f"{url}/declaration", data={"declaration": "none"}).status_code == 303
    assert states(here)["Emil Evaluator"] == "cleared"
    assert browser.get(f"/applications/{here}").status_code == 200
    assert "Go to your report" in browser.get(url).text


def test_a_declared_conflict_ends_the_assignment(here, url, cast, as_):
    browser = as_("expert2")
    browser.post(f"{url}/acceptance")
    declared = {"declaration": "conflict", "code": "D3", "reason": "Married to the contact."}
    assert browser.post(f"{url}/declaration", data=declared).status_code == 303

    assert states(here)["Emil Evaluator"] == "void"
    assert conflicts(here, cast.expert2) == [("D3", "declared", "confirmed")]
    assert browser.get(url).status_code == 404
    with pytest.raises(actions.Barred):
        actions.assign(stored(here), cast.expert2, by=cast.officer)


def test_a_declared_doubt_is_for_the_officer_who_may_invite_again(here, url, cast, as_):
    browser = as_("expert2")
    browser.post(f"{url}/acceptance")
    declared = {"declaration": "conflict", "code": "P2", "reason": "A project that ended in 2024."}
    browser.post(f"{url}/declaration", data=declared)
    assert conflicts(here, cast.expert2) == [("P2", "declared", "suggested")]
    with pytest.raises(actions.Barred, match="Rule on the possible conflict"):
        actions.assign(stored(here), cast.expert2, by=cast.officer)
    found = actions.queries.conflicts_of(stored(here), cast.expert2)[0]
    actions.rule_on(
        actions.queries.conflict(found.public_id), bars=False, reason="Long over.", by=cast.officer
    )

    actions.assign(stored_again(here), cast.expert2, by=cast.officer)

    db.session.commit()
    assert states(here)["Emil Evaluator"] == "invited"


def stored_again(here):
    db.session.commit()
    return stored(here)


def test_declining_is_final(here, url, cast, as_):
    browser = as_("expert2")
    assert browser.post(f"{url}/refusal", data={"why": "", "conflict": ""}).status_code == 422
    assert browser.post(f"{url}/refusal", data={"why": "No time.", "conflict": ""}).status_code == 303

    assert states(here)["Emil Evaluator"] == "declined"
    assert browser.get(url).status_code == 404
    assert "Declined" in browser.get("/assignments").text
    with pytest.raises(actions.Barred, match="That is final for this application"):
        actions.assign(stored(here), cast.expert2, by=cast.officer)


def test_declining_because_of_a_conflict_keeps_the_conflict(here, url, cast, as_):
    as_("expert2").post(f"{url}/refusal", data={"why": "We co-own a firm.", "conflict": "D2"})
    assert states(here)["Emil Evaluator"] == "declined"
    assert conflicts(here, cast.expert2) == [("D2", "declared", "confirmed")]


def test_the_own_list_says_what_to_do_next(here, as_):
    def row(part):
        page = as_(part).get("/assignments").text
        return page[page.index(stored(here).number) :]

    assert "Accept or decline" in row("expert2")[:900]
    assert "Write your report" in row("expert")[:900]
    assert "Read your report" in row("rapporteur")[:900]
    assert "No reviews yet" in as_("stranger").get("/assignments").text
    assert "Accept or decline the evaluation of INEVALUATION" in as_("expert2").get("/").text


def test_the_own_list_says_how_much_there_is_to_read(here, as_):
    pages = sum(one.pages for one in stored(here).submission.proposal.attachments)
    hours = workload.hours(pages)
    for part in ("expert", "expert2"):
        page = as_(part).get("/assignments").text
        assert f"1 report to write: {pages} page" in page
        assert f"about {hours} hours with the writing." in page
    assert "to write" not in as_("rapporteur").get("/assignments").text


def test_what_is_done_is_folded_below_what_is_to_do(here, as_):
    page = as_("rapporteur").get("/assignments").text
    done = page.index("<summary>Done")
    assert page.index("Go to the consensus report") < done < page.index("Read your report")
    assert "<summary>Done" not in as_("expert2").get("/assignments").text.partition("Accept or decline")[0]


def test_the_invitation_says_how_much_there_is_to_read_and_how_soon_to_answer(here, url, as_):
    pages = sum(one.pages for one in stored(here).submission.proposal.attachments)
    browser = as_("expert2")
    page = browser.get(url).text
    assert f"{pages} page" in page and f"about {workload.hours(pages)} hours with the writing" in page
    assert "Please answer as soon as you can" in page and "before you answer" in page
    browser.post(f"{url}/acceptance")
    browser.post(f"{url}/declaration", data={"declaration": "none"})
    assert "answer" not in browser.get(url).text


def test_the_list_leaves_out_what_a_conflict_has_closed(here, cast, as_):
    number = stored(here).number
    assert number in as_("expert2").get("/assignments").text
    actions.enter_conflict(stored(here), cast.expert2, code="D3", reason="A cousin.", by=cast.officer)
    db.session.commit()
    assert number not in as_("expert2").get("/assignments").text


@pytest.mark.parametrize("part", ["expert3", "expert", "coordinator", "stranger", "chair", "other_officer"])
def test_an_assignment_of_others_is_like_one_that_never_existed(url, as_, part):
    browser = as_(part)
    nonsense = "/assignments/0000000000000000"
    for page in ("", "/acceptance", "/refusal"):
        ask = browser.post if page else browser.get
        theirs, nothing = ask(url + page), ask(nonsense + page)
        assert (theirs.status_code, nothing.status_code) == (404, 404)
        assert body(theirs).replace(url, nonsense) == body(nothing)


def body(answer):
    """What a page says, without the form token, which is new on every page."""
    return re.sub(r'name="csrf_token"[^>]*', "", answer.text)


def test_officers_do_not_answer_for_experts(url, as_):
    assert as_("officer").get(url).status_code == 403
    assert as_("officer").post(f"{url}/acceptance").status_code == 403


def test_a_visitor_is_asked_to_sign_in(url, as_):
    answer = as_(None).get(url)
    assert answer.status_code == 302
    assert "/login" in answer.location
