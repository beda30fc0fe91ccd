"""A call whose applications stand before the panel: real rows with real hashes, without the way that led there."""

from datetime import UTC, datetime
from typing import Any

from grants import events
from grants.applications.models import Application, Submission
from grants.applications.proposal import Proposal
from grants.calls import actions as calls
from grants.calls.models import Call, Programme
from grants.canonical import canonical, digest
from grants.db import db
from grants.people import actions as people
from grants.reviews.models import ConsensusMark, ConsensusReport

CRITERIA = ("excellence", "impact", "implementation")
MILLION = 100_000_000

# T-5.1: scores, euros requested (cents), aspects, women among ten leading researchers, countries.
T_5_1 = {
    "P01": ((450, 450, 450), 6 * MILLION, ["a"], (4, 10), "DE FR IT"),
    "P02": ((500, 450, 500), 7 * MILLION, ["a", "b"], (7, 20), "ES PT FR"),
    "P03": ((400, 450, 450), 5 * MILLION, ["c"], (3, 10), "NL BE SE"),
    "P04": ((450, 400, 450), 4 * MILLION, ["a"], (5, 10), "DE AT NO"),
    "P05": ((450, 400, 450), 4 * MILLION, ["b"], (9, 20), "PL CZ RO"),
    "P06": ((500, 500, 250), 3 * MILLION, ["a"], (5, 10), "FR DE IT"),
    "P07": ((350, 300, 350), 3 * MILLION, ["a"], (5, 10), "FR DE IT"),
    "P08": ((300, 350, 300), 3 * MILLION, ["a"], (5, 10), "FR DE IT"),
    "P09": ((450, 400, 450), 4 * MILLION, ["b"], (9, 20), "PL DE FR"),
}


def closed_call(
    cast: Any, reference: str = "PANEL-2026", *, budget: int = 20 * MILLION, reserve_size: int | None = None
) -> Call:
    """A call past its deadline with the officers, the chair and the observer of the cast."""
    programme = Programme(name=f"Programme of {reference}")
    db.session.add(programme)
    db.session.flush()
    call = calls.create(
        programme, by=cast.officer, reference=reference, scheme_id="he-ria-2026", title="Trustworthy models",
        text="", action="RIA", pillar=2, year=2026, opens_on=datetime(2025, 9, 1, tzinfo=UTC),
        deadline=datetime(2025, 12, 1, 17, 0), budget=budget, reserve_size=reserve_size,
    )  # fmt: skip
    call.state = "published"
    for person, role in (
        (cast.officer, "officer"), (cast.officer2, "officer"), (cast.chair, "chair"), (cast.observer, "observer"),
    ):  # fmt: skip
        people.appoint(person, role, by=None, call=call)
    db.session.commit()
    return call


def application(
    call: Call, coordinator: Any, name: str, scores: tuple[int, ...] | None, amount: int,
    women: tuple[int, int] = (1, 2), countries: str = "DE FR IT", state: str = "in_panel",
) -> Application:  # fmt: skip
    """One application of the call, submitted, with a final consensus report if it has scores."""
    call.applications_made += 1
    number = f"{call.reference}-{call.applications_made:04d}"
    proposal = Proposal.from_dict(_proposal(call, number, name, amount, women, countries.split()))
    one = Application(
        call_id=call.id, serial=call.applications_made, number=number, state=state, coordinator_id=coordinator.id,
        created_at=datetime(2025, 10, 1, tzinfo=UTC), version=1, acronym=name, title=proposal.title,
    )  # fmt: skip
    db.session.add(one)
    db.session.flush()
    db.session.add(
        Submission(
            application_id=one.id, number=1, receipt=f"{number}-V1", idempotency_key=number,
            submitted_at=datetime(2025, 11, 30, tzinfo=UTC), submitted_by_id=coordinator.id,
            snapshot=canonical(proposal.to_dict()).decode(), sha256=digest(proposal.to_dict()), findings=[],
            acronym=name, title=proposal.title, coordinator_name=proposal.partners[0].name,
            coordinator_country=proposal.partners[0].country, partner_count=len(proposal.partners),
            requested=amount, total_cost=amount,
        )
    )  # fmt: skip
    sha256 = digest(proposal.to_dict())
    events.record(db.session, one, "submit", by=coordinator, version=1, sha256=sha256, receipt=f"{number}-V1")
    if scores:
        db.session.add(
            ConsensusReport(
                application_id=one.id, state="final", opened_at=datetime(2026, 2, 1, tzinfo=UTC),
                finalised_at=datetime(2026, 3, 1, tzinfo=UTC),
                marks=[
                    ConsensusMark(criterion=criterion, score=score, comment="Sound.")
                    for criterion, score in zip(CRITERIA, scores, strict=True)
                ],
            )
        )  # fmt: skip
    db.session.commit()
    return one


def _proposal(
    call: Call, number: str, name: str, amount: int, women: tuple[int, int], countries: list[str]
) -> dict[str, Any]:
    # Money goes to every country; the coordinator has what does not divide.
    part = amount // len(countries)
    parts = [amount - part * (len(countries) - 1), *[part] * (len(countries) - 1)]
    partners = [
        {
            "key": f"p{position}", "name": f"University {country}", "country": country, "activity": "HES",
            "role": "beneficiary" if position else "coordinator",
            "budget": {"personnel": cents, "requested": cents},
        }
        for position, (country, cents) in enumerate(zip(countries, parts, strict=True))
    ]  # fmt: skip
    share, everybody = women
    researchers = [
        {"partner": "p0", "first_name": "A", "last_name": str(n), "leading": True,
         "gender": "woman" if n < share else "man"}
        for n in range(everybody)
    ]  # fmt: skip
    return {
        "schema": 1, "call": call.reference, "number": number, "acronym": name, "title": f"The project {name}",
        "duration": 36, "partners": partners, "researchers": researchers,
    }  # fmt: skip


def t_5_1(call: Call, coordinator: Any) -> dict[str, Application]:
    """The applications of the worked example T-5.1, by name; their aspects are for the panel to note."""
    return {
        name: application(call, coordinator, name, scores, amount, women, countries)
        for name, (scores, amount, _aspects, women, countries) in T_5_1.items()
    }


def finding(page: Any, **changes: str) -> dict[str, str]:
    """The finding form of a page as a browser would send it, with some fields changed."""
    return fields(page, 'name="aspects"') | changes


def fields(page: Any, marker: str = "") -> dict[str, str]:
    """Names and values of the form of a page that holds `marker`; the client adds its own form token."""
    from html.parser import HTMLParser

    class Forms(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.forms: list[dict[str, str]] = []
            self.select = self.textarea = None

        def handle_starttag(self, tag: str, attributes: Any) -> None:
            facts = {key: value or "" for key, value in attributes}
            if tag == "form":
                self.forms.append({})
            if not self.forms:
                return
            form, name = self.forms[-1], facts.get("name", "")
            if tag == "input" and name != "csrf_token" and facts.get("type") not in ("checkbox", "submit"):
                form[name] = facts.get("value", "")
            elif tag == "textarea":
                self.textarea, form[name] = name, ""
            elif tag == "select":
                self.select = name
            elif tag == "option" and "selected" in dict(attributes):
                form[self.select] = facts["value"]

        def handle_data(self, data: str) -> None:
            if self.textarea:
                self.forms[-1][self.textarea] += data

        def handle_endtag(self, tag: str) -> None:
            if tag == "textarea":
                self.textarea = None

    parser, wanted = Forms(), marker.partition('"')[2].rstrip('"')
    parser.feed(page.text)
    return next(form for form in parser.forms if not wanted or wanted in form)
