"""Converts the schedule inside Ultralytics' trainer, YOLO's (read and run with 8.4.190).

The clock is the batch: a batch's rate is set before it, and the optimizer steps once in
`accumulate` batches, so an update has the rate of the last of its batches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from course_lib.libraries.pieces import Phases, hold
from course_lib.libraries.registry import check_choice, converter
from course_lib.schedules import Phase
from course_lib.schedules.shapes import Polynomial
from course_lib.validation import check_count, check_real

_NAMES = ("auto", "SGD", "MuSGD", "Adam", "Adamax", "AdamW", "NAdam", "RAdam", "RMSprop")
_LR0, _WARMUP_BIAS_LR = 0.01, 0.1  # the defaults, which optimizer="auto" replaces


@converter("ultralytics.BaseTrainer")
def ultralytics_trainer(
    *,
    batches_per_epoch: int,
    epochs: int = 100,
    batch: int = 16,
    optimizer: str = "auto",
    lr0: float = _LR0,
    lrf: float = 0.01,
    cos_lr: bool = False,
    warmup_epochs: float = 3.0,
    warmup_bias_lr: float = _WARMUP_BIAS_LR,
    nbs: int = 64,
    group: str = "weight",
    boosted: bool = False,
    images: int | None = None,
    nc: int | None = None,
) -> Phases:
    """lr0 * f(e) after a warmup over batches; f is 1 - (1 - lrf) * e / epochs or a half-cosine.

    e is the number of whole epochs done, so the last epoch still has lr0 * (lrf + (1 - lrf) /
    epochs): lr0 * lrf is never used. The warmup takes round(warmup_epochs * batches_per_epoch)
    batches, at most all epochs but one, out of `epochs`. In it batch n has the line from 0 to lr0 *
    f(epoch of n), so the target falls with the epochs, lr0 is never reached (with a whole number of
    epochs of warmup), and the first update of the weights has the rate 0. The biases (group="bias")
    begin at warmup_bias_lr instead, ten times lr0 by default, and fall.

    The optimizer steps once in round(nbs / batch) batches, and in the warmup once in 1, 2, … of
    them; batches that are left over at the end are not stepped on. The last rate is held after it.

    optimizer="auto", the default, ignores lr0 and warmup_bias_lr: it takes AdamW with the rate
    round(0.01 / (4 + nc), 6), nc classes, and over 10,000 steps MuSGD with 0.01, and begins the
    biases at 0. Any other name takes lr0 as it is. MuSGD has a fourth group, "muon", and parts of
    the head (boosted=True) have three times the rate.

    Releases up to 8.4.100 warm up for at least 100 batches and are not converted.
    """
    total = check_count("epochs", epochs)
    per_epoch = check_count("batches_per_epoch", batches_per_epoch)
    size, nominal = check_count("batch", batch), check_count("nbs", nbs)
    name = {known.lower(): known for known in _NAMES}.get(str(optimizer).lower(), optimizer)
    check_choice("optimizer", name, _NAMES)
    base = check_real("lr0", lr0, high=1.0)
    bias = check_real("warmup_bias_lr", warmup_bias_lr, high=1.0)
    if name == "auto":
        _check_ignored(base, bias)
        bias = 0.0
        name, base = _auto(total, per_epoch, size, nominal, images, nc)
    base = _rate_of_group(base, name, group, boosted)
    warmed = min(check_real("warmup_epochs", warmup_epochs), total - 1)
    warmup = round(warmed * per_epoch)
    every = min(max(round(nominal / size), 1), per_epoch * total)
    floor = check_real("lrf", lrf, high=1.0)
    factors = _cosine(total, floor) if cos_lr else _line(total, floor)
    targets = [base * factor for factor in factors]
    first = bias if group == "bias" else 0.0
    phases, last = _warmup(targets, first, per_epoch, warmup, every)
    return phases + _epochs(targets, per_epoch, last, every) + hold(targets[-1])


def _check_ignored(lr0: float, warmup_bias_lr: float) -> None:
    given = {"lr0": (lr0, _LR0), "warmup_bias_lr": (warmup_bias_lr, _WARMUP_BIAS_LR)}
    for name, (value, default) in given.items():
        if value != default:
            raise ValueError(
                f"{name} must be left out with optimizer='auto', which ignores it, got {value!r}: "
                "name an optimizer, such as 'SGD', to train with it"
            )


def _auto(
    epochs: int, per_epoch: int, batch: int, nbs: int, images: int | None, nc: int | None
) -> tuple[str, float]:
    """Return the optimizer and the rate that "auto" takes for the number of steps to come."""
    if images is None:
        fewest, most = (per_epoch - 1) * batch + 1, per_epoch * batch
    else:
        fewest = most = check_count("images", images)
    muon = [math.ceil(n / max(batch, nbs)) * epochs > 10_000 for n in (fewest, most)]
    if muon[0] != muon[1]:
        raise TypeError("images must be given: optimizer='auto' decides by it near 10,000 steps")
    if muon[0]:
        return "MuSGD", 0.01
    if nc is None:
        raise TypeError("nc must be given, the number of classes: optimizer='auto' needs it")
    return "AdamW", round(0.002 * 5 / (4 + check_count("nc", nc)), 6)


def _rate_of_group(base: float, optimizer: str, group: str, boosted: bool) -> float:
    groups = ["weight", "bn", "bias", *(["muon"] if optimizer == "MuSGD" else [])]
    check_choice("group", group, groups)
    check_choice("boosted", boosted, [False, True] if optimizer == "MuSGD" else [False])
    return base * 3 if boosted else base


def _line(epochs: int, lrf: float) -> list[float]:
    return [(1 - e / epochs) * (1.0 - lrf) + lrf for e in range(epochs)]


def _cosine(epochs: int, lrf: float) -> list[float]:
    return [(1 - math.cos(e * math.pi / epochs)) / 2 * (lrf - 1) + 1 for e in range(epochs)]


def _warmup(
    targets: list[float], first: float, per_epoch: int, warmup: int, every: int
) -> tuple[Phases, int]:
    """Return the updates of the warmup, and the batch of the last of them (-1: none)."""
    stepped = list(_warmup_batches(warmup, every)) if warmup else []
    phases: Phases = ()
    at = 0
    while at < len(stepped):
        batch = stepped[at]
        epoch = batch // per_epoch
        gap = stepped[at + 1] - batch if at + 1 < len(stepped) else 1
        until = at + 1
        while until < len(stepped) and stepped[until] // per_epoch == epoch:
            if stepped[until] - stepped[until - 1] != gap:
                break
            until += 1
        steps, slope = until - at, (targets[epoch] - first) / warmup
        ends = (first + slope * batch, first + slope * (batch + gap * steps))
        phases += (Phase(steps, *ends, Polynomial()),)
        at = until
    return phases, stepped[-1] if stepped else -1


def _warmup_batches(warmup: int, every: int) -> Iterator[int]:
    """Give the batches up to number `warmup` after which the optimizer steps."""
    counts = np.interp(np.arange(warmup + 1), [0, warmup], [1, every]).round()
    last = -1
    for batch, count in enumerate(counts.astype(int).tolist()):
        if batch - last >= max(1, count):
            last = batch
            yield batch


def _epochs(targets: list[float], per_epoch: int, last: int, every: int) -> Phases:
    """Return the updates after the warmup, one rate an epoch; the last was after batch `last`."""
    phases: Phases = ()
    done = 0
    for epoch, rate in enumerate(targets):
        upto = max(((epoch + 1) * per_epoch - 1 - last) // every, 0)
        phases += hold(rate, upto - done)
        done = upto
    return phases
