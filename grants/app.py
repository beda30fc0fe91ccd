"""create_app(): configuration, extensions, blueprints; nothing else."""

import logging
from typing import Any

from flask import Flask
from flask_babel import Babel
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from grants import config, language, schema, web  # noqa: F401 (the schema makes the mappers complete)
from grants.db import db
from grants.people import sign_in


def create_app(settings: dict[str, Any] | None = None) -> Flask:
    """The application.

    Args:
        settings: the configuration without environment, as from `config.from_environment({...})`; None reads the
            environment.
    """
    app = Flask(__name__, template_folder=str(config.ROOT / "templates"))
    app.config.update(settings or config.from_environment())
    app.config.update(
        SQLALCHEMY_ENGINES={"default": {"url": app.config["DATABASE_URL"], "pool_pre_ping": True}},
        MAX_CONTENT_LENGTH=app.config["MAX_UPLOAD_MB"] * 1024 * 1024 + 64 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        BABEL_TRANSLATION_DIRECTORIES=str(config.HERE / "translations"),
        BABEL_DEFAULT_TIMEZONE="Europe/Brussels",
        PREFERRED_URL_SCHEME="https" if app.config["HTTPS"] else "http",
    )
    app.config["INSTANCE"].mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=app.config["LOG_LEVEL"], format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for talkative in ("alembic", "pikepdf", "fontTools", "huey"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    if app.config["PROXIES"]:
        count = app.config["PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, count, count, count, count)  # type: ignore[method-assign]
    # Static files are read once and served without passing through the application.
    app.wsgi_app = WhiteNoise(app.wsgi_app, root=str(config.HERE / "static"), prefix="static/", max_age=600)  # type: ignore[method-assign]
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    db.init_app(app)
    Babel(app, locale_selector=web.locale_of_reader)
    language.init_app(app)
    sign_in.init_app(app)
    web.init_app(app)
    _register_stages(app)
    return app


def _register_stages(app: Flask) -> None:
    from grants import home, outbox
    from grants.applications import views as applications
    from grants.calls import views as calls
    from grants.decisions import views as decisions
    from grants.documents import views as documents
    from grants.eligibility import views as eligibility
    from grants.experts import views as experts
    from grants.panels import views as panels
    from grants.people import views as people
    from grants.reviews import views as reviews

    for stage in (
        home,
        outbox,
        calls,
        applications,
        eligibility,
        experts,
        reviews,
        panels,
        decisions,
        documents,
        people,
    ):
        app.register_blueprint(stage.blueprint)
    if app.config["DEMO"]:
        from grants import demo

        app.register_blueprint(demo.blueprint)
