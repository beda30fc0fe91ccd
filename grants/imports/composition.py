"""What composition is told by files: who the experts are, what each application needs, which rules count."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from grants.experts.assignment import Problem
from grants.experts.composition import DEFAULTS, FULL, HARD, RULES, Person, Task, Wanted
from grants.imports import table
from grants.imports.affinities import pairs
from grants.imports.source import Unusable

T = TypeVar("T")
EXPERT = ("country", "institution", "gender", "sector", "newcomer", "languages", "load")
APPLICATION = ("countries", "language", "demand")
GENDERS = ("woman", "man", "non_binary", "undisclosed")
SECTORS = ("academia", "research", "industry", "public", "society", "other")


def task(
    problem: Problem,
    experts: Path | None,
    applications: Path | None,
    prices: Mapping[str, int] | None,
    *,
    current: Path | None = None,
    fixed: Path | None = None,
    forbidden: Path | None = None,
) -> Task:
    """A task from affinities between 0 and 1, counted in thousandths, and the facts of each side.

    Args:
        experts: CSV with `expert` and any of EXPERT; None where nothing is known of anybody.
        applications: CSV with `application` and any of APPLICATION.
        prices: of each rule, as `rules` reads them; DEFAULTS where None.
        current: CSV with `application` and `expert`: what should change as little as possible.
        fixed: the same, of what must stay.
        forbidden: the same, of what must not be, besides the conflicts.

    Raises Unusable, which names line, field and reason.
    """
    for (application, expert), value in problem.affinities.items():
        if value > 1:
            raise Unusable(
                f"The affinity of {application} and {expert} is {value:f}: with rules, affinities are from 0 to 1."
            )
    people = {name: Person(name, problem.load) for name in problem.experts}
    people |= _facts(experts, "expert", EXPERT, lambda row: _person(row, problem.load))
    wanted = {name: Wanted(name, problem.demand) for name in problem.applications}
    wanted |= _facts(applications, "application", APPLICATION, lambda row: _wanted(row, problem.demand))
    kept, stand, never = (
        frozenset(pairs(path, wanted, people, unknown="stands in no other file"))
        for path in (current, fixed, forbidden)
    )
    barred = problem.conflicts | never
    table.refuse([
        f"{fixed}: application {application}, expert {expert}: the pair has a conflict or is forbidden."
        for application, expert in sorted(stand & barred)
    ])  # fmt: skip
    return Task(
        tuple(wanted.values()), tuple(people.values()),
        {pair: round(value * FULL) for pair, value in problem.affinities.items()}, barred, stand, kept,
        prices=dict(DEFAULTS if prices is None else prices),
    )  # fmt: skip


def rules(text: str) -> dict[str, int]:
    """Prices from `countries=hard,genders=150`: HARD, or thousandths of affinity. Raises ValueError."""
    found = {}
    for part in filter(None, (one.strip() for one in text.split(","))):
        name, _, price = part.partition("=")
        if name not in RULES:
            raise ValueError(f"'{name}' is no rule; there are {', '.join(RULES)}.")
        if name in found:
            raise ValueError(f"'{name}' stands there twice.")
        if price != "hard" and not re.fullmatch("[1-9][0-9]{0,3}", price):
            raise ValueError(f"{name} is 'hard', or a price from 1 to 9999 thousandths of affinity.")
        found[name] = HARD if price == "hard" else int(price)
    return found


def _facts(
    path: Path | None, key: str, columns: tuple[str, ...], one: Callable[[table.Row], T]
) -> dict[str, T]:
    found: dict[str, T] = {}
    complaints = []
    for row in table.rows(path, (key,), columns) if path else ():
        try:
            name = row.text(key)
            if name in found:
                raise ValueError(f"Line {row.line}, {key}: {name} stands in the file already.")
            found[name] = one(row)
        except ValueError as problem:
            complaints.append(str(problem))
    table.refuse([f"{path}: {complaint}" for complaint in complaints])
    return found


def _person(row: table.Row, load: int) -> Person:
    return Person(
        row.fields["expert"], _number(row, "load", load, 0), row.fields["country"].upper(),
        row.fields["institution"].casefold(), _one_of(row, "gender", GENDERS), _one_of(row, "sector", SECTORS),
        _one_of(row, "newcomer", ("yes", "no")) == "yes", frozenset(_words(row, "languages", str.lower)),
    )  # fmt: skip


def _wanted(row: table.Row, demand: int) -> Wanted:
    return Wanted(
        row.fields["application"], _number(row, "demand", demand, 1),
        frozenset(_words(row, "countries", str.upper)), row.fields["language"].lower(),
    )  # fmt: skip


def _one_of(row: table.Row, column: str, values: tuple[str, ...]) -> str:
    text = row.fields[column].lower()
    if text and text not in values:
        raise ValueError(f"Line {row.line}, {column}: '{text}' is none of {', '.join(values)}.")
    return text


def _number(row: table.Row, column: str, otherwise: int, least: int) -> int:
    text = row.fields[column]
    if not text:
        return otherwise
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) < least:
        raise ValueError(f"Line {row.line}, {column}: '{text}' is no whole number from {least} to 9999.")
    return int(text)


def _words(row: table.Row, column: str, form: Callable[[str], str]) -> list[str]:
    """Codes with blanks or semicolons between them."""
    return [form(word) for word in re.split(r"[\s;]+", row.fields[column]) if word]
