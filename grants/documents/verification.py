"""Is a PDF ours, unchanged, and since when? By its hash among the files that were made here, and by its signature."""

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from grants import warm
from grants.db import db
from grants.decisions.models import Change
from grants.documents.models import MadeFile

MOST = 30 * 1024**2
"""Bytes of a file that is looked at."""


class NoDocument(ValueError):
    """The file is no PDF, or one that cannot be read."""


@dataclass(frozen=True)
class Signature:
    """What the signature of a file says.

    `intact`: every byte that it covers, and the whole file, is as it was signed. `trusted`: by the funder's own
    certificate, the one in use or an earlier one, and it holds; that an authority knows the signer is not enough.
    `stamped_at` is the instant of a time-stamp service, `signed_at` the one that the signer claims; both ISO, UTC.
    """

    signer: str
    intact: bool
    trusted: bool
    signed_at: str | None
    stamped_at: str | None


@dataclass(frozen=True)
class Verdict:
    """`made_at` is since when this very file exists here, None if it was not made here; no signature is None.

    `replaced_at` is since when another letter stands in the place of the one that it tells.
    """

    sha256: str
    kind: str | None
    made_at: datetime | None
    signature: Signature | None
    replaced_at: datetime | None = None

    @property
    def is_ours(self) -> bool:
        """Made here byte for byte, or signed by the funder and unchanged since."""
        return self.made_at is not None or bool(
            self.signature and self.signature.intact and self.signature.trusted
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "ours": self.is_ours, "sha256": self.sha256, "kind": self.kind,
            "made_at": self.made_at.isoformat() if self.made_at else None,
            "replaced_at": self.replaced_at.isoformat() if self.replaced_at else None,
            "signature": asdict(self.signature) if self.signature else None,
        }  # fmt: skip


def verify(content: bytes, settings: Mapping[str, Any]) -> Verdict:
    """Look at a file that somebody brings; it is read in a process of its own and kept nowhere.

    Raises:
        NoDocument: no PDF, too large, or broken beyond reading.
    """
    if not content.startswith(b"%PDF-") or len(content) > MOST:
        raise NoDocument
    sha256 = hashlib.sha256(content).hexdigest()
    made = db.session.scalars(select(MadeFile).where(MadeFile.sha256 == sha256)).first()
    replaced_at = _replaced_at(made.letter_sha256) if made and made.letter_sha256 else None
    db.session.rollback()  # no transaction stays open while the other process reads
    job = {
        "content": base64.b64encode(content).decode(), "key": settings["SIGNING_KEY"],
        "password": settings["SIGNING_PASSWORD"], "roots": settings["SIGNING_ROOTS"],
        "earlier": settings["SIGNING_EARLIER"],
    }  # fmt: skip
    try:
        told = reader.ask(job)
    except warm.Failed as problem:
        raise NoDocument(str(problem)) from None
    signature = Signature(**told) if told else None
    return Verdict(
        sha256, made.kind if made else None, made.made_at if made else None, signature, replaced_at
    )


def _replaced_at(letter_sha256: str) -> datetime | None:
    return db.session.scalar(
        select(func.min(Change.approved_at)).where(Change.superseded_sha256 == letter_sha256)
    )


reader = warm.Process(__name__)


# --- In the other process --------------------------------------------------------------------------------------------


def _work(job: dict[str, Any]) -> dict[str, Any] | None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.errors import NoDSSFoundError
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    own = _own(job)
    # What nobody else vouches for vouches for itself.
    roots = _read(job["roots"]) + [one for one in own if one.self_issued]
    brought = PdfFileReader(io.BytesIO(base64.b64decode(job["content"])), strict=False)
    signatures = brought.embedded_regular_signatures
    if not signatures:
        return None
    try:
        kept = DocumentSecurityStore.read_dss(
            brought
        )  # what a long-term signature brings along for its check
    except NoDSSFoundError:
        kept = None

    def checked(**at: datetime) -> Any:
        given: dict[str, Any] = {"trust_roots": roots, "allow_fetching": False} | at
        context = kept.as_validation_context(given) if kept else ValidationContext(**given)
        return validate_pdf_signature(signatures[-1], context, context)

    status = checked()
    stamp = status.timestamp_validity
    if stamp and stamp.intact and stamp.valid:
        # Certificates end; what a believed service stamped while they held stays signed.
        then = checked(moment=stamp.timestamp)
        status = then if then.timestamp_validity.trusted else status
    # Nothing stands behind what was signed but what makes a signature last.
    untouched = (
        status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        or status.modification_level == ModificationLevel.LTA_UPDATES
    )
    return {
        "signer": status.signing_cert.subject.native.get("common_name", ""),
        "intact": bool(status.intact and status.valid and untouched),
        "trusted": bool(status.trusted) and status.signing_cert.sha256 in {one.sha256 for one in own},
        "signed_at": _iso(status.signer_reported_dt),
        "stamped_at": _iso(stamp.timestamp) if stamp and stamp.intact and stamp.valid else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _own(job: dict[str, Any]) -> list[Any]:
    """The funder's certificates: the one in use, and those that were."""
    from pyhanko.sign import signers

    own = _read(job["earlier"])
    if job["key"]:
        signer = signers.SimpleSigner.load_pkcs12(job["key"], passphrase=job["password"].encode())
        own += [signer.signing_cert] if signer else []
    return own


def _read(path: str) -> list[Any]:
    """The certificates in a PEM file; none without one."""
    from pyhanko.keys import load_certs_from_pemder

    return list(load_certs_from_pemder([path])) if path else []


if __name__ == "__main__":
    import pyhanko.sign.validation  # noqa: F401  loaded once, for all forks

    warm.serve(_work, refused=warm.CONNECTIONS)
