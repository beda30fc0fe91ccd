"""Verbs of the panel: write down a finding, close the panel and adopt the ranked list."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from grants import clock, events
from grants.applications.models import Application
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
from grants.panels import queries
from grants.panels.models import PanelFinding, RankedList, RankedRow
from grants.panels.standing import Standing, snapshot, standing
from grants.panels.uncertainty import Sureness
from grants.words import N_
from grants.workflow import move


class Refused(ValueError):
    """A refusal with a sentence (msgid) to show beside the form; `field` names the field that it is about."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class Changed(StaleDataError):
    """What the person looked at is no longer what is stored."""


def note(
    application: Application, *, by: Any, version: int, consensus: Mapping[str, int], aspects: Sequence[str],
    amended: Mapping[str, int], reason: str, tie_order: int | None, tie_reason: str, max_grant: int | None,
    minutes: str = "", motion: str = "", votes: Mapping[str, int] | None = None, funding_order: int | None = None,
    funding_reason: str = "", by_lots: bool = False,
) -> PanelFinding:  # fmt: skip
    """Write down what the panel found on one application (rulebook 4.3); the consensus report stays as it is.

    Args:
        version: of the finding that the person saw, 0 if there was none.
        consensus: final scores of the group, hundredths; an amended score equal to it is no amendment.
        max_grant: euro cents, None for what was requested.
        minutes: of the discussion; the panel's closing freezes them with the number of their version.
        motion: what was voted on, empty without a vote.
        votes: numbers of 'for', 'against' and 'abstained'; empty without a vote.
        funding_order: in calls that announced a portfolio, its place among those that are given money in another
            order than that of the ranks; in calls that announced lots only `drawing.take` gives it, `by_lots`.

    Raises:
        Changed: somebody else has saved a finding since.
        Refused: an amendment or a tie order without its reason, a score off the grid, or a grant of
            nothing or above the request.
    """
    finding = queries.finding_of(application)
    if (finding.version if finding else 0) != version:
        raise Changed
    call, submission = application.call, application.submission
    assert submission is not None
    changed = {criterion: score for criterion, score in amended.items() if score != consensus.get(criterion)}
    grid, criteria = call.scheme.grid(), {criterion.id for criterion in call.scheme.criteria}
    if not set(changed) <= criteria or not set(changed.values()) <= set(grid):
        raise Refused(N_("Choose a score of the scale."))
    if changed and not reason.strip():
        raise Refused(N_("Say why the panel changes the score. Both scores are kept."), "reason")
    if tie_order is not None and not tie_reason.strip():
        raise Refused(
            N_("Say why the panel sets this order. It becomes part of the panel report."), "tie_reason"
        )
    if max_grant == 0:
        raise Refused(N_("Enter the maximum grant, or leave it empty for what was requested."), "max_grant")
    if max_grant is not None and max_grant > submission.requested:
        raise Refused(N_("The maximum grant cannot be higher than what was requested."), "max_grant")
    count = {name: number for name, number in (votes or {}).items() if number}
    if bool(motion.strip()) != bool(count):
        raise Refused(N_("A vote needs both: what it was about, and the numbers."), "motion")
    if not by_lots:
        funding_order, funding_reason = _departure(finding, call, funding_order, funding_reason)
    set_grant = None if max_grant == submission.requested else max_grant
    if not by_lots and queries.draw_in_force(call):
        _keeps_what_is_fixed(finding, (_distinct(aspects), changed, set_grant), tie_order)
    if finding is None:
        finding = PanelFinding(application_id=application.id, application=application)
        db.session.add(finding)
    finding.aspects = _distinct(aspects)
    finding.amended, finding.reason = changed, reason.strip()
    finding.tie_order, finding.tie_reason = tie_order, tie_reason.strip()
    finding.max_grant = set_grant
    finding.funding_order, finding.funding_reason = funding_order, funding_reason
    finding.minutes, finding.motion, finding.votes = minutes.strip(), motion.strip(), count
    events.record(
        db.session, application, "panel_note", by=by, aspects=finding.aspects, amended=changed,
        reason=finding.reason, tie_order=tie_order, tie_reason=finding.tie_reason, max_grant=finding.max_grant,
        minutes=finding.minutes, motion=finding.motion, votes=count, funding_order=funding_order,
        funding_reason=finding.funding_reason,
    )  # fmt: skip
    return finding


def _departure(
    finding: PanelFinding | None, call: Call, order: int | None, reason: str
) -> tuple[int | None, str]:
    """What a person may say about the order in which money is given; what lots gave stays."""
    if not call.portfolio:
        return (finding.funding_order, finding.funding_reason) if finding else (None, "")
    if order is not None and not reason.strip():
        raise Refused(
            N_("Say why money is given in this order. It becomes part of the panel report."), "funding_reason"
        )
    return order, reason.strip()


def _keeps_what_is_fixed(
    finding: PanelFinding | None, ranking: tuple[Any, ...], tie_order: int | None
) -> None:
    """Since lots were fixed nobody moves an application; a tie that opened since is resolved all the same."""
    stored = (finding.aspects, finding.amended, finding.max_grant) if finding else ([], {}, None)
    placed = finding.tie_order if finding else None
    if ranking != stored or placed not in (None, tie_order):
        raise Refused(N_("Lots are fixed: only minutes, votes and the order of an open tie may change now."))


def present(call: Call, reader: Any = None, **other: Any) -> Standing:
    """The standing of a panel with the data of now, as `reader` may see it; None sees all. `other`: see `standing`."""
    drawing = queries.draw_in_force(call)
    outstanding = queries.outstanding(call, reader)
    return standing(call, queries.entries(call), outstanding, draw=drawing.state if drawing else "", **other)


def _distinct(aspects: Sequence[str]) -> list[str]:
    """Each aspect once, whatever its case, in the order given."""
    tidy = {" ".join(aspect.split()).casefold(): " ".join(aspect.split()) for aspect in reversed(aspects)}
    return [aspect for key, aspect in reversed(tidy.items()) if key]


def reviewed(standing: Standing, visible: Container[str] | None = None) -> str:
    """Fingerprint of what a closing would adopt: the review page carries it, so nobody adopts what he did not see.

    Args:
        visible: numbers of the applications that no conflict hides from the person; with a gap, neither ranks nor
            lines are shown and part of it. None sees all.
    """

    def sees(key: str) -> bool:
        return visible is None or key in visible

    shown = [place for place in standing.places if sees(place.entry.key)]
    whole = len(shown) == len(standing.places)
    return digest(
        [
            [place.entry.key, place.amount, place.entry.scores]
            + ([place.rank, place.line, place.area, place.entry.funding_order] if whole else [])
            for place in shown
        ]
        + [[block.sentence, [key for key in block.keys if sees(key)]] for block in standing.blocks]
    )


def close(call: Call, *, by: Any, report: str, seen: str, shown: Sureness | None = None) -> RankedList:
    """Close the panel: freeze the ranked list with its inputs and take every application to 'evaluated', in one act.

    Args:
        report: the panel's report, kept with the list.
        seen: `reviewed` of the standing that the chair looked at.
        shown: the figures on how sure the line is, if the panel had them before it; frozen with the list.

    Raises:
        Changed: something changed since.
        Refused: an application is not in panel yet, or a tie is open (rulebook 5.2).
    """
    # A report that is voided meanwhile takes its application out of the panel: one of the two comes first.
    in_panel = select(Application.id).where(Application.call_id == call.id, Application.state == "in_panel")
    db.session.execute(in_panel.order_by(Application.id).with_for_update())
    now_standing = present(call, by)
    if reviewed(now_standing, queries.visible_numbers(call, by)) != seen:
        raise Changed
    if now_standing.blocks:
        raise Refused(N_("The panel cannot close yet. The page says what is missing."))
    before = queries.adopted(call)
    number = before.number + 1 if before else 1
    at = clock.now()
    value = snapshot(call, now_standing, report=report, number=number, adopted_at=at.isoformat())
    value["absent"] = {application: sorted(people) for application, people in queries.absent(call).items()}
    if shown:
        value["sureness"] = shown.to_dict()
    if draws := queries.draws(call):
        value["draws"] = [{"number": one.number, "state": one.state, "sha256": one.sha256} for one in draws]
    adopted = RankedList(
        call_id=call.id, number=number, adopted_at=at, adopted_by_id=by.id, budget=call.budget,
        snapshot=canonical(value).decode(), sha256=digest(value),
    )  # fmt: skip
    adopted.rows = [
        RankedRow(
            application_id=place.entry.application.id, position=position, rank=place.rank, total=place.total,
            rank_score=place.rank_score, placed_by=place.placed_by, line=place.line, amount=place.amount,
            cumulative=place.cumulative, area=place.area, missed=[missed._asdict() for missed in place.missed],
            trace=[compared._asdict() for compared in place.trace],
        )
        for position, place in enumerate(now_standing.places, 1)
    ]  # fmt: skip
    db.session.add(adopted)
    call.panel_closed_at, call.panel_report = at, report
    for entry in (place.entry for place in now_standing.places):
        move(entry.application, "close_evaluation", by=by)
    events.record(db.session, call, "close_panel", by=by, list=number, sha256=adopted.sha256)
    return adopted
