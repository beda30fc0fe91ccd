"""A certificate authority on loopback, with its revocation list, its answers by OCSP and its time-stamp service."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """`roots` is its certificate (PEM), `stamping` its time-stamp service.

    `key` is a PKCS#12 file that it vouches for, `certificate` the certificate in it (PEM).
    """

    stamping: str
    roots: Path
    key: Path
    certificate: Path
    password: str = "only for this test"


def _issued(
    name: str, *, by: Any = None, address: str = "", stamps: bool = False
) -> tuple[x509.Certificate, rsa.RSAPrivateKey]:
    """A certificate and its key, by (certificate, key) of the issuer or by itself."""
    key = rsa.generate_private_key(65537, 2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer, issuer_key = (by[0].subject, by[1]) if by else (subject, key)
    now, root = datetime.now(UTC), by is None
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=not root, key_encipherment=False, crl_sign=root,
                data_encipherment=False, key_agreement=False, key_cert_sign=root, encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )  # fmt: skip
    if stamps:  # the clock's certificate names the list, the funder's the responder
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        point = x509.DistributionPoint(
            [x509.UniformResourceIdentifier(f"{address}/ca.crl")], None, None, None
        )
        made = made.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    elif by:
        responder = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(f"{address}/ocsp")
        )
        made = made.add_extension(x509.AuthorityInformationAccess([responder]), critical=False)
    return made.sign(issuer_key, hashes.SHA256()), key


def _stamper(certificate: x509.Certificate, key: rsa.RSAPrivateKey, root: x509.Certificate) -> Any:
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    der = serialization.Encoding.DER
    plain = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return DummyTimeStamper(
        asn1.Certificate.load(certificate.public_bytes(der)), keys.PrivateKeyInfo.load(plain),
        certs_to_embed=SimpleCertificateStore.from_certs([asn1.Certificate.load(root.public_bytes(der))]),
    )  # fmt: skip


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    answers: dict[str, Any] = {}

    class Service(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(answers["crl"], "application/pkix-crl")

        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/ocsp":
                self._answer(answers["ocsp"](asked), "application/ocsp-response")
            else:
                stamp = answers["stamper"].request_tsa_response(tsp.TimeStampReq.load(asked))
                self._answer(stamp.dump(), "application/timestamp-reply")

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Service)
    address = f"http://127.0.0.1:{server.server_port}"
    root = _issued("Root for Tests")
    funder = _issued("Centre for Tests", by=root, address=address)
    clock = _issued("Clock for Tests", by=root, address=address, stamps=True)
    now = datetime.now(UTC)
    revoked = x509.CertificateRevocationListBuilder().issuer_name(root[0].subject)
    revoked = revoked.last_update(now - DAY).next_update(now + 30 * DAY)
    revoked = revoked.add_extension(x509.CRLNumber(1), critical=False).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(root[1].public_key()), critical=False
    )
    answers["crl"] = revoked.sign(root[1], hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    answers["stamper"] = _stamper(*clock, root[0])

    def responded(asked: bytes) -> bytes:
        ocsp.load_der_ocsp_request(asked)
        answer = ocsp.OCSPResponseBuilder().add_response(
            cert=funder[0], issuer=root[0], algorithm=hashes.SHA1(),
            cert_status=ocsp.OCSPCertStatus.GOOD, this_update=now - DAY, next_update=now + 30 * DAY,
            revocation_time=None, revocation_reason=None,
        ).responder_id(ocsp.OCSPResponderEncoding.HASH, root[0])  # fmt: skip
        return answer.sign(root[1], hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    answers["ocsp"] = responded
    folder = tmp_path_factory.mktemp("authority")
    (folder / "roots.pem").write_bytes(root[0].public_bytes(serialization.Encoding.PEM))
    found = Authority(f"{address}/tsa", folder / "roots.pem", folder / "funder.p12", folder / "funder.pem")
    found.certificate.write_bytes(funder[0].public_bytes(serialization.Encoding.PEM))
    found.key.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"funder", funder[1], funder[0], [root[0]],
            serialization.BestAvailableEncryption(found.password.encode()),
        )
    )  # fmt: skip
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()
