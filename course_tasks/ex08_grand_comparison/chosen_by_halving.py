"""Exercise 8, task 6: choose, with a budget."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def chosen_by_halving(losses: np.ndarray, budget: int) -> int:
    left = list(range(len(losses)))
    seeds = 0
    while seeds < losses.shape[1] and budget >= len(left):
        budget -= len(left)
        seeds += 1
        means = losses[:, :seeds].mean(axis=1)
        left.sort(key=lambda row: means[row])
        left = left[: (len(left) + 1) // 2]
    return left[0]  # once it is alone, more rounds do not change it


def halving(
    losses: np.ndarray,
    budget: float,
    judged: Callable[[np.ndarray, int], np.ndarray] = lambda rows, n: rows[:, :n].mean(axis=1),
    kept: Callable[[int], int] = lambda left: (left + 1) // 2,
) -> int:
    """Halve as the task says, but for how losses are judged and how many rows are kept."""
    left = np.arange(len(losses))
    for seeds in range(1, losses.shape[1] + 1):
        if len(left) == 1 or budget < len(left):
            break
        budget -= len(left)
        order = np.argsort(judged(losses[left], seeds))
        left = left[order][: max(1, kept(len(left)))]
    return int(left[0])


def latest(losses: np.ndarray, budget: int) -> int:
    return halving(losses, budget, judged=lambda rows, n: rows[:, n - 1])


def luckiest(losses: np.ndarray, budget: int) -> int:
    return halving(losses, budget, judged=lambda rows, n: rows[:, :n].min(axis=1))


def rounded_down(losses: np.ndarray, budget: int) -> int:
    return halving(losses, budget, kept=lambda left: left // 2)


def without_limit(losses: np.ndarray, budget: int) -> int:
    return halving(losses, np.inf)


def one_by_one(losses: np.ndarray, budget: int) -> int:
    return halving(losses, budget, kept=lambda left: left - 1)


def equal_shares(losses: np.ndarray, budget: int) -> int:
    each = min(budget // len(losses), losses.shape[1])
    return int(losses[:, :each].mean(axis=1).argmin())


def first_seed_only(losses: np.ndarray, budget: int) -> int:
    return int(losses[:, 0].argmin())


def highest(losses: np.ndarray, budget: int) -> int:
    return halving(losses, budget, judged=lambda rows, n: -rows[:, :n].mean(axis=1))


def place_among_those_left(losses: np.ndarray, budget: int) -> int:
    return 0


def last_unit_kept(losses: np.ndarray, budget: int) -> int:
    return halving(losses, budget - 1)


def cases(rng: np.random.Generator) -> list[Case]:
    cases = [
        # The last two columns would change the choice, but the budget ends before them.
        {"losses": np.array([[0.5, 0.6, 0.9], [0.7, 0.1, 0.2], [0.6, 0.7, 0.1]]), "budget": 3},
        # Enough for a second round, and no third is needed.
        {"losses": np.array([[0.5, 0.9, 0.9], [0.7, 0.1, 0.2], [0.6, 0.7, 0.1]]), "budget": 5},
        # One run short of that second round.
        {"losses": np.array([[0.5, 0.9, 0.9], [0.7, 0.1, 0.2], [0.6, 0.7, 0.1]]), "budget": 4},
        # The lowest of the second round is not the lowest mean.
        {"losses": np.array([[0.2, 0.5], [0.6, 0.3]]), "budget": 4},
        {"losses": np.array([[0.3, 0.4], [0.2, 0.6], [0.9, 0.0], [0.8, 0.0]]), "budget": 100},
        # One schedule alone needs no run, one seed allows one round.
        {"losses": np.array([[0.4, 0.3]]), "budget": 1},
        {"losses": np.array([[0.7], [0.4], [0.6]]), "budget": 50},
    ]
    for _ in range(40):
        schedules, seeds = int(rng.integers(3, 10)), int(rng.integers(2, 6))
        quality = rng.uniform(0.4, 0.7, size=(schedules, 1))
        losses = quality + 0.15 * rng.standard_normal((schedules, seeds))
        budget = int(rng.integers(schedules, 3 * schedules + 1))
        cases.append({"losses": losses.round(4), "budget": budget})
    return cases


TASK = Task(
    name="chosen_by_halving",
    number=6,
    section=Section("08_grand_comparison", "What goes wrong, 2: the best of twelve"),
    points=3,
    reference=chosen_by_halving,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Work through the four schedules printed above with a pencil. Which of them run in "
            "the first round, how much of the budget is left, and which are kept? Do the second "
            "round, then write the loop.",
        ),
        Hint(
            "I pass the small cases but fail the larger ones",
            "With an odd number of schedules left, how many are kept? And once some are gone, is "
            "the number that you return still a row of `losses`?",
        ),
        Hint(
            "I am wrong only where the budget is short",
            "A round runs all remaining schedules or none. What has to be true before it? And "
            "is the budget large enough if the round uses all of it?",
        ),
    ),
    misconceptions=(
        Misconception(
            "latest seed alone",
            latest,
            "Each round is judged by its own seed alone. The runs of earlier rounds are already "
            "paid for, so take the mean over all seeds so far.",
        ),
        Misconception(
            "luckiest run",
            luckiest,
            "This judges a schedule by its lowest loss, which depends on luck and falls with "
            "more runs. The mean does not have this fault.",
        ),
        Misconception(
            "rounded down",
            rounded_down,
            "You keep the smaller half of an odd number of schedules. Keep the larger half: of 5 "
            "schedules, 3 go on.",
        ),
        Misconception(
            "no budget",
            without_limit,
            "This goes on until one is left, whatever it costs. Do not make a round that the "
            "rest of the budget does not pay for.",
        ),
        Misconception(
            "one at a time",
            one_by_one,
            "This drops one schedule in each round. Drop half of them, so that the budget pays "
            "for more seeds of the others.",
        ),
        Misconception(
            "equal shares",
            equal_shares,
            "This spends the budget evenly, with as many seeds for the worst schedule as for "
            "the best. Halving spends less on the schedules with high losses.",
        ),
        Misconception(
            "first seed only",
            first_seed_only,
            "This is the lowest loss on the first seed. The result of a single run is mostly "
            "luck, and the budget pays for more.",
        ),
        Misconception(
            "keeps the worse half",
            highest,
            "The worse half is kept here. These are losses: lower is better.",
        ),
        Misconception(
            "place among those left",
            place_among_those_left,
            "This is always 0. Perhaps it is the index among the remaining schedules. Keep "
            "track of their rows in `losses`.",
        ),
        Misconception(
            "last unit kept",
            last_unit_kept,
            "You do not make a round that uses up the budget exactly. Nothing has to be left over.",
        ),
    ),
)
