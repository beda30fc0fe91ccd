"""The consortium against the rules: roles, codes, countries, and the minimum that is independent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from babel import Locale

from grants.applications.budget import Budget, counts_as_nonprofit
from grants.applications.finding import CONDITIONS, ELIGIBILITY, FORM, TOPIC, Finding, Verdict, verdict
from grants.applications.proposal import Partner, Proposal, labels
from grants.calls.countries import Status, sovereign, status
from grants.calls.rules import CallRules
from grants.people.identifiers import pic
from grants.words import N_


def participants(proposal: Proposal, rules: CallRules, on: date) -> Iterator[Finding]:
    """Roles, number, participant codes and gender equality plans (rulebook 1.5, 1.6)."""
    coordinators = [partner for partner in proposal.partners if partner.role == "coordinator"]
    yield Finding(
        "COORDINATOR", verdict(len(coordinators) == 1), "admissibility", True,
        N_("Exactly one beneficiary is the coordinator; now %(count)s."),
        N_("Give the role of coordinator to exactly one organisation."),
        CONDITIONS, "consortium", {"count": len(coordinators)},
    )  # fmt: skip
    if rules.max_partners is not None:
        yield Finding(
            "MAX_PARTNERS", verdict(len(proposal.partners) <= rules.max_partners), "eligibility", True,
            N_("At most %(limit)s organisations take part; now %(count)s."), N_("Remove organisations."),
            TOPIC, "consortium", {"limit": rules.max_partners, "count": len(proposal.partners)},
        )  # fmt: skip
    malformed = [partner for partner in proposal.partners if partner.pic and not _is_pic(partner.pic)]
    yield Finding(
        "PIC_FORMAT", verdict(not malformed), "admissibility", True,
        N_("Participant codes (PIC) have nine digits."),
        N_("Correct the participant code of: %(partners)s."),
        FORM, "consortium", {"partners": labels(malformed)},
    )  # fmt: skip
    counts = Counter(partner.pic for partner in proposal.partners if partner.pic)
    twice = [partner for partner in proposal.partners if counts[partner.pic] > 1]
    yield Finding(
        "PIC_TWICE", verdict(not twice), "admissibility", True,
        N_("Each organisation is entered once."), N_("These have the same participant code: %(partners)s."),
        FORM, "consortium", {"partners": labels(twice)},
    )  # fmt: skip
    without_pic = [partner for partner in proposal.partners if not partner.pic]
    if without_pic:
        yield Finding(
            "PIC_MISSING", "unknown", "advice", False,
            N_("Each organisation has a participant code (PIC)."),
            N_("Add the participant code of: %(partners)s."),
            FORM, "consortium", {"partners": labels(without_pic)},
        )  # fmt: skip
    companies = [p for p in proposal.partners if p.nonprofit and not counts_as_nonprofit(p.activity, True)]
    if companies:
        yield Finding(
            "NONPROFIT_COMPANY", "fails", "advice", False,
            N_("Private companies are for-profit, and get the funding rate of for-profit organisations."),
            N_("Correct the type of organisation, or take out that it is non-profit: %(partners)s."),
            ELIGIBILITY, "consortium", {"partners": labels(companies)},
        )  # fmt: skip
    asked = [partner for partner in proposal.partners if partner.confirmed is not None]
    waiting = [partner for partner in asked if not partner.confirmed]
    if asked:
        yield Finding(
            "PARTICIPATION", verdict(not waiting), "admissibility", True,
            N_("Each organisation has confirmed that it takes part as entered: %(count)s of %(needed)s."),
            N_("These confirm first, or again after a change: %(partners)s."),
            FORM, "consortium",
            {"count": len(asked) - len(waiting), "needed": len(asked), "partners": labels(waiting)},
        )  # fmt: skip
    bound = [partner for partner in proposal.partners if gep_required(partner, _status(partner, rules, on))]
    without_plan = [partner for partner in bound if not partner.gep]
    refused = any(partner.gep is False for partner in without_plan)
    if bound:
        yield Finding(
            "GENDER_EQUALITY_PLAN",
            "fails" if refused else "unknown" if without_plan else "holds",
            "eligibility", False,
            N_("Public bodies, universities and research organisations have a gender equality plan."),
            N_("The plan must be in force when the grant is signed: %(partners)s."),
            ELIGIBILITY, "consortium", {"partners": labels(without_plan)},
        )  # fmt: skip


def countries(proposal: Proposal, rules: CallRules, on: date) -> Iterator[Finding]:
    """Minimum consortium and country classes (rulebook 1.3, 1.4), T-1.3 to T-1.14."""
    by_status: dict[Status, list[Partner]] = {}
    for partner in proposal.partners:
        by_status.setdefault(_status(partner, rules, on), []).append(partner)
    counted = [
        partner for one in by_status if one.counts for partner in by_status[one] if partner.is_beneficiary
    ]
    members = {sovereign(p.country) for p in by_status.get(Status.MS, []) if p.is_beneficiary}
    reached = independent_countries(counted)
    enough = reached >= rules.min_countries and (bool(members) or not rules.needs_member_state)
    # International European research organisations and bodies under EU law count as a Member State of their
    # own; the form cannot tell them from others, so an officer does.
    deemed = sum(partner.international for partner in proposal.beneficiaries)
    others = independent_countries(partner for partner in counted if not partner.international)
    open_question = not enough and deemed > 0 and others + deemed >= rules.min_countries
    yield Finding(
        "MINIMUM_CONSORTIUM",
        "unknown" if open_question else verdict(enough),
        "eligibility", not open_question,
        N_("Independent beneficiaries from at least %(needed)s different Member States or associated "
           "countries, "
           "one of them a Member State; counted: %(count)s, of which Member States: %(members)s.")
        if rules.needs_member_state else
        N_("Independent beneficiaries from at least %(needed)s different Member States or associated "
           "countries; "
           "counted: %(count)s."),
        N_("Add beneficiaries from other countries. Affiliated entities, associated partners and those "
           "under the same control do not count."),
        ELIGIBILITY, "consortium",
        {"needed": rules.min_countries, "count": reached, "members": len(members)},
    )  # fmt: skip
    barred = by_status.get(Status.BARRED, [])
    yield Finding(
        "BARRED", verdict(not barred), "eligibility", True,
        N_("No organisation is established in a country that is barred from taking part in any role."),
        N_("Remove: %(partners)s."),
        ELIGIBILITY, "consortium", {"partners": labels(barred)},
    )  # fmt: skip
    if restricted := by_status.get(Status.RESTRICTED, []):
        yield Finding(
            "RESTRICTED", "fails", "eligibility", True,
            N_("No organisation is established in a country that may not take part in this type of action."),
            N_("Remove: %(partners)s."),
            ELIGIBILITY, "consortium", {"partners": labels(restricted)},
        )  # fmt: skip
    if transitional := [p for p in by_status.get(Status.AC_TRANSITIONAL, []) if p.is_funded]:
        yield Finding(
            "TRANSITIONAL", "unknown", "eligibility", False,
            N_("The association agreement is in force when the grant is signed, for: %(partners)s."),
            N_("These count for now, and are checked again at signature."),
            ELIGIBILITY, "consortium", {"partners": labels(transitional)},
        )  # fmt: skip
    if exceptional := [p for p in by_status.get(Status.OTHER, []) if p.is_funded and p.budget.requested]:
        yield Finding(
            "EXCEPTIONAL_FUNDING", "unknown", "eligibility", False,
            N_("Those from countries without automatic funding are essential to the work: %(partners)s."),
            N_("The experts judge this. Explain it in Part B, or make them associated partners."),
            ELIGIBILITY, "consortium", {"partners": labels(exceptional)},
        )  # fmt: skip


SELF_CHECK = (
    "MAX_PARTNERS",
    "MINIMUM_CONSORTIUM",
    "BARRED",
    "RESTRICTED",
    "TRANSITIONAL",
    "EXCEPTIONAL_FUNDING",
)
"""The rules that a consortium can be asked about by its countries alone."""


def imagined(
    beneficiaries: Iterable[str], others: Iterable[str], organisations: int | None, language: str = "en"
) -> Proposal:
    """A consortium with one independent beneficiary in each country, and as many organisations as are named.

    Args:
        language: in which each is called by its country.
    """
    asks = Budget(requested=1)
    roles = [(code, "beneficiary") for code in beneficiaries] + [
        (code, "associated_partner") for code in others
    ]
    roles = [(code, "coordinator" if n == 0 else role) for n, (code, role) in enumerate(roles)]
    # More organisations in a country that is there already change nothing but their number.
    roles += [(roles[0][0], "associated_partner")] * max(0, (organisations or 0) - len(roles))
    names = {code: str(Locale(language).territories.get(code, code)) for code, _role in roles}
    return Proposal(
        call="",
        partners=tuple(
            Partner(key=str(n), name=names[code], country=code, role=role,
                    budget=asks if role != "associated_partner" else Budget())
            for n, (code, role) in enumerate(roles)
        ),
    )  # fmt: skip


def self_check(proposal: Proposal, rules: CallRules, on: date) -> list[Finding]:
    """What the rules about the number and the countries of a consortium say to an imagined one."""
    found = (*participants(proposal, rules, on), *countries(proposal, rules, on))
    return [finding for finding in found if finding.code in SELF_CHECK]


def overall(findings: Iterable[Finding]) -> Verdict:
    """One verdict of many: fails where a blocking one does, unknown where one is open, else holds."""
    verdicts = [(finding.verdict, finding.blocking) for finding in findings]
    if ("fails", True) in verdicts:
        return "fails"
    return "holds" if all(verdict == "holds" for verdict, _blocking in verdicts) else "unknown"


def independent_countries(partners: Iterable[Partner]) -> int:
    """How many different countries independent partners can stand for (rulebook 1.3).

    Partners of one control group are one entity and stand for one of their countries, chosen so that most are
    reached: the largest matching of entities to countries.
    """
    choices: dict[str, set[str]] = {}
    for partner in partners:
        group = " ".join(partner.control_group.split()).casefold()
        entity = f"group {group}" if group else f"partner {partner.key}"
        choices.setdefault(entity, set()).add(sovereign(partner.country))
    held_by: dict[str, str] = {}

    def find_place(entity: str, tried: set[str]) -> bool:
        for country in sorted(choices[entity] - tried):
            tried.add(country)
            if country not in held_by or find_place(held_by[country], tried):
                held_by[country] = entity
                return True
        return False

    return sum(find_place(entity, set()) for entity in sorted(choices))


def gep_required(partner: Partner, country: Status) -> bool:
    """Whether the organisation needs a gender equality plan by grant signature (rulebook 1.6)."""
    return partner.activity in ("PUB", "HES", "REC") and country.counts and partner.is_funded


def _status(partner: Partner, rules: CallRules, on: date) -> Status:
    return status(partner.country, pillar=rules.pillar, year=rules.year, action=rules.action, on=on)


def _is_pic(text: str) -> bool:
    try:
        return pic(text) == text
    except ValueError:
        return False
