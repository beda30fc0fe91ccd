"""The benchmarks that no drill runs still run: in small, and for what they show, not for how long it takes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("command", "shows"),
    [
        ("board --applications 6 --seconds 0.3 --clients 2", "an expert's list"),
        ("documents --applications 11", "after ten changed"),
    ],
)
def test_it_runs(command: str, shows: str) -> None:
    module, *arguments = command.split()
    surroundings = {name: value for name, value in os.environ.items() if name != "GRANTS_TEST_DATABASES"}
    ended = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert shows in ended.stdout
