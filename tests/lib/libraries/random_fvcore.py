"""Random schedulers of fvcore, alone and in composites, and fvcore itself."""

from __future__ import annotations

UPDATES = (30, 90, 150)


def _value(random):
    return random.choice([0.0, 0.1, 1.0, random.random()])


def _values(random):
    return [_value(random) for _ in range(random.randint(1, 6))]


def _multi_step(random):
    values = _values(random)
    kind = random.choice(["even", "both", "marks"])
    if kind == "even":
        return {"values": values, "num_updates": random.randint(1, 200)}
    total = random.randint(1, 200)
    count = len(values) - (kind == "both")
    marks = sorted(random.sample(range(1, 220), count))
    if kind == "both":
        return {"values": values, "num_updates": total, "milestones": marks}
    return {"values": values, "milestones": marks}


KINDS = {
    "ConstantParamScheduler": lambda r: {"value": _value(r)},
    "CosineParamScheduler": lambda r: {"start_value": _value(r), "end_value": _value(r)},
    "LinearParamScheduler": lambda r: {"start_value": _value(r), "end_value": _value(r)},
    "ExponentialParamScheduler": lambda r: {
        "start_value": r.choice([0.1, 1.0]),
        "decay": r.choice([0.01, 0.5, 1.0, 1.2, r.uniform(0.001, 1.0)]),
    },
    "PolynomialDecayParamScheduler": lambda r: {
        "base_value": r.choice([0.1, 1.0]),
        "power": r.choice([0.9, 1.0, 2.0, 3.0, r.uniform(0.5, 3.0)]),
    },
    "MultiStepParamScheduler": _multi_step,
    "StepParamScheduler": lambda r: {"num_updates": r.randint(1, 90), "values": _values(r)},
    "StepWithFixedGammaParamScheduler": lambda r: {
        "base_value": r.choice([0.1, 1.0]),
        "num_decays": r.randint(1, 5),
        "gamma": r.choice([0.1, 0.5, r.random() + 0.01]),
        "num_updates": r.randint(1, 90),
    },
}


def _composite(random, depth=0):
    parts = [_pair(random, depth + 1) for _ in range(random.randint(1, 4))]
    weights = [random.choice([0.0, 1.0, 2.0, random.random()]) for _ in parts]
    total = sum(weights) or 1.0
    lengths = [weight / total for weight in weights]
    if sum(weights) == 0.0:
        lengths[-1] = 1.0
    scaling = [random.choice(["rescaled", "fixed"]) for _ in parts]
    return {"schedulers": parts, "lengths": lengths, "interval_scaling": scaling}


def _pair(random, depth):
    if depth < 2 and random.random() < 0.2:
        return ("fvcore.CompositeParamScheduler", _composite(random, depth))
    kind = random.choice(list(KINDS))
    return (f"fvcore.{kind}", KINDS[kind](random))


def draw(random):
    """Return a name, its arguments and a number of updates."""
    total = random.choice([1, 10, 100, random.randint(1, 140)])
    if random.random() < 0.5:
        name, given = "fvcore.CompositeParamScheduler", _composite(random)
    else:
        name, given = _pair(random, 1)
    return name, {**given, "total_steps": total}, random.choice(UPDATES)


def real(name, arguments, updates):
    """Return the rate of each update until the library raises."""
    from records.drivers.driving import Raised
    from records.drivers.of_fvcore import rates

    try:
        return rates(name.removeprefix("fvcore."), dict(arguments), updates)
    except Raised as raised:
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate.

    Near its end a power below 1 makes the roundings of 1 - where larger.
    """
    return 1e-7 if "'power': 0" in str(arguments) else 1e-12
