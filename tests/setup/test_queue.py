"""The queue of several processes that begin at once on a new database."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask

from grants import jobs
from tests.conftest import PostgresStore


def test_processes_that_begin_at_once_share_the_queue(postgres: Any) -> None:
    """PostgreSQL refuses to make one table twice at a time, IF NOT EXISTS or not."""
    together = Barrier(6)

    def begin(url: str) -> int:
        app = Flask("queue")
        app.config["DATABASE_URL"] = url
        together.wait(30)
        carrier = jobs.queue(app)
        waiting = len(carrier)
        carrier.storage.close()
        return waiting

    for _attempt in range(3):
        with ThreadPoolExecutor(6) as processes:
            assert list(processes.map(begin, [PostgresStore(postgres).url] * 6)) == [0] * 6
