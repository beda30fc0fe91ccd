"""The register of organisations that applicants find theirs in: rows of a CSV file, by participant code."""

import csv
import gzip
import hashlib
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import select

from grants.applications.models import Organisation
from grants.applications.register import search_words
from grants.calls.countries import codes, normalised
from grants.db import db
from grants.imports.record import Record, Refused
from grants.imports.report import Entry, Refusal, Report
from grants.imports.source import Unusable
from grants.people import identifiers

ACTIVITIES = {code: code for code in ("HES", "REC", "PRC", "PUB", "OTH")}
COLUMNS = {"pic", "name", "short", "activity", "sme", "city", "country"}
BATCH = 500


def rows(path: Path) -> tuple[list[dict[str, str]], str]:
    """The rows of a CSV file, packed with gzip or not, and the SHA-256 of the file. Raises Unusable."""
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise Unusable(f"The file cannot be read: {problem}.") from None
    reader = csv.DictReader(io.StringIO(text))
    if missing := COLUMNS - set(reader.fieldnames or ()):
        raise Unusable(f"The file has no column {', '.join(sorted(missing))}.")
    return list(reader), hashlib.sha256(content).hexdigest()


def take_in(found: list[dict[str, str]], report: Report) -> Iterator[None]:
    """Add or renew each organisation, and commit every so often; a row that is no good goes to the report."""
    known = {row.pic: row for row in db.session.scalars(select(Organisation))}
    for line, row in enumerate(found, 2):
        try:
            facts = _facts(row)
        except Refused as refusal:
            report.refused.append(Refusal(line, refusal.field, refusal.reason))
        else:
            present = known.setdefault(facts["pic"], Organisation(pic=facts["pic"]))
            changed = [name for name, value in facts.items() if getattr(present, name) != value]
            for name in changed:
                setattr(present, name, facts[name])
            db.session.add(present)
            if changed:
                report.taken_in.append(Entry(line, facts["pic"], facts["name"], ()))
            else:
                report.unchanged.append(line)
        if line % BATCH == 0:
            db.session.commit()
        yield
    db.session.commit()


def _facts(row: Mapping[str, str]) -> dict[str, Any]:
    record = Record({name: value or "" for name, value in row.items() if name})
    try:
        pic = identifiers.pic(record.text("pic", most=20))
    except ValueError:
        raise Refused("pic", "A participant code has nine digits.") from None
    country = normalised(record.text("country", most=10, required=True))
    if country not in codes():
        raise Refused("country", f"'{country}' is not the code of a country.")
    name, short = record.text("name", most=300, required=True), record.text("short", most=1000)
    count = record.text("n", most=9)
    return {
        "pic": pic, "name": name, "short_name": short if len(short) <= 60 else "", "country": country,
        "city": record.text("city", most=120), "activity": record.choice("activity", ACTIVITIES),
        "sme": record.text("sme", most=5).lower() == "true", "projects": int(count) if count.isdecimal() else 0,
        "words": search_words(name, short),
    }  # fmt: skip
