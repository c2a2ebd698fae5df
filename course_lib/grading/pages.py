"""Writes the pages of a class: one a student, and one for the instructors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from course_lib.grading import report
from course_lib.grading.feedback import (
    AttentionView,
    Bin,
    ClassView,
    ExerciseView,
    MistakeView,
    StudentView,
    TaskView,
    class_page,
    page_name,
    student_page,
    write_pages,
)
from course_lib.grading.gradebook import Standing
from course_lib.grading.summary import ExerciseSummary, Summary, summary

CLASS_PAGE = "class.html"
FOLDER = "feedback"
_MOST_MISTAKES = 20
#: States that somebody should look at, the most urgent first.
_URGENT = (
    report.SUSPICIOUS,
    report.UNREADABLE,
    report.CRASHED,
    report.OVER_A_LIMIT,
    report.PARTLY_GRADED,
)


def write(
    standings: Sequence[Standing], whole: Iterable[Standing], out: Path, show_hidden: bool
) -> None:
    """Write all pages: `out`/class.html and `out`/feedback/<student>.html.

    Args:
        standings: as `Gradebook.standings` returns them.
        whole: the same with all of their reports, one after the other.
        out: the folder.
        show_hidden: whether students see arguments and expected values of hidden cases.
    """
    write_pages(out / FOLDER, _student_pages(whole, show_hidden))
    write_pages(out, [(CLASS_PAGE, class_page(class_view(standings), FOLDER))])


def _student_pages(standings: Iterable[Standing], show_hidden: bool) -> Iterator[tuple[str, str]]:
    for (student, user), own in groupby(standings, lambda one: (one.student, one.user)):
        reports = [one.report for one in own]
        yield page_name(student, user), student_page(student, reports, show_hidden)


def class_view(standings: Sequence[Standing]) -> ClassView:
    """Return what the page of a class shows."""
    found = summary(standings)
    return ClassView(
        students=found.students,
        states=found.states,
        exercises=tuple(map(_exercise_view, found.exercises)),
        tasks=tuple(_task_views(found)),
        mistakes=_mistakes(found),
        attention=tuple(_attention(standings)),
        rows=tuple(_rows(standings, [one.exercise for one in found.exercises])),
        unsafe=found.unsafe,
    )


def _exercise_view(one: ExerciseSummary) -> ExerciseView:
    width = one.possible / len(one.distribution)
    bins = [Bin(n * width, (n + 1) * width, count) for n, count in enumerate(one.distribution)]
    return ExerciseView(
        one.exercise, one.number, one.possible, one.mean * one.possible, tuple(bins)
    )


def _task_views(found: Summary) -> Iterator[TaskView]:
    for exercise in found.exercises:
        for task in exercise.tasks:
            yield TaskView(exercise.exercise, task.task, task.number, task.success_rate, task.mean)


def _mistakes(found: Summary) -> tuple[MistakeView, ...]:
    all_of_them = [
        MistakeView(name, task, number)
        for one in found.exercises
        for task, name, number in one.misconceptions
    ]
    # Sorting keeps the order of the course among those that are equally frequent.
    return tuple(sorted(all_of_them, key=lambda one: -one.students)[:_MOST_MISTAKES])


def _attention(standings: Sequence[Standing]) -> list[AttentionView]:
    urgent = [one for one in standings if one.report.state in _URGENT or one.report.suspicions]
    ordered = sorted(
        urgent,
        key=lambda one: _URGENT.index(one.report.state) if one.report.state in _URGENT else 9,
    )
    return [
        AttentionView(
            one.student,
            one.user,
            one.exercise,
            one.handed_in.place,
            one.report.state,
            (*one.report.suspicions, *one.report.notes, *_reasons(one)),
        )
        for one in ordered
    ]


def _reasons(one: Standing) -> list[str]:
    quiet = (report.ANSWERED, report.NOT_WRITTEN, report.MISSING)
    return [
        f"{task.task}: {task.outcome}." for task in one.report.tasks if task.outcome not in quiet
    ]


def _rows(standings: Sequence[Standing], exercises: Sequence[str]) -> Iterator[StudentView]:
    for (student, user), own in groupby(standings, lambda one: (one.student, one.user)):
        points = {one.exercise: one.report.reached for one in own}
        yield StudentView(student, user, tuple(points.get(name) for name in exercises))
