#!/bin/sh
# Surprise: with MMEngine's train_cfg=dict(by_epoch=False, max_iters=...), a scheduler of
# param_scheduler that does not say by_epoch=False itself leaves the rate where it begins, for the
# whole run and without a word. CosineAnnealingLR stays at 0.1, MultiStepLR never cuts, and with a
# warmup by LinearLR that starts at a thousandth of 0.1, all updates have a rate of 0.0001.
#
# One would expect updates to be counted, since the loop was told to count them, or an error. But
# by_epoch=True is the default of every scheduler, and the hook then steps it after an epoch. A loop
# by iterations treats "the whole training process as a big epoch", however often it goes through the
# data, so the only step comes after the last update. (Only a scheduler with a begin of 1 or more is
# refused, since it would begin after that epoch.) With by_epoch=False in both places the rates are
# right.
#
# Source: mmengine/runner/loops.py (IterBasedTrainLoop.run), mmengine/hooks/param_scheduler_hook.py,
# mmengine/optim/scheduler/param_scheduler.py (by_epoch).
#
# Seen: mmengine 0.10.7, torch 2.13.0, Python 3.11, 2026-11-30. A build of torch for the CPU is
# enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mmengine==0.10.7 torch==2.13.0 numpy==2.4.6
cat >"$folder/rates.py" <<'CODE'
import sys
import warnings

import torch
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

UPDATES = 10
SCHEDULERS = {
    "cosine": [{"type": "CosineAnnealingLR", "T_max": UPDATES}],
    "multi-step": [{"type": "MultiStepLR", "milestones": [4, 8]}],
    "warmup and multi-step": [
        {"type": "LinearLR", "start_factor": 0.001, "end": 4},
        {"type": "MultiStepLR", "milestones": [8]},
    ],
}


class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs, mode):
        return {"loss": (self.weight * torch.stack(inputs)).sum() ** 2}


class Rates(Hook):
    def __init__(self):
        self.rates = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates.append(runner.optim_wrapper.get_lr()["lr"][0])


def rates(schedulers, folder):
    kept = Rates()
    Runner(
        model=Model(),
        work_dir=folder,
        train_dataloader={
            "dataset": [{"inputs": torch.ones(1)}] * 4,
            "sampler": {"type": "DefaultSampler", "shuffle": False},
            "batch_size": 2,
        },
        train_cfg={"by_epoch": False, "max_iters": UPDATES},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.1}},
        param_scheduler=schedulers,
        custom_hooks=[kept],
        log_level="ERROR",
        default_scope="mmengine",
        experiment_name=f"run{id(kept)}",
    ).train()
    return " ".join(f"{rate:.3g}" for rate in kept.rates)


warnings.simplefilter("ignore")
found = {}
for name, schedulers in SCHEDULERS.items():
    for more in ({}, {"by_epoch": False}):
        found[name, bool(more)] = rates([scheduler | more for scheduler in schedulers], sys.argv[1])
        print(f"{name}{', by_epoch=False' if more else ''}: {found[name, bool(more)]}")
assert found == {
    ("cosine", False): "0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1",
    ("cosine", True): "0.1 0.0976 0.0905 0.0794 0.0655 0.05 0.0345 0.0206 0.00955 0.00245",
    ("multi-step", False): "0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1 0.1",
    ("multi-step", True): "0.1 0.1 0.1 0.1 0.01 0.01 0.01 0.01 0.001 0.001",
    ("warmup and multi-step", False): " ".join(["0.0001"] * UPDATES),
    ("warmup and multi-step", True): "0.0001 0.0334 0.0667 0.1 0.1 0.1 0.1 0.1 0.01 0.01",
}
CODE
"$folder/venv/bin/python" "$folder/rates.py" "$folder/work"
