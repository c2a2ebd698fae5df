"""The laws: equal to their formulas, with gradients equal to finite differences, on few knots."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib import schedules
from course_lib.forecast.best import Frame, _FinalLoss
from course_lib.forecast.knots import MOST_READINGS, Scale, pairs
from course_lib.forecast.laws import INSTANT, LAWS, in_units, losses
from tests.lib.forecast.made_curves import (
    KNOWN,
    annealing_loss,
    multi_power_loss,
    multi_power_losses,
    rates_of,
)

ALL = [*LAWS.values(), INSTANT]
UP_AND_DOWN = np.array([0.01, 0.02, 0.03, 0.03, 0.03, 0.02, 0.01, 0.01, 0.02, 0.005])
ONES = Scale(1.0, 1.0, 1.0)


def theta_of(law, **values):
    """The logarithms of a law's parameters in units of 1."""
    if law.name == "annealing":
        forget = -np.log(values["lam"])
        strength = values["C"] / (1 - values["lam"])
        return np.log([values["L0"], values["A"], values["alpha"], strength, forget])
    return np.log([values[name] for name in law.names])


def test_the_multi_power_law_is_its_formula():
    at = np.arange(1, len(UP_AND_DOWN) + 1)
    points = pairs(UP_AND_DOWN, at, ONES, None)
    ours, _ = losses(LAWS["multi-power"], theta_of(LAWS["multi-power"], **KNOWN), points)
    plain = [multi_power_loss(UP_AND_DOWN.tolist(), int(t), **KNOWN) for t in at]
    np.testing.assert_allclose(ours, plain, rtol=1e-12)
    np.testing.assert_allclose(multi_power_losses(UP_AND_DOWN, at), plain, rtol=1e-12)


@pytest.mark.parametrize("law", ALL, ids=lambda law: law.name)
def test_a_warmup_enters_the_sum_of_rates_only(law):
    """A run with a warmup is one without, after a first update with the sum of the warmup."""
    theta = np.log(np.linspace(0.3, 0.9, len(law.names)))
    warmup, after = np.array([0.01, 0.04, 0.02]), np.array([0.05, 0.05, 0.02, 0.04, 0.01])
    at = np.arange(1, len(after) + 1)
    with_it = losses(law, theta, pairs(np.append(warmup, after), at + 3, ONES, None))[0]
    bare = pairs(after, at, ONES, None)
    longer = dataclasses.replace(bare, sums=bare.sums + warmup.sum())
    np.testing.assert_allclose(with_it, losses(law, theta, longer)[0], rtol=1e-12)


def test_the_annealing_law_is_its_formula():
    known = {"L0": 2.0, "A": 0.5, "alpha": 0.4, "C": 0.7, "lam": 0.9}
    at = np.arange(1, len(UP_AND_DOWN) + 1)
    points = pairs(UP_AND_DOWN, at, ONES, None)
    ours, _ = losses(LAWS["annealing"], theta_of(LAWS["annealing"], **known), points)
    plain = [annealing_loss(UP_AND_DOWN.tolist(), int(t), **known) for t in at]
    np.testing.assert_allclose(ours, plain, rtol=1e-12)


@pytest.mark.parametrize("law", LAWS.values(), ids=lambda law: law.name)
def test_parameters_in_units_give_the_losses_of_the_scaled_ones(law):
    scale = Scale(rate=0.03, total=0.2, steps=10.0, loss=7.0)
    theta = np.log(np.linspace(0.3, 0.9, len(law.names)))
    at = np.arange(1, len(UP_AND_DOWN) + 1)
    ours, _ = losses(law, theta, pairs(UP_AND_DOWN, at, scale, None))
    named = in_units(law, theta, scale)
    if law.name == "annealing":
        named["lam"] = named.pop("lambda")
    theirs, _ = losses(law, theta_of(law, **named), pairs(UP_AND_DOWN, at, ONES, None))
    np.testing.assert_allclose(scale.loss * ours, theirs, rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(
    law=st.sampled_from(ALL),
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from(["constant", "cosine", "step", "cooldown"]),
)
def test_the_gradient_is_that_of_finite_differences(law, seed, shape):
    theta = np.random.default_rng(seed).normal(-0.5, 0.7, len(law.low) + 2)
    rates = rates_of(shape, steps=300)
    scale = Scale(rates.max(), rates.sum(), len(rates))
    points = pairs(rates, np.array([30, 61, 130, 299, 300]), scale, 32)
    _, slopes = losses(law, theta, points)
    for i in range(len(theta)):
        step = np.zeros(len(theta))
        step[i] = 1e-6
        ahead, behind = losses(law, theta + step, points)[0], losses(law, theta - step, points)[0]
        np.testing.assert_allclose(slopes[:, i], (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(law=st.sampled_from(ALL), seed=st.integers(0, 2**32 - 1), warmup=st.sampled_from([0, 1, 40]))
def test_the_gradient_of_the_final_loss_is_that_of_finite_differences(law, seed, warmup):
    random = np.random.default_rng(seed)
    theta = random.normal(-0.5, 0.7, len(law.low) + 2)
    final = _FinalLoss(law, theta, Scale(0.1, 30.0, 400.0), Frame(400, 0.1, warmup, 0.001))
    falls = random.exponential(0.05, len(final.knots) - 1)
    _, slopes = final(falls)
    for i in random.choice(len(falls), 8, replace=False):
        step = np.zeros(len(falls))
        step[i] = 1e-6
        numeric = (final(falls + step)[0] - final(falls - step)[0]) / 2e-6
        assert slopes[i] == pytest.approx(numeric, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.warmup_cosine(0.02, 100, 2000),
        schedules.warmup_linear(0.02, 100, 2000),
        schedules.step_decay(0.02, every=300),
        schedules.exponential(0.02, 0.998),
        schedules.wsd(0.02, 100, 1500, 400),
        schedules.one_cycle(0.02, 2000),
        schedules.inverse_sqrt(0.02, 100),
    ],
    ids=lambda schedule: schedule.name,
)
@pytest.mark.parametrize("law", ["multi-power", "annealing"])
def test_merging_changes_costs_less_than_a_thousandth(schedule, law):
    rates = np.asarray(schedule(np.arange(2000)))
    updates = np.arange(50, 2001, 50)
    scale = Scale(rates.max(), rates.sum(), 2000.0)
    theta = np.log([1.0, 0.3, 0.5, 0.3, 30.0] + [0.5, 0.5] * (law == "multi-power"))
    full, _ = losses(LAWS[law], theta, pairs(rates, updates, scale, None))
    errors = [
        np.abs(losses(LAWS[law], theta, pairs(rates, updates, scale, groups))[0] / full - 1).max()
        for groups in (64, 512)
    ]
    assert errors[1] < 1e-4
    assert errors[1] <= errors[0] < 3e-3


def test_a_group_with_one_change_is_exact():
    rates = rates_of("step", steps=400)[60:]
    updates, scale = np.arange(50, 341, 10), Scale(1.0, 1.0, 1.0)
    theta = theta_of(LAWS["multi-power"], **KNOWN)
    merged, full = (
        losses(LAWS["multi-power"], theta, pairs(rates, updates, scale, groups))[0]
        for groups in (4, None)
    )
    np.testing.assert_allclose(merged, full, rtol=1e-13)


def test_rises_and_falls_of_a_group_are_merged_apart():
    t = np.arange(1000)
    rates = 0.02 + 0.002 * np.abs((t % 24) / 12 - 1)  # two thirds of a cycle in each group
    updates, scale = np.arange(100, 1001, 100), Scale(rates.max(), rates.sum(), 1000.0)
    theta = np.log([1.0, 0.3, 0.5, 0.3, 300.0, 0.5, 0.5])
    merged, full = (
        losses(LAWS["multi-power"], theta, pairs(rates, updates, scale, groups))[0]
        for groups in (60, None)
    )
    assert np.abs(merged / full - 1).max() < 1.2e-3


def test_a_rate_that_jumps_at_every_update_is_merged_too():
    rates = 0.05 + 0.05 * np.random.default_rng(0).random(20_000)
    rates[0] = 0.1
    updates, scale = np.arange(200, 20_001, 200), Scale(0.1, rates.sum(), 20_000.0)
    theta = np.log([1.0, 0.3, 0.5, 0.01, 300.0, 0.5, 0.5])
    points = pairs(rates, updates, scale, 256)
    assert np.diff(points.starts).max() < 2 * (3 * 256 + len(updates))
    merged, _ = losses(LAWS["multi-power"], theta, points)
    full, _ = losses(LAWS["multi-power"], theta, pairs(rates, updates, scale, None))
    np.testing.assert_allclose(merged, full, rtol=1e-3)


def test_many_readings_are_interpolated_closely():
    steps = 60_000
    rates = rates_of("step", steps)
    updates, scale = np.arange(100, steps + 1), Scale(rates.max(), rates.sum(), float(steps))
    points = pairs(rates, updates, scale, 256)
    assert MOST_READINGS <= len(points.sums) < 1.2 * MOST_READINGS < len(updates)
    theta = np.log([1.0, 0.3, 0.5, 0.3, 3000.0, 0.5, 0.5])
    ours, slopes = losses(LAWS["multi-power"], theta, points)
    assert slopes.shape == (len(updates), 7)
    behind = np.arange(23_990, 24_300, 7)  # the rate jumps after 24,000 updates
    some = np.concatenate([np.arange(100, 23_000, 531), behind, np.arange(25_000, steps, 531)])
    full, _ = losses(LAWS["multi-power"], theta, pairs(rates, some, scale, None))
    assert np.abs(ours[some - 100] / full - 1).max() < 2e-3


@pytest.mark.parametrize("steps", [2000, 50_000])
def test_the_steep_start_of_a_curve_is_interpolated_closely(steps):
    rates = np.asarray(schedules.cosine(0.1, steps)(np.arange(steps)))
    updates, scale = np.arange(1, steps + 1), Scale(0.1, rates.sum(), float(steps))
    theta = np.log([1.0, 0.3, 0.5, 0.3, 300.0, 0.5, 0.5])
    ours, _ = losses(LAWS["multi-power"], theta, pairs(rates, updates, scale, 256))
    early = np.arange(1, 600)
    full, _ = losses(LAWS["multi-power"], theta, pairs(rates, early, scale, None))
    np.testing.assert_allclose(ours[early - 1], full, rtol=1e-3)


def test_a_long_decay_needs_no_matrix_of_all_updates():
    rates = np.asarray(schedules.warmup_cosine(3e-4, 2000, 72_000)(np.arange(72_000)))
    updates = np.arange(2_100, 72_001, 130)
    tracemalloc.start()
    points = pairs(rates, updates, Scale(3e-4, rates.sum(), 72_000.0), 512)
    losses(LAWS["multi-power"], np.log([1.0, 0.3, 0.5, 0.3, 30.0, 0.5, 0.5]), points)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 150e6  # the full sum has 72,000 · 538 pairs: 310 MB for each array
