"""What applicants type into the questions of a call: a field for each kind, and the answers as they are stored."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    Field,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import Length, Optional

from grants.calls import answers
from grants.calls.models import Question
from grants.fields import (
    CheckboxList,
    DayField,
    EmptyForNow,
    MoneyField,
    TableField,
    no_control_characters,
)

YES_NO = {"yes": _l("Yes"), "no": _l("No")}


class NumberField(StringField):
    """A number as people type it; `data` is a plain decimal text."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = text
        if text:
            try:
                self.data = answers.number(text)
            except ValueError as problem:
                raise ValueError(_(str(problem))) from None


def answer_field(question: Question, text_of: Any, checks: list[Any]) -> Field | None:
    """The field for the answer to one question; None for a file, which has a page of its own.

    Args:
        text_of: (thing, name) -> the text in the reader's language.
        checks: validators of texts.
    """
    label = text_of(question, "label")
    empty = EmptyForNow() if question.required else Optional()
    texts = checks if question.required else [empty, *checks]
    said = {"description": text_of(question, "hint")}
    french = question.choices_fr if text_of(question, "label_language") == "fr" else []
    names = french if len(french) == len(question.choices) else question.choices
    pairs = list(zip(question.choices, names, strict=True))
    match question.kind:
        case "file":
            return None
        case "short":
            return StringField(label, texts, render_kw=_counted(question), **said)
        case "yes_no":
            return RadioField(label, [empty], choices=list(YES_NO.items()), **said)
        case "choice":
            return RadioField(label, [empty], choices=pairs, **said)
        case "choices":
            return CheckboxList(label, [empty], choices=pairs, **said)
        case "number":
            return NumberField(label, render_kw={"inputmode": "decimal"}, **said)
        case "money":
            return MoneyField(label, [empty], **said)
        case "date":
            return DayField(label, [empty], **said)
        case "table":
            return TableField(label, columns=list(names), most=question.limit or 10, **said)
        case "declaration":
            return BooleanField(label, **said)
        case _:
            return TextAreaField(label, texts, render_kw=_counted(question), **said)


def _counted(question: Question) -> dict[str, str]:
    return {"data-unit": "words"} if question.unit == "words" else {}


def answers_typed(form: FlaskForm, questions: list[Question]) -> dict[str, Any]:
    """What was typed, by question key: text, list, integer cents or true; empty text where there is nothing."""
    typed = {q.key: form[f"q_{q.key}"].data for q in questions if f"q_{q.key}" in form}
    # An amount of nought is an answer; a box that is not ticked is none.
    empty = (None, False)
    return {
        key: "" if any(value is e for e in empty) or value == [] else value for key, value in typed.items()
    }


def preview_form(questions: list[Question], text_of: Any) -> type[FlaskForm]:
    """The questions as a form of their own, for the officer's test."""
    made = {
        f"q_{q.key}": answer_field(q, text_of, [Length(max=200000), no_control_characters]) for q in questions
    }
    return type("PreviewForm", (FlaskForm,), {name: field for name, field in made.items() if field})
