"""The functions that an exercise notebook calls to learn whether an answer is right."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any


class CheckFailed(AssertionError):
    """An answer differs from the expected one; the message says where and why.

    >>> raise CheckFailed("line: not yet. First difference, in case 2: …")
    Traceback (most recent call last):
    course_lib.checks.CheckFailed: line: not yet. First difference, in case 2: …
    """

    def _render_traceback_(self) -> list[str]:
        """Show only the message in a notebook, because the learner's code did not raise this."""
        return str(self).splitlines()


def check(function: Callable[..., Any], seed: int = 0, *, session: Any = None) -> None:
    """Compare `function` with the task of the same name and print the result.

    If the answer is a curve and differs, both curves are drawn as well. In a grader's box, which
    holds no answers, it only makes sure that the grader, which calls the function itself, finds it.

    Args:
        function: the learner's function; its name says which task it answers.
        seed: seed of the cases that are drawn at random.
        session: `course_tasks.checking.Session` that the verdict is added to; None takes that of
            this kernel.

    Raises:
        CheckFailed: an answer differs, or the function raised; the message shows the first case
            with its arguments, got and expected, and the likely cause.
        NotImplementedError: the function is still the stub.
        ValueError: there is no task of this name.

    >>> def no_task(step): ...
    >>> check(no_task)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: function must be named as its task (...), got no_task
    """
    checking = _checking()
    if checking is None:
        _let_a_grader_find(function)
        return
    checked = checking.check(function, seed, session or checking.THIS_KERNEL)
    if checked.is_passed:
        print(checked.text)
        return
    checked.draw()
    raise CheckFailed(checked.text)


def show_progress(session: Any = None) -> None:
    """Print the best points of every exercise that `check` has seen on this machine.

    Args:
        session: `course_tasks.checking.Session` with its file of progress; None takes that of this
            kernel.

    >>> show_progress()  # doctest: +ELLIPSIS
    ex01_constant_lr ... points...
    """
    checking = _checking()
    if checking is not None:
        print(checking.progress_text(session or checking.THIS_KERNEL))


def _let_a_grader_find(function: Callable[..., Any]) -> None:
    """Give a method, or a function within another one, a variable of its name if there is none.

    Only by the name with which it was defined, as there the grader reads what its code uses.
    """
    name = getattr(getattr(function, "__code__", None), "co_name", "")
    if name.isidentifier() and name == function.__name__:
        vars(sys.modules["__main__"]).setdefault(name, function)


def _checking() -> Any:
    """Return the module that knows the answers, or None in a grader's box, which does not hold it.

    Where the course is an installed package, the box has an empty folder in its place.
    """
    try:
        if find_spec("course_tasks.checking") is None:
            return None
    except ModuleNotFoundError:
        return None
    from course_tasks import checking

    return checking
