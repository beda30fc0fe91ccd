"""A proposal as a plain value: the same after being stored, and the facts that pages show of it."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grants.applications.budget import Budget
from grants.applications.proposal import (
    Answer,
    Attachment,
    Partner,
    Proposal,
    Researcher,
)
from grants.canonical import canonical, digest

calm = settings(deadline=None, database=None)
texts = st.text("ab\u00e9\n ", max_size=5)
amounts = st.integers(0, 10**12)
answers = st.recursive(
    st.none() | st.booleans() | amounts | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
partners = st.builds(
    Partner,
    key=texts,
    name=texts,
    country=st.sampled_from(["FR", "EL", "RE", ""]),
    sme=st.booleans(),
    gep=st.sampled_from([True, False, None]),
    role=st.sampled_from(["coordinator", "beneficiary", "associated_partner"]),
    budget=st.builds(
        Budget, personnel=amounts, travel=amounts, rate=st.integers(0, 10000), requested=amounts
    ),
)
proposals = st.builds(
    Proposal,
    call=texts,
    title=texts,
    duration=st.none() | st.integers(1, 60),
    keywords=st.lists(texts, max_size=2).map(tuple),
    partners=st.lists(partners, max_size=4).map(tuple),
    researchers=st.lists(st.builds(Researcher, partner=texts, leading=st.booleans()), max_size=2).map(tuple),
    answers=st.lists(st.builds(Answer, key=texts, value=answers), max_size=3).map(tuple),
    declarations=st.lists(texts, max_size=2).map(tuple),
    attachments=st.lists(
        st.builds(Attachment, kind=texts, name=texts, sha256=texts, size=amounts, pages=st.integers(0, 99)),
        max_size=2,
    ).map(tuple),
)


@calm
@given(proposals)
def test_a_proposal_survives_being_frozen(proposal):
    assert Proposal.from_json(canonical(proposal.to_dict())) == proposal


@calm
@given(proposals)
def test_what_was_frozen_keeps_its_hash(proposal):
    frozen = json.loads(canonical(proposal.to_dict()))
    assert Proposal.from_dict(frozen).to_dict() == frozen
    assert digest(Proposal.from_dict(frozen).to_dict()) == digest(proposal.to_dict())


@calm
@given(proposals)
def test_what_the_consortium_asks_for_is_the_sum_of_its_funded_rows(proposal):
    funded = [partner.budget for partner in proposal.partners if partner.role != "associated_partner"]
    assert proposal.requested == sum(budget.requested for budget in funded)
    assert proposal.total_cost == sum(budget.total for budget in funded)


def test_the_frozen_shape_is_the_agreed_one():
    proposal = Proposal(call="REF", partners=(Partner("k1"),), researchers=(Researcher("k1"),))
    frozen = proposal.to_dict()
    assert sorted(frozen) == [
        "abstract",
        "acronym",
        "answers",
        "attachments",
        "call",
        "declarations",
        "duration",
        "free_keywords",
        "keywords",
        "number",
        "partners",
        "researchers",
        "schema",
        "title",
    ]
    assert frozen["partners"] == [
        {
            "key": "k1", "name": "", "short_name": "", "pic": "", "country": "", "city": "",
            "activity": "OTH", "sme": False, "nonprofit": False, "international": False,
            "role": "beneficiary", "control_group": "", "gep": None, "contact_name": "", "contact_email": "",
            "vat": "", "ror": "", "size": "", "person_months": 0, "confirmed": None,
            "budget": {
                "personnel": 0, "subcontracting": 0, "travel": 0, "equipment": 0, "other_goods": 0,
                "third_parties": 0, "internal_invoices": 0, "rate": 10000, "requested": 0, "income": 0,
                "other_contributions": 0,
            },
        }
    ]  # fmt: skip
    assert frozen["researchers"] == [
        {
            "partner": "k1", "first_name": "", "last_name": "", "gender": "undisclosed", "career_stage": "",
            "leading": False, "orcid": "",
        }
    ]  # fmt: skip


def test_another_schema_is_refused():
    with pytest.raises(ValueError, match="schema: expected 1, found 2"):
        Proposal.from_dict({"schema": 2, "call": "REF"})


def test_a_field_nobody_knows_is_refused_rather_than_lost():
    with pytest.raises(TypeError, match="surprise"):
        Proposal.from_dict({"schema": 1, "call": "REF", "surprise": 1})


def test_facts_about_a_consortium():
    proposal = Proposal(
        call="REF",
        partners=(
            Partner("a", name="Alpha", short_name="A", country="EL", role="beneficiary"),
            Partner("b", name="Beta", country="RE", role="coordinator"),
            Partner("c", name="Gamma", country="FR", role="affiliated_entity"),
            Partner("d", name="Delta", country="US", role="associated_partner"),
        ),
        answers=(Answer("q1", "yes"),),
        attachments=(Attachment("annex", "x.pdf", "0", 1, 1), Attachment("part_b", "b.pdf", "1", 1, 12)),
    )
    assert proposal.coordinator == proposal.partner("b")
    assert [partner.label for partner in proposal.beneficiaries] == ["A", "Beta"]
    assert [partner.key for partner in proposal.partners if partner.is_funded] == ["a", "b", "c"]
    assert proposal.countries == ("FR", "GR", "US")
    assert (proposal.answer("q1"), proposal.answer("q2")) == ("yes", None)
    assert proposal.part_b.name == "b.pdf"


@pytest.mark.parametrize(
    ("leading", "share"),
    [
        ([], None),
        (["undisclosed"], None),
        (["woman", "man"], Fraction(1, 2)),
        (["woman", "undisclosed"], Fraction(1)),
        (["woman", "man", "non_binary"], Fraction(1, 3)),
        (["man"], Fraction(0)),
    ],
)
def test_the_share_of_women_counts_those_in_a_leading_role(leading, share):
    people = tuple(Researcher("a", gender=gender, leading=True) for gender in leading)
    team = (Researcher("a", gender="woman", leading=False),)
    assert Proposal(call="REF", researchers=people + team).women_share == share
