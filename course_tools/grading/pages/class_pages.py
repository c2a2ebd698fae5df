"""Writes the pages of a class: one a student, and one for the instructors."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path, PurePosixPath

import course_tasks
from course_tools.grading import report
from course_tools.grading.gradebook import similarity
from course_tools.grading.gradebook.adjustments import graded_points
from course_tools.grading.gradebook.journal import Standing
from course_tools.grading.gradebook.summary import ClassSummary, ExerciseSummary, summary
from course_tools.grading.intake.code_structure import unpacked
from course_tools.grading.intake.course_exercises import structure_given, structure_of_solution
from course_tools.grading.pages.by_hand_words import (
    action_words,
    adjustment_words,
    mark_words,
    number_words,
    outdated_words,
)
from course_tools.grading.pages.feedback import (
    class_page,
    page_name,
    remove_other_pages,
    report_page,
    student_page,
    write_pages,
)
from course_tools.grading.pages.people_view import PeopleView, late_words
from course_tools.grading.pages.report_words import (
    joined,
    note_words,
    reproduction_words,
    stopped_words,
    suspicion_words,
)
from course_tools.grading.pages.views import (
    AlikeView,
    AttentionView,
    Bin,
    ByHandView,
    ClassView,
    ExerciseView,
    MarkView,
    MistakeView,
    SettingView,
    StudentView,
    TaskTable,
    TaskView,
)
from course_tools.grading.report import Note, Report
from course_tools.grading.settings import Settings, in_words

CLASS_PAGE = "class.html"
CLASS_REPORT = "class-report.html"
FOLDER = "feedback"
_MOST_MISTAKES = 20
_MOST_NAMED = 5
_EMPTY = hashlib.sha256(b"").hexdigest()
_NOTHING = "nothing written"
#: States that somebody should look at, the most urgent first.
_URGENT = (
    report.SUSPICIOUS,
    report.UNREADABLE,
    report.CRASHED,
    report.OVER_A_LIMIT,
    report.PARTLY_GRADED,
)


def write(
    standings: Sequence[Standing],
    whole: Iterable[Standing],
    out: Path,
    settings: Settings,
    *,
    pending: int = 0,
    people: PeopleView | None = None,
) -> None:
    """Write all pages: those of `out`/feedback, and two of the class.

    Args:
        standings: as `Gradebook.standings` returns them.
        whole: the same with all of their reports, one after the other.
        out: the folder.
        settings: the settings in force, which the page of the class shows; they also say whether
            students see arguments and expected values of hidden cases.
        pending: files that have no result yet.
        people: people who are missing, unknown or late, and the notebooks that were chosen.
    """
    write_pages(out / FOLDER, _student_pages(whole, settings.policy.show_hidden))
    remove_other_pages(out / FOLDER, {page_name(one.student, one.user) for one in standings})
    view = dataclasses.replace(
        class_view(standings),
        people=people or PeopleView(),
        settings=tuple(_setting_views(settings)),
    )
    pages = [
        (CLASS_PAGE, class_page(view, FOLDER, pending=pending)),
        (CLASS_REPORT, report_page(view, pending=pending)),
    ]
    write_pages(out, pages)


def _setting_views(settings: Settings) -> Iterator[SettingView]:
    defaults = in_words(Settings())
    for name, value in in_words(settings).items():
        yield SettingView(name, value, defaults[name])


def _student_pages(standings: Iterable[Standing], show_hidden: bool) -> Iterator[tuple[str, str]]:
    for (student, user), own in groupby(standings, lambda one: (one.student, one.user)):
        yield page_name(student, user), feedback_page(list(own), show_hidden)


def feedback_page(standings: Sequence[Standing], show_hidden: bool) -> str:
    """Return the page of a student.

    Args:
        standings: the student's, with all of their reports; at least one.
        show_hidden: whether it shows arguments and expected values of hidden cases.
    """
    # What went well is read first.
    ordered = sorted(standings, key=lambda one: one.report.state == report.UNREADABLE)
    files = [PurePosixPath(one.handed_in.place).name for one in ordered]
    reports = [_report(one) for one in ordered]
    late = [late_words(one.late, one.points, one.possible) for one in ordered]
    marks = [_mark(one) for one in ordered]
    return student_page(ordered[0].student, reports, show_hidden, files, late, marks)


def _mark(one: Standing) -> MarkView:
    words = tuple(map(adjustment_words, one.adjustments))
    return MarkView(one.points, one.possible, words, one.is_excused)


def _report(one: Standing) -> Report:
    """Return a report; that of an empty file says so, rather than what a parser says to it."""
    if one.handed_in.sha256 != _EMPTY:
        return one.report
    return dataclasses.replace(one.report, notes=(Note(report.EMPTY_FILE),))


def class_view(standings: Sequence[Standing]) -> ClassView:
    """Return what the page of a class shows."""
    found = summary(standings)
    return ClassView(
        students=found.students,
        states=found.states,
        exercises=tuple(map(_exercise_view, found.exercises)),
        tasks=tuple(_task_views(found)),
        mistakes=_mistakes(found, standings),
        attention=tuple(_attention(standings)),
        rows=tuple(_rows(standings, [one.exercise for one in found.exercises])),
        unsafe=found.unsafe,
        tables=tuple(_task_table(one, standings) for one in found.exercises),
        alike=tuple(_alike(standings)),
        by_hand=tuple(_by_hand(standings)),
    )


def _alike(standings: Sequence[Standing]) -> Iterator[AlikeView]:
    """Yield whose work has the structure of somebody else's, or of the shipped solution."""
    structures: dict[str, dict[tuple[str, str], frozenset[int]]] = defaultdict(dict)
    for one in standings:
        if one.exercise in course_tasks.EXERCISES and one.report.structure:
            numbers = frozenset(unpacked(one.report.structure))
            structures[one.exercise][one.student, one.user] = numbers
    for exercise, by_person in sorted(structures.items()):
        solution, given = structure_of_solution(exercise), structure_given(exercise)
        for found in (
            *similarity.like_solution(by_person, solution, given),
            *similarity.alike(by_person, solution | given),
        ):
            yield AlikeView(exercise, found.people, found.share)


def _by_hand(standings: Sequence[Standing]) -> Iterator[ByHandView]:
    for one in standings:
        for each in one.adjustments:
            yield ByHandView(
                one.student,
                one.user,
                one.exercise,
                action_words(each),
                each.reason,
                f"{each.by}, {each.at:%Y-%m-%d}" if each.at else each.by,
                number_words(graded_points(one.report, each.task)),
                mark_words(one),
            )


def _exercise_view(one: ExerciseSummary) -> ExerciseView:
    width = one.possible / len(one.distribution)
    bins = [Bin(n * width, (n + 1) * width, count) for n, count in enumerate(one.distribution)]
    return ExerciseView(
        one.exercise, one.number, one.possible, one.mean * one.possible, tuple(bins)
    )


def _task_views(found: ClassSummary) -> Iterator[TaskView]:
    for exercise in found.exercises:
        for task in exercise.tasks:
            yield TaskView(
                exercise.exercise,
                task.task,
                task.number,
                task.success_rate,
                task.mean,
                task.nothing / task.number,
                task.discrimination,
                task.seconds,
            )


def _task_table(exercise: ExerciseSummary, standings: Sequence[Standing]) -> TaskTable:
    names = tuple(task.task for task in exercise.tasks)
    rows = []
    for one in standings:
        if one.exercise == exercise.exercise and graded_points(one.report) is not None:
            points = {task.task: task.reached for task in one.report.tasks}
            rows.append(StudentView(one.student, one.user, tuple(map(points.get, names))))
    return TaskTable(exercise.exercise, names, tuple(rows))


def _mistakes(found: ClassSummary, standings: Sequence[Standing]) -> tuple[MistakeView, ...]:
    causes: dict[tuple[str, str, str], str] = {}
    who: dict[tuple[str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for one in standings:
        if one.is_excused:
            continue  # as in the number of students
        for task in one.report.tasks:
            mistake = (one.exercise, task.task, task.misconception)
            causes.setdefault(mistake, task.cause)
            if len(who[mistake]) < _MOST_NAMED:
                who[mistake].append((one.student, one.user))
    all_of_them = [
        MistakeView(
            name,
            task,
            number,
            causes[one.exercise, task, name],
            tuple(who[one.exercise, task, name]),
            *section_of(task),
        )
        for one in found.exercises
        for task, name, number in one.misconceptions
    ]
    # Sorting keeps the order of the course among those that are equally frequent.
    return tuple(sorted(all_of_them, key=lambda one: -one.students)[:_MOST_MISTAKES])


def section_of(task: str) -> tuple[str, str]:
    """Return the lesson that a task is about and the part's heading; "" where it is not known."""
    found = course_tasks.ALL[task].section if task in course_tasks.ALL else None
    return (found.lesson, found.heading) if found else ("", "")


def _attention(standings: Sequence[Standing]) -> list[AttentionView]:
    copies = _copies(standings)
    found = [(one, [*_reasons(one), *_same_file(one, copies)]) for one in standings]
    urgent = [
        (one, reasons)
        for one, reasons in found
        if reasons or one.report.suspicions or one.report.state in _URGENT
    ]
    ordered = sorted(
        urgent,
        key=lambda pair: (
            _URGENT.index(pair[0].report.state) if pair[0].report.state in _URGENT else 9
        ),
    )
    return [
        AttentionView(
            one.student,
            one.user,
            one.exercise,
            one.handed_in.place,
            _NOTHING if _is_untouched(one.report) else one.report.state,
            (*_told_to_staff(_report(one)), *reasons),
        )
        for one, reasons in ordered
    ]


def _is_untouched(found: Report) -> bool:
    return found.state == report.GRADED and found.is_unwritten


def _told_to_staff(found: Report) -> Iterator[str]:
    yield from map(suspicion_words, found.suspicions)
    for note in joined(found.notes):
        yield note_words(note, for_staff=True)


def _copies(standings: Sequence[Standing]) -> dict[str, dict[tuple[str, str], str]]:
    """Return, by a file's hash, who handed it in; what holds nothing is nobody's work."""
    found: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
    for one in standings:
        if one.handed_in.sha256 not in ("", _EMPTY) and not one.report.is_unwritten:
            shown = f"{one.student} ({one.user})" if one.user else one.student
            found[one.handed_in.sha256][one.student, one.user] = shown
    return found


def _same_file(one: Standing, copies: dict[str, dict[tuple[str, str], str]]) -> list[str]:
    same = copies.get(one.handed_in.sha256, {})
    if len(same) < 2 or (one.student, one.user) not in same:
        return []
    others = (name for who, name in same.items() if who != (one.student, one.user))
    named = ", ".join(islice(others, _MOST_NAMED))
    more = len(same) - 1 - _MOST_NAMED
    return [f"The same file as {named}" + (f" and {more} more." if more > 0 else ".")]


def _reasons(one: Standing) -> list[str]:
    """Return reasons to look in addition to the state's own."""
    found = one.report
    quiet = (report.ANSWERED, report.NOT_WRITTEN, report.MISSING)
    reasons = [
        f"{task.task}: {stopped_words(task.stopped_by) or task.outcome}."
        for task in found.tasks
        if task.outcome not in quiet
    ]
    if _is_untouched(found):
        reasons.append("Nothing is written in it yet.")
    reasons += [f"By hand {words}." for words in outdated_words(one)]
    if found.reproduction is not None and found.reproduction.is_other:
        reasons.append(reproduction_words(found.reproduction))
    return reasons


def _rows(standings: Sequence[Standing], exercises: Sequence[str]) -> Iterator[StudentView]:
    for (student, user), own in groupby(standings, lambda one: (one.student, one.user)):
        points = {one.exercise: "excused" if one.is_excused else one.points for one in own}
        yield StudentView(student, user, tuple(points.get(name) for name in exercises))
