"""What officers type about a decision: its contents, a comment that sends it back, the confirmation of a release."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, SelectField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional

from grants.calls.forms import MoneyField, no_control_characters, version_of
from grants.decisions.models import Decision
from grants.decisions.outcomes import GATES, NAMES


class DecisionForm(FlaskForm):
    """The contents of a decision while it is proposed or sent back."""

    version = HiddenField()
    outcome = SelectField(_l("Outcome"))
    reason = TextAreaField(
        _l("Reason, as the letter gives it"), [Optional(), Length(max=20000), no_control_characters]
    )
    max_grant = MoneyField(_l("Maximum grant after evaluation"), [Optional()])
    conditions = TextAreaField(
        _l("Conditions for the grant agreement"), [Optional(), Length(max=20000), no_control_characters]
    )

    @classmethod
    def of(cls, decision: Decision, formdata: Any = None) -> "DecisionForm":
        """The form filled in from a decision; a refusal at the gates has no other outcome to choose."""
        form = cls(
            formdata=formdata, version=str(decision.version), outcome=decision.outcome, reason=decision.reason,
            max_grant=decision.max_grant, conditions=decision.conditions,
        )  # fmt: skip
        at_gate = decision.outcome in GATES
        form.outcome.choices = [
            (outcome, _l(name))
            for outcome, name in NAMES.items()
            if outcome == decision.outcome or not (at_gate or outcome in GATES)
        ]
        return form

    def fields(self) -> dict[str, Any]:
        """What actions.revise takes."""
        return {
            "version": version_of(self), "outcome": self.outcome.data, "reason": self.reason.data or "",
            "max_grant": self.max_grant.data, "conditions": self.conditions.data or "",
        }  # fmt: skip


class ApprovalForm(FlaskForm):
    """The version that the second officer looked at."""

    version = HiddenField()


class BulkApprovalForm(FlaskForm):
    """The fingerprint of the proposals that the second officer looked at."""

    seen = HiddenField()


class ReturnForm(FlaskForm):
    """Why a decision goes back."""

    comment = TextAreaField(_l("Comment"), [DataRequired(), Length(max=4000), no_control_characters])


class ReleaseForm(FlaskForm):
    """The one act: which release, what the officer looked at, and his word that he did."""

    kind = HiddenField()
    seen = HiddenField()
    checked = BooleanField(_l("I have checked the numbers and the recipients"), [DataRequired()])
