"""Random schedules of transformers, and transformers itself."""

from __future__ import annotations

import inspect
from functools import cache

from tests.lib.libraries.random_torch import UPDATES, rate, share, short

_CYCLES = (0.5, 1, 2, 3, 7, 0.25, 1.5, 0, 10)


def _common(random):
    return {"num_warmup_steps": short(random), "num_training_steps": short(random, 1)}


def _floored(random):
    floor = (
        {"min_lr": rate(random, 0.0)} if random.random() < 0.5 else {"min_lr_rate": share(random)}
    )
    return {**_common(random), "num_cycles": random.choice(_CYCLES), **floor}


def _wsd(random):
    lengths = {"num_stable_steps": short(random)}
    if random.random() < 0.5:
        lengths = {"num_training_steps": short(random, 1)}
    types = ["linear", "cosine", "1-sqrt"]
    return {
        "num_warmup_steps": short(random),
        "num_decay_steps": short(random),
        **lengths,
        "warmup_type": random.choice(types),
        "decay_type": random.choice(types),
        "min_lr_ratio": share(random, 0.0, 1.0),
        "num_cycles": random.choice([0.5, 0.5, 1, 0, 1.5]),
    }


KINDS = {
    "get_constant_schedule": lambda r: {},
    "get_constant_schedule_with_warmup": lambda r: {"num_warmup_steps": short(r)},
    "get_linear_schedule_with_warmup": _common,
    "get_cosine_schedule_with_warmup": lambda r: {**_common(r), "num_cycles": r.choice(_CYCLES)},
    "get_cosine_with_hard_restarts_schedule_with_warmup": lambda r: {
        **_common(r),
        "num_cycles": r.choice([1, 2, 3, 4, 5, 6, 7, 10, 11, 22, 2.5, 0.7, r.uniform(0.1, 30)]),
    },
    "get_polynomial_decay_schedule_with_warmup": lambda r: {
        **_common(r),
        "lr_end": r.choice([1e-7, 0.0, rate(r)]),
        "power": r.choice([1.0, 2.0, 0.5, 3]),
    },
    "get_inverse_sqrt_schedule": lambda r: {
        "num_warmup_steps": short(r),
        "timescale": r.choice([None, short(r, 1)]),
    },
    "get_cosine_with_min_lr_schedule_with_warmup": _floored,
    "get_cosine_with_min_lr_schedule_with_warmup_lr_rate": lambda r: {
        **_floored(r),
        "warmup_lr_rate": r.choice([None, share(r, 0.0)]),
    },
    "get_wsd_schedule": _wsd,
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    arguments = {"base_lr": rate(random, 0.0), **KINDS[kind](random)}
    return f"transformers.{kind}", arguments, random.choice(UPDATES)


@cache
def _optimization():
    from transformers import optimization

    return optimization


def real(name, arguments, updates):
    """Return the optimizer's rates when the scheduler steps after each update."""
    import torch

    given = dict(arguments)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=given.pop("base_lr"))
    function = getattr(_optimization(), name.removeprefix("transformers."))
    scheduler = inspect.unwrap(function)(optimizer, **given)
    [base], [factor] = scheduler.base_lrs, scheduler.lr_lambdas  # of a LambdaLR, as all of them are
    return [base * factor(t) for t in range(updates)]


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
