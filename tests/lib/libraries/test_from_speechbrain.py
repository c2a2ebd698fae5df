"""SpeechBrain's schedulers: the optimizer's rate first, ends that are none, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library, names
from tests.lib.libraries.converter_arguments import needed

T = np.arange(120)


def ours(name, **arguments):
    return from_library(f"speechbrain.{name}", **{"base_lr": 0.3, **arguments})


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("speechbrain.")])
def test_the_first_update_runs_at_the_rate_of_the_optimizer(name):
    first = {"first_lr": 0.3} if name.endswith("CyclicLRScheduler") else {"base_lr": 0.3}
    rates = from_library(name, **{**needed(name), **first})(T)
    assert rates[0] == 0.3
    assert rates[0] != rates[50]


def test_a_step_counts_epochs_from_one():
    rates = ours("StepScheduler", initial_value=1.0, batches_per_epoch=3)(T)
    assert rates[:12].tolist() == [*[0.3] * 3, *[0.5] * 6, *[0.25] * 3]


def test_the_cooldown_jumps_and_goes_below_zero():
    schedule = ours(
        "WarmCoolDecayLRSchedule",
        lr=1.0,
        warmup=10,
        cooldown=10,
        total_steps=40,
        decay_factor=0.5,
        decay_every=10,
    )
    assert [schedule(t) for t in (30, 31, 42)] == pytest.approx([0.25, 0.1125, -0.025])


def test_the_last_scale_of_three_stages_is_no_floor():
    schedule = ours(
        "TriStageLRSchedule",
        lr=1.0,
        warmup_steps=3,
        hold_steps=3,
        decay_steps=4,
        total_steps=10,
        final_lr_scale=0.1,
    )
    assert [schedule(t) for t in (10, 12, 14)] == pytest.approx([0.1, 0.1**1.5, 0.01])


def test_intervals_are_taken_one_an_update():
    intervals = [{"steps": step, "lr": lr} for step, lr in [(0, 9.0), (4, 0.2), (2, 0.1)]]
    assert ours("IntervalScheduler", intervals=intervals)(T[:7]).tolist() == pytest.approx(
        [*[0.3] * 4, 0.2, 0.1, 0.1]
    )


def test_a_cosine_without_lr_initial_is_a_running_product():
    given = {"n_warmup_steps": 2, "total_steps": 8}
    factors = ours("CyclicCosineScheduler", lr_initial=1.0, **given)(T[1:11])
    product = ours("CyclicCosineScheduler", **given)(T)
    np.testing.assert_allclose(product[1:11], 0.3 * np.cumprod(factors))
    assert not product[10:].any()


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        (
            "WarmAndExpDecayLRSchedule",
            {"lr": 1.0, "n_warmup_steps": 5, "total_steps": 5},
            ValueError,
            "total_steps must not equal n_warmup_steps = 5",
        ),
        (
            "StepScheduler",
            {"initial_value": 1.0, "half_life": 3, "decay_drop": 2},
            ValueError,
            "half_life must be None",
        ),
        ("StepScheduler", {"initial_value": 1, "decay_drop": 2.5}, ValueError, "decay_drop must"),
        ("NoamScheduler", {"lr_initial": 1.0, "n_warmup_steps": 0}, ValueError, "n_warmup_steps"),
        (
            "NoamIntervalScheduler",
            {
                "lr_initial": 1.0,
                "n_warmup_steps": 1,
                "anneal_steps": [1, 2],
                "anneal_rates": [0.5],
            },
            ValueError,
            "anneal_rates must have an entry for each of the 2",
        ),
        ("CyclicCosineScheduler", {"n_warmup_steps": 3}, ValueError, "lr_initial must be given"),
        ("CyclicLRScheduler", {"scale_fn": abs}, ValueError, "scale_fn must be None"),
        ("CyclicLRScheduler", {"mode": "exp"}, ValueError, "mode must be one of"),
        ("IntervalScheduler", {"intervals": [(3, 0.1)]}, TypeError, "dictionaries of steps and lr"),
        ("IntervalScheduler", {"intervals": 3}, TypeError, "intervals must be a list"),
        ("NewBobScheduler", {"initial_value": 1.0}, ValueError, "follows the loss"),
        ("ReduceLROnPlateau", {}, ValueError, "follows the loss"),
        ("ScheduledLoss", {}, ValueError, "sets no rate"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        ours(name, **arguments)
