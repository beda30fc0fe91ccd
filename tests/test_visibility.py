"""T-7.5: the table "who sees what, when" (rulebook 7.4), by what stands on the page and not only by the door.

A row is one object at one moment: the page that shows it, words by which it is known there, and who sees them. Whoever
is not named gets no page with these words. The row about Part A in calls evaluated blind has a test of its own.
"""

from typing import Any

import pytest
from sqlalchemy import update

from grants.calls.models import Call
from grants.db import db
from grants.reviews.models import Report
from tests.test_access import _found

COLUMNS = ("coordinator", "partner", "expert", "rapporteur", "chair", "officer", "observer", "stranger", None)
"""Coordinator, contact of a partner, evaluator of that application, its rapporteur, a member of the panel who does not
evaluate it, officer, observer; and the public, signed in or not."""
STAFF, GROUP, NOBODY = {"officer", "observer"}, {"expert", "rapporteur"}, set[str]()

# Object and moment, address with {names of the world}, words, who sees them.
CELLS: list[tuple[str, str, str, set[str]]] = [
    ("draft", "/applications/{draft}", "DRAFTY", {"coordinator", "partner"}),
    ("own application, submitted", "/applications/{submitted}", "SUBMITTE", {"coordinator"}),
    ("number of submissions before the deadline", "/calls/{call:open}/applications", "TAI-OPEN-", {"officer"}),
    ("number of submissions on the desk", "/calls/{call:open}/desk", "<dt>Submitted applications</dt>", {"officer"}),
    ("content, to evaluators, before they declare", "/assignments/{task}", "Part B", NOBODY),
    ("content in evaluation", "/applications/{in_evaluation}", "TAI-EVALUATION-", {"coordinator", *GROUP, *STAFF}),
    ("content in the panel phase", "/applications/{panel_best}", "TAI-PANEL-",
     {"coordinator", *GROUP, *STAFF, "chair"}),
    ("own report", "/reports/{report:in_evaluation:expert}", "Excellence", {"expert", *STAFF}),
    ("another's report before the consensus", "/reports/{report:in_evaluation:rapporteur}", "Excellence",
     {"rapporteur", *STAFF}),
    ("another's report in consensus", "/reports/{report:in_consensus:expert2}", "Excellence", {*GROUP, *STAFF}),
    ("individual scores", "/applications/{in_consensus}/consensus", "Emil Evaluator", {*GROUP, *STAFF}),
    ("reply of the applicants", "/reactions/{reaction:in_consensus}", "The risks stand in section two.",
     {*GROUP, *STAFF}),
    ("draft of a consensus report", "/applications/{in_consensus}/consensus", "Excellence", {*GROUP, *STAFF}),
    ("ranked list in the panel phase", "/calls/{call:panel}/panel", "PANELBEST", {*GROUP, *STAFF, "chair"}),
    ("ranked list before the panel phase", "/calls/{call:evaluation}/panel", "Nothing in panel yet", {*STAFF, "chair"}),
    ("ranked list", "/calls/{call:ranked}/ranking", "RANKEDBEST", {*STAFF, "chair"}),
    ("result before the release", "/applications/{ranked_best}/decision", "decision", STAFF),
    ("result after the release", "/applications/{released_best}/decision", "RELEASEDBEST", {"coordinator", *STAFF}),
    ("evaluation summary, to evaluators, before the panel", "/applications/{panel_best}/consensus",
     "Evaluation summary report as PDF", NOBODY),
    ("evaluation summary, to evaluators", "/applications/{released_best}/consensus",
     "Evaluation summary report as PDF", GROUP),
    ("names of evaluators", "/applications/{in_evaluation}/assignments", "Eva Expert", STAFF),
    ("conflicts of interest", "/applications/{admitted}/conflicts", "conflict", {"officer"}),
    ("redress file", "/reviews/{redress}", "A figure was misread.", {"officer"}),
    ("remarks to the funder", "/reports/{report:in_consensus:expert}", "They wrote to me.", {*GROUP, *STAFF}),
    ("remarks to the funder, another's", "/reports/{report:in_consensus:expert2}", "They wrote to me.",
     {"rapporteur", *STAFF}),
]  # fmt: skip


def _address(template: str, names: Any) -> str:
    address = template
    for mark in template.split("{")[1:]:
        name = mark.partition("}")[0]
        kind, _, rest = name.partition(":")
        found = names.calls[rest] if kind == "call" else _found(name, names)
        address = address.replace("{" + name + "}", found)
    return address


@pytest.mark.parametrize(("thing", "address", "words", "sees"), CELLS, ids=[row[0] for row in CELLS])
def test_t_7_5_who_sees_it(
    as_: Any, names: Any, thing: str, address: str, words: str, sees: set[str]
) -> None:
    db.session.execute(update(Report).values(remarks="They wrote to me."))
    found = set()
    for part in COLUMNS:
        answer = as_(part).get(_address(address, names))
        if answer.status_code == 200 and words in answer.get_data(as_text=True):
            found.add(part)
    assert found == sees


def test_evaluators_ask_for_the_summary_after_the_panel(as_: Any, names: Any) -> None:
    """The button does what it says, and a handmade request does no more than the button (rulebook 7.4)."""
    asked = {
        (part, name): as_(part).post(
            f"/applications/{names.applications[name]}/documents", data={"kind": "evaluation"}
        ).status_code
        for part in ("expert", "rapporteur", "chair", "expert3")
        for name in ("released_best", "panel_best", "in_consensus")
    }  # fmt: skip
    assert {who for who, status in asked.items() if status == 303} == {
        ("expert", "released_best"),
        ("rapporteur", "released_best"),
    }


BLIND_CELLS = [
    ("/applications/{in_evaluation}/consortium", {"coordinator"}),
    ("/applications/{in_evaluation}", {"officer"}),
    ("/assignments/{task}", NOBODY),
    ("/reports/{report:in_evaluation:expert}", {"officer"}),
    ("/applications/{in_consensus}", {"officer"}),
    ("/applications/{panel_best}", {"officer"}),
    ("/applications/{panel_best}/panel", {"officer"}),
    ("/applications/{in_evaluation}/history", {"coordinator", "officer"}),
    ("/applications/{in_evaluation}/eligibility", {"officer"}),
    ("/calls/{call:evaluation}/applications", {"officer"}),
    ("/calls/{call:evaluation}/eligibility", {"officer"}),
    ("/calls/{call:ranked}/ranking", {"officer"}),
    ("/calls/{call:ranked}/decisions", {"officer"}),
    ("/applications/{ranked_best}/decision", {"officer"}),
    ("/applications/{released_best}", {*GROUP, *STAFF, "chair"}),
]


@pytest.mark.parametrize(("address", "sees"), BLIND_CELLS, ids=[row[0] for row in BLIND_CELLS])
def test_t_7_5_who_applies_to_a_call_evaluated_blind(
    as_: Any, names: Any, address: str, sees: set[str]
) -> None:
    """Part A identities: applicants and officers, nobody else, until the results are released."""
    db.session.execute(update(Call).values(blind_until="released"))
    who = ("University of A-Stadt", "UNI-A", "Universiteit X", "Clara Coordinator", "Anna Applicant")
    found = set()
    for part in COLUMNS:
        answer = as_(part).get(_address(address, names))
        # The menu names who has signed in.
        page = answer.get_data(as_text=True).partition("<main")[2]
        if answer.status_code == 200 and any(word in page for word in who):
            found.add(part)
    assert found == sees


@pytest.mark.parametrize("name", ["inadmissible", "in_evaluation", "panel_best"])
@pytest.mark.parametrize("version", ["", "/versions/1"])
def test_no_page_of_an_applicant_tells_where_the_evaluation_stands(
    as_: Any, names: Any, name: str, version: str
) -> None:
    """Rulebook 7.4: received, and nothing more, until the release."""
    page = as_("coordinator").get(f"/applications/{names.applications[name]}{version}")
    assert page.status_code == 200
    head = page.text.partition("<h1")[2].partition("</header>")[0] or page.text
    assert "Received" in page.text
    for told in (
        "Inadmissible",
        "In evaluation",
        "In consensus",
        "In panel",
        "Eligibility check",
        "Admitted",
    ):
        assert told not in head
