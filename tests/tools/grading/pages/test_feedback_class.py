"""The pages of a class are made from its standings: who needs a look, and what is told to whom."""

import hashlib
import re
from dataclasses import replace

import pytest

from course_tools.grading.intake.code_structure import packed
from course_tools.grading.intake.course_exercises import structure_of_solution
from course_tools.grading.pages import class_pages
from course_tools.grading.pages.feedback import page_name
from course_tools.grading.pages.report_words import reproduction_words
from course_tools.grading.report import (
    CELL_STOPPED,
    NOT_WRITTEN,
    OTHER_OUTPUTS,
    PARTLY_GRADED,
    SAME_OUTPUTS,
    TIMED_OUT,
    Note,
    Reproduction,
)
from course_tools.grading.settings import Policy, Settings
from tests.tools.grading.example_reports import (
    by_hand,
    report,
    standing,
    task_report,
    unreadable_report,
)

UNTOUCHED = report(tasks=(task_report(reached=0.0, outcome=NOT_WRITTEN),))
DIFFERS = Reproduction(OTHER_OUTPUTS, compared=3, different=1, named=("In [4]",))


def of(name, worth=None, content=None, **more):
    """A student's standing; files differ unless their contents are the same letter."""
    one = standing(name, "", worth, **more)
    sha256 = hashlib.sha256((content or name).encode()).hexdigest()
    return replace(one, handed_in=replace(one.handed_in, sha256=sha256))


def looked_at(*standings):
    return {one.student: one for one in class_pages.class_view(standings).attention}


def test_nothing_is_to_be_looked_at_in_a_class_as_usual():
    assert looked_at(of("ada"), of("bob")) == {}


def test_a_notebook_in_which_nothing_was_written_is_worth_a_look():
    found = looked_at(of("ada"), of("bob", UNTOUCHED))
    assert set(found) == {"bob"}
    assert found["bob"].state == "nothing written"
    assert found["bob"].reasons == ("Nothing is written in it yet.",)


def test_students_with_the_same_file_are_worth_a_look():
    found = looked_at(of("ada", content="x"), of("bob"), of("cyd", content="x"))
    assert set(found) == {"ada", "cyd"}
    assert found["ada"].reasons == ("The same file as cyd.",)
    assert found["cyd"].reasons == ("The same file as ada.",)


def test_of_many_with_the_same_file_a_few_are_named():
    found = looked_at(*(of(name, content="x") for name in "abcdefgh"))
    assert found["c"].reasons == ("The same file as a, b, d, e, f and 2 more.",)


def test_one_students_two_files_and_what_holds_nothing_are_no_copies():
    twice = [of("ada", content="x"), of("ada", report("ex05_cyclical"), content="x")]
    assert looked_at(*twice) == {}
    found = looked_at(*(of(name, UNTOUCHED, content="x") for name in ("ada", "bob")))
    assert found["ada"].reasons == ("Nothing is written in it yet.",)
    empty = [of(name, unreadable_report()) for name in ("ada", "bob")]
    empty = [replace(one, handed_in=replace(one.handed_in, sha256=EMPTY)) for one in empty]
    assert looked_at(*empty)["ada"].reasons == ("The file is empty (0 bytes).",)


EMPTY = hashlib.sha256(b"").hexdigest()


def test_outputs_that_do_not_appear_again_are_worth_a_look():
    again = report(reproduction=Reproduction(SAME_OUTPUTS, compared=3))
    found = looked_at(of("ada", again), of("bob", report(reproduction=DIFFERS)))
    assert set(found) == {"bob"}
    assert found["bob"].reasons == (reproduction_words(DIFFERS),)


def test_the_class_page_speaks_of_students():
    note = Note(CELL_STOPPED, begins="A cell of yours", why=TIMED_OUT)
    found = looked_at(of("ada", report(state=PARTLY_GRADED, notes=(note,))))
    assert found["ada"].reasons == (
        "A cell of their own, which begins with “A cell of yours”, was stopped: timed out.",
    )


def test_known_mistakes_have_the_sentence_and_five_names():
    mistaken = report(tasks=(task_report(misconception="late", cause="It is late."),))
    view = class_pages.class_view([of(name, mistaken) for name in "abcdefg"])
    (found,) = view.mistakes
    assert (found.students, found.cause) == (7, "It is late.")
    assert found.who == tuple((name, "") for name in "abcde")
    # Who is excused is in no number, and so among no names.
    excused = replace(of("A", mistaken), adjustments=(by_hand("excuse", student="A"),))
    view = class_pages.class_view([excused, of("a", mistaken)])
    assert (view.mistakes[0].students, view.mistakes[0].who) == (1, (("a", ""),))


@pytest.mark.parametrize("pending", [0, 3])
def test_written_pages_say_what_is_pending_and_name_unreadable_files(tmp_path, pending):
    empty = of("ada", unreadable_report())
    file = replace(empty.handed_in, sha256=EMPTY, place="ada/late/my file.ipynb")
    standings = [replace(empty, handed_in=file), of("ada")]
    class_pages.write(standings, standings, tmp_path, Settings(), pending=pending)
    whole = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert ("3 files are not graded yet" in whole) == (pending == 3)
    page = (tmp_path / "feedback" / page_name("ada", "")).read_text(encoding="utf-8")
    assert "<code>my file.ipynb</code>" in page
    assert "The file is empty (0 bytes)." in page
    assert "it is not JSON" not in page
    titles = re.findall(r"<h2 [^>]*><bdi>(.*?)</bdi>", page)
    assert titles == ["Exercise 4: warmup", "A file that could not be read"]


def written(*numbers):
    return report(structure=packed(numbers))


def test_hand_ins_of_the_same_structure_are_listed_for_the_instructor_alone(tmp_path):
    mine = written(*range(100))
    known = sorted(structure_of_solution("ex04_warmup"))
    standings = [
        of("ada <b>", mine),
        of("bob", written(*range(200, 300))),
        of("cyd", written(*range(15, 115))),
        of("dan", mine),
        of("eve", written(*known)),
        of("fay", report(exercise="ex99_gone", structure=packed(range(100)))),
        of("gus"),
    ]
    found = class_pages.class_view(standings).alike
    assert [(one.people, round(one.share, 2)) for one in found] == [
        ((("eve", ""),), 1.0),
        ((("ada <b>", ""), ("dan", "")), 1.0),
        ((("ada <b>", ""), ("cyd", "")), 0.85),
    ]
    class_pages.write(standings, standings, tmp_path, Settings(policy=Policy(show_hidden=True)))
    page = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert "Code of the same structure" in page
    assert "85 %" in page
    assert "and the shipped solution" in page
    assert "ada &lt;b&gt;" in page
    for student in ("ada <b>", "eve"):
        own = (tmp_path / "feedback" / page_name(student, "")).read_text(encoding="utf-8")
        assert "structure" not in own
        assert "shipped solution" not in own


def test_a_class_in_which_nobody_is_alike_has_no_such_list(tmp_path):
    standings = [of("ada"), of("bob")]
    class_pages.write(standings, standings, tmp_path, Settings())
    assert "same structure" not in (tmp_path / "class.html").read_text(encoding="utf-8")
