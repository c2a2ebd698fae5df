"""32 range tests of a small network: ours at once, torch-lr-finder's one after another."""

from __future__ import annotations

import contextlib
import io
import warnings

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.timing import median_seconds
from course_lib import problems, training
from course_lib.range_test import sweep

SEEDS, STEPS, BATCH = 32, 100, 32
LOWEST_RATE, HIGHEST_RATE = 1e-7, 10.0


def sweep_ours(dtype: str = "float32") -> None:
    """Run the range test of all seeds: trained each time, in float32 as the peer."""
    workload = training.Workload(
        problems.spirals(), training.Mlp((64, 64), dtype=dtype), batch_size=BATCH
    )
    sweep(
        workload,
        range(SEEDS),
        lowest_rate=LOWEST_RATE,
        highest_rate=HIGHEST_RATE,
        steps=STEPS,
        cache=False,
    )


def sweep_torch_lr_finder() -> None:
    """Run torch-lr-finder's range test on one model a seed, with stopping switched off as ours."""
    from torch_lr_finder import LRFinder

    data = problems.spirals()
    points = TensorDataset(
        torch.tensor(data.inputs, dtype=torch.float32), torch.tensor(data.labels)
    )
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        model = nn.Sequential(
            nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3)
        )
        optimizer = torch.optim.SGD(model.parameters(), lr=LOWEST_RATE)
        loader = DataLoader(points, batch_size=BATCH, shuffle=True, drop_last=True)
        finder = LRFinder(model, optimizer, nn.CrossEntropyLoss())
        finder.range_test(loader, end_lr=HIGHEST_RATE, num_iter=STEPS, diverge_th=float("inf"))


def range_test_vs_torch_lr_finder() -> tuple[float, float]:
    """Return the median seconds of all 32 range tests, ours and torch-lr-finder's."""
    quiet = io.StringIO()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(quiet),
        contextlib.redirect_stderr(quiet),
    ):
        warnings.simplefilter("ignore")
        ours, peer = median_seconds(sweep_ours, sweep_torch_lr_finder)
    return ours, peer
