"""What the grader finds out about a submission: data that goes to the gradebook and the pages."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Of one task: whether its function gave answers, and if not, why.
ANSWERED = "answered"
NOT_WRITTEN = "not written"  # the stub as it was given out
MISSING = "missing"  # no function of this name is there after the learner's cells ran
TIMED_OUT = "timed out"
DIED = "crashed"  # the learner's process ended
OVER_LIMIT = "over a limit"
OUTCOMES = (ANSWERED, NOT_WRITTEN, MISSING, TIMED_OUT, DIED, OVER_LIMIT)

# Of a submission.
GRADED = "graded"
PARTLY_GRADED = "partly graded"  # some task, or some other cell, was stopped: it took too long
UNREADABLE = "unreadable"  # it is no notebook of the course; nothing was run
CRASHED = "crashed"  # a task's process ended
OVER_A_LIMIT = "over a limit"  # memory, output or the size of a message
SUSPICIOUS = "suspicious"  # graded, and somebody should look at it
STATES = (GRADED, PARTLY_GRADED, UNREADABLE, CRASHED, OVER_A_LIMIT, SUSPICIOUS)


@dataclass(frozen=True)
class PartPoints:
    """Points reached for a part of a task: for the values, the shape, the kind of number."""

    part: str
    reached: float
    possible: float


@dataclass(frozen=True)
class Shown:
    """A case in which an answer differs, in words.

    Attributes:
        number: of the case, from 1.
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
class TaskReport:
    """What a task's function is worth.

    Attributes:
        task: name of the task.
        outcome: one of `OUTCOMES`.
        parts: points part by part.
        sentence: why there are no answers, or what scores are worth; "" where nothing is to be
            said.
        misconception: name of a known mistake, "" for none.
        cause: what probably went wrong, in a sentence; "" when nothing known fits.
        public: the first difference among the cases that a learner sees as well.
        hidden: the first difference among the cases of the secret seed: the instructor's alone
            unless the configuration shows it.
        curve: of a public case that differs.
        printed: what the learner's cell printed, cut off.
        seconds: that its calls took.
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
    """What a submission is worth.

    Attributes:
        exercise: the exercise, a name of `tasks.EXERCISES`; "" where the file cannot be read.
        state: one of `STATES`.
        tasks: one an exercise's task, in the order of the exercise; empty where the file cannot
            be read.
        notes: what the learner should know about the file, in sentences.
        suspicions: what the instructor should look at, in sentences.
        unsafe: whether it ran without a sandbox.
        reproduction: whether the outputs handed in appear again; "" where that was not asked.
        printed: what cells outside of tasks printed or raised, cut off.
        seconds: that grading took.
    """

    exercise: str
    state: str
    tasks: tuple[TaskReport, ...] = ()
    notes: tuple[str, ...] = ()
    suspicions: tuple[str, ...] = ()
    unsafe: bool = False
    reproduction: str = ""
    printed: str = ""
    seconds: float = 0.0

    @property
    def reached(self) -> float:
        """Points reached."""
        return sum(task.reached for task in self.tasks)

    @property
    def possible(self) -> float:
        """Points that the exercise is worth; 0 where it is not known."""
        return sum(task.possible for task in self.tasks)


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


def storable(value: Any) -> Any:
    """Return a report, or a part of one, whose texts every database and file can hold.

    A kernel can send half of a surrogate pair, which UTF-8 does not have, and the character 0,
    which PostgreSQL does not have: a question mark stands for them.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "?")
    if isinstance(value, tuple):
        return tuple(storable(one) for one in value)
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value)]
        return dataclasses.replace(value, **{n: storable(getattr(value, n)) for n in names})
    return value


def to_json(report: Report) -> str:
    """Return a report as JSON; `from_json` reads it."""
    return json.dumps(dataclasses.asdict(report), allow_nan=False, sort_keys=True)


def from_json(text: str) -> Report:
    """Return the report that `to_json` wrote."""
    found = json.loads(text)
    found["tasks"] = tuple(_task_report(task) for task in found["tasks"])
    found["notes"] = tuple(found["notes"])
    found["suspicions"] = tuple(found["suspicions"])
    return Report(**found)


def _task_report(found: Mapping[str, Any]) -> TaskReport:
    values = dict(found)
    values["parts"] = tuple(PartPoints(**part) for part in values["parts"])
    for name in ("public", "hidden"):
        values[name] = Shown(**values[name]) if values[name] else None
    if values["curve"]:
        values["curve"] = Curve(**{name: tuple(v) for name, v in values["curve"].items()})
    return TaskReport(**values)
