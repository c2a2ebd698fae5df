"""Exercise 10, solved in other ways, the loops with torch's own schedulers."""

import math

import torch
from torch.optim import lr_scheduler as lrs


def _optimizer(rate):
    weight = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    weight.grad = torch.ones_like(weight)
    return torch.optim.SGD([weight], lr=rate)


def _rates(scheduler, updates):
    used = []
    for _ in range(updates):
        used.append(scheduler.optimizer.param_groups[0]["lr"])
        scheduler.optimizer.step()
        scheduler.step()
    return used


def repaired_order(base_lr, step_size, gamma, updates):
    milestones = range(step_size, updates + step_size, step_size)
    return _rates(lrs.MultiStepLR(_optimizer(base_lr), milestones, gamma=gamma), updates)


def repaired_skips(peak_lr, total_steps, overflows):
    optimizer = _optimizer(peak_lr)
    scheduler = lrs.LinearLR(optimizer, 1.0, 0.0, total_iters=total_steps)
    return _rates(scheduler, sum(not overflow for overflow in overflows))


def repaired_epochs(peak_lr, epochs, batches):
    total = epochs * batches
    fall = lrs.LambdaLR(_optimizer(peak_lr), lambda t: math.cos(math.pi * t / total / 2) ** 2)
    return _rates(fall, total)


def repaired_accumulation(peak_lr, batches, accumulate):
    return repaired_epochs(peak_lr, 1, batches // accumulate)


def repaired_end(peak_lr, floor, T_max, updates):
    optimizer = _optimizer(peak_lr)
    fall = lrs.CosineAnnealingLR(optimizer, T_max=T_max, eta_min=floor)
    rates = _rates(fall, min(T_max, updates))
    return rates + [floor] * (updates - len(rates))


def repaired_one_cycle(max_lr, epochs, examples, batch_size):
    updates = sum(1 for _ in range(epochs) for _ in range(0, examples, batch_size))
    scheduler = lrs.OneCycleLR(
        _optimizer(0.1),
        max_lr,
        total_steps=updates,
        anneal_strategy="linear",
        div_factor=10,
        final_div_factor=10,
        cycle_momentum=False,
    )
    return _rates(scheduler, updates)


def repaired_resume(peak_lr, total_steps, stop):
    optimizer = _optimizer(peak_lr)
    scheduler = lrs.CosineAnnealingLR(optimizer, T_max=total_steps)
    rates, state = _rates(scheduler, stop), optimizer.state_dict()
    optimizer = _optimizer(peak_lr)
    optimizer.load_state_dict(state)
    later = lrs.CosineAnnealingLR(optimizer, T_max=total_steps, last_epoch=stop - 1)
    return rates + _rates(later, total_steps - stop)


def repaired_factor(base_lr, gamma, floor, updates):
    scheduler = lrs.ExponentialLR(_optimizer(base_lr), gamma)
    return [max(rate, floor) for rate in _rates(scheduler, updates)]


def repaired_restarts(peak_lr, T_0, epochs, batches):
    per_batch = lrs.CosineAnnealingWarmRestarts(_optimizer(peak_lr), T_0=T_0 * batches)
    return _rates(per_batch, epochs * batches)


def repaired_plateau(base_lr, factor, patience, threshold, metrics):
    optimizer, rates = _optimizer(base_lr), []
    scheduler = lrs.ReduceLROnPlateau(
        optimizer, "max", factor, patience, threshold, threshold_mode="abs"
    )
    for metric in metrics:
        rates.append(optimizer.param_groups[0]["lr"])
        scheduler.step(-metric)
    return rates


def cosine_of_cycles(peak_lr, warmup_steps, total_steps, num_cycles, updates):
    rise = [peak_lr * t / warmup_steps for t in range(min(warmup_steps, updates))]
    length = total_steps - warmup_steps
    turns = (math.pi * num_cycles * t / length for t in range(updates - len(rise)))
    return rise + [peak_lr * math.cos(turn) ** 2 for turn in turns]


def logarithmic_warmup(peak_lr, warmup_num_steps, updates):
    base = max(warmup_num_steps, 2)
    rise = [0.0] + [peak_lr * math.log(t, base) for t in range(1, base)]
    return (rise + [peak_lr] * updates)[:updates]


def accumulated_decay(peak_lr, decay_steps, accumulate, updates):
    used = range(accumulate - 1, accumulate * updates, accumulate)
    falling = [math.cos(math.pi * batch / decay_steps / 2) ** 2 for batch in used]
    return [peak_lr * f * (b < decay_steps) for f, b in zip(falling, used, strict=True)]


def stepped_by_frequency(base_lr, gamma, epochs, batches, accumulate, frequency):
    rates, steps = [], 0
    for batch in list(range(1, batches + 1)) * epochs:
        if batch % accumulate == 0 or batch == batches:
            rates.append(base_lr * gamma**steps)
            steps += batch % frequency == 0
    return rates


def counted_from_begin(base_lr, start_factor, begin, milestones, gamma, epochs):
    rates, rate = [], base_lr
    for epoch in range(epochs):
        if epoch - begin in milestones:
            rate *= gamma
        missing = max(0, begin - 1 - epoch) / (begin - 1)
        rates.append(rate * (1 - (1 - start_factor) * missing))
    return rates


def rates_of_rollouts(initial_lr, total_timesteps, n_steps, n_envs):
    size = n_steps * n_envs
    ends = range(size, total_timesteps + size, size)
    return [initial_lr - initial_lr * end / total_timesteps for end in ends]


OTHER = {
    f.__name__: f
    for f in (
        repaired_order,
        repaired_skips,
        repaired_epochs,
        repaired_accumulation,
        repaired_end,
        repaired_one_cycle,
        repaired_resume,
        repaired_factor,
        repaired_restarts,
        repaired_plateau,
        cosine_of_cycles,
        logarithmic_warmup,
        accumulated_decay,
        stepped_by_frequency,
        counted_from_begin,
        rates_of_rollouts,
    )
}
_EVEN = "the cosine of an angle is that of the angle with the other sign"
EQUIVALENT = {
    "repaired_end": {
        "minus T_max, column 47 of `done = np.minimum(np.arange(updates), T_max) / T_max`": _EVEN
    },
    "repaired_resume": {
        "minus total_steps, column 32 of `done = np.arange(total_steps) / total_steps`": _EVEN
    },
    "cosine_of_cycles": {
        "minus num_cycles, column 31 of "
        "`wave = (1 + np.cos(2 * np.pi * num_cycles * done)) / 2`": _EVEN
    },
    "accumulated_decay": {
        "minus decay_steps, column 40 of "
        "`done = np.minimum(batch, decay_steps) / decay_steps`": _EVEN
    },
    "stepped_by_frequency": {
        "minus frequency, column 18 of `fits = [not end % frequency for end in ends] * epochs`": (
            "what can be divided by a number can be divided by its negative"
        )
    },
    "repaired_restarts": {
        "minus T_0, column 53 of `done = np.arange(epochs * batches) / batches % T_0 / T_0`": _EVEN
    },
}
