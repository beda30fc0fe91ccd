"""Which consortia of real projects hold under the rules about the number and the countries of organisations.

python -m benchmarks.consortia projects.jsonl [--each 10]

Every project was funded, so a consortium that fails shows a rule that its topic waived, or a role that we read
otherwise. Types of action that the house does not know are taken as OTHER.
"""

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import grants.schema  # noqa: F401  the tables know each other by name
from grants.applications import consortium
from grants.applications.budget import Budget
from grants.applications.proposal import Partner, Proposal
from grants.calls.countries import normalised
from grants.calls.rules import ACTIONS, CallRules
from grants.imports.projects import ROLES


def read(record: dict[str, Any]) -> tuple[Proposal, CallRules, date]:
    """The consortium of a project, the rules of its type of action in its work programme, and the day of signature."""
    scheme = record["funding_scheme"].removeprefix("HORIZON-").removeprefix("JU-").removeprefix("EURATOM-")
    programme = re.search(r"-(20\d\d)-", record["topics"][0]) or re.search("(20..)", record["start_date"])
    assert programme
    rules = CallRules.of_action(scheme if scheme in ACTIONS else "OTHER", int(programme[1]), pillar=2)
    partners = tuple(
        Partner(key=str(n), name=one["name"], country=normalised(one["country"]), role=ROLES[one["role"]],
                budget=Budget(requested=round(100 * (one.get("net_ec") or 0))))
        for n, one in enumerate(record["organisations"])
    )  # fmt: skip
    signed = date.fromisoformat(record["ec_signature_date"] or record["start_date"])
    return Proposal(call="", partners=partners), rules, signed


def described(record: dict[str, Any]) -> str:
    """Type of action, and the countries of the organisations by role."""
    by_role: dict[str, Counter[str]] = defaultdict(Counter)
    for one in record["organisations"]:
        by_role[ROLES[one["role"]]][normalised(one["country"])] += 1
    roles = "; ".join(
        f"{role} " + " ".join(f"{code}x{n}" if n > 1 else code for code, n in sorted(codes.items()))
        for role, codes in by_role.items()
    )
    return f"{record['id']} {record['funding_scheme']} {record['ec_signature_date']}: {roles}"


def judged(records: Iterable[dict[str, Any]]) -> tuple[dict[str, list[str]], Counter[tuple[str, str]]]:
    """The projects by their verdict, and how often each rule did not hold."""
    verdicts: dict[str, list[str]] = defaultdict(list)
    rules_that: Counter[tuple[str, str]] = Counter()
    for record in records:
        proposal, rules, on = read(record)
        findings = consortium.self_check(proposal, rules, on)
        said = ", ".join(f"{one.code} {one.verdict}" for one in findings if not one.holds)
        rules_that.update((one.code, one.verdict) for one in findings if not one.holds)
        verdicts[consortium.overall(findings)].append(f"{described(record)} -> {said or 'holds'}")
    return verdicts, rules_that


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--each", type=int, default=0, help="projects of each verdict to print")
    asked = parser.parse_args()
    with asked.file.open(encoding="utf-8") as lines:
        verdicts, rules_that = judged(map(json.loads, lines))
    for verdict, projects in sorted(verdicts.items()):
        sys.stdout.write(f"{verdict}: {len(projects)}\n")
        sys.stdout.writelines(f"    {project}\n" for project in projects[: asked.each])
    for (code, verdict), count in rules_that.most_common():
        sys.stdout.write(f"{code} {verdict}: {count}\n")


if __name__ == "__main__":
    main()
