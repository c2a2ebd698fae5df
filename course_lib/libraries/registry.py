"""The converters by their library's name, and `from_library`, which calls one of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, overload

from course_lib.libraries.groups import by_group
from course_lib.libraries.pieces import Phases
from course_lib.libraries.suggestions import nearest_argument, nearest_names
from course_lib.schedules import Schedule
from course_lib.validation import check_count, check_real

_CONVERTERS: dict[str, Callable[..., Phases]] = {}
_FOLLOWERS: dict[str, Callable[..., Phases]] = {}
_REFUSED: dict[str, str] = {}


def converter(name: str) -> Callable[[Callable[..., Phases]], Callable[..., Phases]]:
    """Return a decorator that registers a function as the converter of `name`.

    The function's signature is the library's own, with its defaults; where the library keeps the
    rate in the optimizer, `base_lr` is one more keyword. It returns the phases of the schedule.
    """

    def register(function: Callable[..., Phases]) -> Callable[..., Phases]:
        _CONVERTERS[name] = function
        return function

    return register


def follower(name: str) -> Callable[[Callable[..., Phases]], Callable[..., Phases]]:
    """Return a decorator that registers the converter of a rule that follows a metric.

    It is a converter with one more keyword, `metrics`, and is not among `names()`.
    """

    def register(function: Callable[..., Phases]) -> Callable[..., Phases]:
        _FOLLOWERS[name] = function
        return function

    return register


def refuse(name: str, reason: str) -> None:
    """Register a name that exists in its library and cannot be a function of the step alone."""
    _REFUSED[name] = reason


@cache
def _load() -> None:
    """Import the converters: they are in the modules beside this one that are called from_…"""
    for module in iter_modules([str(Path(__file__).parent)]):
        if module.name.startswith("from_"):
            import_module(f"course_lib.libraries.{module.name}")


def names() -> list[str]:
    """Return the names that `from_library` converts as functions of the step, sorted.

    Those that follow a metric, such as `"torch.ReduceLROnPlateau"`, are not among them.

    >>> [name for name in names() if name.startswith("keras.Cosine")]
    ['keras.CosineDecay', 'keras.CosineDecayRestarts']
    """
    _load()
    return sorted(_CONVERTERS)


def follower_names() -> list[str]:
    """Return the names of the rules that follow a metric, sorted.

    `from_library` converts them with one more argument, `metrics`.

    >>> follower_names()[:2]
    ['keras.ReduceLROnPlateau', 'optax.contrib.reduce_on_plateau']
    """
    _load()
    return sorted(_FOLLOWERS)


def signature(name: str) -> inspect.Signature:
    """Return the arguments that `from_library(name, ...)` takes, with the library's defaults.

    Raises:
        ValueError: an unknown name.
    """
    return _signature(_find(name))


# A search for the arguments of a recorded curve converts thousands of calls.
_signature = cache(inspect.signature)


@overload
def from_library(
    name: str, /, *, base_lr: Sequence[float], **arguments: Any
) -> tuple[Schedule, ...]: ...


@overload
def from_library(name: str, /, **arguments: Any) -> Schedule: ...


def from_library(name: str, /, **arguments: Any) -> Schedule | tuple[Schedule, ...]:
    """Return the schedule that a library would follow, in this package's convention.

    Args:
        name: the library's name for it, as imported: `"torch.StepLR"`,
            `"optax.warmup_cosine_decay_schedule"`, `"keras.CosineDecay"`,
            `"transformers.get_cosine_schedule_with_warmup"`, `"timm.CosineLRScheduler"`, ….
            `names()` lists them all. Rules that follow a metric take `metrics` as well, the record
            of that metric: `"torch.ReduceLROnPlateau"`, `"keras.ReduceLROnPlateau"`,
            `"timm.PlateauLRScheduler"`, `"optax.contrib.reduce_on_plateau"`,
            `"transformers.get_reduce_on_plateau_schedule"`, `"transformers.get_greedy_schedule"`.
        **arguments: the library's own arguments by keyword; what is left out has the library's
            default. `base_lr` is the optimizer's rate, where the library keeps the rate there. A
            list of rates has one for each parameter group, and so have the arguments that torch
            takes for each group: `max_lr`, `swa_lr`, `min_lr`, `lr_lambda`.

    Returns:
        A `Schedule` with schedule(t) = the rate in force for update t + 1, past the library's end
        too: where it rises again or goes negative, so does the schedule. If an argument is a list
        with one value for each parameter group, a tuple of such schedules, one for each group, also
        where there is only one.

    Raises:
        ValueError: an unknown name; one that is no function of the step (feedback from the loss
            without its record, an arbitrary function); an argument out of its range; lists for
            the groups that are not of the same length.
        TypeError: an unknown or missing argument, or one of the wrong type.

    transformers' cosine starts its warmup at 0, so that the first update is lost:

    >>> name = "transformers.get_cosine_schedule_with_warmup"
    >>> schedule = from_library(name, base_lr=0.1, num_warmup_steps=10, num_training_steps=100)
    >>> schedule([0, 5, 10, 55, 100]).round(3)
    array([0.  , 0.05, 0.1 , 0.05, 0.  ])

    Two parameter groups, and a plateau rule on a recorded loss:

    >>> head, body = from_library("torch.StepLR", base_lr=[0.1, 0.01], step_size=30)
    >>> head(29), body(29)
    (0.1, 0.01)
    >>> losses = [1.0, 0.9, 0.9, 0.9, 0.8]
    >>> rule = from_library("torch.ReduceLROnPlateau", base_lr=0.1, patience=1, metrics=losses)
    >>> rule(range(6)).round(3)
    array([0.1 , 0.1 , 0.1 , 0.1 , 0.01, 0.01])
    """
    groups = by_group(name, arguments)
    if groups is None:
        return Schedule(convert(name, arguments), name=name)
    return tuple(
        Schedule(convert(name, given), name=f"{name}, group {number}")
        for number, given in enumerate(groups)
    )


def convert(name: str, arguments: dict[str, Any]) -> Phases:
    """Return the phases of one library schedule; raise as `from_library` does."""
    check_arguments(name, arguments)
    return _find(name)(**arguments)


def check_arguments(name: str, arguments: dict[str, Any], outside: Sequence[str] = ()) -> None:
    """Raise TypeError when an argument of `from_library(name, ...)` is unknown or missing.

    Args:
        name: name of a converter.
        arguments: arguments that are given.
        outside: arguments of the converter that must not be among them.

    Raises:
        TypeError: an argument is unknown or missing.
        ValueError: an unknown name, or a rule that follows a metric, without metrics.
    """
    parameters = {
        key: parameter
        for key, parameter in _signature(_find(name)).parameters.items()
        if key not in outside
    }
    unknown = [key for key in arguments if key not in parameters]
    if unknown:
        meant = nearest_argument(unknown[0], [key for key in parameters if key not in arguments])
        hint = f"; did you mean {meant!r}?" if meant else ""
        taken = ", ".join(parameters)
        raise TypeError(f"{name} takes the arguments {taken}; got {unknown[0]!r}{hint}")
    missing = [
        key
        for key, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and key not in arguments
    ]
    if name in _FOLLOWERS and "metrics" in missing:
        raise ValueError(
            f"{name} is not a function of the step alone: it follows a metric. Give metrics=[…], "
            "one number for each of its steps, for the rates that it makes of them"
        )
    if missing:
        allowed = ", ".join(parameters)
        raise TypeError(f"{name} needs the argument {missing[0]!r}; it takes {allowed}")


def _find(name: str) -> Callable[..., Phases]:
    if not isinstance(name, str):
        raise TypeError(f"name must be a string such as 'torch.StepLR', got {name!r}")
    _load()
    if name in _REFUSED:
        raise ValueError(f"{name} is not a function of the step alone: {_REFUSED[name]}")
    known = {**_CONVERTERS, **_FOLLOWERS}
    if name not in known:
        nearest = ", ".join(map(repr, nearest_names(name, [*known, *_REFUSED])))
        raise ValueError(
            f"name must be one of the {len(known)} that this package knows, the nearest being "
            f"{nearest}; got {name!r}"
        )
    return known[name]


def check_choice(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Raise ValueError, naming the argument, when `value` is not among `allowed`."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {list(allowed)}, got {value!r}")


def check_pairs(name: str, value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Return a list of (library name, arguments) pairs, of which composite schedules are made.

    Raises:
        TypeError: `value` is not a sequence of such pairs.
        ValueError: it is empty.
    """
    wanted = f"{name} must be a list of (name, arguments) pairs"
    if not isinstance(value, list | tuple):
        raise TypeError(f"{wanted}, got {value!r}")
    if not value:
        raise ValueError(f"{wanted}, at least one, got none")
    for pair in value:
        good = isinstance(pair, list | tuple) and len(pair) == 2
        if not good or not isinstance(pair[0], str) or not isinstance(pair[1], dict):
            raise TypeError(f"{wanted}, got the item {pair!r}")
    return [(pair[0], dict(pair[1])) for pair in value]


def check_steps(name: str, value: Any) -> list[int]:
    """Return a sorted list of whole step numbers >= 0.

    Raises:
        TypeError: `value` is not a list of whole numbers.
        ValueError: a negative or an unsorted one.
    """
    if not isinstance(value, list | tuple):
        raise TypeError(f"{name} must be a list of whole numbers, got {value!r}")
    steps = [check_count(name, step, low=0) for step in value]
    if steps != sorted(steps):
        raise ValueError(f"{name} must be in increasing order, got {value!r}")
    return steps


def check_whole(name: str, value: float) -> int:
    """Return a float that is a whole number >= 1 as an int; raise ValueError otherwise.

    Cycles are multiplied by it, and lengths that are not whole are rounded by some libraries.
    """
    if check_real(name, value, low=1.0) != int(value):
        raise ValueError(f"{name} must be a whole number >= 1, got {value!r}: lengths are rounded")
    return int(value)
