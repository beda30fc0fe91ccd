"""Lots at the line: the group is fixed before anybody can know the seed, drawn by others, taken over with a reason."""

import json
import re
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from grants import clock
from grants.applications.models import Application
from grants.calls.models import Call
from grants.calls.queries import by_reference
from grants.db import db
from grants.decisions import letters
from grants.decisions import queries as decisions
from grants.documents import contents, make
from grants.events import Event, EventPayload
from grants.experts.models import Conflict
from grants.invariants import broken
from grants.panels import queries, rerun_draw
from grants.panels.models import Draw, PanelFinding
from grants.reviews.models import Report
from tests.panels.built import fields
from tests.world import NOW

LATER = NOW + timedelta(days=2)
TYPED = "2026-10-02T20:00"  # local time in Brussels, a day after NOW
WHY = "The reports do not tell these two apart; the call announced lots."


@pytest.fixture
def lots(names: Any) -> str:
    """The panel of the world with money for one of its two good applications, on which the reports disagree."""
    reference = str(names.calls["panel"])
    for name, scores in (("panel_best", (500, 400, 400)), ("panel_good", (350, 450, 450))):
        reports = db.session.scalars(
            select(Report)
            .join(Report.application)
            .options(selectinload(Report.marks))
            .where(Application.public_id == names.applications[name])
            .order_by(Report.id)
        ).all()
        for report, score in zip(reports, scores, strict=True):
            for mark in report.marks:
                mark.score = score
    db.session.execute(update(Call).where(Call.reference == reference).values(budget=110_000_000))
    db.session.commit()
    return reference


def numbers(names: Any) -> dict[str, str]:
    rows = db.session.execute(select(Application.public_id, Application.number))
    known = {public_id: number for public_id, number in rows}
    return {name: known[names.applications[name]] for name in ("panel_best", "panel_good", "panel_weak")}


def fix(client: Any, reference: str, **typed: str) -> Any:
    address = f"/calls/{reference}/panel/draw"
    return client.post(
        address, data=fields(client.get(address), 'name="draws_at"') | {"draws_at": TYPED} | typed
    )


def the_draw() -> Draw:
    db.session.expire_all()
    return db.session.scalars(
        select(Draw).join(Draw.call).where(Call.reference == "TAI-PANEL").order_by(Draw.number.desc())
    ).first()


def act(client: Any, step: str, **typed: str) -> Any:
    return client.post(f"/draws/{the_draw().public_id}/{step}", data=typed)


def drawn(as_: Any, reference: str, value: str = "7 13 22 31 40 44") -> Draw:
    assert fix(as_("chair"), reference).status_code == 303
    with clock.at(LATER):
        assert act(as_("officer"), "value", value=value).status_code == 303
    return the_draw()


def test_the_chair_fixes_an_officer_draws_and_the_panel_takes_the_order_over(
    app: Any, names: Any, as_: Any, lots: str, tmp_path: Any
) -> None:
    known = numbers(names)
    page = as_("chair").get(f"/calls/{lots}/panel/draw")
    assert "The first draw of the National Lottery" in page.text and known["panel_best"] in page.text
    assert known["panel_weak"] not in page.text  # below a threshold: nothing to draw for
    assert fix(as_("chair"), lots).status_code == 303
    fixed = the_draw()
    assert fixed.fixed["group"] == sorted([known["panel_best"], known["panel_good"]])
    assert fixed.draws_at.isoformat() == "2026-10-02T18:00:00+00:00"

    # Before the value can be known nobody draws; afterwards not who fixed the group.
    assert act(as_("officer"), "value", value="1").status_code == 409
    with clock.at(LATER):
        assert act(as_("chair"), "value", value="1").status_code == 403
        assert act(as_("officer"), "value", value=" ").status_code == 422
        assert act(as_("officer"), "value", value="7  13 22\t31 40 44 ").status_code == 303
        one = the_draw()
        assert one.value == "7 13 22 31 40 44"
        assert one.seed == rerun_draw.sha256(f"{one.sha256}:7 13 22 31 40 44")
        # Drawn, it decides nothing: the list is as before, and the panel cannot close over it in silence.
        assert all(place.funding_order is None for place in queries.entries(by_reference(lots)))
        closing = as_("chair").get(f"/calls/{lots}/panel/closure").text
        assert "the panel has not taken their order over yet" in closing
        assert act(as_("officer"), "adoption", reason=WHY).status_code == 403
        assert act(as_("chair"), "adoption", reason="").status_code == 422
        assert act(as_("chair"), "adoption", reason=WHY).status_code == 303
    one = the_draw()
    given = {place.key: place.funding_order for place in queries.entries(by_reference(lots))}
    assert [number for number in sorted(one.order, key=lambda number: given[number])] == one.order
    assert given[known["panel_weak"]] is None
    findings = db.session.scalars(select(PanelFinding).where(PanelFinding.funding_order.is_not(None))).all()
    assert {finding.funding_reason for finding in findings} == {WHY}
    verbs = db.session.scalars(
        select(Event.verb).where(Event.thing == one.public_id).order_by(Event.number)
    ).all()
    assert verbs == ["fix", "draw", "take"]

    with clock.at(LATER):
        page = as_("chair").get(f"/calls/{lots}/panel/closure")
        typed = fields(page, 'name="report"') | {"report": "Lots at the line."}
        assert as_("chair").post(f"/calls/{lots}/panel/closure", data=typed).status_code == 303
    adopted = queries.adopted(by_reference(lots))
    lines = {row["number"]: row["line"] for row in json.loads(adopted.snapshot)["rows"]}
    assert [lines[number] for number in one.order] == ["main", "reserve"]
    assert WHY in as_("chair").get(f"/calls/{lots}/ranking").text
    assert broken(db.session) == {}

    # Anybody reruns the program of the protocol, without this application.
    protocol = tmp_path / "protocol.json"
    protocol.write_text(json.dumps(one.to_dict()), encoding="utf-8")
    run = [sys.executable, "-I", rerun_draw.__file__, str(protocol)]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout.split() == one.order
    for forged in ({"value": "1"}, {"order": one.order[::-1]}, {"seed": "0" * 64}):
        protocol.write_text(json.dumps(one.to_dict() | forged), encoding="utf-8")
        assert subprocess.run(run, capture_output=True, check=False).returncode == 1, forged


def test_the_lot_can_put_the_lower_one_first(as_: Any, names: Any, lots: str) -> None:
    known = numbers(names)
    one = drawn(as_, lots)
    value = next(
        value
        for value in map(str, range(50))
        if rerun_draw.order(rerun_draw.seed(one.sha256, value), one.fixed["group"])[0] == known["panel_good"]
    )
    with clock.at(LATER):
        # The value was typed wrongly: another person gives it back, and the wrong one stays on record.
        assert act(as_("officer"), "return", reason="A digit is wrong.").status_code == 403
        assert act(as_("officer2"), "return", reason="A digit is wrong.").status_code == 303
        assert the_draw().seed == "" and the_draw().state == "fixed"
        assert act(as_("officer2"), "value", value=value).status_code == 303
        assert act(as_("chair"), "adoption", reason=WHY).status_code == 303
    returned = db.session.scalars(
        select(EventPayload.facts)
        .join(EventPayload.event)
        .where(Event.verb == "return", Event.noun == "draw")
    ).one()
    assert returned["value"] == "7 13 22 31 40 44"
    page = as_("chair").get(f"/calls/{lots}/panel")
    assert "place 1 when money is given" in page.text
    rows = page.text.split("<tbody>")[1]
    assert rows.index(known["panel_best"]) < rows.index(known["panel_good"])  # the ranks stay
    main = rows.split("<tr>")[2]
    assert known["panel_good"] in main and "Main list" in main


@pytest.mark.parametrize(
    "change",
    [{"aspects": "audit"}, {"score_impact": "500", "reason": "Better."}, {"max_grant": "100000"}],
    ids=["aspects", "score", "grant"],
)
def test_since_lots_are_fixed_nothing_that_ranks_may_change(
    as_: Any, names: Any, lots: str, change: dict[str, str]
) -> None:
    assert fix(as_("chair"), lots).status_code == 303
    address = f"/applications/{names.applications['panel_good']}/panel"
    typed = fields(as_("chair").get(address), 'name="aspects"')
    refused = as_("chair").post(address, data=typed | change)
    assert refused.status_code == 422 and "Lots are fixed" in refused.text
    assert as_("chair").post(address, data=typed | {"minutes": "Long talk."}).status_code == 303


def test_a_draw_can_be_given_up_only_while_nobody_can_know_the_value(as_: Any, lots: str) -> None:
    assert fix(as_("chair"), lots).status_code == 303
    assert fix_again(as_, lots) == 409
    with clock.at(LATER):
        assert act(as_("chair"), "end", reason="We dislike it.").status_code == 409
    assert act(as_("chair"), "end", reason="").status_code == 422
    assert act(as_("chair"), "end", reason="An application was withdrawn.").status_code == 303
    assert fix(as_("officer2"), lots).status_code == 303
    assert the_draw().number == 2
    page = as_("observer").get(f"/calls/{lots}/panel/draw").text
    assert "An application was withdrawn." in page and "Draw 2" in page


def fix_again(as_: Any, lots: str) -> int:
    return int(
        as_("officer").post(f"/calls/{lots}/panel/draw", data={"draws_at": TYPED, "seen": "x"}).status_code
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"draws_at": "2026-10-01T14:30"}, "at least an hour away"),
        ({"draws_at": "soon"}, "soon"),
        ({"draws_at": "2026-10-25T02:30"}, "2026-10-25T02:30"),
        ({"draws_at": ""}, "required"),
    ],
)
def test_the_instant_is_checked_beside_its_field(
    as_: Any, lots: str, typed: dict[str, str], said: str
) -> None:
    answer = fix(as_("chair"), lots, **typed)
    assert answer.status_code == 422 and said in answer.text
    assert the_draw() is None


def test_who_saw_an_older_list_fixes_nothing(as_: Any, lots: str) -> None:
    answer = fix(as_("chair"), lots, seen="0" * 64)
    assert answer.status_code == 409 and "Something changed since you opened this page" in answer.text
    assert the_draw() is None


def test_a_conflict_hides_the_lots_and_bars_from_every_step(
    as_: Any, cast: Any, names: Any, lots: str
) -> None:
    barred = db.session.scalars(
        select(Application.id).where(Application.public_id == names.applications["panel_weak"])
    ).one()
    drawn(as_, lots)
    db.session.add(
        Conflict(application_id=barred, user_id=cast.chair.id, code="D1", status="confirmed", found_at=NOW,
                 source="declared", reason="My institute.")
    )  # fmt: skip
    db.session.commit()
    known = numbers(names)
    with clock.at(LATER):
        page = as_("chair").get(f"/calls/{lots}/panel/draw").text
        assert "none are shown to you" in page
        assert the_draw().seed not in page and known["panel_good"] not in page
        assert act(as_("chair"), "adoption", reason=WHY).status_code == 403


def test_a_call_that_announced_nothing_draws_nothing(as_: Any, names: Any) -> None:
    address = f"/calls/{names.calls['evaluation']}/panel/draw"
    assert as_("chair").get(address).status_code == 409
    assert as_("chair").post(address, data={"draws_at": TYPED}).status_code == 409
    assert "/panel/draw" not in as_("chair").get(f"/calls/{names.calls['evaluation']}/panel").text


def test_applicants_see_nothing_of_it_before_the_release(as_: Any, names: Any, lots: str) -> None:
    watched = ("/", f"/applications/{names.applications['panel_best']}", f"/calls/{lots}", "/applications",
               f"/applications/{names.applications['panel_best']}/history")  # fmt: skip
    before = {}
    for address in watched:
        answer = as_("coordinator").get(address)
        before[address] = (answer.status_code, _calm(answer.text))
    one = drawn(as_, lots)
    with clock.at(LATER):
        assert act(as_("chair"), "adoption", reason=WHY).status_code == 303
    for address in watched:
        answer = as_("coordinator").get(address)
        assert (answer.status_code, _calm(answer.text)) == before[address]
        assert one.seed not in answer.text
    for part in ("coordinator", "applicant2", "expert", None):
        for address in (f"/calls/{lots}/panel/draw", f"/calls/{lots}/draw"):
            assert as_(part).get(address).status_code in (302, 403, 404), (part, address)


def _calm(page: str) -> str:
    return re.sub(r'value="[^"]{20,}"|nonce="[^"]*"|datetime="[^"]*"', "", page)


def test_after_the_release_the_seed_is_public_and_each_letter_tells_its_own_lot(
    app: Any, as_: Any, names: Any
) -> None:
    released = by_reference(names.calls["released"])
    draw = queries.draw_in_force(released)
    page = as_(None).get(f"/calls/{released.reference}/draw").text
    assert draw.seed in page and draw.sha256 in page and draw.value in page
    for number in draw.order:
        assert number not in page
    assert draw.reason not in page
    letter = letters.frozen(decisions.of_application(names.applications["released_best"]))
    assert letter["lots"]["lot"] == rerun_draw.sha256(f"{draw.seed}:{letter['number']}")
    assert "order" not in letter["lots"] and "place" not in letter["lots"]
    weak = letters.frozen(decisions.of_application(names.applications["released_weak"]))
    assert "lots" not in weak


def test_check_finds_a_draw_that_was_bent(app: Any, names: Any) -> None:
    def found() -> Any:
        return broken(db.session).get("a draw of lots that does not follow from what was fixed")

    draw = queries.draw_in_force(by_reference(names.calls["ranked"]))
    assert found() is None
    for column, value in (("value", "1 2 3"), ("order", draw.order[::-1]), ("seed", "0" * 64),
                          ("snapshot", draw.snapshot.replace('"number":1', '"number":2')),
                          ("drawn_at", draw.draws_at - timedelta(minutes=1))):  # fmt: skip
        before = getattr(draw, column)
        setattr(draw, column, value)
        db.session.flush()
        assert found() == [draw.public_id], column
        setattr(draw, column, before)
        db.session.flush()


def test_the_protocol_is_a_document(app: Any, names: Any) -> None:
    call = by_reference(names.calls["ranked"])
    draw = queries.draw_in_force(call)
    page = contents.page("draw", "en", call=call, application=None)
    assert draw.seed in page.html and "def order" in page.html and page.final
    assert json.loads(page.data)["facts"]["order"] == draw.order
    sha256, size = make.stored(page)
    assert size > 10_000 and sha256


# --- The arithmetic --------------------------------------------------------------------------------------------------

groups = st.lists(st.text("ABC-0123456789", min_size=1, max_size=8), min_size=2, max_size=9, unique=True)


@given(groups, st.text(max_size=20), st.randoms())
def test_an_order_depends_on_the_seed_and_not_on_how_the_group_is_written(
    group: list[str], value: str, chance: Any
) -> None:
    seed = rerun_draw.seed("f" * 64, value)
    order = rerun_draw.order(seed, group)
    assert sorted(order) == sorted(group)
    shuffled = group[:]
    chance.shuffle(shuffled)
    assert rerun_draw.order(seed, shuffled) == order


def test_every_order_is_equally_likely() -> None:
    """Six orders of three: 6,000 seeds, each within five standard deviations of 1,000."""
    found = Counter(
        tuple(rerun_draw.order(rerun_draw.seed("a" * 64, str(value)), ["X-1", "X-2", "X-3"]))
        for value in range(6000)
    )
    assert set(found) == set(permutations(["X-1", "X-2", "X-3"]))
    assert all(abs(count - 1000) < 5 * 29 for count in found.values())


def test_a_lot_worked_out_by_hand() -> None:
    """`printf 'aa:7' | sha256sum` and so on, by another program than ours."""
    assert rerun_draw.seed("aa", "7") == "485bbf633cadb3c486ebf8412940e54a3982d89d8e3088458db4ccd7751a70f9"
    assert rerun_draw.order(rerun_draw.seed("aa", "7"), ["A", "B", "C"]) == ["B", "A", "C"]
