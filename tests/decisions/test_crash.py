"""The worker is killed (SIGKILL) in the middle of a release: it happened for all or for none, and nothing twice."""

from collections import Counter
from email import message_from_bytes

import pytest

from grants import clock, invariants
from grants.db import db
from grants.decisions import actions
from grants.mail import LEASE
from tests.decisions.crashing import in_a_process
from tests.decisions.test_decide import decision_on
from tests.decisions.test_hold import last
from tests.decisions.test_release import approved_call, news, order


def settings(app):
    return {"GRANTS_INSTANCE": str(app.config["INSTANCE"]), "GRANTS_DATABASE_URL": app.config["DATABASE_URL"],
            "GRANTS_BASE_URL": "http://127.0.0.1:8000"}  # fmt: skip


def told(app, applications):
    """How often each coordinator was told of each application, by the files of the outbox and their message ids."""
    found = Counter()
    for file in (app.config["INSTANCE"] / "outbox").glob("*.eml"):
        subject = str(message_from_bytes(file.read_bytes())["Subject"])
        found.update(
            name for name, one in applications.items() if one.number in subject and "News" in subject
        )
    return found


@pytest.mark.parametrize("point", ["40", "commit", "mail:2"])
def test_killed_at_a_point_and_done_again_by_the_next_worker(app, cast, as_, point):
    call, applications = approved_call(cast, as_)
    for file in (app.config["INSTANCE"] / "outbox").glob("*.eml"):
        file.unlink()
    order(as_("officer"), call)
    at = clock.now() + actions.HOLD
    db.session.commit()
    db.engine.dispose()

    assert in_a_process(settings(app), point, at).returncode == -9

    states = {decision_on(one).state for one in applications.values()}
    known = {decision_on(one).application.state for one in applications.values()}
    if point in ("commit", "mail:2"):
        assert (states, known, len(news(cast, call))) == ({"released"}, {"informed"}, 5)
    else:
        assert (states, known, news(cast, call)) == ({"approved"}, {"evaluated", "inadmissible"}, [])
        assert not told(app, applications)
        assert last(call).state == "held"
    db.session.rollback()
    db.engine.dispose()

    assert in_a_process(settings(app), "none", at + LEASE * 2).returncode == 0

    assert told(app, applications) == dict.fromkeys(applications, 1)
    assert {decision_on(one).state for one in applications.values()} == {"released"}
    assert {mail.state for mail in news(cast, call)} == {"sent"}
    assert invariants.broken(db.session) == {}
