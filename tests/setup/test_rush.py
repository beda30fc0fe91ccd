"""A thousand submissions at once: the load script in its short form, on both databases. No time is asserted."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_thousand_applications_are_submitted_against_two_workers(database: str) -> None:
    """Each is accepted once, nothing answers with an error, and the hash of every receipt is computed again."""
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.submissions", "--count", "1000", "--database", database, "--minutes", "8"],
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "1000 receipts checked, 0 problems" in ended.stdout
    print(ended.stdout)  # noqa: T201 (throughput beside the bare route)
