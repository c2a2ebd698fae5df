"""The grader's findings about a submission: data that goes to the gradebook and the pages.

Kinds and names are kept here; `pages.report_words` makes sentences of them for pages and tables.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from dataclasses import dataclass
from typing import Literal

# Of one task: whether its function gave answers, and if not, why.
ANSWERED = "answered"
NOT_WRITTEN = "not written"  # the stub as it was given out
MISSING = "missing"  # no function of this name is there after the learner's cells ran
TIMED_OUT = "timed out"
DIED = "crashed"  # the learner's process ended
OVER_LIMIT = "over a limit"
OUTCOMES = (ANSWERED, NOT_WRITTEN, MISSING, TIMED_OUT, DIED, OVER_LIMIT)

# Of a task or a cell that was stopped: by which limit of the settings, or that its process ended.
StopKind = Literal[
    "cell_seconds",
    "task_seconds",
    "submission_seconds",
    "memory_mb",
    "output_mb",
    "message_mb",
    "process ended",
]
PROCESS_ENDED: StopKind = "process ended"

# Of a submission.
GRADED = "graded"
PARTLY_GRADED = "partly graded"  # some task, or some other cell, was stopped: it took too long
UNREADABLE = "unreadable"  # it is no notebook of the course; nothing was run
CRASHED = "crashed"  # a task's process ended
OVER_A_LIMIT = "over a limit"  # memory, output or the size of a message
SUSPICIOUS = "suspicious"  # graded, and somebody should look at it
NOT_HANDED_IN = "not handed in"  # of an exercise whose mark was made by hand alone: no submission
STATES = (GRADED, PARTLY_GRADED, UNREADABLE, CRASHED, OVER_A_LIMIT, SUSPICIOUS)

# Of a suspicion: what the function of a task does, or what was done about it.
SuspicionKind = Literal[
    "calls an implementation",
    "reaches beyond",
    "reads private",
    "another library",
    "not in the cells",
    "right, no points",
    "wrong, no points",
    "told",
]
CALLS_IMPLEMENTATION: SuspicionKind = "calls an implementation"
REACHES_BEYOND: SuspicionKind = "reaches beyond"  # modules and built-ins that no exercise needs
READS_PRIVATE: SuspicionKind = "reads private"
OTHER_LIBRARY: SuspicionKind = "another library"  # one that no exercise needs: often harmless
NOT_IN_THE_CELLS: SuspicionKind = "not in the cells"  # what it calls is defined by a text that runs
#: Kinds that honest work has as well: they are told, and the submission is graded like any other.
MILD = frozenset({OTHER_LIBRARY, NOT_IN_THE_CELLS})
RIGHT_NO_POINTS: SuspicionKind = "right, no points"  # the policy takes them for the first kind
WRONG_NO_POINTS: SuspicionKind = "wrong, no points"

# Of a note: what is odd about the file.
NoteKind = Literal[
    "not code",
    "cell stopped",
    "left out",
    "twice",
    "changed later",
    "right later",
    "empty file",
    "module not there",
    "file not there",
    "told",
]
NOT_CODE: NoteKind = "not code"  # the cell of a task
CELL_STOPPED: NoteKind = "cell stopped"
LEFT_OUT: NoteKind = "left out"  # own work was not run, as others like it had used their part
TWICE: NoteKind = "twice"  # a task has several cells
CHANGED_LATER: NoteKind = "changed later"  # a later cell changed a function for the worse
RIGHT_LATER: NoteKind = "right later"  # a function is better at the end than after its cell
EMPTY_FILE: NoteKind = "empty file"
MODULE_NOT_THERE: NoteKind = "module not there"  # when the notebook runs, as it is a file beside it
FILE_NOT_THERE: NoteKind = "file not there"

# Of a reproduction: what became of the outputs that were handed in.
ReproductionKind = Literal["no outputs", "malformed", "endless", "other outputs", "same outputs"]
NO_OUTPUTS: ReproductionKind = "no outputs"  # none to compare
MALFORMED: ReproductionKind = "malformed"  # nbformat refuses the file, so it was not run
ENDLESS: ReproductionKind = "endless"
OTHER_OUTPUTS: ReproductionKind = "other outputs"
SAME_OUTPUTS: ReproductionKind = "same outputs"

#: How a SyntaxError names the file that a cell is compiled from.
_OF_CELL = re.compile(r"\(\d+\.py, line (\d+)\)")
_MOST_OF_ERROR = 200  # characters of an exception's text

TOLD: Literal["told"] = "told"  # in the sentence of an error, or of a report of an older version


@dataclass(frozen=True)
class PartPoints:
    """Points reached for a part of a task: for the values, the shape, the kind of number."""

    part: str
    reached: float
    possible: float


@dataclass(frozen=True)
class RaisedError:
    """An exception of the learner's code: the name of its class, and the first line of its text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A case in which an answer differs, in words.

    Attributes:
        number: number of the case, from 1.
        of: number of cases.
        call: the function's call with its arguments.
        got: the answer, or what was raised.
        expected: the reference's answer.
    """

    number: int
    of: int
    call: str
    got: str
    expected: str


@dataclass(frozen=True)
class Curve:
    """Both answers as curves; None stands for a value that is no finite number."""

    steps: tuple[float, ...]
    got: tuple[float | None, ...]
    expected: tuple[float | None, ...]


@dataclass(frozen=True)
class Suspicion:
    """A reason to look at the function of a task.

    Attributes:
        kind: the suspicious act, or what was done about it.
        task: name of the task.
        names: names that it calls, uses or reads, sorted.
        told: the sentence, where the kind is `TOLD`.
    """

    kind: SuspicionKind
    task: str = ""
    names: tuple[str, ...] = ()
    told: str = ""


@dataclass(frozen=True)
class Note:
    """A remark on the file for the learner.

    Attributes:
        kind: kind of the oddity.
        task: the task whose cell is meant; "" for a cell of the learner's own.
        begins: first line of the cell that is meant, cut off.
        why: one of `OUTCOMES`, why it was stopped or left out.
        told: the sentence, where the kind is `TOLD`.
        stopped_by: the limit that stopped it, a `StopKind`; "" where that is not known.
        name: name of the module or file that is meant.
    """

    kind: NoteKind
    task: str = ""
    begins: str = ""
    why: str = ""
    told: str = ""
    stopped_by: StopKind | Literal[""] = ""
    name: str = ""


@dataclass(frozen=True)
class Reproduction:
    """Whether the outputs that were handed in appear again when the notebook is run afresh.

    Attributes:
        kind: outcome of the comparison.
        compared: number of cells whose outputs were compared.
        different: number of those that print something else.
        named: the first of these, as Jupyter numbers them: "In [3]".
        left_out: number of cells with outputs that marks in the notebook hide from nbval.
        told: the sentence of a report of an older version, which has no numbers.
    """

    kind: ReproductionKind
    compared: int = 0
    different: int = 0
    named: tuple[str, ...] = ()
    left_out: int = 0
    told: str = ""

    @property
    def is_other(self) -> bool:
        """Whether some outputs did not appear again, or could not be compared."""
        return self.kind in (MALFORMED, ENDLESS, OTHER_OUTPUTS) or self.left_out > 0


@dataclass(frozen=True)
class TaskReport:
    """The points for a task, and how they were found.

    Attributes:
        task: name of the task.
        outcome: one of `OUTCOMES`.
        parts: points part by part.
        sentence: why there are no answers, or what scores are worth; "" where nothing is to be
            said.
        misconception: name of a known mistake, "" for none.
        cause: the likely cause, in a sentence; "" when nothing known fits.
        public: the first difference among the cases that a learner sees as well.
        hidden: the first difference among the cases of the secret seed: the instructor's alone
            unless the configuration shows it.
        curve: curve of a public case that differs.
        printed: output of the learner's cell, cut off.
        seconds: seconds that its calls took.
        stopped_by: the limit that stopped it, a `StopKind`; "" where none did.
        raised: the exception of a call, or of the task's cell where the function is missing.
    """

    task: str
    outcome: str
    parts: tuple[PartPoints, ...]
    sentence: str = ""
    misconception: str = ""
    cause: str = ""
    public: Shown | None = None
    hidden: Shown | None = None
    curve: Curve | None = None
    printed: str = ""
    seconds: float = 0.0
    stopped_by: StopKind | Literal[""] = ""
    raised: RaisedError | None = None

    @property
    def reached(self) -> float:
        """Points reached."""
        return sum(part.reached for part in self.parts)

    @property
    def possible(self) -> float:
        """Points that the task is worth."""
        return sum(part.possible for part in self.parts)

    @property
    def is_right(self) -> bool:
        """Whether all points are reached."""
        return self.reached >= self.possible


@dataclass(frozen=True)
class Report:
    """The points for a submission, and how they were found.

    Attributes:
        exercise: the exercise, a name of `tasks.EXERCISES`; "" where the file cannot be read.
        state: one of `STATES`.
        tasks: one an exercise's task, in the order of the exercise; empty where the file cannot
            be read.
        notes: remarks on the file for the learner.
        suspicions: functions that the instructor should look at.
        unsafe: whether it ran without a sandbox.
        reproduction: whether the outputs handed in appear again; None where that was not asked.
        printed: output and errors of cells outside of tasks, cut off.
        seconds: seconds that grading took.
        structure: fingerprints of the tasks' functions, as `intake.code_structure.packed` gives
            them.
    """

    exercise: str
    state: str
    tasks: tuple[TaskReport, ...] = ()
    notes: tuple[Note, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    unsafe: bool = False
    reproduction: Reproduction | None = None
    printed: str = ""
    seconds: float = 0.0
    structure: str = ""

    @property
    def reached(self) -> float:
        """Points reached."""
        return sum(task.reached for task in self.tasks)

    @property
    def possible(self) -> float:
        """Points that the exercise is worth; 0 where it is not known."""
        return sum(task.possible for task in self.tasks)

    @property
    def is_unwritten(self) -> bool:
        """Whether all functions of the notebook are still the ones that were given out."""
        return bool(self.tasks) and all(task.outcome == NOT_WRITTEN for task in self.tasks)


def outline(report: Report) -> Report:
    """Return a report without what only its student's page shows: a tenth of its size."""
    tasks = (
        dataclasses.replace(
            task,
            cause=sys.intern(task.cause),  # the same few sentences in a whole class
            misconception=sys.intern(task.misconception),
            sentence="",
            public=None,
            hidden=None,
            curve=None,
            printed="",
        )
        for task in report.tasks
    )
    return dataclasses.replace(report, tasks=tuple(tasks), printed="")


def cut(text: str, most: int) -> str:
    """Return a text, of at most so many characters; that some are missing is said."""
    return text if len(text) <= most else f"{text[:most]}… (cut off)"


def without_file(text: str) -> str:
    """Return the text of an error without the name that Python gives a cell: only a number."""
    return _OF_CELL.sub(r"(line \1)", text)


def raised_error(kind: str, text: str) -> RaisedError:
    """Return an exception for a report, which keeps little of what may be a very long text."""
    line = text[: 4 * _MOST_OF_ERROR].strip().partition("\n")[0].strip()
    line = without_file(line)
    return RaisedError(cut(kind, _MOST_OF_ERROR // 2), cut(line, _MOST_OF_ERROR))


def stopped_by(outcome: str, limit: str) -> StopKind | Literal[""]:
    """Return what stopped a task or a cell; "" where nothing did.

    Args:
        outcome: one of `OUTCOMES`.
        limit: the limit that was exceeded, by its name in the settings; "" for none.
    """
    return limit or (PROCESS_ENDED if outcome == DIED else "")
