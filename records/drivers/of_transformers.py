"""Runs transformers' schedules, its GreedyLR, and its Trainer."""

from __future__ import annotations

from typing import Any

import transformers
from transformers import optimization

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run_scheduler
from records.drivers.trainer_loop import trainer_rates

PINS = (  # what pip installs
    "transformers==5.23.0",
    "accelerate==1.15.0",
    "torch==2.13.0",
    "numpy==2.4.6",
)


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a schedule; one that follows a metric is given `metric`, text in t."""
    if name == "TrainingArguments":
        return trainer_rates(arguments, updates)
    optimizer = optimizer_at(arguments.pop("base_lr"))
    metric = arguments.pop("metric", None)
    scheduler = getattr(optimization, name)(optimizer, **arguments)
    return run_scheduler(optimizer, scheduler, updates, metric)


if __name__ == "__main__":
    drive(rates, transformers.__version__)
