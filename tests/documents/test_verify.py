"""A signed document can be checked by anybody, years later, without an account; a changed one is found out."""

import base64
import io
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
import segno
from click.testing import CliRunner

from grants.applications import queries as applications
from grants.cli import main
from grants.db import db
from grants.decisions import changes, letters
from grants.decisions import queries as decisions
from grants.documents import contents, make, qr, render, signing, verification
from tests.documents import reading, standards
from tests.documents.conftest import Authority

pytestmark = pytest.mark.one_database

PASSWORD = "only for this test"


@pytest.fixture(scope="session")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "funder.p12"
    signing.make_key(path, PASSWORD, "Centre for Tests")
    assert path.stat().st_mode & 0o077 == 0
    return path


@pytest.fixture
def sealed(app: Any, key: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The installation signs."""
    monkeypatch.setitem(app.config, "SIGNING_KEY", str(key))
    monkeypatch.setitem(app.config, "SIGNING_PASSWORD", PASSWORD)
    return app


def _page(names: Any, kind: str, about: str, language: str = "en") -> contents.Page:
    application = applications.by_public_id(names.applications[about])
    assert application
    return contents.page(kind, language, call=application.call, application=application)


def _made(names: Any, kind: str = "letter", about: str = "released_best") -> bytes:
    sha256, size = make.stored(_page(names, kind, about))
    db.session.commit()
    content = (make.files.path_of(sha256)).read_bytes()
    assert len(content) == size
    return content


def _brought(client: Any, content: bytes) -> Any:
    return client.post("/verification", data={"file": (io.BytesIO(content), "brought.pdf")}, bare=True)


def test_a_letter_is_signed_by_the_funder_and_anybody_can_check_it(sealed: Any, names: Any, as_: Any) -> None:
    content = _made(names)
    verdict = verification.verify(content, sealed.config)
    assert verdict.signature is not None
    assert (verdict.signature.signer, verdict.signature.intact, verdict.signature.trusted) == (
        "Centre for Tests", True, True,
    )  # fmt: skip
    assert verdict.kind == "letter"
    page = _brought(as_(None), content).text
    assert "This is our document, byte for byte" in page
    assert "Decision letter" in page
    shown = page.partition("<main")[2].partition("</main>")[0]
    assert names.applications["released_best"] not in shown
    assert "@" not in shown, "nobody learns more than the file says"


def test_the_same_letter_is_not_signed_twice(sealed: Any, names: Any) -> None:
    assert _made(names) == _made(names)


def test_a_letter_before_its_release_is_neither_signed_nor_confirmed(
    sealed: Any, names: Any, as_: Any
) -> None:
    """Who gets hold of a draft does not learn here that it is a true one."""
    content = _made(names, about="ranked_best")
    verdict = verification.verify(content, sealed.config)
    assert (verdict.signature, verdict.kind, verdict.is_ours) == (None, None, False)
    assert "is not known here" in _brought(as_(None), content).text


@pytest.mark.parametrize("kind", ["letter", "evaluation"])
def test_a_document_says_where_it_can_be_checked(sealed: Any, names: Any, as_: Any, kind: str) -> None:
    """In words, as a code for a camera, and as the words of the code for who cannot see it."""
    address = sealed.config["BASE_URL"].rstrip("/") + "/verification"
    content = _made(names, kind)
    assert address in reading.text(content)
    assert f"Code with the address {address}" in reading.alternatives(content)
    assert as_(None).get("/verification").status_code == 200


def test_a_draft_says_nowhere_that_it_can_be_checked(sealed: Any, names: Any) -> None:
    assert "/verification" not in reading.text(_made(names, about="ranked_best"))


def test_the_code_is_drawn_as_it_was_made() -> None:
    made = qr.code("https://grants.example.org/verification")
    drawn = [[False] * made.side for _row in range(made.side)]
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", made.path):
        for column in range(int(x), int(x) + int(length)):
            drawn[int(y)][column] = True
    assert drawn == [
        [bool(dark) for dark in row] for row in segno.make(made.text, error="m", boost_error=False).matrix
    ]
    assert qr.code(made.text) == made


def test_whoever_is_shown_a_letter_that_was_replaced_is_told_so(
    sealed: Any, cast: Any, names: Any, as_: Any
) -> None:
    first = _made(names)
    assert verification.verify(first, sealed.config).replaced_at is None
    decision = decisions.of_application(names.applications["released_best"])
    assert decision
    change = changes.propose(
        decision, by=cast.officer, version=decision.version, kind="correction", outcome=decision.outcome,
        reason="The amount was wrong.", max_grant=(decision.max_grant or decision.requested) - 100,
    )  # fmt: skip
    changes.approve(
        change, by=cast.officer2, seen=changes.fingerprint(change), funder=letters.funder(sealed.config)
    )
    db.session.commit()
    second = _made(names)
    assert verification.verify(first, sealed.config).replaced_at == change.approved_at
    page = _brought(as_(None), first).text
    assert "another letter has replaced it" in page
    assert verification.verify(second, sealed.config).replaced_at is None
    assert "This is our document, byte for byte." in _brought(as_(None), second).text


def test_without_a_key_nothing_is_signed(app: Any, names: Any, as_: Any) -> None:
    content = _made(names)
    verdict = verification.verify(content, app.config)
    assert (verdict.signature, verdict.is_ours) == (None, True)
    assert "Not signed" in _brought(as_(None), content).text


def _one_byte_changed(content: bytes) -> bytes:
    """In the middle of a stream of the first page's content."""
    at = content.find(b"endstream", 2000) - 30
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def _page_added(content: bytes) -> bytes:
    """A change that a signature allows to append, as an attacker would."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        pdf.add_blank_page()
        changed = io.BytesIO()
        pdf.save(changed)
    return changed.getvalue()


@pytest.mark.parametrize("change", [_one_byte_changed, _page_added, lambda content: content + b"\n% more"])
def test_a_changed_letter_is_found_out(sealed: Any, names: Any, as_: Any, change: Any) -> None:
    changed = change(_made(names))
    try:
        verdict = verification.verify(changed, sealed.config)
    except verification.NoDocument:
        return
    assert not verdict.is_ours
    assert "byte for byte" not in _brought(as_(None), changed).text


def test_the_signature_of_somebody_else_is_not_ours(
    sealed: Any, names: Any, as_: Any, tmp_path: Path
) -> None:
    path = tmp_path / "other.p12"
    signing.make_key(path, "x", "Centre for Tests")
    page = _page(names, "letter", "released_best")
    forged = signing.signed(
        render.pdf(page.html, page.files, page.data), signing.Seal(path, "x", "Here"), "A letter"
    )
    verdict = verification.verify(forged, sealed.config)
    assert verdict.signature
    assert (verdict.signature.intact, verdict.signature.trusted, verdict.is_ours) == (True, False, False)
    assert "its signature is not ours" in _brought(as_(None), forged).text


def test_somebody_whom_the_same_authority_knows_signs_for_themselves(
    sealed: Any, names: Any, as_: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may hold a certificate of a public authority, even in the funder's name; only its own one is ours."""
    monkeypatch.setitem(sealed.config, "SIGNING_ROOTS", str(authority.roots))
    page = _page(names, "letter", "released_best")
    forged = signing.signed(
        render.pdf(page.html, page.files, page.data), signing.Seal(authority.key, authority.password, "Here"),
        "A letter",
    )  # fmt: skip
    verdict = verification.verify(forged, sealed.config)
    assert verdict.signature
    assert (verdict.signature.intact, verdict.signature.trusted, verdict.is_ours) == (True, False, False)
    assert "its signature is not ours" in _brought(as_(None), forged).text

    # Had it been the funder's before the present one, it would be ours.
    monkeypatch.setitem(sealed.config, "SIGNING_EARLIER", str(authority.certificate))
    assert verification.verify(forged, sealed.config).is_ours
    assert "carries our signature" in _brought(as_(None), forged).text


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.7 nothing", b"%PDF-" + bytes(1000)])
def test_what_is_no_pdf_is_said_beside_the_field(app: Any, as_: Any, content: bytes) -> None:
    answer = _brought(as_(None), content)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text


def test_signed_documents_still_follow_both_standards(sealed: Any, names: Any, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(_made(names, "evaluation"))
    told = standards.broken(path)["signed.pdf"]
    assert {name: one["broken"] for name, one in told.items()} == {"PDFA-3A": {}, "PDFUA-1": {}}
    assert reading.facts(path.read_bytes())["attachments"] == ["data.json"]


def test_the_command_says_it_in_words_json_and_exit_code(
    sealed: Any, names: Any, tmp_path: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("DATABASE_URL", sealed.config["DATABASE_URL"]), ("INSTANCE", sealed.config["INSTANCE"]),
        ("SIGNING_KEY", key), ("SIGNING_PASSWORD", PASSWORD),
    ):  # fmt: skip
        monkeypatch.setenv(f"GRANTS_{name}", str(value))
    monkeypatch.delenv("GRANTS_TEST_DATABASES", raising=False)
    path = tmp_path / "letter.pdf"
    path.write_bytes(_made(names))
    ran = CliRunner().invoke(main, ["verify", str(path)])
    assert (ran.exit_code, "unchanged since" in ran.stdout) == (0, True), ran.output + repr(ran.exception)
    told = json.loads(CliRunner().invoke(main, ["verify", str(path), "--json"]).stdout)
    assert (told["ours"], told["kind"], told["signature"]["trusted"]) == (True, "letter", True)
    assert datetime.fromisoformat(told["made_at"]).tzinfo is not None
    path.write_bytes(_one_byte_changed(path.read_bytes()))
    assert CliRunner().invoke(main, ["verify", str(path)]).exit_code in (2, 3)
    path.write_bytes(b"hello")
    ran = CliRunner().invoke(main, ["verify", str(path)])
    assert (ran.exit_code, "no PDF" in ran.stderr) == (2, True)


def test_a_time_stamp_of_a_service_is_in_the_signature(
    sealed: Any, names: Any, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> None:
    monkeypatch.setitem(sealed.config, "TIMESTAMP_URL", authority.stamping)
    verdict = verification.verify(_made(names), sealed.config)
    assert verdict.signature
    assert verdict.signature.stamped_at
    assert (
        abs((datetime.fromisoformat(verdict.signature.stamped_at) - datetime.now(UTC)).total_seconds()) < 600
    )


@pytest.fixture
def lasting(app: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The installation signs for the long term, with a certificate that an authority vouches for."""
    for name, value in (
        ("SIGNING_KEY", str(authority.key)), ("SIGNING_PASSWORD", authority.password),
        ("SIGNING_ROOTS", str(authority.roots)), ("SIGNING_LONG_TERM", True), ("TIMESTAMP_URL", authority.stamping),
    ):  # fmt: skip
        monkeypatch.setitem(app.config, name, value)
    return app


def test_a_long_term_signature_brings_along_what_its_check_needs(
    lasting: Any, names: Any, authority: Authority, tmp_path: Path
) -> None:
    """PAdES B-LT: certificates, the answer by OCSP and the revocation list lie in the file; nobody is asked."""
    from pyhanko.keys import load_certs_from_pemder
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    content = _made(names, "evaluation")
    verdict = verification.verify(content, lasting.config)
    assert verdict.signature
    assert (verdict.signature.intact, verdict.signature.trusted) == (True, True)
    assert verdict.signature.stamped_at

    brought = PdfFileReader(io.BytesIO(content))
    store = DocumentSecurityStore.read_dss(brought)
    assert (len(store.crls), len(store.ocsps)) == (1, 1)
    roots = list(load_certs_from_pemder([str(authority.roots)]))
    offline = {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "require"}
    status = validate_pdf_signature(
        brought.embedded_regular_signatures[0], store.as_validation_context(offline),
        store.as_validation_context(offline),
    )  # fmt: skip
    assert status.bottom_line

    path = tmp_path / "lasting.pdf"
    path.write_bytes(content)
    told = standards.broken(path)["lasting.pdf"]
    assert {name: one["broken"] for name, one in told.items()} == {"PDFA-3A": {}, "PDFUA-1": {}}


def test_what_was_stamped_in_time_is_believed_after_the_certificate_has_ended(
    lasting: Any, names: Any, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyhanko_certvalidator import context

    content = base64.b64encode(_made(names)).decode()
    # The installation has another key by then.
    job = {
        "content": content, "key": "", "password": "", "roots": lasting.config["SIGNING_ROOTS"],
        "earlier": str(authority.certificate),
    }  # fmt: skip

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=3650)

    monkeypatch.setattr(context, "datetime", Later)
    told = verification._work(job)
    assert told
    assert (told["intact"], told["trusted"]) == (True, True)
    unbelieved = verification._work(job | {"roots": ""})
    assert unbelieved
    assert (unbelieved["intact"], unbelieved["trusted"]) == (True, False)


def test_an_authority_that_is_not_reached_fails_the_document_and_says_so(
    lasting: Any, names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lasting.config, "SIGNING_ROOTS", "")  # nobody believes the authority
    with pytest.raises(signing.SigningFailed):
        make.stored(_page(names, "letter", "released_best"))


def test_every_altered_byte_of_what_was_signed_is_found_out(sealed: Any, names: Any) -> None:
    content = _made(names)
    signature = range(content.index(b"/Contents <"), content.index(b">", content.index(b"/Contents <")))
    step = len(content) // 24
    for at in (place for place in range(step, len(content), step) if place not in signature):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        try:
            assert not verification.verify(changed, sealed.config).is_ours, f"byte {at}"
        except verification.NoDocument:
            continue


def test_a_service_that_does_not_answer_fails_the_document_and_says_so(
    sealed: Any, names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sealed.config, "TIMESTAMP_URL", "http://127.0.0.1:9/")
    with pytest.raises(signing.SigningFailed):
        make.stored(_page(names, "letter", "released_best"))


def test_a_wrong_password_fails_the_document_and_says_so(
    sealed: Any, names: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sealed.config, "SIGNING_PASSWORD", "wrong")
    with pytest.raises(signing.SigningFailed, match="password"):
        make.stored(_page(names, "letter", "released_best"))
