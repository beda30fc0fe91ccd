"""An expert takes an application along on a train, fills the form file in, and brings it back."""

import io
import zipfile

import pikepdf
import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from grants.db import db
from grants.people.models import AccessEntry
from tests.reviews.test_write_report import stored
from tests.reviews.typed import CRITERIA, filled, report_url

EXCELLENCE, IMPACT = CRITERIA[:2]


@pytest.fixture
def url(names, cast):
    """The draft of an expert."""
    return report_url(names.applications["in_evaluation"], cast.expert)


@pytest.fixture
def expert(as_):
    return as_("expert")


def downloaded(browser, url):
    answer = browser.get(f"{url}/pack", buffered=True)
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.data))


def changed(pack, **values):
    """The form file with some cells filled in, by field."""
    book = load_workbook(io.BytesIO(pack.read("report.xlsx")))
    for row in book.worksheets[0].iter_rows(min_row=4):
        if row[0].value in values:
            row[2].value = values[row[0].value]
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def uploaded(browser, url, content, name="report.xlsx"):
    return browser.post(f"{url}/upload", data={"file": (io.BytesIO(content), name)}, buffered=True)


def test_the_pack_holds_everything_and_says_whom_it_was_made_for(url, expert, cast):
    pack = downloaded(expert, url)

    assert sorted(pack.namelist()) == ["application.html", "files/part_b.pdf", "report.xlsx"]
    page = pack.read("application.html").decode()
    assert f"Confidential, made for {cast.expert.email}" in page
    assert 'href="files/part_b.pdf"' in page
    assert "/applications/" not in page
    with pikepdf.open(io.BytesIO(pack.read("files/part_b.pdf"))) as pdf:
        assert all(
            cast.expert.email.encode() in b"".join(one.read_bytes() for one in sheet.Contents)
            for sheet in pdf.pages
        )
    assert downloaded(expert, url).read("files/part_b.pdf") == pack.read("files/part_b.pdf")
    opened = select(AccessEntry.outcome).where(AccessEntry.action == "report.pack")
    assert db.session.scalars(opened).all() == ["opened"] * 2


def test_what_was_filled_in_on_the_train_is_the_draft(url, expert):
    answers = {f"score_{EXCELLENCE}": "4,5", f"score_{IMPACT}": 3, f"comment_{EXCELLENCE}": "=Sound\nwork",
               "answer_scope": "Out of scope", "remark_scope": "Off the topic", "remarks": "+1"}  # fmt: skip
    file = changed(downloaded(expert, url), **answers)
    book = load_workbook(io.BytesIO(file))
    for row in book.worksheets[0].iter_rows(min_row=4):
        if row[2].value == "=Sound\nwork":
            row[2].data_type = "s"
    out = io.BytesIO()
    book.save(out)

    assert uploaded(expert, url, out.getvalue()).status_code == 303

    report = stored(url)
    assert (report.scores[EXCELLENCE], report.scores[IMPACT]) == (450, 300)
    assert report.marks[0].comment == "=Sound\nwork"
    assert report.answers["scope"] == {"answer": "out", "comment": "Off the topic"}
    assert report.remarks == "+1"
    again = load_workbook(io.BytesIO(downloaded(expert, url).read("report.xlsx")))
    cells = [cell for row in again.worksheets[0].iter_rows() for cell in row]
    assert any(cell.value == "=Sound\nwork" for cell in cells)
    assert {cell.data_type for cell in cells} <= {"s", "n"}


def test_every_wrong_cell_is_named_and_nothing_is_saved(url, expert):
    before = stored(url).version
    wrong = {f"score_{EXCELLENCE}": "3.7", f"score_{IMPACT}": "very good", "answer_scope": "perhaps",
             f"comment_{IMPACT}": "=1+1", f"comment_{EXCELLENCE}": "x" * 20001}  # fmt: skip

    page = uploaded(expert, url, changed(downloaded(expert, url), **wrong))

    assert page.status_code == 422
    assert page.text.count('<th scope="row">C') == 5
    assert "This score is not on the scale." in page.text
    assert "Enter a number." in page.text
    assert "Choose one of the list." in page.text
    assert "This cell holds a formula." in page.text
    assert stored(url).version == before


def test_what_was_changed_on_the_page_meanwhile_is_shown_and_not_overwritten(url, expert):
    pack = downloaded(expert, url)
    version = stored(url).version
    expert.post(url, data=filled(version, **{f"comment_{EXCELLENCE}": "Typed at home"}))

    page = uploaded(expert, url, changed(pack, **{f"comment_{EXCELLENCE}": "Typed on the train"}))

    assert page.status_code == 409
    assert "Typed on the train" in page.text
    assert "Typed at home" in page.text
    assert stored(url).marks[0].comment == "Typed at home"
    other = changed(pack, remarks="Only on the train")
    assert uploaded(expert, url, other).status_code == 303
    assert (stored(url).marks[0].comment, stored(url).remarks) == ("Typed at home", "Only on the train")


def test_a_row_that_was_deleted_leaves_its_field_alone(url, expert):
    expert.post(url, data=filled(stored(url).version, remarks="Stays"))
    book = load_workbook(io.BytesIO(downloaded(expert, url).read("report.xlsx")))
    sheet = book.worksheets[0]
    row = next(row[0].row for row in sheet.iter_rows(min_row=4) if row[0].value == "remarks")
    sheet.delete_rows(row)
    out = io.BytesIO()
    book.save(out)

    assert uploaded(expert, url, out.getvalue()).status_code == 303

    assert stored(url).remarks == "Stays"


def test_files_that_are_none_of_this_report(url, expert, as_, names, cast):
    other = downloaded(as_("expert"), url)
    assert "not an XLSX file" in uploaded(expert, url, b"no zip").text
    book = load_workbook(io.BytesIO(other.read("report.xlsx")))
    book.worksheets[0]["A1"] = "another"
    out = io.BytesIO()
    book.save(out)
    assert "This is not a file of this report." in uploaded(expert, url, out.getvalue()).text
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"Sub")
    assert "This file holds macros." in uploaded(expert, url, out.getvalue()).text


def test_after_the_submission_nothing_comes_in_and_nothing_goes_out(url, expert):
    pack = downloaded(expert, url)
    expert.post(url, data=filled(stored(url).version))
    assert expert.post(f"{url}/submission", data={"declared": "y", "confirmed": "y"}).status_code == 303

    refused = uploaded(expert, url, changed(pack, remarks="Too late"))

    assert refused.status_code == 409
    assert stored(url).remarks != "Too late"
    assert expert.get(f"{url}/pack").status_code == 409
