"""Exercise 7, third part: two rules that read a range test."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def _tenth_of_minimum(
    rates: np.ndarray, smoothed: np.ndarray, skip_start: int, skip_end: int
) -> float:
    kept = slice(skip_start, len(rates) - skip_end)
    return rates[kept][np.argmin(smoothed[kept])] / 10


def _curve(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rates, not evenly spaced, and a loss that falls in uneven steps and rises again."""
    rates = np.exp(np.cumsum(rng.uniform(0.05, 0.6, size=n))) * 10 ** rng.uniform(-6, -3)
    low = int(n * rng.uniform(0.5, 0.75))
    change = np.where(np.arange(n) < low, -1.0, 1.5) * rng.uniform(0.2, 1.0, size=n) / low
    smoothed = 2.0 + np.cumsum(change) - change[0]
    return rates, smoothed - min(0.0, smoothed.min()) + 0.1


def _minimum_cases(rng: np.random.Generator) -> list[Case]:
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
        rates, smoothed = _curve(rng, n)
        first, last = int(rng.integers(1, n // 4)), int(rng.integers(0, n // 5))
        smoothed[rng.integers(first)] = 0.05
        cases.append({"rates": rates, "smoothed": smoothed, "skip_start": first, "skip_end": last})
    return cases


def _steepest_rate(rates: np.ndarray, smoothed: np.ndarray) -> float:
    slopes = np.diff(smoothed) / np.diff(np.log(rates))
    return rates[np.argmin(slopes)]


def _steepest_cases(rng: np.random.Generator) -> list[Case]:
    by_hand = [
        # Rates a factor of 2, 8, 2, 4, 2 apart; falls of 0.5, 1, 0.6, 0.7 and a rise.
        ([0.001, 0.002, 0.016, 0.032, 0.128, 0.256], [4.0, 3.5, 2.5, 1.9, 1.2, 5.0]),
        ([0.01, 0.1, 1.0], [2.0, 1.0, 3.0]),
        ([0.1, 0.2, 0.8, 1.6], [3.0, 2.5, 1.9, 1.0]),  # at the last step
        ([0.1, 0.2], [2.0, 1.0]),
        ([0.1, 0.4, 0.5, 2.0], [1.0, 2.0, 3.0, 3.5]),  # it rises all the way
    ]
    cases = [{"rates": np.array(x), "smoothed": np.array(y)} for x, y in by_hand]
    for _ in range(10):
        rates, smoothed = _curve(rng, int(rng.integers(20, 60)))
        cases.append({"rates": rates, "smoothed": smoothed})
    return cases


def _relative(case: Case, expected: np.ndarray) -> float:
    """Rates of a sweep differ by many decades: each is held against itself."""
    return 0.0


TENTH_OF_MINIMUM = Task(
    name="tenth_of_minimum",
    points=2,
    reference=_tenth_of_minimum,
    make_cases=_minimum_cases,
    scale=_relative,
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
                10 * _tenth_of_minimum(rates, smoothed, skip_start, skip_end)
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
            lambda rates, smoothed, skip_start, skip_end: _tenth_of_minimum(
                rates, smoothed, skip_start, 0
            ),
            "The end is not skipped: skip_end is not used.",
        ),
        Misconception(
            "skips exchanged",
            lambda rates, smoothed, skip_start, skip_end: _tenth_of_minimum(
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

STEEPEST_RATE = Task(
    name="steepest_rate",
    points=2,
    reference=_steepest_rate,
    make_cases=_steepest_cases,
    scale=_relative,
    hints=(
        Hint(
            "I do not know how to begin",
            "`np.diff` gives the differences of neighbours. Which two differences make a slope "
            "over the logarithm of the rate?",
        ),
        Hint(
            "I land on the steepest *rise*",
            "A fall has a negative slope. Of two falls the steeper one has the smaller slope.",
        ),
        Hint(
            "I am one point off",
            "There is one slope fewer than there are points. Slope 0 lies between the points 0 "
            "and 1; which of them does the rule take?",
        ),
    ),
    misconceptions=(
        Misconception(
            "over the rate itself",
            lambda rates, smoothed: rates[np.argmin(np.diff(smoothed) / np.diff(rates))],
            "These are slopes over the rate itself, as Lightning takes them. At low rates they "
            "are enormous, for hardly anything; take the logarithm of the rate first.",
        ),
        Misconception(
            "per step",
            lambda rates, smoothed: rates[np.argmin(np.diff(smoothed))],
            "This is the largest fall from one point to the next, as in torch-lr-finder. The "
            "steps are not equally long on the logarithmic axis, so the fall has to be divided "
            "by their length.",
        ),
        Misconception(
            "end of the step",
            lambda rates, smoothed: rates[
                1 + np.argmin(np.diff(smoothed) / np.diff(np.log(rates)))
            ],
            "This is the rate at which the steepest step ends. The rule takes the one at which it "
            "begins.",
        ),
        Misconception(
            "steepest rise",
            lambda rates, smoothed: rates[np.argmax(np.diff(smoothed) / np.diff(np.log(rates)))],
            "This is where the loss *rises* fastest: the run breaks down there.",
        ),
        Misconception(
            "the slope at the points",
            lambda rates, smoothed: rates[np.argmin(np.gradient(smoothed, np.log(rates)))],
            "`np.gradient` takes the slope at a point, from both its neighbours. The rule takes "
            "the steps between neighbouring points.",
        ),
        Misconception(
            "the place for the rate",
            lambda rates, smoothed: np.argmin(np.diff(smoothed) / np.diff(np.log(rates))),
            "This is the number k of the steepest step. The rate there is wanted.",
        ),
        Misconception(
            "the logarithm of the rate",
            lambda rates, smoothed: np.log(_steepest_rate(rates, smoothed)),
            "This is the logarithm of the rate. It only serves the slopes; the rate itself is "
            "wanted.",
        ),
        Misconception(
            "steepest either way",
            lambda rates, smoothed: rates[
                np.argmax(np.abs(np.diff(smoothed) / np.diff(np.log(rates))))
            ],
            "This takes the size of the slope and forgets its sign, so a steep rise wins.",
        ),
    ),
)
