"""A generator that runs in a process of its own, which ends at once when nobody listens any more.

What is computed for minutes in a library cannot be interrupted from within; a process can.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any

NICE = 5
"""Pages come first: by so much the process steps back."""


class Ended(RuntimeError):
    """The process ended before its work did; the text says why, in English."""


def each(
    work: Callable[..., Iterable[Any]], *arguments: Any, pause: float = 1.0, **named: Any
) -> Iterator[Any]:
    """What `work` gives, and None whenever it gave nothing for `pause` seconds. Raises Ended.

    Args:
        work: a function of a module, which may come and go through pickle as its arguments and what it gives.
    """
    context = multiprocessing.get_context("spawn")  # a fork would share connections and locks
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_give, args=(theirs, work, arguments, named), daemon=True)
    process.start()
    theirs.close()
    try:
        while True:
            if not ours.poll(pause):
                yield None
                continue
            try:
                kind, value = ours.recv()
            except EOFError:
                process.join()
                raise Ended(f"the process ended with {process.exitcode}") from None
            if kind == "end":
                return
            if kind == "problem":
                raise Ended(value)
            yield value
    finally:
        process.kill()
        process.join()
        ours.close()


def _give(pipe: Connection, work: Callable[..., Iterable[Any]], arguments: Any, named: Any) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(NICE)
    try:
        for value in work(*arguments, **named):
            pipe.send(("value", value))
        pipe.send(("end", None))
    except Exception as problem:  # noqa: BLE001  the process ends here, whatever happened
        pipe.send(("problem", f"{type(problem).__name__}: {problem}"[:500]))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)
