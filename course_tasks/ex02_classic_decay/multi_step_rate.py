"""Exercise 2, task 1: drop at milestones."""

from __future__ import annotations

import numpy as np

from course_tasks.curves import peak_of
from course_tasks.task import Case, Hint, Misconception, Section, Task


def multi_step_rate(step: int, peak_lr: float, milestones: list[int], drop: float) -> float:
    passed = sum(1 for milestone in milestones if milestone <= step)
    return peak_lr * drop**passed


def cases(rng: np.random.Generator) -> list[Case]:
    def case(step, peak_lr, milestones, drop):
        return {"step": step, "peak_lr": peak_lr, "milestones": milestones, "drop": drop}

    edges = [case(t, 0.1, [30, 60, 90], 0.1) for t in (0, 29, 30, 31, 59, 60, 61, 89, 90, 91, 200)]
    edges += [case(t, 2.0, [5, 6], 0.5) for t in (4, 5, 6, 7, 11)]
    edges += [case(40, 0.3, [], 0.1), case(1, 1.0, [1], 0.2)]
    for _ in range(10):
        marks = np.sort(rng.choice(np.arange(1, 100), size=rng.integers(1, 5), replace=False))
        rate, drop = float(rng.uniform(0.01, 2.0)), float(rng.uniform(0.1, 0.9))
        edges.append(case(int(rng.integers(0, 120)), rate, marks.tolist(), drop))
    return edges


TASK = Task(
    name="multi_step_rate",
    number=1,
    section=Section("02_classic_decay", "Seven ways down"),
    points=1,
    reference=multi_step_rate,
    make_cases=cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "Take step 70 and the milestones 30, 60 and 90. How many of them have you passed? "
            "That number is all that the formula needs.",
        ),
        Hint(
            "I am right everywhere except right at a milestone",
            "Look at the sign in the formula. Does a milestone that equals the step count?",
        ),
        Hint(
            "My second drop is not deep enough",
            "Each milestone passed multiplies once more. Two of them with a factor of a tenth "
            "leave a hundredth.",
        ),
    ),
    misconceptions=(
        Misconception(
            "one update late",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * drop ** sum(m < step for m in milestones)
            ),
            "Your drops come one update late. At step = milestone the lower rate already "
            "applies. (Keras counts as you do; PyTorch and this course do not.)",
        ),
        Misconception(
            "one update early",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * drop ** sum(m <= step + 1 for m in milestones)
            ),
            "Your drops come one update early. At step = milestone - 1 the milestone has not "
            "been reached yet. (timm counts as you do; PyTorch and this course do not.)",
        ),
        Misconception(
            "drops once",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * drop if any(m <= step for m in milestones) else peak_lr
            ),
            "The rate drops at the first milestone and at no other. Every milestone passed "
            "multiplies once more.",
        ),
        Misconception(
            "all at once",
            lambda step, peak_lr, milestones, drop: peak_lr * drop ** len(milestones),
            "All milestones are counted, even those that are still to come. The step is not used.",
        ),
        Misconception(
            "gaps",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * drop ** sum(m <= step for m in np.cumsum(milestones).tolist())
            ),
            "The milestones are added up here, as if each were the distance to the one before. "
            "They are steps, counted from the start of the run.",
        ),
        Misconception(
            "drop as what is lost",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * (1 - drop) ** sum(m <= step for m in milestones)
            ),
            "You take drop as the share that is lost, but it is the share that is left: 0.1 leaves "
            "a tenth.",
        ),
        Misconception(
            "divided",
            lambda step, peak_lr, milestones, drop: (
                peak_lr / drop ** sum(m <= step for m in milestones)
            ),
            "Your rate grows at every milestone because you divide by drop. drop is below 1, "
            "and the rate is multiplied by it.",
        ),
        Misconception(
            "factor times count",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * (drop * n if (n := sum(m <= step for m in milestones)) else 1.0)
            ),
            "The factor is multiplied by the number of milestones passed. Applying it "
            "repeatedly gives a power.",
        ),
    ),
)
