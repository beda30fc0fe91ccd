"""A bulk export is killed (SIGKILL) midway: nothing lost, repeated, leaked. At length: `benchmarks.crash_export`."""

from pathlib import Path

import pytest

from benchmarks.crash_export import Drill, build


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    instance = tmp_path_factory.mktemp("crash") / "first"
    build(instance, 2)
    return instance


@pytest.mark.parametrize(
    ("what", "by_command", "victim"),
    [
        ("letters", True, "itself"),
        ("reports", False, "itself"),
        ("dossiers", True, "page"),
        ("reports", False, "renderer"),
    ],
)
def test_killed_on_the_way_and_done_again(
    first: Path, tmp_path: Path, what: str, by_command: bool, victim: str
) -> None:
    drill = Drill(what, by_command, first, tmp_path / "place")
    assert drill.at(drill.steps * 2 // 3 if victim == "itself" else 1, victim) == (0, 0, 0)
