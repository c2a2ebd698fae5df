"""Random schedules of diffusers, by their functions and by name, and diffusers itself."""

from __future__ import annotations

UPDATES = (30, 90, 150)


def _lengths(random):
    total = random.choice([1, 60, random.randint(1, 140)])
    warmup = random.choice([0, 1, min(10, total), random.randint(0, total), random.randint(0, 150)])
    return {"num_warmup_steps": warmup, "num_training_steps": total}


def _rules(random):
    ends = random.sample(range(1, 120), random.randint(0, 4))
    factors = [random.choice([1, 0.1, round(random.random(), 3)]) for _ in ends]
    pairs = [f"{factor}:{end}" for factor, end in zip(factors, ends, strict=True)]
    return {"step_rules": ",".join([*pairs, str(round(random.random(), 4))])}


KINDS = {
    "get_constant_schedule": lambda r: {},
    "get_constant_schedule_with_warmup": lambda r: {"num_warmup_steps": r.randint(0, 60)},
    "get_piecewise_constant_schedule": _rules,
    "get_linear_schedule_with_warmup": lambda r: {
        **_lengths(r),
        "f_min": r.choice([0.0, r.random()]),
        "f_max": r.choice([1.0, 2.0, r.random()]),
    },
    "get_cosine_schedule_with_warmup": lambda r: {
        **_lengths(r),
        "num_cycles": r.choice([0.5, 1.0, 3, 0, r.uniform(0.1, 3.0)]),
    },
    "get_cosine_with_hard_restarts_schedule_with_warmup": lambda r: {
        **_lengths(r),
        "num_cycles": r.choice([1, 2, 3, r.randint(1, 9)]),
    },
    "get_polynomial_decay_schedule_with_warmup": lambda r: {
        **_lengths(r),
        "lr_end": r.choice([1e-7, 1e-5]),
        "power": r.choice([1.0, 2.0, r.uniform(1.0, 3.0)]),
    },
}
NAMES = [
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "constant",
    "constant_with_warmup",
    "piecewise_constant",
]


def draw(random):
    """Return a name, its arguments and a number of updates."""
    base = {"base_lr": random.choice([0.1, 1.0, 10 ** random.uniform(-4, 0)])}
    if random.random() < 0.5:
        given = {"name": random.choice(NAMES), **_lengths(random), **_rules(random)}
        given |= {"num_cycles": random.randint(1, 5), "power": random.choice([1.0, 2.0])}
        return "diffusers.get_scheduler", {**base, **given}, random.choice(UPDATES)
    kind = random.choice(list(KINDS))
    return f"diffusers.{kind}", {**base, **KINDS[kind](random)}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update until the library raises."""
    from records.drivers.driving import Raised
    from records.drivers.of_diffusers import rates

    try:
        return rates(name.removeprefix("diffusers."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
