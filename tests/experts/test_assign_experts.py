"""The best assignment: by hand, against every possible one, on public instances, and as a command."""

import csv
import json
from decimal import Decimal
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grants.cli import main
from grants.cli.assignment import ORDINARY
from grants.experts.assignment import Assignment, Infeasible, Pair, Problem, assign
from grants.experts.composition import DEFAULTS
from grants.imports import composition
from grants.imports.affinities import read
from grants.imports.source import Unusable

Rows = dict[str, dict[str, float]]


def problem(rows: Rows, demand: int = 1, load: int = 1, conflicts: tuple[Pair, ...] = ()) -> Problem:
    experts = tuple(dict.fromkeys(expert for row in rows.values() for expert in row))
    affinities = {(a, e): Decimal(str(value)) for a, row in rows.items() for e, value in row.items()}
    return Problem(tuple(rows), experts, affinities, frozenset(conflicts), demand, load)


def keeps_the_rules(found: Assignment) -> bool:
    asked = found.problem
    per_application = [sum(a == name for a, _ in found.pairs) for name in asked.applications]
    per_expert = [sum(e == name for _, e in found.pairs) for name in asked.experts]
    return (
        set(per_application) == {asked.demand} and max(per_expert) <= asked.load
        and not set(found.pairs) & asked.conflicts and len(set(found.pairs)) == len(found.pairs)
    )  # fmt: skip


def test_what_fairness_costs_by_hand() -> None:
    """The largest sum gives b nothing it wants; being fair to b costs 1 of 10."""
    asked = problem({"a": {"x": 10, "y": 6}, "b": {"x": 3, "y": 0}})
    total, fair = assign(asked, "total"), assign(asked, "fair")
    assert (total.total, total.pairs, total.bound) == (10, (("a", "x"), ("b", "y")), 10)
    assert (fair.total, fair.pairs, fair.bound, fair.worst_bound) == (9, (("a", "y"), ("b", "x")), 9, 3)
    assert (keeps_the_rules(total), keeps_the_rules(fair)) == (True, True)


def test_tenths_are_not_rounded() -> None:
    """0.1 + 0.2 against 0.3 of doubles; here both are three tenths, and a billionth more decides."""
    asked = problem({"a": {"x": 0.1, "y": 0.3}, "b": {"x": 0.000000001, "y": 0.2}})
    assert assign(asked, "total").total == pytest.approx(0.300000001, abs=1e-12)


def every_assignment(asked: Problem) -> list[frozenset[Pair]]:
    groups = [
        [frozenset((a, e) for e in group) for group in combinations(asked.experts, asked.demand)
         if not any((a, e) in asked.conflicts for e in group)]
        for a in asked.applications
    ]  # fmt: skip
    found = []
    for chosen in product(*groups):
        pairs = frozenset[Pair]().union(*chosen)
        if all(sum(e == expert for _, e in pairs) <= asked.load for expert in asked.experts):
            found.append(pairs)
    return found


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    applications, experts = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    rows = {
        f"a{a}": {f"e{e}": draw(st.sampled_from((0, 0, 0.25, 0.5, 1))) for e in range(experts)}
        for a in range(applications)
    }
    pairs = [(a, e) for a, row in rows.items() for e in row]
    conflicts = tuple(draw(st.lists(st.sampled_from(pairs), max_size=3)))
    return problem(rows, draw(st.integers(1, 2)), draw(st.integers(1, 3)), conflicts)


@given(problems())
@settings(max_examples=60, deadline=None)
def test_no_other_assignment_is_better(asked: Problem) -> None:
    possible = every_assignment(asked)
    if not possible:
        with pytest.raises(Infeasible):
            assign(asked)
        return

    def sums(pairs: frozenset[Pair]) -> list[Decimal]:
        return [
            sum((asked.affinities[p] for p in pairs if p[0] == a), Decimal(0)) for a in asked.applications
        ]

    total, fair = assign(asked, "total"), assign(asked, "fair")
    assert (keeps_the_rules(total), keeps_the_rules(fair)) == (True, True)
    assert total.total == total.bound == max(sum(sums(pairs)) for pairs in possible)
    assert (fair.figures()["min"], fair.total) == max((min(sums(p)), sum(sums(p))) for p in possible)
    assert (fair.bound, fair.worst_bound) == (fair.total, fair.figures()["min"]) or not fair.figures()["gap"]


@given(problems())
@settings(max_examples=20, deadline=None)
def test_the_same_question_has_the_same_answer(asked: Problem) -> None:
    assume(every_assignment(asked))
    assert assign(asked).pairs == assign(asked).pairs


@pytest.mark.parametrize("instance", ["preflib1", "preflib2", "preflib3"])
def test_the_largest_sums_of_real_conferences_are_reached(shared: Path, instance: str) -> None:
    reference = json.loads((shared / "assignment/reference_values.json").read_text())[instance]
    asked = {name: known for name, known in reference.items() if name.startswith("papload")}
    assert asked
    for name, known in asked.items():
        demand, load = (int(part) for part in name.removeprefix("papload").split("_revload"))
        for objective in ("total", "fair"):
            found = assign(
                read(shared / f"assignment/{instance}.npz", None, demand=demand, load=load), objective
            )
            figures = found.figures()
            assert (figures["objective"], figures["bound"], figures["gap"]) == (known["obj"], known["obj"], 0)
            assert figures["min"] == figures["worst_bound"] == known["maxmin_lp_upper_bound"]
            assert figures["mean"] == pytest.approx(known["mean_ps"], abs=0.0001)
            assert keeps_the_rules(found)


def run(folder: Path, content: str, *options: str, conflicts: str | None = None) -> tuple[int, str]:
    source = folder / "affinities.csv"
    source.write_text(content)
    more = list(options)
    if conflicts is not None:
        (folder / "conflicts.csv").write_text(conflicts)
        more += ["--conflicts", str(folder / "conflicts.csv")]
    ended = CliRunner().invoke(main, ["assign", str(source), *more])
    return ended.exit_code, ended.output


WISHES = "application,expert,affinity\na,x,10\na,y,6\nb,x,3\n"


def test_the_command_writes_pairs_and_figures(tmp_path: Path) -> None:
    out, figures = tmp_path / "out.csv", tmp_path / "figures.json"
    options = ("--demand", "1", "--load", "1", "--out", str(out), "--json", str(figures))
    code, output = run(tmp_path, WISHES, *options)
    assert (code, "Sum 9, proven to be the largest" in output) == (0, True)
    with out.open() as file:
        assert list(csv.reader(file)) == [
            ["application", "expert", "affinity"],
            ["a", "y", "6"],
            ["b", "x", "3"],
        ]
    told = json.loads(figures.read_text())
    assert {key: told[key] for key in ("objective", "min", "mean", "std", "bound", "gap")} == {
        "objective": 9, "min": 3, "mean": 4.5, "std": 1.5, "bound": 9, "gap": 0,
    }  # fmt: skip
    assert told["seconds"] > 0


def test_a_pair_that_is_absent_is_allowed_and_a_conflict_is_not(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    options = ("--demand", "1", "--load", "1", "--out", str(out))
    assert run(tmp_path, WISHES, *options, "--objective", "total")[0] == 0
    assert out.read_text().splitlines()[1:] == ["a,x,10", "b,y,0"]
    code, _ = run(tmp_path, WISHES, *options, "--objective", "total", conflicts="application,expert\nb,y\n")
    assert (code, out.read_text().splitlines()[1:]) == (0, ["a,y,6", "b,x,3"])


FITS = "application,expert,affinity\nA,x,0.9\nA,y,0.8\nA,z,0.1\nB,x,0.5\nB,y,0.4\nB,z,0.3\n"
EXPERTS = "expert,country,gender,load\nx,de,woman,2\ny,DE,man,2\nz,FR,man,1\n"


def _composed(
    folder: Path, experts: str, *options: str, applications: str = ""
) -> tuple[int, str, dict[str, Any]]:
    """Exit code, output and figures of composing FITS."""
    (folder / "experts.csv").write_text(experts)
    more = [*options, "--experts", str(folder / "experts.csv"), "--json", str(folder / "figures.json")]
    if applications:
        (folder / "applications.csv").write_text(applications)
        more += ["--applications", str(folder / "applications.csv")]
    code, output = run(folder, FITS, "--demand", "2", "--out", str(folder / "out.csv"), *more)
    told = folder / "figures.json"
    return code, output, json.loads(told.read_text()) if told.exists() else {}


def test_groups_are_composed_from_files(tmp_path: Path) -> None:
    """Both need somebody from France; z is the only one and takes one, so a place stays empty and says why."""
    code, output, told = _composed(tmp_path, EXPERTS, "--rules", "countries=hard,genders=150")
    assert (code, told["kind"], told["rules"]) == (3, "composed fair", {"countries": 0, "genders": 150})
    assert [(one["name"], one["value"], one["gap"]) for one in told["levels"][:3]] == [
        ("unmet", 1, 0), ("worst", 1, 0), ("total", 1.35, 0),
    ]  # fmt: skip
    assert told["empty"] == {"B": {"missing": 1, "relax": ["countries", "load"]}}
    assert "Application B lacks 1: relax countries, load." in output
    assert (tmp_path / "out.csv").read_text().splitlines()[1:] == ["A,x,0.9", "A,z,0.1", "B,x,0.5"]


def test_a_rule_with_a_price_is_broken_where_it_pays(tmp_path: Path) -> None:
    cheap = _composed(tmp_path, EXPERTS, "--rules", "countries=50", "--objective", "total")[2]
    assert (cheap["objective"], cheap["missed"], cheap["empty"]) == (2.5, {"countries": 2}, {})
    dear = _composed(tmp_path, EXPERTS, "--rules", "countries=400", "--objective", "total")[2]
    assert (dear["objective"], dear["affinity"], dear["missed"]) == (2.1, 2.5, {"countries": 1})


def test_each_application_may_need_another_number(tmp_path: Path) -> None:
    code, _, told = _composed(
        tmp_path, EXPERTS, "--rules", "countries=hard", applications="application,demand\nA,1\n"
    )
    assert (code, told["empty"], told["levels"][0]["value"]) == (0, {}, 0)
    assert (tmp_path / "out.csv").read_text().count("A,") == 1


LIKE = (
    "application,expert,affinity\nA,x,0.9\nA,y,0.5\nA,z,0.6\nA,w,0.1\n"
    "B,x,0.4\nB,y,0.9\nB,z,0.5\nB,w,0.3\nC,x,0.2\nC,y,0.3\nC,z,0.9\nC,w,0.2\n"
)


def test_groups_are_repaired_with_the_fewest_changes(tmp_path: Path) -> None:
    """Somebody wrote down who evaluates what; y has declined B. Anew, three move; repaired, one."""
    now, declined, out = tmp_path / "now.csv", tmp_path / "declined.csv", tmp_path / "out.csv"
    now.write_text("application,expert,affinity\nA,z,0.6\nB,y,0.9\nC,x,0.2\n")
    declined.write_text("application,expert\nB,y\n")
    options = ("--demand", "1", "--load", "1", "--out", str(out), "--forbidden", str(declined))
    assert run(tmp_path, LIKE, *options)[0] == 0
    anew = out.read_text().splitlines()[1:]
    assert anew == ["A,y,0.5", "B,x,0.4", "C,z,0.9"]

    code, output = run(tmp_path, LIKE, *options, "--current", str(now))

    assert (code, out.read_text().splitlines()[1:]) == (0, ["A,z,0.6", "B,w,0.3", "C,x,0.2"])
    assert "Pairs kept: 2, proven." in output


def test_what_is_fixed_stands_and_what_is_forbidden_does_not_come_about(tmp_path: Path) -> None:
    fixed, forbidden, out = tmp_path / "fixed.csv", tmp_path / "forbidden.csv", tmp_path / "out.csv"
    fixed.write_text("application,expert\nA,w\n")
    forbidden.write_text("application,expert\nC,z\n")
    options = ("--demand", "1", "--load", "1", "--out", str(out), "--fixed", str(fixed))
    assert run(tmp_path, LIKE, *options, "--forbidden", str(forbidden))[0] == 0
    pairs = {line.rpartition(",")[0] for line in out.read_text().splitlines()[1:]}
    assert "A,w" in pairs and "C,z" not in pairs

    code, output = run(tmp_path, LIKE, *options, "--forbidden", str(fixed))
    assert (code, "application A, expert w: the pair has a conflict or is forbidden." in output) == (2, True)
    forbidden.write_text("application,expert\nA,nobody\n")
    code, output = run(tmp_path, LIKE, *options, "--forbidden", str(forbidden))
    assert (code, "Line 2, expert: 'nobody' stands in no other file." in output) == (2, True)


@pytest.mark.parametrize(("experts", "applications", "rules", "sentence"), [
    ("expert,gender\nx,lady\n", "", "", "Line 2, gender: 'lady' is none of woman, man, non_binary, undisclosed."),
    ("expert,load\nx,-1\n", "", "", "Line 2, load: '-1' is no whole number from 0 to 9999."),
    ("expert,newcomer\nx,1\n", "", "", "Line 2, newcomer: '1' is none of yes, no."),
    ("expert\nx\nx\n", "", "", "Line 3, expert: x stands in the file already."),
    ("country\nDE\n", "", "", "missing: expert"),
    (EXPERTS, "application,demand\nA,0\n", "", "Line 2, demand: '0' is no whole number from 1 to 9999."),
    (EXPERTS, "", "colours=hard", "'colours' is no rule; there are countries, abroad,"),
    (EXPERTS, "", "genders=0", "genders is 'hard', or a price from 1 to 9999"),
    (EXPERTS, "", "genders=1,genders=2", "'genders' stands there twice."),
])  # fmt: skip
def test_what_cannot_be_composed_is_said(
    tmp_path: Path, experts: str, applications: str, rules: str, sentence: str
) -> None:
    code, output, told = _composed(
        tmp_path, experts, *(["--rules", rules] if rules else []), applications=applications
    )
    assert (code, sentence in output, told) == (2, True, {}), output


def test_affinities_above_one_have_no_price(tmp_path: Path) -> None:
    code, output = run(tmp_path, WISHES, "--rules", "genders=150")
    assert (code, "The affinity of a and x is 10: with rules, affinities are from 0 to 1." in output) == (
        2,
        True,
    )


def test_the_rules_that_help_names_are_those_that_count() -> None:
    assert composition.rules(ORDINARY) == DEFAULTS


@pytest.mark.parametrize(
    ("content", "options", "conflicts", "sentence"),
    [
        (WISHES, ("--demand", "3"), None, "Application a needs 3 experts, and only 2 have no conflict"),
        (WISHES, ("--demand", "2", "--load", "1"), None, "raise the load to 2"),
        (WISHES, ("--demand", "1", "--load", "1"), "application,expert\na,x\nb,x\n", "lacks 1 of 1 experts"),
        (WISHES, (), "application,expert\nc,x\n", "Line 2, application: 'c' has no affinities."),
        ("application,expert,affinity\na,x,much\n", (), None, "Line 2, affinity: 'much' is not a number."),
        ("application,expert,affinity\na,x,-1\n", (), None, "Line 2, affinity: it is below zero."),
        ("application,expert,affinity\na,,1\n", (), None, "Line 2, expert: it is empty."),
        (
            "application,expert,affinity\na,x,1\na,x,2\n",
            (),
            None,
            "Line 3, application: a, x stands in the file",
        ),
        ("application,expert\na,x\n", (), None, "missing: affinity"),
        ("application,expert,affinity\n", (), None, "The file has no affinities."),
    ],
)
def test_what_cannot_be_assigned_is_said(
    tmp_path: Path, content: str, options: tuple[str, ...], conflicts: str | None, sentence: str
) -> None:
    code, output = run(tmp_path, content, *options, conflicts=conflicts)
    assert (code, sentence in output) == (2, True), output


@pytest.mark.parametrize("barred", [2, 0.9, -1, float("nan")])
def test_a_conflict_that_is_written_in_another_way_does_not_pass_for_none(tmp_path, barred):
    file = tmp_path / "other.npz"
    fits, mask = np.array([[0.9, 0.9], [0.1, 0.1]]), np.array([[barred, barred], [0, 0]])
    np.savez(file, similarity_matrix=fits, mask_matrix=mask)
    with pytest.raises(Unusable, match="Row 0, column 0 of mask_matrix"):
        read(file, None, demand=1, load=2)


@pytest.mark.parametrize("affinity", ["1e999999999", "1000001", "9" * 5000])
def test_an_affinity_beyond_all_measure_names_its_line(tmp_path, affinity):
    file = tmp_path / "large.csv"
    file.write_text(f"application,expert,affinity\na,b,{affinity}\n", encoding="utf-8")
    with pytest.raises(Unusable, match="Line 2, affinity"):
        read(file, None, demand=1, load=1)
