#!/bin/sh
# Surprise: two schedules of transformers that end at a given rate reach it only in parameter groups
# whose rate is the optimizer's default. get_cosine_with_min_lr_schedule_with_warmup(min_lr=0.01)
# takes a group with rate 1.0 of an optimizer with default 0.1 to 0.1, and one with 0.02 to 0.002.
# If every group has its own rate, 0.1, and AdamW's default of 0.001 was left alone, the schedule
# does not decay at all. It rises, to 1.0. The polynomial one refuses in that case
# ("lr_end (0.01) must be smaller than initial lr (0.001)"), and in the first case errs alike.
#
# One would expect 0.01 in each group: min_lr is "the minimum learning rate to reach", and the decay
# is "from the initial lr set in the optimizer". But the schedule is one LambdaLR, a factor for all
# groups alike, computed as min_lr / optimizer.defaults["lr"]. That entry is the argument of the
# optimizer's constructor, which no group needs to use. Where the groups' rates differ, use LambdaLR
# with one function for each group.
#
# Source: transformers/optimization.py (get_polynomial_decay_schedule_with_warmup and
# get_cosine_with_min_lr_schedule_with_warmup; the latter's variant with _lr_rate in its name
# divides in the same way).
#
# Seen: transformers 5.24.0 and 5.23.0, torch 2.13.0, Python 3.11, 2026-11-29. A build of torch for
# the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.24.0 torch==2.13.0 numpy==2.4.6
HF_HUB_OFFLINE=1 "$folder/venv/bin/python" - <<'CODE'
import torch
from transformers import (
    get_cosine_with_min_lr_schedule_with_warmup,
    get_polynomial_decay_schedule_with_warmup,
)

UPDATES = 10
SCHEDULES = {
    "polynomial": lambda optimizer: get_polynomial_decay_schedule_with_warmup(
        optimizer, 2, UPDATES, lr_end=0.01
    ),
    "cosine": lambda optimizer: get_cosine_with_min_lr_schedule_with_warmup(
        optimizer, 2, UPDATES, min_lr=0.01
    ),
}


def last_rates(schedule, rates, **default):
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates]
    optimizer = torch.optim.AdamW(groups, **default)
    try:
        scheduler = schedule(optimizer)
    except ValueError as error:
        return str(error)
    for _ in range(UPDATES):
        optimizer.step()
        scheduler.step()
    return " ".join(f"{group['lr']:.3g}" for group in optimizer.param_groups)


found = []
for name, schedule in SCHEDULES.items():
    one_default = last_rates(schedule, [0.1, 1.0, 0.02], lr=0.1)
    none_default = last_rates(schedule, [0.1, 0.1])
    print(f"{name}, default 0.1, groups 0.1, 1.0 and 0.02: {one_default}")
    print(f"{name}, default left at 0.001, groups 0.1 and 0.1: {none_default}")
    found += [one_default, none_default]
assert found == [
    "0.01 0.1 0.002",
    "lr_end (0.01) must be smaller than initial lr (0.001)",
    "0.01 0.1 0.002",
    "1 1",
]
CODE
