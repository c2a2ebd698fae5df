"""Accelerate's loop as its documentation has it, in one process or several."""

from __future__ import annotations

import json
import math
import tempfile
import warnings
from functools import partial
from pathlib import Path
from typing import Any

import accelerate
import torch
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DataLoaderConfiguration

from records.drivers.driving import drive
from records.drivers.torch_loop import build

PINS = ("accelerate==1.15.0", "torch==2.13.0", "numpy==2.4.6")  # what pip installs


def train(arguments: dict[str, Any], kept: Path) -> None:
    """Train for whole epochs, in each process; the first writes the rates of all updates."""
    AcceleratorState._reset_state(reset_partial_state=True)  # of a run in this process before
    GradientState._reset_state()
    given = arguments["loop"]
    split, skipped = given.get("split_batches", False), given.get("skipped", ())
    accelerator = accelerate.Accelerator(
        cpu=True,
        gradient_accumulation_steps=given.get("gradient_accumulation_steps", 1),
        step_scheduler_with_optimizer=given.get("step_scheduler_with_optimizer", True),
        dataloader_config=DataLoaderConfiguration(split_batches=split),
    )
    if skipped:
        accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=256.0)
    model = torch.nn.Linear(1, 1)
    kind = partial(torch.optim.Adam, fused=True) if given.get("fused") else torch.optim.SGD
    optimizer = kind(model.parameters(), lr=arguments["base_lr"])
    rates: list[float] = []
    update = 0

    def note(*_: Any) -> None:
        if update not in skipped:  # the step of a fused optimizer is called all the same
            rates.append(float(optimizer.param_groups[0]["lr"]))

    optimizer.register_step_pre_hook(note)
    scheduler = build(arguments["scheduler"][0], optimizer, arguments["scheduler"][1])
    processes = accelerator.num_processes
    loader = torch.utils.data.DataLoader(
        torch.ones(arguments["batches"] * processes, 1), batch_size=processes if split else 1
    )
    model, stepped, loader, scheduler = accelerator.prepare(model, optimizer, loader, scheduler)
    for _ in range(arguments["epochs"]):
        for batch in loader:
            with accelerator.accumulate(model):
                loss = model(batch).mean() * (math.inf if update in skipped else 1.0)
                accelerator.backward(loss)
                before = [weight.item() for weight in model.parameters()]
                stepped.step()
                if update in skipped and before != [w.item() for w in model.parameters()]:
                    raise RuntimeError(f"update {update} was to be skipped")
                scheduler.step()
                stepped.zero_grad()
                update += accelerator.sync_gradients
    if accelerator.is_main_process:
        kept.write_text(json.dumps(rates), encoding="utf-8")


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a run."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "rates.json"
        processes = arguments["loop"].get("num_processes", 1)
        if processes == 1:
            train(arguments, kept)
        else:
            accelerate.debug_launcher(train, (arguments, kept), num_processes=processes)
        return json.loads(kept.read_text(encoding="utf-8"))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    drive(rates, accelerate.__version__)
