"""The funder's signature on a finished PDF (PAdES), made in a process of its own (settled: Signing).

Invisible, since a visible box breaks PDF/A and PDF/UA; it certifies the document, so that any change shows. With a
time-stamp service the instant is vouched for by somebody else (level B-T); with `long_term` everything that a check
needs years later is put into the file (B-LT).
"""

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from grants import warm


class SigningFailed(RuntimeError):
    """The document could not be signed; the text says why, in English, for the log and the document's row."""


@dataclass(frozen=True)
class Seal:
    """What a document is signed with: a PKCS#12 file, the place of its signature, a time-stamp service or none."""

    key: Path
    password: str
    place: str
    timestamp_url: str = ""
    long_term: bool = False
    roots: str = ""
    """Path of a PEM file with authorities that are believed beside those of the system; empty: none."""

    @property
    def digest(self) -> str:
        """Of all that decides how a document is signed; another certificate means another file."""
        facts = (self.place, self.timestamp_url, str(self.long_term))
        parts = [self.key.read_bytes(), *map(str.encode, facts)]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def configured(settings: Mapping[str, Any]) -> Seal | None:
    """The seal of this installation; None where no key is configured, and then nothing is signed.

    The demo makes a key of its own when it first needs one.
    """
    if not settings["SIGNING_KEY"]:
        return None
    key = Path(settings["SIGNING_KEY"])
    if settings["DEMO"] and not key.exists():
        make_key(key, settings["SIGNING_PASSWORD"], settings["FUNDER_NAME"])
    return Seal(
        key, settings["SIGNING_PASSWORD"], settings["FUNDER_ADDRESS"],
        settings["TIMESTAMP_URL"], settings["SIGNING_LONG_TERM"], settings["SIGNING_ROOTS"],
    )  # fmt: skip


def signed(content: bytes, seal: Seal, reason: str) -> bytes:
    """The PDF with the funder's signature.

    Raises:
        SigningFailed: the key cannot be read, or the time-stamp service does not answer.
    """
    job = {
        "content": base64.b64encode(content).decode(), "reason": reason, "key": str(seal.key),
        "password": seal.password, "place": seal.place, "timestamp_url": seal.timestamp_url,
        "long_term": seal.long_term, "roots": seal.roots,
    }  # fmt: skip
    try:
        return base64.b64decode(signer.ask(job))
    except warm.Failed as problem:
        raise SigningFailed(str(problem)) from None


signer = warm.Process(__name__)


def make_key(path: Path, password: str, name: str) -> None:
    """A key with a certificate that nobody vouches for, for the demo and for tests: it proves the way, not the sender.

    Valid for ten years. The file is readable by its owner only.
    """
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(65537, 3072)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name[:64]),
        ]
    )
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3653))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
                key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path.touch(mode=0o600)
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"funder", key, certificate, None, BestAvailableEncryption(password.encode())
        )
    )


# --- In the other process --------------------------------------------------------------------------------------------


def _work(job: dict[str, Any]) -> str:
    from pyhanko.keys import load_certs_from_pemder
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers, timestamps
    from pyhanko_certvalidator import ValidationContext

    signer = signers.SimpleSigner.load_pkcs12(job["key"], passphrase=job["password"].encode())
    if signer is None:
        raise ValueError("the key cannot be read with this password")
    stamper = timestamps.HTTPTimeStamper(job["timestamp_url"], timeout=20) if job["timestamp_url"] else None
    roots = list(load_certs_from_pemder([job["roots"]])) if job["roots"] else []
    authorities = ValidationContext(allow_fetching=True, extra_trust_roots=roots, revocation_mode="require")
    metadata = signers.PdfSignatureMetadata(
        field_name="Funder", md_algorithm="sha256", reason=job["reason"], location=job["place"],
        subfilter=fields.SigSeedSubFilter.PADES, certify=True, embed_validation_info=job["long_term"],
        validation_context=authorities if job["long_term"] else None,
        # What makes a signature last is added after it; nothing else may be.
        docmdp_permissions=fields.MDPPerm.FILL_FORMS if job["long_term"] else fields.MDPPerm.NO_CHANGES,
    )  # fmt: skip
    field = fields.SigFieldSpec("Funder", box=None, combine_annotation=True)
    writer = IncrementalPdfFileWriter(io.BytesIO(base64.b64decode(job["content"])))
    made = signers.PdfSigner(metadata, signer=signer, timestamper=stamper, new_field_spec=field)
    return base64.b64encode(made.sign_pdf(writer).getvalue()).decode()


if __name__ == "__main__":
    import pyhanko.sign  # noqa: F401  loaded once, for all forks

    warm.serve(_work, refused=())
