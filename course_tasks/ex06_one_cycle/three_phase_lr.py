"""Exercise 6, task 2: one cycle in three phases."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of, steps_near, through, zero_past_the_end
from course_tasks.task import Case, Hint, Misconception, Section, Task


def three_phase_lr(
    step: int, peak_lr: float, total_steps: int, rise_steps: int, div: float, final_div: float
) -> float:
    first = peak_lr / div
    ends = [0, rise_steps, 2 * rise_steps, total_steps]
    return np.interp(step, ends, [first, peak_lr, first, first / final_div])


def cases(rng: np.random.Generator) -> list[Case]:
    settings = [
        (0.1, 100, 30, 25.0, 1e4),
        (2.0, 51, 25, 4.0, 10.0),  # a last phase of one update
        (0.5, 20, 4, 10.0, 1.0),  # it stays at the first rate to the end
        (1.0, 12, 1, 5.0, 3.0),
    ]
    for _ in range(3):
        total = int(rng.integers(20, 300))
        rise = int(rng.integers(2, (total - 1) // 2))
        peak, div, final_div = rng.uniform(0.05, 3.0), rng.uniform(2, 30), rng.uniform(2, 100)
        settings.append((float(peak), total, rise, float(div), float(final_div)))
    names = ("peak_lr", "total_steps", "rise_steps", "div", "final_div")
    return [
        {"step": step} | dict(zip(names, setting, strict=True))
        for setting in settings
        for step in steps_near([0, setting[2], 2 * setting[2]], setting[1], rng)
    ]


def phases(levels, ends):
    """Return a wrong three-phase cycle of lines, by its levels and where they are reached."""

    def rate(step, peak_lr, total_steps, rise_steps, div, final_div):
        values = levels(peak_lr, div, final_div)
        return float(np.interp(step, ends(rise_steps, total_steps), values))

    return rate


def first_and_last(peak, div, final_div):
    return [peak / div, peak, peak / div, peak / div / final_div]


def phases_of_cosines(step, peak_lr, total_steps, rise_steps, div, final_div):
    ends = [0, rise_steps, 2 * rise_steps, total_steps]
    return through(step, ends, first_and_last(peak_lr, div, final_div))


def goes_on_falling(step, peak_lr, total_steps, rise_steps, div, final_div):
    rate = three_phase_lr(step, peak_lr, total_steps, rise_steps, div, final_div)
    slope = peak_lr / div * (1 / final_div - 1) / (total_steps - 2 * rise_steps)
    return rate + slope * max(step - total_steps, 0)


TASK = Task(
    name="three_phase_lr",
    number=2,
    section=Section("06_one_cycle", "Further: the shares of three phases"),
    points=2,
    reference=three_phase_lr,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "The curve consists of linear pieces through four points. Write down the step and "
            "the rate of each point.",
        ),
        Hint(
            "There are too many `if`s",
            "NumPy has a function that interpolates linearly between given points and keeps the "
            "last value after them.",
        ),
        Hint(
            "My rate gets negative",
            "A linear function goes on for ever. What does the task ask for past total_steps?",
        ),
    ),
    misconceptions=(
        Misconception(
            "two phases",
            phases(
                lambda peak, div, final: [peak / div, peak, peak / div / final],
                lambda rise, total: [0, rise, total],
            ),
            "This has two phases. It falls from the peak to the last rate in a single piece. It "
            "should pass the first rate after as many updates as the rise took.",
        ),
        Misconception(
            "no last phase",
            phases(
                lambda peak, div, final: [peak / div, peak, peak / div],
                lambda rise, total: [0, rise, 2 * rise],
            ),
            "The rise and the first fall are right. Then the rate stays at peak / div. The last "
            "phase is missing.",
        ),
        Misconception(
            "the fall takes the rest",
            phases(
                lambda peak, div, final: [peak / div, peak, peak / div, peak / div / final],
                lambda rise, total: [0, rise, total, total + 1e-9],
            ),
            "Your fall back to the first rate takes the whole rest of the run. It should take "
            "as many updates as the rise. The updates after that belong to the last phase.",
        ),
        Misconception(
            "final_div divides the peak",
            phases(
                lambda peak, div, final: [peak / div, peak, peak / div, peak / final],
                lambda rise, total: [0, rise, 2 * rise, total],
            ),
            "Your last rate is the peak divided by final_div. final_div divides the first rate.",
        ),
        Misconception(
            "one update early",
            phases(
                first_and_last,
                lambda rise, total: [-1e-9, rise - 1, 2 * rise - 2 + 1e-9, total - 1],
            ),
            "This is PyTorch's way of counting, with every phase ending early. Here the phases end "
            "at rise_steps, 2 rise_steps and total_steps.",
        ),
        Misconception(
            "the end one update early",
            phases(
                first_and_last, lambda rise, total: [0, rise, 2 * rise, max(total - 1, 2 * rise)]
            ),
            "Your fall ends at total_steps - 1, the last update. Here it ends at total_steps.",
        ),
        Misconception(
            "half-cosines",
            phases_of_cosines,
            "The turning points are right, but you put half a cosine between them. This time "
            "the phases are linear.",
        ),
        Misconception(
            "zero past the end",
            zero_past_the_end(three_phase_lr),
            "This is right up to total_steps, but then the rate is 0. It should keep its last "
            "value.",
        ),
        Misconception(
            "goes on falling",
            goes_on_falling,
            "Past total_steps your last phase goes on and finally falls below 0. The rate "
            "should keep its last value.",
        ),
    ),
)
