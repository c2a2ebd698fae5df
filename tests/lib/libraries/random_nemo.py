"""Random schedules of NeMo, and NeMo itself."""

from __future__ import annotations

from tests.lib.libraries.random_torch import UPDATES, rate, share, short


def _counted(random, name):
    """Return a number of steps, a share of max_steps, or neither."""
    kind = random.choice(["steps", "steps", "ratio", None])
    if kind is None:
        return {}
    value = short(random) if kind == "steps" else share(random, 0.0)
    return {f"{name}_{kind}": value}


def _policy(random):
    return {
        "max_steps": short(random, 1) + random.choice([0, 10, 20]),
        "min_lr": random.choice([0.0, 1e-5, rate(random)]),
        **_counted(random, "warmup"),
    }


def _hold(random):
    return {**_policy(random), **_counted(random, "hold")}


def _power(random):
    return {"power": random.choice([1.0, 2.0, 0.5]), "cycle": random.random() < 0.4}


def _endless(random):
    given = _policy(random)
    if "warmup_ratio" not in given and random.random() < 0.3:
        del given["max_steps"]
    return given


def _t5(random):
    given = _policy(random)
    kept = {"max_steps": given["max_steps"], "min_lr": given["min_lr"]}
    return {**kept, "constant_steps": short(random)}


KINDS = {
    "WarmupPolicy": _endless,
    "WarmupHoldPolicy": _hold,
    "WarmupHoldAnnealOneMinusSquareRoot": _hold,
    "WarmupHoldAnnealLinear": _hold,
    "SquareAnnealing": _policy,
    "SquareRootAnnealing": _policy,
    "CosineAnnealing": lambda r: {**_policy(r), **_counted(r, "constant")},
    "NoamAnnealing": lambda r: {**_endless(r), "d_model": r.choice([64, 512, 1])},
    "NoamHoldAnnealing": lambda r: {**_hold(r), "decay_rate": r.choice([0.5, 1.0, 0.0, 2.0])},
    "WarmupAnnealing": _policy,
    "InverseSquareRootAnnealing": _policy,
    "T5InverseSquareRootAnnealing": _t5,
    "PolynomialDecayAnnealing": lambda r: {**_policy(r), **_power(r)},
    "PolynomialHoldDecayAnnealing": lambda r: {**_hold(r), **_power(r)},
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"nemo.{kind}", {"base_lr": rate(random), **KINDS[kind](random)}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update."""
    from records.drivers.driving import Raised
    from records.drivers.of_nemo import rates

    try:
        return rates(name.removeprefix("nemo."), dict(arguments), updates)
    except AssertionError as error:  # which the search does not expect
        raise ValueError(str(error)) from error
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
