"""check_resume names what a resume lost beside the model, the optimizer and the scheduler."""

import random

import numpy as np
import pytest
import torch
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

from tests.lib.diagnose.resumed_loops import (
    UPDATES,
    advance,
    backward,
    builder,
    check,
    train,
    words,
)


def test_dropout_draws_from_a_state_that_must_be_restored():
    found = check(builder(dropout=0.3))
    assert found.lost[0].startswith("rng: the state of the global random generators (torch) was")
    assert len(found.lost) == 1
    assert check(builder(dropout=0.3), restore=("model", "optimizer", "scheduler", "rng"))


def test_numpy_and_python_are_random_too():
    def loop(parts, t):
        noise = np.random.rand() + random.random()  # noqa: NPY002
        return train(parts, t) + noise

    found = check(loop=loop)
    assert "generators (numpy, python)" in words(found)
    assert found.first_difference.quantity == "losses"
    assert check(loop=loop, restore=("model", "optimizer", "scheduler", "rng"))


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
def test_a_scaler_whose_scale_is_lost():
    def make():
        parts = builder()()
        return {
            **parts,
            "scaler": torch.amp.GradScaler("cpu", init_scale=2.0**40, growth_interval=3),
        }

    def loop(parts, t):
        parts["optimizer"].zero_grad()
        x = torch.ones(2, 3) * (1 + t)
        loss = parts["model"](x).square().mean()
        parts["scaler"].scale(loss).backward()
        for p in parts["model"].parameters():
            p.grad[p.grad.abs() > 2.0**36] = float("inf")
        parts["scaler"].step(parts["optimizer"])
        parts["scaler"].update()
        advance(parts, loss)
        return loss

    assert check(make, loop)
    found = check(make, loop, restore=("model", "optimizer", "scheduler"))
    assert "scaler: its state was not restored (scale 1.09951e+12, not" in words(found)


def test_averaged_weights_that_are_not_saved():
    def loop(parts, t):
        loss = train(parts, t)
        parts["ema"].update_parameters(parts["model"])
        return loss

    assert check(builder(ema=AveragedModel), loop)
    found = check(builder(ema=AveragedModel), loop, restore=("model", "optimizer", "scheduler"))
    assert "ema: its weights were not restored (5 tensors: n_averaged" in words(found)
    assert found.first_difference.update == UPDATES  # the training itself is the same
    assert found.rate_change == ""


def test_a_save_in_the_middle_of_a_window_loses_the_gradients():
    def loop(parts, t):
        loss = backward(parts, t)
        if t % 4 == 3:
            parts["optimizer"].step()
            advance(parts, loss)
            parts["optimizer"].zero_grad()
        return loss

    assert check(loop=loop, at=8)
    found = check(loop=loop, at=10)
    assert found.lost[0].startswith("gradients: gradients that had been accumulated")
    assert len(found.lost) == 1


def test_a_data_iterator_begins_anew():
    def batches(_):
        return iter(range(1000))

    def loop(parts, t):
        return train(parts, next(parts["batches"]) ** 2)

    found = check(builder(batches=batches), loop)
    assert "outside of all states: from step 9 on" in words(found)
    assert "the place in the data (batches: no state_dict, so it starts anew)" in found.lost[0]


def test_a_shuffled_loader_needs_its_generator():
    def make():
        parts = builder()()
        return {**parts, "generator": torch.Generator().manual_seed(3)}

    def loop(parts, t):
        return train(parts, int(torch.randperm(5, generator=parts["generator"])[0]))

    assert check(make, loop)
    found = check(make, loop, restore=("model", "optimizer", "scheduler"))
    assert "generator: its state was not restored" in words(found)


def test_data_that_make_draws_at_random():
    def make():
        return {**builder()(), "data": torch.randn(8, 3)}

    def loop(parts, t):
        loss = parts["model"](parts["data"]).square().mean()
        parts["optimizer"].zero_grad()
        loss.backward()
        parts["optimizer"].step()
        advance(parts, loss)
        return loss

    found = check(make, loop)
    assert found.lost[0].startswith("seed: make() draws something at random that no checkpoint")


def test_two_things_at_once_are_both_named():
    found = check(builder(dropout=0.3), restore=("model", "optimizer"))
    assert [line.partition(":")[0] for line in found.lost] == ["scheduler", "rng"], found


def test_a_counter_in_a_dict_is_a_part():
    make = builder(progress=lambda model: {"epoch": 0})

    def loop(parts, t):
        parts["progress"]["epoch"] += 1
        return train(parts, parts["progress"]["epoch"])

    assert check(make, loop)
    found = check(make, loop, restore=("model", "optimizer", "scheduler"))
    assert "progress: its state was not restored (epoch 0, not 9)" in words(found)


def test_a_state_outside_of_the_scheduler_is_not_hidden():
    def make():
        parts = builder()()
        seen = []
        parts["scheduler"] = LambdaLR(
            parts["optimizer"], lambda t: 0.9 ** len([*seen, seen.append(t)])
        )
        return parts

    found = check(make)
    assert "something that train, or a function of a schedule, keeps to itself" in words(found)
