"""What an officer types to set up a call."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateTimeLocalField,
    Field,
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp
from wtforms.widgets import TextInput

from grants import money
from grants.calls import deadline, scheme
from grants.calls.models import Call

CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def no_control_characters(form: Any, field: Field) -> None:
    """Databases refuse NUL, and no text needs the other control characters; each is shown as a question mark."""
    shown = CONTROL.sub("\ufffd", field.data or "")
    if shown != (field.data or ""):
        field.data = shown
        raise ValidationError(
            _("This contains characters that cannot be stored. Please type the text again.")
        )


def version_of(form: Any) -> int:
    """The version that the person had before them, from the hidden field; -1, which no version has, for all else."""
    text = str(form["version"].data or "")
    return int(text) if text.isdecimal() and len(text) < 10 else -1


class MoneyField(Field):
    """An amount in euros as people type it; `data` is integer cents or None."""

    widget = TextInput()

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{Decimal(self.data) / 100:.2f}".removesuffix(".00")

    def process_formdata(self, valuelist: list[str]) -> None:
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            self.data = None
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


ACTIONS = [("RIA", "RIA"), ("IA", "IA"), ("CSA", "CSA")]
ZONES = [*sorted(zone for zone in available_timezones() if zone.startswith("Europe/")), "UTC"]


class CallForm(FlaskForm):
    """Everything about a call that may change until it is published."""

    reference = StringField(
        _l("Reference"),
        [
            DataRequired(),
            Length(max=60),
            Regexp(
                r"^[A-Za-z0-9][A-Za-z0-9._-]*$", message=_l("Use letters, digits, dots and hyphens only.")
            ),
        ],
    )
    title = StringField(_l("Title"), [DataRequired(), Length(max=300), no_control_characters])
    text = TextAreaField(_l("Topic text"), [DataRequired(), Length(max=60000), no_control_characters])
    action = SelectField(_l("Type of action"), choices=ACTIONS)
    pillar = SelectField(
        _l("Pillar of the work programme"),
        choices=[("", "–"), ("1", "I"), ("2", "II"), ("3", "III")],
        default="2",
    )
    year = IntegerField(_l("Work programme year"), [InputRequired(), NumberRange(2021, 2035)])
    opens = MomentField(_l("Opening"), [InputRequired()])
    deadline = MomentField(_l("Deadline"), [InputRequired()])
    zone = SelectField(_l("Time zone"), choices=[(zone, zone) for zone in ZONES], default="Europe/Brussels")
    budget = MoneyField(_l("Budget"), [InputRequired()])
    min_contribution = MoneyField(_l("Smallest expected contribution for each project"), [Optional()])
    max_contribution = MoneyField(_l("Largest expected contribution for each project"), [Optional()])
    keywords = TextAreaField(_l("Keywords"), [Optional(), Length(max=4000), no_control_characters])
    scheme_id = SelectField(_l("Scoring scheme"))
    min_reviews = IntegerField(
        _l("Minimum number of reports"), [InputRequired(), NumberRange(1, 9)], default=3
    )
    reserve_size = IntegerField(_l("Length of the reserve list"), [Optional(), NumberRange(0, 500)])
    min_countries = IntegerField(_l("Countries needed"), [InputRequired(), NumberRange(1, 30)], default=3)
    needs_member_state = BooleanField(_l("At least one beneficiary in an EU member state"), default=True)
    max_partners = IntegerField(_l("Largest number of partners"), [Optional(), NumberRange(1, 500)])
    page_limit = IntegerField(_l("Page limit of Part B"), [Optional(), NumberRange(1, 500)], default=40)
    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheme_id.choices = [(key, value.name) for key, value in scheme.library().items()]

    def validate_budget(self, field: MoneyField) -> None:
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("The budget must be more than zero."))

    def validate_max_contribution(self, field: MoneyField) -> None:
        low, high = self.min_contribution.data, field.data
        if low is not None and high is not None and high < low:
            raise ValidationError(_("The largest contribution must not be below the smallest."))

    def validate_opens(self, field: MomentField) -> None:
        try:
            if field.data:
                self.opening()
        except ValueError as problem:
            raise ValidationError(_(str(problem))) from None

    def validate_deadline(self, field: MomentField) -> None:
        if not field.data:  # its own message says what is wrong with it
            return
        try:
            at = deadline.instant(field.data, self.zone.data)
        except ValueError as problem:
            raise ValidationError(_(str(problem))) from None
        if self.opens.data and not self.opens.errors and at <= self.opening():
            raise ValidationError(_("The deadline must come after the opening."))

    def opening(self) -> datetime:
        """The opening as an aware instant."""
        assert self.opens.data
        return deadline.instant(self.opens.data, self.zone.data)

    @classmethod
    def of(cls, call: Call) -> "CallForm":
        """The form filled in from a call."""
        rules = call.rules
        return cls(
            formdata=None, reference=call.reference, title=call.title, text=call.text, action=call.action,
            pillar=str(call.pillar or ""), year=call.year,
            opens=call.opens_on.astimezone(ZoneInfo(call.zone)).replace(tzinfo=None),
            deadline=datetime.fromisoformat(call.deadline_local), zone=call.zone, budget=call.budget,
            min_contribution=call.min_contribution, max_contribution=call.max_contribution,
            keywords="\n".join(call.keywords), scheme_id=call.scheme.id, min_reviews=call.min_reviews,
            reserve_size=call.reserve_size, min_countries=rules.min_countries,
            needs_member_state=rules.needs_member_state, max_partners=rules.max_partners,
            page_limit=rules.page_limit, version=call.version,
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """What actions.create and actions.edit take."""
        plain = (
            "title", "text", "action", "year", "budget", "min_contribution", "max_contribution", "min_reviews",
            "reserve_size", "min_countries", "needs_member_state", "max_partners", "page_limit", "scheme_id", "zone",
        )  # fmt: skip
        return {name: self[name].data for name in plain} | {
            "pillar": int(self.pillar.data) if self.pillar.data else None,
            "opens_on": self.opening(),
            "deadline": self.deadline.data,
            "keywords": [line.strip() for line in (self.keywords.data or "").splitlines() if line.strip()],
        }


class QuestionForm(FlaskForm):
    """A new question of the form."""

    label = StringField(_l("Question"), [DataRequired(), Length(max=300), no_control_characters])
    label_fr = StringField(_l("Question in French"), [Optional(), Length(max=300), no_control_characters])
    hint = TextAreaField(_l("Hint"), [Optional(), Length(max=2000), no_control_characters])
    kind = SelectField(
        _l("Kind of answer"),
        choices=[("long", _l("Long text")), ("short", _l("Short text")), ("yes_no", _l("Yes or no")),
                 ("choice", _l("One of several"))],
    )  # fmt: skip
    choices = TextAreaField(_l("Choices, one a line"), [Optional(), Length(max=4000), no_control_characters])
    limit = IntegerField(
        _l("Largest number of characters"), [Optional(), NumberRange(1, 100000)], default=4000
    )
    required = BooleanField(_l("An answer is required"), default=True)

    def validate_choices(self, field: TextAreaField) -> None:
        if self.kind.data == "choice" and len((field.data or "").split("\n")) < 2:
            raise ValidationError(_("Give at least two choices, one a line."))


class DeadlineForm(FlaskForm):
    """A later deadline, with its reason."""

    deadline = MomentField(_l("New deadline"), [InputRequired()])
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=2000), no_control_characters])


class ReasonForm(FlaskForm):
    """An act that needs a reason and nothing else."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])


class StaffForm(FlaskForm):
    """Somebody who works for the call."""

    email = StringField(_l("E-mail address"), [DataRequired(), Length(max=255), no_control_characters])
    role = SelectField(
        _l("Role"), choices=[("chair", _l("Chair of the panel")), ("officer", _l("Programme officer")),
                             ("observer", _l("Observer"))],
    )  # fmt: skip
