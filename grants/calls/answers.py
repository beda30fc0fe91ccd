"""Answers to the questions of a form: which are asked, which are empty, too long or out of range."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from grants.calls.rules import QuestionRule
from grants.words import N_, count_characters, count_words

KINDS = {
    "long": N_("Long text"), "short": N_("Short text"), "yes_no": N_("Yes or no"), "choice": N_("One of several"),
    "choices": N_("Several of many"), "number": N_("A number"), "money": N_("Amount in euros"), "date": N_("Date"),
    "table": N_("Table"), "file": N_("File (PDF)"), "declaration": N_("Declaration to tick"),
}  # fmt: skip
TEXTS = ("short", "long")
NUMBERS = ("number", "money")
DECIDING = ("yes_no", "choice", "choices", "declaration")
"""Kinds that another question may depend on."""


def deciding_values(kind: str, choices: Iterable[str]) -> list[str]:
    """The answers to a question of this kind that a later one may be conditional on."""
    return {"yes_no": ["yes", "no"], "declaration": ["yes"]}.get(kind) or list(choices)


def asked(questions: Iterable[QuestionRule], answer: Callable[[str], Any]) -> list[QuestionRule]:
    """The questions that are put, in order: those without a condition, and those whose condition holds.

    A condition on a question that is not put itself does not hold, whatever was once answered there.
    """
    put: list[QuestionRule] = []
    for question in questions:
        on = next((earlier for earlier in put if earlier.key == question.condition_key), None)
        if not question.condition_key or (on and _gives(answer(on.key), question.condition_value)):
            put.append(question)
    return put


def _gives(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return wanted in value
    return value == wanted or (value is True and wanted == "yes")


def is_empty(value: Any) -> bool:
    """Whether nothing was answered; a table of empty cells is empty, a nought and a no are answers."""
    match value:
        case str():
            return not value.strip()
        case list():
            return all(map(is_empty, value))
    return value is None


def fits(question: QuestionRule, value: Any) -> bool:
    """Whether a value can stand as an answer to the question: is of its kind, and among its choices or columns."""
    if is_empty(value):
        return True
    match question.kind:
        case "yes_no":
            return value in ("yes", "no")
        case "choice":
            return value in question.choices
        case "choices":
            return isinstance(value, list) and all(one in question.choices for one in value)
        case "money":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return _reads(Decimal, value)
        case "date":
            return _reads(date.fromisoformat, value)
        case "table":
            return isinstance(value, list) and all(
                isinstance(row, list) and len(row) == len(question.choices) for row in value
            )
        case "declaration":
            return value is True
        case "file":
            return False
    return isinstance(value, str)


def _reads(read: Callable[[str], Any], value: Any) -> bool:
    try:
        read(value if isinstance(value, str) else "")
    except (ValueError, InvalidOperation):
        return False
    return True


def carries_over(earlier: QuestionRule, later: QuestionRule, value: Any) -> bool:
    """Whether an answer to one question is one to a question of another form that has the same key."""
    alike = earlier.kind == later.kind or (earlier.kind, later.kind) == ("short", "long")
    same_columns = later.kind != "table" or earlier.choices == later.choices
    return alike and same_columns and fits(later, value)


def measured(question: QuestionRule, value: Any) -> int:
    """Length of a text in the question's unit; 0 for every other kind of answer."""
    if question.kind not in TEXTS or not isinstance(value, str):
        return 0
    return count_words(value) if question.unit == "words" else count_characters(value)


def within(question: QuestionRule, value: Any) -> bool:
    """Whether a number or amount lies in the question's range; nothing does, what is no number does not."""
    if question.kind not in NUMBERS or is_empty(value):
        return True
    if not fits(question, value):
        return False
    number = Decimal(value) / 100 if question.kind == "money" else Decimal(value)
    low, high = question.lowest, question.highest
    return (not low or number >= Decimal(low)) and (not high or number <= Decimal(high))


def number(text: str) -> str:
    """A typed number in its plain form: '1 234,50' becomes '1234.5'. Raises ValueError with a sentence."""
    plain = text.strip().replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not plain.isascii() or len(plain) > 24 or abs(value.adjusted()) > 15:
        raise ValueError(N_("Type a number, such as 12 or 3.5."))
    return f"{value.normalize():f}" if value else "0"
