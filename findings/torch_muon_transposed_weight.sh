#!/bin/sh
# Surprise: torch.optim.Muon trains the same layer at another rate when its weight is stored
# transposed. A weight of shape (256, 64) with gradient G moves twice as far in one step as the
# transposed weight, (64, 256), with the transposed gradient. Thus a layer in the layout of
# torch.nn.Linear, (out, in), and the same layer in that of GPT-2's Conv1D, (in, out), need different
# learning rates, and a learning rate tuned for one code is wrong for the other. With
# adjust_lr_fn="match_rms_adamw" both move alike.
#
# One would expect no difference: Muon replaces the momentum by the nearest matrix with equal singular
# values, and that commutes with transposition. What does not is the factor
# sqrt(max(1, rows / columns)) of adjust_lr_fn="original", which is also what None means; it takes rows
# for outputs.
#
# Source: torch/optim/_muon.py (_adjust_lr). The optimizer came with torch 2.9. Jordan et al. (2024),
# https://kellerjordan.github.io/posts/muon/, and Liu et al. (2025), arXiv:2502.16982.
#
# Seen: torch 2.13.0, Python 3.11, 2026-11-29. A build for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import torch

gradient = torch.randn(256, 64, generator=torch.Generator().manual_seed(0))


def step(gradient, adjust_lr_fn):
    weight = torch.nn.Parameter(torch.zeros_like(gradient))
    weight.grad = gradient.clone()
    torch.optim.Muon([weight], lr=1.0, weight_decay=0.0, adjust_lr_fn=adjust_lr_fn).step()
    return weight.detach()


seen = {}
for adjust_lr_fn in (None, "original", "match_rms_adamw"):
    tall, wide = step(gradient, adjust_lr_fn), step(gradient.T.contiguous(), adjust_lr_fn)
    direction = torch.nn.functional.cosine_similarity(tall.T.ravel(), wide.ravel(), dim=0)
    assert direction > 0.999, direction  # the same step, but for its length
    seen[adjust_lr_fn] = round(float(tall.norm() / wide.norm()), 2)
    print(f"adjust_lr_fn={adjust_lr_fn}: (256, 64) moves {seen[adjust_lr_fn]} times as far as (64, 256)")
assert seen == {None: 2.0, "original": 2.0, "match_rms_adamw": 1.0}
CODE
