"""Finds the modules and files that a notebook asks for and that are not there when it runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence

from course_tools.grading import report
from course_tools.grading.report import Note, RaisedError, TaskReport
from course_tools.grading.run import harmless

_MOST_NOTES = 5
_MOST_SHOWN = 60  # characters of a name
_MODULE = re.compile(r"No module named '(\w+)")
_RUN = re.compile(r"^File `'([^'/][^']*)'` not found\.$")  # of `%run`, which raises Exception
_FILES = (  # of `open` and of NumPy's `loadtxt`
    re.compile(r"No such file or directory: '([^'/][^']*)'"),
    re.compile(r"^([^\s/]\S*) not found\.$"),
)
_OF_FILES = ("FileNotFoundError", "OSError")
#: Where one of these is missing, no file beside the notebook is meant.
_LIBRARIES = sys.stdlib_module_names | harmless.LIBRARIES | harmless.IMPLEMENTING


def not_there(raised: Iterable[RaisedError], marked: Sequence[TaskReport]) -> list[Note]:
    """Return what is to be said about modules and files that a notebook misses.

    Nothing is said where every function is there and raises nothing: then none was needed.

    Args:
        raised: exceptions of the learner's cells.
        marked: the tasks.

    >>> missing = TaskReport("f", report.MISSING, ())
    >>> error = RaisedError("ModuleNotFoundError", "No module named 'helper'")
    >>> [note.name for note in not_there([error], [missing])]
    ['helper']
    """
    if not any(task.outcome == report.MISSING or task.raised is not None for task in marked):
        return []
    of_tasks = [task.raised for task in marked if task.raised is not None]
    notes = dict.fromkeys(note for error in (*raised, *of_tasks) if (note := _note(error)))
    return list(notes)[:_MOST_NOTES]


def _note(error: RaisedError) -> Note | None:
    module = _MODULE.search(error.text)
    if error.kind == "ModuleNotFoundError" and module is not None:
        name = module.group(1)
        is_known = name in _LIBRARIES
        return None if is_known else Note(report.MODULE_NOT_THERE, name=name[:_MOST_SHOWN])
    patterns = (*_FILES, _RUN) if error.kind in _OF_FILES else (_RUN,)
    found = next((match for one in patterns if (match := one.search(error.text))), None)
    return None if found is None else Note(report.FILE_NOT_THERE, name=found[1][:_MOST_SHOWN])
