"""Conflicts of interest that are looked for by themselves: of whom was asked, once something has changed; of a panel.

An expert's own profile is screened as it is saved. The sweep does it for everything else, such as a clarification that
has put a partner right: a stage that comes before this one cannot call it.
"""

from datetime import datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from grants import jobs
from grants.applications.models import Application, Submission
from grants.applications.queries import by_id
from grants.db import db
from grants.experts import actions, queries
from grants.experts.models import Assignment, Expert
from grants.people.models import Appointment
from grants.policy import ASKED

_other = aliased(Application)


def due(session: Session, at: datetime) -> list[int]:
    """Row ids of the standing assignments whose expert or application has changed since they were last looked at."""
    return list(
        session.scalars(
            select(Assignment.id)
            .join(Assignment.application)
            .join(Submission, Submission.application_id == Application.id)
            .join(Expert, Expert.user_id == Assignment.user_id)
            .where(Assignment.state.in_(ASKED), Submission.number == Application.version)
            .where(Application.state.in_(queries.SCREENED))
            .where(
                or_(
                    Assignment.screened_at.is_(None),
                    Submission.submitted_at > Assignment.screened_at,
                    Expert.changed_at > Assignment.screened_at,
                )
            )
            .order_by(Assignment.id)
        )
    )


def do(row_id: int) -> None:
    """Screen one assignment. Safe to call twice or at once."""
    assignment = queries.assignment_by_id(row_id)
    if assignment.state in ASKED:
        actions.screen(assignment)
    db.session.commit()


def panels_due(session: Session, at: datetime) -> list[int]:
    """Row ids of the applications in panel whose text or whose panel has changed since they were last looked at."""
    changed = exists().where(
        Expert.changed_at > Application.panel_screened_at,
        or_(
            Expert.user_id.in_(
                select(Assignment.user_id)
                .join(_other, _other.id == Assignment.application_id)
                .where(_other.call_id == Application.call_id, Assignment.state == "cleared")
            ),
            Expert.user_id.in_(
                select(Appointment.user_id).where(
                    Appointment.call_id == Application.call_id, Appointment.role == "chair"
                )
            ),
        ),
    )
    return list(
        session.scalars(
            select(Application.id)
            .join(Submission, Submission.application_id == Application.id)
            .where(Application.state == "in_panel", Submission.number == Application.version)
            .where(
                or_(
                    Application.panel_screened_at.is_(None),
                    Submission.submitted_at > Application.panel_screened_at,
                    changed,
                )
            )
            .order_by(Application.id)
        )
    )


def do_panel(row_id: int) -> None:
    """Screen the panel of one application. Safe to call twice or at once."""
    application = by_id(row_id)
    assert application is not None
    if application.state == "in_panel":
        actions.screen_panel(application)
    db.session.commit()


jobs.does("screening", due, do)
jobs.does("panel_screening", panels_due, do_panel)
