#!/bin/sh
# Surprise: when partial_fit goes on with the training, skorch's LRScheduler(step_every="batch")
# takes the number of epochs done for the number of batches done. After 2 epochs of 5 batches, its
# schedule is at step 2 instead of 10. A linear decay by LambdaLR jumps from 0.55 back to 0.9,
# OneCycleLR repeats its warmup, and StepLR(step_size=10) cuts twice within 20 batches. LinearLR,
# which was done with its warmup from 0.1 to 1 in 8 steps, goes through the rest of it again, from 1
# up to 3.08 (1 over 0.325, its factor at step 2). LoadInitState, listed before the LRScheduler,
# continues a Checkpoint with the same rates. Nothing is raised or warned of.
#
# One would expect the rates of one fit over all epochs: partial_fit "should be used if you want to
# continue training a model", and with step_every="epoch" it gives these rates (except at a
# milestone, where StepLR cuts twice; torch_resume_at_milestone.sh has the cause). on_train_begin
# even counts the batches done, but nothing reads that count. The torch scheduler is built anew with
# last_epoch=len(net.history) - 1, which counts epochs whatever step_every is. Only a schedule that
# needs no count, such as ExponentialLR, is right. For the others, give LRScheduler last_epoch=-1,
# and before partial_fit set callbacks__lr__last_epoch, "lr" being its name, to the batches done -
# 1.
#
# Source: skorch/callbacks/lr_scheduler.py (LRScheduler.on_train_begin and _get_scheduler).
# step_every came with https://github.com/skorch-dev/skorch/pull/626.
#
# Seen: skorch 1.4.0, torch 2.13.0, Python 3.11, 2026-11-30. A build of torch for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet skorch==1.4.0 torch==2.13.0 numpy==2.4.6
cat >"$folder/rates.py" <<'CODE'
import sys
import warnings

import numpy as np
import skorch
import torch
from skorch.callbacks import Checkpoint, LoadInitState, LRScheduler
from torch.optim import lr_scheduler

warnings.simplefilter("error")
ONES = np.ones((5, 1), np.float32)  # 5 batches
SCHEDULES = {
    "LambdaLR": {"policy": lr_scheduler.LambdaLR, "lr_lambda": lambda t: 1 - t / 20},
    "OneCycleLR": {
        "policy": lr_scheduler.OneCycleLR, "max_lr": 1.0, "total_steps": 20, "cycle_momentum": False
    },
    "StepLR": {"policy": lr_scheduler.StepLR, "step_size": 10},
    "LinearLR": {"policy": lr_scheduler.LinearLR, "start_factor": 0.1, "total_iters": 8},
    "ExponentialLR": {"policy": lr_scheduler.ExponentialLR, "gamma": 0.9},
}


def net(schedule, epochs, *callbacks, **options):
    return skorch.NeuralNetRegressor(
        torch.nn.Linear,
        module__in_features=1,
        module__out_features=1,
        train_split=None,
        verbose=0,
        batch_size=1,
        lr=1.0,
        max_epochs=epochs,
        callbacks=[*callbacks, ("lr", LRScheduler(**schedule, **options))],
    )


def rates(net):
    """The rate of every batch as skorch's own history has it."""
    pairs = [(epoch, batch) for epoch in net.history for batch in epoch["batches"]]
    return [round((batch if "event_lr" in batch else epoch)["event_lr"], 2) for epoch, batch in pairs]


def two_calls(schedule, every):
    first = net(schedule, 2, step_every=every).fit(ONES, ONES)
    return rates(first.partial_fit(ONES, ONES))


def from_checkpoint(schedule, every):
    folder = f"{sys.argv[1]}/{schedule['policy'].__name__}"
    net(schedule, 2, Checkpoint(dirname=folder, monitor=None), step_every=every).fit(ONES, ONES)
    saved = Checkpoint(dirname=folder, monitor=None)
    return rates(net(schedule, 2, saved, LoadInitState(saved), step_every=every).fit(ONES, ONES))


def told(schedule, every):
    first = net(schedule, 2, step_every=every, last_epoch=-1).fit(ONES, ONES)
    return rates(first.set_params(callbacks__lr__last_epoch=9).partial_fit(ONES, ONES))


seen = {}
for name, schedule in SCHEDULES.items():
    whole = rates(net(schedule, 4, step_every="batch").fit(ONES, ONES))
    seen[name] = two_calls(schedule, "batch")
    print(f"{name}, in one fit:", *whole)
    print(f"{name}, with partial_fit:", *seen[name])
    assert from_checkpoint(schedule, "batch") == seen[name], name
    assert (seen[name] == whole) == (name == "ExponentialLR"), name
    if name != "StepLR":  # here the first call ends at a milestone
        assert told(schedule, "batch") == whole, name
    by_epoch = rates(net(schedule, 4, step_every="epoch").fit(ONES, ONES))
    assert two_calls(schedule, "epoch") == by_epoch, name
milestone = two_calls({"policy": lr_scheduler.StepLR, "step_size": 2}, "epoch")
assert milestone == [1.0] * 10 + [0.01] * 10, milestone
assert seen["LambdaLR"][9:12] == [0.55, 0.9, 0.85]
assert seen["OneCycleLR"][10:14] == seen["OneCycleLR"][2:6]
assert seen["StepLR"][17:19] == [0.1, 0.01]
assert seen["LinearLR"][9:12] + seen["LinearLR"][-1:] == [1.0, 1.0, 1.35, 3.08]
CODE
"$folder/venv/bin/python" "$folder/rates.py" "$folder"
