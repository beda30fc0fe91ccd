"""A project and a topic as their sources write them; the values are made up."""

from typing import Any


def organisation(**other: Any) -> dict[str, Any]:
    return {
        "pic": "999900101", "name": "UNIVERSITY OF B-TOWN", "short": "UBT", "role": "participant", "order": 2,
        "activity": "HES", "sme": False, "city": "B-Town", "country": "FR", "ec": 100000.5, "net_ec": 100000.5,
        "cost": 100000.5,
    } | other  # fmt: skip


def project(id: str = "101000001", *members: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Three organisations that ask for EUR 400 001.25 of EUR 475 001.25."""
    consortium = members or (
        organisation(pic="999900100", name="A INSTITUTE", short="AI", role="coordinator", activity="REC",
                     country="DE", net_ec=200000.75, cost=200000.75),
        organisation(),
        organisation(pic="999900102", name="C FIRM", short="C", activity="PRC", sme=True, country="EL", net_ec=100000,
                     cost=175000),
    )  # fmt: skip
    return {
        "id": id, "acronym": "TRUSTED", "title": "Learning that can be trusted", "objective": "We study trust.",
        "duration_months": 36, "total_cost": 475001.25, "ec_max_contribution": 400001.25, "currency": "EUR",
        "keywords": ["Artificial intelligence", "trust"], "organisations": list(consortium),
    } | other  # fmt: skip


def topic(id: str = "HORIZON-CL4-2027-01-TRUST-01", **other: Any) -> dict[str, Any]:
    return {
        "topicId": id, "title": "Trustworthy learning", "programme": "Horizon Europe", "cluster": "CL4",
        "callIdentifier": "HORIZON-CL4-2027-01", "actionType": "RIA", "deadline": "2027-03-31", "stage": "two-stage",
        "deadlineModel": "single-stage", "budgetMin": 3000000, "budgetMax": 4000000, "expectedGrants": 3,
        "keywords": f"{id}, HORIZON-CL4-2027-01, Trust, Learning",
        "description": "Expected Outcome:Systems are trusted by all.They explain themselves. Scope:Research on trust.",
        "topicConditions": "Annex A applies.Annex B applies.",
    } | other  # fmt: skip
