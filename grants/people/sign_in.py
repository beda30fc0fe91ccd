"""Sign-in: e-mail and password, confirmation and reset, by the sign-in library, with our users, mails and sessions."""

import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, current_app, request, session
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_security import (
    FSQLALiteUserDatastore,
    MailUtil,
    RegisterFormV2,
    RoleMixin,
    Security,
    current_user,
    password_changed,
    password_reset,
)
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from grants import clock, mail
from grants.db import db
from grants.fields import no_control_characters
from grants.people import attempts
from grants.people.actions import SHORTEST_PASSWORD
from grants.people.models import Anonymous, User
from grants.people.sessions import ServerSideSessions, end_all

csrf = CSRFProtect()


class Accounts(FSQLALiteUserDatastore):
    """Finds people together with their appointments, in one statement."""

    def find_user(self, case_insensitive: bool = False, **kwargs: Any) -> User | None:
        attribute, value = kwargs.popitem()
        column = getattr(User, attribute)
        same = func.lower(column) == str(value).lower() if case_insensitive else column == value
        return (
            db.session.scalars(select(User).options(joinedload(User.appointments)).where(same))
            .unique()
            .first()
        )

    def create_user(self, **kwargs: Any) -> User:
        known = {key: kwargs[key] for key in ("email", "password", "name", "confirmed_at") if key in kwargs}
        user = User(
            active=True, fs_uniquifier=secrets.token_hex(32), language=str(get_locale() or "en"), **known
        )
        user.appointments = []
        db.session.add(user)
        return user


class Outbox(MailUtil):
    """Mails of the sign-in library go through the outbox like all others."""

    def send_mail(
        self, template: str, subject: str, recipient: Any, sender: Any, body: str | None, html: str | None,
        **context: Any,
    ) -> None:  # fmt: skip
        user = context.get("user")
        # Links start with the configured address, whatever Host the request claimed (trust: X-06).
        body = (body or "").replace(request.host_url, current_app.config["BASE_URL"].rstrip("/") + "/")
        mail.put(
            db.session, str(subject), body, to=str(recipient), language=user.language if user else "en",
            occasion=f"account:{template}:{secrets.token_hex(8)}", user_id=user.id if user else None,
        )  # fmt: skip


class RegisterForm(RegisterFormV2):
    """Registration asks for the name that partners, officers and letters will use."""

    name = StringField(
        _l("Your full name"), validators=[DataRequired(), Length(max=120), no_control_characters]
    )


def init_app(app: Flask) -> None:
    """Wire the sign-in library into the application."""
    app.session_interface = ServerSideSessions()
    app.config.update(
        SESSION_COOKIE_NAME="__Host-grants" if app.config["HTTPS"] else "grants",
        SESSION_COOKIE_SECURE=app.config["HTTPS"],
        SECURITY_PASSWORD_SALT=app.config["SECRET_KEY"][::-1],
        SECURITY_PASSWORD_HASH=app.config.get("SECURITY_PASSWORD_HASH", "argon2"),
        SECURITY_PASSWORD_LENGTH_MIN=SHORTEST_PASSWORD,
        SECURITY_PASSWORD_COMPLEXITY_CHECKER=None,
        SECURITY_REGISTERABLE=True,
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_CONFIRMABLE=True,
        SECURITY_RECOVERABLE=True,
        SECURITY_CHANGEABLE=True,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_POST_LOGIN_VIEW="/",
        SECURITY_POST_LOGOUT_VIEW="/",
        SECURITY_POST_CONFIRM_VIEW="/",
        SECURITY_POST_REGISTER_VIEW="/login",
        SECURITY_AUTO_LOGIN_AFTER_CONFIRM=False,
        SECURITY_LOGIN_WITHOUT_CONFIRMATION=False,
        SECURITY_RESET_PASSWORD_WITHIN=timedelta(hours=2),
        SECURITY_CONFIRM_EMAIL_WITHIN=timedelta(days=5),
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_EMAIL_SENDER=app.config["MAIL_FROM"],
        SECURITY_EMAIL_SUBJECT_CONFIRM=_l("Please confirm your e-mail address"),
        SECURITY_EMAIL_SUBJECT_REGISTER=_l("Please confirm your e-mail address"),
        SECURITY_EMAIL_HTML=False,
        SECURITY_DATETIME_FACTORY=clock.now,
        # Sign-up asks no name server: the confirmation mail proves the address.
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
        SECURITY_ANONYMOUS_USER_DISABLED=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    csrf.init_app(app)
    accounts = Accounts(db, User, RoleMixin)
    # One for each application: a shared one would hash passwords as the last application wants it.
    Security(app, accounts, register_form=RegisterForm, mail_util_cls=Outbox)
    attempts.init_app(app)
    app.login_manager.anonymous_user = Anonymous  # type: ignore[attr-defined]

    @password_reset.connect_via(app)
    @password_changed.connect_via(app)
    def end_other_sessions(sender: Flask, user: User, **_extra: Any) -> None:
        end_all(user.fs_uniquifier)


def sign_in_as(user: User) -> None:
    """Become `user` in this browser; the demo's page is the only caller."""
    from flask_security import login_user

    session.clear()
    login_user(user, remember=False, authn_via=["demo"])


__all__ = ["csrf", "current_user", "init_app", "sign_in_as"]
