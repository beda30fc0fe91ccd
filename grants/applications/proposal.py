"""A proposal as a plain value: what the consortium wrote, in the shape that is hashed and frozen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from typing import Any

from grants.applications.budget import FUNDED_ROLES, Budget, Share
from grants.calls.countries import sovereign

SCHEMA = 1


@dataclass(frozen=True)
class Partner:
    """An organisation that takes part, with its role and its budget (rulebook 1.5, 9.2).

    `size` is worked out from figures where they are given, `person_months` are tenths, and `confirmed` is None where
    nobody is asked: of the coordinator, of subcontractors and in what was imported or submitted before.
    """

    key: str
    name: str = ""
    short_name: str = ""
    pic: str = ""
    country: str = ""
    city: str = ""
    activity: str = "OTH"
    sme: bool = False
    nonprofit: bool = False
    international: bool = False
    role: str = "beneficiary"
    control_group: str = ""
    gep: bool | None = None
    contact_name: str = ""
    contact_email: str = ""
    vat: str = ""
    ror: str = ""
    size: str = ""
    person_months: int = 0
    confirmed: bool | None = None
    budget: Budget = field(default_factory=Budget)

    @property
    def label(self) -> str:
        """The short name where there is one."""
        return self.short_name or self.name

    @property
    def is_beneficiary(self) -> bool:
        """Beneficiaries and the coordinator, who is one of them."""
        return self.role in ("coordinator", "beneficiary")

    @property
    def is_funded(self) -> bool:
        """Whether the role may receive EU money."""
        return self.role in FUNDED_ROLES

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Partner:
        return cls(**{**data, "budget": Budget.from_dict(data.get("budget", {}))})


def labels(partners: Iterable[Partner]) -> str:
    """Partners by name, for a sentence."""
    return ", ".join(partner.label for partner in partners)


@dataclass(frozen=True)
class Researcher:
    """One row of the researchers table; `partner` is the key of the partner."""

    partner: str
    first_name: str = ""
    last_name: str = ""
    gender: str = "undisclosed"
    career_stage: str = ""
    leading: bool = False
    orcid: str = ""


@dataclass(frozen=True)
class WorkPackage:
    """A work package (rulebook 9.3, table 3.1b): the leading partner by key, first and last month of its work."""

    key: str
    title: str = ""
    lead: str = ""
    starts: int | None = None
    ends: int | None = None


@dataclass(frozen=True)
class Answer:
    """The answer to one question of the call's form; the value is any JSON."""

    key: str
    value: Any


@dataclass(frozen=True)
class Attachment:
    """An attached file, known by its SHA-256; size in bytes."""

    kind: str
    name: str
    sha256: str
    size: int
    pages: int


@dataclass(frozen=True)
class Proposal:
    """Everything that a consortium submits; equal proposals have equal canonical JSON and hashes."""

    call: str
    number: str = ""
    acronym: str = ""
    title: str = ""
    abstract: str = ""
    duration: int | None = None
    keywords: tuple[str, ...] = ()
    free_keywords: str = ""
    partners: tuple[Partner, ...] = ()
    work_packages: tuple[WorkPackage, ...] = ()
    researchers: tuple[Researcher, ...] = ()
    answers: tuple[Answer, ...] = ()
    declarations: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Proposal:
        """Read the shape of `to_dict`. Raises ValueError for another schema, TypeError for unknown fields."""
        facts = dict(data)
        if (schema := facts.pop("schema", None)) != SCHEMA:
            raise ValueError(f"schema: expected {SCHEMA}, found {schema!r}")
        facts["partners"] = map(Partner.from_dict, facts.get("partners", ()))
        facts["work_packages"] = (WorkPackage(**row) for row in facts.get("work_packages", ()))
        facts["researchers"] = (Researcher(**row) for row in facts.get("researchers", ()))
        facts["answers"] = (Answer(**row) for row in facts.get("answers", ()))
        facts["attachments"] = (Attachment(**row) for row in facts.get("attachments", ()))
        for name in (
            "keywords",
            "partners",
            "work_packages",
            "researchers",
            "answers",
            "declarations",
            "attachments",
        ):
            facts[name] = tuple(facts.get(name, ()))
        return cls(**facts)

    @classmethod
    def from_json(cls, text: str | bytes) -> Proposal:
        """Read a frozen snapshot."""
        return cls.from_dict(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        """The shape that is hashed: dicts, lists, strings, integers and booleans.

        A budget without work packages has the shape that it had before there were any.
        """
        facts = {"schema": SCHEMA} | asdict(self)
        if not self.work_packages:
            del facts["work_packages"]
        for partner in facts["partners"]:
            partner["budget"]["shares"] = list(partner["budget"]["shares"])
            if not partner["budget"]["shares"]:
                del partner["budget"]["shares"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in facts.items()}

    def blinded(self, named: Callable[[int], str]) -> Proposal:
        """Without what tells who applies: a partner has a number, a role, a type and a budget, a file its kind as name.

        Args:
            named: what the partner of a number, from 1, is called.
        """
        numbers = {partner.key: number for number, partner in enumerate(self.partners, 1)}
        return replace(
            self,
            partners=tuple(
                Partner(
                    str(number), named(number), activity=one.activity, sme=one.sme, role=one.role,
                    person_months=one.person_months, budget=one.budget,
                )
                for number, one in enumerate(self.partners, 1)
            ),
            work_packages=tuple(
                replace(package, lead=str(numbers[package.lead]) if package.lead else "")
                for package in self.work_packages
            ),
            researchers=(),
            attachments=tuple(
                replace(file, name=f"{file.kind.replace(':', '_')}.pdf") for file in self.attachments
            ),
        )  # fmt: skip

    @property
    def coordinator(self) -> Partner | None:
        """The first partner with that role."""
        return next((partner for partner in self.partners if partner.role == "coordinator"), None)

    @property
    def beneficiaries(self) -> tuple[Partner, ...]:
        """The coordinator and the other beneficiaries."""
        return tuple(partner for partner in self.partners if partner.is_beneficiary)

    @property
    def budgets(self) -> tuple[Budget, ...]:
        """The rows of the budget table: beneficiaries and affiliated entities (rulebook 2.3)."""
        return tuple(partner.budget for partner in self.partners if partner.is_funded)

    @property
    def spendings(self) -> tuple[tuple[WorkPackage, tuple[tuple[Partner, Share], ...]], ...]:
        """Each work package with its rows, partner by partner, of those who may receive EU money."""
        rows = [
            (partner, row) for partner in self.partners if partner.is_funded for row in partner.budget.shares
        ]
        return tuple(
            (package, tuple((partner, row) for partner, row in rows if row.work_package == package.key))
            for package in self.work_packages
        )

    @property
    def requested(self) -> int:
        """Requested EU contribution of the consortium, cents."""
        return sum(budget.requested for budget in self.budgets)

    @property
    def total_cost(self) -> int:
        """Total costs of beneficiaries and affiliated entities, cents."""
        return sum(budget.total for budget in self.budgets)

    @property
    def countries(self) -> tuple[str, ...]:
        """Countries of all partners, territories counted with their state, in alphabetical order."""
        return tuple(sorted({sovereign(partner.country) for partner in self.partners if partner.country}))

    @property
    def women_share(self) -> Fraction | None:
        """Share of women among the leading researchers who disclose their gender; None without any."""
        genders = [
            person.gender for person in self.researchers if person.leading and person.gender != "undisclosed"
        ]
        return Fraction(genders.count("woman"), len(genders)) if genders else None

    @property
    def part_b(self) -> Attachment | None:
        """The attached Part B."""
        return next((attachment for attachment in self.attachments if attachment.kind == "part_b"), None)

    def attached(self, key: str) -> Attachment | None:
        """The file that answers a question; None when there is none."""
        return next((file for file in self.attachments if file.kind == f"q:{key}"), None)

    def answer(self, key: str) -> Any:
        """The value that answers a question; None when there is none."""
        return next((answer.value for answer in self.answers if answer.key == key), None)

    def partner(self, key: str) -> Partner:
        """The partner with that key. Raises KeyError."""
        return {partner.key: partner for partner in self.partners}[key]
