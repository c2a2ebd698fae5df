"""`lr-course mark`: marks by hand as an instructor gives them, checked and shown at once."""

import sqlite3
from contextlib import closing

import pytest

from course_tools.grading.enrollment import enrollment
from course_tools.grading.gradebook.journal import Gradebook
from course_tools.grading.intake.roster import Roster, RosterPerson
from course_tools.grading.pages.feedback import page_name
from course_tools.grading.publishing import Publication
from tests.tools.calling import lr_course
from tests.tools.grading.gradebook.gradebooks import Forked, hold
from tests.tools.grading.handed_in import WRONG, hand_in, solved, with_task
from tests.tools.grading.marks_by_hand import (
    EX,
    WHY,
    class_of_four,
    contents,
    done,
    mark,
    refused,
    row_of,
)


@pytest.fixture
def grades(tmp_path):
    """A folder of grades of a class of four."""
    return class_of_four(tmp_path / "grades")


def test_a_mark_is_set_and_everything_shows_it_at_once(grades):
    assert done(grades, "set", "Ben", EX, "3.5", *WHY) == [
        f"Ben (11), {EX}: 3.5 of 4 points",
        f"Tables and pages: {grades}",
    ]
    row = row_of(grades, "Ben")
    assert (row["points"], row["adjustment"], row["points that count"]) == ("2", "1.5", "3.5")
    assert row["by hand"].startswith("set to 3.5 of 4 points: She explained it. (Eve, 20")
    assert row_of(grades, "Ben", "canvas.csv")[EX] == "3.5"
    page = (grades / "feedback" / page_name("Ben", "11")).read_text(encoding="utf-8")
    assert "<b>3.5</b> of 4 points" in page
    assert "Your mark was changed by hand.</b> The grader gave 2 of 4." in page
    assert "<bdi>set to 3.5 of 4 points: She explained it. (Eve, 20" in page
    page = (grades / "class.html").read_text(encoding="utf-8")
    assert "Marks by hand" in page
    assert "<bdi>She explained it.</bdi>" in page


def test_a_bonus_an_excuse_and_an_undo(grades):
    assert done(grades, "bonus", "11", EX, "-0.5", *WHY)[0] == f"Ben (11), {EX}: 1.5 of 4 points"
    assert done(grades, "bonus", "Ben", EX, "2.5", *WHY)[0] == f"Ben (11), {EX}: 4.5 of 4 points"
    words = done(grades, "set", "Ben", EX, "0", "--task", "lr_at_step", *WHY)
    assert words[0] == f"Ben (11), {EX}: 2.5 of 4 points"
    assert done(grades, "excuse", "Ben", EX, *WHY)[0] == f"Ben (11), {EX}: excused"
    assert row_of(grades, "Ben", "canvas.csv")[EX] == "EX"
    assert (row_of(grades, "Ben")["points that count"], row_of(grades, "Ben")["points"]) == (
        "",
        "2",
    )
    assert "excused" in (grades / "feedback" / page_name("Ben", "11")).read_text(encoding="utf-8")
    assert done(grades, "undo", "Ben", EX, *WHY)[0] == f"Ben (11), {EX}: 0 of 4 points"
    words = done(grades, "undo", "Ben", EX, "--task", "lr_at_step", *WHY)
    assert words[0] == f"Ben (11), {EX}: 2 of 4 points"
    assert row_of(grades, "Ben")["by hand"] == ""
    found = done(grades, "list")
    assert len(found) == 6
    assert found[0].startswith(f"Ben (11), {EX}: 0.5 points taken off: She explained it. (Eve, 20")
    assert [line.endswith(" - no longer in force") for line in found] == [True] * 4 + [False] * 2


def test_a_mark_of_a_task_below_one_of_the_exercise_says_what_counts(grades):
    done(grades, "set", "Ben", EX, "3", *WHY)
    words = done(grades, "set", "Ben", EX, "0", "--task", "lr_at_step", *WHY)
    assert words[0] == (
        f"Ben (11), {EX}: 3 of 4 points, because the mark of the whole exercise was set by hand"
    )


def test_a_mark_that_is_not_what_was_typed_says_why(grades):
    done(grades, "bonus", "Ben", EX, "-1", *WHY)
    words = done(grades, "set", "Ben", EX, "3", *WHY)
    assert words[0] == (
        f"Ben (11), {EX}: 2 of 4 points, with what was given before: 1 point taken off"
    )
    done(grades, "excuse", "Ben", EX, *WHY)
    words = done(grades, "bonus", "Ben", EX, "2", *WHY)
    assert words[0] == (
        f"Ben (11), {EX}: excused, because the student is excused from it; `undo` ends that"
    )


def test_every_command_that_was_killed_before_it_wrote_tables_can_be_given_again(grades):
    commands = (
        ("excuse", "Quentin", EX, "--new", *WHY),
        ("bonus", "Ben", EX, "1", *WHY),
        ("undo", "Quentin", EX, *WHY),
    )
    for command in commands:
        before = contents(grades)
        done(grades, *command)
        after = contents(grades)
        for file in set(after) - {grades / "grades.sqlite"}:
            file.unlink()
            if file in before:
                file.write_bytes(before[file])
        assert done(grades, *command)[0].endswith(", as it was before")
        assert contents(grades) == after


def test_a_command_that_is_given_again_changes_nothing(grades):
    done(grades, "bonus", "Ben", EX, "1", *WHY)
    before = contents(grades)
    words = done(grades, "bonus", "Ben", EX, "1", *WHY)
    assert words[0] == f"Ben (11), {EX}: 3 of 4 points, as it was before"
    assert contents(grades) == before


def test_who_handed_in_nothing_readable_gets_a_mark(grades):
    assert done(grades, "set", "Zoe\u0308", EX, "5", *WHY)[0].startswith(f"Zoë (12), {EX}: 5 of ")
    row = row_of(grades, "Zoë")
    assert (row["state"], row["points that count"]) == ("not handed in", "5")
    # Somebody of the roster, and somebody whom nobody knows.
    assert done(grades, "excuse", "Lin Roe", EX, *WHY)[0] == f"Lin Roe (99), {EX}: excused"
    assert row_of(grades, "Lin Roe", "canvas.csv")["ID"] == "15"
    assert (grades / "grades.csv").read_bytes().count(b"Lin Roe") == 1
    page = (grades / "class.html").read_text(encoding="utf-8")
    missing = page[page.index('<h2 id="missing">') :]
    assert f'<bdi>{EX}</bdi> <span class="muted">(excused)</span>' in missing
    assert "All of them handed in" not in page
    assert "did you mean" not in refused(grades, "excuse", "Quentin", EX, *WHY)
    assert done(grades, "excuse", "Quentin", EX, "--new", *WHY)[0] == f"Quentin, {EX}: excused"
    assert row_of(grades, "Quentin", "canvas.csv")[EX] == "EX"
    assert "there is a student 'Quentin' already" in refused(
        grades, "set", "Quentin", EX, "1", "--new", *WHY
    )


def test_a_second_new_student_of_a_name_has_a_number_of_their_own(grades):
    for number in ("1", "2"):
        words = done(grades, "excuse", "Li Wei", EX, "--new", "--user", number, *WHY)
        assert words[0] == f"Li Wei ({number}), {EX}: excused"
    assert "there is a student 'Li Wei' already" in refused(
        grades, "set", "Li Wei", EX, "1", "--new", "--user", "2", *WHY
    )


def test_a_mark_that_was_given_under_another_name_is_known_and_undone(grades):
    """As when a roster has a student's name or id since then."""
    done(grades, "set", "Ben", EX, "3", *WHY)
    with Gradebook(f"sqlite:///{grades / 'grades.sqlite'}") as book:
        roster = Roster((RosterPerson("5", "Ben Roe"),))
        Publication(people=enrollment({("Ben", "11"): ("Ben Roe", "5")}, roster)).keep(book)
    assert done(grades, "list")[0].startswith(f"Ben Roe (5), {EX}: set to 3 of 4 points")
    words = done(grades, "set", "Ben Roe", EX, "3", *WHY)
    assert words[0] == f"Ben Roe (5), {EX}: 3 of 4 points, as it was before"
    assert done(grades, "undo", "5", EX, *WHY)[0] == f"Ben Roe (5), {EX}: 2 of 4 points"
    assert done(grades, "list")[0].endswith(" - no longer in force")


def test_students_of_one_name_are_told_apart(grades):
    assert (
        "several students are called 'Ada'; give one of their numbers with --user: '13', '14'"
    ) in refused(grades, "set", "Ada", EX, "1", *WHY)
    words = done(grades, "set", "Ada", EX, "1", "--user", "14", *WHY)
    assert words[0] == f"Ada (14), {EX}: 1 of 4 points"
    assert done(grades, "set", "13", EX, "3", *WHY)[0] == f"Ada (13), {EX}: 3 of 4 points"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set", "Bne", EX, "1", *WHY), "no student is called 'Bne'; did you mean 'Ben'?"),
        (("set", "zoe", EX, "1", *WHY), "no student is called 'zoe'; did you mean 'Zoë'?"),
        (("set", "", EX, "1", *WHY), "no student is called ''"),
        (("set", "Ben", "ex04", "1", *WHY), "no exercise is called 'ex04'; did you mean 'ex04_w"),
        (("set", "Ben", "ex04_warmpu", "1", *WHY), "did you mean 'ex04_warmup'?"),
        (
            ("set", "Ben", EX, "1", "--task", "lr_at_stp", *WHY),
            f"{EX} has no task 'lr_at_stp'; did you mean 'lr_at_step'?",
        ),
        (("set", "Zoë", EX, "1", "--task", "lr_at_step", *WHY), "so its tasks have no marks"),
        (("set", "Ben", EX, "4.5", *WHY), "points must be a number from 0 to 4, got '4.5'"),
        (("set", "Ben", EX, "nan", *WHY), "points must be a number from 0 to 4, got 'nan'"),
        (
            ("set", "Ben", EX, "3,5", *WHY),
            "points must be a number from 0 to 4, got '3,5'; write '3.5'",
        ),
        (("set", "Ben", EX, "-1", *WHY), "points must be a number from 0 to 4, got '-1'"),
        (("set", "Ben", EX, "1_0", *WHY), "points must be a number from 0 to 4, got '1_0'"),
        (("set", "Ben", EX, "1e0", *WHY), "points must be a number from 0 to 4, got '1e0'"),
        (("set", "Ben", EX, "1", "--resaon", "x"), "Missing option '--reason'"),
        (("bonus", "Ben", EX, "-1", *WHY), None),
        (("bonus", "Ben", EX, "-9", *WHY), "a bonus must be a number from -4 to 4 but not 0, got"),
        (("bonus", "Ben", EX, "0", *WHY), "a bonus must be a number from -4 to 4 but not 0, got"),
        (("set", "Ben", EX, "1", "--reason", " "), "reason must have a letter or a digit, got ''"),
        (("set", "Ben", EX, "1", "--reason", "x" * 1001), "reason must have at most 1000 charac"),
        (("set", "Ben", EX, "1"), "Missing option '--reason'"),
        (("set", "Ben", EX, "1", *WHY[:2], "--by", ""), "by must have a letter or a digit, got ''"),
        (("excuse", "\u202e", EX, "--new", *WHY), "student must have a letter or a digit, got"),
    ],
)
def test_what_cannot_be_is_refused_and_what_is_near_is_named(grades, words, told):
    if told is None:
        done(grades, *words)
    else:
        assert told in refused(grades, *words)


def test_a_folder_without_a_gradebook_is_refused(grades, tmp_path):
    for command in (("list",), ("set", "Ben", EX, "1", *WHY)):
        result = mark(tmp_path, *command)
        assert result.exit_code == 2
        assert "name the folder that `lr-course grade` wrote" in result.output
    assert [file.name for file in tmp_path.iterdir()] == ["grades"]
    (tmp_path / "empty.sqlite").touch()
    result = mark(grades, "list"), mark(tmp_path, "list", "--gradebook", "nonsense://x")
    assert [one.exit_code for one in result] == [0, 2]
    url = f"sqlite:///{tmp_path / 'empty.sqlite'}"
    assert "is empty" in mark(grades, "list", "--gradebook", url).output
    Gradebook(url).close()
    assert "run `lr-course grade` first" in mark(grades, "list", "--gradebook", url).output


def test_while_a_grader_is_at_work_marks_can_be_read_and_not_changed(grades):
    done(grades, "set", "Ben", EX, "1", *WHY)
    first = Forked(hold, f"sqlite:///{grades / 'grades.sqlite'}")
    assert first.says() == "held"
    told = mark(grades, "set", "Ben", EX, "2", *WHY)
    assert told.exit_code == 2
    assert f"is in use by lr-course grade, process {first.pid} on " in told.output
    assert done(grades, "list")[0].startswith(f"Ben (11), {EX}: set to 1 of 4 points")
    first.kill()
    first.rest()
    done(grades, "set", "Ben", EX, "2", *WHY)


def test_tables_that_cannot_be_written_are_told_and_written_when_they_can_be(grades):
    (grades / "canvas.csv").unlink()
    (grades / "canvas.csv").mkdir()
    result = mark(grades, "set", "Ben", EX, "1", *WHY)
    assert result.exit_code == 2
    told = (
        f"Error: {grades / 'canvas.csv'} cannot be written: Is a directory. All marks are in the "
    )
    assert result.output.startswith(told)
    (grades / "canvas.csv").rmdir()
    assert done(grades, "set", "Ben", EX, "1", *WHY)[0].endswith("1 of 4 points, as it was before")
    assert row_of(grades, "Ben", "canvas.csv")[EX] == "1"


# Through the whole grader.


def test_no_call_of_the_grader_takes_a_mark_away_and_one_under_it_is_told(needs_sandbox, tmp_path):
    source, out, toml = tmp_path / "class", tmp_path / "grades", tmp_path / "grading.toml"
    exercise = "ex01_constant_lr"
    hand_in(source, "Ada")
    hand_in(source, "Ben", with_task(solved(), "gradient_step", WRONG))

    def grade(*options):
        result = lr_course("grade", source, "--out", out, "--jobs", "1", *options)
        assert result.exit_code == 0, result.output
        assert row_of(out, "Ben")["points that count"] == "5.5"
        assert row_of(out, "Ada")["points that count"] == "6"
        return result.output

    assert lr_course("grade", source, "--out", out, "--jobs", "1").exit_code == 0
    done(out, "set", "Ben", exercise, "5.5", *WHY)
    changed = "The grader's points changed under marks by hand, which stay:"
    assert changed not in grade("--regrade", "all")
    assert changed not in grade("--seed", "7")
    toml.write_text('[policy]\nattempts = "best"\n[limits]\nmemory_mb = 900\n', encoding="utf-8")
    assert changed not in grade("--config", toml)
    hand_in(source, "Ben", name="exercise (1).ipynb")
    lines = grade("--config", toml).splitlines()
    words = (
        f"  Ben, {exercise}: set to 5.5 of 6 points when the grader's points were 5; they are 6 now"
    )
    assert lines[lines.index(changed) + 1] == words
    page = (out / "class.html").read_text(encoding="utf-8")
    assert "By hand set to 5.5 of 6 points when the grader" in page
    # Whoever confirms the mark is told no more.
    done(out, "set", "Ben", exercise, "5.5", *WHY)
    assert changed not in grade("--config", toml)
    with closing(sqlite3.connect(out / "grades.sqlite")) as base:
        assert base.execute("select count(*) from adjustments").fetchone() == (2,)
    # The mark goes with the work, whatever a roster calls the person.
    roster = tmp_path / "class.csv"
    for name, number in (("Ben Ro", "5"), ("Ben Roe", "5"), ("Ben Roe", "77")):
        roster.write_text(f"id,name,login\n{number},{name},ben\n", encoding="utf-8")
        options = ("--out", out, "--config", toml, "--roster", roster, "--yes")
        assert lr_course("grade", source, *options).exit_code == 0
        if name == "Ben Ro":
            done(out, "set", name, exercise, "4.5", *WHY)
        row = row_of(out, name)
        assert (row["user"], row["points that count"], row["state"]) == (number, "4.5", "graded")
    again = ("--config", toml, "--changed-settings")
    assert lr_course("grade", source, "--out", out, *again).exit_code == 0
    assert row_of(out, "Ben")["points that count"] == "4.5"
