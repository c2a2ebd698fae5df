"""from_library with any parameters, as the libraries' sources have it, and what it refuses."""

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from course_lib.libraries import from_library, names
from course_lib.libraries.registry import signature
from course_lib.schedules import Schedule

T = np.arange(400)

# What each library needs besides its defaults, to build every converter once.
NEEDED = {
    "base_lr": 0.1,
    "init_value": 0.2,
    "end_value": 0.01,
    "peak_value": 0.3,
    "value": 0.1,
    "power": 2.0,
    "transition_steps": 50,
    "decay_rate": 0.5,
    "decay_steps": 70,
    "warmup_steps": 20,
    "interpolate_type": "cosine",
    "cosine_kwargs": [
        {"init_value": 0.0, "peak_value": 0.1, "warmup_steps": 2, "decay_steps": 9},
        {"init_value": 0.0, "peak_value": 0.2, "warmup_steps": 0, "decay_steps": 8},
    ],
    "schedules": [("optax.constant_schedule", {"value": 0.1})],
    "boundaries": [],
    "initial_learning_rate": 0.1,
    "first_decay_steps": 15,
    "values": [0.1, 0.01],
    "num_warmup_steps": 10,
    "num_training_steps": 60,
    "num_decay_steps": 10,
    "t_initial": 50,
    "decay_t": 10,
    "step_size": 7,
    "gamma": 0.9,
    "milestones": [5, 9],
    "lr_lambda": 0.5,
    "T_max": 30,
    "T_0": 12,
    "max_lr": 0.1,
    "total_steps": 40,
    "swa_lr": 0.01,
    "schedulers": [("torch.StepLR", {"step_size": 4})],
    "max_duration": "100ba",
    "t_0": 8,
    "t_warmup": "10ba",
    "decay_period": "5ba",
    "n_batches": 100,
    "lr_max": 0.1,
    "lr": 0.1,
    "n_cycles": 2,
    "cycle_len": 1,
    "batches_per_epoch": 20,
    "start": 0.1,
    "end": 0.01,
    "start_value": 0.1,
    "cycle_size": 20,
    "milestones_values": [(0, 0.0), (5, 0.1)],
    "lr_scheduler": ("torch.StepLR", {"base_lr": 0.1, "step_size": 5}),
    "warmup_start_value": 0.0,
    "warmup_end_value": 0.1,
    "warmup_duration": 5,
    "init_lr": 0.0,
    "min_lr": 0.001,
    "lr_warmup_steps": 10,
    "lr_decay_steps": 60,
    "lr_decay_style": "cosine",
    "training_steps": 60,
}
SPECIAL = {
    "torch.SequentialLR": {"milestones": []},
    "timm.MultiStepLRScheduler": {"decay_t": [10, 20]},
    "keras.PiecewiseConstantDecay": {"boundaries": [10]},
}


def needed(name):
    parameters = signature(name).parameters.values()
    required = [p.name for p in parameters if p.default is p.empty]
    arguments = {key: NEEDED[key] for key in required}
    if "max_duration" in signature(name).parameters:
        arguments["max_duration"] = "100ba"
    if name.startswith("transformers.get_cosine_with_min"):
        arguments["min_lr"] = 0.001
    if name == "transformers.get_wsd_schedule":
        arguments["num_training_steps"] = 60
    if name == "torch.OneCycleLR":
        arguments["total_steps"] = 40
    return {**arguments, **SPECIAL.get(name, {})}


# --- any parameters: what the libraries' sources say --------------------------------------------


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


# --- bad input -----------------------------------------------------------------------------------


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"torch\.StepLR.*got 'torch\.SteplR'"):
        from_library("torch.SteplR", base_lr=0.1)


def test_unknown_and_missing_arguments_are_named():
    with pytest.raises(TypeError, match=r"base_lr, step_size, gamma; got 'stepsize'"):
        from_library("torch.StepLR", base_lr=0.1, stepsize=3)
    with pytest.raises(TypeError, match=r"needs the argument 'step_size'; it takes base_lr"):
        from_library("torch.StepLR", base_lr=0.1)
    with pytest.raises(TypeError, match="got 'base_lr'"):
        from_library("optax.constant_schedule", value=0.1, base_lr=0.1)


@pytest.mark.parametrize("name", names())
def test_every_required_argument_is_asked_for(name):
    arguments = needed(name)
    for key, parameter in signature(name).parameters.items():
        if parameter.default is parameter.empty:
            with pytest.raises(TypeError, match=f"needs the argument '{key}'"):
                from_library(name, **{k: v for k, v in arguments.items() if k != key})


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("bad", [math.nan, -1.0, "fast", None, True])
def test_a_rate_that_is_no_rate_is_refused_by_name(name, bad):
    rates = {
        *("base_lr", "init_value", "peak_value", "value", "initial_learning_rate", "lr_max", "lr"),
        *("max_lr", "learning_rate", "start_value"),
    }
    arguments = needed(name)
    for key in rates & arguments.keys():
        with pytest.raises((TypeError, ValueError), match=key):
            from_library(name, **{**arguments, key: bad})


@pytest.mark.parametrize(
    ("name", "bad", "error", "said"),
    [
        ("torch.StepLR", {"step_size": 0}, ValueError, "step_size must be >= 1"),
        ("torch.StepLR", {"step_size": 3.0}, TypeError, "step_size must be a whole"),
        ("torch.StepLR", {"gamma": 0.0}, ValueError, "gamma must be finite, > 0"),
        ("torch.LinearLR", {"start_factor": 0.0}, ValueError, "start_factor"),
        ("torch.LinearLR", {"end_factor": 1.5}, ValueError, "end_factor"),
        ("torch.ConstantLR", {"factor": 0.0}, ValueError, "torch divides by it"),
        ("torch.CosineAnnealingLR", {"T_max": 0}, ValueError, "T_max must be >= 1"),
        ("torch.CosineAnnealingWarmRestarts", {"T_mult": 0}, ValueError, "T_mult"),
        ("torch.CyclicLR", {"mode": "square"}, ValueError, "mode must be one of"),
        ("torch.CyclicLR", {"scale_fn": abs}, ValueError, "no closed form"),
        ("torch.OneCycleLR", {"pct_start": 1}, TypeError, "pct_start must be a float"),
        ("torch.OneCycleLR", {"pct_start": 1.1}, ValueError, "pct_start"),
        ("torch.OneCycleLR", {"total_steps": 4, "pct_start": 0.25}, ValueError, "by zero"),
        ("torch.OneCycleLR", {"total_steps": None}, TypeError, "total_steps, or epochs"),
        ("torch.LambdaLR", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("torch.MultiplicativeLR", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("torch.SequentialLR", {"milestones": [3]}, ValueError, "one entry fewer"),
        ("torch.SequentialLR", {"schedulers": []}, ValueError, "at least one"),
        ("torch.SequentialLR", {"schedulers": ["torch.StepLR"]}, TypeError, "pairs"),
        ("torch.ChainedScheduler", {"schedulers": [("torch.CyclicLR", {})]}, ValueError, "one of"),
        ("optax.cosine_decay_schedule", {"decay_steps": 0}, ValueError, "decay_steps"),
        ("optax.warmup_cosine_decay_schedule", {"decay_steps": 20}, ValueError, ">= 21"),
        ("optax.join_schedules", {"boundaries": [5]}, ValueError, "one entry fewer"),
        ("optax.piecewise_constant_schedule", {"boundaries_and_scales": [3]}, TypeError, "dict"),
        ("optax.linear_onecycle_schedule", {"pct_start": 2.0}, ValueError, "pct_start"),
        ("keras.CosineDecayRestarts", {"t_mul": 0.5}, ValueError, "t_mul"),
        ("keras.PiecewiseConstantDecay", {"values": [0.1]}, ValueError, "values one more"),
        ("keras.PiecewiseConstantDecay", {"boundaries": [-1]}, ValueError, "boundaries"),
        ("transformers.get_wsd_schedule", {"decay_type": "exp"}, ValueError, "decay_type"),
        ("transformers.get_wsd_schedule", {"num_training_steps": 5}, ValueError, ">= 20"),
        (
            "transformers.get_cosine_with_min_lr_schedule_with_warmup",
            {"min_lr_rate": 0.1},
            ValueError,
            "exactly one",
        ),
        (
            "transformers.get_polynomial_decay_schedule_with_warmup",
            {"lr_end": 0.2},
            ValueError,
            "lr_end must be < base_lr",
        ),
        ("timm.CosineLRScheduler", {"noise_range_t": 3}, ValueError, "random"),
        ("timm.WSDLRScheduler", {"decay_t": 51}, ValueError, "decay_t must be <="),
        ("timm.WSDLRScheduler", {"stable_fn": "rsqrt"}, ValueError, "stable_timescale"),
        ("timm.TanhLRScheduler", {"lb": 4.0}, ValueError, "lb must be < ub"),
        ("composer.CosineAnnealingScheduler", {"t_max": "3ep"}, ValueError, "in batches"),
        ("composer.CosineAnnealingScheduler", {"max_duration": None}, TypeError, "max_duration"),
        ("fastai.fit_one_cycle", {"pct_start": 1.0}, ValueError, "pct_start"),
        ("ignite.PiecewiseLinear", {"milestones_values": []}, TypeError, "pairs"),
        ("megatron.OptimizerParamScheduler", {"lr_warmup_steps": 60}, ValueError, "< lr_decay"),
        ("nanogpt.get_lr", {"lr_decay_iters": 10}, ValueError, "lr_decay_iters"),
    ],
)
def test_bad_arguments_are_refused_by_name(name, bad, error, said):
    with pytest.raises(error, match=said):
        from_library(name, **{**needed(name), **bad})


@pytest.mark.parametrize(
    "name",
    [
        "torch.ReduceLROnPlateau",
        "transformers.get_reduce_on_plateau_schedule",
        "transformers.get_greedy_schedule",
        "timm.PlateauLRScheduler",
        "schedulefree.RAdamScheduleFree",
    ],
)
def test_what_is_no_function_of_the_step_is_refused_with_the_reason(name):
    with pytest.raises(ValueError, match="is no function of the step alone"):
        from_library(name, base_lr=0.1)


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
