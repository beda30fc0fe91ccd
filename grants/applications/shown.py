"""What a reader sees of a submitted application: who evaluates blind does not learn yet who applies (rulebook 7.4).

One rule of policy, "application.identities", decides it for pages, files, packs, documents and lists alike.
"""

from typing import Any

from sqlalchemy import ColumnElement, case, literal

from grants import files, policy
from grants.applications.models import Application, Submission
from grants.applications.proposal import Attachment, Proposal
from grants.applications.reading_copy import NOTICE, reading_copy
from grants.calls.models import BLIND_UNTIL, Call
from grants.language import translate
from grants.words import N_


def proposal_to(reader: Any, application: Application) -> Proposal:
    """The version that counts, as `reader` may see it; None sees all. Needs call and submission."""
    assert application.submission is not None
    proposal = application.submission.proposal
    return proposal if _told(reader, application) else proposal.blinded(_named)


def content_to(reader: Any, application: Application, file: Attachment) -> bytes:
    """The file as it was received, or what those who evaluate read of it; None gets what was received."""
    content = files.get(file.sha256)
    if reader is None or policy.may(reader, "application.read_originals", application):
        return content
    most = application.call.page_limit if file.kind == "part_b" else None
    return reading_copy(content, most, translate(NOTICE, limit=most))


def coordinator_to(reader: Any, call: Call) -> tuple[ColumnElement[str], ...]:
    """Name and country of the coordinating organisation, for lists of a call; empty where `reader` is not told yet.

    The SQL of "application.identities", for lists without applications in which the person takes part. None sees all.
    """
    columns: tuple[Any, ...] = (Submission.coordinator_name, Submission.coordinator_country)
    if reader is not None and call.blind_until and not call.released_at and not reader.holds("officer", call):
        told = Application.state.in_(BLIND_UNTIL[call.blind_until])
        columns = tuple(case((told, column), else_=literal("")).label(column.key) for column in columns)
    return columns


def _told(reader: Any, application: Application) -> bool:
    return reader is None or policy.may(reader, "application.identities", application)


def _named(number: int) -> str:
    return translate(N_("Partner %(number)s"), number=number)
