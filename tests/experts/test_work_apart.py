"""What runs in a process of its own gives what it finds, ends when nobody listens, and says how it broke."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grants.experts import apart


def _counting(upto: int) -> Iterator[int]:
    yield from range(upto)


def _telling_its_number() -> Iterator[int]:
    while True:
        yield os.getpid()
        time.sleep(0.05)


def _breaking() -> Iterator[int]:
    yield 1
    raise ValueError("no such expert")


def _killed() -> Iterator[int]:
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


def _lives(process: int) -> bool:
    return Path(f"/proc/{process}").exists() if Path("/proc").exists() else _answers(process)


def _answers(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_all_that_is_found_arrives_in_order() -> None:
    assert [one for one in apart.each(_counting, 3) if one is not None] == [0, 1, 2]


def test_the_process_ends_when_nobody_listens_any_more() -> None:
    found = apart.each(_telling_its_number)
    process = next(one for one in found if one is not None)
    assert process != os.getpid() and _lives(process)
    found.close()  # type: ignore[attr-defined]
    assert not _lives(process)


@pytest.mark.parametrize(("work", "said"), [
    (_breaking, "ValueError: no such expert"), (_killed, "the process ended with -9"),
])  # fmt: skip
def test_what_broke_is_said(work: object, said: str) -> None:
    with pytest.raises(apart.Ended, match=said):
        list(apart.each(work))  # type: ignore[arg-type]
