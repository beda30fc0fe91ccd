"""Whom to ask for one application: shared keywords speak for somebody, load and conflicts against (rulebook 4.6)."""

from collections.abc import Collection
from dataclasses import dataclass

from grants.applications.models import Application
from grants.experts import actions, queries
from grants.experts.conflicts import Detected, words
from grants.experts.models import Conflict, Expert


@dataclass(frozen=True)
class Candidate:
    """One expert of the pool beside one application, with the facts that speak for and against."""

    expert: Expert
    shared: tuple[str, ...]
    load: int
    found: tuple[Detected | Conflict, ...]
    """Conflicts that bar or wait for a ruling: written down already, or found just now."""
    bars: bool

    @property
    def is_open(self) -> bool:
        """Nothing has to be ruled on before this expert is invited."""
        return not self.found


def candidates(application: Application, *, besides: Collection[int], wanted: str = "") -> list[Candidate]:
    """The pool without `besides` (user ids), the most suitable first; `wanted` narrows by name, employer, keyword."""
    assert application.submission is not None
    topics = {words(keyword) for keyword in application.submission.proposal.keywords}
    pool = [
        expert for expert in queries.everybody(application.call)
        if expert.user_id not in besides and _mentions(expert, wanted)
    ]  # fmt: skip
    loads = queries.loads(application.call)
    suspicions = actions.suspicions(application, pool)
    known: dict[int, list[Conflict]] = {}
    for conflict in queries.conflicts(application):
        known.setdefault(conflict.user_id, []).append(conflict)
    applicants = {application.coordinator_id} | application.contact_ids
    found = []
    for expert in pool:
        written = known.get(expert.user_id, [])
        overruled = {(c.code, c.rule, c.reason) for c in written if c.status == "overruled"}
        kept = {(c.code, c.rule) for c in written if c.status != "overruled"}
        fresh = [
            one for one in suspicions[expert.user_id]
            if (one.code, one.rule) not in kept and (one.code, one.rule, one.detail) not in overruled
        ]  # fmt: skip
        standing = [c for c in written if c.status != "overruled"]
        bars = (
            expert.user_id in applicants
            or any(c.bars for c in standing)
            or any(one.code.startswith("D") for one in fresh)
        )
        shared = tuple(keyword for keyword in expert.keywords if words(keyword) in topics)
        found.append(
            Candidate(expert, shared, loads.get(expert.user_id, 0), (*standing, *fresh), bars)
        )
    return sorted(found, key=lambda one: (one.bars, bool(one.found), -len(one.shared), one.load))


def _mentions(expert: Expert, wanted: str) -> bool:
    text = " ".join((expert.user.name, expert.user.email, expert.employer, *expert.keywords)).casefold()
    return all(word in text for word in wanted.casefold().split())
