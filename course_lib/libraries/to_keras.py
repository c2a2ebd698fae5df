"""A schedule as Keras code: Keras' schedules where they agree, else a subclass with the formula."""

from __future__ import annotations

import math

from course_lib.libraries.to_common import (
    Dialect,
    boundaries,
    ends_itself,
    folded,
    formula,
    is_staircase,
    number,
    rate,
    whole,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh

_OPS = Dialect("keras", "ops.", "math.pi", single=True, choose="ops.where({0}, {1}, {2})".format)
_COMMENT = """\
# Give it to an optimizer as its learning_rate; Keras counts updates, not epochs.
"""


def keras_code(schedule: Schedule) -> str:
    """Return code that defines `schedule`: a number or a LearningRateSchedule (float32)."""
    own = _own(schedule)
    if own is None:
        return _subclass(schedule)
    if own.startswith("schedule = "):
        return f"{_COMMENT}{own}\n"
    note = ""
    if own.startswith("PiecewiseConstantDecay"):
        note = "# A boundary is the last step at the rate before it: one less than the milestone.\n"
    return f"import keras\n\n{_COMMENT}{note}schedule = keras.optimizers.schedules.{own}\n"


def _own(schedule: Schedule) -> str | None:
    """Keras' own call for the schedule, or None."""
    if is_staircase(schedule):
        rates = [phase.start for phase in schedule.phases]
        if len(rates) == 1:
            return f"schedule = {rate(rates[0])}"
        firsts = [first - 1 for first in boundaries(schedule)]
        values = ", ".join(rate(value) for value in rates)
        return f"PiecewiseConstantDecay(boundaries={firsts}, values=[{values}])"
    *before, last = schedule.phases
    if not ends_itself(last):
        return None
    if not before:
        return _single(last)
    rise = before[0]
    joined = len(before) == 1 and rise.end == last.start and ends_itself(rise)
    if joined and rise.shape == sh.Polynomial() and last.shape == sh.Cosine() and last.start != 0.0:
        return (
            f"CosineDecay({rate(rise.start)}, decay_steps={number(last.steps)}{_alpha(last)}, "
            f"warmup_target={rate(last.start)}, warmup_steps={number(rise.steps)})"
        )
    return None


def _single(phase: Phase) -> str | None:
    shape, start = phase.shape, rate(phase.start)
    n = number(phase.steps) if phase.steps < math.inf else ""
    match shape:
        case sh.Polynomial():
            return (
                f"PolynomialDecay({start}, decay_steps={n}, "
                f"end_learning_rate={rate(phase.end)}, power={rate(shape.power)})"
            )
        case sh.Cosine(exponent=1.0, warp=1.0) if phase.start != 0.0:
            return f"CosineDecay({start}, decay_steps={n}{_alpha(phase)})"
        # Keras finds the cycle with a logarithm in float32: that is right for whole mults over a
        # million steps, but with mult=1.1 a cycle may begin one update late as early as step 21.
        case sh.Restarts() if phase.start != 0.0 and whole(shape.period, shape.mult):
            return (
                f"CosineDecayRestarts({start}, first_decay_steps={number(shape.period)}, "
                f"t_mul={rate(shape.mult)}, m_mul={rate(shape.scale)}{_alpha(phase)})"
            )
    if phase.end != 0.0:
        return None
    match shape:
        case sh.Drops():
            return (
                f"ExponentialDecay({start}, decay_steps={number(shape.every)}, "
                f"decay_rate={rate(shape.drop)}, staircase=True)"
            )
        case sh.Exponential():
            n, base = folded(shape.gamma)
            return f"ExponentialDecay({start}, decay_steps={n}, decay_rate={rate(base)})"
        case sh.InverseTime(power=1.0):
            return f"InverseTimeDecay({start}, decay_steps=1, decay_rate={rate(shape.rate)})"
    return None


def _alpha(phase: Phase) -> str:
    return "" if phase.end == 0.0 else f", alpha={rate(phase.end / phase.start)}"


def _subclass(schedule: Schedule) -> str:
    lines, first = [], 0
    for phase in schedule.phases:
        top = "float('inf')" if phase.steps == math.inf else number(phase.steps)
        if first:
            lines.append("before = rate")
        if phase.shape != sh.Constant():
            lines.append(f"k = ops.clip(step - {first}, 0, {top})")
        lines += formula(phase, _OPS)
        if first:
            lines.append(f"rate = ops.where(step < {first}, before, rate)")
        first += phase.steps if phase.steps < math.inf else 0
    body = "\n".join(f"        {line}" for line in lines)
    imports = "import math\n\n" if "math." in body else ""
    return f'''{imports}import keras
from keras import ops


class CourseSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """The learning rate once `step` updates are done."""

    def __call__(self, step):
        step = ops.cast(step, "float32")
{body}
        return rate

    def get_config(self):
        return {{}}


{_COMMENT}schedule = CourseSchedule()
'''
