"""The common course of a section: shown, saved by its button or while one types, merged with what others saved.

Three things may happen to what somebody typed, and none loses it: it is saved; it cannot be saved as it is and is kept
for its author; or another person changed the same field, and both texts are shown side by side to choose from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import flash, jsonify, redirect, render_template, request
from flask_babel import gettext as _
from flask_security import current_user
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, HiddenField, SelectField, SelectMultipleField

from grants import clock
from grants.applications import actions, comparison, merging, queries
from grants.applications.merging import Merged, Typed
from grants.applications.models import Application, KeptText, Section
from grants.fields import TableField
from grants.web import keep_in_any_case, typed_is_stored

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True)
class Conflict:
    """A field that two people changed: its name and label, and both texts as marked pieces."""

    name: str
    label: str
    mine: str
    theirs: str

    @property
    def pieces(self) -> tuple[comparison.Piece, ...]:
        """What is stored as the first text, mine as the second."""
        return comparison.words(self.theirs, self.mine)


@dataclass(frozen=True)
class State:
    """What the form of a section shows besides its fields."""

    section: str
    version: int
    seen: dict[str, str]
    saved: Section | None
    kept: KeptText | None = None
    conflicts: tuple[Conflict, ...] = ()

    @property
    def saves_itself(self) -> bool:
        """Not while a choice between two texts is open: that is the person's own."""
        return not self.conflicts


def edit(
    application: Application,
    section: str,
    template: str,
    form_of: Callable[[Any], FlaskForm],
    save: Callable[[FlaskForm, dict[str, Any]], None],
    after: str,
    **more: Any,
) -> Answer:
    """Answer a request for a section.

    Args:
        form_of: makes the form over what is stored, from None or from what was typed.
        save: saves the valid form; gets `by`, `version` and `tab` for the action.
        after: where the plain button leads.
    """
    theirs = typed(form_of(None))
    row = queries.section(application, section)
    version = row.version if row else 0
    state = State(section, version, merging.fingerprints(theirs), row)

    def page(shown: FlaskForm, status: int, **facts: Any) -> Answer:
        present = State(**{**vars(state), **facts})
        return render_template(template, application=application, form=shown, state=present, **more), status

    if request.method != "POST":
        kept = queries.kept_text(application, section, current_user)
        if kept is None:
            return page(form_of(None), 200)
        merged = merging.merge(kept.seen, {name: list(kept.typed.get(name, [])) for name in theirs}, theirs)
        shown = form_of(MultiDict(merged.typed))
        return page(shown, 200, kept=kept, conflicts=_conflicts(shown, merged, theirs))

    by_itself = request.accept_mimetypes.best == "application/json"
    merged, base = _merged(theirs, row, version)
    form = form_of(MultiDict(merged.typed | {"csrf_token": request.form.getlist("csrf_token")}))
    if merged.conflicts:
        if by_itself:
            return _keep(application, section, "conflict")
        keep_in_any_case(lambda: _keep_text(application, section))
        return page(form, 409, conflicts=_conflicts(form, merged, theirs))
    if not form.validate():
        if by_itself:
            return _keep(application, section, "kept", form)
        keep_in_any_case(lambda: _keep_text(application, section))
        return page(form, 422)
    save(form, {"by": current_user, "version": base, "tab": request.form.get("tab", "")[:32]})
    actions.drop_text(application, section, by=current_user)
    if not by_itself:
        typed_is_stored()
        flash(_("Saved."), "success")
        return redirect(after, 303)
    stored = typed(form_of(None))
    mine = {name: request.form.getlist(name) for name in stored}
    others = {
        name: values
        for name, values in stored.items()
        if theirs[name] == values and merging.plain(mine[name]) != merging.plain(values)
    }
    saved = queries.section(application, section)
    assert saved
    return jsonify(
        state="saved", version=saved.version, seen=merging.fingerprints(stored), theirs=others,
        at=clock.now().isoformat(),
    )  # fmt: skip


def _merged(theirs: Typed, row: Section | None, version: int) -> tuple[Merged, int]:
    """What this request makes of the section, and the version that it may be saved over."""
    mine: Typed = {name: request.form.getlist(name) for name in theirs}
    for name in theirs:
        if request.form.get(f"stands-{name}") == "theirs":
            mine[name] = theirs[name]
    text = request.form.get("version", "")
    if text.isdecimal() and text == str(version):
        return Merged(mine), version
    tab = request.form.get("tab", "")
    own = bool(row and tab and row.tab == tab[:32] and row.saved_by_id == current_user.id)
    return merging.merge(_seen(), mine, theirs, own=own), version


def _seen() -> dict[str, str]:
    return merging.read_fingerprints(request.form.get("seen", ""))


def _keep(application: Application, section: str, state: str, form: FlaskForm | None = None) -> Response:
    _keep_text(application, section)
    wrong = [str(field.label.text) for field in form if field.errors] if form else []
    return jsonify(state=state, fields=", ".join(wrong))


def _keep_text(application: Application, section: str) -> None:
    mine = {
        name: request.form.getlist(name)
        for name in request.form
        if name not in ("csrf_token", "version", "seen", "tab")
    }
    storable = {name: [value.replace("\x00", "\ufffd") for value in values] for name, values in mine.items()}
    number = request.form.get("version", "")
    actions.keep_text(
        application, section, storable, seen=_seen(), by=current_user,
        version=int(number) if number.isdecimal() and len(number) < 10 else 0,
    )  # fmt: skip


# --- Fields as a browser sends them ----------------------------------------------------------------------------------


def typed(form: FlaskForm) -> Typed:
    """The form's fields, without its hidden ones, as a browser would send them; a table sends its cells one by one."""
    sent: Typed = {}
    for field in form:
        if isinstance(field, TableField):
            sent |= {name: [text] for name, text in field.cells()}
        elif not isinstance(field, HiddenField):
            sent[field.name] = _sent(field)
    return sent


def _sent(field: Field) -> list[str]:
    if isinstance(field, BooleanField):
        return ["y"] if field.data else []
    if isinstance(field, SelectMultipleField):
        return [str(value) for value in field.data or []]
    if isinstance(field, SelectField):
        return [str(field.data)] if field.data is not None else []
    return [str(field._value())]


def differences(form: FlaskForm, kept: KeptText) -> list[tuple[str, str]]:
    """What was kept and is not what is stored, in the words of the page: label and text of each field.

    Args:
        form: over what is stored.
    """
    fields = _by_name(form)
    return [
        (str(fields[name].label.text), _shown(fields[name], list(kept.typed.get(name, []))))
        for name, stored in typed(form).items()
        if merging.plain(list(kept.typed.get(name, []))) != merging.plain(stored)
    ]


def _conflicts(form: FlaskForm, merged: Merged, theirs: Typed) -> tuple[Conflict, ...]:
    fields = _by_name(form)
    return tuple(
        Conflict(
            name, str(fields[name].label.text), _shown(fields[name], merged.typed[name]),
            _shown(fields[name], theirs[name]),
        )
        for name in merged.conflicts
    )  # fmt: skip


def _by_name(form: FlaskForm) -> dict[str, Field]:
    """The fields, a table also by its cells."""
    return {name: field for field in form for name in (field.name, *_cell_names(field))}


def _cell_names(field: Field) -> list[str]:
    return [name for name, _text in field.cells()] if isinstance(field, TableField) else []


def _shown(field: Field, values: list[str]) -> str:
    """Values in the words of the page."""
    if isinstance(field, BooleanField):
        return _("Yes") if values else _("No")
    if isinstance(field, SelectField | SelectMultipleField):
        names = {str(value): str(label) for value, label in field.choices or []}
        return ", ".join(names.get(value, value) for value in values)
    return "\n".join(values)
