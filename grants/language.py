"""In which language a text is written: the reader's for pages, the recipient's for mails and documents.

flask-babel finds the language anew for each text; a page has hundreds, so here it is found once for each.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import flask_babel
from babel import Locale
from babel.support import NullTranslations
from flask import Flask, g
from markupsafe import Markup, escape


@dataclass(frozen=True)
class Language:
    """The language of what is being written: how it puts dates and numbers, and its texts."""

    locale: Locale
    texts: NullTranslations


def current() -> Language:
    """The language that in_language() set, else that of the reader of this request, else English."""
    found: Language | None = g.get("current_language")
    if found is None:
        locale = flask_babel.get_locale() or Locale("en")
        found = g.current_language = Language(locale, flask_babel.get_translations())
    return found


def translate(text: str, **values: object) -> str:
    """The text in the language of what is being written, with the values in their places."""
    translated = str(current().texts.ugettext(text))
    return translated % values if values else translated


@contextmanager
def in_language(language: str) -> Iterator[None]:
    """Write in this language (`en`, `fr`) for a while, whoever asks for it."""
    before = g.pop("current_language", None)
    try:
        with flask_babel.force_locale(language):
            yield
    finally:
        g.pop("current_language", None)
        if before:
            g.current_language = before


def _said(text: str, **values: object) -> str | Markup:
    """What `_` is in templates: no text is taken for HTML, and one without values for no pattern.

    Names of criteria and the like pass here too, and an officer may have typed them: "Excellence (50 %) <b>".
    """
    if any(hasattr(value, "__html__") for value in values.values()):
        return escape(translate(text)) % values
    return translate(text, **values)


def init_app(app: Flask) -> None:
    """Let templates use the language found once."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=translate,
        ngettext=lambda one, many, count: current().texts.ungettext(one, many, count),
        newstyle=True,
    )
    app.jinja_env.globals["_"] = _said
