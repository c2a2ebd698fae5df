"""DeepSpeed's schedulers: what their arguments are taken for, and what is refused."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(120)


def test_no_warmup_is_two_updates_at_the_minimum():
    schedule = from_library("deepspeed.WarmupLR", base_lr=0.1, warmup_num_steps=1)
    assert [schedule(step) for step in range(4)] == [0.0, 0.0, 0.1, 0.1]


@pytest.mark.parametrize(("kind", "first"), [("log", 10), ("linear", 11)])
def test_the_peak_comes_one_update_later_where_the_warmup_is_linear(kind, first):
    schedule = from_library(
        "deepspeed.WarmupLR", base_lr=0.1, warmup_num_steps=10, warmup_type=kind
    )
    assert schedule(first - 1) < 0.1 == schedule(first)


def test_two_siblings_have_two_peaks_by_default():
    arguments = {"base_lr": 0.1, "warmup_num_steps": 10}
    assert from_library("deepspeed.WarmupLR", **arguments)(T).max() == 0.1
    decay = from_library("deepspeed.WarmupDecayLR", total_num_steps=100, **arguments)
    assert decay(T).max() == 0.001


def test_the_linear_warmup_of_the_cosine_leaves_out_the_peak():
    arguments = {"base_lr": 0.1, "total_num_steps": 100, "warmup_num_steps": 10}
    linear = from_library("deepspeed.WarmupCosineLR", warmup_type="linear", **arguments)(T)
    assert 0.09 < linear.max() < 0.09999
    assert from_library("deepspeed.WarmupCosineLR", **arguments)(T).max() == 0.1


def test_a_stair_of_the_way_down_is_lower_at_once():
    schedule = from_library(
        "deepspeed.OneCycle",
        cycle_min_lr=0.0,
        cycle_max_lr=1.0,
        cycle_first_step_size=6,
        cycle_first_stair_count=2,
    )
    np.testing.assert_allclose(schedule(T[:13]), [0, 0, 0, *[0.5] * 3, 1, *[0.5] * 3, 0, 0, 0])


def test_a_list_of_rates_has_one_for_each_group():
    one, other = from_library(
        "deepspeed.WarmupLR", warmup_max_lr=[0.1, 0.01], warmup_num_steps=10, warmup_min_lr=0.001
    )
    assert (one(0), other(0)) == (0.001, 0.001)
    assert (one(10), other(10)) == (0.1, 0.01)


@pytest.mark.parametrize(
    ("name", "arguments", "error", "said"),
    [
        ("WarmupLR", {}, TypeError, "needs base_lr, the optimizer's rate"),
        ("WarmupLR", {"warmup_max_lr": "auto"}, ValueError, "warmup_max_lr must be a number: Tr"),
        ("WarmupLR", {"base_lr": 0.1, "warmup_num_steps": "auto"}, ValueError, "'auto'"),
        ("WarmupLR", {"base_lr": 0.1, "warmup_num_steps": 0}, ValueError, ">= 1, got 0"),
        ("WarmupLR", {"base_lr": 0.1, "warmup_type": "cosine"}, ValueError, "uses 'log'"),
        ("WarmupLR", {"base_lr": 0.1, "total_num_steps": 9}, TypeError, "got 'total_num_steps'"),
        ("OneCycle", {"cycle_min_lr": 0.1, "cycle_max_lr": "0.1"}, TypeError, "cycle_max_lr"),
        ("LRRangeTest", {"lr_range_test_step_size": 0}, ValueError, "lr_range_test_step_size"),
    ],
)
def test_bad_arguments_are_named(name, arguments, error, said):
    with pytest.raises(error, match=said):
        from_library(f"deepspeed.{name}", **arguments)
