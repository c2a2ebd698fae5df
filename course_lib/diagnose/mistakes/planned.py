"""A plan in any words: a library's call, one of our presets, a schedule, rates or a function."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from course_lib import schedules
from course_lib.diagnose.mistakes.followed_metrics import FollowedMetric, followed_metric
from course_lib.diagnose.mistakes.scheduler_lists import (
    PARAM_SCHEDULER,
    are_schedulers,
    updates_in_an_epoch,
)
from course_lib.diagnose.mistakes.written_calls import PRESETS, call_in
from course_lib.diagnose.rate_log import RateLog
from course_lib.libraries.registry import follower_names, from_library, signature
from course_lib.schedules import Schedule
from course_lib.validation import check_count, check_real

PLAN_UNITS = ("update", "epoch")
# Libraries that compute in float32, and how far such rates may be off as a share of the peak.
_SINGLE = ("optax.", "keras.", "mindspore.", "mlx.")
_SINGLE_SLACK = 4e-7
_SLACK = 1e-10  # recursions of float64 over many thousand updates
_MOST_VARIANTS = 20_000
_BATCHES = re.compile(r"(\d+)ba")
_BASE_LR = re.compile(
    r"#\s*(?:base|first) lr (\d+(?:\.\d+)?(?:e[-+]?\d+)?)$"
)  # as `diagnose` writes it


@dataclass(frozen=True, eq=False)
class PlannedRates:
    """The rates that a run was meant to have, as a function of its counter.

    Attributes:
        rate_at: function from t, an array of numbers >= 0 in `unit`, to rates of its shape.
        words: the plan as its author wrote it.
        unit: unit of t: "update", "epoch"; None: that of the log.
        total_steps: length of the plan in `unit`; `math.inf` where it has no end.
        steps_per_epoch: updates in an epoch; None: unknown.
        call: the plan's function, as `from_library` or `course_lib.schedules` names it; "": none.
        arguments: keyword arguments of the call.
        slack: largest difference that rounding alone may make, as a share of the peak.
        follows: the metric of a plateau rule, where it was read from a log.
        variants: plans that `changed` has made of this one.

    >>> plan = read_plan("torch.CosineAnnealingLR(T_max=90, base_lr=0.1)", unit="epoch")
    >>> plan.rate_at([0, 45, 90]).round(3), plan.total_steps
    (array([0.1 , 0.05, 0.  ]), 90)
    """

    rate_at: Callable[[np.ndarray], np.ndarray]
    words: str
    unit: str | None = None
    total_steps: float = math.inf
    steps_per_epoch: int | None = None
    call: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    slack: float = _SLACK
    follows: FollowedMetric | None = None
    variants: dict[str, PlannedRates] = field(default_factory=dict, repr=False)

    def changed(self, changes: Mapping[tuple, Any]) -> PlannedRates:
        """Return the plan with other arguments in its call.

        Args:
            changes: path of an argument -> value, as `leaves` gives it.

        Raises:
            ValueError, TypeError: the call refuses a value.
        """
        key = repr(changes)
        if key not in self.variants:
            arguments = _copied(self.arguments)
            for path, value in changes.items():
                _put(arguments, path, value)
            if len(self.variants) >= _MOST_VARIANTS:
                self.variants.clear()
            self.variants[key] = replace(
                _of_call(self.call, arguments, self.words, self.follows),
                unit=self.unit,
                steps_per_epoch=self.steps_per_epoch,
            )
        return self.variants[key]

    def following(self, metric: FollowedMetric) -> PlannedRates:
        """Return the same plateau rule on another metric."""
        return replace(
            _of_call(self.call, dict(self.arguments), self.words, metric),
            unit=self.unit,
            steps_per_epoch=self.steps_per_epoch,
        )

    def leaves(self) -> Iterator[tuple[tuple, Any]]:
        """Yield (path, value) for every number, list of numbers or length in batches."""
        yield from _leaves(self.arguments, ())


def read_plan(
    plan: Any,
    *,
    base_lr: float | Sequence[float] | None = None,
    unit: str | None = None,
    steps_per_epoch: int | None = None,
    total_steps: int | None = None,
    log: RateLog | None = None,
) -> PlannedRates | tuple[PlannedRates, ...]:
    """Return a plan that was written in any of several ways.

    Args:
        plan: a library's call as text (`"torch.StepLR(step_size=30, base_lr=0.1)"`, any name that
            `from_library` converts; an `optimizer` in it is passed over), a preset's
            (`"warmup_cosine(0.1, 500, 9000)"`), a `Schedule`, its JSON as text or in a file
            `….json`, a list of rates, or a function from t to the rate. Also MMEngine's
            `param_scheduler`, as a configuration or `diagnose` writes it: schedulers that act
            together. A list of other plans is one for each parameter group.
        base_lr: rate of the optimizer where the call does not say it; a list of them makes one plan
            for each parameter group.
        unit: unit of the plan's lengths: "update" or "epoch"; None: the log's own.
        steps_per_epoch: updates in an epoch.
        total_steps: length of the run in the plan's unit; None: as the plan says.
        log: run that made the record of the metric, for a plateau rule; None: a plateau rule must
            be given `metrics` in its call.

    Returns:
        The plan, or a tuple of them, one for each parameter group.

    Raises:
        ValueError: text that is no such call; an argument out of its range.
        TypeError: a plan of another type; an argument of the wrong type.

    >>> read_plan("warmup_cosine(0.1, warmup_steps=10, total_steps=100)").rate_at([0, 10, 100])
    array([0.01, 0.1 , 0.  ])
    >>> groups = read_plan("torch.StepLR(step_size=9)", base_lr=[0.1, 1.0])
    >>> [float(plan.rate_at([8])[0]) for plan in groups]
    [0.1, 1.0]
    """
    if unit is not None and unit not in PLAN_UNITS:
        raise ValueError(f"unit must be one of {PLAN_UNITS} or None, got {unit!r}")
    if steps_per_epoch is not None:
        check_count("steps_per_epoch", steps_per_epoch)
    options = {
        "unit": unit,
        "steps_per_epoch": steps_per_epoch,
        "total_steps": total_steps,
        "log": log,
    }
    if isinstance(base_lr, list | tuple | np.ndarray):
        return tuple(read_plan(plan, base_lr=float(rate), **options) for rate in base_lr)
    is_list = isinstance(plan, list | tuple) and not are_schedulers(plan)
    if is_list and not all(_is_number(item) for item in plan):
        plans = [read_plan(item, base_lr=base_lr, **options) for item in plan]
        if not plans or not all(isinstance(item, PlannedRates) for item in plans):
            raise ValueError("plan must hold one plan for each parameter group")
        return tuple(plans)
    read = plan
    if not isinstance(plan, PlannedRates):
        read = _read_one(plan, _Run(base_lr, unit, steps_per_epoch, log))
    if total_steps is not None:
        read = replace(read, total_steps=check_count("total_steps", total_steps))
    if read.follows is not None and log is not None:
        unit = log.unit  # a rule is called where the log has its metric
    return replace(
        read, unit=unit or read.unit, steps_per_epoch=steps_per_epoch or read.steps_per_epoch
    )


@dataclass(frozen=True)
class _Run:
    """What `read_plan` was told of the run, which a call may leave out."""

    base_lr: float | None
    unit: str | None
    steps_per_epoch: int | None
    log: RateLog | None

    def completed(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of a library's call with those that the run says."""
        own = {}
        if self.base_lr is not None and "base_lr" in signature(name).parameters:
            own["base_lr"] = self.base_lr
        if name.startswith("mmengine."):
            unit = self.unit or (self.log.unit if self.log is not None else None)
            length = updates_in_an_epoch(arguments, unit, self.steps_per_epoch)
            own |= {} if length is None else {"batches_per_epoch": length}
        return own | arguments


def _read_one(plan: Any, run: _Run) -> PlannedRates:
    if isinstance(plan, str | Path):
        return _of_text(str(plan).strip(), run)
    if are_schedulers(plan):
        arguments = run.completed(PARAM_SCHEDULER, {"param_scheduler": plan})
        return _of_call(PARAM_SCHEDULER, arguments, str(plan))
    if isinstance(plan, Schedule):
        return _of_schedule(plan, f"the schedule {plan.name!r}")
    if isinstance(plan, list | tuple | np.ndarray):
        return _of_rates(plan)
    if callable(plan) and not isinstance(plan, type):
        name = getattr(plan, "__name__", type(plan).__name__)
        return PlannedRates(_each(plan), f"the function {name}")
    raise TypeError(
        "plan must be text, a Schedule, a list of rates or a function of the step, got "
        + (f"the class {plan.__name__}" if isinstance(plan, type) else type(plan).__name__)
    )


def _of_text(text: str, run: _Run) -> PlannedRates:
    if text.endswith(".json"):
        path = Path(text)
        if not path.is_file():
            raise ValueError(f"plan: there is no file {text!r}")
        text = path.read_text(encoding="utf-8").strip()
    if text.startswith(("{", "[")):
        try:
            data = json.loads(text)
        except ValueError:
            data = None
        if isinstance(data, list) and all(_is_number(item) for item in data):
            return _of_rates(data)
        if isinstance(data, dict) and "type" not in data:
            schedule = Schedule.from_json(text)
            return _of_schedule(schedule, f"the schedule {schedule.name!r}")
    name, arguments = call_in(text)
    if run.base_lr is None and (said := _BASE_LR.search(text)):
        run = replace(run, base_lr=float(said[1]))
    if name not in PRESETS:
        arguments = run.completed(name, arguments)
    log, follows = run.log, None
    if log is not None and name in follower_names() and "metrics" not in arguments:
        follows = followed_metric(log, name, signature(name), arguments)
    return _of_call(name, arguments, text, follows)


def _of_call(
    name: str, arguments: dict[str, Any], words: str, follows: FollowedMetric | None = None
) -> PlannedRates:
    if name in PRESETS:
        schedule = getattr(schedules, name)(**arguments)
    elif follows is None:
        schedule = from_library(name, **arguments)
    else:
        schedule = from_library(name, **arguments, metrics=follows.values.tolist())
    plan = _of_schedule(schedule, words)
    if follows is not None:
        plan = _called(plan, follows)
    total = _length_said(arguments) if plan.total_steps == math.inf else plan.total_steps
    return replace(
        plan,
        call=name,
        arguments=arguments,
        total_steps=total,
        slack=_SINGLE_SLACK if name.startswith(_SINGLE) else _SLACK,
    )


def _called(rule: PlannedRates, follows: FollowedMetric) -> PlannedRates:
    """Return a rule that is stepped where the log has its metric, with t in the log's unit."""
    return replace(rule, rate_at=lambda t: rule.rate_at(follows.calls(t)), follows=follows)


# Arguments that say how long the whole run is meant to be, although the curve goes on after it.
_WHOLE = ("total_steps", "num_training_steps", "T_max", "t_initial", "lr_decay_iters", "n_batches")


def _length_said(arguments: Mapping[str, Any]) -> float:
    for name in _WHOLE:
        if name in arguments:
            return arguments[name]
    if "schedulers" in arguments and arguments.get("milestones"):
        last = _length_said(arguments["schedulers"][-1][1])
        return arguments["milestones"][-1] + last
    return math.inf


def _of_schedule(schedule: Schedule, words: str) -> PlannedRates:
    def rate_at(t: np.ndarray) -> np.ndarray:
        return schedule(np.floor(np.asarray(t, dtype=np.float64) + 1e-6).astype(np.int64))

    return PlannedRates(rate_at, words, total_steps=schedule.total_steps)


def _of_rates(rates: Sequence[float]) -> PlannedRates:
    values = np.array([check_real("plan", rate, low=-math.inf) for rate in rates])
    if values.size == 0:
        raise ValueError("plan must hold one rate or more, got none")

    def rate_at(t: np.ndarray) -> np.ndarray:
        return values[np.clip(np.asarray(t) + 1e-6, 0, values.size - 1).astype(np.int64)]

    return PlannedRates(rate_at, f"{values.size} rates", total_steps=values.size)


def _each(function: Callable[[int], float]) -> Callable[[np.ndarray], np.ndarray]:
    known: dict[int, float] = {}

    def rate_at(t: np.ndarray) -> np.ndarray:
        steps = np.floor(np.asarray(t, dtype=np.float64) + 1e-6).astype(np.int64)
        for step in np.unique(steps).tolist():
            if step not in known:
                known[step] = check_real(f"plan({step})", function(step), low=-math.inf)
        return np.array([known[step] for step in steps.ravel().tolist()]).reshape(steps.shape)

    return rate_at


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, bool)


def _copied(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_copied(item) for item in value]
    return value


def _put(arguments: Any, path: tuple, value: Any) -> None:
    for key in path[:-1]:
        arguments = arguments[key]
    arguments[path[-1]] = value


def _leaves(value: Any, path: tuple) -> Iterator[tuple[tuple, Any]]:
    if _is_number(value) or (isinstance(value, str) and _BATCHES.fullmatch(value)):
        yield path, value
    elif isinstance(value, list | tuple) and value and all(_is_number(item) for item in value):
        yield path, list(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
