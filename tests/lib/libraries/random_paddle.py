"""Random schedulers of PaddlePaddle, alone, nested and resumed; and PaddlePaddle itself."""

from __future__ import annotations

from tests.lib.libraries.random_draws import UPDATES, rate, share, short


def _one_cycle(random):
    return {
        "max_learning_rate": rate(random, 0.0),
        "total_steps": short(random, 1),
        "divide_factor": random.choice([25.0, 1.0, 0.5, 10.0]),
        "end_learning_rate": rate(random, 0.0),
        "phase_pct": share(random, 0.0, 1.0, 0.3, 0.2),
        "anneal_strategy": random.choice(["cos", "linear"]),
        "three_phase": random.random() < 0.4,
    }


def _cyclic(random):
    foot = rate(random, 0.0)
    return {
        "base_learning_rate": foot,
        "max_learning_rate": random.choice([foot, foot + rate(random), foot / 2]),
        "step_size_up": short(random, 1),
        "step_size_down": random.choice([None, short(random, 1)]),
        "mode": random.choice(["triangular", "triangular2", "exp_range"]),
        "exp_gamma": share(random, 1.0),
    }


def _piecewise(random):
    marks = [
        random.choice([short(random), short(random) + 0.5]) for _ in range(random.randint(1, 4))
    ]
    if random.random() < 0.7:
        marks.sort()
    more = random.choice([1, 1, 1, 2])
    return {"boundaries": marks, "values": [rate(random) for _ in range(len(marks) + more)]}


def _milestones(random):
    marks = [short(random) for _ in range(random.randint(0, 4))]
    return marks if random.random() < 0.2 else sorted(set(marks))


def _with_rate(draw):
    return lambda random: {"learning_rate": rate(random, 0.0), **draw(random)}


def _warmup(random):
    inside = rate(random, 0.0)
    if random.random() < 0.8:
        name = random.choice(list(KINDS))
        inside = [f"paddle.{name}", KINDS[name](random)]
        if random.random() < 0.2:
            inside[1]["last_epoch"] = short(random)
    start = rate(random, 0.0)
    return {
        "learning_rate": inside,
        "warmup_steps": short(random, 1),
        "start_lr": start,
        "end_lr": start + rate(random, 0.0),
    }


KINDS = {
    "NoamDecay": lambda r: {
        "d_model": r.choice([1, 512, 768]),
        "warmup_steps": short(r, 1),
        "learning_rate": rate(r, 0.0),
    },
    "PiecewiseDecay": _piecewise,
    "NaturalExpDecay": _with_rate(lambda r: {"gamma": share(r, 1.0, 3.0, 800.0)}),
    "InverseTimeDecay": _with_rate(lambda r: {"gamma": share(r, 0.0, 1.0, 3.0)}),
    "PolynomialDecay": _with_rate(
        lambda r: {
            "decay_steps": short(r, 1),
            "end_lr": r.choice([0.0001, 0.0, rate(r)]),
            "power": r.choice([1.0, 2.0, 0.5]),
            "cycle": r.random() < 0.5,
        }
    ),
    "ExponentialDecay": _with_rate(lambda r: {"gamma": share(r, 1.0, 0.999)}),
    "MultiStepDecay": _with_rate(
        lambda r: {"milestones": _milestones(r), "gamma": share(r, 0.0, 1.0)}
    ),
    "StepDecay": _with_rate(lambda r: {"step_size": short(r), "gamma": share(r, 0.0, 1.0)}),
    "LambdaDecay": _with_rate(lambda r: {"lr_lambda": share(r, 0.0, 1.0, 2.0)}),
    "MultiplicativeDecay": _with_rate(lambda r: {"lr_lambda": share(r, 1.0, 1.1)}),
    "CosineAnnealingDecay": _with_rate(
        lambda r: {"T_max": short(r, 1), "eta_min": r.choice([0.0, rate(r)])}
    ),
    "OneCycleLR": _one_cycle,
    "CyclicLR": _cyclic,
    "LinearLR": _with_rate(
        lambda r: {
            "total_steps": short(r, 1),
            "start_factor": share(r, 1.0),
            "end_factor": share(r, 0.0, 1.0),
        }
    ),
    "CosineAnnealingWarmRestarts": _with_rate(
        lambda r: {
            "T_0": short(r, 1),
            "T_mult": r.choice([1, 1, 2, 3, 5]),
            "eta_min": r.choice([0.0, rate(r)]),
        }
    ),
    "LinearWarmup": _warmup,
}
FUNCTIONS = {
    "noam_decay": KINDS["NoamDecay"],
    "exponential_decay": _with_rate(
        lambda r: {"decay_steps": short(r, 1), "decay_rate": share(r, 1.0), "staircase": True}
    ),
    "natural_exp_decay": _with_rate(
        lambda r: {"decay_steps": short(r, 1), "decay_rate": share(r, 1.0, 2.0)}
    ),
    "inverse_time_decay": _with_rate(
        lambda r: {"decay_steps": short(r, 1), "decay_rate": share(r, 1.0, 2.0)}
    ),
    "polynomial_decay": _with_rate(
        lambda r: {"decay_steps": short(r, 1), "power": 2.0, "cycle": r.random() < 0.5}
    ),
    "piecewise_decay": _piecewise,
    "cosine_decay": _with_rate(lambda r: {"step_each_epoch": short(r, 1), "epochs": short(r, 1)}),
    "linear_lr_warmup": _warmup,
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    if random.random() < 0.15:
        name = random.choice(list(FUNCTIONS))
        return f"paddle.{name}", FUNCTIONS[name](random), random.choice(UPDATES)
    name = random.choice([*KINDS, "LinearWarmup", "LinearWarmup"])
    arguments = KINDS[name](random)
    if random.random() < 0.3:
        arguments["last_epoch"] = random.choice([short(random), random.randint(0, 200)])
    return f"paddle.{name}", arguments, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rates of a scheduler that is stepped after each update, up to where it raises."""
    from records.drivers.of_paddle import build

    try:
        scheduler = build(name.removeprefix("paddle."), arguments)
    except AssertionError as error:
        raise ValueError(str(error)) from error
    seen = []
    for _ in range(updates):
        seen.append(float(scheduler()))
        try:
            scheduler.step()
        except (ValueError, ZeroDivisionError):
            break
    return seen


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate.

    CosineAnnealingDecay is a recursion whose errors grow with the square of its half period.
    """
    half = arguments.get("T_max", arguments.get("epochs", 0))
    return 1e-12 + 4e-16 * half**2
