"""Whom to ask for one application: shared words speak for somebody, load and conflicts against (rulebook 4.6)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from grants import clock
from grants.applications.models import Application
from grants.applications.proposal import Proposal
from grants.calls.models import Call
from grants.experts import queries
from grants.experts.conflicts import Detected, Person, Tie, Together, Traces, detected, employers
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


def person(
    expert: Expert, register: Mapping[str, tuple[str, ...]], together: tuple[Together, ...] = ()
) -> Person:
    """What the rules about conflicts are told of somebody.

    Args:
        register: further names of organisations, by participant code.
        together: what the person has applied with in other calls.
    """
    user = expert.user

    def tie(facts: Mapping[str, Any]) -> Tie:
        pic = facts.get("pic", "")
        return Tie(
            facts["name"], pic, facts.get("ror", ""), _day(facts.get("since")), _day(facts.get("until")),
            register.get(pic, ()), facts.get("code", ""),
        )  # fmt: skip

    return Person(
        user.name, user.email, expert.orcid,
        tie({"name": expert.employer, "pic": expert.employer_pic, "ror": expert.employer_ror}),
        tuple(map(tie, expert.past_employers)), tuple(map(tie, expert.ties)), together,
    )  # fmt: skip


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _codes(expert: Expert) -> Iterator[str]:
    """Participant codes that the profile names."""
    yield expert.employer_pic
    for facts in (*expert.past_employers, *expert.ties):
        yield facts.get("pic", "")


@dataclass(frozen=True)
class Background:
    """What has to be looked up of the experts of a call, once for all its applications; by user id."""

    people: Mapping[int, Person]
    competing: Mapping[int, Collection[int]]
    """Row ids of the call's applications that each takes part in, or is too close to."""
    today: date
    """Where the call is."""

    @classmethod
    def of(cls, call: Call, experts: Collection[Expert]) -> "Background":
        users = [expert.user for expert in experts]
        register = queries.register({code for expert in experts for code in _codes(expert)})
        together = queries.together(call, users)
        return cls(
            {one.user_id: person(one, register, together.get(one.user_id, ())) for one in experts},
            queries.competing(call, users),
            clock.now().astimezone(ZoneInfo(call.zone)).date(),
        )

    @property
    def employers(self) -> Mapping[int, str]:
        """The employer of each, under one name; see `conflicts.employers`."""
        return employers({user_id: person.employer for user_id, person in self.people.items()})

    def suspected(self, user_id: int, application_id: int, traces: Traces) -> tuple[Detected, ...]:
        """What the rules find between one of the experts and one application."""
        rivals = {*self.competing.get(user_id, ())} - {application_id}
        return detected(self.people[user_id], traces, on=self.today, competing=len(rivals))


def suspicions(
    application: Application, experts: Collection[Expert], background: Background | None = None
) -> Mapping[int, tuple[Detected, ...]]:
    """What the rules find between an application and each expert, by user id; nothing is written."""
    assert application.submission is not None
    proposal = application.submission.proposal
    known = background or Background.of(application.call, experts)
    traces = Traces.of(proposal, queries.register(partner.pic for partner in proposal.partners))
    return {one.user_id: known.suspected(one.user_id, application.id, traces) for one in experts}


def without_conflict(expert: Expert, rows: Sequence[Any], call: Call) -> list[tuple[Any, str]]:
    """Of rows with `id` and `snapshot` of applications, those with which the rules find no conflict, with the summary.

    What an officer has overruled is none. Conflicts that are written down are the query's to leave out. Nothing else of
    a proposal is handed on: the expert has declared nothing yet, and the call may be evaluated blind.
    """
    background = Background.of(call, [expert])
    overruled = queries.overruled(call, expert.user)
    proposals = [(row, Proposal.from_json(row.snapshot)) for row in rows]
    register = queries.register(partner.pic for _row, one in proposals for partner in one.partners)
    return [
        (row, proposal.abstract)
        for row, proposal in proposals
        if all(
            (row.id, one.code, one.rule, one.detail) in overruled
            for one in background.suspected(expert.user_id, row.id, Traces.of(proposal, register))
        )
    ]


def candidates(
    application: Application,
    *,
    besides: Collection[int],
    wanted: str = "",
    reader: Any = None,
    background: Background | None = None,
) -> list[Candidate]:
    """The pool without `besides` (user ids), the most suitable first; `wanted` narrows by name, employer, keyword.

    Args:
        reader: counts as load only what no conflict hides from this person; None counts all.
        background: of the whole pool, for whoever asks about many applications.
    """
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
    loads = queries.loads(application.call, reader)
    bids = queries.bids(application) if application.call.bids_until else {}
    suspected = suspicions(application, pool, background)
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
