"""Four tasks of exercise 10: loops that count wrongly, or step at the wrong moment."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Task


def half_cosine(t, total, peak=1.0, floor=0.0):
    """Return torch's cosine after t steps, as it goes on past its end: up again, and so on."""
    return floor + (peak - floor) * (1 + np.cos(np.pi * np.asarray(t) / total)) / 2


def named(names: str, edges: list[tuple]) -> list[Case]:
    """Return cases from tuples of arguments, in the order of `names`."""
    return [dict(zip(names.split(), edge, strict=True)) for edge in edges]


def rate_between(rng: np.random.Generator) -> float:
    """Return a rate from 0.001 to 1, drawn evenly in its logarithm."""
    return float(10.0 ** rng.uniform(-3, 0))


def _repaired_order(base_lr: float, step_size: int, gamma: float, updates: int) -> list[float]:
    return [base_lr * gamma ** (t // step_size) for t in range(updates)]


def _order_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 3, 0.1, 7), (0.5, 1, 0.5, 4), (2.0, 4, 0.5, 12), (0.1, 5, 0.1, 3)]
    edges += [
        (rate_between(rng), int(rng.integers(2, 6)), float(rng.uniform(0.2, 0.8)), 14)
        for _ in range(8)
    ]
    return named("base_lr step_size gamma updates", edges)


def _shifted_steps(shift):
    def rates(base_lr, step_size, gamma, updates):
        t = np.maximum(np.arange(updates) + shift, 0)
        return base_lr * gamma ** (t // step_size)

    return rates


def _repaired_skips(peak_lr: float, total_steps: int, overflows: list[bool]) -> list[float]:
    made = overflows.count(False)
    return [peak_lr * (total_steps - t) / total_steps for t in range(made)]


def _skips_cases(rng: np.random.Generator) -> list[Case]:
    yes, no = True, False
    edges = [
        (0.1, 6, [no, yes, no, no, no, no]),
        (0.1, 4, [no, no, no, no]),
        (2.0, 10, [yes, yes, no, no, yes, no, no]),
        (0.5, 8, [no, no, no, no, no, no, yes]),
        (0.3, 3, [yes, yes]),
    ]
    for _ in range(8):
        overflows = [bool(x) for x in rng.random(int(rng.integers(6, 15))) < 0.3]
        edges.append((rate_between(rng), len(overflows) + int(rng.integers(0, 5)), overflows))
    return named("peak_lr total_steps overflows", edges)


def _line(peak_lr, total_steps, t):
    return [peak_lr * (total_steps - done) / total_steps for done in t]


def _attempts_counted(peak_lr, total_steps, overflows):
    return _line(peak_lr, total_steps, [i for i, bad in enumerate(overflows) if not bad])


def _attempts_listed(peak_lr, total_steps, overflows):
    return _line(peak_lr, total_steps, range(len(overflows)))


def _skipped_listed(peak_lr, total_steps, overflows):
    done = [overflows[:i].count(False) for i in range(len(overflows))]
    return _line(peak_lr, total_steps, done)


def _steps_when_skipped(peak_lr, total_steps, overflows):
    done = [overflows[:i].count(True) for i, bad in enumerate(overflows) if not bad]
    return _line(peak_lr, total_steps, done)


def _line_over_those_made(peak_lr, total_steps, overflows):
    made = overflows.count(False)
    return _line(peak_lr, made, range(made))


def _repaired_epochs(peak_lr: float, epochs: int, batches: int) -> np.ndarray:
    total = epochs * batches
    return peak_lr * (1 + np.cos(np.pi * np.arange(total) / total)) / 2


def _epochs_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 3, 4), (2.0, 1, 5), (0.5, 6, 1), (0.1, 2, 2)]
    edges += [
        (rate_between(rng), int(rng.integers(2, 7)), int(rng.integers(2, 9))) for _ in range(8)
    ]
    return named("peak_lr epochs batches", edges)


def _epochs_as(done, length):
    def rates(peak_lr, epochs, batches):
        t = np.arange(epochs * batches)
        return half_cosine(done(t, batches), length(epochs, batches), peak_lr)

    return rates


def _repaired_accumulation(peak_lr: float, batches: int, accumulate: int) -> np.ndarray:
    updates = batches // accumulate
    return peak_lr * (1 + np.cos(np.pi * np.arange(updates) / updates)) / 2


def _accumulation_cases(rng: np.random.Generator) -> list[Case]:
    edges = [(0.1, 24, 4), (0.5, 10, 1), (2.0, 22, 4), (0.1, 23, 3), (0.1, 2, 2)]
    for _ in range(8):
        accumulate = int(rng.integers(2, 6))
        batches = accumulate * int(rng.integers(3, 9)) + int(rng.integers(0, accumulate))
        edges.append((rate_between(rng), batches, accumulate))
    return named("peak_lr batches accumulate", edges)


def _accumulation_as(done, length):
    def rates(peak_lr, batches, accumulate):
        k = np.arange(batches // accumulate)
        return half_cosine(done(k, accumulate), length(batches, accumulate), peak_lr)

    return rates


def _a_rate_a_batch(peak_lr, batches, accumulate):
    i = np.arange(batches)
    return half_cosine(i // accumulate, batches // accumulate, peak_lr)


def _leftover_is_an_update(peak_lr, batches, accumulate):
    updates = -(-batches // accumulate)
    return half_cosine(np.arange(updates), updates, peak_lr)


REPAIRED_ORDER = Task(
    name="repaired_order",
    points=1,
    reference=_repaired_order,
    make_cases=_order_cases,
    hints=(
        Hint(
            "I see no mistake",
            "Print the rate right before the update, three times over. How often has the "
            "scheduler moved on before the first update uses it?",
        ),
        Hint(
            "My rates hold one update too long now",
            "Every update is followed by one step of the scheduler, the first one as well.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _shifted_steps(1),
            "These are still the rates of the broken loop: the scheduler moves on before the first "
            "update, so that its first rate lasts one update less.",
        ),
        Misconception(
            "first step left out",
            _shifted_steps(-1),
            "The first rate now lasts one update too long: somewhere a step of the scheduler is "
            "left out.",
        ),
        Misconception(
            "never stepped",
            lambda base_lr, step_size, gamma, updates: [base_lr] * updates,
            "The rate never falls: the scheduler is built and never stepped.",
        ),
        Misconception(
            "every update",
            lambda base_lr, step_size, gamma, updates: base_lr * gamma ** np.arange(updates),
            "The rate falls at every update. It is to stay for step_size updates.",
        ),
    ),
)

REPAIRED_SKIPS = Task(
    name="repaired_skips",
    points=1,
    reference=_repaired_skips,
    make_cases=_skips_cases,
    hints=(
        Hint(
            "Where is the rate that is missing?",
            "The schedule is a function of the updates *done*. What has been done in an attempt "
            "that overflows?",
        ),
        Hint(
            "I have too many rates",
            "One rate for each update that was carried out: an attempt that is skipped uses none.",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _attempts_counted,
            "These are still the rates of the broken loop: the scheduler counts attempts. A "
            "skipped attempt changes no weight, so it must not use up a rate.",
        ),
        Misconception(
            "attempts listed",
            _attempts_listed,
            "There is a rate for every attempt, and the scheduler moves on at each of them. "
            "Skipped attempts neither use a rate nor move the schedule.",
        ),
        Misconception(
            "skipped ones listed",
            _skipped_listed,
            "The scheduler now waits, but the rates of skipped attempts are listed too. They were "
            "never used.",
        ),
        Misconception(
            "condition turned round",
            _steps_when_skipped,
            "The scheduler moves on when an attempt is skipped, and stays when an update is made: "
            "the condition is the wrong way round.",
        ),
        Misconception(
            "line over those made",
            _line_over_those_made,
            "The line falls to zero over the updates that were carried out. While a run goes on "
            "nobody knows how many these will be: it falls over total_steps.",
        ),
    ),
)

REPAIRED_EPOCHS = Task(
    name="repaired_epochs",
    points=1,
    reference=_repaired_epochs,
    make_cases=_epochs_cases,
    hints=(
        Hint(
            "The rate goes up and down",
            "T_max has a unit: that of a call of the scheduler's step. Which unit has it here, and "
            "how often is the step called?",
        ),
        Hint(
            "My rate goes down in stairs",
            "That mends it too, but it is not what is asked for: every update is to have a rate of "
            "its own. So which of the two numbers has to change?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _epochs_as(lambda t, batches: t, lambda epochs, batches: epochs),
            "These are still the rates of the broken loop: T_max is in epochs, and the scheduler "
            "is stepped once a batch, so the cosine is through after a few batches.",
        ),
        Misconception(
            "stairs",
            _epochs_as(lambda t, batches: t // batches, lambda epochs, batches: epochs),
            "The rate falls once an epoch, in stairs. Here it is to fall at every update.",
        ),
        Misconception(
            "updates, stepped per epoch",
            _epochs_as(lambda t, batches: t // batches, lambda epochs, batches: epochs * batches),
            "Two things were changed at once: T_max is in updates now, and the scheduler is "
            "stepped once an epoch. The rate hardly falls.",
        ),
        Misconception(
            "length of one epoch",
            _epochs_as(lambda t, batches: t, lambda epochs, batches: batches),
            "T_max is the length of one epoch here: the rate falls in the first epoch and climbs "
            "in the second.",
        ),
        Misconception(
            "one update short",
            _epochs_as(
                lambda t, batches: t,
                lambda epochs, batches: np.float64(epochs * batches - 1),
            ),
            "The cosine is one update too short, so the last update runs at rate 0 and is wasted. "
            "The end of the schedule belongs after the last update.",
        ),
    ),
)

REPAIRED_ACCUMULATION = Task(
    name="repaired_accumulation",
    points=1,
    reference=_repaired_accumulation,
    make_cases=_accumulation_cases,
    hints=(
        Hint(
            "The rate jumps up and down",
            "Count for 8 batches and 4 of them an update: how many updates, how many steps of the "
            "scheduler? Which two counts have to agree?",
        ),
        Hint(
            "I fail only where batches are left over",
            "A group that is not full makes no update here. How many updates are there?",
        ),
    ),
    misconceptions=(
        Misconception(
            "as broken",
            _accumulation_as(lambda k, a: k * a + a - 1, lambda b, a: b // a),
            "These are still the rates of the broken loop: the scheduler is stepped in every "
            "batch, but T_max counts updates.",
        ),
        Misconception(
            "batches, stepped per update",
            _accumulation_as(lambda k, a: k, lambda b, a: b),
            "The scheduler is stepped once an update and T_max counts batches: the rate ends far "
            "above zero.",
        ),
        Misconception(
            "all in batches",
            _accumulation_as(lambda k, a: k * a + a - 1, lambda b, a: b),
            "Scheduler and T_max both count batches now. That is close, but the first update then "
            "comes after some steps, below the peak. Count updates in both.",
        ),
        Misconception(
            "a rate a batch",
            _a_rate_a_batch,
            "There is a rate for every batch. Only the last batch of a group makes an update.",
        ),
        Misconception(
            "leftover batches counted",
            _leftover_is_an_update,
            "The batches left over at the end are counted as an update. The loop makes none of "
            "them.",
        ),
    ),
)

TASKS = (
    REPAIRED_ORDER,
    REPAIRED_SKIPS,
    REPAIRED_EPOCHS,
    REPAIRED_ACCUMULATION,
)
