"""A CSV file with a header line: its rows with their line numbers, and complaints that name line, field and reason."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from grants.imports.source import Unusable

COMPLAINTS_SHOWN = 20


@dataclass(frozen=True)
class Row:
    """One line of the file; `fields` holds the texts of the wanted columns, without blanks around them."""

    line: int
    fields: dict[str, str]

    def text(self, column: str) -> str:
        """A text that is not empty. Raises ValueError."""
        if not self.fields[column]:
            raise ValueError(f"Line {self.line}, {column}: it is empty.")
        return self.fields[column]


def rows(path: Path, columns: tuple[str, ...], optional: tuple[str, ...] = ()) -> Iterator[Row]:
    """The rows of a file that has at least `columns`; blank lines are passed over, other columns too.

    Args:
        optional: columns that may be absent; their texts are empty then.

    Raises Unusable: not readable, not UTF-8, no such column, or a line with too few or too many fields.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise Unusable(f"The file cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError as problem:
        raise Unusable(
            f"The file is not UTF-8 text; byte {problem.start} is the first that is not."
        ) from None
    reader = csv.reader(content.splitlines())
    try:
        header = [name.strip() for name in next(reader, [])]
        missing = [column for column in columns if column not in header]
        if missing:
            raise Unusable(
                f"Line 1: the columns {','.join(columns)} are needed; missing: {', '.join(missing)}."
            )
        for fields in reader:
            if not any(field.strip() for field in fields):
                continue
            if len(fields) != len(header):
                raise Unusable(
                    f"Line {reader.line_num}: it has {len(fields)} fields, the header {len(header)}."
                )
            named = dict(zip(header, fields, strict=True))
            yield Row(reader.line_num, {one: named.get(one, "").strip() for one in (*columns, *optional)})
    except csv.Error as problem:
        raise Unusable(f"Line {reader.line_num}: {problem}.") from None


def refuse(complaints: list[str]) -> None:
    """Raise Unusable with up to twenty complaints, one a line, if there are any."""
    if complaints:
        more = len(complaints) - COMPLAINTS_SHOWN
        raise Unusable(
            "\n".join(complaints[:COMPLAINTS_SHOWN] + ([f"... and {more} more."] if more > 0 else []))
        )
