"""The outcome of comparing a log with its plan, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.mistakes.suspects import apart, counted
from course_lib.diagnose.rate_log import RateLog

_MOST_SHOWN = 4


@dataclass(frozen=True, eq=False)
class Explanation:
    """A known mistake, and the rates that it would have led to.

    Attributes:
        code: kind, for a program: "stepped-every-update", "started-anew", …; two of them joined
            by " + " where the log shows two mistakes.
        message: the event, as a clause.
        predicted: (rows,), rates that the plan with this mistake gives.
        misfit: mean difference from the log beyond its precision, as a share of the peak.
        exact: whether it explains every row within the log's precision.
        parameters: name -> number that was read off the log.
        fix: one sentence on how to mend it.

    >>> from course_lib.diagnose import RateLog, compare_with_plan
    >>> log = RateLog(rates=[[0.2, 0.15, 0.1, 0.05]], at=range(4), lags=(0,))
    >>> likeliest = compare_with_plan(log, "linear(0.1, total_steps=4)").explanations[0]
    >>> likeliest.code, likeliest.exact, likeliest.parameters
    ('scaled', True, {'factor': 2.0})
    """

    code: str
    message: str
    predicted: np.ndarray
    misfit: float
    exact: bool
    parameters: Mapping[str, Any] = field(default_factory=dict)
    fix: str = ""


@dataclass(frozen=True, eq=False)
class GroupComparison:
    """One parameter group's rates beside its plan.

    Attributes:
        name: name of the group in the log.
        at: (rows,), the log's counter.
        unit: unit of the counter.
        got: (rows,), rates as logged; nan where a row has none.
        planned: (rows,), rates as planned, at the lag that fits best.
        tolerance: (rows,), distance by which a rate may be off by the log's rounding.
        lag: rate of a row = plan(at - lag).
        as_planned: whether every row agrees.
        first: first row that departs from the plan; None: there is none.
        explanations: known mistakes, the likeliest first.
        equal: number of them that rank equal first, since this log cannot distinguish them.
        remarks: one sentence for each thing worth knowing that is no mistake.

    >>> from course_lib.diagnose import RateLog, compare_with_plan
    >>> log = RateLog(rates=[[0.1, 0.1, 0.1, 0.1]], at=range(4), lags=(0,))
    >>> group = compare_with_plan(log, "linear(0.1, total_steps=4)").groups[0]
    >>> group.name, group.first, group.planned
    ('lr', 1, array([0.1  , 0.075, 0.05 , 0.025]))
    """

    name: str
    at: np.ndarray
    unit: str
    got: np.ndarray
    planned: np.ndarray
    tolerance: np.ndarray
    lag: float
    as_planned: bool
    first: int | None
    explanations: tuple[Explanation, ...] = ()
    equal: int = 0
    remarks: tuple[str, ...] = ()

    def sentences(self) -> list[str]:
        """Return the verdict and its grounds, one sentence each."""
        if self.as_planned:
            return ["The rates are as planned.", *self.remarks]
        row = self.first
        place = f"{self.unit} {counted(self.at[row])}"
        place += f" (row {row})" if self.unit != "row" else ""
        planned, got = apart(self.planned[row], self.got[row])
        said = [f"The rates depart from the plan at {place}: planned {planned}, got {got}."]
        if self.explanations and not self.explanations[0].exact:
            said.append("No known mistake explains every row; the nearest ones are:")
        elif self.equal > 1:
            said.append(f"This log cannot distinguish {self.equal} explanations:")
        shown = self.explanations[: max(self.equal, 1) if self._explained() else 3]
        for number, one in enumerate(shown[:_MOST_SHOWN], 1):
            lead = f"{number}. " if len(shown) > 1 else ""
            off = "" if one.exact else f" (mean difference {one.misfit:.2g} of the peak)"
            said.append(f"{lead}{one.message[:1].upper()}{one.message[1:]}{off}. {one.fix}".strip())
        if len(shown) > _MOST_SHOWN:
            said.append(f"… and {len(shown) - _MOST_SHOWN} more.")
        return said + list(self.remarks)

    def _explained(self) -> bool:
        return bool(self.explanations) and self.explanations[0].exact


@dataclass(frozen=True, eq=False)
class PlanComparison:
    """A log beside its plan: as planned, or where it departs and which mistake explains it.

    Attributes:
        log: the log.
        plans: one plan for each group.
        groups: one comparison for each group.

    >>> from course_lib.diagnose import RateLog, compare_with_plan
    >>> log = RateLog(rates=[[0.1, 0.075, 0.05, 0.025, 0.0, 0.0, 0.0]], at=range(7), lags=(0,))
    >>> print(compare_with_plan(log, "linear(0.1, total_steps=4)"))
    The rates are as planned.
    The log goes on past the plan's end at 4.
    """

    log: RateLog
    plans: tuple[PlannedRates, ...]
    groups: tuple[GroupComparison, ...]

    @property
    def as_planned(self) -> bool:
        """Whether every row of every group agrees with the plan, within the log's precision."""
        return all(group.as_planned for group in self.groups)

    @property
    def worst(self) -> GroupComparison:
        """The first group that departs from its plan; the first of all if none does."""
        return next((group for group in self.groups if not group.as_planned), self.groups[0])

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """Known mistakes that explain the first group that departs, the likeliest first."""
        return self.worst.explanations

    @property
    def equal_first(self) -> tuple[Explanation, ...]:
        """Explanations that rank first together: the log cannot distinguish them."""
        return self.worst.explanations[: max(1, self.worst.equal)]

    def __str__(self) -> str:
        """Say it in words, one sentence a line."""
        if len(self.groups) == 1:
            return "\n".join(self.groups[0].sentences())
        if self.as_planned:
            words = dict.fromkeys(remark for group in self.groups for remark in group.remarks)
            return "\n".join(
                [f"The rates of all {len(self.groups)} groups are as planned.", *words]
            )
        lines = []
        for group in self.groups:
            lines.append(f"Group {group.name}:")
            lines += [f"  {sentence}" for sentence in group.sentences()]
        return "\n".join(lines)

    def as_markdown(self) -> str:
        """Return the same as a Markdown list, one item for each sentence."""
        lines = []
        for group in self.groups:
            if len(self.groups) > 1:
                lines.append(f"**{group.name}**\n")
            lines += [f"- {sentence}" for sentence in group.sentences()]
            lines.append("")
        return "\n".join(lines).rstrip() + "\n"
