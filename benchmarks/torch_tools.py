"""Schedules and range tests against the tools that PyTorch users have for them."""

from __future__ import annotations

import numpy as np

from benchmarks.timing import Result, median_seconds, require_peer
from course_lib import schedules


def vs_torch_scheduler() -> Result:
    """Time the rates of a million steps of a cosine, as an array or by stepping a scheduler."""
    torch = require_peer("torch", "torch")
    steps = 1_000_000

    def ours() -> np.ndarray:
        return schedules.cosine(0.1, steps)(np.arange(steps))

    def peer() -> list[float]:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps)
        optimizer.step()
        rates = []
        for _ in range(steps):
            rates.append(scheduler.get_last_lr()[0])
            scheduler.step()
        return rates

    ours()
    seconds, peer_seconds = median_seconds(ours, peer)
    return Result(1e3 * seconds, "ms", "torch CosineAnnealingLR", peer_seconds / seconds)


def vs_torch_lr_finder() -> Result:
    """Time the range tests of 32 seeds, at once or one after another."""
    require_peer("torch_lr_finder", "torch-lr-finder")
    from benchmarks.range_test import SEEDS, STEPS, range_test_vs_torch_lr_finder

    seconds, peer_seconds = range_test_vs_torch_lr_finder()
    notes = (f"{SEEDS} seeds, {STEPS} steps each",)
    return Result(
        1e3 * seconds / SEEDS, "ms a seed", "torch-lr-finder", peer_seconds / seconds, notes
    )
