"""The virus scanner: clamd, asked over its socket with INSTREAM. Nothing leaves the machine that it runs on."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from flask import current_app

from grants.applications.attachments import Unreadable
from grants.words import N_

CHUNK = 1 << 16
TIMEOUT = 10.0


class Unreachable(OSError):
    """The scanner is configured and does not answer as it should."""


def check(content: bytes) -> bool:
    """Whether the file was scanned and found clean; False where no scanner is configured.

    Raises:
        Unreadable: the scanner found something, or cannot be asked: a file that could not be scanned is not kept.
    """
    address = current_app.config["CLAMAV"]
    if not address:
        return False
    try:
        answer = ask(address, content)
    except OSError:
        current_app.logger.exception("the virus scanner at %s does not answer", address)
        raise Unreadable(
            N_("The file could not be checked for viruses just now. Try again in some minutes.")
        ) from None
    if answer.endswith(" FOUND"):
        current_app.logger.warning("the virus scanner refused a file: %s", answer)
        raise Unreadable(
            N_("The virus scanner refused the file. Export your document as PDF again on another computer.")
        )
    if answer != "stream: OK":
        current_app.logger.error("the virus scanner answered %s", answer)
        raise Unreadable(N_("The file could not be checked for viruses just now. Try again in some minutes."))
    return True


def ask(address: str, content: bytes) -> str:
    """What clamd says to these bytes: 'stream: OK', 'stream: <name> FOUND', or an error of its own.

    Raises OSError where nobody answers.
    """
    with _connected(address) as line:
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK):
            part = content[start : start + CHUNK]
            line.sendall(struct.pack("!I", len(part)) + part)
        line.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and (more := line.recv(1024)):
            answer += more
    if not answer:
        raise Unreachable("no answer")
    return answer.rstrip(b"\0").decode("utf-8", "replace").strip()


@contextmanager
def _connected(address: str) -> Iterator[socket.socket]:
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        with socket.create_connection((host, int(port)), timeout=TIMEOUT) as line:
            yield line
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(TIMEOUT)
        line.connect(address)
        yield line
