"""TrainingArguments: the updates and the warmup that they stand for, in releases 4 and 5."""

import numpy as np
import pytest

from course_lib.libraries import from_library

T = np.arange(150)
NAME = "transformers.TrainingArguments"


def test_the_updates_of_epochs_round_up_twice():
    arguments = {"num_train_epochs": 2.5, "batches_per_epoch": 13, "gradient_accumulation_steps": 4}
    ours = from_library(NAME, **arguments)
    assert ours == from_library(NAME, max_steps=10)
    assert ours(9) > 0.0 == ours(10)


@pytest.mark.parametrize(
    ("warmup_steps", "peak_at"), [(0, 0), (0.01, 1), (0.095, 10), (0.99, 99), (1.0, 1), (2.5, 2)]
)
def test_a_fraction_below_one_is_a_share_of_the_run_in_release_5(warmup_steps, peak_at):
    schedule = from_library(NAME, max_steps=100, warmup_steps=warmup_steps)
    assert int(schedule(T).argmax()) == peak_at


def test_the_ratio_of_release_4_counts_only_without_steps():
    arguments = {"max_steps": 100, "warmup_ratio": 0.3, "release": 4}
    assert int(from_library(NAME, **arguments)(T).argmax()) == 30
    assert int(from_library(NAME, warmup_steps=7, **arguments)(T).argmax()) == 7


def test_constant_ignores_the_warmup_and_release_4_the_timescale():
    assert from_library(NAME, lr_scheduler_type="constant", max_steps=9, warmup_steps=5)(0) == 5e-5
    arguments = {
        "lr_scheduler_type": "inverse_sqrt",
        "max_steps": 99,
        "warmup_steps": 4,
        "lr_scheduler_kwargs": {"timescale": 12},
    }
    old, new = (from_library(NAME, release=release, **arguments) for release in (4, 5))
    assert old(16) == pytest.approx(5e-5 / 2)
    assert new(16) == pytest.approx(5e-5 / 2**0.5)


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"warmup_ratio": 0.1}, ValueError, "warmup_ratio is not in release 5 .* warmup_steps < 1"),
        ({"release": 4, "warmup_steps": 0.1}, ValueError, "whole number in release 4, got 0.1"),
        ({"release": 4, "warmup_ratio": 1.1}, ValueError, "warmup_ratio must be .* <= 1"),
        ({"release": 3}, ValueError, "release must be 4 or 5, got 3"),
        ({"lr_scheduler_type": "greedy", "release": 4}, ValueError, "not in release 4"),
        ({"lr_scheduler_type": "greedy"}, ValueError, "follows a metric"),
        ({"lr_scheduler_type": "reduce_lr_on_plateau"}, ValueError, "follows a metric"),
        ({"lr_scheduler_type": "wsd"}, ValueError, "must be one of .*'warmup_stable_decay'"),
        ({"max_steps": 0}, ValueError, "max_steps must be >= 1, or -1"),
        ({"max_steps": -1}, TypeError, "needs max_steps, or batches_per_epoch"),
        ({"lr_scheduler_kwargs": "{}"}, TypeError, "lr_scheduler_kwargs must be a dictionary"),
        ({"lr_scheduler_kwargs": {"num_warmup_steps": 1}}, TypeError, "the Trainer gives it"),
        ({"lr_scheduler_kwargs": {"base_lr": 1}}, TypeError, "give learning_rate"),
        ({"lr_scheduler_kwargs": {"num_cycles": 1}}, TypeError, "got 'num_cycles'"),
    ],
)
def test_bad_arguments_are_named(arguments, error, said):
    with pytest.raises(error, match=said):
        from_library(NAME, **{"max_steps": 60, **arguments})
