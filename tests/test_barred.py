"""A disqualifying conflict beats every role on every surface (rulebook 4.7): whoever is barred from an application sees
the same world whatever becomes of it, down to the last count, and no word of it anywhere.

Officer, observer, chair, administrator and experts are barred from one application of each call. Then what those
applications are, how they are evaluated and how they are decided on is changed behind their backs.
"""

import time

import pytest

from grants.applications.queries import by_public_id
from grants.db import db
from grants.experts import actions as experts
from grants.people.queries import by_email
from tests.test_two_worlds import (
    CONSENSUS,
    DECISION,
    OF,
    RANKED,
    SECRETS,
    differing,
    looks,
    secret,
    starts,
    tell,
)

__all__ = ["starts"]  # a fixture

pytestmark = pytest.mark.one_database
BARRED_FROM = (
    "submitted", "refused", "admitted", "in_evaluation", "in_consensus", "panel_weak", "ranked_best", "ranked_good",
    "released_best", "released_good", "released_weak",
)  # fmt: skip
NOBODY: frozenset[str] = frozenset()
MORE = [
    secret("how far an application has come", NOBODY,
           f"UPDATE applications SET state = 'in_consensus' WHERE id = {OF}", "in_evaluation"),
    secret("that an application was refused at the gate", NOBODY,
           f"UPDATE applications SET state = 'ineligible' WHERE id = {OF}", "admitted"),
    secret("that an expert is no longer asked", NOBODY,
           f"UPDATE assignments SET state = 'void' WHERE application_id = {OF} AND user_id = "
           f"(SELECT id FROM users WHERE email = 'emil@academy-f.example')", "in_evaluation"),
    secret("who is rapporteur", NOBODY,
           f"UPDATE assignments SET is_rapporteur = NOT is_rapporteur WHERE application_id = {OF}", "in_consensus"),
    secret("that a consensus waits for the quality check", NOBODY,
           f"UPDATE consensus_reports SET state = 'agreed' WHERE id = {CONSENSUS}", "in_consensus"),
    secret("that a report is void", NOBODY,
           f"UPDATE reports SET state = 'void' WHERE application_id = {OF}", "in_consensus"),
    secret("a line on the ranked list", NOBODY,
           "UPDATE " + RANKED.format("line = 'reserve', amount = 1234500, cumulative = 9999900"), "ranked_good"),
    secret("the amount of a grant", NOBODY,
           f"UPDATE decisions SET max_grant = 123456700 WHERE id = {DECISION}", "released_best"),
    secret("an outcome after the release", NOBODY,
           f"UPDATE decisions SET outcome = 'reserve' WHERE id = {DECISION}", "released_good"),
    secret("what a consortium is called and asks for", NOBODY,
           f"UPDATE submissions SET acronym = 'OTHERWISE', title = 'Quite another title', requested = 100, "
           f"coordinator_country = 'FI' WHERE application_id = {OF}", "panel_weak"),
    secret("another conflict of interest", NOBODY,
           f"UPDATE conflicts SET reason = 'Some other reason.', status = 'overruled' WHERE application_id = {OF} "
           f"AND user_id = (SELECT id FROM users WHERE email = 'konrad@uni-a.example')", "admitted"),
]  # fmt: skip
PERSONS = ("officer", "observer", "chair", "admin", "expert", "rapporteur")


def bar(built, part):
    """The person has a conflict of interest with each of the applications; nobody else knows less for it."""
    person = by_email(built.names["people"][part]["email"])
    for name in BARRED_FROM:
        application = by_public_id(built.names["applications"][name])
        experts.enter_conflict(application, person, code="D3", reason="A sister.", by=person)
    db.session.commit()


def told(before, after):
    """The first line that differs, for whoever has to find the leak."""
    if before is None or not isinstance(after[2], bytes):
        return (before, after)
    lines = zip(before[2].decode().splitlines(), after[2].decode().splitlines(), strict=False)
    return next(((old.strip(), new.strip()) for old, new in lines if old != new), (before[0], after[0]))


@pytest.mark.parametrize("part", PERSONS)
def test_whoever_is_barred_sees_the_same_world(app, built, as_, starts, part):
    began, leaks = time.monotonic(), []
    hidden = [one for one in [*SECRETS, *MORE] if one.app in BARRED_FROM]
    bar(built, part)
    before = looks(built, as_, part, starts)
    tell(built, hidden)
    other = differing(before, looks(built, as_, part, starts))
    built.put_back()
    for one in hidden if other else ():
        bar(built, part)
        tell(built, [one])
        alone = looks(built, as_, part, [at for at in other if at != "mails"], links=False)
        built.put_back()
        leaks += [
            f"{one.name}: {at}: {told(before.get(at), alone[at])}"
            for at in other
            if at in alone and alone[at] != before.get(at)
        ]
    print(f"\n{part}: {len(hidden)} secrets, {len(before)} answers, {time.monotonic() - began:.0f} s")  # noqa: T201
    assert "\n".join(leaks) == ""
    assert other == []
