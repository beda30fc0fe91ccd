"""Two worlds that differ in one secret look the same to whoever may not know it (rulebook 7.4, trust.md M3).

Each person walks the world as it is: every page that links lead to from every address of the access table and from
searches, every JSON answer and file, and the mails written to them. Then the secrets that the person may not know are
changed, all at once, and the walk is repeated. Not one byte may differ, status and headers included. If one does, each
secret is changed alone, to name the one that leaks.
"""

import contextvars
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from grants.db import db
from grants.mail import Mail
from tests.crawling import LINK, lasting
from tests.test_access import GROUP, OFFICERS, PANEL, STAFF, TABLE, _address
from tests.world import CAST

pytestmark = pytest.mark.one_database


@dataclass(frozen=True)
class Secret:
    """What is changed, by which statement, and who may know it. `app` and `who` fill :app and :email."""

    name: str
    knows: frozenset[str]
    statement: str
    app: str = ""
    who: str = ""


OF = "(SELECT id FROM applications WHERE public_id = :app)"
USER = "(SELECT id FROM users WHERE email = :email)"
TASK = f"(SELECT id FROM assignments WHERE application_id = {OF} AND user_id = {USER})"
REPORT = f"(SELECT id FROM reports WHERE assignment_id = {TASK})"
CONSENSUS = f"(SELECT id FROM consensus_reports WHERE application_id = {OF})"
DECISION = f"(SELECT id FROM decisions WHERE application_id = {OF})"
RANKED = f"ranked_rows SET {{}} WHERE application_id = {OF}"


def secret(name: str, knows: Iterable[str], statement: str, app: str = "", who: str = "") -> Secret:
    return Secret(name, frozenset(knows), statement, app, who)


SECRETS = [
    secret("the name of an evaluator", {*GROUP, *STAFF, "chair", "admin"},
           "UPDATE users SET name = 'Zenobia Zwischenzeit' WHERE email = :email", who="expert2"),
    secret("who replaced an evaluator", {*GROUP, *STAFF, "chair", "expert3"},
           f"UPDATE assignments SET user_id = (SELECT id FROM users WHERE email = 'edda@polytechnic-g.example') "
           f"WHERE id = {TASK}", "released_weak", "expert2"),
    secret("the employer of an expert", {*OFFICERS, "expert3"},
           f"UPDATE experts SET employer = 'Another house', gender = 'woman', country = 'FI' WHERE user_id = {USER}",
           who="expert3"),
    secret("that an expert declined, and why", {*STAFF, "expert2"},
           f"UPDATE assignments SET state = 'declined', reason = 'I know them too well.' WHERE id = {TASK}",
           "in_evaluation", "expert2"),
    secret("an individual score before the consensus phase", {*STAFF, "rapporteur"},
           f"UPDATE report_marks SET score = 50 WHERE report_id = {REPORT}", "in_evaluation", "rapporteur"),
    secret("a submitted comment before the consensus phase", {*STAFF, "rapporteur"},
           f"UPDATE report_marks SET comment = 'Wholly unconvincing throughout.' WHERE report_id = {REPORT}",
           "in_evaluation", "rapporteur"),
    secret("how far a colleague's draft is", {*STAFF, "expert"},
           f"UPDATE reports SET version = 31, saved_at = '2026-10-01 11:00:00+00:00' WHERE id = {REPORT}",
           "in_evaluation", "expert"),
    secret("that a colleague's report came in", {*STAFF, "expert"},
           f"UPDATE reports SET state = 'submitted', submitted_at = '2026-10-01 11:00:00+00:00' WHERE id = {REPORT}",
           "in_evaluation", "expert"),
    secret("an individual score in consensus", {*GROUP, *STAFF},
           f"UPDATE report_marks SET score = 50 WHERE report_id = {REPORT}", "in_consensus", "expert2"),
    secret("an individual score after release", {*GROUP, *STAFF, "chair"},
           f"UPDATE report_marks SET score = 50, comment = 'Hardly addressed.' WHERE report_id = {REPORT}",
           "released_best", "expert"),
    secret("a remark to the funder", {*STAFF, "rapporteur", "expert2"},
           f"UPDATE reports SET remarks = 'The coordinator wrote to me.' WHERE id = {REPORT}",
           "in_consensus", "expert2"),
    secret("the draft of a consensus report", {*GROUP, *STAFF},
           f"UPDATE consensus_marks SET comment = 'A weak concept.', score = 150 WHERE consensus_id = {CONSENSUS}",
           "in_consensus"),
    secret("how often the consensus was revised", {*GROUP, *STAFF},
           f"UPDATE consensus_reports SET version = 17, return_comment = 'Too short.' WHERE id = {CONSENSUS}",
           "in_consensus"),
    secret("a final consensus score", {*GROUP, *PANEL},
           f"UPDATE consensus_marks SET score = 500 WHERE consensus_id = {CONSENSUS}", "panel_weak"),
    secret("who disagreed", {*GROUP, *STAFF, "admin", "chair"},
           f"UPDATE approvals SET agrees = false, reason = 'I do not share this.' WHERE consensus_id = {CONSENSUS}",
           "released_good"),
    secret("a minority view", {*GROUP, *STAFF, "admin", "chair"},
           f"UPDATE consensus_reports SET minority_view = 'One of us saw no method.' WHERE id = {CONSENSUS}",
           "released_good"),
    secret("a possible conflict of an expert", {*OFFICERS, "admin"},
           f"UPDATE conflicts SET reason = 'Another reason.', status = 'confirmed' WHERE application_id = {OF}",
           "admitted"),
    secret("that an application exists before the deadline", {"coordinator", "partner", "expert4", *STAFF},
           f"UPDATE applications SET state = 'withdrawn' WHERE id = {OF}", "submitted"),
    secret("the content of a draft", {"coordinator", "partner", "expert4"},
           f"UPDATE applications SET title = 'Quite another title', abstract = 'Other words.', acronym = 'OTHERS', "
           f"duration = 12 WHERE id = {OF}", "draft"),
    secret("what a partner asks for in a draft", {"coordinator", "partner", "expert4"},
           f"UPDATE partners SET requested = 12345600, city = 'Elsewhere' WHERE application_id = {OF}", "draft"),
    secret("the title of what was submitted before the deadline", {"coordinator"},
           f"UPDATE submissions SET title = 'Quite another title', acronym = 'OTHERS' WHERE application_id = {OF}",
           "submitted"),
    secret("the reason of a refusal that is only proposed", STAFF,
           f"UPDATE rulings SET reason = 'The budget is missing.' WHERE application_id = {OF} AND state = 'proposed'",
           "refused"),
    secret("that a refusal is proposed", STAFF,
           f"UPDATE rulings SET state = 'returned', comment = 'Look again.' WHERE application_id = {OF}", "refused"),
    secret("a decision before its release", STAFF,
           f"UPDATE decisions SET outcome = 'no_budget', reason = 'The budget ends here.' WHERE id = {DECISION}",
           "ranked_best"),
    secret("that a decision is approved", STAFF,
           f"UPDATE decisions SET state = 'approved', version = 2 WHERE id = {DECISION}", "ranked_good"),
    secret("a place on the ranked list", PANEL,
           "UPDATE " + RANKED.format("rank = 9, position = 9, line = 'reserve'"), "ranked_best"),
    secret("that lots were drawn, and how", {*PANEL},
           "UPDATE draws SET state = 'set_aside', value = '1 2 3', reason = 'Another reason.' WHERE call_id = "
           f"(SELECT call_id FROM applications WHERE id = {OF})", "ranked_best"),
    secret("who drew the lots, and for which reason, after release", {*PANEL},
           "UPDATE draws SET reason = 'They look alike.', drawn_by_id = fixed_by_id WHERE call_id = "
           f"(SELECT call_id FROM applications WHERE id = {OF})", "released_best"),
    secret("a place when money is given", {*GROUP, *PANEL},
           "INSERT INTO panel_findings (public_id, application_id, aspects, amended, reason, tie_reason, "
           "funding_order, funding_reason, minutes, motion, votes, version) "
           f"SELECT 'planted', {OF}, '[]', '{{}}', '', '', 3, 'By lots.', '', '', '{{}}', 1",
           "panel_best"),
    secret("a score on the ranked list after release", PANEL,
           "UPDATE " + RANKED.format("rank = 7, total = 777"), "released_weak"),
    secret("that a released decision is to change", STAFF,
           f"UPDATE decision_changes SET reason = 'The outcome was wrong.', outcome = 'invited' "
           f"WHERE decision_id = {DECISION}", "released_weak"),
    secret("a request for review", {*OFFICERS, "applicant2", "admin"},
           f"UPDATE redress_requests SET text = 'The group was biased.', state = 'withdrawn' "
           f"WHERE application_id = {OF}", "released_good"),
    secret("how far grant preparation is", {*STAFF},
           f"UPDATE preparations SET state = 'ended', reason = 'They gave up.' WHERE application_id = {OF}",
           "released_best"),
    secret("what a mail to somebody says", {"admin", "expert2"},
           "UPDATE mails SET subject = 'Other news', body = 'Other words' WHERE recipient = :email", who="expert2"),
]  # fmt: skip

EVALUATED_BLIND = "UPDATE calls SET blind_until = 'released' WHERE reference <> 'TAI-OPEN'"
IN_BLIND_CALLS = (
    "application_id IN (SELECT applications.id FROM applications JOIN calls ON calls.id = call_id "
    "WHERE blind_until <> '' AND released_at IS NULL)"
)
OTHER_WORDS = {
    "University of A-Stadt": "Quite another house", "UNI-A": "OTHER", "Universiteit X": "One more house",
    "A-Stadt": "Elsewhere", "999900001": "999900099", "Lead": "Leading", "Main": "Other",
    '"country":"DE"': '"country":"FI"', '"country":"NL"': '"country":"SE"', "-part-B.pdf": "-by-the-other.pdf",
    "uni-a.example": "other.example",
}  # fmt: skip


def other(column: str) -> str:
    """SQL of a text in which other organisations and people apply."""
    for word, instead in OTHER_WORDS.items():
        column = f"replace({column}, '{word}', '{instead}')"
    return column


APPLY = {"coordinator", "applicant2", *OFFICERS}
WHO_APPLIES = [
    secret("who applies, in what was submitted", APPLY,
           f"UPDATE submissions SET snapshot = {other('snapshot')} WHERE {IN_BLIND_CALLS}"),
    secret("who coordinates, in lists", APPLY,
           f"UPDATE submissions SET coordinator_name = 'Quite another house', coordinator_country = 'FI' "
           f"WHERE {IN_BLIND_CALLS}"),
    secret("who applies, in the working copy", APPLY,
           f"UPDATE partners SET name = 'Quite another house', short_name = 'OTHER', country = 'FI', "
           f"city = 'Elsewhere', pic = '999900099', vat = 'FI12345671', ror = '01abcde23' WHERE {IN_BLIND_CALLS}"),
    secret("which researchers, in the working copy", APPLY,
           f"UPDATE researchers SET first_name = 'Other', last_name = 'People', orcid = '0000-0002-1825-0097' "
           f"WHERE {IN_BLIND_CALLS}"),
    secret("what the gate found about who applies", APPLY,
           f"UPDATE rulings SET reason = 'UNI-A is no legal person.' WHERE {IN_BLIND_CALLS}"),
]  # fmt: skip
"""Secrets of calls that are evaluated blind (rulebook 7.4, "Part A identities"): the others see them in other calls."""

NOWHERE = {"how far a colleague's draft is"}
"""Secrets that no page of the table shows even to those who may know them."""

SEARCHES = (
    "/calls?q=Zenobia", "/calls?q=evaluation&state=closed", "/organisations?q=Elsewhere", "/organisations?q=City",
    "/calls/TAI-EVALUATION/applications?q=Evaluator", "/calls/TAI-PANEL/applications?state=in_panel&sort=-score",
    "/calls/TAI-RANKED/applications?sort=rank", "/calls/TAI-OPEN/applications?q=OTHERS&page=2",
    "/calls/TAI-EVALUATION/reports?phase=in_consensus", "/calls/TAI-RELEASED/experts?page=2", "/people?q=Zenobia",
    "/applications?page=2", "/assignments?page=2",
)  # fmt: skip
# What is new on each answer, whatever the world: the tokens of forms and sessions, and what a request is called.
PASSING = {"Set-Cookie", "Date", "X-Request-Id", "Server-Timing"}
MOST = 190


def walk(
    client: Any, starts: Iterable[str], *, links: bool = True, most: int = MOST
) -> dict[str, tuple[Any, ...]]:
    """Status, headers and body of each GET within reach, in the order found."""
    waiting, seen = list(starts), dict[str, tuple[Any, ...]]()
    for address in waiting:
        if links and len(seen) >= most:
            break
        if address in seen or address.startswith(("/static/", "/logout", "/verify")):
            continue
        answer = client.get(address)
        headers = sorted((key, value) for key, value in answer.headers if key not in PASSING)
        body = answer.get_data()
        answer.close()
        if answer.mimetype == "text/html":
            page = lasting(body.decode())
            waiting += (
                []
                if not links
                else [link.replace("&amp;", "&").partition("#")[0] for link in LINK.findall(page)]
            )
            body = page.encode()
            headers = [(key, value) for key, value in headers if key not in ("Content-Length", "ETag")]
        seen[address] = (answer.status_code, _steady(headers), body)
    return seen


def _steady(headers: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, re.sub(r"nonce-[^']+", "nonce", value)) for key, value in headers)


def looks(
    built: Any, as_: Any, part: str | None, starts: list[str], *, links: bool = True, most: int = MOST
) -> dict[str, tuple[Any, ...]]:
    """Everything that the person sees, and the mails to them."""
    browser = as_(part)
    browser.__class__ = Plain
    seen = walk(browser, starts, links=links, most=most)
    address = built.names["people"][part]["email"] if part else ""
    mails = select(Mail.subject, Mail.body).where(Mail.recipient == address).order_by(Mail.id)
    seen["mails"] = tuple(tuple(row) for row in db.session.execute(mails))
    db.session.rollback()
    return seen


class Plain(FlaskClient):
    """Without the laws of pages, which other tests hold; each request in a context of its own."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kwargs)


def tell(built: Any, secrets: Iterable[Secret]) -> None:
    """Change the secrets in the world; each statement must find something to change."""
    for one in secrets:
        values = {
            "app": built.names["applications"].get(one.app),
            "email": CAST[one.who][1] if one.who else None,
        }
        used = {name: value for name, value in values.items() if f":{name}" in one.statement}
        changed = db.session.execute(text(one.statement), used)
        assert changed.rowcount > 0, f"{one.name}: nothing was changed"
    db.session.commit()


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [address for address in {**before, **after} if before.get(address) != after.get(address)]


@pytest.fixture
def starts(app: Any, names: Any) -> list[str]:
    """The addresses of the access table that are read, and searches."""
    rows = [row for row in TABLE if row[0] == "GET"]
    found = [_address(app, endpoint, about, names) for _method, endpoint, about, _allowed in rows]
    return list(dict.fromkeys(["/", *found, *SEARCHES]))


@pytest.fixture
def more_starts(app: Any, names: Any, starts: list[str]) -> list[str]:
    """Besides, the pages of every application, report and call on which secrets stand."""
    found = list[str]()
    pages = ("/history", "/eligibility", "/consensus", "/assignments", "/preparation", "/decision")
    found += [f"/applications/{one}{page}" for one in names.applications.values() for page in ("", *pages)]
    found += [
        f"/reports/{one}" for one in db.session.scalars(text("SELECT public_id FROM reports ORDER BY id"))
    ]
    found += [
        f"/calls/{one}/{page}" for one in names.calls.values() for page in ("ranking", "panel", "decisions")
    ]
    db.session.rollback()
    return list(dict.fromkeys([*starts, *found]))


PERSONS = tuple(part for part in (None, *CAST) if part not in ("officer2", "expert4", "partner"))
"""One of each kind: the others hold the same roles as somebody who is here."""


def test_who_may_not_know_a_secret_sees_the_same_world(app, built, as_, starts):
    """Every person against every secret they may not know; prints how many walks, pages and differences."""
    began, walks, pages, pairs, leaks = time.monotonic(), 0, 0, 0, []
    for part in PERSONS:
        hidden = [one for one in SECRETS if part not in one.knows]
        before = looks(built, as_, part, starts)
        tell(built, hidden)
        after = looks(built, as_, part, starts)
        built.put_back()
        walks, pages, pairs = walks + 2, pages + len(before) + len(after), pairs + len(hidden)
        if other := differing(before, after):
            for one in hidden:
                tell(built, [one])
                alone = looks(
                    built, as_, part, [address for address in other if address != "mails"], links=False
                )
                built.put_back()
                leaks += [f"{part}: {one.name}: {at}" for at in other if alone[at] != before.get(at)]
            assert leaks, f"only several secrets together show to {part}: {other}"
    print(  # noqa: T201 (how far the comparison went)
        f"\n{len(SECRETS)} secrets, {len(PERSONS)} persons, {pairs} pairs, {walks} walks, {pages} answers, "
        f"{len(leaks)} differences, {time.monotonic() - began:.0f} s"
    )
    assert leaks == []


def test_who_evaluates_blind_sees_the_same_world_whoever_applies(app, built, as_, more_starts):
    """Experts at the gate, in evaluation and in consensus, a rapporteur, the chair and the observer of a blind call."""
    began, pages, leaks = time.monotonic(), 0, []
    evaluators = ("expert", "expert2", "rapporteur", "chair", "observer")
    blind = secret("evaluated blind", (), EVALUATED_BLIND)
    for part in evaluators:
        tell(built, [blind])
        before = looks(built, as_, part, more_starts, most=300)
        tell(built, WHO_APPLIES)
        after = looks(built, as_, part, more_starts, most=300)
        built.put_back()
        pages += len(before) + len(after)
        leaks += [f"{part}: {address}" for address in differing(before, after)]
    print(  # noqa: T201 (how far the comparison went)
        f"\n{len(WHO_APPLIES)} secrets, {len(evaluators)} persons, {pages} answers, {len(leaks)} differences, "
        f"{time.monotonic() - began:.0f} s"
    )
    assert leaks == []


def test_applicants_and_officers_of_a_blind_call_see_who_applies(app, built, as_, more_starts):
    """The comparison above can tell: each of its secrets changes a page of the coordinator or of an officer."""
    blind = secret("evaluated blind", (), EVALUATED_BLIND)
    tell(built, [blind])
    before = {part: looks(built, as_, part, more_starts, links=False) for part in ("coordinator", "officer")}
    for one in WHO_APPLIES:
        part = "coordinator" if "working copy" in one.name else "officer"
        tell(built, [one])
        assert differing(before[part], looks(built, as_, part, more_starts, links=False)), one.name
        built.put_back()
        tell(built, [blind])


def test_who_may_know_a_secret_finds_it(app, built, as_, more_starts):
    """The comparison can tell: each secret that is shown at all changes a page of somebody who may know it."""
    before: dict[str, dict[str, tuple[Any, ...]]] = {}
    unseen = set()
    for one in SECRETS:
        part = next(part for part in ("officer", "coordinator", "admin") if part in one.knows)
        if part not in before:
            seen = looks(built, as_, part, more_starts, links=False)
            before[part] = {address: look for address, look in seen.items() if look[:1] == (200,)}
        tell(built, [one])
        browser = as_(part)
        browser.__class__ = Plain
        likely = sorted(
            before[part], key=lambda address: built.names["applications"].get(one.app, "-") not in address
        )
        if all(
            walk(browser, [address], links=False) == {address: before[part][address]} for address in likely
        ):
            unseen.add(one.name)
        built.put_back()
    assert unseen == NOWHERE
