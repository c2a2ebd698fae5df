#!/bin/sh
# Surprise: torch's OneCycleLR(three_phase=True) accepts a pct_start above a half and then ends its
# run in the middle of the way down. Of 100 updates with max_lr=1 the last one has rate 4e-6 with
# pct_start=0.5, as intended, but 0.27 with 0.6, 0.97 with 0.9 and max_lr itself with 1.0. The
# momentum stops half-way as well. Nothing is raised or warned of.
#
# One would expect max_lr / div_factor / final_div_factor at the end, as the documentation says
# ("Determines the minimum learning rate via min_lr = initial_lr/final_div_factor"), or an error:
# pct_start is checked, but only to lie between 0 and 1, which is right for two phases. With three
# the way down takes as long as the way up, so both fit only with pct_start up to about a half; what
# lies past total_steps is never reached, the third phase included.
#
# Source: torch/optim/lr_scheduler.py (OneCycleLR.__init__: the second phase ends at 2 * pct_start *
# total_steps - 2, the third at total_steps - 1). three_phase came with
# https://github.com/pytorch/pytorch/pull/42715.
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

warnings.simplefilter("error")
UPDATES = 100
last = {}
for pct_start in (0.3, 0.5, 0.6, 0.9, 1.0):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0, momentum=0.9)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=1.0, total_steps=UPDATES, pct_start=pct_start, three_phase=True
    )
    for _ in range(UPDATES - 1):
        optimizer.step()
        scheduler.step()
    group = optimizer.param_groups[0]
    last[pct_start] = f"{group['lr']:.2g} {group['momentum']:.3f}"
    print(f"pct_start={pct_start}: the last update has rate and momentum {last[pct_start]}")
assert last == {0.3: "4e-06 0.950", 0.5: "4e-06 0.950", 0.6: "0.27 0.927", 0.9: "0.97 0.853", 1.0: "1 0.850"}
CODE
