"""MindSpore's cells, lists and experimental schedulers, as its source has them."""

import math

import numpy as np
import pytest

from course_lib.libraries import from_library
from tests.lib.libraries.converter_arguments import needed

T = np.arange(60)


def mindspore(name, **arguments):
    return from_library(f"mindspore.{name}", **arguments)


@pytest.mark.parametrize("steps", [1, 10, 50])
def test_decay_steps_do_not_stretch_the_natural_exponential(steps):
    arguments = {"learning_rate": 0.1, "decay_rate": 0.02, "decay_steps": steps}
    schedule = mindspore("NaturalExpDecayLR", **arguments)
    np.testing.assert_allclose(schedule(T), 0.1 * np.exp(-0.02 * T), rtol=1e-12)
    stairs = mindspore("NaturalExpDecayLR", **arguments, is_stair=True)
    expected = 0.1 * np.exp(-0.02 * (T // steps * steps))
    np.testing.assert_allclose(stairs(T), expected, rtol=1e-12)


def test_a_natural_exponential_below_all_numbers_is_zero():
    schedule = mindspore("NaturalExpDecayLR", learning_rate=0.1, decay_rate=800.0, decay_steps=1)
    assert list(schedule(T[:3])) == [0.1, 0.0, 0.0]


def test_a_list_is_a_staircase_that_ends_above_its_floor():
    lengths = {"total_step": 60, "step_per_epoch": 6, "decay_epoch": 10}
    schedule = mindspore("cosine_decay_lr", min_lr=0.001, max_lr=0.1, **lengths)
    epochs = T // 6
    expected = 0.001 + 0.099 * (1 + np.cos(np.pi * epochs / 10)) / 2
    np.testing.assert_allclose(schedule(T), expected, rtol=1e-12)
    assert len(set(schedule(T))) == 10
    assert schedule(59) == schedule(10_000) == pytest.approx(0.0034227, rel=1e-4)


def test_lists_are_their_formulas():
    lengths = {"total_step": 60, "step_per_epoch": 5, "decay_epoch": 3}
    decay = {"learning_rate": 0.1, "decay_rate": 0.5, **lengths}
    e = T // 5
    expected = {
        ("exponential_decay_lr", False): 0.1 * 0.5 ** (e / 3),
        ("exponential_decay_lr", True): 0.1 * 0.5 ** (e // 3),
        ("natural_exp_decay_lr", False): 0.1 * np.exp(-0.5 * e),
        ("natural_exp_decay_lr", True): 0.1 * np.exp(-0.5 * (e // 3 * 3)),
        ("inverse_decay_lr", False): 0.1 / (1 + 0.5 * e / 3),
        ("inverse_decay_lr", True): 0.1 / (1 + 0.5 * (e // 3)),
    }
    for (name, stair), rates in expected.items():
        np.testing.assert_allclose(mindspore(name, **decay, is_stair=stair)(T), rates, rtol=1e-12)
    ends = {"learning_rate": 0.1, "end_learning_rate": 0.01, "power": 2.0, **lengths}
    u = np.minimum(e, 3) / 3
    down = mindspore("polynomial_decay_lr", **ends)
    np.testing.assert_allclose(down(T), 0.01 + 0.09 * (1 - u) ** 2, rtol=1e-12)
    cycles = mindspore("polynomial_decay_lr", **ends, update_decay_epoch=True)
    u = e / (3 * np.maximum(np.ceil(e / 3), 1))
    np.testing.assert_allclose(cycles(T), 0.01 + 0.09 * (1 - u) ** 2, rtol=1e-12)


def test_the_whole_first_epoch_of_a_warmup_list_is_at_zero():
    schedule = mindspore(
        "warmup_lr", learning_rate=0.1, total_step=60, step_per_epoch=10, warmup_epoch=3
    )
    assert list(np.flatnonzero(schedule(T) == 0.0)) == list(range(10))
    assert schedule(30) == 0.1


def test_sequential_takes_the_rate_that_each_scheduler_finds():
    name = "mindspore.experimental."
    cyclic = (f"{name}CyclicLR", {"base_lr": 0.02, "max_lr": 0.1, "step_size_up": 4})
    constant = (f"{name}ConstantLR", {"factor": 0.5, "total_iters": 0})
    halves = (f"{name}MultiplicativeLR", {"lr_lambda": 0.5})
    schedule = mindspore(
        "experimental.SequentialLR",
        base_lr=0.3,
        schedulers=[cyclic, constant, halves],
        milestones=[6, 9],
    )
    found = [schedule(t) for t in (0, 4, 6, 8, 9, 10)]
    assert found == pytest.approx([0.02, 0.1, 0.02, 0.02, 0.02, 0.01])


EXPERIMENTAL = "mindspore.experimental."
STEP = (f"{EXPERIMENTAL}StepLR", {"step_size": 4})


@pytest.mark.parametrize(
    ("name", "bad", "error", "said"),
    [
        ("ExponentialDecayLR", {"learning_rate": 1}, TypeError, "learning_rate must be a float"),
        ("CosineDecayLR", {"min_lr": 0.1}, ValueError, "min_lr must be < max_lr"),
        ("WarmUpLR", {"warmup_steps": 0}, ValueError, "warmup_steps must be >= 1"),
        ("piecewise_constant_lr", {"milestone": [9]}, ValueError, "learning_rates as many"),
        ("piecewise_constant_lr", {"milestone": [9, 3]}, ValueError, "milestone must be >= 9"),
        ("piecewise_constant_lr", {"milestone": 9}, TypeError, "must be lists"),
        ("piecewise_constant_lr", {"learning_rates": [1, 2]}, TypeError, "learning_rates must be"),
        ("warmup_lr", {"total_step": 0}, ValueError, "total_step must be >= 1"),
        ("experimental.StepLR", {"gamma": 1}, TypeError, "gamma must be a float"),
        ("experimental.PolynomialLR", {"power": 1}, TypeError, "power must be a float"),
        ("experimental.ConstantLR", {"factor": 0.0}, ValueError, "mindspore divides by it"),
        ("experimental.CyclicLR", {"scale_fn": abs}, ValueError, "no closed form"),
        ("experimental.LambdaLR", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("experimental.MultiplicativeLR", {"lr_lambda": abs}, ValueError, "takes a function"),
        ("experimental.SequentialLR", {"milestones": [3]}, ValueError, "one entry fewer"),
        (
            "experimental.SequentialLR",
            {"schedulers": [STEP, STEP], "milestones": [0]},
            ValueError,
            "milestones must be >= 1",
        ),
        (
            "experimental.SequentialLR",
            {"schedulers": [("torch.StepLR", {"step_size": 4})]},
            ValueError,
            "must be among mindspore.experimental",
        ),
        (
            "experimental.SequentialLR",
            {
                "schedulers": [STEP, (f"{EXPERIMENTAL}MultiStepLR", {"milestones": [3]})],
                "milestones": [5],
            },
            ValueError,
            "AttributeError at its milestone",
        ),
        (
            "experimental.SequentialLR",
            {
                "schedulers": [STEP, (f"{EXPERIMENTAL}LinearLR", {"total_iters": 0})],
                "milestones": [5],
            },
            ValueError,
            "total_iters must be >= 1",
        ),
    ],
)
def test_bad_arguments_are_refused_by_name(name, bad, error, said):
    with pytest.raises(error, match=said):
        mindspore(name, **{**needed(f"mindspore.{name}"), **bad})


def test_a_polynomial_of_power_zero_never_decays():
    schedule = mindspore("experimental.PolynomialLR", base_lr=0.1, total_iters=4, power=0.0)
    assert set(schedule(T)) == {0.1}
    assert math.isclose(mindspore("experimental.PolynomialLR", base_lr=0.1)(4), 0.02)


def test_a_plateau_is_refused():
    with pytest.raises(ValueError, match="follows a metric"):
        mindspore("experimental.ReduceLROnPlateau", base_lr=0.1)
