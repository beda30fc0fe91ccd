"""Applications after their evaluation, with decisions, ready for letters and reports."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from grants import clock
from grants.applications.models import Application
from grants.calls.models import Call
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions import letters
from grants.decisions import queries as decisions
from grants.decisions.models import Decision
from tests.panels.built import MILLION, application, closed_call

RELEASE = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def decided(call: Call, cast: Any, name: str, outcome: str, *, scores: Any = (450, 400, 450)) -> Application:
    """An application whose decision two officers have approved."""
    one = application(call, cast.coordinator, name, scores, 3 * MILLION, state="evaluated")
    grounds = [{"criterion": "impact", "score": 250, "threshold": 300, "name": "Impact"}]
    db.session.add(
        Decision(
            application_id=one.id, outcome=outcome, state="approved", requested=3 * MILLION,
            max_grant=3 * MILLION if outcome == "invited" else None, proposed_by_id=cast.officer.id,
            grounds=grounds if outcome == "below_threshold" else [], proposed_at=RELEASE,
            approved_by_id=cast.officer2.id, approved_at=RELEASE,
        )
    )  # fmt: skip
    db.session.commit()
    return one


def release(app: Any, one: Application) -> None:
    """Make the decision on the application known."""
    decision = decisions.of_application(one.public_id)
    assert decision
    value = letters.letter(decision, funder=letters.funder(app.config), sent=RELEASE)
    decision.state, decision.released_at = "released", RELEASE
    decision.snapshot, decision.sha256 = canonical(value).decode(), digest(value)
    one.state = "informed"
    db.session.commit()


def known(thing: Any) -> Any:
    """What a test may still ask of a thing after a request or a worker has let go of its session."""
    names = ("id", "public_id", "number", "reference")
    return SimpleNamespace(**{name: getattr(thing, name) for name in names if hasattr(thing, name)})


def call_with(app: Any, cast: Any, *outcomes: str) -> tuple[Any, list[Any]]:
    """A call past its deadline with one released application of each outcome."""
    with clock.at(datetime(2026, 4, 1, tzinfo=UTC)):
        call = closed_call(cast)
        ones = [decided(call, cast, f"ACR{number}", outcome) for number, outcome in enumerate(outcomes)]
        for one in ones:
            release(app, one)
    return known(call), [known(one) for one in ones]
