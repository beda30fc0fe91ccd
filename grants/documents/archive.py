"""What the report of a panel and the report of a whole call tell, for the funder's own archive.

What a conflict of interest hides from the reader is left out and said to be (rulebook 4.7). Experts are counted in the
report of a call and named nowhere in it.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from grants.applications.forms import ACTIVITIES
from grants.calls.models import Call
from grants.db import db
from grants.decisions import outcomes
from grants.documents import queries
from grants.documents.inside import NothingToTell
from grants.panels import discussion, ranking, rerun_draw, standing
from grants.panels import queries as panels
from grants.words import N_

MOST_BARS = 40
"""Rows of the budget's chart, as on the page."""


def panel(call: Call, reader: Any) -> dict[str, Any]:
    """The work of a panel from the frozen list that it adopted (rulebook 4.3, 5).

    Args:
        reader: gets no sums, plots and expected ranks if a conflict hides an application; None sees all.

    Raises:
        NothingToTell: no list has been adopted.
    """
    adopted = panels.adopted(call)
    if adopted is None:
        raise NothingToTell(N_("The panel has not adopted a ranked list yet."))
    frozen = json.loads(adopted.snapshot)
    places = db.session.execute(panels.places(adopted, reader)).all()
    rows = [row for row in places if row.visible]
    visible = {row.number for row in rows}
    gaps = len(rows) < len(places)
    # A row without its coordinating organisation does not tell the reader yet who applies (rulebook 7.4).
    told = {row.number for row in rows if row.coordinator_name}
    # Who was out of the room then; lists that were adopted before this was frozen tell no order.
    absent = {number: frozenset(people) for number, people in frozen.get("absent", {}).items()}
    return {
        "adopted": adopted,
        "report": frozen["panel_report"],
        "quotas": frozen.get("quotas", {}),
        "draws": [] if gaps else panels.draws(call),
        "scheme": call.scheme,
        "rows": rows,
        "hidden": len(places) - len(rows),
        "visible": visible,
        "names": {row.number: row.acronym or row.number for row in rows},
        "inputs": {
            number: one if number in told else _untold(one)
            for one in frozen["inputs"]
            if (number := one["number"]) in visible
        },
        "order": discussion.order(
            [one["number"] for one in frozen["inputs"] if one["number"] in visible], absent
        )
        if "absent" in frozen
        else [],
        "absent": absent,
        "members": panels.names(frozenset().union(*absent.values())),
        "chart": [] if gaps else panels.chart(adopted, MOST_BARS),
        "buckets": [] if gaps else ranking.distribution(panels.ranked_totals(adopted), call.scheme),
        "sureness": None if gaps else frozen.get("sureness"),
        "step_names": standing.STEP_NAMES,
        "line_names": standing.LINE_NAMES,
    }


def _untold(inputs: dict[str, Any]) -> dict[str, Any]:
    """What ranked an application without what points at who applies."""
    return {name: fact for name, fact in inputs.items() if name not in ("countries", "women_share")}


def draw(call: Call, reader: Any) -> dict[str, Any]:
    """The protocol of the draw of lots of a panel: what was fixed, the value, the seed, the order, who did what.

    Raises:
        NothingToTell: no lots were fixed, or a conflict hides an application of the panel from the reader.
    """
    found = panels.draw_in_force(call)
    if found is None:
        raise NothingToTell(N_("No draw of lots has been fixed."))
    if reader is not None and panels.hides_some(call, reader):
        raise NothingToTell(N_("You have a conflict of interest with an application of this panel."))
    return {
        "draw": found,
        "fixed": found.fixed,
        "drawn_at": found.drawn_at,
        "names": panels.acronyms(call),
        "people": panels.people_of([found]),
        "figures": {one["item"]: one for one in found.fixed["figures"]["items"]},
        "program": Path(rerun_draw.__file__).read_text(encoding="utf-8"),
        "draft": found.state != "taken",
    }


def panel_data(facts: dict[str, Any]) -> dict[str, Any]:
    """The list as the reader sees it with what it was made from; amounts are cents, scores hundredths."""
    adopted, visible = facts["adopted"], facts["visible"]
    return {
        "adopted_at": adopted.adopted_at.isoformat(), "sha256": adopted.sha256, "budget": adopted.budget,
        "quotas": facts["quotas"], "report": facts["report"], "order": facts["order"], "hidden": facts["hidden"],
        "draws": [one.to_dict() | {"state": one.state} for one in facts["draws"]],
        "inputs": list(facts["inputs"].values()), "sureness": facts["sureness"],
        "rows": [
            {
                "number": row.number, "place": row.place if row.rank else None, "total": row.total,
                "rank_score": row.rank_score, "placed_by": row.placed_by, "line": row.line, "area": row.area,
                "amount": row.amount, "missed": row.missed,
                "trace": [
                    one | {"others": {key: value for key, value in one["others"].items() if key in visible}}
                    for one in row.trace
                ],
            }
            for row in facts["rows"]
        ],
    }  # fmt: skip


def call_report(call: Call, reader: Any) -> dict[str, Any]:
    """A call in figures, without what a conflict hides from the reader; None sees all.

    Raises:
        NothingToTell: no application has been received.
    """
    states = queries.states(call, reader)
    if not states:
        raise NothingToTell(N_("No application has been received."))
    countries, types = _participations(call, reader)
    granted = {row.country: row for row in queries.granted(call, reader)}
    decisions = queries.decided(call, reader)
    loads = queries.loads(call, reader)
    received, funded = sum(states.values()), decisions.get("invited", (0, 0))[0]
    evaluated = sum(count for outcome, (count, _amount) in decisions.items() if outcome not in outcomes.GATES)
    return {
        "states": states,
        "received": received,
        "hidden": queries.count_hidden(call, reader) if reader else 0,
        "requested": sum(row["requested"] for row in countries.values()),
        "countries": sorted(countries.items(), key=lambda row: (-row[1]["requested"], row[0])),
        "granted": granted,
        "types": sorted(types.items(), key=lambda row: (-row[1]["requested"], row[0])),
        "type_names": dict(ACTIVITIES),
        "gates": queries.gates(call, reader),
        "gate_names": {"admissibility": N_("Admissibility"), "eligibility": N_("Eligibility")},
        "assignments": queries.assignment_states(call, reader),
        "loads": sorted(Counter(loads).items()),
        "experts": len(loads),
        "tasks": sum(loads),
        "marks": queries.consensus_scores(call, reader),
        "scheme": call.scheme,
        "decisions": [(name, *decisions[name]) for name in outcomes.NAMES if name in decisions],
        "outcome_names": outcomes.NAMES,
        "funded": funded,
        "evaluated": evaluated,
        "rates": {"received": _share(funded, received), "evaluated": _share(funded, evaluated)},
        "phases": queries.phases(call, reader),
    }


def _share(part: int, whole: int) -> int | None:
    """Basis points, half-up; None of nothing."""
    return (2 * 10_000 * part + whole) // (2 * whole) if whole else None


def _participations(call: Call, reader: Any) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]]:
    """By country and by type of organisation: coordinators, participations, requested contribution (cents)."""
    by_country: dict[str, dict[str, int]] = {}
    by_type: dict[str, dict[str, int]] = {}
    for proposal in queries.submitted_proposals(call, reader):
        for partner in proposal.partners:
            for group, key in ((by_country, partner.country), (by_type, partner.activity)):
                row = group.setdefault(key, {"coordinators": 0, "participations": 0, "requested": 0})
                row["coordinators"] += partner.role == "coordinator"
                row["participations"] += 1
                row["requested"] += partner.budget.requested if partner.is_funded else 0
    return by_country, by_type


def call_data(facts: dict[str, Any]) -> dict[str, Any]:
    """The figures as plain values; amounts are cents, scores hundredths, shares basis points."""
    return {
        name: facts[name]
        for name in ("states", "received", "hidden", "requested", "funded", "evaluated", "rates", "experts", "tasks")
    } | {
        "countries": [{"country": key} | row for key, row in facts["countries"]],
        "types": [{"type": key} | row for key, row in facts["types"]],
        "granted": [
            {"country": key, "applications": row.applications, "amount": int(row.amount or 0)}
            for key, row in sorted(facts["granted"].items())
        ],
        "gates": [{"gate": gate, "verdict": verdict, "count": count} for gate, verdict, count in facts["gates"]],
        "loads": [{"applications": load, "experts": count} for load, count in facts["loads"]],
        "scores": facts["marks"],
        "decisions": [
            {"outcome": outcome, "count": count, "amount": amount} for outcome, count, amount in facts["decisions"]
        ],
        "phases": {name: at.isoformat() if at else None for name, at in facts["phases"].items()},
    }  # fmt: skip
