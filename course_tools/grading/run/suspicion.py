"""Points an instructor to functions that use more than an exercise needs.

What a function uses was read from its code, without running it. What the shipped solution uses is
allowed, and so are numbers, plots and the harmless part of Python's standard library; all the rest
is told. Code can hide what it calls, and this does not find it: people decide.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from course_tools.grading.intake.course_exercises import constants_given, names_of_solution
from course_tools.grading.intake.name_bindings import NOTEBOOKS_MODULE
from course_tools.grading.intake.used_names import BUILT_IN, UNSEEN
from course_tools.grading.report import (
    CALLS_IMPLEMENTATION,
    NOT_IN_THE_CELLS,
    OTHER_LIBRARY,
    REACHES_BEYOND,
    READS_PRIVATE,
    Suspicion,
    SuspicionKind,
)
from course_tools.grading.run import harmless

_KINDS = (
    CALLS_IMPLEMENTATION,
    REACHES_BEYOND,
    READS_PRIVATE,
    OTHER_LIBRARY,
    NOT_IN_THE_CELLS,
)


def suspicions(task: str, used: Iterable[str], allowed: frozenset[str]) -> list[Suspicion]:
    """Return what a task's function uses beyond what is allowed, at most one of a kind.

    Args:
        task: name of the function.
        used: names, as `intake.used_names` gives them.
        allowed: names that the exercise needs; where it is a module, all of it is allowed.

    >>> suspicions("f", ["numpy", "numpy.cos", "builtins.max"], frozenset())
    []
    >>> suspicions("f", ["optax.linear_schedule"], frozenset())[0].kind
    'calls an implementation'
    """
    found: dict[SuspicionKind, set[str]] = {kind: set() for kind in _KINDS}
    for name in used:
        kind = kind_of(name)
        if kind is not None and not harmless.is_in(name, allowed):
            found[kind].add(name)
    return [
        Suspicion(kind, task, tuple(sorted(_shown(name) for name in _longest(names))))
        for kind, names in found.items()
        if names
    ]


@cache
def allowed_in(exercise: str) -> frozenset[str]:
    """Return the names that an exercise needs and that would be suspicious elsewhere.

    >>> "course_lib.schedules.cosine" in allowed_in("capstone")
    True
    """
    needed = names_of_solution(exercise) | constants_given(exercise)
    return frozenset(name for name in needed if kind_of(name) is not None)


def kind_of(name: str) -> SuspicionKind | None:
    """Return what is suspicious about a name, None for nothing.

    >>> kind_of("math.cos"), kind_of("os.system"), kind_of("pandas.read_csv")
    (None, 'reaches beyond', 'another library')
    """
    if name.startswith(UNSEEN):
        return NOT_IN_THE_CELLS
    if name.startswith("."):
        return _kind_of_attribute(name.removeprefix("."))
    if name.startswith(BUILT_IN):
        return None if name.removeprefix(BUILT_IN) in harmless.BUILT_IN else REACHES_BEYOND
    root, *parts = name.split(".")
    if name == NOTEBOOKS_MODULE:  # as with globals(): any function may be asked of it
        return REACHES_BEYOND
    if any(_kind_of_attribute(part) == REACHES_BEYOND for part in parts):
        return REACHES_BEYOND
    if root in harmless.IMPLEMENTING:
        return None if _is_for_everybody(name) else CALLS_IMPLEMENTATION
    if root in sys.stdlib_module_names:
        return _kind_in_standard_library(name)
    if root in harmless.LIBRARIES:
        return _kind_in_library(name)
    return OTHER_LIBRARY


def _is_for_everybody(name: str) -> bool:
    room, _, rest = name.partition(".plots.")
    if room in ("course_lib", "course_lib.plots"):
        return "." not in rest  # further below is what plots are computed with
    return harmless.is_in(name, harmless.OF_THE_COURSE)


def _kind_of_attribute(name: str) -> SuspicionKind | None:
    if name in harmless.FRAME_ATTRIBUTES:
        return REACHES_BEYOND
    if name.startswith("__") and name.endswith("__"):
        return None if name in harmless.SPECIAL else REACHES_BEYOND
    if name.startswith("_") and name.strip("_") and name not in harmless.OF_NAMEDTUPLES:
        return READS_PRIVATE
    return None


def _kind_in_standard_library(name: str) -> SuspicionKind | None:
    parts = name.split(".")
    if harmless.is_in(name, harmless.REACHING_PARTS):
        return REACHES_BEYOND
    if harmless.is_in(name, harmless.PARTS_OF_MODULES):
        return None
    if name in harmless.ROOTS_OF_PARTS:  # as the `sys` of sys.stderr, which is told apart
        return None
    depth = next(
        (n for n in range(len(parts), 0, -1) if ".".join(parts[:n]) in harmless.MODULES), 0
    )
    if not depth:
        is_package = any(module.startswith(f"{name}.") for module in harmless.MODULES)
        return None if is_package else REACHES_BEYOND
    if depth == len(parts):
        return None
    # A module's names are not only its own: dataclasses.sys is sys.
    value = vars(importlib.import_module(".".join(parts[:depth]))).get(parts[depth])
    if isinstance(value, ModuleType):
        return kind_of(".".join((value.__name__, *parts[depth + 1 :])))
    return REACHES_BEYOND if any(_is_private(part) for part in parts[depth:]) else None


def _kind_in_library(name: str) -> SuspicionKind | None:
    root, *parts = name.split(".")
    for depth, part in enumerate(parts):
        whole = ".".join((root, *parts[: depth + 1]))
        if whole in harmless.IMPLEMENTING_PARTS:
            return CALLS_IMPLEMENTATION
        if whole in harmless.REACHING_PARTS or _is_private(part):
            return REACHES_BEYOND
        is_foreign = part in sys.stdlib_module_names and part not in harmless.MODULES
        if is_foreign and whole not in harmless.NOT_FOREIGN:
            return REACHES_BEYOND
    return None


def _is_private(part: str) -> bool:
    return part.startswith("_") and part not in harmless.SPECIAL


def _shown(name: str) -> str:
    return name.removeprefix(BUILT_IN).removeprefix(UNSEEN)


def _longest(names: set[str]) -> set[str]:
    """Return names without those of which another one is a part."""
    parts = {name[:n] for name in names for n, letter in enumerate(name) if n and letter == "."}
    return names - parts
