#!/bin/sh
# Surprise: a torch StepLR, MultiStepLR or ConstantLR that is built with last_epoch to go on from a
# checkpoint acts a second time if the run was stopped at a milestone. After four epochs with
# StepLR(step_size=4, gamma=0.1), StepLR(..., last_epoch=3) divides the loaded rate by ten once
# more, and every later rate is a tenth of the right one. ConstantLR multiplies by 1 / factor again,
# to three times the optimizer's rate with factor 1/3. Nothing warns of it.
#
# One would expect the rates of the run that was not stopped, as after any other epoch, and as with
# LinearLR, ExponentialLR, PolynomialLR and CosineAnnealingLR always. The constructor's first step
# leaves the loaded rate alone in those four ("when loading from a checkpoint, we don't want
# _initial_step (called from the constructor) to update the lr one more step ahead of itself").
# StepLR, MultiStepLR and ConstantLR lack that test. The documentation asks to build the scheduler
# before the optimizer's state is loaded, but with last_epoch that is a KeyError, because
# initial_lr comes with that state. Build the scheduler without last_epoch, then load both states.
#
# Source: torch/optim/lr_scheduler.py (get_lr of the three; _is_initial in ExponentialLR.get_lr).
#
# Seen: torch 2.13.0, Python 3.11, 2026-11-29. A build for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import copy
import warnings

import torch
from torch.optim import lr_scheduler

warnings.simplefilter("error")
EPOCHS = 8
MAKERS = {
    "StepLR": lambda optimizer, **last: lr_scheduler.StepLR(optimizer, 4, gamma=0.1, **last),
    "MultiStepLR": lambda optimizer, **last: lr_scheduler.MultiStepLR(optimizer, [4], gamma=0.1, **last),
    "ConstantLR": lambda optimizer, **last: lr_scheduler.ConstantLR(optimizer, 1 / 3, total_iters=4, **last),
    "LinearLR": lambda optimizer, **last: lr_scheduler.LinearLR(optimizer, 0.1, total_iters=4, **last),
    "ExponentialLR": lambda optimizer, **last: lr_scheduler.ExponentialLR(optimizer, 0.5, **last),
    "PolynomialLR": lambda optimizer, **last: lr_scheduler.PolynomialLR(optimizer, 10, **last),
    "CosineAnnealingLR": lambda optimizer, **last: lr_scheduler.CosineAnnealingLR(optimizer, 10, **last),
}


def new_optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


def train(optimizer, scheduler, epochs):
    rates = []
    for _ in epochs:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def ratios(make, done, resume):
    """The rates of a run that was stopped after `done` epochs, over those of one that was not."""
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    train(optimizer, scheduler, range(done))
    saved = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    expected = train(optimizer, scheduler, range(done, EPOCHS))
    rates = train(*resume(make, done, *saved), range(done, EPOCHS))
    return [f"{rate / right:.3g}" for rate, right in zip(rates, expected, strict=True)]


def with_last_epoch(make, done, optimizer_state, scheduler_state):
    optimizer = new_optimizer()
    optimizer.load_state_dict(optimizer_state)
    return optimizer, make(optimizer, last_epoch=done - 1)


def with_both_states(make, done, optimizer_state, scheduler_state):
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    optimizer.load_state_dict(optimizer_state)
    scheduler.load_state_dict(scheduler_state)
    return optimizer, scheduler


wrong = {}
for name, make in MAKERS.items():
    for done in range(1, EPOCHS):
        right = ["1"] * (EPOCHS - done)
        found = ratios(make, done, with_last_epoch)
        if found != right:
            wrong[name, done] = found
            print(f"{name}, stopped after {done} epochs: rates are off by the factors", *found)
        assert ratios(make, done, with_both_states) == right, (name, done)
    try:
        make(new_optimizer(), last_epoch=3)
    except KeyError as error:
        assert "'initial_lr' is not specified" in str(error)
    else:
        raise AssertionError(f"{name}: last_epoch without a loaded state was accepted")
assert wrong == {
    ("StepLR", 4): ["0.1"] * 4,
    ("MultiStepLR", 4): ["0.1"] * 4,
    ("ConstantLR", 4): ["3"] * 4,
}
CODE
