"""Projects of CORDIS as applications to a call: consortium, contributions and texts, submitted as they stand."""

from typing import Any

from sqlalchemy import select

from grants import clock, events
from grants.applications import actions
from grants.applications.budget import funding_rate
from grants.applications.finding import FORM, FUNDING, Finding
from grants.applications.models import Application, BudgetLine, Partner
from grants.calls.countries import codes, normalised
from grants.calls.models import Call
from grants.db import db, new_public_id
from grants.imports.record import Record, Refused
from grants.people.models import User
from grants.words import N_

SOURCE = "CORDIS"
ROLES = {
    "coordinator": "coordinator", "participant": "beneficiary", "associatedPartner": "associated_partner",
    "thirdParty": "affiliated_entity",
}  # fmt: skip
ACTIVITIES = {code: code for code in ("HES", "REC", "PRC", "PUB", "OTH")}
# Private for-profit bodies are what the code says; of 'other' ones the source does not tell.
NONPROFIT = ("HES", "REC", "PUB")
TOTAL_COSTS = "internal_invoices"
"""The one category whose amounts include indirect costs: the source has totals only (docs/decisions/0006)."""


class Projects:
    """Makes applications to one call of project records, in the name of one of its officers (rulebook 10.3)."""

    id_field = "id"

    def __init__(self, call: Call, by: User) -> None:
        self.call, self.by = call, by
        origins = db.session.scalars(
            select(Application.origin).where(Application.call_id == call.id, Application.origin.is_not(None))
        )
        self.known = {origin["id"] for origin in origins if origin}

    def take(self, record: Record, origin: dict[str, Any]) -> tuple[str, tuple[str, ...]]:
        """A submitted application with version 1. Limits of the form are findings; what cannot be kept is refused."""
        fields = self._summary(record)
        members = record.records("organisations", most=500)
        partners = [self._partner(member, position) for position, member in enumerate(members, 1)]
        totals = {name: record.cents(name) for name in ("ec_max_contribution", "total_cost")}
        nameless = [member.text("name", most=300) for member in members if not _short_name(member)[1]]

        application = actions.begin(self.call, by=self.by, origin={"source": SOURCE} | origin, **fields)
        application.partners.extend(partners)
        db.session.flush()
        events.record(
            db.session, application, "create", by=self.by, target="draft", origin=application.origin
        )
        found = (*actions.findings(application), *_of_the_source(application, totals, nameless))
        # The receipt of an imported application is not older than the import, unless the deadline is.
        received = min(clock.now(), self.call.deadline_at)
        actions.freeze(application, found, by=self.by, key=f"import {origin['id']}"[:40], at=received)
        db.session.flush()
        return application.number, tuple(finding.code for finding in found if not finding.holds)

    def _summary(self, record: Record) -> dict[str, Any]:
        if record.text("currency", most=3) not in ("", "EUR"):
            raise Refused("currency", "Amounts can be taken in in euros only.")
        offered = {keyword.casefold(): keyword for keyword in self.call.keywords}
        keywords = record.texts("keywords", most=1000)
        return {
            "acronym": record.text("acronym", most=100),
            "title": record.text("title", most=2000, required=True),
            "abstract": record.text("objective", most=100_000),
            "duration": record.whole("duration_months", most=1200),
            "keywords": [offered[k.casefold()] for k in keywords if k.casefold() in offered],
            "free_keywords": ", ".join(k for k in keywords if k.casefold() not in offered),
        }

    def _partner(self, member: Record, position: int) -> Partner:
        role, activity = member.choice("role", ROLES), member.choice("activity", ACTIVITIES)
        country = normalised(member.text("country", most=10, required=True))
        if country not in codes():
            raise Refused(member.at("country"), f"'{country}' is not the code of a country.")
        nonprofit = activity in NONPROFIT
        cost = member.cents("cost")
        return Partner(
            public_id=new_public_id(), position=position, name=member.text("name", most=300, required=True),
            short_name=_short_name(member)[0], pic=member.text("pic", most=9), country=country,
            city=member.text("city", most=120), activity=activity, sme=member.flag("sme"), nonprofit=nonprofit,
            international=False, role=role, control_group="", gep=None, contact_name="", contact_email="",
            rate=funding_rate(self.call.action, nonprofit, role), requested=member.cents("net_ec") or 0, income=0,
            other_contributions=0, lines=[BudgetLine(category=TOTAL_COSTS, amount=cost)] if cost else [],
        )  # fmt: skip


def _short_name(member: Record) -> tuple[str, bool]:
    """The short name and whether it can be kept; a cut one would be false, and the full name is there."""
    found = member.text("short", most=1000)
    return (found, True) if len(found) <= 60 else ("", False)


def _of_the_source(
    application: Application, totals: dict[str, int | None], nameless: list[str]
) -> tuple[Finding, ...]:
    """What the source does not say, or says in two ways."""
    proposal = application.proposal
    found = [
        Finding(
            "COSTS_NOT_SPLIT", "unknown", "advice", False,
            N_("The costs are divided into categories."),
            N_("The source gives totals including indirect costs; they stand in one category."),
            FUNDING, "budget",
        )
    ]  # fmt: skip
    if nameless:
        found.append(Finding(
            "SHORT_NAME_TOO_LONG", "unknown", "advice", False,
            N_("Short names have at most 60 characters."),
            N_("Left out, since they are longer, for: %(partners)s."),
            FORM, "consortium", {"partners": ", ".join(nameless)},
        ))  # fmt: skip
    sums = {"ec_max_contribution": proposal.requested, "total_cost": proposal.total_cost}
    stated = {name: total for name, total in totals.items() if total is not None and total != sums[name]}
    if stated:
        found.append(Finding(
            "TOTALS_DIFFER", "unknown", "advice", False,
            N_("The amounts of the organisations add up to the totals of the project."),
            N_("In the source they do not; the amounts of the organisations are kept."),
            FUNDING, "budget", {"stated": stated, "sums": {name: sums[name] for name in stated}},
        ))  # fmt: skip
    return tuple(found)
