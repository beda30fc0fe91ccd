"""HTML to PDF in a process of its own that opens no connection and reads only the files it is handed.

`pdf()` is for everybody else. What follows it runs in the other process: a warm server that has loaded the renderer
once and forks for each document, so that a document which eats time or memory takes nobody else's with it
(trust: PDF bombs, forged requests).
"""

import atexit
import contextlib
import hashlib
import json
import mimetypes
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CPU_SECONDS = 60
WALL_SECONDS = 120
MEMORY = 2 * 1024**3
# Settings and secrets stay out of the other process; these let it find its libraries, fonts and temporary files.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "FONTCONFIG_PATH")

_turn = threading.Lock()
_server: subprocess.Popen[str] | None = None


class RenderFailed(RuntimeError):
    """The document could not be made; the text says why, in English, for the log and the document's row."""


def pdf(html: str, files: Mapping[str, Path]) -> bytes:
    """A tagged PDF (PDF/UA-1) of the page; the same page gives the same bytes.

    Args:
        files: the only addresses that the page can reach, such as `bundled:style.css`, and what lies there.

    Raises:
        RenderFailed: the renderer refused the page, or it took too much time or memory.
    """
    with _turn, tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "document.pdf"
        server = _warm()
        assert server.stdin and server.stdout
        job = {"html": html, "files": {url: str(path) for url, path in files.items()}, "target": str(target)}
        try:
            server.stdin.write(json.dumps(job) + "\n")
            server.stdin.flush()
            answer = server.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            close()
            raise RenderFailed("the renderer ended unexpectedly")
        if problem := json.loads(answer):
            raise RenderFailed(problem)
        return target.read_bytes()


def _warm() -> subprocess.Popen[str]:
    global _server
    if _server is not None and _server.poll() is not None:
        close()
    if _server is None:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        # Fonts and identifiers carry no date of today, so that the same page gives the same bytes.
        environment |= {
            "SOURCE_DATE_EPOCH": "0",
            "LC_ALL": "C.UTF-8",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        }
        _server = subprocess.Popen(
            [sys.executable, "-m", "grants.documents.render"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env=environment,
        )  # fmt: skip
    return _server


@atexit.register
def close() -> None:
    """End the warm server; the next document starts another."""
    global _server
    if _server is not None:
        assert _server.stdin and _server.stdout
        with contextlib.suppress(BrokenPipeError):
            _server.stdin.close()  # the server ends when nothing more can come
        _server.wait()
        _server.stdout.close()
        _server = None


# --- In the other process --------------------------------------------------------------------------------------------


def fetcher(files: Mapping[str, str]) -> Any:
    """Reads the given addresses and refuses every other, whatever its scheme."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Bundled(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:
            if url not in files:
                raise PermissionError("refused")
            kind = mimetypes.guess_type(files[url])[0] or "application/octet-stream"
            return URLFetcherResponse(url, Path(files[url]).read_bytes(), {"Content-Type": kind})

    return Bundled()


def render(html: str, files: Mapping[str, str]) -> bytes:
    """The PDF, made here and now; `pdf()` is the way to call it from a server."""
    from weasyprint import HTML

    page = HTML(string=html, url_fetcher=fetcher(files), base_url="bundled:")
    identifier = hashlib.sha256(html.encode()).digest()[:16]
    content = page.write_pdf(pdf_variant="pdf/ua-1", pdf_identifier=identifier)
    assert isinstance(content, bytes)
    return content


def _confine() -> None:
    """Limits of one document: processor time, memory, size of the file, and the clock on the wall."""
    for limit, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, MEMORY // 8),
    ):  # fmt: skip
        try:
            resource.setrlimit(limit, (most, most))
        except (ValueError, OSError):  # not every system knows every limit; the wall clock holds everywhere
            continue
    signal.alarm(WALL_SECONDS)


def _refuse_connections(event: str, _arguments: Any) -> None:
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system")):
        raise PermissionError(f"{event} is not for the renderer")


def _one(job: dict[str, Any]) -> str:
    """Render one job in a fork; what went wrong, or nothing."""
    with tempfile.TemporaryDirectory(prefix="grants-") as folder:
        return _forked(job, folder)


def _forked(job: dict[str, Any], folder: str) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            tempfile.tempdir = folder  # the fork leaves without cleaning up; the folder goes with the job
            _confine()
            Path(job["target"]).write_bytes(render(job["html"], job["files"]))
        except BaseException as problem:  # noqa: BLE001  the fork ends here, whatever happened
            os.write(writing, f"{type(problem).__name__}: {problem}"[:500].encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        told = pipe.read().decode(errors="replace")
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended in (-signal.SIGXCPU, -signal.SIGALRM, -signal.SIGKILL):
        return "the document took too much time or memory"
    return told or (f"the renderer ended with {ended}" if ended else "")


def serve() -> None:
    """Answer jobs, one JSON line each, until the input ends."""
    import weasyprint  # noqa: F401  loaded once, for all forks

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    sys.addaudithook(_refuse_connections)
    for line in sys.stdin:
        answers.write(json.dumps(_one(json.loads(line))) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve()
