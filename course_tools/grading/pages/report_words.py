"""The sentences for what a report holds as kinds and numbers, for pages and tables.

A kind that is in no table is `TOLD`, or comes from a newer version of the course. It is shown
unchanged.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from course_tools.grading import report
from course_tools.grading.report import Note, Reproduction, Suspicion

_SUSPICIONS = {
    report.CALLS_IMPLEMENTATION: "{task} calls {names}, an existing implementation.",
    report.REACHES_BEYOND: "{task} uses {names}, which no exercise needs.",
    report.READS_PRIVATE: "{task} reads {names}, private parts of an argument.",
    report.OTHER_LIBRARY: "{task} uses {names}, a library that no exercise needs.",
    report.NOT_IN_THE_CELLS: "{task} depends on {names}, whose code the cells do not show.",
    report.RIGHT_NO_POINTS: "So {task} got no points. Its values were right.",
    report.WRONG_NO_POINTS: "So {task} got no points. Its values were not right.",
}
_NOTES = {
    report.NOT_CODE: "The cell of {task} is no longer a code cell, so it cannot be run.",
    report.CELL_STOPPED: "{whose}, which begins with “{begins}”, was stopped: {why}.",
    report.LEFT_OUT: "{some}, the first of which begins with “{begins}”, were not run: {spent}.",
    report.TWICE: "{task} occurs more than once; the best one counts.",
    report.CHANGED_LATER: "For {task}, these points were earned right after the function's own "
    "cell. At the end of the notebook they no longer are, because of {later}.",
    report.RIGHT_LATER: "For {task}, these points were earned at the end of the notebook. Right "
    "after the function's own cell there were fewer, so a check there says something else.",
    report.EMPTY_FILE: "The file is empty (0 bytes).",
    report.MODULE_NOT_THERE: "The notebook imports {name}, which is not there when it runs: other "
    "files are not, and of libraries only those that the course uses. What its functions need of "
    "{name} belongs in the notebook itself.",
    report.FILE_NOT_THERE: "The notebook reads {name}, which is not there when it runs: other "
    "files are not. What its functions need of {name} belongs in the notebook itself.",
}
_OF_SEVERAL = (report.CHANGED_LATER, report.RIGHT_LATER)
#: What cells of one's own have used up.
_SPENT = {
    report.TIMED_OUT: "such cells may use half of the time of a submission, and others had",
    report.OVER_LIMIT: "others like them had printed and displayed as much as such cells may",
    report.DIED: "others like them had ended the process three times",
}
_STOPPED = {
    "cell_seconds": "it took longer than a cell may (cell_seconds)",
    "task_seconds": "it took longer than a task may (task_seconds)",
    "submission_seconds": "the time for the whole notebook was over (submission_seconds)",
    "memory_mb": "it used too much memory (memory_mb)",
    "output_mb": "too much was printed or displayed (output_mb)",
    "message_mb": "one message, such as a picture, was too large (message_mb)",
    report.PROCESS_ENDED: "the Python process ended",
}
_REPRODUCTIONS = {
    report.NO_OUTPUTS: "No outputs were handed in.",
    report.MALFORMED: "The file is not well-formed, so it cannot be run as a notebook.",
    report.ENDLESS: "Run afresh, the notebook did not come to its end.",
    report.OTHER_OUTPUTS: "Run afresh, the notebook prints something else in {named} (of {cells}). "
    "Clock times and random numbers without a seed differ as well.",
    report.SAME_OUTPUTS: "Run afresh, the notebook prints what was handed in ({cells}).",
}


def suspicion_words(found: Suspicion) -> str:
    """Return a suspicion in a sentence, for instructors."""
    words = _SUSPICIONS.get(found.kind)
    if words is None:
        return found.told or found.kind
    return words.format(task=found.task, names=", ".join(found.names))


def joined(notes: Sequence[Note]) -> list[Note]:
    """Return notes with those joined that say the same of several tasks."""
    found: dict[Note, list[str]] = {}
    for note in notes:
        rest = dataclasses.replace(note, task="") if note.kind in _OF_SEVERAL else note
        found.setdefault(rest, []).append(note.task)
    return [
        dataclasses.replace(rest, task=", ".join(tasks)) if rest.kind in _OF_SEVERAL else rest
        for rest, tasks in found.items()
    ]


def note_words(note: Note, *, for_staff: bool = False) -> str:
    """Return a note in a sentence, for the learner whose file it is or for instructors."""
    words = _NOTES.get(note.kind)
    if words is None:
        return note.told or note.kind
    own = "A cell of their own" if for_staff else "A cell of yours"
    whose = f"The cell of {note.task}" if note.task else own
    later = f"the later cell that begins with “{note.begins}”" if note.begins else "a later cell"
    return words.format(
        task=note.task,
        whose=whose,
        some="Cells of their own" if for_staff else "Cells of yours",
        begins=note.begins,
        why=stopped_words(note.stopped_by) or note.why,
        spent=_SPENT.get(note.why, note.why),
        later=later,
        name=note.name,
    )


def stopped_words(kind: str) -> str:
    """Return why a cell or a function was stopped, as a clause; "" where that is not known."""
    return _STOPPED.get(kind, "")


def reproduction_words(found: Reproduction | None) -> str:
    """Return in a sentence or two whether outputs appear again; "" if that was not checked."""
    if found is None:
        return ""
    words = _REPRODUCTIONS.get(found.kind)
    if found.told or words is None:
        return found.told or found.kind
    left_out = f"Marks in the notebook tell nbval to leave out {_cells(found.left_out)}."
    if found.kind == report.NO_OUTPUTS and found.left_out:
        return left_out
    more = " and more" * (found.different > len(found.named))
    said = words.format(named=f"{', '.join(found.named)}{more}", cells=_cells(found.compared))
    return f"{left_out} {said}" if found.left_out else said


def _cells(number: int) -> str:
    return f"{number} cell{'s' * (number != 1)} with outputs"
