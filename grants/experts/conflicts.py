"""Conflicts of interest that can be found without asking: what is known of a person against what a proposal names.

Each finding is a suggestion; the person's own declaration and the officer's ruling are separate (rulebook 4.7).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from grants.applications.proposal import Proposal
from grants.people.names import bare, unaccented
from grants.words import N_

CODES = {
    "D1": N_("took part in preparing the application"),
    "D2": N_("would gain or lose, directly or indirectly, if the application is funded"),
    "D3": N_("close family or another close personal relationship with somebody named in the application"),
    "D4": N_("director, trustee, partner or manager of an applicant"),
    "D5": N_("employed or contracted by an applicant, a subcontractor or a third party named in the application"),
    "D6": N_("member of an advisory group that advised on the work programme of this call"),
    "D7": N_("National Contact Point, or works for the Enterprise Europe Network"),
    "D8": N_("member of the Programme Committee"),
    "D9": N_("applicant or partner in a competing application of this call"),
    "P1": N_("employed by an applicant within the last three years"),
    "P2": N_("contract, grant, membership of a decision-making body or research collaboration with an applicant, "
             "now or within the last three years"),
    "P3": N_("another situation that could cast doubt on impartiality, or look so to an outsider"),
}  # fmt: skip
"""D codes disqualify, P codes are for the officer to decide (rulebook 4.7)."""

REACHING = ("D1", "D2", "D3", "D9")
"""Situations that bar from the competing applications of the call as well (rulebook 4.7)."""

TIES = ("D2", "D4", "D5", "P2", "P3")
"""Situations that can tie somebody to an organisation, beyond employment, before any application is known."""

RULES = {
    "named": N_("Named in the application as %(detail)s."),
    "researcher": N_("Listed among the researchers of the application: %(detail)s."),
    "employer": N_("Employer takes part in the application: %(detail)s."),
    "past_employer": N_("Employer within the last three years takes part in the application: %(detail)s."),
    "domain": N_("The e-mail address belongs to the domain of a partner: %(detail)s."),
    "same_name": N_("Has the same name as somebody in the application: %(detail)s."),
    "competing": N_(
        "Takes part in other applications of this call, or is too close to them; how many: %(detail)s."
    ),
    "together": N_("Applied together within the last three years: %(detail)s."),
    "tie": N_("Has declared a tie: %(detail)s."),
}
"""How each rule says what it found."""

PUBLIC_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr hotmail.co.uk live.com live.fr msn.com "
    "yahoo.com yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.co.uk ymail.com icloud.com me.com mac.com aol.com "
    "proton.me protonmail.com pm.me tutanota.com tuta.io gmx.de gmx.net gmx.com gmx.at gmx.fr web.de t-online.de "
    "freenet.de posteo.de mailbox.org orange.fr wanadoo.fr free.fr laposte.net sfr.fr bbox.fr libero.it virgilio.it "
    "tiscali.it seznam.cz centrum.cz wp.pl o2.pl onet.pl interia.pl abv.bg mail.bg telenet.be skynet.be ziggo.nl "
    "kpnmail.nl xs4all.nl bluewin.ch telia.com sapo.pt otenet.gr yandex.com mail.com zoho.com fastmail.com".split()
)
"""Domains of mail providers, which say nothing about an employer."""

YEARS = 3
"""How long a tie that has ended still counts."""


@dataclass(frozen=True)
class Tie:
    """An organisation that somebody works or worked for, or is tied to otherwise; without `until` it holds still.

    `also` are names that the register has for it, `code` the situation of rulebook 4.7 of a declared tie.
    """

    name: str
    pic: str = ""
    ror: str = ""
    since: date | None = None
    until: date | None = None
    also: tuple[str, ...] = ()
    code: str = ""

    def holds(self, on: date) -> bool:
        """Whether it has not ended."""
        return self.until is None or self.until >= on

    def counts(self, on: date) -> bool:
        """Whether it holds, or has ended within the last three years."""
        return self.until is None or on <= years_after(self.until, YEARS)


@dataclass(frozen=True)
class Person:
    """What is known of somebody who might evaluate."""

    name: str
    email: str
    orcid: str = ""
    employer: Tie = Tie("")
    past_employers: tuple[Tie, ...] = ()
    ties: tuple[Tie, ...] = ()
    together: tuple["Together", ...] = ()


@dataclass(frozen=True)
class Together:
    """Another application that the person took part in: the day of its submission, and what it names."""

    on: date
    traces: "Traces"


@dataclass(frozen=True)
class Detected:
    """A suggestion: code of rulebook 4.7, the rule that found it, what it found, and when the tie held."""

    code: str
    rule: str
    detail: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Traces:
    """What a proposal gives away of its people, prepared once for many experts. Values are what to show."""

    pics: dict[str, str]
    rors: dict[str, str]
    organisations: dict[str, str]
    domains: dict[str, str]
    emails: dict[str, str]
    orcids: dict[str, str]
    names: dict[tuple[str, ...], str]

    @classmethod
    def of(
        cls, proposal: Proposal, register: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    ) -> "Traces":
        """Of everybody who is named: partners in whatever role, subcontractors too, contacts and researchers.

        Args:
            register: further names of organisations, by participant code.
        """
        contacts = [p.contact_name for p in proposal.partners]
        researchers = [f"{r.first_name} {r.last_name}".strip() for r in proposal.researchers]
        return cls(
            pics={p.pic: p.label for p in proposal.partners if p.pic},
            rors={p.ror: p.label for p in proposal.partners if p.ror},
            organisations={
                alias: p.label
                for p in proposal.partners
                for name in (p.name, p.short_name, *register.get(p.pic, ()))
                for alias in aliases(name)
            },
            domains={domain(p.contact_email): p.label for p in proposal.partners if p.contact_email},
            emails={
                p.contact_email.lower(): p.contact_name or p.label
                for p in proposal.partners
                if p.contact_email
            },
            orcids={
                r.orcid: name for r, name in zip(proposal.researchers, researchers, strict=True) if r.orcid
            },
            names={key: name for name in (*contacts, *researchers) if (key := words(bare(name)))},
        )

    def organisation(self, tie: Tie) -> str:
        """The partner that this is, by identifier or by one of its names; empty for none."""
        if tie.pic and tie.pic in self.pics:
            return self.pics[tie.pic]
        if tie.ror and tie.ror in self.rors:
            return self.rors[tie.ror]
        known = {alias for name in (tie.name, *tie.also) for alias in aliases(name)}
        return next((self.organisations[alias] for alias in sorted(known) if alias in self.organisations), "")

    def shared(self, other: "Traces", person: Person) -> set[str]:
        """Organisations and people that both name, but for the person."""
        own = {person.email.lower(), person.orcid, words(bare(person.name))}
        pairs: tuple[tuple[Mapping[Any, str], Mapping[Any, str]], ...] = (
            (self.pics, other.pics), (self.rors, other.rors), (self.organisations, other.organisations),
            (self.emails, other.emails), (self.orcids, other.orcids), (self.names, other.names),
        )  # fmt: skip
        return {ours[key] for ours, theirs in pairs for key in ours.keys() & theirs.keys() if key not in own}


def detected(person: Person, traces: Traces, *, on: date, competing: int = 0) -> tuple[Detected, ...]:
    """Every conflict that the facts suggest, disqualifying ones first (rulebook 4.7).

    Args:
        on: the day of the question; ties of the three years before it count.
        competing: how many other applications of the call the person takes part in, or is too close to.
    """
    found = {(one.code, one.rule): one for one in _found(person, traces, on, competing)}
    return tuple(found[key] for key in sorted(found))


def _found(person: Person, traces: Traces, on: date, competing: int) -> Iterator[Detected]:
    if person.email.lower() in traces.emails:
        yield Detected("D1", "named", traces.emails[person.email.lower()])
    if person.orcid and person.orcid in traces.orcids:
        yield Detected("D1", "researcher", traces.orcids[person.orcid])
    if label := traces.organisation(person.employer):
        yield Detected("D5", "employer", label)
    if competing:
        yield Detected("D9", "competing", str(competing))
    yield from _together("P1", "past_employer", ((job, "P1") for job in person.past_employers), traces, on)
    for code in CODES:
        yield from _together(code, "tie", ((tie, _code(tie, on)) for tie in person.ties), traces, on)
    if shared := {
        (label, one.on)
        for one in person.together
        if on <= years_after(one.on, YEARS)
        for label in traces.shared(one.traces, person)
    }:
        days = [day for _label, day in shared]
        yield Detected("P2", "together", _named(label for label, _day in shared), min(days), max(days))
    if label := _domain(domain(person.email), traces):
        yield Detected("P3", "domain", label)
    if label := traces.names.get(words(bare(person.name)), ""):
        yield Detected("P3", "same_name", label)


def _code(tie: Tie, on: date) -> str:
    """What has ended disqualifies no more: it was employment (P1), or another tie of the last three years (P2)."""
    if tie.holds(on) or tie.code.startswith("P"):
        return tie.code
    return "P1" if tie.code == "D5" else "P2"


def _together(
    code: str, rule: str, ties: Iterable[tuple[Tie, str]], traces: Traces, on: date
) -> Iterator[Detected]:
    """One finding for all ties of one code, over all of their time."""
    matching = [
        (label, tie)
        for tie, its_code in ties
        if its_code == code and tie.counts(on) and (label := traces.organisation(tie))
    ]
    if matching:
        begins = [tie.since for _label, tie in matching if tie.since]
        ends = [tie.until for _label, tie in matching]
        yield Detected(
            code, rule, _named(label for label, _tie in matching), min(begins, default=None),
            None if None in ends else max(end for end in ends if end),
        )  # fmt: skip


def _named(labels: Iterable[str]) -> str:
    return ", ".join(sorted(set(labels)))


def _domain(own: str, traces: Traces) -> str:
    """A department's domain below the organisation's, or above it, is the same organisation."""
    if not own or own in PUBLIC_MAIL:
        return ""
    for theirs, label in traces.domains.items():
        if theirs in PUBLIC_MAIL:
            continue
        if own == theirs or own.endswith(f".{theirs}") or theirs.endswith(f".{own}"):
            return f"{theirs} ({label})"
    return ""


def years_after(day: date, years: int) -> date:
    """The same day so many years later, the last of the month where there is none (Regulation 1182/71, Article 3(2)).

    >>> years_after(date(2020, 2, 29), 3).isoformat()
    '2023-02-28'
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def domain(email: str) -> str:
    """What follows the @, in lower case."""
    return email.rpartition("@")[2].strip().lower()


def words(text: str) -> tuple[str, ...]:
    """The words of a name in any order, without accents, case and punctuation."""
    plain = unaccented(text.casefold()).replace("'", "").replace("\u2019", "")
    return tuple(sorted(re.findall(r"\w+", plain)))


def aliases(organisation: str) -> set[str]:
    """The names that one text gives an organisation: whole, and inside and outside its brackets."""
    inside = re.findall(r"\(([^()]+)\)", organisation)
    texts = (organisation, re.sub(r"\([^()]*\)", " ", organisation), *inside)
    return {" ".join(found) for text in texts if (found := words(text))}


def employers(ties: Mapping[int, Tie]) -> dict[int, str]:
    """One name for the employer of each person, by the keys of `ties`, however each has put it; empty where unknown.

    Two that share a participant code, a ROR identifier or a name are one; a name never joins two participant codes.
    """
    above: dict[str, str] = {}
    code = {f"pic:{tie.pic}": tie.pic for tie in ties.values() if tie.pic}

    def top(mark: str) -> str:
        while mark in above:
            mark = above[mark]
        return mark

    def join(first: str, second: str) -> None:
        one, other = sorted((top(first), top(second)))
        if one == other or (one in code and other in code):
            return
        above[other] = one
        if other in code:
            code[one] = code[other]

    marks = {key: list(_marks(tie)) for key, tie in sorted(ties.items())}
    # Identifiers first: a name that two organisations share says less than the code of either.
    for kinds in (("pic:", "ror:"), ("pic:", "ror:", "name:")):
        for found in marks.values():
            chosen = [mark for mark in found if mark.startswith(kinds)]
            for mark in chosen[1:]:
                join(chosen[0], mark)
    return {key: top(found[0]) if found else "" for key, found in marks.items()}


def _marks(tie: Tie) -> Iterator[str]:
    """What an organisation may be known by, the surest first."""
    if tie.pic:
        yield f"pic:{tie.pic}"
    if tie.ror:
        yield f"ror:{tie.ror}"
    yield from sorted({f"name:{alias}" for name in (tie.name, *tie.also) for alias in aliases(name)})
