"""What an officer types at a gate."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from grants.fields import no_control_characters


class RulingForm(FlaskForm):
    """Pass or refuse; `gate` is the one that the person saw."""

    verdict = RadioField(
        _l("Your ruling"),
        [InputRequired(_l("Choose one of the two."))],
        choices=[("ok", _l("The application passes")), ("fail", _l("The application is refused"))],
    )
    reason = TextAreaField(_l("Reason"), [Length(max=4000), no_control_characters])
    gate = HiddenField()


class ReturnForm(FlaskForm):
    """Why the second officer does not confirm."""

    comment = TextAreaField(
        _l("What should be looked at again"), [DataRequired(), Length(max=4000), no_control_characters]
    )
