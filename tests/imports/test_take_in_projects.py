"""Projects of a public file become submitted applications; what cannot be kept is refused, line by line."""

import json
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from grants import clock, invariants
from grants.applications import queries
from grants.applications.models import Application, Submission
from grants.calls import queries as calls
from grants.db import db
from grants.events import Event
from grants.imports.source import LONGEST_LINE
from tests import world
from tests.imports.records import organisation, project


def _imported(reference: str) -> list[Application]:
    db.session.expire_all()
    ids = db.session.scalars(
        select(Application.public_id).join(Application.call)
        .where(calls.Call.reference == reference, Application.origin.is_not(None)).order_by(Application.serial)
    )  # fmt: skip
    return [found for id in ids if (found := queries.whole(id))]


def _counts() -> tuple[int, ...]:
    return tuple(
        db.session.scalar(select(func.count()).select_from(t)) or 0 for t in (Application, Submission, Event)
    )


def test_a_project_becomes_a_submitted_application_with_its_amounts_to_the_cent(
    take_projects: Any, names: Any, cast: Any
) -> None:
    report = take_projects(project())
    (application,) = _imported(names.calls["open"])
    submission = application.submission
    assert submission
    assert [entry.reference for entry in report.taken_in] == [application.number]
    assert (application.state, application.version, application.coordinator_id) == (
        "submitted",
        1,
        cast.officer.id,
    )
    assert application.origin == {"source": "CORDIS", "id": "101000001", "sha256": report.sha256, "line": 1}
    assert (submission.requested, submission.total_cost) == (400_001_25, 475_001_25)
    assert (submission.receipt, submission.submitted_at) == (f"{application.number}-V1", world.NOW)
    assert (application.keywords, application.free_keywords) == (["artificial intelligence"], "trust")
    assert submission.proposal == application.proposal
    assert [
        (p.role, p.country, p.activity, p.sme, p.nonprofit, p.pic, p.requested, p.budget.total)
        for p in application.partners
    ] == [
        ("coordinator", "DE", "REC", False, True, "999900100", 200_000_75, 200_000_75),
        ("beneficiary", "FR", "HES", False, True, "999900101", 100_000_50, 100_000_50),
        ("beneficiary", "GR", "PRC", True, False, "999900102", 100_000_00, 175_000_00),
    ]
    assert invariants.broken(db.session) == {}


def test_after_the_deadline_it_counts_as_received_at_the_deadline(take_projects: Any, names: Any) -> None:
    """The event keeps the true moment of the import."""
    take_projects(project(), call="evaluation")
    (application,) = _imported(names.calls["evaluation"])
    assert application.submission
    assert application.submission.submitted_at == application.call.deadline_at
    moments = db.session.scalars(select(Event.at).where(Event.chain == f"application:{application.id}"))
    assert set(moments) == {world.NOW}


def test_the_officer_who_imported_is_no_applicant_and_may_rule(
    take_projects: Any, names: Any, as_: Any
) -> None:
    take_projects(project(acronym="FROMAFAR"), call="evaluation")
    (application,) = _imported(names.calls["evaluation"])
    officer = as_("officer")
    reference = names.calls["evaluation"]
    assert "FROMAFAR" in officer.get(f"/calls/{reference}/applications").get_data(as_text=True)
    assert officer.get(f"/applications/{application.public_id}").status_code == 200
    assert officer.get(f"/applications/{application.public_id}/eligibility").status_code == 200
    assert as_("stranger").get(f"/applications/{application.public_id}").status_code == 404


def test_each_role_of_the_source_has_its_name_here(take_projects: Any, names: Any) -> None:
    roles = ("coordinator", "participant", "thirdParty", "associatedPartner")
    members = (
        organisation(role=role, pic=f"99990020{n}", country=country, cost=0, net_ec=0)
        for n, (role, country) in enumerate(zip(roles, ("UK", "XK", "GB", "CH"), strict=True))
    )
    take_projects(project("1", *members))
    (application,) = _imported(names.calls["open"])
    assert [(p.role, p.country, p.rate) for p in application.partners] == [
        ("coordinator", "GB", 10000), ("beneficiary", "XK", 10000), ("affiliated_entity", "GB", 10000),
        ("associated_partner", "CH", 0),
    ]  # fmt: skip


LIMITS = {
    "TITLE": {"title": "x" * 201},
    "ABSTRACT": {"objective": "x" * 2001},
    "ACRONYM": {"acronym": "x" * 21},
    "KEYWORDS": {"keywords": []},
    "FREE_KEYWORDS": {"keywords": ["x" * 201]},
    "DURATION": {"duration_months": None},
    "TOTALS_DIFFER": {"ec_max_contribution": 400001.26},
    "COORDINATOR": {"organisations": [organisation()]},
    "PIC_TWICE": {"organisations": [organisation(), organisation(role="coordinator")]},
    "PIC_FORMAT": {"organisations": [organisation(pic="12")]},
    "REQUESTED_EXCEEDS_MAX": {"organisations": [organisation(cost=0)]},
    "SHORT_NAME_TOO_LONG": {"organisations": [organisation(short="x" * 61)]},
}


@pytest.mark.parametrize("code", LIMITS)
def test_limits_of_the_form_are_findings_and_no_refusals(take_projects: Any, names: Any, code: str) -> None:
    """They are kept with what was submitted, for the officer at the gate."""
    clean = take_projects(project("1"))
    report = take_projects(project("2", **LIMITS[code]))
    assert (code in clean.findings, report.findings[code], report.refused) == (False, 1, [])
    submission = _imported(names.calls["open"])[1].submission
    assert submission
    assert code in [finding["code"] for finding in submission.findings if finding["verdict"] != "holds"]


def member(**wrong: Any) -> dict[str, Any]:
    return {"organisations": [organisation(), organisation(**wrong)]}


REFUSALS: list[tuple[Any, str, str]] = [
    (b'{"id": "9", "title": "cut o\n', "record", "The line is not complete, valid JSON."),
    (b"[" * 100_000 + b"\n", "record", "The line is not complete, valid JSON."),
    (b'{"id": NaN}\n', "record", "The line is not complete, valid JSON."),
    (["a", "list"], "record", "This is a list, not an object."),
    (project(id=None), "id", "It is missing."),
    (project(id=7), "id", "This is a whole number, not a text."),
    (project(title=""), "title", "It is missing."),
    (project(title=["x"]), "title", "This is a list, not a text."),
    (project(objective="a\x00b"), "objective", "It contains the character U+0000, which cannot be stored."),
    (project(title="a\ud800b"), "title", "It contains the character U+D800, which cannot be stored."),
    (project(objective="x" * 100_001), "objective", "It has 100001 characters; at most 100000 can be kept."),
    (project(currency="USD"), "currency", "Amounts can be taken in in euros only."),
    (project(duration_months=-1), "duration_months", "It is not from 0 to 1200."),
    (project(duration_months=True), "duration_months", "This is true or false, not a whole number."),
    (project(duration_months=36.5), "duration_months", "This is a number, not a whole number."),
    (project(keywords="trust"), "keywords", "This is a text, not a list."),
    (project(keywords=["trust", 5]), "keywords[1]", "This is a whole number, not a text."),
    (project(organisations=[]), "organisations", "It has 0 members; from 1 to 500 can be taken in."),
    (project(organisations=[organisation(), 3]), "organisations[1]", "This is a whole number, not an object."),
    (project(total_cost=-0.01), "total_cost", "The amount is negative."),
    (project(total_cost=1e30), "total_cost", "The amount is too large."),
    (project(**member(net_ec=-1)), "organisations[1].net_ec", "The amount is negative."),
    (project(**member(net_ec="100")), "organisations[1].net_ec", "This is a text, not a number."),
    (project(**member(cost=True)), "organisations[1].cost", "This is true or false, not a number."),
    (project(**member(cost=1.005)), "organisations[1].cost", "The amount has more than two decimals."),
    (project(**member(name=None)), "organisations[1].name", "It is missing."),
    (project(**member(name="x" * 301)), "organisations[1].name", "It has 301 characters; at most 300 can be kept."),
    (project(**member(country="ZZ")), "organisations[1].country", "'ZZ' is not the code of a country."),
    (project(**member(country="France")), "organisations[1].country", "'FRANCE' is not the code of a country."),
    (project(**member(pic="1234567890")), "organisations[1].pic", "It has 10 characters; at most 9 can be kept."),
    (project(**member(sme="yes")), "organisations[1].sme", "This is a text, not true or false."),
    (project(**member(role="boss")), "organisations[1].role",
     "'boss' is not one of coordinator, participant, associatedPartner, thirdParty."),
    (project(**member(activity="NGO")), "organisations[1].activity",
     "'NGO' is not one of HES, REC, PRC, PUB, OTH."),
]  # fmt: skip


@pytest.mark.parametrize(
    ("record", "field", "reason"), REFUSALS, ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_cannot_be_kept_is_refused_and_the_file_goes_on(
    take_projects: Any, names: Any, record: Any, field: str, reason: str
) -> None:
    """The lines before and behind are taken in; of the refused one nothing is left."""
    before = _counts()
    report = take_projects(project("1"), record, project("2"))
    assert [(refusal.line, refusal.field, refusal.reason) for refusal in report.refused] == [
        (2, field, reason)
    ]
    assert [entry.line for entry in report.taken_in] == [1, 3]
    assert [a.serial for a in _imported(names.calls["open"])] == [5, 6]
    assert _counts() == (before[0] + 2, before[1] + 2, before[2] + 4)


def test_three_megabytes_of_text_are_refused_by_their_size(take_projects: Any) -> None:
    report = take_projects(project("1"), project("2", objective="x" * 3_000_000))
    (refusal,) = report.refused
    assert (refusal.line, refusal.field) == (2, "record")
    assert refusal.reason.endswith(f"at most {LONGEST_LINE} can be taken in.")


def test_an_id_counts_once_in_a_file(take_projects: Any) -> None:
    """A line that was refused does not stand in the way of a whole one with its id."""
    report = take_projects(project("1", title=""), project("1"), project("1"))
    assert [entry.line for entry in report.taken_in] == [2]
    assert [(r.line, r.field, r.reason) for r in report.refused] == [
        (1, "title", "It is missing."), (3, "id", "'1' stands in line 2 already."),
    ]  # fmt: skip


def test_a_second_run_changes_nothing(take_projects: Any) -> None:
    take_projects(project("1"), project("2"))
    before = _counts()
    with clock.at(world.NOW + timedelta(hours=1)):
        again = take_projects(project("2", title="Meanwhile renamed"), project("1"))
    assert (again.unchanged, again.taken_in, again.refused, _counts()) == ([1, 2], [], [], before)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.sampled_from(["FR", "coordinator", "HES", "EUR", 1e30, -1, 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6,
)  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_value_of_any_field_gets_further_than_the_report(take_projects: Any, data: Any) -> None:
    """Each record is taken in, here already, or refused: nothing is raised, whatever stands in the file."""
    record: Any = project(
        data.draw(st.sampled_from(["1", "2", "3"])), organisation(), organisation(role="coordinator")
    )
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([record, *record["organisations"]]))
        if isinstance(place, dict):
            place[data.draw(st.sampled_from([key for key in place if key != "organisations"]))] = data.draw(
                JSON
            )
    line = json.dumps(data.draw(st.sampled_from([record, record, record["title"]])))
    cut = max(1, data.draw(st.integers(len(line) - 2, len(line))))
    noise = data.draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=4))
    report = take_projects(f"{line[:cut]}{noise}\n".encode(), {"id": "0"})
    settled = [entry.line for entry in report.taken_in] + report.unchanged + [r.line for r in report.refused]
    assert sorted(settled) == [1, 2]


# --- The command -----------------------------------------------------------------------------------------------------


def test_the_command_prints_its_report_and_says_how_it_went(command: Any, written: Any, names: Any) -> None:
    path = written(project("1"), project("2", title=""))
    words = ("projects", path, "--call", names.calls["open"])
    first = command(*words)
    assert first.exit_code == 3
    assert first.stdout.splitlines()[:2] == [
        "1 taken in, 0 here already, 1 refused.",
        "Line 2, title: It is missing.",
    ]
    path = written(project("1"))
    second = command("projects", path, "--call", names.calls["open"], "--by", "OTTO@funder.example", "--json")
    assert second.exit_code == 0
    report = json.loads(second.stdout)
    assert report["counts"] == {"taken_in": 0, "unchanged": 1, "refused": 0}
    assert "records.jsonl" in second.stderr


UNUSABLE = {
    "caf\xe9".encode("latin-1"): "The file is not UTF-8 text; byte 3 is the first that is not.",
    b"id;title\n1;x\n": "The file is not JSON: none of its lines is an object.",
    b"": "The file is not JSON: none of its lines is an object.",
}


@pytest.mark.parametrize("content", UNUSABLE)
def test_a_file_of_another_kind_is_a_mistake_of_use(
    command: Any, written: Any, names: Any, content: bytes
) -> None:
    result = command("projects", written(content), "--call", names.calls["open"])
    assert (result.exit_code, UNUSABLE[content] in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--call", "NO-SUCH", "There is no call 'NO-SUCH'."),
        (
            "--by",
            "clara@uni-a.example",
            "'clara@uni-a.example' is not an officer of the programme 'Trustworthy AI'.",
        ),
    ],
)
def test_an_unknown_call_or_officer_is_a_mistake_of_use(
    command: Any, written: Any, names: Any, option: str, value: str, sentence: str
) -> None:
    options = {"--call": names.calls["open"]} | {option: value}
    result = command("projects", written(project()), *(word for pair in options.items() for word in pair))
    assert (result.exit_code, sentence in result.stderr) == (2, True)


def test_a_missing_file_is_a_mistake_of_use(command: Any, names: Any, tmp_path: Path) -> None:
    result = command("projects", tmp_path / "absent.jsonl", "--call", names.calls["open"])
    assert (result.exit_code, "does not exist" in result.stderr) == (2, True)


# --- Real projects ---------------------------------------------------------------------------------------------------


def test_all_600_real_projects_come_in(shared: Path, take_projects: Any, names: Any) -> None:
    """Requested contributions and total costs are those of the file to the cent; a second run changes nothing."""
    path = shared / "cordis" / "projects.jsonl"
    report = take_projects(path)
    assert report.to_dict()["counts"] == {"taken_in": 600, "unchanged": 0, "refused": 0}
    assert report.findings == Counter({
        "RESEARCHERS": 600, "ANSWER:how_will_results_be_used": 600, "PART_B": 600, "DECLARATIONS": 600,
        "COSTS_NOT_SPLIT": 600, "GENDER_EQUALITY_PLAN": 506, "KEYWORDS": 478, "REQUESTED_EXCEEDS_MAX": 282,
        "MINIMUM_CONSORTIUM": 114, "SHORT_NAME_TOO_LONG": 90, "ABSTRACT": 24, "FREE_KEYWORDS": 12,
        "EXCEPTIONAL_FUNDING": 9, "PIC_TWICE": 9, "ACRONYM": 7, "TRANSITIONAL": 3, "TOTALS_DIFFER": 2,
    })  # fmt: skip
    projects = [json.loads(line, parse_float=Decimal) for line in path.read_text().splitlines()]
    members = [member for project in projects for member in project["organisations"]]
    sums = db.session.execute(
        select(func.count(), *map(func.sum, (Submission.requested, Submission.total_cost, Submission.partner_count)))
        .join(Submission.application).where(Application.origin.is_not(None))
    ).one()  # fmt: skip
    assert sums == (
        600,
        *(100 * sum(m.get(k) or 0 for m in members) for k in ("net_ec", "cost")),
        len(members),
    )
    before = _counts()
    again = take_projects(path)
    assert (again.to_dict()["counts"], _counts()) == ({"taken_in": 0, "unchanged": 600, "refused": 0}, before)
    assert invariants.broken(db.session) == {}
