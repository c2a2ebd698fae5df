"""Reads the code that `to_library` writes, without its library: by the converters of its calls.

The code runs with a stand-in for its library, which only notes what is called; `from_library`,
which is held against the libraries themselves, gives the rates of that call.
"""

from __future__ import annotations

import builtins
import importlib
import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from course_lib.libraries import from_library
from course_lib.libraries.registry import names


@dataclass
class _Called:
    """A call that the code has made."""

    name: str
    positional: tuple[Any, ...]
    given: dict[str, Any]


class _StandIn:
    """A module, or what is imported from it; calling it notes the call."""

    def __init__(self, name=""):
        self._name = name

    def __getattr__(self, name):
        return _StandIn(name)

    def __call__(self, *positional, **given):
        return _Called(self._name, positional, given)


def _run(code: str, **names: Any) -> dict[str, Any]:
    """Run code whose imports are stand-ins, but for the standard library's and torch's."""

    def imported(name, *rest):
        if name.split(".")[0] in ("math", "torch"):
            return importlib.__import__(name, *rest)
        return _StandIn()

    names["__builtins__"] = {**vars(builtins), "__import__": imported}
    exec(compile(code, "written", "exec"), names)
    return names


def _optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=123.0)


def timm_rates(code: str, steps: np.ndarray) -> np.ndarray:
    """Return the rates of a scheduler of timm that is stepped by updates."""
    names = _run(code, optimizer=_optimizer())
    call = names["scheduler"]
    assert call.positional == (names["optimizer"],)
    assert call.given.pop("t_in_epochs") is False
    assert names["optimizer"].param_groups[0]["lr"] == names["PEAK_LR"]
    return from_library(f"timm.{call.name}", base_lr=names["PEAK_LR"], **call.given)(steps)


def diffusers_rates(code: str, steps: np.ndarray) -> np.ndarray:
    """Return the rates of a function of diffusers.optimization."""
    names = _run(code, optimizer=_optimizer())
    call, optimizer = names["scheduler"], names["optimizer"]
    assert optimizer.defaults["lr"] == optimizer.param_groups[0]["lr"] == names["PEAK_LR"]
    given = dict(call.given)
    if call.name == "get_scheduler":
        given["name"], found = call.positional
    else:
        (found,) = call.positional
    assert found is optimizer
    return from_library(f"diffusers.{call.name}", base_lr=names["PEAK_LR"], **given)(steps)


def mmengine_rates(code: str, steps: np.ndarray) -> np.ndarray:
    """Return the rates of a param_scheduler."""
    names = _run(code)
    base, schedulers = names["base_lr"], names["param_scheduler"]
    assert all(one["by_epoch"] is False for one in schedulers)
    if not schedulers:
        return np.full(steps.shape, base)
    name = "mmengine.param_scheduler"
    return from_library(name, base_lr=base, param_scheduler=schedulers)(steps)


def deepspeed_rates(code: str, steps: np.ndarray) -> np.ndarray:
    """Return the rates of a configuration, of DeepSpeed's own schedulers or of torch's."""
    config = json.loads(code)
    kind, params = config["scheduler"]["type"], dict(config["scheduler"]["params"])
    if f"deepspeed.{kind}" in names():
        assert list(config) == ["scheduler"]
        return from_library(f"deepspeed.{kind}", **params)(steps)
    optimizer = _optimizer()
    optimizer.param_groups[0]["lr"] = config["optimizer"]["params"]["lr"]
    scheduler = getattr(torch.optim.lr_scheduler, kind)(optimizer, **params)
    return _stepped(optimizer, scheduler, steps)


def _stepped(optimizer, scheduler, steps):
    rates = []
    for _ in steps:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(rates)


def paddle_rates(code: str, steps: np.ndarray) -> np.ndarray:
    """Return the rates of a scheduler of paddle."""
    call = _run(code)["scheduler"]
    if call.name == "LambdaDecay":
        assert call.positional == (1.0,)
        return np.array([call.given["lr_lambda"](int(step)) for step in steps])
    name, arguments = _pair(call)
    return from_library(name, **arguments)(steps)


def _pair(call: _Called) -> tuple[str, dict[str, Any]]:
    """A scheduler of paddle as `from_library` takes one inside another."""
    given = dict(call.given)
    for first in call.positional:
        given["learning_rate"] = _pair(first) if isinstance(first, _Called) else first
    return f"paddle.{call.name}", given


def lightning_rates(code: str, steps: np.ndarray) -> np.ndarray:
    """Return the rates of what `configure_optimizers` returns, stepped after every update."""
    configure = _run(code)["configure_optimizers"]
    assert list(inspect.signature(configure).parameters) == ["self"]
    found = configure(torch.nn.Linear(1, 1))
    assert list(found) == ["optimizer", "lr_scheduler"]
    config = dict(found["lr_scheduler"])
    scheduler = config.pop("scheduler")
    assert config == {"interval": "step", "frequency": 1}
    return _stepped(found["optimizer"], scheduler, steps)


READERS: dict[str, Callable[[str, np.ndarray], np.ndarray]] = {
    "lightning": lightning_rates,
    "timm": timm_rates,
    "diffusers": diffusers_rates,
    "mmengine": mmengine_rates,
    "deepspeed": deepspeed_rates,
    "paddle": paddle_rates,
}
