"""How the preparation of a grant begins and ends with the decision that invites; what comes in is in `afterwards`."""

from typing import Any

from grants import events
from grants.db import db
from grants.decisions import queries
from grants.decisions.models import Decision, Preparation
from grants.workflow import move


def begin(decision: Decision, *, by: Any) -> None:
    """Open the preparation of an invited application; one that had ended begins anew, with nothing received yet."""
    preparation = queries.preparation_of(decision.application)
    if preparation is None:
        preparation = Preparation(application_id=decision.application_id, application=decision.application,
                                  state="open", checks=[], reason="")  # fmt: skip
        db.session.add(preparation)
        db.session.flush()
        events.record(db.session, preparation, "begin", by=by, target="open")
    elif preparation.state == "ended":
        preparation.data_on = preparation.declaration_on = None
        move(preparation, "begin", by=by)


def end(decision: Decision, *, by: Any) -> None:
    """Close an open preparation whose invitation is no longer valid."""
    preparation = queries.preparation_of(decision.application)
    if preparation is not None and preparation.state == "open":
        move(preparation, "end", by=by)
