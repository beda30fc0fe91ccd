"""The words of a decision letter that an officer may change: subject, opening and closing, with placeholders.

What a letter must contain (rulebook 6.2) is composed around them and cannot be edited away. A placeholder is a name in
braces from a closed list; nothing else in a text is ever carried out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any

from grants.words import N_

PLACEHOLDERS = {
    "call": N_("title of the call"), "reference": N_("reference of the call"),
    "programme": N_("name of the programme"), "number": N_("number of the application"),
    "acronym": N_("acronym of the application"), "title": N_("title of the application"),
    "organisation": N_("coordinating organisation"), "addressee": N_("name of the coordinator"),
    "funder": N_("name of the funder"),
}  # fmt: skip
"""What may stand in braces, and what it becomes."""

_THANKS = N_("Thank you for the work that you and your partners have put into this application.")
_NOT_RETAINED = N_("Outcome of the evaluation: not retained for funding")
_PREPARED = N_("Outcome of the grant preparation: no grant")
_REVIEWED = N_("Outcome of your request for review")
# Outcome: subject, what was decided (not to be changed), closing.
HOUSE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "inadmissible": (
        N_("Your application is inadmissible"),
        (N_("Thank you for your application to the call “%(call)s”. We have checked whether it meets the admissibility conditions of the call. It does not, and it can therefore not be evaluated."),),
        _THANKS,
    ),
    "ineligible": (
        N_("Your application is ineligible"),
        (N_("Thank you for your application to the call “%(call)s”. We have checked whether it meets the eligibility conditions of the call. It does not, and it can therefore not be funded."),),
        _THANKS,
    ),
    "below_threshold": (
        _NOT_RETAINED,
        (N_("Thank you for your application to the call “%(call)s”. Independent experts have evaluated it against the award criteria of the call. I regret to inform you that it does not reach all thresholds, and that it can therefore not be funded."),),
        _THANKS,
    ),
    "no_budget": (
        _NOT_RETAINED,
        (
            N_("Thank you for your application to the call “%(call)s”. Independent experts have evaluated it against the award criteria of the call, and it reaches all thresholds. Its merits are recognised."),
            N_("The budget of the call is limited, and applications with a higher rank take all of it. I regret to inform you that your application can therefore not be funded."),
        ),
        _THANKS,
    ),
    "below_cut": (
        _NOT_RETAINED,
        (
            N_("Thank you for your application to the first stage of the call “%(call)s”. Independent experts have evaluated it against the award criteria of the call, and it reaches all thresholds."),
            N_("The number of full applications is limited in relation to the budget, and applications with a higher total take all places. I regret to inform you that your application is therefore not invited to the second stage."),
        ),
        _THANKS,
    ),
    "second_stage": (
        N_("Outcome of the first stage: invitation to the second stage"),
        (N_("Independent experts have evaluated your application to the first stage of the call “%(call)s” against the award criteria of the call. I am pleased to inform you that it has passed, and I invite you to submit a full application to the second stage."),),
        "",
    ),
    "reserve": (
        N_("Outcome of the evaluation: reserve list"),
        (
            N_("Thank you for your application to the call “%(call)s”. Independent experts have evaluated it against the award criteria of the call, and it reaches all thresholds. The budget of the call is taken by applications with a higher rank, and your application is on the reserve list."),
            N_("Applications on the reserve list may be invited if budget becomes available, in the order of the ranking. We will write to you if this happens for yours. Positions on the list are not disclosed. Being on the list is no commitment to fund the project."),
        ),
        _THANKS,
    ),
    "invited": (
        N_("Outcome of the evaluation: invitation to prepare the grant agreement"),
        (N_("Independent experts have evaluated your application to the call “%(call)s” against the award criteria of the call. I am pleased to inform you that it has been retained for funding, and I invite you to prepare the grant agreement."),),
        "",
    ),
    "ended": (
        N_("End of the grant preparation"),
        (N_("I refer to our invitation to prepare the grant agreement for your application to the call “%(call)s”. The preparation has ended, and no grant will be awarded."),),
        _THANKS,
    ),
    "ethics": (
        _PREPARED, (N_("I refer to our invitation to prepare the grant agreement for your application to the call “%(call)s”. The ethics review did not clear the project. I regret to inform you that no grant can be awarded."),), _THANKS,
    ),
    "security": (
        _PREPARED, (N_("I refer to our invitation to prepare the grant agreement for your application to the call “%(call)s”. The security scrutiny did not clear the project. I regret to inform you that no grant can be awarded."),), _THANKS,
    ),
    "capacity": (
        _PREPARED, (N_("I refer to our invitation to prepare the grant agreement for your application to the call “%(call)s”. The financial or operational capacity that the project needs could not be established. I regret to inform you that no grant can be awarded."),), _THANKS,
    ),
    "exclusion": (
        _PREPARED, (N_("I refer to our invitation to prepare the grant agreement for your application to the call “%(call)s”. A participant is in a situation that excludes it from funding. I regret to inform you that no grant can be awarded."),), _THANKS,
    ),
    "withdrawn": (
        N_("Acknowledgement of the withdrawal"),
        (N_("You have withdrawn your application to the call “%(call)s”. I acknowledge the withdrawal: the application is not evaluated further and takes no place on a ranked list."),),
        N_("You are welcome to apply to other calls."),
    ),
    "upheld": (
        _REVIEWED,
        (
            N_("You asked for a review of how your application to the call “%(call)s” was checked or evaluated. The committee, none of whom took part in the evaluation, has upheld your request."),
            N_("The application is evaluated again as a whole by experts who did not evaluate it before. The score of the new evaluation is final, even if it is lower. Grants that were awarded to others stand. A further letter will tell you the outcome."),
        ),
        "",
    ),
    "upheld_part": (
        _REVIEWED,
        (
            N_("You asked for a review of how your application to the call “%(call)s” was checked or evaluated. The committee, none of whom took part in the evaluation, has upheld your request in part."),
            N_("The part of the evaluation that the committee names is repeated. The score that follows is final, even if it is lower. Grants that were awarded to others stand. A further letter will tell you the outcome."),
        ),
        "",
    ),
    "no_effect": (
        _REVIEWED,
        (
            N_("You asked for a review of how your application to the call “%(call)s” was checked or evaluated. The committee, none of whom took part in the evaluation, has found a flaw. It could not have changed the outcome."),
            N_("The decision therefore stands."),
        ),
        "",
    ),
    "rejected": (
        _REVIEWED,
        (
            N_("You asked for a review of how your application to the call “%(call)s” was checked or evaluated. The committee, none of whom took part in the evaluation, has not upheld your request, for the reasons below."),
            N_("The decision therefore stands."),
        ),
        "",
    ),
    "dismissed": (
        _REVIEWED,
        (
            N_("You asked for a review of how your application to the call “%(call)s” was checked or evaluated. The request is not admissible, for the reasons below."),
            N_("The decision therefore stands."),
        ),
        "",
    ),
}  # fmt: skip
"""The words of the house, as texts to translate."""


class Unfit(ValueError):
    """A text that cannot be filled in: the sentence (msgid) says why, `values` with what, `line` counts from 1."""

    def __init__(self, line: int, sentence: str, **values: str) -> None:
        super().__init__(sentence)
        self.line, self.values = line, values


@dataclass(frozen=True)
class Wording:
    """The words of one outcome in one language; paragraphs are parted by empty lines, an empty signatory is the
    house's, and number 0 is the wording of the house itself."""

    subject: str
    opening: str
    closing: str
    signatory: str = ""
    number: int = 0

    def filled(self, values: Mapping[str, str]) -> dict[str, Any]:
        """As JSON, with the placeholders filled in. Raises Unfit."""
        return {
            "number": self.number,
            "subject": fill(self.subject, values),
            "opening": [fill(part, values) for part in paragraphs(self.opening)],
            "closing": [fill(part, values) for part in paragraphs(self.closing)],
        }


def of_the_house(outcome: str, translate: Callable[..., str]) -> Wording:
    """The words that stand where nobody changed any, in the language of `translate`."""
    subject, _decided, closing = HOUSE[outcome]
    return Wording(translate(subject), "", translate(closing) if closing else "")


def decided(outcome: str, call: str, translate: Callable[..., str]) -> list[str]:
    """The paragraphs that say what was decided, in the language of `translate`; nobody may change them."""
    return [translate(sentence, call=call) for sentence in HOUSE[outcome][1]]


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text, each on one line."""
    parts = text.replace("\r\n", "\n").split("\n\n")
    return [" ".join(part.split()) for part in parts if part.strip()]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each placeholder replaced by its value; a value is never looked into. Raises Unfit."""
    return "".join(literal + (values[name] if name is not None else "") for literal, name in _pieces(text))


def check(text: str) -> None:
    """Raises Unfit for the first line with a brace that is no placeholder."""
    for _piece in _pieces(text):
        pass


def _pieces(text: str) -> Iterator[tuple[str, str | None]]:
    lines = text.splitlines(keepends=True) or [""]
    for number, line in enumerate(lines, 1):
        try:
            parsed = list(Formatter().parse(line))
        except ValueError:
            raise Unfit(
                number, N_("a brace { or } stands alone; write {{ or }} for the sign itself")
            ) from None
        for literal, name, form, conversion in parsed:
            if name is not None and (name not in PLACEHOLDERS or form or conversion):
                raise Unfit(number, N_("there is no placeholder %(name)s"), name="{" + name + "}")
            yield literal, name


def values_of(letter: Mapping[str, Any]) -> dict[str, str]:
    """What the placeholders become in a letter (a value of `letters.letter`)."""
    call, addressee = letter["call"], letter["addressee"]
    return {
        "call": call["title"], "reference": call["reference"], "programme": letter["programme"],
        "number": letter["number"], "acronym": letter["acronym"], "title": letter["title"],
        "organisation": addressee["organisation"], "addressee": addressee["name"], "funder": letter["funder"]["name"],
    }  # fmt: skip


EXAMPLE = {
    "call": "Trustworthy AI for public services", "reference": "EXAMPLE-2026-01", "programme": "Example programme",
    "number": "EXAMPLE-2026-01-0001", "acronym": "LANTERN", "title": "Light on decisions that machines prepare",
    "organisation": "University of Exampletown", "addressee": "Alex Example", "funder": "The funder",
}  # fmt: skip
"""Where no letter of the kind is prepared yet; pages say that it is invented."""
