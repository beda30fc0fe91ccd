"""Groups for a call, composed by a worker: what the pool and the applications say, solved, and told with reasons."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grants import clock, jobs
from grants.applications.queries import by_public_id
from grants.db import db
from grants.experts import queries
from grants.experts.composition import FULL, Person, Proposal, Task, Wanted, compose
from grants.experts.models import Expert, GroupProposal
from grants.experts.suitability import Background, candidates
from grants.policy import ASKED

LEASE = timedelta(minutes=15)
SECONDS = 240
MANY = 20_000
"""Pairs from which on only the NEAREST experts of each application are considered."""
NEAREST = 30


class Stopped(Exception):
    """Somebody has stopped the search."""


def person(expert: Expert, load: int, experienced: Iterable[int]) -> Person:
    """What composition is told of somebody; `load` is what the officer allows, their own limit may be less."""
    today = clock.now().date()
    away = expert.away_from and expert.away_until and expert.away_from <= today <= expert.away_until
    own = load if expert.max_load is None else min(load, expert.max_load)
    return Person(
        expert.user.public_id, 0 if away else own, expert.country,
        expert.employer_pic or expert.employer_ror or expert.employer.casefold(), expert.gender, expert.sector,
        expert.user_id not in experienced, frozenset(expert.languages),
    )  # fmt: skip


def task_of(row: GroupProposal) -> tuple[Task, Mapping[tuple[str, str], tuple[str, ...]]]:
    """Everything that the groups follow from, and the shared words of each pair.

    What stands is fixed. A possible conflict that nobody has ruled on bars, as it does when an officer invites.
    """
    call = row.call
    applications, fit, words = [], {}, {}
    barred, fixed = set(), set()
    experts = queries.everybody(call)
    background = Background.of(call, experts)
    names = {expert.user_id: expert.user.public_id for expert in experts}
    for public_id in queries.to_compose(call):
        application = by_public_id(public_id)
        assert application is not None and application.submission is not None
        proposal = application.submission.proposal
        applications.append(Wanted(public_id, row.wishes["demand"], frozenset(proposal.countries)))
        for assignment, _expert in queries.assignments(application):
            pair = (public_id, names.get(assignment.user_id, ""))
            if assignment.state in ASKED and assignment.scores:
                fixed.add(pair)
            elif assignment.state in ASKED or assignment.state == "declined" or assignment.report is not None:
                barred.add(pair)
        for one in candidates(application, besides=(), background=background):
            pair = (public_id, names[one.expert.user_id])
            fit[pair], words[pair] = round(one.fit.value * FULL), one.fit.shared
            if one.bars or one.found:
                barred.add(pair)
    experienced = queries.experienced(call)
    people = tuple(person(expert, row.wishes["load"], experienced) for expert in experts)
    task = Task(
        tuple(applications), people, fit, frozenset(barred), frozenset(fixed), prices=row.wishes["prices"]
    )
    return task, words


def told(found: Proposal, words: Mapping[tuple[str, str], tuple[str, ...]]) -> dict[str, Any]:
    """The result as it is kept: people and applications by public id, fits in thousandths."""

    def expert(application: str, name: str) -> dict[str, Any]:
        pair = (application, name)
        return {"expert": name, "fit": found.task.fit.get(pair, 0), "words": list(words.get(pair, ()))}

    return {
        "seed": found.seed, "milliseconds": round(found.seconds * 1000), "considered": found.considered,
        "levels": [{"name": one.name, "value": one.value, "bound": one.bound} for one in found.levels],
        "applications": {
            one.name: {
                "group": [
                    expert(one.name, name) | {"stands": (one.name, name) in found.task.fixed}
                    for name in found.groups[one.name]
                ],
                "missed": found.task.missed(one, found.groups[one.name]), "missing": found.missing(one),
                "reliefs": list(found.reliefs(one)) if found.missing(one) else [],
                "alternates": [
                    expert(one.name, name) | {"places": list(places)}
                    for name, places in found.alternates(one)
                ],
            }
            for one in found.task.applications
        },
    }  # fmt: skip


def waiting(session: Session, at: datetime) -> list[int]:
    """Proposals that nobody is composing."""
    return list(session.scalars(
        select(GroupProposal.id).where(
            GroupProposal.state == "wanted",
            GroupProposal.lease_until.is_(None) | (GroupProposal.lease_until < at),
        )
    ))  # fmt: skip


def do(row_id: int) -> None:
    """Compose one proposal; a stop counts from the next objective on."""
    now = clock.now()
    if not _set(row_id, GroupProposal.lease_until.is_(None) | (GroupProposal.lease_until < now),
                lease_until=now + LEASE):  # fmt: skip
        return
    row = queries.group_proposal_by_id(row_id)
    task, words = task_of(row)
    db.session.rollback()
    nearest = NEAREST if len(task.applications) * len(task.experts) > MANY else None
    try:
        found = compose(task, seconds=SECONDS, nearest=nearest, say=lambda step: _at(row_id, step))
        _at(row_id, "reasons")
    except Stopped:
        return
    if not found.levels:  # an empty place of which nothing is known would look like a finding
        _set(row_id, state="stopped", finished_at=clock.now(), lease_until=None, step="", inputs=task.sha256)
        return
    _set(row_id, state="done", finished_at=clock.now(), lease_until=None, step="", inputs=task.sha256,
         result=told(found, words))  # fmt: skip


def _at(row_id: int, step: str) -> None:
    if not _set(row_id, step=step):
        raise Stopped


def _set(row_id: int, *when: Any, **values: Any) -> bool:
    """Write to a proposal that is still wanted, in a transaction of its own."""
    found = db.session.scalar(
        update(GroupProposal)
        .where(GroupProposal.id == row_id, GroupProposal.state == "wanted", *when)
        .values(**values)
        .returning(GroupProposal.id)
        .execution_options(synchronize_session=False)
    )
    db.session.commit()
    return found is not None


jobs.does("group_proposal", waiting, do)
