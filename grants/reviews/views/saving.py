"""How a report or consensus report is saved: by its button, or by the page itself while one types.

Two windows of one person merge field by field; where both changed the same text, both are shown and nothing is lost.
"""

from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, request
from flask_babel import gettext as _
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from grants.applications import merging
from grants.applications.editing import typed
from grants.web import typed_is_stored

Answer = str | Response | tuple[str | Response, int]
Form = Callable[..., Any]


def seen(thing: Any, form_of: Form) -> dict[str, str]:
    """Fingerprints of what is stored, by form field: what a page was made from."""
    return merging.fingerprints(typed(form_of(thing)))


def saved(
    thing: Any, form_of: Form, save: Callable[[Any, int, str], None], page: Callable[..., str], after: str,
    sent: MultiDict[str, str] | None = None,
) -> Answer:  # fmt: skip
    """Save what was typed. A page that saves itself asks for JSON.

    It answers 200 {state: saved, version, saved_at, at, seen, theirs}; 409 {state: conflict, mine, theirs}, both texts
    by field; 422 {state: invalid, fields, errors}, errors by field. `theirs` of 200 is what another window saved.

    Args:
        form_of: makes the form over a thing, as stored or from what was typed.
        save: saves a valid form over a version, for a browser tab.
        page: draws the page with `form` and, after a collision, `stored`.
        after: where the plain button leads.
        sent: the form, where it came in a file and not from the page.
    """
    sent = request.form if sent is None else sent
    by_itself = request.accept_mimetypes.best == "application/json"
    before = typed(form_of(thing))
    mine = {name: sent.getlist(name) for name in before}
    tab = sent.get("tab", "")[:32]
    merged = merging.Merged(mine)
    if sent.get("version") != str(thing.version):
        made_from = merging.read_fingerprints(sent.get("seen", ""))
        merged = merging.merge(made_from, mine, before, own=bool(tab) and thing.saved_tab == tab)
    form = form_of(
        thing,
        MultiDict(
            merged.typed | {"csrf_token": request.form.getlist("csrf_token"), "version": [str(thing.version)]}
        ),
    )
    if merged.conflicts:
        if by_itself:
            both = {kind: {name: texts[name] for name in merged.conflicts} for kind, texts in
                    (("mine", mine), ("theirs", before))}  # fmt: skip
            return jsonify(state="conflict", version=thing.version, **both), 409
        return page(form=form, stored=form_of(thing)), 409
    if not form.validate():
        if by_itself:
            wrong = ", ".join(str(field.label.text) for field in form if field.errors)
            errors = {name: [str(one) for one in found] for name, found in form.errors.items()}
            return jsonify(state="invalid", fields=wrong, errors=errors), 422
        return page(form=form), 422
    try:
        save(form, thing.version, tab)
    except StaleDataError:  # somebody was quicker since this request began
        return (jsonify(state="again"), 409) if by_itself else (page(form=form, stored=form_of(thing)), 409)
    if not by_itself:
        typed_is_stored()
        flash(_("Saved."), "success")
        return redirect(after, 303)
    stored = typed(form_of(thing))
    theirs = {
        name: values for name, values in stored.items()
        if before[name] == values and merging.plain(mine[name]) != merging.plain(values)
    }  # fmt: skip
    at = thing.saved_at.isoformat()
    return jsonify(
        state="saved",
        version=thing.version,
        saved_at=at,
        at=at,
        seen=merging.fingerprints(stored),
        theirs=theirs,
    )
