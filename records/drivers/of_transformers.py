"""Runs transformers' schedules and its GreedyLR."""

from __future__ import annotations

from typing import Any

import transformers
from transformers import optimization

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler

PINS = ("transformers==5.23.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule; one that follows a metric is given `metric`, text in t."""
    optimizer = optimizer_at(arguments.pop("base_lr"))
    metric = arguments.pop("metric", None)
    scheduler = getattr(optimization, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates, metric)


if __name__ == "__main__":
    drive(rates, transformers.__version__)
