"""transformers' Trainer, in one process or several, and resumed with other arguments."""

from __future__ import annotations

import json
import math
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import Trainer, TrainerCallback, TrainingArguments

from records.drivers.driving import drive

PINS = ("transformers==5.23.0", "accelerate==1.15.0", "torch==2.13.0", "numpy==2.4.6")


class Rates(TrainerCallback):
    """Notes the rate of every update but of those whose gradients are infinite."""

    def __init__(self, skipped: list[int]) -> None:
        """Begin without rates."""
        self.rates: list[float] = []
        self.updates, self.skipped, self.weight = 0, skipped, 0.0

    @property
    def skips(self) -> bool:
        """Whether the update that is being made is to be skipped."""
        return self.updates in self.skipped

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Note the rate."""
        self.weight = next(given["model"].parameters()).item()
        if not self.skips:
            self.rates.append(float(given["optimizer"].param_groups[0]["lr"]))

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Count the update; a fused optimizer's step is called for a skipped one as well."""
        if self.skips and next(given["model"].parameters()).item() != self.weight:
            raise RuntimeError(f"update {self.updates} was to be skipped")
        self.updates += 1


class Weight(torch.nn.Module):
    """One weight, whose gradient is 1, or infinite in the updates that are to be skipped."""

    def __init__(self, noted: Rates) -> None:
        """Keep what says which update it is."""
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1))
        self.noted = noted

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the loss."""
        return {"loss": (self.weight * x).sum() * (math.inf if self.noted.skips else 1.0)}


def train(
    given: dict[str, Any], skipped: list[int], folder: str, checkpoint: str | None, kept: Path
) -> None:
    """Train, in each process; the first writes the rates."""
    given = dict(given)
    examples = [{"x": torch.ones(1)} for _ in range(given.pop("examples"))]
    settings = TrainingArguments(
        output_dir=folder,
        per_device_train_batch_size=1,
        report_to=[],
        logging_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
        **given,
    )
    noted = Rates(skipped)
    trainer = Trainer(model=Weight(noted), args=settings, train_dataset=examples, callbacks=[noted])
    if skipped:
        trainer.accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    trainer.train(resume_from_checkpoint=checkpoint)
    if settings.process_index == 0:
        kept.write_text(json.dumps(noted.rates), encoding="utf-8")


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a run, and of the run that goes on from its checkpoint."""
    first, then = arguments["trainer"], arguments.get("resumed")
    skipped, at = arguments["loop"].get("skipped", []), arguments["loop"].get("resume_at")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "rates.json"
        saving = {"save_strategy": "steps", "save_steps": at} if at else {"save_strategy": "no"}
        run((first | saving, skipped, folder, None, kept), arguments.get("processes", 1))
        found = json.loads(kept.read_text(encoding="utf-8"))
        if not at:
            return found
        checkpoint = str(Path(folder) / f"checkpoint-{at}")
        train(then | {"save_strategy": "no"}, [], folder, checkpoint, kept)
        return found[:at] + json.loads(kept.read_text(encoding="utf-8"))


def run(arguments: tuple, processes: int) -> None:
    """Train in this process or in several new ones."""
    if processes == 1:
        train(*arguments)
    else:
        torch.multiprocessing.start_processes(
            _in_process, (arguments, processes), nprocs=processes, start_method="fork"
        )


def _in_process(rank: int, arguments: tuple, processes: int) -> None:
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": "29533",
    }
    train(*arguments)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    drive(rates, transformers.__version__)
