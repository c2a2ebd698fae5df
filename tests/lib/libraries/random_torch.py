"""Random schedulers of torch, alone and nested, with arguments at their edges; and torch itself."""

from __future__ import annotations

import warnings

import torch
from torch.optim import lr_scheduler, swa_utils

from tests.lib.libraries.random_draws import UPDATES, rate, share, short


def _one_cycle(random):
    lengths = {"total_steps": short(random, 1)}
    if random.random() < 0.2:
        lengths = {"epochs": short(random, 1), "steps_per_epoch": random.randint(1, 5)}
    return {
        "max_lr": rate(random),
        **lengths,
        "pct_start": share(random, 0.0, 1.0, 0.3, 0.2),
        "anneal_strategy": random.choice(["cos", "linear"]),
        "div_factor": random.choice([25.0, 1.0, 0.5, 10.0]),
        "final_div_factor": random.choice([1e4, 1.0, 10.0]),
        "three_phase": random.random() < 0.4,
    }


def _cyclic(random):
    foot = rate(random, 0.0)
    return {
        "base_lr": foot,
        "max_lr": random.choice([foot, foot + rate(random), foot / 2]),
        "step_size_up": short(random, 1),
        "step_size_down": random.choice([None, short(random, 1), 2.5]),
        "mode": random.choice(["triangular", "triangular2", "exp_range"]),
        "gamma": share(random, 1.0),
        "cycle_momentum": random.random() < 0.5,
    }


SIMPLE = {
    "ConstantLR": lambda r: {"factor": share(r, 1.0), "total_iters": short(r)},
    "LinearLR": lambda r: {
        "start_factor": share(r, 1.0),
        "end_factor": share(r, 0.0, 1.0),
        "total_iters": short(r),
    },
    "StepLR": lambda r: {"step_size": short(r, 1), "gamma": share(r, 1.0, 1.5)},
    "MultiStepLR": lambda r: {
        "milestones": [short(r) for _ in range(r.randint(0, 4))],
        "gamma": share(r, 1.0, 2.0),
    },
    "ExponentialLR": lambda r: {"gamma": share(r, 1.0, 1.1)},
    "MultiplicativeLR": lambda r: {"lr_lambda": share(r, 1.0, 1.1)},
    "LambdaLR": lambda r: {"lr_lambda": share(r, 1.0, 0.0, 3.0)},
    "PolynomialLR": lambda r: {"total_iters": short(r), "power": r.choice([1.0, 2.0, 0.5, 0.9, 3])},
    "CosineAnnealingLR": lambda r: {
        "T_max": short(r, 1),
        "eta_min": r.choice([0.0, 0.0, 1e-5, rate(r)]),
    },
    "CosineAnnealingWarmRestarts": lambda r: {
        "T_0": short(r, 1),
        "T_mult": r.choice([1, 1, 2, 3]),
        "eta_min": r.choice([0.0, 0.0, rate(r)]),
    },
    "CyclicLR": _cyclic,
    "OneCycleLR": _one_cycle,
    "SWALR": lambda r: {
        "swa_lr": rate(r, 0.0),
        "anneal_epochs": short(r),
        "anneal_strategy": r.choice(["cos", "linear"]),
    },
}


def _drawn(random, depth):
    if depth == 0 or random.random() < 0.75 - 0.15 * depth:
        kind = random.choice(list(SIMPLE))
        return f"torch.{kind}", SIMPLE[kind](random)
    count = random.choice([1, 2, 2, 2, 3, 3, 4])
    parts = [_drawn(random, depth - 1) for _ in range(count)]
    if random.random() < 0.45:
        return "torch.ChainedScheduler", {"schedulers": parts}
    marks = sorted(short(random, int(random.random() < 0.9)) for _ in range(count - 1))
    return "torch.SequentialLR", {"schedulers": parts, "milestones": marks}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    name, arguments = _drawn(random, random.choice([0, 1, 1, 1, 2, 3]))
    if name != "torch.CyclicLR":
        arguments = {"base_lr": rate(random, 0.0), **arguments}
    return name, arguments, random.choice(UPDATES)


def build(name, arguments, optimizer):
    """Return torch's scheduler of a (name, arguments) pair without base_lr."""
    kind = name.removeprefix("torch.")
    given = dict(arguments)
    if kind in ("SequentialLR", "ChainedScheduler"):
        given["schedulers"] = [build(*pair, optimizer) for pair in given["schedulers"]]
    if kind == "ChainedScheduler":
        return lr_scheduler.ChainedScheduler(given["schedulers"])
    if kind in ("LambdaLR", "MultiplicativeLR"):
        factors = given["lr_lambda"]
        per_group = [factors] if not isinstance(factors, list) else factors
        functions = [lambda t, factor=factor: factor for factor in per_group]
        given["lr_lambda"] = functions if isinstance(factors, list) else functions[0]
    module = swa_utils if kind == "SWALR" else lr_scheduler
    return getattr(module, kind)(optimizer, **given)


def groups_run(name, arguments, updates):
    """Return torch's rates, shape (updates, groups), or fewer updates where it raises.

    `base_lr` is a list with one rate a group, except where it is the scheduler's own argument.
    """
    given = dict(arguments)
    own = name == "torch.CyclicLR"
    base = given["base_lr"] if own else given.pop("base_lr")
    bases = base if isinstance(base, list) else [base]
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in bases]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the optimizer itself is not stepped
        scheduler = build(name, given, optimizer)
        for _ in range(updates):
            seen.append([float(group["lr"]) for group in optimizer.param_groups])
            try:
                scheduler.step()
            except (ValueError, ZeroDivisionError, NotImplementedError):
                break
    return seen


def real(name, arguments, updates):
    """Return torch's rates, fewer than updates where it raises."""
    return [rates[0] for rates in groups_run(name, arguments, updates)]


def close(arguments, updates):
    """Return the share of the largest rate by which torch's own roundings may change a rate.

    A phase of OneCycleLR is divided by its length, which may be anything above 0.
    """
    worst = 1e-12
    for key, value in arguments.items():
        if key == "schedulers":
            worst += sum(close(given, updates) for _, given in value)
    if "pct_start" in arguments:
        total = arguments.get("total_steps") or (arguments["epochs"] * arguments["steps_per_epoch"])
        edges = [0.0, arguments["pct_start"] * total - 1, total - 1.0]
        if arguments["three_phase"]:
            edges.append(2 * arguments["pct_start"] * total - 2)
        gaps = [abs(a - b) for a in edges for b in edges if a != b]
        worst += 1e-14 / min(gaps, default=1.0)
    return worst
