"""What an exercise notebook calls to learn whether an answer is right, and if not, why."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np

from course_lib import tasks


class CheckFailed(AssertionError):
    """An answer differs from the expected one; the message says where and why."""

    def _render_traceback_(self) -> list[str]:
        """Show the message alone in a notebook: the learner's code is not what raised this."""
        return str(self).splitlines()


def check(function: Callable[..., Any]) -> None:
    """Compare `function` with the task of the same name and print what was found.

    Args:
        function: the learner's function; its name says which task it answers.

    Raises:
        CheckFailed: an answer differs, or the function raised; the message shows the first case
            with its arguments, got and expected, and the likely cause.
        NotImplementedError: the function is still the stub.
        ValueError: there is no task of this name.
    """
    name = getattr(function, "__name__", repr(function))
    if name not in tasks.ALL:
        raise ValueError(
            f"function must be named as its task, one of {list(tasks.ALL)}, got {name}"
        )
    task = tasks.ALL[name]
    cases = task.cases()
    answers = [_call(function, name, number, case) for number, case in enumerate(cases, 1)]
    difference = tasks.compare(task, cases, answers)
    if difference is not None:
        raise CheckFailed(_describe(name, difference))
    print(f"{name}: right in all {len(cases)} cases tried here.")


def _call(function: Callable[..., Any], name: str, number: int, case: tasks.Case) -> Any:
    """Call with copies of the arguments, so that a function which changes them spoils no case."""
    try:
        return function(**copy.deepcopy(case))
    except NotImplementedError as error:
        shown = f"NotImplementedError: {error or f'{name} is not written yet'}"
        error._render_traceback_ = lambda: [shown]  # our frames would only bury it
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[1:]
        line = f"\n  in your line  {where[-1].line}" if where and where[-1].line else ""
        raise CheckFailed(
            f"{name} raised an error in case {number}: {_show_call(name, case)}"
            f"\n  {type(error).__name__}: {error}{line}"
        ) from error


def _describe(name: str, difference: tasks.Difference) -> str:
    lines = [
        f"{name}: not yet. First difference, in case {difference.number}:",
        f"  {_show_call(name, difference.case)}",
        f"  got       {_show(difference.got)}",
        f"  expected  {_show(difference.expected)}",
    ]
    if difference.cause:
        lines.append(f"Likely cause: {difference.cause}")
    return "\n".join(lines)


def _show_call(name: str, case: tasks.Case) -> str:
    arguments = ", ".join(f"{key}={_show(value)}" for key, value in case.items())
    return f"{name}({arguments})"


def _show(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"array({np.array2string(value, precision=6, separator=', ')})".replace("\n", "")
    return f"{value:.7g}" if isinstance(value, float) else repr(value)
