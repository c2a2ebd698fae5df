"""A range test stops where the loss has grown too far, wherever zero lies."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from course_lib.range_test import RULES, range_test, zones
from course_lib.range_test.recording import steps_until_stop, unbiased_average
from course_lib.range_test.stopping import Stop
from tests.lib.range_test.made_sweeps import STEPS, U, made_sweep
from tests.lib.range_test.spiral_training import Scripted, X, loader


def stops_at(losses, factor):
    stop = Stop(factor)
    for count, loss in enumerate(losses, start=1):
        if stop.after(float(loss)):
            return count
    return len(losses)


losses_above_zero = st.lists(st.floats(0.0, 1e3), min_size=1, max_size=60)


@given(losses_above_zero, st.sampled_from([1.5, 4.0, 10.0]))
def test_without_negative_losses_it_is_the_tools_rule(losses, factor):
    smoothed = np.empty(len(losses))
    average = 0.0
    for t, loss in enumerate(losses):  # in the same order of operations
        average = 0.98 * average + (1 - 0.98) * loss
        smoothed[t] = average / (1 - 0.98 ** (t + 1))
    assert stops_at(losses, factor) == steps_until_stop(smoothed, factor)


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60))
def test_an_infinite_factor_never_stops(losses):
    assert stops_at(losses, np.inf) == len(losses)


@given(st.integers(0, 20), st.floats(0.5, 3.0), st.sampled_from([4.0, 10.0]))
def test_below_zero_it_does_not_matter_where_zero_lies(seed, noise, factor):
    rng = np.random.default_rng(seed)
    losses = 5 * U + noise * rng.normal(size=100) - 50  # 1 % of |best| is below their range
    first = stops_at(losses, factor)
    assert stops_at(losses - 7, factor) == first
    assert stops_at(3 * losses, factor) == first


def test_a_loss_that_falls_through_zero_and_explodes_is_stopped_late():
    rng = np.random.default_rng(0)
    falling = 2 - 4 * np.clip(STEPS / 70, 0, 1) + 0.3 * rng.normal(size=100)
    exploding = np.where(STEPS > 75, 2.0 ** (STEPS - 75.0), 0)
    assert stops_at(falling, 10.0) == 100
    assert 80 < stops_at(falling + exploding, 10.0) < 95
    assert stops_at(falling + exploding - 100, 10.0) >= stops_at(falling + exploding, 10.0)


def test_noise_about_zero_is_no_rise_not_even_at_the_start():
    noise = 0.1 * np.random.default_rng(0).normal(size=100)
    assert stops_at(noise, 4.0) == 100
    assert stops_at([-1.0, 0.5] * 50, 4.0) == 100
    assert stops_at([-1.0, 0.5] * 50, 1.2) == 10  # not before the range is known


def test_rounding_of_a_flat_negative_loss_is_no_rise():
    flat = torch.full((100,), -100.0) + torch.linspace(0, 0.9, 100)
    assert stops_at(flat.bfloat16().tolist(), 2.0) == 100


@pytest.mark.parametrize("factor", [10.0, np.inf])
@pytest.mark.parametrize("below", [0.0, 100.0])
def test_a_range_test_of_a_loss_below_zero_runs_as_far(factor, below):
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    batches = [(X[:32], X[:32].sum(1, keepdim=True)), (X[32:64], X[32:64].sum(1, keepdim=True))]

    def loss_fn(outputs, targets):
        return nn.functional.mse_loss(outputs, targets) - below

    settings = {"stop_factor": factor, "highest_rate": 3.0}
    found = range_test(model, loss_fn, batches, **settings)
    assert found.steps_run[0] >= 85
    split = zones(found)
    assert np.isfinite(split.falls_from)
    assert np.isfinite(split.unstable_from)


def test_the_tools_own_rules_stop_at_the_first_negative_loss_and_say_so():
    for name in ("fastai valley", "torch-lr-finder"):
        found = RULES[name].suggest(np.geomspace(1e-5, 10, 100), U - 100)
        assert np.isnan(found.rate)
        assert found.reason.endswith("the tool stops at the first loss below 0")


def test_zones_say_stopped_where_no_run_diverged():
    stopped = made_sweep(np.where(STEPS < 3, 1.0, np.nan), steps_run=[3])
    with pytest.raises(ValueError, match="must not stop in its first tenth: raise the stop_factor"):
        zones(stopped)


def test_a_loss_that_is_not_finite_stops_with_any_factor():
    model = Scripted([-1.0] * 30 + [np.nan] * 70)
    found = range_test(model, lambda outputs, _: outputs, loader(), stop_factor=np.inf)
    assert found.diverged_at.tolist() == [30]


def test_the_average_is_the_unbiased_one():
    losses = np.concatenate([np.linspace(1, 0.5, 60), 0.5 * 1.5 ** np.arange(40)])
    smoothed = unbiased_average(losses, 0.98)
    assert stops_at(losses, 2.0) == steps_until_stop(smoothed, 2.0)
