"""Random schedules of thinc, and thinc itself."""

from __future__ import annotations

import copy

from tests.lib.libraries.random_torch import rate, short


def _later(random):
    return random.choice([{}, {"t": random.choice([0.0, 1.0, 3, 7.5, random.uniform(0, 60)])}])


def _compounding(random):
    start = rate(random)
    return {
        "start": start,
        "stop": random.choice([start, start * 10 ** random.uniform(-2, 2), 0.0]),
        "compound": random.choice([1.0, 0.9, 1.05, 0.999, 1.5, 0.5, random.uniform(0.8, 1.2)]),
        **_later(random),
    }


def _then(random):
    inner = random.choice([kind for kind in KINDS if kind != "constant_then"])
    schedule = (f"thinc.{inner}", KINDS[inner](random))
    return {"rate": rate(random), "steps": short(random), "schedule": schedule}


def _slanted(random):
    return {
        "max_rate": rate(random),
        "num_steps": random.randint(1, 150),
        "cut_frac": random.choice([0.1, 0.5, 0.9, random.uniform(0.01, 0.99)]),
        "ratio": random.choice([1, 2, 32, 100, 0.5]),
        **_later(random),
    }


KINDS = {
    "constant": lambda r: {"rate": rate(r)},
    "constant_then": _then,
    "decaying": lambda r: {
        "base_rate": rate(r),
        "decay": r.choice([0.0, 1e-4, 0.01, 1.0, r.uniform(0, 3)]),
        **_later(r),
    },
    "compounding": _compounding,
    "slanted_triangular": _slanted,
    "warmup_linear": lambda r: {
        "initial_rate": rate(r),
        "warmup_steps": r.choice([0, 1, short(r)]),
        "total_steps": r.choice([0, 1, short(r)]),
    },
    "cyclic_triangular": lambda r: {
        "min_lr": rate(r),
        "max_lr": rate(r),
        "period": r.randint(1, 60),
    },
}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"thinc.{kind}", KINDS[kind](random), 130


def real(name, arguments, updates):
    """Return the rates by which thinc's optimizer moves a weight."""
    from records.drivers.of_thinc import rates

    return rates(name.split(".")[1], copy.deepcopy(arguments), updates)


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
