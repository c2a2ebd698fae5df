"""Random schedules of DeepSpeed, and DeepSpeed itself, stepped after each update."""

from __future__ import annotations

UPDATES = (30, 90, 150)


def _rate(random):
    return random.choice([0.1, 1.0, 10 ** random.uniform(-5, 0)])


def _warmup(random):
    return {
        "warmup_num_steps": random.choice([1, 2, 3, random.randint(1, 60)]),
        "warmup_type": random.choice(["log", "linear"]),
    }


def _one_cycle(random):
    return {
        "cycle_min_lr": random.choice([0.0, _rate(random)]),
        "cycle_max_lr": _rate(random),
        "decay_lr_rate": random.choice([0.0, 0.1, random.uniform(0.0, 9.0)]),
        "cycle_first_step_size": random.randint(1, 50),
        "cycle_second_step_size": random.choice([None, 0, random.randint(0, 50)]),
        "cycle_first_stair_count": random.choice([0, 0, 1, random.randint(1, 60)]),
        "cycle_second_stair_count": random.choice([None, 0, random.randint(1, 60)]),
        "decay_step_size": random.choice([0, 1, random.randint(1, 30)]),
    }


KINDS = {
    "WarmupLR": lambda r: {
        "base_lr": _rate(r),
        "warmup_min_lr": r.choice([0.0, _rate(r)]),
        "warmup_max_lr": r.choice([None, _rate(r)]),
        **_warmup(r),
    },
    "WarmupDecayLR": lambda r: {
        "base_lr": _rate(r),
        "total_num_steps": r.choice([1, r.randint(1, 140)]),
        "warmup_min_lr": r.choice([0.0, _rate(r)]),
        "warmup_max_lr": _rate(r),
        **_warmup(r),
    },
    "WarmupCosineLR": lambda r: {
        "base_lr": _rate(r),
        "total_num_steps": r.choice([1, r.randint(1, 140)]),
        "warmup_min_ratio": r.choice([0.0, 1.0, r.random()]),
        "cos_min_ratio": r.choice([0.0, 1.0, r.random(), 1.5]),
        **_warmup(r),
    },
    "OneCycle": _one_cycle,
    "LRRangeTest": lambda r: {
        "lr_range_test_min_lr": _rate(r),
        "lr_range_test_step_size": r.randint(1, 60),
        "lr_range_test_step_rate": r.choice([0.0, 1.0, r.uniform(0.0, 5.0)]),
        "lr_range_test_staircase": r.random() < 0.5,
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"deepspeed.{kind}", KINDS[kind](random), random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.of_deepspeed import rates

    return rates(name.removeprefix("deepspeed."), dict(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
