"""Marks by hand: which count, what mark they make, and that nothing takes them away."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from course_tools.grading.gradebook.adjustments import in_force, outdated, points_that_count
from course_tools.grading.gradebook.engine import GradebookError
from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.report import NOT_HANDED_IN
from tests.tools.grading.example_reports import (
    by_hand,
    handed_in,
    key,
    report,
    task_report,
    unreadable_report,
)
from tests.tools.grading.gradebook.gradebooks import HOSTILE, contents

TWO = report(tasks=(task_report("a", 1.0), task_report("b", 2.0)))  # 3 of 4 points


@pytest.mark.parametrize(
    ("changes", "points"),
    [
        ([], 3.0),
        ([by_hand("set", 1.5)], 1.5),
        ([by_hand("set", 1.0), by_hand("set", 2.0)], 2.0),
        ([by_hand("bonus", 0.5)], 3.5),
        ([by_hand("bonus", 0.5), by_hand("bonus", 2.0)], 5.0),  # the last one counts
        ([by_hand("bonus", -0.5)], 2.5),
        ([by_hand("bonus", -9.0)], 0.0),
        ([by_hand("set", 1.0), by_hand("bonus", 0.5)], 1.5),
        ([by_hand("set", 2.0, task="a")], 4.0),
        ([by_hand("set", 0.5, task="a"), by_hand("bonus", 1.0, task="a")], 3.5),
        ([by_hand("bonus", -2.0, task="a")], 2.0),  # no task below 0
        ([by_hand("set", 0.0, task="a"), by_hand("set", 4.0)], 4.0),  # the whole exercise's counts
        ([by_hand("set", 1.0, task="gone")], 4.0),  # of a task that the exercise no longer has
        ([by_hand("excuse")], None),
        ([by_hand("excuse"), by_hand("bonus", 1.0)], None),
        ([by_hand("set", 1.0), by_hand("excuse")], None),
        ([by_hand("excuse"), by_hand("set", 1.0)], 1.0),
        ([by_hand("set", 1.0), by_hand("bonus", 1.0), by_hand("undo")], 3.0),
        ([by_hand("set", 1.0), by_hand("undo"), by_hand("set", 2.0)], 2.0),
        ([by_hand("set", 2.0, task="a"), by_hand("undo")], 4.0),
        ([by_hand("set", 2.0, task="a"), by_hand("undo", task="a")], 3.0),
    ],
)
def test_the_mark_that_counts(changes, points):
    found = in_force(changes).get(("ada", "", "ex04_warmup"), ())
    assert points_that_count(TWO, found) == points


def test_without_a_result_a_mark_by_hand_counts():
    assert points_that_count(unreadable_report(), ()) is None
    assert points_that_count(unreadable_report(), [by_hand("set", 1.0)]) == 1.0
    assert points_that_count(unreadable_report(), [by_hand("bonus", 0.5)]) == 0.5


def test_a_mark_under_which_the_graders_points_changed_is_told():
    changes = (by_hand("set", 1.0, graded=3.0), by_hand("bonus", 1.0, task="a", graded=1.0))
    assert list(outdated(TWO, changes)) == []
    better = report(tasks=(task_report("a", 1.5), task_report("b", 2.0)))
    assert list(outdated(better, changes)) == list(changes)
    assert list(outdated(better, (by_hand("excuse"),))) == []
    assert len(list(outdated(unreadable_report(), changes))) == 2
    assert list(outdated(unreadable_report(), (by_hand("set", 1.0, graded=None),))) == []


def test_it_is_kept_as_it_was_and_nothing_is_overwritten(book, url):
    changes = [by_hand("set", 1.0), by_hand("set", 0.1 + 0.2), by_hand("excuse"), by_hand("undo")]
    assert book.adjust(*changes) == [True] * 4
    with Gradebook(url) as again:
        assert [replace(one, at=None) for one in again.adjustments()] == changes
        assert all(one.at.utcoffset().total_seconds() == 0 for one in again.adjustments())


@pytest.mark.parametrize("name", HOSTILE)
def test_names_and_reasons_of_any_kind_come_back(book, name):
    change = by_hand("set", 1.0, student=name, user=name, reason=name, by=name, task=name)
    book.adjust(change)
    assert [replace(one, at=None) for one in book.adjustments()] == [change]


def test_what_is_in_force_is_not_written_again(book, url):
    change, other = by_hand("set", 1.0), by_hand("bonus", 0.5)
    assert book.adjust(change, other) == [True, True]
    before = contents(url)
    assert book.adjust(change, other) == [False, False]
    assert contents(url) == before
    # Another reason, or other points of the grader under it, is something new.
    assert (
        book.adjust(replace(change, reason="So it is."), replace(other, graded=3.0)) == [True] * 2
    )
    assert book.adjust(by_hand("undo"), by_hand("undo")) == [True, False]
    assert book.adjust(change) == [True]
    assert len(book.adjustments()) == 6


def test_all_are_written_or_none(book):
    with pytest.raises((GradebookError, TypeError)):
        book.adjust(by_hand("set", 1.0), by_hand("set", object()))
    assert book.adjustments() == []


def test_no_regrade_seed_setting_or_attempt_changes_a_mark_by_hand(book):
    book.hand_in(handed_in())
    book.record(key(), report(reached=2.0))
    book.adjust(by_hand("set", 1.0))
    book.record(key(), report(reached=0.5), revision=2)
    book.record(key(seed=8), report(reached=0.25))
    book.record(key(settings="t"), report(reached=0.75))
    book.hand_in(handed_in(content="b", order=2))
    book.record(key("b"), report(reached=1.75))
    book.secret_seed(9)
    for attempts in ("latest", "first", "best"):
        (one,) = book.standings(attempts)
        assert (one.points, len(one.adjustments)) == (1.0, 1)
    (whole,) = book.whole(book.standings())
    assert (whole.points, whole.report.reached) == (1.0, 1.75)


def test_who_handed_in_nothing_stands_there_with_a_mark_by_hand(book):
    book.hand_in(handed_in("ada"), handed_in("zoe", "b", exercise=""))
    book.record(key("a"), report())
    book.record(key("b"), unreadable_report())
    book.adjust(by_hand("excuse", student="bob"), by_hand("set", 3.0, student="zoe", graded=None))
    standings = book.standings()
    assert [(one.student, one.exercise, one.points, one.possible) for one in standings] == [
        ("ada", "ex04_warmup", 2.0, 4.0),
        ("bob", "ex04_warmup", None, 4.0),
        ("zoe", "", None, 0.0),
        ("zoe", "ex04_warmup", 3.0, 4.0),
    ]
    assert [one.is_excused for one in standings] == [False, True, False, False]
    assert [one.report.state for one in book.whole(standings)][1] == NOT_HANDED_IN


def test_a_mark_follows_a_student_whom_a_roster_names(book):
    book.hand_in(handed_in("ada"))
    book.record(key("a"), report())
    book.adjust(by_hand("set", 1.0))
    person = ("Ada Lovelace", "4711")
    (one,) = book.standings(people={("ada", ""): person})
    assert ((one.student, one.user), one.points) == (person, 1.0)
    book.adjust(by_hand("set", 3.0, student=person[0], user=person[1]))
    (one,) = book.standings(people={("ada", ""): person})
    assert one.points == 3.0


def test_late_days_take_nothing_from_a_mark_by_hand():
    assert points_that_count(TWO, (), 1.0) == 2.0
    assert points_that_count(TWO, (by_hand("bonus", 0.5),), 1.0) == 2.5
    assert points_that_count(TWO, (by_hand("set", 2.0, task="a"),), 1.0) == 3.0
    assert points_that_count(TWO, (by_hand("set", 4.0),), 1.0) == 4.0


def test_a_mark_that_somebody_changed_in_the_file_is_damage(book, url):
    book.adjust(by_hand("set", 1.0))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE adjustments SET points = 4"))
    engine.dispose()
    with pytest.raises(
        GradebookError, match=r"adjustment 1 is not as it was written \(it is damaged"
    ):
        book.standings()


def test_a_gradebook_of_the_version_before_marks_by_hand_goes_on(book, url):
    book.hand_in(handed_in())
    book.record(key(), report())
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE adjustments"))
        connection.execute(sa.text("UPDATE settings SET value = '1' WHERE name = 'schema'"))
    engine.dispose()
    with Gradebook(url, create=False) as again:
        assert [one.points for one in again.standings()] == [2.0]
        again.adjust(by_hand("set", 1.0))
        assert [one.points for one in again.standings()] == [1.0]
    schema = [dict(row)["value"] for table, row in contents(url) if table == "settings"]
    assert schema == ["2"]


ACTIONS = st.one_of(
    st.builds(by_hand, st.just("set"), st.integers(0, 4).map(float), task=st.sampled_from("ab")),
    st.builds(by_hand, st.sampled_from(["excuse", "undo"])),
    st.builds(
        by_hand, st.just("bonus"), st.integers(-2, 2).map(float), task=st.sampled_from(["", "a"])
    ),
    st.builds(by_hand, st.just("set"), st.integers(0, 4).map(float)),
)


@given(st.lists(ACTIONS, max_size=8))
def test_the_order_of_tables_is_the_same_and_marks_are_never_negative(changes):
    found = in_force(changes).get(("ada", "", "ex04_warmup"), ())
    assert [(one.task, one.action == "bonus") for one in found] == sorted(
        {(one.task, one.action == "bonus") for one in found}
    )
    points = points_that_count(TWO, found)
    assert points is None or points >= 0
    assert (points is None) == any(one.action == "excuse" for one in found)
