"""A table of scores as CSV: read line by line, and every fault named by line and field.

A figure over half of a file would be a false one, so that a table with a fault is refused as a whole.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

LONGEST_FIELD = 200
MOST_FAULTS = 20


class Fault(NamedTuple):
    """What is wrong with one field of one line, as a sentence."""

    line: int
    field: str
    reason: str


class Unusable(ValueError):
    """The table cannot be used; one sentence a fault in `lines`."""

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


Row = Mapping[str, str]


def read(
    path: Path, columns: Sequence[str], low: float = -math.inf, high: float = math.inf
) -> tuple[list[Row], list[float]]:
    """The rows of a table and the number in their column 'score', in the order of the file.

    Args:
        columns: names of the columns, 'score' among them; together the others say what was scored, each thing once.
            Columns of other names are passed over, and so are lines without any text.
        low, high: ends of the scale; a score beyond them is a fault.

    Raises:
        Unusable: with every fault of the file.
    """
    lines = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    try:
        names = [name.strip() for name in lines.fieldnames or ()]
    except csv.Error as problem:
        raise Unusable(f"Line 1: {problem}.") from None
    lines.fieldnames = names
    if missing := [name for name in columns if name not in names]:
        raise Unusable(
            f"Line 1: the first line names the columns {','.join(columns)}; missing: {', '.join(missing)}."
        )
    rows: list[Row] = []
    scores: list[float] = []
    seen: dict[tuple[str, ...], int] = {}
    faults: list[Fault] = []
    keys = [name for name in columns if name != "score"]
    try:
        for given in lines:
            number = lines.line_num
            row = {name: (given[name] or "").strip() for name in columns}
            found = [*_faults(number, row, keys)]
            if None in given:
                found.append(
                    Fault(number, "line", f"has more fields than the {len(names)} of the first line")
                )
            if not found and not low <= float(row["score"]) <= high:
                found.append(
                    Fault(number, "score", f"{row['score']} lies outside the scale {low:g} to {high:g}")
                )
            key = tuple(row[name] for name in keys)
            if not found and key in seen:
                found.append(Fault(number, keys[-1], f"says the same as line {seen[key]}: {', '.join(key)}"))
            faults += found
            if not found:
                seen[key] = number
                rows.append(row)
                scores.append(float(row["score"]))
    except csv.Error as problem:
        faults.append(Fault(lines.line_num, "line", str(problem)))
    if faults:
        told = [f"Line {line}, {field}: {reason}." for line, field, reason in faults[:MOST_FAULTS]]
        more = [f"And {len(faults) - MOST_FAULTS} more."] if len(faults) > MOST_FAULTS else []
        raise Unusable(*told, *more)
    if not rows:
        raise Unusable("The file holds no scores.")
    return rows, scores


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise Unusable(f"The file cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError as problem:
        raise Unusable(
            f"The file is not UTF-8 text; byte {problem.start} is the first that is not."
        ) from None


def _faults(line: int, row: Row, keys: Sequence[str]) -> list[Fault]:
    found = [Fault(line, name, "is empty") for name in keys if not row[name]]
    found += [
        Fault(line, name, f"is longer than {LONGEST_FIELD} characters")
        for name in keys
        if len(row[name]) > LONGEST_FIELD
    ]
    text = row["score"]
    if not text:
        found.append(Fault(line, "score", "is empty; leave the line out where there is no score"))
    elif not _is_number(text):
        found.append(Fault(line, "score", f"'{text[:40]}' is not a number such as 4.5"))
    return found


def _is_number(text: str) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    # Beyond that squares overflow; and Python's own spellings ('1_000', 'nan') are no numbers here.
    return math.isfinite(value) and abs(value) <= 1e9 and "_" not in text
