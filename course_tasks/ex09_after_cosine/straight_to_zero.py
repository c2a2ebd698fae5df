"""Exercise 9, task 1: straight to zero, after a warmup."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.task import Case, Hint, Misconception, Section, Task


def straight_to_zero(step: int, peak_lr: float, warmup_steps: int, total_steps: int) -> float:
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    left = total_steps - min(step, total_steps)
    return peak_lr * left / (total_steps - warmup_steps)


def cases(rng: np.random.Generator) -> list[Case]:
    def run(peak_lr: float, warmup_steps: int, total_steps: int, *steps: int) -> list[Case]:
        fixed = {"peak_lr": peak_lr, "warmup_steps": warmup_steps, "total_steps": total_steps}
        return [{"step": step} | fixed for step in steps]

    edges = run(0.1, 10, 100, 0, 1, 9, 10, 11, 55, 99, 100, 101, 130)
    edges += run(2.0, 0, 8, 0, 1, 7, 8, 9) + run(0.5, 7, 8, 6, 7, 8)
    for _ in range(8):
        total_steps = int(rng.integers(20, 400))
        warmup_steps = int(rng.integers(2, total_steps - 4))
        peak_lr = float(10.0 ** rng.uniform(-4, 0))
        edges += run(peak_lr, warmup_steps, total_steps, int(rng.integers(0, total_steps + 5)))
    return edges


def line_from_step_zero(step, peak_lr, warmup_steps, total_steps):
    left = max(1 - step / total_steps, 0.0)
    return peak_lr * min(left, step / warmup_steps if warmup_steps else 1.0)


def decay_as_long_as_the_run(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * max(1 - (step - warmup_steps) / total_steps, 0.0)


def zero_one_early(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * max((total_steps - 1 - step) / np.float64(total_steps - 1 - warmup_steps), 0)


def not_held(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * (total_steps - step) / (total_steps - warmup_steps)


def warmup_one_ahead(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
    return peak_lr * max(total_steps - step, 0) / (total_steps - warmup_steps)


def share_of_the_whole_run(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * max(1 - step / total_steps, 0.0)


TASK = Task(
    name="straight_to_zero",
    number=1,
    section=Section("09_after_cosine", "Decay to zero, or to a tenth of the peak?"),
    points=1,
    reference=straight_to_zero,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "My decay does not meet the peak at the end of the warmup",
            "Where does your decay begin, and how many updates does it take from there to zero? "
            "The warmup is part of the run, not an addition to it.",
        ),
        Hint(
            "I get negative rates",
            "A linear formula goes on falling after the end of the run. At which step should it "
            "stop?",
        ),
        Hint(
            "I divide by zero",
            "Without a warmup there is no step that lies in it. Ask whether the step is in the "
            "warmup before you divide by its length. What does your comparison give when both "
            "sides are 0?",
        ),
    ),
    misconceptions=(
        Misconception(
            "line from step 0",
            line_from_step_zero,
            "Your decay seems to start at step 0, during the warmup, so the peak is never "
            "reached. It has to start at the peak when the warmup ends.",
        ),
        Misconception(
            "decay as long as the run",
            decay_as_long_as_the_run,
            "The length of your decay is the whole run. It should be only the rest after the "
            "warmup. As it is, the rate is not zero at the end.",
        ),
        Misconception(
            "zero one update early",
            zero_one_early,
            "Your rate is already zero in the last update, which is wasted. Zero belongs to "
            "step total_steps, which comes after the last update.",
        ),
        Misconception(
            "not held",
            not_held,
            "Past the end your rate goes on falling below zero. A negative rate makes the loss "
            "grow. The rate has to stay at zero.",
        ),
        Misconception(
            "warmup one ahead",
            warmup_one_ahead,
            "Your warmup is one update ahead. It reaches the peak in its own last update. Here "
            "step 0 has the rate 0, and the peak comes at step warmup_steps.",
        ),
        Misconception(
            "share of the whole run",
            share_of_the_whole_run,
            "The warmup and the end are right, but there is a jump between them, because you "
            "count the warmup as part of the decay. None of the decay is done when the warmup "
            "ends.",
        ),
    ),
)
