"""What from_library refuses: names, arguments, and schedules that are none."""

import math

import pytest
import torch

from course_lib.libraries import from_library, names
from course_lib.libraries.registry import signature
from tests.lib.libraries.converter_arguments import needed


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("torch.SteplR", "torch.StepLR"),
        ("CosineAnnealingLR", "torch.CosineAnnealingLR"),
        ("torch.optim.lr_scheduler.CosineAnnealingLR", "torch.CosineAnnealingLR"),
        ("optim.lr_scheduler.StepLR", "torch.StepLR"),
        ("lr_scheduler.ReduceLROnPlateau", "torch.ReduceLROnPlateau"),
        ("torch.optim.swa_utils.SWALR", "torch.SWALR"),
        ("torch.onecyclelr", "torch.OneCycleLR"),
        ("tf.keras.optimizers.schedules.CosineDecay", "keras.CosineDecay"),
        ("keras.callbacks.ReduceLROnPlateau", "keras.ReduceLROnPlateau"),
        ("optax.schedules.cosine_decay_schedule", "optax.cosine_decay_schedule"),
        ("optax.reduce_on_plateau", "optax.contrib.reduce_on_plateau"),
        ("timm.scheduler.CosineLRScheduler", "timm.CosineLRScheduler"),
        (
            "transformers.optimization.get_wsd_schedule",
            "transformers.get_wsd_schedule",
        ),
        (
            "get_inverse_sqrt_schedule",
            "transformers.get_inverse_sqrt_schedule",
        ),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest_three(name, meant):
    with pytest.raises(ValueError, match="the nearest being") as refused:
        from_library(name, base_lr=0.1)
    said = str(refused.value)
    assert said.split("the nearest being ")[1].startswith(f"{meant!r}, ")
    assert said.count(", ") == 3
    assert said.endswith(f"; got {name!r}")


def test_a_name_that_is_no_string_is_refused():
    with pytest.raises(TypeError, match="name must be a string"):
        from_library(torch.optim.lr_scheduler.StepLR, base_lr=0.1)


@pytest.mark.parametrize(
    ("name", "wrong", "meant"),
    [
        ("torch.StepLR", "stepsize", "step_size"),
        ("torch.StepLR", "lr", "base_lr"),
        ("torch.CosineAnnealingLR", "t_max", "T_max"),
        ("keras.CosineDecay", "learning_rate", "initial_learning_rate"),
        ("transformers.get_linear_schedule_with_warmup", "warmup_steps", "num_warmup_steps"),
        ("timm.CosineLRScheduler", "min_lr", "lr_min"),
    ],
)
def test_an_unknown_argument_is_answered_with_the_nearest(name, wrong, meant):
    with pytest.raises(TypeError, match=f"got '{wrong}'; did you mean '{meant}'"):
        from_library(name, **{wrong: 3})


def test_an_argument_that_resembles_none_gets_no_suggestion():
    with pytest.raises(TypeError, match=r"got 'verbose'$"):
        from_library("torch.StepLR", verbose=True)


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
        ("torch.OneCycleLR", {"pct_start": 1}, TypeError, "pct_start must be a float from 0 to 1"),
        ("torch.OneCycleLR", {"pct_start": 1.1}, ValueError, "pct_start"),
        ("torch.OneCycleLR", {"total_steps": 4, "pct_start": 0.25}, ValueError, "by zero"),
        ("torch.OneCycleLR", {"total_steps": None}, TypeError, "total_steps, or epochs"),
        ("torch.LambdaLR", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("torch.MultiplicativeLR", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("torch.SequentialLR", {"milestones": [3]}, ValueError, "one entry fewer"),
        ("torch.SequentialLR", {"schedulers": []}, ValueError, "at least one"),
        ("torch.SequentialLR", {"schedulers": ["torch.StepLR"]}, TypeError, "pairs"),
        ("torch.ChainedScheduler", {"schedulers": [("torch.CyclicLR", {})]}, TypeError, "base_lr"),
        ("torch.ChainedScheduler", {"schedulers": [("timm.StepLR", {})]}, ValueError, "torch's"),
        ("optax.cosine_decay_schedule", {"decay_steps": 0}, ValueError, "decay_steps"),
        (
            "optax.warmup_cosine_decay_schedule",
            {"decay_steps": 20},
            ValueError,
            "decay_steps must be > warmup_steps = 20, which it includes, got 20",
        ),
        ("optax.join_schedules", {"boundaries": [5]}, ValueError, "one entry fewer"),
        ("optax.piecewise_constant_schedule", {"boundaries_and_scales": [3]}, TypeError, "dict"),
        ("optax.linear_onecycle_schedule", {"pct_start": 2.0}, ValueError, "pct_start"),
        ("keras.CosineDecayRestarts", {"t_mul": 0.5}, ValueError, "t_mul"),
        ("keras.PiecewiseConstantDecay", {"values": [0.1]}, ValueError, "values one more"),
        ("keras.PiecewiseConstantDecay", {"boundaries": [-1]}, ValueError, "boundaries"),
        ("transformers.get_wsd_schedule", {"decay_type": "exp"}, ValueError, "decay_type"),
        ("transformers.get_wsd_schedule", {"num_training_steps": 0}, ValueError, ">= 1"),
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
        ("composer.LinearScheduler", {"t_max": "0ba"}, ValueError, "t_max in batches must be >= 1"),
        (
            "composer.LinearWithWarmupScheduler",
            {"t_max": "50ba"},
            ValueError,
            "at least max_duration",
        ),
        (
            "composer.ConstantWithWarmupScheduler",
            {"t_warmup": "1ba", "scale_warmup": True, "ssr": 0.5, "t_max": "200ba"},
            ValueError,
            "at least 1 batch after ssr",
        ),
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
    with pytest.raises(ValueError, match="is not a function of the step alone"):
        from_library(name, base_lr=0.1)
