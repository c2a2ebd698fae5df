"""Runs PaddlePaddle's schedulers, and the functions that make them, in dynamic mode."""

from __future__ import annotations

from typing import Any

import paddle
from paddle.optimizer import lr

from records.drivers.driving import drive
from records.drivers.paddle_loop import run

PINS = ("paddlepaddle==3.3.1", "numpy==2.4.6")  # what pip installs


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler."""
    return run(build(name, arguments), updates)


def build(name: str, arguments: dict[str, Any]) -> Any:
    """Return a scheduler by its name; one inside another is a pair of "paddle." name and arguments.

    Args:
        name: name of the class or function in paddle.optimizer.lr.
        arguments: its keyword arguments, except that `lr_lambda` is a number, and a
            `learning_rate` that is a scheduler a pair.
    """
    arguments = dict(arguments)
    if isinstance(arguments.get("learning_rate"), list | tuple):
        inner, given = arguments["learning_rate"]
        arguments["learning_rate"] = build(inner.removeprefix("paddle."), given)
    if "lr_lambda" in arguments:
        factor = arguments["lr_lambda"]
        arguments["lr_lambda"] = lambda t: factor
    return getattr(lr, name)(**arguments)


if __name__ == "__main__":
    drive(rates, paddle.__version__)
