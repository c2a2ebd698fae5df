"""Runs the schedule-free optimizers, whose warmup is their own."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import schedulefree
import torch

from records.drivers.driving import drive

PINS = ("schedulefree==1.4.1", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates that the optimizer says it used."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = getattr(schedulefree, name)([parameter], **arguments)
    optimizer.train()
    found = []
    for _ in range(updates):
        parameter.grad = torch.ones_like(parameter)
        optimizer.step()
        found.append(float(optimizer.param_groups[0]["scheduled_lr"]))
    return found


if __name__ == "__main__":
    drive(rates, version("schedulefree"))
