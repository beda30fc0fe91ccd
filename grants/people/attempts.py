"""How often somebody may try to sign in, or have a mail sent to an address (trust: guessing and flooding).

Counted are failures to sign in, and requests for accounts and mails: for an address together with where it is typed,
so that nobody locks somebody else out, then for either alone.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from flask_limiter import Limiter, RequestLimit
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address)

# Per endpoint: for an address and a browser's network address together, for an address, for a network address.
SIGN_IN = ("10 per 15 minutes", "50 per hour", "200 per hour")
MAILS = ("5 per hour", "10 per hour", "60 per hour")
LIMITS = {
    "security.login": SIGN_IN, "security.verify": SIGN_IN, "security.change_password": SIGN_IN,
    "security.reset_password": SIGN_IN, "security.register": MAILS, "security.forgot_password": MAILS,
    "security.send_confirmation": MAILS,
}  # fmt: skip
KEPT = ("name", "email", "password", "password_confirm", "new_password", "new_password_confirm")


def _address() -> str:
    """The e-mail address that was typed, without which the network address has to do."""
    typed = request.form or request.get_json(silent=True)
    address = typed.get("email") if isinstance(typed, Mapping) else None
    return str(address or "").strip().lower()[:255] or get_remote_address()


def _address_from_here() -> str:
    return f"{_address()} from {get_remote_address()}"


def _failed(response: Response) -> bool:
    """Whether an attempt counts: who succeeds is sent on to another page."""
    return response.status_code != 302


def _refuse(limit: RequestLimit) -> Response:
    """The page that says when to try again, with all that was typed but the passwords."""
    seconds = max(1, limit.reset_at - int(time.time()))
    fields = [name for name in KEPT if name in request.form]
    minutes = max(1, round(seconds / 60))
    page = render_template("errors/attempts.html", minutes=minutes, fields=fields, typed=request.form)
    response = make_response(page, 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def init_app(app: Flask) -> None:
    """Put the limits on the pages of the sign-in library, which must be registered already."""
    app.config["RATELIMIT_STORAGE_URI"] = app.config["RATE_LIMIT_STORAGE"]
    limiter.init_app(app)
    keys: tuple[Callable[[], str], ...] = (_address_from_here, _address, get_remote_address)
    for endpoint, limits in LIMITS.items():
        counts: dict[str, Any] = {"deduct_when": _failed} if limits is SIGN_IN else {}
        for limit, key in zip(limits, keys, strict=True):
            limited = limiter.limit(limit, key_func=key, methods=["POST"], on_breach=_refuse, **counts)
            view: Any = app.view_functions[endpoint]
            app.view_functions[endpoint] = limited(view)
