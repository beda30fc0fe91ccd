"""What an officer types to set up a call, and what anybody types about one."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, Regexp

from grants.calls import answers, deadline, scheme
from grants.calls.answering import YES_NO
from grants.calls.countries import codes
from grants.calls.models import Call, Question
from grants.calls.rules import ACTIONS
from grants.fields import (
    MomentField,
    MoneyField,
    WholeNumberField,
    lines,
    no_control_characters,
)

ZONES = [*sorted(zone for zone in available_timezones() if zone.startswith("Europe/")), "UTC"]


REFERENCE = (
    DataRequired(),
    Length(max=60),
    Regexp(r"^[A-Za-z0-9][A-Za-z0-9._-]*$", message=_l("Use letters, digits, dots and hyphens only.")),
)


class CallForm(FlaskForm):
    """Everything about a call that may change until it is published."""

    reference = StringField(_l("Reference"), REFERENCE)
    title = StringField(_l("Title"), [DataRequired(), Length(max=300), no_control_characters])
    text = TextAreaField(_l("Topic text"), [DataRequired(), Length(max=60000), no_control_characters])
    action = SelectField(_l("Type of action"))
    pillar = SelectField(
        _l("Pillar of the work programme"),
        choices=[("", "–"), ("1", "I"), ("2", "II"), ("3", "III")],
        default="2",
    )
    year = WholeNumberField(_l("Work programme year"), [InputRequired(), NumberRange(2021, 2035)])
    opens = MomentField(_l("Opening"), [InputRequired()])
    deadline = MomentField(_l("Deadline"), [InputRequired()])
    zone = SelectField(_l("Time zone"), choices=[(zone, zone) for zone in ZONES], default="Europe/Brussels")
    budget = MoneyField(_l("Budget"), [InputRequired()])
    min_contribution = MoneyField(_l("Smallest expected contribution for each project"), [Optional()])
    max_contribution = MoneyField(_l("Largest expected contribution for each project"), [Optional()])
    keywords = TextAreaField(_l("Keywords"), [Optional(), Length(max=4000), no_control_characters])
    scheme_id = SelectField(_l("Scoring scheme"))
    min_reviews = WholeNumberField(
        _l("Minimum number of reports"), [InputRequired(), NumberRange(1, 9)], default=3
    )
    reserve_size = WholeNumberField(_l("Length of the reserve list"), [Optional(), NumberRange(0, 500)])
    quotas = TextAreaField(
        _l("Areas funded first"), [Optional(), Length(max=4000), no_control_characters],
        description=_l("Only if the call announces it: one a line, a keyword and how many, such as Robotics: 1."),
    )  # fmt: skip
    portfolio = BooleanField(
        _l("The panel may depart from the ranks for its portfolio"),
        description=_l("Only if the call announces it. Each departure needs a written reason."),
    )
    lots = StringField(
        _l("Lots at the line: the public value that decides them"),
        [Optional(), Length(max=300), no_control_characters],
        description=_l(
            "Only if the call announces it: a value that nobody can know or bend and that everybody can look up, "
            "such as the first winning numbers of a national lottery after the instant that the panel has fixed. "
            "Empty: no lots are drawn."
        ),
    )
    min_countries = WholeNumberField(_l("Countries needed"), [InputRequired(), NumberRange(1, 30)], default=3)
    needs_member_state = BooleanField(_l("At least one beneficiary in an EU member state"), default=True)
    max_partners = WholeNumberField(_l("Largest number of partners"), [Optional(), NumberRange(1, 500)])
    page_limit = WholeNumberField(_l("Page limit of Part B"), [Optional(), NumberRange(1, 500)], default=40)
    reminders = StringField(
        _l("Reminders, days before the deadline"), [Optional(), Length(max=40)], default="14, 3"
    )
    reaction_days = WholeNumberField(_l("Days to react to the reports"), [Optional(), NumberRange(0, 60)])
    reaction_words = WholeNumberField(
        _l("Words of a reaction"), [Optional(), NumberRange(50, 5000)], default=1000
    )
    reaction_scores = BooleanField(_l("Applicants who react see the scores too"))
    by_work_package = BooleanField(_l("Costs are entered by work package"))
    blind_until = SelectField(
        _l("When those who evaluate learn who applies"),
        default="",
        choices=[
            ("", _l("At once")),
            ("in_consensus", _l("When the consensus on an application opens")),
            ("in_panel", _l("When an application comes to the panel")),
            ("released", _l("When the results are released")),
        ],
    )
    version = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scheme_id.choices = [(key, _(value.name)) for key, value in scheme.library().items()]
        self.action.choices = [(code, f"{code} – {_(action.name)}") for code, action in ACTIONS.items()]

    @classmethod
    def for_scheme(cls, chosen: scheme.Scheme | None, year: int) -> "CallForm":
        """An empty form with what the type of action of a scheme brings along (rulebook 1.2, 1.3)."""
        if chosen is None:
            return cls(formdata=None, year=year)
        action = ACTIONS[chosen.action or "OTHER"]
        return cls(
            formdata=None, year=year, scheme_id=chosen.id, action=chosen.action or "OTHER",
            min_countries=action.min_countries, needs_member_state=action.needs_member_state,
            **scheme.brought_along(chosen, chosen.action or "OTHER", year),
        )  # fmt: skip

    def validate_reminders(self, field: StringField) -> None:
        try:
            days = self.reminder_days()
        except ValueError:
            days = [0]
        if any(not 1 <= count <= 90 for count in days) or len(days) > 5:
            raise ValidationError(_("Enter up to five numbers of days between 1 and 90, such as 14, 3."))

    def reminder_days(self) -> list[int]:
        """The largest first. Raises ValueError for what is no whole number."""
        typed = (self.reminders.data or "").replace(",", " ").split()
        return sorted({int(word) for word in typed}, reverse=True)

    def validate_budget(self, field: MoneyField) -> None:
        if field.data is not None and field.data <= 0:
            raise ValidationError(_("The budget must be more than zero."))

    def validate_max_contribution(self, field: MoneyField) -> None:
        low, high = self.min_contribution.data, field.data
        if low is not None and high is not None and high < low:
            raise ValidationError(_("The largest contribution must not be below the smallest."))

    def validate_quotas(self, field: TextAreaField) -> None:
        known, seen = set(self.listed_keywords()), set()
        for line in filter(str.strip, (field.data or "").splitlines()):
            area, _colon, number = (part.strip() for part in line.rpartition(":"))
            if area not in known:
                raise ValidationError(_("%(area)s is not a keyword of the call.", area=area or line))
            if area in seen or not (number.isdecimal() and 0 < int(number) < 1000):
                raise ValidationError(
                    _("%(line)s: each area stands once, with a number from 1 to 999.", line=line)
                )
            seen.add(area)

    def validate_lots(self, field: StringField) -> None:
        chosen = scheme.library().get(self.scheme_id.data)
        if (field.data or "").strip() and chosen and not chosen.lots:
            raise ValidationError(
                _("With this scoring scheme no lots are drawn: the panel resolves what the rules leave open.")
            )
        if (field.data or "").strip() and (self.portfolio.data or (self.quotas.data or "").strip()):
            raise ValidationError(_("Choose one: areas funded first, a portfolio, or lots."))

    def validate_portfolio(self, field: BooleanField) -> None:
        if field.data and (self.quotas.data or "").strip():
            raise ValidationError(_("Choose one: areas funded first, a portfolio, or lots."))

    def listed_keywords(self) -> list[str]:
        return [line.strip() for line in (self.keywords.data or "").splitlines() if line.strip()]

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
            page_limit=rules.page_limit, by_work_package=call.by_work_package, blind_until=call.blind_until,
            reminders=", ".join(map(str, rules.reminder_days)), version=call.version,
            reaction_days=call.reaction_days or None, reaction_words=call.reaction_words,
            reaction_scores=call.reaction_scores, portfolio=call.portfolio, lots=call.lots,
            quotas="\n".join(f"{area}: {number}" for area, number in call.quotas.items()),
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """What actions.create and actions.edit take."""
        plain = (
            "title", "text", "action", "year", "budget", "min_contribution", "max_contribution", "min_reviews",
            "reserve_size", "min_countries", "needs_member_state", "max_partners", "page_limit", "by_work_package",
            "blind_until", "scheme_id", "zone", "portfolio", "reaction_days", "reaction_words", "reaction_scores",
        )  # fmt: skip
        return {name: self[name].data for name in plain} | {
            "pillar": int(self.pillar.data) if self.pillar.data else None,
            "opens_on": self.opening(),
            "deadline": self.deadline.data,
            "reminder_days": self.reminder_days(),
            "keywords": self.listed_keywords(),
            "lots": (self.lots.data or "").strip(),
            "quotas": {
                area.strip(): int(number)
                for area, _colon, number in (
                    line.rpartition(":") for line in (self.quotas.data or "").splitlines() if line.strip()
                )
            },
        }


class QuestionForm(FlaskForm):
    """A question of the form, new or changed."""

    label = StringField(_l("Question"), [DataRequired(), Length(max=300), no_control_characters])
    label_fr = StringField(_l("Question in French"), [Optional(), Length(max=300), no_control_characters])
    hint = TextAreaField(_l("Hint"), [Optional(), Length(max=2000), no_control_characters])
    hint_fr = TextAreaField(_l("Hint in French"), [Optional(), Length(max=2000), no_control_characters])
    section = StringField(_l("Section"), [Optional(), Length(max=200), no_control_characters])
    section_fr = StringField(_l("Section in French"), [Optional(), Length(max=200), no_control_characters])
    kind = SelectField(
        _l("Kind of answer"), choices=[(kind, _l(name)) for kind, name in answers.KINDS.items()]
    )
    choices = TextAreaField(_l("Choices or columns, one a line"), [Length(max=4000), no_control_characters])
    choices_fr = TextAreaField(
        _l("Choices or columns in French, one a line"), [Optional(), Length(max=4000), no_control_characters]
    )
    limit = WholeNumberField(_l("Longest answer"), [Optional(), NumberRange(1, 100000)], default=4000)
    unit = SelectField(
        _l("Counted in"),
        choices=[("characters", _l("Characters")), ("words", _l("Words"))],
        default="characters",
    )
    lowest = StringField(_l("Smallest number"), [Optional()])
    highest = StringField(_l("Largest number"), [Optional()])
    condition = SelectField(_l("Asked only if"), default="")
    required = BooleanField(_l("An answer is required"), default=True)

    def __init__(self, call: Call, question: Question | None = None, **kwargs: Any) -> None:
        if question:
            condition = (
                f"{question.condition_key}={question.condition_value}" if question.condition_key else ""
            )
            kwargs = {"obj": question, "condition": condition} | kwargs
            kwargs |= {name: "\n".join(getattr(question, name)) for name in ("choices", "choices_fr")}
        super().__init__(**kwargs)
        earlier = [q for q in call.questions if question is None or q.position < question.position]
        self.condition.choices = [("", _("Always"))] + [
            (f"{q.key}={value}", f"{q.label}: {YES_NO.get(value, value)}")
            for q in earlier
            if q.kind in answers.DECIDING
            for value in answers.deciding_values(q.kind, q.choices)
        ]

    def validate_choices(self, field: TextAreaField) -> None:
        typed = lines(field.data)
        if self.kind.data in ("choice", "choices") and len(typed) < 2:
            raise ValidationError(_("Give at least two choices, one a line."))
        if self.kind.data == "table" and not 1 <= len(typed) <= 8:
            raise ValidationError(_("Give between one and eight columns, one a line."))
        if len(set(typed)) < len(typed):
            raise ValidationError(_("Each line must be another one."))
        if any(len(line) > 200 for line in typed):
            raise ValidationError(_("Use at most 200 characters a line."))

    def validate_choices_fr(self, field: TextAreaField) -> None:
        typed = lines(field.data)
        if typed and len(typed) != len(lines(self.choices.data)):
            raise ValidationError(_("Give as many lines in French as in English, in the same order."))

    def validate_limit(self, field: WholeNumberField) -> None:
        if self.kind.data == "table" and (field.data or 0) > 50 and self.limit.raw_data != ["4000"]:
            raise ValidationError(_("A table has at most 50 rows."))

    def validate_lowest(self, field: StringField) -> None:
        self._number(field)

    def validate_highest(self, field: StringField) -> None:
        self._number(field)
        both = field.data and self.lowest.data and not self.lowest.errors
        if both and Decimal(field.data or 0) < Decimal(self.lowest.data or 0):
            raise ValidationError(_("The largest number must not be below the smallest."))

    def _number(self, field: StringField) -> None:
        if field.data:
            try:
                field.data = answers.number(field.data)
            except ValueError as problem:
                raise ValidationError(_(str(problem))) from None

    def fields(self) -> dict[str, Any]:
        """What actions.add_question and actions.edit_question take."""
        kind = self.kind.data
        texts = ("label", "label_fr", "hint", "hint_fr", "section", "section_fr")
        key, _is, value = (self.condition.data or "").partition("=")
        has_lines, counted = kind in ("choice", "choices", "table"), kind in (*answers.TEXTS, "table")
        limit = min(self.limit.data or 10, 50) if kind == "table" else self.limit.data
        return {name: (self[name].data or "").strip() for name in texts} | {
            "kind": kind, "required": self.required.data, "unit": self.unit.data,
            "choices": lines(self.choices.data) if has_lines else [],
            "choices_fr": lines(self.choices_fr.data) if has_lines else [],
            "limit": limit if counted else None,
            "lowest": self.lowest.data or "" if kind in answers.NUMBERS else "",
            "highest": self.highest.data or "" if kind in answers.NUMBERS else "",
            "condition_key": key, "condition_value": value,
        }  # fmt: skip


class SelfCheckForm(FlaskForm):
    """A few facts about a consortium that does not exist yet; nothing of it is stored."""

    beneficiaries = SelectMultipleField(
        _l("Countries of the beneficiaries, apart from each other's control"),
        [DataRequired(_l("Choose at least one country."))],
    )
    others = SelectMultipleField(_l("Countries of affiliated entities and associated partners"), [Optional()])
    organisations = WholeNumberField(_l("Number of organisations in all"), [Optional(), NumberRange(1, 1000)])

    class Meta:
        csrf = False  # asked by address, so that it can be passed on; it changes nothing

    def __init__(self, formdata: Any = None) -> None:
        super().__init__(formdata)
        names = (get_locale() or Locale("en")).territories
        known = sorted(((code, names.get(code, code)) for code in codes()), key=lambda pair: pair[1])
        self.beneficiaries.choices = self.others.choices = known


class CopyForm(FlaskForm):
    """Reference and dates of a call that is copied from an earlier one."""

    reference = StringField(_l("Reference"), REFERENCE)
    opens = MomentField(_l("Opening"), [InputRequired()])
    deadline = MomentField(_l("Deadline"), [InputRequired()])


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


class EnquiryForm(FlaskForm):
    """A question about an open call."""

    text = TextAreaField(
        _l("Your question"),
        [DataRequired(), Length(max=2000), no_control_characters],
        description=_l(
            "Question and answer are published without your name. Leave out what tells who you are."
        ),
    )


class AnswerForm(FlaskForm):
    """What an officer publishes, or tells the author alone."""

    question = TextAreaField(
        _l("Question, as it is published"),
        [DataRequired(), Length(max=2000), no_control_characters],
        description=_l("Take out names, acronyms and whatever tells who asks."),
    )
    answer = TextAreaField(_l("Answer"), [DataRequired(), Length(max=4000), no_control_characters])
    public = RadioField(
        _l("Who reads it"),
        choices=[
            ("yes", _l("Everybody: question and answer appear on the page of the call")),
            ("no", _l("Only who asked: it is not about the call, or has been answered already")),
        ],
        default="yes",
    )
