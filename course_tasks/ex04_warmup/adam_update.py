"""Exercise 4, task 4: Adam's first updates."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def adam_update(
    gradients: np.ndarray, rate: float, beta1: float, beta2: float, eps: float
) -> np.ndarray:
    mean, square = 0.0, 0.0
    for n, gradient in enumerate(gradients, start=1):
        mean = beta1 * mean + (1.0 - beta1) * gradient
        square = beta2 * square + (1.0 - beta2) * gradient**2
        full_mean, full_square = mean / (1.0 - beta1**n), square / (1.0 - beta2**n)
        update = -rate * full_mean / (np.sqrt(full_square) + eps)
    return update


def cases(rng: np.random.Generator) -> list[Case]:
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


def averages(gradients, beta1, beta2):
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for gradient in gradients:
        m = beta1 * m + (1 - beta1) * gradient
        v = beta2 * v + (1 - beta2) * gradient**2
    return m, v


def adam(filled1=lambda beta, n: 1 - beta**n, filled2=lambda beta, n: 1 - beta**n, root=np.sqrt):
    """Return Adam's update with other corrections of its averages, or without its root."""

    def update(gradients, rate, beta1, beta2, eps):
        m, v = averages(gradients, beta1, beta2)
        n = len(gradients)
        return -rate * (m / filled1(beta1, n)) / (root(v / filled2(beta2, n)) + eps)

    return update


def eps_inside(gradients, rate, beta1, beta2, eps):
    m, v = averages(gradients, beta1, beta2)
    n = len(gradients)
    return -rate * m / (1 - beta1**n) / np.sqrt(v / (1 - beta2**n) + eps)


def eps_before_correction(gradients, rate, beta1, beta2, eps):
    m, v = averages(gradients, beta1, beta2)
    n = len(gradients)
    return -rate * np.sqrt(1 - beta2**n) / (1 - beta1**n) * m / (np.sqrt(v) + eps)


def hats_fed_back(gradients, rate, beta1, beta2, eps):
    m, v = np.zeros_like(gradients[0]), np.zeros_like(gradients[0])
    for n, gradient in enumerate(gradients, start=1):
        m = (beta1 * m + (1 - beta1) * gradient) / (1 - beta1**n)
        v = (beta2 * v + (1 - beta2) * gradient**2) / (1 - beta2**n)
    return -rate * m / (np.sqrt(v) + eps)


def not_squared(gradients, rate, beta1, beta2, eps):
    m, _ = averages(gradients, beta1, beta2)
    v, _ = averages(gradients, beta2, beta1)
    n = len(gradients)
    return -rate * (m / (1 - beta1**n)) / (np.sqrt(v / (1 - beta2**n)) + eps)


def all_updates(gradients, rate, beta1, beta2, eps):
    count = range(1, len(gradients) + 1)
    return sum(adam_update(gradients[:n], rate, beta1, beta2, eps) for n in count)


TASK = Task(
    name="adam_update",
    number=4,
    section=Section("04_warmup", "Adam's first step"),
    points=3,
    reference=adam_update,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Begin with a single gradient $g$, so $n=1$. What are $m$, $v$, $\\hat m$ and "
            "$\\hat v$? For the last two you should find $g$ and $g^2$. Then put a loop around "
            "it.",
        ),
        Hint(
            "I am right after one gradient and wrong after more",
            "$\\hat m$ and $\\hat v$ depend on the number of gradients so far. Only $m$ and $v$ "
            "go into the next averages; $\\hat m$ and $\\hat v$ do not.",
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
                -adam_update(gradients, rate, beta1, beta2, eps)
            ),
            "The size is right, and the direction is uphill. The update is what is *added* to the "
            "weights.",
        ),
        Misconception(
            "no correction",
            adam(lambda beta, n: 1.0, lambda beta, n: 1.0),
            "Neither average is corrected. Both begin at 0 and are too small at first. v is far "
            "smaller than it should be, so your first updates are too long.",
        ),
        Misconception(
            "only m corrected",
            adam(filled2=lambda beta, n: 1.0),
            "Only m is corrected. The average of the squares begins at 0 as well.",
        ),
        Misconception(
            "only v corrected",
            adam(filled1=lambda beta, n: 1.0),
            "Only v is corrected. The average of the gradients begins at 0 as well.",
        ),
        Misconception(
            "correction without a power",
            adam(lambda beta, n: 1 - beta, lambda beta, n: 1 - beta),
            "You divide by 1 - β for any number of gradients. That is right only for the first "
            "one, because the weights in an average add up to more with every gradient.",
        ),
        Misconception(
            "correction one behind",
            adam(
                lambda beta, n: 1 - np.float64(beta) ** (n - 1),
                lambda beta, n: 1 - np.float64(beta) ** (n - 1),
            ),
            "Your correction counts from 0, so it divides by 0 after the first gradient. In "
            "Adam's formula the first gradient has number 1.",
        ),
        Misconception(
            "no root",
            adam(root=lambda v: v),
            "The root of the corrected v is missing.",
        ),
        Misconception(
            "eps in the root",
            eps_inside,
            "ε is inside the root. In Adam it is added to the root.",
        ),
        Misconception(
            "eps before the correction",
            eps_before_correction,
            "ε is added before v is corrected, so the correction acts on ε as well. Here it is "
            "added to the root of the corrected v. (Adam's paper names your order as a shortcut.)",
        ),
        Misconception(
            "hats fed back",
            hats_fed_back,
            "The corrected averages go into the next averages, so the correction acts again and "
            "again. Carry on the m and v without hats.",
        ),
        Misconception(
            "betas swapped",
            lambda gradients, rate, beta1, beta2, eps: adam_update(
                gradients, rate, beta2, beta1, eps
            ),
            "The two betas are swapped: beta1 belongs to the gradients, beta2 to their squares.",
        ),
        Misconception(
            "gradient not squared",
            not_squared,
            "Your v is an average of the gradients. It may be negative, and then it has no "
            "square root. It has to be the average of their squares.",
        ),
        Misconception(
            "all updates added",
            all_updates,
            "This is the sum of all updates. The task asks for the last update alone.",
        ),
        Misconception(
            "sign",
            lambda gradients, rate, beta1, beta2, eps: -rate * np.sign(gradients[-1]),
            "This is the sign of the last gradient times the rate. It is right only for the "
            "first update, and even there only for a small ε.",
        ),
    ),
)
