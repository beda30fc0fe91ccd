"""The preparation of a grant begins and ends with the decision that invites; `agreement` leads it to the signature."""

from typing import Any

from grants import events
from grants.db import db
from grants.decisions import queries
from grants.decisions.models import Decision, Preparation
from grants.words import N_
from grants.workflow import move

STEPS = {
    "data_on": N_("The grant data have not come in yet."),
    "declaration_on": N_("The declaration of honour has not come in yet."),
    "capacity_on": N_("The capacity of the beneficiaries has not been verified yet."),
    "plans_on": N_("The gender equality plans have not been verified yet."),
    "conditions_on": N_("The conditions of the ethics review or of the security scrutiny are not met yet."),
    "coordinator_signed_on": N_("The coordinator has not signed yet."),
}
"""What has to be done before the funder signs, each with its day, and what is said while it is not (rulebook 7.1)."""


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
        for step in STEPS:
            setattr(preparation, step, None)
        move(preparation, "begin", by=by)


def end(decision: Decision, *, by: Any) -> None:
    """Close an open preparation whose invitation is no longer valid."""
    preparation = queries.preparation_of(decision.application)
    if preparation is not None and preparation.state == "open":
        move(preparation, "end", by=by)
