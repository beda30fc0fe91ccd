"""Uploaded files pass the virus scanner where one is configured; a fake clamd on loopback stands in for it."""

import io
import socketserver
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from grants.applications.queries import whole
from grants.db import db
from grants.demo import story


class Clamd(socketserver.BaseRequestHandler):
    """Speaks INSTREAM as clamd does, and notes what it was sent."""

    answer = b"stream: OK\0"
    seen: bytes = b""

    def handle(self) -> None:
        assert self._take(10) == b"zINSTREAM\0"
        content = b""
        while size := struct.unpack("!I", self._take(4))[0]:
            content += self._take(size)
        type(self).seen = content
        self.request.sendall(self.answer)

    def _take(self, size: int) -> bytes:
        taken = b""
        while len(taken) < size:
            taken += self.request.recv(size - len(taken))
        return taken


@pytest.fixture
def clamd(app: Any) -> Iterator[type[Clamd]]:
    handler = type("OneClamd", (Clamd,), {})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        app.config["CLAMAV"] = f"127.0.0.1:{server.server_address[1]}"
        yield handler
        app.config["CLAMAV"] = ""
        server.shutdown()


PDF = story.pdf(3)


def _upload(as_: Any, names: Any) -> Any:
    page = f"/applications/{names.applications['draft']}/part-b"
    return as_("coordinator").post(page, data={"file": (io.BytesIO(PDF), "b.pdf")})


def _attached(names: Any) -> Any:
    db.session.rollback()
    db.session.expire_all()
    return whole(names.applications["draft"]).attached.get("part_b")


def test_a_clean_file_is_kept_and_shown_as_scanned(as_: Any, names: Any, clamd: type[Clamd]) -> None:
    assert _upload(as_, names).status_code == 303
    assert clamd.seen == PDF
    assert _attached(names).scanned is True
    assert (
        ">3 pages · 2 KB · scanned for viruses"
        in as_("coordinator").get(f"/applications/{names.applications['draft']}/part-b").text
    )


def test_what_the_scanner_refuses_is_not_kept(as_: Any, names: Any, clamd: type[Clamd]) -> None:
    clamd.answer = b"stream: Eicar-Test-Signature FOUND\0"
    answer = _upload(as_, names)
    assert (answer.status_code, _attached(names)) == (422, None)
    assert "The virus scanner refused the file." in answer.text


@pytest.mark.parametrize("said", [b"INSTREAM size limit exceeded. ERROR\0", b""])
def test_a_file_that_could_not_be_scanned_is_not_kept(
    as_: Any, names: Any, clamd: type[Clamd], said: bytes
) -> None:
    clamd.answer = said
    answer = _upload(as_, names)
    assert (answer.status_code, _attached(names)) == (422, None)
    assert "could not be checked for viruses" in answer.text


def test_a_scanner_that_is_down_is_said_and_nothing_is_kept(
    app: Any, as_: Any, names: Any, tmp_path: Any
) -> None:
    app.config["CLAMAV"] = str(tmp_path / "clamd.sock")
    try:
        assert _upload(as_, names).status_code == 422
    finally:
        app.config["CLAMAV"] = ""
    assert _attached(names) is None


def test_without_a_scanner_the_page_says_that_nothing_was_scanned(as_: Any, names: Any) -> None:
    assert _upload(as_, names).status_code == 303
    page = as_("coordinator").get(f"/applications/{names.applications['draft']}/part-b").text
    assert "not scanned for viruses" in page
