"""Settings: read from the environment with the prefix GRANTS_, documented here and nowhere else."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grants.words import N_

HERE = Path(__file__).parent
# In a wheel the templates and migrations lie inside the package, in a checkout beside it.
ROOT = HERE if (HERE / "templates").is_dir() else HERE.parent


@dataclass(frozen=True)
class Setting:
    """One environment variable: GRANTS_<name>, its default, and what it does."""

    name: str
    default: str
    help: str


SIGNATORY = N_("The Director of Programmes")
"""Who signs where nobody else is named: a function, so letters say it in their own language."""

SETTINGS = (
    Setting("INSTANCE", "instance", "Folder for the embedded database, uploaded files, documents and mail."),
    Setting(
        "DATABASE_URL",
        "",
        "SQLAlchemy URL; empty means an SQLite file in the instance folder. "
        "PostgreSQL: postgresql+psycopg://user:password@host/name.",
    ),
    Setting(
        "SECRET_KEY", "", "Signs tokens and forms; empty means one is made and kept in the instance folder."
    ),
    Setting(
        "BASE_URL", "http://127.0.0.1:8000", "Address that people use; links in mails and PDFs start with it."
    ),
    Setting(
        "DEMO", "", "1 turns on the demo: the 'sign in as' page and the demo programme. Never in production."
    ),
    Setting("HTTPS", "", "1 when served behind TLS: cookies are then sent over HTTPS only."),
    Setting("PROXIES", "0", "Number of trusted reverse proxies in front (X-Forwarded-*)."),
    Setting(
        "SMTP_URL",
        "",
        "smtp://user:password@host:port or smtps://...; empty keeps mail as files and on the outbox page.",
    ),
    Setting("MAIL_FROM", "grants@localhost", "Sender of every mail."),
    Setting(
        "FUNDER_NAME", "European Centre for AI Excellence", "Name of the funder on pages, mails and letters."
    ),
    Setting("FUNDER_ADDRESS", "1 place de la Recherche, 75005 Paris, France", "Postal address on letters."),
    Setting(
        "FUNDER_LOGO",
        "",
        "Path of an SVG or PNG shown on letters and other documents; empty uses the built-in mark.",
    ),
    Setting("SIGNATORY", SIGNATORY, "Name and function under each letter."),
    Setting("LEGAL_TEXT", "", "Path of a text file that replaces the means of redress on letters."),
    Setting(
        "SIGNING_KEY",
        "",
        "Path of a PKCS#12 file with the funder's key and certificate, with which documents are signed; empty: they "
        "are not signed.",
    ),
    Setting("SIGNING_PASSWORD", "", "Of that file."),
    Setting(
        "SIGNING_ROOTS",
        "",
        "Path of a PEM file: authorities that vouch for the certificates of signatures and time stamps. A certificate "
        "of the funder that nobody vouches for is known without it.",
    ),
    Setting(
        "SIGNING_EARLIER",
        "",
        "Path of a PEM file: the funder's certificates before the one in SIGNING_KEY, so that what was signed with "
        "them stays ours.",
    ),
    Setting(
        "SIGNING_LONG_TERM",
        "",
        "1 puts into each signed file what a check needs years later (PAdES B-LT); needs TIMESTAMP_URL, and that the "
        "certificate's authority is reached.",
    ),
    Setting("TIMESTAMP_URL", "", "Address of a time-stamp service (RFC 3161) for signatures; empty: none."),
    Setting("MAX_UPLOAD_MB", "10", "Largest file that may be uploaded, in megabytes."),
    Setting(
        "RATE_LIMIT_STORAGE",
        "memory://",
        "Where attempts to sign in are counted: memory:// in each server process, or redis://host:port for several "
        "machines (then install the package redis).",
    ),
    Setting(
        "CLAMAV",
        "",
        "Where clamd listens, host:port or the path of its socket; uploaded files are scanned there before they "
        "are kept. Empty: files are shown as not scanned.",
    ),
    Setting("WORKERS", "2", "Web server processes of 'grants run'."),
    Setting("LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR."),
)


def from_environment(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Flask configuration from GRANTS_ variables.

    Raises:
        ValueError: a variable with the prefix that no setting knows, a number that is none, or a setting that needs
            another one.
    """
    environ = os.environ if environ is None else environ
    known = {setting.name: setting.default for setting in SETTINGS}
    given = {
        key.removeprefix("GRANTS_"): value for key, value in environ.items() if key.startswith("GRANTS_")
    }
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ValueError(f"unknown setting GRANTS_{unknown[0]}; 'grants settings' lists what exists")
    values: dict[str, Any] = known | given
    instance = Path(values["INSTANCE"]).expanduser().resolve()
    values["INSTANCE"] = instance
    values["DATABASE_URL"] = values["DATABASE_URL"] or f"sqlite:///{instance / 'grants.sqlite'}"
    for number in ("PROXIES", "MAX_UPLOAD_MB", "WORKERS"):
        try:
            values[number] = int(values[number])
        except ValueError:
            raise ValueError(f"GRANTS_{number} must be a whole number, not {values[number]!r}") from None
    for switch in ("DEMO", "HTTPS", "SIGNING_LONG_TERM"):
        values[switch] = values[switch] in ("1", "true", "yes")
    if values["SIGNING_LONG_TERM"] and not values["TIMESTAMP_URL"]:
        raise ValueError("GRANTS_SIGNING_LONG_TERM needs a time-stamp service: set GRANTS_TIMESTAMP_URL")
    if values["DEMO"] and not values["SIGNING_KEY"]:
        values["SIGNING_KEY"], values["SIGNING_PASSWORD"] = str(instance / "demo-signing.p12"), "demo"
    if not values["SECRET_KEY"]:
        if values["HTTPS"] and not values["DEMO"] and "INSTANCE" not in given:
            raise ValueError("set GRANTS_SECRET_KEY or GRANTS_INSTANCE in production")
        values["SECRET_KEY"] = _kept_secret(instance)
    return values


def _kept_secret(instance: Path) -> str:
    """The secret in the instance folder, made on the first start; readable by its owner only."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / "secret_key"
    try:
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()
