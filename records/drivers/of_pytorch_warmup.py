"""Runs pytorch-warmup's factors on torch's schedulers."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytorch_warmup
import torch

from records.drivers.driving import drive
from records.drivers.torch_loop import build, run

PINS = ("pytorch_warmup==0.2.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a warmup above a scheduler of torch or transformers, or above none."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    betas = (0.9, arguments.pop("beta2", 0.999))
    optimizer = torch.optim.AdamW([parameter], lr=arguments.pop("base_lr"), betas=betas)
    inner = _inner(optimizer, arguments.pop("lr_scheduler", None))
    warmup = getattr(pytorch_warmup, name)(optimizer, **arguments)

    def step(t: int) -> None:
        with warmup.dampening():
            inner()

    return run(optimizer, step, updates)


def _inner(optimizer: torch.optim.Optimizer, pair: tuple[str, dict[str, Any]] | None) -> Any:
    """Return what is called inside the dampening: a scheduler's step, or nothing."""
    if pair is None:
        return nullcontext
    library, name = pair[0].split(".")
    if library == "torch":
        return build(name, optimizer, pair[1]).step
    from transformers import optimization  # only the random search has it

    return getattr(optimization, name)(optimizer, **pair[1]).step


if __name__ == "__main__":
    drive(rates, pytorch_warmup.__version__)
