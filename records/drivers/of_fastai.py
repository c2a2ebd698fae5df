"""Runs fastai: its annealers as functions, and its `fit_*` calls with a learner that trains."""

from __future__ import annotations

from typing import Any

import fastai
import torch
from fastai.callback import schedule
from fastai.callback.core import Callback
from fastai.data.core import DataLoaders
from fastai.data.load import DataLoader
from fastai.learner import Learner

from records.drivers.driving import drive

PINS = ("fastai==2.8.12", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


class _Rates(Callback):
    """Keeps the rate of every update."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def before_step(self) -> None:
        self.rates.append(float(self.opt.hypers[-1]["lr"]))


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of an annealer, asked for past its end too, or of a training run."""
    if name.startswith("Sched"):
        batches = arguments.pop("n_batches")
        annealer = getattr(schedule, name)(**arguments)
        return [float(annealer(t / batches)) for t in range(updates)]
    kept = _Rates()
    learner = _learner(arguments.pop("n_batches", None) or arguments.pop("batches_per_epoch"))
    if name != "fit_sgdr":
        arguments["n_epoch"] = 1
    learner.add_cb(kept)
    with learner.no_bar(), learner.no_logging():
        getattr(learner, name)(**arguments)
    return kept.rates


def _learner(batches: int) -> Learner:
    """Return a learner of one weight whose epoch has this many batches."""
    pairs = [(torch.zeros(1), torch.zeros(1)) for _ in range(batches)]
    loaders = DataLoaders(DataLoader(pairs, bs=1), DataLoader(pairs[:1], bs=1))
    return Learner(loaders, torch.nn.Linear(1, 1), loss_func=torch.nn.functional.mse_loss)


if __name__ == "__main__":
    drive(rates, fastai.__version__)
