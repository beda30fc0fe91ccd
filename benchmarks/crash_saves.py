"""The server is killed in the middle of saving, again and again: nothing that was acknowledged may be missing.

    python -m benchmarks.crash_saves [--kills 50] [--database sqlite|postgresql]

Each client writes texts into the summary of its own application, one after the other, in turn by the plain button and
as the page saves itself while somebody types. At a random moment the server and its workers get SIGKILL. After that
each application must hold the last text that was acknowledged to its client, or the one whose answer was still awaited.
A save that is refused fails the drill too.
"""

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

from benchmarks.pages import ROOT, Server, free_port, wait_for
from benchmarks.submissions import build, database

CLIENTS = 4


@dataclass
class Writer:
    """One client: what was acknowledged last, and what is on its way."""

    public_id: str
    cookie: str
    acknowledged: str = ""
    sent: str = ""
    saves: int = 0
    refused: str = ""

    def write(self, port: int, stop: threading.Event) -> None:
        """Save text after text until the server is gone or the event is set."""
        path = f"/applications/{self.public_id}/summary"
        try:
            server = Server(port, self.cookie)
            while not stop.is_set():
                fields = dict(_fields(server.ask("GET", path).text))
                self.sent = f"Text number {self.saves + 1}. " + "It must not be lost. " * 20
                by_itself = bool(self.saves % 2)
                accept = "application/json" if by_itself else "text/html"
                answer = server.ask("POST", path, urlencode(fields | {"abstract": self.sent}), accept)
                saved = (
                    json.loads(answer.text)["state"] == "saved"
                    if by_itself and answer.status == 200
                    else False
                )
                if not (saved or (answer.status == 303 and not by_itself)):
                    self.refused = (
                        f"{self.public_id}: a save was answered with {answer.status} {answer.text[:80]!r}"
                    )
                    return
                self.acknowledged, self.saves = self.sent, self.saves + 1
        except (OSError, ValueError):
            return  # killed: whether the last text was kept is not known


def _fields(page: str) -> list[tuple[str, str]]:
    """What the form of the page would send if nothing were changed."""
    main = page.partition("<main")[2]
    found = [
        (name, unescape(value))
        for name, value in re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', main)
    ]
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\r?\n?([^<]*)</textarea>', main)
    return found + [(name, unescape(text)) for name, text in areas]


def kept(ids: list[str]) -> dict[str, str]:
    """The texts that the database holds, by public id, read in a process of its own as after a restart."""
    code = (
        "import json; from grants.app import create_app; from grants.db import db\n"
        "from grants.applications.models import Application as A; from sqlalchemy import select\n"
        "with create_app().app_context():\n"
        "    print(json.dumps(dict(db.session.execute(select(A.public_id, A.abstract)).all())))"
    )
    found = json.loads(
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True).stdout
    )
    return {public_id: found[public_id] for public_id in ids}


def drill(kills: int, kind: str = "sqlite", seed: int = 1) -> tuple[int, int, list[str]]:
    """Kill the server so many times: acknowledged saves, saves on their way when it died, and what was lost."""
    draw = random.Random(seed)  # noqa: S311
    lost: list[str] = []
    in_flight = 0
    with tempfile.TemporaryDirectory(prefix="grants-crash-") as folder, database(kind, folder) as url:
        os.environ["GRANTS_INSTANCE"], os.environ["GRANTS_DATABASE_URL"] = folder, url
        ids, cookies = build(CLIENTS, CLIENTS)
        writers = [Writer(public_id, cookie) for public_id, cookie in zip(ids, cookies, strict=True)]
        for round_ in range(kills):
            port = free_port()
            server = subprocess.Popen(
                [sys.executable, "-m", "grants", "run", "--port", str(port), "--no-worker"], cwd=ROOT,
                start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            stop = threading.Event()
            try:
                wait_for(port)
                threads = [threading.Thread(target=one.write, args=(port, stop)) for one in writers]
                before = sum(one.saves for one in writers)
                for thread in threads:
                    thread.start()
                while sum(one.saves for one in writers) < before + 2 and any(t.is_alive() for t in threads):
                    time.sleep(0.01)
                time.sleep(draw.uniform(0, 0.5))
            finally:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
                stop.set()
            for thread in threads:
                thread.join()
            lost += [one.refused for one in writers if one.refused]
            texts = kept(ids)
            for one in writers:
                text = texts[one.public_id]
                in_flight += one.sent != one.acknowledged
                if one.acknowledged and text not in (one.acknowledged, one.sent):
                    lost.append(
                        f"kill {round_ + 1}, {one.public_id}: {one.acknowledged[:20]!r} became {text[:20]!r}"
                    )
    return sum(one.saves for one in writers), in_flight, lost


def main() -> int:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    chosen = options.parse_args()
    saves, in_flight, lost = drill(chosen.kills, chosen.database)
    print(f"{chosen.kills} kills, {saves} saves acknowledged, {in_flight} on their way, {len(lost)} lost")
    print(*lost, sep="\n")
    return 1 if lost or not saves else 0


if __name__ == "__main__":
    sys.exit(main())
