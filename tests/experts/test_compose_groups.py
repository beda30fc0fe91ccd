"""Groups for a whole call: what counts first, what a rule costs, why a place stays empty, who steps in."""

from dataclasses import replace
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.experts.composition import HARD, REPAIR, Person, Task, Wanted
from grants.experts.groups import compose
from grants.experts.levels import Level

EVERY = {"countries", "abroad", "institutions", "genders", "newcomers", "sectors", "languages"}


def _task(
    applications: str, experts: str, fit: dict[str, int], demand: int = 1, load: int = 1, **facts: Any
) -> Task:
    """Names of one letter; fits by two letters."""
    facts.setdefault("prices", {})
    return Task(
        tuple(Wanted(name, demand) for name in applications), tuple(Person(name, load) for name in experts),
        {(pair[0], pair[1]): value for pair, value in fit.items()}, **facts,
    )  # fmt: skip


def test_the_worst_served_application_counts_before_the_sum() -> None:
    task = _task("AB", "xy", {"Ax": 1000, "Ay": 500, "Bx": 450, "By": 0})
    fair = compose(task)
    assert fair.pairs == {("A", "y"), ("B", "x")}
    assert fair.levels[:3] == (Level("unmet", 0, 0), Level("worst", 450, 450), Level("total", 950, 950))
    assert compose(task, ("unmet", "total")).pairs == {("A", "x"), ("B", "y")}


def test_a_place_that_stays_empty_counts_before_everything() -> None:
    task = _task("AB", "xy", {"Ax": 900, "Ay": 100}, barred=frozenset({("B", "y")}))
    assert compose(task).pairs == {("A", "y"), ("B", "x")}


def test_the_load_is_spread_where_words_do_not_decide() -> None:
    task = _task("ABCD", "xy", dict.fromkeys(("Ax", "Ay", "Bx", "By", "Cx", "Cy", "Dx", "Dy"), 300), load=4)
    assert compose(task).loads == {"x": 2, "y": 2}


PEOPLE = (
    Person("Ada", 3, "DE", "Uni A", "woman", "academia", False, frozenset({"en"})),
    Person("Bob", 3, "DE", "Uni B", "man", "academia", False, frozenset({"en", "fr"})),
    Person("Cem", 3, "FR", "Uni B", "man", "industry", True, frozenset({"en"})),
    Person("Dot", 3, "IT", "Lab D", "woman", "industry", True, frozenset({"it"})),
)


@pytest.mark.parametrize(("group", "missed"), [
    (("Ada", "Bob"), {"countries": 1, "abroad": 2, "newcomers": 1, "sectors": 1}),
    (("Ada", "Cem"), {"abroad": 1}),
    (("Bob", "Cem"), {"abroad": 1, "institutions": 1, "genders": 1}),
    (("Ada", "Dot"), {"abroad": 1, "genders": 1, "languages": 1}),
    (("Bob", "Dot"), {"abroad": 1, "languages": 1}),
])  # fmt: skip
def test_what_each_rule_asks_of_a_group(group: tuple[str, ...], missed: dict[str, int]) -> None:
    wanted = Wanted("A", 2, frozenset({"DE"}), "en")
    task = Task((wanted,), PEOPLE, {}, prices=dict.fromkeys(EVERY, HARD))
    assert task.missed(wanted, group) == missed


def test_a_rule_is_broken_where_it_costs_less_than_it_brings() -> None:
    wanted = Wanted("A", 2)
    task = Task((wanted,), PEOPLE, {("A", "Ada"): 900, ("A", "Bob"): 800, ("A", "Cem"): 600})
    for price, group in ((100, ("Ada", "Bob")), (300, ("Ada", "Cem")), (HARD, ("Ada", "Cem"))):
        found = compose(replace(task, prices={"countries": price}), ("unmet", "total"))
        assert found.groups["A"] == group
    assert compose(replace(task, prices={"countries": 100}), ("unmet", "total")).levels[1].value == 1600


def test_an_empty_place_says_which_rules_would_fill_it() -> None:
    wanted = Wanted("A", 2)
    alone = Task(
        (wanted,), (PEOPLE[0], replace(PEOPLE[1], institution="Uni A")), {}, prices={"countries": HARD}
    )
    found = compose(alone)
    assert (found.missing(wanted), found.reliefs(wanted)) == (1, ("countries",))
    both = compose(replace(alone, prices={"countries": HARD, "institutions": HARD, "newcomers": HARD}))
    assert both.reliefs(wanted) == ("countries", "institutions", "newcomers")
    busy = compose(replace(alone, experts=tuple(replace(one, load=0) for one in alone.experts), prices={}))
    assert busy.reliefs(wanted) == ("load",)
    barred = compose(replace(alone, barred=frozenset({("A", "Ada")}), prices={}))
    assert barred.reliefs(wanted) == ("conflicts",)
    nobody = compose(Task((Wanted("A", 3),), PEOPLE[:2], {}, prices={}))
    assert nobody.reliefs(Wanted("A", 3)) == ()


def test_who_could_step_in_breaks_no_rule_that_is_held() -> None:
    wanted = Wanted("A", 2)
    task = Task((wanted,), PEOPLE, {("A", "Ada"): 900, ("A", "Cem"): 800, ("A", "Bob"): 700, ("A", "Dot"): 10},
                prices={"genders": HARD, "countries": HARD})  # fmt: skip
    found = compose(task)
    assert found.groups["A"] == ("Ada", "Cem")
    assert found.alternates(wanted) == (("Dot", ("Ada",)),), (
        "Bob comes from Ada's country, and is a man as Cem is"
    )


def test_after_somebody_declined_the_others_stay() -> None:
    """Ben declines A. The best anew would send Cleo to A and Dan to B; the repair leaves Cleo where she is."""
    task = _task("AB", "BCD", {"AB": 900, "AC": 800, "BC": 500, "BD": 600, "AD": 300})
    before = compose(replace(task, prices={}))
    assert before.pairs == {("A", "B"), ("B", "D")}
    after = replace(
        task, barred=frozenset({("A", "B")}), current=frozenset({("B", "C")}),
        experts=tuple(Person(name, 1) for name in "BCD"),
    )  # fmt: skip
    assert compose(after).pairs == {("A", "C"), ("B", "D")}
    assert compose(after, REPAIR).pairs == {("A", "D"), ("B", "C")}


def test_what_stands_stays_whatever_the_rules_say() -> None:
    task = Task(
        (Wanted("A", 2),), PEOPLE, {}, prices=dict.fromkeys(EVERY, HARD),
        fixed=frozenset({("A", "Bob"), ("A", "Cem")}), barred=frozenset({("A", "Bob")}),
    )  # fmt: skip
    assert compose(task).pairs == task.fixed


def test_the_same_inputs_have_the_same_hash_and_the_same_groups() -> None:
    task = _task("ABC", "wxyz", {"Ax": 5, "By": 5, "Bz": 5}, demand=2, load=3)
    again = replace(task, fit=dict(reversed(list(task.fit.items()))))
    assert task.sha256 == again.sha256 != replace(task, barred=frozenset({("A", "x")})).sha256
    assert compose(task).pairs == compose(again).pairs


def test_the_nearest_alone_are_not_kept_where_they_do_not_suffice() -> None:
    task = _task("AB", "xyz", {"Ax": 900, "Bx": 800})
    found = compose(task, nearest=1)
    assert (found.levels[0].value, found.considered) == (0, 4), "one application got all three"


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Two or three applications, three or four experts, any rules."""
    people = tuple(
        Person(
            name, draw(st.integers(0, 2)), draw(st.sampled_from(["", "DE", "FR"])),
            draw(st.sampled_from(["", "U", "V"])), draw(st.sampled_from(["woman", "man", "undisclosed"])),
            draw(st.sampled_from(["academia", "industry", "public"])), draw(st.booleans()),
            draw(st.sampled_from([frozenset(), frozenset({"en"}), frozenset({"fr"})])),
        )
        for name in "wxyz"[: draw(st.integers(3, 4))]
    )  # fmt: skip
    applications = tuple(
        Wanted(name, draw(st.integers(1, 2)), draw(st.sampled_from([frozenset(), frozenset({"DE"})])), "en")
        for name in "AB"
    )
    pairs = [(one.name, person.name) for one in applications for person in people]
    some = st.frozensets(st.sampled_from(pairs), max_size=3)
    return Task(
        applications, people, {pair: draw(st.integers(0, 1000)) for pair in pairs}, draw(some), frozenset(),
        draw(some), draw(st.dictionaries(st.sampled_from(sorted(EVERY)), st.sampled_from([HARD, 50, 300]))),
    )  # fmt: skip


def _by_trying(task: Task) -> tuple[int, ...]:
    """The same objectives, over every possible set of groups."""
    options = []
    for wanted in task.applications:
        names = [one.name for one in task.experts if (wanted.name, one.name) not in task.barred]
        options.append([
            (wanted, group) for size in range(wanted.demand + 1) for group in combinations(names, size)
            if _allowed(task, wanted, group)
        ])  # fmt: skip
    best = None
    for groups in product(*options):
        loads = [sum(one.name in group for _, group in groups) for one in task.experts]
        if any(load > one.load for load, one in zip(loads, task.experts, strict=True)):
            continue
        short = [wanted.demand - len(group) for wanted, group in groups]
        fits = [sum(task.fit[w.name, e] for e in group) for w, group in groups]
        fines = sum(
            task.prices[rule] * count for w, group in groups for rule, count in task.missed(w, group).items()
        )
        # A group with an empty place was counted already; the others are compared.
        most = max(one.demand for one in task.applications) * 1000
        worst = min(most, *(fit + most * missing for fit, missing in zip(fits, short, strict=True)))
        kept = sum((w.name, e) in task.current for w, group in groups for e in group)
        reached = (-sum(short), worst, sum(fits) - fines, -sum(load**2 for load in loads), kept)
        best = reached if best is None else max(best, reached)
    assert best is not None
    return best


def _allowed(task: Task, wanted: Wanted, group: tuple[str, ...]) -> bool:
    """No hard rule is broken; an empty place may still be filled with whoever is lacking."""
    missing = wanted.demand - len(group)
    return all(
        task.prices[limit.rule] != HARD
        or (
            (limit.most is None or sum(e in limit.members for e in group) <= limit.most)
            and sum(e in limit.members for e in group) + missing >= limit.least
        )
        for limit in task.limits(wanted)
    )


@settings(max_examples=60, deadline=None)
@given(tasks())
def test_no_other_groups_are_better(task: Task) -> None:
    found, best = compose(task), _by_trying(task)
    assert all(level.gap == 0 for level in found.levels)
    signs = {"unmet": -1, "even": -1}
    reached = tuple(signs.get(level.name, 1) * level.value for level in found.levels)
    assert reached == best
    for wanted in task.applications:
        assert _allowed(task, wanted, found.groups[wanted.name])
