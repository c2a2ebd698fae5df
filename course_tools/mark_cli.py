"""The command `lr-course mark` and its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from course_tools.cli_errors import InputError, one_line_errors

_STUDENT, _EXERCISE, _POINTS = map(click.argument, ("student", "exercise", "points"))
_GRADEBOOK = click.option("--gradebook", help="SQLAlchemy URL; by default GRADES/grades.sqlite.")
_REASON = click.option("--reason", required=True, help="Why; the student reads it.")
_BY = click.option("--by", help="Your name, which the student reads; by default your login.")
_TASK = click.option("--task", default="", help="Only this task of the exercise.")
_USER = click.option("--user", default="", help="Number of the student, if several have one name.")
_NEW = click.option("--new", "is_new", is_flag=True, help="The student handed in nothing at all.")


def _takes(*parameters: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a decorator that gives a command parameters, in this order, and the folder."""

    def decorated(function: Any) -> Any:
        command = click.pass_obj(function)
        for add in reversed(parameters):
            command = add(command)
        return command

    return decorated


@click.group()
@click.argument("grades", type=click.Path(path_type=Path))
@click.pass_context
def mark(context: click.Context, grades: Path) -> None:
    """Change marks by hand in GRADES, the folder that `lr-course grade` wrote.

    STUDENT is a name or a number. Nothing takes these marks away: no regrade, no other seed, no
    other settings. Tables and pages are written again at once.
    """
    context.obj = grades


# A number may begin with -.
@mark.command("set", context_settings={"ignore_unknown_options": True})
@_takes(_STUDENT, _EXERCISE, _POINTS, _TASK, _REASON, _BY, _USER, _NEW, _GRADEBOOK)
def set_points(grades: Path, **values: Any) -> None:
    """Set the mark of STUDENT in EXERCISE to POINTS."""
    _change(grades, "set", values)


@mark.command(context_settings={"ignore_unknown_options": True})
@_takes(_STUDENT, _EXERCISE, _POINTS, _TASK, _REASON, _BY, _USER, _NEW, _GRADEBOOK)
def bonus(grades: Path, **values: Any) -> None:
    """Add POINTS to the mark of STUDENT in EXERCISE; -1 takes one off.

    A second bonus for the same exercise or task counts instead of the first.
    """
    _change(grades, "bonus", values)


@mark.command()
@_takes(_STUDENT, _EXERCISE, _REASON, _BY, _USER, _NEW, _GRADEBOOK)
def excuse(grades: Path, **values: Any) -> None:
    """Excuse STUDENT from EXERCISE: no mark is expected."""
    _change(grades, "excuse", values)


@mark.command()
@_takes(_STUDENT, _EXERCISE, _TASK, _REASON, _BY, _USER, _GRADEBOOK)
def undo(grades: Path, **values: Any) -> None:
    """Go back to the grader's mark of STUDENT in EXERCISE: no set mark, bonus or excuse."""
    _change(grades, "undo", values)


@mark.command("from")
@click.argument("table", type=click.Path(path_type=Path))
@_BY
@_GRADEBOOK
@click.pass_obj
def from_table(grades: Path, table: Path, by: str | None, gradebook: str | None) -> None:
    """Make all changes in TABLE, or none of them if one is wrong.

    It is a CSV file with the columns student, exercise, action (set, bonus, excuse, undo), points
    and reason, and if need be task, user and by.
    """
    with _refusals():
        from course_tools.grading.mark_command import change_marks, me
        from course_tools.grading.mark_requests import read_requests

        requests = read_requests(table, me() if by is None else by)
        change_marks(grades, gradebook, requests)


@mark.command("list")
@_GRADEBOOK
@click.pass_obj
def list_all(grades: Path, gradebook: str | None) -> None:
    """List all changes by hand, and those under which the grader's points have changed."""
    with _refusals():
        from course_tools.grading.mark_command import list_marks

        list_marks(grades, gradebook)


def _change(grades: Path, action: str, values: dict[str, Any]) -> None:
    with _refusals():
        from course_tools.grading.mark_command import change_marks, me
        from course_tools.grading.mark_requests import MarkRequest

        gradebook = values.pop("gradebook")
        values["by"] = me() if values["by"] is None else values["by"]
        request = MarkRequest(action=action, **{"points": "", **values})
        change_marks(grades, gradebook, [request])


@contextmanager
def _refusals() -> Iterator[None]:
    with one_line_errors():
        try:
            yield
        except ValueError as error:
            raise InputError(str(error)) from error
