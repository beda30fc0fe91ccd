"""The rules of a call: defaults of the type of action, and what the topic changes."""

import json

import pytest

from grants.calls.rules import ACTIONS, DECLARATIONS, CallRules, QuestionRule


@pytest.mark.parametrize(
    ("action", "year", "pages"),
    [
        ("RIA", 2024, 45),
        ("RIA", 2026, 40),
        ("IA", 2027, 40),
        ("CSA", 2025, 30),
        ("CSA", 2026, 25),
        ("RIA", 2020, None),
    ],
)
def test_page_limits_by_year(action, year, pages):
    assert ACTIONS[action].page_limit(year) == pages


@pytest.mark.parametrize(
    ("action", "year", "pages"), [("RIA", 2025, 50), ("IA", 2026, 45), ("CSA", 2026, 28)]
)
def test_a_lump_sum_has_a_longer_part_b(action, year, pages):
    assert ACTIONS[action].page_limit(year, lump_sum=True) == pages


def test_t_1_2_the_topic_stands_above_the_type_of_action():
    assert CallRules.of_action("RIA", 2024).page_limit == 45
    assert CallRules.of_action("RIA", 2024, page_limit=53).page_limit == 53


def test_a_support_action_needs_one_beneficiary():
    rules = CallRules.of_action("CSA", 2026)
    assert (rules.min_countries, rules.needs_member_state) == (1, False)


def test_rules_survive_being_stored():
    question = QuestionRule(key="open_science", label="Open science", required=False, limit=500, kind="long")
    rules = CallRules.of_action("IA", 2026, pillar=2, questions=(question,), declarations=DECLARATIONS[:2])
    assert CallRules.from_dict(json.loads(json.dumps(rules.to_dict()))) == rules


def test_what_is_not_stored_has_its_default():
    assert CallRules.from_dict({"action": "RIA", "year": 2026}).to_dict() == {
        "action": "RIA",
        "year": 2026,
        "pillar": None,
        "min_countries": 3,
        "needs_member_state": True,
        "max_partners": None,
        "min_contribution": None,
        "max_contribution": None,
        "page_limit": None,
        "by_work_package": False,
        "requested_only": False,
        "blind": False,
        "reaction_days": None,
        "reaction_words": None,
        "reaction_scores": False,
        "reminder_days": [],
        "quotas": {},
        "portfolio": False,
        "lots": "",
        "title_limit": 200,
        "acronym_limit": 20,
        "abstract_limit": 2000,
        "keyword_limit": 5,
        "free_keywords_limit": 200,
        "questions": [],
        "declarations": [list(declaration) for declaration in DECLARATIONS],
    }
    assert QuestionRule("q").to_dict() == {
        "key": "q",
        "label": "",
        "required": True,
        "limit": None,
        "kind": "long",
        "unit": "characters",
        "lowest": "",
        "highest": "",
        "choices": [],
        "condition_key": "",
        "condition_value": "",
    }


def test_a_rule_nobody_knows_is_refused():
    with pytest.raises(TypeError):
        CallRules.from_dict({"action": "RIA", "year": 2026, "surprise": 1})


def test_there_are_nine_declarations():
    assert len(dict(DECLARATIONS)) == 9
