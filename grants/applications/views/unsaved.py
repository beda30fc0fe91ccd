"""What was typed, could not be saved and so is not part of the application: its author reads it, others know of it."""

from dataclasses import dataclass
from datetime import datetime

from flask import url_for
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf import FlaskForm

from grants.applications import package_forms, queries
from grants.applications.editing import differences
from grants.applications.models import Application
from grants.applications.views import consortium, sections


@dataclass(frozen=True)
class Unsaved:
    """One person's text of one section. `texts` are label and text of each field, for the author alone."""

    label: str
    url: str
    at: datetime
    name: str
    own: bool
    texts: list[tuple[str, str]]


def of(application: Application) -> list[Unsaved]:
    """The unsaved texts of an application, which needs its whole working copy."""
    present = {partner.public_id for partner in application.partners}
    found = []
    for kept, name in queries.kept_texts(application):
        key = kept.section.partition(":")[2]
        if key and key not in present:
            continue
        own = kept.user_id == current_user.id
        texts = differences(_form(application, kept.section), kept) if own else []
        if texts or not own:
            found.append(Unsaved(*_place(application, kept.section), kept.kept_at, name, own, texts))
    return found


def _form(application: Application, section: str) -> FlaskForm:
    """The form of a section over what is stored."""
    kind, _colon, key = section.partition(":")
    match kind:
        case "summary":
            return sections.summary_form(application, None)
        case "questions":
            return sections.questions_form(application, None)
        case "declarations":
            return sections.declarations_form(application, None)
        case "work_packages":
            return package_forms.packages_form(application, None)
    partner = next(partner for partner in application.partners if partner.public_id == key)
    form_of = consortium.partner_form if kind == "partner" else consortium.budget_form
    return form_of(partner, None)


def _place(application: Application, section: str) -> tuple[str, str]:
    """What the section is called, and where it is edited."""
    kind, _colon, key = section.partition(":")
    if key:
        partner = next(partner for partner in application.partners if partner.public_id == key)
        name = partner.short_name or partner.name
        if kind == "budget":
            return f"{_('Budget')}, {name}", url_for("applications.partner_budget", public_id=key)
        return f"{_('Consortium')}, {name}", url_for("applications.partner", public_id=key)
    labels = {
        "summary": _("Summary"), "questions": _("Questions"), "declarations": _("Declarations"),
        "work_packages": _("Work packages"),
    }  # fmt: skip
    return labels[kind], url_for(f"applications.{kind}", public_id=application.public_id)
