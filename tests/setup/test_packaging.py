"""Set-up: pins that name no host, a wheel that carries all it needs, and commands that explain themselves."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
GROUPS = {name: [Requirement(line) for line in lines] for name, lines in PROJECT["dependency-groups"].items()}
PINS = ("requirements.txt", "requirements-test.txt")


def entries(name: str) -> list[str]:
    """The entries of a requirements file, each with its hashes on one line."""
    return (ROOT / name).read_text().replace("\\\n", " ").strip().splitlines()


def pinned(name: str) -> dict[str, str]:
    """Version by canonical name."""
    pairs = (re.match(r"([\w.-]+)(?:\[.*\])?==([^\s;]+)", entry) for entry in entries(name))
    return {canonicalize_name(pair[1]): pair[2] for pair in pairs if pair}


@pytest.mark.parametrize("name", PINS)
def test_each_pin_is_a_version_with_hashes_and_nothing_else(name: str) -> None:
    pin = re.compile(r"[\w.-]+(\[[\w,-]+\])?==[\w.+!-]+( ; [^\\#@]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [entry for entry in entries(name) if not pin.fullmatch(entry.strip())] == []


@pytest.mark.parametrize("name", PINS)
def test_no_pin_names_an_address(name: str) -> None:
    assert (
        re.findall(r"\w+://\S*|--\w*index\S*|--find-links\S*|--trusted\S*", (ROOT / name).read_text()) == []
    )


@pytest.mark.parametrize(
    ("wanted", "name"),
    [(RUNTIME + GROUPS["build"], "requirements.txt"), (GROUPS["test"], "requirements-test.txt")],
    ids=PINS,
)
def test_what_the_project_asks_for_is_pinned_to_a_version_it_accepts(
    wanted: list[Requirement], name: str
) -> None:
    pins = pinned(name)
    unmet = [
        str(need) for need in wanted if pins.get(canonicalize_name(need.name), "0") not in need.specifier
    ]
    assert unmet == []


def test_a_pin_holds_the_extras_with_which_another_package_asks_for_it() -> None:
    # Without them pip looks for the newest release beside the pinned one, and finds it without a hash.
    held = {
        canonicalize_name(need.name): need.extras
        for name in PINS
        for need in (Requirement(entry.partition(" --hash")[0]) for entry in entries(name))
    }
    asked = {
        (by, need.name, extra)
        for by in held
        if (one := distribution(by))
        for need in map(Requirement, one.requires or [])
        if need.marker is None or need.marker.evaluate({"extra": ""})
        for extra in need.extras
    }
    assert asked
    assert [(by, name, e) for by, name, e in asked if e not in held[canonicalize_name(name)]] == []


def test_both_sets_agree_on_what_they_share() -> None:
    runtime, test = (pinned(name) for name in PINS)
    assert {name: test[name] for name in runtime.keys() & test.keys() if test[name] != runtime[name]} == {}


def distribution(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None  # a pin of another system


def imports(folder: str) -> Iterator[str]:
    """Top-level names that the Python files of a folder import, wherever in the file."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


@pytest.mark.parametrize(
    ("folder", "declared"),
    [
        ("grants", RUNTIME),
        ("migrations", RUNTIME),
        ("tests", RUNTIME + GROUPS["test"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_imported_is_declared(folder: str, declared: list[Requirement]) -> None:
    distributions = metadata.packages_distributions()
    known = {canonicalize_name(need.name) for need in declared}
    foreign = set(imports(folder)) - sys.stdlib_module_names - {"grants", "tests", "benchmarks"}
    foreign -= {path.stem for path in (ROOT / folder).rglob("*") if path.suffix == ".py" or path.is_dir()}
    undeclared = {
        name
        for name in foreign
        if not known & {canonicalize_name(found) for found in distributions.get(name, ())}
    }
    assert undeclared == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built as an installer would, but with nothing fetched."""
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = target.glob("*.whl")
    return built


def files(folder: str) -> set[str]:
    """What a folder of the checkout holds, leaving out what Python leaves behind."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_carries_the_package_its_templates_and_its_migrations(wheel: Path) -> None:
    carried = {name for name in ZipFile(wheel).namelist() if name.startswith("grants/")}
    wanted = {f"grants/{name}" for name in files("grants")}
    wanted |= {f"grants/{folder}/{name}" for folder in ("templates", "migrations") for name in files(folder)}
    assert carried == wanted


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody who installed the wheel and works in another folder."""
    target = tmp_path_factory.mktemp("installed")
    ZipFile(wheel).extractall(target)
    theirs = {key: value for key, value in os.environ.items() if not key.startswith("GRANTS_")}
    return theirs | {"PYTHONPATH": str(target), "GRANTS_INSTANCE": str(target / "instance")}


def ask(question: str, environment: dict[str, str]) -> str:
    """What a fresh Python prints, far from the checkout."""
    told = subprocess.run(
        [sys.executable, "-c", question], cwd="/", env=environment, check=True, capture_output=True, text=True
    )
    return told.stdout.strip()


def test_an_installed_wheel_finds_its_templates(installed: dict[str, str]) -> None:
    where, *templates = ask(
        "import grants.app\n"
        "print(grants.__file__)\n"
        "print(*grants.app.create_app().jinja_loader.list_templates(), sep='\\n')",
        installed,
    ).splitlines()
    assert where == f"{installed['PYTHONPATH']}/grants/__init__.py"
    assert set(templates) == files("templates")


def test_an_installed_wheel_builds_its_database(installed: dict[str, str]) -> None:
    told = ask("import sys, grants.cli; sys.argv[1:] = ['migrate']; grants.cli.main()", installed)
    assert told.splitlines()[-1] == "The database is up to date."


@pytest.mark.parametrize(("shell", "script"), [("sh", "run"), ("bash", ".ci/run")])
def test_the_scripts_are_executable_and_read_without_error(shell: str, script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run([shell, "-n", script], cwd=ROOT, check=True)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([ROOT / "run", *arguments], cwd="/", capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    _, _, answered = (ROOT / "run").read_text().partition('case "${1:-}" in')
    commands = set(re.findall(r"^    (\w+)(?: \|[^)\n]*)?\)", answered, re.MULTILINE))
    told = run("help")
    assert told.returncode == 0
    assert set(re.findall(r"^\./run (\w+)", told.stdout, re.MULTILINE)) == commands


def test_an_unknown_command_is_answered_with_the_help() -> None:
    told = run("lunch")
    assert told.returncode == 2
    assert told.stderr == f"There is no command 'lunch'.\n{run('help').stdout}"
