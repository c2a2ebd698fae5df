#!/bin/sh
# Surprise: adjust_scheduler of Accelerate's GradientAccumulationPlugin changes nothing. With four
# batches to an update, a prepared scheduler steps once an update with True, which is the default,
# with False, and with Accelerator(gradient_accumulation_steps=4). A schedule as long as the run has
# batches has then gone a quarter of its way when the run ends. A linear decay from 1 to 0 ends at
# 0.78, a cosine at 0.89, and OneCycleLR at 0.82, before it has reached its peak.
#
# One would expect four steps an update with True: it is "whether to adjust the scheduler steps to
# account for the number of steps being accumulated", and "should be True if the used scheduler was
# not adjusted for gradient accumulation". The prepared scheduler's documentation says the same:
# "scheduler lengths should not be changed accordingly". But the plugin passes on only what differs
# from its defaults, so True is lost, and GradientState takes a missing entry for False. Even True
# would only add to _step_count after a batch without an update, while schedules go by last_epoch.
# Make the schedule as long as there are updates (times the number of processes).
#
# Source: accelerate/utils/dataclasses.py (KwargsHandler.to_kwargs, GradientAccumulationPlugin),
# accelerate/state.py (GradientState.adjust_scheduler), accelerate/scheduler.py
# (AcceleratedScheduler) and https://github.com/huggingface/accelerate/pull/4262, open since
# September 2026.
#
# Seen: accelerate 1.15.0, torch 2.13.0, Python 3.11, 2026-11-30. A build of torch for the CPU is
# enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import torch
from accelerate import Accelerator
from accelerate.utils import GradientAccumulationPlugin
from torch.optim import lr_scheduler

BATCHES, STEPS = 32, 4
SETTINGS = {
    "True": {"gradient_accumulation_plugin": GradientAccumulationPlugin(STEPS, adjust_scheduler=True)},
    "False": {"gradient_accumulation_plugin": GradientAccumulationPlugin(STEPS, adjust_scheduler=False)},
    "no plugin": {"gradient_accumulation_steps": STEPS},
}
MAKERS = {
    "LinearLR": lambda optimizer, length: lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=length),
    "CosineAnnealingLR": lambda optimizer, length: lr_scheduler.CosineAnnealingLR(optimizer, length),
    "OneCycleLR": lambda optimizer, length: lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=length, anneal_strategy="linear", cycle_momentum=False
    ),
}


def rates(make, length, setting):
    """The rates of all updates, in Accelerate's loop for gradient accumulation."""
    accelerator = Accelerator(cpu=True, **setting)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    found = []
    optimizer.register_step_pre_hook(lambda *_: found.append(round(optimizer.param_groups[0]["lr"], 2)))
    prepared = model, optimizer, torch.utils.data.DataLoader(torch.ones(BATCHES, 1)), make(optimizer, length)
    model, optimizer_, loader, scheduler = accelerator.prepare(*prepared)
    for batch in loader:
        with accelerator.accumulate(model):
            accelerator.backward(model(batch).mean())
            optimizer_.step()
            scheduler.step()
            optimizer_.zero_grad()
    return found


def alone(make, length):
    """The first rates of the torch scheduler itself, stepped once for each update."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, found = make(optimizer, length), []
    for _ in range(BATCHES // STEPS):
        found.append(round(optimizer.param_groups[0]["lr"], 2))
        optimizer.step()
        scheduler.step()
    return found


last = {}
for name, make in MAKERS.items():
    for length in (BATCHES, BATCHES // STEPS):
        seen = {setting: rates(make, length, given) for setting, given in SETTINGS.items()}
        print(f"{name} over {length}:")
        for setting, found in seen.items():
            print(f"    {setting:10}", *found)
            assert found == alone(make, length), (setting, found, alone(make, length))
        last[name, length] = found[-1]
assert [last[name, BATCHES] for name in MAKERS] == [0.78, 0.89, 0.82], last
assert [last[name, BATCHES // STEPS] for name in MAKERS] == [0.12, 0.04, 0.0], last
CODE
