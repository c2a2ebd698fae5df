#!/bin/sh
# Surprise: where torch's optimizer is given its rate as a tensor, all parameter groups that name no
# rate of their own hold that one tensor. Schedulers fill it in place, one group after the other. So
# OneCycleLR(max_lr=[0.1, 0.001]) or LambdaLR with a function for each group gives every group the
# last group's rate. Nothing is raised, and get_last_lr() agrees with it. With a float instead of the
# tensor each group has its own rate. The caller's tensor is changed too: a second optimizer that is
# made with it begins with the rate at which the first one is.
#
# One would expect that a default is copied into the groups, as a float is; and, as schedulers now
# have tensors of their own for initial_lr, base_lrs and get_last_lr(), that nothing is shared.
# Tensors are what torch recommends for compiled optimizers. Give every group a tensor of its own:
# {"params": ..., "lr": torch.tensor(0.1)}.
#
# Source: torch/optim/optimizer.py (Optimizer.add_param_group: setdefault) and lr_scheduler.py
# (_update_param_group_val: fill_). What was changed in 2025, between a group and its scheduler alone:
# https://github.com/pytorch/pytorch/pull/163098 and https://github.com/pytorch/pytorch/pull/163120.
# The advice: https://docs.pytorch.org/tutorials/recipes/compiling_optimizer_lr_scheduler.html
#
# Seen: torch 2.13.0, Python 3.11, 2026-12-01. A build for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import warnings

import torch
from torch.optim.lr_scheduler import ExponentialLR, LambdaLR, OneCycleLR

warnings.simplefilter("error")


def new_groups(rate=None):
    own = {} if rate is None else {"lr": rate}
    return [
        {"params": [torch.nn.Parameter(torch.zeros(1))]},
        {"params": [torch.nn.Parameter(torch.zeros(1))], **own},
    ]


def rates(optimizer, scheduler, updates=4):
    """The two groups' rates of each update, as their parameters move by them."""
    found = []
    for _ in range(updates):
        told = [round(float(rate), 6) for rate in scheduler.get_last_lr()]
        parameters = [group["params"][0] for group in optimizer.param_groups]
        before = [parameter.item() for parameter in parameters]
        for parameter in parameters:
            parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        moved = [round(old - new.item(), 6) for old, new in zip(before, parameters)]
        assert all(abs(one - other) < 2e-6 for one, other in zip(moved, told)), (moved, told)
        found.append(told)
        scheduler.step()
    return found


def one_cycle(optimizer):
    return OneCycleLR(optimizer, max_lr=[0.1, 0.001], total_steps=10, cycle_momentum=False)


def by_hand(optimizer):
    return LambdaLR(optimizer, [lambda t: 0.5**t, lambda t: 1.0])


expected = {
    "one_cycle": ([[0.004, 4e-05], [0.052, 0.00052], [0.1, 0.001], [0.095048, 0.00095]], 1),
    "by_hand": ([[0.1, 0.1], [0.05, 0.1], [0.025, 0.1], [0.0125, 0.1]], 1),
}
for make in (one_cycle, by_hand):
    right, last = expected[make.__name__]
    found = {}
    for how, groups, rate in (
        ("a float", new_groups(), 0.1),
        ("one tensor", new_groups(), torch.tensor(0.1)),
        ("a tensor for each group", new_groups(torch.tensor(0.1)), torch.tensor(0.1)),
    ):
        optimizer = torch.optim.SGD(groups, lr=rate)
        found[how] = rates(optimizer, make(optimizer))
        print(f"{make.__name__}, {how}: {found[how]}")
    assert found["a float"] == found["a tensor for each group"] == right
    assert found["one tensor"] == [[pair[last]] * 2 for pair in right]

rate = torch.tensor(0.1)
first = torch.optim.SGD(new_groups()[:1], lr=rate)
scheduler = ExponentialLR(first, 0.5)
first.step()
scheduler.step()
second = torch.optim.SGD(new_groups()[:1], lr=rate)
print("made with the same tensor after an update, a second optimizer has", second.param_groups[0]["lr"])
assert abs(float(second.param_groups[0]["lr"]) - 0.05) < 1e-8
CODE
