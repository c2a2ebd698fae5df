"""from_library with any parameters, as the libraries' sources have it."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from course_lib.libraries import from_library, names
from course_lib.schedules import Schedule
from tests.lib.libraries.converter_arguments import needed

T = np.arange(400)


@pytest.mark.parametrize("name", names())
def test_every_converter_has_a_schedule_that_survives_json(name):
    schedule = from_library(name, **needed(name))
    assert schedule.name == name
    rates = schedule(T)
    assert np.all(np.isfinite(rates))
    assert [schedule(int(t)) for t in T[::37]] == list(rates[::37])
    assert Schedule.from_json(schedule.to_json()) == schedule
    json.loads(schedule.to_json())


def test_optax_decay_steps_include_the_warmup_and_keras_exclude_it():
    arguments = {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 10}
    right = from_library("optax.warmup_cosine_decay_schedule", decay_steps=100, **arguments)
    wrong = from_library("optax.warmup_cosine_decay_schedule", decay_steps=90, **arguments)
    steps = np.array([0, 10, 50, 90, 95, 100])
    expected = [0, 1, 0.586824, 0.030154, 0.007596, 0]
    np.testing.assert_allclose(right(steps), expected, rtol=0, atol=5e-7)
    np.testing.assert_allclose(wrong(steps), [0, 1, 0.5, 0, 0, 0], atol=1e-15)
    keras = from_library(
        "keras.CosineDecay",
        initial_learning_rate=0.0,
        decay_steps=90,
        warmup_target=1.0,
        warmup_steps=10,
    )
    assert keras.phases == right.phases


def test_a_milestone_at_30_acts_at_29_in_timm_at_30_in_torch_and_optax_at_31_in_keras():
    schedules = {
        29: from_library("timm.MultiStepLRScheduler", base_lr=1.0, decay_t=[30], decay_rate=0.1),
        30: from_library("torch.MultiStepLR", base_lr=1.0, milestones=[30]),
        31: from_library("keras.PiecewiseConstantDecay", boundaries=[30], values=[1.0, 0.1]),
    }
    optax = from_library(
        "optax.piecewise_constant_schedule", init_value=1.0, boundaries_and_scales={30: 0.1}
    )
    assert optax == schedules[30]
    for first, schedule in schedules.items():
        assert (schedule(first - 1), schedule(first)) == (1.0, pytest.approx(0.1))


def test_keras_staircase_of_inverse_time():
    schedule = from_library(
        "keras.InverseTimeDecay",
        initial_learning_rate=1.0,
        decay_steps=10,
        decay_rate=0.5,
        staircase=True,
    )
    np.testing.assert_allclose(schedule(T), 1 / (1 + 0.5 * (T // 10)))


def test_optax_exponential_bounds_meet_where_they_say():
    up = from_library(
        "optax.exponential_decay",
        init_value=0.1,
        transition_steps=10,
        decay_rate=2.0,
        transition_begin=5,
        end_value=0.5,
    )
    np.testing.assert_allclose(up(T), np.minimum(0.1 * 2 ** (np.maximum(T - 5, 0) / 10), 0.5))
    stairs = from_library(
        "optax.exponential_decay",
        init_value=1.0,
        transition_steps=7,
        decay_rate=0.5,
        staircase=True,
        end_value=0.1,
    )
    np.testing.assert_allclose(stairs(T), np.maximum(0.5 ** (T // 7), 0.1))
    below = from_library(
        "optax.exponential_decay",
        init_value=0.1,
        transition_steps=7,
        decay_rate=0.5,
        end_value=0.2,
    )
    assert np.all(below(T) == 0.2)


@pytest.mark.parametrize("stable_fn", ["rsqrt", "power"])
@pytest.mark.parametrize("decay_fn", ["linear", "1-sqrt", "cosine", "power", "exp"])
def test_timm_wsd_with_a_floor_that_the_stable_part_meets(stable_fn, decay_fn):
    schedule = from_library(
        "timm.WSDLRScheduler",
        base_lr=0.1,
        t_initial=90,
        decay_t=60,
        lr_min=0.04,
        stable_fn=stable_fn,
        stable_power=0.7,
        stable_timescale=10,
        decay_fn=decay_fn,
        warmup_t=5,
    )
    decays = {
        "linear": lambda u: 1 - u,
        "1-sqrt": lambda u: 1 - np.sqrt(u),
        "cosine": lambda u: 0.5 * (1 + np.cos(np.pi * u)),
        "power": lambda u: 1 - u**0.5,
        "exp": lambda u: (0.1**u - 0.1) / 0.9,
    }
    k = np.maximum(T - 5, 0.0)
    stable = np.maximum(0.1 * (1 + k / 10) ** -(0.5 if stable_fn == "rsqrt" else 0.7), 0.04)
    u = np.clip((k - 30) / 60, 0.0, 1.0)
    expected = np.where(T < 5, 0.1 * T / 5, 0.04 + (stable - 0.04) * decays[decay_fn](u))
    np.testing.assert_allclose(schedule(T), expected, rtol=1e-12)


def test_timm_cycle_that_a_rounded_logarithm_finds_too_late():
    schedule = from_library(
        "timm.CosineLRScheduler", base_lr=1.0, t_initial=1, cycle_mul=3.0, cycle_limit=9
    )
    boundary = (3**5 - 1) // 2
    assert math.log(243, 3) < 5  # what makes timm stay in cycle 4 for one update more
    assert schedule(boundary) == pytest.approx(0.0, abs=1e-12)
    assert schedule(boundary + 1) == pytest.approx(1.0, abs=1e-3)


def test_transformers_hard_restarts_follow_the_rounded_remainder():
    for cycles, decay in [(3, 90), (7, 49), (10, 30), (6, 25), (2.5, 40), (22, 44)]:
        schedule = from_library(
            "transformers.get_cosine_with_hard_restarts_schedule_with_warmup",
            base_lr=1.0,
            num_warmup_steps=4,
            num_training_steps=4 + decay,
            num_cycles=cycles,
        )
        u = np.arange(decay) / decay
        expected = 0.5 * (1 + np.cos(np.pi * ((cycles * u) % 1.0)))
        got = schedule(np.arange(4, 4 + decay + 9))
        np.testing.assert_allclose(got, [*expected, *np.zeros(9)], atol=1e-12)


def test_a_million_steps_need_few_phases():
    schedule = from_library(
        "transformers.get_cosine_schedule_with_warmup",
        base_lr=1.0,
        num_warmup_steps=1000,
        num_training_steps=10**6,
    )
    assert len(schedule.phases) == 2
    wsd = from_library(
        "timm.WSDLRScheduler",
        base_lr=1.0,
        t_initial=10**6,
        decay_t=10**5,
        stable_fn="rsqrt",
        warmup_t=1000,
    )
    assert len(wsd.phases) <= 4


def test_ignites_cycles_grow_also_where_their_height_stays():
    schedule = from_library(
        "ignite.CosineAnnealingScheduler",
        start_value=1.0,
        end_value=0.0,
        cycle_size=10,
        cycle_mult=2.0,
    )
    assert [schedule(step) for step in (0, 10, 30, 70)] == pytest.approx([1, 1, 1, 1])
    assert schedule(20) == pytest.approx(0.5)


def test_importing_the_package_does_not_import_torch():
    code = (
        "import sys, course_lib.libraries as lib; lib.from_library('torch.StepLR', base_lr=.1,"
        " step_size=3); assert 'torch' not in sys.modules; assert 'simulate_loop' in dir(lib)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_unknown_attribute_is_an_attribute_error():
    import course_lib.libraries as libraries

    assert callable(libraries.as_torch_scheduler)
    with pytest.raises(AttributeError, match="no attribute 'as_jax'"):
        _ = libraries.as_jax
