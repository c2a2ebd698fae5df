"""Random rates of boosted trees, and the trees of XGBoost and LightGBM."""

from __future__ import annotations

import copy

from tests.lib.libraries.random_torch import rate


def _rates(random):
    base = rate(random)
    inner = {"init_value": base, "decay_steps": random.randint(1, 60), "alpha": 0.1}
    return random.choice(
        [
            [rate(random) for _ in range(random.randint(1, 40))],
            [base] * random.randint(1, 10) + [base / 2] * random.randint(1, 20),
            ("optax.cosine_decay_schedule", inner),
            ("torch.StepLR", {"base_lr": base, "step_size": random.randint(1, 20), "gamma": 0.5}),
        ]
    )


def draw_xgboost(random):
    """Return a name, its arguments and a number of updates."""
    given = random.choice([{}, {"eta": rate(random)}])
    return "xgboost.LearningRateScheduler", {"learning_rates": _rates(random), **given}, 40


def draw_lightgbm(random):
    """Return a name, its arguments and a number of updates."""
    given = random.choice([{}, {}, {"boosting": random.choice(["gbdt", "rf"])}])
    return "lightgbm.reset_parameter", {"learning_rate": _rates(random), **given}, 40


def real(name, arguments, updates):
    """Return the rates of the trees."""
    from importlib import import_module

    library, callback = name.split(".")
    driver = import_module(f"records.drivers.of_{library}")
    return driver.rates(callback, copy.deepcopy(arguments), updates)
