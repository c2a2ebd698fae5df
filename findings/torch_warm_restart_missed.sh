#!/bin/sh
# Surprise: torch's CosineAnnealingWarmRestarts, stepped with the epoch as its documentation shows
# (scheduler.step(epoch + i / iterations)), misses some of its restarts by one step. At the epoch
# where the new cycle begins the rate is eta_min, 0 by default, instead of the initial rate; the next
# step has the new cycle's. With T_mult = 3 that is the fifth restart, at 121 T_0 (those at 1, 4, 13
# and 40 T_0 are right), and with T_mult = 10 the third, at 111 T_0. step() without an epoch misses
# none.
#
# One would expect both ways to give the same rate at a whole epoch. But step(epoch) asks a logarithm
# which cycle it is in, int(math.log(epoch / T_0 * (T_mult - 1) + 1, T_mult)), and math.log(243, 3) is
# 4.999999999999999, as math.log(1000, 10) is 2.9999999999999996. step() counts. (timm has no other
# way: course_lib/libraries/from_timm.py.)
#
# Source: torch/optim/lr_scheduler.py (CosineAnnealingWarmRestarts.step) and the example of its
# documentation:
# https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingWarmRestarts.html
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
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

warnings.simplefilter("error")
ITERATIONS = 4  # of an epoch


def new(first, factor):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    return optimizer, CosineAnnealingWarmRestarts(optimizer, T_0=first, T_mult=factor)


def restarts(first, factor, number):
    epochs, length = [0], first
    while len(epochs) <= number:
        epochs.append(epochs[-1] + length)
        length *= factor
    return epochs[1:]


def by_epoch(first, factor, last):
    """The rate of every update of a loop as the documentation has it."""
    optimizer, scheduler = new(first, factor)
    rates = []
    for epoch in range(last + 1):
        for i in range(ITERATIONS):
            optimizer.step()
            scheduler.step(epoch + i / ITERATIONS)
            rates.append(optimizer.param_groups[0]["lr"])
    return rates


def counted(first, factor, last):
    optimizer, scheduler = new(first, factor)
    rates = []
    for _ in range(last + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return rates


seen = {}
for factor, number in ((2, 8), (3, 5), (10, 3)):
    for first in (1, 7):
        last = restarts(first, factor, number)[-1]
        rates, at_epochs = by_epoch(first, factor, last), counted(first, factor, last)
        missed = [e for e in restarts(first, factor, number) if rates[e * ITERATIONS] != 1.0]
        for epoch in missed:
            at = epoch * ITERATIONS
            around = [round(rate, 4) for rate in rates[at - 1 : at + 2]]
            print(f"T_0={first}, T_mult={factor}: restart at {epoch}, rates around it {around}")
            assert rates[at] == 0.0 and rates[at + 1] > 0.99
            assert at_epochs[epoch] == 1.0
        others = [e for e in restarts(first, factor, number) if e not in missed]
        assert all(at_epochs[epoch] == 1.0 for epoch in others)
        seen[factor, first] = [epoch // first for epoch in missed]
print("missed, in T_0:", seen)
assert seen == {(2, 1): [], (2, 7): [], (3, 1): [121], (3, 7): [121], (10, 1): [111], (10, 7): [111]}
CODE
