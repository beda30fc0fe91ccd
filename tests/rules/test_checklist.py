"""What the rules find in an application, and whether it may be submitted."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.applications.budget import Budget
from grants.applications.checklist import Finding, checklist, count_characters, may_submit
from grants.applications.consortium import independent_countries
from grants.applications.proposal import (
    Answer,
    Attachment,
    Partner,
    Proposal,
    Researcher,
)
from grants.calls.rules import DECLARATIONS, CallRules, QuestionRule

calm = settings(deadline=None, database=None)
DEADLINE = date(2026, 3, 24)
QUESTIONS = (
    QuestionRule(key="open_science", label="Open science", required=True, limit=10),
    QuestionRule(key="clinical", label="Clinical studies", required=False, limit=10),
)
RULES = CallRules.of_action("RIA", 2026, pillar=2, questions=QUESTIONS)


def partner(country, role="beneficiary", key=None, **facts):
    budget = (
        Budget(personnel=100000, requested=125000) if role in ("beneficiary", "coordinator") else Budget()
    )
    facts = {"name": f"Institute {key or country}", "activity": "REC", "gep": True, "budget": budget} | facts
    return Partner(key=key or f"{country} {role}", country=country, role=role, **facts)


def consortium(*countries, role_of_last="beneficiary"):
    """Beneficiaries from these countries; the first one coordinates."""
    roles = ["coordinator"] + ["beneficiary"] * (len(countries) - 1)
    if role_of_last != "beneficiary":
        roles[-1] = role_of_last
    return tuple(
        partner(country, role, key=f"{place} {country}")
        for place, (country, role) in enumerate(zip(countries, roles, strict=True))
    )


READY = Proposal(
    call="HORIZON-CL4-2026",
    acronym="TIDE",
    title="Tidal energy for islands",
    abstract="What we want to do.",
    duration=36,
    keywords=("energy",),
    partners=tuple(replace(p, pic=f"99900000{n}") for n, p in enumerate(consortium("DE", "FR", "IT"))),
    researchers=(Researcher("0 DE", first_name="A", last_name="B", gender="woman", leading=True),),
    answers=(Answer("open_science", "Yes."),),
    declarations=tuple(key for key, _ in DECLARATIONS),
    attachments=(Attachment("part_b", "part-b.pdf", "0" * 64, 1000, 40),),
)


def findings(proposal, rules=RULES, on=DEADLINE):
    """Findings by code."""
    found = checklist(proposal, rules, on)
    by_code = {finding.code: finding for finding in found}
    assert len(by_code) == len(found)
    return by_code


def not_holding(proposal, rules=RULES, on=DEADLINE):
    return {
        code: finding.verdict for code, finding in findings(proposal, rules, on).items() if not finding.holds
    }


def test_a_ready_application_may_be_submitted():
    assert not_holding(READY) == {}
    assert may_submit(checklist(READY, RULES, DEADLINE)) is True


def test_an_empty_draft_is_told_everything_at_once():
    assert not_holding(Proposal(call="REF")) == dict.fromkeys(
        ["TITLE", "ACRONYM", "ABSTRACT", "DURATION", "KEYWORDS", "COORDINATOR", "MINIMUM_CONSORTIUM",
         "REQUESTED", "RESEARCHERS", "ANSWER:open_science", "PART_B", "DECLARATIONS"], "fails",
    )  # fmt: skip


# The minimum consortium


@pytest.mark.parametrize(
    ("partners", "changes", "verdict", "count", "members"),
    [
        pytest.param(consortium("DE", "FR", "IT"), {}, "holds", 3, 3, id="T-1.3"),
        pytest.param(consortium("DE", "DE", "FR"), {}, "fails", 2, 2, id="T-1.4"),
        pytest.param(consortium("NO", "CH", "GB"), {}, "fails", 3, 0, id="T-1.5"),
        pytest.param(consortium("DE", "NO", "CH"), {"year": 2025}, "holds", 3, 1, id="T-1.6 2025"),
        pytest.param(consortium("DE", "NO", "CH"), {"year": 2023}, "fails", 2, 1, id="T-1.6 2023"),
        pytest.param(consortium("DE", "FR", "US"), {}, "fails", 2, 2, id="T-1.7"),
        pytest.param(consortium("DE", "KR", "CA"), {"pillar": 2}, "holds", 3, 1, id="T-1.8 pillar II"),
        pytest.param(consortium("DE", "KR", "CA"), {"pillar": 1}, "fails", 1, 1, id="T-1.8 pillar I"),
        pytest.param(consortium("DE", "KR", "CA"), {"pillar": 3}, "fails", 1, 1, id="T-1.8 pillar III"),
        pytest.param(
            consortium("DE", "FR", "IT", role_of_last="affiliated_entity"), {}, "fails", 2, 2, id="T-1.9"
        ),
        pytest.param(
            (
                partner("DE", "coordinator", control_group="holding"),
                partner("FR"),
                partner("IT", control_group="holding"),
            ),
            {},
            "fails",
            2,
            3,
            id="T-1.10",
        ),
        pytest.param(consortium("EL", "UK", "FR"), {}, "holds", 3, 2, id="T-1.11"),
        pytest.param(consortium("FR", "RE", "GF"), {}, "fails", 1, 1, id="T-1.12"),
        pytest.param(
            consortium("DE", "FR", "BY", role_of_last="associated_partner"), {}, "fails", 2, 2, id="T-1.13"
        ),
        pytest.param(consortium("DE", "IT", "JP"), {}, "holds", 3, 2, id="T-1.14"),
        pytest.param(consortium("FR", "KE", "ZA"), {}, "fails", 1, 1, id="low and middle income"),
    ],
)
def test_the_minimum_consortium(partners, changes, verdict, count, members):
    rules = replace(RULES, **changes)
    finding = findings(replace(READY, partners=partners), rules)["MINIMUM_CONSORTIUM"]
    assert (finding.verdict, finding.gate, finding.blocking) == (verdict, "eligibility", True)
    assert finding.values == {"needed": 3, "count": count, "members": members}


def test_t_1_13_a_barred_country_takes_part_in_no_role():
    for role in ("beneficiary", "affiliated_entity", "associated_partner", "subcontractor"):
        proposal = replace(READY, partners=(*READY.partners, partner("BY", role)))
        assert not_holding(proposal)["BARRED"] == "fails"
        assert findings(proposal)["BARRED"].values == {"partners": "Institute BY"}
        assert may_submit(checklist(proposal, RULES, DEADLINE)) is False


def test_t_1_14_a_transitional_association_is_checked_again_at_signature():
    proposal = replace(READY, partners=consortium("DE", "IT", "JP"))
    finding = findings(proposal)["TRANSITIONAL"]
    assert (finding.verdict, finding.blocking) == ("unknown", False)
    assert finding.values == {"partners": "Institute 2 JP"}
    assert may_submit(checklist(proposal, RULES, DEADLINE)) is True


def test_the_law_is_that_of_the_day():
    proposal, rules = replace(READY, partners=consortium("DE", "IT", "KR")), replace(RULES, year=2025)
    assert findings(proposal, rules, date(2025, 4, 1))["TRANSITIONAL"].verdict == "unknown"
    assert "TRANSITIONAL" not in findings(proposal, rules, date(2025, 9, 1))


def test_china_takes_no_part_in_innovation_actions():
    proposal = replace(
        READY, partners=(*READY.partners, partner("CN", "associated_partner", pic="888888888"))
    )
    assert not_holding(proposal) == {}
    assert (
        not_holding(proposal, CallRules.of_action("IA", 2026, questions=QUESTIONS))["RESTRICTED"] == "fails"
    )


def test_exceptional_funding_is_left_to_the_experts():
    american = partner("US", pic="888888888")
    assert not_holding(replace(READY, partners=(*READY.partners, american))) == {
        "EXCEPTIONAL_FUNDING": "unknown"
    }
    unpaid = replace(american, budget=Budget())
    assert not_holding(replace(READY, partners=(*READY.partners, unpaid))) == {}


def test_a_support_action_of_one():
    rules = CallRules.of_action("CSA", 2026)
    for country, verdict in (("DE", "holds"), ("NO", "holds"), ("US", "fails")):
        finding = findings(replace(READY, partners=consortium(country)), rules)["MINIMUM_CONSORTIUM"]
        assert finding.verdict == verdict
        assert "one of them a Member State" not in finding.sentence
    assert "one of them a Member State" in findings(READY)["MINIMUM_CONSORTIUM"].sentence


@pytest.mark.parametrize(
    ("partners", "verdict"),
    [
        ((partner("DE", "coordinator"), partner("FR"), partner("CH", international=True)), "holds"),
        (
            (partner("DE", "coordinator"), partner("FR"), partner("FR", international=True, key="x")),
            "unknown",
        ),
        ((partner("DE", "coordinator"), partner("FR", international=True)), "fails"),
        ((partner("NO", "coordinator"), partner("GB"), partner("CH", international=True)), "unknown"),
    ],
)
def test_an_international_organisation_may_count_as_a_member_state_of_its_own(partners, verdict):
    proposal = replace(READY, partners=partners)
    finding = findings(proposal)["MINIMUM_CONSORTIUM"]
    assert finding.verdict == verdict
    assert finding.blocking is (verdict != "unknown")


def test_a_group_stands_for_the_country_that_helps_the_consortium_most():
    partners = (
        partner("DE", key="a", control_group="holding"), partner("IT", key="b", control_group="holding"),
        partner("DE", key="c"), partner("FR", key="d"),
    )  # fmt: skip
    assert independent_countries(partners) == 3


@calm
@given(
    st.lists(
        st.tuples(st.sampled_from(["DE", "FR", "IT", "RE"]), st.sampled_from(["", "g", "h"])), max_size=6
    ),
    st.randoms(use_true_random=False),
)
def test_independent_countries_do_not_depend_on_the_order_of_entry(pairs, random):
    partners = [partner(country, key=str(n), control_group=group) for n, (country, group) in enumerate(pairs)]
    shuffled = list(partners)
    random.shuffle(shuffled)
    found = independent_countries(partners)
    assert independent_countries(shuffled) == found
    countries = {"FR" if country == "RE" else country for country, _ in pairs}
    entities = {group or n for n, (_, group) in enumerate(pairs)}
    assert min(len(countries), 1) <= found <= min(len(countries), len(entities))


# Part A


@pytest.mark.parametrize(
    ("text", "count"),
    [
        pytest.param("x" * 2000, 2000, id="T-9.1 2000"),
        pytest.param("e\u0301", 1, id="T-9.1 combining accent"),
        pytest.param("a\r\nb", 3, id="CRLF"),
        pytest.param("a\nb", 3, id="LF"),
        pytest.param("\U0001f52c", 1, id="beyond the basic plane"),
        pytest.param("", 0, id="empty"),
    ],
)
def test_characters_are_counted_as_people_count_them(text, count):
    assert count_characters(text) == count


@pytest.mark.parametrize(
    ("change", "code", "verdict"),
    [
        pytest.param({"abstract": "x" * 2000}, "ABSTRACT", "holds", id="T-9.1 2000 accepted"),
        pytest.param({"abstract": "x" * 2001}, "ABSTRACT", "fails", id="T-9.1 2001 refused"),
        pytest.param({"abstract": "e\u0301" * 2000}, "ABSTRACT", "holds", id="T-9.1 accents"),
        pytest.param({"abstract": "x\r\n" * 1000}, "ABSTRACT", "holds", id="T-9.1 line breaks"),
        pytest.param({"abstract": " \n"}, "ABSTRACT", "fails", id="blank abstract"),
        pytest.param({"title": "x" * 200}, "TITLE", "holds", id="title of 200"),
        pytest.param({"title": "x" * 201}, "TITLE", "fails", id="title of 201"),
        pytest.param({"acronym": "x" * 20}, "ACRONYM", "holds", id="acronym of 20"),
        pytest.param({"acronym": "x" * 21}, "ACRONYM", "fails", id="acronym of 21"),
        pytest.param({"free_keywords": "x" * 200}, "KEYWORDS", "holds", id="free keywords of 200"),
        pytest.param(
            {"answers": (Answer("open_science", "x" * 10),)},
            "ANSWER:open_science",
            "holds",
            id="answer of 10",
        ),
        pytest.param({"duration": None}, "DURATION", "fails", id="no duration"),
        pytest.param({"duration": 0}, "DURATION", "fails", id="no months"),
        pytest.param({"duration": 1}, "DURATION", "holds", id="one month"),
        pytest.param({"keywords": ()}, "KEYWORDS", "fails", id="no keyword"),
        pytest.param({"keywords": tuple("abcde")}, "KEYWORDS", "holds", id="five keywords"),
        pytest.param({"keywords": tuple("abcdef")}, "KEYWORDS", "fails", id="six keywords"),
        pytest.param({"free_keywords": "x" * 201}, "FREE_KEYWORDS", "fails", id="free keywords of 201"),
        pytest.param(
            {"declarations": READY.declarations[:-1]}, "DECLARATIONS", "fails", id="eight declarations"
        ),
        pytest.param({"attachments": ()}, "PART_B", "fails", id="no part B"),
        pytest.param({"answers": ()}, "ANSWER:open_science", "fails", id="no answer"),
        pytest.param(
            {"answers": (Answer("open_science", " "),)}, "ANSWER:open_science", "fails", id="blank answer"
        ),
        pytest.param(
            {"answers": (Answer("open_science", []),)}, "ANSWER:open_science", "fails", id="no choice"
        ),
        pytest.param(
            {"answers": (Answer("open_science", False),)},
            "ANSWER:open_science",
            "holds",
            id="no is an answer",
        ),
        pytest.param(
            {"answers": (Answer("open_science", 0),)},
            "ANSWER:open_science",
            "holds",
            id="nought is an answer",
        ),
        pytest.param(
            {"answers": (Answer("open_science", "x" * 11),)},
            "ANSWER_TOO_LONG:open_science",
            "fails",
            id="mandatory answer too long",
        ),
        pytest.param(
            {"answers": (Answer("open_science", "x"), Answer("clinical", "x" * 11))},
            "ANSWER_TOO_LONG:clinical",
            "fails",
            id="voluntary answer too long",
        ),
    ],
)
def test_a_rule_of_the_form(change, code, verdict):
    proposal = replace(READY, **change)
    finding = findings(proposal)[code]
    assert (finding.verdict, finding.gate, finding.blocking) == (verdict, "admissibility", True)
    assert not_holding(proposal) == ({} if verdict == "holds" else {code: "fails"})
    assert may_submit(checklist(proposal, RULES, DEADLINE)) is (verdict == "holds")


@pytest.mark.parametrize(
    ("limit", "pages", "exceeded"),
    [
        pytest.param(10, 12, True, id="T-1.1"),
        pytest.param(10, 10, False, id="as many as allowed"),
        pytest.param(None, 500, False, id="no limit"),
        pytest.param(53, 50, False, id="T-1.2"),
    ],
)
def test_too_many_pages_are_a_warning(limit, pages, exceeded):
    rules = CallRules.of_action("RIA", 2024, page_limit=limit)
    proposal = replace(READY, attachments=(replace(READY.part_b, pages=pages),))
    found = findings(proposal, rules)
    assert ("PAGE_LIMIT_EXCEEDED" in found) is exceeded
    if exceeded:
        warning = found["PAGE_LIMIT_EXCEEDED"]
        assert (warning.verdict, warning.gate, warning.blocking) == ("fails", "advice", False)
        assert warning.values == {"limit": limit, "count": pages}
    assert may_submit(found.values()) is True


def test_the_sentence_of_a_rule_takes_its_values():
    warning = findings(replace(READY, attachments=(replace(READY.part_b, pages=41),)))["PAGE_LIMIT_EXCEEDED"]
    assert warning.sentence % warning.values == "Part B has at most 40 pages; it has 41."


# Participants


@pytest.mark.parametrize(
    ("roles", "verdict"),
    [
        (("coordinator", "beneficiary", "beneficiary"), "holds"),
        (("beneficiary", "beneficiary", "beneficiary"), "fails"),
        (("coordinator", "coordinator", "beneficiary"), "fails"),
    ],
)
def test_exactly_one_coordinates(roles, verdict):
    partners = tuple(replace(p, role=role) for p, role in zip(READY.partners, roles, strict=True))
    assert findings(replace(READY, partners=partners))["COORDINATOR"].verdict == verdict


@pytest.mark.parametrize(
    ("pics", "expected"),
    [
        (("999000001", "999000002", "999000003"), {}),
        (("999000001", "999000001", "999000003"), {"PIC_TWICE": "fails"}),
        (("99900000", "999000002", "999000003"), {"PIC_FORMAT": "fails"}),
        (("999 000 001", "999000002", "999000003"), {"PIC_FORMAT": "fails"}),
        (("", "", "999000003"), {"PIC_MISSING": "unknown"}),
    ],
)
def test_participant_codes(pics, expected):
    partners = tuple(replace(p, pic=pic) for p, pic in zip(READY.partners, pics, strict=True))
    assert not_holding(replace(READY, partners=partners)) == expected


def test_a_topic_may_limit_the_number_of_partners():
    assert not_holding(READY, replace(RULES, max_partners=3)) == {}
    assert not_holding(READY, replace(RULES, max_partners=2)) == {"MAX_PARTNERS": "fails"}


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ({"activity": "HES", "gep": True}, "holds"),
        ({"activity": "HES", "gep": False}, "fails"),
        ({"activity": "PUB", "gep": None}, "unknown"),
        ({"activity": "PRC", "gep": False}, "holds"),
        ({"activity": "OTH", "gep": None}, "holds"),
        ({"activity": "REC", "gep": False, "country": "US"}, "holds"),
        ({"activity": "REC", "gep": False, "role": "associated_partner"}, "holds"),
        ({"activity": "REC", "gep": False, "role": "affiliated_entity"}, "fails"),
    ],
)
def test_a_missing_gender_equality_plan_is_a_warning(facts, verdict):
    last = replace(READY.partners[-1], **facts)
    finding = findings(replace(READY, partners=(*READY.partners[:-1], last)))["GENDER_EQUALITY_PLAN"]
    assert (finding.verdict, finding.blocking) == (verdict, False)
    assert finding.values == {"partners": "" if verdict == "holds" else last.name}


def test_where_nobody_needs_a_plan_none_is_asked_for():
    partners = tuple(replace(p, activity="PRC") for p in READY.partners)
    assert "GENDER_EQUALITY_PLAN" not in findings(replace(READY, partners=partners))


def test_nobody_leading_is_only_noted():
    assert not_holding(replace(READY, researchers=())) == {"RESEARCHERS": "fails"}
    assert may_submit(checklist(replace(READY, researchers=()), RULES, DEADLINE)) is True


# Budget


@pytest.mark.parametrize(
    ("budget", "code"),
    [
        pytest.param(Budget(personnel=100000, requested=125001), "REQUESTED_EXCEEDS_MAX", id="T-2.3"),
        pytest.param(Budget(personnel=-1), "NEGATIVE_AMOUNT", id="negative"),
        pytest.param(Budget(personnel=100000, rate=10001), "RATE_TOO_HIGH", id="rate"),
        pytest.param(
            Budget(personnel=100000, requested=125000, income=1), "OWN_RESOURCES_NEGATIVE", id="income"
        ),
    ],
)
def test_a_wrong_row_names_the_partner_and_blocks(budget, code):
    proposal = replace(READY, partners=(*READY.partners[:-1], replace(READY.partners[-1], budget=budget)))
    assert not_holding(proposal)[code] == "fails"
    assert findings(proposal)[code].values == {"partners": "Institute 2 IT"}
    assert "BUDGET_ROWS" not in findings(proposal)
    assert may_submit(checklist(proposal, RULES, DEADLINE)) is False


def test_every_sentence_about_a_row_can_be_reached():
    asks = partner("FR", "associated_partner", pic="888888888", budget=Budget(personnel=8, requested=1))
    assert not_holding(replace(READY, partners=(*READY.partners, asks))) == {"ROLE_NOT_FUNDED": "fails"}


def test_a_company_has_seventy_per_cent_in_an_innovation_action():
    rules = CallRules.of_action("IA", 2026, questions=QUESTIONS)
    assert not_holding(READY, rules) == {"RATE_TOO_HIGH": "fails"}
    nonprofit = tuple(replace(p, nonprofit=True) for p in READY.partners)
    assert not_holding(replace(READY, partners=nonprofit), rules) == {}


def test_a_type_of_action_without_a_known_rate_still_has_a_checklist():
    assert not_holding(READY, replace(RULES, action="EIC")) == {}


def test_a_consortium_that_asks_for_nothing_is_not_complete():
    unpaid = tuple(replace(p, budget=Budget()) for p in READY.partners)
    assert not_holding(replace(READY, partners=unpaid)) == {"REQUESTED": "fails"}


@pytest.mark.parametrize(
    ("lowest", "highest", "verdict"),
    [
        (375000, 375000, "holds"),
        (375001, None, "fails"),
        (None, 374999, "fails"),
        (None, 375000, "holds"),
        (375000, None, "holds"),
    ],
)
def test_the_range_of_the_topic_is_a_warning(lowest, highest, verdict):
    rules = replace(RULES, min_contribution=lowest, max_contribution=highest)
    finding = findings(READY, rules)["CONTRIBUTION_RANGE"]
    assert (finding.verdict, finding.gate, finding.blocking) == (verdict, "advice", False)
    assert may_submit(checklist(READY, rules, DEADLINE)) is True


# All findings


@pytest.mark.parametrize("verdict", ["fails", "unknown"])
def test_only_blocking_findings_keep_from_submitting(verdict):
    finding = Finding("X", verdict, "advice", True, "s", "r", "source", "summary")
    assert may_submit([finding]) is False
    assert may_submit([replace(finding, blocking=False)]) is True
    assert may_submit([replace(finding, verdict="holds")]) is True


def test_findings_survive_being_stored():
    found = checklist(Proposal(call="REF"), RULES, DEADLINE)
    stored = json.loads(json.dumps([finding.to_dict() for finding in found]))
    assert tuple(Finding.from_dict(row) for row in stored) == found


EVERYTHING_WRONG = replace(
    READY, title="", acronym="", abstract="", duration=0, keywords=(), free_keywords="x" * 201,
    answers=(Answer("clinical", "x" * 11),), declarations=(), researchers=(),
    attachments=(replace(READY.part_b, pages=99),),
    partners=(
        partner("BY", pic="1"), partner("CN", pic=""), partner("JP", pic="888888888"),
        partner("US", gep=False, pic="888888888", budget=Budget(rate=10001, requested=9)),
        partner("DE", "subcontractor", budget=Budget(personnel=-9, requested=1)),
    ),
)  # fmt: skip
STRICT = replace(RULES, action="IA", max_partners=1, min_contribution=10**9)


def test_every_text_takes_the_values_of_its_finding():
    found = checklist(EVERYTHING_WRONG, STRICT, DEADLINE)
    texts = [text % finding.values for finding in found for text in (finding.sentence, finding.remedy)]
    assert len(texts) == 2 * 31  # every code but BUDGET_ROWS, which says that no row is wrong
    assert [text for text in texts if "%" in text or "None" in text] == []


def test_what_blocks_and_what_only_warns():
    found = (*checklist(EVERYTHING_WRONG, STRICT, DEADLINE), findings(READY)["BUDGET_ROWS"])
    form = {finding.code for finding in found if finding.blocking and finding.gate == "admissibility"}
    assert form == {
        "TITLE", "ACRONYM", "ABSTRACT", "DURATION", "KEYWORDS", "FREE_KEYWORDS", "COORDINATOR", "PIC_FORMAT",
        "PIC_TWICE", "NEGATIVE_AMOUNT", "RATE_TOO_HIGH", "ROLE_NOT_FUNDED", "REQUESTED_EXCEEDS_MAX",
        "OWN_RESOURCES_NEGATIVE", "BUDGET_ROWS", "REQUESTED", "ANSWER:open_science",
        "ANSWER_TOO_LONG:clinical", "PART_B", "DECLARATIONS",
    }  # fmt: skip
    participation = {finding.code for finding in found if finding.blocking and finding.gate == "eligibility"}
    assert participation == {"MAX_PARTNERS", "MINIMUM_CONSORTIUM", "BARRED", "RESTRICTED"}
    advice = {finding.code for finding in found if not finding.blocking and finding.gate == "advice"}
    assert advice == {"PIC_MISSING", "CONTRIBUTION_RANGE", "PURCHASES", "RESEARCHERS", "PAGE_LIMIT_EXCEEDED"}
    later = {finding.code for finding in found if not finding.blocking and finding.gate == "eligibility"}
    assert later == {"GENDER_EQUALITY_PLAN", "TRANSITIONAL", "EXCEPTIONAL_FUNDING"}
    assert len(form | participation | advice | later) == len(found)


def test_a_question_without_a_label_is_named_by_its_key():
    rules = replace(RULES, questions=(QuestionRule(key="ethics"),))
    assert findings(READY, rules)["ANSWER:ethics"].values == {"question": "ethics", "limit": None, "count": 0}
    assert findings(READY)["ANSWER:open_science"].values == {
        "question": "Open science",
        "limit": 10,
        "count": 4,
    }


@pytest.mark.parametrize("other", ["Acme", "acme ", " ACME", "acme"])
def test_one_control_group_however_it_is_typed(other):
    partners = [partner("DE", key="a", control_group="Acme"), partner("IT", key="b", control_group=other)]
    assert independent_countries(partners) == 1


def test_a_private_company_is_for_profit_whatever_it_ticks():
    """In an innovation action it gets 70 %, and is told why (rulebook 1.5)."""
    rules = replace(RULES, action="IA")
    company = partner("FR", key="1 FR", activity="PRC", nonprofit=True, pic="999000011")
    partners = (*(replace(one, nonprofit=True) for one in READY.partners[::2]), company)
    found = {
        finding.code: finding for finding in checklist(replace(READY, partners=partners), rules, DEADLINE)
    }
    assert found["NONPROFIT_COMPANY"].verdict == "fails"
    assert found["NONPROFIT_COMPANY"].values["partners"] == company.label
    assert found["RATE_TOO_HIGH"].values["partners"] == company.label
    other = replace(company, activity="OTH")
    codes = {finding.code for finding in checklist(replace(READY, partners=(other,)), rules, DEADLINE)}
    assert not codes & {"NONPROFIT_COMPANY", "RATE_TOO_HIGH"}


@pytest.mark.parametrize(
    ("year", "bought", "told"),
    [
        (2026, {"equipment": 15001}, True),
        (2026, {"equipment": 15000, "travel": 90000}, False),
        (2025, {"equipment": 15000, "travel": 1}, True),
    ],
)
def test_t_2_5_purchases_to_justify_are_told_and_keep_nobody_from_submitting(year, bought, told):
    first, *others = READY.partners
    bought = replace(first, budget=replace(first.budget, **bought))
    rules = CallRules.of_action("RIA", year, pillar=2, questions=QUESTIONS)
    found = checklist(replace(READY, partners=(bought, *others)), rules, DEADLINE)
    assert ("PURCHASES" in {one.code for one in found}) == told
    assert may_submit(found)
