"""`lr-course mark` as the tests call it, and a class of four to call it on."""

import csv
import io

from course_tools.grading.enrollment import enrollment
from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.publishing import Publication, publish
from tests.tools.calling import lr_course
from tests.tools.grading.example_reports import handed_in, key, report, unreadable_report

EX = "ex04_warmup"  # worth 4 points in these reports, of two tasks; a student of the class has 2
WHY = ("--reason", "She explained it.", "--by", "Eve")


def class_of_four(out):
    """Make a folder of grades of a class of four, and return it."""
    out.mkdir()
    with Gradebook(f"sqlite:///{out / 'grades.sqlite'}") as book:
        book.hand_in(
            handed_in("Ben", "a", user="11", place="ben_11_7_a.ipynb"),
            handed_in("Zoë", "b", user="12", place="zoe_12_7_b.ipynb"),
            handed_in("Ada", "c", user="13", place="ada_13_7_c.ipynb"),
            handed_in("Ada", "d", user="14", place="ada_14_7_d.ipynb"),
        )
        for content in "acd":
            book.record(key(content), report(reached=2.0))
        book.record(key("b"), unreadable_report())
        roster = Roster((RosterPerson("99", "Lin Roe", canvas_id="15"),))
        given = Publication(people=enrollment({}, roster))
        given.keep(book)
        publish(book, out, given)
    return out


def mark(out, *words):
    return lr_course("mark", out, *words)


def done(out, *words):
    result = mark(out, *words)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def refused(out, *words):
    before = contents(out)
    result = mark(out, *words)
    assert result.exit_code == 2, result.output
    assert contents(out) == before
    return result.output


def contents(out):
    return {file: file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()}


def row_of(out, student, name="grades.csv"):
    text = (out / name).read_bytes().decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(text, "")):
        if student in (row.get("student"), row.get("Student")):
            found = row
    return found
