#!/bin/sh
# Surprise: torch's SequentialLR accepts a ChainedScheduler or another SequentialLR as one of its
# parts, and then goes wrong in two ways. As the first part, either of them loses its first step: a
# chained ExponentialLR(gamma=0.5) starts at half the rate, and an inner SequentialLR changes over
# one step early. As a later part, either of them stops the run with a NotImplementedError without a
# message, not when it is built but at the milestone, which may be hours into the training.
#
# One would expect each part to give the rates that it gives alone; the constructor even undoes the
# first steps of the parts of such parts. But then it calls _initial_step() of the outermost first
# part, which for these two is an ordinary step of what they hold (and torch warns of a call of
# step() before optimizer.step() that the user did not make). At a milestone it calls _update_lr(0),
# which needs get_lr(), and these two have none. Flatten inner SequentialLRs; in place of a
# ChainedScheduler multiply the factors in one LambdaLR.
#
# Source: torch/optim/lr_scheduler.py (SequentialLR.__init__ and step, LRScheduler._update_lr) and
# https://github.com/pytorch/pytorch/issues/196243 (September 2026), on the first part.
#
# Seen: torch 2.13.0, Python 3.11, 2026-11-29. A build for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import warnings

import torch
from torch.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR, SequentialLR


def chained(optimizer):
    return ChainedScheduler([ExponentialLR(optimizer, 0.5)])


def sequential(optimizer):
    parts = [ConstantLR(optimizer, 0.5, total_iters=100), ConstantLR(optimizer, 0.1, total_iters=100)]
    return SequentialLR(optimizer, parts, milestones=[2])


def constant(optimizer):
    return ConstantLR(optimizer, 0.2, total_iters=100)


def rates(*parts):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if len(parts) == 1:
            scheduler = parts[0](optimizer)
        else:
            scheduler = SequentialLR(optimizer, [part(optimizer) for part in parts], milestones=[4])
    found = ["warned" for w in caught if "before `optimizer.step()`" in str(w.message)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(6):
            found.append(f"{optimizer.param_groups[0]['lr']:.3g}")
            optimizer.step()
            try:
                scheduler.step()
            except NotImplementedError as error:
                found.append(repr(error))
                break
    return " ".join(found)


found = {}
for part in (chained, sequential):
    found[part.__name__] = (rates(part), rates(part, constant), rates(constant, part))
    for place, seen in zip(("alone", "as first of two", "as second"), found[part.__name__], strict=True):
        print(f"{part.__name__} {place}: {seen}")
assert found == {
    "chained": (
        "1 0.5 0.25 0.125 0.0625 0.0312",
        "warned 0.5 0.25 0.125 0.0625 0.2 0.2",
        "0.2 0.2 0.2 0.2 NotImplementedError()",
    ),
    "sequential": (
        "0.5 0.5 0.1 0.1 0.1 0.1",
        "warned 0.5 0.1 0.1 0.1 0.2 0.2",
        "0.2 0.2 0.2 0.2 NotImplementedError()",
    ),
}
CODE
