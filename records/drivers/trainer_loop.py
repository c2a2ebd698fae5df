"""Runs the Trainer of transformers, of release 4 or 5, on a model of one weight."""

from __future__ import annotations

import tempfile
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments


class _Rates(TrainerCallback):
    """Keeps the rate of every update, and ends the run after enough of them."""

    def __init__(self, updates: int) -> None:
        self.rates: list[float] = []
        self._updates = updates

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if len(self.rates) == self._updates:
            control.should_training_stop = True
        else:
            self.rates.append(float(given["optimizer"].param_groups[0]["lr"]))


class _Model(torch.nn.Module):
    """One weight and a loss."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"loss": (self.weight * x).sum()}


def trainer_rates(arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a training run, and then those of its scheduler, which is stepped on.

    Args:
        arguments: TrainingArguments, and batches_per_epoch; release is left out.
        updates: number of rates.
    """
    given = {key: value for key, value in arguments.items() if key != "release"}
    kept = _Rates(updates)
    with tempfile.TemporaryDirectory() as folder:
        trainer = make_trainer(given, folder)
        trainer.add_callback(kept)
        trainer.train()
    rates = kept.rates[:updates]
    while len(rates) < updates:
        rates.append(float(trainer.lr_scheduler.get_last_lr()[0]))
        trainer.lr_scheduler.step()
    return rates


def make_trainer(arguments: dict[str, Any], folder: str) -> Trainer:
    """Return a trainer whose epochs have `batches_per_epoch` batches, 8 where that is left out."""
    batches = arguments.pop("batches_per_epoch", None) or 8
    settings = TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=1,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        **arguments,
    )
    examples = [{"x": torch.ones(1)} for _ in range(batches)]
    return Trainer(model=_Model(), args=settings, train_dataset=examples)
