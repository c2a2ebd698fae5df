"""The cells that the grader adds to a learner's: they ask every function and send the answers."""

from __future__ import annotations

import inspect
import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from course_tasks import Case, Given, Raised, Stateful
from course_tools.grading.box import broker, probe, wire

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


@dataclass(frozen=True)
class ProbeCell:
    """A cell that asks a function for its answers to all cases.

    Attributes:
        source: its code.
        kept: name of a call -> its arguments that calls change, as data: for the process that
            keeps them, and for nobody else in the sandbox.
    """

    source: str
    kept: Mapping[str, list[list[Any]]]


@dataclass(frozen=True)
class BootCell:
    """The cell that prepares a kernel, before any other code.

    Attributes:
        source: its code.
        kept: arguments that the probes keep, as JSON text: content of the file that the code takes
            from beside the kernel's connection file; "" for none.
    """

    source: str
    kept: str = ""


def boot_cell(probes: Sequence[ProbeCell] = ()) -> BootCell:
    """Return the cell that prepares a kernel for its probes.

    Args:
        probes: cells that will ask, in the order in which they will.
    """
    kept = [pair for one in probes for pair in one.kept.items()]
    if not kept:
        return BootCell(_boot(wire, probe))
    paths = sorted({value["given"] for _, question in kept for _, value in question})
    start = f'__import__("sys").modules["{probe.__name__}"].keep({paths!r})\n'
    return BootCell(_boot(wire, broker, probe) + start, json.dumps(kept, allow_nan=False))


def probe_cell(name: str, cases: Sequence[Case], nonce: str) -> ProbeCell:
    """Return the cell that asks the function `name` for its answers to all cases."""
    kept, asked = {}, []
    for case in cases:
        changing = {key: value.path for key, value in case.items() if isinstance(value, Stateful)}
        question = _as_data(case)
        if changing:
            call = secrets.token_hex(16)
            kept[call] = [pair for pair in question if pair[0] in changing]
            question = [
                [key, {"kept": call, "class": changing[key]} if key in changing else value]
                for key, value in question
            ]
        asked.append(question)
    text = json.dumps(asked, allow_nan=False)
    source = (
        f'__import__("sys").modules["{probe.__name__}"].report({name!r}, '
        f'__import__("json").loads({text!r}), {nonce!r})'
    )
    return ProbeCell(source, kept)


@cache
def _boot(*modules: ModuleType) -> str:
    return _BOOT.format(sources={one.__name__: inspect.getsource(one) for one in modules})


def has_state(cases: Sequence[Case]) -> bool:
    """Return whether calls change an argument, so that a function could learn from one asking."""
    return any(isinstance(value, Stateful) for case in cases for value in case.values())


def as_text(case: Case) -> str:
    """Return the arguments of a call as JSON text, the same for the same arguments."""
    return json.dumps(_as_data(case), allow_nan=False)


def _as_data(case: Mapping[str, Any]) -> list[list[Any]]:
    return [
        [name, {"given": value.path, "arguments": _as_data(value.arguments)}]
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
