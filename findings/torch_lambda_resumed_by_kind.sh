#!/bin/sh
# Surprise: whether a resumed LambdaLR (or MultiplicativeLR) of torch follows the script or the
# checkpoint depends on the kind of its callable. A function, a functools.partial and a bound method
# follow the script: a run resumed with 100 steps in place of 10 has the rates of 100. An object with
# __call__ follows the checkpoint, without a word: its attributes are written over by the saved ones,
# even those of a frozen dataclass. What has no __dict__, as a dataclass with slots=True or math.exp,
# fails in state_dict(), at the first checkpoint; a function with functools.cache fails in torch.save;
# and an object that holds another object is saved and then refused by torch.load.
#
# One would expect all ways of writing down one formula to be equal here. The documentation says that
# callables are saved only if they are objects, not that loading then writes over the new ones.
#
# With a change on purpose, give a function. Without one, compare get_last_lr() with the log.
#
# Source: torch/optim/lr_scheduler.py (LambdaLR.state_dict copies fn.__dict__ of all that is no
# types.FunctionType, load_state_dict updates the new one's);
# https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LambdaLR.html
#
# Seen: torch 2.13.0, Python 3.11, 2026-12-01. A build for the CPU is enough.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet torch==2.13.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'CODE'
import functools
import io
import math
from dataclasses import dataclass

import torch
from torch.optim.lr_scheduler import LambdaLR


class Line:
    def __init__(self, steps):
        self.steps = steps

    def __call__(self, step):
        return 1 - step / self.steps

    def at(self, step):
        return self(step)


@dataclass(frozen=True)
class FrozenLine:
    steps: int

    def __call__(self, step):
        return 1 - step / self.steps


@dataclass(slots=True)
class SlotsLine:
    steps: int

    def __call__(self, step):
        return 1 - step / self.steps


@dataclass
class Scaled:
    line: Line

    def __call__(self, step):
        return 0.5 * self.line(step)


def line(steps, step):
    return 1 - step / steps


def begun(function):
    return LambdaLR(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0), function)


def step(scheduler):
    scheduler.optimizer.step()
    scheduler.step()


def saved(scheduler):
    file = io.BytesIO()
    torch.save(scheduler.state_dict(), file)
    file.seek(0)
    return file


def resumed(make):
    """Return the rate behind update 6 of a run of 10 that is resumed after 5 as one of 100."""
    scheduler = begun(make(10))
    for _ in range(5):
        step(scheduler)
    again = begun(make(100))
    again.load_state_dict(torch.load(saved(scheduler)))
    step(again)
    (rate,) = again.get_last_lr()
    return rate


SCRIPT, CHECKPOINT = 1 - 6 / 100, 1 - 6 / 10
rows = {
    "lambda": (lambda steps: lambda step: line(steps, step), SCRIPT),
    "functools.partial": (lambda steps: functools.partial(line, steps), SCRIPT),
    "bound method": (lambda steps: Line(steps).at, SCRIPT),
    "object": (Line, CHECKPOINT),
    "frozen dataclass": (FrozenLine, CHECKPOINT),
}
for name, (make, expected) in rows.items():
    rate = resumed(make)
    print(f"{name:18} {rate:.2f}, as {'the script' if expected == SCRIPT else 'the checkpoint'} says")
    assert abs(rate - expected) < 1e-12


def fate(function):
    """Return at which call the checkpoint of a callable fails, and with what."""
    scheduler = begun(function)
    calls = {"state_dict": scheduler.state_dict, "torch.save": lambda: saved(scheduler)}
    calls["torch.load"] = lambda: torch.load(saved(scheduler))
    for name, call in calls.items():
        try:
            call()
        except Exception as error:
            return name, type(error).__name__
    return "none", ""


failing = {
    "math.exp": (math.exp, ("state_dict", "AttributeError")),
    "dataclass, slots": (SlotsLine(10), ("state_dict", "AttributeError")),
    "functools.cache": (functools.cache(functools.partial(line, 10)), ("torch.save", None)),
    "object in object": (Scaled(Line(10)), ("torch.load", "UnpicklingError")),
}
for name, (function, (call, error)) in failing.items():
    found = fate(function)
    print(f"{name:18} fails in {found[0]} with {found[1]}")
    assert found[0] == call and error in (None, found[1])
CODE
