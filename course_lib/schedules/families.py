"""The course's schedules by name, as lesson 8 compares them: all but peak and length is fixed."""

from __future__ import annotations

from collections.abc import Callable

from course_lib import schedules
from course_lib.schedules.phases import Schedule

#: name -> (peak, updates) -> schedule
FAMILIES: dict[str, Callable[[float, int], Schedule]] = {
    "constant": lambda peak, n: schedules.constant(peak),
    "step": lambda peak, n: schedules.multi_step(peak, [n // 2, 3 * n // 4], drop=0.1),
    "exponential": lambda peak, n: schedules.exponential(peak, gamma=0.01 ** (1 / n)),
    "inverse sqrt": lambda peak, n: schedules.inverse_sqrt(peak, n // 10),
    "inverse time": lambda peak, n: schedules.inverse_time(peak, rate=10 / n),
    "polynomial": lambda peak, n: schedules.polynomial(peak, n, power=2),
    "linear": lambda peak, n: schedules.linear(peak, n),
    "cosine": lambda peak, n: schedules.cosine(peak, n),
    "restarts": lambda peak, n: schedules.cosine_restarts(peak, n // 3, mult=2),
    "warmup + cosine": lambda peak, n: schedules.warmup_cosine(peak, n // 10, n),
    "triangular": lambda peak, n: schedules.triangular(peak, peak / 25, n // 3),
    "1-cycle": lambda peak, n: schedules.one_cycle(peak, n),
    "WSD": lambda peak, n: schedules.wsd(peak, n // 10, n, n // 5),
}
