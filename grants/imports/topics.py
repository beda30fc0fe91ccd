"""Topics of the Funding and Tenders Portal as calls in draft, with findings where an officer has to look."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from grants.calls import actions
from grants.calls.models import Call, Programme
from grants.calls.rules import ACTIONS
from grants.db import db
from grants.imports.record import Record, Refused
from grants.money import LARGEST
from grants.people.models import User
from grants.words import N_

SOURCE = "Funding and Tenders Portal"
ZONE = "Europe/Brussels"
DEADLINE_TIME = time(17)
OPENS_BEFORE = timedelta(days=90)
REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
PILLARS = {
    "ERC": 1, "MSCA": 1, "INFRA": 1, "HLTH": 2, "CL1": 2, "CL2": 2, "CL3": 2, "CL4": 2, "CL5": 2, "CL6": 2,
    "MISS": 2, "JU": 2, "EIC": 3, "EIE": 3, "EIT": 3,
}  # fmt: skip
"""Pillar of Horizon Europe by part of the programme; missions and joint undertakings are set up under the second."""
LONGEST_TEXT = 60_000


class Topics:
    """Makes calls in draft of topic records, in one programme, in the name of one of its officers (rulebook 8)."""

    id_field = "topicId"

    def __init__(self, programme: Programme, by: User) -> None:
        self.programme, self.by = programme, by
        origins = db.session.scalars(select(Call.origin).where(Call.origin.is_not(None)))
        self.known = {origin["id"] for origin in origins if origin and origin["source"] == SOURCE}

    def take(self, record: Record, origin: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """A call in draft; what is missing or not supported is a finding, blocking where it forbids publication."""
        if not REFERENCE.fullmatch(origin["id"]):
            raise Refused(
                self.id_field, "A reference has up to 60 letters, digits, dots, hyphens and underscores."
            )
        deadline = datetime.combine(record.day("deadline"), DEADLINE_TIME)
        if not 2021 <= deadline.year <= 2035:
            raise Refused("deadline", "The year is not from 2021 to 2035.")
        findings: list[dict[str, Any]] = []
        action = _action(record, findings)
        text = _text(record, findings)
        try:
            call = actions.create(
                self.programme, by=self.by, reference=origin["id"], scheme_id=_scheme(record, action),
                title=record.text("title", most=300, required=True), text=text, action=action,
                pillar=_pillar(record, findings), year=_year(origin["id"], deadline), deadline=deadline, zone=ZONE,
                opens_on=_opening(deadline, findings), **_money(record, findings),
                keywords=_keywords(record, origin["id"], findings), origin={"source": SOURCE} | origin,
            )  # fmt: skip
        except actions.Unfit as problem:
            raise Refused(self.id_field, str(problem)) from None
        _stages(record, findings)
        call.findings = findings
        db.session.flush()
        return call.reference, tuple(finding["code"] for finding in findings)


def _find(
    findings: list[dict[str, Any]],
    code: str,
    field: str,
    sentence: str,
    *,
    blocking: bool = False,
    **values: Any,
) -> None:
    findings.append(
        {"code": code, "field": field, "sentence": sentence, "blocking": blocking, "values": values}
    )


def _stages(record: Record, findings: list[dict[str, Any]]) -> None:
    # The field 'stage' of the source is wrong throughout; the deadline model is right.
    model = record.text("deadlineModel", most=100)
    if model == "two-stage":
        sentence = N_(
            "This is the first of two stages. The source gives one deadline only: set up the second."
        )
        _find(findings, "TWO_STAGE", "stage", sentence)
    elif model != "single-stage":
        sentence = N_("The deadline model '%(model)s' is not supported yet.")
        _find(findings, "DEADLINE_MODEL", "stage", sentence, blocking=True, model=model)


def _scheme(record: Record, action: str) -> str:
    first_of_two = record.text("deadlineModel", most=100) == "two-stage"
    return "he-first-stage-2026" if first_of_two else f"he-{action.lower()}-2026"


def _action(record: Record, findings: list[dict[str, Any]]) -> str:
    """The type of action; one that is not known gets the rules and the scheme of an RIA, until somebody has looked."""
    found = record.text("actionType", most=100)
    if found in ACTIONS:
        return found
    sentence = N_(
        "The type of action '%(action)s' is not known here; check the rules and the scoring of an RIA."
    )
    _find(findings, "ACTION_TYPE", "action", sentence, blocking=True, action=found)
    return "RIA"


def _pillar(record: Record, findings: list[dict[str, Any]]) -> int | None:
    part, programme = record.text("cluster", most=100), record.text("programme", most=100)
    pillar = PILLARS.get(part) if programme == "Horizon Europe" else None
    if pillar is None:
        sentence = N_("Which pillar '%(part)s' of '%(programme)s' belongs to is not known; it decides which countries "
                      "are associated.")  # fmt: skip
        _find(findings, "PILLAR", "pillar", sentence, blocking=True, part=part, programme=programme)
    return pillar


def _year(reference: str, deadline: datetime) -> int:
    """The work programme's year, which the reference carries; else the year of the deadline."""
    named = re.search(r"(?<!\d)20(2[1-9]|3[0-5])(?!\d)", reference)
    return int(named[0]) if named else deadline.year


def _opening(deadline: datetime, findings: list[dict[str, Any]]) -> datetime:
    sentence = N_("The source gives no opening date; it is set to %(days)s days before the deadline.")
    _find(findings, "OPENING_ASSUMED", "opens_on", sentence, blocking=True, days=OPENS_BEFORE.days)
    return (deadline - OPENS_BEFORE).replace(hour=0, tzinfo=ZoneInfo(ZONE))


def _money(record: Record, findings: list[dict[str, Any]]) -> dict[str, int | None]:
    """What one project may expect, and the budget of the call, euro cents.

    The portal's budgetMin and budgetMax are contributions for one project (three grants of EUR 3 to 4 million), so
    the budget of the call is the larger one times the expected number of grants.
    """
    lowest, highest = record.cents("budgetMin"), record.cents("budgetMax")
    grants = record.whole("expectedGrants", most=10_000)
    if lowest is not None and highest is not None and lowest > highest:
        raise Refused("budgetMin", "It is above budgetMax.")
    if highest and grants:
        budget = highest * grants
        if budget > LARGEST:
            raise Refused("budgetMax", "The amount is too large.")
        sentence = N_("The budget is the largest contribution times the %(grants)s expected grants.")
        _find(findings, "BUDGET_COMPUTED", "budget", sentence, grants=grants)
    else:
        budget = 0
        _find(findings, "BUDGET_MISSING", "budget", N_("The source gives no budget."), blocking=True)
    return {"budget": budget, "min_contribution": lowest or None, "max_contribution": highest or None}


def _keywords(record: Record, reference: str, findings: list[dict[str, Any]]) -> list[str]:
    listed = (word.strip() for word in record.text("keywords", most=10_000).split(","))
    codes = ("", reference, record.text("callIdentifier", most=200))
    found = list(dict.fromkeys(word for word in listed if word not in codes))
    if not found:
        _find(
            findings,
            "KEYWORDS_MISSING",
            "keywords",
            N_("There are no keywords to choose from."),
            blocking=True,
        )
    return found


# --- Text ------------------------------------------------------------------------------------------------------------

# Where tags were stripped, a sentence ends and the next begins unspaced: 'outcomes:Advanced', 'Annexes.4. Financial';
# an empty element left the word 'null'.
_SEAM = re.compile(r"(?<=[a-z0-9)\]][.:;?!])(?:null)?(?=[A-Z])|(?<=[a-z)\]][.:;?!])(?=[0-9][a-z]?\. [A-Z])")
_HEADING = re.compile(r"(?:^|(?<=[\s.;)\]]))(Expected Outcome|Scope|Objective|Expected Impact)s?:")
_MARKUP = re.compile(r"([\\`*_\[<&])")
_BLOCK = re.compile(r"^([#>+=~-]|\d+(?=[.)]))")


def _text(record: Record, findings: list[dict[str, Any]]) -> str:
    """Description and conditions as Markdown, with headings and paragraphs guessed from the run-together text."""
    description = record.text("description", most=200_000)
    conditions = record.text("topicConditions", most=200_000)
    opening, *sections = _HEADING.split(description)
    titled = [("", opening), *zip(sections[::2], sections[1::2], strict=True), ("Conditions", conditions)]
    text = "\n\n".join(
        f"## {title}\n\n{paragraphs(body)}" if title else paragraphs(body)
        for title, body in titled
        if body.strip()
    )
    if not description:
        _find(findings, "TEXT_MISSING", "text", N_("The source has no description."), blocking=True)
    elif len(text) > LONGEST_TEXT:
        sentence = N_("The text has %(count)s characters; the form takes at most %(limit)s.")
        _find(findings, "TEXT_TOO_LONG", "text", sentence, count=len(text), limit=LONGEST_TEXT)
    else:
        sentence = N_("Headings and paragraphs of the text are guessed; the source has lost them.")
        _find(findings, "TEXT_GUESSED", "text", sentence)
    return text


def paragraphs(text: str) -> str:
    """Plain text as Markdown paragraphs that show every character as it is, parted where a sentence begins unspaced."""
    parted = (" ".join(part.split()) for line in text.splitlines() for part in _SEAM.split(line))
    return "\n\n".join(_BLOCK.sub(_escape_block, _MARKUP.sub(r"\\\1", part)) for part in parted if part)


def _escape_block(start: re.Match[str]) -> str:
    """A number is followed by its dot, a mark by itself: either way the backslash stands before punctuation."""
    return f"{start[1]}\\" if start[1].isdigit() else f"\\{start[1]}"
