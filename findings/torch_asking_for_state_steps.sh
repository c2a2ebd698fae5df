#!/bin/sh
# Surprise: asking torch.distributed.checkpoint for the state of an optimizer that has made no
# update yet, to write a first checkpoint, changes the training that follows. After
# get_optimizer_state_dict (or get_state_dict) Adam's first update is a quarter smaller, 0.074
# instead of 0.1, and the later ones are too small as well; those of RAdam and Adamax begin at half.
# SGD with dampening=0.9 begins at a tenth. ASGD does not move at all in its first update. And
# Rprop, which shall begin with steps of 0.1, begins with 0.000001: after twenty updates it has come
# 0.0002 far instead of 18.7.
#
# One would expect a function called get_... to leave the optimizer as it is, as
# optimizer.state_dict() does. But torch's optimizers have no state before their first update, so
# the function makes one: it calls optimizer.step() with gradients of zero and a rate of zero. No
# weight moves, but the count of updates is 1 afterwards, so that the bias corrections are those of
# the second update, the momentum has begun, and Rprop and ASGD have written down the rate of zero.
# What the next update finds is also what is in the checkpoint. Nothing is raised or warned of. Once
# an update was made, asking changes nothing; to be safe before, write no checkpoint of the
# optimizer, or set optimizer.state.clear() after it.
#
# Source: torch/distributed/checkpoint/state_dict.py (_init_optim_state, which both
# _get_optim_state_dict and _load_optim_state_dict call);
# https://github.com/pytorch/pytorch/issues/164929, open since October 2025, has it for AdamW, and
# https://github.com/pytorch/torchtitan/pull/4382 (August 2026) works around it.
#
# Seen: torch 2.13.0, Python 3.11, 2026-11-30. A build for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
OMP_NUM_THREADS=1 "$folder/venv/bin/python" - <<'CODE'
import warnings

import torch
from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict

warnings.simplefilter("error")

UPDATES = 20
OPTIMIZERS = {
    "Adam": torch.optim.Adam,
    "RAdam": torch.optim.RAdam,
    "Adamax": torch.optim.Adamax,
    "ASGD": torch.optim.ASGD,
    "Rprop": torch.optim.Rprop,
    "SGD, dampening 0.9": lambda parameters, lr: torch.optim.SGD(
        parameters, lr, momentum=0.9, dampening=0.9
    ),
    "SGD": torch.optim.SGD,
    "RMSprop": torch.optim.RMSprop,
}


def dcp(model, optimizer):
    before = model.weight.item()
    get_optimizer_state_dict(model, optimizer)
    assert model.weight.item() == before
    assert optimizer.param_groups[0]["lr"] == 0.1


def dcp_and_clear(model, optimizer):
    dcp(model, optimizer)
    optimizer.state.clear()


def own(model, optimizer):
    optimizer.state_dict()


def moves(make, ask=None, after=0):
    """How far each update with gradient 1 moves the weight; `ask` is called after some updates."""
    model = torch.nn.Linear(1, 1, bias=False, dtype=torch.float64)
    torch.nn.init.ones_(model.weight)
    optimizer = make(model.parameters(), lr=0.1)
    found = []
    for update in range(UPDATES):
        if ask and update == after:
            ask(model, optimizer)
        before = model.weight.item()
        model.weight.grad = torch.ones_like(model.weight)
        optimizer.step()
        optimizer.zero_grad()
        found.append(before - model.weight.item())
    return found


seen = {}
for name, make in OPTIMIZERS.items():
    right, asked = moves(make), moves(make, dcp)
    seen[name] = [float(f"{value:.3g}") for value in (right[0], asked[0], sum(right), sum(asked))]
    print("{}: first update {:g}, after asking {:g}; twenty together {:g}, after asking {:g}".format(
        name, *seen[name]
    ))
    for ask, after in ((own, 0), (dcp, 1), (dcp_and_clear, 0)):
        other = moves(make, ask, after)
        assert max(abs(a - b) for a, b in zip(other, right)) < 1e-12, (name, ask, after)
print("optimizer.state_dict(), a cleared state, and asking after the first update: no difference")
assert seen == {
    "Adam": [0.1, 0.0744, 2.0, 1.94],
    "RAdam": [0.1, 0.0526, 0.589, 0.383],
    "Adamax": [0.1, 0.0526, 2.0, 1.81],
    "ASGD": [0.1, 0.0, 2.0, 1.9],
    "Rprop": [0.1, 1e-06, 18.7, 0.000187],
    "SGD, dampening 0.9": [0.1, 0.01, 2.0, 1.21],
    "SGD": [0.1, 0.1, 2.0, 2.0],
    "RMSprop": [1.0, 1.0, 7.73, 7.73],
}, seen
CODE
