"""What anybody may bring to be looked at."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired


class VerifyForm(FlaskForm):
    """A document that claims to be ours."""

    file = FileField(_l("PDF file"), [FileRequired(_l("Choose a file."))])
