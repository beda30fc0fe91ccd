"""Server-side sessions: the cookie holds a random key, so signing out, disabling an account or a new password end them.

Rows are written in transactions of their own: they are no domain data, and a page that is read may renew them.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any, cast

from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy import Table, delete, insert, select, update
from werkzeug.datastructures import CallbackDict

from grants import clock
from grants.db import db, reading
from grants.people.models import BrowserSession

LIFETIME = timedelta(hours=12)
RENEW_AFTER = timedelta(hours=1)
_serializer = TaggedJSONSerializer()
_table = cast(Table, BrowserSession.__table__)


class Session(CallbackDict[str, Any], SessionMixin):
    """The data of one browser; `key` is what its cookie holds, None before the first write."""

    def __init__(
        self, data: dict[str, Any] | None = None, key: str | None = None, stale: bool = False
    ) -> None:
        def on_update(_self: Any) -> None:
            self.modified = True

        super().__init__(data or {}, on_update)
        self.key, self.stale, self.modified = key, stale, False
        self.signed_in_as = self.get("_user_id")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


class ServerSideSessions(SessionInterface):
    """Flask's session, kept in the table browser_sessions."""

    def open_session(self, app: Flask, request: Request) -> Session:
        key = request.cookies.get(self.get_cookie_name(app))
        if not key:
            return Session()
        with reading(), db.engine.connect() as connection:
            row = connection.execute(
                select(_table.c.data, _table.c.expires_at).where(_table.c.key_hash == _hash(key))
            ).first()
        if row is None or row.expires_at < clock.now():
            return Session()
        return Session(
            _serializer.loads(row.data), key, stale=row.expires_at < clock.now() + LIFETIME - RENEW_AFTER
        )

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        assert isinstance(session, Session)
        if not (session.modified or session.stale):
            return
        user = session.get("_user_id")
        # A new key at every sign-in and sign-out: one that was planted before is worth nothing (session fixation).
        renew_key = session.key is None or user != session.signed_in_as
        now = clock.now()
        values = {"user_key": user, "data": _serializer.dumps(dict(session)), "expires_at": now + LIFETIME}
        with db.engine.begin() as connection:
            if renew_key:
                if session.key:
                    connection.execute(delete(_table).where(_table.c.key_hash == _hash(session.key)))
                connection.execute(delete(_table).where(_table.c.expires_at < now))
                session.key = secrets.token_urlsafe(32) if session else None
                if session.key:
                    connection.execute(insert(_table).values(key_hash=_hash(session.key), **values))
            else:
                assert session.key
                connection.execute(
                    update(_table).where(_table.c.key_hash == _hash(session.key)).values(**values)
                )
        name = self.get_cookie_name(app)
        if session.key:
            response.set_cookie(
                name, session.key, max_age=LIFETIME, path="/", httponly=True, samesite="Lax",
                secure=self.get_cookie_secure(app),
            )  # fmt: skip
        else:
            response.delete_cookie(name, path="/")


def end_all(user_key: str) -> None:
    """End every session of a person, in the transaction of the caller."""
    db.session.execute(delete(BrowserSession).where(BrowserSession.user_key == user_key))
