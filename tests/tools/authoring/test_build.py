"""The build: all of it or none, the same bytes each time."""

import base64
import io
import json

import nbformat
import pytest
from PIL import Image

from course_tools.authoring.build import build
from course_tools.authoring.errors import CellFailure, CourseError
from course_tools.authoring.pages_of_docs import PAGES
from course_tools.authoring.rules import check
from tests.tools.authoring.small_course import (
    BUILT_EXERCISE,
    BUILT_LESSON,
    EXERCISE,
    LESSON,
    contents,
    edit,
    found,
)


def test_build_executes_lessons_and_solutions_but_not_exercises(course):
    lesson, exercise, solution = (
        nbformat.read(course / path, as_version=4)
        for path in (BUILT_LESSON, BUILT_EXERCISE, "solutions/ex01_decay.ipynb")
    )
    assert lesson.metadata.course.source == LESSON
    assert any("0.100" in str(cell.get("outputs")) for cell in lesson.cells)
    assert not any(cell.get("outputs") for cell in exercise.cells)
    assert "right" in str(solution.cells[-1].outputs)
    text = json.dumps(lesson)
    assert "papermill" not in text
    assert str(course.parent) not in text
    assert check(course) == []


def test_second_build_is_byte_identical_and_leaves_no_trace(course):
    before = contents(course)
    built = build(course)
    assert contents(course) == before
    assert built.written == built.removed == []


def test_failing_lesson_leaves_every_file_untouched(course):
    edit(course / LESSON, "How large", "How big")
    edit(course / EXERCISE, "About 5", "About 6")
    (course / "sources/lessons/02_broken.py").write_text("# %%\n1 / 0\n", encoding="utf-8")
    before = contents(course)
    with pytest.raises(CellFailure, match=r"02_broken.py, cell 1: ZeroDivisionError"):
        build(course)
    assert contents(course) == before


def test_notebook_whose_source_is_gone_is_removed_but_a_readers_own_stays(course):
    (course / EXERCISE).unlink()
    own = course / "notebooks/Untitled.ipynb"
    nbformat.write(nbformat.v4.new_notebook(), own)
    built = build(course)
    assert built.removed == [BUILT_EXERCISE, "solutions/ex01_decay.ipynb"]
    assert own.exists()
    assert not (course / BUILT_EXERCISE).exists()


def test_build_of_an_unknown_name_names_the_known_ones(course):
    with pytest.raises(CourseError, match=r"'nothing'.*01_decay.*ex01_decay"):
        build(course, ["nothing"])


def test_the_picture_of_the_readme_comes_from_the_lesson_that_computes_it(course):
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, format="png")
    pixel = base64.b64encode(buffer.getvalue()).decode()
    shown = f'<img src="data:image/png;base64,{pixel}" alt="a pixel">'
    cell = f"""# %% tags=["readme-picture"]
from IPython.display import HTML
HTML('{shown}')

# %% [markdown] tags=["quiz"]"""
    edit(course / LESSON, '# %% [markdown] tags=["quiz"]', cell)
    picture = course / "docs/rate_sweep.png"
    assert "docs/rate_sweep.png" in build(course).written
    assert picture.read_bytes() == base64.b64decode(pixel)
    assert check(course) == []
    picture.write_bytes(b"another")
    assert found(course) == {("docs/rate_sweep.png", "stale")}
    picture.unlink()
    assert found(course) == {("docs/rate_sweep.png", "stale")}


def test_a_page_of_docs_is_made_with_its_notebook_and_found_when_it_is_stale(course, monkeypatch):
    monkeypatch.setitem(PAGES, BUILT_LESSON, ("docs/page.md", lambda: "# a table\n"))
    assert "docs/page.md" in build(course).written
    page = course / "docs/page.md"
    assert page.read_text(encoding="utf-8") == "# a table\n"
    assert check(course) == []
    page.write_text("# another\n", encoding="utf-8")
    assert found(course) == {("docs/page.md", "stale")}
    page.unlink()
    assert found(course) == {("docs/page.md", "stale")}
