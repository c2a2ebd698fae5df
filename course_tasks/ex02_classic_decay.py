"""Exercise 2: four decays from their formulas, a plateau rule, milestones in updates."""

from __future__ import annotations

import numpy as np

from course_tasks._curves import peak_of
from course_tasks._ex02_counting import MILESTONES_IN_UPDATES, PLATEAU_LR
from course_tasks._ex02_polynomial import POLYNOMIAL_RATES
from course_tasks.task import Case, Hint, Misconception, Task


def _multi_step_rate(step: int, peak_lr: float, milestones: list[int], drop: float) -> float:
    passed = sum(1 for milestone in milestones if milestone <= step)
    return peak_lr * drop**passed


def _multi_step_cases(rng: np.random.Generator) -> list[Case]:
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


MULTI_STEP_RATE = Task(
    name="multi_step_rate",
    points=1,
    reference=_multi_step_rate,
    make_cases=_multi_step_cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "I do not know how to begin",
            "At step 70, with milestones 30, 60 and 90: how many of them lie behind you? That "
            "number is all the formula needs.",
        ),
        Hint(
            "I am right everywhere except right at a milestone",
            "Look at the sign in the formula: does a milestone that equals the step count?",
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
            "Your drops come one update late: at step = milestone the lower rate is in force "
            "already. (Keras counts as you do; PyTorch and this course do not.)",
        ),
        Misconception(
            "one update early",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * drop ** sum(m <= step + 1 for m in milestones)
            ),
            "Your drops come one update early: at step = milestone - 1 the milestone is not "
            "reached yet. (timm counts as you do; PyTorch and this course do not.)",
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
            "All milestones are counted, also those that are still to come. The step is not used.",
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
            "You take drop as the share that is lost. It is the share that is left: 0.1 leaves a "
            "tenth.",
        ),
        Misconception(
            "divided",
            lambda step, peak_lr, milestones, drop: (
                peak_lr / drop ** sum(m <= step for m in milestones)
            ),
            "Your rate grows at every milestone: you divide by drop. It is below 1, and the rate "
            "is multiplied by it.",
        ),
        Misconception(
            "factor times count",
            lambda step, peak_lr, milestones, drop: (
                peak_lr * (drop * n if (n := sum(m <= step for m in milestones)) else 1.0)
            ),
            "The factor is multiplied by the number of milestones passed. Applying it again and "
            "again makes a power.",
        ),
    ),
)


def _exponential_rates(steps: np.ndarray, peak_lr: float, gamma: float, every: int) -> np.ndarray:
    return peak_lr * gamma ** (steps / every)


def _exponential_cases(rng: np.random.Generator) -> list[Case]:
    def case(steps, peak_lr, gamma, every):
        return {"steps": steps, "peak_lr": peak_lr, "gamma": gamma, "every": every}

    edges = [
        case(np.arange(12), 0.1, 0.5, 4),
        case(np.array([0, 99, 100, 101, 200]), 2.0, 0.1, 100),
        case(np.array([0, 1, 2, 3]), 0.3, 0.9, 1),
        case(np.array([[0, 10], [20, 5]]), 1.0, 0.25, 10),
        case(np.array([0, 7, 70]), 0.5, 1.0, 7),
    ]
    for _ in range(8):
        steps = np.sort(rng.integers(0, 300, size=rng.integers(5, 30)))
        gamma, every = float(rng.uniform(0.3, 0.99)), int(rng.integers(1, 100))
        edges.append(case(steps, float(rng.uniform(0.01, 2.0)), gamma, every))
    return edges


EXPONENTIAL_RATES = Task(
    name="exponential_rates",
    points=1,
    reference=_exponential_rates,
    make_cases=_exponential_cases,
    scale=peak_of,
    hints=(
        Hint(
            "My rates are practically zero after a few updates",
            "You apply gamma at every update. After how many of them should it have acted once?",
        ),
        Hint(
            "My curve has steps",
            "After half of `every` updates gamma has acted half a time. An exponent need not be a "
            "whole number.",
        ),
        Hint(
            "I do not know how to begin",
            "What is the rate after `every` updates, after twice and three times as many? Write "
            "each as the peak times a power of gamma. What stands in the exponent, in terms of the "
            "step?",
        ),
    ),
    misconceptions=(
        Misconception(
            "per update",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** (1.0 * steps),
            "Gamma acts at every update here. It is the factor of `every` updates together: lesson "
            "2 shows what this mistake does to a run.",
        ),
        Misconception(
            "staircase",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** (1.0 * (steps // every)),
            "This is the staircase: it jumps once in every `every` updates. Asked for is the "
            "smooth curve that passes through the tops of its stairs.",
        ),
        Misconception(
            "counts from 1",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** ((steps + 1) / every),
            "Your curve is one update ahead: at step 0 nothing has decayed yet.",
        ),
        Misconception(
            "gamma divided",
            lambda steps, peak_lr, gamma, every: peak_lr * (gamma / every) ** (1.0 * steps),
            "Gamma is divided by `every`. To share out a factor one takes a root of it, and that "
            "is a division in the exponent.",
        ),
        Misconception(
            "euler",
            lambda steps, peak_lr, gamma, every: peak_lr * np.exp(-gamma * steps / every),
            "This is the form with e and a speed k. Here gamma is the factor itself, so it is "
            "what the power is taken of.",
        ),
        Misconception(
            "upside down",
            lambda steps, peak_lr, gamma, every: peak_lr * gamma ** (every / np.float64(steps)),
            "The exponent is upside down: it has to grow with the step.",
        ),
    ),
)


def _inverse_sqrt_rate(step: int, peak_lr: float, warmup_steps: int) -> float:
    first = peak_lr / warmup_steps
    rise = first + (peak_lr - first) * min(step / warmup_steps, 1.0)
    return rise * np.sqrt(warmup_steps / max(step, warmup_steps))


def _inverse_sqrt_cases(rng: np.random.Generator) -> list[Case]:
    def case(step, peak_lr, warmup_steps):
        return {"step": step, "peak_lr": peak_lr, "warmup_steps": warmup_steps}

    edges = [case(t, 0.1, 10) for t in (0, 1, 5, 9, 10, 11, 12, 20, 40, 100)]
    edges += [case(t, 2.0, 1) for t in (0, 1, 2, 4)] + [case(t, 1.0, 2) for t in (0, 1, 2, 3)]
    for _ in range(10):
        warmup = int(rng.integers(1, 50))
        step = int(rng.integers(0, 5 * warmup + 1))
        edges.append(case(step, float(rng.uniform(0.01, 2.0)), warmup))
    return edges


def _sqrt_decay(step, peak_lr, warmup_steps):
    return peak_lr * np.sqrt(warmup_steps / max(step, warmup_steps))


INVERSE_SQRT_RATE = Task(
    name="inverse_sqrt_rate",
    points=2,
    reference=_inverse_sqrt_rate,
    make_cases=_inverse_sqrt_cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "My first rate is wrong",
            "The rise does not begin at 0 and does not begin at the peak. Put $t=0$ into the "
            "formula: what is left?",
        ),
        Hint(
            "My curve jumps where the rise ends",
            "Both parts must give the peak there. Under the root stands a quotient: what is it "
            "worth at that step?",
        ),
        Hint(
            "I do not know how to begin",
            "Two parts, two lines: one for steps before `warmup_steps`, one for the rest. Write "
            "the second first, it is the shorter one.",
        ),
    ),
    misconceptions=(
        Misconception(
            "rise from zero",
            lambda step, peak_lr, warmup_steps: (
                peak_lr * step / warmup_steps
                if step < warmup_steps
                else _sqrt_decay(step, peak_lr, warmup_steps)
            ),
            "Your rise begins at 0, so the first update would do nothing. Here it begins at the "
            "peak divided by warmup_steps.",
        ),
        Misconception(
            "peak one early",
            lambda step, peak_lr, warmup_steps: (
                peak_lr * (step + 1) / warmup_steps
                if step < warmup_steps
                else _sqrt_decay(step, peak_lr, warmup_steps)
            ),
            "Your rise starts right but is at the peak one update too early. It takes warmup_steps "
            "equal pieces from the first rate to the peak.",
        ),
        Misconception(
            "no rise",
            lambda step, peak_lr, warmup_steps: _sqrt_decay(step, peak_lr, warmup_steps),
            "The rate stays at the peak until warmup_steps. It has to rise to it along a line.",
        ),
        Misconception(
            "forgotten scale",
            lambda step, peak_lr, warmup_steps: (
                _inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr / np.sqrt(step)
            ),
            "After the rise you divide by the root of the step alone. Then the rate falls off a "
            "cliff where the rise ends: warmup_steps belongs under the root as well.",
        ),
        Misconception(
            "counts from the peak",
            lambda step, peak_lr, warmup_steps: (
                _inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr / np.sqrt(step - warmup_steps + 1)
            ),
            "The decay counts its updates from the end of the rise. In the formula t is the step "
            "of the whole run, warmup included.",
        ),
        Misconception(
            "peak over its own steps",
            lambda step, peak_lr, warmup_steps: (
                _inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr * np.sqrt(warmup_steps / (step - warmup_steps + 1))
            ),
            "Under your root W is divided by the updates since the rise, so the rate jumps far "
            "above the peak where the rise ends. In the formula t is the step of the whole run.",
        ),
        Misconception(
            "no root",
            lambda step, peak_lr, warmup_steps: (
                _inverse_sqrt_rate(step, peak_lr, warmup_steps)
                if step < warmup_steps
                else peak_lr * warmup_steps / step
            ),
            "This is inverse time: it falls as 1/t. The root is missing.",
        ),
    ),
)


TASKS = (
    MULTI_STEP_RATE,
    EXPONENTIAL_RATES,
    INVERSE_SQRT_RATE,
    POLYNOMIAL_RATES,
    PLATEAU_LR,
    MILESTONES_IN_UPDATES,
)
