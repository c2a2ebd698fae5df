"""The examples in docstrings run, and everything that a room exports has one."""

from __future__ import annotations

import doctest
import inspect
import pkgutil
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

# Packages or single modules of course_lib. Add a room when all that it exports has an example.
ROOMS = (
    *(
        "capstone",
        "checks",
        "compare",
        "diagnose",
        "forecast",
        "intervals",
        "libraries",
        "lint",
        "measured",
    ),
    *(
        "outcomes",
        "plots",
        "problems",
        "progress",
        "range_test",
        "schedules",
        "theory",
        "training",
        "validation",
    ),
)


def _modules(room: str) -> list[str]:
    """Return the names of a room's modules, the room itself first."""
    name = f"course_lib.{room}"
    folders = getattr(import_module(name), "__path__", [])
    return [name, *(module.name for module in pkgutil.walk_packages(folders, f"{name}."))]


def _exported(module: ModuleType) -> list[str]:
    """Return the public names of a module: those of `__all__`, or else those it defines."""
    if hasattr(module, "__all__"):
        return list(module.__all__)
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]


def _without_example(module: ModuleType) -> list[str]:
    """Return the functions and classes among a module's public names that show no example."""
    return [
        name
        for name in _exported(module)
        if _is_function_or_class(getattr(module, name))
        and not doctest.DocTestParser().get_examples(getattr(module, name).__doc__ or "")
    ]


def _is_function_or_class(value: Any) -> bool:
    # Behind functools.cache, a function is an object of another type.
    return inspect.isclass(value) or inspect.isroutine(inspect.unwrap(value))


@pytest.mark.parametrize("room", ROOMS)
def test_everything_exported_has_an_example(room: str) -> None:
    missing = _without_example(import_module(f"course_lib.{room}"))
    assert not missing, f"course_lib.{room} exports these without an example: {', '.join(missing)}"


@pytest.mark.parametrize("name", [name for room in ROOMS for name in _modules(room)])
def test_examples_print_what_they_show(name: str) -> None:
    told: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)  # pytest's own -v would turn it on
    for example in doctest.DocTestFinder().find(import_module(name)):
        runner.run(example, out=told.append)  # which is told of failures alone
    assert not told, "".join(told)
