"""The gradebook keeps when files were handed in, and gives one person the work of several names."""

import sqlalchemy as sa

from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.late_days import HandInTime, RecordedTime
from tests.tools.grading.example_reports import handed_in, key, report, unreadable_report

EARLY, LATE = HandInTime(RecordedTime(10.0)), HandInTime(RecordedTime(20.0, is_local=True), True)


def test_the_time_of_a_file_comes_back_and_the_first_counts(book):
    book.record(key(), report())
    for time in (HandInTime(RecordedTime(30.0)), EARLY, HandInTime(RecordedTime(11.0)), LATE):
        book.hand_in(handed_in(time=time))
    (one,) = book.standings()
    assert one.handed_in.time == EARLY
    assert [file.time for file in book.files()] == [EARLY]
    for time in (HandInTime(), HandInTime(None, True), LATE, EARLY):
        book.hand_in(handed_in("ben", time=time))
    assert [one.handed_in.time for one in book.standings()] == [EARLY, LATE]


def test_a_gradebook_of_an_older_version_has_no_times(tmp_path):
    url = f"sqlite:///{tmp_path / 'grades.sqlite'}"
    with Gradebook(url) as book:
        book.record(key(), report())
        book.hand_in(handed_in(time=EARLY))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE hand_in_times"))
    engine.dispose()
    with Gradebook(url) as book:
        assert book.standings()[0].handed_in.time == HandInTime()
        book.hand_in(handed_in(time=LATE))
        assert book.standings()[0].handed_in.time == LATE


def test_what_one_person_handed_in_under_several_names_is_theirs(book):
    book.record(key("a"), report(reached=1.0))
    book.record(key("b"), report(reached=2.0))
    book.hand_in(
        handed_in("ada", "a", user="1", order=2.0),
        handed_in("Ada L", "b", user="2", order=1.0),
        handed_in("ben", "b"),
    )
    ada = ("Ada Lovelace", "7")
    people = {("ada", "1"): ada, ("Ada L", "2"): ada}
    for attempts, reached in (("latest", 1.0), ("first", 2.0), ("best", 2.0)):
        one, ben = book.standings(attempts, people)
        assert (one.student, one.user, one.others) == (*ada, 1)
        assert one.report.reached == reached
        assert (ben.student, ben.user) == ("ben", "")
    assert len(book.standings()) == 3


def test_what_cannot_be_read_goes_away_when_the_same_name_can(book):
    book.record(key("a"), unreadable_report())
    book.record(key("b"), report())
    place = "x/{}.ipynb"
    book.hand_in(handed_in("ada", "a", place=place.format("ex01"), order=1.0, exercise=""))
    for name, order, left in (
        ("other", 2.0, 2),  # another file
        ("ex01-1", 0.5, 2),  # it was there before
        ("EX01 (2)", 1.5, 1),
    ):
        book.hand_in(handed_in("ada", "b", place=place.format(name), order=order))
        assert len(book.standings()) == left, name
    canvas = "lovelaceada_LATE_11_{}_ex04.ipynb"
    book.hand_in(handed_in("cy", "a", place=canvas.format(100), order=1.0, exercise=""))
    assert "" in {one.exercise for one in book.standings()}
    book.hand_in(handed_in("cy", "b", place=canvas.format(101), order=2.0))
    assert "" not in {one.exercise for one in book.standings()}
