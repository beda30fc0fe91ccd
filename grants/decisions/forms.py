"""What officers type about a decision: its contents, a comment that sends it back, the confirmation of a release."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, Length, Optional, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from grants.decisions import redress, wording
from grants.decisions.changes import choices
from grants.decisions.models import Decision
from grants.decisions.outcomes import CLEARANCES, GATES, KINDS, NAMES, possible
from grants.decisions.preparing import STEPS
from grants.decisions.redressing import OUTCOMES
from grants.fields import CalendarField, EmptyForNow, MoneyField, no_control_characters, version_of


class DecisionForm(FlaskForm):
    """The contents of a decision while it is proposed or sent back."""

    version = HiddenField()
    outcome = SelectField(_l("Outcome"))
    reason = TextAreaField(_l("Reason"), [Optional(), Length(max=20000), no_control_characters])
    max_grant = MoneyField(_l("Maximum grant after evaluation"), [Optional()])
    conditions = TextAreaField(
        _l("Conditions for the grant agreement"), [Optional(), Length(max=20000), no_control_characters]
    )
    ethics = SelectField(_l("Ethics review"), choices=[(key, _l(name)) for key, name in CLEARANCES.items()])
    security = SelectField(
        _l("Security scrutiny"), choices=[(key, _l(name)) for key, name in CLEARANCES.items()]
    )

    @classmethod
    def of(cls, decision: Decision, formdata: Any = None) -> "DecisionForm":
        """The form filled in from a decision; a refusal at the gates has no other outcome to choose."""
        form = cls(
            formdata=formdata, version=str(decision.version), outcome=decision.outcome, reason=decision.reason,
            max_grant=decision.max_grant, conditions=decision.conditions, ethics=decision.ethics,
            security=decision.security,
        )  # fmt: skip
        at_gate = decision.outcome in GATES
        form.outcome.choices = [
            (outcome, _l(name))
            for outcome, name in NAMES.items()
            if outcome == decision.outcome or (not at_gate and outcome in possible(decision.call.scheme))
        ]
        return form

    def fields(self) -> dict[str, Any]:
        """What actions.revise takes."""
        return {
            "version": version_of(self), "outcome": self.outcome.data, "reason": self.reason.data or "",
            "max_grant": self.max_grant.data, "conditions": self.conditions.data or "",
            "ethics": self.ethics.data, "security": self.security.data,
        }  # fmt: skip


class ChangeForm(FlaskForm):
    """A change of a released decision."""

    version = HiddenField()
    kind = SelectField(
        _l("Kind of change"),
        choices=[(kind, _l(name)) for kind, name in KINDS.items() if kind != "promotion"],
    )
    outcome = SelectField(_l("Outcome"))
    reason = TextAreaField(
        _l("Reason, as the letter gives it"), [DataRequired(), Length(max=20000), no_control_characters]
    )
    max_grant = MoneyField(_l("Maximum grant after evaluation"), [Optional()])
    conditions = TextAreaField(
        _l("Conditions for the grant agreement"), [Optional(), Length(max=20000), no_control_characters]
    )

    @classmethod
    def of(cls, decision: Decision, formdata: Any = None) -> "ChangeForm":
        """The form filled in from the decision as it is."""
        form = cls(
            formdata=formdata, version=str(decision.version), kind="correction", outcome=decision.outcome,
            max_grant=decision.max_grant, conditions=decision.conditions,
        )  # fmt: skip
        form.outcome.choices = [(outcome, _l(NAMES[outcome])) for outcome in choices(decision)]
        return form

    def fields(self) -> dict[str, Any]:
        """What changes.propose takes."""
        return {
            "version": version_of(self), "kind": self.kind.data, "outcome": self.outcome.data,
            "reason": self.reason.data or "", "max_grant": self.max_grant.data,
            "conditions": self.conditions.data or "",
        }  # fmt: skip


class ApprovalForm(FlaskForm):
    """The version that the second officer looked at."""

    version = HiddenField()


class SeenForm(FlaskForm):
    """The fingerprint of what the second person looked at."""

    seen = HiddenField()


class ReturnForm(FlaskForm):
    """Why a decision goes back."""

    comment = TextAreaField(_l("Comment"), [DataRequired(), Length(max=4000), no_control_characters])


class RedressForm(FlaskForm):
    """A request for a review."""

    grounds = SelectMultipleField(
        _l("Grounds"), choices=[(ground, _l(name)) for ground, name in redress.GROUNDS.items()],
        option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False),
    )  # fmt: skip
    text = TextAreaField(_l("What went wrong"), [DataRequired(), Length(max=10000), no_control_characters])


class MemberForm(FlaskForm):
    """Who joins the committee."""

    email = StringField(_l("Mail address"), [DataRequired(), Length(max=255), no_control_characters])


class OpinionForm(FlaskForm):
    """What the committee finds."""

    outcome = SelectField(_l("Outcome"), choices=[(key, _l(name)) for key, name in OUTCOMES.items()])
    opinion = TextAreaField(
        _l("Reasons, as the applicant reads them"), [DataRequired(), Length(max=20000), no_control_characters]
    )


class PreparationForm(FlaskForm):
    """When each step before the signature was done; only the steps that this preparation needs."""

    data_on = CalendarField(_l("Grant data received on"), [EmptyForNow()])
    declaration_on = CalendarField(_l("Declaration of honour received on"), [EmptyForNow()])
    capacity_on = CalendarField(_l("Financial and operational capacity verified on"), [EmptyForNow()])
    plans_on = CalendarField(_l("Gender equality plans verified on"), [EmptyForNow()])
    conditions_on = CalendarField(_l("Conditions of ethics and security met on"), [EmptyForNow()])
    coordinator_signed_on = CalendarField(_l("Signed by the coordinator on"), [EmptyForNow()])

    def __init__(self, steps: Iterable[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for step in set(STEPS) - set(steps):
            del self[step]

    def days(self) -> dict[str, Any]:
        """What agreement.note takes."""
        return {step: self[step].data for step in STEPS if step in self}


class SignatureForm(FlaskForm):
    """The signature of the funder, with a reason where the second eligibility check has findings."""

    reason = TextAreaField(
        _l("Reason, if the check has findings"), [Optional(), Length(max=10000), no_control_characters]
    )


class StopForm(FlaskForm):
    """Why a release is stopped."""

    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=4000), no_control_characters])


class ReleaseForm(FlaskForm):
    """The one act: which release, what the officer looked at, and his word that he did."""

    kind = HiddenField()
    seen = HiddenField()
    checked = BooleanField(_l("I have checked the numbers and the recipients"), [DataRequired()])


def _fills_in(form: FlaskForm, field: Any) -> None:
    """Only placeholders that exist, and no brace that stands alone."""
    try:
        wording.check(field.data or "")
    except wording.Unfit as problem:
        raise ValidationError(
            _("Line %(line)s: %(why)s", line=problem.line, why=_(str(problem), **problem.values))
        ) from None


class WordingForm(FlaskForm):
    """The words of one kind of letter."""

    version = HiddenField()
    """The latest one that the person saw."""
    subject = StringField(_l("Subject"), [DataRequired(), Length(max=200), no_control_characters, _fills_in])
    opening = TextAreaField(
        _l("Opening"), [Optional(), Length(max=8000), no_control_characters, _fills_in],
        description=_l("Before the sentences that say what was decided. Empty lines part the paragraphs."),
    )  # fmt: skip
    closing = TextAreaField(_l("Closing"), [Optional(), Length(max=8000), no_control_characters, _fills_in])
    signatory = StringField(
        _l("Name and function of who signs"), [Optional(), Length(max=200), no_control_characters],
        description=_l("Empty: as the funder has set it."),
    )  # fmt: skip

    @classmethod
    def of(cls, shown: wording.Wording, seen: int, formdata: Any = None) -> "WordingForm":
        """The form filled in from some version, to be saved after version `seen`."""
        return cls(
            formdata=formdata, version=str(seen), subject=shown.subject, opening=shown.opening,
            closing=shown.closing, signatory=shown.signatory,
        )  # fmt: skip

    def wording(self) -> wording.Wording:
        return wording.Wording(
            self.subject.data or "",
            self.opening.data or "",
            self.closing.data or "",
            self.signatory.data or "",
        )
