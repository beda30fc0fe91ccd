"""Answers to the questions of a form: which are asked, what is empty, what a number is."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.calls.answers import asked, carries_over, fits, is_empty, measured, number, within
from grants.calls.rules import QuestionRule

calm = settings(deadline=None, database=None)


def on(key, condition="", value="", kind="yes_no"):
    return QuestionRule(key=key, kind=kind, condition_key=condition, condition_value=value)


FORM = (
    on("animals"),
    on("primates", "animals", "yes"),
    on("which", "primates", "yes", "long"),
    on("end", kind="short"),
)


@pytest.mark.parametrize(
    ("answers", "keys"),
    [
        ({}, "animals end"),
        ({"animals": "no"}, "animals end"),
        ({"animals": "yes"}, "animals primates end"),
        ({"animals": "yes", "primates": "yes"}, "animals primates which end"),
        ({"animals": "no", "primates": "yes"}, "animals end"),
    ],
)
def test_a_question_is_asked_where_its_condition_holds_all_the_way(answers, keys):
    assert [question.key for question in asked(FORM, answers.get)] == keys.split()


def test_one_of_many_choices_and_a_tick_decide_too():
    form = (
        on("tools", kind="choices"),
        on("agreed", kind="declaration"),
        on("a", "tools", "AI"),
        on("b", "agreed", "yes"),
    )
    assert [q.key for q in asked(form, {"tools": ["X", "AI"], "agreed": True}.get)] == [
        "tools",
        "agreed",
        "a",
        "b",
    ]
    assert [q.key for q in asked(form, {"tools": ["X"], "agreed": ""}.get)] == ["tools", "agreed"]


def test_a_condition_on_a_question_that_comes_later_or_never_does_not_hold():
    assert asked((on("a", "b", "yes"), on("b")), {"b": "yes"}.get) == [on("b")]


@pytest.mark.parametrize("value", [None, "", " \n", [], [["", " "]]])
def test_nothing_was_answered(value):
    assert is_empty(value)


@pytest.mark.parametrize("value", ["x", 0, ["a"], [["", "x"]], True, False])
def test_something_was_answered(value):
    assert not is_empty(value)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("12", "12"),
        ("1 234,50", "1234.5"),
        ("0", "0"),
        ("-3.0", "-3"),
        ("0.00", "0"),
        ("1e3", "1000"),
        ("1\u00a0000", "1000"),
    ],
)
def test_a_number_in_its_plain_form(text, plain):
    assert number(text) == plain


@pytest.mark.parametrize(
    "text", ["", "many", "1.2.3", "nan", "inf", "1e99", "\u0663", "--1", "9" * 30, "0x10"]
)
def test_what_is_no_number(text):
    with pytest.raises(ValueError, match="Type a number"):
        number(text)


@calm
@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3))
def test_a_plain_number_stays_as_it_is(value):
    assert number(number(str(value))) == number(str(value))


@pytest.mark.parametrize(
    ("kind", "value", "holds"),
    [("number", "1", False), ("number", "1.5", True), ("number", "10", True), ("number", "10.01", False),
     ("money", 150, True), ("money", 149, False), ("money", 1001, False), ("number", "", True), ("long", "99", True)],
)  # fmt: skip
def test_a_number_lies_within_its_limits_or_not(kind, value, holds):
    assert within(QuestionRule("q", kind=kind, lowest="1.5", highest="10"), value) is holds


def test_words_and_characters_are_counted_as_people_do():
    text = "one two\r\nthre\u0301e"
    assert measured(QuestionRule("q", unit="words"), text) == 3
    assert measured(QuestionRule("q"), text) == 13
    assert measured(QuestionRule("q", kind="choices"), ["a"]) == 0


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [("number", "12.5", "about ten"), ("money", 100_00, "about ten"), ("money", 0, True), ("yes_no", "no", "maybe"),
     ("choice", "red", "green"), ("choices", ["red", "blue"], ["green"]), ("choices", [], "red"),
     ("date", "2026-03-24", "soon"), ("table", [["a", "b"]], [["a"]]), ("table", [], "a"),
     ("declaration", True, "yes"), ("long", "text", 7), ("short", "text", ["text"])],
)  # fmt: skip
def test_a_value_fits_a_question_of_its_kind(kind, right, wrong):
    question = QuestionRule("q", kind=kind, choices=("red", "blue"))
    assert fits(question, right)
    assert not fits(question, wrong)
    assert fits(question, "")
    assert within(question, wrong) is (kind not in ("number", "money"))


@pytest.mark.parametrize(
    ("before", "after", "value", "carried"),
    [("short", "long", "text", True), ("long", "short", "text", False), ("long", "date", "2026-03-24", False),
     ("table", "table", [["a", "b"]], True), ("choice", "choice", "red", True)],
)  # fmt: skip
def test_an_answer_goes_over_to_a_question_that_asks_in_the_same_way(before, after, value, carried):
    first, second = (QuestionRule("q", kind=kind, choices=("red", "blue")) for kind in (before, after))
    assert carries_over(first, second, value) is carried


def test_an_answer_does_not_go_over_to_other_columns_or_choices():
    table = QuestionRule("q", kind="table", choices=("name", "year"))
    other = QuestionRule("q", kind="table", choices=("name", "place"))
    assert not carries_over(table, other, [["a", "b"]])
    choice = QuestionRule("q", kind="choice", choices=("red",))
    assert not carries_over(choice, QuestionRule("q", kind="choice", choices=("blue",)), "red")
