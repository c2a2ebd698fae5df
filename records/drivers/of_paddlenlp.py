"""Runs PaddleNLP's schedulers, out of its two files that have them.

Importing the package would need all that it asks for, tokenizers and data sets included. The
schedulers need only paddle.
"""

from __future__ import annotations

import ast
import enum
import math
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from paddle.optimizer.lr import LambdaDecay, LRScheduler

from records.drivers.driving import drive
from records.drivers.paddle_loop import run

PINS = ("paddlepaddle==3.3.1", "numpy==2.4.6")  # what pip installs
ALONE = ("paddlenlp==2.8.1",)  # what pip installs without what it asks for

_FILES = ("transformers/optimization.py", "trainer/trainer_utils.py")
_NAMES = ("ExplicitEnum", "SchedulerType", "TYPE_TO_SCHEDULER_FUNCTION", "is_integer")


def rates(name: str, arguments: dict[str, Any], updates: int) -> list[float]:
    """Return the rates of a scheduler."""
    return run(build(name, arguments), updates)


def build(name: str, arguments: dict[str, Any]) -> Any:
    """Return a scheduler by the name of its class or function, with keyword arguments."""
    return _definitions()[name](**arguments)


@cache
def _definitions() -> dict[str, Any]:
    """Run the definitions of the schedulers, and nothing else, of both files."""
    package = Path(find_spec("paddlenlp").origin).parent
    found = {
        "math": math,
        "LambdaDecay": LambdaDecay,
        "LRScheduler": LRScheduler,
        "Enum": enum.Enum,
        "__name__": __name__,
    }
    head = ast.parse("from __future__ import annotations").body
    for path in (package / file for file in _FILES):
        body = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if _wanted(node)]
        exec(compile(ast.Module([*head, *body], []), str(path), "exec"), found)
    return found


def _wanted(node: ast.stmt) -> bool:
    name = getattr(node, "name", None)
    if isinstance(node, ast.Assign):
        name = ast.unparse(node.targets[0])
    if name is None:
        return False
    parts = ("WithWarmup", "_schedule")
    return name in _NAMES or name == "get_scheduler" or any(part in name for part in parts)


if __name__ == "__main__":
    drive(rates, f"{version('paddlenlp')} (paddlepaddle {version('paddlepaddle')})")
