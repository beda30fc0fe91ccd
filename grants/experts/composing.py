"""Groups for a call, composed by a worker: what the pool and the applications say, solved, and told with reasons.

The search runs in a process of its own. This one renews the lease, writes down how far it is, and ends it when the
officer stops it or time is over; the best groups found so far are told all the same.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grants import clock, jobs
from grants.applications.queries import by_public_id
from grants.db import db
from grants.experts import apart, queries
from grants.experts.composition import FULL, Person, Task, Wanted
from grants.experts.groups import Group, reasons
from grants.experts.levels import Level, Standing, narrowed, search
from grants.experts.models import Expert, GroupProposal
from grants.experts.suitability import Background, candidates
from grants.policy import ASKED

log = logging.getLogger(__name__)
LEASE = timedelta(minutes=1)
"""Renewed while the search goes on; whatever a crash left is taken up again after so long."""
PAUSE = 1.0
"""Seconds between two writings of how far it is."""
ATTEMPTS = 3
SEED = 1
SECONDS = 240
"""For the search; finding reasons and alternates comes on top."""
GRACE = 30
"""Seconds by which a solver may be late before its process is ended."""

OPEN = ("wanted", "stopping")
Reasons = Mapping[tuple[str, str], tuple[tuple[str, ...], str]]
"""Shared words and bid of each pair."""


class Stopped(Exception):
    """The officer wants no more, and nothing was found so far."""


class Lost(Exception):
    """The row is no longer ours to write to."""


def person(
    expert: Expert, load: int, experienced: Iterable[int], employer: str, *, until: date | None = None, taken: int = 0
) -> Person:  # fmt: skip
    """What composition is told of somebody.

    Args:
        load: what the officer allows; their own limit may be less.
        employer: as `conflicts.employers` names it.
        until: the day on which reports are due, today where nobody knows; who is away before then takes nothing on.
        taken: applications that they evaluate already, beside those that the task is about.
    """
    today = clock.now().date()
    own = load if expert.max_load is None else min(load, expert.max_load)
    away = expert.is_away(today, max(today, until or today))
    return Person(
        expert.user.public_id, 0 if away else max(0, own - taken), expert.country, employer, expert.gender,
        expert.sector,
        expert.user_id not in experienced, frozenset(expert.languages),
    )  # fmt: skip


def task_of(row: GroupProposal, at: Callable[[int, int], object]) -> tuple[Task, Reasons]:
    """Everything that the groups follow from, and why each pair fits as it does.

    `at` is told how many of how many applications are read. What stands is fixed. A possible conflict that nobody has
    ruled on bars, as it does when an officer invites.
    """
    call = row.call
    applications, fit, why = [], {}, {}
    barred, fixed = set(), set()
    experts = queries.everybody(call)
    background = Background.of(call, experts)
    names = {expert.user_id: expert.user.public_id for expert in experts}
    public_ids = queries.to_compose(call)
    for position, public_id in enumerate(public_ids):
        at(position, len(public_ids))
        application = by_public_id(public_id)
        assert application is not None and application.submission is not None
        proposal = application.submission.proposal
        applications.append(
            Wanted(
                public_id, row.wishes["demand"], frozenset(proposal.countries), row.wishes.get("language", "")
            )
        )  # fmt: skip
        for assignment, _expert in queries.assignments(application):
            pair = (public_id, names.get(assignment.user_id, ""))
            if assignment.state in ASKED and assignment.scores:
                fixed.add(pair)
            elif assignment.state in ASKED or assignment.state == "declined" or assignment.has_reported:
                barred.add(pair)
        for one in candidates(application, besides=(), background=background):
            pair = (public_id, names[one.expert.user_id])
            fit[pair], why[pair] = round(one.weight * FULL), (one.fit.shared, one.bid)
            if one.bars or one.found:
                barred.add(pair)
    experienced = queries.experienced(call)
    employers, until, loads = background.employers, queries.due_until(call), queries.loads(call)
    standing = Counter(name for _application, name in fixed)
    people = tuple(
        person(
            expert, row.wishes["load"], experienced, employers[expert.user_id], until=until,
            taken=loads.get(expert.user_id, 0) - standing[expert.user.public_id],
        )
        for expert in experts
    )  # fmt: skip
    task = Task(
        tuple(applications), people, fit, frozenset(barred), frozenset(fixed), prices=row.wishes["prices"]
    )
    return task, why


def told(found: Standing, groups: Mapping[str, Group], task: Task, why: Reasons) -> dict[str, Any]:
    """The result as it is kept: people and applications by public id, fits in thousandths."""

    def expert(application: str, name: str) -> dict[str, Any]:
        pair = (application, name)
        words, bid = why.get(pair, ((), ""))
        return {"expert": name, "fit": task.fit.get(pair, 0), "words": list(words), "bid": bid}

    return {
        "seed": SEED, "considered": found.considered, "allowed": task.count_allowed(),
        "levels": [{"name": one.name, "value": one.value, "bound": one.bound} for one in found.levels],
        "applications": {
            application: {
                "group": [
                    expert(application, name) | {"stands": (application, name) in task.fixed}
                    for name in one.experts
                ],
                "missed": dict(one.missed), "missing": one.missing, "reliefs": list(one.reliefs),
                "alternates": [
                    expert(application, name) | {"places": list(places)} for name, places in one.alternates
                ],
            }
            for application, one in groups.items()
        },
    }  # fmt: skip


def waiting(session: Session, at: datetime) -> list[int]:
    """Proposals that nobody is composing."""
    return list(session.scalars(
        select(GroupProposal.id).where(
            GroupProposal.state.in_(OPEN),
            GroupProposal.lease_until.is_(None) | (GroupProposal.lease_until < at),
        )
    ))  # fmt: skip


def do(row_id: int) -> None:
    """Compose one proposal. What a crash interrupts begins anew, and is given up after the third time."""
    now, begun = clock.now(), time.monotonic()
    taken = _set(
        row_id, GroupProposal.lease_until.is_(None) | (GroupProposal.lease_until < now),
        lease_until=now + LEASE, attempts=GroupProposal.attempts + 1, step="", progress={},
    )  # fmt: skip
    if taken is None:
        return
    progress = _Progress(row_id)
    try:
        if taken.attempts > ATTEMPTS:
            raise apart.Ended("interrupted each time")
        task, why = task_of(queries.group_proposal_by_id(row_id), progress.reading)
        db.session.rollback()
        found, ended = _searched(task, progress)
        groups: dict[str, Group] = {}
        for part in apart.each(reasons, task, found.pairs):
            groups |= part or {}
            progress.write("reasons", found.levels, count=len(groups), of=len(task.applications))
        result = told(found, groups, task, why) | {"milliseconds": round(1000 * (time.monotonic() - begun))}
        _end(row_id, state="done", ended=ended, inputs=task.sha256, result=result)
    except Stopped:
        _end(row_id, state="stopped", ended="stopped")
    except Lost:
        db.session.rollback()
    except apart.Ended:
        if taken.attempts < ATTEMPTS:
            raise
        log.exception("group_proposal %s is given up", row_id)
        _end(row_id, state="stopped", ended="failed")


def _searched(task: Task, progress: "_Progress") -> tuple[Standing, str]:
    """The best groups found, and how the search ended: proven, time or stopped.

    Raises Stopped where the officer wants no more before there are any.
    """
    found: Standing | None = None
    begun = time.monotonic()
    for standing in apart.each(search, task, seconds=SECONDS, seed=SEED, nearest=narrowed(task)):
        found = standing or found
        if not progress.write(found.levels[-1].name if found else "", found.levels if found else ()):
            if found is None:
                raise Stopped
            return found, "stopped"
        if found is not None and time.monotonic() - begun > SECONDS + GRACE:
            return found, "time"
    assert found is not None  # the first groups come before any objective is solved
    return found, "time" if any(level.gap for level in found.levels) else "proven"


class _Progress:
    """How far a proposal is, written to its row about once a second, which renews the lease too."""

    def __init__(self, row_id: int) -> None:
        self.row_id, self.step, self.since = row_id, "", clock.now()
        self.next_at = time.monotonic()

    def reading(self, count: int, of: int) -> None:
        """So many applications are read. Raises Stopped."""
        if not self.write("", count=count, of=of):
            raise Stopped

    def write(self, step: str, levels: Iterable[Level] = (), count: int = 0, of: int = 0) -> bool:
        """Whether the search goes on; False once the officer wants no more. Raises Lost."""
        now = clock.now()
        if step != self.step:
            self.step, self.since = step, now
        elif time.monotonic() < self.next_at:
            return True
        self.next_at = time.monotonic() + PAUSE
        progress = {
            "since": self.since.isoformat(), "count": count, "of": of,
            "levels": [{"name": one.name, "value": one.value, "bound": one.bound} for one in levels],
        }  # fmt: skip
        row = _set(self.row_id, step=step, progress=progress, lease_until=now + LEASE)
        if row is None:
            raise Lost
        return bool(row.state == "wanted")


def _end(row_id: int, **values: Any) -> None:
    _set(row_id, finished_at=clock.now(), lease_until=None, step="", progress={}, **values)


def _set(row_id: int, *when: Any, **values: Any) -> Any:
    """Write to a proposal that is still open, in a transaction of its own: its attempts and state, or None."""
    found = db.session.execute(
        update(GroupProposal)
        .where(GroupProposal.id == row_id, GroupProposal.state.in_(OPEN), *when)
        .values(**values)
        .returning(GroupProposal.attempts, GroupProposal.state)
        .execution_options(synchronize_session=False)
    ).first()
    db.session.commit()
    return found


jobs.does("group_proposal", waiting, do, long=True)
