"""What an officer changes in a call's own copy of its scoring scheme (rulebook 3.4)."""

import re
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FormField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import InputRequired, Length, NumberRange

from grants.calls.scheme import DIRECTIONS, FORMULAS, TIE_STEPS, TIE_WORDS, Criterion, Scheme, SchemeError
from grants.fields import (
    EmptyForNow,
    PointsField,
    RowForm,
    RowList,
    WholeNumberField,
    lines,
    no_control_characters,
)
from grants.words import key_of

MOST_ASPECTS = 20
MOST_CRITERIA = 20
MOST_ANCHORS = 60


def _complete(form: "CriterionForm", field: PointsField) -> None:
    """A criterion that has a name needs its figures too."""
    if form.stays and field.data is None and not field.errors:
        raise ValidationError(_("Type a number with at most two decimals, such as 3.5."))


def _above_zero(form: "CriterionForm", field: PointsField) -> None:
    if field.data == 0:
        raise ValidationError(_("Type a number above 0."))


class CriterionForm(RowForm):
    """One award criterion; without a name it is none."""

    id = HiddenField()
    name = StringField(_l("Name"), [Length(max=120), no_control_characters])
    aspects = TextAreaField(
        _l("What it looks at, one aspect a line"),
        [Length(max=6000), no_control_characters],
        render_kw={"rows": 5},
    )
    threshold = PointsField(_l("Threshold"), [_complete])
    weight = WholeNumberField(_l("Share of the total"), [EmptyForNow(), NumberRange(1, 1000)])
    rank_weight = PointsField(_l("Weight in the ranking"), [_complete, _above_zero], default=100)
    remove = BooleanField(_l("Take this criterion away"))

    @property
    def stays(self) -> bool:
        """Whether the criterion belongs to the scheme once this is saved."""
        return bool((self.name.data or "").strip()) and not self.remove.data

    def validate_name(self, field: StringField) -> None:
        written = self.id.data or (self.aspects.data or "").strip() or self.threshold.data is not None
        if written and not self.remove.data and not (field.data or "").strip():
            raise ValidationError(_("A criterion needs a name. To take it away, tick the box."))

    def validate_aspects(self, field: TextAreaField) -> None:
        aspects = lines(field.data)
        if len(aspects) > MOST_ASPECTS or any(len(aspect) > 600 for aspect in aspects):
            raise ValidationError(_("Use at most 20 lines of 600 characters each."))


class LabelForm(RowForm):
    """What one score is called and what it means; without words it says nothing."""

    score = PointsField(_l("Score"))
    name = StringField(_l("Called"), [Length(max=60), no_control_characters])
    meaning = TextAreaField(_l("Meaning"), [Length(max=600), no_control_characters], render_kw={"rows": 3})

    @property
    def stays(self) -> bool:
        """Whether it says anything."""
        return bool((self.name.data or "").strip() or (self.meaning.data or "").strip())

    def validate_score(self, field: PointsField) -> None:
        if self.stays and field.data is None and not field.errors:
            raise ValidationError(_("Say which score this is about."))


class SchemeForm(FlaskForm):
    """Scale, criteria with their aspects, thresholds and weights, anchors and tie-break of a call's own copy."""

    version = HiddenField()
    scale_min = PointsField(_l("Lowest score"), [InputRequired()])
    scale_max = PointsField(_l("Highest score"), [InputRequired()])
    step = PointsField(_l("Step of the scale"), [InputRequired()])
    direction = SelectField(_l("Direction"))
    formula = SelectField(_l("Total"))
    criteria = RowList(FormField(CriterionForm), _l("Award criteria"), max_entries=MOST_CRITERIA)
    overall_threshold = PointsField(_l("Threshold for the total"), [InputRequired()])
    labels = RowList(FormField(LabelForm), _l("What the scores mean"), max_entries=MOST_ANCHORS)
    tie_break = RowList(SelectField(validators=[EmptyForNow()]), _l("Between equal scores"), max_entries=30)

    def __init__(self, current: Scheme, formdata: Any = None) -> None:
        """The copy as it is, with room for one more criterion and two more anchors."""
        plain = current.to_dict()
        self.current = current
        criteria = [row | {"aspects": "\n".join(row["aspects"])} for row in plain["criteria"]]
        steps_left = len(TIE_STEPS) + len(criteria) - len(plain["tie_break"])
        filled = {
            "criteria": [*criteria, {}][:MOST_CRITERIA],
            "labels": [*plain["labels"], {}, {}][:MOST_ANCHORS],
            "tie_break": [*plain["tie_break"], *[""] * steps_left],
        }
        super().__init__(formdata, data=plain | filled)
        self.direction.choices = [(key, _(words)) for key, words in DIRECTIONS.items()]
        self.formula.choices = [(key, _(words)) for key, words in FORMULAS.items()]
        for entry in self.criteria.entries:
            _named(entry.form, entry.form.name.data or _("One more criterion"))
        for entry in self.labels.entries:
            _named(entry.form, entry.form.name.data or _("One more anchor"))
        steps = [(key, _(words)) for key, words in TIE_WORDS.items()] + [
            (one.id, _("Score for %(criterion)s", criterion=_(one.name))) for one in current.criteria
        ]
        for entry in self.tie_break.entries:
            entry.choices = [("", "–"), *steps]

    def validate_criteria(self, field: RowList) -> None:
        names = [entry.form.name.data.strip().casefold() for entry in field.entries if entry.form.stays]
        if len(set(names)) < len(names):
            raise ValidationError(_("Each criterion needs a name of its own."))

    def validate_labels(self, field: RowList) -> None:
        scores = [entry.form.score.data for entry in field.entries if entry.form.stays]
        if len(set(scores)) < len(scores):
            raise ValidationError(_("Each score has one anchor."))

    def typed(self) -> Scheme | None:
        """The copy with what was typed; None where it does not hold together, said beside the field concerned."""
        kept = [entry for entry in self.criteria.entries if entry.form.stays]
        ids: list[str] = []
        known = {one.id for one in self.current.criteria}
        for entry in kept:
            own = entry.form.id.data
            taken = {*known, *ids, *TIE_STEPS, "overall"}
            ids.append(own if own in known - set(ids) else key_of(entry.form.name.data, taken, "criterion"))
        overall = self.overall_threshold.data
        assert overall is not None  # the field is required
        sign = -1 if self.direction.data == "low" else 1
        better = (bound for bound in self.current.buckets[1:] if (bound - overall) * sign > 0)
        plain = self.current.to_dict() | {
            name: self[name].data for name in ("scale_min", "scale_max", "step", "direction", "formula")
        } | {
            "overall_threshold": overall,
            "criteria": [_criterion(id, entry.form) for id, entry in zip(ids, kept, strict=True)],
            "labels": [
                {"score": entry.form.score.data, "name": (entry.form.name.data or "").strip(),
                 "meaning": (entry.form.meaning.data or "").strip()}
                for entry in self.labels.entries if entry.form.stays
            ],
            "tie_break": [step for step in self.tie_break.data if step in (*TIE_STEPS, *ids)],
        }  # fmt: skip
        try:
            return Scheme.from_dict(plain | {"buckets": _within([overall, *better], plain)})
        except SchemeError as problem:
            self._say(problem.field, kept)
            return None

    def _say(self, where: str, kept: list[Any]) -> None:
        """Put the words for what does not hold together beside the field that can mend it."""
        misfit = _("This value does not fit the scale of the scheme.")
        if found := re.fullmatch(r"criteria\[(\d+)\]\.(\w+)", where):
            inexact = _(
                "With these shares a step of the scale is no whole hundredth of the total. Choose shares whose sum is "
                "100; now it is %(sum)s.",
                sum=sum(entry.form.weight.data or Criterion.weight for entry in kept),
            )
            unequal = _("With this weight a step of the scale gives no whole hundredths.")
            sentence = {"weight": inexact, "rank_weight": unequal}.get(found[2], misfit)
            kept[int(found[1])].form[found[2]].errors = [sentence]
            self.criteria.errors = [entry.errors for entry in self.criteria.entries]
            return
        name, sentence = {
            "scale_max": ("scale_max", _("The highest score must lie above the lowest.")),
            "step": ("step", _("The steps must divide the scale evenly, into 100 at most.")),
            "criteria": ("criteria", _("Keep at least one criterion.")),
            "labels": ("labels", _("Each anchor must be a score of the scale.")),
            "tie_break": ("tie_break", _("Name each step once.")),
        }.get(where, ("overall_threshold", misfit))
        self[name].errors = [sentence]


def _named(form: RowForm, about: str) -> None:
    """A message at the top of the page says which row it is about."""
    for field in form:
        field.label.text = _("%(row)s: %(field)s", row=about, field=field.label.text)


def _within(buckets: list[int], plain: dict[str, Any]) -> list[int]:
    """The published groups that the best total still reaches; the first is the overall threshold."""
    try:
        whole = Scheme.from_dict(plain | {"buckets": buckets[:1]})
    except SchemeError:
        return buckets[:1]
    best = max(whole.maximum * whole.sign, whole.minimum * whole.sign)
    return [bound for bound in buckets if bound * whole.sign <= best]


def _criterion(id: str, form: CriterionForm) -> dict[str, Any]:
    return {
        "id": id, "name": (form.name.data or "").strip(), "aspects": lines(form.aspects.data),
        "threshold": form.threshold.data, "rank_weight": form.rank_weight.data,
        "weight": form.weight.data or Criterion.weight,
    }  # fmt: skip
