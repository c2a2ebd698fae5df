"""Exercise 7, task 6: the steepest step."""

from __future__ import annotations

import numpy as np

from course_tasks.ex07_range_test.shared import falling_curve, relative
from course_tasks.task import Case, Hint, Misconception, Section, Task


def steepest_rate(rates: np.ndarray, smoothed: np.ndarray) -> float:
    slopes = np.diff(smoothed) / np.diff(np.log(rates))
    return rates[np.argmin(slopes)]


def cases(rng: np.random.Generator) -> list[Case]:
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
        rates, smoothed = falling_curve(rng, int(rng.integers(20, 60)))
        cases.append({"rates": rates, "smoothed": smoothed})
    return cases


TASK = Task(
    name="steepest_rate",
    number=6,
    section=Section("07_range_test", "What goes wrong, 2: the slope over the rate itself"),
    points=2,
    reference=steepest_rate,
    make_cases=cases,
    scale=relative,
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
            "There is one slope fewer than there are points. Slope 0 lies between points 0 and "
            "1. Which of the two does the rule take?",
        ),
    ),
    misconceptions=(
        Misconception(
            "over the rate itself",
            lambda rates, smoothed: rates[np.argmin(np.diff(smoothed) / np.diff(rates))],
            "These are slopes over the rate itself, as Lightning takes them. At low rates they "
            "are enormous even where the loss hardly changes. Take the logarithm of the rate "
            "first.",
        ),
        Misconception(
            "per step",
            lambda rates, smoothed: rates[np.argmin(np.diff(smoothed))],
            "This is the largest fall from one point to the next, as in torch-lr-finder. The "
            "steps are not equally long on the logarithmic axis, so you have to divide each "
            "fall by the length of its step.",
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
            "This is where the loss *rises* fastest, that is, where the run breaks down.",
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
            "This is the number k of the steepest step. The task asks for the rate there.",
        ),
        Misconception(
            "the logarithm of the rate",
            lambda rates, smoothed: np.log(steepest_rate(rates, smoothed)),
            "This is the logarithm of the rate. You need it only for the slopes. The task asks "
            "for the rate itself.",
        ),
        Misconception(
            "steepest either way",
            lambda rates, smoothed: rates[
                np.argmax(np.abs(np.diff(smoothed) / np.diff(np.log(rates))))
            ],
            "This takes the absolute value of the slope, so a steep rise can win.",
        ),
    ),
)
