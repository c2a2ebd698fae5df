"""Exercise 7, task 5: a tenth of the minimum."""

from __future__ import annotations

import numpy as np

from course_tasks.ex07_range_test.shared import falling_curve, relative
from course_tasks.task import Case, Hint, Misconception, Task


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
    points=2,
    reference=tenth_of_minimum,
    make_cases=cases,
    scale=relative,
    hints=(
        Hint(
            "I do not know how to begin",
            "Cut both arrays in the same way first. Then look for the place of the lowest value, "
            "in the piece that is left.",
        ),
        Hint(
            "My rate is too low, by some steps",
            "A place in the piece is not the same place in the whole array. How much lies before "
            "the piece?",
        ),
        Hint(
            "`attempt to get argmin of an empty sequence`",
            "Look at `values[2:-0]`: minus nothing is 0, and so the slice ends before it begins.",
        ),
    ),
    misconceptions=(
        Misconception(
            "nothing skipped",
            lambda rates, smoothed, skip_start, skip_end: rates[np.argmin(smoothed)] / 10,
            "Nothing is skipped: the lowest value of the whole curve is read here, where an early "
            "average of almost no losses can be the lowest.",
        ),
        Misconception(
            "not divided",
            lambda rates, smoothed, skip_start, skip_end: (
                10 * tenth_of_minimum(rates, smoothed, skip_start, skip_end)
            ),
            "This is the rate of the minimum itself. There the loss is about to rise; the rule "
            "takes a tenth of it.",
        ),
        Misconception(
            "place in the piece",
            lambda rates, smoothed, skip_start, skip_end: (
                rates[np.argmin(smoothed[skip_start : len(rates) - skip_end])] / 10
            ),
            "The place is counted in the piece that is left, and used in the whole array: the "
            "values skipped at the start are missing from the count.",
        ),
        Misconception(
            "only the start skipped",
            lambda rates, smoothed, skip_start, skip_end: tenth_of_minimum(
                rates, smoothed, skip_start, 0
            ),
            "The end is not skipped: skip_end is not used.",
        ),
        Misconception(
            "skips exchanged",
            lambda rates, smoothed, skip_start, skip_end: tenth_of_minimum(
                rates, smoothed, skip_end, skip_start
            ),
            "skip_start and skip_end have changed places: the low rates come first.",
        ),
        Misconception(
            "the place for the rate",
            lambda rates, smoothed, skip_start, skip_end: (
                skip_start + np.argmin(smoothed[skip_start : len(rates) - skip_end])
            ),
            "This is the place of the lowest average. A tenth of the rate at that place is wanted.",
        ),
        Misconception(
            "minus nothing",
            lambda rates, smoothed, skip_start, skip_end: (
                rates[skip_start:-skip_end][np.argmin(smoothed[skip_start:-skip_end])] / 10
            ),
            "A slice that ends at `-skip_end` is empty when skip_end is 0, for -0 is 0.",
        ),
        Misconception(
            "the loss for the rate",
            lambda rates, smoothed, skip_start, skip_end: (
                np.min(smoothed[skip_start : len(rates) - skip_end]) / 10
            ),
            "This is a tenth of the lowest *loss*. A tenth of the rate at that place is wanted.",
        ),
    ),
)
