"""Exercise 2, task 3: the inverse square root, with its rise."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.task import Case, Hint, Misconception, Section, Task


def inverse_sqrt_rate(step: int, peak_lr: float, warmup_steps: int) -> float:
    first = peak_lr / warmup_steps
    rise = first + (peak_lr - first) * min(step / warmup_steps, 1.0)
    return rise * np.sqrt(warmup_steps / max(step, warmup_steps))


def cases(rng: np.random.Generator) -> list[Case]:
    def case(step, peak_lr, warmup_steps):
        return {"step": step, "peak_lr": peak_lr, "warmup_steps": warmup_steps}

    edges = [case(t, 0.1, 10) for t in (0, 1, 5, 9, 10, 11, 12, 20, 40, 100)]
    edges += [case(t, 2.0, 1) for t in (0, 1, 2, 4)] + [case(t, 1.0, 2) for t in (0, 1, 2, 3)]
    for _ in range(10):
        warmup = int(rng.integers(1, 50))
        step = int(rng.integers(0, 5 * warmup + 1))
        edges.append(case(step, float(rng.uniform(0.01, 2.0)), warmup))
    return edges


def sqrt_decay(step, peak_lr, warmup_steps):
    return peak_lr * np.sqrt(warmup_steps / max(step, warmup_steps))


TASK = Task(
    name="inverse_sqrt_rate",
    number=3,
    section=Section("02_classic_decay", "Seven ways down"),
    points=2,
    reference=inverse_sqrt_rate,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "My first rate is wrong",
            "The rise does not begin at 0 and does not begin at the peak. Put $t=0$ into the "
            "formula. What is left?",
        ),
        Hint(
            "My curve jumps where the rise ends",
            "Both parts must give the peak there. What is the value of the quotient under the "
            "root at that step?",
        ),
        Hint(
            "I do not know how to begin",
            "The schedule has two parts: one for steps before `warmup_steps`, and one for the "
            "rest. Write the second one first, because it is shorter.",
        ),
    ),
    misconceptions=(
        Misconception(
            "rise from zero",
            lambda step, peak_lr, warmup_steps: (
                peak_lr * step / warmup_steps
                if step < warmup_steps
                else sqrt_decay(step, peak_lr, warmup_steps)
            ),
            "Your rise begins at 0, so the first update would do nothing. Here it begins at the "
            "peak divided by warmup_steps.",
        ),
        Misconception(
            "peak one early",
            lambda step, peak_lr, warmup_steps: (
                peak_lr * (step + 1) / warmup_steps
                if step < warmup_steps
                else sqrt_decay(step, peak_lr, warmup_steps)
            ),
            "Your rise starts right but is at the peak one update too early. The way from the "
            "first rate to the peak has warmup_steps equal pieces.",
        ),
        Misconception(
            "no rise",
            lambda step, peak_lr, warmup_steps: sqrt_decay(step, peak_lr, warmup_steps),
            "The rate stays at the peak until warmup_steps. It has to rise to it linearly.",
        ),
        Misconception(
            "forgotten scale",
            lambda step, peak_lr, warmup_steps: (
                inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr / np.sqrt(step)
            ),
            "After the rise you divide by the root of the step alone. The rate then drops "
            "suddenly where the rise ends. warmup_steps belongs under the root as well.",
        ),
        Misconception(
            "counts from the peak",
            lambda step, peak_lr, warmup_steps: (
                inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr / np.sqrt(step - warmup_steps + 1)
            ),
            "The decay counts its updates from the end of the rise. In the formula t is the step "
            "of the whole run, warmup included.",
        ),
        Misconception(
            "peak over its own steps",
            lambda step, peak_lr, warmup_steps: (
                inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr * np.sqrt(warmup_steps / (step - warmup_steps + 1))
            ),
            "Under your root W is divided by the updates since the rise, so the rate jumps far "
            "above the peak where the rise ends. In the formula t is the step of the whole run.",
        ),
        Misconception(
            "no root",
            lambda step, peak_lr, warmup_steps: (
                inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr * warmup_steps / step
            ),
            "This is inverse time: it falls as 1/t. The root is missing.",
        ),
    ),
)
