"""Who could take a place that became empty, with reasons; nobody else is moved (rulebook 4.6, 4.7, 7.2)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grants.applications.models import Application
from grants.experts import queries
from grants.experts.composing import person
from grants.experts.composition import DEFAULTS, FULL, HARD, Task, Wanted
from grants.experts.models import Assignment, Expert
from grants.experts.suitability import Background, Candidate, candidates
from grants.policy import ASKED

LOAD = 12
"""Applications for each expert, at most, where no groups were proposed for the call."""


@dataclass(frozen=True)
class Alternate:
    """Somebody who may be asked now, beside those who stay."""

    candidate: Candidate
    room: int
    """How many more applications they could take on."""
    worsens: tuple[str, ...]
    """Rules of `composition.RULES` that the group would hold less well with them."""
    mends: tuple[str, ...]
    """Rules that it would hold better."""


@dataclass(frozen=True)
class Replacement:
    """A group with an empty place: who left, who stays, who could step in, and how many cannot, by reason."""

    left: Sequence[Assignment]
    stays: Sequence[tuple[Assignment, Expert | None]]
    alternates: Sequence[Alternate]
    unfit: Mapping[str, int]
    """conflict, full: how many of the pool are not among the alternates."""

    @property
    def has_rapporteur(self) -> bool:
        return any(one.is_rapporteur for one, _expert in self.stays)


def of(application: Application) -> Replacement:
    """What is known of the place and whom to ask, best first.

    Who breaks no hard rule stands before who does; then follow fit less the price of soft rules, and load. Rules,
    prices and load are those of the last groups that were composed for the call, else the house's.
    """
    call, name = application.call, application.public_id
    asked = queries.assignments(application)
    stays = [(one, expert) for one, expert in asked if one.state in ASKED]
    group = [one.user.public_id for one, _expert in stays if one.scores]
    wishes = next((one.wishes for one in queries.group_proposals(call) if one.state == "done"), {})
    prices, most = wishes.get("prices", DEFAULTS), wishes.get("load", LOAD)
    experienced = queries.experienced(call)
    assert application.submission is not None
    countries = frozenset(application.submission.proposal.countries)
    wanted = Wanted(name, max(call.min_reviews, len(group) + 1), countries, wishes.get("language", ""))
    members = [expert for _one, expert in stays if expert is not None]
    besides = {one.user_id for one, _expert in asked if one.state != "void" or one.has_reported}
    background = Background.of(call, [*queries.everybody(call), *members])
    pool = candidates(application, besides=besides, background=background)
    employers, until = background.employers, queries.due_until(call)
    people = [
        person(one, most, experienced, employers[one.user_id], until=until)
        for one in [*members, *(c.expert for c in pool)]
    ]  # fmt: skip
    task = Task((wanted,), tuple(people), {}, prices=prices)
    limits = {one.name: one.load for one in task.experts}
    now = task.missed(wanted, group)
    found, unfit = [], {"conflict": 0, "full": 0}
    for one in pool:
        user = one.expert.user
        room = limits[user.public_id] - one.load
        if one.bars or one.found:
            unfit["conflict"] += 1
        elif room <= 0:
            unfit["full"] += 1
        else:
            then = task.missed(wanted, [*group, user.public_id])
            found.append(Alternate(one, room, _more(then, now), _more(now, then)))
    found.sort(key=lambda one: _order(one, prices))
    return Replacement([one for one, _expert in asked if one.state not in ASKED], stays, found, unfit)


def _more(counts: Mapping[str, int], than: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(rule for rule, count in counts.items() if count > than.get(rule, 0))


def _order(one: Alternate, prices: Mapping[str, int]) -> tuple[int, float, int]:
    def cost(rules: Iterable[str]) -> int:
        return sum(prices[rule] for rule in rules)

    value = one.candidate.weight * FULL - cost(one.worsens) + cost(one.mends)
    return sum(prices[rule] == HARD for rule in one.worsens), -value, one.candidate.load
