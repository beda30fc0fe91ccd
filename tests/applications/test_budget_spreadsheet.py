"""The budget goes out as XLSX and comes in again: all of it, or nothing and each wrong cell."""

import io
from collections.abc import Callable
from typing import Any

from openpyxl import load_workbook

from grants.applications import actions, queries
from grants.db import db


def _whole(public_id: str) -> Any:
    db.session.expire_all()
    found = queries.whole(public_id)
    assert found
    return found


def _changed(browser: Any, public_id: str, change: Callable[[Any], None]) -> bytes:
    answer = browser.get(f"/applications/{public_id}/budget/spreadsheet")
    assert answer.headers["Content-Disposition"].endswith("budget.xlsx")
    book = load_workbook(io.BytesIO(answer.data))
    change(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _upload(browser: Any, public_id: str, content: bytes) -> Any:
    return browser.post(
        f"/applications/{public_id}/budget/upload", data={"file": (io.BytesIO(content), "budget.xlsx")}
    )


def _put(cell: str, value: Any) -> Callable[[Any], None]:
    def change(sheet: Any) -> None:
        sheet[cell] = value

    return change


def test_a_changed_file_comes_in(as_: Any, names: Any) -> None:
    """Only the organisation that changed is saved anew."""
    public_id = names.applications["draft"]
    browser = as_("coordinator")
    before = {s.name: s.version for s in _whole(public_id).sections}
    assert _upload(browser, public_id, _changed(browser, public_id, _put("D4", 1234.5))).status_code == 303
    after = _whole(public_id)
    assert [p.budget.personnel for p in after.partners] == [300_000_00, 1234_50, 250_000_00]
    now = {s.name: s.version for s in after.sections}
    assert {name for name, version in now.items() if version != before.get(name)} == {
        f"budget:{after.partners[1].public_id}"
    }


def test_one_wrong_cell_and_nothing_is_saved(as_: Any, names: Any) -> None:
    def change(sheet: Any) -> None:
        sheet["D3"], sheet["D4"] = 5, "a lot"

    public_id = names.applications["draft"]
    browser = as_("coordinator")
    answer = _upload(browser, public_id, _changed(browser, public_id, change))
    assert answer.status_code == 422
    assert '<th scope="row">D4</th><td>FIRM-B</td>' in answer.text
    assert [p.budget.personnel for p in _whole(public_id).partners] == [300_000_00, 200_000_00, 250_000_00]


def test_a_partner_changes_its_own_row_only(as_: Any, names: Any) -> None:
    public_id = names.applications["draft"]
    browser = as_("partner")
    answer = _upload(browser, public_id, _changed(browser, public_id, _put("D3", 1)))
    assert (answer.status_code, "This row is not yours to change." in answer.text) == (422, True)
    assert _upload(browser, public_id, _changed(browser, public_id, _put("D4", 1))).status_code == 303


def test_a_file_older_than_the_page_overwrites_nothing(as_: Any, names: Any, cast: Any) -> None:
    public_id = names.applications["draft"]
    browser = as_("coordinator")
    old = _changed(browser, public_id, _put("D4", 1))
    application = _whole(public_id)
    actions.save_budget(application.partners[1], by=cast.partner, lines={"travel": 99_00})
    db.session.commit()
    answer = _upload(browser, public_id, old)
    assert (answer.status_code, "after the file was made" in answer.text) == (422, True)
    assert _whole(public_id).partners[1].budget.travel == 99_00


def test_what_is_no_spreadsheet(as_: Any, names: Any) -> None:
    answer = _upload(as_("coordinator"), names.applications["draft"], b"%PDF-1.7")
    assert (answer.status_code, "not an XLSX file" in answer.text) == (422, True)
