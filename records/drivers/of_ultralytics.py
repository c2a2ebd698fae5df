"""Runs Ultralytics' own training loop on a tiny model, and reads the rates that it steps with."""

from __future__ import annotations

import math
import os
import tempfile
from types import SimpleNamespace
from typing import Any

# Read when the package is imported: it shall ask no server, install nothing, and write elsewhere.
os.environ.update(YOLO_OFFLINE="true", YOLO_AUTOINSTALL="false", YOLO_VERBOSE="false")
os.environ.setdefault("YOLO_CONFIG_DIR", tempfile.gettempdir())

import torch
import ultralytics
from torch import nn
from ultralytics.engine.trainer import BaseTrainer

from records.drivers.driving import drive

PINS = ("ultralytics==8.4.190", "torch==2.13.0", "torchvision==0.28.0", "numpy==2.4.6")


class Loader:
    """A loader of a number of equal batches, with the parts that the trainer asks for."""

    drop_last = False

    def __init__(self, batch_size: int, images: int) -> None:
        """Keep the sizes."""
        self.batch_size, self.num_workers = batch_size, 0
        self.dataset = self.sampler = range(images)

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return math.ceil(len(self.dataset) / self.batch_size)

    def __iter__(self) -> Any:
        """Give the batches of an epoch."""
        return ({"img": torch.ones(2, 1, 4, 4)} for _ in range(len(self)))

    def reset(self) -> None:
        """Do what the trainer asks when it closes the mosaic."""


class Tiny(nn.Module):
    """A model with a weight, a bias, a normalization and a head that MuSGD boosts."""

    def __init__(self) -> None:
        """Make the layers."""
        super().__init__()
        head = nn.Module()
        head.cv3 = nn.Conv2d(2, 2, 1)
        self.model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), head)
        self.criterion = None

    def forward(self, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, dict[str, Any]]:
        """Return a loss and its items."""
        convolution, norm, head = self.model
        loss = head.cv3(norm(convolution(batch["img"]))).square().mean()
        return loss, {"loss": loss.detach()}


class Trainer(BaseTrainer):
    """The trainer, with a tiny model and no data; the loop and the optimizer are Ultralytics'."""

    def __init__(self, images: int, classes: int, updates: int, **overrides: Any) -> None:
        """Keep the sizes and make the trainer."""
        self.images, self.classes, self.updates = images, classes, updates
        self.seen: list[dict[str, float]] = []
        super().__init__(overrides={"model": "yolo26n.pt", "data": "none.yaml", **overrides})

    def get_dataset(self) -> dict[str, Any]:
        """Return no data but the number of classes."""
        return {"train": "", "val": "", "nc": self.classes}

    def set_model_attributes(self) -> None:
        """Set no names of classes."""

    def setup_model(self) -> None:
        """Use the tiny model."""
        self.model = Tiny()

    def get_dataloader(self, path: str, batch_size: int, rank: int, mode: str) -> Loader:
        """Return a loader of equal batches."""
        return Loader(batch_size, self.images)

    def get_validator(self) -> SimpleNamespace:
        """Return nothing that validates."""
        return SimpleNamespace(metrics=SimpleNamespace(keys=[], results_dict={}))

    def validate(self) -> tuple[dict[str, float], float]:
        """Validate nothing."""
        return {}, 0.0

    def label_loss_items(self, loss_items: Any = None, prefix: str = "train") -> Any:
        """Name no losses."""
        return [] if loss_items is None else {}

    def optimizer_step(self) -> None:
        """Note the rate of each group, then step as Ultralytics does."""
        names: dict[str, float] = {}
        boosted = len(self.optimizer.param_groups) > 3
        for number, group in enumerate(self.optimizer.param_groups):
            names[group["param_group"] + (" x3" if boosted and number % 2 == 0 else "")] = group[
                "lr"
            ]
        self.seen.append(names)
        super().optimizer_step()
        self.stop = self.stop or len(self.seen) >= self.updates

    def final_eval(self) -> None:
        """Evaluate nothing."""

    def save_model(self) -> None:
        """Save nothing."""

    def save_metrics(self, metrics: dict[str, float]) -> None:
        """Save nothing."""

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Change nothing."""
        return batch


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a parameter group at the optimizer's steps, until the run is over."""
    batches, group = arguments.pop("batches_per_epoch"), arguments.pop("group", "weight")
    group += " x3" if arguments.pop("boosted", False) else ""
    images = arguments.pop("images", None) or batches * arguments.get("batch", 16)
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            *(images, arguments.pop("nc", None) or 10, updates),
            **{"project": folder, "device": "cpu", "amp": False, "plots": False, "val": False},
            **{"save": False, "patience": 0, **arguments},
        )
        trainer.train()
    return [names[group] for names in trainer.seen]


if __name__ == "__main__":
    drive(rates, ultralytics.__version__)
