"""Pages of the words of the letters."""

from typing import Any

from flask import abort, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response

from grants import clock
from grants.calls.models import Call
from grants.calls.queries import by_reference, on_desk
from grants.decisions import (
    actions,
    letters,
    queries,
)
from grants.decisions import wording as wordings
from grants.decisions.forms import (
    WordingForm,
)
from grants.decisions.outcomes import (
    NAMES,
    NOTICES,
)
from grants.decisions.views import blueprint
from grants.fields import version_of
from grants.language import in_language, translate
from grants.web import LANGUAGES, load


@blueprint.get("/calls/<reference>/letters")
def letters_desk(reference: str) -> str:
    """Which letters a call sends, in which words."""
    call = load(on_desk(reference), to="call.letters")
    changed = {(text.outcome, text.language): text for text in queries.changed_letters(call)}
    return render_template("decisions/letters.html", call=call, changed=changed, languages=LANGUAGES)


@blueprint.route("/calls/<reference>/letters/<outcome>/<language>", methods=["GET", "POST"])
def wording(reference: str, outcome: str, language: str) -> str | Response | tuple[str, int]:
    """The words of one letter: read, tried out on a real application, changed; earlier versions are taken up again."""
    call = by_reference(reference)  # with its programme, for the preview
    call = load(call, to="call.write_letters" if request.method == "POST" else "call.letters")
    if outcome not in NAMES | NOTICES or language not in LANGUAGES:
        abort(404)
    versions = queries.letter_texts(call, outcome, language)
    with in_language(language):
        house = wordings.of_the_house(outcome, translate)
    if request.method == "GET":
        chosen = {text.number: text.wording for text in versions} | {0: house}
        latest = versions[0].number if versions else 0
        shown = chosen.get(request.args.get("version", latest, int)) or abort(404)
        return _wording_page(call, outcome, language, WordingForm.of(shown, latest), versions)
    form = WordingForm()
    if not form.validate():
        return _wording_page(call, outcome, language, form, versions), 422
    if "preview" in request.form:
        return _wording_page(call, outcome, language, form, versions, tried=True)
    try:
        saved = actions.write_letter(
            call, outcome, language, form.wording(), by=current_user, seen=version_of(form)
        )
    except actions.Changed:
        flash(
            _(
                "Somebody else has changed this letter meanwhile. Your words are below; compare, then save again."
            ),
            "warning",
        )
        form.version.data, form.version.raw_data = str(versions[0].number), None
        return _wording_page(call, outcome, language, form, versions), 409
    flash(_("Saved as version %(number)s.", number=saved.number), "success")
    return redirect(url_for(".wording", reference=reference, outcome=outcome, language=language), 303)


def _wording_page(
    call: Call, outcome: str, language: str, form: WordingForm, versions: Any, *, tried: bool = False
) -> str:
    example = queries.example_of(call, outcome, current_user)
    preview, values = None, wordings.EXAMPLE
    if not form.errors:
        if example:
            funder = letters.funder(current_app.config)
            values = wordings.values_of(letters.letter(example, funder=funder, sent=clock.now()))
        preview = form.wording().filled(values)
    with in_language(language):
        decided = wordings.decided(outcome, values["call"], translate)
    return render_template(
        "decisions/wording.html", call=call, outcome=outcome, language=language, form=form, versions=versions,
        example=example, preview=preview, decided=decided, tried=tried, placeholders=wordings.PLACEHOLDERS,
        languages=LANGUAGES,
    )  # fmt: skip
