"""The cells that the grader adds to a learner's: they ask every function and send the answers."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from course_tasks import Case, Given, Raised
from course_tools.grading.box import probe, wire

# Modules of the grader, which is not in the sandbox: they are made from their sources, before the
# learner's first cell, in packages that hold nothing else.
_BOOT = """\
def _boot(sources):
    import sys, types
    import course_lib  # an error here is the machine's, not the learner's
    for name, source in sources.items():
        *packages, last = name.split(".")
        for depth in range(len(packages)):
            package = ".".join(packages[:depth + 1])
            sys.modules.setdefault(package, types.ModuleType(package))
        module = sys.modules[name] = types.ModuleType(name)
        setattr(sys.modules[package], last, module)
        exec(compile(source, f"<{{last}}>", "exec"), module.__dict__)
    # exit() ends a kernel a tenth of a second later: how far the grader is by then depends on what
    # else the machine does. So it ends nothing here, and what the cells have defined is there.
    shell = get_ipython()
    shell.ask_exit = lambda: None
    # There are no windows here, and a cell that begins with `%matplotlib tk` shall go on.
    shell.enable_gui = lambda gui=None: None
    enable_matplotlib = shell.enable_matplotlib
    shell.enable_matplotlib = lambda gui=None: enable_matplotlib("inline")
_boot({sources!r})
del _boot
"""


@dataclass(frozen=True)
class Answers:
    """The answers of a function, as its kernel sends them.

    Attributes:
        values: one a question; `Raised` where the function raised; None where there is no function.
        seconds: seconds that the calls took.
        encoded: the values as they came, to tell whether two are the same.
    """

    values: tuple[Any, ...] | None
    seconds: float
    encoded: tuple[str, ...] = ()


@cache
def boot_cell() -> str:
    """Return the code that prepares a kernel."""
    sources = {module.__name__: inspect.getsource(module) for module in (wire, probe)}
    return _BOOT.format(sources=sources)


def probe_cell(name: str, cases: Sequence[Case], nonce: str) -> str:
    """Return the code that asks the function `name` for its answers to all cases."""
    questions = json.dumps([_arguments(case) for case in cases], allow_nan=False)
    return (
        f'__import__("sys").modules["course_tools.grading.box.probe"].report({name!r}, '
        f'__import__("json").loads({questions!r}), {nonce!r})'
    )


def _arguments(case: Mapping[str, Any]) -> list[list[Any]]:
    return [
        [name, {"given": value.path, "arguments": _arguments(value.arguments)}]
        if isinstance(value, Given)
        else [name, wire.encode(value)]
        for name, value in case.items()
    ]


def read_answers(text: str, nonce: str, number: int) -> Answers:
    """Return the answers in what a kernel displayed.

    Args:
        text: JSON, from anybody.
        nonce: nonce that the probe was given.
        number: number of questions.

    Raises:
        wire.WireError: it is nothing that the probe sends.
    """
    said = wire.loads(text)
    if not isinstance(said, dict) or said.get("nonce") != nonce:
        raise wire.WireError("these are not the answers that were asked for")
    seconds = wire.decode({"t": "float", "v": said.get("seconds")})
    if not 0 <= seconds < math.inf:
        raise wire.WireError("the seconds are those of no clock")
    found = said.get("answers")
    if found is None:
        return Answers(None, seconds)
    if not isinstance(found, list) or len(found) != number:
        raise wire.WireError(f"there must be {number} answers")
    values = tuple(_value(wire.decode(one)) for one in found)
    return Answers(values, seconds, tuple(map(repr, found)))


def _value(value: Any) -> Any:
    """Return a value as the judge knows it."""
    if isinstance(value, wire.RaisedInBox):
        return Raised(value.kind, value.message, value.line)
    return value
