"""A schedule as optax code: optax's functions where they agree, else a small one of its own."""

from __future__ import annotations

import math

from course_lib.libraries.to_common import (
    Dialect,
    boundaries,
    ends_itself,
    folded,
    formula,
    is_staircase,
    length,
    number,
    rate,
)
from course_lib.schedules import Phase, Schedule
from course_lib.schedules import shapes as sh

_JNP = Dialect("optax", "jnp.", "jnp.pi", single=True, choose="jnp.where({0}, {1}, {2})".format)
_COMMENT = """\
# schedule(count) is the rate once `count` updates are done; give it to an optimizer as its
# learning rate. Counts are updates, not epochs.
"""


def optax_code(schedule: Schedule) -> str:
    """Return code that defines `schedule`, a function from the count to the rate (float32)."""
    if is_staircase(schedule) and len(schedule.phases) > 1 and _drops_only(schedule):
        return f"import optax\n\n{_COMMENT}schedule = {_piecewise_constant(schedule)}\n"
    functions, parts = [], []
    last = len(schedule.phases)
    for i, phase in enumerate(schedule.phases, 1):
        # A phase that is cut short must hold its rate from there on, if nothing follows.
        own = _own(phase) if i < last or ends_itself(phase) else None
        if own is None:
            own = f"phase_{i}"
            functions.append(_function(own, phase))
        parts.append(own)
    if len(parts) == 1:
        text = f"schedule = {parts[0]}\n"
    else:
        lines = ["schedule = optax.join_schedules(", "    ["]
        lines += [f"        {part}," for part in parts]
        lines += ["    ],", f"    boundaries={boundaries(schedule)},", ")", ""]
        text = "\n".join(lines)
    imports = "import jax.numpy as jnp\nimport optax\n" if functions else "import optax\n"
    return "\n\n".join([imports, *functions]) + f"\n{_COMMENT}{text}"


def _drops_only(schedule: Schedule) -> bool:
    """Whether no rate before the last is 0: optax scales each from the one before."""
    return all(phase.start > 0.0 for phase in schedule.phases[:-1])


def _piecewise_constant(schedule: Schedule) -> str:
    rates = [phase.start for phase in schedule.phases]
    steps = boundaries(schedule)
    scales = (f"{t}: {rate(b / a)}" for t, a, b in zip(steps, rates, rates[1:], strict=False))
    return f"optax.piecewise_constant_schedule({rate(rates[0])}, {{{', '.join(scales)}}})"


def _own(phase: Phase) -> str | None:
    """The optax function that gives the phase, or None."""
    shape, start, end = phase.shape, rate(phase.start), rate(phase.end)
    n = number(length(phase)) if length(phase) < math.inf else ""
    match shape:
        case sh.Constant():
            return f"optax.constant_schedule({start})"
        case sh.Polynomial(power=1.0):
            return f"optax.linear_schedule({start}, {end}, transition_steps={n})"
        case sh.Polynomial():
            power = rate(shape.power)
            return f"optax.polynomial_schedule({start}, {end}, {power}, transition_steps={n})"
        case sh.Cosine(warp=1.0) if phase.start != 0.0:
            options = "" if phase.end == 0.0 else f", alpha={rate(phase.end / phase.start)}"
            options += "" if shape.exponent == 1.0 else f", exponent={rate(shape.exponent)}"
            return f"optax.cosine_decay_schedule({start}, decay_steps={n}{options})"
        case sh.Drops() if phase.end == 0.0:
            return _exponential(start, shape.every, shape.drop, ", staircase=True")
        case sh.Exponential() if phase.end == 0.0:
            return _exponential(start, *folded(shape.gamma))
    return None


def _exponential(start: str, steps: int, decay_rate: float, option: str = "") -> str:
    return (
        f"optax.exponential_decay({start}, transition_steps={steps}, "
        f"decay_rate={rate(decay_rate)}{option})"
    )


def _function(name: str, phase: Phase) -> str:
    top = "None" if phase.steps == math.inf else number(phase.steps)
    lines = [f"def {name}(count):", f"    k = jnp.clip(count, 0, {top})"]
    body = formula(phase, _JNP)
    body[-1] = body[-1].replace("rate = ", "return ", 1)
    return "\n".join([*lines, *(f"    {line}" for line in body)]) + "\n"
