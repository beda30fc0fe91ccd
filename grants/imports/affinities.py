"""Affinities of experts and applications from a file: CSV, or a matrix of NumPy as the public instances have it."""

import zipfile
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path

from grants.experts.assignment import DECIMALS, Pair, Problem
from grants.imports import table
from grants.imports.source import Unusable

LARGEST = 1_000_000
"""Of an affinity: sums of many stay exact."""


def read(path: Path, conflicts: Path | None, *, demand: int, load: int) -> Problem:
    """A problem from `application,expert,affinity` or .npz, conflicts from `application,expert`. Raises Unusable."""
    affinities, barred = _matrix(path) if path.suffix == ".npz" else (_table(path), set[Pair]())
    applications = list(dict.fromkeys(application for application, _ in affinities))
    experts = list(dict.fromkeys(expert for _, expert in affinities))
    barred |= pairs(conflicts, applications, experts, unknown="has no affinities")
    return Problem(
        tuple(applications), tuple(experts), {pair: value for pair, value in affinities.items() if value},
        frozenset(barred), demand, load,
    )  # fmt: skip


def pairs(
    path: Path | None, applications: Iterable[str], experts: Iterable[str], *, unknown: str
) -> set[Pair]:
    """The pairs of a file `application,expert`; none without a file. Raises Unusable.

    Args:
        unknown: what to say of a name that is not one of `applications` or `experts`.
    """
    found = set[Pair]()
    known = {"application": frozenset(applications), "expert": frozenset(experts)}
    for row in table.rows(path, ("application", "expert")) if path else ():
        for column, names in known.items():
            if _text(row, column) not in names:
                raise Unusable(f"{path}: Line {row.line}, {column}: '{row.fields[column]}' {unknown}.")
        found.add((row.fields["application"], row.fields["expert"]))
    return found


def _text(row: table.Row, column: str) -> str:
    try:
        return row.text(column)
    except ValueError as problem:
        raise Unusable(str(problem)) from None


def _table(path: Path) -> dict[Pair, Decimal]:
    found: dict[Pair, Decimal] = {}
    complaints = []
    for row in table.rows(path, ("application", "expert", "affinity")):
        try:
            pair, value = (row.text("application"), row.text("expert")), _affinity(row)
        except ValueError as problem:
            complaints.append(str(problem))
            continue
        if pair in found:
            complaints.append(f"Line {row.line}, application: {', '.join(pair)} stands in the file already.")
        found[pair] = value
    table.refuse(complaints)
    if not found:
        raise Unusable("The file has no affinities.")
    return found


def _affinity(row: table.Row) -> Decimal:
    text = row.text("affinity")
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        raise ValueError(f"Line {row.line}, affinity: '{text}' is not a number.")
    if value < 0:
        raise ValueError(f"Line {row.line}, affinity: it is below zero.")
    if value > LARGEST:
        raise ValueError(f"Line {row.line}, affinity: it is above {LARGEST:,}.")
    return round(value, DECIMALS).normalize()


def _matrix(path: Path) -> tuple[dict[Pair, Decimal], set[Pair]]:
    """Rows are experts, columns applications, both named by their number from 0; a mask of 1 is a conflict."""
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as arrays:
            similarity = np.asarray(arrays["similarity_matrix"], dtype=float)
            mask = np.asarray(arrays["mask_matrix"]) if "mask_matrix" in arrays else np.zeros_like(similarity)
    except (OSError, ValueError, TypeError, KeyError, MemoryError, zipfile.BadZipFile) as problem:
        raise Unusable(f"This is no file with a similarity_matrix: {problem}") from None
    if similarity.ndim != 2 or mask.shape != similarity.shape:
        raise Unusable(
            "similarity_matrix and mask_matrix must be of the same shape, experts by applications."
        )
    if not similarity.size:
        raise Unusable("The file has no affinities.")
    if (wrong := np.argwhere(~((similarity >= 0) & (similarity <= LARGEST)))).size:
        row, column = wrong[0]
        raise Unusable(
            f"Row {row}, column {column} of similarity_matrix: it is not a number from 0 to {LARGEST:,}."
        )
    # A conflict that is written in another way must not pass for none.
    if (wrong := np.argwhere(~((mask == 0) | (mask == 1)))).size:
        row, column = wrong[0]
        raise Unusable(f"Row {row}, column {column} of mask_matrix: it is neither 0 nor 1 (a conflict).")
    affinities = {
        (str(column), str(row)): round(Decimal(repr(float(value))), DECIMALS).normalize()
        for (row, column), value in np.ndenumerate(similarity)
    }
    return affinities, {(str(column), str(row)) for row, column in np.argwhere(mask == 1)}
