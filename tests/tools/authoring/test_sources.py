"""From text sources to notebooks: cell ids, emptied solutions, task names."""

import re

import pytest

from course_tools.authoring.errors import CourseError
from course_tools.authoring.solutions import contains, emptied, solution_lines
from course_tools.authoring.sources import (
    comments_within_lines,
    complete_notebook,
    exercise_notebook,
    targets,
)
from tests.tools.authoring.small_course import EXERCISE, edit


def test_emptied_solution_keeps_imports_signature_and_docstring_only(course):
    nb = exercise_notebook(course, EXERCISE)
    cell = next(cell for cell in nb.cells if cell.id == "task-halved")
    assert cell.source == (
        "import functools\n"
        "from collections.abc import (\n    Callable,\n)\n\n\n"
        "@functools.lru_cache\n"
        "def halved(\n    peak_lr: float,\n    *,\n    steps: int = 1,  # units\n) -> float:\n"
        '    """The rate after ``steps`` halvings.\n\n'
        '    Args:\n        steps: a count.\n    """\n'
        '    raise NotImplementedError("write halved in this cell")'
    )


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def f(x): return x", 'def f(x):\n    raise NotImplementedError("write f in this cell")'),
        (
            "def f(x={1: 2},\n      y=1): return x",
            'def f(x={1: 2},\n      y=1):\n    raise NotImplementedError("write f in this cell")',
        ),
        (
            'def f():\n  "Doc."\n  return 1\n\ndef g():\n  return 2',
            'def f():\n  "Doc."\n  raise NotImplementedError("write f in this cell")\n\n\n'
            'def g():\n  raise NotImplementedError("write g in this cell")',
        ),
    ],
)
def test_emptied_of_unusual_layouts(code, expected):
    assert emptied(code, "here") == expected


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("answer = 3\ndef f(): return 1", "`answer = 3`"),
        ("def f(:", "not Python"),
        ("import numpy", "needs the function"),
    ],
)
def test_solution_cell_with_anything_else_is_an_error_that_names_it(code, part):
    with pytest.raises(CourseError, match=re.escape(part)) as error:
        emptied(code, "ex.py, cell 4")
    assert "ex.py, cell 4" in str(error.value)


def test_solution_lines_are_logical_lines_without_comments_and_trivia(course):
    nb = complete_notebook(course, EXERCISE)
    cell = next(cell for cell in nb.cells if cell.id == "task-halved")
    lines = solution_lines(cell.source, "here")
    assert lines == [
        "factor = 2 ** steps",
        "if factor == 1 :",
        "return peak_lr",
        "return ( peak_lr / factor )",
    ]
    assert contains("so factor=2**steps it is", lines[0])
    assert not contains("factor = 2 ** step", lines[0])


def test_cell_ids_survive_edits_elsewhere_and_agree_between_variants(course):
    before = complete_notebook(course, EXERCISE)
    assert [c.id for c in exercise_notebook(course, EXERCISE).cells] == [c.id for c in before.cells]
    edit(course / EXERCISE, "# %% tags", "# %%\n1\n\n# %%\n1\n\n# %% tags")
    ids = [cell.id for cell in complete_notebook(course, EXERCISE).cells]
    assert [i for i in ids if i in {c.id for c in before.cells}] == [c.id for c in before.cells]
    assert len(set(ids)) == len(ids) == len(before.cells) + 2
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", i) for i in ids)


@pytest.mark.parametrize("task", ['task="two words" ', 'task="9" ', ""])
def test_solution_without_a_proper_task_name_is_an_error(course, task):
    edit(course / EXERCISE, 'task="halved" ', task)
    with pytest.raises(CourseError, match=r"ex01_decay.py, cell 4: .*task"):
        complete_notebook(course, EXERCISE)


def test_task_name_used_twice_is_an_error(course):
    with (course / EXERCISE).open("a", encoding="utf-8") as file:
        file.write('\n# %% task="halved" tags=["solution"]\ndef g(): return 1\n')
    with pytest.raises(CourseError, match="'halved' is the name of an earlier cell"):
        complete_notebook(course, EXERCISE)


def test_appendix_stands_between_lessons_and_exercises_and_is_executed(course):
    (course / "sources/appendix").mkdir()
    (course / "sources/appendix/words.py").write_text("# %%\n1\n", encoding="utf-8")
    found = [(target.path, target.source, target.executed) for target in targets(course)]
    assert [path for path, _, _ in found] == [
        "notebooks/01_decay.ipynb",
        "notebooks/words.ipynb",
        "exercises/ex01_decay.ipynb",
        "solutions/ex01_decay.ipynb",
    ]
    assert found[1][1:] == ("sources/appendix/words.py", True)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        (
            "It is so.\n<!-- holds: a;\nb --> More\ntext.",
            "It is so. <!-- holds: a;\nb --> More\ntext.",
        ),
        ("It is <!-- 1 -->\n<!-- 2 --> so.", "It is <!-- 1 --> <!-- 2 --> so."),
        ("<!-- 1 -->\nIt is so.", "<!-- 1 -->\nIt is so."),
        ("It is so.\n\n<!-- 1 -->", "It is so.\n\n<!-- 1 -->"),
        ("| a | b |\n<!-- 1 -->", "| a | b |\n<!-- 1 -->"),
    ],
)
def test_a_comment_in_a_paragraph_does_not_end_it(source, shown):
    assert comments_within_lines(source) == shown


def test_cells_of_a_notebook_have_no_comment_that_ends_a_paragraph(course):
    path = course / EXERCISE
    path.write_text(path.read_text() + "\n# %% [markdown]\n# It is so.\n# <!-- 1 --> And so.\n")
    text = "\n".join(cell.source for cell in complete_notebook(course, EXERCISE).cells)
    assert text.endswith("It is so. <!-- 1 --> And so.")
