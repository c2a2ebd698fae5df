"""Compares `from_library` with the libraries themselves on random arguments.

    python -m tests.lib.libraries.random_search --library torch --cases 100000 --seed 0

prints the number of cases that agree, that both refuse, and every case that differs; it exits with
1 if there is one. A library that is not installed is left out.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

import numpy as np

from course_lib.libraries import from_library

# By library: the module of this folder that draws its schedules and runs it, and what it imports.
LIBRARIES = {
    "torch": ("random_torch", "torch"),
    "transformers": ("random_transformers", "transformers"),
    "optax": ("random_optax", "optax"),
    "keras": ("random_keras", "keras"),
    "timm": ("random_timm", "timm"),
    "ignite": ("random_ignite", "ignite"),
    "composer": ("random_composer", "composer"),
    "fastai": ("random_fastai", "fastai"),
    "deepspeed": ("random_deepspeed", "deepspeed"),
    "mmengine": ("random_mmengine", "mmengine"),
    "fvcore": ("random_fvcore", "fvcore"),
    "diffusers": ("random_diffusers", "diffusers"),
    "open_clip": ("random_open_clip", "open_clip_train"),
    "paddle": ("random_paddle", "paddle"),
    "paddlenlp": ("random_paddlenlp", "paddlenlp"),
    "mindspore": ("random_mindspore", "mindspore"),
    "mlx": ("random_mlx", "mlx"),
    "trainer": ("random_trainer", "accelerate"),
    "pytorch_optimizer": ("random_pytorch_optimizer", "pytorch_optimizer"),
    "pytorch_warmup": ("random_pytorch_warmup", "pytorch_warmup"),
    "monai": ("random_monai", "monai"),
    "torchtune": ("random_torchtune", "torchtune"),
    "speechbrain": ("random_speechbrain", "speechbrain"),
    "nemo": ("random_nemo", "nemo"),
    "ultralytics": ("random_ultralytics", "ultralytics"),
    "sklearn": ("random_sklearn", "sklearn"),
    "stable_baselines3": ("random_stable_baselines3", "stable_baselines3"),
    "timm_factory": ("random_timm_factory", "timm"),
    "skorch": ("random_skorch", "skorch"),
    "xgboost": ("random_xgboost", "xgboost"),
    "lightgbm": ("random_lightgbm", "lightgbm"),
    "thinc": ("random_thinc", "thinc"),
    "pytorch_accelerated": ("random_pytorch_accelerated", "pytorch_accelerated"),
    "lightly": ("random_lightly", "lightly"),
    "poutyne": ("random_poutyne", "poutyne"),
}
SHOWN = 20
# Arguments that are rates.
RATES = ("init_value", "end_value", "peak_value", "end_learning_rate", "eta_min", "learning_rate")
RATES += ("max_learning_rate", "start_lr", "end_lr", "max_lr", "init", "end")


@dataclass
class Found:
    """The outcome of a search.

    Attributes:
        outcomes: number of cases by outcome.
        refusals: our refusals of what the library runs, by their words, with one example each.
        different: one line for every case that differs.
        worst: largest difference as a share of the one allowed.
    """

    outcomes: Counter = field(default_factory=Counter)
    refusals: dict[str, tuple[int, str]] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)
    worst: float = 0.0


def search(library: str, cases: int, seed: int) -> Found:
    """Return what comes of `cases` random schedules of a library."""
    module = import_module(f"tests.lib.libraries.{LIBRARIES[library][0]}")
    draws = random.Random(f"{library} {seed}")
    found = Found()
    for _ in range(cases):
        name, arguments, updates = module.draw(draws)
        _compare(found, module, name, arguments, updates)
    return found


def _asked(module, name, arguments, updates) -> tuple[np.ndarray, str]:
    """Return the library's rates and "", or none and the error that it raised."""
    try:
        return np.asarray(module.real(name, arguments, updates), dtype=float), ""
    except (ValueError, ZeroDivisionError, NotImplementedError, OverflowError, TypeError) as error:
        return np.zeros(0), f"{type(error).__name__}: {error}"


def _compare(found: Found, module, name, arguments, updates) -> None:
    call = f"from_library({name!r}, **{arguments!r})"
    rates, raised = _asked(module, name, arguments, updates)
    try:
        ours = from_library(name, **arguments)(np.arange(updates))
    except (ValueError, TypeError) as error:
        if not raised:  # it may raise later
            rates, raised = _asked(module, name, arguments, updates := 250)
        if raised or 0 < rates.size < updates or not np.all(np.isfinite(rates)):
            found.outcomes["both refuse"] += 1
            return
        found.outcomes["only we refuse"] += 1
        words = "".join(letter for letter in str(error) if not letter.isdigit())[:90]
        count, first = found.refusals.get(words, (0, f"{error}\n      {call}"))
        found.refusals[words] = (count + 1, first)
        return
    except Exception as error:
        found.outcomes["we crash"] += 1
        found.different.append(f"{call}\n    {type(error).__name__}: {error}")
        return
    if raised:
        found.outcomes["only the library refuses"] += 1
        found.refusals.setdefault(f"library: {raised[:60]}", (0, f"{raised}\n      {call}"))
        return
    ours = ours[: rates.size]
    known = np.isfinite(rates)
    error = np.abs(ours - rates)[known]
    largest = max(np.abs(rates[known]).max(initial=1e-300), _largest(arguments))
    allowed = module.close(arguments, updates) * largest
    if error.size and not error.max() <= allowed:
        found.outcomes["different"] += 1
        t = int(np.flatnonzero(known)[error.argmax()])
        found.different.append(
            f"{call}\n    t = {t}: {rates[t]!r} there, {ours[t]!r} here; allowed {allowed:.1g}; "
            f"first at t = {int(np.flatnonzero(known)[~(error <= allowed)][0])}"
        )
        return
    found.outcomes["equal"] += 1
    found.worst = max(found.worst, float(error.max(initial=0.0)) / allowed)


def _largest(arguments) -> float:
    """Return the largest rate among the arguments, which rounds to a float32 like the others."""
    found = 0.0
    for key, value in arguments.items():
        if key in RATES and isinstance(value, int | float):
            found = max(found, value)
        if key == "cosine_kwargs":
            found = max(found, *map(_largest, value))
        if key in ("schedules", "schedulers"):
            found = max(
                [found, *(_largest(part[1]) for part in value if not isinstance(part, float))]
            )
    return found


def main(argv: list[str] | None = None) -> int:
    """Search, print what was found, and return 1 if a case differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", choices=[*LIBRARIES, "all"], default="all")
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args(argv)
    wrong = 0
    for library in LIBRARIES if asked.library == "all" else [asked.library]:
        if find_spec(LIBRARIES[library][1]) is None:
            print(f"{library}: not installed")
            continue
        begun = time.perf_counter()
        found = search(library, asked.cases, asked.seed)
        wrong += len(found.different)
        seconds = time.perf_counter() - begun
        counts = ", ".join(f"{count} {outcome}" for outcome, count in found.outcomes.most_common())
        print(f"{library}: {counts}; worst {found.worst:.2g} of what is allowed; {seconds:.0f} s")
        for count, first in found.refusals.values():
            print(f"  {count} x {first}")
        for text in found.different[:SHOWN]:
            print(f"  DIFFERENT {text}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
