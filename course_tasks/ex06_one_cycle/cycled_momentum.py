"""Exercise 6, task 3: the momentum that runs against it."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import steps_near, through
from course_tasks.task import Case, Hint, Misconception, Section, Task


def cycled_momentum(
    step: int, total_steps: int, rise_steps: int, base_momentum: float, max_momentum: float
) -> float:
    up = min(step / rise_steps, 1)
    down = min((max(step, rise_steps) - rise_steps) / (total_steps - rise_steps), 1)
    dip = (np.cos(np.pi * down) - np.cos(np.pi * up)) / 2
    return max_momentum - (max_momentum - base_momentum) * dip


def cases(rng: np.random.Generator) -> list[Case]:
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


def momentum(levels, early=0, linear=False):
    """Return a wrong momentum: by its levels, or its turning points one update early."""

    def value(step, total_steps, rise_steps, base_momentum, max_momentum):
        ends = [0, max(rise_steps - early, 1e-9), total_steps - early]
        return through(step, ends, levels(base_momentum, max_momentum), linear)

    return value


def dip_from(base, top):
    return [top, base, top]


TASK = Task(
    name="cycled_momentum",
    number=3,
    section=Section("06_one_cycle", "A momentum that runs the other way"),
    points=2,
    reference=cycled_momentum,
    make_cases=cases,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "There are three levels again, with half a cosine between each two. Only the levels "
            "differ from task 1. Which of them comes first if the momentum runs against the "
            "rate?",
        ),
        Hint(
            "My curve is upside down",
            "Look at the levels you pass to the rise. The name `base_momentum` belongs to the "
            "moment when the *rate* is highest.",
        ),
        Hint(
            "The second phase is wrong",
            "It begins at rise_steps and lasts until total_steps. How many updates is that?",
        ),
    ),
    misconceptions=(
        Misconception(
            "with the rate",
            momentum(lambda base, top: [base, top, base]),
            "This momentum rises and falls together with the rate. It has to run against the "
            "rate and be high where the rate is low.",
        ),
        Misconception(
            "stays low",
            momentum(lambda base, top: [top, base, base]),
            "After the peak of the rate your momentum stays low. It should rise again while the "
            "rate falls.",
        ),
        Misconception(
            "linear phases",
            momentum(dip_from, linear=True),
            "The turning points are right, but your phases are linear. Each of them should be "
            "half a cosine.",
        ),
        Misconception(
            "one update early",
            momentum(dip_from, early=1),
            "This is PyTorch's way of counting: everything comes one update early. Here the "
            "lowest value is at rise_steps and the end at total_steps.",
        ),
        Misconception(
            "symmetric",
            lambda step, total_steps, rise_steps, base_momentum, max_momentum: through(
                step, [0, rise_steps, 2 * rise_steps], [max_momentum, base_momentum, max_momentum]
            ),
            "Your second phase is as long as the first. It should take the whole rest of the run.",
        ),
        Misconception(
            "falls again past the end",
            lambda step, total_steps, rise_steps, base_momentum, max_momentum: (
                cycled_momentum(step, total_steps, rise_steps, base_momentum, max_momentum)
                if step <= total_steps
                else base_momentum
                + (max_momentum - base_momentum)
                * (1 - np.cos(np.pi * (step - rise_steps) / (total_steps - rise_steps)))
                / 2
            ),
            "This is right up to total_steps, but then the momentum falls again. It should keep "
            "its last value.",
        ),
    ),
)
