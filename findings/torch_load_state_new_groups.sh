#!/bin/sh
# Surprise: torch's optimizer.load_state_dict(...) puts new parameter groups in place of the old
# ones. If a group, or the list optimizer.param_groups, was kept in a variable before, setting "lr"
# there no longer has any effect afterwards, and nothing is raised. Filling a tensor that was passed
# as lr has no effect either. A schedule written as a closure over the groups therefore works in
# every run except one that goes on from a checkpoint.
#
# One would expect the state to be copied into the groups there are, as a module's load_state_dict
# copies into its parameters. But the optimizer gets a new list with copies of the loaded dicts,
# which take over only the parameters from the old ones. Read optimizer.param_groups anew each time,
# as torch's schedulers do.
#
# Source: torch/optim/optimizer.py (Optimizer.load_state_dict: update_group and __setstate__). A
# library that was caught by it: https://github.com/NVIDIA/apex/issues/766. The tensors of the state
# are replaced as well: https://github.com/pytorch/pytorch/issues/147288.
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

warnings.simplefilter("error")


def moved(optimizer, parameter):
    """How far one update with gradient 1 moves the parameter: the rate in use."""
    before = parameter.item()
    parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    return round(before - parameter.item(), 6)


def through_group(optimizer, rate):
    group = optimizer.param_groups[0]
    return lambda value: group.update(lr=value)


def through_list(optimizer, rate):
    groups = optimizer.param_groups
    return lambda value: groups[0].update(lr=value)


def through_tensor(optimizer, rate):
    return rate.fill_


def through_optimizer(optimizer, rate):
    return lambda value: optimizer.param_groups[0].update(lr=value)


found = {}
for way in (through_group, through_list, through_tensor, through_optimizer):
    parameter = torch.nn.Parameter(torch.zeros(()))
    rate = torch.tensor(1.0) if way is through_tensor else 1.0
    optimizer = torch.optim.SGD([parameter], lr=rate)
    set_rate = way(optimizer, rate)
    set_rate(0.5)
    before = moved(optimizer, parameter)
    optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    set_rate(0.25)
    found[way.__name__] = (before, moved(optimizer, parameter))
    print(f"{way.__name__}: set to 0.5, moved by {before}; state loaded, set to 0.25, moved by", found[way.__name__][1])

layer = torch.nn.Linear(1, 1)
kept = layer.weight
layer.load_state_dict({"weight": torch.full((1, 1), 7.0), "bias": torch.zeros(1)})
print("a module's kept parameter has the loaded value:", kept is layer.weight and kept.item() == 7)
assert kept is layer.weight and kept.item() == 7
assert found == {
    "through_group": (0.5, 0.5),
    "through_list": (0.5, 0.5),
    "through_tensor": (0.5, 0.5),
    "through_optimizer": (0.5, 0.25),
}
CODE
