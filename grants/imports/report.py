"""The report of an import: what came in, what was there already, what was refused and why, what was found."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Refusal:
    """A line that was not taken in, with the field concerned and a sentence."""

    line: int
    field: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """A line that was taken in: its id in the file, its reference here, and the codes of its findings."""

    line: int
    id: str
    reference: str
    findings: tuple[str, ...]


@dataclass
class Report:
    """One run over one file; `sha256` is of the whole file."""

    file: str
    sha256: str
    taken_in: list[Entry] = field(default_factory=list)
    unchanged: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def findings(self) -> Counter[str]:
        """How many records each finding concerns."""
        return Counter(code for entry in self.taken_in for code in entry.findings)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON values, counts first."""
        counts = {name: len(getattr(self, name)) for name in ("taken_in", "unchanged", "refused")}
        return {
            "file": self.file,
            "sha256": self.sha256,
            "counts": counts,
            "findings": dict(self.findings),
        } | {
            "taken_in": [asdict(entry) for entry in self.taken_in],
            "unchanged": self.unchanged,
            "refused": [asdict(refusal) for refusal in self.refused],
        }

    def lines(self) -> Iterable[str]:
        """The report as lines of text."""
        yield f"{len(self.taken_in)} taken in, {len(self.unchanged)} here already, {len(self.refused)} refused."
        for refusal in self.refused:
            yield f"Line {refusal.line}, {refusal.field}: {refusal.reason}"
        if self.findings:
            yield "Findings, with the number of records:"
        for code, count in self.findings.most_common():
            yield f"  {code}: {count}"
