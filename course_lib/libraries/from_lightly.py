"""Converts lightly's scheduler (read and run with lightly 1.6.0 and torch 2.13).

float64, one `scheduler.step()` after each update, or each epoch; `base_lr` is the optimizer's rate.
"""

from __future__ import annotations

from course_lib.libraries.pieces import Phases, hold, ramp, wave
from course_lib.libraries.registry import converter
from course_lib.schedules.shapes import Cosine
from course_lib.validation import check_count, check_real


@converter("lightly.CosineWarmupScheduler")
def cosine_warmup_scheduler(
    *,
    base_lr: float,
    warmup_epochs: int,
    max_epochs: int,
    start_value: float = 1.0,
    end_value: float = 0.001,
    period: int | None = None,
    warmup_start_value: float = 0.0,
    warmup_end_value: float | None = None,
) -> Phases:
    """A line that reaches warmup_end_value at t = W - 1, then a cosine to end_value at T - 1, held.

    The values are factors of base_lr: end_value + (start_value - end_value) * (1 + cos(pi (t - W) /
    (T - W - 1))) / 2 from t = W on, with W = warmup_epochs and T = max_epochs, which includes the
    warmup; both count calls of step(). warmup_end_value is start_value by default, so the peak is
    used twice, at t = W - 1 and t = W. The first update is one step up the line.

    With a period the cosine goes down and up again in that many steps, for ever: T then only has to
    be >= W.
    """
    base = check_real("base_lr", base_lr)
    total = check_count("max_epochs", max_epochs)
    warmup = check_count("warmup_epochs", warmup_epochs, low=0)
    if warmup > total:
        raise ValueError(f"warmup_epochs must be <= max_epochs = {total}, got {warmup}")
    start = base * check_real("start_value", start_value)
    end = base * check_real("end_value", end_value)
    low = base * check_real("warmup_start_value", warmup_start_value)
    high = start
    if warmup_end_value is not None:
        high = base * check_real("warmup_end_value", warmup_end_value)
    first = low + (high - low) / max(warmup, 1)
    up = ramp(warmup - 1, first, high) + hold(high, min(warmup, 1))
    if period is not None:
        return up + wave(start, end, check_real("period", period, low_open=True) / 2)
    return up + ramp(total - warmup - 1, start, end, Cosine()) + hold(end)
