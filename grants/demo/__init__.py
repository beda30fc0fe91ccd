"""The demo: a programme with calls in every phase, and the page 'Sign in as', which exists in demo mode only."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, redirect, render_template, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from grants import clock
from grants.applications import actions as applications
from grants.calls import actions as calls
from grants.calls.models import Call, Programme
from grants.db import db
from grants.decisions.letters import funder
from grants.demo import story
from grants.demo.cast import COMMENTS, KEYWORDS, PASSWORD, PEOPLE, PROFILES, PROJECTS, QUESTIONS, TEXT
from grants.experts import actions as experts
from grants.panels import actions as panels
from grants.people import actions as people
from grants.people import queries as people_queries
from grants.people.models import User
from grants.people.sign_in import sign_in_as
from grants.web import public

blueprint = Blueprint("demo", __name__)

__all__ = ["PASSWORD", "blueprint", "build", "guide", "is_empty"]


@blueprint.get("/demo")
@public
def people_page() -> str:
    """Everybody in the demo, with what waits for them."""
    return render_template("demo/people.html", guide=guide())


@blueprint.post("/demo/<part>")
@public
def become(part: str) -> Response:
    """Sign in as somebody of the demo, without a password."""
    if not current_app.config["DEMO"] or part not in PEOPLE:
        abort(404)
    person = people_queries.by_email(PEOPLE[part][1])
    if person is None:
        abort(404)
    sign_in_as(person)
    return redirect(url_for("home.index"), 303)


blueprint.add_url_rule("/demo/people", endpoint="people", view_func=people_page)


def guide() -> list[tuple[Any, str]]:
    """People of the demo as (part, name, email) with what they find."""
    return [
        (SimpleNamespace(part=part, name=name, email=email), waiting)
        for part, (name, email, _language, waiting) in PEOPLE.items()
    ]


def is_empty() -> bool:
    """Whether the database holds no account yet."""
    return not db.session.scalar(select(func.count()).select_from(User))


def build() -> Iterator[str]:
    """Build the demo step by step; each step commits and yields what it made."""
    now = clock.now().replace(microsecond=0)
    with clock.at(now - timedelta(days=420)):
        programme = Programme(name="AI for the Common Good")
        db.session.add(programme)
        db.session.flush()
        cast = SimpleNamespace(
            **{
                part: people.create_account(email, name, password=PASSWORD, language=language)
                for part, (name, email, language, _) in PEOPLE.items()
            }
        )
        people.appoint(cast.admin, "admin", by=None, programme=programme)
        for officer in (cast.officer, cast.officer2):
            people.appoint(officer, "officer", by=cast.admin, programme=programme)
    db.session.commit()
    yield "people"
    for step in (_future, _open, _eligibility, _evaluation, _panel, _decision, _released, _two_stages):
        step(programme, cast, now)
        db.session.commit()
        yield step.__name__


def _call(
    programme: Programme, cast: Any, now: datetime, reference: str, title: str, topic: str, *, closes_in: int,
    budget: int, publish: bool = True, action: str = "RIA", **fields: Any,
) -> Call:  # fmt: skip
    """A call whose deadline is so many days from now (negative: ago), with its chair, observer and experts."""
    day = (now + timedelta(days=closes_in)).astimezone(ZoneInfo("Europe/Brussels"))
    deadline = day.replace(hour=17, minute=0, second=0, tzinfo=None)
    opens = (day - timedelta(days=70)).replace(hour=9, minute=0, second=0, microsecond=0)
    call = story.open_call(
        programme, by=cast.officer, reference=reference, title=title, text=TEXT.format(topic=topic), opens=opens,
        deadline=deadline, budget=budget, questions=QUESTIONS, keywords=KEYWORDS, publish=publish, action=action,
        min_contribution=1_500_000_00, max_contribution=4_000_000_00, year=2026,
        **{"scheme_id": f"he-{action.lower()}-2026", "page_limit": 40} | fields,
    )  # fmt: skip
    with clock.at(min(now, opens)):
        people.appoint(cast.chair, "chair", by=cast.officer, call=call)
        people.appoint(cast.observer, "observer", by=cast.officer, call=call)
        for part, (employer, country, gender, keywords) in PROFILES.items():
            person = getattr(cast, part)
            experts.add_expert(call, email=person.email, name=person.name, by=cast.officer, employer=employer,
                               country=country, gender=gender, keywords=keywords)  # fmt: skip
            if (reference, part) != ("AIX-2026-TRUST-02", "expert4"):
                story.engage(call, person)
    return call


def _submitted(call: Call, acronym: str, by: User, days_before: float = 2) -> Any:
    with clock.at(call.deadline_at - timedelta(days=days_before)):
        application = story.draft(call, PROJECTS[acronym], by=by)
        story.submit(application, by=by)
    return application


def _future(programme: Programme, cast: Any, now: datetime) -> None:
    _call(programme, cast, now, "AIX-2027-EDU-01", "AI tutors that teachers trust", "AI in the classroom",
          closes_in=150, budget=9_000_000, publish=False)  # fmt: skip
    _call(programme, cast, now, "AIX-2027-CITY-01", "Cities that learn: AI for local public services",
          "better local services", closes_in=110, budget=12_000_000)  # fmt: skip


def _open(programme: Programme, cast: Any, now: datetime) -> None:
    call = _call(programme, cast, now, "AIX-2026-TRUST-02", "Trustworthy AI for public services",
                 "AI that people can trust", closes_in=12, budget=15_000_000)  # fmt: skip
    with clock.at(now - timedelta(days=20)):
        draft = story.draft(call, PROJECTS["CLARITY"], by=cast.coordinator, upto="researchers")
        fourth = story.again(draft).partners[3]
        applications.edit_partner(fourth, by=cast.coordinator, contact_name=cast.partner.name,
                                  contact_email=cast.partner.email)  # fmt: skip
    with clock.at(now - timedelta(days=6)):
        submitted = story.draft(call, PROJECTS["GRIDWISE"], by=cast.coordinator2)
        story.submit(submitted, by=cast.coordinator2)


def _eligibility(programme: Programme, cast: Any, now: datetime) -> None:
    call = _call(programme, cast, now, "AIX-2026-HEALTH-01", "Health data spaces that learn",
                 "health research across borders", closes_in=-4, budget=10_000_000)  # fmt: skip
    owners = {"MEDFED": cast.coordinator, "LUMEN": cast.coordinator3, "SILVA": cast.coordinator2}
    made = {acronym: _submitted(call, acronym, by) for acronym, by in owners.items()}
    with clock.at(now - timedelta(days=2)):
        story.refuse(made["SILVA"], gate="admissibility", by=cast.officer, second=None,
                     reason="Part B is unreadable from page 12 on, as the applicant confirmed.")  # fmt: skip


def _evaluation(programme: Programme, cast: Any, now: datetime) -> None:
    call = _call(programme, cast, now, "AIX-2026-ROBOT-01", "Robots for small and medium-sized workshops",
                 "robotics in small companies", closes_in=-35, budget=8_000_000, action="IA")  # fmt: skip
    tactus, lumen, ferment = (
        _submitted(call, acronym, by)
        for acronym, by in (
            ("TACTUS", cast.coordinator2),
            ("LUMEN", cast.coordinator3),
            ("FERMENT", cast.coordinator3),
        )
    )
    due = (now + timedelta(days=9)).date()
    with clock.at(call.deadline_at + timedelta(days=5)):
        for application in (tactus, lumen, ferment):
            story.admit(application, by=cast.officer)
    with clock.at(call.deadline_at + timedelta(days=12)):
        group = [cast.rapporteur, cast.expert, cast.expert2]
        first = story.invite(tactus, group, by=cast.officer, rapporteur=cast.rapporteur, due_on=due)
        story.accept(first[0])
        story.report(first[0], {"excellence": 450, "impact": 400, "implementation": 450}, COMMENTS)
        story.accept(first[1])
        story.report(first[1], {"excellence": 400}, COMMENTS, send=False)
        story.invite(lumen, [cast.rapporteur, cast.expert2, cast.expert3], by=cast.officer, rapporteur=cast.expert2,
                     due_on=due)  # fmt: skip
    with clock.at(call.deadline_at + timedelta(days=20)):
        scores = ({"excellence": 400, "impact": 350, "implementation": 400},
                  {"excellence": 450, "impact": 300, "implementation": 400},
                  {"excellence": 400, "impact": 450, "implementation": 350})  # fmt: skip
        for assignment, given in zip(
            story.invite(ferment, group, by=cast.officer, rapporteur=cast.rapporteur, due_on=due),
            scores,
            strict=True,
        ):
            story.accept(assignment)
            story.report(assignment, given, COMMENTS)
        story.agree(ferment, scores[0], COMMENTS, by=cast.officer, upto="open")


def _panel(programme: Programme, cast: Any, now: datetime) -> None:
    call = _call(programme, cast, now, "AIX-2026-LANG-01", "Language technology for every European",
                 "language technology", closes_in=-75, budget=6_500_000)  # fmt: skip
    scores = {
        "POLYGLOT": (cast.coordinator2, 500, 450, 450), "AGORA": (cast.coordinator, 400, 450, 400),
        "CLARITY": (cast.coordinator, 450, 450, 350), "VERITAS": (cast.coordinator3, 400, 250, 350),
    }  # fmt: skip
    _evaluated(call, cast, scores)
    with clock.at(now - timedelta(days=3)):
        for acronym, aspects in (
            ("POLYGLOT", ["small languages"]),
            ("CLARITY", ["small languages", "auditing"]),
        ):
            _note(call, acronym, aspects, by=cast.chair)


def _evaluated(call: Call, cast: Any, scores: Mapping[str, tuple[Any, *tuple[int, ...]]]) -> None:
    group = [cast.rapporteur, cast.expert, cast.expert2]
    for acronym, (by, *points) in scores.items():
        application = _submitted(call, acronym, by)
        with clock.at(call.deadline_at + timedelta(days=5)):
            story.admit(application, by=cast.officer)
        with clock.at(call.deadline_at + timedelta(days=30)):
            marks = dict(zip(COMMENTS, points, strict=False))
            comments = {criterion: COMMENTS[criterion] for criterion in marks}
            story.evaluate(application, group, marks, comments, by=cast.officer)


def _note(call: Call, acronym: str, aspects: list[str], *, by: User) -> None:
    from grants.applications.models import Application

    found = db.session.scalars(
        select(Application).where(Application.call_id == call.id, Application.acronym == acronym)
    ).one()
    panels.note(story.again(found), by=by, version=0, consensus={}, aspects=aspects, amended={}, reason="",
                tie_order=None, tie_reason="", max_grant=None)  # fmt: skip


def _decision(programme: Programme, cast: Any, now: datetime) -> None:
    call = _call(programme, cast, now, "AIX-2026-ENERGY-01", "AI for energy systems that fail safely",
                 "secure energy", closes_in=-110, budget=4_500_000)  # fmt: skip
    _evaluated(call, cast, {
        "GRIDWISE": (cast.coordinator2, 450, 450, 450), "LUMEN": (cast.coordinator3, 450, 400, 400),
        "SILVA": (cast.coordinator2, 400, 350, 400), "TACTUS": (cast.coordinator2, 300, 250, 350),
    })  # fmt: skip
    with clock.at(now - timedelta(days=9)):
        story.close_panel(
            call, by=cast.chair, text="The panel met on two days and applied the criteria consistently."
        )
    with clock.at(now - timedelta(days=2)):
        story.decide(call, by=cast.officer, second=None)


def _released(programme: Programme, cast: Any, now: datetime) -> None:
    call = _call(programme, cast, now, "AIX-2025-TRUST-01", "Trustworthy AI, first call", "AI that people can trust",
                 closes_in=-200, budget=6_000_000)  # fmt: skip
    _evaluated(call, cast, {
        "MEDFED": (cast.coordinator, 500, 450, 450), "POLYGLOT": (cast.coordinator2, 450, 450, 400),
        "VERITAS": (cast.coordinator3, 450, 400, 400), "AGORA": (cast.coordinator, 350, 250, 350),
    })  # fmt: skip
    late = _submitted(call, "SILVA", cast.coordinator2)
    with clock.at(call.deadline_at + timedelta(days=6)):
        story.refuse(late, gate="eligibility", by=cast.officer, second=cast.officer2,
                     reason="Two of the three organisations are under the same control.")  # fmt: skip
    with clock.at(now - timedelta(days=40)):
        story.close_panel(call, by=cast.chair, text="The panel met in Paris. All members used the whole scale; the "
                          "observer had no remarks.")  # fmt: skip
    with clock.at(now - timedelta(days=30)):
        story.decide(call, by=cast.officer, second=cast.officer2)
    with clock.at(now - timedelta(days=25)):
        story.release(call, by=cast.officer, funder=funder(current_app.config))


def _two_stages(programme: Programme, cast: Any, now: datetime) -> None:
    """Outlines were cut and their results sent; the second stage is open for those who passed."""
    call = _call(programme, cast, now, "AIX-2026-CLIMATE-01", "AI that helps Europe adapt to its climate",
                 "adaptation to climate change", closes_in=-90, budget=2_000_000, publish=False,
                 scheme_id="he-first-stage-2026", page_limit=10)  # fmt: skip
    due = (now + timedelta(days=45)).astimezone(ZoneInfo("Europe/Brussels"))
    with clock.at(call.opens_on - timedelta(days=7)):
        second = calls.add_second_stage(
            call, by=cast.officer, reference="AIX-2026-CLIMATE-01-FULL", opens_on=now - timedelta(days=10),
            deadline=due.replace(hour=17, minute=0, second=0, microsecond=0, tzinfo=None),
        )  # fmt: skip
        for stage in (call, second):
            calls.publish(stage, by=cast.officer)
    _evaluated(call, cast, {
        "SILVA": (cast.coordinator2, 450, 450), "CLARITY": (cast.coordinator, 450, 400),
        "GRIDWISE": (cast.coordinator2, 400, 400), "LUMEN": (cast.coordinator3, 350, 450),
    })  # fmt: skip
    with clock.at(now - timedelta(days=20)):
        story.close_panel(call, by=cast.chair, text="The panel met online. The cut follows from the list.")
    with clock.at(now - timedelta(days=14)):
        story.decide(call, by=cast.officer, second=cast.officer2)
    with clock.at(now - timedelta(days=12)):
        story.release(call, by=cast.officer, funder=funder(current_app.config))
