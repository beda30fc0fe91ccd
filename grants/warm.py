"""A process beside ours that has loaded a heavy library once and forks for each job.

What eats time or memory, or breaks a library, takes nobody else's work with it; settings and secrets stay out of the
process, but for what a job brings along.
"""

import atexit
import contextlib
import gc
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

# Limits of one job; the environment of a process may set lower ones.
CPU_SECONDS = int(os.environ.get("GRANTS_LIMIT_CPU", "60"))
WALL_SECONDS = 120
MEMORY = int(os.environ.get("GRANTS_LIMIT_MEMORY", str(2 * 1024**3)))
# What lets the process find its libraries, fonts and temporary files.
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "FONTCONFIG_PATH")


class Failed(RuntimeError):
    """A job was not done; the text says why, in English."""


class Process:
    """The other side of `serve` in the module of this name; started when it is first asked, and again when it died."""

    def __init__(self, module: str, environment: Mapping[str, str] | None = None) -> None:
        self.module, self.environment = module, dict(environment or {})
        self.turn = threading.Lock()
        self.process: subprocess.Popen[str] | None = None
        atexit.register(self.close)

    def ask(self, job: Mapping[str, Any]) -> Any:
        """What the job gives, any JSON. Raises Failed."""
        with self.turn:
            # A job dies in its fork; if the process itself is gone, somebody else ended it, and another serves.
            answer = self._asked(job) or self._asked(job)
        if not answer:
            raise Failed("the process ended unexpectedly")
        told = json.loads(answer)
        if told["problem"]:
            raise Failed(told["problem"])
        return told["value"]

    def _asked(self, job: Mapping[str, Any]) -> str:
        process = self._running()
        assert process.stdin and process.stdout
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer.endswith("\n"):
            self.close()
            return ""
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self.process is not None and self.process.poll() is not None:
            self.close()
        if self.process is None:
            environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
            environment |= {"LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[1])}
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, encoding="utf-8", env=environment | self.environment,
            )  # fmt: skip
        return self.process

    def close(self) -> None:
        """End the process; the next job starts another."""
        if self.process is not None:
            assert self.process.stdin and self.process.stdout
            with contextlib.suppress(BrokenPipeError):
                self.process.stdin.close()  # it ends when nothing more can come
            self.process.wait()
            self.process.stdout.close()
            self.process = None


# --- In the other process --------------------------------------------------------------------------------------------


SOCKETS = ("socket.",)
CONNECTIONS = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethost", "socket.send")
"""For libraries that make a pair of sockets to wake themselves."""
PROGRAMS = ("subprocess.", "os.exec", "os.posix_spawn", "os.system")


def serve(
    work: Callable[[dict[str, Any]], Any],
    *,
    refused: tuple[str, ...],
    cpu: int = CPU_SECONDS,
    memory: int = MEMORY,
) -> None:
    """Answer jobs, one JSON line each, until the input ends.

    Args:
        refused: what the work may not do, as names of audit events begin; to start a program is refused to all.
        cpu, memory: limits of one job, seconds of processor time and bytes.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not look like an answer
    names = PROGRAMS + refused

    def refuse(event: str, _arguments: Any) -> None:
        if event.startswith(names):
            raise PermissionError(f"{event} is not for this process")

    sys.addaudithook(refuse)
    gc.freeze()  # what is there stays as it is, so forks share its memory
    for line in sys.stdin:
        with tempfile.TemporaryDirectory(prefix="grants-") as folder:
            answers.write(json.dumps(_forked(work, json.loads(line), folder, cpu, memory)) + "\n")
        answers.flush()


def _forked(
    work: Callable[[dict[str, Any]], Any], job: dict[str, Any], folder: str, cpu: int, memory: int
) -> dict[str, Any]:
    """Do one job in a fork: its value, or the problem."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with open(writing, "w", encoding="utf-8") as pipe:
            try:
                tempfile.tempdir = folder  # the fork leaves without cleaning up; the folder goes with the job
                _confine(cpu, memory)
                told = {"value": work(job), "problem": ""}
            except BaseException as problem:  # noqa: BLE001  the fork ends here, whatever happened
                told = {"value": None, "problem": f"{type(problem).__name__}: {problem}"[:500]}
            pipe.write(json.dumps(told))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe_of_child:
        answer = pipe_of_child.read().decode(errors="replace")
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended in (-signal.SIGXCPU, -signal.SIGALRM, -signal.SIGKILL):
        return {"value": None, "problem": "it took too much time or memory"}
    if ended or not answer:
        return {"value": None, "problem": f"the process of the job ended with {ended}"}
    found: dict[str, Any] = json.loads(answer)
    return found


def _confine(cpu: int, memory: int) -> None:
    """Limits of one job: processor time, memory, size of a file, and the clock on the wall."""
    for limit, most in (
        (resource.RLIMIT_CPU, cpu), (resource.RLIMIT_AS, memory), (resource.RLIMIT_FSIZE, MEMORY // 8),
    ):  # fmt: skip
        try:
            resource.setrlimit(limit, (most, most))
        except (ValueError, OSError):  # not every system knows every limit; the wall clock holds everywhere
            continue
    signal.alarm(WALL_SECONDS)
