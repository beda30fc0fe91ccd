"""The checklist of an application: what the call's rules find in it, and whether it may be submitted.

The page, the submit button, the officer's gate and the import all ask this one list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from grants.applications import blind, budget, consortium
from grants.applications.finding import CONDITIONS, FORM, FUNDING, TOPIC, Finding, verdict
from grants.applications.proposal import Partner, Proposal, labels
from grants.calls import answers
from grants.calls.rules import ACTIONS, CallRules
from grants.words import N_, count_characters


def checklist(
    proposal: Proposal, rules: CallRules, on: date, read: Mapping[str, blind.Read] | None = None
) -> tuple[Finding, ...]:
    """All findings, in the order of the form.

    Args:
        on: the day whose law counts: deadline, later signature.
        read: where the call is evaluated blind, the files that somebody has read so far, by SHA-256.
    """
    return (
        *_summary(proposal, rules),
        *consortium.participants(proposal, rules, on),
        *consortium.countries(proposal, rules, on),
        *_budget(proposal, rules),
        *_work_packages(proposal, rules),
        *_researchers(proposal),
        *_questions(proposal, rules),
        *_part_b(proposal, rules),
        *_blind(proposal, rules, read or {}),
        *_declarations(proposal, rules),
    )


def may_submit(findings: Iterable[Finding]) -> bool:
    """Whether every blocking rule holds."""
    return all(finding.holds for finding in findings if finding.blocking)


def _summary(proposal: Proposal, rules: CallRules) -> Iterator[Finding]:
    """Title, acronym, abstract, duration and keywords (rulebook 9.2)."""
    texts = (
        ("TITLE", proposal.title, rules.title_limit,
         N_("The title is given and has at most %(limit)s characters; it has %(count)s."),
         N_("Enter a title, or shorten it.")),
        ("ACRONYM", proposal.acronym, rules.acronym_limit,
         N_("The acronym is given and has at most %(limit)s characters; it has %(count)s."),
         N_("Enter an acronym, or shorten it.")),
        ("ABSTRACT", proposal.abstract, rules.abstract_limit,
         N_("The abstract is given and has at most %(limit)s characters; it has %(count)s."),
         N_("Enter an abstract, or shorten it.")),
    )  # fmt: skip
    for code, text, limit, sentence, remedy in texts:
        count = count_characters(text)
        within = verdict(bool(text.strip()) and count <= limit)
        values = {"limit": limit, "count": count}
        yield Finding(code, within, "admissibility", True, sentence, remedy, FORM, "summary", values)
    yield Finding(
        "DURATION",
        verdict(proposal.duration is not None and proposal.duration >= 1),
        "admissibility", True,
        N_("The duration is given in whole months."), N_("Enter the duration in months."),
        FORM, "summary",
    )  # fmt: skip
    yield Finding(
        "KEYWORDS",
        verdict(1 <= len(proposal.keywords) <= rules.keyword_limit),
        "admissibility", True,
        N_("Between 1 and %(limit)s keywords are chosen; now %(count)s."), N_("Choose or remove keywords."),
        FORM, "summary", {"limit": rules.keyword_limit, "count": len(proposal.keywords)},
    )  # fmt: skip
    if (count := count_characters(proposal.free_keywords)) > rules.free_keywords_limit:
        yield Finding(
            "FREE_KEYWORDS", "fails", "admissibility", True,
            N_("The free keywords have at most %(limit)s characters; they have %(count)s."),
            N_("Shorten the free keywords."),
            FORM, "summary", {"limit": rules.free_keywords_limit, "count": count},
        )  # fmt: skip


BUDGET_SENTENCES = {
    "NEGATIVE_AMOUNT": (
        N_("No amount is negative: %(partners)s."),
        N_("Correct the amounts."),
    ),
    "RATE_TOO_HIGH": (
        N_("The funding rate is within what the type of action allows: %(partners)s."),
        N_("Lower the funding rate."),
    ),
    "ROLE_NOT_FUNDED": (
        N_("Associated partners and subcontractors ask for no contribution: %(partners)s."),
        N_("Set the requested contribution to zero, or change the role."),
    ),
    "REQUESTED_EXCEEDS_MAX": (
        N_("The requested contribution is at most the total costs times the funding rate: %(partners)s."),
        N_("Lower the requested contribution, or correct the costs."),
    ),
    "OWN_RESOURCES_NEGATIVE": (
        N_("Contribution, income and other contributions together do not exceed the costs: %(partners)s."),
        N_("Correct the requested contribution, the income or the other contributions."),
    ),
}


def _budget(proposal: Proposal, rules: CallRules) -> Iterator[Finding]:
    """Each partner's row, and the contribution that the topic expects (rulebook 2.1, 2.3)."""
    wrong: dict[str, list[Partner]] = {}
    for partner in proposal.partners:
        for code in budget.problems(
            partner.budget, partner.role, _highest_rate(partner, rules), requested_only=rules.requested_only
        ):
            wrong.setdefault(code, []).append(partner)
    for code, (sentence, remedy) in BUDGET_SENTENCES.items():
        if code in wrong:
            values = {"partners": labels(wrong[code])}
            yield Finding(code, "fails", "admissibility", True, sentence, remedy, FUNDING, "budget", values)
    if not wrong:
        yield Finding(
            "BUDGET_ROWS", "holds", "admissibility", True,
            N_("The amounts of every partner are within the rules."), "", FUNDING, "budget",
        )  # fmt: skip
    yield Finding(
        "REQUESTED", verdict(proposal.requested > 0), "admissibility", True,
        N_("The consortium asks for a contribution."), N_("Enter the costs and the requested contributions."),
        FORM, "budget",
    )  # fmt: skip
    # From 2026 on the template compares equipment alone (rulebook 2.2, T-2.5).
    which = "equipment" if rules.year >= 2026 else "purchases"
    bought = [
        partner for partner in proposal.partners
        if not rules.requested_only and budget.purchase_justification(partner.budget, which)
    ]  # fmt: skip
    if bought:
        yield Finding(
            "PURCHASES", "unknown", "advice", False,
            N_("Part B justifies purchases of more than 15 per cent of the personnel costs: %(partners)s."),
            N_("Say in Part B what is bought, and why. Nothing is refused for it."),
            FORM, "budget", {"partners": labels(bought)},
        )  # fmt: skip
    lowest, highest = rules.min_contribution, rules.max_contribution
    if lowest is not None or highest is not None:
        within = (lowest or 0) <= proposal.requested and (highest is None or proposal.requested <= highest)
        yield Finding(
            "CONTRIBUTION_RANGE", verdict(within), "advice", False,
            N_("The requested contribution is in the range that the topic expects."),
            N_("Other amounts may be requested. Explain in Part B why they are suitable."),
            TOPIC, "budget", {"requested": proposal.requested, "lowest": lowest, "highest": highest},
        )  # fmt: skip


def _work_packages(proposal: Proposal, rules: CallRules) -> Iterator[Finding]:
    """Where the budget is made by work package: there are some, and each is led and lies within the duration (9.3)."""
    if not rules.by_work_package:
        return
    yield Finding(
        "WORK_PACKAGES", verdict(bool(proposal.work_packages)), "admissibility", True,
        N_("The work packages are given."), N_("Enter the work packages, then the costs of each partner in them."),
        FORM, "work-packages",
    )  # fmt: skip
    loose = [
        str(number) for number, package in enumerate(proposal.work_packages, 1)
        if not package.lead or package.starts is None or package.ends is None
        or (proposal.duration is not None and package.ends > proposal.duration)
    ]  # fmt: skip
    if loose:
        yield Finding(
            "WORK_PACKAGE_PLAN", "fails", "advice", False,
            N_("Each work package has a leading partner and months within the duration: %(packages)s."),
            N_("Complete the work packages, or correct the duration."),
            FORM, "work-packages", {"packages": ", ".join(loose)},
        )  # fmt: skip


def _highest_rate(partner: Partner, rules: CallRules) -> int:
    if rules.action not in ACTIONS:
        return 10000
    nonprofit = budget.counts_as_nonprofit(partner.activity, partner.nonprofit)
    return budget.funding_rate(rules.action, nonprofit, partner.role)


def _researchers(proposal: Proposal) -> Iterator[Finding]:
    """Somebody is named as responsible: the ranking may have to look at them (rulebook 5.2, 9.2)."""
    yield Finding(
        "RESEARCHERS", verdict(any(person.leading for person in proposal.researchers)), "advice", False,
        N_("The researchers with a leading role are named."),
        N_("Name the leading researchers. Gender balance among them may decide between equal scores."),
        FORM, "researchers",
    )  # fmt: skip


def _questions(proposal: Proposal, rules: CallRules) -> Iterator[Finding]:
    """Mandatory answers of the questions that are asked, and answers within their limits (rulebook 9.2)."""
    for question in answers.asked(rules.questions, proposal.answer):
        value = proposal.attached(question.key) if question.kind == "file" else proposal.answer(question.key)
        count = answers.measured(question, value)
        values = {"question": question.label or question.key, "limit": question.limit, "count": count}
        at = f"q_{question.key}"
        if question.required:
            yield Finding(
                f"ANSWER:{question.key}", verdict(not answers.is_empty(value)), "admissibility", True,
                N_("The question '%(question)s' is answered."), N_("Answer the question."),
                FORM, "questions", values, at,
            )  # fmt: skip
        if question.limit is not None and count > question.limit:
            yield Finding(
                f"ANSWER_TOO_LONG:{question.key}", "fails", "admissibility", True,
                N_("The answer to '%(question)s' has at most %(limit)s words; it has %(count)s.")
                if question.unit == "words" else
                N_("The answer to '%(question)s' has at most %(limit)s characters; it has %(count)s."),
                N_("Shorten the answer."),
                FORM, "questions", values, at,
            )  # fmt: skip
        if not answers.within(question, value):
            yield Finding(
                f"ANSWER_RANGE:{question.key}", "fails", "admissibility", True,
                N_("The answer to '%(question)s' is within the limits: %(lowest)s to %(highest)s."),
                N_("Correct the number."),
                FORM, "questions", values | {"lowest": question.lowest or "–", "highest": question.highest or "–"}, at,
            )  # fmt: skip


def _part_b(proposal: Proposal, rules: CallRules) -> Iterator[Finding]:
    """Part B is there; too many pages are a warning, never a refusal (rulebook 1.1, 1.2, T-1.1, T-1.2)."""
    part_b = proposal.part_b
    yield Finding(
        "PART_B", verdict(part_b is not None), "admissibility", True,
        N_("Part B is attached."), N_("Attach Part B as a PDF."), CONDITIONS, "part-b",
    )  # fmt: skip
    if part_b is not None and rules.page_limit is not None and part_b.pages > rules.page_limit:
        yield Finding(
            "PAGE_LIMIT_EXCEEDED", "fails", "advice", False,
            N_("Part B has at most %(limit)s pages; it has %(count)s."),
            N_("Shorten Part B. The experts do not see the pages beyond the limit."),
            CONDITIONS, "part-b", {"limit": rules.page_limit, "count": part_b.pages},
        )  # fmt: skip


def _blind(proposal: Proposal, rules: CallRules, read: Mapping[str, blind.Read]) -> Iterator[Finding]:
    """Nothing tells who applies (rulebook 1.1, blind stage 1); whether something does, a person has to say."""
    if not rules.blind:
        return
    found = blind.clues(proposal, read)
    listed = ", ".join(
        f"“{one.words}”" + (f" ({one.where})" if one.where else "") for one in found[: blind.MOST]
    )
    unread = any(file.sha256 not in read for file in proposal.attachments)
    illegible = any(read[file.sha256].problem for file in proposal.attachments if file.sha256 in read)
    remedy = N_(
        "Take out what tells who you are. Own publications may be cited if nothing marks them as your own."
    )
    if found:
        sentence = N_("The form and its files do not tell who applies. To look at, with the page: %(clues)s.")
        yield Finding(
            "BLIND",
            "unknown",
            "admissibility",
            False,
            sentence,
            remedy,
            CONDITIONS,
            "part-b",
            {"clues": listed},
        )
    elif unread or illegible:
        sentence = (
            N_("The files are looked through for what tells who applies; this takes a moment.")
            if unread
            else N_("A file cannot be read by the program: look yourself whether it tells who applies.")
        )
        yield Finding("BLIND", "unknown", "admissibility", False, sentence, remedy, CONDITIONS, "part-b")
    else:
        sentence = N_("The form and its files do not tell who applies, as far as a program can see.")
        yield Finding("BLIND", "holds", "admissibility", False, sentence, remedy, CONDITIONS, "part-b")


def _declarations(proposal: Proposal, rules: CallRules) -> Iterator[Finding]:
    """All declarations are made (rulebook 9.2)."""
    keys = [key for key, _ in rules.declarations]
    made = sum(key in proposal.declarations for key in keys)
    yield Finding(
        "DECLARATIONS", verdict(made == len(keys)), "admissibility", True,
        N_("All declarations are made: %(count)s of %(needed)s."), N_("Read and tick each declaration."),
        FORM, "declarations", {"needed": len(keys), "count": made},
    )  # fmt: skip
