"""Exercise 9, task 2: a branch of a long run."""

from __future__ import annotations

import numpy as np

from course_tasks.task import Case, Hint, Misconception, Section, Task


def branch_rates(
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


def cases(rng: np.random.Generator) -> list[Case]:
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


def before_branch(peak_lr, warmup_steps, branch_step):
    t = np.arange(branch_step)
    return peak_lr * np.where(t < warmup_steps, t / max(warmup_steps, 1), 1.0)


def floor_at_last_update(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    done = np.arange(decay_steps) / max(decay_steps - 1, 1)
    fall = floor + (peak_lr - floor) * (1 - done**power)
    return np.append(before_branch(peak_lr, warmup_steps, branch_step), fall)


def first_update_already_lower(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    done = (np.arange(decay_steps) + 1) / decay_steps
    fall = floor + (peak_lr - floor) * (1 - done**power)
    return np.append(before_branch(peak_lr, warmup_steps, branch_step), fall)


def power_of_what_is_left(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    done = np.arange(decay_steps) / decay_steps
    fall = floor + (peak_lr - floor) * (1 - done) ** power
    return np.append(before_branch(peak_lr, warmup_steps, branch_step), fall)


def floor_is_a_share(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    return branch_rates(peak_lr, floor * peak_lr, warmup_steps, branch_step, decay_steps, power)


def branch_after_warmup(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    later = warmup_steps + branch_step
    return branch_rates(peak_lr, floor, warmup_steps, later, decay_steps, power)


def cooldown_inside(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    kept = before_branch(peak_lr, warmup_steps, branch_step)
    t = np.arange(branch_step)
    done = np.clip((t - (branch_step - decay_steps)) / decay_steps, 0, 1)
    return np.where(done > 0, floor + (peak_lr - floor) * (1 - done**power), kept)


def clipped_at_floor(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    to_zero = branch_rates(peak_lr, 0.0, warmup_steps, branch_step, decay_steps, power)
    is_cooldown = np.arange(len(to_zero)) >= branch_step
    return np.where(is_cooldown, np.maximum(to_zero, floor), to_zero)


def peak_in_warmup(peak_lr, floor, warmup_steps, branch_step, decay_steps, power):
    rates = branch_rates(peak_lr, floor, warmup_steps, branch_step, decay_steps, power)
    rates[:warmup_steps] = peak_lr * np.linspace(0, 1, warmup_steps)
    return rates


TASK = Task(
    name="branch_rates",
    number=2,
    section=Section("09_after_cosine", "Four branches against four cosines"),
    points=2,
    reference=branch_rates,
    make_cases=cases,
    hints=(
        Hint(
            "I do not know how to begin",
            "Write the three parts as three arrays and join them. How long is each of them? "
            "Count by hand for a small case. One part may be empty.",
        ),
        Hint(
            "My last rate is the floor",
            "The floor is the rate *after* the last update of the cooldown. What share of the "
            "cooldown is done before its first update, and before its last?",
        ),
        Hint(
            "I pass with power 1 but fail with other powers",
            "Take the power of the share that is *done*. With power 1 it makes no difference "
            "whether you use the share that is done or the share that is left.",
        ),
    ),
    misconceptions=(
        Misconception(
            "floor at the last update",
            floor_at_last_update,
            "Your cooldown is at the floor in its last update. You divide it into one part too "
            "few. It should reach the floor only after all its updates.",
        ),
        Misconception(
            "first update already lower",
            first_update_already_lower,
            "Your cooldown is one update ahead. Its first update already has a smaller rate, "
            "but at that point none of the cooldown is done.",
        ),
        Misconception(
            "power of what is left",
            power_of_what_is_left,
            "You take the power of the share that is left. The root of this share falls late. "
            "One minus the root of the share that is done falls early, and the task asks for "
            "this shape.",
        ),
        Misconception(
            "floor as a share",
            floor_is_a_share,
            "You multiply the floor by the peak. Here the floor is a rate, not a share of the "
            "peak.",
        ),
        Misconception(
            "branch counted from the warmup's end",
            branch_after_warmup,
            "Your run is too long by the length of the warmup. branch_step counts all updates "
            "from the start of the run, including the warmup.",
        ),
        Misconception(
            "cooldown before the branch",
            cooldown_inside,
            "Your cooldown ends at branch_step. The stable phase ends there, and the cooldown "
            "comes after it.",
        ),
        Misconception(
            "clipped at the floor",
            clipped_at_floor,
            "Your cooldown falls towards 0 and is cut off at the floor. It should end there, so "
            "only the part of the peak above the floor shrinks.",
        ),
        Misconception(
            "peak in the warmup",
            peak_in_warmup,
            "Your warmup reaches the peak in its own last update. The peak comes one update "
            "later, at step warmup_steps.",
        ),
    ),
)
