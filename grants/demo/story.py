"""Whole passages of a call's life, told through the same actions as the pages: for the demo and for the tests."""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from textwrap import wrap
from typing import Any

import pikepdf

from grants import clock
from grants.applications import actions as applications
from grants.applications import queries as application_queries
from grants.applications.models import Application
from grants.applications.reading_copy import write as write_line
from grants.calls import actions as calls
from grants.calls import queries as call_queries
from grants.calls.models import Call, Programme
from grants.db import db
from grants.decisions import actions as decisions
from grants.decisions import queries as decision_queries
from grants.eligibility import actions as eligibility
from grants.experts import actions as experts
from grants.experts import engagements
from grants.experts.models import Assignment
from grants.panels import actions as panels
from grants.people.models import User
from grants.reviews import actions as reports
from grants.reviews import consensus
from grants.reviews import queries as review_queries
from grants.reviews.questions import questions_of

EURO = 100


@dataclass(frozen=True)
class Organisation:
    """An organisation as it joins a consortium."""

    name: str
    short_name: str
    pic: str
    country: str
    city: str
    activity: str
    sme: bool = False
    nonprofit: bool = False

    def fields(self) -> dict[str, Any]:
        gep = {"gep": True} if self.activity in ("HES", "REC", "PUB") else {"gep": None}
        names = ("name", "short_name", "pic", "country", "city", "activity", "sme", "nonprofit")
        return {name: getattr(self, name) for name in names} | gep


@dataclass(frozen=True)
class Project:
    """A proposal to be: texts, organisations (the first coordinates) with personnel costs in euros, people."""

    acronym: str
    title: str
    abstract: str
    partners: Sequence[tuple[Organisation, int]]
    people: Sequence[tuple[str, str, str]] = ()
    keywords: Sequence[str] = ()
    duration: int = 36
    answers: Mapping[str, str] = field(default_factory=dict)
    pages: int = 32


def pdf(pages: int, *lines: str) -> bytes:
    """A valid PDF with so many A4 pages, numbered; the lines stand on the first one."""
    document = pikepdf.new()
    for number in range(1, pages + 1):
        page = document.add_blank_page(page_size=(595, 842))
        for place, line in enumerate(lines if number == 1 else ()):
            write_line(document, page, line, left=72, low=740 - 18 * place, size=11)
        write_line(document, page, f"{number} / {pages}", left=500, low=48, size=9)
    out = io.BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def _part_b(project: Project) -> list[str]:
    return [f"{project.acronym} – Part B", "", *wrap(project.title, 80), "", *wrap(project.abstract, 80)]


def open_call(
    programme: Programme, *, by: User, reference: str, title: str, opens: datetime, deadline: datetime, budget: int,
    questions: Iterable[Mapping[str, Any]] = (), publish: bool = True, **fields: Any,
) -> Call:  # fmt: skip
    """Set up a call, and publish it a week before it opens. `deadline` is naive local time, `budget` in euros."""
    given: dict[str, Any] = {
        "action": "RIA", "scheme_id": "he-ria-2026", "pillar": 2, "year": opens.year, "text": "", "min_reviews": 3,
        "keywords": ["artificial intelligence"],
    }  # fmt: skip
    with clock.at(min(opens - timedelta(days=7), clock.now())):
        call = calls.create(
            programme, by=by, reference=reference, title=title, opens_on=opens, deadline=deadline,
            budget=budget * EURO, **given | fields,
        )  # fmt: skip
        for question in questions:
            calls.add_question(call, by=by, **question)
        if publish:
            calls.publish(call, by=by)
    return call


def draft(call: Call, project: Project, *, by: User, upto: str = "declarations") -> Application:
    """An application filled in: start, summary, consortium with budget, researchers, questions, part_b, declarations.

    `upto` names the last section that is filled in.
    """
    first, _ = project.partners[0]
    call = _call(call)
    application = applications.start(call, by=by, acronym=project.acronym, organisation=first.fields())
    fill = {
        "summary": _fill_summary, "consortium": _fill_consortium, "researchers": _fill_researchers,
        "questions": _fill_questions, "part_b": _fill_part_b, "declarations": _fill_declarations,
    }  # fmt: skip
    for name, write in fill.items():
        write(application, project, by)
        if name == upto:
            break
    for partner in application.partners:
        if partner.must_confirm:  # what an organisation confirms covers its people
            applications.confirm_participation(partner, by=by)
    return application


def _fill_summary(application: Application, project: Project, by: User) -> None:
    offered = set(application.call.keywords)
    applications.save_summary(
        application, by=by, acronym=project.acronym, title=project.title, abstract=project.abstract,
        duration=project.duration,
        keywords=[k for k in project.keywords if k in offered] or application.call.keywords[:1],
        free_keywords=", ".join(k for k in project.keywords if k not in offered),
    )  # fmt: skip


def _fill_consortium(application: Application, project: Project, by: User) -> None:
    for index, (organisation, personnel) in enumerate(project.partners):
        if index:
            contact = {"contact_name": by.name, "contact_email": by.email}
            applications.add_partner(
                application, by=by, role="beneficiary", **contact, **organisation.fields()
            )
        partner = application.partners[index]
        lines = {"personnel": personnel * EURO, "travel": personnel * 4, "equipment": personnel * 6,
                 "other_goods": personnel * 5}  # fmt: skip
        applications.save_budget(partner, by=by, lines=lines)
        applications.save_budget(partner, by=by, lines=lines, requested=partner.budget.maximum)


def _fill_researchers(application: Application, project: Project, by: User) -> None:
    for index, (first_name, last_name, gender) in enumerate(project.people):
        applications.add_researcher(
            application, application.partners[index % len(application.partners)], by=by, first_name=first_name,
            last_name=last_name, gender=gender, career_stage="B", leading=True, orcid="",
        )  # fmt: skip


def _fill_questions(application: Application, project: Project, by: User) -> None:
    defaults = {"yes_no": "no"}
    answers = {
        question.key: project.answers.get(question.key, defaults.get(question.kind, project.abstract[:900]))
        for question in application.call.questions
    }
    if answers:
        applications.save_answers(application, answers, by=by)


def _fill_part_b(application: Application, project: Project, by: User) -> None:
    applications.attach(
        application, pdf(project.pages, *_part_b(project)), f"{project.acronym}-part-B.pdf", by=by
    )


def _fill_declarations(application: Application, project: Project, by: User) -> None:
    keys = [key for key, _ in application.call.rules.declarations]
    applications.save_declarations(application, keys, by=by)


def _call(call: Call) -> Call:
    """The call freshly loaded, as a page would load it."""
    db.session.flush()
    db.session.expire_all()
    found = call_queries.by_reference(call.reference)
    assert found
    return found


def submit(application: Application, *, by: User) -> None:
    applications.submit(again(application), by=by, key=f"{application.public_id}-{application.version}")


def again(application: Application) -> Application:
    """The application freshly loaded, as a page would load it."""
    db.session.flush()
    db.session.expire_all()
    found = application_queries.whole(application.public_id)
    assert found
    return found


def admit(application: Application, *, by: User) -> None:
    """Through both gates."""
    for gate in ("admissibility", "eligibility"):
        eligibility.propose(again(application), gate=gate, verdict="ok", reason="", by=by)


def refuse(application: Application, *, gate: str, reason: str, by: User, second: User | None) -> None:
    """Refused at a gate: proposed by one officer and, where there is a second one, confirmed."""
    if gate == "eligibility":
        eligibility.propose(again(application), gate="admissibility", verdict="ok", reason="", by=by)
    ruling = eligibility.propose(again(application), gate=gate, verdict="fail", reason=reason, by=by)
    if second:
        eligibility.confirm(ruling, by=second)


def engage(call: Call, person: User) -> None:
    """Somebody of the pool agrees to the terms of the call."""
    engagement = engagements.of(person, call)
    assert engagement
    engagements.accept(engagement, seen=call.terms.sha256, by=person)


def invite(
    application: Application,
    group: Sequence[User],
    *,
    by: User,
    rapporteur: User | None = None,
    due_on: Any = None,
) -> list[Assignment]:
    """Assign the experts; one of them as rapporteur."""
    return [
        experts.assign(again(application), expert, by=by, rapporteur=expert is rapporteur, due_on=due_on)
        for expert in group
    ]


def accept(assignment: Assignment) -> None:
    """The expert accepts and declares that there is no conflict."""
    found = _assignment(assignment)
    experts.accept(found, by=found.user)
    reports.declare_none(found, by=found.user)


def _assignment(assignment: Assignment) -> Assignment:
    db.session.flush()
    db.session.expire_all()
    found = review_queries.assignment(assignment.public_id)
    assert found
    return found


def plain_answers(call: Call) -> dict[str, dict[str, str]]:
    """For each question that the call asks the answer that needs no comment."""
    return {
        question.key: {
            "answer": next(
                (key for key, _ in question.answers if key not in question.explained), question.answers[0][0]
            ),
            "comment": "",
        }
        for question in questions_of(call)
    }


def report(
    assignment: Assignment, scores: Mapping[str, int], comments: Mapping[str, str], *, send: bool = True
) -> None:
    """The expert writes a report, and submits it unless `send` is false. Scores in hundredths by criterion id."""
    found = _assignment(assignment)
    written = review_queries.report(found.report.public_id)
    assert written
    reports.save(written, version=written.version, scores=scores, comments=comments,
                 answers=plain_answers(written.call), remarks="", by=found.user)  # fmt: skip
    if send:
        reports.submit(written, declared=True, confirmed=True, by=found.user)


def agree(
    application: Application,
    scores: Mapping[str, int],
    comments: Mapping[str, str],
    *,
    by: User,
    upto: str = "final",
) -> None:
    """The group's consensus: opened, written by the rapporteur, approved by all, accepted by the officer.

    `upto` is open, draft, approval, agreed or final.
    """
    found = again(application)
    group = review_queries.group(found)
    rapporteur = next(assignment for assignment in group if assignment.is_rapporteur)
    consensus.open_consensus(found, rapporteur=rapporteur, by=by)
    if upto == "open":
        return
    text = _consensus(application)
    individual = [one.scores for one in review_queries.valid_reports(text.application)]
    justified = {
        criterion: "The group weighed the strengths again after discussion."
        for criterion, score in scores.items()
        if not min(s[criterion] for s in individual) <= score <= max(s[criterion] for s in individual)
    }
    consensus.save(text, version=text.version, scores=scores, comments=comments, justifications=justified,
                   answers=plain_answers(text.call), by=rapporteur.user)  # fmt: skip
    if upto == "draft":
        return
    consensus.circulate(_consensus(application), confirmed=True, by=rapporteur.user)
    if upto == "approval":
        return
    for assignment in review_queries.group(again(application)):
        text = _consensus(application)
        if assignment.user_id != rapporteur.user_id and assignment.scores:
            consensus.approve(text, assignment, version=text.version, agrees=True, by=assignment.user)
    if upto == "final":
        consensus.finalise(_consensus(application), by=by)


def _consensus(application: Application) -> Any:
    db.session.flush()
    db.session.expire_all()
    found = review_queries.consensus_at(application.public_id)
    assert found
    return found


def evaluate(
    application: Application,
    group: Sequence[User],
    scores: Mapping[str, int],
    comments: Mapping[str, str],
    *,
    by: User,
) -> None:
    """All of the evaluation: experts assigned, reports in, consensus final. The first expert is rapporteur."""
    lowest = min(scores.values())
    for index, assignment in enumerate(invite(application, group, by=by, rapporteur=group[0])):
        accept(assignment)
        # The individual scores lie around the consensus, one step below and above where the scale allows.
        shift = (0, -50, 50)[index % 3]
        own = {
            key: min(500, max(0, score + shift)) if score != lowest else score
            for key, score in scores.items()
        }
        report(assignment, own, comments)
    agree(application, scores, comments, by=by)


def close_panel(call: Call, *, by: User, text: str) -> None:
    """The chair closes the panel on what it has found."""
    call = _call(call)
    panels.close(call, by=by, report=text, seen=panels.reviewed(panels.present(call)))


def decide(call: Call, *, by: User, second: User | None) -> None:
    """Decisions proposed by one officer and, where there is a second one, approved."""
    decisions.propose_all(_call(call), by=by)
    if second:
        call = _call(call)
        seen = decisions.fingerprint(decision_queries.to_approve(call, second))
        decisions.approve_all(call, by=second, seen=seen)


def release(call: Call, *, by: User, funder: Mapping[str, str], kind: str = "results") -> None:
    """The one act that makes decisions known."""
    call = _call(call)
    order = decisions.order_release(call, by=by, kind=kind, seen=decisions.planned(call, kind).seen)
    with clock.at(order.due_at):
        decisions.carry_out(order, by=by, funder=funder)
