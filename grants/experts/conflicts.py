"""Conflicts of interest that can be found without asking: what is known of a person against what a proposal names.

Each finding is a suggestion; the person's own declaration and the officer's ruling are separate (rulebook 4.7).
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from grants.applications.proposal import Proposal
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

RULES = {
    "named": N_("Named in the application as %(detail)s."),
    "researcher": N_("Listed among the researchers of the application: %(detail)s."),
    "employer": N_("Employer takes part in the application: %(detail)s."),
    "past_employer": N_("Employer within the last three years takes part in the application: %(detail)s."),
    "domain": N_("The e-mail address belongs to the domain of a partner: %(detail)s."),
    "same_name": N_("Has the same name as somebody in the application: %(detail)s."),
    "competing": N_("Takes part in another application of this call: %(detail)s."),
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


@dataclass(frozen=True)
class Employment:
    """A past employer; without `until` nobody knows when it ended, and it counts."""

    name: str
    pic: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Person:
    """What is known of somebody who might evaluate."""

    name: str
    email: str
    orcid: str = ""
    employer: str = ""
    employer_pic: str = ""
    employer_ror: str = ""
    past_employers: tuple[Employment, ...] = ()


@dataclass(frozen=True)
class Detected:
    """A suggestion: code of rulebook 4.7, the rule that found it, and what it found."""

    code: str
    rule: str
    detail: str


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
    def of(cls, proposal: Proposal) -> "Traces":
        contacts = [p.contact_name for p in proposal.partners]
        researchers = [f"{r.first_name} {r.last_name}".strip() for r in proposal.researchers]
        return cls(
            pics={p.pic: p.label for p in proposal.partners if p.pic},
            rors={p.ror: p.label for p in proposal.partners if p.ror},
            organisations={
                name: p.label for p in proposal.partners for name in aliases(p.name) | aliases(p.short_name)
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
            names={words(name): name for name in (*contacts, *researchers) if words(name)},
        )


def detected(
    person: Person, traces: Traces, *, on: date, competing: Iterable[str] = ()
) -> tuple[Detected, ...]:
    """Every conflict that the facts suggest, disqualifying ones first (rulebook 4.7).

    Args:
        on: the day of the question; employers of the three years before it count.
        competing: numbers of other applications of the call that the person takes part in.
    """
    found = {(one.code, one.rule): one for one in _found(person, traces, on, tuple(competing))}
    return tuple(found[key] for key in sorted(found))


def _found(person: Person, traces: Traces, on: date, competing: tuple[str, ...]) -> Iterator[Detected]:
    if person.email.lower() in traces.emails:
        yield Detected("D1", "named", traces.emails[person.email.lower()])
    if person.orcid and person.orcid in traces.orcids:
        yield Detected("D1", "researcher", traces.orcids[person.orcid])
    by_ror = traces.rors.get(person.employer_ror, "") if person.employer_ror else ""
    if label := by_ror or _organisation(person.employer, person.employer_pic, traces):
        yield Detected("D5", "employer", label)
    if competing:
        yield Detected("D9", "competing", ", ".join(sorted(competing)))
    past = (
        _organisation(job.name, job.pic, traces) for job in person.past_employers if _is_recent(job.until, on)
    )
    if labels := sorted({label for label in past if label}):
        yield Detected("P1", "past_employer", ", ".join(labels))
    if label := _domain(domain(person.email), traces):
        yield Detected("P3", "domain", label)
    if words(person.name) in traces.names:
        yield Detected("P3", "same_name", traces.names[words(person.name)])


def _organisation(name: str, pic: str, traces: Traces) -> str:
    if pic and pic in traces.pics:
        return traces.pics[pic]
    return next(
        (traces.organisations[alias] for alias in sorted(aliases(name)) if alias in traces.organisations), ""
    )


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


def _is_recent(until: date | None, on: date) -> bool:
    return until is None or until >= date(on.year - YEARS, on.month, min(on.day, 28))


def domain(email: str) -> str:
    """What follows the @, in lower case."""
    return email.rpartition("@")[2].strip().lower()


def words(text: str) -> tuple[str, ...]:
    """The words of a name in any order, without accents, case and punctuation."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return tuple(sorted(re.findall(r"\w+", plain.translate(_LETTERS))))


_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "'": "", "\u2019": ""}
)


def aliases(organisation: str) -> set[str]:
    """The names that one text gives an organisation: whole, and inside and outside its brackets."""
    inside = re.findall(r"\(([^()]+)\)", organisation)
    texts = (organisation, re.sub(r"\([^()]*\)", " ", organisation), *inside)
    return {" ".join(found) for text in texts if (found := words(text))}
