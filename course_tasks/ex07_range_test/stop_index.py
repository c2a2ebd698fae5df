"""Exercise 7, task 4: the stop."""

from __future__ import annotations

import numpy as np

from course_tasks.ex07_range_test.debiased_average import debiased_average
from course_tasks.task import Case, Hint, Misconception, Section, Task


def stop_index(losses: np.ndarray, smoothed: np.ndarray, stop_factor: float) -> int:
    best = np.inf
    for t, (loss, average) in enumerate(zip(losses, smoothed, strict=True)):
        if not np.isfinite(loss) or average > stop_factor * best:
            return t
        best = min(best, average)
    return len(losses)


def cases(rng: np.random.Generator) -> list[Case]:
    nan, inf = np.nan, np.inf
    by_hand = [
        ([2.0, 1.0, 0.5, 3.0, 9.0], [2.0, 1.5, 1.0, 2.0, 5.0], 4.0),  # one loss alone is too large
        ([2.0, 1.0, 0.5, 1.5, 9.0], [2.0, 1.0, 0.5, 2.0, 2.25], 4.0),  # exactly four times goes on
        ([2.0, 1.0, 0.5, nan, nan], [2.0, 1.5, 1.0, nan, nan], 4.0),
        ([2.0, 1.0, 0.9, inf, nan], [2.0, 1.5, 1.3, inf, nan], 4.0),
        ([2.0, 1.9, 1.8, 1.7, 1.6], [2.0, 1.95, 1.9, 1.8, 1.7], 4.0),  # to its end
        ([nan, nan], [nan, nan], 4.0),
        ([inf, 1.0, 2.0], [inf, inf, inf], 4.0),
        ([8.0, 1.0, 4.0, 6.0, 40.0], [8.0, 2.0, 3.0, 7.0, 30.0], 3.0),  # below the first one's
        ([1.0, 2.0, 0.1, 0.1, 0.1], [1.0, 1.4, 0.3, 0.2, 0.1], 5.0),  # the best comes later
    ]
    cases = [
        {"losses": np.array(losses), "smoothed": np.array(smoothed), "stop_factor": factor}
        for losses, smoothed, factor in by_hand
    ]
    for k in range(8):
        n = int(rng.integers(15, 50))
        low = int(rng.integers(5, n - 4))
        t = np.arange(n)
        losses = np.where(t <= low, 3 * np.exp(-2 * t / low), 0.4 * np.exp(0.8 * (t - low)))
        losses *= rng.uniform(0.8, 1.25, size=n)
        if k % 2:
            losses[int(rng.integers(3, low + 2)) :] = nan
        smoothed = debiased_average(losses, float(rng.uniform(0.5, 0.8)))
        factor = float(rng.uniform(2, 6))
        cases.append({"losses": losses, "smoothed": smoothed, "stop_factor": factor})
    return cases


def first_index(stops):
    """Return a wrong stop: the first t at which `stops(losses, smoothed, stop_factor, t)`."""

    def function(losses, smoothed, stop_factor):
        found = [t for t in range(len(losses)) if stops(losses, smoothed, stop_factor, t)]
        return found[0] if found else len(losses)

    return function


def best_before(smoothed, t):
    return min(smoothed[:t], default=np.inf)


def ended_by(end):
    """Return the right stop, with another answer where nothing stops the test."""

    def function(losses, smoothed, stop_factor):
        found = stop_index(losses, smoothed, stop_factor)
        return found if found < len(losses) else end(losses)

    return function


TASK = Task(
    name="stop_index",
    number=4,
    section=Section("07_range_test", "What goes wrong, 1: NaN never stops"),
    points=2,
    reference=stop_index,
    make_cases=cases,
    hints=(
        Hint(
            "It never stops on NaN",
            "Every comparison with NaN is false. NumPy has a function that tells whether a "
            "number is finite.",
        ),
        Hint(
            "It stops too late in some cases",
            "The best is the lowest value *so far*. What is it at the beginning, and when does "
            "it change?",
        ),
        Hint(
            "It stops too early in some cases",
            "There are two curves. Which of them may be large for a moment?",
        ),
    ),
    misconceptions=(
        Misconception(
            "NaN goes on",
            first_index(lambda losses, smoothed, f, t: smoothed[t] > f * min(smoothed[: t + 1])),
            "NaN does not stop this, because `nan > limit` is always False. Also ask whether "
            "the loss is finite.",
        ),
        Misconception(
            "infinity goes on",
            first_index(
                lambda losses, smoothed, f, t: (
                    np.isnan(losses[t]) or smoothed[t] > f * best_before(smoothed, t)
                )
            ),
            "NaN stops this, but infinity does not always. At the first update there is no best "
            "to compare with. Ask whether the loss is finite.",
        ),
        Misconception(
            "stops at the limit",
            first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or smoothed[t] >= f * best_before(smoothed, t)
                )
            ),
            "This also stops when the average is exactly stop_factor times the best. It has to "
            "be greater.",
        ),
        Misconception(
            "watches the single loss",
            first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or losses[t] > f * min(losses[: t + 1])
                )
            ),
            "This watches the losses of single batches, so one bad batch ends the test. The "
            "limit applies to the average.",
        ),
        Misconception(
            "against the first",
            first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or smoothed[t] > f * smoothed[0]
                )
            ),
            "This compares with the first value. A loss that has fallen a lot may then grow for "
            "a long time. Compare with the best so far.",
        ),
        Misconception(
            "best of the whole curve",
            first_index(
                lambda losses, smoothed, f, t: (
                    not np.isfinite(losses[t]) or smoothed[t] > f * np.nanmin(smoothed)
                )
            ),
            "This compares with the best of the whole curve, including later values. During the "
            "test these are not known.",
        ),
        Misconception(
            "only what is not finite",
            first_index(lambda losses, smoothed, f, t: not np.isfinite(losses[t])),
            "This stops only when a loss is not finite. It should also stop when the average is "
            "above stop_factor times the best so far.",
        ),
        Misconception(
            "minus one at the end",
            ended_by(lambda losses: -1),
            "If nothing stops the test, you return -1. The answer is then len(losses), because "
            "a rule may use every loss.",
        ),
        Misconception(
            "the last index at the end",
            ended_by(lambda losses: len(losses) - 1),
            "If nothing stops the test, you return the last index. The answer is then "
            "len(losses); otherwise the last loss would be left out.",
        ),
        Misconception(
            "one before the stop",
            lambda losses, smoothed, stop_factor: (
                stop_index(losses, smoothed, stop_factor)
                - (stop_index(losses, smoothed, stop_factor) < len(losses))
            ),
            "When the test stops, your index is one too small. It is the last loss that a rule "
            "may use. The task asks for the index of the loss that stops the test.",
        ),
        Misconception(
            "one too small",
            lambda losses, smoothed, stop_factor: stop_index(losses, smoothed, stop_factor) - 1,
            "Every answer is one too small. It is the last loss that a rule may use, not the "
            "first one that it may not use.",
        ),
        Misconception(
            "one further",
            lambda losses, smoothed, stop_factor: min(
                stop_index(losses, smoothed, stop_factor) + 1, len(losses)
            ),
            "When the test stops, your index is one too large. It counts the losses up to that "
            "one. The task asks for the index of the loss that stops the test.",
        ),
    ),
)
