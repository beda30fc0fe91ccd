"""What a report or a consensus report still lacks before it may be submitted or circulated (rulebook 7.2, 7.3)."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from grants.calls.scheme import Scheme
from grants.people.names import mentioned
from grants.reviews import scoring
from grants.reviews.questions import AdditionalQuestion
from grants.words import N_

SCORES = {
    "MISSING": N_("%(criterion)s has no score yet."),
    "OFF_GRID": N_("The score of %(criterion)s is not on the scale."),
}


@dataclass(frozen=True)
class Gap:
    """One thing to do: a sentence to translate with its values, and the name of the form field it is about."""

    sentence: str
    field: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)


def gaps(
    scores: Mapping[str, int], comments: Mapping[str, str], answers: Mapping[str, Any], scheme: Scheme,
    questions: Iterable[AdditionalQuestion],
) -> tuple[Gap, ...]:  # fmt: skip
    """Every criterion needs a score on the grid and a comment, every additional question that is asked an answer.

    Args:
        scores: hundredths by criterion id; a criterion without a score is absent.
        answers: {question key: {"answer": ..., "comment": ...}}.
    """
    found = []
    problems = dict(scoring.problems(scores, scheme))
    for criterion in scheme.criteria:
        named = {"criterion": criterion.name}
        if criterion.id in problems:
            found.append(Gap(SCORES[problems[criterion.id]], f"score_{criterion.id}", named))
        if not comments.get(criterion.id, "").strip():
            found.append(Gap(N_("%(criterion)s has no comment yet."), f"comment_{criterion.id}", named))
    for question in questions:
        given = answers.get(question.key, {})
        numbered = {"number": question.number}
        if not question.label(given.get("answer", "")):
            found.append(
                Gap(N_("Question %(number)s has no answer yet."), f"answer_{question.key}", numbered)
            )
        elif given["answer"] in question.explained and not given.get("comment", "").strip():
            found.append(
                Gap(
                    N_("The answer to question %(number)s needs a comment."),
                    f"remark_{question.key}",
                    numbered,
                )
            )
    return tuple(found)


def outside(scores: Mapping[str, int], individual: Iterable[Mapping[str, int]]) -> frozenset[str]:
    """Criteria whose consensus score lies above or below every individual one: it may, with a justification."""
    ranges = list(individual)
    return frozenset(
        criterion
        for criterion, score in scores.items()
        if (given := [one[criterion] for one in ranges if criterion in one])
        and not min(given) <= score <= max(given)
    )


def unjustified(
    scores: Mapping[str, int], individual: Iterable[Mapping[str, int]], justifications: Mapping[str, str],
    scheme: Scheme,
) -> tuple[Gap, ...]:  # fmt: skip
    """A gap for each score outside the individual range that nobody has justified (rulebook 4.3)."""
    beyond = outside(scores, individual)
    return tuple(
        Gap(
            N_("The score of %(criterion)s lies outside the individual scores: say why."),
            f"justification_{criterion.id}",
            {"criterion": criterion.name},
        )
        for criterion in scheme.criteria
        if criterion.id in beyond and not justifications.get(criterion.id, "").strip()
    )


def identifying(texts: Mapping[str, str], people: Iterable[Any]) -> tuple[Gap, ...]:
    """A gap for each text, by form field, that names one of the people, with or without title and given name (T-4.2).

    The consensus report goes to the applicants word for word, so an evaluator named in it would be known to them.
    """
    people = list(people)
    return tuple(
        Gap(
            N_("A text names one of the experts. The applicants will read it: please take the name out."),
            name,
        )
        for name, text in texts.items()
        if any(mentioned(text, person) for person in people)
    )
