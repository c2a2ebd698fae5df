"""Runs the code that `to_library` writes in the libraries themselves.

    python -m tests.lib.libraries.written_search --library timm --cases 1000 --seed 0

takes every preset and a thousand random schedules. It prints how many the library gives back at
every update of the run and the two after it, how many it has no words for, and each that differs,
and exits with 1 if there is one. With --refusals it says why. A library that is not installed is
left out; the releases to install are the PINS of `records/drivers` and of `records/runs`.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from course_lib.libraries import CannotExpress, to_library
from tests.lib.libraries import random_schedules
from tests.lib.libraries.preset_schedules import PRESETS

ALLOWED = 1e-12  # of the largest rate; all of these libraries compute in float64
SHOWN = 20


def _run(code: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(code, "written", "exec"), names)
    return names


def _with_optimizer(code: str) -> tuple[Any, Any]:
    from records.drivers.torch_loop import optimizer_at

    names = {"optimizer": optimizer_at(123.0)}
    exec(compile(code, "written", "exec"), names)
    return names["optimizer"], names["scheduler"]


def in_torch(code: str, updates: int) -> list[float]:
    """Return the rate of every update of a loop of torch, or of who uses its loop."""
    from records.drivers.torch_loop import run_scheduler

    optimizer, scheduler = _with_optimizer(code)
    return run_scheduler(optimizer, scheduler, updates)


def in_timm(code: str, updates: int) -> list[float]:
    """Return the rate of every update, stepped as timm's training script does."""
    from records.drivers.torch_loop import run

    optimizer, scheduler = _with_optimizer(code)
    return run(optimizer, lambda t: scheduler.step_update(num_updates=t + 1), updates)


def in_lightning(code: str, updates: int) -> list[float]:
    """Return the rate of every update of a Trainer's fit, over several epochs."""
    import lightning
    import torch

    rates: list[float] = []

    class Module(lightning.LightningModule):
        configure_optimizers = _run(code)["configure_optimizers"]

        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(1, 1)

        def training_step(self, batch):
            rates.append(self.optimizers().param_groups[0]["lr"])
            return self.linear(batch).sum()

    epochs = 3
    data = torch.utils.data.DataLoader(torch.ones(-(-updates // epochs), 1))
    quiet = dict.fromkeys(("logger", "enable_checkpointing", "enable_progress_bar"), False)
    trainer = lightning.Trainer(
        max_steps=updates, max_epochs=-1, accelerator="cpu", enable_model_summary=False, **quiet
    )
    trainer.fit(Module(), data)
    return rates


def in_mmengine(code: str, updates: int) -> list[float]:
    """Return the rate of every update of a config that is read as MMEngine reads a file."""
    from mmengine import Config

    from records.drivers.of_mmengine import rates

    config = Config.fromstring(code, ".py")
    given = {"base_lr": config.base_lr, "param_scheduler": config.param_scheduler}
    if not given["param_scheduler"]:
        return [config.base_lr] * updates
    return rates("param_scheduler", given, updates)


def in_deepspeed(code: str, updates: int) -> list[float]:
    """Return the rate of every update under the scheduler that the engine makes of the JSON."""
    from types import SimpleNamespace

    from deepspeed.runtime import config
    from deepspeed.runtime.engine import DeepSpeedEngine

    from records.drivers.torch_loop import optimizer_at, run_scheduler

    given = json.loads(code)
    params = config.get_optimizer_params(given) or {"lr": 123.0}
    optimizer = optimizer_at(params["lr"])
    engine = SimpleNamespace(
        scheduler_name=lambda: config.get_scheduler_name(given),
        scheduler_params=lambda: config.get_scheduler_params(given),
    )
    scheduler = DeepSpeedEngine._scheduler_from_config(engine, optimizer)
    return run_scheduler(optimizer, scheduler, updates)


def in_paddle(code: str, updates: int) -> list[float]:
    """Return the rate of every update of an optimizer of paddle."""
    from records.drivers.paddle_loop import run

    return run(_run(code)["scheduler"], updates)


# By library: what runs the code, and the package that it needs.
RUNNERS: dict[str, tuple[Callable[[str, int], list[float]], str]] = {
    "torch": (in_torch, "torch"),
    "transformers": (in_torch, "transformers"),
    "lightning": (in_lightning, "lightning"),
    "timm": (in_timm, "timm"),
    "diffusers": (in_torch, "diffusers"),
    "mmengine": (in_mmengine, "mmengine"),
    "deepspeed": (in_deepspeed, "deepspeed"),
    "paddle": (in_paddle, "paddle"),
}


@dataclass
class Told:
    """The outcome of a search.

    Attributes:
        outcomes: number of schedules by outcome: "equal", "refused", "different", "fails".
        refusals: number of refusals by their words, without shapes and numbers.
        families: by family, the schedules that could be written and those that could not.
        different: one text for every schedule that differs or fails.
        worst: largest difference as a share of the largest rate.
        updates: number of updates that were compared.
    """

    outcomes: Counter = field(default_factory=Counter)
    refusals: Counter = field(default_factory=Counter)
    families: dict[str, Counter] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)
    worst: float = 0.0
    updates: int = 0


def search(library: str, cases: int, seed: int) -> Told:
    """Return what comes of the presets and of `cases` random schedules."""
    draws = random.Random(f"written {library} {seed}")
    told = Told()
    drawn = (random_schedules.draw(draws) for _ in range(cases))
    for family, schedule in (*PRESETS.items(), *drawn):
        outcome = _compare(told, library, schedule)
        told.outcomes[outcome] += 1
        told.families.setdefault(family, Counter())[outcome] += 1
    return told


def _compare(told: Told, library: str, schedule) -> str:
    try:
        code = to_library(schedule, library)
    except CannotExpress as error:
        words = re.sub(r"[A-Z]\w*\(.*\) with", "… with", str(error))
        told.refusals[re.sub(r"\d[\d.e-]*", "…", words)] += 1
        return "refused"
    updates = random_schedules.updates_to_compare(schedule)
    if "climbs again" in code:
        updates -= 2
    where = f"{schedule.to_json()}\n{code}"
    try:
        rates = np.asarray(RUNNERS[library][0](code, updates), dtype=float)
    except Exception as error:
        told.different.append(f"{where}    {type(error).__name__}: {error}")
        return "fails"
    ours = schedule(np.arange(updates))
    told.updates += updates
    if rates.shape != ours.shape:
        told.different.append(f"{where}    {rates.size} rates for {ours.size} updates")
        return "different"
    error = np.abs(rates - ours) / max(np.abs(ours).max(), 1e-300)
    if not error.max() <= ALLOWED:
        t = int(error.argmax())
        told.different.append(f"{where}    t = {t}: {rates[t]!r} there, {ours[t]!r} here")
        return "different"
    told.worst = max(told.worst, float(error.max()))
    return "equal"


@contextmanager
def without_warnings_in_logs() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def main(argv: list[str] | None = None) -> int:
    """Search, print what was found, and return 1 if a schedule differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", choices=[*RUNNERS, "all"], default="all")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--refusals", action="store_true", help="print why schedules are refused")
    asked = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    wrong = 0
    for library in RUNNERS if asked.library == "all" else [asked.library]:
        if find_spec(RUNNERS[library][1]) is None:
            print(f"{library}: not installed")
            continue
        begun = time.perf_counter()
        with without_warnings_in_logs():
            told = search(library, asked.cases, asked.seed)
        wrong += len(told.different)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in told.outcomes.most_common())
        seconds = time.perf_counter() - begun
        print(
            f"{library}: {counts}; {told.updates} updates, worst {told.worst:.2g} of the largest "
            f"rate; {seconds:.0f} s"
        )
        for text, count in told.refusals.most_common() if asked.refusals else []:
            print(f"  {count} x {text}")
        for text in told.different[:SHOWN]:
            print(f"  DIFFERENT {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
