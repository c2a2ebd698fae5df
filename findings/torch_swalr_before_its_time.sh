#!/bin/sh
# Surprise: torch's SWALR with anneal_epochs=0 acts when it is constructed, not at its first step().
# The documentation constructs it before the training loop, beside the main scheduler, and steps it
# from swa_start on. With anneal_epochs=0 the whole main phase then runs at the wrong rate: a scheduler
# that computes each rate from the one before (CosineAnnealingLR, StepLR, ExponentialLR) gives swa_lr
# times its curve, and one that sets the rate afresh (LambdaLR, OneCycleLR) has swa_lr for the first
# epoch. Constructing SWALR before the main scheduler changes nothing about that.
#
# One would expect construction to leave the rate alone until step() is called, as it does with any
# larger anneal_epochs, 1 included. There, step 0 is the beginning of the annealing; with 0 epochs of
# it, step 0 is past its end, and a scheduler makes its step 0 when it is constructed.
#
# Construct it at swa_start, or give anneal_epochs=1, which reaches swa_lr with the first step().
#
# Source: torch/optim/swa_utils.py (SWALR.get_lr) and the example in its documentation:
# https://docs.pytorch.org/docs/stable/optim.html#putting-it-all-together
# 0 was made possible by https://github.com/pytorch/pytorch/pull/47579.
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
from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LambdaLR, OneCycleLR, StepLR
from torch.optim.swa_utils import SWALR

warnings.simplefilter("error")
SWA_LR, SWA_START, EPOCHS = 0.05, 6, 9
MAIN = {
    "CosineAnnealingLR": lambda optimizer: CosineAnnealingLR(optimizer, 8),
    "StepLR": lambda optimizer: StepLR(optimizer, 3),
    "ExponentialLR": lambda optimizer: ExponentialLR(optimizer, 0.8),
    "LambdaLR": lambda optimizer: LambdaLR(optimizer, lambda epoch: 1 - epoch / 10),
    "OneCycleLR": lambda optimizer: OneCycleLR(optimizer, 1.0, total_steps=9),
}
FROM_THE_LAST = ("CosineAnnealingLR", "StepLR", "ExponentialLR")


def run(main, anneal_epochs):
    """The rate of each epoch; without SWALR where anneal_epochs is None."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = main(optimizer)
    if anneal_epochs is not None:
        averaging = SWALR(optimizer, swa_lr=SWA_LR, anneal_epochs=anneal_epochs)
    rates = []
    for epoch in range(EPOCHS):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if epoch < SWA_START:
            scheduler.step()
        elif anneal_epochs is not None:
            averaging.step()
    return rates


def near(rates, wanted):
    return all(abs(rate - other) < 1e-12 for rate, other in zip(rates, wanted, strict=True))


for name, main in MAIN.items():
    alone = run(main, None)[: SWA_START + 1]
    found = {anneal_epochs: run(main, anneal_epochs) for anneal_epochs in (10, 1, 0)}
    for anneal_epochs, rates in found.items():
        print(f"{name}, anneal_epochs={anneal_epochs}:", *(f"{rate:.4f}" for rate in rates))
    assert near(found[10][: SWA_START + 1], alone)
    assert near(found[1], [*alone, SWA_LR, SWA_LR])
    if name in FROM_THE_LAST:
        assert near(found[0], [*(SWA_LR * rate for rate in alone), SWA_LR, SWA_LR])
    else:
        assert near(found[0], [SWA_LR, *alone[1:], SWA_LR, SWA_LR])
CODE
