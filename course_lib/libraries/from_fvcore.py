"""Converts fvcore's parameter schedulers (read in its source and run, release 0.1.5.post20221221).

They are functions of `where`, the share of the run that is done, and know no length: here
where = t / total_steps, as detectron2 has it. The last update has where = 1 - 1 / total_steps.
Boundaries act where where + 1e-6 reaches them, some updates early in a run of millions.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from course_lib.libraries.pieces import Phases
from course_lib.libraries.registry import (
    check_arguments,
    check_choice,
    check_pairs,
    check_steps,
    converter,
)
from course_lib.libraries.share_curves import (
    EPSILON,
    CompositeCurve,
    ShareCurve,
    SmoothCurve,
    StepCurve,
)
from course_lib.schedules.shapes import CosineWave, Exponential, Geometric, Polynomial
from course_lib.validation import check_count, check_real


def curve_of(name: str, arguments: dict[str, Any]) -> ShareCurve:
    """Return the curve over the run of a scheduler of fvcore.

    Args:
        name: name of a converter here, such as "fvcore.LinearParamScheduler".
        arguments: its arguments without total_steps.

    Raises:
        ValueError, TypeError: an unknown name, an argument that is out of range or not there.
    """
    check_choice("scheduler", name, list(_CURVES))
    check_arguments(name, arguments, outside=["total_steps"])
    return _CURVES[name](**arguments)


def _constant(*, value: float) -> ShareCurve:
    return StepCurve((check_real("value", value),), lambda where: int(where >= 1.0))


def _cosine(*, start_value: float, end_value: float) -> ShareCurve:
    start = check_real("start_value", start_value)
    return SmoothCurve(start, check_real("end_value", end_value), CosineWave(1.0))


def _linear(*, start_value: float, end_value: float) -> ShareCurve:
    start = check_real("start_value", start_value)
    return SmoothCurve(start, check_real("end_value", end_value), Polynomial())


def _exponential(*, start_value: float, decay: float) -> ShareCurve:
    start = check_real("start_value", start_value)
    share = check_real("decay", decay, low_open=True)
    if share < 1.0:
        return SmoothCurve(start, start * share, Geometric(share))
    return SmoothCurve(start, 0.0, Exponential(share))


def _polynomial(*, base_value: float, power: float) -> ShareCurve:
    base = check_real("base_value", base_value)
    shape = Polynomial(check_real("power", power, low_open=True))
    return SmoothCurve(base, 0.0, shape, endless=shape.power == int(shape.power))


def _values(values: Any) -> tuple[float, ...]:
    if not isinstance(values, list | tuple) or not values:
        raise TypeError(f"values must be a list of at least one rate, got {values!r}")
    return tuple(check_real("values", value) for value in values)


def _multi_step(
    *,
    values: Sequence[float],
    num_updates: int | None = None,
    milestones: Sequence[int] | None = None,
) -> ShareCurve:
    rates = _values(values)
    if num_updates is None and milestones is None:
        raise TypeError("fvcore.MultiStepParamScheduler needs num_updates or milestones")
    if milestones is None:
        width = math.ceil(check_count("num_updates", num_updates) / len(rates))
        marks = [width * number for number in range(1, len(rates))]
    else:
        marks = check_steps("milestones", milestones)
        needed = len(rates) - (num_updates is not None)
        if len(marks) != needed:
            raise ValueError(f"milestones must hold {needed}, got {len(marks)}")
    total = marks.pop() if num_updates is None else check_count("num_updates", num_updates)
    if total < len(rates):
        raise ValueError(f"num_updates must be >= the number of values, got {total}")
    edges = [0, *marks, total]
    if any(after <= before for before, after in itertools.pairwise(edges)):
        raise ValueError(f"milestones must rise from > 0 to < num_updates = {total}, got {marks}")
    return StepCurve(rates, lambda where: bisect_right(marks, int((where + EPSILON) * total)))


def _step(*, num_updates: float, values: Sequence[float]) -> ShareCurve:
    check_real("num_updates", num_updates, low_open=True)
    rates = _values(values)
    return StepCurve(rates, lambda where: int((where + EPSILON) * len(rates)))


def _fixed_gamma(
    *, base_value: float, num_decays: int, gamma: float, num_updates: int
) -> ShareCurve:
    check_count("num_updates", num_updates)
    base = check_real("base_value", base_value, low_open=True)
    factor = check_real("gamma", gamma, low_open=True)
    rates = [base]
    for _ in range(check_count("num_decays", num_decays)):
        rates.append(rates[-1] * factor)
    return _step(num_updates=num_updates, values=rates)


def _composite(
    *, schedulers: Any, lengths: Sequence[float], interval_scaling: Sequence[str]
) -> ShareCurve:
    curves = [
        curve_of(name, arguments) for name, arguments in check_pairs("schedulers", schedulers)
    ]
    for name, given in (("lengths", lengths), ("interval_scaling", interval_scaling)):
        if not isinstance(given, list | tuple) or len(given) != len(curves):
            raise ValueError(f"{name} must have one entry a scheduler, got {given!r}")
    for scaling in interval_scaling:
        check_choice("interval_scaling", scaling, ["rescaled", "fixed"])
    shares = [check_real("lengths", length, high=1.0) for length in lengths]
    if abs(sum(shares) - 1.0) >= 1e-3:
        raise ValueError(f"lengths must sum to 1, got {lengths!r}")
    if sum(shares) != 1.0:
        shares[-1] = 1.0 - sum(shares[:-1])
    rescaled = tuple(scaling == "rescaled" for scaling in interval_scaling)
    return CompositeCurve(tuple(curves), tuple(shares), rescaled)


_CURVES = {
    "fvcore.ConstantParamScheduler": _constant,
    "fvcore.CosineParamScheduler": _cosine,
    "fvcore.LinearParamScheduler": _linear,
    "fvcore.ExponentialParamScheduler": _exponential,
    "fvcore.PolynomialDecayParamScheduler": _polynomial,
    "fvcore.MultiStepParamScheduler": _multi_step,
    "fvcore.StepParamScheduler": _step,
    "fvcore.StepWithFixedGammaParamScheduler": _fixed_gamma,
    "fvcore.CompositeParamScheduler": _composite,
}


@converter("fvcore.ConstantParamScheduler")
def constant_param_scheduler(*, value: float, total_steps: int) -> Phases:
    """`value`; asked at where = 1, at t = total_steps, the library raises: held here."""
    return _constant(value=value).phases(total_steps)


@converter("fvcore.CosineParamScheduler")
def cosine_param_scheduler(*, start_value: float, end_value: float, total_steps: int) -> Phases:
    """A half-cosine from start_value to end_value at t = total_steps; then it rises again."""
    return _cosine(start_value=start_value, end_value=end_value).phases(total_steps)


@converter("fvcore.LinearParamScheduler")
def linear_param_scheduler(*, start_value: float, end_value: float, total_steps: int) -> Phases:
    """A line from start_value to end_value at t = total_steps, and on below it, for ever."""
    return _linear(start_value=start_value, end_value=end_value).phases(total_steps)


@converter("fvcore.ExponentialParamScheduler")
def exponential_param_scheduler(*, start_value: float, decay: float, total_steps: int) -> Phases:
    """start_value * decay ** (t / total_steps), for ever: decay is the factor of the whole run."""
    return _exponential(start_value=start_value, decay=decay).phases(total_steps)


@converter("fvcore.PolynomialDecayParamScheduler")
def polynomial_decay_param_scheduler(
    *, base_value: float, power: float, total_steps: int
) -> Phases:
    """base_value * (1 - t / total_steps) ** power.

    Past the end a whole power goes on, negative or rising; any other gives a complex number, and 0
    is held here.
    """
    return _polynomial(base_value=base_value, power=power).phases(total_steps)


@converter("fvcore.MultiStepParamScheduler")
def multi_step_param_scheduler(
    *,
    values: Sequence[float],
    num_updates: int | None = None,
    milestones: Sequence[int] | None = None,
    total_steps: int,
) -> Phases:
    """values[number of milestones <= t * num_updates / total_steps].

    Without num_updates the last milestone is the end; without milestones num_updates is cut into
    equal ranges, whose length is rounded up. The last value is held (the library raises past
    t = total_steps).
    """
    curve = _multi_step(values=values, num_updates=num_updates, milestones=milestones)
    return curve.phases(total_steps)


@converter("fvcore.StepParamScheduler")
def step_param_scheduler(
    *, num_updates: float, values: Sequence[float], total_steps: int
) -> Phases:
    """values[floor(len(values) * t / total_steps)]: num_updates is checked and not used.

    The library raises IndexError at t = total_steps (in a run of a million updates or more, before
    it); the last value is held here.
    """
    return _step(num_updates=num_updates, values=values).phases(total_steps)


@converter("fvcore.StepWithFixedGammaParamScheduler")
def step_with_fixed_gamma_param_scheduler(
    *, base_value: float, num_decays: int, gamma: float, num_updates: int, total_steps: int
) -> Phases:
    """base_value * gamma ** floor((num_decays + 1) * t / total_steps); num_updates is not used.

    Past the end it is `fvcore.StepParamScheduler`.
    """
    curve = _fixed_gamma(
        base_value=base_value, num_decays=num_decays, gamma=gamma, num_updates=num_updates
    )
    return curve.phases(total_steps)


@converter("fvcore.CompositeParamScheduler")
def composite_param_scheduler(
    *,
    schedulers: Any,
    lengths: Sequence[float],
    interval_scaling: Sequence[str],
    total_steps: int,
) -> Phases:
    """Scheduler i over the share lengths[i] of the run; the next begins where its share is over.

    `schedulers` is a list of (name, arguments) pairs without total_steps. A "rescaled" one runs its
    whole course in its share, a "fixed" one is asked at where itself: it has done a part of its
    course before it begins. The last one goes on past the end, as it does alone.
    """
    curve = _composite(schedulers=schedulers, lengths=lengths, interval_scaling=interval_scaling)
    return curve.phases(total_steps)
