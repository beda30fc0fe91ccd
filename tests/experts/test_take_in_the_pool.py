"""Many experts from a file: good lines come in, wrong ones are named by line and column, a second run is quiet."""

import io
import json
from datetime import date, datetime

import pytest
from click.testing import CliRunner
from openpyxl import Workbook
from sqlalchemy import func, select

from grants.calls.queries import by_reference
from grants.db import db
from grants.experts import queries
from grants.experts.pool_file import Unusable, read
from grants.mail import Mail
from grants.people.queries import by_email

HEAD = (
    "Name;E-mail;".lower().replace("e-mail", "email")
    + "employer;country;orcid;keywords;past_employers;max_load"
)
GOOD = "Nadia Novák;nadia@new.example;Institute N;cz;0000-0002-1825-0097;robotics, learning;Firm B | 2025-05-31;4"
WRONG = [
    ("Nadia Twice;NADIA@new.example;Institute N;CZ;;;;", "email", "earlier line"),
    ("No Address;nobody;Institute N;CZ;;;;", "email", "e-mail address"),
    ("No Country;a@new.example;Institute N;ZZ;;;;", "country", "code of a country"),
    (";b@new.example;Institute N;CZ;;;;", "name", "missing"),
    ("Bad Number;c@new.example;Institute N;CZ;0000-0002-1825-0098;;;", "orcid", "ORCID"),
    ("Bad Load;d@new.example;Institute N;CZ;;;;many", "max_load", "whole number"),
    ("Bad Day;e@new.example;Institute N;CZ;;;Firm B | May;", "past_employers", "past employer"),
    ("Too Long;f@new.example;" + "x" * 301 + ";CZ;;;;", "employer", "too long"),
    ("Staff;olga@funder.example;Institute N;CZ;;;;", "email", "works for the call"),
    ("More;g@new.example;Institute N;CZ;;;;;;surplus", "", "more fields"),
]
FILE = "\n".join([HEAD, GOOD, *(line for line, _column, _words in WRONG)]).encode()


def sheet(text):
    book = Workbook()
    for line in text.decode().splitlines():
        book.active.append(line.split(";"))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture
def page(names):
    return f"/calls/{names.calls['evaluation']}/experts/file"


def send(browser, page, content, name="pool.csv"):
    return browser.post(page, data={"file": (io.BytesIO(content), name)})


def pool_size(names):
    db.session.rollback()
    return queries.count_pool(by_reference(names.calls["evaluation"]))


@pytest.mark.parametrize("packed", [bytes, sheet], ids=["csv", "xlsx"])
def test_good_lines_come_in_and_the_others_are_named(page, names, as_, packed):
    before = pool_size(names)
    answer = send(as_("officer"), page, packed(FILE))

    assert answer.status_code == 200
    assert pool_size(names) == before + 1
    expert = queries.expert(by_email("nadia@new.example"))
    assert (expert.employer, expert.country, expert.orcid, expert.keywords, expert.max_load) == (
        "Institute N", "CZ", "0000-0002-1825-0097", ["robotics, learning"], 4,
    )  # fmt: skip
    assert expert.past_employers == [
        {"name": "Firm B", "pic": "", "ror": "", "since": "", "until": "2025-05-31"}
    ]
    for number, (_line, column, words) in enumerate(WRONG, 3):
        assert f'class="number">{number}</th><td>{column or "–"}</td>' in answer.text
        assert words in answer.text
    assert by_email("a@new.example") is None


def test_the_same_file_again_changes_nothing(page, names, as_):
    browser = as_("officer")
    send(browser, page, FILE)
    counts = pool_size(names), db.session.scalar(select(func.count()).select_from(Mail))
    answer = send(browser, page, FILE)

    assert "1 unchanged" in answer.text
    assert (pool_size(names), db.session.scalar(select(func.count()).select_from(Mail))) == counts


def test_an_experts_own_word_stands_against_the_file(page, names, as_):
    browser = as_("officer")
    send(browser, page, FILE)
    expert = queries.expert(by_email("nadia@new.example"))
    expert.employer, expert.kept_at = "Where I work now", expert.user.create_datetime
    db.session.commit()
    send(browser, page, f"{HEAD};sector\n{GOOD};research".encode())

    found = queries.expert(by_email("nadia@new.example"))
    assert (found.employer, found.sector) == ("Where I work now", "research")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"name;email\nA;a@b.example\n",
        b"\xff\xfe",
        b"PK\x03\x04broken",
        b'name;email;employer;country\n"',
    ],
)
def test_what_is_no_such_file_is_refused_with_a_sentence(page, names, as_, content):
    before = pool_size(names)
    answer = send(as_("officer"), page, content)
    assert answer.status_code == 422
    assert pool_size(names) == before


def test_lines_are_numbered_as_in_the_file():
    lines = read(b'name,email,employer,country\n\n"A\nB",a@b.example,X,FR\nC,c@d.example,X,FR\n')
    assert [line.number for line in lines] == [3, 5]
    with pytest.raises(Unusable):
        read(b"x" * 6_000_000)


def test_a_day_that_a_spreadsheet_knows_as_one_is_a_day():
    book = Workbook()
    book.active.append(["name", "email", "employer", "country", "away_from", "away_until", "past_employers"])
    first, last = datetime(2026, 5, 31), date(2026, 6, 30)
    book.active.append(["A", "a@b.example", "X", "FR", first, last, "Y | 2025-05-31"])
    stream = io.BytesIO()
    book.save(stream)
    (line,) = read(stream.getvalue())
    assert line.complaints == []
    assert (line.facts["away_from"], line.facts["away_until"]) == (first.date(), last)


def test_the_command_line_takes_a_file_in(app, names, tmp_path, monkeypatch):
    from grants.cli import common, incoming, main

    path = tmp_path / "pool.csv"
    path.write_bytes(FILE)
    monkeypatch.setattr(incoming, "open_app", lambda: app)
    call = ["import", "experts", str(path), "--call", names.calls["evaluation"], "--json"]
    result = CliRunner().invoke(main, call)
    assert result.exit_code == common.EXIT_SOME_REFUSED, result.output
    counts = json.loads(result.stdout[result.stdout.index("{") :])["counts"]
    assert counts == {"added": 1, "renewed": 0, "unchanged": 0, "refused": len(WRONG)}
