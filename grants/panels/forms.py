"""What the panel types: a finding on one application, and the report at its closing."""

from decimal import Decimal
from typing import Any

from flask_babel import format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from grants.calls.scheme import Scheme
from grants.fields import (
    MomentField,
    MoneyField,
    PointsField,
    WholeNumberField,
    no_control_characters,
    version_of,
)
from grants.panels.standing import Entry

VOTES = ("for", "against", "abstained")


class WhatIfForm(FlaskForm):
    """Another budget, another overall threshold; nothing of it is stored."""

    class Meta:
        csrf = False  # a question in the address, which changes nothing

    budget = MoneyField(_l("Budget"), [Optional()])
    threshold = PointsField(_l("Overall threshold"), [Optional()])


class FindingForm(FlaskForm):
    """What the panel adds to one application; `of` adds one field for each criterion of the call."""

    version = HiddenField()
    aspects = StringField(_l("Aspects of the call that it covers"), [Length(max=1000), no_control_characters])
    reason = TextAreaField(
        _l("Reason for changing a score"), [Optional(), Length(max=10000), no_control_characters]
    )
    tie_order = WholeNumberField(_l("Place within a tie"), [Optional(), NumberRange(1, 999)])
    tie_reason = TextAreaField(
        _l("Reason for this place"), [Optional(), Length(max=10000), no_control_characters]
    )
    max_grant = MoneyField(_l("Maximum grant after evaluation"), [Optional()])
    funding_order = WholeNumberField(_l("Place when money is given"), [Optional(), NumberRange(1, 999)])
    funding_reason = TextAreaField(
        _l("Reason for departing from the ranks"), [Optional(), Length(max=10000), no_control_characters]
    )
    minutes = TextAreaField(
        _l("Minutes of the discussion"), [Optional(), Length(max=20000), no_control_characters]
    )
    motion = StringField(_l("Voted on"), [Optional(), Length(max=300), no_control_characters])
    votes_for = WholeNumberField(_l("For"), [Optional(), NumberRange(0, 999)])
    votes_against = WholeNumberField(_l("Against"), [Optional(), NumberRange(0, 999)])
    votes_abstained = WholeNumberField(_l("Abstained"), [Optional(), NumberRange(0, 999)])

    criteria: tuple[str, ...] = ()

    @classmethod
    def of(cls, entry: Entry, scheme: Scheme, formdata: Any = None) -> "FindingForm":
        """The form of one application, filled in from its finding."""
        choices = [(str(score), format_decimal(Decimal(score) / 100)) for score in scheme.grid()]
        fields = {
            f"score_{criterion.id}": SelectField(
                _(criterion.name), choices=choices, default=str(entry.scores.get(criterion.id, ""))
            )
            for criterion in scheme.criteria
        }
        ids = tuple(criterion.id for criterion in scheme.criteria)
        finding = entry.finding
        if not entry.application.call.portfolio:
            fields |= dict.fromkeys(("funding_order", "funding_reason"))
        return type("FindingForm", (cls,), {**fields, "criteria": ids})(
            formdata=formdata,
            version=str(finding.version if finding else 0),
            aspects=", ".join(entry.aspects),
            reason=finding.reason if finding else "",
            tie_order=finding.tie_order if finding else None,
            tie_reason=finding.tie_reason if finding else "",
            max_grant=finding.max_grant if finding else None,
            funding_order=finding.funding_order if finding else None,
            funding_reason=finding.funding_reason if finding else "",
            minutes=finding.minutes if finding else "",
            motion=finding.motion if finding else "",
            **{f"votes_{name}": finding.votes.get(name) if finding else None for name in VOTES},
        )

    def score(self, criterion: str) -> Any:
        """The field of one criterion."""
        return self[f"score_{criterion}"]

    def fields(self) -> dict[str, Any]:
        """What actions.note takes."""
        return {
            "version": version_of(self),
            "aspects": (self.aspects.data or "").split(","),
            "amended": {criterion: int(self.score(criterion).data) for criterion in self.criteria},
            "reason": self.reason.data or "",
            "tie_order": self.tie_order.data,
            "tie_reason": self.tie_reason.data or "",
            "max_grant": self.max_grant.data,
            "minutes": self.minutes.data or "",
            "motion": self.motion.data or "",
            "votes": {name: self[f"votes_{name}"].data or 0 for name in VOTES},
        } | (
            {"funding_order": self.funding_order.data, "funding_reason": self.funding_reason.data or ""}
            if self.funding_order
            else {}
        )


class FixDrawForm(FlaskForm):
    """From when on the public value counts, and the fingerprint of the list that the person looked at."""

    seen = HiddenField()
    draws_at = MomentField(_l("The public value is known from"), [InputRequired()])


class ValueForm(FlaskForm):
    """The public value, as it was published."""

    value = StringField(_l("Public value"), [DataRequired(), Length(max=300), no_control_characters])


class ReasonForm(FlaskForm):
    """Why."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])


class ClosureForm(FlaskForm):
    """The panel's report, and the fingerprint of the list that the chair looked at."""

    seen = HiddenField()
    shown = BooleanField(_l("The panel was shown how sure the line is; keep the figures with the list"))
    report = TextAreaField(
        _l("Report of the panel"), [DataRequired(), Length(max=60000), no_control_characters]
    )
