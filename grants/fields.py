"""Fields of forms: amounts, moments, points, tables; and what no text may hold."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import (
    DateField,
    DateTimeLocalField,
    Field,
    FieldList,
    IntegerField,
    SelectMultipleField,
    ValidationError,
)
from wtforms.utils import unset_value
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, DateInput, ListWidget, TextInput

from grants import money

FIRST_YEAR, LAST_YEAR = 1950, 2100

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def no_control_characters(form: Any, field: Field) -> None:
    """Databases refuse NUL, and no text needs the other control characters; each is shown as a question mark."""
    shown = CONTROL.sub("\ufffd", field.data or "")
    if shown != (field.data or ""):
        field.data = shown
        raise ValidationError(
            _("This contains characters that cannot be stored. Please type the text again.")
        )


def lines(text: str | None) -> list[str]:
    """What stands on the lines of a text, without the empty ones."""
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def version_of(form: Any) -> int:
    """The version that the person had before them, from the hidden field; -1, which no version has, for all else."""
    text = str(form["version"].data or "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


class RowForm(FlaskForm):
    """One row within a form: without a token of its own, its messages in the language of the reader."""

    class Meta:
        csrf = False


class EmptyForNow(Optional):
    """May be empty when it is saved. The checklist asks for it before the submission, so it is not called optional."""

    def __init__(self) -> None:
        super().__init__()
        self.field_flags: dict[str, bool] = {}


class WholeNumberField(IntegerField):
    """A whole number of at most nine digits: no range check has to look at more."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        too_long = any(len(text.strip()) > 10 for text in valuelist)
        super().process_formdata(["?"] if too_long else valuelist)


class CalendarField(DateField):
    """A day of this age: what is typed by mistake, such as the year 9999, breaks no arithmetic."""

    data: date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        _in_this_age(self)


def _in_this_age(field: Any) -> None:
    if field.data is not None and not FIRST_YEAR <= field.data.year <= LAST_YEAR:
        field.data = None
        raise ValueError(_("Choose a day between %(first)s and %(last)s.", first=FIRST_YEAR, last=LAST_YEAR))


class RowList(FieldList):
    """Rows of a form; a name that no page of ours sends makes none."""

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        for name in formdata:
            if found := re.match(re.escape(prefix) + r"-([0-9]{1,4})(-|\Z)", name):
                yield int(found[1])


class MoneyField(Field):
    """An amount in euros as people type it; `data` is integer cents or None."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return (
            "" if not self.data and self.data != 0 else f"{Decimal(self.data) / 100:.2f}".removesuffix(".00")
        )

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            self.data = None
            self.raw_data = list[Any]()  # blanks are no input
            return
        try:
            self.data = money.parse(text)
        except ValueError as problem:
            self.data = None
            raise ValueError(_(str(problem))) from None


class MomentField(DateTimeLocalField):
    """A local date and time; browsers without a picker may type 2026-03-24 17:00."""

    def __init__(self, label: Any, validators: Any = None, **kwargs: Any) -> None:
        formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"]
        super().__init__(label, validators, format=formats, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        _in_this_age(self)


class PointsField(Field):
    """Points with at most two decimals, comma or dot; `data` is hundredths or None."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else format_decimal(Decimal(self.data) / 100, "0.##")

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip().replace(",", ".") if valuelist else ""
        self.data = None
        if not text:
            self.raw_data = list[Any]()  # blanks are no input
            return
        if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,2})?", text):
            raise ValueError(_("Type a number with at most two decimals, such as 3.5."))
        self.data = int(Decimal(text) * 100)


class CheckboxList(SelectMultipleField):
    """Several of many, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class DayField(Field):
    """A date; `data` is ISO text, so that it can be stored with the other answers."""

    widget = DateInput()

    def _value(self) -> str:
        return str(self.raw_data[0] if self.raw_data else self.data or "")

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        self.data = ""
        if text:
            try:
                self.data = date.fromisoformat(text).isoformat()
            except ValueError:
                raise ValueError(_("Type the date as 2026-03-24.")) from None


class TableWidget:
    """A table of text inputs; saving it adds empty rows until the question's limit."""

    input_type = "table"

    def __call__(self, field: Any, **kwargs: Any) -> Markup:
        kwargs.pop("class", None)
        attributes = {k: v for k, v in kwargs.items() if k in ("aria-describedby", "aria-invalid") and v}
        described = Markup("").join(Markup(' {}="{}"').format(k, v) for k, v in attributes.items())
        head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in field.columns)
        rows = Markup("").join(
            Markup("<tr>{}</tr>").format(
                Markup("").join(self._cell(field, r, c, value, described) for c, value in enumerate(row))
            )
            for r, row in enumerate(field.shown())
        )
        table = '<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
        return Markup(table).format(head, rows)  # noqa: S704  our own constant

    def _cell(self, field: Any, r: int, c: int, value: str, described: Markup) -> Markup:
        name = _("%(column)s, row %(number)s", column=field.columns[c], number=r + 1)
        own = field.id if r == c == 0 else f"{field.id}-{r}-{c}"
        cell = '<td><input class="ds-input" name="{}-{}-{}" id="{}" value="{}" aria-label="{}"{}></td>'
        return Markup(cell).format(field.name, r, c, own, value, name, described)  # noqa: S704  our own constant


class TableField(Field):
    """Rows of short texts under fixed columns; `data` is a list of rows without the empty ones at the end."""

    widget = TableWidget()

    def __init__(
        self, label: Any, validators: Any = None, *, columns: list[str], most: int, **kwargs: Any
    ) -> None:
        super().__init__(label, validators, **kwargs)
        self.columns, self.most = columns, most

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(None, data, extra_filters)
        if formdata is not None:
            # A form without this table has other fields under test, and leaves what is stored.
            self.data = [
                [formdata.get(f"{self.name}-{r}-{c}", "").strip() for c in range(len(self.columns))]
                for r in range(self.most)
            ]
        rows = [[str(cell) for cell in row] for row in self.data or []]
        while rows and not any(rows[-1]):
            rows.pop()
        self.data = rows

    def cells(self) -> Iterator[tuple[str, str]]:
        """Name and text of every cell that may be sent."""
        for r in range(self.most):
            row = self.data[r] if r < len(self.data) else []
            for c in range(len(self.columns)):
                yield f"{self.name}-{r}-{c}", row[c] if c < len(row) else ""

    def shown(self) -> list[list[str]]:
        """The rows with empty ones to fill in."""
        width = len(self.columns)
        rows = [(row + [""] * width)[:width] for row in self.data]
        return (rows + [[""] * width] * 3)[: max(len(rows), min(len(rows) + 3, self.most))]

    def post_validate(self, form: Any, validation_stopped: bool) -> None:
        for row in self.data:
            for number, cell in enumerate(row):
                row[number] = CONTROL.sub("\ufffd", cell)
                if row[number] != cell:
                    sentence = _(
                        "This contains characters that cannot be stored. Please type the text again."
                    )
                    raise ValidationError(sentence)
                if len(cell) > 500:
                    raise ValidationError(_("Use at most 500 characters in each cell."))
