"""Exercise 7, task 7: choose a peak."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Score, Section, Stateful, Task

if TYPE_CHECKING:
    from course_lib.range_test.models import Trainings


BUDGET = 14  # course_lib.range_test.models.BUDGET, which is imported late: it is slow


FULL, NONE = 1.05, 1.5  # times the best loss: worth all points, worth none


def choose_peak(train):
    losses = {rate: train(rate) for rate in 10.0 ** np.arange(-5, 3)}
    factor = 10.0
    for _ in range(3):
        factor = np.sqrt(factor)
        middle = min(losses, key=losses.get)
        losses |= {rate: train(rate) for rate in (middle / factor, middle * factor)}
    return min(losses, key=losses.get)


def cases(rng: np.random.Generator) -> list[Case]:
    """Return eight models; all their best peaks are 0.2 to 0.7 over these curvatures.

    Their order is drawn: a model's number must not tell the order of magnitude of its peak.
    """
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
        {"train": Stateful("range_test.models.Trainings", number=number, **settings[k])}
        for number, k in enumerate(rng.permutation(len(settings)), 1)
    ]


def peak_score(case: Case, answer: np.ndarray) -> Score:
    settings = dict(case["train"].arguments)
    number, peak = settings.pop("number"), float(answer)
    loss, best = loss_at(peak, **settings), lowest_loss(**settings)
    times = min(max(loss / best, FULL), NONE)
    fraction = math.log(NONE / times) / math.log(NONE / FULL)
    end = f"ends at {loss:.3g}" if loss < math.inf else "diverges"
    end = end if peak > 0 else "is not above 0"
    return Score(
        fraction,
        f"model {number}: a peak of {peak:.3g} {end}; the best there is: {best:.3g}; "
        f"{fraction:.0%}",
    )


def loss_at(peak: float, **settings: float) -> float:
    from course_lib.range_test.models import losses_of

    is_rate = 0 < peak < math.inf
    return float(losses_of(**settings, peaks=np.array([peak]))[0]) if is_rate else math.inf


@lru_cache(maxsize=256)
def lowest_loss(**settings: float) -> float:
    """Return the lowest loss that a fine sweep of peaks reaches."""
    from course_lib.range_test.models import HIGHEST_PEAK, LOWEST_PEAK, losses_of

    sweep = np.geomspace(LOWEST_PEAK, HIGHEST_PEAK, 1401)  # 200 a decade
    return float(losses_of(**settings, peaks=sweep).min())


def even_grid(train: Trainings) -> tuple[np.ndarray, np.ndarray]:
    rates = np.geomspace(1e-5, 1e2, BUDGET)
    return rates, np.array([train(rate) for rate in rates])


def largest_that_ends(train):
    losses = {rate: train(rate) for rate in 10.0 ** np.arange(-5, 3)}
    low = max(rate for rate in losses if math.isfinite(losses[rate]))
    high = 10 * low
    for _ in range(BUDGET - len(losses)):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if math.isfinite(train(middle)) else (low, middle)
    return low


def steepest_fall(train):
    rates, losses = even_grid(train)
    losses = losses[np.isfinite(losses)]
    return rates[np.argmin(np.diff(losses))]


def best_of_one_grid(train):
    rates, losses = even_grid(train)
    return rates[np.argmin(losses)]


def best_decade(train):
    rates = 10.0 ** np.arange(-5, 3)
    return min(rates, key=train)


def too_many_calls(train):
    return min(np.geomspace(1e-5, 1e2, 100), key=train)


def tenth_of_divergence(train):
    return largest_that_ends(train) / 10


TASK = Task(
    name="choose_peak",
    number=7,
    section=Section("07_range_test", "What to do with it"),
    points=4,
    reference=choose_peak,
    make_cases=cases,
    score=peak_score,
    hints=(
        Hint(
            "I do not know how to begin",
            "Find the order of magnitude first. A handful of rates far apart shows which decade "
            "is best. How many calls are left after that?",
        ),
        Hint(
            "I run out of calls",
            "Rates that are spread evenly over the whole range are mostly wasted, because most "
            "of them are far from the best rate. Use the remaining calls near the best rate so "
            "far.",
        ),
        Hint(
            "I get most of the points, but not all",
            "The best rate lies between two of yours. Try one rate on each side of your best, "
            "closer than its neighbours, and then try closer ones.",
        ),
        Hint(
            "My code fails on inf",
            "A training that diverges returns inf. Subtraction fails, because inf minus inf is "
            "NaN. Comparison works unless both losses are inf. In that case the best rate is "
            "below both.",
        ),
    ),
    misconceptions=(
        Misconception(
            "the largest that does not diverge",
            largest_that_ends,
            "This is the largest rate on a grid that does not diverge. The lowest loss is at a "
            "much smaller rate.",
        ),
        Misconception(
            "where the loss falls fastest",
            steepest_fall,
            "This is where the loss falls fastest as the rate grows, but it goes on falling "
            "beyond that rate. You have the losses themselves, so take the rate of the lowest "
            "one.",
        ),
        Misconception(
            "a constant",
            lambda train: 0.1,
            "This is 0.1 for every model. The best peaks differ by orders of magnitude, and "
            "only a training can find them.",
        ),
        Misconception(
            "one even grid",
            best_of_one_grid,
            "All calls went into one even grid, most of them far from the best rate. Begin with "
            "a coarse grid, and use the remaining calls around its best rate.",
        ),
        Misconception(
            "the best power of ten",
            best_decade,
            "This is the best power of ten, which is a good start. You have calls left to look "
            "between it and its neighbours.",
        ),
        Misconception(
            "a tenth of divergence",
            tenth_of_divergence,
            "This is a tenth of the largest rate that does not diverge. That rule of thumb is "
            "right for some models and too low for others. You have the losses, so look where "
            "they are low.",
        ),
        Misconception(
            "too many calls",
            too_many_calls,
            "Your function calls train more than 14 times for every model, and gets a "
            "RuntimeError instead of a loss.",
        ),
    ),
)
