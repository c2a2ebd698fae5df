"""Exercise 9: a line to zero, a branch of a long run, a new batch size, schedule-free SGD."""

from __future__ import annotations

import numpy as np

from course_tasks._curves import peak_of
from course_tasks._ex09_scaling import SCALED_RUN, SCHEDULE_FREE_WEIGHTS
from course_tasks.task import Case, Hint, Misconception, Task


def _straight_to_zero(step: int, peak_lr: float, warmup_steps: int, total_steps: int) -> float:
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    left = total_steps - min(step, total_steps)
    return peak_lr * left / (total_steps - warmup_steps)


def _to_zero_cases(rng: np.random.Generator) -> list[Case]:
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


def _line_from_step_zero(step, peak_lr, warmup_steps, total_steps):
    left = max(1 - step / total_steps, 0.0)
    return peak_lr * min(left, step / warmup_steps if warmup_steps else 1.0)


def _decay_as_long_as_the_run(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * max(1 - (step - warmup_steps) / total_steps, 0.0)


def _zero_one_early(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * max((total_steps - 1 - step) / np.float64(total_steps - 1 - warmup_steps), 0)


def _not_held(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * (total_steps - step) / (total_steps - warmup_steps)


def _warmup_one_ahead(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * (step + 1) / warmup_steps
    return peak_lr * max(total_steps - step, 0) / (total_steps - warmup_steps)


def _share_of_the_whole_run(step, peak_lr, warmup_steps, total_steps):
    if step < warmup_steps:
        return peak_lr * step / warmup_steps
    return peak_lr * max(1 - step / total_steps, 0.0)


def _branch_rates(
    peak_lr: float,
    floor: float,
    warmup_steps: int,
    branch_step: int,
    decay_steps: int,
    power: float,
) -> np.ndarray:
    rise = peak_lr * np.arange(warmup_steps) / warmup_steps
    flat = np.full(branch_step - warmup_steps, peak_lr)
    done = np.arange(decay_steps) / decay_steps
    return np.concatenate([rise, flat, floor + (peak_lr - floor) * (1 - done**power)])


def _branch_cases(rng: np.random.Generator) -> list[Case]:
    names = ("peak_lr", "floor", "warmup_steps", "branch_step", "decay_steps", "power")
    edges = [
        (0.1, 0.0, 2, 6, 4, 1.0),
        (0.1, 0.02, 2, 6, 4, 0.5),
        (2.0, 0.1, 0, 3, 5, 1.0),
        (0.3, 0.0, 4, 4, 4, 0.5),
        (0.3, 0.3, 1, 2, 3, 1.0),
        (0.5, 0.25, 3, 5, 1, 1.0),
    ]
    for _ in range(8):
        peak_lr, branch_step = float(10.0 ** rng.uniform(-3, 0)), int(rng.integers(4, 30))
        floor = peak_lr * float(rng.choice([0.0, 0.05, 0.3]))
        warmup_steps, decay_steps = int(rng.integers(0, branch_step)), int(rng.integers(2, 20))
        power = float(rng.choice([1.0, 0.5, 2.0]))
        edges.append((peak_lr, floor, warmup_steps, branch_step, decay_steps, power))
    return [dict(zip(names, edge, strict=True)) for edge in edges]


def _before_branch(peak_lr, warmup_steps, branch_step):
    t = np.arange(branch_step)
    return peak_lr * np.where(t < warmup_steps, t / max(warmup_steps, 1), 1.0)


def _floor_at_last_update(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    done = np.arange(decay_steps) / max(decay_steps - 1, 1)
    fall = floor + (peak_lr - floor) * (1 - done**power)
    return np.append(_before_branch(peak_lr, warmup_steps, branch_step), fall)


def _first_update_already_lower(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    done = (np.arange(decay_steps) + 1) / decay_steps
    fall = floor + (peak_lr - floor) * (1 - done**power)
    return np.append(_before_branch(peak_lr, warmup_steps, branch_step), fall)


def _power_of_what_is_left(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    done = np.arange(decay_steps) / decay_steps
    fall = floor + (peak_lr - floor) * (1 - done) ** power
    return np.append(_before_branch(peak_lr, warmup_steps, branch_step), fall)


def _floor_is_a_share(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    return _branch_rates(peak_lr, floor * peak_lr, warmup_steps, branch_step, decay_steps, power)


def _branch_after_warmup(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    later = warmup_steps + branch_step
    return _branch_rates(peak_lr, floor, warmup_steps, later, decay_steps, power)


def _cooldown_inside(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    kept = _before_branch(peak_lr, warmup_steps, branch_step)
    t = np.arange(branch_step)
    done = np.clip((t - (branch_step - decay_steps)) / decay_steps, 0, 1)
    return np.where(done > 0, floor + (peak_lr - floor) * (1 - done**power), kept)


def _clipped_at_floor(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    to_zero = _branch_rates(peak_lr, 0.0, warmup_steps, branch_step, decay_steps, power)
    is_cooldown = np.arange(len(to_zero)) >= branch_step
    return np.where(is_cooldown, np.maximum(to_zero, floor), to_zero)


def _peak_in_warmup(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    rates = _branch_rates(peak_lr, floor, warmup_steps, branch_step, decay_steps, power)
    rates[:warmup_steps] = peak_lr * np.linspace(0, 1, warmup_steps)
    return rates


STRAIGHT_TO_ZERO = Task(
    name="straight_to_zero",
    points=1,
    reference=_straight_to_zero,
    make_cases=_to_zero_cases,
    scale=peak_of,
    curve="step",
    hints=(
        Hint(
            "My line does not meet the peak at the end of the warmup",
            "Where does your line begin, and how many updates does it take from there to zero? "
            "The warmup is a part of the run, not in addition to it.",
        ),
        Hint(
            "I get negative rates",
            "A line does not know that the run is over. Which step should it stop counting at?",
        ),
        Hint(
            "I divide by zero",
            "Without a warmup there is no step that lies in it. Ask whether you are in the warmup "
            "before you divide by its length, and look at your comparison when both sides are 0.",
        ),
    ),
    misconceptions=(
        Misconception(
            "line from step 0",
            _line_from_step_zero,
            "The line seems to start at step 0, behind the warmup, so that the peak is never "
            "reached. It has to start at the peak, when the warmup ends.",
        ),
        Misconception(
            "decay as long as the run",
            _decay_as_long_as_the_run,
            "This is what you get when the whole run, not the rest after the warmup, is the length "
            "of the decay: the rate is not zero at the end.",
        ),
        Misconception(
            "zero one update early",
            _zero_one_early,
            "Here the rate is zero in the last update already, which is wasted. Zero belongs to "
            "step total_steps, which comes after the last update.",
        ),
        Misconception(
            "not held",
            _not_held,
            "Past the end your line goes on below zero. A negative rate climbs the loss; zero has "
            "to be held.",
        ),
        Misconception(
            "warmup one ahead",
            _warmup_one_ahead,
            "Your warmup is one update ahead: it reaches the peak in its own last update. Here "
            "step 0 has the rate 0, and the peak comes at step warmup_steps.",
        ),
        Misconception(
            "share of the whole run",
            _share_of_the_whole_run,
            "Warmup and end are right, with a jump between them: the warmup is counted as a part "
            "of the fall. None of the fall is done when the warmup ends.",
        ),
    ),
)

BRANCH_RATES = Task(
    name="branch_rates",
    points=2,
    reference=_branch_rates,
    make_cases=_branch_cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Write the three parts as three arrays and join them. How long is each? Count for a "
            "small case on your fingers; one part may be empty.",
        ),
        Hint(
            "My last rate is the floor",
            "The floor is the rate *after* the last update of the cooldown. What share of the "
            "cooldown is done before its first update, and before its last?",
        ),
        Hint(
            "I pass with the line and fail with other powers",
            "The power goes on the share that is *done*. For a line it makes no difference whether "
            "you take it of what is done or of what is left.",
        ),
    ),
    misconceptions=(
        Misconception(
            "floor at the last update",
            _floor_at_last_update,
            "Your cooldown is at the floor in its last update. It is divided into one part too "
            "few: the floor is reached only when all its updates are done.",
        ),
        Misconception(
            "first update already lower",
            _first_update_already_lower,
            "Your cooldown is one update ahead: its first update already has a smaller rate. When "
            "it begins, nothing of it is done.",
        ),
        Misconception(
            "power of what is left",
            _power_of_what_is_left,
            "The power was taken of the share that is left. The root of what is left falls late; "
            "one minus the root of what is done falls early, which is the shape asked for.",
        ),
        Misconception(
            "floor as a share",
            _floor_is_a_share,
            "The floor was multiplied by the peak. It is a rate here, not a share of the peak.",
        ),
        Misconception(
            "branch counted from the warmup's end",
            _branch_after_warmup,
            "Your run is longer by the warmup. branch_step counts all updates from the start of "
            "the run, those of the warmup included.",
        ),
        Misconception(
            "cooldown before the branch",
            _cooldown_inside,
            "Your cooldown ends at branch_step. The run leaves the stable phase there: the "
            "cooldown comes after it, in addition.",
        ),
        Misconception(
            "clipped at the floor",
            _clipped_at_floor,
            "Your cooldown falls towards 0 and is cut off at the floor. It is to end there: what "
            "shrinks is the part of the peak that lies above the floor.",
        ),
        Misconception(
            "peak in the warmup",
            _peak_in_warmup,
            "Your warmup reaches the peak in its own last update. The peak comes one update "
            "later, at step warmup_steps.",
        ),
    ),
)

TASKS = (STRAIGHT_TO_ZERO, BRANCH_RATES, SCALED_RUN, SCHEDULE_FREE_WEIGHTS)
