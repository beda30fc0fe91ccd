"""A report as an XLSX file to fill in where there is no network, and back: a row for each field, errors by cell."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from grants.applications.merging import Typed, fingerprint
from grants.applications.spreadsheet import SAME_DAY, Unusable, cell_name, cells_of
from grants.words import N_

FIRST_ROW = 4
COLUMNS = ("field", "label", "value", "hint")
WIDTHS = (0, 44, 90, 44)
VALUE = COLUMNS.index("value")
CHOSEN = N_("Choose one of the list.")
OTHER_FILE = N_(
    "This is not a file of this report. Download its pack, fill in the form file, and upload that."
)


@dataclass(frozen=True)
class Line:
    """A field of the report's form: its name, what it is called, what it holds, and what may be chosen.

    `choices` leads from what the form sends to what people read; empty for a text.
    """

    field: str
    label: str
    value: str
    choices: Mapping[str, str]

    def shown(self) -> str:
        return self.choices.get(self.value, "") if self.choices else self.value

    def sent(self, cell: str) -> str:
        """What the form sends for a cell. Raises ValueError with a sentence (msgid)."""
        if not self.choices or not cell:
            return cell
        said = " ".join(cell.split()).casefold()
        for key, text in self.choices.items():
            if said in (text.casefold(), key.casefold()) and key:
                return key
        raise ValueError(CHOSEN)


@dataclass(frozen=True)
class ScoreLine(Line):
    """A score; a cell holds a number of the scale, or the number with its name."""

    def sent(self, cell: str) -> str:
        number = re.match(r"[-\d.,]+", cell)
        try:
            hundredths = Decimal((number[0] if number else cell).replace(",", ".")) * 100 if cell else None
        except InvalidOperation:
            raise ValueError(N_("Enter a number.")) from None
        if hundredths is None:
            return ""
        # Off the scale too: the form knows which scores there are, and says so.
        return str(int(hundredths)) if hundredths == int(hundredths) else "-1"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with one cell: its name, the label of its field, and a sentence to translate."""

    cell: str
    label: str
    sentence: str


@dataclass(frozen=True)
class Filled:
    """A file that came back: the form as a browser would send it, and what the file was made from."""

    version: str
    seen: dict[str, str]
    typed: Typed
    cells: Mapping[str, str]
    wrong: tuple[Wrong, ...]


def write(
    lines: Iterable[Line], *, report: str, version: int, mark: str, title: str, word: Callable[[str], str]
) -> bytes:
    """The file: a hidden row that says which report it is, how to fill it in, and a row for each field.

    Everything is written as text, whatever it begins with: no program takes it for a formula.

    Args:
        report: public id.
        mark: whom it was made for.
        word: translates a sentence.
    """
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": SAME_DAY, "title": title})
    sheet = book.add_worksheet(word(N_("Report")))
    head = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    text = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "border": 1})
    muted = book.add_format({"text_wrap": True, "valign": "top", "font_color": "#52606D"})
    lines = list(lines)
    seen = {line.field: fingerprint([line.value]) for line in lines}
    for column, kept in enumerate((report, str(version), json.dumps(seen, sort_keys=True))):
        sheet.write_string(0, column, kept)
    sheet.write_string(1, 1, title, head)
    sheet.write_string(1, VALUE, mark, muted)
    sheet.write_string(
        2, 1, word(N_("Fill in the framed cells, save the file as XLSX, and upload it.")), muted
    )
    lists = book.add_worksheet("choices")
    for row, line in enumerate(lines, FIRST_ROW - 1):
        sheet.write_string(row, 0, line.field)
        sheet.write_string(row, 1, line.label, head)
        sheet.write_string(row, VALUE, line.shown(), text)
        if not line.choices:
            sheet.set_row(row, 90 if line.field.startswith("comment_") else 45)
            continue
        offered = [said for key, said in line.choices.items() if key]
        sheet.write_string(row, 3, "\n".join(offered) if len(offered) < 8 else "", muted)
        for number, said in enumerate(offered):
            lists.write_string(row, number, said)
        last = re.sub(r"\d", "", cell_name(len(offered) - 1, 1))
        source = f"=choices!$A${row + 1}:${last}${row + 1}"
        sheet.data_validation(row, VALUE, row, VALUE, {"validate": "list", "source": source})
    lists.hide()
    sheet.set_row(0, None, None, {"hidden": True})
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width or None, None, {"hidden": not width})
    sheet.freeze_panes(FIRST_ROW - 1, VALUE)
    book.close()
    return out.getvalue()


def read(content: bytes, lines: Iterable[Line], report: str) -> Filled:
    """What a file holds, and what is wrong with its cells; a field whose row is gone stays as it was.

    Raises:
        Unusable: no spreadsheet, one with macros, too large, or the file of another report.
    """
    shown, written = (cells_of(content, values) for values in (True, False))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if any("vbaproject" in name.casefold() for name in archive.namelist()):
            raise Unusable(N_("This file holds macros. Save it as XLSX without them."))
    if len(shown) < FIRST_ROW or len(shown[0]) <= VALUE or shown[0][0] != report:
        raise Unusable(OTHER_FILE)
    try:
        seen = {str(name): str(value) for name, value in json.loads(str(shown[0][2])).items()}
    except (ValueError, AttributeError, RecursionError):
        raise Unusable(OTHER_FILE) from None
    known = {line.field: line for line in lines}
    typed: Typed = {line.field: [line.value] if line.value else [] for line in known.values()}
    # A row that somebody deleted is like a page that did not show the field.
    seen |= {name: fingerprint(typed[name]) for name in known} | {
        name: value for name, value in seen.items() if name in known
    }
    cells: dict[str, str] = {}
    wrong: list[Wrong] = []
    for number in range(FIRST_ROW, len(shown) + 1):
        value, raw = shown[number - 1][VALUE], written[number - 1][VALUE]
        line = known.get(str(shown[number - 1][0]))
        if line is None:
            continue
        cells[line.field] = cell_name(VALUE, number)
        try:
            typed[line.field] = [line.sent(_text(value, raw))]
        except ValueError as problem:
            wrong.append(Wrong(cells[line.field], line.label, str(problem)))
    return Filled(str(shown[0][1]), seen, typed, cells, tuple(wrong))


def _text(shown: Any, written: Any) -> str:
    """A cell as text. Raises ValueError with a sentence for a formula, of which nobody knows what it will say."""
    if isinstance(written, str) and written.startswith("=") and shown != written:
        raise ValueError(N_("This cell holds a formula. Enter the text or the number itself."))
    if isinstance(shown, float) and shown.is_integer():
        shown = int(shown)
    return "" if shown is None else str(shown).replace("_x000D_", "").strip()
