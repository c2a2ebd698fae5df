"""Random parameter schedulers of ignite, and ignite itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import SIMPLE, UPDATES, build, rate, share, short


def _cycles(random):
    return {
        "start_value": rate(random),
        "end_value": rate(random, 0.0),
        "cycle_size": short(random, 2),
    }


def _piecewise(random):
    steps = sorted({short(random) for _ in range(random.randint(1, 4))})
    return {"milestones_values": [(step, rate(random, 0.0)) for step in steps]}


def _inside(random):
    kind = random.choice([kind for kind in SIMPLE if kind not in ("CyclicLR", "OneCycleLR")])
    return f"torch.{kind}", {"base_lr": rate(random), **SIMPLE[kind](random)}


KINDS = {
    "LinearCyclicalScheduler": _cycles,
    "CosineAnnealingScheduler": lambda r: {
        **_cycles(r),
        "cycle_mult": r.choice([1.0, 2.0, 3.0]),
        "start_value_mult": r.choice([1.0, 0.5]),
    },
    "PiecewiseLinear": _piecewise,
    "LRScheduler": lambda r: {"lr_scheduler": _inside(r)},
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    if random.random() < 0.2:
        return "ignite.create_lr_scheduler_with_warmup", _warmed(random), random.choice(UPDATES)
    kind = random.choice(list(KINDS))
    return f"ignite.{kind}", KINDS[kind](random), random.choice(UPDATES)


def _warmed(random):
    name, given = _inside(random)
    if random.random() < 0.5:
        name, given = "ignite.CosineAnnealingScheduler", _cycles(random)
    top = given["base_lr"] if "base_lr" in given else given["start_value"]
    return {
        "lr_scheduler": (name, given),
        "warmup_start_value": rate(random, 0.0) * share(random, 1.0),
        "warmup_duration": short(random, 2),
        "warmup_end_value": top,
    }


def _scheduler(name, arguments, optimizer):
    from ignite.handlers import param_scheduler

    given = dict(arguments)
    if name.startswith("torch."):
        del given["base_lr"]
        return build(name, given, optimizer)
    if "lr_scheduler" in given:
        inner = _scheduler(*given.pop("lr_scheduler"), optimizer)
        return getattr(param_scheduler, name.removeprefix("ignite."))(inner, **given)
    return getattr(param_scheduler, name.removeprefix("ignite."))(optimizer, "lr", **given)


def real(name, arguments, updates):
    """Return the rates that iterations find when the scheduler is called at the start of each."""
    import warnings

    import torch

    _, inner = arguments.get("lr_scheduler", ("", {}))
    base = inner.get("base_lr", 0.1)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, momentum=0.9)
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = _scheduler(name, arguments, optimizer)
        for _ in range(updates):
            scheduler(None)
            seen.append(float(optimizer.param_groups[0]["lr"]))
    return seen


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
