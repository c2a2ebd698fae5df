"""Ultralytics' trainer: its groups, its clock, and the arguments that it ignores."""

import numpy as np
import pytest

from course_lib.libraries import from_library

NAME = "ultralytics.BaseTrainer"


def rates(steps, **arguments):
    plain = {"optimizer": "SGD", "batches_per_epoch": 10, "epochs": 10, "batch": 64}
    return from_library(NAME, **{**plain, **arguments})(np.asarray(steps))


def test_weights_begin_at_0_and_biases_at_ten_times_lr0():
    assert rates([0]) == 0.0
    assert rates([0], group="bias") == pytest.approx(0.1)
    for group in ("weight", "bias", "bn"):
        assert rates([30], group=group) == pytest.approx(0.01 * (1 - 0.99 * 0.3))


def test_lr0_and_the_final_rate_are_never_reached():
    seen = rates(range(100))
    assert seen.max() < 0.0091
    assert seen.min(where=seen > 0, initial=1) > 0.0001
    assert seen[-1] == pytest.approx(0.01 * (0.01 + 0.99 / 10))
    assert rates([10**6]) == seen[-1]


def test_a_rate_is_an_epochs_and_an_update_takes_several_batches():
    assert len(set(rates(range(30, 40)))) == 1
    run = from_library(NAME, optimizer="SGD", batches_per_epoch=32, epochs=10, batch=16)
    updates = sum(phase.steps for phase in run.phases[:-1])
    assert 320 / 4 < updates < 320 / 2


@pytest.mark.parametrize(
    ("given", "first"), [({"nc": 80}, 0.000119), ({"nc": 1}, 0.002), ({"epochs": 2000}, 0.01)]
)
def test_auto_takes_a_rate_of_its_own(given, first):
    found = from_library(NAME, batches_per_epoch=10, batch=64, warmup_epochs=0.0, **given)
    assert found(0) == pytest.approx(first)


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"lr0": 0.02, "nc": 2}, ValueError, "lr0 must be left out with optimizer='auto'"),
        ({"warmup_bias_lr": 0.0, "nc": 2}, ValueError, "warmup_bias_lr must be left out"),
        ({}, TypeError, "nc must be given"),
        ({"epochs": 1300, "batch": 48}, TypeError, "images must be given"),
        ({"optimizer": "Lion"}, ValueError, "optimizer must be one of"),
        ({"optimizer": "SGD", "group": "muon"}, ValueError, "group must be one of"),
        ({"optimizer": "SGD", "boosted": True}, ValueError, "boosted must be one of"),
        ({"optimizer": "SGD", "lr0": 1.5}, ValueError, "lr0 must be finite, >= 0 and <= 1"),
        ({"optimizer": "SGD", "batch": -1}, ValueError, "batch must be >= 1"),
        ({"optimizer": "SGD", "time": 3.0}, TypeError, "takes the arguments"),
    ],
)
def test_bad_arguments_are_named(given, error, said):
    with pytest.raises(error, match=said):
        from_library(NAME, **{"batches_per_epoch": 10, "batch": 70, **given})
