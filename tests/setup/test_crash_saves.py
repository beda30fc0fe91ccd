"""What was acknowledged survives the sudden death of the server."""

import os
import re
import subprocess
import sys
from pathlib import Path


def test_five_kills_in_mid_save_lose_nothing() -> None:
    """The short form of the drill in benchmarks/, which kills fifty times."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "benchmarks.crash_saves", "--kills", "5"]
    surroundings = {name: value for name, value in os.environ.items() if name != "GRANTS_TEST_DATABASES"}
    done = subprocess.run(command, cwd=root, env=surroundings, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    figures = re.search(r"5 kills, (\d+) saves acknowledged, \d+ on their way, 0 lost", done.stdout)
    assert figures
    assert int(figures[1]) >= 5
