"""What a document of each kind tells: the page, as HTML in the document's language, that the renderer turns into a PDF.

Nothing here depends on the day or on who asks, but for what a conflict of interest or a blind evaluation hides:
unchanged facts give an unchanged page, and an unchanged page gives the file that is already there.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from flask import current_app

from grants import clock, config
from grants.applications import budget
from grants.applications.forms import ROLES
from grants.applications.models import Application
from grants.applications.shown import proposal_to
from grants.calls import answers
from grants.calls.models import Call
from grants.calls.rules import DECLARATIONS
from grants.canonical import canonical, digest
from grants.db import db
from grants.decisions import letters, outcomes, redress, wording
from grants.decisions import queries as decisions
from grants.documents import archive, dossier, inside, qr, render
from grants.documents.inside import NothingToTell as NothingToTell
from grants.eligibility.models import GATE_NAMES
from grants.language import in_language, translate
from grants.panels import queries as panels
from grants.panels import ranking, standing
from grants.reviews import queries as reviews
from grants.reviews.models import Report
from grants.reviews.summary import evaluation_summary
from grants.words import N_

NAMES = {
    "receipt": N_("Acknowledgement of receipt"),
    "application": N_("Application"),
    "evaluation": N_("Evaluation summary report"),
    "letter": N_("Decision letter"),
    "ranking": N_("Ranking report"),
    "dossier": N_("Auditor’s dossier"),
    "report": N_("Individual evaluation reports"),
    "consensus": N_("Consensus report"),
    "panel": N_("Panel report"),
    "call": N_("Call report"),
    "form": N_("Form of the call"),
    "draw": N_("Protocol of a draw of lots"),
    "withdrawal": N_("Acknowledgement of a withdrawal"),
    "review": N_("Letter on a request for redress"),
}
# Names of files stay in English: they are keys in archives, and never hold a person's name.
FILE_NAMES = {
    "receipt": "receipt", "application": "application", "evaluation": "evaluation-summary",
    "letter": "decision-letter", "ranking": "ranking", "report": "evaluation-reports", "consensus": "consensus",
    "panel": "panel-report", "call": "call-report", "dossier": "dossier",
    "form": "form", "draw": "draw", "withdrawal": "withdrawal", "review": "redress",
}  # fmt: skip


LETTERS = ("letter", "withdrawal", "review")
"""Kinds that are written to a coordinator, in their language."""
ON_REDRESS = tuple(outcome for outcome in outcomes.NOTICES if outcome != "withdrawn")


@dataclass(frozen=True)
class Page:
    """A document before it is a PDF. `digest` covers all that decides what it holds and how it looks."""

    kind: str
    html: str
    data: str
    """The facts that it tells, as canonical JSON."""
    filename: str
    files: dict[str, Path]
    final: bool = True
    """Whether it is signed; a letter before its release is not."""
    beside: dict[str, bytes | Path] = field(default_factory=dict)
    """What lies in one archive with it, by name; then the archive is what is handed out."""
    letter_sha256: str | None = None
    """Of the frozen letter, if it is a released one."""

    @property
    def title(self) -> str:
        return NAMES[self.kind]

    @property
    def digest(self) -> str:
        texts = (self.kind, self.html, self.data)
        parts = [*map(str.encode, texts), *(path.read_bytes() for path in self.files.values())]
        return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def page(
    kind: str,
    language: str,
    *,
    call: Call,
    application: Application | None,
    reader: Any = None,
    report: Report | None = None,
) -> Page:
    """The page of one document.

    Args:
        application: with call (and its questions), coordinator and submission; None for the ranking of a call.
        reader: who will read it; what a conflict or a blind evaluation hides from them is left out. None sees all.
        report: the one report to tell, where it is not all of the application.

    Raises:
        NothingToTell: nothing submitted, no decision, no final consensus report, or no adopted list yet.
    """
    facts = CONTENTS[kind](report or application or call, reader)
    name = call.reference if application is None else application.number
    logo = current_app.config["FUNDER_LOGO"]
    with in_language(language):
        html = current_app.jinja_env.get_template(f"documents/pdf/{kind}.html").render(
            **facts, call=call, language=language, has_logo=bool(logo), criteria=_criteria(call),
            funder_name=current_app.config["FUNDER_NAME"], funder_address=current_app.config["FUNDER_ADDRESS"],
            site=current_app.config["BASE_URL"], code=qr.code,
        )  # fmt: skip
    beside = facts.get("beside", {})
    named = "own-report" if report else FILE_NAMES[kind]
    suffix = "zip" if beside else "pdf"
    filename = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{name}-{named}-{language}.{suffix}")
    value = {"document": kind, "language": language, "about": name, "facts": DATA[kind](facts)}
    final = not facts.get("draft")
    return Page(
        kind, html, canonical(value).decode(), filename, bundle(logo), final, beside,
        digest(facts["frozen"]) if kind == "letter" and final else None,
    )  # fmt: skip


def bundle(logo: str) -> dict[str, Path]:
    """All that decides how a document looks, but its page; an empty `logo` takes the built-in mark."""
    return render.DESIGN | {"bundled:logo": Path(logo) if logo else config.HERE / "static" / "mark.svg"}


def _criteria(call: Call) -> dict[str, str]:
    return {criterion.id: criterion.name for criterion in call.scheme.criteria}


def _submitted(application: Application) -> dict[str, Any]:
    submission = application.submission
    if submission is None:
        raise NothingToTell(N_("Nothing has been submitted yet."))
    return {"application": application, "submission": submission, "proposal": submission.proposal}


def _application(application: Application, reader: Any) -> dict[str, Any]:
    facts = _submitted(application)
    proposal = proposal_to(reader, application)
    return facts | {
        "proposal": proposal,
        "categories": budget.CATEGORIES,
        "totals": budget.totals(proposal.budgets),
        "lump_sums": {partner.key: budget.lump_sum_shares(partner.budget) for partner in proposal.partners},
        "by_country": _by_country(proposal),
        "questions": [(question, proposal.answer(question.key)) for question in application.call.questions],
        "roles": dict(ROLES),
        "declarations": [sentence for key, sentence in DECLARATIONS if key in proposal.declarations],
    }


def _by_country(proposal: Any) -> list[tuple[str, int]]:
    """Requested contribution by country, cents, the largest first."""
    sums: dict[str, int] = {}
    for partner in proposal.partners:
        if partner.is_funded and partner.country:
            sums[partner.country] = sums.get(partner.country, 0) + partner.budget.requested
    return sorted(sums.items(), key=lambda row: (-row[1], row[0]))


def _evaluation(application: Application, reader: Any) -> dict[str, Any]:
    consensus = reviews.consensus_of(application)
    if consensus is None or consensus.state != "final":
        raise NothingToTell(N_("There is no final evaluation of this application."))
    return {"summary": evaluation_summary(application, consensus, panels.finding_of(application))}


def _letter(application: Application, reader: Any) -> dict[str, Any]:
    decision = decisions.of_application(application.public_id)
    if decision is None:
        raise NothingToTell(N_("There is no decision on this application yet."))
    released = decision.state == "released"
    today = clock.now().replace(
        hour=0, minute=0, second=0, microsecond=0
    )  # a draft changes with the day, not sooner
    value = (
        letters.frozen(decision)
        if released
        else letters.letter(
            decision,
            funder=letters.funder(current_app.config),
            sent=today,
            wording=decisions.wording_of(decision),
            lots=decisions.lots_of(decision),
        )
    )
    return {"letter": _with_dates(value), "frozen": value, "draft": not released, "words_of": words_of}


def _notice(application: Application, kinds: Iterable[str]) -> dict[str, Any]:
    notice = decisions.notice_of(application.public_id, kinds)
    if notice is None:
        raise NothingToTell(N_("This letter is not written yet."))
    value = json.loads(notice.snapshot)
    days = {
        key: date.fromisoformat(value[key]) for key in ("date", "filed_on", "withdrawn_on") if key in value
    }
    if "about" in value:
        days["about"] = value["about"] | {"date": date.fromisoformat(value["about"]["date"])}
    return {
        "letter": value | days, "frozen": value, "draft": False, "words_of": words_of, "ground_names": redress.GROUNDS,
    }  # fmt: skip


def words_of(letter: dict[str, Any]) -> dict[str, Any]:
    """Subject, opening, closing and signatory of a letter, the officers' words or the house's, and what was decided."""
    outcome = letter["outcome"]
    house = wording.of_the_house(outcome, translate)
    words: dict[str, Any] = letter.get("wording") or house.filled(wording.values_of(letter))
    signatory = letter["funder"]["signatory"]
    return words | {
        "type": house.subject,
        "signatory": translate(signatory) if signatory == config.SIGNATORY else signatory,
        "decided": wording.decided(outcome, letter["call"]["title"], translate),
    }


def _with_dates(value: dict[str, Any]) -> dict[str, Any]:
    """The letter with its days as dates, which print in the words of its language."""
    days = {
        name: {key: date.fromisoformat(day) for key, day in (value[name] or {}).items()}
        for name in ("timetable", "redress")
    }
    if value.get("replaces"):
        days["replaces"] = value["replaces"] | {"date": date.fromisoformat(value["replaces"]["date"])}
    if value.get("second_stage"):
        instants = {key: datetime.fromisoformat(value["second_stage"][key]) for key in ("opens", "deadline")}
        days["second_stage"] = value["second_stage"] | instants
    if value.get("lots"):
        days["lots"] = value["lots"] | {"draws_at": datetime.fromisoformat(value["lots"]["draws_at"])}
    return value | days | {"date": date.fromisoformat(value["date"])}


def _ranking(call: Call, reader: Any) -> dict[str, Any]:
    adopted = panels.adopted(call)
    if adopted is None:
        raise NothingToTell(N_("The panel has not adopted a ranked list yet."))
    return {
        "adopted": adopted,
        "places": db.session.execute(panels.places(adopted, reader)).all(),
        "gaps": reader is not None and panels.has_gaps(adopted, reader),
        "given": {
            one["number"]: one["funding_order"]
            for one in json.loads(adopted.snapshot)["inputs"]
            if one.get("funding_order") is not None
        },
        "counts": panels.line_counts(adopted),
        "buckets": ranking.distribution(panels.ranked_totals(adopted), call.scheme),
        "lines": standing.lines_of(call.scheme),
        "step_names": standing.STEP_NAMES,
        "line_names": standing.LINE_NAMES,
    }


def _dossier(application: Application, reader: Any) -> dict[str, Any]:
    facts = _submitted(application)
    found = dossier.of(application)
    return facts | {
        "dossier": found,
        "beside": dossier.beside(found),
        "trail": [
            SimpleNamespace(**event | {"at": datetime.fromisoformat(event["at"])}) for event in found.events
        ],
        "gate_names": GATE_NAMES,
        "outcome_names": outcomes.NAMES,
        "change_names": outcomes.KINDS,
        "step_names": standing.STEP_NAMES,
        "line_names": standing.LINE_NAMES,
    }


CONTENTS: dict[str, Callable[[Any, Any], dict[str, Any]]] = {
    "receipt": lambda application, reader: _submitted(application),
    "application": _application,
    "evaluation": _evaluation,
    "letter": _letter,
    "ranking": _ranking,
    "dossier": _dossier,
    "report": inside.individual,
    "consensus": inside.consensus,
    "panel": archive.panel,
    "draw": archive.draw,
    "withdrawal": lambda application, reader: _notice(application, ("withdrawn",)),
    "review": lambda application, reader: _notice(application, ON_REDRESS),
    "call": archive.call_report,
    "form": lambda call, reader: {
        "kinds": answers.KINDS,
        "asked": [question.rule for question in call.questions],
    },
}


def _receipt_data(facts: dict[str, Any]) -> dict[str, Any]:
    application, submission = facts["application"], facts["submission"]
    return {
        "application": application.number, "receipt": submission.receipt, "version": submission.number,
        "submitted_at": submission.submitted_at.isoformat(), "sha256": submission.sha256,
    }  # fmt: skip


NOT_TOLD = {
    "partners": ("contact_name", "contact_email", "vat", "size", "control_group", "gep", "confirmed"),
    "researchers": ("gender",),
}
"""What a submitted form holds and its document does not print: experts read the document."""


def _application_data(facts: dict[str, Any]) -> dict[str, Any]:
    value = facts["proposal"].to_dict()
    for section, hidden in NOT_TOLD.items():
        value[section] = [
            {name: fact for name, fact in row.items() if name not in hidden} for row in value.get(section, ())
        ]
    return _receipt_data(facts) | {"form": value}


def _ranking_data(facts: dict[str, Any]) -> dict[str, Any]:
    """What the reader sees of the list; with the hash of the whole one, of which a conflict may hide rows."""
    adopted = facts["adopted"]
    shown = ("number", "rank", "total", "rank_score", "placed_by", "line", "amount")
    return {
        "adopted_at": adopted.adopted_at.isoformat(), "sha256": adopted.sha256, "budget": adopted.budget,
        "rows": [{name: getattr(row, name) for name in shown} for row in facts["places"] if row.visible],
    }  # fmt: skip


DATA: dict[str, Callable[[dict[str, Any]], Any]] = {
    "receipt": _receipt_data,
    "application": _application_data,
    "evaluation": lambda facts: facts["summary"],
    "letter": lambda facts: facts["frozen"],
    "ranking": _ranking_data,
    "dossier": lambda facts: facts["dossier"].value(),
    "report": inside.individual_data,
    "consensus": inside.consensus_data,
    "panel": archive.panel_data,
    "withdrawal": lambda facts: facts["frozen"],
    "review": lambda facts: facts["frozen"],
    "draw": lambda facts: facts["draw"].to_dict(),
    "call": archive.call_data,
    "form": lambda facts: [rule.to_dict() for rule in facts["asked"]],
}
"""What a document of each kind attaches: nothing that its pages do not tell."""
