"""Plateau rules on recorded metrics: the same rates as the libraries' own rules, and errors."""

import math
import os
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from course_lib.libraries import from_library, names

CALLS = 40


def record(draws):
    """Return metrics that stand still, improve by little, or are not finite."""
    level, odd = draws.choice([1.0, -1.0, 5.0]), draws.random() < 0.4
    metrics = []
    for _ in range(CALLS):
        level += draws.choice([0.0, 0.0, -0.1, -1e-5, 0.1, draws.gauss(0, 0.3)])
        strange = draws.choice([math.nan, math.inf, -math.inf])
        metrics.append(strange if odd and draws.random() < 0.2 else level)
    return metrics


def common(draws):
    return {
        "mode": draws.choice(["min", "max"]),
        "factor": draws.choice([0.1, 0.5, 0.9]),
        "patience": draws.choice([0, 1, 2, 3]),
        "cooldown": draws.choice([0, 0, 1, 3]),
        "min_lr": draws.choice([0.0, 0.0, 1e-3, 0.05]),
    }


def torch_arguments(draws):
    return {
        **common(draws),
        "threshold": draws.choice([1e-4, 0.0, 0.1]),
        "threshold_mode": draws.choice(["rel", "abs"]),
        "eps": draws.choice([1e-8, 0.0, 1e-3]),
    }


def greedy_arguments(draws):
    return {
        **torch_arguments(draws),
        "factor": draws.choice([0.5, 0.95]),
        "warmup": draws.choice([0, 2]),
        "max_lr": draws.choice([1.0, 0.2, 10.0]),
        "smooth": draws.random() < 0.3,
        "window_size": draws.choice([1, 3, 50]),
        "reset_start": draws.choice([500, 1, 2, 0]),
    }


def optimizer_at(*rates):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": rate} for rate in rates]
    return torch.optim.SGD(groups, lr=0.1)


def followed(make, metrics, *rates):
    """Return the rates of the first group before each metric and after the last."""
    optimizer = optimizer_at(*rates)
    scheduler = make(optimizer)
    seen = [[group["lr"] for group in optimizer.param_groups]]
    for metric in metrics:
        scheduler.step(metric)
        seen.append([group["lr"] for group in optimizer.param_groups])
    return np.array(seen)


def agree(name, arguments, metrics, base, seen):
    ours = from_library(name, base_lr=base, metrics=metrics, **arguments)
    np.testing.assert_array_equal(ours(np.arange(len(seen))), seen, err_msg=str(arguments))
    assert ours(10**9) == seen[-1]


@pytest.mark.parametrize("seed", range(60))
def test_torch(seed):
    draws = random.Random(seed)
    arguments, metrics = torch_arguments(draws), record(draws)
    base = draws.choice([1.0, 0.1, 1e-7, 0.04])
    rule = torch.optim.lr_scheduler.ReduceLROnPlateau
    seen = followed(lambda optimizer: rule(optimizer, **arguments), metrics, base)[:, 0]
    agree("torch.ReduceLROnPlateau", arguments, metrics, base, seen)
    agree("transformers.get_reduce_on_plateau_schedule", arguments, metrics, base, seen)


def test_torch_with_groups_that_have_floors_of_their_own():
    metrics = [1.0] * 12
    arguments = {"patience": 1, "factor": 0.5, "min_lr": [0.02, 0.0]}
    rule = torch.optim.lr_scheduler.ReduceLROnPlateau
    seen = followed(lambda optimizer: rule(optimizer, **arguments), metrics, 0.1, 0.01)
    ours = from_library(
        "torch.ReduceLROnPlateau", base_lr=[0.1, 0.01], metrics=metrics, **arguments
    )
    for group, schedule in enumerate(ours):
        np.testing.assert_array_equal(schedule(np.arange(13)), seen[:, group])


def test_transformers_greedy(needs_transformers):
    from transformers.optimization import get_greedy_schedule

    for seed in range(60):
        draws = random.Random(seed)
        arguments, metrics = greedy_arguments(draws), record(draws)
        base = draws.choice([1.0, 0.1, 1e-7, 0.04])
        seen = followed(lambda o: get_greedy_schedule(o, **arguments), metrics, base)[:, 0]  # noqa: B023
        agree("transformers.get_greedy_schedule", arguments, metrics, base, seen)


def test_optax(needs_optax):
    import jax
    from optax import contrib

    for seed in range(15):
        draws = random.Random(seed)
        given = {k: v for k, v in common(draws).items() if k in ("factor", "patience", "cooldown")}
        arguments = {
            **given,
            "rtol": draws.choice([1e-4, 0.1, 1.0]),
            "atol": draws.choice([0.0, 0.1]),
            "accumulation_size": draws.choice([1, 1, 2, 3]),
            "min_scale": draws.choice([0.0, 0.05]),
        }
        metrics = record(draws)
        rule = contrib.reduce_on_plateau(**arguments)
        state, seen = rule.init(jax.numpy.zeros(1)), []
        step = jax.jit(lambda state, value, rule=rule: rule.update(1.0, state, value=value))
        for metric in metrics:
            update, state = step(state, metric)
            seen.append(0.1 * float(update))
        ours = from_library(
            "optax.contrib.reduce_on_plateau", base_lr=0.1, metrics=metrics, **arguments
        )
        np.testing.assert_allclose(ours(np.arange(CALLS)), seen, rtol=1e-6, err_msg=str(arguments))


def keras_rates(arguments, metrics, base):
    """Return the rates of Keras' callback, given the metrics at the ends of epochs."""
    from types import SimpleNamespace

    import keras

    optimizer = keras.optimizers.SGD(learning_rate=base)
    callback = keras.callbacks.ReduceLROnPlateau(**arguments)
    callback.set_model(SimpleNamespace(optimizer=optimizer))
    callback.on_train_begin()
    seen = [float(optimizer.learning_rate)]
    for epoch, metric in enumerate(metrics):
        callback.on_epoch_end(epoch, {callback.monitor: metric})
        seen.append(float(optimizer.learning_rate))
    return seen


def keras_agrees():
    """Compare 40 random rules; run in a process of its own, with Keras on NumPy."""
    for seed in range(40):
        draws = random.Random(seed)
        arguments = {**common(draws), "min_delta": draws.choice([1e-4, 0.0, 0.1])}
        if arguments["mode"] == "min" and draws.random() < 0.5:
            arguments["mode"] = "auto"
        metrics, base = record(draws), draws.choice([1.0, 0.1, 0.04])
        seen = keras_rates(arguments, metrics, base)
        agree("keras.ReduceLROnPlateau", arguments, metrics, base, seen)


def test_keras(needs_keras, needs_jax):  # Keras on NumPy takes its FFT from JAX
    code = "from tests.lib.libraries import test_plateaus; test_plateaus.keras_agrees()"
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]


def timm_rates(arguments, metrics, base):
    """Return the rates of timm itself, where it is installed; `make frameworks` leaves it out."""
    import timm.scheduler

    optimizer = optimizer_at(base)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler = timm.scheduler.PlateauLRScheduler(optimizer, **arguments)
    seen = [optimizer.param_groups[0]["lr"]]
    for epoch, metric in enumerate(metrics):
        scheduler.step(epoch + 1, metric)
        seen.append(optimizer.param_groups[0]["lr"])
    return seen


def timm_rule(arguments, metrics, base):
    """Return the rates of timm 1.0.31 as its source has them: torch's rule after a line."""
    rule = torch.optim.lr_scheduler.ReduceLROnPlateau
    optimizer = optimizer_at(base)
    renamed = {
        "factor": arguments["decay_rate"],
        "patience": arguments["patience_t"],
        "cooldown": arguments["cooldown_t"],
        "min_lr": arguments["lr_min"],
        "mode": arguments["mode"],
        "threshold": arguments["threshold"],
    }
    scheduler = rule(optimizer, **renamed)
    warmup, start = arguments["warmup_t"], arguments["warmup_lr_init"]
    seen = [start if warmup else base]
    for epoch, metric in enumerate(metrics, 1):
        if epoch <= warmup:
            seen.append(start + epoch * ((base - start) / warmup))
            continue
        if epoch == warmup + 1:
            optimizer.param_groups[0]["lr"] = seen[-1]
        scheduler.step(metric)
        seen.append(optimizer.param_groups[0]["lr"])
    return seen


def timm_agrees(rates_of, seeds=40):
    for seed in range(seeds):
        draws = random.Random(seed)
        given = common(draws)
        arguments = {
            "decay_rate": given["factor"],
            "patience_t": given["patience"],
            "cooldown_t": given["cooldown"],
            "lr_min": given["min_lr"],
            "mode": given["mode"],
            "threshold": draws.choice([1e-4, 0.1]),
            "warmup_t": draws.choice([0, 3]),
            "warmup_lr_init": draws.choice([0.0, 1e-3]),
        }
        metrics, base = record(draws), draws.choice([1.0, 0.1])
        seen = rates_of(arguments, metrics, base)
        agree("timm.PlateauLRScheduler", arguments, metrics, base, seen)


def test_timm():
    timm_agrees(timm_rule)


def test_a_rule_without_its_record_says_what_to_give():
    for name in ("torch.ReduceLROnPlateau", "keras.ReduceLROnPlateau", "timm.PlateauLRScheduler"):
        assert name not in names()
        with pytest.raises(ValueError, match=r"not a function of the step alone.*metrics=\[…\]"):
            from_library(name, base_lr=0.1)


def test_no_metric_yet_is_the_first_rate():
    assert from_library("torch.ReduceLROnPlateau", base_lr=0.1, metrics=[])(5) == 0.1


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"metrics": "losses"}, TypeError, "metrics must be a list of numbers, got 'losses'"),
        ({"metrics": 0.5}, TypeError, "metrics must be a list of numbers, got 0.5"),
        ({"metrics": [1.0, "nan"]}, TypeError, "got 'nan' at 1"),
        ({"metrics": [1.0], "factor": 1.0}, ValueError, "factor must be >= 0 and < 1, got 1.0"),
        ({"metrics": [1.0], "mode": "up"}, ValueError, "mode must be one of"),
        ({"metrics": [1.0], "patience": -1}, ValueError, "patience must be >= 0"),
        ({"metrics": [1.0], "patient": 3}, TypeError, "did you mean 'patience'"),
    ],
)
def test_bad_arguments_of_a_rule(given, error, said):
    with pytest.raises(error, match=said):
        from_library("torch.ReduceLROnPlateau", base_lr=0.1, **given)


def test_keras_asks_for_the_mode_of_a_metric_that_is_no_loss():
    with pytest.raises(ValueError, match=r"mode must be .*val_accuracy"):
        from_library("keras.ReduceLROnPlateau", base_lr=0.1, metrics=[1.0], monitor="val_accuracy")
