"""Conflicts of interest that come to light late: looked for again once an expert or an application has changed.

An expert's own profile is screened as it is saved. The sweep does it for everything else, such as a clarification that
has put a partner right: a stage that comes before this one cannot call it.
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from grants import jobs
from grants.applications.models import Application, Submission
from grants.db import db
from grants.experts import actions, queries
from grants.experts.models import Assignment, Expert
from grants.policy import ASKED


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


jobs.does("screening", due, do)
