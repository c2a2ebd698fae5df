#!/bin/sh
# Surprise: ignite's LRScheduler, attached as its documentation shows, takes the first step of the
# torch scheduler that it wraps a second time. With LinearLR from 0.1 of the rate up to all of it,
# the warmup starts at 0.01 and ends at 0.1, and there the rate stays. ConstantLR has its factor
# twice and ends with it once. ExponentialLR is one gamma too low throughout, the first update of
# CosineAnnealingLR is above the peak, and CosineAnnealingWarmRestarts runs one update early.
#
# One would expect the rates that torch gives. The documentation's example uses StepLR, for which
# they agree, as they do for LambdaLR and OneCycleLR. But torch's constructor has already set the
# first rate, and LRScheduler calls get_lr() for step 0 again. Most of torch's get_lr() derive the
# new rate from the one that the optimizer has. Wrapped with use_legacy=True and attached to
# Events.ITERATION_COMPLETED, all eight are right (with a warning that asks for that event).
#
# Source: ignite/handlers/param_scheduler.py (LRScheduler.__call__ and get_param, and for the last
# of the wrong ones _CosineAnnealingWarmRestarts.get_lr, which starts with step 1).
# create_lr_scheduler_with_warmup, in the same file, passes over that step, with a comment on it.
#
# Seen: pytorch-ignite 0.5.5, torch 2.13.0, Python 3.11, 2026-11-29. A build of torch for the CPU is
# enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet pytorch-ignite==0.5.5 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import warnings

import torch
from ignite.engine import Engine, Events
from ignite.handlers import LRScheduler
from torch.optim import lr_scheduler

UPDATES = 6
MAKERS = {
    "LinearLR": lambda optimizer: lr_scheduler.LinearLR(optimizer, 0.1, 1.0, total_iters=3),
    "ConstantLR": lambda optimizer: lr_scheduler.ConstantLR(optimizer, 0.1, total_iters=3),
    "ExponentialLR": lambda optimizer: lr_scheduler.ExponentialLR(optimizer, 0.5),
    "CosineAnnealingLR": lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 6),
    "CosineAnnealingWarmRestarts": lambda optimizer: lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4),
    "StepLR": lambda optimizer: lr_scheduler.StepLR(optimizer, 3),
    "LambdaLR": lambda optimizer: lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step)),
    "OneCycleLR": lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 1.0, total_steps=7),
}


def new_optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


def by_torch(make):
    optimizer = new_optimizer()
    scheduler = make(optimizer)
    rates = []
    for _ in range(UPDATES):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


def by_ignite(make, event, use_legacy):
    optimizer = new_optimizer()
    rates = []

    def update(engine, batch):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()

    trainer = Engine(update)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.add_event_handler(event, LRScheduler(make(optimizer), use_legacy=use_legacy))
    trainer.run([None] * UPDATES, max_epochs=1)
    return rates


def shown(rates):
    return " ".join(f"{rate:.3g}" for rate in rates)


wrong = {}
for name, make in MAKERS.items():
    expected = shown(by_torch(make))
    wrapped = shown(by_ignite(make, Events.ITERATION_STARTED, use_legacy=False))
    legacy = shown(by_ignite(make, Events.ITERATION_COMPLETED, use_legacy=True))
    print(f"{name}: torch {expected}; ignite {wrapped}; with use_legacy {legacy}")
    assert legacy == expected, name
    if wrapped != expected:
        wrong[name] = wrapped
assert wrong == {
    "LinearLR": "0.01 0.04 0.07 0.1 0.1 0.1",
    "ConstantLR": "0.01 0.01 0.01 0.1 0.1 0.1",
    "ExponentialLR": "0.5 0.25 0.125 0.0625 0.0312 0.0156",
    "CosineAnnealingLR": "1.07 0.933 0.75 0.5 0.25 0.067",
    "CosineAnnealingWarmRestarts": "0.854 0.5 0.146 1 0.854 0.5",
}
CODE
