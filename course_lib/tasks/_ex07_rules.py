"""Exercise 7, last part: two rules that read a range test, and a peak from short trainings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from course_lib.tasks.task import Case, Given, Hint, Misconception, Score, Task

if TYPE_CHECKING:
    from course_lib.given.range_tests import Trainings

_BUDGET = 14  # course_lib.given.range_tests.BUDGET, which is imported late: it is slow
_FULL, _NONE = 1.1, 4.0  # times the best loss: worth all points, worth none


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


def _choose_peak(train):
    losses = {rate: train(rate) for rate in 10.0 ** np.arange(-5, 3)}
    factor = 10.0
    for _ in range(3):
        factor = np.sqrt(factor)
        middle = min(losses, key=losses.get)
        losses |= {rate: train(rate) for rate in (middle / factor, middle * factor)}
    return min(losses, key=losses.get)


def _models(rng: np.random.Generator) -> list[Case]:
    """Return eight models; all their best peaks are 0.2 to 0.7 over these curvatures."""
    curvatures = [10 ** (tens + rng.uniform(-0.4, 0.4)) for tens in (-1.4, -0.5, 0.5, 1.5, 2.4, 3)]
    settings = [  # first the ends of what is allowed
        {"curvature": 1.5e4, "spread": 3.0, "noise": 0.12, "steps": 60},
        {"curvature": 0.0155, "spread": 3.0, "noise": 0.35, "steps": 60},
    ] + [
        {
            "curvature": float(curvature),
            "spread": float(rng.uniform(2, 4)),
            "noise": float(noise * rng.uniform(0.9, 1.1)),
            "steps": int(rng.integers(40, 81)),
        }
        for curvature, noise in zip(curvatures, [0.2, 0.12, 0.35, 0.2, 0.3, 0.15], strict=True)
    ]
    return [
        {"train": Given("given.range_tests.Trainings", number=number, **setting)}
        for number, setting in enumerate(settings, 1)
    ]


def _peak_score(case: Case, answer: np.ndarray) -> Score:
    from course_lib.given import range_tests

    train = case["train"].build()
    peak = float(answer)
    loss, best = range_tests.loss_at(train, peak), range_tests.lowest_loss(train)
    times = min(max(loss / best, _FULL), _NONE)
    fraction = math.log(_NONE / times) / math.log(_NONE / _FULL)
    end = f"ends at {loss:.3g}" if loss < math.inf else "diverges"
    return Score(
        fraction,
        f"model {train.number}: a peak of {peak:.3g} {end}; the best there is: {best:.3g}; "
        f"{fraction:.0%}",
    )


def _even_grid(train: Trainings) -> tuple[np.ndarray, np.ndarray]:
    rates = np.geomspace(1e-5, 1e2, _BUDGET)
    return rates, np.array([train(rate) for rate in rates])


def _largest_that_ends(train):
    losses = {rate: train(rate) for rate in 10.0 ** np.arange(-5, 3)}
    low = max(rate for rate in losses if math.isfinite(losses[rate]))
    high = 10 * low
    for _ in range(_BUDGET - len(losses)):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if math.isfinite(train(middle)) else (low, middle)
    return low


def _steepest_fall(train):
    rates, losses = _even_grid(train)
    losses = losses[np.isfinite(losses)]
    return rates[np.argmin(np.diff(losses))]


def _best_of_one_grid(train):
    rates, losses = _even_grid(train)
    return rates[np.argmin(losses)]


def _best_decade(train):
    rates = 10.0 ** np.arange(-5, 3)
    return min(rates, key=train)


def _too_many_calls(train):
    return min(np.geomspace(1e-5, 1e2, 100), key=train)


def _tenth_of_divergence(train):
    return _largest_that_ends(train) / 10


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
            "steepest either way",
            lambda rates, smoothed: rates[
                np.argmax(np.abs(np.diff(smoothed) / np.diff(np.log(rates))))
            ],
            "This takes the size of the slope and forgets its sign, so a steep rise wins.",
        ),
    ),
)

CHOOSE_PEAK = Task(
    name="choose_peak",
    points=4,
    reference=_choose_peak,
    make_cases=_models,
    score=_peak_score,
    hints=(
        Hint(
            "I do not know how to begin",
            "Find the order of magnitude first. A handful of rates, far apart, shows which "
            "decade is the best. How many calls are left then?",
        ),
        Hint(
            "I run out of calls",
            "Rates that are spread evenly over the whole range are mostly wasted: most lie "
            "where you know already that nothing good is. Spend the rest near the best so far.",
        ),
        Hint(
            "I reach 90 % and no more",
            "The best rate is between two of yours. Try one on each side of your best, closer "
            "than the neighbours you have, and then closer still.",
        ),
        Hint(
            "My code fails on inf",
            "A training that diverges ends with inf. Comparing with inf is no problem, "
            "subtracting is: inf minus inf is NaN.",
        ),
    ),
    misconceptions=(
        Misconception(
            "the largest that does not diverge",
            _largest_that_ends,
            "This is the largest rate on a grid that does not diverge. Such a run just survives; "
            "the lowest loss is reached well below.",
        ),
        Misconception(
            "where the loss falls fastest",
            _steepest_fall,
            "This is where the loss falls fastest as the rate grows. It goes on falling from "
            "there; you have the losses themselves, so take the rate of the lowest.",
        ),
        Misconception(
            "a constant",
            lambda train: 0.1,
            "This is 0.1 for every model. The best peaks differ by orders of magnitude: nothing "
            "but a training tells.",
        ),
        Misconception(
            "one even grid",
            _best_of_one_grid,
            "All calls went into one even grid, most of them far from the best rate. Begin with "
            "a coarse grid and spend what is left around its best rate.",
        ),
        Misconception(
            "the best power of ten",
            _best_decade,
            "This is the best power of ten, and most of the way. You have calls left to look "
            "between it and its neighbours.",
        ),
        Misconception(
            "a tenth of divergence",
            _tenth_of_divergence,
            "This is a tenth of the largest rate that does not diverge: a rule of thumb, right for "
            "some models and too low for others. You have the losses, so look where they are low.",
        ),
        Misconception(
            "too many calls",
            _too_many_calls,
            "Your function calls train more than 14 times for every model, and gets a "
            "RuntimeError instead of a loss.",
        ),
    ),
)
