"""Two texts word by word, and two states of an application field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from grants.applications.budget import CATEGORIES
from grants.applications.proposal import SCHEMA, Partner, Proposal
from grants.words import N_

MOST_WORDS = 3000
"""A changed passage longer than this is shown as replaced: finding its common words would take seconds."""


@dataclass(frozen=True)
class Piece:
    """Some words that stand in both texts, only in the first (`removed`), or only in the second (`added`)."""

    kind: str
    text: str


def words(before: str, after: str) -> tuple[Piece, ...]:
    """Both texts as one row of pieces: without the added ones it reads `before`, without the removed ones `after`."""
    found: list[Piece] = []
    for kind, text in _passages(_lines(before), _lines(after)):
        if found and found[-1].kind == kind:
            found[-1] = Piece(kind, found[-1].text + text)
        elif text:
            found.append(Piece(kind, text))
    return tuple(found)


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").splitlines(keepends=True)


def _passages(before: list[str], after: list[str]) -> Iterator[tuple[str, str]]:
    """Line by line first, and word by word where lines differ."""
    for kind, old, new in _matched(before, after):
        if kind == "same":
            yield kind, old
            continue
        left, right = (re.findall(r"\s*\S+|\s+", text) for text in (old, new))
        if max(len(left), len(right)) > MOST_WORDS:
            yield from (("removed", old), ("added", new))
            continue
        for inner, less, more in _matched(left, right):
            if inner == "same":
                yield inner, less
            else:
                yield from (("removed", less), ("added", more))


def _matched(before: list[str], after: list[str]) -> Iterator[tuple[str, str, str]]:
    for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield "same" if kind == "equal" else "changed", "".join(before[i:j]), "".join(after[k:m])


def loses_words(before: str, after: str, most: int = 40) -> bool:
    """Whether more than `most` characters in a row went away: such a save never replaces the one before it."""
    start = 0
    shorter = min(len(before), len(after))
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return len(before) - start - end > most


# --- States of an application ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A field that differs: its section, `about` (an organisation, person or question), a label, and both texts.

    `label` is a text to translate; `kind` says how the values are to be read: text, cents, or the name of a code.
    """

    section: str
    about: str
    label: str
    before: str
    after: str
    kind: str = "text"

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return words(self.before, self.after)


def put_together(call: str, number: str, parts: Mapping[str, Mapping[str, Any]]) -> Proposal:
    """The application as it was: from what each section held, by the name of the section (see models.Revision)."""
    facts: dict[str, Any] = {"schema": SCHEMA, "call": call, "number": number}
    for name, content in parts.items():
        if ":" not in name and name != "consortium":
            facts |= content
    facts["partners"] = [
        {**parts[f"partner:{key}"]["partner"], **parts.get(f"budget:{key}", {})}
        for key in parts.get("consortium", {}).get("partners", ())
        if f"partner:{key}" in parts
    ]
    return Proposal.from_dict(facts)


SUMMARY = (
    ("acronym", N_("Acronym")), ("title", N_("Title")), ("abstract", N_("Abstract")),
    ("duration", N_("Duration in months")), ("keywords", N_("Keywords")), ("free_keywords", N_("Your own keywords")),
)  # fmt: skip
PARTNER = (
    ("name", N_("Legal name"), "text"), ("short_name", N_("Short name"), "text"),
    ("pic", N_("Participant code (PIC)"), "text"), ("country", N_("Country"), "country"), ("city", N_("City"), "text"),
    ("activity", N_("Type of organisation"), "activity"), ("role", N_("Role"), "role"),
    ("sme", N_("Small or medium-sized enterprise (SME)"), "yes_no"),
    ("nonprofit", N_("Non-profit organisation"), "yes_no"),
    ("control_group", N_("Control group"), "text"), ("gep", N_("Gender equality plan in force"), "yes_no"),
    ("contact_name", N_("Contact person"), "text"),
)  # fmt: skip
MONEY = (
    *((category.key, category.label) for category in CATEGORIES),
    ("requested", N_("Requested contribution")), ("income", N_("Income generated")),
    ("other_contributions", N_("Other contributions")),
)  # fmt: skip


def changes(before: Proposal, after: Proposal, questions: Mapping[str, str]) -> tuple[Change, ...]:
    """Every field that differs, in the order of the form; `questions` are the labels by key."""
    return tuple(change for change in _changes(before, after, questions) if change.before != change.after)


def _changes(before: Proposal, after: Proposal, questions: Mapping[str, str]) -> Iterator[Change]:
    for name, label in SUMMARY:
        yield Change("summary", "", label, _text(getattr(before, name)), _text(getattr(after, name)))
    old, new = ({partner.key: partner for partner in side.partners} for side in (before, after))
    for key in _both(old, new):
        partners = old.get(key), new.get(key)
        about = next(partner.label for partner in reversed(partners) if partner)
        for name, label, kind in PARTNER:
            then, now = (_text(getattr(partner, name, None)) for partner in partners)
            yield Change("consortium", about, label, then, now, kind)
        rows = (_shares(side, partner) for side, partner in zip((before, after), partners, strict=True))
        yield Change("budget", about, N_("Costs by work package, euros, and person-months"), *rows)
        for name, label in MONEY:
            then, now = (str(getattr(partner.budget, name) or "") if partner else "" for partner in partners)
            yield Change("budget", about, label, then, now, "cents")
    packages = ("\n".join(_packages(side)) for side in (before, after))
    yield Change("work_packages", "", N_("Work packages"), *packages)
    yield Change("researchers", "", N_("Researchers"), _people(before), _people(after))
    for key in _both({a.key: a for a in before.answers}, {a.key: a for a in after.answers}):
        label = questions.get(key, key)
        yield Change("questions", label, "", _text(before.answer(key)), _text(after.answer(key)))
    files = (
        "\n".join(f"{file.name} ({file.sha256[:12]})" for file in side.attachments)
        for side in (before, after)
    )
    yield Change("part_b", "", N_("Files"), *files)
    made = (str(len(side.declarations) or "") for side in (before, after))
    yield Change("declarations", "", N_("Declarations made"), *made)


def _both(old: Iterable[str], new: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*new, *old)))


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return (
        {None: "", True: "yes", False: "no"}.get(value, str(value))
        if isinstance(value, bool | None)
        else str(value)
    )


def _packages(proposal: Proposal) -> Iterator[str]:
    """Number, title, months and leading partner of each work package, a line each."""
    names = {partner.key: partner.label for partner in proposal.partners}
    for number, package in enumerate(proposal.work_packages, 1):
        months = f"{package.starts or '?'}–{package.ends or '?'}"
        yield f"{number}. {package.title}, {months}, {names.get(package.lead, '?')}"


def _shares(proposal: Proposal, partner: Partner | None) -> str:
    """A partner's costs, a line for each work package; only what is not zero."""
    numbers = {package.key: number for number, package in enumerate(proposal.work_packages, 1)}
    return "\n".join(
        f"{numbers.get(row.work_package, '?')}: "
        + ", ".join(
            f"{one.code} {Decimal(getattr(row, one.key)) / 100:.2f}"
            for one in CATEGORIES
            if getattr(row, one.key)
        )
        + f" ({Decimal(row.person_months) / 10})"
        for row in (partner.budget.shares if partner else ())
    )


def _people(proposal: Proposal) -> str:
    keys = {partner.key: partner.label for partner in proposal.partners}
    return "\n".join(
        f"{person.first_name} {person.last_name}, {keys.get(person.partner, '')}"
        + (f", {person.orcid}" if person.orcid else "")
        for person in proposal.researchers
    )
