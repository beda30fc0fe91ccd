"""A budget by work package: the packages, each partner's costs in them, and what follows from both."""

import io
import json
from typing import Any

import pytest
from flask import render_template
from openpyxl import load_workbook

from grants import clock
from grants.applications import actions, queries
from grants.applications.budget import lump_sum_shares
from grants.applications.comparison import changes
from grants.canonical import digest
from grants.db import db
from grants.documents import contents


def _whole(public_id: str) -> Any:
    db.session.expire_all()
    found = queries.whole(public_id)
    assert found
    return found


@pytest.fixture
def draft(names: Any, cast: Any) -> str:
    """The draft of the cast, in a call whose budget is made by work package."""
    public_id: str = names.applications["draft"]
    call = _whole(public_id).call
    call.rules_json = call.rules_json | {"by_work_package": True}
    db.session.commit()
    return public_id


def _packages(browser: Any, public_id: str, **more: Any) -> Any:
    lead = _whole(public_id).partners[1].public_id
    typed = {
        "w1_title": "Management", "w1_lead": lead, "w1_starts": "1", "w1_ends": "36", "w2_title": "Methods",
        "w2_lead": "", "w2_starts": "", "w2_ends": "", "version": "0",
    }  # fmt: skip
    return browser.post(f"/applications/{public_id}/work-packages", data=typed | more)


def _costs(browser: Any, public_id: str, place: int, **typed: str) -> Any:
    """What a partner typed over the page as it is now."""
    application = _whole(public_id)
    key = application.partners[place].public_id
    version = next((row.version for row in application.sections if row.name == f"budget:{key}"), 0)
    return browser.post(f"/partners/{key}/budget", data=typed | {"version": str(version)})


def test_the_sums_of_the_rows_are_the_partners_budget(as_: Any, draft: str) -> None:
    """Indirect costs are rounded in each row: 250.01 and 125.01, where their sum alone would give 375.01 (2.3)."""
    browser = as_("coordinator")
    assert _packages(browser, draft).status_code == 303
    typed = {
        "w1_personnel": "1000.02", "w1_person_months": "1.5", "w2_personnel": "500.02", "w2_travel": "",
        "w2_subcontracting": "100", "w2_person_months": "2", "requested": "1000.01",
    }  # fmt: skip
    assert _costs(browser, draft, 0, **typed).status_code == 303
    partner = _whole(draft).partners[0]
    budget = partner.budget
    assert (budget.personnel, budget.subcontracting, partner.person_months) == (1500_04, 100_00, 35)
    assert [row.indirect for row in budget.shares] == [250_01, 125_01]
    assert (budget.indirect, budget.total) == (375_02, 1975_06)
    assert sum(lump_sum_shares(budget).values()) == budget.requested == 1000_01
    page = browser.get(f"/applications/{draft}/budget")
    assert "1. Management" in page.text
    assert "2. Methods" in browser.get(f"/partners/{partner.public_id}/budget").text
    proposal = _whole(draft).proposal
    assert type(proposal).from_dict(proposal.to_dict()) == proposal


def test_a_work_package_with_costs_stays(as_: Any, draft: str) -> None:
    browser = as_("coordinator")
    _packages(browser, draft)
    _costs(browser, draft, 0, **{"w2_personnel": "5"})
    answer = _packages(browser, draft, w2_title="", version="1")
    assert answer.status_code == 422
    assert "A partner has costs in this work package." in answer.text
    assert [row["title"] for row in _whole(draft).work_packages] == ["Management", "Methods"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"w1_starts": "9", "w1_ends": "3"}, "The last month must not come before the first."),
        ({"w2_title": "", "w2_starts": "4"}, "Give this work package a title."),
        ({"w1_ends": "many"}, "Not a valid integer value."),
    ],
)
def test_a_slip_is_said_beside_its_field(as_: Any, draft: str, typed: dict[str, str], said: str) -> None:
    answer = _packages(as_("coordinator"), draft, **typed)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_partners_fill_in_their_own_rows_only(as_: Any, draft: str) -> None:
    _packages(as_("coordinator"), draft)
    browser = as_("partner")
    assert browser.get(f"/applications/{draft}/work-packages").status_code == 403
    assert _costs(browser, draft, 1, **{"w1_personnel": "7"}).status_code == 303
    assert _costs(browser, draft, 0, **{"w1_personnel": "7"}).status_code == 403
    assert as_("expert").get(f"/applications/{draft}/work-packages").status_code == 404


def test_the_checklist_asks_for_work_packages(as_: Any, draft: str) -> None:
    def found() -> dict[str, str]:
        return {one.code: one.verdict for one in actions.findings(_whole(draft))}

    assert found()["WORK_PACKAGES"] == "fails"
    _packages(as_("coordinator"), draft)
    assert (found()["WORK_PACKAGES"], found()["WORK_PACKAGE_PLAN"]) == ("holds", "fails")


def test_two_states_differ_in_their_work_packages(as_: Any, draft: str) -> None:
    before = _whole(draft).proposal
    browser = as_("coordinator")
    _packages(browser, draft)
    _costs(browser, draft, 0, **{"w1_personnel": "8", "w1_person_months": "0.5"})
    found = {change.section: change for change in changes(before, _whole(draft).proposal, {})}
    assert "1. Management, 1–36" in found["work_packages"].after
    rows = [c for c in changes(before, _whole(draft).proposal, {}) if c.label.startswith("Costs by work")]
    assert [row.after for row in rows] == ["1: A 8.00 (0.5)"]


def test_rows_go_out_as_xlsx_and_come_in_again(as_: Any, draft: str) -> None:
    """A changed cell changes its row; a wrong one is named and nothing is saved."""

    def upload(change: dict[str, Any]) -> Any:
        book = load_workbook(io.BytesIO(browser.get(f"/applications/{draft}/budget/spreadsheet").data))
        for cell, value in change.items():
            book.worksheets[0][cell] = value
        out = io.BytesIO()
        book.save(out)
        data = {"file": (io.BytesIO(out.getvalue()), "budget.xlsx")}
        return browser.post(f"/applications/{draft}/budget/upload", data=data)

    browser = as_("coordinator")
    _packages(browser, draft)
    _costs(browser, draft, 0, w1_personnel="1000.02", w2_travel="5")
    wrong = upload({"F3": 1, "G5": "a lot"})
    assert (wrong.status_code, '<th scope="row">G5</th><td>FIRM-B</td>' in wrong.text) == (422, True)
    unknown = upload({"C4": "w9"})
    assert (unknown.status_code, "This work package is not known here." in unknown.text) == (422, True)
    assert _whole(draft).partners[0].budget.personnel == 1000_02
    assert upload({"F4": 2000.5, "M4": 1.5}).status_code == 303
    partner = _whole(draft).partners[0]
    assert [(row.personnel, row.travel, row.person_months) for row in partner.budget.shares] == [
        (1000_02, 0, 0),
        (2000_50, 5_00, 15),
    ]
    assert (partner.budget.personnel, partner.person_months) == (3000_52, 15)


def test_the_submitted_version_and_its_pdf_have_the_rows(as_: Any, draft: str, cast: Any, app: Any) -> None:
    """What is frozen keeps packages and rows, and the document's page shows them."""
    browser = as_("coordinator")
    _packages(browser, draft)
    _costs(browser, draft, 0, w1_personnel="1234.56", w1_person_months="2.5", requested="1000")
    application = _whole(draft)
    actions.freeze(application, (), by=cast.coordinator, key="k" * 20, at=clock.now())
    db.session.commit()
    application = _whole(draft)
    proposal = application.submission.proposal
    assert proposal == application.proposal
    assert digest(json.loads(application.submission.snapshot)) == application.submission.sha256
    with app.test_request_context():
        text = render_template(
            "documents/pdf/application.html", **contents._application(application, cast.coordinator),
            call=application.call, language="en",
        )  # fmt: skip
    text = " ".join(text.split())
    assert "1. Management" in text
    row = text[text.index("1. Management") :]
    assert [amount in row for amount in ("2.5", "1 234.56", "1 543.20")] == [True, True, True], row[:1500]
