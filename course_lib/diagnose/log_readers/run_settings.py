"""Settings of a run: what a log or a file beside it says, under the names that `RateLog` knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Known key of `RateLog.settings` -> the names that tools give it, in small letters.
_KNOWN = {
    "total_steps": (
        *("total_steps", "max_steps", "max_iters", "max_iter", "iterations", "num_training_steps"),
        *("max_train_steps", "train_iters", "lr_decay_iters"),
    ),
    "epochs": ("epochs", "num_train_epochs", "max_epochs", "max_epoch", "num_epochs", "n_epochs"),
    "peak_lr": ("lr", "learning_rate", "base_lr", "peak_lr", "max_lr"),
    "warmup_steps": ("warmup_steps", "num_warmup_steps", "warmup_iters", "lr_warmup_iters"),
    "scheduler": (
        *("scheduler", "sched", "lr_scheduler_name", "lr_scheduler_type", "lr_scheduler"),
        *("scheduler_type", "lr_schedule"),
    ),
    "optimizer": ("optimizer", "opt", "optim"),
    "steps_per_epoch": ("steps_per_epoch", "iters_per_epoch", "iters_per_epoch_from_text_log"),
    "logging_steps": ("logging_steps", "log_every_n_steps", "log_interval"),
    "batch_size": ("batch_size", "train_batch_size", "batch", "per_device_train_batch_size"),
    "accumulate": ("accumulate", "acc_steps", "gradient_accumulation_steps", "grad_accum_steps"),
    "floor": ("floor", "min_lr", "eta_min"),
}
KNOWN = frozenset(_KNOWN)
_NAMES = {alias: known for known, aliases in _KNOWN.items() for alias in aliases}
_NUMBERS = set(_KNOWN) - {"scheduler", "optimizer"}
_LINE = re.compile(r"([A-Za-z_][\w.-]*)\s*:\s*(.*?)\s*(?:\s#.*)?$")
_PLACE = re.compile(r"Epoch \[\d+\]\[\d+/(\d+)\]")  # MMCV's text log
_INT = re.compile(r"[-+]?\d+")
# A longer value is a list or a whole configuration; several schedulers in a row take more.
_MOST_TEXT, _MOST_SCHEDULER_TEXT = 200, 1000


def plain_value(value: Any) -> Any:
    """Return a setting as a number, a bool or None where its text says one.

    >>> [plain_value(text) for text in ("3e-4", "12", "true", "null", "cosine")]
    [0.0003, 12, True, None, 'cosine']
    """
    if not isinstance(value, str):
        return value
    text = value.strip().strip("'\"")
    named = {"true": True, "false": False, "null": None, "none": None, "~": None}
    if text.lower() in named:
        return named[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text


def named_settings(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings under `RateLog`'s names where it knows them, under their own otherwise.

    A value that is no number where one is needed is left out. Ultralytics' lr0 keeps its name: with
    the optimizer "auto" it is not the rate of the run.

    >>> named_settings({"max_steps": "1000", "sched": "cosine", "lrf": 0.01})
    {'total_steps': 1000, 'scheduler': 'cosine', 'lrf': 0.01}
    """
    settings: dict[str, Any] = {}
    for name, value in found.items():
        value = plain_value(value)
        key = _NAMES.get(name.lower(), name)
        if value is None or value == "" or isinstance(value, list | tuple | dict):
            continue
        longest = _MOST_SCHEDULER_TEXT if "scheduler" in name.lower() else _MOST_TEXT
        if isinstance(value, str) and len(value) > longest:
            continue
        if key in _NUMBERS and (isinstance(value, bool | str) or value < 0):
            continue
        settings.setdefault(key, value)
    return settings


def settings_of_yaml(text: str) -> dict[str, Any]:
    """Return the lines `key: value` of a YAML file that stand at its margin.

    >>> settings_of_yaml("epochs: 100  # in all\\nlr0: 0.01\\nmodel:\\n  depth: 3\\n")
    {'epochs': 100, 'lr0': 0.01}
    """
    lines = (_LINE.fullmatch(line) for line in text.splitlines())
    return {m[1]: plain_value(m[2]) for m in lines if m and m[2] and m[2][0] not in "&*!|>"}


def settings_beside(log: Path, names: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """Return the settings in files beside a log, and the names of those that were read.

    Args:
        log: path of the log.
        names: names of the files to look for.

    >>> settings_beside(Path("nowhere/results.csv"), ("args.yaml",))
    ({}, [])
    """
    found: dict[str, Any] = {}
    read = []
    for name in names:
        path = log.parent / name
        if path.is_file() and path.stat().st_size < 1_000_000:
            found |= settings_of_yaml(path.read_text(encoding="utf-8", errors="replace"))
            read.append(name)
    return found, read


def text_log_of(log: Path) -> Path:
    """Return the path of the text log that MMCV writes beside its JSON.

    >>> text_log_of(Path("20230205_144327.log.json")).name
    '20230205_144327.log'
    """
    return log.with_name(log.name.removesuffix(".json"))


def epoch_length_beside(log: Path) -> int | None:
    """Return the updates of an epoch, which only MMCV's text log says; None if it is not there.

    >>> epoch_length_beside(Path("nowhere.log.json"))
    """
    text = text_log_of(log)
    if text == log or not text.is_file():
        return None
    with open(text, encoding="utf-8", errors="replace") as lines:
        found = next((match for line in lines if (match := _PLACE.search(line))), None)
    return int(found[1]) if found else None
