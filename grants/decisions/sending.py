"""The job that carries out a release when its hold has ended: all of it in one transaction, or nothing."""

from flask import current_app

from grants import clock, jobs
from grants.db import db
from grants.decisions import actions, letters, queries


def carry_out(release_id: int) -> None:
    """Carry out one release whose hold has ended. Safe to call early, twice or at once; a crash leaves it held."""
    release = queries.held(release_id)
    if release is None or release.due_at > clock.now():
        db.session.rollback()
        return
    try:
        actions.carry_out(release, by=release.released_by, funder=letters.funder(current_app.config))
        db.session.commit()
    except actions.Refused as refusal:
        db.session.rollback()
        db.session.expunge_all()
        release = queries.held(release_id)
        if release is not None:
            actions.block_release(release, sentence=str(refusal))
        db.session.commit()


jobs.does("release", queries.due_releases, carry_out)
