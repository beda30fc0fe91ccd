"""What officers type about experts, and what experts answer."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    Field,
    FormField,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from grants import clock
from grants.applications.forms import GENDERS, countries
from grants.experts.composition import FULL, HARD, RULES
from grants.experts.conflicts import CODES, TIES
from grants.experts.fit import BIDS
from grants.fields import CalendarField, RowForm, RowList, WholeNumberField, no_control_characters
from grants.people import identifiers

SECTORS = [
    ("", "–"), ("academia", _l("Academia")), ("research", _l("Research organisation")), ("industry", _l("Industry")),
    ("public", _l("Public body")), ("society", _l("Civil society")), ("other", _l("Other")),
]  # fmt: skip


SENIORITIES = [
    ("", "–"), ("early", _l("Up to ten years of experience")), ("established", _l("More than ten years")),
    ("leading", _l("Leads a group, department or organisation")),
]  # fmt: skip
LANGUAGES = "bg cs da de el en es et fi fr ga hr hu is it lt lv mt nl no pl pt ro sk sl sv tr uk".split()


def _checked(form: Any, field: Field, check: Any) -> None:
    """Put a field in the normal form of its identifier, or say why it is none."""
    if field.data:
        try:
            field.data = check(field.data)
        except ValueError as problem:
            raise ValidationError(_(str(problem))) from None


def _pic(form: Any, field: Field) -> None:
    _checked(form, field, identifiers.pic)


def _orcid(form: Any, field: Field) -> None:
    _checked(form, field, identifiers.orcid)


def _ror(form: Any, field: Field) -> None:
    _checked(form, field, identifiers.ror)


def lines(text: str | None) -> list[str]:
    """One entry a line, each once."""
    return list(dict.fromkeys(line.strip() for line in (text or "").splitlines() if line.strip()))


class PastEmployerForm(RowForm):
    """One row of the employers of the last three years; an empty row is left out."""

    name = StringField(_l("Past employer"), [Optional(), Length(max=300), no_control_characters])
    pic = StringField(_l("Its PIC"), [Optional(), _pic])
    ror = StringField(_l("Its ROR identifier"), [Optional(), _ror])
    since = CalendarField(_l("Since"), [Optional()])
    until = CalendarField(_l("Until"), [Optional()])

    def validate_until(self, field: CalendarField) -> None:
        if field.data and self.since.data and field.data < self.since.data:
            raise ValidationError(_("This day lies before the first one."))


def _named_needs_code(form: Any, field: Field) -> None:
    if (form.name.data or "").strip() and not field.data:
        raise ValidationError(_("Choose what applies."))


class TieForm(PastEmployerForm):
    """One row of the ties beyond employment; an empty row is left out."""

    name = StringField(_l("Organisation"), [Optional(), Length(max=300), no_control_characters])
    code = SelectField(_l("What ties you to it"), [_named_needs_code], default="")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.choices = [("", "–"), *((code, _(CODES[code])) for code in TIES)]


class ExpertForm(FlaskForm):
    """Somebody for the pool of a call."""

    name = StringField(_l("Full name"), [DataRequired(), Length(max=120), no_control_characters])
    email = StringField(_l("E-mail"), [DataRequired(), Length(max=255), Email()])
    employer = StringField(_l("Employer"), [DataRequired(), Length(max=300), no_control_characters])
    employer_pic = StringField(_l("Participant code (PIC) of the employer"), [Optional(), _pic])
    country = SelectField(_l("Country of work"), [DataRequired()])
    sector = SelectField(_l("Sector"), [Optional()], choices=SECTORS)
    gender = SelectField(_l("Gender"), [Optional()], choices=GENDERS, default="undisclosed")
    orcid = StringField(_l("ORCID iD"), [Optional(), _orcid])
    keywords = TextAreaField(_l("Keywords"), [Optional(), Length(max=2000), no_control_characters])
    past = RowList(
        FormField(PastEmployerForm), _l("Employers of the last three years"), min_entries=2, max_entries=8
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country.choices = [("", "–"), *countries()]

    def profile(self) -> dict[str, Any]:
        """What actions.add_expert takes as profile."""
        names = ("employer", "employer_pic", "country", "sector", "gender", "orcid")
        return {name: self[name].data for name in names} | {
            "keywords": lines(self.keywords.data),
            "past_employers": organisations(self.past),
        }


class PoolFileForm(FlaskForm):
    """A file of experts."""

    file = FileField(_l("CSV or XLSX file"), [FileRequired(_l("Choose a file."))])


KNOWN = (
    "employer", "employer_pic", "employer_ror", "country", "sector", "seniority", "gender", "orcid", "expertise",
    "languages", "max_load", "away_from", "away_until",
)  # fmt: skip
"""Fields of a profile that the form holds as they are stored."""


class ProfileForm(FlaskForm):
    """What an expert says about themselves."""

    employer = StringField(_l("Employer"), [DataRequired(), Length(max=300), no_control_characters])
    employer_pic = StringField(_l("Participant code (PIC) of the employer"), [Optional(), _pic])
    employer_ror = StringField(_l("ROR identifier of the employer"), [Optional(), _ror])
    past = RowList(
        FormField(PastEmployerForm), _l("Employers of the last three years"), min_entries=3, max_entries=8
    )
    ties = RowList(FormField(TieForm), _l("Other ties to organisations"), min_entries=2, max_entries=12)
    country = SelectField(_l("Country of work"), [DataRequired()])
    sector = SelectField(_l("Sector"), [Optional()], choices=SECTORS)
    seniority = SelectField(_l("Experience"), [Optional()], choices=SENIORITIES)
    gender = SelectField(_l("Gender"), [Optional()], choices=GENDERS, default="undisclosed")
    orcid = StringField(_l("ORCID iD"), [Optional(), _orcid])
    keywords = TextAreaField(_l("Keywords"), [Optional(), Length(max=2000), no_control_characters])
    expertise = TextAreaField(_l("Expertise"), [Optional(), Length(max=4000), no_control_characters])
    languages = SelectMultipleField(_l("Languages in which you can evaluate"), [Optional()])
    max_load = WholeNumberField(
        _l("Most applications in one call"), [Optional(), NumberRange(min=0, max=100)]
    )
    away_from = CalendarField(_l("Away from"), [Optional()])
    away_until = CalendarField(_l("Until and including"), [Optional()])

    def __init__(self, expert: Any) -> None:
        known = {name: getattr(expert, name) for name in KNOWN}
        past, ties = ([_dated(one) for one in rows] for rows in (expert.past_employers, expert.ties))
        super().__init__(data=known | {"keywords": "\n".join(expert.keywords), "past": past, "ties": ties})
        self.country.choices = [("", "–"), *countries()]
        self.languages.choices = _languages()

    def validate_away_until(self, field: CalendarField) -> None:
        if field.data and self.away_from.data and field.data < self.away_from.data:
            raise ValidationError(_("This day lies before the first one."))

    def validate_away_from(self, field: CalendarField) -> None:
        if bool(field.data) != bool(self.away_until.data):
            raise ValidationError(_("Give both days, or none."))

    def profile(self) -> dict[str, Any]:
        """What actions.keep_profile takes."""
        return {name: self[name].data for name in KNOWN} | {
            "keywords": lines(self.keywords.data),
            "past_employers": organisations(self.past),
            "ties": organisations(self.ties),
            "languages": self.languages.data or [],
        }


def _languages() -> list[tuple[str, str]]:
    """Languages by name in the reader's language."""
    names = get_locale().languages
    return sorted(((code, names.get(code, code)) for code in LANGUAGES), key=lambda one: one[1])


def _dated(facts: dict[str, Any]) -> dict[str, Any]:
    """A row of past employers or ties with its days as dates."""
    days = {name: facts.get(name) for name in ("since", "until")}
    return facts | {name: date.fromisoformat(day) if day else None for name, day in days.items()}


def organisations(rows: RowList) -> list[dict[str, Any]]:
    """The rows of PastEmployerForm or TieForm that name somebody, as Expert keeps them; days as ISO dates."""
    found = []
    for row in rows:
        facts = {name: field.data or "" for name, field in row.form._fields.items()}
        if facts["name"].strip():
            facts["name"] = facts["name"].strip()
            found.append(
                {key: value.isoformat() if isinstance(value, date) else value for key, value in facts.items()}
            )
    return found


class AssignForm(FlaskForm):
    """Experts to invite to one application; the page draws the boxes."""

    experts = SelectMultipleField(_l("Experts"), [DataRequired(_l("Choose at least one expert."))])
    part = SelectField(
        _l("Their part"),
        choices=[
            ("score", _l("Evaluate and score")),
            ("record", _l("Only record the consensus, as rapporteur")),
        ],
    )
    due_on = CalendarField(_l("Report due on"), [Optional()])
    despite_limits = BooleanField(_l("Also invite who is away, or has as many applications as they take on"))

    def __init__(self, experts: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.experts.choices = [(public_id, public_id) for public_id in experts]

    def validate_due_on(self, field: CalendarField) -> None:
        if field.data and field.data < clock.now().date():
            raise ValidationError(_("This day has passed."))

    def validate_experts(self, field: SelectMultipleField) -> None:
        if self.part.data == "record" and len(field.data or ()) > 1:
            raise ValidationError(_("Only one expert can record the consensus."))


class BiddingForm(FlaskForm):
    """Until when experts say what they would like to evaluate."""

    until = CalendarField(_l("Experts answer until the end of"), [Optional()])

    def validate_until(self, field: CalendarField) -> None:
        if field.data and field.data < clock.now().date():
            raise ValidationError(_("This day has passed."))


class BidForm(FlaskForm):
    """One answer to one application; each button is an answer."""

    answer = RadioField(choices=[(bid, bid) for bid in BIDS])


WEIGHTS = [("off", _l("Not asked for")), ("soft", _l("If it costs little")), ("hard", _l("Always"))]


class ReplacementForm(FlaskForm):
    """Who takes a place that became empty; the page draws the buttons."""

    expert = RadioField(_l("Experts"), [InputRequired(_l("Choose an expert."))])
    place = SelectField(_l("In place of"))
    part = SelectField(
        _l("Their part"),
        choices=[
            ("score", _l("Evaluate and score")),
            ("both", _l("Evaluate and score, and write the consensus as rapporteur")),
            ("record", _l("Only record the consensus, as rapporteur")),
        ],
    )
    due_on = CalendarField(_l("Report due on"), [Optional()])
    despite_limits = BooleanField(_l("Also invite who is away, or has as many applications as they take on"))
    validate_due_on = AssignForm.validate_due_on

    def __init__(self, experts: Iterable[str], left: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expert.choices = [(public_id, public_id) for public_id in experts]
        self.place.choices = [(one.public_id, one.user.name) for one in left] or [("", "–")]


class GroupsForm(FlaskForm):
    """What the groups of a call should be like."""

    demand = WholeNumberField(_l("Experts for each application"), [InputRequired(), NumberRange(1, 9)])
    load = WholeNumberField(
        _l("Applications for each expert, at most"), [InputRequired(), NumberRange(1, 99)], default=12
    )
    countries = RadioField(_l("Experts from at least two countries"), choices=WEIGHTS, default="hard")
    abroad = RadioField(
        _l("Nobody who works in a country of the consortium"), choices=WEIGHTS, default="soft"
    )
    institutions = RadioField(_l("One expert from each employer"), choices=WEIGHTS, default="hard")
    genders = RadioField(_l("Women and men"), choices=WEIGHTS, default="soft")
    newcomers = RadioField(
        _l("A newcomer, who has evaluated in no other call"), choices=WEIGHTS, default="soft"
    )
    sectors = RadioField(_l("Science and industry"), choices=WEIGHTS, default="soft")
    language = SelectField(_l("Language of the applications, which each expert must read"), default="")
    price = WholeNumberField(
        _l("What a rule may cost, in percent of fit"), [InputRequired(), NumberRange(1, 100)], default=10
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.language.choices = [("", _("Any language")), *_languages()]

    def prices(self) -> dict[str, int]:
        """Thousandths of fit by rule, 0 for hard; without those that nobody asks for."""
        soft = (self.price.data or 0) * FULL // 100
        chosen = {rule: self[rule].data for rule in RULES if rule in self}
        chosen["languages"] = "hard" if self.language.data else "off"
        return {
            rule: soft if weight == "soft" else HARD for rule, weight in chosen.items() if weight != "off"
        }


class InviteGroupsForm(FlaskForm):
    """Applications whose proposed group is invited; the page draws the boxes."""

    applications = SelectMultipleField(
        _l("Applications"), [DataRequired(_l("Choose at least one application."))]
    )
    due_on = CalendarField(_l("Report due on"), [Optional()])
    validate_due_on = AssignForm.validate_due_on

    def __init__(self, applications: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.applications.choices = [(public_id, public_id) for public_id in applications]


def _codes(first: str) -> list[tuple[str, str]]:
    return [("", first), *((code, _(sentence)) for code, sentence in CODES.items())]


class ConflictForm(FlaskForm):
    """A conflict that an officer knows of."""

    person = SelectField(_l("Person"), [DataRequired()])
    code = SelectField(_l("Situation"), [DataRequired()])
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])

    def __init__(self, people: Iterable[Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person.choices = [
            ("", "–"),
            *((person.public_id, f"{person.name} ({person.email})") for person in people),
        ]
        self.code.choices = _codes("–")


class ConflictRulingForm(FlaskForm):
    """The officer's ruling on one conflict."""

    ruling = RadioField(
        _l("Your ruling"),
        [InputRequired(_l("Choose one of the two."))],
        choices=[("bars", _l("It bars this person")), ("overruled", _l("It does not bar this person"))],
    )
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])


class AgreeForm(FlaskForm):
    """An expert agrees to the terms of a call; `seen` is the hash of what they have read."""

    seen = HiddenField()
    contract = BooleanField(
        _l("I agree to the terms of the contract"), [DataRequired(_l("Please agree to the contract, or decline."))]
    )  # fmt: skip
    conduct = BooleanField(
        _l("I accept the code of conduct"), [DataRequired(_l("Please accept the code of conduct, or decline."))]
    )  # fmt: skip


class LeaveForm(FlaskForm):
    """An expert does not evaluate for a call."""

    why = TextAreaField(_l("Why you decline"), [DataRequired(), Length(max=4000), no_control_characters])


class TermsForm(FlaskForm):
    """What the experts of a call agree to; `version` is that of the texts that were shown."""

    version = HiddenField()
    contract = TextAreaField(
        _l("Contract"), [DataRequired(), Length(max=20000), no_control_characters], render_kw={"lang": "en"}
    )
    conduct = TextAreaField(
        _l("Code of conduct"),
        [DataRequired(), Length(max=20000), no_control_characters],
        render_kw={"lang": "en"},
    )


class DeclineForm(FlaskForm):
    """The expert says no."""

    conflict = SelectField(_l("Is a conflict of interest the reason?"), [Optional()])
    why = TextAreaField(_l("Why you decline"), [DataRequired(), Length(max=4000), no_control_characters])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflict.choices = _codes(_("No, another reason"))


class DeclarationForm(FlaskForm):
    """Whether the expert has a conflict of interest with one application."""

    declaration = RadioField(
        _l("Your declaration"),
        [InputRequired(_l("Choose one of the two."))],
        choices=[
            ("none", _l("I have no conflict of interest with this application")),
            ("conflict", _l("I have, or may have, a conflict of interest")),
        ],
    )
    code = SelectField(_l("What applies to you"), [Optional()])
    reason = TextAreaField(_l("Please explain"), [Optional(), Length(max=4000), no_control_characters])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.choices = _codes("–")

    @property
    def has_conflict(self) -> bool:
        return bool(self.declaration.data == "conflict")

    def validate(self, extra_validators: Any = None) -> bool:
        """A conflict needs its situation and an explanation."""
        valid = super().validate(extra_validators)
        if self.has_conflict:
            for field, message in (
                (self.code, _("Choose what applies.")),
                (self.reason, _("Please explain.")),
            ):
                if not field.data:
                    field.errors = [*field.errors, message]
                    valid = False
        return valid
