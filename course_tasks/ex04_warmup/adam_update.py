"""Exercise 4, second part: a warmup before any schedule, and Adam's updates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tasks.task import Case, Given, Hint, Misconception, Task


def _with_warmup(step: int, schedule: Callable[[int], float], warmup_steps: int) -> float:
    if step < warmup_steps:
        return schedule(0) * step / warmup_steps
    return schedule(step - warmup_steps)


def _with_warmup_cases(rng: np.random.Generator) -> list[Case]:
    def case(step, schedule, warmup_steps):
        return {"step": step, "schedule": schedule, "warmup_steps": warmup_steps}

    linear = Given("schedules.linear", peak_lr=0.1, total_steps=20)
    steep = Given("schedules.exponential", peak_lr=2.0, gamma=0.8)
    edges = [case(t, linear, 5) for t in (0, 1, 4, 5, 6, 15, 19, 20, 24, 25, 26, 40)]
    edges += [case(t, steep, 3) for t in (0, 1, 2, 3, 4, 10)]
    edges += [case(t, steep, 0) for t in (0, 1, 5)] + [case(t, linear, 1) for t in (0, 1, 2)]
    stairs = Given("schedules.multi_step", peak_lr=1.0, milestones=[4, 8], drop=0.1)
    edges += [case(t, stairs, 2) for t in (1, 2, 5, 6, 9, 10)]
    for _ in range(8):
        total, peak = int(rng.integers(5, 60)), float(rng.uniform(0.01, 2.0))
        floor = float(rng.uniform(0.0, 0.5)) * peak
        cosine = Given("schedules.cosine", peak_lr=peak, total_steps=total, floor=floor)
        warmup = int(rng.integers(1, 20))
        edges.append(case(int(rng.integers(0, total + 2 * warmup)), cosine, warmup))
    return edges


WITH_WARMUP = Task(
    name="with_warmup",
    points=2,
    reference=_with_warmup,
    make_cases=_with_warmup_cases,
    scale=lambda case, expected: case["schedule"].arguments["peak_lr"],
    curve="step",
    hints=(
        Hint(
            "I do not know which kind of schedule I get",
            "You need not know. It is a function: call it with a step and you get a rate. To which "
            "rate does the warmup have to rise?",
        ),
        Hint(
            "My curve jumps where the warmup ends",
            "There the schedule should be at *its* beginning. Which step of its own is that?",
        ),
        Hint(
            "The schedule says that a step must be a whole number",
            "A quotient is a float. Hand the schedule a difference of steps, and nothing else.",
        ),
    ),
    misconceptions=(
        Misconception(
            "schedule not shifted",
            lambda step, schedule, warmup_steps: (
                schedule(0) * step / warmup_steps if step < warmup_steps else schedule(step)
            ),
            "The schedule runs on behind the warmup: when it takes over, its first warmup_steps "
            "updates are gone, and the peak with them. timm does so unless warmup_prefix is set.",
        ),
        Misconception(
            "multiplied",
            lambda step, schedule, warmup_steps: (
                schedule(step) * (min(step / warmup_steps, 1) if warmup_steps else 1)
            ),
            "You multiply the warmup with the schedule, which falls meanwhile. The schedule should "
            "wait until the warmup is over.",
        ),
        Misconception(
            "rises to the wrong rate",
            lambda step, schedule, warmup_steps: (
                schedule(warmup_steps) * step / warmup_steps
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your line rises to the rate that the schedule has at step warmup_steps. Then comes "
            "the schedule's start, and that is higher: there is a jump.",
        ),
        Misconception(
            "rises to a later rate",
            lambda step, schedule, warmup_steps: (
                schedule(warmup_steps) * step / warmup_steps
                if step < warmup_steps
                else schedule(step)
            ),
            "Your line rises to the rate that the schedule has at step warmup_steps, and the "
            "schedule goes on from there. So its beginning is left out, and the peak with it.",
        ),
        Misconception(
            "multiplied, then shifted",
            lambda step, schedule, warmup_steps: (
                schedule(step) * step / warmup_steps
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "During the warmup the schedule runs on already, so your rise is no straight line. It "
            "is its rate at step 0 to which the line leads.",
        ),
        Misconception(
            "one piece too few",
            lambda step, schedule, warmup_steps: (
                schedule(0) * step / (warmup_steps - 1)
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your line is at schedule(0) one update too early, at warmup_steps - 1. It would get "
            "there at warmup_steps, where the schedule begins.",
        ),
        Misconception(
            "first update moves",
            lambda step, schedule, warmup_steps: (
                schedule(0) * (step + 1) / warmup_steps
                if step < warmup_steps
                else schedule(step - warmup_steps)
            ),
            "Your warmup is one update ahead: here the rate at step 0 is 0, if there is a warmup "
            "at all.",
        ),
        Misconception(
            "peak twice",
            lambda step, schedule, warmup_steps: (
                schedule(0) * step / warmup_steps
                if step < warmup_steps
                else schedule(max(step - warmup_steps - 1, 0))
            ),
            "The schedule is one update late: at step = warmup_steps it begins, and one step later "
            "it is at its own step 1.",
        ),
        Misconception(
            "warmup only",
            lambda step, schedule, warmup_steps: (
                schedule(0) * min(step / warmup_steps, 1) if warmup_steps else schedule(0)
            ),
            "After the warmup your rate stays at the peak. From there on the schedule decides.",
        ),
    ),
)


def _adam_update(
    gradients: np.ndarray, rate: float, beta1: float, beta2: float, eps: float
) -> np.ndarray:
    mean, square = 0.0, 0.0
    for n, gradient in enumerate(gradients, start=1):
        mean = beta1 * mean + (1.0 - beta1) * gradient
        square = beta2 * square + (1.0 - beta2) * gradient**2
        full_mean, full_square = mean / (1.0 - beta1**n), square / (1.0 - beta2**n)
        update = -rate * full_mean / (np.sqrt(full_square) + eps)
    return update


def _adam_cases(rng: np.random.Generator) -> list[Case]:
    def case(gradients, rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        numbers = {"rate": rate, "beta1": beta1, "beta2": beta2, "eps": eps}
        return {"gradients": np.array(gradients)} | numbers

    edges = [
        case([[100.0, -1.0, 0.00001, 0.0]]),
        case([[1.0, -2.0], [1.0, 2.0]], rate=0.1),
        case([[1.0, -2.0], [3.0, 0.5], [-1.0, 0.5]], beta1=0.0, rate=1.0),
        case([[2.0], [3.0], [0.5]], beta1=0.5, beta2=0.5, eps=0.5, rate=0.3),
        case([[0.3, -0.4]], eps=0.1, rate=2.0),
    ]
    for _ in range(8):
        n, weights = int(rng.integers(1, 12)), int(rng.integers(1, 5))
        edges.append(
            case(
                rng.standard_normal((n, weights)),
                float(rng.uniform(0.001, 1.0)),
                float(rng.uniform(0.5, 0.95)),
                float(rng.uniform(0.8, 0.999)),
                float(rng.choice([1e-8, 0.01, 0.3])),
            )
        )
    return edges


def _averages(gradients, beta1, beta2):
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for gradient in gradients:
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
    return m, v


def _adam(filled1=lambda beta, n: 1 - beta**n, filled2=lambda beta, n: 1 - beta**n, root=np.sqrt):
    """Return Adam's update with other corrections of its averages, or without its root."""

    def update(gradients, rate, beta1, beta2, eps):
        m, v = _averages(gradients, beta1, beta2)
        n = len(gradients)
        return -rate * (m / filled1(beta1, n)) / (root(v / filled2(beta2, n)) + eps)

    return update


def _eps_inside(gradients, rate, beta1, beta2, eps):
    m, v = _averages(gradients, beta1, beta2)
    n = len(gradients)
    return -rate * m / (1 - beta1**n) / np.sqrt(v / (1 - beta2**n) + eps)


def _eps_before_correction(gradients, rate, beta1, beta2, eps):
    m, v = _averages(gradients, beta1, beta2)
    n = len(gradients)
    return -rate * np.sqrt(1 - beta2**n) / (1 - beta1**n) * m / (np.sqrt(v) + eps)


def _hats_fed_back(gradients, rate, beta1, beta2, eps):
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for n, gradient in enumerate(gradients, start=1):
        m = (beta1 * m + (1 - beta1) * gradient) / (1 - beta1**n)
        v = (beta2 * v + (1 - beta2) * gradient**2) / (1 - beta2**n)
    return -rate * m / (np.sqrt(v) + eps)


def _not_squared(gradients, rate, beta1, beta2, eps):
    m, _ = _averages(gradients, beta1, beta2)
    v, _ = _averages(gradients, beta2, beta1)
    n = len(gradients)
    return -rate * (m / (1 - beta1**n)) / (np.sqrt(v / (1 - beta2**n)) + eps)


def _all_updates(gradients, rate, beta1, beta2, eps):
    count = range(1, len(gradients) + 1)
    return sum(_adam_update(gradients[:n], rate, beta1, beta2, eps) for n in count)


ADAM_UPDATE = Task(
    name="adam_update",
    points=3,
    reference=_adam_update,
    make_cases=_adam_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Begin with a single gradient $g$, so $n=1$. What are $m$, $v$, and the two with hats? "
            "You should find $g$ and $g^2$. Then put a loop around it.",
        ),
        Hint(
            "I am right after one gradient and wrong after more",
            "The hats depend on how many gradients there have been. And the averages are of the "
            "raw $m$ and $v$: what carries a hat does not go into the next average.",
        ),
        Hint(
            "I get NaN or a division by zero",
            "Which power of $\\beta$ do you use when one gradient has been seen? It is not the "
            "zeroth.",
        ),
    ),
    misconceptions=(
        Misconception(
            "uphill",
            lambda gradients, rate, beta1, beta2, eps: (
                -_adam_update(gradients, rate, beta1, beta2, eps)
            ),
            "The size is right, and the direction is uphill. The update is what is *added* to the "
            "weights.",
        ),
        Misconception(
            "no correction",
            _adam(lambda beta, n: 1.0, lambda beta, n: 1.0),
            "Neither average is corrected. Both begin at 0 and are too small at first, v far more "
            "so than m: your first updates are too long.",
        ),
        Misconception(
            "only m corrected",
            _adam(filled2=lambda beta, n: 1.0),
            "Only m is corrected. The average of the squares begins at 0 as well.",
        ),
        Misconception(
            "only v corrected",
            _adam(filled1=lambda beta, n: 1.0),
            "Only v is corrected. The average of the gradients begins at 0 as well.",
        ),
        Misconception(
            "correction without a power",
            _adam(lambda beta, n: 1 - beta, lambda beta, n: 1 - beta),
            "You divide by 1 - β whatever the number of gradients. That is right for the first "
            "only: the share of an average that is filled grows with every gradient.",
        ),
        Misconception(
            "correction one behind",
            _adam(
                lambda beta, n: 1 - np.float64(beta) ** (n - 1),
                lambda beta, n: 1 - np.float64(beta) ** (n - 1),
            ),
            "Your correction counts from 0: after the first gradient it divides by 0. In Adam's "
            "formula the first gradient has number 1.",
        ),
        Misconception(
            "no root",
            _adam(root=lambda v: v),
            "The root of the corrected v is missing.",
        ),
        Misconception(
            "eps in the root",
            _eps_inside,
            "ε is inside the root. In Adam it is added to the root.",
        ),
        Misconception(
            "eps before the correction",
            _eps_before_correction,
            "ε is added before v is corrected, so the correction acts on ε as well. Here it is "
            "added to the root of the corrected v. (Adam's paper names your order as a shortcut.)",
        ),
        Misconception(
            "hats fed back",
            _hats_fed_back,
            "The corrected averages go into the next averages, so the correction acts again and "
            "again. m and v without hats are what is carried on.",
        ),
        Misconception(
            "betas swapped",
            lambda gradients, rate, beta1, beta2, eps: _adam_update(
                gradients, rate, beta2, beta1, eps
            ),
            "The two betas are swapped: beta1 belongs to the gradients, beta2 to their squares.",
        ),
        Misconception(
            "gradient not squared",
            _not_squared,
            "v is an average of the gradients, which may be negative, and so has no root then. It "
            "has to be the average of their squares.",
        ),
        Misconception(
            "all updates added",
            _all_updates,
            "This is how far the weights have moved in all. Asked for is the last update alone.",
        ),
        Misconception(
            "sign",
            lambda gradients, rate, beta1, beta2, eps: -rate * np.sign(gradients[-1]),
            "This is the sign of the last gradient times the rate: true of the first update (and "
            "even there only for a small ε), not of the later ones.",
        ),
    ),
)
