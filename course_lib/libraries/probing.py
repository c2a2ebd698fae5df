"""Asks a converter what its arguments mean: change one of them, and see what moves in the curve."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from course_lib.libraries.registry import from_library, names, signature

#: A difference that is no rounding, as a share of the largest rate.
CLOSE = 1e-7
_TIME = re.compile(r"(\d+)(ba)")  # Composer's way to write a number of batches
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class GivenNumber:
    """One number among a call's arguments.

    Attributes:
        place: keys and indices that lead to it, from the arguments on.
        value: the number.
        unit: text behind it where it is written as text ("ba"), or nothing.
    """

    place: Place
    value: float
    unit: str = ""

    @property
    def key(self) -> str:
        """Name of the argument, as the library has it."""
        return str(self.place[-1])

    @property
    def is_count(self) -> bool:
        """Whether it is a whole number, of steps perhaps."""
        return isinstance(self.value, int)

    def written(self, value: float) -> float | str:
        """Return another value in the form that the argument has."""
        return f"{value}{self.unit}" if self.unit else value


def numbers(name: str, arguments: dict[str, Any]) -> Iterator[GivenNumber]:
    """Yield the numbers among the arguments of a call, its defaults and its parts' as well.

    >>> [number.key for number in numbers("torch.StepLR", {"step_size": 30})]
    ['step_size', 'gamma']
    """
    yield from _numbers_of_call(name, arguments, ())


def _numbers_of_call(name: str, arguments: dict[str, Any], place: Place) -> Iterator[GivenNumber]:
    library = name.split(".")[0]
    full = next((one for one in (name, f"torch.{name}") if one in names()), None)
    known = signature(full).parameters if full else {}
    defaults = {
        key: parameter.default
        for key, parameter in known.items()
        if key not in arguments and parameter.default is not inspect.Parameter.empty
    }
    for key, value in {**arguments, **defaults}.items():
        yield from _numbers(value, (*place, key), library)


def _numbers(value: Any, place: Place, library: str) -> Iterator[GivenNumber]:
    if isinstance(value, str) and _TIME.fullmatch(value):
        digits, unit = _TIME.fullmatch(value).groups()
        yield GivenNumber(place, int(digits), unit)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield GivenNumber(place, value)
    elif isinstance(value, dict) and "type" in value:  # a part, as MMEngine writes it
        yield from _numbers_of_call(f"{library}.{value['type']}", value, place)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(key, str):
                yield from _numbers(inner, (*place, key), library)
    elif isinstance(value, list | tuple) and _is_call(value):
        yield from _numbers_of_call(value[0], value[1], (*place, 1))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            if isinstance(inner, dict | list | tuple):
                yield from _numbers(inner, (*place, index), library)


def _is_call(value: list | tuple) -> bool:
    return len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], dict)


def changed(arguments: dict[str, Any], number: GivenNumber, value: float) -> dict[str, Any]:
    """Return a copy of the arguments in which one number has another value.

    >>> schedulers = [["torch.StepLR", {"step_size": 30}]]
    >>> changed({"schedulers": schedulers}, GivenNumber(("schedulers", 0, 1, "step_size"), 30), 40)
    {'schedulers': [['torch.StepLR', {'step_size': 40}]]}
    """
    new = copy.deepcopy(arguments)
    holder: Any = new
    for key in number.place[:-1]:
        holder = holder[key]
    holder[number.place[-1]] = number.written(value)
    return new


@dataclass(frozen=True, eq=False)
class Probe:
    """A call of a library, and the curves that it makes when one of its arguments is changed.

    Attributes:
        name: name of a converter.
        arguments: arguments of the call.
        steps: number of updates to look at.
    """

    name: str
    arguments: dict[str, Any]
    steps: int

    @cached_property
    def numbers(self) -> tuple[GivenNumber, ...]:
        """The numbers that can be changed."""
        return tuple(numbers(self.name, self.arguments))

    @cached_property
    def rates(self) -> np.ndarray:
        """The rates of the call as it is, float64, shape (steps,)."""
        return self._ask(self.arguments)

    def with_value(self, number: GivenNumber, value: float) -> np.ndarray | None:
        """Return the rates with one number changed; None where the library refuses it."""
        try:
            rates = self._ask(changed(self.arguments, number, value))
        except (TypeError, ValueError, ArithmeticError, IndexError):
            return None
        return rates if np.isfinite(rates).all() else None

    def _ask(self, arguments: dict[str, Any]) -> np.ndarray:
        return from_library(self.name, **arguments)(np.arange(self.steps))

    def counted(self, number: GivenNumber, *changes: int) -> tuple[int, np.ndarray] | None:
        """Return the first change that a count allows, and the rates then; None without one."""
        for more in changes:
            rates = self.with_value(number, int(number.value) + more)
            if rates is not None:
                return more, rates
        return None

    def nudged(self, number: GivenNumber) -> tuple[float, np.ndarray] | None:
        """Return a small change of a number, and the rates then; None where it allows none."""
        little = 0.05 * number.value or -0.01 * np.abs(self.rates).max()
        for more in (-little, little):
            rates = self.with_value(number, number.value + more)
            if rates is not None:
                return more, rates
        return None

    def moves(self, rates: np.ndarray, begin: int = 0) -> bool:
        """Whether a stretch of rates from its step `begin` on differs by more than a rounding."""
        scale = np.abs(self.rates).max()
        old = self.rates[begin : rates.size]
        return not np.allclose(rates[begin:], old, rtol=CLOSE, atol=CLOSE * scale)


def highest(rates: np.ndarray, begin: int = 0) -> float:
    """Return the largest rate of the first half, which is the recorded part, from a step on."""
    return float(rates[begin : rates.size // 2].max())


def peak_at(rates: np.ndarray, begin: int = 0) -> int:
    """Return the first step with the largest rate of the first half, from a step on."""
    top = highest(rates, begin)
    return begin + int(np.flatnonzero(rates[begin:] >= top - 10 * CLOSE * abs(top))[0])


def end_at(rates: np.ndarray, begin: int = 0) -> int | None:
    """Return the first step after the peak with the lowest rate; None while the rate still falls.

    A rate below 0 belongs to no plan: where there is one, the end is the first step at 0 or below.
    """
    peak = peak_at(rates, begin)
    after = rates[peak:]
    lowest = max(after.min(), 0.0)
    end = int(np.flatnonzero(after <= lowest + CLOSE * rates.max())[0])
    return peak + end if 0 < end < after.size - 1 else None
