"""What applicants type."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DecimalField,
    Field,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from grants.applications.actions import PARTNER_FIELDS
from grants.applications.budget import CATEGORIES
from grants.applications.models import Clarification, Partner
from grants.calls.answering import answer_field
from grants.calls.countries import codes
from grants.calls.models import Call, Question
from grants.fields import (
    CheckboxList,
    EmptyForNow,
    MomentField,
    MoneyField,
    RowForm,
    WholeNumberField,
    no_control_characters,
)
from grants.people import identifiers
from grants.words import count_characters

ACTIVITIES = [
    ("HES", _l("Higher or secondary education")), ("REC", _l("Research organisation")),
    ("PRC", _l("Private company")), ("PUB", _l("Public body")), ("OTH", _l("Other")),
]  # fmt: skip
ROLES = [
    ("coordinator", _l("Coordinator")), ("beneficiary", _l("Beneficiary")),
    ("affiliated_entity", _l("Affiliated entity")), ("associated_partner", _l("Associated partner")),
    ("subcontractor", _l("Subcontractor")),
]  # fmt: skip
ACCESS = [
    ("read", _l("Read the application")), ("own", _l("And fill in their own part")),
    ("all", _l("And write in every section")), ("submit", _l("And submit")),
]  # fmt: skip
GENDERS = [
    ("woman", _l("Woman")), ("man", _l("Man")), ("non_binary", _l("Non-binary")),
    ("undisclosed", _l("Not disclosed")),
]  # fmt: skip
STAGES = [
    ("", "–"), ("A", _l("A, top grade researcher")), ("B", _l("B, senior researcher")),
    ("C", _l("C, recognised researcher")), ("D", _l("D, first stage researcher")),
]  # fmt: skip


def countries() -> list[tuple[str, str]]:
    """Countries by name in the reader's language."""
    names = (get_locale() or Locale("en")).territories
    return sorted(((code, names.get(code, code)) for code in codes()), key=lambda pair: pair[1])


class Characters:
    """At most so many characters, counted as the checklist counts them (rulebook 9.2)."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def __call__(self, form: Any, field: Field) -> None:
        count = count_characters(field.data or "")
        if count > self.limit:
            raise ValidationError(
                _("Use at most %(limit)s characters; these are %(count)s.", limit=self.limit, count=count)
            )


class Stored:
    """The checklist warns about limits; the form only refuses what no limit could allow."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: Any, field: Field) -> None:
        no_control_characters(form, field)
        Characters(self.most)(form, field)


class StartForm(FlaskForm):
    """A new application: acronym and the coordinator's organisation."""

    acronym = StringField(_l("Acronym"), [DataRequired(), Characters(20), no_control_characters])
    name = StringField(_l("Your organisation"), [DataRequired(), Length(max=300), no_control_characters])
    country = SelectField(_l("Country"), [DataRequired()])
    activity = SelectField(_l("Type of organisation"), choices=ACTIVITIES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [("", "–"), *countries()]


class CopyForm(FlaskForm):
    """The call in which a copy of an earlier application starts."""

    call = SelectField(_l("Call"), [DataRequired()])

    def __init__(self, calls: list[Call], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.call.choices = [(call.reference, f"{call.title} ({call.reference})") for call in calls]


class SummaryForm(FlaskForm):
    """Section 1: what the application is about. Saving accepts any length that fits; the checklist judges."""

    acronym = StringField(_l("Acronym"), [DataRequired(), Stored(100)])
    title = StringField(_l("Title"), [Stored(1000)])
    abstract = TextAreaField(_l("Abstract"), [Stored(20000)])
    duration = WholeNumberField(_l("Duration in months"), [EmptyForNow(), NumberRange(1, 240)])
    keywords = CheckboxList(_l("Keywords of the call"))
    free_keywords = StringField(_l("Your own keywords"), [Stored(1000)])

    def __init__(self, call: Call, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keywords.choices = [(keyword, keyword) for keyword in call.keywords]
        if not call.keywords:
            del self.keywords

    def fields(self) -> dict[str, Any]:
        names = ("acronym", "title", "abstract", "duration", "keywords", "free_keywords")
        return {name: self[name].data for name in names if name in self}


def _normalise(field: StringField, check: Callable[[str], str]) -> None:
    """Put an identifier into its normal form, or say what is wrong with it."""
    if field.data:
        try:
            field.data = check(field.data)
        except ValueError as problem:
            raise ValidationError(_(str(problem))) from None


class OrganisationForm(RowForm):
    """Who an organisation is."""

    name = StringField(
        _l("Legal name"),
        [DataRequired(), Length(max=300), no_control_characters],
        render_kw={"list": "organisations", "autocomplete": "off"},
    )
    short_name = StringField(_l("Short name"), [Optional(), Length(max=60), no_control_characters])
    pic = StringField(_l("Participant code (PIC)"), [Optional()])
    country = SelectField(_l("Country"), [DataRequired()])
    city = StringField(_l("City"), [Optional(), Length(max=120), no_control_characters])
    activity = SelectField(_l("Type of organisation"), choices=ACTIVITIES)
    sme = BooleanField(_l("Small or medium-sized enterprise (SME)"))
    nonprofit = BooleanField(_l("Non-profit organisation"))
    international = BooleanField(_l("International European research organisation, or body under EU law"))
    control_group = StringField(_l("Control group"), [Optional(), Length(max=60), no_control_characters])
    gep = RadioField(
        _l("Gender equality plan in force"),
        choices=[("yes", _l("Yes")), ("no", _l("No")), ("", _l("Not applicable or not known yet"))],
        validators=[Optional()],
        default="",
    )
    vat = StringField(_l("VAT number"), [Optional()])
    ror = StringField(_l("ROR identifier"), [Optional()])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [("", "–"), *countries()]

    def validate_pic(self, field: StringField) -> None:
        _normalise(field, identifiers.pic)

    def validate_vat(self, field: StringField) -> None:
        _normalise(field, identifiers.vat)

    def validate_ror(self, field: StringField) -> None:
        _normalise(field, identifiers.ror)


class PartnerForm(OrganisationForm, FlaskForm):
    """An organisation of the consortium, its part in it and its contact."""

    role = SelectField(_l("Role"))
    headcount = WholeNumberField(_l("Staff, in annual work units"), [Optional(), NumberRange(0, 10_000_000)])
    turnover = MoneyField(_l("Annual turnover"), [Optional()])
    balance_sheet = MoneyField(_l("Annual balance sheet total"), [Optional()])
    access = SelectField(_l("The contact may"), choices=ACCESS, default="own")
    contact_name = StringField(_l("Contact person"), [Optional(), Length(max=120), no_control_characters])
    contact_email = StringField(_l("E-mail of the contact"), [Optional(), Length(max=255), Email()])

    def __init__(self, *args: Any, leads: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Another organisation becomes the coordinator by handing over, and never without its contact.
        self.role.choices = [pair for pair in ROLES if (pair[0] == "coordinator") == leads]

    @classmethod
    def of(cls, partner: Partner, formdata: Any = None) -> "PartnerForm":
        """The form of a partner, with what is stored, or with what was typed over it."""
        stored = {name: getattr(partner, name) for name in PARTNER_FIELDS}
        gep = {True: "yes", False: "no", None: ""}[partner.gep]
        return cls(formdata, data=stored | {"gep": gep}, leads=partner.role == "coordinator")

    def fields(self) -> dict[str, Any]:
        """What actions.add_partner and actions.edit_partner take."""
        plain = {
            name: field.data or "" for name, field in self._fields.items() if isinstance(field, StringField)
        }
        others = ("country", "activity", "role", "access", "sme", "nonprofit", "international", "headcount", "turnover",
                  "balance_sheet")  # fmt: skip
        plain |= {name: self[name].data for name in others if name in self}
        return {key: value for key, value in plain.items() if key != "csrf_token"} | {
            "gep": {"yes": True, "no": False}.get(self.gep.data or "")
        }


class BudgetForm(FlaskForm):
    """One partner's budget: costs by category, and how they are financed."""

    requested = MoneyField(_l("Requested contribution"), [EmptyForNow()])
    income = MoneyField(_l("Income generated"), [Optional()])
    other_contributions = MoneyField(_l("Other contributions"), [Optional()])
    person_months = DecimalField(
        _l("Effort in person-months"), [Optional(), NumberRange(0, 100_000)], places=1, rounding=ROUND_HALF_UP
    )

    @classmethod
    def of(cls, partner: Partner, formdata: Any = None, *, requested_only: bool = False) -> "BudgetForm":
        amounts = {line.category: line.amount for line in partner.lines}
        names = ("requested", "income", "other_contributions")
        effort = Decimal(partner.person_months) / 10 if partner.person_months else None
        stored = amounts | {name: getattr(partner, name) for name in names}
        form = cls(formdata, data=stored | {"person_months": effort})
        if requested_only:
            for name in set(form.data) - {"requested", "csrf_token"}:
                del form[name]
        return form

    def lines(self) -> dict[str, int]:
        return {category.key: self[category.key].data or 0 for category in CATEGORIES if category.key in self}

    def amounts(self) -> dict[str, int]:
        names = ("requested", "income", "other_contributions")
        money = {name: self[name].data or 0 for name in names if name in self}
        if "person_months" not in self:
            return money
        tenths = (self.person_months.data or Decimal()) * 10
        return money | {"person_months": int(tenths.to_integral_value(ROUND_HALF_UP))}


for _category in CATEGORIES:
    setattr(BudgetForm, _category.key, MoneyField(_l(_category.label), [EmptyForNow()]))


class ResearcherForm(FlaskForm):
    """A row of the researchers table."""

    partner = SelectField(_l("Organisation"))
    first_name = StringField(_l("First name"), [DataRequired(), Length(max=80), no_control_characters])
    last_name = StringField(_l("Last name"), [DataRequired(), Length(max=80), no_control_characters])
    gender = SelectField(_l("Gender"), choices=GENDERS, default="undisclosed")
    career_stage = SelectField(_l("Career stage"), choices=STAGES)
    leading = BooleanField(_l("Leads a part of the work"))
    orcid = StringField(_l("ORCID"), [Optional()])

    def __init__(self, partners: list[Partner], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.partner.choices = [(p.public_id, p.short_name or p.name) for p in partners]

    def validate_orcid(self, field: StringField) -> None:
        _normalise(field, identifiers.orcid)

    def fields(self) -> dict[str, Any]:
        names = ("first_name", "last_name", "gender", "career_stage", "leading")
        return {name: self[name].data for name in names} | {"orcid": self.orcid.data or ""}


def answers_form(questions: list[Question], text_of: Any) -> type[FlaskForm]:
    """A form class with one field for each question of a call, named after the question's key."""
    fields: dict[str, Any] = {}
    for question in questions:
        if field := answer_field(question, text_of, [Stored(200000)]):
            fields[f"q_{question.key}"] = field
    return type("AnswersForm", (FlaskForm,), fields)


class PartBForm(FlaskForm):
    """The PDF of Part B."""

    file = FileField(_l("PDF file"), [FileRequired(_l("Choose a file."))])


class SpreadsheetForm(FlaskForm):
    """A budget that was changed in a spreadsheet program."""

    file = FileField(_l("XLSX file"), [FileRequired(_l("Choose a file."))])


class DeclarationsForm(FlaskForm):
    """The declarations, each to be ticked."""

    declarations = CheckboxList(_l("Declarations"))

    def __init__(self, call: Call, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.declarations.choices = [(key, _(sentence)) for key, sentence in call.rules.declarations]


class SubmitForm(FlaskForm):
    """The one click that submits; the key makes a second click harmless."""

    key = HiddenField(validators=[DataRequired(), Length(min=16, max=40)])


class ClarificationForm(FlaskForm):
    """What an officer asks, what may be put right, and until when."""

    question = TextAreaField(
        _l("Question to the consortium"), [DataRequired(), Length(max=8000), no_control_characters]
    )
    unlocked = CheckboxList(_l("What may be changed with the answer"))
    until = MomentField(_l("Answer until"), [InputRequired()])

    def __init__(self, parts: list[tuple[str, str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unlocked.choices = [(key, _(sentence, about=about)) for key, sentence, about in parts]


def clarification_answer(clarification: Clarification, text_of: Any) -> type[FlaskForm]:
    """A form with the text of the answer and the fields of exactly what is unlocked."""
    members: dict[str, Any] = {
        "answer": TextAreaField(
            _l("Your answer"), [DataRequired(), Length(max=20000), no_control_characters]
        ),
        "key": HiddenField(),
    }
    questions = {question.key: question for question in clarification.call.questions}
    for part in clarification.changeable:
        kind, _colon, key = part.partition(":")
        if kind == "q":
            members[f"q_{key}"] = answer_field(questions[key], text_of, [Stored(100_000)])
        elif kind == "partner":
            members[f"partner_{key}"] = FormField(OrganisationForm, separator="-")
        elif kind == "part_b":
            members["part_b"] = FileField(_l("A new Part B (PDF), in place of the one that was received"))
        else:
            members[kind] = getattr(SummaryForm, kind)
    return type("ClarificationAnswer", (FlaskForm,), members)


class WithdrawalForm(FlaskForm):
    """Withdrawing asks for a reason."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])


class ExtensionForm(FlaskForm):
    """A late exception for one application."""

    until = StringField(_l("Until"), [InputRequired()])
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])
