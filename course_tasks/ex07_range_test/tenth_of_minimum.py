"""Exercise 7, task 5: a tenth of the minimum."""

from __future__ import annotations

import numpy as np

from course_tasks.ex07_range_test.shared import falling_curve, relative
from course_tasks.task import Case, Hint, Misconception, Section, Task


def tenth_of_minimum(
    rates: np.ndarray, smoothed: np.ndarray, skip_start: int, skip_end: int
) -> float:
    kept = slice(skip_start, len(rates) - skip_end)
    return rates[kept][np.argmin(smoothed[kept])] / 10


def cases(rng: np.random.Generator) -> list[Case]:
    rates = np.geomspace(1e-3, 1.0, 7)
    by_hand = [
        ([3.0, 2.8, 2.0, 1.0, 1.5, 4.0, 9.0], 1, 1),
        ([0.5, 2.8, 2.0, 1.0, 1.5, 4.0, 9.0], 1, 0),  # an early value is too low by chance
        ([3.0, 2.8, 2.0, 1.0, 1.5, 4.0, 0.2], 2, 1),
        ([3.0, 2.8, 2.0, 1.0, 1.5, 4.0, 0.2], 2, 0),
        ([0.5, 2.8, 2.0, 2.0, 1.5, 0.7, 0.2], 3, 2),
        ([0.5, 2.8, 2.0, 2.0, 1.5, 0.7, 0.2], 0, 0),
        ([3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0], 3, 3),  # one value is left
        ([3.0, 2.8, 1.0, 2.0, 1.5, 4.0, 9.0], 2, 3),  # the lowest is the first that is kept
        ([3.0, 2.8, 2.0, 1.9, 1.5, 1.2, 9.0], 2, 1),  # … or the last
    ]
    cases = [
        {"rates": rates, "smoothed": np.array(curve), "skip_start": first, "skip_end": last}
        for curve, first, last in by_hand
    ]
    for _ in range(8):
        n = int(rng.integers(20, 60))
        rates, smoothed = falling_curve(rng, n)
        first, last = int(rng.integers(1, n // 4)), int(rng.integers(0, n // 5))
        smoothed[rng.integers(first)] = 0.05
        cases.append({"rates": rates, "smoothed": smoothed, "skip_start": first, "skip_end": last})
    return cases


TASK = Task(
    name="tenth_of_minimum",
    number=5,
    section=Section("07_range_test", "Eight rules"),
    points=2,
    reference=tenth_of_minimum,
    make_cases=cases,
    scale=relative,
    hints=(
        Hint(
            "I do not know how to begin",
            "First cut both arrays in the same way. Then find the index of the lowest value in "
            "the part that is left.",
        ),
        Hint(
            "My rate is too low, by some steps",
            "An index in the part is not the same index in the whole array. How many values lie "
            "before the part?",
        ),
        Hint(
            "`attempt to get argmin of an empty sequence`",
            "Look at `values[2:-0]`. Here -0 is 0, so the slice ends before it begins.",
        ),
    ),
    misconceptions=(
        Misconception(
            "nothing skipped",
            lambda rates, smoothed, skip_start, skip_end: rates[np.argmin(smoothed)] / 10,
            "You skip nothing. You take the lowest value of the whole curve, which may be an "
            "early average of only a few losses.",
        ),
        Misconception(
            "not divided",
            lambda rates, smoothed, skip_start, skip_end: (
                10 * tenth_of_minimum(rates, smoothed, skip_start, skip_end)
            ),
            "This is the rate of the minimum itself, where the loss is about to rise. The rule "
            "takes a tenth of it.",
        ),
        Misconception(
            "place in the piece",
            lambda rates, smoothed, skip_start, skip_end: (
                rates[np.argmin(smoothed[skip_start : len(rates) - skip_end])] / 10
            ),
            "You count the index in the part that is left, but use it in the whole array. Add "
            "the number of values that are skipped at the start.",
        ),
        Misconception(
            "only the start skipped",
            lambda rates, smoothed, skip_start, skip_end: tenth_of_minimum(
                rates, smoothed, skip_start, 0
            ),
            "You do not skip the values at the end. skip_end is not used.",
        ),
        Misconception(
            "skips exchanged",
            lambda rates, smoothed, skip_start, skip_end: tenth_of_minimum(
                rates, smoothed, skip_end, skip_start
            ),
            "skip_start and skip_end are swapped. The low rates come first.",
        ),
        Misconception(
            "the place for the rate",
            lambda rates, smoothed, skip_start, skip_end: (
                skip_start + np.argmin(smoothed[skip_start : len(rates) - skip_end])
            ),
            "This is the index of the lowest average. The task asks for a tenth of the rate at "
            "that index.",
        ),
        Misconception(
            "minus nothing",
            lambda rates, smoothed, skip_start, skip_end: (
                rates[skip_start:-skip_end][np.argmin(smoothed[skip_start:-skip_end])] / 10
            ),
            "A slice that ends at `-skip_end` is empty when skip_end is 0, because -0 is 0.",
        ),
        Misconception(
            "the loss for the rate",
            lambda rates, smoothed, skip_start, skip_end: (
                np.min(smoothed[skip_start : len(rates) - skip_end]) / 10
            ),
            "This is a tenth of the lowest *loss*. The task asks for a tenth of the rate there.",
        ),
    ),
)
