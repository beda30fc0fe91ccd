"""The budget as a spreadsheet: out, in again, and the errors by cell."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from openpyxl import load_workbook

from grants.applications.budget import Budget
from grants.applications.proposal import Partner
from grants.applications.spreadsheet import Unusable, read, values_of, write

# T-2.1 (rulebook 2.3): amounts in euros.
T_2_1 = (
    ("P1", "coordinator", 10000, 600_000, 20_000, 30_001, 48_000, 21_999, 0, 0, 895_000),
    ("P2", "beneficiary", 7000, 420_000, 0, 18_000, 60_000, 42_000, 0, 0, 472_500),
    ("P3", "beneficiary", 10000, 250_001, 10_000, 12_000, 0, 8_002, 60_000, 15_000, 422_503.75),
    ("P3-AE", "affiliated_entity", 10000, 40_000, 0, 2_000, 0, 1_000, 0, 0, 53_750),
    ("P4", "beneficiary", 7000, 300_000, 50_000, 10_000, 0, 10_000, 0, 0, 250_000),
)
NAMES = ("personnel", "subcontracting", "travel", "equipment", "other_goods", "third_parties", "internal_invoices",
         "requested")  # fmt: skip
PARTNERS = [
    Partner(name, name=name, role=role, person_months=125,
            budget=Budget(**{n: int(a * 100) for n, a in zip(NAMES, amounts, strict=True)}, rate=rate))
    for name, role, rate, *amounts in T_2_1
]  # fmt: skip
LABELS = {partner.key: partner.label for partner in PARTNERS}


def made(change: Callable[[Any], None] = lambda sheet: None) -> bytes:
    """The file of T-2.1, changed by somebody in a spreadsheet program."""
    book = load_workbook(io.BytesIO(write(PARTNERS, {"P1": 7}, str)))
    change(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_a_file_that_nobody_changed_comes_back_the_same() -> None:
    rows, errors = read(made(), LABELS)
    assert errors == ()
    assert {row.key: row.values for row in rows} == {p.key: values_of(p) for p in PARTNERS}
    assert [row.version for row in rows] == [7, 0, 0, 0, 0]


def test_t_2_1_the_totals_stand_in_the_file() -> None:
    sheet = load_workbook(io.BytesIO(write(PARTNERS, {}, str)), data_only=True).worksheets[0]
    names = {cell.value: cell.column for cell in sheet[1]}
    totals = {
        name: sheet.cell(8, names[name]).value
        for name in ("maximum", "requested", "own_resources", "indirect")
    }
    assert totals == {
        "maximum": 2_158_753.75, "requested": 2_093_753.75, "own_resources": 402_500, "indirect": 468_250.75,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        (-1, "Enter a number that is not negative."),
        (10.005, "Enter at most two decimals."),
        ("a lot", "Enter an amount in euros, such as 1250 or 1250.50."),
        ("1.234", "This amount can be read in two ways. Enter it with two decimals, or without separators."),
        (True, "Enter a number."),
        (1e15, "This amount is too large."),
        ("=1+1", "This formula has no value yet. Open the file in a spreadsheet program and save it."),
        ("#DIV/0!", "Enter an amount in euros, such as 1250 or 1250.50."),
    ],
)
def test_an_error_names_its_cell(written: Any, sentence: str) -> None:
    def change(sheet: Any) -> None:
        sheet["D4"] = written

    rows, errors = read(made(change), LABELS)
    assert [(e.cell, e.organisation, e.sentence) for e in errors] == [("D4", "P2", sentence)]
    assert [row.key for row in rows] == ["P1", "P3", "P3-AE", "P4"]


@pytest.mark.parametrize(
    ("written", "cents"), [(12.3, 1230), ("1 234,50", 123450), (None, 0), (0.1 + 0.2, 30), ("", 0)]
)
def test_amounts_as_people_write_them(written: Any, cents: int) -> None:
    def change(sheet: Any) -> None:
        sheet["D4"] = written

    rows, errors = read(made(change), LABELS)
    assert (errors, next(row for row in rows if row.key == "P2").values["personnel"]) == ((), cents)


def test_rows_that_do_not_belong_here() -> None:
    def change(sheet: Any) -> None:
        sheet["A4"], sheet["A5"] = "P1", "elsewhere"

    _rows, errors = read(made(change), LABELS)
    assert [(e.cell, e.sentence) for e in errors] == [
        ("C4", "This organisation stands here twice."), ("C5", "This organisation is not known here."),
    ]  # fmt: skip


def test_columns_in_another_order() -> None:
    def change(sheet: Any) -> None:
        for row in range(1, 9):
            sheet.cell(row, 4).value, sheet.cell(row, 6).value = (
                sheet.cell(row, 6).value,
                sheet.cell(row, 4).value,
            )

    rows, _errors = read(made(change), LABELS)
    assert {row.key: row.values for row in rows} == {p.key: values_of(p) for p in PARTNERS}


def test_a_name_that_looks_like_a_formula_is_a_text() -> None:
    partner = Partner("x", name='=HYPERLINK("http://evil.example")')
    sheet = load_workbook(io.BytesIO(write([partner], {}, str))).worksheets[0]
    assert sheet["C3"].data_type == "s"


def _bomb() -> bytes:
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 30_000_000)
    return out.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"%PDF-1.7", _bomb(), made(lambda sheet: sheet.delete_rows(1))]
)
def test_files_that_are_not_ours(content: bytes) -> None:
    with pytest.raises(Unusable):
        read(content, LABELS)
