"""The numbers of a class are those that one gets by hand, or from numpy."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_tools.grading.gradebook.discrimination import discrimination
from course_tools.grading.gradebook.summary import summary
from course_tools.grading.report import NOT_WRITTEN, REACHES_BEYOND, TIMED_OUT, Suspicion
from tests.tools.grading.example_reports import (
    full_report,
    report,
    standing,
    task_report,
    unreadable_report,
)

SUSPICION = Suspicion(REACHES_BEYOND, "lr_at_step", ("socket",))


def class_of(*reached):
    """A class in which the students reached so many of four points."""
    return [standing(f"student {n}", "", report(reached=one)) for n, one in enumerate(reached)]


def test_an_empty_class():
    found = summary([])
    assert (found.students, found.states, found.exercises) == (0, (), ())


def test_a_class_by_hand():
    found = summary(
        [
            *class_of(2.0, 1.0, 0.0),
            standing("student 0", "", report("ex05_cyclical")),
            standing("eve", "", unreadable_report()),
            standing("fay", "1", full_report()),
            standing(
                "fay", "2", report("ex05_cyclical", state="suspicious", suspicions=(SUSPICION,))
            ),
        ]
    )
    assert found.students == 6
    assert found.states == (("graded", 5), ("unreadable", 1), ("suspicious", 1))
    assert (found.suspicious, found.unsafe) == (2, 1)
    assert [one.exercise for one in found.exercises] == ["ex04_warmup", "ex05_cyclical"]
    first = found.exercises[0]
    assert (first.number, first.possible) == (4, 4.0)
    assert first.mean == pytest.approx((0.5 + 0.25 + 0.0 + 1.75 / 2) / 4)
    assert first.distribution == (1, 0, 1, 0, 0, 1, 0, 0, 1, 0)
    assert first.states == (("graded", 4),)
    assert first.misconceptions == (("lr_at_step", "whole run", 1),)
    one, other = first.tasks
    assert (one.task, one.number, one.right, one.success_rate) == ("lr_at_step", 4, 1, 0.25)
    assert one.mean == pytest.approx((2 + 1 + 0 + 1.75) / 8)
    assert one.outcomes == (("answered", 4),)
    assert (other.task, other.number, other.outcomes) == ("with_warmup", 3, (("not written", 3),))


@given(st.lists(st.sampled_from([n / 8 for n in range(17)]), min_size=1, max_size=30))
def test_mean_and_quartiles_are_numpys(reached):
    (found,) = summary(class_of(*reached)).exercises
    shares = np.array(reached) / 4
    assert found.mean == pytest.approx(shares.mean())
    assert found.quartiles == pytest.approx(tuple(np.percentile(shares, [25, 50, 75])))
    assert sum(found.distribution) == len(reached)


@pytest.mark.parametrize(
    ("reached", "number"), [(0.0, 0), (0.1, 1), (0.1 * 3, 3), (1 - 0.9, 1), (0.99, 9), (1.0, 9)]
)
def test_the_part_of_the_distribution(reached, number):
    worth = report(tasks=(task_report(reached=reached, possible=1.0),))
    (found,) = summary([standing(worth=worth)]).exercises
    assert [n for n, count in enumerate(found.distribution) if count] == [number]


def test_the_most_frequent_mistakes_come_first():
    made = ("late", "early", "late", "", "early", "flat", "late")
    reports = [report(tasks=(task_report(misconception=name),)) for name in made]
    for order in (reports, reports[::-1]):
        (found,) = summary([standing(str(n), "", one) for n, one in enumerate(order)]).exercises
        mistakes = (("late", 3), ("early", 2), ("flat", 1))
        assert found.tasks[0].misconceptions == mistakes
        assert found.misconceptions == tuple(("lr_at_step", *one) for one in mistakes)


def test_a_report_that_lost_its_tasks_changes_no_order():
    short = report(tasks=(task_report("with_warmup"),))
    (found,) = summary([standing("a", "", short), standing("b")]).exercises
    assert [one.task for one in found.tasks] == ["lr_at_step", "with_warmup"]


def test_what_cannot_be_read_is_in_no_exercise():
    named = replace(unreadable_report(), exercise="ex04_warmup")
    assert summary([standing(worth=named)]).exercises == ()


def test_a_report_without_tasks_reached_nothing():
    (found,) = summary([standing(worth=report(state="crashed", tasks=()))]).exercises
    assert (found.mean, found.possible, found.tasks) == (0.0, 0, ())
    assert found.distribution[0] == 1


def test_the_numbers_of_a_task_by_hand():
    times = (0.1, 0.2, 0.3, 0.4, 4.0)
    reports = [
        report(tasks=(task_report(reached=reached, seconds=seconds),))
        for reached, seconds in zip((0.0, 1.0, 1.0, 2.0, 2.0), times, strict=True)
    ]
    stopped = task_report(reached=0.0, seconds=99.0, outcome=TIMED_OUT)
    reports.append(report(tasks=(stopped,)))
    (found,) = summary([standing(str(n), "", one) for n, one in enumerate(reports)]).exercises
    (task,) = found.tasks
    assert (task.possible, task.right, task.nothing, task.number) == (2.0, 2, 2, 6)
    assert task.quartiles == (0.25, 1.0, 1.75)
    assert task.seconds == pytest.approx((0.3, 2.56))
    assert (found.right, found.nothing) == (2, 2)
    assert task.discrimination is None


def test_only_those_who_wrote_something_say_how_a_task_discriminates():
    shares = [(n % 3, n % 4) for n in range(24)]
    tasks = [
        (task_report("a", float(first)), task_report("b", float(second), 3.0))
        for first, second in shares
    ]
    class_ = [standing(str(n), "", report(tasks=one)) for n, one in enumerate(tasks)]
    untouched = tuple(task_report(name, 0.0, outcome=NOT_WRITTEN) for name in "ab")
    lost = report(state="crashed", tasks=(task_report("a"),))
    (found,) = summary(
        [*class_, standing("x", "", report(tasks=untouched)), standing("y", "", lost)]
    ).exercises
    points = np.array(shares, dtype=float)
    assert [one.discrimination for one in found.tasks] == [
        discrimination(points, 0),
        discrimination(points, 1),
    ]
    assert found.tasks[0].discrimination.students == 24
    assert [one.number for one in found.tasks] == [26, 25]
