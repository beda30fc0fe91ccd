"""A file of experts, CSV or XLSX: one person a line, each checked as a whole, errors by line and column."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email

from grants.calls.countries import codes, normalised
from grants.experts.conflicts import TIES
from grants.people import identifiers
from grants.words import N_

COLUMNS = (
    "name", "email", "employer", "country", "employer_pic", "employer_ror", "past_employers", "sector", "seniority",
    "gender", "orcid", "keywords", "expertise", "languages", "max_load", "ties", "away_from", "away_until",
)  # fmt: skip
NEEDED = COLUMNS[:4]
LARGEST = 5 * 1024 * 1024
"""Bytes of a file, and of a spreadsheet once unpacked four times as many."""
MOST_LINES = 5000
# Databases refuse NUL and lone surrogates, and no text needs the other control characters.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

SECTORS = ("academia", "research", "industry", "public", "society", "other")
SENIORITIES = ("early", "established", "leading")
GENDERS = ("woman", "man", "non_binary", "undisclosed")


class Unusable(ValueError):
    """The file as a whole cannot be read: the sentence (msgid) says why."""


@dataclass(frozen=True)
class Complaint:
    """Why a line is not taken in: the column (or line) concerned and a sentence to translate."""

    line: int
    column: str
    sentence: str


@dataclass
class Line:
    """One person of the file: facts for `actions.add_expert`, or what is wrong."""

    number: int
    facts: dict[str, Any] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)


def read(content: bytes) -> list[Line]:
    """Every line of a file that is not blank, checked. Raises Unusable."""
    if len(content) > LARGEST:
        raise Unusable(N_("The file is too large."))
    rows = list(_sheet(content) if content[:2] == b"PK" else _table(content))
    head = [name.strip().lower() for name in rows[0][1]] if rows else []
    while head and not head[-1]:  # a sheet is as wide as its widest line
        head.pop()
    if any(name not in head for name in NEEDED):
        raise Unusable(
            N_("The first line has to name the columns; name, email, employer and country are needed.")
        )
    if len(rows) - 1 > MOST_LINES:
        raise Unusable(N_("The file has more than 5,000 lines. Split it."))
    seen: dict[str, int] = {}
    return [
        _line(number, head, cells, seen) for number, cells in rows[1:] if any(cell.strip() for cell in cells)
    ]


def _table(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unusable(N_("The file is not UTF-8 text. Save it as 'CSV UTF-8' or as XLSX.")) from None
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), strict=True,
                        delimiter=";" if first.count(";") > first.count(",") else ",")  # fmt: skip
    try:
        before = 0
        for cells in reader:
            yield before + 1, cells
            before = reader.line_num
    except csv.Error:
        raise Unusable(N_("The file is not complete, valid CSV.")) from None


def _sheet(content: bytes) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > 4 * LARGEST:
                raise Unusable(N_("The file is too large."))
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows = list(book.worksheets[0].iter_rows(max_row=MOST_LINES + 2, max_col=60, values_only=True))
    except Unusable:
        raise
    except Exception as problem:  # a broken file fails in a hundred ways inside the library
        raise Unusable(N_("This is not an XLSX file that can be read.")) from problem
    for number, cells in enumerate(rows, 1):
        yield number, ["" if cell is None else _plain(cell) for cell in cells]


def _plain(cell: Any) -> str:
    """A cell as one would type it; a day that a spreadsheet knows as one is written as the file wants days."""
    if isinstance(cell, datetime):
        cell = cell.date()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _line(number: int, head: list[str], cells: list[str], seen: dict[str, int]) -> Line:
    line = Line(number)
    if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
        line.complaints.append(
            Complaint(number, "", N_("The line has more fields than the first line has names."))
        )
        return line
    given = dict(zip(head, (cell.strip() for cell in cells), strict=False))
    for column in COLUMNS:
        try:
            line.facts[column] = CHECKS[column](_text(given.get(column, ""), column))
        except ValueError as problem:
            line.complaints.append(Complaint(number, column, str(problem)))
    first, last = line.facts.get("away_from"), line.facts.get("away_until")
    if bool(first) != bool(last) or (first and last and last < first):
        line.complaints.append(
            Complaint(number, "away_until", N_("Give the first and the last day away, in this order."))
        )
    email = line.facts.get("email", "")
    if email and seen.setdefault(email, number) != number:
        line.complaints.append(
            Complaint(number, "email", N_("This address stands in an earlier line already."))
        )
    return line


def _text(text: str, column: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError(N_("This contains a character that cannot be stored."))
    if column in NEEDED and not text:
        raise ValueError(N_("This is missing."))
    return text


def _at_most(limit: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if len(text) > limit:
            raise ValueError(N_("This is too long."))
        return text

    return check


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def check(text: str) -> str:
        if text and text.lower() not in words:
            raise ValueError(N_("This word is not one of those that the column takes."))
        return text.lower()

    return check


def _address(text: str) -> str:
    try:
        return str(validate_email(text, check_deliverability=False).normalized).lower()
    except EmailNotValidError:
        raise ValueError(N_("This is not an e-mail address.")) from None


def _country(text: str) -> str:
    found = normalised(text.upper())
    if found not in codes():
        raise ValueError(N_("This is not the two-letter code of a country."))
    return found


def _identifier(check: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: check(text) if text else ""


def _several(text: str) -> list[str]:
    if len(text) > 2000:
        raise ValueError(N_("This is too long."))
    return list(dict.fromkeys(word.strip() for word in re.split(r"[;\n]", text) if word.strip()))


def _languages(text: str) -> list[str]:
    found = [word.lower() for word in re.split(r"[;,\s]+", text) if word]
    if any(not re.fullmatch("[a-z]{2}", word) for word in found):
        raise ValueError(N_("Languages are two-letter codes, such as en; fr."))
    return list(dict.fromkeys(found))


def _load(text: str) -> int | None:
    if text and not (text.isascii() and text.isdecimal() and int(text) <= 100):
        raise ValueError(N_("This is a whole number from 0 to 100."))
    return int(text) if text else None


def _employers(text: str) -> list[dict[str, str]]:
    """'Firm B SAS | 2025-05-31; University C | 2020-09-01 | 2024-08-31': a name, perhaps a first, and the last day."""
    return [
        _organisation(entry, N_("Write a past employer as 'name | 2025-05-31'.")) for entry in _several(text)
    ]


def _ties(text: str) -> list[dict[str, str]]:
    """'P2 | Firm B SAS | 2025-05-31': a code of rulebook 4.7 before what stands for a past employer."""
    found = []
    for entry in _several(text):
        code, _bar, rest = (part.strip() for part in entry.partition("|"))
        if code not in TIES or not rest:
            raise ValueError(
                N_("Write a tie as 'P2 | name | 2025-05-31', with one of the codes D2, D4, D5, P2, P3.")
            )
        found.append(_organisation(rest, N_("Write a tie as 'P2 | name | 2025-05-31'.")) | {"code": code})
    return found


def _organisation(entry: str, how: str) -> dict[str, str]:
    """A name, an identifier (PIC or ROR) where there is one, and one day (the last) or two. Raises ValueError(how)."""
    name, *rest = (part.strip() for part in entry.split("|"))
    facts, days = {"name": name[:300], "pic": "", "ror": "", "since": "", "until": ""}, []
    for part in rest:
        if re.fullmatch(r"\d{4}-\d\d-\d\d", part):
            days.append(part)
        elif re.fullmatch(r"[\d ]{9,11}", part):
            facts["pic"] = identifiers.pic(part)
        elif part:
            facts["ror"] = identifiers.ror(part)
    try:
        first, *later = [date.fromisoformat(day).isoformat() for day in days] or [""]
    except ValueError:
        raise ValueError(how) from None
    if not name or len(later) > 1:
        raise ValueError(how)
    facts["since"], facts["until"] = (first, later[0]) if later else ("", first)
    return facts


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValueError(N_("Write a day as 2026-05-31.")) from None


CHECKS: Mapping[str, Callable[[str], Any]] = {
    "name": _at_most(120), "email": _address, "employer": _at_most(300), "country": _country,
    "employer_pic": _identifier(identifiers.pic), "employer_ror": _identifier(identifiers.ror),
    "past_employers": _employers, "sector": _one_of(SECTORS), "seniority": _one_of(SENIORITIES),
    "gender": _one_of(GENDERS), "orcid": _identifier(identifiers.orcid), "keywords": _several,
    "expertise": _at_most(4000), "languages": _languages, "max_load": _load,
    "ties": _ties, "away_from": _date, "away_until": _date,
}  # fmt: skip
