#!/bin/sh
# Surprise: in several processes, Accelerate steps torch's OneCycleLR one step past its end and
# leaves it there. With anneal_strategy="linear" that rate is below zero, and all remaining updates
# go uphill. With 5 batches, 4 epochs and 2 processes, and the length taken from the DataLoader
# before it is prepared, as Accelerate's own example does, the last two of 12 updates have rate
# -0.07 with max_lr=1. With the number of updates of a process as total_steps, 10, five of 10 have
# -0.14. With "cos" the rate comes up again a little, to 0.01 and 0.05. Nothing is raised or warned
# of.
#
# One would expect the least rate, 4e-6, from the end on: Accelerate stops stepping OneCycleLR for
# the sake of an epoch whose batches do not divide evenly ("when using OneCycle and `drop_last` was
# not used"). But it steps while _step_count <= total_steps, and _step_count is 1 before the first
# step, so it takes total_steps steps, while total_steps - 1 lead to the end. torch allows one step
# too many, continues the curve of the last phase beyond its end for it, and raises only at the step
# after that. With total_steps=processes * (updates - 1) + 1, updates being those of one process,
# the last update has the least rate.
#
# Source: accelerate/scheduler.py (AcceleratedScheduler.step), examples/cv_example.py, and
# torch/optim/lr_scheduler.py (OneCycleLR: end_step of the last phase, and get_lr). The stop came
# with https://github.com/huggingface/accelerate/pull/385 and works since
# https://github.com/huggingface/accelerate/pull/849.
#
# Seen: accelerate 1.15.0, torch 2.13.0, Python 3.11, 2026-11-30. A build of torch for the CPU is
# enough. Starts two processes by fork.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet accelerate==1.15.0 torch==2.13.0 numpy==2.4.6
cat >"$folder/rates.py" <<'CODE'
import json
import pathlib
import sys

import accelerate
import torch

LOADER = {"batches": 5, "epochs": 4, "total_steps": 20}  # epochs * batches, as the example has it
UPDATES = {"batches": 20, "epochs": 1, "total_steps": 10}  # of one process
RIGHT = {"batches": 5, "epochs": 4, "total_steps": 2 * (12 - 1) + 1}  # 12 updates of one process


def rates(batches, epochs, total_steps, anneal_strategy):
    """The rates of all updates, in the loop of Accelerate's example."""
    accelerator = accelerate.Accelerator(cpu=True)
    model = torch.nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    found = []
    optimizer.register_step_pre_hook(lambda *_: found.append(round(optimizer.param_groups[0]["lr"], 2)))
    loader = torch.utils.data.DataLoader(torch.ones(batches, 1))
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=total_steps, anneal_strategy=anneal_strategy, cycle_momentum=False
    )
    model, optimizer_, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for _ in range(epochs):
        for batch in loader:
            accelerator.backward(model(batch).mean())
            optimizer_.step()
            scheduler.step()
            optimizer_.zero_grad()
    return found


def run(file):
    cases = [(case, anneal) for case in (LOADER, UPDATES, RIGHT) for anneal in ("linear", "cos")]
    seen = [rates(**case, anneal_strategy=anneal) for case, anneal in cases]
    if accelerate.PartialState().is_main_process:
        pathlib.Path(file).write_text(json.dumps([[*case, found] for case, found in zip(cases, seen)]))


accelerate.debug_launcher(run, (sys.argv[1],), num_processes=2)
ends = []
for case, anneal, found in json.loads(pathlib.Path(sys.argv[1]).read_text()):
    print(f"{case}, {anneal}:\n   ", *found)
    after = -(-case["total_steps"] // 2)  # updates at two steps each before the end is passed
    assert len(set(found[after:])) <= 1, found  # it stays there
    ends.append((len(found), len(found[after:]), found[-1]))
assert ends == [(12, 2, -0.07), (12, 2, 0.01), (10, 5, -0.14), (10, 5, 0.05), (12, 0, 0.0), (12, 0, 0.0)], ends
CODE
OMP_NUM_THREADS=1 "$folder/venv/bin/python" "$folder/rates.py" "$folder/rates.json"
