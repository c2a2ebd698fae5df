"""Runs SpeechBrain's schedulers as its recipes do: after an update, or at the end of an epoch."""

from __future__ import annotations

import inspect
import sys
from importlib.metadata import version
from types import ModuleType
from typing import Any

try:
    import torchaudio  # noqa: F401
except OSError:
    # PyPI's torchaudio wants CUDA's torch. SpeechBrain imports it; its schedulers do not use it.
    sys.modules["torchaudio"] = ModuleType("torchaudio")
    sys.modules["torchaudio"].__version__ = "2"

from speechbrain.nnet import schedulers

from records.drivers.driving import drive
from records.drivers.torch_loop import optimizer_at, run

PINS = ("speechbrain==1.1.2", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates that a recipe's updates find in the optimizer."""
    own = name == "CyclicLRScheduler"  # which has an argument base_lr
    first = arguments.pop("first_lr", arguments.get("base_lr", 0.001))
    if not own:
        del arguments["base_lr"]
    batches = arguments.pop("batches_per_epoch", 1)
    optimizer = optimizer_at(first)
    scheduler = getattr(schedulers, name)(**arguments)
    takes = [] if own else list(inspect.signature(scheduler).parameters)

    def step(t: int) -> None:
        if own:
            scheduler.on_batch_end(optimizer)
        elif takes == ["opt"]:
            scheduler(optimizer)
        elif takes == ["opt", "num_updates"]:
            scheduler(optimizer, t + 1)
        elif (t + 1) % batches == 0:  # takes current_epoch
            _, new = scheduler((t + 1) // batches)
            schedulers.update_learning_rate(optimizer, new)

    return run(optimizer, step, updates)


if __name__ == "__main__":
    drive(rates, version("speechbrain"))
