"""Exercise 6: one cycle in two and in three phases, its momentum, and its arguments read back."""

from __future__ import annotations

import numpy as np

from course_tasks._curves import steps_near, through
from course_tasks._ex06_three_phases import THREE_PHASE_LR
from course_tasks._ex06_two_phases import ONE_CYCLE_LR
from course_tasks.task import Case, Hint, Misconception, Task


def _cycled_momentum(
    step: int, total_steps: int, rise_steps: int, base_momentum: float, max_momentum: float
) -> float:
    up = min(step / rise_steps, 1)
    down = min((max(step, rise_steps) - rise_steps) / (total_steps - rise_steps), 1)
    dip = (np.cos(np.pi * down) - np.cos(np.pi * up)) / 2
    return max_momentum - (max_momentum - base_momentum) * dip


def _one_cycle_arguments(rates: np.ndarray) -> np.ndarray:
    total_steps = len(rates)
    peak = np.argmax(rates)
    max_lr, first, last = rates[peak], rates[0], rates[-1]
    return np.array([max_lr, total_steps, (peak + 1) / total_steps, max_lr / first, first / last])


def _momentum_cases(rng: np.random.Generator) -> list[Case]:
    settings = [(100, 30, 0.85, 0.95), (20, 15, 0.0, 0.9), (10, 1, 0.8, 0.9), (12, 11, 0.5, 0.99)]
    for _ in range(3):
        total = int(rng.integers(20, 300))
        base = float(rng.uniform(0.3, 0.9))
        top = float(rng.uniform(base + 0.02, 0.99))
        settings.append((total, int(rng.integers(2, total - 1)), base, top))
    names = ("total_steps", "rise_steps", "base_momentum", "max_momentum")
    return [
        {"step": step} | dict(zip(names, setting, strict=True))
        for setting in settings
        for step in steps_near([0, setting[1]], setting[0], rng)
    ]


def _recorded(
    max_lr: float, total: int, top: int, div: float, final_div: float, anneal: str
) -> np.ndarray:
    """Return the rates that torch's OneCycleLR writes: the peak at `top`, the end at total - 1."""
    t = np.arange(total)
    up, down = np.minimum(t / top, 1), np.maximum(t - top, 0) / (total - 1 - top)
    if anneal == "cos":
        up, down = ((1 - np.cos(np.pi * share)) / 2 for share in (up, down))
    first = max_lr / div
    return np.where(
        t <= top, first + (max_lr - first) * up, max_lr + (first / final_div - max_lr) * down
    )


def _arguments_cases(rng: np.random.Generator) -> list[Case]:
    settings = [
        (0.1, 100, 29, 25.0, 1e4, "cos"),
        (0.1, 100, 29, 25.0, 1e4, "linear"),
        (2.0, 10, 1, 4.0, 10.0, "linear"),
        (0.5, 20, 17, 10.0, 1.0, "cos"),
        (1.0, 5, 2, 3.0, 7.0, "linear"),
    ]
    for k in range(8):
        total = int(rng.integers(10, 400))
        top = int(rng.integers(1, total - 2))
        numbers = rng.uniform(0.01, 3.0), rng.uniform(2, 30), 10 ** rng.uniform(0.2, 4)
        peak, div, final_div = (float(number) for number in numbers)
        settings.append((peak, total, top, div, final_div, ("cos", "linear")[k % 2]))
    return [{"rates": _recorded(*setting)} for setting in settings]


def _momentum(levels, early=0, linear=False):
    """Return a wrong momentum: by its levels, or its turning points one update early."""

    def value(step, total_steps, rise_steps, base_momentum, max_momentum):
        ends = [0, max(rise_steps - early, 1e-9), total_steps - early]
        return through(step, ends, levels(base_momentum, max_momentum), linear)

    return value


def _dip(base, top):
    return [top, base, top]


def _read(change):
    """Return a wrong reading of the arguments: the right one, changed."""
    return lambda rates: np.array(change(list(_one_cycle_arguments(rates)), rates))


CYCLED_MOMENTUM = Task(
    name="cycled_momentum",
    points=2,
    reference=_cycled_momentum,
    make_cases=_momentum_cases,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "Three levels again, and half a cosine between each two. Only the levels differ from "
            "task 1: which of them comes first, when the momentum runs against the rate?",
        ),
        Hint(
            "My curve is upside down",
            "Look at the levels you pass to the rise. The name `base_momentum` belongs to the "
            "moment when the *rate* is highest.",
        ),
        Hint(
            "The second phase is wrong",
            "It begins at rise_steps and lasts until total_steps. How many updates are these?",
        ),
    ),
    misconceptions=(
        Misconception(
            "with the rate",
            _momentum(lambda base, top: [base, top, base]),
            "This momentum rises and falls together with the rate. It has to run against it: "
            "high where the rate is low.",
        ),
        Misconception(
            "stays low",
            _momentum(lambda base, top: [top, base, base]),
            "After the peak of the rate your momentum stays low. It climbs back while the rate "
            "falls.",
        ),
        Misconception(
            "straight lines",
            _momentum(_dip, linear=True),
            "The turning points are right, with straight lines between them. Asked for is half a "
            "cosine in each phase.",
        ),
        Misconception(
            "one update early",
            _momentum(_dip, early=1),
            "This is PyTorch's way of counting: everything comes one update early. Here the "
            "lowest value is at rise_steps and the end at total_steps.",
        ),
        Misconception(
            "symmetric",
            lambda step, total_steps, rise_steps, base_momentum, max_momentum: through(
                step, [0, rise_steps, 2 * rise_steps], [max_momentum, base_momentum, max_momentum]
            ),
            "The way back is as long as the way down here. In two phases it takes the whole rest "
            "of the run.",
        ),
        Misconception(
            "falls again past the end",
            lambda step, total_steps, rise_steps, base_momentum, max_momentum: (
                _cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum)
                if step <= total_steps
                else base_momentum
                + (max_momentum - base_momentum)
                * (1 - np.cos(np.pi * (step - rise_steps) / (total_steps - rise_steps)))
                / 2
            ),
            "Up to total_steps this is right; then the momentum falls again. Past the end it is "
            "held.",
        ),
    ),
)


ONE_CYCLE_ARGUMENTS = Task(
    name="one_cycle_arguments",
    points=3,
    reference=_one_cycle_arguments,
    make_cases=_arguments_cases,
    scale=lambda case, expected: 0.0,  # five numbers of very different size
    hints=(
        Hint(
            "I do not know how to begin",
            "Three rates of the curve are all you need, and two places. Which rates does the "
            "table above give a formula for?",
        ),
        Hint(
            "pct_start is a little too small",
            "`argmax` counts from 0, and PyTorch's peak is one update early. Put the number it "
            "returns into the table's formula and solve for pct_start.",
        ),
        Hint(
            "The last number is too large by a constant factor",
            "Between the peak and the last rate lie *two* divisions. Which of them is over "
            "already at the first rate?",
        ),
    ),
    misconceptions=(
        Misconception(
            "peak counted as in the course",
            _read(lambda a, rates: [a[0], a[1], a[2] - 1 / a[1], a[3], a[4]]),
            "Your pct_start is the place of the peak over total_steps. PyTorch's peak comes one "
            "update before pct_start * total_steps.",
        ),
        Misconception(
            "peak over the last step",
            _read(lambda a, rates: [a[0], a[1], (a[1] * a[2] - 1) / (a[1] - 1), a[3], a[4]]),
            "Your pct_start is the share of the way from the first to the last update. PyTorch "
            "multiplies it by total_steps and takes one off.",
        ),
        Misconception(
            "one update too few",
            _read(lambda a, rates: [a[0], a[1] - 1, a[2], a[3], a[4]]),
            "total_steps is the number of the last update here, counted from 0. It is how many "
            "updates there are.",
        ),
        Misconception(
            "both factors in one",
            _read(lambda a, rates: [a[0], a[1], a[2], a[3], a[3] * a[4]]),
            "Your final_div_factor is the peak over the last rate. It divides the first rate, so "
            "compare the last one with that.",
        ),
        Misconception(
            "factors upside down",
            _read(lambda a, rates: [a[0], a[1], a[2], 1 / a[3], 1 / a[4]]),
            "Your two factors are upside down. They divide, so they are 1 or more.",
        ),
        Misconception(
            "factors exchanged",
            _read(lambda a, rates: [a[0], a[1], a[2], a[4], a[3]]),
            "Your last two numbers have changed places: div_factor comes first.",
        ),
        Misconception(
            "a length for a share",
            _read(lambda a, rates: [a[0], a[1], a[1] * a[2], a[3], a[4]]),
            "Your third number counts updates. pct_start is a share of the run, between 0 and 1.",
        ),
    ),
)


TASKS = (ONE_CYCLE_LR, THREE_PHASE_LR, CYCLED_MOMENTUM, ONE_CYCLE_ARGUMENTS)
