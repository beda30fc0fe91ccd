"""The right to react: applicants read the comments of the individual reports and reply before the consensus.

A call says whether there is one (rulebook 4.3). It opens when all reports on an application are in, and shows comments,
and scores where the call says so, never who wrote them.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from grants import clock, events, mail
from grants.applications.models import Application
from grants.applications.queries import not_barred
from grants.calls.models import Call
from grants.db import db
from grants.experts.models import Assignment
from grants.policy import ASKED
from grants.reviews.completeness import identifying
from grants.reviews.models import Reaction, Report
from grants.words import N_, count_words
from grants.workflow import move


class TooLong(ValueError):
    """The reply has more words than the call allows."""


@dataclass(frozen=True)
class Standing:
    """One application in the round: its reaction, or the sentence (msgid) that says why none can be asked for yet."""

    application: Application
    reports: tuple[Report, ...]
    reaction: Reaction | None
    hindrance: str


def standings(call: Call, user: Any) -> list[Standing]:
    """The applications in evaluation, or asked before, that `user` may see; few statements whatever their number."""
    asked = {
        one.application_id: one
        for one in db.session.scalars(
            select(Reaction).join(Reaction.application).where(Application.call_id == call.id)
        )
    }
    applications = db.session.scalars(
        select(Application)
        .where(Application.call_id == call.id, not_barred(user))
        .where((Application.state == "in_evaluation") | Application.id.in_(asked))
        .options(joinedload(Application.submission), joinedload(Application.coordinator))
        .order_by(Application.serial)
    ).all()
    experts: dict[int, list[Assignment]] = defaultdict(list)
    for assignment in db.session.scalars(
        select(Assignment)
        .where(Assignment.application_id.in_([one.id for one in applications]), Assignment.state.in_(ASKED))
        .options(joinedload(Assignment.user), joinedload(Assignment.report).selectinload(Report.marks))
        .order_by(Assignment.id)
    ):
        experts[assignment.application_id].append(assignment)
    found = []
    for application in applications:
        group = experts[application.id]
        reports = tuple(
            one.report for one in group if one.scores and one.report and one.report.state == "submitted"
        )
        found.append(
            Standing(
                application, reports, asked.get(application.id), _hindrance(group, reports, call.min_reviews)
            )
        )
    return found


def _hindrance(group: Sequence[Assignment], reports: Sequence[Report], least: int) -> str:
    if len(reports) < sum(one.scores for one in group):
        return N_("Some reports are still awaited.")
    if len(reports) < least:
        return N_("There are not enough valid reports.")
    texts = {f"{report.id} {mark.criterion}": mark.comment for report in reports for mark in report.marks}
    if identifying(texts, [one.user for one in group]):
        return N_("A comment names one of the experts. Give the report back first.")
    return ""


def ask(call: Call, *, by: Any) -> int:
    """Open the round for every application whose reports are all in; return how many coordinators are asked.

    What they read is frozen here. Its order follows from hashes, so that it tells nothing about the experts.
    """
    at, count = clock.now(), 0
    for one in standings(call, by):
        if one.reaction or one.hindrance:
            continue
        reports = sorted(one.reports, key=lambda report: report.sha256 or "")
        reaction = Reaction(
            application_id=one.application.id, application=one.application, state="asked", text="",
            asked_by_id=by.id, asked_at=at, until=at + timedelta(days=call.reaction_days),
            shown=[
                {
                    "comments": {mark.criterion: mark.comment for mark in report.marks},
                    "scores": report.scores if call.reaction_scores else {},
                }
                for report in reports
            ],
        )  # fmt: skip
        db.session.add(reaction)
        db.session.flush()
        events.record(
            db.session, reaction, "ask", by=by, target="asked", until=reaction.until.isoformat(),
            reports=[report.sha256 for report in reports],
        )  # fmt: skip
        lead = one.application.coordinator
        mail.write(
            db.session, "reaction_asked", to=lead.email, language=lead.language, user_id=lead.id, call_id=call.id,
            occasion=f"reaction:{reaction.public_id}", application=one.application, reaction=reaction, reader=lead,
            call=call,
        )  # fmt: skip
        count += 1
    return count


def answer(reaction: Reaction, *, text: str, by: Any) -> None:
    """The coordinator's reply; until the time is over another one may take its place, and each is kept.

    Raises:
        TooLong: more words than the call allows.
    """
    if count_words(text) > reaction.call.reaction_words:
        raise TooLong
    db.session.refresh(reaction, ["state"], with_for_update=True)
    reaction.text, reaction.answered_by_id, reaction.answered_at = text, by.id, clock.now()
    move(reaction, "answer", by=by, text=text)


def by_public_id(public_id: str) -> Reaction | None:
    """One reaction with its application, call and submitted version."""
    return db.session.scalars(
        select(Reaction)
        .where(Reaction.public_id == public_id)
        .options(
            joinedload(Reaction.application).options(
                joinedload(Application.call).selectinload(Call.questions), joinedload(Application.submission)
            )
        )
    ).first()


def of_application(application: Application) -> Reaction | None:
    """The reaction to the comments on an application; None where nobody was asked."""
    return db.session.scalars(
        select(Reaction)
        .where(Reaction.application_id == application.id)
        .options(joinedload(Reaction.application))
    ).first()


def waiting_of(user: Any) -> Sequence[Reaction]:
    """Reactions that a coordinator may still write."""
    return db.session.scalars(
        select(Reaction)
        .join(Reaction.application)
        .where(Application.coordinator_id == user.id, Application.state == "in_evaluation")
        .where(Reaction.until >= clock.now())
        .options(joinedload(Reaction.application).joinedload(Application.submission))
        .order_by(Reaction.until)
    ).all()
