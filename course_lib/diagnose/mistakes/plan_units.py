"""A plan in the unit of a log: updates for epochs, and the reverse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from course_lib.diagnose.mistakes.planned import PlannedRates
from course_lib.diagnose.rate_log import RateLog


def in_unit_of(log: RateLog, plan: PlannedRates) -> PlannedRates:
    """Return the plan with t in the log's unit."""
    units = {plan.unit or log.unit, log.unit}
    if units != {"update", "epoch"}:
        return plan
    steps = plan.steps_per_epoch
    if steps is None:
        raise ValueError(
            f"steps_per_epoch must be given: the log counts in {log.unit}s and the plan in "
            f"{plan.unit}s"
        )
    return Rescaled.of(plan, steps if log.unit == "epoch" else 1 / steps)


@dataclass(frozen=True, eq=False)
class Rescaled(PlannedRates):
    """A plan whose t is counted in another unit than its call's.

    Attributes:
        inner: the plan in its own unit.
        rate: steps of the plan in one of the log's unit.
    """

    inner: PlannedRates | None = None
    rate: float = 1.0

    @staticmethod
    def of(plan: PlannedRates, rate: float) -> Rescaled:
        """Return a plan with `rate` of its steps in one step."""

        def rate_at(t: np.ndarray) -> np.ndarray:
            return plan.rate_at(np.floor(np.asarray(t, dtype=float) * rate + 1e-6))

        return Rescaled(
            rate_at,
            plan.words,
            plan.unit,
            plan.total_steps / rate,
            plan.steps_per_epoch,
            plan.call,
            plan.arguments,
            plan.slack,
            inner=plan,
            rate=rate,
        )

    def changed(self, changes: Mapping[tuple, Any]) -> PlannedRates:
        """Return the plan with other arguments in its call, in the same unit."""
        return Rescaled.of(self.inner.changed(changes), self.rate)
