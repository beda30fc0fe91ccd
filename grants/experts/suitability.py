"""Whom to ask for one application: shared words speak for somebody, load and conflicts against (rulebook 4.6)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from grants import clock
from grants.applications.models import Application
from grants.applications.proposal import Proposal
from grants.calls.models import Call
from grants.experts import queries
from grants.experts.conflicts import Detected, Employment, Person, Traces, detected
from grants.experts.fit import Fit, fits, terms, with_bid
from grants.experts.models import Conflict, Expert


@dataclass(frozen=True)
class Candidate:
    """One expert of the pool beside one application, with the facts that speak for and against."""

    expert: Expert
    fit: Fit
    bid: str
    """yes, maybe or no; empty where nothing was said, or the call does not ask."""
    load: int
    found: tuple[Detected | Conflict, ...]
    """Conflicts that bar or wait for a ruling: written down already, or found just now."""
    bars: bool

    @property
    def weight(self) -> float:
        """The fit of words as the bid moves it, 0 to 1."""
        return with_bid(self.fit.value, self.bid)


def person(expert: Expert) -> Person:
    """What the rules about conflicts are told of somebody."""
    past = tuple(
        Employment(
            job["name"], job.get("pic", ""), date.fromisoformat(job["until"]) if job.get("until") else None
        )
        for job in expert.past_employers
    )
    user = expert.user
    return Person(
        user.name, user.email, expert.orcid, expert.employer, expert.employer_pic, expert.employer_ror, past
    )  # fmt: skip


def suspicions(application: Application, experts: Collection[Expert]) -> Mapping[int, tuple[Detected, ...]]:
    """What the rules find between an application and each expert, by user id; nothing is written."""
    assert application.submission is not None
    traces = Traces.of(application.submission.proposal)
    rivals = queries.competing(application, [expert.user for expert in experts])
    today = clock.now().date()
    return {
        expert.user_id: detected(person(expert), traces, on=today, competing=rivals.get(expert.user_id, ()))
        for expert in experts
    }


def without_conflict(expert: Expert, rows: Sequence[Any], call: Call) -> list[tuple[Any, Proposal]]:
    """Of rows with `number` and `snapshot` of applications, those with which the rules find no conflict.

    What an officer has overruled is none. Conflicts that are written down are the query's to leave out.
    """
    taking_part = queries.taking_part(call, [expert.user]).get(expert.user_id, set())
    overruled = queries.overruled(call, expert.user)
    today, who = clock.now().date(), person(expert)
    found = []
    for row in rows:
        proposal = Proposal.from_json(row.snapshot)
        suspected = detected(who, Traces.of(proposal), on=today, competing=taking_part - {row.number})
        if all((row.id, one.code, one.rule, one.detail) in overruled for one in suspected):
            found.append((row, proposal))
    return found


def candidates(application: Application, *, besides: Collection[int], wanted: str = "") -> list[Candidate]:
    """The pool without `besides` (user ids), the most suitable first; `wanted` narrows by name, employer, keyword."""
    assert application.submission is not None
    proposal = application.submission.proposal
    everybody = queries.everybody(application.call)
    pool = [
        expert for expert in everybody
        if expert.user_id not in besides and _mentions(expert, wanted)
    ]  # fmt: skip
    fitting = fits(
        terms([*proposal.keywords, proposal.free_keywords], proposal.title, proposal.abstract),
        {expert.user_id: terms(expert.keywords, expert.expertise) for expert in everybody},
    )
    loads = queries.loads(application.call)
    bids = queries.bids(application) if application.call.bids_until else {}
    suspected = suspicions(application, pool)
    known: dict[int, list[Conflict]] = {}
    for conflict in queries.conflicts(application):
        known.setdefault(conflict.user_id, []).append(conflict)
    applicants = {application.coordinator_id} | application.contact_ids
    found = []
    for expert in pool:
        written = known.get(expert.user_id, [])
        ruled = {(c.code, c.rule, c.reason) for c in written if c.status == "overruled"}
        standing = [c for c in written if c.status != "overruled"]
        kept = {(c.code, c.rule) for c in standing}
        fresh = [
            one for one in suspected[expert.user_id]
            if (one.code, one.rule) not in kept and (one.code, one.rule, one.detail) not in ruled
        ]  # fmt: skip
        bars = (
            expert.user_id in applicants
            or any(conflict.bars for conflict in standing)
            or any(one.code.startswith("D") for one in fresh)
        )
        load = loads.get(expert.user_id, 0)
        bid = bids.get(expert.user_id, "")
        found.append(Candidate(expert, fitting[expert.user_id], bid, load, (*standing, *fresh), bars))
    return sorted(found, key=lambda one: (one.bars, bool(one.found), -one.weight, one.load))


def _mentions(expert: Expert, wanted: str) -> bool:
    text = " ".join((expert.user.name, expert.user.email, expert.employer, *expert.keywords)).casefold()
    return all(word in text for word in wanted.casefold().split())
