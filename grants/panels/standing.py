"""Where each application stands now: its rank and why, the funding line, and what blocks the closing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from grants.applications.proposal import Proposal
from grants.calls.countries import sovereign, status
from grants.calls.scheme import Scheme
from grants.panels import funding, ranking
from grants.reviews import scoring
from grants.words import N_

if TYPE_CHECKING:
    from grants.calls.models import Call

STEP_NAMES = {
    "score": N_("Score"),
    "coverage": N_("Aspects covered, among equal scores"),
    "excellence": N_("Higher score for excellence"),
    "impact": N_("Higher score for impact"),
    "project": N_("Better score for the project"),
    "investigator": N_("Better score for the principal investigator"),
    "applicants": N_("Better score for the applicants"),
    "quality": N_("Better score for scientific quality"),
    "feasibility": N_("Better score for feasibility"),
    "relevance": N_("Better score for relevance"),
    "gender": N_("Nearer to gender balance among the leading researchers"),
    "countries": N_("Countries not yet reached by higher-ranked applications"),
    "country_share": N_("Larger share of the budget for countries not yet reached"),
    "panel": N_("Order set by the panel"),
    "tie": N_("Tied: the rules leave the order open"),
    "threshold": N_("Below a threshold"),
}
LINE_NAMES = {
    "main": N_("Main list"),
    "reserve": N_("Reserve list"),
    "no_budget": N_("Above the thresholds, no budget"),
    "second_stage": N_("Invited to the second stage"),
    "below_cut": N_("Above the thresholds, below the cut"),
    "below_threshold": N_("Below a threshold"),
}
LINE_TONES = {
    "main": "success", "reserve": "info", "no_budget": "warning", "second_stage": "success", "below_cut": "warning",
    "below_threshold": "danger",
}  # fmt: skip


def lines_of(scheme: Scheme) -> tuple[str, ...]:
    """The lines that a list made with the scheme may have, from the best on."""
    if scheme.is_first_stage:
        return "second_stage", "below_cut", "below_threshold"
    return "main", "reserve", "no_budget", "below_threshold"


@dataclass(frozen=True)
class Entry:
    """One application before the panel, known by its number. Scores are hundredths, amounts euro cents."""

    key: str
    application: Any
    proposal: Proposal
    consensus: Mapping[str, int]
    individual: Sequence[Mapping[str, int]] = ()
    finding: Any = None
    waits_for_ruling: bool = False
    """A disqualifying conflict of somebody whose report counts was found late (rulebook 4.7)."""

    @classmethod
    def of(cls, application: Any, **facts: Any) -> Entry:
        return cls(application.number, application, application.submission.proposal, **facts)

    @property
    def amended(self) -> dict[str, int]:
        return dict(self.finding.amended) if self.finding else {}

    @property
    def scores(self) -> dict[str, int]:
        """What ranks: the panel's score where it amended one, else the consensus; never an individual one."""
        return dict(self.consensus) | self.amended

    @property
    def aspects(self) -> list[str]:
        return list(self.finding.aspects) if self.finding else []

    @property
    def requested(self) -> int:
        return self.proposal.requested

    @property
    def amount(self) -> int:
        """What the budget has to carry: the maximum after evaluation, or what was requested."""
        set_by_panel = self.finding.max_grant if self.finding else None
        return self.requested if set_by_panel is None else int(set_by_panel)

    @property
    def wide(self) -> list[str]:
        """Criteria on which the individual scores lie far apart."""
        return [criterion for criterion, spread in scoring.spread(self.individual).items() if spread.wide]

    @property
    def funding_order(self) -> int | None:
        return self.finding.funding_order if self.finding else None

    def candidate(self, call: Call) -> ranking.Candidate:
        return ranking.Candidate(
            key=self.key,
            scores=self.scores,
            amount=self.amount,
            aspects=frozenset(aspect.casefold() for aspect in self.aspects),
            women_share=self.proposal.women_share,
            countries=_shares(self.countries(call), self.requested),
            panel_order=self.finding.tie_order if self.finding else None,
        )

    def countries(self, call: Call) -> dict[str, int]:
        """Member States and associated countries of the beneficiaries, as of the day of the deadline.

        With the euro cents that go there, also to affiliated entities.
        """
        on = date.fromisoformat(call.deadline_local[:10])
        codes = {sovereign(partner.country) for partner in self.proposal.beneficiaries if partner.country}
        money = {
            code: 0 for code in sorted(codes)
            if status(code, pillar=call.pillar, year=call.year, action=call.action, on=on).counts
        }  # fmt: skip
        for partner in self.proposal.partners:
            if partner.is_funded and partner.country and sovereign(partner.country) in money:
                money[sovereign(partner.country)] += partner.budget.requested
        return money


def _shares(countries: Mapping[str, int], requested: int) -> dict[str, Fraction]:
    """Shares of the requested cents by country."""
    return {code: Fraction(cents, requested or 1) for code, cents in countries.items()}


@dataclass(frozen=True)
class Place:
    """One application's place in the preview; `line` is empty while a tie keeps the line from being drawn."""

    entry: Entry
    total: int
    amount: int
    rank: int | None = None
    rank_score: int | None = None
    placed_by: str = "threshold"
    line: str = "below_threshold"
    cumulative: int = 0
    area: str = ""
    missed: Sequence[scoring.Missed] = ()
    trace: Sequence[ranking.Compared] = ()


@dataclass(frozen=True)
class Block:
    """What keeps the panel open: a sentence to translate with its values, and the applications it means."""

    sentence: str
    values: dict[str, Any] = field(default_factory=dict)
    keys: tuple[str, ...] = ()


UNFINISHED_DRAW = {
    "fixed": N_("A draw of lots is fixed and waits for its public value."),
    "drawn": N_("Lots were drawn, and the panel has not taken their order over yet."),
}


@dataclass(frozen=True)
class Standing:
    """Places from the first to the last, then those below a threshold; ties; and what blocks closing."""

    places: tuple[Place, ...]
    ties: tuple[tuple[str, ...], ...]
    unscored: tuple[Entry, ...]
    blocks: tuple[Block, ...]
    scheme: Scheme

    @property
    def ranked(self) -> tuple[Place, ...]:
        return tuple(place for place in self.places if place.rank is not None)

    @property
    def committed(self) -> int:
        """Sum of the best line, cents: what is funded, or what the second stage will ask for."""
        best = lines_of(self.scheme)[0]
        return max((place.cumulative for place in self.places if place.line == best), default=0)

    def counts(self) -> dict[str, int]:
        """How many applications stand on each line, in the order of the lines."""
        lines = [place.line for place in self.places]
        return {line: lines.count(line) for line in lines_of(self.scheme)}


def standing(
    call: Call, entries: Collection[Entry], outstanding: Mapping[str, int], *, budget: int | None = None,
    overall_threshold: int | None = None, draw: str = "",
) -> Standing:  # fmt: skip
    """The ranking with the present data (rulebook 5).

    Args:
        outstanding: numbers of applications, by state, that still are on their way to the panel.
        draw: the state of a draw of lots that the panel has begun.
        budget: cents, to see what another budget than the call's would do.
        overall_threshold: hundredths, to see what another one than the scheme's would do.
    """
    scheme = call.scheme if overall_threshold is None else call.scheme.with_threshold(overall_threshold)
    budget = call.budget if budget is None else budget
    unscored = tuple(entry for entry in entries if scoring.problems(entry.scores, scheme))
    scored = {entry.key: entry for entry in entries if entry not in unscored}
    order = ranking.ranked([entry.candidate(call) for entry in scored.values()], scheme)
    areas = {key: entry.proposal.keywords for key, entry in scored.items()}
    given = {key: entry.funding_order for key, entry in scored.items() if entry.funding_order is not None}
    lines = _lines(order, scheme, budget, call.reserve_size, call.quotas, areas, given)
    places = [
        Place(scored[row.key], row.total, row.amount, row.rank, row.rank_score, row.step, line.line, line.cumulative,
              line.area, trace=row.trace)
        for row, line in zip(order.rows, lines, strict=True)
    ]  # fmt: skip
    places += [Place(scored[row.key], row.total, row.amount, missed=row.missed) for row in order.below]
    blocks = [
        Block(
            N_("Applications on their way to the panel: %(count)s (%(state)s).") if state
            else N_("What is not shown to you is on its way to the panel."),
            {"count": count, "state": state},
        )
        for state, count in outstanding.items()
    ]  # fmt: skip
    blocks += [
        Block(N_("%(numbers)s has no final consensus scores."), keys=(entry.key,)) for entry in unscored
    ]
    blocks += [
        Block(N_("%(numbers)s are tied. The rules leave their order open: set it with a reason."), keys=tie)
        for tie in order.ties
    ]
    # No word of conflicts: they are for officers only.
    blocks += [
        Block(N_("The officers have a question to settle about %(numbers)s first."), keys=(entry.key,))
        for entry in entries if entry.waits_for_ruling
    ]  # fmt: skip
    blocks += [Block(UNFINISHED_DRAW[draw])] if draw in UNFINISHED_DRAW else []
    return Standing(tuple(places), order.ties, unscored, tuple(blocks), scheme)


def snapshot(call: Call, standing: Standing, *, report: str, number: int, adopted_at: str) -> dict[str, Any]:
    """The adopted list with all that went into it, ready for canonical JSON; it names nobody of the panel.

    The closing adds who had to leave the room, by public id.
    """
    return {
        "schema": 1,
        "call": call.reference,
        "number": number,
        "adopted_at": adopted_at,
        "budget": call.budget,
        "reserve_size": call.reserve_size,
        "quotas": call.quotas,
        "portfolio": call.portfolio,
        "lots": call.lots,
        "scheme": call.scheme.to_dict(),
        "panel_report": report,
        "inputs": [
            _inputs(entry, call)
            for entry in sorted((place.entry for place in standing.places), key=lambda entry: entry.key)
        ],
        "rows": [
            {
                "number": place.entry.key,
                "rank": place.rank,
                "total": place.total,
                "rank_score": place.rank_score,
                "placed_by": place.placed_by,
                "line": place.line,
                "amount": place.amount,
                "cumulative": place.cumulative,
                "area": place.area,
                "missed": [missed._asdict() for missed in place.missed],
                "trace": [compared._asdict() for compared in place.trace],
            }
            for place in standing.places
        ],
    }


def follows(value: Mapping[str, Any]) -> bool:
    """Whether the rows of an adopted list, in the shape of `snapshot`, follow from the inputs frozen with it."""
    scheme = Scheme.from_dict(value["scheme"])
    candidates = [
        ranking.Candidate(
            key=one["number"],
            scores=one["consensus"] | one["amended"],
            amount=one["amount"],
            aspects=frozenset(aspect.casefold() for aspect in one["aspects"]),
            women_share=Fraction(*one["women_share"]) if one["women_share"] else None,
            countries=_countries_of(one),
            panel_order=one["tie_order"],
        )
        for one in value["inputs"]
    ]
    order = ranking.ranked(candidates, scheme)
    lines = _lines(
        order, scheme, value["budget"], value["reserve_size"], value.get("quotas") or {},
        {one["number"]: one.get("keywords", ()) for one in value["inputs"]},
        {one["number"]: one["funding_order"] for one in value["inputs"] if one.get("funding_order") is not None},
    )  # fmt: skip
    expected = [
        {
            "number": row.key, "rank": row.rank, "total": row.total, "rank_score": row.rank_score,
            "placed_by": row.step, "line": line.line, "amount": line.amount, "cumulative": line.cumulative,
            "area": line.area, "missed": [], "trace": [compared._asdict() for compared in row.trace],
        }
        for row, line in zip(order.rows, lines, strict=True)
    ] + [
        {
            "number": row.key, "rank": None, "total": row.total, "rank_score": None, "placed_by": "threshold",
            "line": "below_threshold", "amount": row.amount, "cumulative": 0, "area": "",
            "missed": [missed._asdict() for missed in row.missed], "trace": [],
        }
        for row in order.below
    ]  # fmt: skip
    # A list of an earlier version tells less of each row; what it tells has to follow all the same.
    return len(expected) == len(value["rows"]) and all(
        {"number", "line"} <= row.keys() and row == {name: one[name] for name in row if name in one}
        for one, row in zip(expected, value["rows"], strict=True)
    )


def _countries_of(inputs: Mapping[str, Any]) -> dict[str, Fraction]:
    """Countries with their shares; an earlier version froze their codes only and counted each as reached."""
    frozen = inputs["countries"]
    if isinstance(frozen, Mapping):
        return _shares(frozen, inputs["requested"])
    return dict.fromkeys(frozen, Fraction(1))


def _lines(
    order: ranking.Ranking, scheme: Scheme, budget: int, reserve_size: int | None, quotas: Mapping[str, int],
    areas: Mapping[str, Collection[str]], given: Mapping[str, int],
) -> Sequence[ranking.Line]:  # fmt: skip
    """Where each ranked row stands. While a tie is open there is no line, and the amounts add up as the list stands."""
    if order.ties:
        added = accumulate(row.amount for row in order.rows)
        return [
            ranking.Line(row.key, "", row.amount, so_far)
            for row, so_far in zip(order.rows, added, strict=True)
        ]
    if scheme.is_first_stage:
        return funding.invited(order, budget, scheme)
    return ranking.cut(order, budget, reserve_size, quotas=quotas, areas=areas, order=given)


def _inputs(entry: Entry, call: Call) -> dict[str, Any]:
    share = entry.proposal.women_share
    return {
        "number": entry.key,
        "submission": entry.application.submission.sha256,
        "consensus": dict(entry.consensus),
        "amended": entry.amended,
        "reason": entry.finding.reason if entry.finding else "",
        "requested": entry.requested,
        "keywords": list(entry.proposal.keywords),
        "amount": entry.amount,
        "aspects": sorted(entry.aspects),
        "women_share": [share.numerator, share.denominator] if share is not None else None,
        "countries": entry.countries(call),
        "tie_order": entry.finding.tie_order if entry.finding else None,
        "tie_reason": entry.finding.tie_reason if entry.finding else "",
        "funding_order": entry.funding_order,
        "funding_reason": entry.finding.funding_reason if entry.finding else "",
        "minutes": {"version": entry.finding.version, "text": entry.finding.minutes}
        if entry.finding
        else None,
        "vote": {"motion": entry.finding.motion} | entry.finding.votes if entry.finding else None,
    }
