"""What an officer types before a leave."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from grants import clock
from grants.fields import CalendarField


class SubstituteForm(FlaskForm):
    """Somebody who acts as officer in one's place."""

    email = StringField(_l("E-mail address of your substitute"), [DataRequired(), Length(max=255)])
    first_day = CalendarField(_l("First day"), [InputRequired()])
    last_day = CalendarField(_l("Last day"), [InputRequired()])

    def validate_last_day(self, field: Any) -> None:
        if field.data is None:
            return
        if self.first_day.data and field.data < self.first_day.data:
            raise ValidationError(_l("The last day comes before the first."))
        if field.data < clock.now().date():
            raise ValidationError(_l("This day is over."))
