"""Every recorded schedule of every library beside ours: the error, and the tail in words."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from course_lib.libraries.pieces import hold, ramp, wave
from course_lib.libraries.registry import from_library, names
from course_lib.schedules import Phase, Schedule
from course_lib.schedules.library_shapes import Part
from course_lib.schedules.shapes import Constant, InverseTime, Polynomial

# What may differ between a recorded rate and ours. float64 libraries: 1e-12 of the largest rate,
# some thousand roundings of recursions that multiply the rate at every step. float32 libraries:
# 2e-7 of the largest rate, 1.7 units of float32 (2**-23) there. Of the largest, not of the rate
# itself: near the floor 1 + cos(x) and start - end cancel, and what is left of them keeps the
# absolute error of the peak. Keras' restarts lose more: the place in a cycle is what is left when
# whole cycles are taken off in float32, so the error grows with the number of cycles, here 4.
FLOAT64_TOLERANCE = 1e-12
FLOAT32_TOLERANCE = 2e-7
_LOOSER = {("keras", "CosineDecayRestarts_tmul1"): 4e-7}
_WIDTH = 110


@dataclass(frozen=True)
class Row:
    """One recorded schedule and how ours compares with it.

    Attributes:
        library: its name in the records.
        schedule: the record's name.
        version: what was recorded.
        error: largest |recorded - ours| over the largest recorded rate.
        tolerance: what `error` may be.
        past_end: what the library does after its end, in words.
    """

    library: str
    schedule: str
    version: str
    error: float
    tolerance: float
    past_end: str

    @property
    def within(self) -> bool:
        """Whether the error is within the tolerance (a NaN is not)."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Uncovered:
    """A recorded schedule that no schedule of ours stands for, and why."""

    library: str
    schedule: str
    reason: str


@cache
def recorded() -> dict[str, dict[str, Any]]:
    """Return the records: library -> schedule -> version, params, values (rate of update t + 1)."""
    return json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))


def recorded_rates(library: str, schedule: str) -> np.ndarray:
    """Return the recorded rates, NaN where the library raised or the run was over."""
    return np.array(recorded()[library][schedule]["values"], dtype=float)


# --- from a record to a schedule of ours -----------------------------------------------------

_TRANSFORMERS = {
    "constant": "get_constant_schedule",
    "constant_with_warmup": "get_constant_schedule_with_warmup",
    "linear": "get_linear_schedule_with_warmup",
    "cosine": "get_cosine_schedule_with_warmup",
    "cosine_with_restarts_3": "get_cosine_with_hard_restarts_schedule_with_warmup",
    "polynomial": "get_polynomial_decay_schedule_with_warmup",
    "inverse_sqrt": "get_inverse_sqrt_schedule",
    "cosine_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup",
    "cosine_warmup_with_min_lr": "get_cosine_with_min_lr_schedule_with_warmup_lr_rate",
    "wsd": "get_wsd_schedule",
}


def _by_prefix(key: str) -> str:
    found = [name for name in _TRANSFORMERS if key == name or key.startswith(f"{name}_")]
    return _TRANSFORMERS[max(found, key=len)]


def _name(library: str, key: str) -> str:
    """Return the name under which `from_library` knows a record."""
    if library == "transformers":
        return f"transformers.{_by_prefix(key)}"
    if library == "fastai":
        return f"fastai.{_FASTAI[key]}"
    if library in _ONE_NAME:
        return _ONE_NAME[library]
    # Elsewhere a key is the library's name with "_…" or "(…)" after it; the longest that fits.
    known = [name for name in names() if f"{library}.{key}".startswith(name)]
    return max(known, key=len)


_ONE_NAME = {
    "megatron-lm": "megatron.OptimizerParamScheduler",
    "torchtitan": "torchtitan.lr_scheduler",
    "nanogpt": "nanogpt.get_lr",
}

_FASTAI = {
    "fit_one_cycle": "fit_one_cycle",
    "fit_one_cycle_pct0.1_floor": "fit_one_cycle",
    "fit_flat_cos": "fit_flat_cos",
    "fit_sgdr_2cycles_len1_mult2 (300 batches)": "fit_sgdr",
    "SchedLin(pos=t/100)": "SchedLin",
    "SchedCos(pos=t/100)": "SchedCos",
    "SchedExp(pos=t/100)": "SchedExp",
    "SchedPoly2(pos=t/100)": "SchedPoly",
}

_PEAK, _FLOOR = 0.1, 0.001
_WARMUP = ("torch.LinearLR", {"start_factor": 0.1, "total_iters": 10})
_WARMUP_EARLY = ("torch.LinearLR", {"start_factor": 0.1, "total_iters": 9})
_COSINE_90 = ("torch.CosineAnnealingLR", {"T_max": 90, "eta_min": _FLOOR})
_EXPONENTIAL = ("torch.ExponentialLR", {"gamma": 0.9})
_CONSTANT_20 = ("torch.ConstantLR", {"factor": 0.1, "total_iters": 20})

# Records whose parameters are prose: the arguments that from_library takes, in full.
_ARGUMENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("torch", "MultiplicativeLR"): {"base_lr": _PEAK, "lr_lambda": 0.95},
    ("torch", "SequentialLR_LinearLR0.1+Cosine"): {
        "base_lr": _PEAK,
        "schedulers": [_WARMUP, _COSINE_90],
        "milestones": [10],
    },
    ("torch", "SequentialLR_LinearLR1e-8+Cosine"): {
        "base_lr": _PEAK,
        "schedulers": [
            ("torch.LinearLR", {"start_factor": 1e-8, "total_iters": 10}),
            _COSINE_90,
        ],
        "milestones": [10],
    },
    ("torch", "SequentialLR_(step+1)/W+Cosine"): {
        "base_lr": _PEAK,
        "schedulers": [_WARMUP_EARLY, _COSINE_90],
        "milestones": [10],
    },
    ("torch", "SequentialLR_ConstantLR+ExponentialLR"): {
        "base_lr": _PEAK,
        "schedulers": [_CONSTANT_20, _EXPONENTIAL],
        "milestones": [20],
    },
    ("torch", "SequentialLR_WSD"): {
        "base_lr": _PEAK,
        "schedulers": [
            _WARMUP_EARLY,
            ("torch.ConstantLR", {"factor": 1.0}),
            ("torch.LinearLR", {"start_factor": 1.0, "end_factor": 0.01, "total_iters": 20}),
        ],
        "milestones": [10, 80],
    },
    ("torch", "ChainedScheduler_LinearLR*Cosine"): {
        "base_lr": _PEAK,
        "schedulers": [
            _WARMUP,
            ("torch.CosineAnnealingLR", {"T_max": 100, "eta_min": _FLOOR}),
        ],
    },
    ("torch", "ChainedScheduler_Constant*Exponential"): {
        "base_lr": _PEAK,
        "schedulers": [_CONSTANT_20, _EXPONENTIAL],
    },
    ("optax", "join_schedules_WSD"): {
        "schedules": [
            (
                "optax.linear_schedule",
                {"init_value": 0.0, "end_value": _PEAK, "transition_steps": 10},
            ),
            ("optax.constant_schedule", {"value": _PEAK}),
            (
                "optax.linear_schedule",
                {"init_value": _PEAK, "end_value": _FLOOR, "transition_steps": 20},
            ),
        ],
        "boundaries": [10, 80],
    },
    ("ignite", "create_lr_scheduler_with_warmup(torch cosine)"): {
        "lr_scheduler": (_COSINE_90[0], {"base_lr": _PEAK, **_COSINE_90[1]}),
        "warmup_start_value": 0.0,
        "warmup_end_value": _PEAK,
        "warmup_duration": 10,
    },
    ("ignite", "create_lr_scheduler_with_warmup(ignite cosine)"): {
        "lr_scheduler": (
            "ignite.CosineAnnealingScheduler",
            {"start_value": _PEAK, "end_value": _FLOOR, "cycle_size": 90},
        ),
        "warmup_start_value": 0.0,
        "warmup_end_value": _PEAK,
        "warmup_duration": 10,
    },
    ("ignite", "LRScheduler(StepLR)"): {
        "lr_scheduler": ("torch.StepLR", {"base_lr": _PEAK, "step_size": 30, "gamma": 0.1})
    },
    ("ignite", "LRScheduler(CosineAnnealingLR)"): {
        "lr_scheduler": (
            "torch.CosineAnnealingLR",
            {"base_lr": _PEAK, "T_max": 100, "eta_min": _FLOOR},
        )
    },
}


def _arguments(library: str, key: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return what `from_library` takes for a record's parameters."""
    if (library, key) in _ARGUMENTS:
        return _ARGUMENTS[library, key]
    arguments = dict(params)
    if library == "optax":
        if "boundaries_and_scales" in arguments:  # JSON has no whole numbers for keys
            given = arguments["boundaries_and_scales"]
            arguments["boundaries_and_scales"] = {int(at): scale for at, scale in given.items()}
        if key.startswith("piecewise_interpolate_schedule_"):
            arguments["interpolate_type"] = key.rsplit("_", 1)[1]
    if library == "composer":
        arguments["max_duration"] = "100ba"
    if library == "fastai" and key.startswith("Sched"):
        arguments["n_batches"] = 100
    return arguments


def _lambda_inverse_sqrt() -> Schedule:
    """Return peak * min((t + 1) / 10, sqrt(10 / (t + 1))), whose peak is at t = 9."""
    down = Phase(math.inf, _PEAK, 0.0, InverseTime(1 / 10, 0.5))
    return Schedule((*ramp(9, _PEAK / 10, _PEAK), down))


def _stages(lengths: list[int], rates: list[float], begin: int, end: int, last: float) -> Schedule:
    """Return rates that step up by stages while a line in t pulls them all towards `last`."""
    phases: tuple[Phase, ...] = ()
    at = 0
    for steps, rate in zip(lengths, rates, strict=True):
        flat = min(max(begin - at, 0), steps)
        phases += hold(rate, flat)
        if flat < steps:
            line = Part(Polynomial(), float(at + flat - begin), float(end - begin))
            phases += (Phase(steps - flat, rate, last, line),)
        at += steps
    return Schedule((*phases, *hold(last)))


# Records of functions written by hand in a training script or a LambdaLR: built from phases.
_BY_HAND: dict[tuple[str, str], Callable[[], Schedule]] = {
    ("torch", "LambdaLR_step/W_then_cosine"): lambda: Schedule(
        ramp(10, 0.0, _PEAK) + wave(_PEAK, _FLOOR, 90)
    ),
    ("torch", "LambdaLR_inverse_sqrt"): _lambda_inverse_sqrt,
    ("modded-nanogpt", "train_gpt_medium.get_lr"): lambda: _stages(
        [9, 8, 9, 74], [_PEAK, 1.52 * _PEAK, 1.73 * _PEAK, 2 * _PEAK], 40, 100, 0.1 * _PEAK
    ),
    ("modded-nanogpt", "train_gpt.TrainingSchedule.get_lr"): lambda: _stages(
        [33, 34, 33], [_PEAK, 1.52 * _PEAK, 1.73 * _PEAK], 40, 100, 0.15 * _PEAK
    ),
}

_PLATEAU = "follows the loss: the rate depends on the training, not on the step alone"
_UNCOVERED = {
    ("torch", "ReduceLROnPlateau"): _PLATEAU,
    ("torch", "ReduceLROnPlateau_patience0"): _PLATEAU,
    ("transformers", "GreedyLR"): _PLATEAU,
    ("schedulefree", "RAdamScheduleFree"): (
        "the rate is RAdam's variance rectification, a function of beta2 and t that is none of "
        "our shapes"
    ),
}


def ours(library: str, key: str) -> Schedule:
    """Return our schedule for a covered record.

    Raises:
        KeyError: there is no such record.
        ValueError: the record is uncovered.
    """
    record = recorded()[library][key]
    if (library, key) in _UNCOVERED:
        raise ValueError(f"{library} {key} is not covered: {_UNCOVERED[library, key]}")
    if (library, key) in _BY_HAND:
        return _BY_HAND[library, key]()
    return from_library(_name(library, key), **_arguments(library, key, record["params"]))


# --- the comparison ---------------------------------------------------------------------------


def tolerance(library: str, key: str) -> float:
    """Return how far ours may be from a record, as a share of the largest recorded rate."""
    if (library, key) in _LOOSER:
        return _LOOSER[library, key]
    # fastai's annealers are float64, but the position that its callbacks give them is float32.
    single = library in ("optax", "keras") or (library == "fastai" and key.startswith("fit_"))
    return FLOAT32_TOLERANCE if single else FLOAT64_TOLERANCE


def compare(library: str, key: str, schedule: Schedule) -> Row:
    """Return the row of a record and a schedule that is to reproduce it."""
    record = recorded()[library][key]
    rates = recorded_rates(library, key)
    applied = np.isfinite(rates)
    difference = np.abs(schedule(np.arange(rates.size)) - rates)[applied]
    return Row(
        library=library,
        schedule=key,
        version=record["version"],
        error=float(difference.max() / np.abs(rates[applied]).max()),
        tolerance=tolerance(library, key),
        past_end=past_end(rates, "error" in record, schedule),
    )


def past_end(rates: np.ndarray, raised: bool, schedule: Schedule) -> str:
    """Say what a library does past its end, from the recorded rates and where our phases end."""
    last = int(np.flatnonzero(np.isfinite(rates))[-1])
    if raised:
        return f"raises after t = {last} (rate {rates[last]:.2g})"
    if last < rates.size - 1:
        return f"run over after t = {last}"
    if rates.min() < 0.0:
        return f"negative from t = {int(np.flatnonzero(rates < 0.0)[0])}"
    settled = _settled(schedule)
    if settled >= rates.size:
        tail = schedule(np.arange(rates.size, 10 * rates.size))
        if np.any(np.diff(tail) > 0.0):
            return "rises again"
        if settled < math.inf:
            return f"held at {tail[-1]:.3g} from t = {settled}, unrecorded"
        return "goes on falling"
    rest = rates[settled:]
    return f"held at {rest[-1]:.3g}" if np.ptp(rest) <= 1e-6 * rates.max() else "moves"


def _settled(schedule: Schedule) -> float:
    """Return the step from which a schedule holds its last rate; inf when it never does."""
    if schedule.total_steps < math.inf:
        return int(schedule.total_steps)
    if not isinstance(schedule.phases[-1].shape, Constant):
        return math.inf
    return int(sum(phase.steps for phase in schedule.phases[:-1]))


def table() -> tuple[list[Row], list[Uncovered]]:
    """Return a row for every covered record, and the uncovered ones with their reasons."""
    rows, uncovered = [], []
    for library, entries in recorded().items():
        for key in entries:
            if (library, key) in _UNCOVERED:
                uncovered.append(Uncovered(library, key, _UNCOVERED[library, key]))
            else:
                rows.append(compare(library, key, ours(library, key)))
    return rows, uncovered


def table_text(rows: list[Row], uncovered: list[Uncovered]) -> str:
    """Return the table as aligned text, 110 columns wide."""
    lines = [f"{'library':<15}{'schedule':<47}{'error':>8}  past the end", "-" * _WIDTH]
    for row in rows:
        name = row.schedule if len(row.schedule) <= 46 else row.schedule[:45] + "…"
        mark = "" if row.within else "  OUT OF TOLERANCE"
        lines.append(f"{row.library:<15}{name:<47}{row.error:>8.1e}  {row.past_end}{mark}")
    lines += ["", f"{len(rows)} reproduced; {len(uncovered)} not covered:"]
    for item in uncovered:
        text = f"  {item.library} {item.schedule}: {item.reason}"
        lines += textwrap.wrap(text, _WIDTH, subsequent_indent="    ", drop_whitespace=True)
    lines += [
        "",
        "error: largest difference as a share of the largest recorded rate.",
        f"Allowed: {FLOAT64_TOLERANCE:g}; where the library computes in float32 "
        f"(optax, Keras, fastai's fit_*), {FLOAT32_TOLERANCE:g}",
        "and 4e-07 where Keras has taken off whole cycles in float32.",
    ]
    return "\n".join(lines)
