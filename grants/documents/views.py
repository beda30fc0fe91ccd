"""Pages about documents: ask for one or for a whole call, watch, download."""

from typing import Any, NoReturn

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_security import current_user
from werkzeug.wrappers import Response as AnyResponse

from grants import files
from grants.applications import queries as applications
from grants.calls import queries as calls
from grants.decisions import queries as decisions
from grants.documents import (  # noqa: F401 (some register their jobs)
    actions,
    contents,
    forgetting,
    form_of_call,
    queries,
    uploaded_text,
    verification,
)
from grants.documents.forms import VerifyForm
from grants.documents.models import OF_CALL, Batch, Document
from grants.people.attempts import limiter
from grants.people.sign_in import csrf
from grants.reviews import queries as reviews
from grants.web import load, may, public

blueprint = Blueprint("documents", __name__)

# The right to a document is the right to what it tells; it is asked for again at every download.
RIGHTS = {
    "receipt": "application.receipt", "application": "application.read", "evaluation": "decision.summary",
    "letter": "decision.read", "ranking": "call.ranking", "report": "application.reports",
    "consensus": "consensus.individual", "panel": "call.ranking", "call": "call.report",
    "dossier": "application.dossier", "draw": "call.draw", "withdrawal": "notice.read", "review": "notice.read",
}  # fmt: skip


@blueprint.post("/applications/<public_id>/documents")
def want(public_id: str) -> AnyResponse:
    """Ask for a document of an application."""
    application = applications.by_public_id(public_id)
    kind = _kind(tuple(kind for kind in RIGHTS if kind not in OF_CALL))
    _load_subject(kind, application)
    return _wanted(lambda: actions.want(kind, by=current_user, application=application))


@blueprint.post("/calls/<reference>/documents")
def want_for_call(reference: str) -> AnyResponse:
    """Ask for the report of a call, of its panel or of its ranking."""
    kind = _kind(OF_CALL)
    call = load(calls.by_reference(reference), to=RIGHTS[kind])
    return _wanted(lambda: actions.want(kind, by=current_user, call=call))


@blueprint.post("/reports/<public_id>/documents")
def want_report(public_id: str) -> AnyResponse:
    """An expert asks for a copy of the report that they submitted."""
    report = load(reviews.report(public_id), to="report.copy")
    return _wanted(lambda: actions.want("report", by=current_user, report=report))


@blueprint.get("/calls/<reference>/form.pdf")
def form_of_a_call(reference: str) -> AnyResponse:
    """What the form of a call asks for, in the reader's language; until a worker has made it, the page says so."""
    call = load(calls.by_reference(reference), to="call.read")
    found = form_of_call.ready(call, str(get_locale() or "en"))
    if found is None:
        return redirect(url_for("calls.form_of_call", reference=reference, waiting="pdf"))
    return _stored(found, "application/pdf", found.filename)


def _kind(allowed: tuple[str, ...]) -> str:
    kind = request.form.get("kind", "")
    return kind if kind in allowed else abort(400)


def _load_subject(kind: str, application: Any) -> None:
    """Whether the person may see what the document tells, now."""
    consensus = reviews.consensus_at(application.public_id) if application is not None else None
    if kind == "evaluation" and consensus is not None and may("consensus.summary", consensus):
        load(consensus, to="consensus.summary")  # whoever evaluated it, after the panel (rulebook 7.4)
    elif application is not None and RIGHTS[kind].startswith("decision."):
        load(decisions.of_application(application.public_id), to=RIGHTS[kind])
    elif application is not None and RIGHTS[kind].startswith("notice."):
        load(_notice(application, kind), to=RIGHTS[kind])
    elif application is not None and kind == "consensus":
        load(consensus, to=RIGHTS[kind])
    else:
        load(application, to=RIGHTS[kind])


def _notice(application: Any, kind: str) -> Any:
    """The letter, or the application while it is not written: then the page says so to who may read it."""
    kinds = ("withdrawn",) if kind == "withdrawal" else contents.ON_REDRESS
    return decisions.notice_of(application.public_id, kinds) or application


def _wanted(verb: Any) -> AnyResponse:
    try:
        document = verb()
    except contents.NothingToTell as problem:
        _too_early(problem)
    return redirect(url_for(".document", public_id=document.public_id), 303)


def _too_early(problem: Exception) -> NoReturn:
    abort(409, description=_(str(problem)))


@blueprint.get("/documents/<public_id>")
def document(public_id: str) -> str:
    """One document: being made, ready, or why not."""
    document = load(queries.document(public_id), to="document.read")
    return render_template("documents/document.html", document=document, names=contents.NAMES)


@blueprint.get("/documents/<public_id>/status")
def status(public_id: str) -> Response:
    """The state of a document, for the page that waits for it."""
    document = load(queries.document(public_id), to="document.read")
    return jsonify(state=document.state, waits=document.state in ("wanted", "working"))


@blueprint.get("/documents/<public_id>/file")
def file(public_id: str) -> Response:
    """The file, if the person still may see what it tells."""
    document: Document = load(queries.document(public_id), to="document.read")
    if document.application is None:
        load(calls.by_reference(document.call.reference), to=RIGHTS[document.kind])
        if queries.tells_too_much(document, current_user):
            abort(403, description=_("You have a conflict of interest with an application in this document."))
    elif document.report is not None:
        load(reviews.report(document.report.public_id), to="report.copy")
    else:
        _load_subject(document.kind, applications.by_public_id(document.application.public_id))
    media_type = "application/zip" if document.filename.endswith(".zip") else "application/pdf"
    return _stored(document, media_type, document.filename)


def _stored(row: Document | Batch, kind: str, filename: str) -> Response:
    if row.state != "done" or row.sha256 is None:
        abort(409, description=_("This is not ready yet."))
    response = send_file(
        files.path_of(row.sha256), mimetype=kind, as_attachment=True, download_name=filename, etag=row.sha256
    )
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


# --- Is it ours? -----------------------------------------------------------------------------------------------------


@blueprint.route("/verification", methods=["GET", "POST"])
@limiter.limit("60 per hour", methods=["POST"])
@csrf.exempt  # it changes nothing, and a visitor has no session
@public
def verify() -> str | tuple[str, int]:
    """Anybody brings a PDF and learns whether it is ours, unchanged, and since when. The file is not kept."""
    form = VerifyForm(meta={"csrf": False})
    verdict = None
    if form.validate_on_submit():
        try:
            verdict = verification.verify(form.file.data.read(verification.MOST + 1), current_app.config)
        except verification.NoDocument:
            form.file.errors = [_("This is no PDF that can be read.")]
    page = render_template("documents/verify.html", form=form, verdict=verdict, names=contents.NAMES)
    return (page, 422) if form.is_submitted() and not verdict else page


# --- All of a call ---------------------------------------------------------------------------------------------------


@blueprint.get("/calls/<reference>/documents")
def desk(reference: str) -> str:
    """What can be made of a call at once, and what is being made."""
    call = load(calls.by_reference(reference), to="call.documents")
    batches = queries.batches_of(call, current_user)
    return render_template(
        "documents/desk.html", call=call, batches=batches, progress=queries.progress(batches), names=contents.NAMES,
        counts=queries.counts(call, current_user, actions.BATCHES), of_call=OF_CALL, rights=RIGHTS,
    )  # fmt: skip


@blueprint.post("/calls/<reference>/batches")
def want_batch(reference: str) -> AnyResponse:
    """Ask for all documents of one kind."""
    call = load(calls.by_reference(reference), to="call.batches")
    kind = _kind(actions.BATCHES)
    try:
        batch = actions.want_batch(call, kind, by=current_user)
    except actions.Nothing as problem:
        _too_early(problem)
    return redirect(url_for(".batch", public_id=batch.public_id), 303)


@blueprint.get("/batches/<public_id>")
def batch(public_id: str) -> str:
    """How far a batch is."""
    batch = load(queries.batch(public_id), to="batch.read")
    return render_template(
        "documents/batch.html", batch=batch, progress=queries.progress([batch])[batch.id], names=contents.NAMES,
        failures=queries.failures(batch),
    )  # fmt: skip


@blueprint.get("/batches/<public_id>/status")
def batch_status(public_id: str) -> Response:
    """The figures of a batch, for the page that waits for it."""
    batch = load(queries.batch(public_id), to="batch.read")
    progress = queries.progress([batch])[batch.id]
    ended = progress["done"] + progress["failed"]
    return jsonify(
        state=batch.state, waits=batch.state == "wanted", ended=ended, total=batch.total, failed=progress["failed"],
        text=_("%(ended)s of %(total)s", ended=ended, total=batch.total),
    )  # fmt: skip


@blueprint.post("/batches/<public_id>/stop")
def stop(public_id: str) -> AnyResponse:
    batch = load(queries.batch(public_id), to="batch.stop")
    actions.stop(batch, by=current_user)
    flash(_("Stopped. What is already made stays."), "success")
    return redirect(url_for(".batch", public_id=public_id), 303)


@blueprint.post("/batches/<public_id>/resumption")
def resume(public_id: str) -> AnyResponse:
    batch = load(queries.batch(public_id), to="batch.resume")
    actions.resume(batch, by=current_user)
    flash(_("The rest is being made now."), "success")
    return redirect(url_for(".batch", public_id=public_id), 303)


@blueprint.get("/batches/<public_id>/file")
def batch_file(public_id: str) -> Response:
    """The zip, while the person is an officer of the call and no new conflict hides a part of it."""
    batch: Batch = load(queries.batch(public_id), to="batch.read")
    load(calls.by_reference(batch.call.reference), to="call.batches")
    if queries.hides_something(batch, current_user):
        abort(403, description=_("You have a conflict of interest with an application in this archive."))
    return _stored(batch, "application/zip", f"{batch.call.reference}-{batch.kind}.zip")


def tasks(user: Any) -> list[dict[str, Any]]:
    """Batches that are stopped or still being made."""
    return [
        {
            "title": _("Documents of %(reference)s", reference=batch.call.reference),
            "url": url_for("documents.batch", public_id=batch.public_id),
            "meta": _("%(ended)s of %(total)s", ended=ended, total=batch.total),
            "due": None,
            "tone": "warning" if batch.state == "stopped" else "info",
        }
        for batch, ended in (queries.unfinished_batches(user) if user.holds("officer") else ())
    ]
