"""Random policies of poutyne, and models that are trained with them."""

from __future__ import annotations

import copy

from tests.lib.libraries.random_torch import rate


def _policy(random):
    spaces = [
        (
            f"poutyne.{random.choice(['linspace', 'cosinespace'])}",
            {"start": rate(random, 0.0), "end": rate(random, 0.0), "steps": _steps(random)},
        )
        for _ in range(random.randint(1, 4))
    ]
    total = sum(given["steps"] for _, given in spaces)
    later = {"initial_step": random.randint(0, max(total - 1, 0))}
    return {"phases": spaces, **random.choice([{}, later])}


def _steps(random):
    return random.choice([0, 1, 2, 3, 5, 8, 13, 30])


def _one_cycle(random):
    given = {"steps": random.choice([random.randint(1, 24), random.randint(1, 90)])}
    given |= random.choice([{}, {"lr": (rate(random, 0.0), rate(random))}])
    given |= random.choice([{}, {"finetune_lr": rate(random, 0.0)}])
    fractions = [0.0, 1.0, 0.3, 0.5, random.uniform(0, 1)]
    return given | random.choice([{}, {"finetune_fraction": random.choice(fractions)}])


def _sgdr(random):
    given = {"base_cycle_length": random.randint(1, 12), "cycles": random.randint(1, 4)}
    given |= random.choice([{}, {"lr": (rate(random, 0.0), rate(random, 0.0))}])
    return given | random.choice([{}, {"cycle_mult": random.choice([1, 2, 3, 1.5])}])


KINDS = {"OptimizerPolicy": _policy, "one_cycle_phases": _one_cycle, "sgdr_phases": _sgdr}


def draw(random):
    """Return a name, its arguments and a number of updates."""
    kind = random.choice(list(KINDS))
    return f"poutyne.{kind}", KINDS[kind](random), 60


def real(name, arguments, updates):
    """Return the rates of the optimizer's steps."""
    from records.drivers.driving import Raised
    from records.drivers.of_poutyne import rates

    try:
        return rates(name.split(".")[1], copy.deepcopy(arguments), updates)
    except Raised as raised:
        if not raised.rates:
            raise ZeroDivisionError(str(raised)) from raised
        return raised.rates


def close(arguments, updates):
    """Return the share of the largest rate by which roundings may change a rate."""
    return 1e-12
