"""From files and results: which attempt counts, and what a regrade changed."""

import json
from dataclasses import replace
from itertools import permutations

import pytest

from course_tools.grading.gradebook import stored_reports
from course_tools.grading.gradebook.journal import Gradebook, GradeChange, TaskChange
from course_tools.grading.report import Report, outline
from tests.tools.grading.example_reports import (
    full_report,
    handed_in,
    key,
    report,
    task_report,
    told,
    unreadable_report,
)
from tests.tools.grading.gradebook.gradebooks import HOSTILE, contents


def test_handing_in_once_more_changes_nothing(book, url):
    assert book.hand_in(handed_in(), handed_in(content="b")) == 2
    before = contents(url)
    assert book.hand_in(handed_in(), handed_in(content="b")) == 0
    assert contents(url) == before


@pytest.mark.parametrize("order", [float("nan"), float("inf")])
def test_an_order_that_orders_nothing_is_refused(book, order):
    with pytest.raises(ValueError, match="order must be a finite number, got"):
        book.hand_in(handed_in(), handed_in(content="b", order=order))
    assert book.pending() == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_any_kind_come_back(book, name):
    file = handed_in(student=name, user=name, place=f"{name}/x.ipynb")
    assert (book.hand_in(file), book.hand_in(file)) == (1, 0)
    book.record(key(), report())
    (found,) = book.standings()
    assert found.handed_in == file
    assert (found.student, found.user, found.exercise) == (name, name, "ex04_warmup")


def test_names_that_are_written_alike_stay_apart(book):
    for name in HOSTILE:
        book.hand_in(handed_in(student=name))
    book.record(key(), report())
    assert [one.student for one in book.standings()] == sorted(HOSTILE)


ATTEMPTS = (  # content, when, worth
    handed_in(content="a", order=1.5, attempt=0),
    handed_in(content="b", order=2, attempt=1),
    handed_in(content="c", order=3, attempt=2),
)
WORTH = {"a": 1.0, "b": 2.0, "c": 0.5}


@pytest.mark.parametrize(("attempts", "content"), [("first", "a"), ("best", "b"), ("latest", "c")])
def test_the_attempt_that_counts(url, attempts, content):
    for number, files in enumerate(permutations(ATTEMPTS)):
        with Gradebook(url) as book:
            for file in files:  # whatever the order in which they are found and graded
                student = f"student {number}"
                book.hand_in(replace(file, student=student))
                letter = file.sha256[0]
                book.record(key(letter), report(reached=WORTH[letter]))
    with Gradebook(url) as book:
        found = book.standings(attempts)
    assert [one.student for one in found] == [f"student {number}" for number in range(6)]
    assert {one.handed_in.sha256[0] for one in found} == {content}
    assert {one.report.reached for one in found} == {WORTH[content]}
    assert {one.others for one in found} == {2}


def test_the_latest_of_the_best_counts(book):
    for file in ATTEMPTS:
        book.hand_in(file)
        book.record(key(file.sha256[0]), report(reached=1.0))
    assert [one.handed_in.attempt for one in book.standings("best")] == [2]


@pytest.mark.parametrize(("attempts", "attempt"), [("latest", 2), ("first", 0), ("best", 2)])
def test_attempts_of_one_moment_are_told_apart(tmp_path, attempts, attempt):
    files = [replace(file, order=1.0) for file in ATTEMPTS]
    counts = set()
    for number, some in enumerate(permutations(files)):
        with Gradebook(f"sqlite:///{tmp_path / str(number)}.sqlite") as book:
            for file in some:
                book.hand_in(file)
                book.record(key(file.sha256[0]), report(reached=1.0))
            counts |= {one.handed_in.attempt for one in book.standings(attempts)}
    assert counts == {attempt}


def test_a_policy_that_is_none_is_refused(book):
    with pytest.raises(ValueError, match="attempts must be latest, first or best, got 'mean'"):
        book.standings("mean")


def test_going_back_to_an_earlier_version_counts(book):
    for content, order in (("a", 1), ("b", 2), ("a", 3)):
        book.hand_in(handed_in(content=content, order=order, place="ada/x.ipynb"))
        book.record(key(content), report())
    assert [one.handed_in.sha256[0] for one in book.standings("latest")] == ["a"]
    assert [one.handed_in.order for one in book.standings("latest")] == [3]
    assert [one.handed_in.order for one in book.standings("first")] == [1]


def test_what_cannot_be_read_takes_no_exercises_place(book):
    book.hand_in(handed_in(content="a", order=1))
    book.record(key("a"), report(reached=1.0))
    for content, order in (("b", 0), ("c", 2), ("d", 3)):
        book.hand_in(handed_in(content=content, order=order, exercise=""))
        book.record(key(content), unreadable_report())
    # Its name says which exercise it should be: that is no better.
    for content, order in (("e", -1), ("f", 9)):
        book.hand_in(handed_in(content=content, order=order))
        book.record(key(content), replace(unreadable_report(), exercise="ex04_warmup"))
    for attempts in ("latest", "first", "best"):
        found = book.standings(attempts)
        assert [one.exercise for one in found] == ["", "", "", "ex04_warmup"]
        assert [one.handed_in.sha256[0] for one in found] == ["b", "c", "d", "a"]
        assert [one.others for one in found] == [0, 0, 0, 2]


def test_standings_are_sorted_and_what_has_no_result_is_counted(book):
    for student, user in (("b", "2"), ("B", "1"), ("a", "9"), ("a", "10"), ("é", "")):
        for content, exercise in (("x", "ex05"), ("y", "ex04")):
            place = f"{content}.ipynb"
            book.hand_in(handed_in(student, content, user=user, exercise=exercise, place=place))
    assert (book.pending(), book.standings()) == (10, [])
    book.record(key("x"), report("ex05"))
    assert book.pending() == 5
    book.record(key("y"), report("ex04"))
    assert book.pending() == 0
    found = [(one.student, one.user, one.exercise) for one in book.standings()]
    assert found == sorted(found)
    assert len(set(found)) == 10


def test_what_the_journal_has_last_counts(book):
    book.hand_in(handed_in())
    book.record(key(), report(reached=2.0))
    book.record(key(), report(reached=1.0), 2)
    assert [one.report.reached for one in book.standings()] == [1.0]
    book.record(key(seed=8), report(reached=0.5))
    assert [one.report.reached for one in book.standings()] == [0.5]


def test_only_what_counts_is_read(book, monkeypatch):
    for number, content in enumerate("abc"):
        book.hand_in(handed_in(content=content, order=number))
        for revision in range(5):
            book.record(key(content), report(reached=1.0), revision)
    read = []

    def from_json(text):
        read.append(text)
        return Report(**{**json.loads(text), "tasks": ()})

    monkeypatch.setattr(stored_reports, "from_json", from_json)
    assert len(book.standings()) == 1
    assert len(read) == 1


def test_more_standings_than_are_read_at_once(url):
    with Gradebook(url, chunk=3) as book:
        for number in range(10):
            letter = chr(ord("a") + number)
            book.hand_in(handed_in(f"student {number}", letter))
            book.record(key(letter), report(reached=number / 8))
        assert [one.report.reached for one in book.standings()] == [n / 8 for n in range(10)]


# Changes.


def test_standings_are_outlines_and_whole_brings_the_rest(book):
    book.record(key(), full_report())
    book.hand_in(handed_in())
    (one,) = book.standings()
    assert one.report == outline(full_report()) != full_report()
    assert (one.report.reached, one.report.tasks[0].cause) == (1.75, "The warmup is not counted.")
    (whole,) = book.whole([one])
    assert (whole.report, whole.student) == (full_report(), one.student)


def test_whole_keeps_the_order_and_reads_in_parts(url):
    with Gradebook(url, chunk=2) as book:
        for name in "abcde":
            book.record(key(name), report(notes=(told(name),)))
            book.hand_in(handed_in(name, name))
        standings = book.standings()[::-1]
        notes = [one.report.notes for one in book.whole(standings)]
        assert notes == [(told(name),) for name in "edcba"]


def test_what_a_regrade_changed(book):
    book.hand_in(handed_in("bob", user="12"), handed_in("ada"), handed_in("ada", "b"))
    book.record(key("a"), report(reached=2.0, seconds=1.0))
    book.record(key("b"), report(reached=2.0, seconds=1.0))
    before = book.last_id()
    assert book.changes(0) == []  # nothing was replaced
    book.record(key("a"), report(reached=1.75, seconds=2.0), 2)
    book.record(key("b"), report(reached=2.0, seconds=2.0), 2)  # took longer, which is no change
    book.record(key("c"), report(reached=0.0))
    task = TaskChange("lr_at_step", 2.0, 1.75, "answered", "answered")
    names = (("ada", "", "ada/a.ipynb"), ("bob", "12", "bob/a.ipynb"))
    more = ("ex04_warmup", 2.0, 1.75, 4.0, "graded", "graded", (task,))
    assert book.changes(before) == [GradeChange(*name, *more) for name in names]
    assert book.changes(book.last_id()) == []


def test_a_change_of_tasks_and_of_what_can_be_read(book):
    book.hand_in(handed_in(), handed_in(content="b"))
    book.record(key("a"), report(tasks=(task_report("old"), task_report("same"))))
    book.record(key("b"), unreadable_report())
    before = book.last_id()
    worth = report(tasks=(task_report("new"), task_report("same", outcome="timed out")))
    book.record(key("a"), worth, 2)
    book.record(key("b"), report(reached=1.0), 2)
    first, second = book.changes(before)
    assert first.tasks == (
        TaskChange("new", None, 2.0, None, "answered"),
        TaskChange("same", 2.0, 2.0, "answered", "timed out"),
        TaskChange("old", 2.0, None, "answered", None),
    )
    assert (second.exercise, second.before, second.after) == ("ex04_warmup", 0.0, 1.0)
    assert (second.state_before, second.state_after) == ("unreadable", "graded")
