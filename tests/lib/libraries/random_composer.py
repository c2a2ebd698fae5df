"""Random schedulers of Composer, which are functions of the trainer's state; and Composer."""

from __future__ import annotations

from types import SimpleNamespace

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _time(random, low=0):
    if random.random() < 0.4:
        return f"{random.choice([1, 0.5, 0.25, 0.3, 0.1, 0.7])}dur"
    return f"{short(random, low)}ba"


def _warmup(random):
    return {"t_warmup": _time(random), "scale_warmup": random.random() < 0.4}


def _decay(random):
    return {"t_max": _time(random, 1), "alpha_f": share(random, 0.0, 1.0)}


def _milestones(random):
    marks = [_time(random, 1) for _ in range(random.randint(0, 3))]
    return {"milestones": marks, "gamma": share(random, 1.0)}


KINDS = {
    "ConstantScheduler": lambda r: {"alpha": share(r, 1.0), "t_max": _time(r, 1)},
    "StepScheduler": lambda r: {"step_size": _time(r, 1), "gamma": share(r, 1.0)},
    "MultiStepScheduler": _milestones,
    "LinearScheduler": lambda r: {**_decay(r), "alpha_i": share(r, 0.0, 1.0)},
    "ExponentialScheduler": lambda r: {"gamma": share(r, 1.0), "decay_period": _time(r, 1)},
    "CosineAnnealingScheduler": _decay,
    "CosineAnnealingWarmRestartsScheduler": lambda r: {
        "t_0": _time(r, 1),
        "t_mult": r.choice([1.0, 2.0, 3.0]),
        "alpha_f": share(r, 0.0, 1.0),
    },
    "PolynomialScheduler": lambda r: {**_decay(r), "power": r.choice([1.0, 2.0, 0.5])},
    "MultiStepWithWarmupScheduler": lambda r: {**_milestones(r), **_warmup(r)},
    "ConstantWithWarmupScheduler": lambda r: {
        "alpha": share(r, 1.0),
        "t_max": _time(r, 1),
        **_warmup(r),
    },
    "LinearWithWarmupScheduler": lambda r: {
        **_decay(r),
        "alpha_i": share(r, 1.0),
        **_warmup(r),
    },
    "CosineAnnealingWithWarmupScheduler": lambda r: {**_decay(r), **_warmup(r)},
    "PolynomialWithWarmupScheduler": lambda r: {
        **_decay(r),
        "power": r.choice([1.0, 2.0, 0.5]),
        **_warmup(r),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    outside = {
        "base_lr": rate(random),
        "max_duration": f"{short(random, 1)}ba",
        "ssr": random.choice([1.0, 1.0, 1.0, 0.5, 2.0, 0.3]),
    }
    return f"composer.{kind}", {**outside, **KINDS[kind](random)}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the optimizer's rate times the scheduler's factor, which a trainer would set."""
    from composer.core import Time, Timestamp
    from composer.optim import scheduler as schedulers

    given = dict(arguments)
    base, ssr = given.pop("base_lr"), given.pop("ssr")
    duration = Time.from_timestring(given.pop("max_duration"))
    scheduler = getattr(schedulers, name.removeprefix("composer."))(**given)
    states = (
        SimpleNamespace(max_duration=duration, timestamp=Timestamp(batch=t), dataloader_len=None)
        for t in range(updates)
    )
    return [base * scheduler(state, ssr) for state in states]


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
