"""Late days and choices in words, and on the page of a class."""

import pytest

from course_tools.grading.enrollment import Enrollment
from course_tools.grading.late_days import Lateness
from course_tools.grading.pages.people_view import late_words, people_view
from tests.tools.grading.example_reports import handed_in, report, standing


@pytest.mark.parametrize(
    ("late", "words"),
    [
        (None, ""),
        (Lateness(0, 0, 0.0, "2025-03-10 09:00:00"), ""),
        (
            Lateness(None),
            "Handed in late, the learning platform says. No points are taken off here.",
        ),
        (
            Lateness(1, 0, 1.2, "2025-03-11 09:00:00"),
            "Handed in 1 day late (2025-03-11 09:00:00). Points taken off: 1.2. Points that count: "
            "2.8 of 6.",
        ),
        (
            Lateness(3, 1, 0.5, "2025-03-13 09:00:00"),
            "Handed in 3 days late (2025-03-13 09:00:00). 1 of them is free. Points taken off: "
            "0.5. Points that count: 2.8 of 6.",
        ),
        (
            Lateness(3, 2, 0.5, "t"),
            "Handed in 3 days late (t). 2 of them are free. Points taken off: 0.5. Points that "
            "count: 2.8 of 6.",
        ),
        (
            Lateness(1, 1, 0.0, "t"),
            "Handed in 1 day late (t). This day is free. No points are taken off.",
        ),
        (Lateness(2, 0, 0.0, "t"), "Handed in 2 days late (t). No points are taken off."),
    ],
)
def test_late_days_in_words(late, words):
    assert late_words(late, 2.8, 6.0) == words


def test_every_choice_is_listed_with_what_does_not_count():
    standings = [
        standing("Ada Lovelace", "7", report(), others=2, place="ada/new.ipynb"),
        standing("ben", "", report(), others=1, place="ben/a.ipynb"),
        standing("cy", "", report(), place="cy/a.ipynb"),
    ]
    files = [
        handed_in("ada", place="ada/old.ipynb"),
        handed_in("ada", place="ada/new.ipynb"),
        handed_in("Ada L", place="a.ipynb"),
        handed_in("ada", place="ada/ex05.ipynb", exercise="ex05_cyclical"),
        handed_in("ben", place="ben/a.ipynb"),
        handed_in("cy", place="cy/a.ipynb"),
    ]
    ada = ("Ada Lovelace", "7")
    people = Enrollment(None, {("ada", ""): ada, ("Ada L", ""): ada})
    found = people_view(standings, people, files)
    assert [(one.student, one.counts, one.others) for one in found.choices] == [
        ("Ada Lovelace", "ada/new.ipynb", ("ada/old.ipynb", "a.ipynb")),
        ("ben", "ben/a.ipynb", ("an earlier version of it",)),
    ]
    assert (found.enrolled, found.missing, found.unknown, found.late) == (None, (), (), ())
