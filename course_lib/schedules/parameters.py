"""The parameters of every preset with their usual ranges, for panels and tables.

Names, defaults, choices and help are read from the presets themselves; only what a signature
cannot say, the range that is usual for a parameter of that name, stands here.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from course_lib.schedules.catalogue import CATALOGUE
from course_lib.schedules.phases import Schedule

#: Every preset that is a function of plain numbers, by the name that a reader knows.
PRESETS: MappingProxyType[str, Callable[..., Schedule]] = MappingProxyType(
    {row.name: row.preset for row in CATALOGUE.values() if not row.is_variant}
)


@dataclass(frozen=True)
class Usual:
    """The usual value and range of a parameter, by its name.

    Attributes:
        value: a good first value for a run of some hundred updates.
        low: least usual value.
        high: largest usual value.
        unit: unit of the value; "" for a plain number.
        log: whether equal steps should be equal ratios.
    """

    value: float | tuple[int, ...]
    low: float
    high: float
    unit: str = ""
    log: bool = False


_USUAL = {
    "peak_lr": Usual(0.1, 1e-4, 10.0, log=True),
    "floor": Usual(0.0, 0.0, 0.2),
    "total_steps": Usual(200, 1, 500, "updates"),
    "warmup_steps": Usual(20, 0, 500, "updates"),
    "decay_steps": Usual(40, 0, 500, "updates"),
    "every": Usual(50, 1, 500, "updates"),
    "period": Usual(50, 1, 500, "updates"),
    "milestones": Usual((100, 150), 1, 500, "updates"),
    "drop": Usual(0.5, 0.05, 1.0),
    "gamma": Usual(0.98, 0.9, 1.0),
    "rate": Usual(0.05, 0.0, 0.5, "per update"),
    "power": Usual(2.0, 0.1, 5.0),
    "mult": Usual(2.0, 1.0, 4.0),
    "d_model": Usual(512, 16, 2048),
    "factor": Usual(1.0, 0.0, 10.0),
    "pct_start": Usual(0.3, 0.0, 1.0, "of the run"),
    "div": Usual(25.0, 1.0, 100.0),
    "final_div": Usual(1e4, 1.0, 1e6, log=True),
}
# Parameters that may be None, and the choice that asks for them.
_ONLY_WITH = {"gamma": ("mode", "exp_range")}


@dataclass(frozen=True)
class PresetParameter:
    """One parameter of a preset.

    Attributes:
        name: the argument's.
        kind: "number"; "count", a whole number; "counts", several of them, rising; "choice" or
            "switch".
        value: the usual one; for a choice or a switch the preset's default.
        help: its description in the preset's docstring.
        usual: its range; None for a choice or a switch.
        choices: the possible values of a choice.
        only_with: (name, value) of the choice with which it may be given; None: always.
    """

    name: str
    kind: Literal["number", "count", "counts", "choice", "switch"]
    value: object
    help: str
    usual: Usual | None = None
    choices: tuple[str, ...] = ()
    only_with: tuple[str, str] | None = None


@cache
def parameters(preset: str) -> tuple[PresetParameter, ...]:
    """Return the parameters of a preset, in the order of its signature.

    Raises:
        ValueError: there is no preset of that name.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {list(PRESETS)}, got {preset!r}")
    function = PRESETS[preset]
    kinds, help_of = typing.get_type_hints(function), argument_help(function)
    return tuple(
        _parameter(argument, kinds[name], help_of[name])
        for name, argument in inspect.signature(function).parameters.items()
    )


def _parameter(argument: inspect.Parameter, hint: object, help_text: str) -> PresetParameter:
    name = argument.name
    if typing.get_origin(hint) is Literal:
        choices = typing.get_args(hint)
        return PresetParameter(name, "choice", argument.default, help_text, choices=choices)
    if hint is bool:
        return PresetParameter(name, "switch", argument.default, help_text)
    usual = _USUAL[name]
    optional = type(None) in typing.get_args(hint)
    kind = "number" if optional else {int: "count", float: "number"}.get(hint, "counts")
    only_with = _ONLY_WITH[name] if optional else None
    return PresetParameter(name, kind, usual.value, help_text, usual, only_with=only_with)


def argument_help(function: Callable[..., object]) -> dict[str, str]:
    """Return what the Args section of a docstring says of every argument."""
    text = inspect.getdoc(function) or ""
    section = re.search(r"^Args:\n((?:[ ]{4}.*\n?|\n)+)", text, re.M)
    if section is None:
        return {}
    entries = re.findall(r"^ {4}(\w+): ((?:.*\n?(?: {8,}.*\n?)*))", section[1], re.M)
    return {name: " ".join(words.split()) for name, words in entries}
