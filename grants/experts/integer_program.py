"""Integer programs: columns with bounds, rows over them, a goal; solved by what OR-Tools brings, on one thread.

HiGHS proves sums within seconds where the linear relaxation is nearly whole; CP-SAT copes with rows over everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

INFINITY = float("inf")
CLOSE = 1e-6
"""What a solver that counts in floating point may be beside the truth, for each unit and for each million."""


@dataclass(frozen=True)
class Answer:
    """What a solver found. `bound` is what the goal cannot pass; None where it says nothing.

    `values` and `reduced_costs` are by column, and None where nothing was found in time; `infeasible` is proven.
    """

    bound: float | None
    values: np.ndarray | None
    reduced_costs: np.ndarray | None
    infeasible: bool

    def whole_bound(self, large: bool) -> int | None:
        """The bound of a goal that is a whole number."""
        if self.bound is None or not np.isfinite(self.bound):
            return None
        room = CLOSE * max(1.0, abs(self.bound) / 1e6)
        return int(np.floor(self.bound + room) if large else np.ceil(self.bound - room))


class IntegerProgram:
    """Columns are whole numbers from `least` to `most`; they and the rows are known by their number."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.least: list[int] = []
        self.most: list[int] = []
        self._row_least: list[float] = []
        self._row_most: list[float] = []
        self._entries: tuple[list[int], list[int], list[int]] = ([], [], [])

    def column(self, most: int) -> int:
        """A new column from 0 to `most`."""
        self.least.append(0)
        self.most.append(most)
        return len(self.least) - 1

    def row(
        self, entries: Iterable[tuple[int, int]], *, least: float = -INFINITY, most: float = INFINITY
    ) -> None:
        """The sum of column times factor keeps within the two; a column may stand once."""
        rows, columns, factors = self._entries
        for column, factor in sorted(entries):
            rows.append(len(self._row_least))
            columns.append(column)
            factors.append(factor)
        self._row_least.append(least)
        self._row_most.append(most)

    def solve(
        self, goal: Mapping[int, int], *, large: bool, seconds: float, relaxed: bool = False,
        hint: Mapping[int, int] | None = None, by: str = "HIGHS",
    ) -> Answer:  # fmt: skip
        """Make the goal large or small.

        Args:
            goal: factors by column.
            relaxed: columns need not be whole: quick, the bound holds, and reduced costs come along.
            hint: a solution to begin from, by column; columns that are absent are 0.
            by: HIGHS or CP_SAT.
        """
        from ortools.math_opt.python import mathopt

        least = np.array(self.least, dtype=float)
        free = np.flatnonzero(least < np.array(self.most, dtype=float))
        model = mathopt.Model.from_model_proto(self._proto(goal, large, relaxed, least, free))
        columns = list(model.variables())
        parameters = mathopt.SolveParameters(
            time_limit=timedelta(seconds=seconds), random_seed=self.seed, relative_gap_tolerance=0.0,
            absolute_gap_tolerance=0.9, threads=None if by == "HIGHS" else 1,  # HiGHS takes one by itself
        )  # fmt: skip
        hints = []
        if hint is not None:
            start = {column: hint.get(int(n), 0) for n, column in zip(free, columns, strict=True)}
            hints = [mathopt.SolutionHint(variable_values=start)]
        found = mathopt.solve(
            model, mathopt.SolverType[by], params=parameters,
            model_params=mathopt.ModelSolveParameters(solution_hints=hints),
        )  # fmt: skip
        values = costs = None
        if found.has_primal_feasible_solution():
            values = least.copy()
            values[free] = found.variable_values(columns)
        if relaxed and found.has_dual_feasible_solution():
            costs = np.zeros(len(least))
            costs[free] = found.reduced_costs(columns)
        is_infeasible = found.termination.reason == mathopt.TerminationReason.INFEASIBLE
        bound = found.termination.objective_bounds.dual_bound
        return Answer(None if is_infeasible else bound, values, costs, is_infeasible)

    def _proto(
        self, goal: Mapping[int, int], large: bool, relaxed: bool, least: np.ndarray, free: np.ndarray
    ) -> "model_pb2.ModelProto":  # type: ignore[name-defined] # noqa: F821
        """The program without its settled columns, whose shares move to the other side."""
        from ortools.math_opt import model_pb2

        rows, columns, factors = (np.array(part, dtype=np.int64) for part in self._entries)
        position = np.full(len(least), -1)
        position[free] = np.arange(len(free))
        is_free = position[columns] >= 0 if len(columns) else np.zeros(0, dtype=bool)
        settled = np.zeros(len(self._row_least))
        np.add.at(settled, rows[~is_free], factors[~is_free] * least[columns[~is_free]])
        factor = np.zeros(len(least))
        factor[list(goal)] = list(goal.values())
        proto = model_pb2.ModelProto()
        proto.variables.ids.extend(range(len(free)))
        proto.variables.lower_bounds.extend(least[free].tolist())
        proto.variables.upper_bounds.extend([float(self.most[n]) for n in free])
        proto.variables.integers.extend([not relaxed] * len(free))
        proto.objective.maximize = large
        proto.objective.offset = float(factor @ least - factor[free] @ least[free])
        used = np.flatnonzero(factor[free])
        proto.objective.linear_coefficients.ids.extend(used.tolist())
        proto.objective.linear_coefficients.values.extend(factor[free][used].tolist())
        constraints, matrix = proto.linear_constraints, proto.linear_constraint_matrix
        constraints.ids.extend(range(len(settled)))
        constraints.lower_bounds.extend((np.array(self._row_least) - settled).tolist())
        constraints.upper_bounds.extend((np.array(self._row_most) - settled).tolist())
        matrix.row_ids.extend(rows[is_free].tolist())
        matrix.column_ids.extend(position[columns[is_free]].tolist())
        matrix.coefficients.extend(factors[is_free].astype(float).tolist())
        return proto
