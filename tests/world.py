"""The fixed cast, and one application in each state: built once on the migrated schema, restored for each test."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from grants import clock, events
from grants.applications import clarifications
from grants.calls import actions as calls_actions
from grants.calls.models import Programme
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions import changes, redressing
from grants.decisions import queries as decision_queries
from grants.demo import story
from grants.documents import actions as documents
from grants.experts import actions as experts
from grants.panels import rerun_draw
from grants.panels.models import Draw
from grants.people import actions as people
from grants.reviews.models import Reaction

NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"

CAST = {
    "coordinator": ("Clara Coordinator", "clara@uni-a.example"),
    "partner": ("Paul Partner", "paul@firm-b.example"),
    "applicant2": ("Anna Applicant", "anna@uni-x.example"),
    "stranger": ("Sam Stranger", "sam@elsewhere.example"),
    "expert": ("Eva Expert", "eva@observatory-e.example"),
    "expert2": ("Emil Evaluator", "emil@academy-f.example"),
    "expert3": ("Edda Assessor", "edda@polytechnic-g.example"),
    "expert4": ("Ernst Spare", "ernst@school-h.example"),
    "conflicted": ("Konrad Conflicted", "konrad@uni-a.example"),
    "rapporteur": ("Rosa Rapporteur", "rosa@institute-r.example"),
    "chair": ("Chiara Chair", "chiara@college-c.example"),
    "officer": ("Olga Officer", "olga@funder.example"),
    "officer2": ("Otto Second", "otto@funder.example"),
    "other_officer": ("Odile Elsewhere", "odile@other-funder.example"),
    "observer": ("Oda Observer", "oda@watch.example"),
    "admin": ("Ada Admin", "ada@funder.example"),
}

UNI_A = story.Organisation(
    "University of A-Stadt", "UNI-A", "999900001", "DE", "A-Stadt", "HES", nonprofit=True
)
FIRM_B = story.Organisation("Firm B SAS", "FIRM-B", "999900002", "FR", "Lyon", "PRC", sme=True)
LAB_C = story.Organisation("Laboratorio C", "LAB-C", "999900003", "IT", "Torino", "REC", nonprofit=True)
UNI_X = story.Organisation("Universiteit X", "UNI-X", "999900004", "NL", "Xdam", "HES", nonprofit=True)
CITY_Y = story.Organisation("City of Y", "CITY-Y", "999900005", "ES", "Y", "PUB", nonprofit=True)
LAB_Z = story.Organisation("Z Research Centre", "LAB-Z", "999900006", "PL", "Z", "REC", nonprofit=True)

HIGH = {"excellence": 450, "impact": 400, "implementation": 450}
MIDDLE = {"excellence": 400, "impact": 400, "implementation": 350}
LOW = {"excellence": 350, "impact": 250, "implementation": 300}


def project(acronym: str, *partners: tuple[story.Organisation, int]) -> story.Project:
    return story.Project(
        acronym=acronym,
        title=f"{acronym}: dependable learning systems for public services",
        abstract=f"{acronym} studies how learning systems can be trusted by those who depend on them.",
        partners=partners or ((UNI_A, 300_000), (FIRM_B, 200_000), (LAB_C, 250_000)),
        people=(("Lena", "Lead", "woman"), ("Marc", "Main", "man")),
        keywords=("artificial intelligence",),
    )


SECOND = ((UNI_X, 280_000), (CITY_Y, 150_000), (LAB_Z, 220_000))
QUESTIONS = ({"label": "How will results be used?", "kind": "long", "limit": 1000, "required": True},)


def comments(scores: dict[str, int]) -> dict[str, str]:
    return {key: f"The criterion {key} is addressed well, with minor shortcomings." for key in scores}


def build() -> dict[str, Any]:
    """Everything; returns public ids and references by name."""
    with clock.at(NOW - timedelta(days=400)):
        programme = Programme(name="Trustworthy AI")
        other = Programme(name="Another programme")
        db.session.add_all([programme, other])
        db.session.flush()
        cast = SimpleNamespace(
            **{
                part: people.create_account(email, name, password=PASSWORD)
                for part, (name, email) in CAST.items()
            }
        )
        people.appoint(cast.admin, "admin", by=None, programme=programme)
        for officer in (cast.officer, cast.officer2):
            people.appoint(officer, "officer", by=None, programme=programme)
        people.appoint(cast.other_officer, "officer", by=None, programme=other)
    calls, found = {}, {}
    for name, days in (("open", -20), ("evaluation", 30), ("panel", 90), ("ranked", 120), ("released", 200)):
        calls[name] = _call(programme, cast, name, closed_for=days)
    calls["draft"] = _call(programme, cast, "draft", closed_for=-60, publish=False)

    with clock.at(NOW - timedelta(days=5)):
        call = calls["open"]
        found["draft"] = story.draft(call, project("DRAFTY"), by=cast.coordinator, upto="consortium")
        _invite_partner(found["draft"], cast)
        for state in ("submitted", "reopened", "withdrawn"):
            found[state] = story.draft(call, project(state.upper()[:8]), by=cast.coordinator)
            story.submit(found[state], by=cast.coordinator)
        from grants.applications import actions as applications

        applications.reopen(story.again(found["reopened"]), by=cast.coordinator)
        applications.withdraw(
            story.again(found["withdrawn"]), by=cast.coordinator, reason="We apply elsewhere."
        )
        open_call = db.session.merge(call)
        calls_actions.ask(open_call, "May our firm Brand-X Robotics lead?", by=cast.coordinator)

    for name in ("panel", "ranked", "released"):
        _announce_lots(calls[name])
    _evaluation(calls["evaluation"], cast, found)
    with clock.at(NOW - timedelta(days=1)):
        documents.want("receipt", application=story.again(found["submitted"]), by=cast.coordinator)
    _later("panel", calls["panel"], cast, found, upto="panel")
    _later("ranked", calls["ranked"], cast, found, upto="ranked")
    _later("released", calls["released"], cast, found, upto="released")
    with clock.at(calls["released"].deadline_at + timedelta(days=60)):
        good = decision_queries.of_application(found["released_good"].public_id)
        filed = redressing.file(good, by=cast.applicant2, grounds=["facts"], text="A figure was misread.")
        redressing.name_member(
            decision_queries.redress_by(filed.public_id), by=cast.officer, email=cast.admin.email
        )
    with clock.at(NOW - timedelta(hours=3)):
        weak = decision_queries.of_application(found["released_weak"].public_id)
        changes.propose(weak, by=cast.officer, version=weak.version, kind="correction", outcome=weak.outcome,
                        reason="The date was wrong.")  # fmt: skip
    with clock.at(NOW - timedelta(hours=2)):
        evaluated = db.session.merge(calls["evaluation"])
        for state in ("done", "wanted"):
            groups = experts.propose_groups(evaluated, demand=3, load=4, prices={}, by=cast.officer)
            groups.state, groups.result = (
                state,
                {
                    "applications": {},
                    "levels": [],
                    "milliseconds": 0,
                    "seed": 1,
                    "considered": 0,
                    "allowed": 0,
                }
                if state == "done"
                else {},
            )
            # A worker has it in hand: tests that let all work be done need not solve it too.
            groups.lease_until = NOW + timedelta(days=999) if state == "wanted" else None
        documents.want_batch(db.session.merge(calls["released"]), "letter", by=cast.officer)
    db.session.commit()
    return {
        "people": {part: {"id": person.id, "email": person.email} for part, person in vars(cast).items()},
        "calls": {name: call.reference for name, call in calls.items()},
        "applications": {name: application.public_id for name, application in found.items()},
    }


def _call(programme: Programme, cast: Any, name: str, *, closed_for: int, publish: bool = True) -> Any:
    """A call whose deadline was so many days before NOW."""
    local = (NOW - timedelta(days=closed_for)).replace(tzinfo=None, hour=17, minute=0)
    call = story.open_call(
        programme, by=cast.officer, reference=f"TAI-{name.upper()}", title=f"Trustworthy AI, the {name} call",
        text="## Scope\n\nProposals study *trust*.", opens=NOW - timedelta(days=closed_for + 90), deadline=local,
        budget=2_000_000, questions=QUESTIONS, publish=publish,
    )  # fmt: skip
    with clock.at(NOW - timedelta(days=max(closed_for, 0) + 60)):
        people.appoint(cast.chair, "chair", by=cast.officer, call=call)
        people.appoint(cast.observer, "observer", by=cast.officer, call=call)
        for part in ("expert", "expert2", "expert3", "expert4", "conflicted", "rapporteur"):
            person = getattr(cast, part)
            employer = "University of A-Stadt" if part == "conflicted" else f"Employer of {part}"
            experts.add_expert(call, email=person.email, name=person.name, by=cast.officer, employer=employer,
                               country="SE", keywords=["artificial intelligence"])  # fmt: skip
            if (name, part) != ("open", "expert4"):
                story.engage(call, person)
    return call


def _invite_partner(application: Any, cast: Any) -> None:
    from grants.applications import actions as applications

    partner = story.again(application).partners[1]
    applications.edit_partner(
        partner, by=cast.coordinator, contact_name=cast.partner.name, contact_email=cast.partner.email
    )
    applications.accept_invitation(partner, by=cast.partner)
    third = story.again(application).partners[2]
    applications.edit_partner(
        third, by=cast.coordinator, contact_name=cast.expert4.name, contact_email=cast.expert4.email
    )


def _submitted(call: Any, cast: Any, acronym: str, *, second: bool = False) -> Any:
    with clock.at(call.deadline_at - timedelta(days=2)):
        by = cast.applicant2 if second else cast.coordinator
        application = story.draft(call, project(acronym, *(SECOND if second else ())), by=by)
        story.submit(application, by=by)
    return application


def _evaluation(call: Any, cast: Any, found: dict[str, Any]) -> None:
    """One application in each state from received to consensus."""
    for name in (
        "received",
        "refused",
        "eligibility",
        "inadmissible",
        "ineligible",
        "admitted",
        "in_evaluation",
        "in_consensus",
    ):
        found[name] = _submitted(
            call, cast, name.upper().replace("_", "")[:12], second=name in ("in_consensus",)
        )
    from grants.eligibility import actions as eligibility

    with clock.at(call.deadline_at + timedelta(days=3)):
        eligibility.propose(story.again(found["eligibility"]), gate="admissibility", verdict="ok", reason="",
                            by=cast.officer)  # fmt: skip
        for gate in ("admissibility", "eligibility"):
            name = {"admissibility": "inadmissible", "eligibility": "ineligible"}[gate]
            story.refuse(
                found[name], gate=gate, reason="The annex is missing.", by=cast.officer, second=cast.officer2
            )
        for name in ("admitted", "in_evaluation", "in_consensus"):
            story.admit(found[name], by=cast.officer)
        story.refuse(
            found["refused"], gate="admissibility", reason="Part B is empty.", by=cast.officer, second=None
        )
        experts.detect(story.again(found["admitted"]), cast.conflicted)
    with clock.at(NOW - timedelta(days=1)):
        clarifications.ask(
            story.again(found["received"]), by=cast.officer, question="Which version of the plan is annexed?",
            unlocked=["title"], until=NOW + timedelta(days=5),
        )  # fmt: skip
    with clock.at(call.deadline_at + timedelta(days=6)):
        group = [cast.rapporteur, cast.expert, cast.expert2]
        sent = story.invite(found["in_evaluation"], group, by=cast.officer, rapporteur=cast.rapporteur)
        story.accept(sent[0])
        story.accept(sent[1])
        story.report(sent[0], HIGH, comments(HIGH))
        story.report(sent[1], MIDDLE, comments(MIDDLE), send=False)
        for assignment, scores in zip(
            story.invite(found["in_consensus"], group, by=cast.officer, rapporteur=cast.rapporteur),
            (HIGH, MIDDLE, HIGH), strict=True,
        ):  # fmt: skip
            story.accept(assignment)
            story.report(assignment, scores, comments(scores))
        reaction = Reaction(
            application_id=found["in_consensus"].id, state="answered", asked_by_id=cast.officer.id,
            asked_at=clock.now(), until=clock.now() + timedelta(days=7), text="The risks stand in section two.",
            answered_by_id=cast.applicant2.id, answered_at=clock.now(),
            shown=[{"comments": comments(MIDDLE), "scores": {}}],
        )  # fmt: skip
        db.session.add(reaction)
        story.agree(found["in_consensus"], MIDDLE, comments(MIDDLE), by=cast.officer, upto="open")


def _later(prefix: str, call: Any, cast: Any, found: dict[str, Any], *, upto: str) -> None:
    """A good, a second good and a weak application through consensus, and on as far as `upto`."""
    group = [cast.rapporteur, cast.expert, cast.expert2]
    for name, scores, second in (("best", HIGH, False), ("good", MIDDLE, True), ("weak", LOW, True)):
        application = found[f"{prefix}_{name}"] = _submitted(
            call, cast, f"{prefix.upper()}{name.upper()}", second=second
        )
        with clock.at(call.deadline_at + timedelta(days=4)):
            story.admit(application, by=cast.officer)
        with clock.at(call.deadline_at + timedelta(days=25)):
            story.evaluate(application, group, scores, comments(scores), by=cast.officer)
    if upto == "panel":
        return
    with clock.at(call.deadline_at + timedelta(days=40)):
        _draw_lots(call, [found[f"{prefix}_best"], found[f"{prefix}_good"]], cast)
        story.close_panel(call, by=cast.chair, text="The panel met online and used the whole scale.")
    with clock.at(call.deadline_at + timedelta(days=45)):
        story.decide(call, by=cast.officer, second=cast.officer2 if upto == "released" else None)
    if upto == "released":
        told = decision_queries.of_application(story.again(found[f"{prefix}_best"]).public_id)
        assert told
        told.reason = KEPT_INSIDE
        db.session.commit()
        with clock.at(call.deadline_at + timedelta(days=50)):
            story.release(call, by=cast.officer, funder=FUNDER)


def _announce_lots(call: Any) -> None:
    """The call is one of those that announce lots, which no scheme of Horizon Europe does."""
    call = db.session.merge(call)
    call.scheme_json = call.scheme_json | {"lots": True}
    call.rules_json = call.rules_json | {"lots": "The first draw of the National Lottery after that instant"}
    db.session.commit()


def _draw_lots(call: Any, applications: list[Any], cast: Any) -> None:
    """A draw between some applications that the panel has taken over; both are funded, whatever it gave."""
    group = sorted(story.again(one).number for one in applications)
    at = clock.now()
    items = [
        {"item": number, "mean": 1200, "expected_rank": 150, "half": [1, 2], "most": [1, 3], "p_funded": 5000,
         "crosses": True}
        for number in group
    ]  # fmt: skip
    fixed = {
        "schema": 1, "call": call.reference, "number": 1, "source": "The first draw of the National Lottery",
        "draws_at": (at - timedelta(hours=2)).isoformat(), "fixed_at": (at - timedelta(days=1)).isoformat(),
        "budget": call.budget, "list": "0" * 64, "group": group,
        "figures": {"line": 150, "seed": 20220, "draws": 10_000, "items": items},
    }  # fmt: skip
    draw = Draw(
        call_id=call.id, number=1, state="taken", fixed_at=at - timedelta(days=1), fixed_by_id=cast.chair.id,
        draws_at=at - timedelta(hours=2), snapshot=canonical(fixed).decode(), sha256=digest(fixed),
        value="7 13 22 31 40 44", drawn_at=at - timedelta(hours=1), drawn_by_id=cast.officer.id, closed_at=at,
        closed_by_id=cast.chair.id, reason="The reports do not tell them apart.",
    )  # fmt: skip
    draw.seed = rerun_draw.seed(draw.sha256, draw.value)
    draw.order = rerun_draw.order(draw.seed, group)
    db.session.add(draw)
    events.record(
        db.session, draw, "fix", by=cast.chair, target="fixed", sha256=draw.sha256, group=group,
        draws_at=draw.draws_at.isoformat(),
    )  # fmt: skip
    db.session.commit()


KEPT_INSIDE = "ZQXINSIDE"
"""Why a decision departs from the ranked list, written before its letter was frozen: no applicant ever reads it."""

FUNDER = {"name": "Trust Funder", "address": "1 Some Street, Paris", "signatory": "The Director"}
