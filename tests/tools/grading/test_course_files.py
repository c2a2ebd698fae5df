"""The course's own files never count for a student, and one's choice among several is said."""

import codecs
import copy
import json
import os

import nbformat
import pytest

from course_tools.grading.intake.course_files import EXERCISE, LESSON, SOLUTION, THEIRS, glance
from course_tools.grading.intake.preflight import preflight
from course_tools.grading.intake.submissions import COURSES_OWN, take_in
from course_tools.grading.report import UNREADABLE
from course_tools.grading.run.batch import Course, grade_all
from course_tools.grading.settings import BEST, FIRST, LATEST
from tests.tools.grading.handed_in import (
    EX01,
    ROOT,
    SHORT,
    WRONG,
    hand_in,
    shipped,
    solved,
    with_task,
)

EXERCISES = sorted(path.stem for path in (ROOT / "exercises").glob("*.ipynb"))


def in_bytes(nb):
    return json.dumps(nb).encode()


@pytest.mark.parametrize("name", EXERCISES)
def test_solutions_and_exercises_are_the_courses_own(name):
    for folder, kind in (("solutions", SOLUTION), ("exercises", EXERCISE)):
        content = (ROOT / folder / f"{name}.ipynb").read_bytes()
        assert glance(content) == glance(codecs.BOM_UTF8 + content)
        assert glance(content) == glance(content.decode().encode("utf-16"))
        assert (glance(content).exercise, glance(content).kind) == (name, kind)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_lessons_are_the_courses_own(path):
    assert glance(path.read_bytes()).kind == LESSON


def changed(nb, change):
    nb = copy.deepcopy(nb)
    for cell in nb["cells"]:
        if "task" in cell["metadata"]:
            cell["source"] = change("".join(cell["source"]))
    return nb


def test_an_older_form_of_notebook_makes_no_other_solution():
    old = nbformat.convert(nbformat.from_dict(shipped("solutions")), 3)
    found = glance(in_bytes(old))
    assert (found.exercise, found.kind) == (EX01, SOLUTION)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda text: text + "\n\n", SOLUTION),
        (lambda text: text.replace("\n", "\n\n"), SOLUTION),
        (lambda text: text.replace("\n", " \r\n"), SOLUTION),
        (lambda text: text.splitlines(keepends=True), SOLUTION),
        (lambda text: text + "\n# mine", THEIRS),
        (lambda text: text.replace("rate", "lr"), THEIRS),
    ],
)
def test_blank_lines_make_no_other_solution_and_words_do(change, kind):
    assert glance(in_bytes(changed(shipped("solutions"), change))).kind == kind


def test_one_function_of_their_own_makes_it_theirs():
    for folder in ("solutions", "exercises"):
        nb = with_task(shipped(folder), "gradient_step", WRONG)
        assert glance(in_bytes(nb)).kind == THEIRS


def test_a_function_below_its_stub_is_theirs_and_a_solution_there_is_not():
    def below(source):
        nb = shipped("exercises")
        cells = [cell for cell in nb["cells"] if "task" in cell["metadata"]]
        for cell, text in zip(cells, source, strict=True):
            new = {"cell_type": "code", "metadata": {}, "outputs": [], "source": text}
            nb["cells"].insert(nb["cells"].index(cell) + 1, new)
        return glance(in_bytes(nb)).kind

    answers = [
        cell["source"] for cell in shipped("solutions")["cells"] if "task" in cell["metadata"]
    ]
    assert below(answers) == SOLUTION
    assert below([WRONG, *answers[1:]]) == THEIRS


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b'{"cells": 3}', b"\xff\xfe{}", b"[" * 10**5]
)
def test_what_is_no_notebook_is_nothing(content):
    assert (glance(content).exercise, glance(content).kind) == ("", THEIRS)


@pytest.fixture
def whole_course(tmp_path):
    """What Ben hands in who has copied the whole course and solved a part of one exercise."""
    folder = tmp_path / "class"
    for place in ("exercises", "solutions"):
        for name in (EX01, "ex04_warmup"):
            content = (ROOT / place / f"{name}.ipynb").read_bytes()
            hand_in(folder, "ben", content, f"{place}/{name}.ipynb")
            hand_in(folder, "cid", content, f"{place}/{name}.ipynb")
    lesson = (ROOT / "notebooks" / "01_constant_lr.ipynb").read_bytes()
    hand_in(folder, "ben", lesson, "notebooks/01_constant_lr.ipynb")
    nb = with_task(shipped("exercises"), "gradient_step", WRONG.replace("+", "-"))
    hand_in(folder, "ben", nb, f"exercises/{EX01}.ipynb")
    hand_in(folder, "dan", (ROOT / "solutions" / f"{EX01}.ipynb").read_bytes(), "ex01.ipynb")
    hand_in(folder, "eve", lesson, "lesson.ipynb")
    return folder


def test_the_courses_own_files_are_said_and_left_out(whole_course):
    found = take_in(whole_course)
    kept = {one.place: one.refused for one in found.submissions}
    assert {place for place, refused in kept.items() if not refused} == {
        *(f"ben/exercises/{name}.ipynb" for name in (EX01, "ex04_warmup")),
        *(f"cid/exercises/{name}.ipynb" for name in (EX01, "ex04_warmup")),
    }
    assert "the course's own solution of ex01_constant_lr" in kept["dan/ex01.ipynb"]
    assert "a lesson of the course" in kept["eve/lesson.ipynb"]
    assert len(found.left_out[COURSES_OWN]) == 5
    told = preflight(found, LATEST).lines
    assert "Not run, as it is the course's own: dan/ex01.ipynb, eve/lesson.ipynb" in told
    assert any(line.startswith("Left out because they are the course's own: ben/") for line in told)


def test_the_courses_own_solution_earns_nothing(needs_sandbox, whole_course, book):
    grade_all(take_in(whole_course).submissions, book, Course(SHORT, 5), jobs=2)
    marks = {(one.student, one.exercise): one.report for one in book.standings(BEST)}
    assert {key: one.reached for key, one in marks.items()} == {
        ("ben", EX01): 1.0,
        ("ben", "ex04_warmup"): 0.0,
        ("cid", EX01): 0.0,
        ("cid", "ex04_warmup"): 0.0,
        ("dan", ""): 0.0,
        ("eve", ""): 0.0,
    }
    assert marks["dan", ""].state == UNREADABLE
    assert "course's own solution" in marks["dan", ""].notes[0].told


def test_an_unsolved_exercise_is_never_chosen_over_what_somebody_wrote(tmp_path):
    hand_in(tmp_path, "ben", solved(), "mine.ipynb")
    hand_in(
        tmp_path, "ben", shipped("exercises"), "ex01 (2).ipynb"
    )  # fetched again, so it is newer
    hand_in(tmp_path, "cid", shipped("exercises"), "ex01.ipynb")
    found = take_in(tmp_path)
    assert {one.place for one in found.submissions} == {"ben/mine.ipynb", "cid/ex01.ipynb"}
    assert found.left_out[COURSES_OWN] == ["ben/ex01 (2).ipynb"]


@pytest.mark.parametrize(
    ("attempts", "told"),
    [
        (LATEST, "ben/new.ipynb counts, as the latest, and not ben/ex01.ipynb"),
        (FIRST, "ben/ex01.ipynb counts, as the first, and not ben/new.ipynb"),
        (BEST, "the best of ben/ex01.ipynb, ben/new.ipynb counts"),
    ],
)
def test_the_choice_among_several_is_said(tmp_path, attempts, told):
    for n, name in enumerate(("ex01.ipynb", "new.ipynb")):
        file = hand_in(
            tmp_path, "ben", with_task(solved(), "gradient_step", f"# {n}\n{WRONG}"), name
        )
        os.utime(file, (1_700_000_000 + n,) * 2)
    hand_in(tmp_path, "cid", solved(), "ex01.ipynb")
    lines = list(preflight(take_in(tmp_path), attempts).lines)
    assert lines[-2:] == ["Several notebooks for one exercise:", f"  ben, {EX01}: {told}"]
