"""A file of records, one JSON object a line: read, checked as a file, and handed on record by record."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy.exc import DataError, IntegrityError

from grants.db import db
from grants.imports.record import Record, Refused
from grants.imports.report import Entry, Refusal, Report

LONGEST_LINE = 2 * 1024 * 1024


class Unusable(ValueError):
    """The file as a whole cannot be read: the sentence says why."""


class Importer(Protocol):
    """What makes something of the records of one format."""

    id_field: str
    known: set[str]
    """Ids that earlier runs took in."""

    def take(self, record: Record, origin: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """Add one record to the session; its reference here and the codes of its findings. Raises Refused."""


@dataclass(frozen=True)
class Source:
    """A file with its SHA-256 and its lines that are not blank, numbered from 1."""

    name: str
    sha256: str
    lines: tuple[tuple[int, bytes], ...]

    @classmethod
    def open(cls, path: Path) -> "Source":
        """Read a file. Raises Unusable when it is missing, not UTF-8, or holds no JSON at all."""
        try:
            content = path.read_bytes()
            content.decode()
        except OSError as problem:
            raise Unusable(f"The file cannot be read: {problem.strerror}.") from None
        except UnicodeDecodeError as problem:
            raise Unusable(
                f"The file is not UTF-8 text; byte {problem.start} is the first that is not."
            ) from None
        numbered = enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1)
        lines = tuple((number, line) for number, line in numbered if line.strip())
        if not any(_is_json(line) for _, line in lines):
            raise Unusable("The file is not JSON: none of its lines is an object.")
        return cls(path.name, hashlib.sha256(content).hexdigest(), lines)


def take_in(source: Source, importer: Importer, report: Report) -> Iterator[None]:
    """Take the records in one after the other, each all or nothing; a refused one goes to the report.

    Yields after each line; the caller commits. A second run over what is in already changes nothing.
    """
    seen: dict[str, int] = {}
    for line, content in source.lines:
        try:
            record = Record(_parse(content))
            id = record.text(importer.id_field, most=80, required=True)
            if id in seen:
                raise Refused(importer.id_field, f"'{id}' stands in line {seen[id]} already.")
            if id in importer.known:
                report.unchanged.append(line)
            else:
                origin = {"id": id, "sha256": source.sha256, "line": line}
                with db.session.begin_nested():
                    reference, findings = importer.take(record, origin)
                report.taken_in.append(Entry(line, id, reference, findings))
            seen[id] = line
        except Refused as refusal:
            report.refused.append(Refusal(line, refusal.field, refusal.reason))
        except (DataError, IntegrityError):
            report.refused.append(Refusal(line, "record", "The database does not take its values."))
        yield


def _parse(line: bytes) -> Any:
    if len(line) > LONGEST_LINE:
        raise Refused("record", f"It has {len(line)} bytes; at most {LONGEST_LINE} can be taken in.")
    try:
        # Amounts keep the digits that the file has: no binary float stands between.
        return json.loads(line, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, ArithmeticError, RecursionError):
        raise Refused("record", "The line is not complete, valid JSON.") from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _is_json(line: bytes) -> bool:
    try:
        return isinstance(_parse(line), dict)
    except Refused:
        return False
