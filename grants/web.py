"""Between HTTP and the house: load() a thing for an action, settle() the transaction, error pages, template words."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, wraps
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

import nh3
from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent, get_group_symbol
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    flash,
    g,
    has_request_context,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_security import current_user
from flask_wtf.csrf import CSRFError
from markdown_it import MarkdownIt
from markupsafe import Markup
from sqlalchemy import insert
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from grants import clock, language, policy, workflow
from grants.db import Rows, begin_as, db
from grants.language import in_language
from grants.language import translate as _
from grants.people.models import AccessEntry
from grants.words import N_

SAFE = ("GET", "HEAD", "OPTIONS")
ROWS_A_PAGE = 50
# Reading these is open to people who have not signed in, so a refusal must not send them to the sign-in page.
PUBLIC_READS = ("call.read",)
# The sign-in library commits for itself (settled: Writes); its blueprint is the one exemption from settle().
EXEMPT_BLUEPRINT = "security"
TYPED_IS_STORED = "typed-is-stored"
"""Category of the messages that are for the page's script, not for people."""

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a view that asks no policy because everybody may use it."""
    view.public = True  # type: ignore[attr-defined]
    return view


def load(thing: Any, *, to: str) -> Any:
    """The thing, if the person may do `to` with it; the only way for a view to get one.

    None, and what the person may not even read, answer 404 with one and the same body. What they may read but not do
    answers 403, or 409 with the reason at the wrong moment. Somebody who has not signed in is asked to do so first.
    """
    g.asked = True
    stranger = not current_user.is_authenticated and to not in PUBLIC_READS
    if thing is None:
        return _sign_in() if stranger else abort(404)
    read = f"{thing.noun}.read"
    if read in policy.RULES and not policy.may(current_user, read, thing):
        _log_access(thing, to, "hidden")
        return _sign_in() if stranger else abort(404)
    refusal = policy.why_not(current_user, to, thing)
    if refusal:
        _log_access(thing, to, "refused")
        if stranger and refusal.status == policy.FORBIDDEN:
            return _sign_in()
        abort(refusal.status, description=_(refusal.sentence))
    return thing


def permit(action: str) -> None:
    """Like load(), for an action that is about no single thing."""
    g.asked = True
    refusal = policy.why_not(current_user, action)
    if refusal:
        if not current_user.is_authenticated:
            _sign_in()
        abort(refusal.status, description=_(refusal.sentence))


def first_opening(thing: Any, action: str) -> None:
    """Note in the access log that the person opened the thing; the redress period may start with it."""
    _log_access(thing, action, "opened")


def typed_is_stored() -> None:
    """Tell the browser, on whatever page comes next, that what this tab typed is stored: it keeps a copy until then."""
    if tab := request.form.get("tab", "")[:32]:
        flash(tab, TYPED_IS_STORED)


def may(action: str, thing: Any = None) -> bool:
    """For templates: whether the person may do it now. The same rule hides the button and refuses the request."""
    return policy.may(current_user, action, thing)


def why_not(action: str, thing: Any = None) -> str:
    """For templates: the sentence that says why not, empty if allowed."""
    refusal = policy.why_not(current_user, action, thing)
    return _(refusal.sentence) if refusal else ""


def _sign_in() -> NoReturn:
    target = request.full_path.rstrip("?") if request.method in SAFE else None
    abort(redirect(url_for("security.login", next=target)))


def _log_access(thing: Any, action: str, outcome: str) -> None:
    """Queue an entry of the access log; it is written after the request's own transaction has ended."""
    g.setdefault("access_entries", []).append(
        {"noun": thing.noun, "thing": thing.public_id, "action": action, "outcome": outcome}
    )


# --- The transaction of a request ------------------------------------------------------------------------------------


class GetWroteData(RuntimeError):
    """A GET left the session dirty: a view writes where it must only read."""


class NobodyAsked(RuntimeError):
    """A view succeeded without asking policy, and is not marked @public."""


def _begin() -> None:
    writes = request.method not in SAFE
    # Before the first question to the database, which may wait for other writers.
    clock.receive(writer=writes)
    begin_as(writer=writes)
    if "\x00" in request.path or any("\x00" in value for value in request.args.values()):
        abort(404)  # no address of ours holds one, and PostgreSQL takes none in a question


def settle(response: Response) -> Response:
    """Commit an unsafe request that answers below 400; roll back everything else, but for what is kept in any case."""
    exempt = request.blueprint == EXEMPT_BLUEPRINT
    failed = response.status_code >= 400
    try:
        if exempt and not failed:
            db.session.commit()
        elif not failed:
            view = request.endpoint and g.get("views", {}).get(request.endpoint)
            if not (g.get("asked") or getattr(view, "public", False) or request.endpoint in (None, "static")):
                _roll_back()
                raise NobodyAsked(request.endpoint)
            if request.method not in SAFE:
                db.session.commit()
            elif db.session.new or db.session.dirty or db.session.deleted:
                _roll_back()
                raise GetWroteData(request.endpoint)
        if failed or request.method in SAFE:
            _roll_back()
    except (StaleDataError, IntegrityError) as collision:
        response = _on_collision(collision)
    _keep_in_any_case()
    begin_as(writer=False)  # whatever is still read must not take SQLite's write lock from the session's row
    _write_access_log()
    clock.receive(writer=False)
    return response


def keep_in_any_case(write: Callable[[], None]) -> None:
    """Do `write` in a transaction of its own, after the one of this request, which answers an error and is undone."""
    g.setdefault("kept_in_any_case", []).append(write)


def _keep_in_any_case() -> None:
    for write in g.pop("kept_in_any_case", []):
        begin_as(writer=True)
        try:
            write()
            db.session.commit()
        except IntegrityError:  # another window of the same person was quicker
            _roll_back()


def _roll_back() -> None:
    db.session.expunge_all()  # what the page still shows stays readable
    db.session.rollback()


def _write_access_log() -> None:
    entries = g.pop("access_entries", None)
    if not entries:
        return
    user_id = current_user.id if current_user.is_authenticated else None
    with db.engine.begin() as connection:
        connection.execute(
            insert(AccessEntry),
            [{"at": clock.now(), "user_id": user_id, **entry} for entry in entries],
        )


# --- Errors ----------------------------------------------------------------------------------------------------------

HEADINGS = {
    400: N_("The request could not be understood"),
    403: N_("This is not open to you"),
    404: N_("Page not found"),
    405: N_("This address does not work that way"),
    409: N_("Not possible at this moment"),
    413: N_("The file is too large"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong on our side"),
}
SENTENCES = {
    400: N_("The form was incomplete or too old. Go back, reload the page and try again; your browser keeps what you "
            "typed."),
    404: N_("This page does not exist, or it is not yours to see. Check the address, or start from the home page."),
    405: N_("Use the buttons and links of the pages."),
    413: N_("Choose a smaller file and upload it again."),
    429: N_("Wait a few minutes and try again."),
    500: N_("The error has been noted. Nothing was saved by your last click. Please try again."),
}  # fmt: skip


def _error_page(status: int, sentence: str | None = None) -> Response:
    sentence = sentence or _(SENTENCES.get(status, SENTENCES[500]))
    heading = _(HEADINGS.get(status, HEADINGS[500]))
    return make_response(
        render_template("errors/error.html", heading=heading, sentence=sentence, status=status), status
    )


def _on_http_error(error: HTTPException) -> Response | AnyResponse:
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    return _error_page(error.code, error.description if error.code in (403, 409, 422) else None)


def _on_illegal_move(error: workflow.IllegalMove) -> Response:
    return _error_page(409, _("This is not possible at this stage."))


def _on_collision(error: Exception) -> Response:
    _roll_back()
    g.pop("_login_user", None)
    return _error_page(409, _("Somebody else changed this at the same moment. Please look at it again."))


def _on_impossible_value(error: DataError) -> Response:
    """A value that no form checks, and that the database cannot hold."""
    _roll_back()
    return _error_page(400)


def _on_expired_form(error: CSRFError) -> Response:
    return _error_page(400)


def _on_crash(error: InternalServerError) -> Response:
    """Flask has written the traceback to the log before it asks for this page."""
    try:
        if isinstance(error.original_exception, OperationalError):
            raise error.original_exception
        _roll_back()
        begin_as(writer=False)
        g.pop("_login_user", None)  # what failed in the database has left the person unreadable
        return _error_page(500)
    except Exception:  # noqa: BLE001  the database is away, and the reader, their language and their session with it
        chosen = request.accept_languages.best_match(LANGUAGES) or "en"
        with in_language(chosen):  # without the context of other pages, which asks who is reading
            page = current_app.jinja_env.get_template("errors/away.html").render(locale=chosen)
        response = make_response(page, 503)
        response.headers["Retry-After"] = "60"
        return response


# --- Lists -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page:
    """One page of a list: its rows, its number from 1, and whether another follows."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int


def paged(query: Rows, total: int) -> Page:
    """The page of `query` that the request's ?page= asks for; `total` is the number of rows of the whole list."""
    pages = max(1, -(-total // ROWS_A_PAGE))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    found = db.session.execute(query.limit(ROWS_A_PAGE).offset((number - 1) * ROWS_A_PAGE)).all()
    rows = [row[0] if len(row) == 1 else row for row in found]
    return Page(rows, number, pages, total)


# --- Words for templates ---------------------------------------------------------------------------------------------


def money(cents: int | None) -> str:
    """Euro cents as an amount in the reader's language; whole euros without decimals."""
    if cents is None:
        return ""
    before, group, point, behind = _euros(language.current().locale)
    decimals = f"{point}{abs(cents) % 100:02}" if cents % 100 else ""
    whole = f"{abs(cents) // 100:,}".replace(",", group)
    return f"{'-' if cents < 0 else ''}{before}{whole}{decimals}{behind}"


@cache
def _euros(locale: Locale) -> list[str]:
    """What a locale writes before euros, between their thousands, before the cents and behind: lists show hundreds."""
    return re.split("1+", format_currency(Decimal("1111.11"), "EUR", locale=locale))


def amount(cents: int | None) -> str:
    """Euro cents as typed into a form: 1234.50."""
    return "" if cents is None else f"{Decimal(cents) / 100:.2f}".removesuffix(".00")


def amount_shown(cents: int) -> str:
    """An amount in a table of euros: no sign, decimals only where there are cents."""
    pattern = "#,##0" if cents % 100 == 0 else "#,##0.00"
    return format_decimal(Decimal(cents) / 100, format=pattern, locale=language.current().locale)


def figure(cents: int, exact: bool = False) -> str:
    """An amount of euros in a document: narrow spaces between thousands in every language, the reader's decimal sign.

    `exact` prints cents even where there are none, so that a column in which others have some stays straight.
    """
    pattern = "#,##0.00" if exact or cents % 100 else "#,##0"
    locale = language.current().locale
    shown = format_decimal(Decimal(cents) / 100, format=pattern, locale=locale)
    return shown.replace(get_group_symbol(locale), "\u202f")


def effort(tenths: int) -> str:
    """Person-months in the reader's language: 4.5."""
    return format_decimal(Decimal(tenths) / 10, locale=language.current().locale)


def score(hundredths: int | None) -> str:
    """A score in the reader's language: 4.5."""
    return (
        "–"
        if hundredths is None
        else format_decimal(Decimal(hundredths) / 100, locale=language.current().locale)
    )


def decimals(value: float | Decimal | None, places: int = 1, signed: bool = False) -> str:
    """A figure in the reader's language, always with as many decimals: 4.50, −0.25; with a plus sign if `signed`."""
    if value is None:
        return "–"
    rounded = round(Decimal(str(value)), places) + 0  # nothing is minus zero
    shown = format_decimal(abs(rounded), f"#,##0.{'0' * places}", locale=language.current().locale)
    return f"{'−' if rounded < 0 else '+' if signed else ''}{shown}"


def labelled(label: Any, value: Any) -> Markup:
    """A label and what it is about: how a colon stands between them depends on the language."""
    pattern = Markup(_("%(label)s: %(value)s"))  # noqa: S704  ours; what is put into it is escaped
    return pattern % {"label": label, "value": value}


def percent(basis_points: int) -> str:
    return format_percent(Decimal(basis_points) / 10000, locale=language.current().locale)


def day(value: date | datetime | None, zone: str = "Europe/Brussels") -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(zone)).date()
    return format_date(value, "d MMMM yyyy", locale=language.current().locale)


def moment(value: datetime | None, zone: str = "Europe/Brussels", seconds: bool = False) -> str:
    """An instant in words: 24 March 2026, 17:00:00 (Brussels time)."""
    if value is None:
        return "–"
    local = value.astimezone(ZoneInfo(zone))
    clock_time = format_time(local, "HH:mm:ss" if seconds else "HH:mm", locale=language.current().locale)
    return _("%(day)s, %(time)s (%(city)s time)", day=day(local, zone), time=clock_time, city=_city(zone))


def city_time(zone: str) -> str:
    """Whose time is meant, once for many instants: Brussels time."""
    return _("%(city)s time", city=_city(zone))


def _city(zone: str) -> str:
    city = zone.rpartition("/")[2].replace("_", " ")
    return _("Brussels") if city == "Brussels" else city


def country(code: str) -> str:
    """Name of a country in the reader's language; the code itself if it has none."""
    return (language.current().locale.territories.get(code) or code) if code else ""


def state_name(state: str) -> str:
    return _(workflow.STATE_NAMES.get(state, state))


VERBS = {
    "create": N_("Started"), "submit": N_("Submitted"), "reopen": N_("Opened again"), "withdraw": N_("Withdrew"),
    "withdraw_late": N_("Withdrew after the deadline"), "accept_invitation": N_("Joined as a partner"),
    "decline_invitation": N_("Declined to take part"), "confirm_participation": N_("Confirmed to take part"),
    "hand_over": N_("Handed the coordination over"),
    "remove_partner": N_("Removed a partner"), "carry_on": N_("Went on in the next cut-off"),
    "ask": N_("Asked for a clarification"), "take_back": N_("Took the question back"),
    "extend": N_("Extended the deadline"), "publish": N_("Published"),
    "admit_to_eligibility": N_("Found admissible"), "refuse_admissibility": N_("Found inadmissible"),
    "admit": N_("Found eligible"), "refuse_eligibility": N_("Found ineligible"), "confirm": N_("Confirmed"),
    "return": N_("Sent back"), "start_evaluation": N_("Evaluation started"), "accept": N_("Accepted"),
    "decline": N_("Declined"), "declare_none": N_("Declared no conflict"), "void": N_("Made void"),
    "declare_conflict": N_("Declared a conflict"), "open_consensus": N_("Consensus opened"),
    "circulate": N_("Circulated"), "agree": N_("All agreed"), "record_minority": N_("Minority recorded"),
    "remark": N_("Remark to the group"),
    "finalise": N_("Finalised"), "send_to_panel": N_("Sent to the panel"), "revise": N_("Revised"),
    "close_evaluation": N_("Evaluation closed"), "close_panel": N_("Panel closed"), "propose": N_("Proposed"),
    "approve": N_("Approved"), "release": N_("Released"), "inform": N_("Result sent"), "suspend": N_("Suspended"),
    "resume": N_("Resumed"), "cancel": N_("Cancelled"), "back_to_evaluation": N_("Back to evaluation"),
    "set_scheme": N_("Scoring changed"),
    "order": N_("Ordered"), "carry_out": N_("Carried out"), "stop": N_("Stopped"), "block": N_("Blocked"),
    "drop": N_("Dropped"),
    "file": N_("Filed"), "uphold": N_("Upheld"), "uphold_part": N_("Upheld in part"),
    "uphold_without_effect": N_("Upheld without effect"),
    "reject": N_("Not upheld"), "dismiss": N_("Not admissible"), "sign": N_("Signed"), "end": N_("Ended"),
    "answer": N_("Answered"), "set_aside": N_("Set aside"),
    "name_member": N_("Named a member of the committee"), "begin": N_("Begun"), "note": N_("Noted"),
    "add_expert": N_("Expert added"), "remove_expert": N_("Expert removed"),
    "ask_again": N_("Asked again"), "set_terms": N_("Terms for experts changed"),
    "remind_of_terms": N_("Experts reminded of the terms"),
    "propose_groups": N_("Groups asked for"), "accept_groups": N_("Proposed group invited"), "invite": N_("Invited"),
    "invite_again": N_("Invited again"), "take_up": N_("Taken up again"), "name_rapporteur": N_("Named rapporteur"),
    "remind_experts": N_("Experts reminded"), "enter_conflict": N_("Conflict entered"),
    "ask_for_bids": N_("Experts asked what they would like to evaluate"),
    "rule_on_conflict": N_("Conflict ruled on"), "open": N_("Opened"), "wait": N_("Waits for reports again"),
    "restart": N_("Begun anew"), "back_to_consensus": N_("Back to consensus"), "panel_note": N_("Note of the panel"),
    "fix": N_("Group for the lots fixed"), "draw": N_("Lots drawn"), "take": N_("Order of the lots taken over"),
    "want": N_("Documents ordered"),
    "write_letter": N_("Words of a letter changed"), "reword": N_("For approval again: words of its letter changed"),
    "purge": N_("Deleted after its time"), "disagree": N_("One expert disagrees"),
}  # fmt: skip
NOUNS = {
    "call": N_("Call"), "application": N_("Application"), "ruling": N_("Ruling"), "assignment": N_("Assignment"),
    "engagement": N_("Engagement"),
    "report": N_("Report"), "reaction": N_("Reaction of the applicants"),
    "consensus": N_("Consensus report"), "decision": N_("Decision"),
    "conflict": N_("Conflict of interest"), "panel_finding": N_("Panel"), "release": N_("Release"),
    "enquiry": N_("Question about the call"), "clarification": N_("Clarification"),
    "group_proposal": N_("Proposed groups"),
    "draw": N_("Draw of lots"),
    "change": N_("Change of a decision"), "redress": N_("Redress"), "preparation": N_("Grant preparation"),
}  # fmt: skip


def event_name(event: Any) -> str:
    """What happened, in words: the thing and the verb."""
    thing, step = _(NOUNS.get(event.noun, event.noun)), _(VERBS.get(event.verb, event.verb))
    return _("%(thing)s: %(step)s", thing=thing, step=step)


MARKDOWN_TAGS = set("p h2 h3 h4 h5 h6 ul ol li strong em a blockquote code br hr".split())


def markdown(text: str) -> Markup:
    """A text that an officer formatted, as clean HTML: headings below the page's own, no raw HTML, no images."""
    html = MarkdownIt("commonmark", {"html": False}).render(text or "")
    html = re.sub(r"<(/?)h([1-6])>", lambda m: f"<{m[1]}h{min(6, int(m[2]) + 1)}>", html)
    cleaned = nh3.clean(
        html, tags=MARKDOWN_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}
    )
    return Markup(cleaned)  # noqa: S704


TONES = {
    "draft": "neutral", "withdrawn": "neutral", "withdrawn_after_deadline": "neutral", "not_submitted": "neutral",
    "void": "neutral", "declined": "neutral", "inadmissible": "danger", "ineligible": "danger",
    "cancelled": "danger", "suspended": "warning", "reopened": "warning", "returned": "warning",
    "minority": "warning", "submitted": "success", "open": "success", "final": "success", "approved": "success",
    "released": "success", "confirmed": "success", "agreed": "success", "cleared": "success",
}  # fmt: skip


def state_tone(state: str) -> str:
    """Colour of a state's tag; the words always stand beside it."""
    return TONES.get(state, "info")


def link(endpoint: str, **values: Any) -> str:
    """Absolute address for mails and PDFs, from the configured base, never from the Host header of a request."""
    with current_app.test_request_context():
        return str(current_app.config["BASE_URL"].rstrip("/") + url_for(endpoint, **values))


def localised(thing: Any, field: str) -> str:
    """A text that an officer may have given in French too: the reader's language, else the original."""
    reader = str(language.current().locale)
    if field == "label_language":
        return reader
    return (getattr(thing, f"{field}_fr", "") if reader == "fr" else "") or getattr(thing, field)


def new_key() -> str:
    """An idempotency key for a form that must take effect once."""
    return secrets.token_hex(16)


# --- Wiring ----------------------------------------------------------------------------------------------------------


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("X-Robots-Tag", "noindex" if current_user.is_authenticated else "all")
    if request.endpoint != "static":
        headers.setdefault(
            "Cache-Control", "no-store, private" if current_user.is_authenticated else "no-cache"
        )
        headers.add("Vary", "Cookie")
    return response


_UNPRINTABLE = bytes.maketrans(bytes({*range(32), 127} - {*b"\t\n\r"}), b"?" * 30)


def _printable(response: Response) -> Response:
    """A refused form shows what was typed; control characters, which no page may hold, as question marks."""
    if response.status_code >= 400 and response.mimetype == "text/html":
        response.set_data(response.get_data().translate(_UNPRINTABLE))
    return response


def navigation() -> list[dict[str, Any]]:
    """The entries of the main menu for this person."""
    user = current_user
    entries = [("home.index", N_("Home")), ("calls.index", N_("Calls"))]
    if user.is_authenticated:
        entries.append(("applications.index", N_("My applications")))
        if user.holds("expert"):
            entries.append(("experts.assignments", N_("My reviews")))
        if user.holds("officer") or user.holds("chair") or user.holds("observer"):
            entries.append(("calls.desk_index", N_("My calls")))
        if user.holds("admin"):
            entries.append(("people.index", N_("People")))
            entries.append(("outbox.index", N_("Outbox")))
    here = request.path
    links = [(_(label), url_for(endpoint)) for endpoint, label in entries]
    if user.is_authenticated and here.startswith("/calls/") and here.count("/") > 2:
        here = url_for(
            "calls.desk_index"
        )  # what lies below a call's own page belongs to those who work for it
    return [
        {"label": label, "url": url, "current": here == url or (url != "/" and here.startswith(f"{url}/"))}
        for label, url in links
    ]


def init_app(app: Flask) -> None:
    """Register the transaction, the error pages and the words of templates."""

    @wraps(_begin)
    def begin() -> None:
        g.views = app.view_functions
        _begin()

    # First of all: the sign-in library reads the person in a function of its own, which begins the transaction.
    app.before_request_funcs.setdefault(None, []).insert(0, begin)
    app.after_request(_printable)
    app.after_request(_headers)
    app.after_request(settle)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(CSRFError, _on_expired_form)
    app.register_error_handler(workflow.IllegalMove, _on_illegal_move)
    app.register_error_handler(StaleDataError, _on_collision)
    app.register_error_handler(IntegrityError, _on_collision)
    app.register_error_handler(DataError, _on_impossible_value)
    app.register_error_handler(InternalServerError, _on_crash)
    for word in (
        money,
        amount,
        amount_shown,
        markdown,
        event_name,
        effort,
        score,
        decimals,
        labelled,
        percent,
        day,
        moment,
        city_time,
        country,
        state_name,
        state_tone,
    ):
        app.add_template_filter(word)
    app.jinja_env.globals.update(
        may=may,
        figure=figure,
        why_not=why_not,
        localised=localised,
        link=link,
        new_key=new_key,
        now=clock.now,
        format_datetime=format_datetime,
    )

    @app.context_processor
    def context() -> dict[str, Any]:
        if not has_request_context():  # mails and documents
            return {"funder": {"name": app.config["FUNDER_NAME"]}}
        return {
            "funder": {"name": app.config["FUNDER_NAME"]},
            "nav": navigation(),
            "user": current_user if current_user.is_authenticated else None,
            "locale": str(language.current().locale),
            "languages": LANGUAGES,
            "demo": app.config["DEMO"],
            "now": clock.now(),
        }


LANGUAGES = {"en": "English", "fr": "Français"}


def locale_of_reader() -> str:
    """The person's language, else the one chosen in this browser, else the one that the browser asks for."""
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    chosen = session.get("language")
    return chosen if chosen in LANGUAGES else request.accept_languages.best_match(LANGUAGES) or "en"
