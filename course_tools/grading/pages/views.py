"""The data of the feedback pages: what a template is given, in words and numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

from course_tools.grading.gradebook.discrimination import Discrimination
from course_tools.grading.pages.people_view import PeopleView


@dataclass(frozen=True)
class Bin:
    """Students with at least `low` and less than `high` points; the last bin holds `high`, too."""

    low: float
    high: float
    students: int


@dataclass(frozen=True)
class ExerciseView:
    """The results of a class in an exercise.

    Attributes:
        exercise: its name.
        students: number of students who handed it in.
        possible: points it is worth.
        mean: points on average.
        bins: bars from the fewest points to the most.
    """

    exercise: str
    students: int
    possible: float
    mean: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True)
class TaskView:
    """The results of a class in a task.

    Attributes:
        exercise: the exercise.
        task: name of the task.
        students: number of students.
        right: share of them with all points.
        mean: mean share of the points.
        nothing: share of them without a point.
        discrimination: whether those who do well in the other tasks do well in it.
        seconds: time of all calls, in the middle and at the ninth decile.
    """

    exercise: str
    task: str
    students: int
    right: float
    mean: float
    nothing: float = 0.0
    discrimination: Discrimination | None = None
    seconds: tuple[float, float] | None = None


@dataclass(frozen=True)
class MistakeView:
    """A known mistake in a task.

    Attributes:
        misconception: its short name.
        task: in which it was made.
        students: number of students who made it.
        cause: the sentence that they read.
        who: some of them: (student, user) each.
        lesson: the lesson to read again, by name; "" where none is known.
        heading: heading of the part of it.
    """

    misconception: str
    task: str
    students: int
    cause: str = ""
    who: tuple[tuple[str, str], ...] = ()
    lesson: str = ""
    heading: str = ""


@dataclass(frozen=True)
class AttentionView:
    """A submission that somebody should look at.

    Attributes:
        student: name of the student who handed it in.
        user: the learning platform's number of the student, "" for none.
        exercise: its name, "" where the file cannot be read.
        file: its place among the submissions.
        state: one of `report.STATES`, or "nothing written".
        reasons: why, in sentences.
    """

    student: str
    user: str
    exercise: str
    file: str
    state: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AlikeView:
    """Hand-ins whose code has the same structure.

    Attributes:
        exercise: its name.
        people: (student, user) each; one where it is the shipped solution that theirs is like.
        share: share of the structure that they have in common, 0 to 1.
    """

    exercise: str
    people: tuple[tuple[str, str], ...]
    share: float


@dataclass(frozen=True)
class StudentView:
    """A student's points, exercise by exercise or task by task; None: no mark.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" for none.
        points: points, or "excused".
    """

    student: str
    user: str
    points: tuple[float | str | None, ...]


@dataclass(frozen=True)
class ByHandView:
    """A change of a mark by hand.

    Attributes:
        student: name of the student.
        user: the platform's number of the student, "" for none.
        exercise: name of the exercise.
        change: the change, such as "set to 4 of 6 points".
        reason: the reason given for it.
        who: name of the person who did it, and the day.
        graded: points of the grader now, in words.
        mark: mark that counts, in words.
    """

    student: str
    user: str
    exercise: str
    change: str
    reason: str
    who: str
    graded: str
    mark: str


@dataclass(frozen=True)
class MarkView:
    """A student's mark in an exercise.

    Attributes:
        points: points that count, None for no mark.
        possible: points that the exercise is worth.
        by_hand: changes by hand, in words.
        is_excused: whether no mark is expected.
    """

    points: float | None
    possible: float
    by_hand: tuple[str, ...] = ()
    is_excused: bool = False

    @property
    def counts(self) -> bool:
        """Whether the mark is part of the student's total."""
        return self.points is not None and self.possible > 0


@dataclass(frozen=True)
class TaskTable:
    """Every student's points in every task of an exercise.

    Attributes:
        exercise: its name.
        tasks: its tasks, by name.
        rows: one for each student who handed it in; None: the report has no such task.
    """

    exercise: str
    tasks: tuple[str, ...]
    rows: tuple[StudentView, ...]


@dataclass(frozen=True)
class SettingView:
    """A setting by its name in the configuration, with its value and the value by default."""

    name: str
    value: str
    default: str

    @property
    def is_default(self) -> bool:
        """Whether the value is the default."""
        return self.value == self.default


@dataclass(frozen=True)
class ClassView:
    """The data of the class page.

    Attributes:
        students: number of students who handed something in.
        states: (state, hand-ins that count in it), in the order in which they are shown.
        exercises: in the order of the course.
        tasks: in the order of the course.
        mistakes: the most frequent first.
        attention: submissions to look at, the most urgent first.
        rows: all students, in the order in which they are shown.
        unsafe: submissions that ran without a sandbox.
        tables: points of every task, exercise by exercise.
        alike: hand-ins whose code has the same structure, the most alike first.
        people: people who are missing, unknown or late, and the notebooks that were chosen.
        settings: the settings in force.
        by_hand: changes of marks by hand that are in force.
    """

    students: int
    states: tuple[tuple[str, int], ...]
    exercises: tuple[ExerciseView, ...] = ()
    tasks: tuple[TaskView, ...] = ()
    mistakes: tuple[MistakeView, ...] = ()
    attention: tuple[AttentionView, ...] = ()
    rows: tuple[StudentView, ...] = ()
    unsafe: int = 0
    tables: tuple[TaskTable, ...] = ()
    alike: tuple[AlikeView, ...] = ()
    people: PeopleView = field(default_factory=PeopleView)
    settings: tuple[SettingView, ...] = ()
    by_hand: tuple[ByHandView, ...] = ()
