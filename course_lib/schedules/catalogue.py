"""The catalogue: a row for every schedule of the course, under its one name.

The lists of the explorers and the contenders of lesson 8 and of the capstone are made from it; the
cheat sheet uses its names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from course_lib.schedules import cyclical, presets
from course_lib.schedules.phases import Schedule


@dataclass(frozen=True)
class Row:
    """One schedule of the course.

    Attributes:
        name: the name in every table, figure and panel.
        preset: the function of `course_lib.schedules` that makes it.
        arguments: (peak, updates) -> the preset's arguments, by name; all except the peak and the
            length of the run have their customary values.
        is_variant: whether it is a second setting of a preset that has a row already.
    """

    name: str
    preset: Callable[..., Schedule]
    arguments: Callable[[float, int], Mapping[str, object]]
    is_variant: bool = False

    def schedule(self, peak_lr: float, total_steps: int) -> Schedule:
        """Return the schedule with its customary shape.

        Args:
            peak_lr: the largest rate, >= 0.
            total_steps: updates in the run, >= 10.

        Raises:
            ValueError: the preset refuses an argument.
        """
        return self.preset(**self.arguments(peak_lr, total_steps))


_ROWS = (
    Row("constant", presets.constant, lambda peak, n: {"peak_lr": peak}),
    Row(
        "step decay",
        presets.step_decay,
        lambda peak, n: {"peak_lr": peak, "drop": 0.5, "every": n // 5},
    ),
    Row(
        "multi-step",
        presets.multi_step,
        lambda peak, n: {"peak_lr": peak, "milestones": [n // 2, 3 * n // 4], "drop": 0.1},
    ),
    Row(
        "exponential",
        presets.exponential,
        lambda peak, n: {"peak_lr": peak, "gamma": 0.01 ** (1 / n)},
    ),
    Row("inverse time", presets.inverse_time, lambda peak, n: {"peak_lr": peak, "rate": 10 / n}),
    Row(
        "inverse sqrt",
        presets.inverse_sqrt,
        lambda peak, n: {"peak_lr": peak, "warmup_steps": n // 10},
    ),
    Row(
        "transformer",
        presets.transformer,
        lambda peak, n: {
            "d_model": 512,
            "warmup_steps": n // 10,
            "factor": peak * math.sqrt(512 * (n // 10)),
        },
    ),
    Row("linear", presets.linear, lambda peak, n: {"peak_lr": peak, "total_steps": n}),
    Row(
        "polynomial",
        presets.polynomial,
        lambda peak, n: {"peak_lr": peak, "total_steps": n, "power": 2},
    ),
    Row("cosine", presets.cosine, lambda peak, n: {"peak_lr": peak, "total_steps": n}),
    Row(
        "cosine with a floor",
        presets.cosine,
        lambda peak, n: {"peak_lr": peak, "total_steps": n, "floor": peak / 10},
        is_variant=True,
    ),
    Row(
        "warmup + linear",
        presets.warmup_linear,
        lambda peak, n: {"peak_lr": peak, "warmup_steps": n // 10, "total_steps": n},
    ),
    Row(
        "warmup + cosine",
        presets.warmup_cosine,
        lambda peak, n: {"peak_lr": peak, "warmup_steps": n // 10, "total_steps": n},
    ),
    Row(
        "WSD",
        presets.wsd,
        lambda peak, n: {
            "peak_lr": peak,
            "warmup_steps": n // 10,
            "total_steps": n,
            "decay_steps": n // 5,
        },
    ),
    Row(
        "cosine restarts",
        cyclical.cosine_restarts,
        lambda peak, n: {"peak_lr": peak, "period": n // 3, "mult": 2},
    ),
    Row(
        "triangular",
        cyclical.triangular,
        lambda peak, n: {"peak_lr": peak, "floor": peak / 25, "period": n // 3},
    ),
    Row(
        "triangular2",
        cyclical.triangular,
        lambda peak, n: {
            "peak_lr": peak,
            "floor": peak / 25,
            "period": n // 3,
            "mode": "triangular2",
        },
        is_variant=True,
    ),
    Row(
        "exp_range",
        cyclical.triangular,
        lambda peak, n: {
            "peak_lr": peak,
            "floor": peak / 25,
            "period": n // 3,
            "mode": "exp_range",
            "gamma": 0.1 ** (1 / n),
        },
        is_variant=True,
    ),
    Row("1-cycle", cyclical.one_cycle, lambda peak, n: {"peak_lr": peak, "total_steps": n}),
    Row(
        "1-cycle, 3 phases",
        cyclical.one_cycle,
        lambda peak, n: {
            "peak_lr": peak,
            "total_steps": n,
            "three_phase": True,
            "anneal": "linear",
        },
        is_variant=True,
    ),
)

#: name -> row, in the order in which panels list the schedules
CATALOGUE = MappingProxyType({row.name: row for row in _ROWS})

_COMPARED = (
    "constant",
    "multi-step",
    "exponential",
    "inverse sqrt",
    "inverse time",
    "polynomial",
    "linear",
    "cosine",
    "cosine restarts",
    "warmup + cosine",
    "triangular",
    "1-cycle",
    "WSD",
)

#: name -> (peak, updates) -> schedule: those that lesson 8 compares, in its order
FAMILIES: Mapping[str, Callable[[float, int], Schedule]] = MappingProxyType(
    {name: CATALOGUE[name].schedule for name in _COMPARED}
)
