"""The capstone's three tasks: a schedule for each problem, scored by its regret."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from importlib import resources

import numpy as np

from course_lib import schedules
from course_lib.capstone import PROBLEMS, known, regret
from course_tasks.task import Case, Hint, Misconception, Score, Section, Task

# Regrets in units of the constant rate's: all points up to the first, none from the second on.
_NOTHING_LOST, _ALL_LOST = 0.05, 2.0
_DIVERGED = 1000.0


def _fraction(value: float) -> float:
    return float(np.interp(value, (_NOTHING_LOST, _ALL_LOST), (1.0, 0.0)))


def _score(name: str) -> Callable[[Case, np.ndarray], Score]:
    def score(case: Case, rates: np.ndarray) -> Score:
        if rates.min() < 0:
            return Score(0.0, f"problem {name}: a rate is negative ({rates.min():.3g})")
        loss, best = float(PROBLEMS[name].score(rates[None])[0]), known()[name]["loss"]
        value = regret(name, loss)
        if not value < _DIVERGED:
            return Score(0.0, f"problem {name}: training diverges")
        found = "better than the best known" if value < 0 else f"the best known is {best:.4g}"
        return Score(
            _fraction(value), f"problem {name}: final loss {loss:.4g}, {found}; regret {value:.2f}"
        )

    return score


@cache
def best_rates(name: str) -> np.ndarray:
    """Return the best rates found for a problem, shape (total_steps,)."""
    file = resources.files("course_tasks.capstone") / "best_rates.json"
    return np.array(json.loads(file.read_text(encoding="utf-8"))[name])


def _best(name: str) -> Callable[[np.ndarray], np.ndarray]:
    return lambda step: best_rates(name)[np.asarray(step)]


def _cases(name: str) -> Callable[[np.random.Generator], list[Case]]:
    # One case, the same for every seed: the whole run. Its seeds are kept with the problem.
    return lambda rng: [{"step": np.arange(PROBLEMS[name].total_steps)}]


def _usual(name: str, make: Callable[[int], schedules.Schedule]) -> Callable[..., np.ndarray]:
    total = PROBLEMS[name].total_steps
    return lambda step: make(total)(np.asarray(step))


_HINTS = (
    Hint(
        "I do not know where to begin",
        "Find the range first: a few constants, each ten times the one before. Which is the "
        "largest that still trains? The best peak of a falling schedule is often higher than "
        "the best constant.",
    ),
    Hint(
        "All my trials are used up",
        "Restart the kernel to get them back. But first see how far your measurements take you. "
        "Near the best peak, the loss changes only slowly.",
    ),
    Hint(
        "`step` is an array and my `if` fails",
        "`np.where(step < n, this, that)` chooses for every step. The presets of "
        "`course_lib.schedules` take arrays as they are.",
    ),
)


def _task(name: str) -> Task:
    return Task(
        name=f"my_schedule_{name}",
        number=1 + list(PROBLEMS).index(name),
        section=Section("08_grand_comparison", "Choose by the job"),
        points=5,
        reference=_best(name),
        make_cases=_cases(name),
        hints=_HINTS,
        misconceptions=(
            Misconception(
                "the article's constant",
                _usual(name, lambda total: schedules.constant(0.01)),
                "This is the constant 0.01 of the article, which nobody tuned. Every problem "
                "has its own range of good rates. Find it with a few trials.",
            ),
            Misconception(
                "never comes down",
                _usual(name, lambda total: schedules.warmup(schedules.constant(0.1), total)),
                "This rate only rises, like a warmup as long as the run. At the end, noise "
                "holds the loss up, and a lower rate would let it fall.",
            ),
            Misconception(
                "the untuned cosine",
                _usual(name, lambda total: schedules.cosine(0.001, total)),
                "This is the cosine from 0.001, a peak that is common elsewhere. The peak "
                "matters more than the shape, so find the range of this problem first.",
            ),
        ),
        score=_score(name),
    )


TASKS = tuple(_task(name) for name in PROBLEMS)
