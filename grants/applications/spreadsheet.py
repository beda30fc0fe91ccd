"""The budget of a consortium as an XLSX file, and back: a row for each organisation, errors named by cell."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from grants import money
from grants.applications.budget import CATEGORIES, Share, summed
from grants.applications.proposal import Partner, Proposal
from grants.words import N_

MONEY = (
    *(category.key for category in CATEGORIES),
    "requested", "income", "other_contributions",
)  # fmt: skip
TYPED = (*MONEY, "person_months")
LABELS = {
    "name": N_("Organisation"), **{category.key: category.code for category in CATEGORIES},
    "indirect": "E", "total": N_("Total"), "rate": N_("Rate"), "maximum": N_("Maximum"),
    "requested": N_("Requested"), "income": N_("Income generated"), "other_contributions": N_("Other contributions"),
    "own_resources": N_("Own resources"), "person_months": N_("Person-months"),
}  # fmt: skip
COLUMNS = ("key", "version", *LABELS)
FIRST_ROW = 3
MOST_PERSON_MONTHS = 100_000
"""As the form accepts."""
LARGEST_FILE = 20 * 1024 * 1024
"""Bytes of a file once unpacked."""


class Unusable(ValueError):
    """The file as a whole is not one of ours: the sentence says why."""


@dataclass(frozen=True)
class CellError:
    """What is wrong with one cell, as a sentence to translate."""

    cell: str
    organisation: str
    sentence: str


@dataclass(frozen=True)
class Row:
    """One organisation's amounts, euro cents, and effort, tenths; `version` is the budget's at the download."""

    key: str
    cell: str
    version: int
    values: Mapping[str, int]
    work_package: str = ""


def values_of(partner: Partner) -> dict[str, int]:
    """What a row holds of a partner."""
    amounts = {name: getattr(partner.budget, name) for name in MONEY}
    return amounts | {"person_months": partner.person_months}


SAME_DAY = datetime(2000, 1, 1, tzinfo=UTC)


def write(partners: Iterable[Partner], versions: Mapping[str, int], word: Callable[[str], str]) -> bytes:
    """The file: names of the columns in a hidden first row, labels, a row for each partner, totals.

    Args:
        versions: of each partner's budget, by key; a row that is older than the page is refused on its way back.
        word: translates a label.
    """
    import xlsxwriter
    from xlsxwriter.utility import xl_col_to_name

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": SAME_DAY})  # the same budget gives the same bytes
    sheet = book.add_worksheet(word(N_("Budget"))[:31])
    head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"})
    euros = book.add_format({"num_format": "#,##0.00"})
    worked_out = book.add_format({"num_format": "#,##0.00", "bg_color": "#EDF2F5"})
    percent = book.add_format({"num_format": "0%", "bg_color": "#EDF2F5"})
    sums = book.add_format({"num_format": "#,##0.00", "bold": True, "top": 2})
    letter = {name: xl_col_to_name(number) for number, name in enumerate(COLUMNS)}
    place = {name: number for number, name in enumerate(COLUMNS)}

    for name, number in place.items():
        sheet.write_string(0, number, name)
        sheet.write_string(1, number, word(LABELS.get(name, "")) if LABELS.get(name) else "", head)
    listed = list(partners)
    for row, partner in enumerate(listed, FIRST_ROW - 1):
        budget = partner.budget
        sheet.write_string(row, place["key"], partner.key)
        sheet.write_number(row, place["version"], versions.get(partner.key, 0))
        sheet.write_string(row, place["name"], partner.label)
        for name in MONEY:
            sheet.write_number(row, place[name], getattr(budget, name) / 100, euros)
        sheet.write_number(row, place["person_months"], partner.person_months / 10)
        sheet.write_number(row, place["rate"], budget.rate / 10000, percent)
        for name, formula in _formulas(letter, row + 1).items():
            sheet.write_formula(row, place[name], formula, worked_out, getattr(budget, name) / 100)
    last = FIRST_ROW + len(listed) - 1
    sheet.write_string(last, place["name"], word(N_("Consortium")), head)
    funded = [partner.budget for partner in listed if partner.is_funded]
    rows = [str(FIRST_ROW + index) for index, partner in enumerate(listed) if partner.is_funded]
    for name in (*MONEY, "indirect", "total", "maximum", "own_resources"):
        cells = ",".join(f"{letter[name]}{row}" for row in rows)
        total = sum(getattr(budget, name) for budget in funded) / 100
        sheet.write_formula(last, place[name], f"=SUM({cells})" if cells else "=0", sums, total)
    sheet.set_row(0, None, None, {"hidden": True})
    sheet.set_column(place["key"], place["version"], None, None, {"hidden": True})
    sheet.set_column(place["name"], place["name"], 28)
    sheet.set_column(place["name"] + 1, len(COLUMNS) - 1, 14)
    sheet.freeze_panes(2, place["name"] + 1)
    book.close()
    return out.getvalue()


SHARE_COLUMNS = ("key", "version", "work_package", "name", "title", *(c.key for c in CATEGORIES), "person_months",
                 "indirect", "total")  # fmt: skip
SHARE_TYPED = (*(category.key for category in CATEGORIES), "person_months")


def write_shares(proposal: Proposal, versions: Mapping[str, int], word: Callable[[str], str]) -> bytes:
    """The file where the budget is made by work package: a row for each partner and package (rulebook 2.4)."""
    import xlsxwriter
    from xlsxwriter.utility import xl_col_to_name

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": SAME_DAY})
    sheet = book.add_worksheet(word(N_("Budget"))[:31])
    head = book.add_format({"bold": True, "bottom": 2, "text_wrap": True, "valign": "bottom"})
    euros = book.add_format({"num_format": "#,##0.00"})
    worked_out = book.add_format({"num_format": "#,##0.00", "bg_color": "#EDF2F5"})
    place = {name: number for number, name in enumerate(SHARE_COLUMNS)}
    letter = {name: xl_col_to_name(number) for name, number in place.items()}
    shown = LABELS | {"title": N_("Work package")}
    for name, number in place.items():
        sheet.write_string(0, number, name)
        sheet.write_string(1, number, word(shown[name]) if name in shown else "", head)
    row = FIRST_ROW - 1
    for partner in proposal.partners:
        stored = {share.work_package: share for share in partner.budget.shares}
        for number, package in enumerate(proposal.work_packages, 1):
            share = stored.get(package.key, Share())
            sheet.write_string(row, place["key"], partner.key)
            sheet.write_number(row, place["version"], versions.get(partner.key, 0))
            sheet.write_string(row, place["work_package"], package.key)
            sheet.write_string(row, place["name"], partner.label)
            sheet.write_string(row, place["title"], f"{number}. {package.title}")
            for category in CATEGORIES:
                sheet.write_number(row, place[category.key], getattr(share, category.key) / 100, euros)
            sheet.write_number(row, place["person_months"], share.person_months / 10)
            for name, formula in _costs_formulas(letter, row + 1).items():
                sheet.write_formula(row, place[name], formula, worked_out, getattr(share, name) / 100)
            row += 1
    sheet.set_row(0, None, None, {"hidden": True})
    sheet.set_column(place["key"], place["work_package"], None, None, {"hidden": True})
    sheet.set_column(place["name"], place["title"], 28)
    sheet.set_column(place["title"] + 1, len(SHARE_COLUMNS) - 1, 14)
    sheet.freeze_panes(2, place["title"] + 1)
    book.close()
    return out.getvalue()


def changed_shares(rows: Iterable[Row], proposal: Proposal) -> dict[str, tuple[Row, tuple[Share, ...]]]:
    """Partners whose costs differ from what is stored: their first row, and all their rows as they will be.

    A package whose row was taken out of the file stays as it is.
    """
    found: dict[str, tuple[Row, dict[str, Share]]] = {}
    for row in rows:
        stored = {share.work_package: share for share in proposal.partner(row.key).budget.shares}
        _first, shares = found.setdefault(row.key, (row, stored))
        shares[row.work_package] = Share(**row.values, work_package=row.work_package)
    order = [package.key for package in proposal.work_packages]
    result = {}
    for key, (first, shares) in found.items():
        new = tuple(shares[name] for name in order if name in shares and any(summed([shares[name]]).values()))
        if new != proposal.partner(key).budget.shares:
            result[key] = first, new
    return result


def _costs_formulas(letter: Mapping[str, str], row: int) -> dict[str, str]:
    """Indirect and total costs of a row of the sheet (rulebook 2.3)."""
    cell = {name: f"{column}{row}" for name, column in letter.items()}
    carrying = "+".join(cell[category.key] for category in CATEGORIES if category.carries_indirect)
    direct = "+".join(cell[category.key] for category in CATEGORIES)
    return {"indirect": f"=ROUND(0.25*({carrying}),2)", "total": f"={direct}+{cell['indirect']}"}


def _formulas(letter: Mapping[str, str], row: int) -> dict[str, str]:
    """The computed columns of rulebook 2.3, for a row of the sheet."""
    cell = {name: f"{column}{row}" for name, column in letter.items()}
    financed = f"{cell['requested']}-{cell['income']}-{cell['other_contributions']}"
    return _costs_formulas(letter, row) | {
        "maximum": f"=ROUND({cell['total']}*{cell['rate']},2)",
        "own_resources": f"={cell['total']}-{financed}",
    }


def read(
    content: bytes, labels: Mapping[str, str], packages: Collection[str] | None = None
) -> tuple[tuple[Row, ...], tuple[CellError, ...]]:
    """The rows of a file, and what is wrong with its cells; a row with an error is left out.

    Args:
        labels: names of the partners by key; a row of any other key is an error.
        packages: keys of the work packages, where the budget is made by them.

    Raises:
        Unusable: no spreadsheet, too large, or without the hidden row that names the columns.
    """
    shown, formulas = (cells_of(content, values) for values in (True, False))
    names = {str(value): column for column, value in enumerate(shown[0])} if shown else {}
    typed = TYPED if packages is None else SHARE_TYPED
    grouped = {"work_package"} if packages is not None else set()
    if not {"key", "version", *typed} | grouped <= names.keys():
        raise Unusable(
            N_("This is not a file of this page. Download the budget, change it, and upload that file.")
        )
    rows: list[Row] = []
    errors: list[CellError] = []
    for number, (cells, written) in enumerate(zip(shown, formulas, strict=True), 1):
        key = cells[names["key"]]
        if number < FIRST_ROW or key in (None, ""):
            continue
        about = labels.get(str(key), "")
        package = str(cells[names["work_package"]]) if grouped else ""
        unknown = packages is not None and package not in packages
        if not about or unknown or any((row.key, row.work_package) == (key, package) for row in rows):
            sentence = N_("This organisation is not known here.")
            if about:
                sentence = N_("This organisation stands here twice.")
            if about and unknown:
                sentence = N_("This work package is not known here.")
            errors.append(CellError(cell_name(names.get("name", 0), number), about, sentence))
            continue
        found: dict[str, int] = {}
        for name in typed:
            column = names[name]
            try:
                found[name] = _value(cells[column], written[column], 1 if name == "person_months" else 2)
            except ValueError as problem:
                errors.append(CellError(cell_name(column, number), about, str(problem)))
        version = cells[names["version"]]
        if len(found) == len(typed):
            known = version if isinstance(version, int) else -1
            rows.append(Row(str(key), cell_name(names["personnel"], number), known, found, package))
    return tuple(rows), tuple(errors)


def cells_of(content: bytes, values: bool) -> list[tuple[Any, ...]]:
    """The cells of the first sheet, at most 2000 rows, as values or as what was written."""
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST_FILE:
                raise Unusable(N_("The file is too large."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=values)
        sheet = book.worksheets[0]
        rows = list(sheet.iter_rows(max_row=2000, max_col=60, values_only=True))
        width = max(map(len, rows), default=0)
        return [row + (None,) * (width - len(row)) for row in rows]
    except Unusable:
        raise
    except Exception as problem:  # a broken file fails in a hundred ways inside the library
        raise Unusable(N_("This is not an XLSX file that can be read.")) from problem


def _value(shown: Any, written: Any, places: int) -> int:
    """A cell as a whole number of its smallest unit. Raises ValueError with a sentence."""
    if shown is None and isinstance(written, str) and written.startswith("="):
        raise ValueError(
            N_("This formula has no value yet. Open the file in a spreadsheet program and save it.")
        )
    if shown is None or (isinstance(shown, str) and not shown.strip()):
        return 0
    if isinstance(shown, str) and places == 2:
        return money.parse(shown)
    if isinstance(shown, bool) or not isinstance(shown, int | float):
        raise ValueError(N_("Enter a number."))
    if not 0 <= shown <= (money.LARGEST / 100 if places == 2 else MOST_PERSON_MONTHS):
        raise ValueError(
            N_("Enter a number that is not negative.") if shown < 0 else N_("This amount is too large.")
        )
    exact = Decimal(repr(shown)) * 10**places
    whole = exact.to_integral_value(ROUND_HALF_UP)
    if abs(exact - whole) > Decimal("0.0001"):  # what is below comes from sums of binary numbers
        raise ValueError(
            N_("Enter at most two decimals.") if places == 2 else N_("Enter at most one decimal.")
        )
    return int(whole)


def cell_name(column: int, row: int) -> str:
    """The name of a cell, such as E4; columns count from 0."""
    letters = ""
    number = column + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def changed(rows: Iterable[Row], partners: Iterable[Partner]) -> Iterator[tuple[Row, Partner]]:
    """Rows that differ from what is stored, each with its partner."""
    stored = {partner.key: partner for partner in partners}
    for row in rows:
        if row.values != values_of(stored[row.key]):
            yield row, stored[row.key]
