"""The words for a state or an outcome on a student's page: a symbol, a label, a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from course_tools.grading.report import (
    ANSWERED,
    CRASHED,
    DIED,
    GRADED,
    MISSING,
    NOT_HANDED_IN,
    NOT_WRITTEN,
    OVER_A_LIMIT,
    OVER_LIMIT,
    PARTLY_GRADED,
    SUSPICIOUS,
    TIMED_OUT,
    UNREADABLE,
    Report,
    TaskReport,
)


@dataclass(frozen=True)
class Words:
    """A kind ("good", "part", "bad", "open": a symbol and a colour), a label and a sentence."""

    kind: str
    label: str
    sentence: str = ""


# Only instructors see a suspicion; the student sees a graded submission like any other.
_STATES = {
    GRADED: Words("good", "Graded"),
    SUSPICIOUS: Words("good", "Graded"),
    PARTLY_GRADED: Words(
        "part",
        "Partly graded",
        "A cell did not finish in time and was stopped. You can see below which one. The others "
        "are not affected.",
    ),
    UNREADABLE: Words(
        "bad",
        "Not readable",
        "The file could not be read as a notebook of this course, so nothing of it was run. Save "
        "the notebook in Jupyter (File > Save) and hand in the .ipynb file again.",
    ),
    NOT_HANDED_IN: Words("open", "Not handed in"),
    CRASHED: Words(
        "bad",
        "Crashed",
        "The Python process that ran your code ended too early. You can see below where.",
    ),
    OVER_A_LIMIT: Words(
        "bad",
        "Over a limit",
        "Your code was stopped because it used more memory, or printed more, than a submission "
        "may.",
    ),
}
_NOTHING_WRITTEN = Words(
    "open", "Nothing written yet", "All functions are still the ones you were given."
)
_NOT_COUNTED = Words("bad", "No points")
_OUTCOMES = {
    NOT_WRITTEN: Words("open", "Not written", "The function is still the one you were given."),
    MISSING: Words(
        "bad", "Missing", "After your cells had run, there was no function of this name."
    ),
    TIMED_OUT: Words(
        "bad",
        "Timed out",
        "It did not finish in time (perhaps a loop that does not end): 0 points; the others are "
        "not affected.",
    ),
    DIED: Words("bad", "Crashed", "The Python process ended while the function was called."),
    OVER_LIMIT: Words(
        "bad", "Over a limit", "It used more memory, or printed more, than a task may."
    ),
}
#: Of a task, where it is known which limit stopped it.
_STOPPED = {
    "cell_seconds": "Its cell did not finish in time (perhaps a loop that does not end): 0 points; "
    "the others are not affected.",
    "task_seconds": "Its calls did not finish in time (perhaps a loop that does not end): 0 "
    "points; the others are not affected.",
    "submission_seconds": "The notebook used up the time for all of its cells and functions "
    "together before this function had answered: 0 points. The reason may be another cell.",
    "memory_mb": "It used more memory than a submission may.",
    "output_mb": "More was printed or displayed than a submission may.",
    "message_mb": "It sent one message that was too large, such as a big picture or answer.",
}


def state_words(report: Report) -> Words:
    """Return the words for the state of a notebook."""
    if report.state in (GRADED, SUSPICIOUS) and report.is_unwritten:
        return _NOTHING_WRITTEN
    words = _STATES.get(report.state) or Words("open", report.state)
    late = [f"`{task.task}`" for task in report.tasks if task.outcome == TIMED_OUT]
    if report.state != PARTLY_GRADED or not late:
        return words
    told = f"{', '.join(late)} did not finish in time (perhaps a loop that does not end)"
    return Words(words.kind, words.label, f"{told}: 0 points; the others are not affected.")


def task_words(task: TaskReport) -> Words:
    """Return the words for the outcome of a task."""
    if task.outcome != ANSWERED:
        return _why_not(task)
    if task.is_right:
        return Words("good", "All points")
    if not (task.reached or task.public or task.hidden):  # its sentence says why
        return _NOT_COUNTED
    return Words("part", "Partly right") if task.reached > 0 else Words("bad", "Not right yet")


def _why_not(task: TaskReport) -> Words:
    words = _OUTCOMES.get(task.outcome) or Words("open", task.outcome)
    sentence = _STOPPED.get(task.stopped_by, words.sentence)
    if task.outcome == MISSING and task.raised is not None:
        text = f": {task.raised.text}" if task.raised.text else ""
        sentence += f" Its cell raised {task.raised.kind}{text}"
    return Words(words.kind, words.label, sentence)
