"""Random schedules of MindSpore, and MindSpore itself."""

from __future__ import annotations

from tests.lib.libraries.random_draws import UPDATES, rate, share, short

EXPERIMENTAL = "mindspore.experimental."


def _decay(random):
    return {
        "learning_rate": rate(random),
        "decay_rate": share(random, 1.0, 1.1),
        "decay_steps": short(random, 1),
        "is_stair": random.random() < 0.5,
    }


def _epochs(random, *, decay="decay_epoch"):
    return {
        "total_step": short(random, 1),
        "step_per_epoch": random.choice([1, 2, 3, 5]),
        decay: random.choice([1, 2, 3, 4, 7]),
    }


def _decay_list(random):
    arguments = _decay(random)
    del arguments["decay_steps"]
    return {**arguments, **_epochs(random)}


def _cosine(random):
    floor = random.choice([0.0, rate(random)])
    return {"min_lr": floor, "max_lr": floor + random.choice([0.0, rate(random), rate(random)])}


def _polynomial(random):
    return {
        "learning_rate": rate(random),
        "end_learning_rate": random.choice([0.0, rate(random)]),
        "power": random.choice([1.0, 2.0, 0.5]),
    }


def _pieces(random):
    marks = sorted(short(random, 1) for _ in range(random.randint(1, 4)))
    return {"milestone": marks, "learning_rates": [rate(random, 0.0) for _ in marks]}


NN = {
    "ExponentialDecayLR": _decay,
    "NaturalExpDecayLR": lambda r: {**_decay(r), "decay_rate": share(r, 1.0, 3.0)},
    "InverseDecayLR": _decay,
    "CosineDecayLR": lambda r: {**_cosine(r), "decay_steps": short(r, 1)},
    "PolynomialDecayLR": lambda r: {
        **_polynomial(r),
        "decay_steps": short(r, 1),
        "update_decay_steps": r.random() < 0.5,
    },
    "WarmUpLR": lambda r: {"learning_rate": rate(r, 0.0), "warmup_steps": short(r, 1)},
    "piecewise_constant_lr": _pieces,
    "exponential_decay_lr": _decay_list,
    "natural_exp_decay_lr": lambda r: {**_decay_list(r), "decay_rate": share(r, 1.0, 3.0, 300.0)},
    "inverse_decay_lr": _decay_list,
    "cosine_decay_lr": lambda r: {**_cosine(r), **_epochs(r)},
    "polynomial_decay_lr": lambda r: {
        **_polynomial(r),
        **_epochs(r),
        "update_decay_epoch": r.random() < 0.5,
    },
    "warmup_lr": lambda r: {"learning_rate": rate(r, 0.0), **_epochs(r, decay="warmup_epoch")},
}
SCHEDULERS = {
    "StepLR": lambda r: {"step_size": short(r, 1), "gamma": share(r, 1.0)},
    "MultiStepLR": lambda r: {
        "milestones": [short(r) for _ in range(r.randint(0, 4))],
        "gamma": share(r, 1.0),
    },
    "ExponentialLR": lambda r: {"gamma": share(r, 1.0)},
    "MultiplicativeLR": lambda r: {"lr_lambda": share(r, 1.0)},
    "LambdaLR": lambda r: {"lr_lambda": share(r, 0.0, 1.0, 2.0)},
    "ConstantLR": lambda r: {"factor": share(r, 1.0), "total_iters": short(r)},
    "LinearLR": lambda r: {
        "start_factor": share(r, 1.0),
        "end_factor": share(r, 0.0, 1.0),
        "total_iters": short(r),
    },
    "PolynomialLR": lambda r: {"total_iters": short(r), "power": r.choice([1.0, 2.0, 0.5, 0.0])},
    "CosineAnnealingLR": lambda r: {"T_max": short(r, 1), "eta_min": r.choice([0.0, rate(r)])},
    "CosineAnnealingWarmRestarts": lambda r: {
        "T_0": short(r, 1),
        "T_mult": r.choice([1, 1, 2, 3]),
        "eta_min": r.choice([0.0, rate(r)]),
    },
    "CyclicLR": lambda r: {
        "base_lr": rate(r, 0.0),
        "max_lr": rate(r),
        "step_size_up": short(r, 1),
        "step_size_down": r.choice([None, short(r, 1), 2.5]),
        "mode": r.choice(["triangular", "triangular2", "exp_range"]),
        "gamma": share(r, 1.0),
    },
}


def _sequential(random):
    names = [random.choice(list(SCHEDULERS)) for _ in range(random.randint(1, 3))]
    return {
        "base_lr": rate(random),
        "schedulers": [[EXPERIMENTAL + name, SCHEDULERS[name](random)] for name in names],
        "milestones": sorted(short(random, 1) for _ in names[1:]),
    }


def draw(random):
    """Return a name, its arguments and a number of updates; the slow schedulers have few."""
    if random.random() < 0.75:
        name = random.choice(list(NN))
        return f"mindspore.{name}", NN[name](random), random.choice(UPDATES)
    if random.random() < 0.4:
        return f"{EXPERIMENTAL}SequentialLR", _sequential(random), 15
    name = random.choice(list(SCHEDULERS))
    return f"{EXPERIMENTAL}{name}", {"base_lr": rate(random), **SCHEDULERS[name](random)}, 15


def real(name, arguments, updates):
    """Return the rates; of a list, up to its end."""
    import numpy as np
    from mindspore import Parameter, Tensor, dtype, nn
    from mindspore.experimental.optim import SGD

    from records.drivers.of_mindspore import build

    if not name.startswith(EXPERIMENTAL):
        made = getattr(nn, name.removeprefix("mindspore."))(**arguments)
        if isinstance(made, list):
            return [float(x) for x in np.float32(made)[:updates]]
        found = made(Tensor(np.arange(updates), dtype.int32))
        return [float(x) for x in found.asnumpy()]
    weight = Parameter(Tensor(np.zeros(1, np.float32)), name="weight")
    optimizer = SGD([weight], lr=arguments.get("base_lr", 0.1))
    try:
        scheduler = build(name.removeprefix(EXPERIMENTAL), optimizer, arguments)
        seen = []
        for _ in range(updates):
            seen.append(float(optimizer.param_groups[0]["lr"].asnumpy()))
            scheduler.step()
    except (AttributeError, RuntimeError) as error:
        raise ValueError(str(error)) from error
    return seen


def close(arguments, updates):
    """Return the share of the largest rate by which float32 may change a rate.

    CosineDecayLR takes the sine of an angle with half a turn more. The experimental schedulers
    multiply the rate that they find, and a cosine that has been at its end has few digits left.
    """
    if "schedulers" in arguments:
        return max(close(given, updates) for _, given in arguments["schedulers"]) + 1e-6
    if "min_lr" in arguments and "total_step" not in arguments:
        return 4e-7
    if "T_max" in arguments:
        past = updates > arguments["T_max"]
        return 2e-7 + 6e-8 * updates + (1e-7 * arguments["T_max"] ** 2 if past else 0.0)
    if "decay_rate" in arguments:
        return 2e-7 * (1 + 0.1 * updates * (arguments["decay_rate"] == 1.1))  # which grows
    if "mode" in arguments:
        # The place in a cycle, which float32 has to about 1e-7, over the share of the shorter way.
        up = arguments["step_size_up"]
        down = arguments["step_size_down"] or up
        return 2e-7 * (1 + updates / (up + down)) * (up + down) / min(up, down)
    recursion = {"gamma", "lr_lambda", "total_iters"} & arguments.keys()
    return 2e-7 + (6e-8 * updates if recursion else 0.0)
