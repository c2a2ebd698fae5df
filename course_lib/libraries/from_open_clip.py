"""Converts the schedules of open_clip's training script (read in its source and run, 3.3.0).

Each is a function of the step that the script calls before update t with t, accumulation counted
in, and that assigns the rate to all groups, whatever their own. Warmups, lengths and cooldowns are
in updates; `steps` includes them. Nothing is clamped past the end.
"""

from __future__ import annotations

import math

from course_lib.libraries.pieces import Phases, hold, ramp, stretch, wave
from course_lib.libraries.registry import converter
from course_lib.schedules import Phase
from course_lib.schedules.library_shapes import Part
from course_lib.schedules.shapes import Polynomial
from course_lib.validation import check_count, check_real


def _warmup(base_lr: float, warmup_length: int, steps: int) -> tuple[float, int, int, Phases]:
    """Return the checked arguments, and base_lr * (t + 1) / warmup_length while t < it."""
    base, total = check_real("base_lr", base_lr), check_count("steps", steps)
    warmup = check_count("warmup_length", warmup_length, low=0)
    up = ramp(warmup - 1, base / max(warmup, 1), base) + hold(base, min(warmup, 1))
    return base, warmup, total, up


@converter("open_clip.const_lr")
def const_lr(*, base_lr: float, warmup_length: int, steps: int) -> Phases:
    """base_lr * (t + 1) / warmup_length, then base_lr for ever; `steps` has no effect.

    base_lr is reached at t = warmup_length - 1.
    """
    base, _, _, up = _warmup(base_lr, warmup_length, steps)
    return up + hold(base)


@converter("open_clip.const_lr_cooldown")
def const_lr_cooldown(
    *,
    base_lr: float,
    warmup_length: int,
    steps: int,
    cooldown_steps: int,
    cooldown_power: float = 1.0,
    cooldown_end_lr: float = 0.0,
) -> Phases:
    """The same, and from t = steps - cooldown_steps on a polynomial to cooldown_end_lr at `steps`.

    base_lr * (1 - u) ** cooldown_power, to cooldown_end_lr, a rate, in the place of 0. Past the end
    a whole power runs on below it or rises again; for any other Python gives a complex number, and
    the end is held here.
    """
    base, warmup, total, up = _warmup(base_lr, warmup_length, steps)
    cooldown = check_count("cooldown_steps", cooldown_steps, low=0)
    end = check_real("cooldown_end_lr", cooldown_end_lr)
    shape = Polynomial(check_real("cooldown_power", cooldown_power, low_open=True))
    up += hold(base, total - cooldown - warmup)
    if cooldown == 0:  # the script divides by zero at t = steps
        return up + hold(base)
    into = max(warmup - (total - cooldown), 0)
    if shape.power == int(shape.power):
        return (*up, Phase(math.inf, base, end, Part(shape, float(into), float(cooldown))))
    return up + stretch(cooldown - into, base, end, shape, into, cooldown) + hold(end)


@converter("open_clip.cosine_lr")
def cosine_lr(*, base_lr: float, warmup_length: int, steps: int) -> Phases:
    """base_lr * (t + 1) / warmup_length, then a half-cosine from base_lr at t = warmup_length to 0.

    base_lr is reached at t = warmup_length - 1 and again in the next update; 0 at t = steps, where
    it rises again. There is no floor.
    """
    base, warmup, total, up = _warmup(base_lr, warmup_length, steps)
    if total == warmup:  # the script divides by zero at t = steps
        return up + hold(base)
    return up + wave(base, 0.0, abs(total - warmup))
