"""Exercise 5, solved in other ways."""

import math


def step_size_in_updates(epochs, examples, batch_size, drop_last):
    batches = [min(batch_size, examples - k) for k in range(0, examples, batch_size)]
    if drop_last and batches[-1] < batch_size:
        batches.pop()
    return epochs * len(batches)


def triangular_lr(step, base_lr, max_lr, step_size):
    cycle = math.floor(1 + step / (2 * step_size))
    x = abs(step / step_size - 2 * cycle + 1)
    return base_lr + (max_lr - base_lr) * max(0, 1 - x)


def triangular2_lr(step, base_lr, max_lr, step_size):
    height, position = max_lr - base_lr, step
    while position >= 2 * step_size:
        height, position = height / 2, position - 2 * step_size
    share = position / step_size if position < step_size else 2 - position / step_size
    return base_lr + share * height


def snapshot_steps(total_steps, step_size, count):
    low = [t for t in range(1, total_steps + 1) if t % (2 * step_size) == 0]
    return low[-count:]


OTHER = {
    f.__name__: f for f in (step_size_in_updates, triangular_lr, triangular2_lr, snapshot_steps)
}
EQUIVALENT = {
    "step_size_in_updates": {
        "minus drop_last, column 17 of `filled_up = 0 if drop_last else batch_size - 1`": (
            "drop_last is True or False, and so is its negative taken as a condition"
        ),
    },
    "triangular_lr": {
        "minus step, column 11 of `position = step % (2 * step_size)`": (
            "the wave is the same read backwards from 0"
        ),
    },
    "triangular2_lr": {
        "step Sub 1, column 8 of `cycle = step // (2 * step_size)`": (
            "it counts a cycle less only where one begins, and there the height is 0 either way"
        ),
    },
}
