"""The additional questions of an evaluation report: not scored, each an answer with a comment (rulebook 4.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grants.words import N_

YES_NO = (("no", N_("No")), ("yes", N_("Yes")))
CELLS = (
    ("no", N_("No")),
    ("necessary", N_("Yes, and necessary for the objectives")),
    ("not_necessary", N_("Yes, but not necessary for the objectives")),
    ("cannot_be_assessed", N_("Cannot be assessed")),
)


@dataclass(frozen=True)
class AdditionalQuestion:
    """One question. `explained` holds the answers that need a comment; `in_summary`, whether applicants read it.

    `blind` says in which calls it is asked: True, evaluated blind only; False, the others only; None, all.
    """

    key: str
    number: str
    text: str
    answers: tuple[tuple[str, str], ...]
    explained: tuple[str, ...] = ()
    in_summary: bool = True
    blind: bool | None = None

    def label(self, answer: str) -> str:
        """The msgid of an answer; empty for one that does not exist."""
        return dict(self.answers).get(answer, "")


# A11, the remarks to the funder, is a text of its own and leaves with nothing.
QUESTIONS = (
    AdditionalQuestion(
        "scope", "A1", N_("Does the application fall within the scope of the topic?"),
        (("in", N_("In scope")), ("out", N_("Out of scope"))), ("out",),
    ),
    AdditionalQuestion(
        "exceptional_funding", "A2",
        N_("Should participants that are not automatically eligible for funding be funded exceptionally?"),
        (("none", N_("There is no such participant")), ("yes", N_("Yes, all of them")),
         ("partly", N_("Yes, some of them")), ("no", N_("No"))), ("yes", "partly", "no"), blind=False,
    ),
    AdditionalQuestion(
        "stem_cells", "A3", N_("Does the activity use human embryonic stem cells?"), CELLS,
        ("necessary", "not_necessary", "cannot_be_assessed"),
    ),
    AdditionalQuestion(
        "embryos", "A4", N_("Does the activity use human embryos?"), CELLS,
        ("necessary", "not_necessary", "cannot_be_assessed"),
    ),
    AdditionalQuestion(
        "excluded", "A5", N_("Does the activity include any that is excluded from funding?"), YES_NO, ("yes",)
    ),
    AdditionalQuestion(
        "civil", "A6", N_("Do the activities have an exclusive focus on civil applications?"),
        (("yes", N_("Yes")), ("no", N_("No"))), ("no",),
    ),
    AdditionalQuestion(
        "no_harm", "A7", N_("Does the application do no significant harm to the environment?"),
        (("yes", N_("Yes")), ("partly", N_("Partly")), ("no", N_("No")),
         ("cannot_be_assessed", N_("Cannot be assessed")), ("not_applicable", N_("The topic does not ask for it"))),
        ("partly", "no", "cannot_be_assessed"),
    ),
    AdditionalQuestion("ai", "A8", N_("Do the activities use or develop artificial intelligence?"), YES_NO),
    AdditionalQuestion(
        "capacity", "A9", N_("Does each participant have the capacity to carry out its tasks?"),
        (("yes", N_("Yes")), ("no", N_("No"))), ("no",), in_summary=False, blind=False,
    ),
    AdditionalQuestion(
        "identity", "A10", N_("Does the text tell who applies? If so, say where."), YES_NO, ("yes",),
        in_summary=False, blind=True,
    ),
    AdditionalQuestion(
        "security", "A12", N_("Are there security concerns: sensitive or classified aspects?"), YES_NO, ("yes",),
        in_summary=False,
    ),
)  # fmt: skip


def questions_of(call: Any) -> tuple[AdditionalQuestion, ...]:
    """Those that are asked in a call: whoever evaluates blind says nothing about participants (A2, A9)."""
    return tuple(one for one in QUESTIONS if one.blind in (None, bool(call.blind_until)))


def texts_of(
    comments: Mapping[str, str], answers: Mapping[str, Any], questions: Iterable[AdditionalQuestion]
) -> dict[str, str]:
    """What applicants read of a report, by form field: comments by criterion, and those on questions."""
    return {f"comment_{criterion}": comment for criterion, comment in comments.items()} | {
        f"remark_{question.key}": answers.get(question.key, {}).get("comment", "")
        for question in questions
        if question.in_summary
    }


DECLARATION = N_(
    "I have no conflict of interest with this application, I have kept it confidential, and this report is my own "
    "work: I gave no part of the application to a generative artificial intelligence."
)
