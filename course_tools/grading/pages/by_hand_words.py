"""Puts marks by hand into words, for pages, tables and the command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from course_tools.grading.gradebook.adjustments import (
    EXCUSE,
    SET,
    UNDO,
    Adjustment,
    graded_points,
    outdated,
)
from course_tools.grading.gradebook.journal import Standing
from course_tools.grading.visible_text import visible

_DIGITS = 2


def action_words(one: Adjustment) -> str:
    """Return what was done, such as "set to 4 of 6 points"."""
    if one.action == EXCUSE:
        return "excused"
    if one.action == UNDO:
        return f"{_of_task(one)}the grader's mark again"
    if one.action == SET:
        return f"{_of_task(one)}set to {number_words(one.points)} of {_points(one.possible)}"
    if one.points < 0:
        return f"{_of_task(one)}{_points(-one.points)} taken off"
    return f"{_of_task(one)}bonus of {_points(one.points)}"


def adjustment_words(one: Adjustment) -> str:
    """Return what was done, why, by whom and when."""
    when = f", {one.at:%Y-%m-%d}" if one.at else ""
    return f"{action_words(one)}: {one.reason} ({one.by}{when})"


def outdated_words(standing: Standing) -> Iterator[str]:
    """Return words for each mark by hand under which the grader's points have changed."""
    for one in outdated(standing.report, standing.adjustments):
        then, now = one.graded, graded_points(standing.report, one.task)
        yield (
            f"{action_words(one)} when the grader's points were {number_words(then)}; they are "
            f"{number_words(now)} now"
        )


def outdated_lines(standings: Iterable[Standing]) -> Iterator[str]:
    """Yield lines for the console on marks under which the grader's points have changed, if any."""
    found = [(one, words) for one in standings for words in outdated_words(one)]
    if found:
        yield "The grader's points changed under marks by hand, which stay:"
    for one, words in found:
        yield f"  {who_words(one)}: {visible(words)}"


def who_words(one: Adjustment | Standing) -> str:
    """Return the student and the exercise, for the console."""
    user = f" ({one.user})" if one.user else ""
    return visible(f"{one.student}{user}, {one.exercise}")


def mark_words(standing: Standing) -> str:
    """Return the mark that counts, such as "4 of 6 points"."""
    if standing.is_excused:
        return "excused"
    if standing.points is None:
        return "no mark"
    return f"{number_words(standing.points)} of {_points(standing.possible)}"


def without_work_words(by_hand: Standing | None) -> str:
    """Return what somebody without work has by hand: "excused", a mark, or "" for neither."""
    if by_hand is None:
        return ""
    return "excused" if by_hand.is_excused else f"{mark_words(by_hand)} by hand"


def number_words(value: float | None) -> str:
    """Return points with at most two digits after the point; "none" where there are none."""
    return "none" if value is None else f"{round(value, _DIGITS) + 0.0:.10g}"


def _points(value: float) -> str:
    return f"{number_words(value)} {'point' if value == 1 else 'points'}"


def _of_task(one: Adjustment) -> str:
    return f"{one.task}: " if one.task else ""
